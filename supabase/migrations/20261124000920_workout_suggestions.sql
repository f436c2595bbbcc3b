-- Workout suggestions: what the AI service asks the database about training. The exercises themselves are data (see the
-- exercises migration); here is what somebody did of late, what they should do next, and what a model may claim.

-------------------------------------------------------------------------------
-- What was done
-------------------------------------------------------------------------------

create function private.check_workout_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform private.require_shape(request, '{"count": "integer", "date": "date", "duration_minutes": "integer",
    "focus": "string", "equipment": "array", "notes": "string"}', 'request');
  if not (
    coalesce((request ->> 'count')::numeric between 1 and 5, true)
    and coalesce((request ->> 'duration_minutes')::numeric between 5 and 240, true)
    and not exists (
      select from jsonb_array_elements(nullif(request -> 'equipment', 'null')) as e where jsonb_typeof(e) <> 'string')
    and coalesce(jsonb_array_length(nullif(request -> 'equipment', 'null')), 0) <= 20
    and char_length(request ->> 'equipment') <= 1000 is not false
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'count is 1–5, duration_minutes 5–240; equipment has at most 20 names, 1,000 characters in all.',
      hint = 'Correct the value, or leave the key out.';
  elsif not exists (select from private.workout_slots as s where s.focus = coalesce(request ->> 'focus', s.focus)) then
    raise sqlstate 'PT422' using
      message = 'request.focus is not known',
      detail = format('Got %s.', left(request ->> 'focus', 80)),
      hint = format('Send one of: %s; or leave it out.',
        (select string_agg(distinct s.focus, ', ' order by s.focus) from private.workout_slots as s));
  end if;
  perform private.check_suggestion_day(request);
end $$;
comment on function private.check_workout_request(jsonb) is
  'Refuses (PT422) a malformed request for workout suggestions.';

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

-------------------------------------------------------------------------------
-- What to do next of an exercise
-------------------------------------------------------------------------------

create function private.weight_in_words(weight_kg numeric, unit_system text) returns text
language sql immutable security invoker set search_path = '' as $$
  select case unit_system
    when 'imperial' then trim_scale(round(weight_kg / 0.45359237, 1)) || ' lb' else trim_scale(weight_kg) || ' kg'
  end
$$;
comment on function private.weight_in_words(numeric, text) is
  'A weight in the unit that somebody reads: "60 kg", "135 lb".';

create function private.weight_steps(exercise private.exercises, weight_kg numeric, unit_system text, out step numeric,
  out smallest numeric)
language plpgsql immutable security invoker set search_path = '' as $$
declare
  -- Plates and dumbbells of the other system: 5 kg → 10 lb, 2.5 kg → 5 lb.
  pound constant numeric := 0.45359237;
begin
  step := coalesce(exercise.step_kg, 2.5);
  smallest := coalesce(exercise.smallest_step_kg, 1.25);
  if unit_system = 'imperial' then
    step := ceil(step * 2 / 2.5) * 2.5 * pound;
    smallest := ceil(smallest * 2 / 2.5) * 2.5 * pound;
  elsif exercise.equipment @> '{dumbbells}' then
    -- Small dumbbells come in every kilo, larger ones in steps of 2 or of 2.5.
    if weight_kg % 2 <> 0 and weight_kg % 2.5 = 0 then
      step := 2.5;
    end if;
    smallest := case when weight_kg <= 10 then smallest else step end;
  end if;
end $$;
comment on function private.weight_steps(private.exercises, numeric, text) is
  'By how much the weight of an exercise goes up, and by how much at least.';

-- past is a row of private.lifted as JSON, or null.
create function private.prescribe(
  exercise private.exercises, past jsonb, day date, unit_system text, is_beginner boolean
) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  pause constant integer := day - (past ->> 'last_on')::date;
  measure constant text := coalesce(exercise.measure,
    case when past ->> 'fewest_reps' is null and past ->> 'seconds' is not null then 'seconds' else 'reps' end);
  lowest integer := coalesce(exercise.lowest, 8);
  highest integer := coalesce(exercise.highest, 12);
  sets integer := case when is_beginner or exercise.pattern = 'mobility' then 2 else 3 end;
  rest integer := coalesce((past ->> 'rest_seconds')::integer, exercise.rest_seconds, 90);
  before_kg constant numeric := past ->> 'weight_kg';
  fewest constant integer := past ->> 'fewest_reps';
  most constant integer := past ->> 'most_reps';
  amount integer;
  weight numeric := before_kg;
  step numeric;
  smallest numeric;
  change text;
  note text;
begin
  if past is not null then
    sets := greatest(2, least(5, (past ->> 'working_sets')::integer));
  end if;
  if measure = 'seconds' then
    amount := (past ->> 'seconds')::integer;
    if amount is null then
      change := 'new';
      amount := lowest;
    elsif pause > 10 then
      change := 'held';
    elsif amount >= highest then
      change := 'same';
    else
      change := 'longer';
      amount := least(highest, amount + 5);
    end if;
  elsif fewest is null then
    change := 'new';
    amount := lowest;
    weight := null;
  else
    select s.step, s.smallest into step, smallest from private.weight_steps(exercise, before_kg, unit_system) as s;
    -- Who lifts fewer reps than usual trains for strength: another range, then.
    if before_kg is not null and most < lowest then
      lowest := 4;
      highest := 6;
    end if;
    if before_kg is not null and (pause > 21 or most <= 2) then
      -- Down to what can be loaded, for a pause or after a test of strength.
      change := case when pause > 21 then 'pause' else 'test' end;
      weight := before_kg * case when pause > 56 then 0.75 when pause > 21 then 0.9 else 0.8 end;
      weight := case when floor(weight / smallest) > 0 then floor(weight / smallest) * smallest else before_kg end;
      amount := case when most <= 2 then 5 else greatest(lowest, least(fewest, highest)) end;
    elsif pause > 10 then
      change := 'held';
      amount := fewest;
    elsif before_kg is not null and fewest >= highest and step <= 0.1 * before_kg then
      change := 'heavier';
      weight := before_kg + step;
      amount := lowest;
    elsif before_kg is not null and fewest >= highest and smallest <= 0.1 * before_kg then
      change := 'heavier';
      weight := before_kg + smallest;
      amount := lowest;
    elsif fewest < (case when before_kg is null then greatest(highest, 30) else highest + 8 end) then
      change := 'more';
      amount := fewest + 1;
    else
      change := 'same';
      amount := fewest;
    end if;
    weight := round(weight, 3);
  end if;
  note := case change
    when 'new' then case
      when exercise.step_kg is not null and exercise.equipment <> '{pull-up bar}'
      then 'New: start with a weight that you could lift three more times, and write it down.' end
    else format('Last time (%s): %s × %s%s. ', private.day_in_words((past ->> 'last_on')::date, day),
      past ->> 'working_sets', case when measure = 'seconds' then (past ->> 'seconds') || ' s'
        when fewest = most then fewest::text else format('%s–%s', fewest, most) end,
      ' × ' || private.weight_in_words(before_kg, unit_system))
      || case change
        when 'heavier' then format('All sets at the top of the range, so %s more.',
          private.weight_in_words(weight - before_kg, unit_system))
        when 'more' then case when fewest >= highest and before_kg is not null
          then 'The next weight would be too far a jump, so one rep more.' else 'One rep more.' end
        when 'longer' then 'A little longer.'
        when 'pause' then format('After %s days without it, lighter.', pause)
        when 'test' then 'That was near the most you can lift, so lighter and more often.'
        when 'held' then format('After %s days without it, the same again.', pause)
        else 'The same again.'
      end
  end;
  return jsonb_build_object(
    'name', coalesce(past ->> 'name', exercise.name),
    'sets', (
      select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'reps', case measure when 'reps' then least(amount, 1000) end, 'weight_kg', trim_scale(weight),
        'duration_seconds', case measure when 'seconds' then amount end, 'rest_seconds', rest)))
      from generate_series(1, sets)),
    'notes', note,
    'change', change);
