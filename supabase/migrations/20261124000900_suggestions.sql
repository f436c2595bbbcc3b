-- Suggestions of meals: what the AI service asks the database. The rules (what is at home, what expires, what was
-- cooked when, when there is time) are here; the service adds the language model. What suggestions of workouts need,
-- too, comes first.

-------------------------------------------------------------------------------
-- Days and free time
-------------------------------------------------------------------------------

create function private.today() returns date
language sql stable security invoker set search_path = '' as $$
  select (pg_catalog.now() at time zone p.timezone)::date from public.profiles as p where p.id = auth.uid()
$$;
comment on function private.today() is 'The caller''s calendar day now, in their zone.';

create function private.free_time(first_day date, last_day date, earliest time, latest time)
returns table (day date, starts_at timestamp, ends_at timestamp)
language sql stable security invoker set search_path = '' as $$
  with windows as (
    select d.day::date as day, p.timezone as zone, greatest(d.day + earliest, now() at time zone p.timezone) as opens,
      d.day + latest as closes
    from public.profiles as p
    cross join generate_series(first_day::timestamp, last_day, '1 day') as d (day)
    where p.id = (select auth.uid())
  ),
  busy as (
    select w.day, range_agg(tsrange(b.starts, greatest(b.starts, b.ends))) as spans
    from windows as w
    join public.calendar_events as e on e.user_id = (select auth.uid()) and not e.all_day
      -- No event is longer than a year: the first bound keeps the index scan short.
      and e.start_time > (w.opens - interval '368 days') at time zone w.zone
      and e.start_time < w.closes at time zone w.zone and e.end_time > w.opens at time zone w.zone
    cross join lateral (
      select e.start_time at time zone w.zone as starts, e.end_time at time zone w.zone as ends
    ) as b
    group by w.day
  )
  select w.day, lower(f.span), upper(f.span)
  from windows as w
  left join busy as b on b.day = w.day
  cross join lateral unnest(
    tsmultirange(tsrange(w.opens, greatest(w.opens, w.closes))) - coalesce(b.spans, '{}')) as f (span)
  order by 1, 2
$$;
comment on function private.free_time(date, date, time, time) is
  'When the caller is free on these days between the two times, by the timed events in their calendar, as wall-clock '
  'times in their zone; what is past isn''t free. All-day events leave the day free.';

create function private.minutes_before(day date, moment time) returns integer
language sql stable security invoker set search_path = '' as $$
  select (extract(epoch from least(upper(f.span), day + moment) - lower(f.span)) / 60)::integer
  from (
    -- From the day before: what is eaten at half past midnight is cooked in the evening.
    select unnest(range_agg(tsrange(f.starts_at, f.ends_at))) as span
    from private.free_time(day - 1, day, '00:00', '24:00') as f
  ) as f
  where lower(f.span) < day + moment
  order by f.span desc
  limit 1
$$;
comment on function private.minutes_before(date, time) is
  'How many minutes the caller has before a moment, from the end of the last thing in their calendar; when something '
  'is on at that moment, before that. Null when the moment is past.';

create function private.check_suggestions(suggestions jsonb, example text) returns void
language plpgsql immutable security invoker set search_path = '' as $$
begin
  if suggestions is null or jsonb_typeof(suggestions) <> 'array' or jsonb_array_length(suggestions) > 5 then
    raise sqlstate 'PT422' using
      message = 'suggestions must be an array of at most 5',
      detail = format('Got %s.', coalesce(jsonb_typeof(suggestions), 'nothing')),
      hint = format('Send {"suggestions": [%s]}.', example);
  end if;
end $$;
comment on function private.check_suggestions(jsonb, text) is
  'Refuses (PT422) what is no array of at most five suggestions.';

