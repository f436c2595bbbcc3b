-- Fitness: workouts with their exercises, cardio, sports, stretching. All four activities reach the calendar
-- (see the calendar migration).
--
-- Differs from the architecture document: exercises carry user_id, so that policies are one indexed comparison and a
-- composite foreign key keeps them with their owner's workout; activities have start_time and status for the calendar.

-------------------------------------------------------------------------------
-- Workouts
-------------------------------------------------------------------------------

create table public.fitness_workouts (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  date date not null,
  start_time time,
  duration_minutes integer,
  notes text,
  status text not null default 'planned',
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint fitness_workouts_name_not_blank check (name ~ '\S'),
  constraint fitness_workouts_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint fitness_workouts_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  -- time also knows 24:00, which is the next day's 00:00.
  constraint fitness_workouts_start_time_before_24_00 check (start_time < '24:00'),
  constraint fitness_workouts_duration_minutes_1_to_1440 check (duration_minutes between 1 and 1440),
  constraint fitness_workouts_notes_max_5000 check (char_length(notes) <= 5000),
  constraint fitness_workouts_status_is_planned_or_done check (status in ('planned', 'done')),
  -- What exercises and sessions refer to.
  constraint fitness_workouts_id_user_id_key unique (id, user_id)
);
comment on table public.fitness_workouts is
  'A strength workout, planned or done; its exercises are in fitness_workout_exercises. RPC create_workout writes '
  'both.';
comment on column public.fitness_workouts.date is 'The owner''s calendar day.';
comment on column public.fitness_workouts.start_time is
  'Wall-clock time in profiles.timezone; null: any time that day (an all-day event).';
comment on column public.fitness_workouts.duration_minutes is 'Minutes, 1–1440; null: not known (30 in the calendar).';
comment on column public.fitness_workouts.status is 'planned | done';

create index idx_fitness_workouts_user_date on public.fitness_workouts (user_id, date);
create trigger keep_identity before update on public.fitness_workouts for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.fitness_workouts for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.fitness_workouts enable row level security;
create policy select_own on public.fitness_workouts for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.fitness_workouts
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.fitness_workouts for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.fitness_workouts for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.fitness_workouts from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.fitness_workouts to authenticated;
grant select, insert, update, delete on public.fitness_workouts to service_role;

-------------------------------------------------------------------------------
-- Exercises of a workout
-------------------------------------------------------------------------------

create function private.are_sets(sets jsonb) returns boolean
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return case when jsonb_typeof(sets) <> 'array' then false
    else jsonb_array_length(sets) between 1 and 50 and not exists (
      select from jsonb_array_elements(sets) as s (value)
      where case when jsonb_typeof(s.value) <> 'object' then true else exists (
        select from jsonb_each(s.value) as field
        where not case field.key
          when 'reps' then private.is_number_between(field.value, 0, 1000, 0)
          when 'weight_kg' then private.is_number_between(field.value, 0, 2000, 3)
          when 'duration_seconds' then private.is_number_between(field.value, 0, 86400, 0)
          when 'rest_seconds' then private.is_number_between(field.value, 0, 3600, 0)
          when 'done' then jsonb_typeof(field.value) = 'boolean'
          else false
        end
      ) end
    )
  end;
end $$;
comment on function private.are_sets(jsonb) is
  'Whether a JSON value is an array of 1–50 sets: objects with any of reps (0–1000), weight_kg (0–2000, three '
  'decimals), duration_seconds (0–86400), rest_seconds (0–3600), done (boolean), and nothing else.';
grant execute on function private.are_sets(jsonb) to authenticated, service_role;

