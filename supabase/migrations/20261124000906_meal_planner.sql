-- The built-in planner of meals: picks from the ranking, and says why.

create function private.meal_reason(ranked jsonb, request jsonb, today date, available integer) returns text
language plpgsql stable security invoker set search_path = '' as $$
declare
  missing constant text[] := array(select jsonb_array_elements_text(ranked -> 'missing'));
  expiring constant text[] := array(select jsonb_array_elements_text(ranked -> 'uses_expiring'));
  at_home constant integer := jsonb_array_length(ranked -> 'in_pantry');
  minutes constant integer := ranked ->> 'total_minutes';
  meal_time constant text := to_char((request ->> 'meal_time')::time, 'HH24:MI');
  cooked_days_ago constant integer := today - (ranked ->> 'last_cooked_on')::date;
begin
  return private.as_reason(concat_ws('. ',
    concat_ws(', and ',
      case
        when at_home + cardinality(missing) = 0 then 'Its ingredients aren''t listed'
        when missing = '{}' then 'You have everything at home'
        when at_home = 0 then 'You would have to buy ' || private.listed(missing, 4)
        when cardinality(missing) * 2 <= least(at_home, 4)
        then format('You have everything but %s', private.listed(missing, 3))
        else format('You have %s of %s ingredients at home', at_home, at_home + cardinality(missing))
      end,
      case when expiring <> '{}' then format(
        case cardinality(expiring) when 1 then 'it uses the %s, good until %s'
          else 'it uses %s, the first of them good until %s' end,
        private.listed(expiring, 4), private.day_in_words((ranked ->> 'soonest_expiry')::date, today)) end),
    'Ready in ' || minutes || ' minutes' || case
      when minutes > available then format(', though you have only %s before %s', available, meal_time)
      when available < 180 then format(', and you have %s before %s', available, meal_time)
      else '' end,
    case
      when ranked ->> 'meal_id' is null then 'A basic recipe, not one of yours yet'
      when cooked_days_ago is null then 'You haven''t cooked it yet'
      when cooked_days_ago < 2 then 'You cooked it ' || private.day_in_words(today - cooked_days_ago, today)
      else format('You last cooked it %s days ago', cooked_days_ago)
    end) || '.');
end $$;
comment on function private.meal_reason(jsonb, jsonb, date, integer) is
  'Why a meal, in a sentence or three: what is at home, what would be thrown away, time, variety.';

create function private.restriction_warnings() returns jsonb
language sql stable security invoker set search_path = '' as $$
  with unknown as materialized (
    select r.kind, array_agg(format('"%s"', u.entry) order by u.entry) as entries
    from public.understood_restrictions() as r
    cross join lateral (select distinct unnest(r.not_understood) as entry) as u
    group by r.kind
  )
  select private.warning('unknown_allergy', (
      select case when cardinality(u.entries) = 1
        then format('%s isn''t one of the known allergens: only foods with this word in their names are left out.',
          u.entries[1])
        else format('%s aren''t among the known allergens: only foods with these words in their names are left out.',
          private.listed(u.entries, 5)) end
      from unknown as u where u.kind = 'allergy'))
    || private.warning('unknown_diet', (
      select case when cardinality(u.entries) = 1
        then format('%s isn''t a known diet: nothing is left out for it.', u.entries[1])
        else format('%s aren''t known diets: nothing is left out for them.', private.listed(u.entries, 5)) end
      from unknown as u where u.kind = 'diet'))
$$;
comment on function private.restriction_warnings() is
  'Warns of those of the caller''s allergies and diets that aren''t understood.';

create function private.few_meals(found integer, wanted integer, max_total_minutes text) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select private.warning('few_suggestions', case when found < wanted then format('%s: %s.',
    case found
      when 0 then 'No recipe fits, neither yours nor the basic ones'
      when 1 then 'Only one recipe fits'
      else format('Only %s recipes fit', found)
    end,
    concat_ws(', or ',
      'allow more than ' || max_total_minutes || ' min',
      case
        when exists (
          select from public.profiles as p
          where p.id = (select auth.uid()) and (p.allergies <> '{}' or p.dietary <> '{}'))
        then 'add recipes that keep to your allergies and diets, with their ingredients'
        else 'add recipes'
      end)) end)
$$;
comment on function private.few_meals(integer, integer, text) is
  'Warns when fewer meals were found than wanted, and says what would give more.';