create function private.check_suggestion_day(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
begin
  if not coalesce((request ->> 'date')::date between '1900-01-01' and '2199-12-31', true)
    or char_length(request ->> 'notes') > 500 then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'date lies in 1900–2199; notes have at most 500 characters.',
      hint = 'Correct the value, or leave the key out.';
  elsif (request ->> 'date')::date < today then
    raise sqlstate 'PT422' using
      message = 'request.date is in the past',
      detail = format('In your time zone it is %s now.', today),
      hint = 'Send today or a later day, or leave the key out.';
  end if;
end $$;
comment on function private.check_suggestion_day(jsonb) is
  'Refuses (PT422) a date before the caller''s today, and notes that are too long.';

create function private.listed(words text[], most integer) returns text
language sql immutable security invoker set search_path = '' as $$
  select case
    when cardinality(words) > most
    then format('%s and %s more', array_to_string(words[:most - 1], ', '), cardinality(words) - most + 1)
    when cardinality(words) > 1
    then format('%s and %s', array_to_string(words[:cardinality(words) - 1], ', '), words[cardinality(words)])
    else words[1]
  end
$$;
comment on function private.listed(text[], integer) is 'Words as a sentence has them: "a, b and c", "a, b and 4 more".';

create function private.day_in_words(day date, today date) returns text
language sql immutable security invoker set search_path = '' as $$
  select case day - today
    when 0 then 'today' when 1 then 'tomorrow' when -1 then 'yesterday'
    else trim(to_char(day, case when abs(day - today) < 7 and day > today then 'Day' else 'FMDD Mon' end))
  end
$$;
comment on function private.day_in_words(date, date) is 'A day as people say it: today, Friday, 27 Nov.';

create function private.shortened(words text, most integer) returns text
language sql immutable security invoker set search_path = '' as $$
  select case
    when char_length(words) <= most then words
    else regexp_replace(left(words, most - 1), '[\s,.:;]+\S*$', '') || '…'
  end
$$;
comment on function private.shortened(text, integer) is 'A text of at most so many characters, cut after a word.';

create function private.warning(code text, message text) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select case
    when message is null then '[]' else jsonb_build_array(jsonb_build_object('code', code, 'message', message))
  end
$$;
comment on function private.warning(text, text) is
  'What an answer can''t do for whoever asked, as an array to add to others: {code, message}; empty without a message.';

create function private.warnings_of_day(day date, today date, what text) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select private.warning('far_ahead', case when day > today + 28 then
    format('That day is %s days away, and %s isn''t known yet: ask again nearer to it.', day - today, what) end)
$$;
comment on function private.warnings_of_day(date, date, text) is 'Warns of a day more than four weeks from now.';

-- Made of the suggestion and of the state it was made from, so that the same data give the same ids, and what was
-- accepted and changed since is never taken for what is suggested now.
create function private.with_ids(suggestions jsonb, state timestamptz) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('id', md5(concat_ws(' ', (select auth.uid()), extract(epoch from state), s.value))::uuid)
      || s.value order by s.position), '[]')
  from jsonb_array_elements(suggestions) with ordinality as s (value, position)
$$;
comment on function private.with_ids(jsonb, timestamptz) is
  'Suggestions with the id that makes accepting each safe to repeat.';

-------------------------------------------------------------------------------
-- The pantry
-------------------------------------------------------------------------------

create table private.known_units (
  unit text primary key,
  dimension text not null,
  factor numeric not null
);
comment on table private.known_units is
  'Units that can be compared, with their factor to the base unit of their dimension (g, ml, pieces). Exact where '
  'defined so; US customary measures by their legal definitions. Other units are compared with themselves only.';
grant select on private.known_units to authenticated, service_role;

insert into private.known_units (unit, dimension, factor)
values
  ('g', 'mass', 1), ('mg', 'mass', 0.001), ('kg', 'mass', 1000), ('oz', 'mass', 28.349523125),
  ('lb', 'mass', 453.59237), ('ml', 'volume', 1), ('cl', 'volume', 10), ('dl', 'volume', 100), ('l', 'volume', 1000),
  ('tsp', 'volume', 4.92892159375), ('tbsp', 'volume', 14.78676478125), ('cup', 'volume', 236.5882365),
  ('cups', 'volume', 236.5882365), ('piece', 'count', 1), ('pieces', 'count', 1), ('pc', 'count', 1),
  ('pcs', 'count', 1);

create function private.food_keys(foods text[]) returns table (food text, key text, is_taken_for_granted boolean)
language sql stable security invoker set search_path = '' as $$
  select d.food, coalesce(k.food, nullif(array_to_string(w.words, ' '), '')), coalesce(k.is_taken_for_granted, false)
  from (select distinct f.food from unnest(foods) as f (food)) as d
  cross join lateral (select private.food_stems(d.food) as words) as w
  left join private.known_foods as k on k.words = w.words
$$;
comment on function private.food_keys(text[]) is
  'What each different food is, whatever it is called: "Tomaten" and "chopped tomatoes" have one key. Null for a name '
  'of nothing but words that don''t count ("Other").';