create table public.fitness_workout_exercises (
  id uuid primary key default gen_random_uuid(),
  workout_id uuid not null,
  name text not null,
  sets jsonb not null,
  notes text,
  order_index integer not null default 0,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint fitness_workout_exercises_workout_id_fkey foreign key (workout_id, user_id)
    references public.fitness_workouts (id, user_id) on delete cascade,
  constraint fitness_workout_exercises_name_not_blank check (name ~ '\S'),
  constraint fitness_workout_exercises_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint fitness_workout_exercises_sets_are_1_to_50_set_objects check (private.are_sets(sets)),
  constraint fitness_workout_exercises_notes_max_5000 check (char_length(notes) <= 5000),
  constraint fitness_workout_exercises_order_index_0_to_999 check (order_index between 0 and 999)
);
comment on table public.fitness_workout_exercises is 'The exercises of a workout, with their sets, in order.';
comment on column public.fitness_workout_exercises.sets is
  'Array of 1–50 objects {reps?, weight_kg?, duration_seconds?, rest_seconds?, done?}. Weights are kilograms '
  'whatever the owner''s unit_system.';
comment on column public.fitness_workout_exercises.order_index is 'Position in the workout, from 0.';

create index idx_fitness_workout_exercises_user_workout on public.fitness_workout_exercises (user_id, workout_id);
create trigger keep_identity before update on public.fitness_workout_exercises for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.fitness_workout_exercises for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.fitness_workout_exercises enable row level security;
create policy select_own on public.fitness_workout_exercises
  for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.fitness_workout_exercises
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.fitness_workout_exercises for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.fitness_workout_exercises
  for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.fitness_workout_exercises from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.fitness_workout_exercises to authenticated;
grant select, insert, update, delete on public.fitness_workout_exercises to service_role;

-------------------------------------------------------------------------------
-- Cardio
-------------------------------------------------------------------------------

create table public.fitness_cardio (
  id uuid primary key default gen_random_uuid(),
  activity_type text not null,
  date date not null,
  start_time time,
  duration_minutes integer,
  distance_miles numeric,
  calories_burned integer,
  notes text,
  status text not null default 'planned',
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint fitness_cardio_activity_type_not_blank check (activity_type ~ '\S'),
  constraint fitness_cardio_activity_type_trimmed_max_100
    check (activity_type !~ '^\s|\s$' and char_length(activity_type) <= 100),
  constraint fitness_cardio_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  -- time also knows 24:00, which is the next day's 00:00.
  constraint fitness_cardio_start_time_before_24_00 check (start_time < '24:00'),
  constraint fitness_cardio_duration_minutes_1_to_1440 check (duration_minutes between 1 and 1440),
  -- Plain numeric with a check: numeric(5,2) would round 3.141 silently.
  constraint fitness_cardio_distance_miles_0_to_999_99
    check (distance_miles between 0 and 999.99 and scale(trim_scale(distance_miles)) <= 2),
  constraint fitness_cardio_calories_burned_0_to_20000 check (calories_burned between 0 and 20000),
  constraint fitness_cardio_notes_max_5000 check (char_length(notes) <= 5000),
  constraint fitness_cardio_status_is_planned_or_done check (status in ('planned', 'done'))
);
comment on table public.fitness_cardio is 'A run, ride, swim or walk, planned or done.';
comment on column public.fitness_cardio.activity_type is 'What was done, such as Run; the event''s title.';
comment on column public.fitness_cardio.date is 'The owner''s calendar day.';
comment on column public.fitness_cardio.start_time is
  'Wall-clock time in profiles.timezone; null: any time that day (an all-day event).';
comment on column public.fitness_cardio.distance_miles is
  'Miles, at most two decimals, whatever the owner''s unit_system.';
comment on column public.fitness_cardio.calories_burned is 'Kilocalories.';
comment on column public.fitness_cardio.status is 'planned | done';

create index idx_fitness_cardio_user_date on public.fitness_cardio (user_id, date);
create trigger keep_identity before update on public.fitness_cardio for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.fitness_cardio for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.fitness_cardio enable row level security;
create policy select_own on public.fitness_cardio for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.fitness_cardio
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.fitness_cardio for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.fitness_cardio for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.fitness_cardio from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.fitness_cardio to authenticated;
grant select, insert, update, delete on public.fitness_cardio to service_role;

