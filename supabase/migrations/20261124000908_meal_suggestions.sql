-- Meals and a language model: what it is told, and what is kept of its answer.

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
      or coalesce(suggestion ->> 'reason' !~ '\S' or private.as_reason(suggestion ->> 'reason') <> suggestion ->> 'reason',
        true)
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
  private.food_spending(date)
to authenticated;
revoke execute on function
  public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.meal_suggestion_context(jsonb), public.ground_meal_suggestions(jsonb, jsonb)
to authenticated;
