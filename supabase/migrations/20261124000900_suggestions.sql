-- Suggestions: what the AI service asks the database. The rules (what is at home, what expires, what was cooked when)
-- are here; the service adds the language model.

-------------------------------------------------------------------------------
-- Foods and quantities
-------------------------------------------------------------------------------

create function private.food_words(food text) returns text[]
language sql immutable security invoker set search_path = '' as $$
  select pg_catalog.tsvector_to_array(pg_catalog.ts_delete(
    pg_catalog.to_tsvector('pg_catalog.english', food),
    -- Words (as stems) that say how a food is cut or kept, not what it is.
    array['fresh','can','tin','dri','chop','dice','slice','grate','larg','small','medium','ripe','raw','organ','frozen']
  ))
$$;
comment on function private.food_words(text) is
  'The stems of a food''s words, sorted, without words such as fresh or chopped: "Fresh tomatoes" → {tomato}.';

create function private.in_base_unit(quantity numeric, unit text, out dimension text, out amount numeric)
language sql immutable security invoker set search_path = '' as $$
  -- Exact where the unit is defined so (kg, l); US customary measures by their legal definitions in ml and g.
  select
    -- Qualified, because known has a column of the same name.
    coalesce(known.dimension, 'unit ' || pg_catalog.lower(in_base_unit.unit)),
    quantity * coalesce(known.factor, 1)
  from (select) as always
  left join (values
    ('g', 'mass', 1), ('mg', 'mass', 0.001), ('kg', 'mass', 1000), ('oz', 'mass', 28.349523125), ('lb', 'mass', 453.59237),
    ('ml', 'volume', 1), ('cl', 'volume', 10), ('dl', 'volume', 100), ('l', 'volume', 1000),
    ('tsp', 'volume', 4.92892159375), ('tbsp', 'volume', 14.78676478125), ('cup', 'volume', 236.5882365),
    ('cups', 'volume', 236.5882365),
    ('piece', 'count', 1), ('pieces', 'count', 1), ('pc', 'count', 1), ('pcs', 'count', 1)
  ) as known (unit, dimension, factor) on known.unit = pg_catalog.lower(in_base_unit.unit)
$$;
comment on function private.in_base_unit(numeric, text) is
  'A quantity in the base unit of its dimension (g, ml, pieces), so that 1 kg can be compared with 800 g. A unit '
  'that isn''t known is a dimension of its own: it is compared with itself, never guessed.';

create function private.today() returns date
language sql stable security invoker set search_path = '' as $$
  select (pg_catalog.now() at time zone p.timezone)::date from public.profiles as p where p.id = auth.uid()
$$;
comment on function private.today() is 'The caller''s calendar day now, in their zone.';

-- Which ingredients of each recipe are at home.
create function private.pantry_coverage(recipes jsonb) returns table (
  recipe bigint, in_pantry text[], missing text[], uses_expiring text[], soonest_expiry date
)
language sql stable security invoker set search_path = '' as $$
  with lots as materialized (
    select private.food_words(l.name) as words, b.dimension, b.amount, l.expiry_date
    from public.pantry_items as l
    cross join lateral private.in_base_unit(l.quantity, l.unit) as b
    where l.user_id = (select auth.uid()) and l.quantity > 0
      and (l.expiry_date is null or l.expiry_date >= (select private.today()))
  ),
  stock as (
    select s.words, s.dimension, sum(s.amount) as amount, min(s.expiry_date) as expiry_date from lots as s group by 1, 2
  ),
  needs as (
    select r.position as recipe, i.position, i.value ->> 'food_item_name' as food,
      private.food_words(i.value ->> 'food_item_name') as words, b.dimension, b.amount
    from jsonb_array_elements(recipes) with ordinality as r (value, position)
    cross join lateral jsonb_array_elements(
      case jsonb_typeof(r.value -> 'ingredients') when 'array' then r.value -> 'ingredients' else '[]' end
    ) with ordinality as i (value, position)
    cross join lateral private.in_base_unit((i.value ->> 'quantity')::numeric, i.value ->> 'unit') as b
  ),
  found as (
    select n.recipe, n.position, n.food,
      -- In the same dimension there must be enough; with no common one, being there counts (never guess a conversion).
      coalesce(bool_or(s.amount >= n.amount) filter (where s.dimension = n.dimension), count(s.words) > 0) as is_there,
      min(s.expiry_date) as expiry_date
    from needs as n
    -- A name of nothing but words that don't count ("Other") is no food that could be recognised.
    left join stock as s on s.words = n.words and n.words <> '{}'
    group by n.recipe, n.position, n.food
  )
  select f.recipe,
    coalesce(array_agg(f.food order by f.position) filter (where f.is_there), '{}'),
    coalesce(array_agg(f.food order by f.position) filter (where not f.is_there), '{}'),
    coalesce(array_agg(f.food order by f.expiry_date, f.position)
      filter (where f.expiry_date <= (select private.today()) + 3), '{}'),
    min(f.expiry_date)
  from found as f
  group by f.recipe