create function private.pantry_stock(on_day date)
returns table (key text, dimension text, amount numeric, expiry_date date)
language sql stable security invoker set search_path = '' as $$
  with lots as materialized (
    select p.name, p.expiry_date, p.quantity * coalesce(u.factor, 1) as amount,
      coalesce(u.dimension, 'unit ' || lower(p.unit)) as dimension
    from public.pantry_items as p
    left join private.known_units as u on u.unit = lower(p.unit)
    where p.user_id = (select auth.uid()) and p.quantity > 0
      and (p.expiry_date is null or p.expiry_date >= (select private.today()))
  ),
  -- What is planned has the first claim.
  claims as materialized (
    select g.food_item_name as name, g.quantity * coalesce(d.servings::numeric / m.servings, 1) * coalesce(u.factor, 1)
      as amount, coalesce(u.dimension, 'unit ' || lower(g.unit)) as dimension
    from public.planned_meals as d
    join public.meals as m on m.id = d.meal_id and m.user_id = d.user_id
    join public.meal_ingredients as g on g.meal_id = m.id and g.user_id = m.user_id
    left join private.known_units as u on u.unit = lower(g.unit)
    where d.user_id = (select auth.uid()) and d.status = 'planned'
      and d.planned_date between (select private.today()) and on_day + 7
  ),
  keys as materialized (
    select * from private.food_keys(array(select l.name from lots as l union select c.name from claims as c))
  ),
  claimed as (
    select k.key, c.dimension, sum(c.amount) as amount
    from claims as c join keys as k on k.food = c.name group by 1, 2
  ),
  stock as (
    select k.key, l.dimension, min(l.expiry_date) filter (where l.expiry_date >= on_day) as expiry_date,
      coalesce(sum(l.amount) filter (where l.expiry_date < on_day), 0) as until_then,
      sum(l.amount) filter (where l.expiry_date is null or l.expiry_date >= on_day) as amount
    from lots as l join keys as k on k.food = l.name
    where k.key is not null
    group by 1, 2
  )
  -- Plans use first what won't be good any more on the day.
  select s.key, s.dimension, s.amount - greatest(0, coalesce(c.amount, 0) - s.until_then), s.expiry_date
  from stock as s
  left join claimed as c on c.key = s.key and c.dimension = s.dimension
  where s.amount > greatest(0, coalesce(c.amount, 0) - s.until_then)
$$;
comment on function private.pantry_stock(date) is
  'What the caller''s pantry has on a day, by food and dimension: good until then, and not needed by meals that are '
  'planned up to a week later.';

-- As arrays, one element per ingredient: thousands of recipes as JSON would take most of the time.
create function private.pantry_coverage(
  on_day date, recipes integer[], foods text[], quantities numeric[], units text[]
) returns table (
  recipe integer, in_pantry text[], missing text[], uses_expiring text[], soonest_expiry date, urgency numeric,
  keys text[]
)
language sql stable security invoker set search_path = ''
-- How many rows a function returns is guessed: hashing is right for few and many, sorting texts only for few.
set enable_mergejoin = off as $$
  with stock as materialized (
    select s.key, s.dimension, s.amount, s.expiry_date from private.pantry_stock(on_day) as s
  ),
  there as materialized (select s.key, min(s.expiry_date) as expiry_date from stock as s group by s.key),
  keys as materialized (select * from private.food_keys(foods)),
  matched as (
    select n.recipe, n.position, n.food, k.key, t.expiry_date,
      -- In the same dimension there must be enough; with no common one, being there counts (never guess a conversion).
      coalesce(s.amount >= n.quantity * coalesce(u.factor, 1), t.key is not null) as is_there
    from unnest(recipes, foods, quantities, units) with ordinality as n (recipe, food, quantity, unit, position)
    join keys as k on k.food = n.food
    left join private.known_units as u on u.unit = lower(n.unit)
    left join there as t on t.key = k.key
    left join stock as s on s.key = k.key and s.dimension = coalesce(u.dimension, 'unit ' || lower(n.unit))
    where not k.is_taken_for_granted
  ),
  found as (
    select m.*, m.is_there and m.expiry_date <= on_day + 3 as is_due from matched as m
  )
  select f.recipe,
    coalesce(array_agg(f.food order by f.position) filter (where f.is_there), '{}'),
    coalesce(array_agg(f.food order by f.position) filter (where not f.is_there), '{}'),
    coalesce(array_agg(f.food order by f.expiry_date, f.position) filter (where f.is_due), '{}'),
    min(f.expiry_date) filter (where f.is_due),
    -- Due on the day counts 1, in three days a quarter.
    coalesce(sum((4 - (f.expiry_date - on_day)) / 4.0) filter (where f.is_due), 0),
    array_agg(f.key) filter (where f.key is not null)
  from found as f
  group by f.recipe
$$;
comment on function private.pantry_coverage(date, integer[], text[], numeric[], text[]) is
  'For each recipe, by the caller''s pantry on a day: ingredients in_pantry (enough, where units can be compared), '
  'missing, and uses_expiring (good for at most three more days), each by its name in the recipe. Water, salt and '
  'pepper are in neither. Recipes without ingredients have no row.';

create function private.pantry_coverage_of(on_day date, meals jsonb) returns table (
  recipe integer, in_pantry text[], missing text[], uses_expiring text[], soonest_expiry date, urgency numeric,
  keys text[]
)
language sql stable security invoker set search_path = '' as $$
  select c.*
  from (
    select array_agg(m.position::integer) as recipes, array_agg(i ->> 'food_item_name') as foods,
      array_agg((i ->> 'quantity')::numeric) as quantities, array_agg(i ->> 'unit') as units
    from jsonb_array_elements(meals) with ordinality as m (value, position)
    cross join lateral jsonb_array_elements(
      case jsonb_typeof(m.value -> 'ingredients') when 'array' then m.value -> 'ingredients' else '[]' end) as i
  ) as n
  cross join lateral private.pantry_coverage(on_day, n.recipes, n.foods, n.quantities, n.units) as c
$$;
comment on function private.pantry_coverage_of(date, jsonb) is
  'pantry_coverage of a JSON array of meals in create_meal''s shape, numbered from 1.';

