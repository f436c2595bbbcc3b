-- The pantry as suggestions see it: what is there on a day, and how much of a recipe it covers.

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

grant execute on function
  private.food_keys(text[]), private.pantry_stock(date),
  private.pantry_coverage(date, integer[], text[], numeric[], text[]), private.pantry_coverage_of(date, jsonb)
to authenticated;
