-- Which meals are suggested: the caller's recipes and the basic ones, by pantry, expiry, variety, time and diet.

-------------------------------------------------------------------------------
-- A request
-------------------------------------------------------------------------------

create function private.check_meal_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform private.require_shape(request, '{"count": "integer", "date": "date", "meal_time": "time",
    "max_total_minutes": "integer", "servings": "integer", "notes": "string"}', 'request');
  if not (
    coalesce((request ->> 'servings')::numeric between 1 and 50, true)
    and coalesce((request ->> 'max_total_minutes')::numeric between 1 and 960, true)
    and coalesce((request ->> 'meal_time')::time < '24:00', true)
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'servings is 1–50, max_total_minutes 1–960, meal_time before 24:00.',
      hint = 'Correct the value, or leave the key out.';
  end if;
  perform private.check_suggestion_request(request);
end $$;
comment on function private.check_meal_request(jsonb) is 'Refuses (PT422) a malformed request for meal suggestions.';

-------------------------------------------------------------------------------
-- One meal
-------------------------------------------------------------------------------

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

-------------------------------------------------------------------------------
-- All of them
-------------------------------------------------------------------------------

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
  -- Once, not for thousands of recipes.
  is_breakfast_time constant boolean := private.is_morning(meal_time);
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
        and r.is_breakfast = coalesce(is_breakfast_time, r.id is not null and r.is_breakfast) as fits
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

grant execute on function
  private.check_meal_request(jsonb), private.suitable_dishes(text[], text[], jsonb), private.is_morning(time),
  private.is_breakfast(text), private.own_meal(uuid, integer), private.measured(text, numeric, text),
  private.basic_meal(text, integer), private.foods_of(jsonb), private.rated_meals(jsonb, boolean),
  private.ranked_meals(jsonb, integer, boolean)
to authenticated;
