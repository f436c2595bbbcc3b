-- A demo life for development and tests: sign in as demo@example.com with the password life-os-demo.
-- Never for production: the password is public. `supabase start`, `supabase db reset` and `supabase db push
-- --include-seed` apply this file; a plain `supabase db push` doesn't.
--
-- Everything is relative to now, in Robin's time zone: what is over is done, what comes is planned, and food is about
-- to expire whenever this runs. Applying it again starts over, because it deletes Robin first (by id, and everything
-- of theirs by cascade); it writes no row of anybody else.
--
-- One block, so that it is one transaction and its constants are stated once.
do $$
declare
  robin constant uuid := '00000000-0000-4000-8000-000000000001';
  zone constant text := 'Europe/Berlin';
  today constant date := (now() at time zone zone)::date;
  first_day constant date := today - 21;
  last_day constant date := today + 7;
  receipt uuid;
begin
  -----------------------------------------------------------------------------
  -- Account and profile
  -----------------------------------------------------------------------------

  delete from auth.users where id = robin;

  -- Auth reads the four token columns as text: with null instead of '' it can't sign the account in.
  insert into auth.users (
    instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, created_at, updated_at,
    confirmation_token, recovery_token, email_change, email_change_token_new, raw_app_meta_data, raw_user_meta_data)
  values (
    '00000000-0000-0000-0000-000000000000', robin, 'authenticated', 'authenticated', 'demo@example.com',
    extensions.crypt('life-os-demo', extensions.gen_salt('bf')), now(), now(), now(),
    '', '', '', '', '{"provider": "email", "providers": ["email"]}',
    jsonb_build_object('first_name', 'Robin', 'last_name', 'Demo', 'timezone', zone, 'currency', 'EUR'));
  insert into auth.identities (provider, provider_id, user_id, identity_data, created_at, updated_at)
  values ('email', robin::text, robin,
    jsonb_build_object('sub', robin, 'email', 'demo@example.com', 'email_verified', true), now(), now());

  -- The profile is there already: the database made it from the account's metadata.
  update public.profiles
  set dietary = '{pescatarian}', allergies = '{peanut}', preferences = '{"theme": "system"}'
  where id = robin;

  -----------------------------------------------------------------------------
  -- Recipes
  -----------------------------------------------------------------------------

  -- Ingredients are "quantity unit food; …", steps "… | …"; SQL joins literals that only a line break parts.
  -- 1–12 are dinners, of which 10–12 use what expires and aren't planned: they are for the planner to find.
  -- 15 has peanuts, so the planner must leave it out.
  with recipes (number, name, prep_time, cook_time, servings, description, ingredients, steps) as (values
    (1, 'Shakshuka', 10, 20, 2, 'Eggs poached in a spiced pepper and tomato sauce.',
      '2 tbsp olive oil; 1 piece onion; 2 piece red peppers; 2 clove garlic; 1 tsp cumin; 1 tsp smoked paprika; '
        '400 g chopped tomatoes; 4 piece eggs; 0.5 bunch coriander',
      'Soften the sliced onion and peppers in the oil, 8 minutes. | '
        'Add garlic, cumin and paprika; stir for a minute. | Add the tomatoes, season, simmer until thick. | '
        'Make four wells, crack in the eggs, cover and cook 6 minutes. | Scatter with coriander; serve with bread.'),
    (2, 'Turkish red lentil soup', 10, 25, 4, 'Mercimek çorbası: smooth, lemony, ready in half an hour.',
      '2 tbsp olive oil; 1 piece onion; 2 piece carrots; 250 g red lentils; 1 tbsp tomato paste; 1 tsp cumin; '
        '1200 ml vegetable stock; 1 piece lemon; 1 tsp dried mint',
      'Sweat the chopped onion and carrots in the oil. | Stir in tomato paste and cumin. | '
        'Add lentils and stock; simmer 20 minutes. | Blend until smooth, sharpen with lemon. | Sprinkle with mint.'),
    (3, 'Black bean tacos', 20, 10, 4, 'Smoky beans, quick pickled onion, lime yogurt.',
      '800 g black beans; 12 piece corn tortillas; 1 piece red onion; 2 piece limes; 150 g yogurt; '
        '2 piece avocados; 1 tsp smoked paprika; 1 tsp cumin; 0.5 bunch coriander',
      'Slice the onion thinly and steep it in the juice of one lime. | '
        'Fry the spices, add the beans and crush half of them. | Stir the rest of the lime into the yogurt. | '
        'Char the tortillas in a dry pan. | Fill with beans, avocado, onion, yogurt and coriander.'),
    (4, 'Vegetable fried rice', 15, 10, 2, 'For yesterday''s rice and whatever the drawer holds.',
      '250 g jasmine rice; 2 piece eggs; 2 piece carrots; 150 g peas; 3 piece spring onions; 2 clove garlic; '
        '15 g ginger; 2 tbsp soy sauce; 1 tbsp sesame oil',
      'Cook the rice and let it cool, best overnight. | Scramble the eggs in a hot wok and set them aside. | '
        'Fry garlic, ginger and diced carrots for 3 minutes. | Add rice and peas over high heat. | '
        'Fold in eggs, soy sauce, sesame oil and spring onions.'),
    (5, 'Spaghetti puttanesca', 10, 20, 4, 'A store-cupboard sauce with a kick.',
      '400 g spaghetti; 3 tbsp olive oil; 3 clove garlic; 6 piece anchovy fillets; 800 g chopped tomatoes; '
        '100 g black olives; 2 tbsp capers; 0.5 tsp chilli flakes',
      'Melt the anchovies in the oil with garlic and chilli. | '
        'Add tomatoes, olives and capers; simmer 15 minutes. | Cook the spaghetti until just firm. | '
        'Toss with the sauce and a splash of pasta water.'),
    (6, 'Thai green curry with tofu', 15, 20, 4, 'Fragrant, and milder than it looks.',
      '400 g tofu; 400 ml coconut milk; 60 g green curry paste; 200 g green beans; 1 piece courgette; '
        '1 tbsp soy sauce; 1 piece lime; 300 g jasmine rice; 0.5 bunch basil',
      'Press and cube the tofu, fry it until golden. | Fry the curry paste in the thick of the coconut milk. | '
        'Add the rest, beans and courgette; simmer 8 minutes. | Return the tofu, season with soy sauce and lime. | '
        'Serve over rice with basil.'),
    (7, 'Greek spinach and feta pie', 25, 40, 6, 'Spanakopita for a slow evening; good cold the next day.',
      '500 g spinach; 200 g feta; 250 g filo pastry; 3 piece eggs; 4 piece spring onions; 80 g butter; '
        '0.5 bunch dill',
      'Wilt the spinach and squeeze it dry. | Mix with crumbled feta, eggs, spring onions and dill. | '
        'Line a tin with half the filo, buttering each sheet. | Fill, cover with the rest and score the top. | '
        'Bake at 180 °C until crisp, 40 minutes.'),
    (8, 'Salade niçoise', 20, 15, 2, 'Tuna, beans and potatoes: a salad that is dinner.',
      '300 g potatoes; 150 g green beans; 2 piece eggs; 160 g tinned tuna; 50 g black olives; '
        '200 g cherry tomatoes; 3 tbsp olive oil; 1 tbsp Dijon mustard; 1 tbsp red wine vinegar',
      'Boil the potatoes; add the beans for the last 4 minutes. | '
        'Boil the eggs for 7 minutes, cool and halve them. | Whisk mustard, vinegar and oil. | '
        'Dress everything while still warm and lay out on a plate.'),
    (9, 'Miso noodle soup', 10, 15, 2, 'Udon in a deep broth, with greens and a soft egg.',
      '200 g udon noodles; 800 ml vegetable stock; 40 g miso paste; 2 piece eggs; 150 g pak choi; '
        '2 piece spring onions; 10 g ginger; 1 tbsp soy sauce',
      'Simmer the stock with ginger for 10 minutes. | Boil the eggs for 6 minutes and peel them. | '
        'Cook noodles and pak choi in the stock. | Take off the heat, stir in miso and soy sauce. | '
        'Top with eggs and spring onions.'),
    (10, 'Chickpea and spinach curry', 10, 25, 4, 'A weeknight chana palak, creamy with coconut.',
      '2 tbsp olive oil; 1 piece onion; 3 clove garlic; 15 g ginger; 1 tbsp curry powder; 400 g chopped tomatoes; '
        '480 g chickpeas; 400 ml coconut milk; 250 g spinach; 300 g jasmine rice',
      'Brown the onion in the oil; add garlic, ginger and curry powder. | Add tomatoes and cook down, 8 minutes. | '
        'Add chickpeas and coconut milk; simmer 10 minutes. | Fold in the spinach until it wilts. | Serve with rice.'),
    (11, 'Mushroom risotto', 10, 30, 2, 'Stirred, but not all the time.',
      '250 g mushrooms; 180 g risotto rice; 1 piece onion; 30 g butter; 700 ml vegetable stock; 100 ml white wine; '
        '50 g parmesan',
      'Fry the mushrooms hard in half the butter, set aside. | '
        'Soften the onion, add rice and toast it for 2 minutes. | '
        'Add wine, then hot stock by the ladle for 18 minutes. | Beat in parmesan and the rest of the butter. | '
        'Fold in the mushrooms.'),
    (12, 'Baked salmon with dill potatoes', 10, 25, 2, 'One tray, one bowl, very little washing up.',
      '2 piece salmon fillets; 500 g potatoes; 0.5 bunch dill; 150 g yogurt; 1 piece lemon; 1 tbsp olive oil',
      'Boil the potatoes until tender. | Bake the salmon with oil and lemon at 200 °C, 12 minutes. | '
        'Stir dill and lemon into the yogurt. | Crush the potatoes lightly into the sauce and serve.'),
    (13, 'Overnight oats', 10, 0, 2, 'Made in the evening, eaten on the way out.',
      '120 g rolled oats; 250 ml milk; 150 g yogurt; 125 g blueberries; 1 tbsp honey',
      'Stir oats, milk, yogurt and honey together. | Leave in the fridge overnight. | Top with the blueberries.'),
    (14, 'Banana pancakes', 10, 15, 2, 'The Saturday breakfast.',
      '2 piece bananas; 2 piece eggs; 150 g flour; 200 ml milk; 20 g butter; 2 tbsp maple syrup',
      'Mash the bananas; whisk in eggs, milk and flour. | Rest the batter for 5 minutes. | '
        'Fry small pancakes in butter, 2 minutes a side. | Serve with maple syrup.'),
    (15, 'Gado-gado', 25, 20, 4, 'For guests only: Robin is allergic to the sauce.',
      '150 g peanut butter; 400 g tofu; 300 g potatoes; 200 g green beans; 4 piece eggs; 200 ml coconut milk; '
        '2 tbsp soy sauce; 1 piece lime',
      'Boil potatoes, beans and eggs. | Fry the tofu until golden. | '
        'Warm peanut butter, coconut milk, soy sauce and lime to a sauce. | '
        'Arrange everything and pour the sauce over it.')
  ),
  made as (
    insert into public.meals (user_id, name, description, prep_time, cook_time, servings, instructions, created_at)
    select robin, r.name, r.description, r.prep_time, r.cook_time, r.servings, string_to_array(r.steps, ' | '),
      -- Collected one a day, and all of them before the first was planned.
      now() + (r.number - 40) * interval '1 day'
    from recipes as r
    returning id, name
  )
  insert into public.meal_ingredients (user_id, meal_id, position, quantity, unit, food_item_name)
  select robin, made.id, i.position - 1, i.part[1]::numeric, i.part[2], i.part[3]
  from made
  join recipes as r on r.name = made.name
  cross join lateral (
    select l.position, regexp_match(l.line, '^(\S+) (\S+) (.+)$') as part
    from string_to_table(r.ingredients, '; ') with ordinality as l (line, position)
  ) as i;

  -----------------------------------------------------------------------------
  -- Pantry
  -----------------------------------------------------------------------------

  insert into public.pantry_items (user_id, name, quantity, unit, expiry_date)
  select robin, p.name, p.quantity, p.unit, today + p.days
  from (values
    -- One food, bought twice: the other lot is on the receipt below, like the yogurt and the dill.
    ('spinach', 250, 'g', 1),
    -- Past it since yesterday, so no suggestion counts on them.
    ('blueberries', 125, 'g', -1),
    ('salmon fillets', 2, 'piece', 1), ('mushrooms', 250, 'g', 2), ('bananas', 3, 'piece', 2),
    ('red peppers', 1, 'piece', 4), ('milk', 1, 'l', 5), ('tofu', 400, 'g', 8),
    ('carrots', 6, 'piece', 9), ('feta', 200, 'g', 12), ('eggs', 8, 'piece', 14), ('potatoes', 1.5, 'kg', 18),
    ('butter', 180, 'g', 30), ('parmesan', 120, 'g', 45), ('coconut milk', 800, 'ml', 400),
    ('chopped tomatoes', 800, 'g', 500), ('chickpeas', 480, 'g', 600), ('black beans', 400, 'g', 600),
    ('onions', 5, 'piece', null), ('garlic', 1, 'bulb', null), ('jasmine rice', 1, 'kg', null),
    ('risotto rice', 400, 'g', null), ('spaghetti', 500, 'g', null), ('red lentils', 350, 'g', null),
    ('rolled oats', 600, 'g', null), ('flour', 1, 'kg', null), ('olive oil', 500, 'ml', null),
    ('soy sauce', 150, 'ml', null), ('curry powder', 40, 'g', null), ('vegetable stock', 1, 'l', null)
  ) as p (name, quantity, unit, days);

  -----------------------------------------------------------------------------
  -- Planned meals
  -----------------------------------------------------------------------------

  with recipes as (
    select m.id, m.name, row_number() over (order by m.created_at) as number
    from public.meals as m
    where m.user_id = robin
  ),
  -- Dinners take turns: all twelve in the past, the first nine from today on. Two evenings are still open.
  dinners as (
    select d as day, case when d < 0 then 1 + mod(d + 21, 12) else 1 + d end as number
    from generate_series(-21, 7) as d
    where d not in (3, 6)
  )
  insert into public.planned_meals (user_id, meal_id, planned_date, meal_time, servings, status)
  select robin, r.id, today + d.day,
    -- Some day plans have no time yet.
    case when d.day not in (2, 5) then time '19:30' end,
    case when extract(isodow from today + d.day) < 6 then 2 end,
    -- Robin ate out (see the expenses of those days).
    case when d.day in (-4, -13, -18) then 'skipped' else 'planned' end
  from dinners as d
  join recipes as r on r.number = d.number
  union all
  select robin, r.id, b.day, case r.name when 'Overnight oats' then time '07:30' else time '09:30' end, 2, 'planned'
  from generate_series(first_day::timestamp, last_day, '1 day') as s (at)
  cross join lateral (select s.at::date as day, extract(isodow from s.at) as weekday) as b
  join recipes as r on (r.name, b.weekday) in (('Overnight oats', 3), ('Banana pancakes', 6));

  -----------------------------------------------------------------------------
  -- Fitness: the same week over and over, a little more each time
  -----------------------------------------------------------------------------

  insert into public.fitness_workouts (user_id, name, date, start_time, duration_minutes)
  select robin, w.name, s.at::date, time '18:00', w.minutes
  from generate_series(first_day::timestamp, last_day, '1 day') as s (at)
  join (values (1, 'Push', 55), (3, 'Pull', 50), (5, 'Legs', 60)) as w (weekday, name, minutes)
    on w.weekday = extract(isodow from s.at);

  insert into public.fitness_cardio (user_id, activity_type, date, start_time, distance_miles, duration_minutes)
  select robin, c.activity, day, c.start_time, distance, round(distance * c.minutes_per_mile)
  from generate_series(first_day::timestamp, last_day, '1 day') as s (at)
  join (values (2, 'Run', time '07:00', 3.1, 9.5), (6, 'Ride', time '11:00', 15.5, 4.2), (7, 'Long run', null, 6.2, 10))
    as c (weekday, activity, start_time, miles, minutes_per_mile) on c.weekday = extract(isodow from s.at)
  cross join lateral (
    select s.at::date as day, round(c.miles * (1 + (s.at::date - first_day) / 7 * 0.06), 2) as distance) as d;

  insert into public.fitness_sports (user_id, sport, date, start_time, duration_minutes, intensity, notes)
  select robin, 'Tennis', s.at::date, time '17:30', 90, 'high', 'Doubles with Sam, court 3.'
  from generate_series(first_day::timestamp, last_day, '1 day') as s (at)
  where extract(isodow from s.at) = 4;

  insert into public.fitness_stretching (user_id, name, date, start_time, duration_minutes, body_parts)
  select robin, x.name, s.at::date, x.start_time, x.minutes, x.body_parts
  from generate_series(first_day::timestamp, last_day, '1 day') as s (at)
  join (values
    (2, 'Shoulder mobility', null, 10, '{shoulders,chest}'::text[]),
    (7, 'Hips and hamstrings', time '21:00', 25, '{hips,hamstrings,lower back}')
  ) as x (weekday, name, start_time, minutes, body_parts) on x.weekday = extract(isodow from s.at);

  -----------------------------------------------------------------------------
  -- Custom events
  -----------------------------------------------------------------------------

  insert into public.calendar_events (user_id, title, all_day, local_date, local_end_date, start_time, end_time, notes)
  select robin, c.title, c.at is null, c.first_day, c.last_day,
    (c.first_day + c.at) at time zone zone, (c.first_day + c.at + c.length) at time zone zone, c.notes
  from (
    values
      ('Haircut', today - 6, today - 6, time '17:00', interval '45 minutes', null),
      ('Dinner with Sam', today - 4, today - 4, time '20:00', interval '2 hours', 'Table for two, Trattoria Lucia.'),
      ('Dentist', today + 2, today + 2, time '08:45', interval '45 minutes', 'Bring the insurance card.'),
      ('Mum''s birthday', today + 4, today + 4, null, null, 'Call before noon.'),
      ('Trip to Hamburg', today + 8, today + 9, null, null, 'Train 10:38, hotel near the harbour.')
    union all
    -- Mondays, up to next week's.
    select 'Team standup', monday, monday, time '09:30', interval '15 minutes', null
    from generate_series(0, 3) as weeks_ago
    cross join lateral (select today + 8 - extract(isodow from today)::integer - weeks_ago * 7 as monday) as m
  ) as c (title, first_day, last_day, at, length, notes);

  -----------------------------------------------------------------------------
  -- What is over is done; the calendar knows when everything ends
  -----------------------------------------------------------------------------

  update public.planned_meals as p set status = 'cooked'
  from public.calendar_events as e
  where e.source = 'meal' and e.source_id = p.id and e.end_time <= now() and p.user_id = robin and p.status = 'planned';
  update public.fitness_workouts as w set status = 'done'
  from public.calendar_events as e
  where e.source = 'workout' and e.source_id = w.id and e.end_time <= now() and w.user_id = robin;
  update public.fitness_cardio as c set status = 'done', calories_burned = round(c.duration_minutes * 10.5)
  from public.calendar_events as e
  where e.source = 'cardio' and e.source_id = c.id and e.end_time <= now() and c.user_id = robin;
  update public.fitness_sports as s set status = 'done', calories_burned = 640
  from public.calendar_events as e
  where e.source = 'sport' and e.source_id = s.id and e.end_time <= now() and s.user_id = robin;
  update public.fitness_stretching as s set status = 'done'
  from public.calendar_events as e
  where e.source = 'stretching' and e.source_id = s.id and e.end_time <= now() and s.user_id = robin;
  update public.calendar_events set status = 'done'
  where source = 'custom' and end_time <= now() and user_id = robin;

  -- Three sets each (a plank is held, not repeated); done sets are ticked off.
  insert into public.fitness_workout_exercises (user_id, workout_id, name, sets, order_index)
  select robin, w.id, x.name, jsonb_build_array(one.set, one.set, one.set), x.position
  from public.fitness_workouts as w
  join (values
    ('Push', 0, 'Bench press', 8, 60, 2.5, null, 120), ('Push', 1, 'Overhead press', 8, 35, 1.25, null, 120),
    ('Push', 2, 'Incline dumbbell press', 10, 20, 1, null, 90), ('Push', 3, 'Triceps pushdown', 12, 20, 2.5, null, 60),
    ('Pull', 0, 'Deadlift', 5, 90, 5, null, 180), ('Pull', 1, 'Pull-up', 7, null, null, null, 120),
    ('Pull', 2, 'Seated row', 10, 50, 2.5, null, 90), ('Pull', 3, 'Biceps curl', 12, 12, 0.5, null, 60),
    ('Legs', 0, 'Back squat', 6, 75, 5, null, 180), ('Legs', 1, 'Romanian deadlift', 10, 60, 2.5, null, 120),
    ('Legs', 2, 'Walking lunge', 12, 16, 1, null, 90), ('Legs', 3, 'Plank', null, null, null, 60, 45)
  ) as x (workout, position, name, reps, weight, step, seconds, rest) on x.workout = w.name
  cross join lateral (
    select jsonb_strip_nulls(jsonb_build_object(
      'reps', x.reps, 'weight_kg', x.weight + (w.date - first_day) / 7 * x.step, 'duration_seconds', x.seconds,
      'rest_seconds', x.rest, 'done', case w.status when 'done' then true end)) as set
  ) as one
  where w.user_id = robin;

  -----------------------------------------------------------------------------
  -- Sessions: the last workout and the last meal; a session starts active and is then completed
  -----------------------------------------------------------------------------

  insert into public.user_sessions (user_id, session_type, started_at, workout_id, planned_meal_id, data)
  select distinct on (e.source) robin,
    case e.source when 'meal' then 'cooking' else 'workout' end,
    e.start_time,
    case e.source when 'workout' then e.source_id end,
    case e.source when 'meal' then e.source_id end,
    case e.source when 'meal' then '{"step": 4}'::jsonb else '{"exercise": 4, "set": 3}' end
  from public.calendar_events as e
  where e.user_id = robin and e.source in ('meal', 'workout') and e.status = 'done' and not e.all_day
  order by e.source, e.start_time desc;
  update public.user_sessions
  set status = 'completed',
    ended_at = started_at + case session_type when 'cooking' then interval '9 minutes' else interval '47 minutes' end
  where user_id = robin;

  -----------------------------------------------------------------------------
  -- Receipts and expenses
  -----------------------------------------------------------------------------

  -- One receipt confirmed by Robin, who put some of it into the pantry.
  insert into public.receipts (user_id, store, date, amount, subtotal, tax, payment_method, category)
  values (robin, 'Biomarkt', today - 2, 18.80, 17.57, 1.23, 'card', 'Groceries')
  returning id into receipt;
  insert into public.receipt_lines (user_id, receipt_id, position, name, quantity, unit_price, amount, category)
  values
    (robin, receipt, 0, 'Spinach 250 g', 1, 1.99, 1.99, 'Groceries'),
    (robin, receipt, 1, 'Salmon fillets 2 pc', 1, 7.99, 7.99, 'Groceries'),
    (robin, receipt, 2, 'Mushrooms 250 g', 2, 1.79, 3.58, 'Groceries'),
    (robin, receipt, 3, 'Yogurt 500 g', 1, 1.29, 1.29, 'Groceries'),
    (robin, receipt, 4, 'Bananas kg', 0.612, 1.99, 1.22, 'Groceries'),
    (robin, receipt, 5, 'Red peppers 500 g', 1, 2.49, 2.49, 'Groceries'),
    (robin, receipt, 6, 'Dill', 1, 0.99, 0.99, 'Groceries'),
    (robin, receipt, 7, 'Bottle deposit', 3, -0.25, -0.75, 'Groceries');
  perform set_config('request.jwt.claims', jsonb_build_object('sub', robin, 'role', 'authenticated')::text, true);
  perform public.confirm_receipt(receipt, restock => (
    select jsonb_agg(jsonb_build_object('line_id', l.id, 'name', p.name, 'quantity', p.quantity, 'unit', p.unit,
      'expiry_date', today + p.days))
    from public.receipt_lines as l
    join (values (0, 'spinach', 250, 'g', 5), (3, 'yogurt', 500, 'g', 3), (6, 'dill', 1, 'bunch', 3))
      as p (position, name, quantity, unit, days) on p.position = l.position
    where l.receipt_id = receipt));
  perform set_config('request.jwt.claims', '', true);

  insert into public.expenses (user_id, date, name, amount, kind, category, store, payment_method)
  select robin, today - x.days_ago, x.name, x.amount, coalesce(x.kind, 'expense'), x.category, x.store, x.payment
  from (values
    (0, 'Flat white', 3.60, null, 'Coffee', 'Café Morgenrot', 'cash'),
    (1, 'Train to Hamburg', 59.80, null, 'Transport', 'Railway', 'card'),
    (3, 'Coffee and cake', 7.40, null, 'Coffee', 'Café Morgenrot', 'cash'),
    (4, 'Dinner with Sam', 46.50, null, 'Restaurant', 'Trattoria Lucia', 'card'),
    (5, 'Groceries', 52.37, null, 'Groceries', 'Biomarkt', 'card'),
    (6, 'Haircut', 32.00, null, 'Personal care', 'Salon Mira', 'card'),
    (7, 'Ibuprofen and plasters', 11.85, null, 'Pharmacy', 'Linden-Apotheke', 'card'),
    (8, 'Cappuccino', 3.40, null, 'Coffee', 'Café Morgenrot', 'cash'),
    (9, 'Groceries', 38.12, null, 'Groceries', 'Supermarket', 'card'),
    (10, 'Tennis court', 18.00, null, 'Sport', 'Tennis club', 'card'),
    (11, 'Running shoes, returned', 89.95, 'refund', 'Clothing', 'Laufladen', 'card'),
    (12, 'Groceries', 61.04, null, 'Groceries', 'Supermarket', 'card'),
    (13, 'Pizza with colleagues', 21.90, null, 'Restaurant', 'Pizzeria Sole', 'card'),
    (14, 'Mobile phone', 14.99, null, 'Subscriptions', null, 'direct debit'),
    (16, 'Running shoes', 89.95, null, 'Clothing', 'Laufladen', 'card'),
    (17, 'Coffee beans 1 kg', 24.90, null, 'Groceries', 'Rösterei Nord', 'card'),
    (18, 'Ramen', 17.50, null, 'Restaurant', 'Ramen Ya', 'card'),
    (19, 'Groceries', 47.66, null, 'Groceries', 'Supermarket', 'card'),
    (20, 'Monthly travel pass', 63.00, null, 'Transport', 'City transport', 'direct debit'),
    -- Due on the first.
    (extract(day from today)::integer - 1, 'Rent', 940.00, null, 'Housing', null, 'bank transfer')
  ) as x (days_ago, name, amount, kind, category, store, payment);

  -- To be checked by Robin: the total was hard to read.
  insert into public.receipts (user_id, store, date, amount, payment_method, category, extraction)
  values (robin, 'Drogerie Linde', today - 1, 13.35, 'card', 'Personal care',
    '{"source": "ocr", "store": {"value": "Drogerie Linde", "confidence": 0.94, "alternatives": []},
      "total": {"value": "13.35", "confidence": 0.58, "alternatives": ["18.35"]}, "warnings": ["total_uncertain"]}')
  returning id into receipt;
  insert into public.receipt_lines (user_id, receipt_id, position, name, quantity, unit_price, amount, category)
  values
    (robin, receipt, 0, 'Toothpaste', 2, 1.45, 2.90, 'Personal care'),
    (robin, receipt, 1, 'Shampoo', 1, 3.95, 3.95, 'Personal care'),
    (robin, receipt, 2, 'Plasters', 1, 2.25, 2.25, 'Pharmacy'),
    (robin, receipt, 3, 'Sunscreen', 1, 4.25, 4.25, 'Personal care');

  -- What was asked on earlier days.
  insert into public.ai_requests (user_id, kind, source, outcome, latency_ms, input_tokens, output_tokens, created_at)
  values
    (robin, 'meal_suggestions', 'planner', 'ok', 14, 0, 0, now() - interval '9 days'),
    (robin, 'meal_suggestions', 'planner', 'ok', 12, 0, 0, now() - interval '2 days'),
    (robin, 'receipt_extraction', 'ocr', 'ok', 1840, 0, 0, now() - interval '25 hours');
end $$;
