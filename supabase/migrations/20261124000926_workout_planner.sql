-- The built-in planner of workouts: the best candidates that differ, fitted to the time, and why.

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
  return private.as_reason(concat_ws('. ',
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
    'You have planned ' || (plan ->> 'planned') || ' for that day already') || '.');
end $$;
comment on function private.workout_reason(jsonb, date, date) is 'Why a workout, in a few plain sentences.';

create function private.workout_warnings(request jsonb, found integer, wanted integer, today date) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select
    private.warning('notes_unread', case when request ->> 'notes' ~ '\S' then
      'The built-in planner doesn''t read notes: what they say of injuries or wishes is for you to mind.' end)
    || private.warning('unknown_equipment', (
      select format('Not known as equipment, and so left out: %s. Known are %s, and "gym" for all of them.',
        private.listed(array_agg(format('"%s"', n.name)), 20),
        (select private.listed(array_agg(distinct k order by k), 20)
          from private.exercises as x cross join lateral unnest(x.equipment) as k))
      from private.named_equipment(request) as n
      where n.equipment is null
      having count(*) > 0))
    || private.warning('few_suggestions', case
      when found = 0 then 'No workout fits; ask for more time or another focus.'
      when found < wanted then format(
        '%s: another focus, more time or more equipment would give more.', case found
          when 1 then 'There is one workout for this' else format('Only %s workouts for this differ enough', found) end)
    end)
    || private.warnings_of_day((request ->> 'date')::date, today, 'what you train until then')
$$;
comment on function private.workout_warnings(jsonb, integer, integer, date) is
  'What the planner couldn''t do for a request, of which it found so many workouts of those wanted.';

-- Compiling the queries (jit) would cost more than it saves, here and in what a model is told.
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
    select coalesce(jsonb_agg(s || jsonb_build_object('reason', private.as_reason(case
      when avoid <> '{}' then format('Your %s need a day to recover, so something gentle. %s',
        private.listed(avoid, 3), s ->> 'reason')
      else format('For that the equipment is missing, so something gentle. %s', s ->> 'reason') end))), '[]')
    into suggestions
    from jsonb_array_elements(public.plan_workouts(
      request || '{"focus": "mobility", "count": 1}') -> 'suggestions') as s;
  end if;
  return jsonb_build_object(
    'suggestions', private.with_ids(suggestions, (
      select max(w.created_at) from public.fitness_workouts as w where w.user_id = (select auth.uid()))),
    'warnings', private.workout_warnings(request, jsonb_array_length(suggestions), most, today));
end $$;
comment on function public.plan_workouts(jsonb) is
  'The built-in planner: the caller''s own routines and workouts for each focus, by which muscles have rested longest '
  'and were trained least; nothing that was trained hard within 48 hours; sets, reps and weights progress from what '
  'was lifted. request: {count 1–5 (3), date (today), duration_minutes, focus, equipment [names], notes (not read)}. '
  'Returns {suggestions: [{id, workout (create_workout''s shape), based_on [{name, date, sets}], reason}], warnings: '
  '[{code, message}]}: alternatives that share no more than half of their exercises, or are other kinds of cardio; '
  'codes: notes_unread, unknown_equipment, few_suggestions, far_ahead. The same data give the same answer.';

grant execute on function
  private.workout_reason(jsonb, date, date), private.workout_warnings(jsonb, integer, integer, date)
to authenticated;
revoke execute on function public.plan_workouts(jsonb) from public;
grant execute on function public.plan_workouts(jsonb) to authenticated;
