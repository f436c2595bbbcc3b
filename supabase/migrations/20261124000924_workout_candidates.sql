-- Which workouts could be done on a day: routines, templates for each focus, kinds of cardio.

-------------------------------------------------------------------------------
-- A request
-------------------------------------------------------------------------------

create function private.check_workout_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform private.require_shape(request, '{"count": "integer", "date": "date", "duration_minutes": "integer",
    "focus": "string", "equipment": "array", "notes": "string"}', 'request');
  if not (
    coalesce((request ->> 'duration_minutes')::numeric between 5 and 240, true)
    and not exists (
      select from jsonb_array_elements(nullif(request -> 'equipment', 'null')) as e where jsonb_typeof(e) <> 'string')
    and coalesce(jsonb_array_length(nullif(request -> 'equipment', 'null')), 0) <= 20
    and char_length(request ->> 'equipment') <= 1000 is not false
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'duration_minutes is 5–240; equipment has at most 20 names, 1,000 characters in all.',
      hint = 'Correct the value, or leave the key out.';
  elsif not exists (select from private.workout_slots as s where s.focus = coalesce(request ->> 'focus', s.focus)) then
    raise sqlstate 'PT422' using
      message = 'request.focus is not known',
      detail = format('Got %s.', left(request ->> 'focus', 80)),
      hint = format('Send one of: %s; or leave it out.',
        (select string_agg(distinct s.focus, ', ' order by s.focus) from private.workout_slots as s));
  end if;
  perform private.check_suggestion_request(request);
end $$;
comment on function private.check_workout_request(jsonb) is
  'Refuses (PT422) a malformed request for workout suggestions.';

create function private.named_equipment(request jsonb) returns table (name text, equipment text[])
language sql stable security invoker set search_path = '' as $$
  select e.name, n.equipment
  from jsonb_array_elements_text(nullif(request -> 'equipment', 'null')) with ordinality as e (name, position)
  left join private.equipment_names as n on n.words <@ private.exercise_words(e.name) and n.words <> '{}'
  where e.name ~ '\S'
  order by e.position
$$;
comment on function private.named_equipment(jsonb) is
  'What the names of equipment in a request mean, in their order: {} for "none", null for a name that isn''t known.';

create function private.usable_equipment(request jsonb, past jsonb) returns text[]
language sql stable security invoker set search_path = '' as $$
  select case
    when coalesce(request -> 'equipment', 'null') <> 'null' then array(
      select distinct q.item
      from private.named_equipment(request) as n
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

-------------------------------------------------------------------------------
-- Workouts
-------------------------------------------------------------------------------

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

create function private.cardio_session(kind text, activity text, seconds integer) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select jsonb_build_array(jsonb_build_object('name', activity, 'notes', k.notes, 'sets', array_fill(
    jsonb_strip_nulls(jsonb_build_object('duration_seconds', k.work, 'rest_seconds', k.pause)), array[t.times])))
  from (values
    ('steady', seconds, null, 1, 1, 'A pace at which you could still talk.'),
    ('long', seconds, null, 1, 1, 'A pace at which you could still talk.'),
    ('intervals', 60, 90, 3, 12, 'As fast as you can keep up for the minute; rests are the same, easy.'),
    ('tempo', 360, 120, 2, 4, 'Brisk: a pace at which only short sentences are possible; rests are the same, easy.')
  ) as k (kind, work, pause, fewest, most, notes)
  cross join lateral (
    -- 30 seconds to begin, as for every exercise.
    select case when k.pause is null then 1 else least(k.most, (seconds - 30) / (k.work + k.pause)) end as times
  ) as t
  where k.kind = cardio_session.kind and t.times >= k.fewest
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

create function private.routines(day date)
returns table (name text, exercises jsonb, last_on date, usual_minutes integer)
language sql stable security invoker set search_path = '' as $$
  select r.name, (
      select jsonb_agg(k.key order by e.order_index, e.id)
      from public.fitness_workout_exercises as e
      cross join lateral private.known_exercises(array[e.name]) as k
      where e.workout_id = r.id and e.user_id = (select auth.uid())
    ), r.last_on, r.usual_minutes
  from (
    select (array_agg(w.id order by w.date desc, w.id))[1] as id,
      (array_agg(w.name order by w.date desc, w.id))[1] as name, max(w.date) as last_on,
      percentile_disc(0.5) within group (order by w.duration_minutes) as usual_minutes
    from public.fitness_workouts as w
    where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between day - 70 and day
      and exists (select from public.fitness_workout_exercises as e
        where e.workout_id = w.id and e.user_id = w.user_id)
    group by lower(w.name)
    having count(distinct w.date) >= 2
  ) as r
$$;
comment on function private.routines(date) is
  'What the caller did at least twice under one name in the ten weeks up to a day: exercises (keys of '
  'private.known_exercises) as the last time.';

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
    from private.routines(workout_candidates.day) as r
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

grant execute on function
  private.check_workout_request(jsonb), private.named_equipment(jsonb), private.usable_equipment(jsonb, jsonb),
  private.choose_exercises(text, jsonb, text[], text[], boolean, integer), private.cardio_session(text, text, integer),
  private.are_alike(jsonb, jsonb), private.routines(date),
  private.workout_candidates(jsonb, date, jsonb, text[], integer, boolean, text[])
to authenticated;