-------------------------------------------------------------------------------
-- Sports
-------------------------------------------------------------------------------

create table public.fitness_sports (
  id uuid primary key default gen_random_uuid(),
  sport text not null,
  date date not null,
  start_time time,
  duration_minutes integer,
  intensity text,
  calories_burned integer,
  notes text,
  status text not null default 'planned',
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint fitness_sports_sport_not_blank check (sport ~ '\S'),
  constraint fitness_sports_sport_trimmed_max_100 check (sport !~ '^\s|\s$' and char_length(sport) <= 100),
  constraint fitness_sports_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  -- time also knows 24:00, which is the next day's 00:00.
  constraint fitness_sports_start_time_before_24_00 check (start_time < '24:00'),
  constraint fitness_sports_duration_minutes_1_to_1440 check (duration_minutes between 1 and 1440),
  constraint fitness_sports_intensity_is_low_moderate_or_high check (intensity in ('low', 'moderate', 'high')),
  constraint fitness_sports_calories_burned_0_to_20000 check (calories_burned between 0 and 20000),
  constraint fitness_sports_notes_max_5000 check (char_length(notes) <= 5000),
  constraint fitness_sports_status_is_planned_or_done check (status in ('planned', 'done'))
);
comment on table public.fitness_sports is 'A game or training of a sport, planned or done.';
comment on column public.fitness_sports.sport is 'Which sport, such as Tennis; the event''s title.';
comment on column public.fitness_sports.date is 'The owner''s calendar day.';
comment on column public.fitness_sports.start_time is
  'Wall-clock time in profiles.timezone; null: any time that day (an all-day event).';
comment on column public.fitness_sports.intensity is 'low | moderate | high';
comment on column public.fitness_sports.calories_burned is 'Kilocalories.';
comment on column public.fitness_sports.status is 'planned | done';

create index idx_fitness_sports_user_date on public.fitness_sports (user_id, date);
create trigger keep_identity before update on public.fitness_sports for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.fitness_sports for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.fitness_sports enable row level security;
create policy select_own on public.fitness_sports for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.fitness_sports
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.fitness_sports for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.fitness_sports for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.fitness_sports from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.fitness_sports to authenticated;
grant select, insert, update, delete on public.fitness_sports to service_role;

-------------------------------------------------------------------------------
-- Stretching
-------------------------------------------------------------------------------

create table public.fitness_stretching (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  date date not null,
  start_time time,
  duration_minutes integer,
  body_parts text[] not null default '{}',
  notes text,
  status text not null default 'planned',
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint fitness_stretching_name_not_blank check (name ~ '\S'),
  constraint fitness_stretching_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint fitness_stretching_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  -- time also knows 24:00, which is the next day's 00:00.
  constraint fitness_stretching_start_time_before_24_00 check (start_time < '24:00'),
  constraint fitness_stretching_duration_minutes_1_to_1440 check (duration_minutes between 1 and 1440),
  constraint fitness_stretching_body_parts_max_20_labels check (private.are_labels(body_parts, 20, 50)),
  constraint fitness_stretching_notes_max_5000 check (char_length(notes) <= 5000),
  constraint fitness_stretching_status_is_planned_or_done check (status in ('planned', 'done'))
);
comment on table public.fitness_stretching is 'A stretching or mobility session, planned or done.';
comment on column public.fitness_stretching.date is 'The owner''s calendar day.';
comment on column public.fitness_stretching.start_time is
  'Wall-clock time in profiles.timezone; null: any time that day (an all-day event).';
comment on column public.fitness_stretching.body_parts is 'What was stretched, such as {hips,hamstrings}.';
comment on column public.fitness_stretching.status is 'planned | done';