end $$;
comment on function private.prescribe(private.exercises, jsonb, date, text, boolean) is
  'Sets for an exercise by double progression: the same weight with a rep more until all working sets are at the top '
  'of the range, then the next weight (never more than a tenth) from the bottom of it. After more than ten days '
  'without it the same again, after three weeks 90 %, after eight 75 %. Without a past no weight is made up. In '
  'create_workout''s shape, with change beside it.';

create function private.workout_seconds(exercises jsonb) returns integer
language sql immutable security invoker set search_path = '' as $$
  select coalesce(sum(
    -- A rep takes four seconds; what isn't said is taken as usual: a minute of rest, but none after a run.
    coalesce((s.value ->> 'duration_seconds')::numeric, (s.value ->> 'reps')::numeric * 4, 40)
    + coalesce((s.value ->> 'rest_seconds')::numeric,
      case when (s.value ->> 'duration_seconds')::numeric >= 300 then 0 else 60 end)), 0)::integer
    -- Setting up each exercise.
    + 30 * coalesce(jsonb_array_length(nullif(exercises, 'null')), 0)
  from jsonb_array_elements(nullif(exercises, 'null')) as e
  cross join lateral jsonb_array_elements(e -> 'sets') as s (value)
$$;
comment on function private.workout_seconds(jsonb) is
  'About how long exercises (create_workout''s shape) take, with rests.';