$$;
comment on function private.pantry_coverage(jsonb) is
  'For each recipe of a JSON array (create_meal''s shape; numbered from 1), by the caller''s pantry: ingredients '
  'in_pantry (enough, where units can be compared), missing, and uses_expiring (good for at most three more days), '
  'each by its name in the recipe. Recipes without ingredients have no row.';

-------------------------------------------------------------------------------
-- RPC
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
    and coalesce((request ->> 'date')::date between '1900-01-01' and '2199-12-31', true)
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'count is 1–5, servings 1–50, max_total_minutes 1–960; date lies in 1900–2199.',
      hint = 'Correct the value, or leave the key out.';
  end if;
end $$;
comment on function private.check_meal_request(jsonb) is 'Refuses (PT422) a malformed request for meal suggestions.';

-- The recipes that may be suggested: the caller's, without what they are allergic to, within the time they have.
create function private.suggestable_meals(request jsonb) returns table (
  id uuid, meal jsonb, total_minutes integer, last_cooked_on date, planned_on date
)
language sql stable security invoker set search_path = '' as $$
  select m.id,
    jsonb_build_object(
      'name', m.name, 'description', m.description, 'prep_time', m.prep_time, 'cook_time', m.cook_time,
      'servings', coalesce((request ->> 'servings')::numeric::integer, m.servings), 'instructions', to_jsonb(m.instructions),
      'ingredients', coalesce(i.ingredients, '[]')),
    m.prep_time + m.cook_time,
    p.last_cooked_on,
    p.planned_on
  from public.meals as m
  cross join lateral (
    select jsonb_agg(jsonb_build_object('food_item_name', g.food_item_name, 'unit', g.unit, 'quantity',
        -- Within what create_meal takes.
        least(9999999.999, greatest(0.001, trim_scale(round(
          g.quantity * coalesce((request ->> 'servings')::numeric / m.servings, 1), 3))))) order by g.position, g.id)
        as ingredients
    from public.meal_ingredients as g where g.meal_id = m.id and g.user_id = m.user_id
  ) as i
  cross join lateral (
    select max(d.planned_date) filter (where d.status = 'cooked') as last_cooked_on,
      min(d.planned_date) filter (where d.status = 'planned' and d.planned_date >= private.today()) as planned_on
    from public.planned_meals as d where d.meal_id = m.id and d.user_id = m.user_id
  ) as p
  where m.user_id = (select auth.uid())
    and coalesce(m.prep_time + m.cook_time <= (request ->> 'max_total_minutes')::numeric,
      request ->> 'max_total_minutes' is null)
    and not exists (
      select from unnest((select f.allergies from public.profiles as f where f.id = (select auth.uid()))) as allergy
      where cardinality(private.food_words(allergy)) > 0 and (
        private.food_words(allergy) <@ private.food_words(m.name)
        or exists (
          select from public.meal_ingredients as g
          where g.meal_id = m.id and g.user_id = m.user_id
            and private.food_words(allergy) <@ private.food_words(g.food_item_name)))
    )
$$;
comment on function private.suggestable_meals(jsonb) is
  'The caller''s recipes that a request allows: free of their allergies (by word), within max_total_minutes (unknown '
  'times are left out then); meal in create_meal''s shape, scaled to the requested servings.';

