-- Accepting a suggestion: what was shown becomes a recipe or a workout, on a day if the user says which.
--
-- A suggestion's id makes accepting it safe to repeat: whatever the client doesn't know after a time-out, and however
-- many devices tap at once, it is one recipe, and one plan for a day and time.

create function private.id_on_day(suggestion_id uuid, day text, moment text) returns uuid
language sql stable security invoker set search_path = '' as $$
  select md5(concat_ws(' ', suggestion_id, day::date, moment::time))::uuid where suggestion_id is not null
$$;
comment on function private.id_on_day(uuid, text, text) is
  'The id of what a suggestion becomes on a day, at a time (null: any): the same whenever it is asked for, another for '
  'another day or time. Null without a suggestion''s id.';
grant execute on function private.id_on_day(uuid, text, text) to authenticated;

create function private.refuse_allergens(meal public.meals, steps text[]) returns void
language plpgsql stable security invoker set search_path = '' as $$
declare
  allergies text[];
  foods text[];
  carriers text;
begin
  select p.allergies into allergies from public.profiles as p where p.id = (select auth.uid());
  foods := array(
    select i.food_item_name from public.meal_ingredients as i
    where i.meal_id = meal.id and i.user_id = meal.user_id
  );
  if allergies <> '{}' and foods = '{}' then
    raise sqlstate 'PT409' using
      message = 'this meal lists no ingredients, and you have allergies',
      detail = 'What isn''t listed can''t be checked.',
      hint = 'Nothing was saved. Add the ingredients, or use create_meal.';
  end if;
  select string_agg(format('%s: %s', left(c.food, 100), c.allergy), '; ' order by c.food, c.allergy) into carriers
  from private.food_conflicts(allergies, meal.name || foods || steps) as c;
  if carriers is not null then
    raise sqlstate 'PT409' using
      message = 'this meal carries what you are allergic to',
      detail = carriers,
      hint = 'Nothing was saved. Choose another suggestion; to cook it for somebody else, use create_meal.';
  end if;
end $$;
comment on function private.refuse_allergens(public.meals, text[]) is
  'Refuses (PT409) a recipe that carries an allergen of the caller''s profile, by its name, its ingredients or these '
  'steps, or that lists no ingredients to check.';
grant execute on function private.refuse_allergens(public.meals, text[]) to authenticated;

create function public.accept_meal_suggestion(suggestion jsonb, plan jsonb default null) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  recipe uuid;
  plan_id uuid;
  accepted public.meals;
  planned public.planned_meals;
  steps text[] := '{}';
  message text;
  rule text;
