-- Accepting a suggestion: what was shown becomes a recipe or a workout, on a day if the user says which.

create function public.accept_meal_suggestion(suggestion jsonb, plan jsonb default null) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  recipe uuid;
  accepted public.meals;
  planned public.planned_meals;
  allergies text[];
  foods text[];
  steps text[] := '{}';
  carriers text;
  message text;
  rule text;
begin
  -- A suggestion's other keys (reason, missing, …) are for people.
  perform private.require_shape(
    case jsonb_typeof(suggestion)
      when 'object' then jsonb_build_object('meal', suggestion -> 'meal', 'meal_id', suggestion -> 'meal_id')
      else suggestion
    end, '{"meal": "object", "meal_id": "string"}', 'suggestion');

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
    accepted := public.create_meal(suggestion -> 'meal');
    -- A model may hide food in the steps; their own recipe is their own words.
    steps := array_remove(accepted.description || accepted.instructions, null);
  end if;

  -- Again, whoever checked before: the allergies may be new, and the stored ingredients are what will be cooked.
  select p.allergies into allergies from public.profiles as p where p.id = (select auth.uid());
  foods := array(
    select i.food_item_name from public.meal_ingredients as i
    where i.meal_id = accepted.id and i.user_id = accepted.user_id
  );
  if allergies <> '{}' and foods = '{}' then
    raise sqlstate 'PT409' using
      message = 'this meal lists no ingredients, and you have allergies',
      detail = 'What isn''t listed can''t be checked.',
      hint = 'Nothing was saved. Add the ingredients, or use create_meal.';
  end if;
  select string_agg(format('%s: %s', left(c.food, 100), c.allergy), '; ' order by c.food, c.allergy) into carriers
  from private.food_conflicts(allergies, accepted.name || foods || steps) as c;
  if carriers is not null then
    raise sqlstate 'PT409' using
      message = 'this meal carries what you are allergic to',
      detail = carriers,
      hint = 'Nothing was saved. Choose another suggestion; to cook it for somebody else, use create_meal.';
  end if;

  if plan is not null and plan <> 'null' then
    -- For as many as the suggestion was made for, unless the plan says.
    planned := private.plan_meal(accepted.id,
      case jsonb_typeof(plan)
        when 'object' then jsonb_build_object('servings', suggestion #> '{meal,servings}') || plan
        else plan
      end);
  end if;

  return jsonb_build_object(
    'meal', to_jsonb(accepted),
    'planned_meal', case when planned.id is not null then to_jsonb(planned) end);
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('plan', message, rule);
end $$;
comment on function public.accept_meal_suggestion(jsonb, jsonb) is
  'Takes a meal suggestion as it was given ({"meal": …, "meal_id": null | uuid, …}), in one transaction: creates the '
  'recipe, or with meal_id takes the caller''s own, and plans it when plan is given ({"date": "2026-11-24", "time": '
  '"19:00", "servings": 2}; only date is required). Returns {"meal": …, "planned_meal": … | null}. Refuses with PT409 '
  'what carries an allergen of the caller''s profile (a new recipe also in its steps; detail: "food: allergy; …"), or '
  'lists no ingredients to check; with PT404 a recipe that isn''t theirs; with PT422 bad input; then nothing is saved. '
  'Show with it: "Ingredients are checked by their names only. Always check the labels: they decide."';
revoke execute on function public.accept_meal_suggestion(jsonb, jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.accept_meal_suggestion(jsonb, jsonb) to authenticated;

create function public.accept_workout_suggestion(suggestion jsonb, plan jsonb default null)
returns public.fitness_workouts
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform private.require_shape(
    case jsonb_typeof(suggestion)
      when 'object' then jsonb_build_object('workout', suggestion -> 'workout') else suggestion
    end, '{"workout": "object!"}', 'suggestion');
  if plan is not null and plan <> 'null' then
    perform private.require_shape(plan, '{"date": "date!", "start_time": "time"}', 'plan');
    return public.create_workout((suggestion -> 'workout') || plan);
  end if;
  return public.create_workout(suggestion -> 'workout');
end $$;
comment on function public.accept_workout_suggestion(jsonb, jsonb) is
  'Takes a workout suggestion as it was given ({"workout": <create_workout''s shape>, …}) and returns the '
  'fitness_workouts row. plan ({"date": "2026-11-24", "start_time": "18:00"}; only date is required) moves it to '
  'another day or time. Refuses bad input with PT422 and saves nothing.';
revoke execute on function public.accept_workout_suggestion(jsonb, jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.accept_workout_suggestion(jsonb, jsonb) to authenticated;
