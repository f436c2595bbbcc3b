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
  -- Without the keys that the database keeps: a session that is full of data can still be paused.
  constraint user_sessions_data_is_an_object_max_256_kb check (private.is_object(case
    when jsonb_typeof(data) = 'object' then data - '{timers,paused_at,paused_seconds}'::text[] else data
  end, 262144)),
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
  'What the devices share: an object. The database keeps three of its keys with its own clock, so that every device '
  'computes the same: timers, at most 20 of {name, seconds, ends_at}, while paused with remaining_seconds instead of '
  'ends_at (see set_timer; data without timers leaves them, null removes them); paused_at, while paused; '
  'paused_seconds, all pauses so far. Time spent is (paused_at, else ended_at, else now) minus started_at minus '
  'paused_seconds.';
comment on column public.user_sessions.planned_meal_id is 'Cooking: the planned meal being cooked.';
comment on column public.user_sessions.workout_id is 'Workout: the planned workout being done.';

create unique index user_sessions_one_open_per_type on public.user_sessions (user_id, session_type)
  where status <> 'completed';
create index idx_user_sessions_user_started on public.user_sessions (user_id, started_at);
create index idx_user_sessions_planned_meal on public.user_sessions (planned_meal_id, user_id)
  where planned_meal_id is not null;
create index idx_user_sessions_workout on public.user_sessions (workout_id, user_id)
  where workout_id is not null;

create function private.seconds_between(earlier timestamptz, later timestamptz) returns numeric
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return greatest(0, round(extract(epoch from later - earlier), 3));
end $$;
comment on function private.seconds_between(timestamptz, timestamptz) is
  'Seconds from one instant to a later one, to the millisecond; 0 when it is past.';
grant execute on function private.seconds_between(timestamptz, timestamptz) to authenticated, service_role;

create function private.are_timers(timers jsonb, at timestamptz) returns boolean
language plpgsql stable security invoker set search_path = '' as $$
begin
  return case when jsonb_typeof(timers) <> 'array' then false
    else jsonb_array_length(timers) <= 20
      and jsonb_array_length(timers) = (select count(distinct t -> 'name') from jsonb_array_elements(timers) as t)
      and not exists (
        select from jsonb_array_elements(timers) as t
        where case when jsonb_typeof(t) <> 'object' then true else not coalesce(
          (select count(*) from jsonb_object_keys(t)) = 3
          and jsonb_typeof(t -> 'name') = 'string' and t ->> 'name' ~ '\S' and char_length(t ->> 'name') <= 50
          and private.is_number_between(t -> 'seconds', 0, 86400, 3)
          and case
            when t ? 'remaining_seconds' then private.is_number_between(t -> 'remaining_seconds', 0, 86400, 3)
            when pg_input_is_valid(t ->> 'ends_at', 'timestamptz')
              then (t ->> 'ends_at')::timestamptz between '1900-01-01 00:00Z' and at + interval '86400 seconds'
          end, false)
        end)
  end;
end $$;
comment on function private.are_timers(jsonb, timestamptz) is
  'Whether a JSON value is an array of at most 20 timers as of an instant: {name, seconds} and ends_at (at most a day '
  'ahead) or remaining_seconds, nothing else; names of 1–50 characters that differ, seconds 0–86400.';
grant execute on function private.are_timers(jsonb, timestamptz) to authenticated, service_role;

create function private.with_timers(data jsonb, at timestamptz, running boolean) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
begin
  if not data ? 'timers' then
    return data;
  end if;
  return data || jsonb_build_object('timers', coalesce((
    select jsonb_agg(t.value - '{ends_at,remaining_seconds}'::text[] || case
      when running then jsonb_build_object('ends_at', coalesce((t.value ->> 'ends_at')::timestamptz,
        at + (t.value ->> 'remaining_seconds')::numeric * interval '1 second'))
      else jsonb_build_object('remaining_seconds', coalesce((t.value ->> 'remaining_seconds')::numeric,
        private.seconds_between(at, (t.value ->> 'ends_at')::timestamptz)))
    end order by t.position)
    from jsonb_array_elements(data -> 'timers') with ordinality as t (value, position)), '[]'));
end $$;
comment on function private.with_timers(jsonb, timestamptz, boolean) is
  'A session''s data with its timers running (when they end) or stopped (seconds that remain), as of an instant.';
grant execute on function private.with_timers(jsonb, timestamptz, boolean) to authenticated, service_role;