-------------------------------------------------------------------------------
-- Which meals
-------------------------------------------------------------------------------

create function private.check_meal_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform private.require_shape(request, '{"count": "integer", "date": "date", "meal_time": "time",
    "max_total_minutes": "integer", "servings": "integer", "notes": "string"}', 'request');
  if not (
    coalesce((request ->> 'count')::numeric between 1 and 5, true)
    and coalesce((request ->> 'servings')::numeric between 1 and 50, true)
    and coalesce((request ->> 'max_total_minutes')::numeric between 1 and 960, true)
    and coalesce((request ->> 'meal_time')::time < '24:00', true)
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'count is 1–5, servings 1–50, max_total_minutes 1–960, meal_time before 24:00.',
      hint = 'Correct the value, or leave the key out.';
  end if;
  perform private.check_suggestion_day(request);
end $$;
comment on function private.check_meal_request(jsonb) is 'Refuses (PT422) a malformed request for meal suggestions.';

-- Allergies are asked of all foods at once and diets dish by dish (kosher is about combinations): what is dear is the
-- question, not the food.
create function private.suitable_dishes(dietary text[], allergies text[], dishes jsonb) returns integer[]
language plpgsql stable security invoker set search_path = '' as $$
declare
  foods text[] := array(
    select distinct f from jsonb_array_elements(dishes) as d cross join lateral jsonb_array_elements_text(d) as f);
  unsafe text[] := '{}';
begin
  if allergies <> '{}' then
    unsafe := array(select distinct c.food from private.food_conflicts(allergies, foods) as c);
  end if;
  return array(
    select d.number::integer
    from jsonb_array_elements(dishes) with ordinality as d (foods, number)
    where not d.foods ?| unsafe
      -- What isn't listed can't be called safe: the name alone is not enough.
      and (allergies = '{}' or jsonb_array_length(d.foods) > 1)
      and (dietary = '{}'
        or private.diet_conflicts(dietary, array(select jsonb_array_elements_text(d.foods))) = '{}')
    order by d.number);
end $$;
comment on function private.suitable_dishes(text[], text[], jsonb) is
  'Which dishes (numbered from 1), each an array of its name and its foods, keep to diets and allergies. With '
  'allergies, a dish without foods doesn''t.';

create function private.is_morning(moment time) returns boolean
language sql immutable security invoker set search_path = '' as $$
  -- Earlier is night: a late dinner, a shift.
  select moment >= '04:00' and moment < '10:30'
$$;
comment on function private.is_morning(time) is 'Whether a meal at this time is a breakfast.';

create function private.is_breakfast(name text) returns boolean
language sql immutable security invoker set search_path = '' as $$
  select name ~* ('breakfast|\y(overnight )?oats?\y|oatmeal|porridge|muesli|müsli|granola|pancake|waffle|smoothie'
    '|\ytoast|yog(h)?urt with|scrambled egg|frühstück|haferbrei|pfannkuchen|rührei|joghurt mit')
$$;
comment on function private.is_breakfast(text) is 'Whether a dish is one for breakfast, by its name.';

-- One recipe in create_meal's shape.
create function private.own_meal(meal uuid, people integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object(
    'name', m.name, 'description', m.description, 'prep_time', m.prep_time, 'cook_time', m.cook_time,
    'servings', coalesce(people, m.servings), 'instructions', to_jsonb(m.instructions),
    'ingredients', coalesce(i.ingredients, '[]'))
  from public.meals as m
  cross join lateral (
    select jsonb_agg(jsonb_build_object('food_item_name', g.food_item_name, 'unit', g.unit, 'quantity',
        -- Within what create_meal takes.
        least(9999999.999, greatest(0.001, trim_scale(round(
          g.quantity * coalesce(people::numeric / m.servings, 1), 3))))) order by g.position, g.id) as ingredients
    from public.meal_ingredients as g where g.meal_id = m.id and g.user_id = m.user_id
  ) as i
  where m.id = meal and m.user_id = (select auth.uid())
$$;
comment on function private.own_meal(uuid, integer) is
  'A recipe of the caller''s in create_meal''s shape, for so many people (null: as it is).';

create function private.measured(unit text, quantity numeric, unit_system text) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select jsonb_build_object('unit', coalesce(m.unit, measured.unit), 'quantity',
    greatest(0.001, trim_scale(round(quantity / coalesce(m.size, 1), case when m.unit is null then 3 else 1 end))))
  from (select 1) as always
  left join (values
    ('g', 0, 'oz', 28.349523125), ('ml', 0, 'tbsp', 14.78676478125), ('ml', 60, 'cup', 236.5882365)
  ) as m (metric, at_least, unit, size)
    on unit_system = 'imperial' and m.metric = measured.unit and quantity >= m.at_least
  order by m.at_least desc
  limit 1
$$;
comment on function private.measured(text, numeric, text) is
  'An amount in the units that somebody cooks with, as {unit, quantity}: g and ml become ounces, spoons and cups.';

create function private.basic_meal(name text, people integer) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object(
    'name', b.name, 'description', null, 'prep_time', b.prep_time, 'cook_time', b.cook_time,
    'servings', coalesce(people, b.servings), 'instructions', to_jsonb(b.instructions), 'ingredients', (
      select jsonb_agg(
        i.value || private.measured(i.value ->> 'unit', (i.value ->> 'quantity')::numeric
          * coalesce(people::numeric / b.servings, 1), p.unit_system)
        order by i.position)
      from jsonb_array_elements(b.ingredients) with ordinality as i (value, position)))
  from private.basic_recipes as b
  left join public.profiles as p on p.id = (select auth.uid())
  where b.name = basic_meal.name
$$;
comment on function private.basic_meal(text, integer) is
  'A basic recipe in create_meal''s shape, for so many people (null: two), in the caller''s units.';

create function private.foods_of(meal jsonb) returns text[]
language sql stable security invoker set search_path = '' as $$
  select array(
    select distinct coalesce(k.key, k.food)
    from private.food_keys(array(
      select i ->> 'food_item_name' from jsonb_array_elements(
        case jsonb_typeof(meal -> 'ingredients') when 'array' then meal -> 'ingredients' else '[]' end) as i)) as k
    order by 1)
$$;
comment on function private.foods_of(jsonb) is 'The different foods of a meal in create_meal''s shape.';

create function private.rated_meals(request jsonb, basics boolean) returns table (
  place bigint, meal_id uuid, name text, tier integer, score numeric, in_pantry text[], missing text[],
  uses_expiring text[], soonest_expiry date, keys text[], total_minutes integer, last_cooked_on date
)
language plpgsql stable security invoker set search_path = '' as $$
#variable_conflict use_column
declare
  today constant date := private.today();
  on_day constant date := coalesce((request ->> 'date')::date, today);
  minutes constant integer := (request ->> 'max_total_minutes')::numeric;
  people constant numeric := request ->> 'servings';
  meal_time constant time := request ->> 'meal_time';
  available constant integer := private.minutes_before(on_day, meal_time);
begin
  return query
  with history as (
    select d.meal_id, max(d.planned_date) filter (where d.status = 'cooked') as last_cooked_on,
      min(abs(d.planned_date - on_day)) filter (where d.status = 'planned' and d.planned_date >= today)
        as planned_near,
      avg(private.is_morning(d.meal_time)::integer) > 0.5 as is_breakfast
    from public.planned_meals as d
    where d.user_id = (select auth.uid()) and d.meal_id is not null
    group by d.meal_id
  ),
  recipes as materialized (
    select (row_number() over ())::integer as number, r.*
    from (
      select m.id, m.name, m.servings, m.prep_time + m.cook_time as total_minutes, h.last_cooked_on, h.planned_near,
        coalesce(h.is_breakfast, private.is_breakfast(m.name)) as is_breakfast, null::jsonb as ingredients
      from public.meals as m
      left join history as h on h.meal_id = m.id
      where not basics and m.user_id = (select auth.uid())
      union all
      select null, b.name, b.servings, b.prep_time + b.cook_time, null, null, b.occasion = 'breakfast', b.ingredients
      from private.basic_recipes as b
      where basics and not exists (
        -- A basic recipe that they have saved is one of their own by now.
        select from public.meals as m where m.user_id = (select auth.uid()) and m.name = b.name)
    ) as r
    where minutes is null or r.total_minutes <= minutes
  ),
  needs as materialized (
    select array_agg(n.number) as recipes, array_agg(n.food) as foods, array_agg(n.quantity) as quantities,
      array_agg(n.unit) as units
    from (
      select r.number, g.food_item_name as food, g.quantity * coalesce(people / r.servings, 1) as quantity, g.unit,
        g.position, g.id
      from recipes as r
      join public.meal_ingredients as g on g.meal_id = r.id
      where g.user_id = (select auth.uid())
      union all
      select r.number, i.food_item_name, i.quantity * coalesce(people / r.servings, 1), i.unit, i.position, null
      from recipes as r
      cross join lateral rows from (
        jsonb_to_recordset(r.ingredients) as (food_item_name text, quantity numeric, unit text)
      ) with ordinality as i (food_item_name, quantity, unit, position)
      order by 1, 5, 6
    ) as n
  ),
  rated as (
    select r.id, r.name, r.total_minutes, r.last_cooked_on, v.*,
      -- What is at home counts most, then what would be thrown away, then variety: full marks after four weeks,
      -- less when it is planned within a week.
      0.55 * coalesce(cardinality(v.in_pantry)::numeric
        / nullif(cardinality(v.in_pantry) + cardinality(v.missing), 0), 0)
      + 0.25 * least(coalesce(v.urgency, 0), 1)
      + 0.20 * greatest(0, least(coalesce(on_day - r.last_cooked_on, 28), 28)) / 28.0
      - case when r.planned_near <= 7 then 0.15 else 0 end as score,
      r.last_cooked_on >= on_day - 2 or r.planned_near <= 2 as is_lately,
      r.total_minutes <= available
        and r.is_breakfast = coalesce(private.is_morning(meal_time), r.id is not null and r.is_breakfast) as fits
    from recipes as r
    cross join needs as n
    left join private.pantry_coverage(on_day, n.recipes, n.foods, n.quantities, n.units) as v on v.recipe = r.number
  ),
  tiered as (
    -- Own recipes before basic ones, unless they don't fit the time or were eaten just now.
    select r.*, case when r.is_lately then 4 else 0 end + case when r.fits is false then 2 else 0 end
      + case when r.id is null then 1 else 0 end as tier
    from rated as r
  )
  select row_number() over (order by t.tier, t.recipe is null, t.score desc, t.name, t.id), t.id, t.name, t.tier,
    t.score, coalesce(t.in_pantry, '{}'), coalesce(t.missing, '{}'), coalesce(t.uses_expiring, '{}'), t.soonest_expiry,
    coalesce(t.keys, '{}'), t.total_minutes, t.last_cooked_on
  from tiered as t;
end $$;
comment on function private.rated_meals(jsonb, boolean) is
  'The caller''s recipes, or the basic ones (meal_id null), within max_total_minutes, rated for a request; place 1 is '
  'the best. tier tells what fits from what is only better than nothing. Diets and allergies aren''t looked at yet.';

create function private.ranked_meals(request jsonb, most integer, basics boolean) returns table (
  place bigint, meal_id uuid, name text, tier integer, score numeric, in_pantry text[], missing text[],
  uses_expiring text[], soonest_expiry date, keys text[], total_minutes integer, last_cooked_on date
)
language plpgsql stable security invoker set search_path = '' as $$
#variable_conflict use_column
declare
  person public.profiles;
  looked_at integer := 0;
  look_at integer;
  found_now integer;
  found_all integer := 0;
begin
  select * into person from public.profiles as p where p.id = (select auth.uid());
  -- Diets and allergies are asked of the best only, and of more when too few of these were suitable.
  foreach look_at in array array[most * 3, most * 15] loop
    return query
    with best as materialized (
      select * from private.rated_meals(request, basics) as r where r.place > looked_at and r.place <= look_at
    ),
    dishes as materialized (
      select row_number() over (order by b.place) as number, b.place, to_jsonb(b.name) || case
        when b.meal_id is null then (
          select jsonb_path_query_array(r.ingredients, '$[*].food_item_name')
          from private.basic_recipes as r where r.name = b.name)
        else (
          select coalesce(jsonb_agg(g.food_item_name), '[]') from public.meal_ingredients as g
          where g.meal_id = b.meal_id and g.user_id = person.id)
        end as foods
      from best as b
    )
    select b.*
    from private.suitable_dishes(person.dietary, person.allergies,
      (select coalesce(jsonb_agg(d.foods order by d.number), '[]') from dishes as d)) as suitable
    join dishes as d on d.number = any (suitable)
    join best as b on b.place = d.place
    order by b.place
    limit most;
    get diagnostics found_now = row_count;
    found_all := found_all + found_now;
    -- As many as can be asked for.
    exit when found_all >= 5;
    looked_at := look_at;
  end loop;
end $$;
comment on function private.ranked_meals(jsonb, integer, boolean) is
  'rated_meals, the best first, that keep to the caller''s diets and allergies; at most so many.';

-------------------------------------------------------------------------------
-- The planner
-------------------------------------------------------------------------------

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
  -- No longer than a model's: names of foods may be.
  return private.shortened(concat_ws('. ',
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
    end) || '.', 500);
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

create function private.few_meals(found integer, request jsonb) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select private.warning('few_suggestions', format('%s: %s.',
    case found
      when 0 then 'No recipe fits, neither yours nor the basic ones'
      when 1 then 'Only one recipe fits'
      else format('Only %s recipes fit', found)
    end,
    concat_ws(', or ',
      'allow more than ' || (request ->> 'max_total_minutes') || ' min',
      case when p.allergies <> '{}' or p.dietary <> '{}'
        then 'add recipes that keep to your allergies and diets, with their ingredients' else 'add recipes' end)))
  from public.profiles as p
  where p.id = (select auth.uid()) and found < coalesce((request ->> 'count')::numeric, 3)
$$;
comment on function private.few_meals(integer, jsonb) is
  'Warns when fewer meals were found than asked for; null when there are enough.';

-- Compiling the queries (jit) would cost more than it saves, here and below.
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
      || coalesce(private.few_meals(jsonb_array_length(picks), request), '[]')
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

-------------------------------------------------------------------------------
-- What a language model is told, and what is kept of its answer
-------------------------------------------------------------------------------

create function private.food_spending(today date) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'category', s.category, 'currency', s.currency, 'amount', s.amount) order by s.amount desc, s.category), '[]')
  from (
    select e.category, e.currency, sum(case e.kind when 'refund' then -e.amount else e.amount end) as amount
    from public.expenses as e
    where e.user_id = (select auth.uid()) and e.date between date_trunc('month', today)::date and today
      and e.category ~* ('food|grocer|supermarket|restaurant|dining|eating|take ?away|take-?out|delivery|lunch|dinner|'
        'breakfast|caf[eé]|coffee|bakery|butcher|canteen|snack|lebensmittel|supermarkt|essen|mittag|bäcker|metzger|'
        'mensa|kantine|lieferdienst|imbiss')
    group by 1, 2
    order by 3 desc, 1
    limit 10
  ) as s
