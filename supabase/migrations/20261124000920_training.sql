-- Training as suggestions see it: what somebody did of late and has planned. The exercises themselves are data (see the
-- exercises migration).

create function private.lifted(today date) returns table (
  key text, name text, exercise text, last_on date, sessions integer, sets jsonb, working_sets integer,
  weight_kg numeric, fewest_reps integer, most_reps integer, seconds integer, rest_seconds integer, best_kg numeric,
  volume_kg numeric
)
language sql stable security invoker set search_path = '' as $$
  with done as materialized (
    select e.id, e.name, w.date, e.sets
    from public.fitness_workouts as w
    join public.fitness_workout_exercises as e on e.workout_id = w.id and e.user_id = w.user_id
    where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between today - 182 and today
  ),
  named as materialized (
    select k.*
    from private.known_exercises(array(select distinct d.name from done as d)) as k
  ),
  sets as (
    select n.key, n.exercise, d.name, d.date, d.id, s.value, s.position,
      -- By way of numeric, because 8.0 is a whole number, too.
      (s.value ->> 'reps')::numeric::integer as reps, nullif((s.value ->> 'weight_kg')::numeric, 0) as weight_kg,
      (s.value ->> 'duration_seconds')::numeric::integer as seconds,
      (s.value ->> 'rest_seconds')::numeric::integer as rest_seconds,
      max(d.date) over (partition by n.key) as last_on
    from done as d
    join named as n on n.name = d.name
    cross join lateral jsonb_array_elements(d.sets) with ordinality as s (value, position)
    where s.value -> 'done' is distinct from 'false'
      and ((s.value ->> 'reps')::numeric > 0 or (s.value ->> 'duration_seconds')::numeric > 0)
  ),
  weighed as (
    select s.*, max(s.weight_kg) filter (where s.date = s.last_on) over (partition by s.key) as top_kg from sets as s
  ),
  marked as (
    -- Sets well below the heaviest of the day were to warm up.
    select w.*, w.date = w.last_on and coalesce(w.weight_kg >= 0.9 * w.top_kg, w.top_kg is null) as is_working
    from weighed as w
  )
  select m.key, max(m.name) filter (where m.date = m.last_on), min(m.exercise), max(m.last_on),
    count(distinct m.date)::integer,
    jsonb_agg(m.value - 'done' - 'rest_seconds' order by m.id, m.position) filter (where m.date = m.last_on),
    count(*) filter (where m.is_working)::integer, max(m.top_kg),
    min(m.reps) filter (where m.is_working), max(m.reps) filter (where m.is_working),
    min(m.seconds) filter (where m.is_working), max(m.rest_seconds) filter (where m.is_working),
    max(m.weight_kg), sum(m.weight_kg * m.reps) filter (where m.date > today - 56)
  from marked as m
  group by m.key
$$;
comment on function private.lifted(date) is
  'What the caller did of each exercise in the last half year, whatever they call it: name as they wrote it last, the '
  'sets of the last time, working_sets (at least 90 % of its top weight) with their reps, weights and seconds, the '
  'best weight, and the volume (kg × reps) of eight weeks.';

create function private.trained(today date) returns table (
  day date, muscle text, sets integer, is_hard boolean, is_training boolean
)
language sql stable security invoker set search_path = '' as $$
  with exercises as materialized (
    select w.date, w.status, e.name, jsonb_array_length(e.sets) as sets
    from public.fitness_workouts as w
    join public.fitness_workout_exercises as e on e.workout_id = w.id and e.user_id = w.user_id
    where w.user_id = (select auth.uid())
      and (w.status = 'done' and w.date between today - 55 and today
        or w.status = 'planned' and w.date between today and today + 7)
  ),
  known as materialized (
    select k.name, e.muscles, e.pattern
    from private.known_exercises(array(select distinct x.name from exercises as x)) as k
    left join private.exercises as e on e.name = k.exercise
  ),
  activities as (
    select c.date, c.activity_type as name, coalesce(c.duration_minutes, 30) as minutes
    from public.fitness_cardio as c
    where c.user_id = (select auth.uid()) and c.status = 'done' and c.date between today - 55 and today
    union all
    select s.date, s.sport,
      coalesce(s.duration_minutes, 60) * case s.intensity when 'high' then 2 when 'low' then 0 else 1 end
    from public.fitness_sports as s
    where s.user_id = (select auth.uid()) and s.status = 'done' and s.date between today - 55 and today
  )
  select x.date, m.muscle, sum(x.sets)::integer,
    sum(x.sets) >= 2 and bool_and(k.pattern is distinct from 'mobility'),
    bool_or(k.pattern is distinct from 'mobility')
  from exercises as x
  join known as k on k.name = x.name
  left join lateral unnest(k.muscles) as m (muscle) on true
  group by x.date, m.muscle
  union all
  select a.date, m.muscle, 0, bool_or(a.minutes >= l.hard_minutes) is true, bool_or(a.minutes >= 20)
  from activities as a
  left join private.activity_muscles as l on a.name ~* l.words
  left join lateral unnest(l.muscles) as m (muscle) on true
  group by a.date, m.muscle