begin
  -- A suggestion's other keys (reason, missing, …) are for people.
  perform private.require_shape(
    case jsonb_typeof(suggestion)
      when 'object' then jsonb_build_object(
        'id', suggestion -> 'id', 'meal', suggestion -> 'meal', 'meal_id', suggestion -> 'meal_id')
      else suggestion
    end, '{"id": "uuid", "meal": "object", "meal_id": "string"}', 'suggestion');
  -- A statement that writes nothing takes the calendar lock: of two that accept the same, the second sees the first's.
  delete from public.calendar_events where false;

  if suggestion ->> 'meal_id' is not null then
    if pg_input_is_valid(suggestion ->> 'meal_id', 'uuid') then
      recipe := suggestion ->> 'meal_id';
    end if;
    select m.* into accepted from public.meals as m where m.id = recipe and m.user_id = (select auth.uid());
    if not found then
      raise sqlstate 'PT404' using
        message = 'no such recipe',
        detail = format('%s is the id of none of your recipes.', suggestion ->> 'meal_id'),
        hint = 'It may have been deleted meanwhile. Ask for suggestions again, or send the meal with "meal_id": null.';
    end if;
  else
    select m.* into accepted
    from public.meals as m where m.id = (suggestion ->> 'id')::uuid and m.user_id = (select auth.uid());
    if not found then
      accepted := private.add_meal(suggestion -> 'meal', coalesce((suggestion ->> 'id')::uuid, gen_random_uuid()));
    end if;
    -- A model may hide food in the steps; their own recipe is their own words.
    steps := array_remove(accepted.description || accepted.instructions, null);
  end if;

  -- Again, whoever checked before: the allergies may be new, and the stored ingredients are what will be cooked.
  perform private.refuse_allergens(accepted, steps);

  if plan is not null and plan <> 'null' then
    perform private.require_shape(plan, '{"date": "date!", "time": "time", "servings": "integer"}', 'plan');
    plan_id := private.id_on_day((suggestion ->> 'id')::uuid, plan ->> 'date', plan ->> 'time');
    select p.* into planned
    from public.planned_meals as p where p.id = plan_id and p.user_id = (select auth.uid());
    if not found then
      -- For as many as the suggestion was made for, unless the plan says.
      planned := private.plan_meal(accepted.id, jsonb_build_object('servings', suggestion #> '{meal,servings}') || plan,
        coalesce(plan_id, gen_random_uuid()));
    end if;
  end if;

  return jsonb_build_object(
    'meal', to_jsonb(accepted),
    'planned_meal', case when planned.id is not null then to_jsonb(planned) end);
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input(case when accepted.id is null then 'meal' else 'plan' end, message, rule);
end $$;
comment on function public.accept_meal_suggestion(jsonb, jsonb) is
  'Takes a meal suggestion as it was given ({"id": …, "meal": …, "meal_id": null | uuid, …}), in one transaction: '
  'creates the recipe, or with meal_id takes the caller''s own, and plans it when plan is given ({"date": '
  '"2026-11-24", "time": "19:00", "servings": 2}; only date is required; named as in create_meal: planned_meals has '
  'planned_date and meal_time). Returns {"meal": …, "planned_meal": … | null}. May be repeated: with the same id there '
  'is one recipe, and one plan for each day and time, and they are returned as they are now; without an id each call '
  'saves anew. Refuses with PT409 what carries an allergen of the caller''s profile (a new recipe also in its steps; '
  'detail: "food: allergy; …"), or lists no ingredients to check; with PT404 a recipe that isn''t theirs; with PT422 '
  'bad input; then nothing is saved. Show with it: "Ingredients are checked by their names only. Always check the '
  'labels: they decide."';
revoke execute on function public.accept_meal_suggestion(jsonb, jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.accept_meal_suggestion(jsonb, jsonb) to authenticated;

create function public.accept_workout_suggestion(suggestion jsonb, plan jsonb default null)
returns public.fitness_workouts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  workout jsonb;
  workout_id uuid;
  accepted public.fitness_workouts;
  message text;
  rule text;
begin
  perform private.require_shape(
    case jsonb_typeof(suggestion)
      when 'object' then jsonb_build_object('id', suggestion -> 'id', 'workout', suggestion -> 'workout')
      else suggestion
    end, '{"id": "uuid", "workout": "object!"}', 'suggestion');

  workout := suggestion -> 'workout';
  if plan is not null and plan <> 'null' then
    perform private.require_shape(plan, '{"date": "date!", "start_time": "time"}', 'plan');
    workout := workout || plan;
  end if;
  -- Day and time make the id; the rest is looked at where it is added.
  perform private.require_shape(jsonb_build_object('date', workout -> 'date', 'start_time', workout -> 'start_time'),
    '{"date": "date!", "start_time": "time"}', 'workout');
  -- A statement that writes nothing takes the calendar lock: of two that accept the same, the second sees the first's.
  delete from public.calendar_events where false;
  workout_id := private.id_on_day((suggestion ->> 'id')::uuid, workout ->> 'date', workout ->> 'start_time');
  select w.* into accepted
  from public.fitness_workouts as w where w.id = workout_id and w.user_id = (select auth.uid());
  if not found then
    accepted := private.add_workout(workout, coalesce(workout_id, gen_random_uuid()));
  end if;
  return accepted;
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('workout', message, rule);
end $$;
comment on function public.accept_workout_suggestion(jsonb, jsonb) is
  'Takes a workout suggestion as it was given ({"id": …, "workout": <create_workout''s shape>, …}) and returns the '
  'fitness_workouts row. plan ({"date": "2026-11-24", "start_time": "18:00"}, named as the row''s columns; only date '
  'is required) moves it to another day or time. May be repeated: with the same id there is one workout for each day '
  'and time, and it is returned as it is now; without an id each call saves anew. Refuses bad input with PT422 and '
  'saves nothing.';
revoke execute on function public.accept_workout_suggestion(jsonb, jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.accept_workout_suggestion(jsonb, jsonb) to authenticated;