$$;
comment on function private.food_spending(date) is
  'What the caller spent on food this month, by category and currency; refunds taken off. Which categories are food '
  'is told by their names.';

create function public.meal_suggestion_context(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  on_day date;
  meal_time time;
begin
  perform private.check_meal_request(request);
  on_day := coalesce((request ->> 'date')::date, today);
  meal_time := request ->> 'meal_time';
  -- Bounded, so that a large household still fits a prompt.
  return jsonb_build_object(
    'today', today,
    'profile', (
      select jsonb_build_object('timezone', p.timezone, 'currency', p.currency, 'unit_system', p.unit_system,
        'dietary', to_jsonb(p.dietary), 'allergies', to_jsonb(p.allergies))
      from public.profiles as p where p.id = (select auth.uid())),
    'pantry', coalesce((
      select jsonb_agg(jsonb_build_object('name', l.name, 'quantity', l.quantity, 'unit', l.unit,
        'expires_in_days', l.expiry_date - today) order by l.expiry_date, l.name)
      from (
        select * from public.pantry_items as l
        where l.user_id = (select auth.uid()) and l.quantity > 0 and (l.expiry_date is null or l.expiry_date >= today)
        order by l.expiry_date, l.name limit 200
      ) as l), '[]'),
    'recipes', coalesce((
      select jsonb_agg(m.meal - 'description' - 'instructions' || jsonb_build_object(
        'id', r.meal_id, 'last_cooked_on', r.last_cooked_on,
        'ingredients', jsonb_path_query_array(m.meal, '$.ingredients[0 to 29]')) order by r.place)
      from private.ranked_meals(request, 50, false) as r
      cross join lateral private.own_meal(r.meal_id, (request ->> 'servings')::numeric::integer) as m (meal)), '[]'),
    'planned', coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', d.meal_name, 'date', d.planned_date, 'time', to_char(d.meal_time, 'HH24:MI'))
        order by d.planned_date, d.meal_time, d.meal_name)
      from (
        select * from public.planned_meals as d
        where d.user_id = (select auth.uid()) and d.status = 'planned' and d.planned_date >= today
          and d.planned_date between on_day - 3 and on_day + 7
        order by d.planned_date, d.meal_time, d.meal_name limit 50
      ) as d), '[]'),
    -- Times only: what somebody does all day is nobody's business.
    'free_time', coalesce((
      select jsonb_agg(jsonb_build_object('date', f.day, 'from', to_char(f.starts_at, 'HH24:MI'),
        'to', to_char(f.ends_at, 'HH24:MI')) order by f.starts_at)
      from (
        select f.*
        from (values
          (meal_time::interval - interval '3 hours', meal_time::interval + interval '1 hour', true),
          ('06:00', '10:30', false), ('11:00', '14:30', false), ('17:00', '21:30', false)
        ) as h (opens, closes, is_asked)
        cross join lateral private.free_time(on_day, on_day + case when meal_time is null then 2 else 0 end,
          greatest(h.opens, interval '0')::time, least(h.closes, '23:59')::time) as f
        where h.is_asked = (meal_time is not null)
        order by f.starts_at limit 40
      ) as f), '[]'),
    'food_spending_this_month', private.food_spending(today)
  );