create function private.check_session_transition() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  now constant timestamptz := clock_timestamp();
begin
  if tg_op = 'INSERT' then
    if new.status <> 'active' then
      raise sqlstate 'PT409' using
        message = format('a session can''t start as %s', private.one_line(new.status)),
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

  if jsonb_typeof(new.data) is distinct from 'object' then
    -- The row's constraints say so better.
    return new;
  end if;
  if new.data -> 'timers' = 'null' then
    new.data := new.data - 'timers';
  elsif new.data ? 'timers' then
    -- An open session never holds what couldn't be stopped, so it can always be paused.
    if not private.are_timers(new.data -> 'timers', now) then
      raise sqlstate 'PT422' using
        message = 'the timers are not valid',
        detail = 'data.timers is an array of at most 20 {name, seconds, ends_at or remaining_seconds}: names differ and '
          'have 1–50 characters, seconds are 0–86400, ends_at is at most a day ahead.',
        hint = 'Leave timers out of data, which keeps them; start and remove one with rpc/set_timer.';
    end if;
  elsif tg_op = 'UPDATE' and old.data ? 'timers' then
    new.data := new.data || jsonb_build_object('timers', old.data -> 'timers');
  end if;

  -- Whatever a device sends, pauses are what the database has measured.
  new.data := new.data - '{paused_at,paused_seconds}'::text[];
  if tg_op = 'UPDATE' then
    new.data := new.data || jsonb_strip_nulls(jsonb_build_object(
      'paused_at', old.data -> 'paused_at', 'paused_seconds', old.data -> 'paused_seconds'));
    if new.status = 'completed' then
      -- The client's clock may have been ahead when it said started_at.
      new.ended_at := coalesce(new.ended_at, greatest(now, new.started_at));
    end if;
    if old.status = 'active' and new.status = 'paused' then
      new.data := new.data || jsonb_build_object('paused_at', now);
    elsif old.status = 'paused' and new.status <> 'paused' then
      new.data := new.data - 'paused_at' || jsonb_build_object('paused_seconds',
        coalesce((old.data ->> 'paused_seconds')::numeric, 0)
          + private.seconds_between((old.data ->> 'paused_at')::timestamptz, coalesce(new.ended_at, now)));
    end if;
    if new.status = 'completed' and new.data ? 'paused_seconds' then
      -- A client may say that it ended before a pause.
      new.data := new.data || jsonb_build_object('paused_seconds', least(
        (new.data ->> 'paused_seconds')::numeric, private.seconds_between(new.started_at, new.ended_at)));
    end if;
  end if;

  if new.status = 'completed' then
    new.data := new.data - 'timers';
  else
    new.data := private.with_timers(new.data, now, new.status = 'active');
  end if;
  return new;
end $$;
comment on function private.check_session_transition() is
  'Trigger function: refuses (PT409) illegal transitions, stamps ended_at, and keeps pauses and timers in data.';
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

-------------------------------------------------------------------------------
-- RPC
-------------------------------------------------------------------------------

create function private.open_session(session_id uuid) returns public.user_sessions
language plpgsql volatile security invoker set search_path = '' as $$
declare
  session public.user_sessions;
begin
  -- A statement that writes nothing takes the calendar lock before any row: what follows writes sessions and sources.
  delete from public.calendar_events where false;
  select * into session from public.user_sessions as s where s.id = session_id for update;
  if not found then
    raise sqlstate 'PT404' using
      message = 'no such session',
      detail = format('You have no session %s.', session_id),
      hint = 'GET /rest/v1/user_sessions?status=neq.completed shows the open ones.';
  elsif session.status = 'completed' then
    raise sqlstate 'PT409' using
      message = 'the session is completed',
      detail = format('It ended at %s.', session.ended_at),
      hint = 'Start a new session: POST /rest/v1/user_sessions.';
  end if;
  return session;
end $$;
comment on function private.open_session(uuid) is
  'The caller''s open session, locked; PT404 when there is none, PT409 when it is completed.';
grant execute on function private.open_session(uuid) to authenticated, service_role;

create function public.set_timer(session_id uuid, name text, seconds numeric) returns public.user_sessions
language plpgsql volatile security invoker set search_path = '' as $$
declare
  session public.user_sessions;
  timers jsonb;
