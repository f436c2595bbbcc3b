-- Meals: recipes with their ingredients, the pantry, and planned meals, which reach the calendar
-- (see the calendar migration).
--
-- Differs from the architecture document: ingredients carry user_id (policies are one indexed comparison, a composite
-- foreign key keeps them with their owner's recipe); quantities are checked, never rounded; planned_meals.meal_id
-- becomes null when its recipe is deleted after cooking, and meal_name keeps what was eaten.
-- The document's two GIN text indexes are left out: `@@` is not leakproof, so under RLS the planner never uses them,
-- and they slow every write.

-------------------------------------------------------------------------------
-- Recipes
-------------------------------------------------------------------------------

create table public.meals (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  description text,
  prep_time integer,
  cook_time integer,
  servings integer,
  instructions text[],
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint meals_name_not_blank check (name ~ '\S'),
  constraint meals_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint meals_description_max_500 check (char_length(description) <= 500),
  constraint meals_prep_time_0_to_480 check (prep_time between 0 and 480),
  constraint meals_cook_time_0_to_480 check (cook_time between 0 and 480),
  constraint meals_servings_1_to_50 check (servings between 1 and 50),
  constraint meals_instructions_max_20_steps_of_2000 check (private.are_labels(instructions, 20, 2000)),
  -- What ingredients and plans refer to.
  constraint meals_id_user_id_key unique (id, user_id)
);
comment on table public.meals is
  'A recipe; its ingredients are in meal_ingredients. RPC create_meal writes both. Planning it on a day is a '
  'planned_meals row.';
comment on column public.meals.prep_time is 'Minutes, 0–480.';
comment on column public.meals.cook_time is 'Minutes, 0–480.';
comment on column public.meals.servings is 'How many people the ingredients'' quantities serve, 1–50.';
comment on column public.meals.instructions is 'Steps in order, at most 20.';

create index idx_meals_user_created on public.meals (user_id, created_at);
create trigger keep_identity before update on public.meals for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.meals for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.meals enable row level security;
create policy select_own on public.meals for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.meals for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.meals for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.meals for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.meals from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.meals to authenticated;
grant select, insert, update, delete on public.meals to service_role;

-------------------------------------------------------------------------------
-- Ingredients of a recipe
-------------------------------------------------------------------------------

create table public.meal_ingredients (
  id uuid primary key default gen_random_uuid(),
  meal_id uuid not null,
  food_item_name text not null,
  quantity numeric not null,
  unit text not null,
  position integer not null default 0,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint meal_ingredients_meal_id_fkey foreign key (meal_id, user_id)
    references public.meals (id, user_id) on delete cascade,
  constraint meal_ingredients_food_item_name_not_blank check (food_item_name ~ '\S'),
  constraint meal_ingredients_food_item_name_trimmed_max_100
    check (food_item_name !~ '^\s|\s$' and char_length(food_item_name) <= 100),
  constraint meal_ingredients_quantity_above_0 check (quantity > 0),
  constraint meal_ingredients_quantity_max_9999999_with_3_decimals check (private.is_quantity(quantity)),
  constraint meal_ingredients_unit_not_blank check (unit ~ '\S'),
  constraint meal_ingredients_unit_trimmed_max_20 check (unit !~ '^\s|\s$' and char_length(unit) <= 20),
  constraint meal_ingredients_position_0_to_999 check (position between 0 and 999)
);
comment on table public.meal_ingredients is 'The ingredients of a recipe, in order.';
comment on column public.meal_ingredients.quantity is
  'In unit, for meals.servings people; above 0, at most three decimals, up to 9,999,999.999.';
comment on column public.meal_ingredients.unit is 'Such as g, ml, piece, tbsp.';
comment on column public.meal_ingredients.position is 'Position in the recipe, from 0.';

create index idx_meal_ingredients_user_meal on public.meal_ingredients (user_id, meal_id);
create trigger keep_identity before update on public.meal_ingredients for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.meal_ingredients for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.meal_ingredients enable row level security;
create policy select_own on public.meal_ingredients for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.meal_ingredients
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.meal_ingredients for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.meal_ingredients for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.meal_ingredients from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.meal_ingredients to authenticated;
grant select, insert, update, delete on public.meal_ingredients to service_role;

-------------------------------------------------------------------------------
-- Pantry
-------------------------------------------------------------------------------

create table public.pantry_items (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  quantity numeric not null,
  unit text not null,
  expiry_date date,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint pantry_items_name_not_blank check (name ~ '\S'),
  constraint pantry_items_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint pantry_items_quantity_0_to_9999999_with_3_decimals check (private.is_quantity(quantity)),
  constraint pantry_items_unit_not_blank check (unit ~ '\S'),
  constraint pantry_items_unit_trimmed_max_20 check (unit !~ '^\s|\s$' and char_length(unit) <= 20),
  constraint pantry_items_expiry_date_1900_to_2199 check (expiry_date between '1900-01-01' and '2199-12-31')
);
comment on table public.pantry_items is
  'What is at home. One row is one lot: what was bought together and expires together.';
comment on column public.pantry_items.quantity is 'What is left, in unit; 0 or more, at most three decimals.';
comment on column public.pantry_items.expiry_date is 'The last day it is good; null: keeps.';

create index idx_pantry_items_user_expiry on public.pantry_items (user_id, expiry_date);
create trigger keep_identity before update on public.pantry_items for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.pantry_items for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.pantry_items enable row level security;
create policy select_own on public.pantry_items for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.pantry_items for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.pantry_items for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.pantry_items for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.pantry_items from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.pantry_items to authenticated;
grant select, insert, update, delete on public.pantry_items to service_role;

-------------------------------------------------------------------------------
-- Planned meals
-------------------------------------------------------------------------------

create table public.planned_meals (
  id uuid primary key default gen_random_uuid(),
  meal_id uuid,
  planned_date date not null,
  meal_time time,
  servings integer,
  status text not null default 'planned',
  meal_name text not null,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint planned_meals_meal_id_fkey foreign key (meal_id, user_id)
    references public.meals (id, user_id) on delete set null (meal_id),
  constraint planned_meals_planned_date_1900_to_2199 check (planned_date between '1900-01-01' and '2199-12-31'),
  -- time also knows 24:00, which is the next day's 00:00.
  constraint planned_meals_meal_time_before_24_00 check (meal_time < '24:00'),
  constraint planned_meals_servings_1_to_50 check (servings between 1 and 50),
  constraint planned_meals_status_is_planned_cooked_or_skipped check (status in ('planned', 'cooked', 'skipped')),
  constraint planned_meals_planned_needs_a_recipe check (meal_id is not null or status <> 'planned'),
  constraint planned_meals_meal_name_not_blank check (meal_name ~ '\S'),
  constraint planned_meals_meal_name_trimmed_max_100 check (meal_name !~ '^\s|\s$' and char_length(meal_name) <= 100),
  -- What cooking sessions refer to.
  constraint planned_meals_id_user_id_key unique (id, user_id)
);
comment on table public.planned_meals is 'A recipe on a day: planned, cooked or skipped.';
comment on column public.planned_meals.meal_id is
  'The recipe; null after it was deleted (plans not yet cooked or skipped go with it).';
comment on column public.planned_meals.planned_date is 'The owner''s calendar day.';
comment on column public.planned_meals.meal_time is
  'Wall-clock time in profiles.timezone; null: any time that day (an all-day event).';
comment on column public.planned_meals.servings is 'How many people; null: as the recipe says.';
comment on column public.planned_meals.status is 'planned | cooked | skipped; a skipped one leaves the calendar.';
comment on column public.planned_meals.meal_name is
  'The recipe''s name, kept by the database: follows it while the recipe exists, stays when it is deleted.';

create index idx_planned_meals_user_date on public.planned_meals (user_id, planned_date);
create index idx_planned_meals_meal on public.planned_meals (meal_id, user_id);

create function private.name_planned_meal() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  new.meal_name := coalesce(
    (select m.name from public.meals as m where m.id = new.meal_id and m.user_id = new.user_id),
    -- No recipe: what the row says, which after a deletion is the recipe's last name.
    new.meal_name,
    -- A recipe that isn't the owner's: the foreign key, not a missing name, is what refuses it.
    case when new.meal_id is not null then '?' end
  );
  return new;
end $$;
comment on function private.name_planned_meal() is 'Trigger function: fills planned_meals.meal_name from the recipe.';
create trigger name_planned_meal before insert or update of meal_id, meal_name on public.planned_meals
  for each row execute function private.name_planned_meal();
create trigger keep_identity before update on public.planned_meals for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.planned_meals for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.planned_meals enable row level security;
create policy select_own on public.planned_meals for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.planned_meals for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.planned_meals for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.planned_meals for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.planned_meals from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.planned_meals to authenticated;
grant select, insert, update, delete on public.planned_meals to service_role;

-- Two definers, because a change of the recipe must reach its plans whatever the writer may do to them.
create function private.rename_planned_meals() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.planned_meals as p set meal_name = m.name
  from changed as m
  where p.meal_id = m.id and p.user_id = m.user_id and p.meal_name is distinct from m.name;
  return null;
end $$;
comment on function private.rename_planned_meals() is
  'Trigger function on meals: planned_meals.meal_name follows the recipe''s name.';
create trigger rename_planned_meals after update on public.meals
  referencing new table as changed for each statement execute function private.rename_planned_meals();

create function private.remove_planned_meals() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.planned_meals
  where meal_id = old.id and user_id = old.user_id and status = 'planned';
  return old;
end $$;
comment on function private.remove_planned_meals() is
  'Trigger function on meals: what isn''t cooked yet goes with the recipe; cooked and skipped meals stay (their '
  'meal_id becomes null).';
create trigger remove_planned_meals before delete on public.meals
  for each row execute function private.remove_planned_meals();

-------------------------------------------------------------------------------
-- RPC
-------------------------------------------------------------------------------

create function private.plan_meal(meal_id uuid, plan jsonb, id uuid default gen_random_uuid())
returns public.planned_meals
language plpgsql volatile security invoker set search_path = '' as $$
declare
  planned public.planned_meals;
begin
  perform private.require_shape(plan, '{"date": "date!", "time": "time", "servings": "integer"}', 'plan');
  insert into public.planned_meals (id, meal_id, planned_date, meal_time, servings)
  select plan_meal.id, plan_meal.meal_id, p.date, p.time, p.servings
  from jsonb_to_record(plan) as p (date date, "time" time, servings integer)
  returning * into planned;
  return planned;
end $$;
comment on function private.plan_meal(uuid, jsonb, uuid) is
  'Plans a recipe of the caller: {"date": "2026-11-24", "time": "19:00", "servings": 2}; only date is required. id: of '
  'the plan.';
grant execute on function private.plan_meal(uuid, jsonb, uuid) to authenticated;

create function private.add_meal(meal jsonb, id uuid default gen_random_uuid()) returns public.meals
language plpgsql volatile security invoker set search_path = '' as $$
declare
  ingredient jsonb;
  created public.meals;
begin
  perform private.require_shape(meal, '{"name": "string!", "description": "string", "prep_time": "integer",
    "cook_time": "integer", "servings": "integer", "instructions": "array", "ingredients": "array"}', 'meal');
  for ingredient in select i from jsonb_array_elements(nullif(meal -> 'ingredients', 'null')) as i loop
    perform private.require_shape(
      ingredient, '{"food_item_name": "string!", "quantity": "number!", "unit": "string!"}', 'ingredient');
  end loop;

  insert into public.meals (id, name, description, prep_time, cook_time, servings, instructions)
  select add_meal.id, m.name, m.description, m.prep_time, m.cook_time, m.servings, m.instructions
  from jsonb_to_record(meal) as m (
    name text, description text, prep_time integer, cook_time integer, servings integer, instructions text[])
  returning * into created;

  insert into public.meal_ingredients (meal_id, food_item_name, quantity, unit, position)
  select created.id, i.value ->> 'food_item_name', (i.value ->> 'quantity')::numeric, i.value ->> 'unit', i.position - 1
  from jsonb_array_elements(nullif(meal -> 'ingredients', 'null')) with ordinality as i (value, position);
  return created;
end $$;
comment on function private.add_meal(jsonb, uuid) is
  'Adds a recipe with its ingredients, in the shape that create_meal takes, under this id.';
grant execute on function private.add_meal(jsonb, uuid) to authenticated;

-- No look at allergies: people also cook for others. What a suggestion brings is checked in accept_meal_suggestion.
create function public.create_meal(meal jsonb, plan jsonb default null) returns public.meals
language plpgsql volatile security invoker set search_path = '' as $$
declare
  created public.meals;
  message text;
  rule text;
begin
  created := private.add_meal(meal);
  if plan is not null and plan <> 'null' then
    perform private.plan_meal(created.id, plan);
  end if;
  return created;
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('meal', message, rule);
end $$;
comment on function public.create_meal(jsonb, jsonb) is
  'Creates a recipe with its ingredients, and optionally plans it, in one transaction; returns the meals row. meal: '
  '{"name": "Chickpea curry", "description": "…", "prep_time": 10, "cook_time": 25, "servings": 4, "instructions": '
  '["…"], "ingredients": [{"food_item_name": "chickpeas", "quantity": 800, "unit": "g"}]}; only name is required. '
  'plan: {"date": "2026-11-24", "time": "19:00", "servings": 2}; only date is required. Refuses bad input with PT422 '
  'and saves nothing. Allergies aren''t checked (people cook for others); accept_meal_suggestion checks them.';
revoke execute on function public.create_meal(jsonb, jsonb) from public;
-- Not to service_role: the rows are the caller's, and it is nobody.
grant execute on function public.create_meal(jsonb, jsonb) to authenticated;