end $$;
comment on function public.meal_suggestion_context(jsonb) is
  'What a language model needs to suggest meals to the caller: {today, profile, pantry, recipes (best first), planned, '
  'free_time (at meal hours of three days, or around date and meal_time), food_spending_this_month}; at most 200 lots '
  'and 50 recipes.';

create function public.ground_meal_suggestions(suggestions jsonb, request jsonb default '{}') returns jsonb
language plpgsql volatile security invoker set search_path = '' set jit = off as $$
declare
  today constant date := private.today();
  person public.profiles;
  most integer;
  people integer;
  minutes integer;
  suggestion jsonb;
  meal jsonb;
  stored jsonb;
  foods text[];
  kept jsonb := '[]';
begin
  perform private.check_suggestions(suggestions, '{"meal": {…}, "meal_id": null, "reason": "…"}');
  perform private.check_meal_request(request);
  select * into person from public.profiles as p where p.id = (select auth.uid());
  most := coalesce((request ->> 'count')::numeric::integer, 5);
  people := (request ->> 'servings')::numeric;
  minutes := (request ->> 'max_total_minutes')::numeric;
  for suggestion in select s from jsonb_array_elements(suggestions) as s loop
    exit when jsonb_array_length(kept) = most;
    -- What fails is dropped, never repaired. Whether create_meal would take it is asked of create_meal, and undone.
    begin
      perform private.require_shape(
        suggestion, '{"meal": "object!", "meal_id": "string", "reason": "string!"}', 'suggestion');
      meal := suggestion -> 'meal';
      stored := null;
      if suggestion ->> 'meal_id' is null then
        perform public.create_meal(meal);
      else
        -- What is shown of their own recipe is their recipe; a model that changed the dish meant another one.
        select private.own_meal(m.id, people) into stored
        from public.meals as m where m.id::text = suggestion ->> 'meal_id' and m.user_id = person.id;
      end if;
      raise sqlstate 'LO001' using message = 'undo';
    exception
      when sqlstate 'LO001' then
        null;
      when sqlstate 'PT422' then
        continue;
    end;
    continue when suggestion ->> 'meal_id' is not null and (
      stored is null
      or lower(stored ->> 'name') is distinct from lower(meal ->> 'name')
      or private.foods_of(stored) is distinct from private.foods_of(meal));
    meal := coalesce(stored, meal);
    foods := array(select i ->> 'food_item_name' from jsonb_array_elements(nullif(meal -> 'ingredients', 'null')) as i);
    if stored is null then
      -- A model may hide food in the steps.
      foods := case when foods <> '{}' then foods || (meal ->> 'description')
        || array(select jsonb_array_elements_text(nullif(meal -> 'instructions', 'null'))) else '{}' end;
    end if;
    continue when private.suitable_dishes(person.dietary, person.allergies,
        jsonb_build_array(to_jsonb(array_remove((meal ->> 'name') || foods, null)))) = '{}'
      or not coalesce((meal ->> 'prep_time')::integer + (meal ->> 'cook_time')::integer <= minutes, minutes is null)
      or not coalesce((meal ->> 'servings')::integer = people, people is null)
      or coalesce(suggestion ->> 'reason' !~ '\S' or char_length(suggestion ->> 'reason') > 500, true)
      or exists (select from jsonb_array_elements(kept) as k where k ->> 'meal_id' = suggestion ->> 'meal_id'
        or lower(k #>> '{meal,name}') = lower(meal ->> 'name'));
    kept := kept
      || jsonb_build_array(suggestion || jsonb_build_object('meal', meal, 'meal_id', suggestion -> 'meal_id'));
  end loop;
  return private.with_ids(coalesce((
    select jsonb_agg(s.value || jsonb_build_object(
      'in_pantry', to_jsonb(coalesce(v.in_pantry, '{}')),
      'missing', to_jsonb(coalesce(v.missing, '{}')),
      'uses_expiring', to_jsonb(coalesce(v.uses_expiring, '{}'))) order by s.position)
    from jsonb_array_elements(kept) with ordinality as s (value, position)
    left join private.pantry_coverage_of(coalesce((request ->> 'date')::date, today),
      (select jsonb_agg(k.value -> 'meal' order by k.position)
        from jsonb_array_elements(kept) with ordinality as k (value, position))) as v on v.recipe = s.position), '[]'),
    clock_timestamp());
end $$;
comment on function public.ground_meal_suggestions(jsonb, jsonb) is
  'Grounding check of a model''s suggestions [{meal, meal_id, reason}] against the caller and the request: drops those '
  'that create_meal would refuse, whose meal_id isn''t a recipe of theirs with that name and those foods, that carry '
  'an allergen or break a diet (in the steps, too), or that keep to neither max_total_minutes nor servings, and '
  'repetitions. meal_id given: meal is the stored recipe. Adds id, in_pantry, missing and uses_expiring. Saves '
  'nothing.';

grant execute on function
  private.today(), private.free_time(date, date, time, time), private.minutes_before(date, time),
  private.check_suggestions(jsonb, text), private.check_suggestion_day(jsonb), private.listed(text[], integer),
  private.day_in_words(date, date), private.shortened(text, integer), private.warning(text, text),
  private.warnings_of_day(date, date, text), private.with_ids(jsonb, timestamptz), private.food_keys(text[]),
  private.pantry_stock(date),
  private.pantry_coverage(date, integer[], text[], numeric[], text[]), private.pantry_coverage_of(date, jsonb),
  private.check_meal_request(jsonb), private.suitable_dishes(text[], text[], jsonb), private.is_morning(time),
  private.is_breakfast(text), private.own_meal(uuid, integer), private.measured(text, numeric, text),
  private.basic_meal(text, integer), private.foods_of(jsonb),
  private.rated_meals(jsonb, boolean), private.ranked_meals(jsonb, integer, boolean),
  private.meal_reason(jsonb, jsonb, date, integer), private.restriction_warnings(), private.few_meals(integer, jsonb),
  private.food_spending(date)
to authenticated;
revoke execute on function
  public.plan_meals(jsonb), public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.plan_meals(jsonb), public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
to authenticated;