$$;
comment on function private.trained(date) is
  'Which muscles the caller trained on which day of the last eight weeks or has planned to train in the next, by '
  'exercises, cardio and sports; is_hard: needs two days of recovery; is_training: makes it no rest day. muscle is '
  'null where it isn''t known.';

create function private.tired_muscles(day date, today date) returns text[]
language sql stable security invoker set search_path = '' as $$
  select array(
    select distinct t.muscle from private.trained(today) as t
    where t.is_hard and t.muscle is not null and abs(t.day - tired_muscles.day) < 2
    order by 1)
$$;
comment on function private.tired_muscles(date, date) is
  'Muscles that the caller trains hard on the day, the day before or the day after, done or planned: they need 48 '
  'hours.';

create function private.training_streak(day date, today date) returns integer
language sql stable security invoker set search_path = '' as $$
  with days as materialized (
    select array_agg(distinct t.day) as trained from private.trained(today) as t where t.is_training
  )
  select count(*)::integer
  from days as d
  -- Today counts as soon as there was training; until then the days before do.
  cross join generate_series(0, 13) as n
  where (
    select bool_and(training_streak.day - (training_streak.day <> all (d.trained))::integer - b = any (d.trained))
    from generate_series(0, n) as b)
$$;
comment on function private.training_streak(date, date) is
  'How many days in a row the caller has trained up to a day, by what is done and planned.';

create function private.based_on(exercises jsonb, past jsonb) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', p.value -> 'name', 'date', p.value -> 'last_on',
    'sets', p.value -> 'sets') order by p.first), '[]')
  from (
    select past -> k.key as value, min(e.position) as first
    from jsonb_array_elements(exercises) with ordinality as e (value, position)
    join private.known_exercises(array(select e ->> 'name' from jsonb_array_elements(exercises) as e)) as k
      on k.name = e.value ->> 'name'
    group by 1
  ) as p
  where p.value is not null
$$;
comment on function private.based_on(jsonb, jsonb) is
  'When and with which sets the caller did these exercises last; past: rows of private.lifted by key.';

create function private.usual_cardio(today date, avoid text[]) returns text
language sql stable security invoker set search_path = '' as $$
  select coalesce((
    select c.activity_type
    from public.fitness_cardio as c
    where c.user_id = (select auth.uid()) and c.status = 'done' and c.date between today - 55 and today
      and not exists (
        select from private.activity_muscles as m where c.activity_type ~* m.words and m.muscles && avoid)
    group by c.activity_type
    order by count(*) desc, c.activity_type
    limit 1), 'Brisk walk')
$$;
comment on function private.usual_cardio(date, text[]) is
  'The cardio that the caller does most and that spares the muscles to avoid; else a walk.';

create function private.training_time(day date, minutes integer) returns time
language sql stable security invoker set search_path = '' as $$
  with habit as (
    select mode() within group (order by w.start_time) as start_time
    from (
      select w.start_time from public.fitness_workouts as w
      where w.user_id = (select auth.uid()) and w.status = 'done' and w.start_time is not null and w.date > day - 182
      order by w.date desc limit 20
    ) as w
  )
  select s.starts_at::time
  from habit as h
  cross join private.free_time(day, day, '06:00', '22:00') as f
  cross join lateral (
    select date_bin('5 minutes', greatest(f.starts_at, day + h.start_time) + interval '4 minutes 59 seconds',
      day::timestamp) as starts_at
  ) as s
  where h.start_time is not null and s.starts_at + minutes * interval '1 minute' <= f.ends_at
  order by s.starts_at
  limit 1
$$;
comment on function private.training_time(date, integer) is
  'When the caller could train that long on a day: at their usual hour or the next free time after it. Null when they '
  'have no usual hour, or nothing is free.';

grant execute on function
  private.lifted(date), private.trained(date), private.tired_muscles(date, date), private.training_streak(date, date),
  private.based_on(jsonb, jsonb), private.usual_cardio(date, text[]), private.training_time(date, integer)
to authenticated;
