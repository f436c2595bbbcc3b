-- Workouts and a language model: what it is told, and what is kept of its answer.

create function public.workout_suggestion_context(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  on_day date;
  tired text[];
begin
  perform private.check_workout_request(request);
  on_day := coalesce((request ->> 'date')::date, today);
  tired := private.tired_muscles(on_day, today);
  -- Bounded, so that years of training still fit a prompt.
  return jsonb_build_object(
    'today', today,
    'profile', (
      select jsonb_build_object('timezone', p.timezone, 'unit_system', p.unit_system)
      from public.profiles as p where p.id = (select auth.uid())),
    'workouts', coalesce((
      select jsonb_agg(jsonb_build_object('date', w.date, 'name', w.name, 'duration_minutes', w.duration_minutes,
        'exercises', (
          select coalesce(jsonb_agg(e.name order by e.order_index, e.id), '[]')
          from (
            select * from public.fitness_workout_exercises as e where e.workout_id = w.id and e.user_id = w.user_id
            order by e.order_index, e.id limit 20
          ) as e)) order by w.date desc, w.start_time desc, w.id)
      from (
        select * from public.fitness_workouts as w
        where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between today - 55 and today
        order by w.date desc, w.start_time desc, w.id limit 40
      ) as w), '[]'),
    'exercises', coalesce((
      select jsonb_agg(jsonb_build_object('name', l.name, 'muscles', to_jsonb(x.muscles), 'last_on', l.last_on,
        'days', l.sessions, 'last_sets', l.sets, 'best_weight_kg', l.best_kg, 'volume_kg_8_weeks', l.volume_kg)
        order by l.last_on desc, l.name)
      from (
        select * from private.lifted(today) as l order by l.last_on desc, l.name limit 50
      ) as l
      left join private.exercises as x on x.name = l.exercise), '[]'),
    'cardio', coalesce((
      select jsonb_agg(jsonb_build_object('date', c.date, 'activity', c.activity_type, 'duration_minutes',
        c.duration_minutes, 'distance_miles', c.distance_miles) order by c.date desc, c.id)
      from (
        select * from public.fitness_cardio as c
        where c.user_id = (select auth.uid()) and c.status = 'done' and c.date between today - 55 and today
        order by c.date desc, c.id limit 20
      ) as c), '[]'),
    'sports', coalesce((
      select jsonb_agg(jsonb_build_object('date', s.date, 'sport', s.sport, 'duration_minutes', s.duration_minutes,
        'intensity', s.intensity) order by s.date desc, s.id)
      from (
        select * from public.fitness_sports as s
        where s.user_id = (select auth.uid()) and s.status = 'done' and s.date between today - 55 and today
        order by s.date desc, s.id limit 20
      ) as s), '[]'),
    'stretching', coalesce((
      select jsonb_agg(jsonb_build_object('date', s.date, 'name', s.name, 'duration_minutes', s.duration_minutes,
        'body_parts', to_jsonb(s.body_parts)) order by s.date desc, s.id)
      from (
        select * from public.fitness_stretching as s
        where s.user_id = (select auth.uid()) and s.status = 'done' and s.date between today - 55 and today
        order by s.date desc, s.id limit 10
      ) as s), '[]'),
    'muscles', coalesce((
      select jsonb_object_agg(m.muscle, jsonb_build_object(
        'days_since', on_day - m.last_on, 'sets_last_7_days', m.sets, 'is_recovering', m.is_recovering))
      from (
        select t.muscle, max(t.day) filter (where t.day <= on_day) as last_on,
          coalesce(sum(t.sets) filter (where t.day between today - 6 and today), 0) as sets,
          t.muscle = any (tired) as is_recovering
        from private.trained(today) as t where t.muscle is not null
        group by t.muscle
      ) as m), '{}'),
    'training_days_in_a_row', private.training_streak(on_day, today),
    'rest_days_last_14', 14 - (
      select count(distinct t.day) from private.trained(today) as t
      where t.is_training and t.day between today - 13 and today),
    'planned', coalesce((
      select jsonb_agg(jsonb_build_object('date', w.date, 'name', w.name) order by w.date, w.name)
      from (
        select * from public.fitness_workouts as w
        where w.user_id = (select auth.uid()) and w.status = 'planned' and w.date >= today
          and w.date between on_day - 7 and on_day + 7
        order by w.date, w.name limit 20
      ) as w), '[]'),
    -- Times only: what somebody does all day is nobody's business.
    'free_time', coalesce((
      select jsonb_agg(jsonb_build_object('date', f.day, 'from', to_char(f.starts_at, 'HH24:MI'),
        'to', to_char(f.ends_at, 'HH24:MI')) order by f.starts_at)
      from (
        select * from private.free_time(
          on_day, on_day + case when request ->> 'date' is null then 2 else 0 end, '06:00', '22:00') as f
        where f.ends_at - f.starts_at >= interval '15 minutes'
        order by f.starts_at limit 40
      ) as f), '[]')
  );
end $$;
comment on function public.workout_suggestion_context(jsonb) is
  'What a language model needs to suggest workouts to the caller: {today, profile, workouts, exercises (last sets, '
  'best weight, volume), cardio, sports, stretching, muscles, training_days_in_a_row, rest_days_last_14, planned, '
  'free_time}, of the last eight weeks (best weights: half a year); weights are kilograms.';

create function public.ground_workout_suggestions(suggestions jsonb, request jsonb default '{}') returns jsonb
language plpgsql volatile security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  most integer;
  asked_minutes integer;
  past jsonb;
  usable text[];
  suggestion jsonb;
  workout jsonb;
  kept jsonb := '[]';
begin
  perform private.check_suggestions(suggestions, '{"workout": {…}, "reason": "…"}');
  perform private.check_workout_request(request);
  most := coalesce((request ->> 'count')::numeric::integer, 5);
  asked_minutes := (request ->> 'duration_minutes')::numeric;
  select coalesce(jsonb_object_agg(l.key, to_jsonb(l)), '{}') into past from private.lifted(today) as l;
  usable := private.usable_equipment(request, past);
  for suggestion in select s from jsonb_array_elements(suggestions) as s loop
    exit when jsonb_array_length(kept) = most;
    -- What fails is dropped, never repaired. Whether create_workout would take it is asked of create_workout, and
    -- undone.
    begin
      perform private.require_shape(suggestion, '{"workout": "object!", "reason": "string!"}', 'suggestion');
      perform public.create_workout(suggestion -> 'workout');
      raise sqlstate 'LO001' using message = 'undo';
    exception
      when sqlstate 'LO001' then
        null;
      when sqlstate 'PT422' then
        continue;
    end;
    workout := suggestion -> 'workout';
    continue when coalesce(nullif(workout -> 'exercises', 'null'), '[]') = '[]'
      or coalesce(workout ->> 'status', 'planned') <> 'planned'
      or (workout ->> 'date')::date < today
      or (workout ->> 'date')::date <> (request ->> 'date')::date
      -- What it says, and what its sets come to (an estimate, hence the fifth on top).
      or not coalesce((workout ->> 'duration_minutes')::integer <= asked_minutes, asked_minutes is null)
      or private.workout_seconds(workout -> 'exercises') > asked_minutes * 72
      or coalesce(suggestion ->> 'reason' !~ '\S' or private.as_reason(suggestion ->> 'reason') <> suggestion ->> 'reason',
        true)
      or private.is_rash(workout -> 'exercises', past)
      or coalesce(request -> 'equipment', 'null') <> 'null' and exists (
        select
        from private.known_exercises(
          array(select e ->> 'name' from jsonb_array_elements(workout -> 'exercises') as e)) as k
        join private.exercises as x on x.name = k.exercise
        where not x.equipment <@ usable)
      or exists (select from jsonb_array_elements(kept) as k
        where lower(k #>> '{workout,name}') = lower(workout ->> 'name')
          -- In another order it is no other workout.
          or (select array_agg(e order by e) from jsonb_array_elements(k #> '{workout,exercises}') as e)
            = (select array_agg(e order by e) from jsonb_array_elements(workout -> 'exercises') as e));
    kept := kept || jsonb_build_array(
      suggestion || jsonb_build_object('based_on', private.based_on(workout -> 'exercises', past)));
  end loop;
  return private.with_ids(kept, clock_timestamp());
end $$;
comment on function public.ground_workout_suggestions(jsonb, jsonb) is
  'Grounding check of a model''s suggestions [{workout, reason}] against the caller and the request: drops those that '
  'create_workout would refuse, without exercises, done already, in the past or not on the day asked for, longer than '
  'duration_minutes, with equipment that wasn''t named, with weights beyond what is safe to try, and repetitions. Adds '
  'id, and based_on, the last time of each exercise. Saves nothing.';

revoke execute on function
  public.workout_suggestion_context(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.workout_suggestion_context(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
to authenticated;
