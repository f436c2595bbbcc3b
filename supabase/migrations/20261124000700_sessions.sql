-- Sessions: what a person is doing right now. A row, so that another device can show and resume it.

create table public.user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  session_type text not null,
  status text not null default 'active',
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  data jsonb not null default '{}',
  planned_meal_id uuid,
  workout_id uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint user_sessions_planned_meal_id_fkey foreign key (planned_meal_id, user_id)
    references public.planned_meals (id, user_id) on delete set null (planned_meal_id),
  constraint user_sessions_workout_id_fkey foreign key (workout_id, user_id)
    references public.fitness_workouts (id, user_id) on delete set null (workout_id),
  constraint user_sessions_session_type_is_workout_cardio_or_cooking
    check (session_type in ('workout', 'cardio', 'cooking')),
  constraint user_sessions_status_is_active_paused_or_completed check (status in ('active', 'paused', 'completed')),
  constraint user_sessions_ended_at_exactly_when_completed check ((status = 'completed') = (ended_at is not null)),
  constraint user_sessions_ends_after_it_started check (ended_at >= started_at),
  -- A start at infinity could never be completed.
  constraint user_sessions_started_at_1900_to_2199
    check (started_at >= '1900-01-01 00:00Z' and started_at < '2200-01-01 00:00Z'),
  constraint user_sessions_ended_at_1900_to_2199
    check (ended_at >= '1900-01-01 00:00Z' and ended_at < '2200-01-01 00:00Z'),
  constraint user_sessions_data_is_an_object_max_256_kb check (private.is_object(data, 262144)),
  constraint user_sessions_planned_meal_only_when_cooking check (planned_meal_id is null or session_type = 'cooking'),
  constraint user_sessions_workout_only_when_working_out check (workout_id is null or session_type = 'workout')
);
comment on table public.user_sessions is
  'A workout, cardio or cooking session. At most one per person and type is open (active or paused); any device of '
  'theirs can go on with it.';
comment on column public.user_sessions.session_type is 'workout | cardio | cooking';
comment on column public.user_sessions.status is
  'active | paused | completed. Starts active; active and paused alternate; completed is final.';
comment on column public.user_sessions.ended_at is 'Set by the database when the session is completed.';
comment on column public.user_sessions.data is
  'What the devices share, such as the current exercise and timers. Timers are instants (ends_at), never counters, '
  'so that any device computes the same.';
comment on column public.user_sessions.planned_meal_id is 'Cooking: the planned meal being cooked.';
comment on column public.user_sessions.workout_id is 'Workout: the planned workout being done.';

create unique index user_sessions_one_open_per_type on public.user_sessions (user_id, session_type)
  where status <> 'completed';
create index idx_user_sessions_user_started on public.user_sessions (user_id, started_at);
create index idx_user_sessions_planned_meal on public.user_sessions (planned_meal_id, user_id)
  where planned_meal_id is not null;
create index idx_user_sessions_workout on public.user_sessions (workout_id, user_id)
  where workout_id is not null;

create function private.check_session_transition() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    if new.status <> 'active' then
      raise sqlstate 'PT409' using
        message = format('a session can''t start as %s', new.status),
        detail = 'Every session starts active.',
        hint = 'Leave status out, then PATCH it.';
    end if;
  elsif old.status = 'completed' then
    raise sqlstate 'PT409' using
      message = 'the session is completed',
      detail = format('It ended at %s; a completed session is history and never changes.', old.ended_at),
      hint = 'Start a new session: POST /rest/v1/user_sessions.';
  elsif new.session_type <> old.session_type or new.started_at <> old.started_at then
    raise sqlstate 'PT409' using
      message = 'session_type and started_at of a session never change',
      detail = 'They say what was started, and when.',
      hint = 'Complete this session and start another one.';
  end if;
  if new.status = 'completed' then
    -- The client's clock may have been ahead when it said started_at.
    new.ended_at := coalesce(new.ended_at, greatest(clock_timestamp(), new.started_at));
  end if;
  return new;
end $$;
comment on function private.check_session_transition() is
  'Trigger function: refuses (PT409) illegal transitions and stamps ended_at.';
create trigger check_session_transition_on_insert before insert on public.user_sessions
  for each row execute function private.check_session_transition();
create trigger check_session_transition_on_update before update on public.user_sessions for each row
  -- The links are left out: deleting a planned meal or a workout unlinks its session, also a completed one.
  when ((old.session_type, old.status, old.started_at, old.ended_at, old.data)
    is distinct from (new.session_type, new.status, new.started_at, new.ended_at, new.data))
  execute function private.check_session_transition();
create trigger keep_identity before update on public.user_sessions for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.user_sessions for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.user_sessions enable row level security;
create policy select_own on public.user_sessions for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.user_sessions for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.user_sessions for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.user_sessions for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.user_sessions from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.user_sessions to authenticated;
grant select, insert, update, delete on public.user_sessions to service_role;