create function private.fit_exercises(exercises jsonb, seconds integer, most_sets integer) returns jsonb
language plpgsql immutable security invoker set search_path = '' as $$
declare
  number integer;
  longer jsonb;
begin
  -- The last exercise matters least: first the later ones lose sets, then the last its place.
  while private.workout_seconds(exercises) > seconds loop
    select max(e.position) into number
    from jsonb_array_elements(exercises) with ordinality as e (value, position)
    where jsonb_array_length(e.value -> 'sets') > 2 and e.position > jsonb_array_length(exercises) / 2;
    if number is not null then
      exercises := exercises #- array[(number - 1)::text, 'sets', '-1'];
    elsif jsonb_array_length(exercises) > 1 then
      exercises := exercises - -1;
    elsif jsonb_array_length(exercises #> '{0,sets}') > 1 then
      exercises := exercises #- '{0,sets,-1}';
    else
      exit;
    end if;
  end loop;
  -- Time left over: the first exercises get another set.
  for number in 0..jsonb_array_length(exercises) - 1 loop
    continue when jsonb_array_length(exercises #> array[number::text, 'sets']) >= most_sets;
    longer := jsonb_insert(exercises, array[number::text, 'sets', '0'], exercises #> array[number::text, 'sets', '0']);
    exit when private.workout_seconds(longer) > seconds;
    exercises := longer;
  end loop;
  return exercises;
end $$;
comment on function private.fit_exercises(jsonb, integer, integer) is
  'Exercises fitted to a time: fewer sets of the later ones and then fewer exercises, or another set of the first ones '
  'as long as these have less than most_sets.';

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

create function private.is_rash(exercises jsonb, past jsonb) returns boolean
language sql stable security invoker set search_path = '' as $$
  select exists (
    select
    from private.known_exercises(array(select e ->> 'name' from jsonb_array_elements(exercises) as e)) as k
    join jsonb_array_elements(exercises) as e on e ->> 'name' = k.name
    cross join lateral jsonb_array_elements(e -> 'sets') as s
    where (s ->> 'weight_kg')::numeric > coalesce(
        1.2 * (past #>> array[k.key, 'best_kg'])::numeric,
        -- Never lifted with a weight: no more than an empty barbell.
        20)
      or s -> 'done' = 'true')
$$;
comment on function private.is_rash(jsonb, jsonb) is
  'Whether any set is heavier than 1.2 times the best of the last half year (20 kg where there is none), or claims to '
  'be done.';

-------------------------------------------------------------------------------
-- The planner
-------------------------------------------------------------------------------

create function private.usable_equipment(request jsonb, past jsonb) returns text[]
language sql stable security invoker set search_path = '' as $$
  select case
    when coalesce(request -> 'equipment', 'null') <> 'null' then array(
      select distinct q.item
      from jsonb_array_elements_text(request -> 'equipment') as e (name)
      join private.equipment_names as n on n.words <@ private.exercise_words(e.name) and n.words <> '{}'
      cross join lateral unnest(n.equipment) as q (item))
    else array(
      select distinct q.item
      from jsonb_each(past) as p
      join private.exercises as x on x.name = p.value ->> 'exercise'
      cross join lateral unnest(x.equipment) as q (item))
  end
$$;
comment on function private.usable_equipment(jsonb, jsonb) is
  'The equipment that a request names; when it names none, what the person has used of late.';

create function private.unknown_equipment(request jsonb) returns text[]
language sql stable security invoker set search_path = '' as $$
  select array(
    select e.name
    from jsonb_array_elements_text(nullif(request -> 'equipment', 'null')) with ordinality as e (name, position)
    where e.name ~ '\S' and not exists (
      select from private.equipment_names as n where n.words <@ private.exercise_words(e.name) and n.words <> '{}')
    order by e.position)
$$;
comment on function private.unknown_equipment(jsonb) is 'The equipment in a request that no exercise is known to use.';

create function private.choose_exercises(
  focus text, past jsonb, equipment text[], avoid text[], is_beginner boolean, variation integer
) returns jsonb
language sql stable security invoker set search_path = '' as $$
  with options as (
    select x.name, x.pattern, count(*) over (partition by x.pattern) as many,
      -- What they know comes first; stretches for what is tired.
      row_number() over (partition by x.pattern order by
        case when x.pattern = 'mobility' then x.muscles && avoid end desc,
        coalesce((past #>> array[x.name, 'sessions'])::integer, 0) desc, x.rank) as place
    from private.exercises as x
    where x.equipment <@ choose_exercises.equipment and (x.level = 1 or not is_beginner or past ? x.name)
      and (x.pattern = 'mobility' or not x.muscles && avoid)
  ),
  slots as (
    select s.position, s.pattern, row_number() over (partition by s.pattern order by s.position) as nth,
      count(*) over (partition by s.pattern) as slots
    from private.workout_slots as s
    where s.focus = choose_exercises.focus
  )
  select coalesce(jsonb_agg(o.name order by s.position), '[]')
  from slots as s
  join options as o on o.pattern = s.pattern and s.nth <= o.many
    and o.place = (s.nth - 1 + variation * s.slots) % o.many + 1
$$;
comment on function private.choose_exercises(text, jsonb, text[], text[], boolean, integer) is
  'The names of exercises for a focus: one for each of its parts, of those that the equipment allows and that don''t '
  'train what is to be avoided. Each variation takes the next ones.';

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

create function private.workout_reason(plan jsonb, day date, today date) returns text
language plpgsql stable security invoker set search_path = '' as $$
declare
  heavier constant text[] := array(
    select e ->> 'name' from jsonb_array_elements(plan -> 'exercises') as e where e ->> 'change' = 'heavier');
  more constant text[] := array(
    select e ->> 'name' from jsonb_array_elements(plan -> 'exercises') as e where e ->> 'change' in ('more', 'longer'));
  lighter constant text[] := array(
    select e ->> 'name' from jsonb_array_elements(plan -> 'exercises') as e where e ->> 'change' in ('pause', 'test'));
  held constant text[] := array(
    select e ->> 'name' from jsonb_array_elements(plan -> 'exercises') as e where e ->> 'change' = 'held');
  left_out constant text[] := array(select jsonb_array_elements_text(plan -> 'left_out'));
  days constant integer := (plan ->> 'rested_days')::integer;
begin
  -- No longer than a model's: names of exercises may be.
  return private.shortened(concat_ws('. ',
    plan ->> 'why',
    case when plan ->> 'kind' = 'template' and plan ->> 'focus' not in ('mobility', 'cardio')
      and (plan ->> 'why' is null or days between 2 and 55) then format('For %s%s',
      private.listed(array(select jsonb_array_elements_text(plan -> 'muscles')), 4),
      case when days >= 56 then ', which nothing has trained of late'
        when days > 1 then format(', rested for %s days', days) end) end,
    case when heavier <> '{}' then format('%s: more weight, because every set reached the top of its range',
      private.listed(heavier, 3)) end,
    case when more <> '{}' then format('A little more than last time: %s', private.listed(more, 3)) end,
    case when held <> '{}' then format('After the break as last time: %s', private.listed(held, 3)) end,
    case when lighter <> '{}' then format('Lighter than last time: %s', private.listed(lighter, 3)) end,
    case when left_out <> '{}' then format('Without %s, which would train what is still recovering',
      private.listed(left_out, 3)) end,
    format('About %s minutes', plan ->> 'minutes')
      || coalesce(
        format(', %s from ', private.day_in_words(day, today)) || (plan ->> 'start_time') || ', when you are free', ''),
    'You have planned ' || (plan ->> 'planned') || ' for that day already') || '.', 500);
end $$;
comment on function private.workout_reason(jsonb, date, date) is 'Why a workout, in a few plain sentences.';

-- What could be done on a day, best first. past: rows of private.lifted by key.
create function private.workout_candidates(
  request jsonb, day date, past jsonb, avoid text[], training_days integer, is_beginner boolean, equipment text[]
) returns table (
  kind text, name text, focus text, exercises jsonb, left_out jsonb, why text, rested_days integer, muscles text[],
  usual_minutes integer
)
language sql stable security invoker set search_path = '' as $$
  with asked as (
    select request ->> 'focus' as focus, coalesce(request -> 'equipment', 'null') <> 'null' as is_equipment_given
  ),
  trained as materialized (
    select * from private.trained((select private.today()))
  ),
  rested as materialized (
    select m.muscle, coalesce(workout_candidates.day - max(t.day), 56) as days,
      coalesce(sum(t.sets) filter (where t.day > workout_candidates.day - 14), 0) as sets
    from (values ('chest'), ('back'), ('shoulders'), ('biceps'), ('triceps'), ('quads'), ('hamstrings'), ('glutes'),
      ('calves'), ('core')) as m (muscle)
    left join trained as t on t.muscle = m.muscle and t.day <= workout_candidates.day
    group by m.muscle
  ),
  -- What they do again and again under one name is their routine.
  routines as (
    select r.*, (
        select jsonb_agg(k.key order by e.order_index, e.id)
        from public.fitness_workout_exercises as e
        cross join lateral private.known_exercises(array[e.name]) as k
        where e.workout_id = r.id and e.user_id = (select auth.uid())
      ) as exercises
    from (
      select (array_agg(w.id order by w.date desc, w.id))[1] as id,
        (array_agg(w.name order by w.date desc, w.id))[1] as name, max(w.date) as last_on,
        percentile_disc(0.5) within group (order by w.duration_minutes) as usual_minutes,
        count(distinct w.date) as times
      from public.fitness_workouts as w
      where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between day - 70 and day
        and exists (select from public.fitness_workout_exercises as e
          where e.workout_id = w.id and e.user_id = w.user_id)
      group by lower(w.name)
    ) as r
    where r.times >= 2
  ),
  foci as (
    select f.focus, f.variation
    from asked as a
    cross join lateral (
      select a.focus, v as variation from generate_series(0, 4) as v where a.focus is not null
      union all
      select f, v
      from unnest(case when is_beginner then array['full body', 'core', 'cardio', 'mobility']
        else array['push', 'pull', 'legs', 'full body', 'core', 'cardio', 'mobility'] end) as f
      cross join generate_series(0, case when is_beginner then 1 else 0 end) as v
      where a.focus is null
    ) as f
  ),
  drafts as (
    select 'routine' as kind, r.name, null as focus, r.exercises, r.last_on, r.usual_minutes,
      0 as variation
    from routines as r
    union all
    select coalesce(c.kind, 'template'),
      coalesce(c.name,
        upper(left(f.focus, 1)) || substr(f.focus, 2) || (array['', ' B', ' C', ' D', ' E'])[f.variation + 1]),
      f.focus,
      case when c.kind <> 'template' then '["walk"]' else private.choose_exercises(
        f.focus, past, equipment, avoid, is_beginner, case when c.kind is null then f.variation else 0 end) end,
      null, null, f.variation
    from foci as f
    -- Other exercises of a circuit are no other training: what varies is the kind of session.
    left join (values
      ('cardio', 0, 'steady', 'Cardio'), ('cardio', 1, 'template', 'Cardio circuit'),
      ('cardio', 2, 'intervals', 'Intervals'), ('cardio', 3, 'tempo', 'Tempo'), ('cardio', 4, 'long', 'Long and easy')
    ) as c (focus, variation, kind, name) on c.focus = f.focus and c.variation = f.variation
  ),
  parts as (
    select d.*, x.name as exercise, e.key, e.position, x.muscles, x.pattern,
      d.kind = 'routine' and (
        coalesce(x.pattern <> 'mobility' and x.muscles && avoid, false)
        or a.is_equipment_given and (x.name is null or not x.equipment <@ workout_candidates.equipment)) as is_left_out
    from drafts as d
    cross join asked as a
    cross join lateral jsonb_array_elements_text(d.exercises) with ordinality as e (key, position)
    left join private.exercises as x on x.name = e.key
  ),
  wholes as (
    select p.kind, p.name, p.focus, p.last_on, p.usual_minutes, p.variation,
      jsonb_agg(p.key order by p.position) filter (where not p.is_left_out) as exercises,
      coalesce(jsonb_agg(coalesce(past #>> array[p.key, 'name'], p.key) order by p.position)
        filter (where p.is_left_out), '[]') as left_out,
      count(*) filter (where not p.is_left_out)::numeric / case p.kind
        when 'template' then (select count(*) from private.workout_slots as s where s.focus = p.focus)
        else count(*) end as part,
      -- How much of a routine belongs to what was asked for.
      count(*) filter (where p.pattern in (
        select s.pattern from private.workout_slots as s where s.focus = request ->> 'focus'
      ))::numeric / count(*) as fit
    from parts as p
    group by p.kind, p.name, p.focus, p.last_on, p.usual_minutes, p.variation
  ),
  rated as (
    select w.*, m.muscles, m.days, m.score
    from wholes as w
    cross join lateral (
      select array_agg(r.muscle order by r.days desc, r.muscle) as muscles, min(r.days)::integer as days,
        -- Rested the longest, and trained the least of late.
        avg(least(r.days, 10)) + avg(greatest(0, 12 - r.sets)) / 6 as score
      from rested as r
      where r.muscle in (
        select unnest(x.muscles) from private.exercises as x
        where x.name in (select jsonb_array_elements_text(w.exercises)))
    ) as m
  )
  select r.kind, r.name, r.focus, r.exercises, r.left_out,
    case
      when r.kind = 'routine' then format('%s is from your routine, last done %s', r.name,
        case (select private.today()) - r.last_on when 0 then 'today' when 1 then 'yesterday'
          else format('%s days ago', (select private.today()) - r.last_on) end)
      when r.focus = 'mobility' and training_days >= 3 and request ->> 'focus' is null
      then format('You have trained on %s days in a row; a light day lets it pay off', training_days)
      when r.kind = 'steady' then 'Easy cardio, for heart and lungs'
      when r.kind = 'intervals' then 'Fast minutes with easy ones between, to get fitter in little time'
      when r.kind = 'tempo' then 'Brisk blocks, to keep up a pace for longer'
      when r.kind = 'long' then 'Longer and easy, for endurance'
      when r.focus = 'mobility' then 'For what gets stiff from sitting and from training'
      when r.focus = 'cardio' then 'Short intervals that need no more than a floor'
      when past = '{}' and r.focus = 'full body' then 'A first workout for the whole body, easy to learn'
      when past = '{}' and r.focus = 'core' then 'A first workout for the core'
      when request ->> 'focus' is not null
      then upper(left(r.focus, 1)) || substr(r.focus, 2) || ', as you asked'
      else null
    end,
    r.days, r.muscles, r.usual_minutes
  from rated as r
  where r.part >= 0.5 and (request ->> 'focus' is null or r.kind <> 'routine' or r.fit >= 0.6)
  order by
    -- After days of training, a light one first.
    case when request ->> 'focus' is null and training_days >= 3 and r.focus = 'mobility' then 0 else 1 end,
    -- Cardio, core and mobility complement, they are what is suggested next.
    case when request ->> 'focus' is null and r.focus in ('core', 'cardio', 'mobility') then 1
      else 0 end,
    r.variation,
    -- What they do anyway comes before what they might.
    coalesce(r.score, 0) + case r.kind when 'routine' then 20 + least(day - r.last_on, 14) / 2.0 else 0 end
      + case when is_beginner and r.focus = 'full body' then 5 else 0 end desc,
    r.name
$$;
comment on function private.workout_candidates(jsonb, date, jsonb, text[], integer, boolean, text[]) is
  'Workouts that could be done on a day, best first: the caller''s own routines, and one for each focus; without what '
  'would train muscles to avoid. exercises: names of private.exercises, or keys of the caller''s own.';

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

create function private.cardio_session(kind text, activity text, seconds integer) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select jsonb_build_array(jsonb_build_object('name', activity, 'notes', s.notes, 'sets', array_fill(
    jsonb_strip_nulls(jsonb_build_object('duration_seconds', s.work, 'rest_seconds', s.pause)), array[s.times])))
  from (
    select case kind when 'intervals' then 60 when 'tempo' then 360 else seconds end as work,
      case kind when 'intervals' then 90 when 'tempo' then 120 end as pause,
      -- 30 seconds to begin, as for every exercise.
      case kind when 'intervals' then least(12, (seconds - 30) / 150) when 'tempo' then least(4, (seconds - 30) / 480)
        else 1 end as times,
      case kind
        when 'intervals' then 'As fast as you can keep up for the minute; rests are the same, easy.'
        when 'tempo' then 'Brisk: a pace at which only short sentences are possible; rests are the same, easy.'
        else 'A pace at which you could still talk.'
      end as notes
  ) as s
  where s.times >= case kind when 'intervals' then 3 when 'tempo' then 2 else 1 end
$$;
comment on function private.cardio_session(text, text, integer) is
  'An activity for so long, as a steady, long, intervals or tempo session, in create_workout''s shape of exercises. '
  'Null where there isn''t the time.';

create function private.are_alike(exercises jsonb, others jsonb) returns boolean
language sql immutable security invoker set search_path = '' as $$
  select count(*) filter (where b.ours and b.theirs) * 2 > count(*)
  from (
    select n.name, bool_or(n.is_ours) as ours, bool_or(not n.is_ours) as theirs
    from (
      select e ->> 'name' as name, true as is_ours from jsonb_array_elements(exercises) as e
      union all
      select e ->> 'name', false from jsonb_array_elements(others) as e
    ) as n
    group by n.name
  ) as b
$$;
comment on function private.are_alike(jsonb, jsonb) is
  'Whether two lists of exercises share more than half of what they have together.';

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

create function private.workout_warnings(request jsonb, found integer, today date) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select
    private.warning('notes_unread', case when request ->> 'notes' ~ '\S' then
      'The built-in planner doesn''t read notes: what they say of injuries or wishes is for you to mind.' end)
    || private.warning('unknown_equipment', (
      select format('Not known as equipment, and so left out: %s. Known are %s, and "gym" for all of them.',
        private.listed(array_agg(format('"%s"', u)), 20),
        (select private.listed(array_agg(distinct k order by k), 20)
          from private.exercises as x cross join lateral unnest(x.equipment) as k))
      from unnest(private.unknown_equipment(request)) as u
      having count(*) > 0))
    || private.warning('few_suggestions', case
      when found = 0 then 'No workout fits; ask for more time or another focus.'
      when found < coalesce((request ->> 'count')::numeric, 3) then format(
        '%s: another focus, more time or more equipment would give more.', case found
          when 1 then 'There is one workout for this' else format('Only %s workouts for this differ enough', found) end)
    end)
    || private.warnings_of_day((request ->> 'date')::date, today, 'what you train until then')
$$;
comment on function private.workout_warnings(jsonb, integer, date) is
  'What an answer of the planner with so many workouts doesn''t do for the request.';

-- Compiling the queries (jit) would cost more than it saves, here and below.
create function public.plan_workouts(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  most integer;
  is_day_open boolean;
  day date;
  seen_from date;
  person_units text;
  past jsonb;
  usable text[];
  avoid text[];
  is_beginner boolean;
  usual_minutes integer;
  free_minutes integer;
  asked_minutes integer;
  minutes integer;
  warm_up integer;
  candidate record;
  exercises jsonb;
  plan jsonb;
  planned text;
  suggestions jsonb := '[]';
begin
  perform private.check_workout_request(request);
  most := coalesce((request ->> 'count')::numeric::integer, 3);
  asked_minutes := (request ->> 'duration_minutes')::numeric;
  is_day_open := request ->> 'date' is null and request ->> 'focus' is not null;
  day := coalesce((request ->> 'date')::date, today);
  select p.unit_system into person_units from public.profiles as p where p.id = (select auth.uid());
  select coalesce(jsonb_object_agg(l.key, to_jsonb(l)), '{}') into past from private.lifted(today) as l;
  usable := private.usable_equipment(request, past);
  select count(*) < 8, percentile_disc(0.5) within group (order by w.duration_minutes)
  into is_beginner, usual_minutes
  from (
    select w.duration_minutes from public.fitness_workouts as w
    where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between today - 182 and today
    order by w.date desc limit 20
  ) as w;

  <<days>>
  loop
    -- What is trained until a day far ahead isn't known: nothing is no good guess.
    seen_from := least(day, today + 28);
    avoid := private.tired_muscles(day, today);
    select private.listed(array_agg(w.name order by w.start_time, w.name), 3) into planned
    from public.fitness_workouts as w
    where w.user_id = (select auth.uid()) and w.status = 'planned' and w.date = day;
    select extract(epoch from max(f.ends_at - f.starts_at)) / 60 into free_minutes
    from private.free_time(day, day, '06:00', '22:00') as f;
    for candidate in
      select * from private.workout_candidates(
        request, seen_from, past, avoid, private.training_streak(day, today), is_beginner, usable)
    loop
      continue when exists (
        select from jsonb_array_elements(suggestions) as s
        where lower(s #>> '{workout,name}') = lower(candidate.name));
      -- Long is longer than steady, or it's the same.
      continue when candidate.kind = 'long' and (asked_minutes is not null or coalesce(free_minutes, 0) < 45);
      minutes := coalesce(asked_minutes, least(
        case when candidate.focus = 'mobility' then 15 when candidate.kind = 'long' then 45
          when candidate.kind in ('steady', 'intervals', 'tempo') then 30
          else greatest(20, coalesce(candidate.usual_minutes, usual_minutes,
            case when is_beginner then 30 else 45 end)) end,
        case when free_minutes >= 15 then free_minutes end));
      warm_up := case when candidate.kind in ('steady', 'long') or candidate.focus = 'mobility' then 0
        else least(300, minutes * 9) end;
      if candidate.kind not in ('routine', 'template') then
        exercises := private.cardio_session(candidate.kind, private.usual_cardio(today, avoid), minutes * 60 - warm_up);
        continue when exercises is null;
      else
        select jsonb_agg(private.prescribe(x, past -> e.key, seen_from, person_units, is_beginner) order by e.position)
        into exercises
        from jsonb_array_elements_text(candidate.exercises) with ordinality as e (key, position)
        left join private.exercises as x on x.name = e.key
        where x.name is not null or past ? e.key;
        continue when exercises is null;
        exercises := private.fit_exercises(exercises, minutes * 60 - warm_up,
          case when asked_minutes is not null and candidate.kind = 'template' and not is_beginner then 4 else 0 end);
        -- Alternatives differ in what is done, not in its order.
        continue when exists (
          select from jsonb_array_elements(suggestions) as s
          where private.are_alike(s #> '{workout,exercises}', exercises));
      end if;
      -- How long their routine takes they know best.
      if candidate.usual_minutes is null then
        minutes := least(minutes, 5 * ceil((private.workout_seconds(exercises) + warm_up) / 300.0));
      end if;
      plan := to_jsonb(candidate) || jsonb_build_object('exercises', exercises, 'minutes', minutes, 'planned', planned,
        'start_time', to_char(private.training_time(day, minutes), 'HH24:MI'));
      suggestions := suggestions || jsonb_build_array(jsonb_build_object(
        'workout', jsonb_build_object(
          'name', candidate.name, 'date', day, 'start_time', plan -> 'start_time', 'duration_minutes', minutes,
          'notes', case
            when candidate.focus = 'mobility' then 'Breathe calmly; no stretch should hurt.'
            when warm_up > 0 then format('Warm up for %s%s.',
              case when warm_up < 120 then 'a minute' else warm_up / 60 || ' minutes' end,
              case when exercises #> '{0,sets,0,weight_kg}' is not null
                then ', with a few light sets of the first exercise' else '' end) end,
          'exercises', (
            select jsonb_agg(e.value - 'change' order by e.position)
            from jsonb_array_elements(exercises) with ordinality as e (value, position))),
        'based_on', private.based_on(exercises, past),
        'reason', private.workout_reason(plan, day, today)));
      exit days when jsonb_array_length(suggestions) = most;
    end loop;
    exit when suggestions <> '[]' or not is_day_open or day > today + 1;
    -- The muscles asked for aren't ready, and no day was given: the next day, then.
    day := day + 1;
  end loop;

  if suggestions = '[]' and coalesce(request ->> 'focus', '') <> 'mobility' then
    -- Nothing that was asked for is wise on that day.
    select coalesce(jsonb_agg(s || jsonb_build_object('reason', private.shortened(case
      when avoid <> '{}' then format('Your %s need a day to recover, so something gentle. %s',
        private.listed(avoid, 3), s ->> 'reason')
      else format('For that the equipment is missing, so something gentle. %s', s ->> 'reason') end, 500))), '[]')
    into suggestions
    from jsonb_array_elements(public.plan_workouts(
      request || '{"focus": "mobility", "count": 1}') -> 'suggestions') as s;
  end if;
  return jsonb_build_object(
    'suggestions', private.with_ids(suggestions, (
      select max(w.created_at) from public.fitness_workouts as w where w.user_id = (select auth.uid()))),
    'warnings', private.workout_warnings(request, jsonb_array_length(suggestions), today));
end $$;
comment on function public.plan_workouts(jsonb) is
  'The built-in planner: the caller''s own routines and workouts for each focus, by which muscles have rested longest '
  'and were trained least; nothing that was trained hard within 48 hours; sets, reps and weights progress from what '
  'was lifted. request: {count 1–5 (3), date (today), duration_minutes, focus, equipment [names], notes (not read)}. '
  'Returns {suggestions: [{id, workout (create_workout''s shape), based_on [{name, date, sets}], reason}], warnings: '
  '[{code, message}]}: alternatives that share no more than half of their exercises, or are other kinds of cardio; '
  'codes: notes_unread, unknown_equipment, few_suggestions, far_ahead. The same data give the same answer.';

-------------------------------------------------------------------------------
-- What a language model is told, and what is kept of its answer
-------------------------------------------------------------------------------

create function public.workout_suggestion_context(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  on_day date;
begin
  perform private.check_workout_request(request);
  on_day := coalesce((request ->> 'date')::date, today);
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
          coalesce(bool_or(t.is_hard and abs(t.day - on_day) < 2), false) as is_recovering
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
      or coalesce(suggestion ->> 'reason' !~ '\S' or char_length(suggestion ->> 'reason') > 500, true)
      or private.is_rash(workout -> 'exercises', past)
      or coalesce(request -> 'equipment', 'null') <> 'null' and exists (
        select
        from private.known_exercises(
          array(select e ->> 'name' from jsonb_array_elements(workout -> 'exercises') as e)) as k
        join private.exercises as x on x.name = k.exercise
        where not x.equipment <@ usable)
      or exists (select from jsonb_array_elements(kept) as k
        where lower(k #>> '{workout,name}') = lower(workout ->> 'name')
          or k #> '{workout,exercises}' = workout -> 'exercises');
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

grant execute on function
  private.check_workout_request(jsonb), private.lifted(date), private.trained(date),
  private.weight_in_words(numeric, text), private.weight_steps(private.exercises, numeric, text),
  private.prescribe(private.exercises, jsonb, date, text, boolean), private.workout_seconds(jsonb),
  private.fit_exercises(jsonb, integer, integer), private.usable_equipment(jsonb, jsonb),
  private.unknown_equipment(jsonb), private.cardio_session(text, text, integer), private.are_alike(jsonb, jsonb),
  private.workout_warnings(jsonb, integer, date),
  private.choose_exercises(text, jsonb, text[], text[], boolean, integer), private.training_time(date, integer),
  private.workout_reason(jsonb, date, date),
  private.workout_candidates(jsonb, date, jsonb, text[], integer, boolean, text[]), private.usual_cardio(date, text[]),
  private.tired_muscles(date, date), private.training_streak(date, date), private.based_on(jsonb, jsonb),
  private.is_rash(jsonb, jsonb)
to authenticated;
revoke execute on function
  public.workout_suggestion_context(jsonb), public.plan_workouts(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.workout_suggestion_context(jsonb), public.plan_workouts(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
to authenticated;