begin
  session := private.open_session(session_id);
  if name is null or name !~ '\S' or char_length(name) > 50
    or not coalesce(seconds between 0 and 86400 and scale(trim_scale(seconds)) <= 3, true) then
    raise sqlstate 'PT422' using
      message = 'the timer is not valid',
      detail = 'A timer has a name of 1–50 characters and runs for 0–86400 seconds, with at most three decimals.',
      hint = 'Correct the value; seconds null removes the timer.';
  end if;
  timers := coalesce((
    select jsonb_agg(t) from jsonb_array_elements(coalesce(session.data -> 'timers', '[]')) as t
    where t ->> 'name' is distinct from set_timer.name), '[]');
  if seconds is not null then
    -- Unless the session is paused, the trigger says when it ends.
    timers := timers || jsonb_build_array(
      jsonb_build_object('name', name, 'seconds', seconds, 'remaining_seconds', seconds));
  end if;
  if jsonb_array_length(timers) > 20 then
    raise sqlstate 'PT422' using
      message = 'a session has at most 20 timers',
      detail = format('It would have %s.', jsonb_array_length(timers)),
      hint = 'Remove one: seconds null.';
  end if;
  update public.user_sessions as s set data = s.data || jsonb_build_object('timers', timers)
  where s.id = session_id returning * into session;
  return session;
end $$;
comment on function public.set_timer(uuid, text, numeric) is
  'Starts a timer of an open session, or starts it again, or (seconds null) removes it, by the database''s clock: adds '
  '{name, seconds, ends_at} to data.timers; while the session is paused {name, seconds, remaining_seconds}. Returns '
  'the session. At most 20 timers.';
revoke execute on function public.set_timer(uuid, text, numeric) from public;
grant execute on function public.set_timer(uuid, text, numeric) to authenticated, service_role;

create function public.complete_session(session_id uuid, result jsonb default '{}') returns public.user_sessions
language plpgsql volatile security invoker set search_path = '' as $$
declare
  session public.user_sessions;
  zone text;
  started timestamp;
  minutes integer;
  message text;
  rule text;
begin
  session := private.open_session(session_id);
  update public.user_sessions as s set status = 'completed' where s.id = session_id returning * into session;
  select p.timezone into zone from public.profiles as p where p.id = session.user_id;
  started := session.started_at at time zone zone;
  minutes := greatest(1, least(1440, round((extract(epoch from session.ended_at - session.started_at)
    - coalesce((session.data ->> 'paused_seconds')::numeric, 0)) / 60)));

  case session.session_type
    when 'workout' then
      perform private.require_shape(result, '{"name": "string", "notes": "string", "exercises": "array"}', 'result');
      if session.workout_id is null then
        result := result || jsonb_build_object('name', coalesce(result ->> 'name', 'Workout'), 'date', started::date,
          'start_time', date_trunc('minute', started)::time, 'duration_minutes', minutes, 'status', 'done');
        session.workout_id := (public.create_workout(result)).id;
        update public.user_sessions as s set workout_id = session.workout_id where s.id = session_id
        returning * into session;
      else
        -- What was done replaces what was planned.
        if jsonb_typeof(result -> 'exercises') = 'array' then
          delete from public.fitness_workout_exercises where workout_id = session.workout_id;
          perform private.add_exercises(session.workout_id, result -> 'exercises');
        end if;
        update public.fitness_workouts as w
        set status = 'done', duration_minutes = minutes, name = coalesce(result ->> 'name', w.name),
          notes = coalesce(result ->> 'notes', w.notes)
        where w.id = session.workout_id;
      end if;
    when 'cardio' then
      perform private.require_shape(result, '{"activity_type": "string!", "distance_miles": "number",
        "calories_burned": "integer", "notes": "string"}', 'result');
      insert into public.fitness_cardio (
        activity_type, date, start_time, duration_minutes, distance_miles, calories_burned, notes, status)
      select r.activity_type, started::date, date_trunc('minute', started)::time, minutes, r.distance_miles,
        r.calories_burned, r.notes, 'done'
      from jsonb_to_record(result) as r (
        activity_type text, distance_miles numeric, calories_burned integer, notes text);
    when 'cooking' then
      perform private.require_shape(result, '{}', 'result');
      update public.planned_meals set status = 'cooked' where id = session.planned_meal_id;
  end case;
  return session;
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('result', message, rule);
end $$;
comment on function public.complete_session(uuid, jsonb) is
  'Completes an open session and records what came of it, in one transaction; returns the session. workout: marks the '
  'linked workout done, with the time spent and, if sent, the exercises that were done instead of the planned ones '
  '({"exercises": [{"name", "sets", "notes"?}], "name"?, "notes"?}); without a linked workout it creates one. cardio: '
  'creates the cardio row ({"activity_type", "distance_miles"?, "calories_burned"?, "notes"?}). cooking: marks the '
  'linked planned meal cooked. PT404, PT409 or PT422 when it can''t, and nothing is changed.';
revoke execute on function public.complete_session(uuid, jsonb) from public;
-- Not to the service role: what came of a session is written by its owner, whose id the token says.
grant execute on function public.complete_session(uuid, jsonb) to authenticated;