create function public.plan_meals(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
  suggestions jsonb;
begin
  perform private.check_meal_request(request);
  with candidates as materialized (
    select row_number() over (order by s.id) as number, s.* from private.suggestable_meals(request) as s
  ),
  covered as (
    select * from private.pantry_coverage((select jsonb_agg(c.meal order by c.number) from candidates as c))
  ),
  ranked as (
    select c.id, c.meal,
      coalesce(v.in_pantry, '{}') as in_pantry,
      coalesce(v.missing, '{}') as missing,
      coalesce(v.uses_expiring, '{}') as uses_expiring,
      v.soonest_expiry, c.last_cooked_on, c.total_minutes,
      -- What is at home counts most, then what would be thrown away, then variety: full marks after four weeks,
      -- none on the day, less when it is already planned for the coming week.
      0.55 * coalesce(cardinality(v.in_pantry)::numeric
        / nullif(cardinality(v.in_pantry) + cardinality(v.missing), 0), 0)
      + 0.25 * least(coalesce(cardinality(v.uses_expiring), 0), 3) / 3.0
      + 0.20 * least(coalesce(today - c.last_cooked_on, 28), 28) / 28.0
      - case when c.planned_on <= today + 7 then 0.15 else 0 end as score
    from candidates as c
    left join covered as v on v.recipe = c.number
  ),
  best as (
    select r.*,
      -- A recipe without ingredients can't be judged, so it comes last.
      row_number() over (
        order by r.in_pantry || r.missing = '{}', r.score desc, r.meal ->> 'name', r.id) as place
    from ranked as r
    order by place
    limit coalesce((request ->> 'count')::numeric::integer, 3)
  )
  select jsonb_agg(jsonb_build_object(
    'meal', b.meal, 'meal_id', b.id, 'in_pantry', to_jsonb(b.in_pantry), 'missing', to_jsonb(b.missing),
    'uses_expiring', to_jsonb(b.uses_expiring),
    'reason', concat_ws('; ',
      case cardinality(b.in_pantry) + cardinality(b.missing)
        when 0 then 'no ingredients listed'
        else format('%s of %s ingredients at home', cardinality(b.in_pantry),
          cardinality(b.in_pantry) + cardinality(b.missing))
      end,
      case when cardinality(b.uses_expiring) > 0 then format('uses %s, good until %s',
        array_to_string(b.uses_expiring, ', '), to_char(b.soonest_expiry, 'YYYY-MM-DD')) end,
      case when b.last_cooked_on is null then 'not cooked yet'
        else format('last cooked %s days ago', today - b.last_cooked_on) end,
      b.total_minutes || ' minutes'
    )) order by b.place)
  into suggestions
  from best as b;
  return coalesce(suggestions, '[]');
end $$;
comment on function public.plan_meals(jsonb) is
  'The built-in planner: the caller''s recipes ranked by what is at home, what expires within three days and how '
  'long ago they were cooked. request: {count 1–5 (3), max_total_minutes, servings, date, meal_time, notes}. Returns '
  'an array of {meal (create_meal''s shape), meal_id, in_pantry, missing, uses_expiring, reason}; the same data give '
  'the same answer.';

create function public.meal_suggestion_context(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
begin
  perform private.check_meal_request(request);
  return jsonb_build_object(
    'today', today,
    'profile', (
      select jsonb_build_object('timezone', p.timezone, 'currency', p.currency, 'unit_system', p.unit_system,
        'dietary', to_jsonb(p.dietary), 'allergies', to_jsonb(p.allergies))
      from public.profiles as p where p.id = (select auth.uid())),
    -- Bounded, so that a large household still fits a prompt: what expires first, what was cooked longest ago.
    'pantry', coalesce((
      select jsonb_agg(jsonb_build_object('name', l.name, 'quantity', l.quantity, 'unit', l.unit,
        'expires_in_days', l.expiry_date - today) order by l.expiry_date, l.name)
      from (
        select * from public.pantry_items as l
        where l.user_id = (select auth.uid()) and l.quantity > 0 and (l.expiry_date is null or l.expiry_date >= today)
        order by l.expiry_date, l.name limit 200
      ) as l), '[]'),
    'recipes', coalesce((
      select jsonb_agg(s.meal - 'description' - 'instructions'
        || jsonb_build_object('id', s.id, 'last_cooked_on', s.last_cooked_on)
        order by s.last_cooked_on nulls first, s.meal ->> 'name')
      from (
        select * from private.suggestable_meals(request) as s order by s.last_cooked_on nulls first, s.meal ->> 'name' limit 50
      ) as s), '[]'),
    'planned', coalesce((
      select jsonb_agg(jsonb_build_object('name', d.meal_name, 'date', d.planned_date, 'time', to_char(d.meal_time, 'HH24:MI'))
        order by d.planned_date, d.meal_time)
      from public.planned_meals as d
      where d.user_id = (select auth.uid()) and d.status = 'planned'
        and d.planned_date between coalesce((request ->> 'date')::date, today) - 3
          and coalesce((request ->> 'date')::date, today) + 7), '[]')
  );
end $$;
comment on function public.meal_suggestion_context(jsonb) is
  'What a language model needs to suggest meals to the caller: {today, profile, pantry, recipes, planned}; at most '
  '200 lots and 50 recipes.';

create function public.ground_meal_suggestions(suggestions jsonb, request jsonb default '{}') returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  suggestion jsonb;
  kept jsonb := '[]';
begin
  perform private.check_meal_request(request);
  if suggestions is null or jsonb_typeof(suggestions) <> 'array' or jsonb_array_length(suggestions) > 5 then
    raise sqlstate 'PT422' using
      message = 'suggestions must be an array of at most 5',
      detail = format('Got %s.', coalesce(jsonb_typeof(suggestions), 'nothing')),
      hint = 'Send {"suggestions": [{"meal": {…}, "meal_id": null, "reason": "…"}]}.';
  end if;
  for suggestion in select s from jsonb_array_elements(suggestions) as s loop
    -- Whether create_meal would take it is asked of create_meal, and undone.
    begin
      perform private.require_shape(suggestion, '{"meal": "object!", "meal_id": "string", "reason": "string!"}', 'suggestion');
      continue when suggestion ->> 'meal_id' is not null and not exists (
        select from public.meals as m
        where m.id::text = suggestion ->> 'meal_id' and m.user_id = (select auth.uid()));
      perform public.create_meal(suggestion -> 'meal');
      -- Undone in either case.
      raise sqlstate 'LO001' using message = case
        when (request ->> 'max_total_minutes')::numeric
          < (suggestion #>> '{meal,prep_time}')::numeric + (suggestion #>> '{meal,cook_time}')::numeric
        then 'drop' else 'keep' end;
    exception
      when sqlstate 'LO001' then
        if sqlerrm = 'keep' then
          kept := kept || jsonb_build_array(suggestion);
        end if;
      when sqlstate 'PT422' then
        null;  -- Dropped, never repaired.
    end;
  end loop;
  return coalesce((
    select jsonb_agg(s.value || jsonb_build_object(
      'meal_id', s.value -> 'meal_id',
      'in_pantry', to_jsonb(coalesce(v.in_pantry, '{}')),
      'missing', to_jsonb(coalesce(v.missing, '{}')),
      'uses_expiring', to_jsonb(coalesce(v.uses_expiring, '{}'))) order by s.position)
    from jsonb_array_elements(kept) with ordinality as s (value, position)
    left join private.pantry_coverage((select jsonb_agg(k -> 'meal') from jsonb_array_elements(kept) as k)) as v
      on v.recipe = s.position), '[]');
end $$;
comment on function public.ground_meal_suggestions(jsonb, jsonb) is
  'Grounding check of a model''s suggestions [{meal, meal_id, reason}]: drops those whose meal_id isn''t one of the '
  'caller''s recipes or whose meal create_meal would refuse; adds in_pantry, missing and uses_expiring from the '
  'caller''s pantry. Saves nothing.';

grant execute on function
  private.food_words(text), private.in_base_unit(numeric, text), private.today(), private.pantry_coverage(jsonb),
  private.check_meal_request(jsonb), private.suggestable_meals(jsonb)
to authenticated;
revoke execute on function
  public.plan_meals(jsonb), public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.plan_meals(jsonb), public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
to authenticated;