create index idx_fitness_stretching_user_date on public.fitness_stretching (user_id, date);
create trigger keep_identity before update on public.fitness_stretching for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.fitness_stretching for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.fitness_stretching enable row level security;
create policy select_own on public.fitness_stretching for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.fitness_stretching
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.fitness_stretching for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.fitness_stretching for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.fitness_stretching from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.fitness_stretching to authenticated;
grant select, insert, update, delete on public.fitness_stretching to service_role;

-------------------------------------------------------------------------------
-- RPC
-------------------------------------------------------------------------------

create function private.add_exercises(workout uuid, exercises jsonb) returns void
language plpgsql volatile security invoker set search_path = '' as $$
declare
  exercise jsonb;
  number bigint;
begin
  for exercise, number in
    select e.value, e.position from jsonb_array_elements(nullif(exercises, 'null')) with ordinality as e (value, position)
  loop
    perform private.require_shape(exercise, '{"name": "string!", "sets": "array!", "notes": "string"}',
      'exercise ' || number);
    if not private.are_sets(exercise -> 'sets') then
      raise sqlstate 'PT422' using
        message = format('the sets of exercise %s (%s) are not valid', number,
          private.one_line(exercise ->> 'name', 100)),
        detail = 'An exercise has 1–50 sets, each an object with any of reps (0–1000), weight_kg (0–2000, at most three '
          'decimals), duration_seconds (0–86400), rest_seconds (0–3600) and done (true or false), and nothing else.',
        hint = 'Send sets such as [{"reps": 8, "weight_kg": 60, "rest_seconds": 120}].';
    end if;
  end loop;
  insert into public.fitness_workout_exercises (workout_id, name, sets, notes, order_index)
  select workout, e.value ->> 'name', e.value -> 'sets', e.value ->> 'notes', e.position - 1
  from jsonb_array_elements(nullif(exercises, 'null')) with ordinality as e (value, position);
end $$;
comment on function private.add_exercises(uuid, jsonb) is
  'Adds exercises, an array in the shape that create_workout takes, to a workout.';
grant execute on function private.add_exercises(uuid, jsonb) to authenticated, service_role;

create function private.add_workout(workout jsonb, id uuid default gen_random_uuid())
returns public.fitness_workouts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  created public.fitness_workouts;
begin
  perform private.require_shape(workout, '{"name": "string!", "date": "date!", "start_time": "time",
    "duration_minutes": "integer", "notes": "string", "status": "string", "exercises": "array"}', 'workout');

  insert into public.fitness_workouts (id, name, date, start_time, duration_minutes, notes, status)
  select add_workout.id, w.name, w.date, w.start_time, w.duration_minutes, w.notes, coalesce(w.status, 'planned')
  from jsonb_to_record(workout) as w (
    name text, date date, start_time time, duration_minutes integer, notes text, status text)
  returning * into created;

  perform private.add_exercises(created.id, workout -> 'exercises');
  return created;
end $$;
comment on function private.add_workout(jsonb, uuid) is
  'Adds a workout with its exercises, in the shape that create_workout takes, under this id.';
grant execute on function private.add_workout(jsonb, uuid) to authenticated;

create function public.create_workout(workout jsonb) returns public.fitness_workouts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  message text;
  rule text;
begin
  return private.add_workout(workout);
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('workout', message, rule);
end $$;
comment on function public.create_workout(jsonb) is
  'Creates a workout with its exercises in one transaction and returns the fitness_workouts row. {"name": "Push", '
  '"date": "2026-11-24", "start_time": "18:00", "duration_minutes": 50, "notes": null, "status": "planned", '
  '"exercises": [{"name": "Bench press", "sets": [{"reps": 8, "weight_kg": 60}], "notes": null}]}; name and date are '
  'required. Refuses bad input with PT422 and saves nothing.';
revoke execute on function public.create_workout(jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.create_workout(jsonb) to authenticated;
