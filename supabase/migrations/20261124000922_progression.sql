-- What to do next of an exercise: sets, reps and weights that progress, and how long they take.

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

grant execute on function
  private.weight_in_words(numeric, text), private.weight_steps(private.exercises, numeric, text),
  private.prescribe(private.exercises, jsonb, date, text, boolean), private.workout_seconds(jsonb),
  private.fit_exercises(jsonb, integer, integer), private.is_rash(jsonb, jsonb)
to authenticated;