-- Compiling the queries (jit) would cost more than it saves, here and in what a model is told.
create function public.plan_meals(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  on_day date;
  available integer;
  people integer;
  most integer;
  pool jsonb;
  eaten jsonb;
  pick jsonb;
  picks jsonb := '[]';
  suggestions jsonb;
begin
  perform private.check_meal_request(request);
  on_day := coalesce((request ->> 'date')::date, today);
  available := private.minutes_before(on_day, (request ->> 'meal_time')::time);
  people := (request ->> 'servings')::numeric;
  most := coalesce((request ->> 'count')::numeric::integer, 3);
  select coalesce(jsonb_agg(to_jsonb(r)), '[]') into pool from private.ranked_meals(request, 60, false) as r;
  if jsonb_array_length(jsonb_path_query_array(pool, '$[*] ? (@.tier == 0)')) < most then
    -- Their own don't fill the count.
    select pool || coalesce(jsonb_agg(to_jsonb(r)), '[]') into pool
    from private.ranked_meals(request, 60, true) as r;
  end if;
  -- What is on the table around the day, so that two curries don't follow each other.
  select coalesce(jsonb_agg(jsonb_build_object('keys', to_jsonb(k.keys))), '[]') into eaten
  from (
    select array_agg(distinct f.key) filter (where f.key is not null) as keys
    from public.planned_meals as d
    join public.meal_ingredients as g on g.meal_id = d.meal_id and g.user_id = d.user_id
    cross join lateral private.food_keys(array[g.food_item_name]) as f
    where d.user_id = (select auth.uid()) and (
      d.status = 'cooked' and d.planned_date between on_day - 2 and on_day
      or d.status = 'planned' and d.planned_date between greatest(today, on_day - 2) and on_day + 2)
    group by d.meal_id
  ) as k;
  for place in 1..most loop
    select p.value into pick
    from jsonb_array_elements(pool) as p (value)
    where not exists (
      select from jsonb_array_elements(picks) as c where lower(c ->> 'name') = lower(p.value ->> 'name'))
    order by (p.value ->> 'tier')::integer,
      -- A recipe without ingredients can't be judged, so it comes last.
      p.value -> 'keys' = '[]',
      (p.value ->> 'score')::numeric - (
        select coalesce(max(o.weight * l.alike / nullif(
          jsonb_array_length(p.value -> 'keys') + jsonb_array_length(o.value -> 'keys') - l.alike, 0)), 0)
        from (
          select 0.35 as weight, c.value from jsonb_array_elements(picks) as c (value)
          union all select 0.2, e.value from jsonb_array_elements(eaten) as e (value)
        ) as o
        cross join lateral (
          select count(*)::numeric as alike from jsonb_array_elements_text(p.value -> 'keys') as k
          where (o.value -> 'keys') ? k
        ) as l
      ) desc,
      p.value ->> 'name', p.value ->> 'meal_id'
    limit 1;
    exit when not found;
    picks := picks || jsonb_build_array(pick);
  end loop;
  suggestions := coalesce((
    select jsonb_agg(jsonb_build_object(
      'meal', coalesce(private.own_meal((p.value ->> 'meal_id')::uuid, people),
        private.basic_meal(p.value ->> 'name', people)),
      'meal_id', p.value -> 'meal_id',
      'in_pantry', p.value -> 'in_pantry',
      'missing', p.value -> 'missing',
      'uses_expiring', p.value -> 'uses_expiring',
      'reason', private.meal_reason(p.value, request, today, available)) order by p.place)
    from jsonb_array_elements(picks) with ordinality as p (value, place)), '[]');
  return jsonb_build_object(
    'suggestions', private.with_ids(suggestions, greatest(
      (select max(m.created_at) from public.meals as m where m.user_id = (select auth.uid())),
      (select max(d.created_at) from public.planned_meals as d where d.user_id = (select auth.uid())))),
    'warnings',
      private.warning('notes_unread',
        case when request ->> 'notes' ~ '\S' then 'The built-in planner doesn''t read notes.' end)
      || private.warning('past_time', (
        select format('It is %s now, past %s: for the next one, send the date of tomorrow.',
          to_char(now() at time zone p.timezone, 'HH24:MI'), request ->> 'meal_time')
        from public.profiles as p
        where p.id = (select auth.uid()) and on_day + (request ->> 'meal_time')::time < now() at time zone p.timezone))
      || private.restriction_warnings()
      || private.few_meals(jsonb_array_length(picks), most, request ->> 'max_total_minutes')
      || private.warnings_of_day(on_day, today, 'what will be at home'));
end $$;
comment on function public.plan_meals(jsonb) is
  'The built-in planner: the caller''s recipes by what is at home, what expires within three days, how long ago they '
  'were cooked and how different they are from each other and from what is planned; then basic recipes (meal_id null). '
  'Diets, allergies and max_total_minutes are kept. request: {count 1–5 (3), date (today), meal_time, '
  'max_total_minutes, servings, notes (not read)}. Returns {suggestions: [{id, meal (create_meal''s shape), meal_id, '
  'in_pantry, missing, uses_expiring, reason}], warnings: [{code, message}]}; codes: notes_unread, past_time, '
  'unknown_allergy, unknown_diet, few_suggestions, far_ahead. The same data give the same answer. Labels decide: '
  'allergies are matched by names.';

grant execute on function
  private.meal_reason(jsonb, jsonb, date, integer), private.restriction_warnings(),
  private.few_meals(integer, integer, text)
to authenticated;
revoke execute on function public.plan_meals(jsonb) from public;
grant execute on function public.plan_meals(jsonb) to authenticated;
