-- Basic recipes: what the planner suggests to people with few recipes of their own. And the names of common foods, so
-- that "Basmatireis" in a pantry is the "rice" of a recipe.

-------------------------------------------------------------------------------
-- Foods
-------------------------------------------------------------------------------

create function private.food_stems(food text) returns text[]
language sql immutable security invoker set search_path = '' as $$
  select pg_catalog.tsvector_to_array(pg_catalog.ts_delete(
    pg_catalog.to_tsvector('pg_catalog.english', food),
    -- Words (as stems) that say how a food is cut or kept, not what it is.
    array['fresh','can','tin','dri','chop','dice','slice','grate','larg','small','medium','ripe','raw','organ','frozen']
  ))
$$;
comment on function private.food_stems(text) is
  'The stems of a food''s words, sorted, without words such as fresh or chopped: "Fresh tomatoes" → {tomato}.';
grant execute on function private.food_stems(text) to authenticated;

create table private.known_foods (
  words text[] primary key,
  food text not null,
  -- Nobody keeps count of water or salt: neither at home nor missing.
  is_taken_for_granted boolean not null
);
comment on table private.known_foods is
  'Other names of common foods, English and German, by their food_stems. Only what cooks the same: wholemeal pasta is '
  'pasta, coconut milk isn''t milk. Never used for allergies.';
grant select on private.known_foods to authenticated, service_role;

insert into private.known_foods (words, food, is_taken_for_granted)
select distinct on (private.food_stems(n.name))
  private.food_stems(n.name), f.food, f.food in ('water', 'salt', 'black pepper')
from (values
  ('water', 'tap water; hot water; boiling water; cold water; warm water; Wasser; Leitungswasser'),
  ('salt', 'sea salt; table salt; salt flakes; Salz; Meersalz; Jodsalz; salt and pepper; Salz und Pfeffer'),
  ('black pepper', 'ground black pepper; ground pepper; Pfeffer; schwarzer Pfeffer'),
  ('apple', 'apples; Apfel; Äpfel'),
  ('avocado', 'avocados; Avocado; Hass avocado'),
  ('banana', 'bananas; Banane; Bananen'),
  ('bell pepper', 'bell peppers; red pepper; red peppers; green pepper; yellow pepper; sweet pepper; red bell '
    'pepper; green bell pepper; yellow bell pepper; Paprikaschote; Paprikaschoten; rote Paprika; gelbe Paprika; '
    'grüne Paprika; Paprika rot'),
  ('berries', 'mixed berries; berry mix; blueberries; raspberries; strawberries; Beeren; Heidelbeeren; Blaubeeren; '
    'Himbeeren; Erdbeeren; Beerenmischung'),
  ('black beans', 'black turtle beans; schwarze Bohnen'),
  ('bread', 'wholemeal bread; white bread; sourdough; sourdough bread; sliced bread; toast; toast bread; rye bread; '
    'loaf; loaf of bread; Brot; Toastbrot; Vollkornbrot; Weißbrot; Mischbrot; Schwarzbrot; Bauernbrot'),
  ('broccoli', 'Brokkoli; broccoli florets'),
  ('butter', 'salted butter; unsalted butter; Butter; Süßrahmbutter'),
  ('carrot', 'carrots; Karotte; Karotten; Möhre; Möhren; Mohrrüben'),
  ('cheese', 'cheddar; gouda; emmental; edam; grated cheese; sliced cheese; Käse; Reibekäse; Gouda; Emmentaler; '
    'cheddar cheese; Schnittkäse'),
  ('chicken thighs', 'chicken thigh; chicken legs; chicken drumsticks; Hähnchenschenkel; Hähnchenkeulen'),
  ('chickpeas', 'chickpea; garbanzo beans; tinned chickpeas; Kichererbsen'),
  ('chives', 'Schnittlauch'),
  ('cinnamon', 'ground cinnamon; Zimt'),
  ('tomatoes', 'chopped tomatoes; tomato passata; passata; crushed tomatoes; tomato pulp; canned tomatoes; '
    'plum tomatoes; Dosentomaten; gehackte Tomaten; passierte Tomaten; stückige Tomaten; polpa; tomato; '
    'cherry tomatoes; vine tomatoes; Tomate; Tomaten; Cherrytomaten; Kirschtomaten; Rispentomaten'),
  ('coconut milk', 'Kokosmilch; coconut cream'),
  ('corn tortillas', 'corn tortilla; Maistortillas'),
  ('couscous', 'Couscous; wholemeal couscous'),
  ('cucumber', 'cucumbers; Gurke; Salatgurke; Gurken'),
  ('cumin', 'ground cumin; cumin seeds; Kreuzkümmel; Cumin'),
  ('eggs', 'egg; free range eggs; hen eggs; Ei; Eier; Bio-Eier; Freilandeier'),
  ('feta', 'feta cheese; Feta; Schafskäse; Hirtenkäse'),
  ('flour', 'plain flour; white flour; wheat flour; all-purpose flour; Mehl; Weizenmehl'),
  ('garlic', 'garlic cloves; garlic bulb; Knoblauch; Knoblauchzehe; Knoblauchzehen; clove of garlic'),
  ('ginger', 'ginger root; Ingwer'),
  ('honey', 'Honig'),
  ('kidney beans', 'red kidney beans; red beans; Kidneybohnen'),
  ('leek', 'leeks; Lauch; Porree'),
  ('lemon', 'lemons; lemon juice; Zitrone; Zitronen; Zitronensaft'),
  ('lime', 'limes; Limette; Limetten'),
  ('milk', 'whole milk; semi-skimmed milk; skimmed milk; cow''s milk; UHT milk; Milch; Vollmilch; H-Milch; '
    'frische Milch'),
  ('minced beef', 'beef mince; ground beef; mince; Hackfleisch; Rinderhack; Rinderhackfleisch'),
  ('mushrooms', 'mushroom; button mushrooms; chestnut mushrooms; Pilze; Champignons'),
  ('oat drink', 'oat milk; Hafermilch; Haferdrink'),
  ('oil', 'olive oil; rapeseed oil; sunflower oil; vegetable oil; extra virgin olive oil; cooking oil; canola oil; '
    'Öl; Olivenöl; Rapsöl; Sonnenblumenöl; Pflanzenöl; Speiseöl'),
  ('olives', 'black olives; green olives; Oliven; Kalamata olives; schwarze Oliven'),
  ('onion', 'onions; yellow onion; white onion; red onion; red onions; brown onion; Zwiebel; Zwiebeln; rote Zwiebel; '
    'rote Zwiebeln; Gemüsezwiebel'),
  ('orange', 'oranges; Orange; Orangen'),
  ('paprika', 'sweet paprika; paprika powder; smoked paprika; Paprikapulver; Paprika edelsüß'),
  ('parmesan', 'parmesan cheese; grated parmesan; parmigiano reggiano; grana padano; Parmesan'),
  ('pasta', 'penne; fusilli; rigatoni; farfalle; macaroni; spaghetti; linguine; tagliatelle; wholemeal pasta; '
    'wholewheat spaghetti; conchiglie; orecchiette; Nudeln; Pasta; Vollkornnudeln; Spiralnudeln; Bandnudeln'),
  ('pear', 'pears; Birne; Birnen'),
  ('peas', 'frozen peas; garden peas; green peas; Erbsen; TK-Erbsen'),
  ('polenta', 'Polenta; cornmeal; Maisgrieß'),
  ('potatoes', 'potato; new potatoes; baby potatoes; waxy potatoes; floury potatoes; baking potatoes; Kartoffel; '
    'Kartoffeln'),
  ('quark', 'curd cheese; Speisequark; Magerquark; Quark'),
  ('quinoa', 'white quinoa; red quinoa; Quinoa'),
  ('red lentils', 'red lentil; split red lentils; lentils; rote Linsen; Linsen'),
  ('rice', 'basmati rice; jasmine rice; long grain rice; white rice; brown rice; wholegrain rice; parboiled rice; '
    'Reis; Basmatireis; Jasminreis; Langkornreis; Naturreis; Vollkornreis'),
  ('rolled oats', 'oats; porridge oats; oat flakes; oatmeal; jumbo oats; Haferflocken'),
  ('salmon fillets', 'salmon; salmon fillet; Lachs; Lachsfilet; Lachsfilets'),
  ('soy sauce', 'light soy sauce; dark soy sauce; soya sauce; tamari; Sojasauce; Sojasoße'),
  ('spinach', 'baby spinach; leaf spinach; spinach leaves; Spinat; Blattspinat; Babyspinat'),
  ('sunflower seeds', 'Sonnenblumenkerne'),
  ('sweet potatoes', 'sweet potato; Süßkartoffel; Süßkartoffeln'),
  ('tofu', 'firm tofu; Tofu; Naturtofu'),
  ('tuna', 'tinned tuna; canned tuna; tuna in water; tuna in oil; Thunfisch; Thunfisch in Wasser'),
  ('turkey breast', 'turkey; turkey fillet; turkey steak; Pute; Putenbrust; Truthahn; Putenschnitzel'),
  ('turmeric', 'ground turmeric; Kurkuma'),
  ('white beans', 'cannellini beans; haricot beans; navy beans; great northern beans; weiße Bohnen'),
  ('yogurt', 'yoghurt; natural yogurt; plain yogurt; greek yogurt; Joghurt; Naturjoghurt'),
  ('zucchini', 'zucchinis; courgette; courgettes; Zucchini')
) as f (food, names)
cross join lateral string_to_table(f.food || '; ' || f.names, '; ') as n (name)
where private.food_stems(n.name) <> '{}'
order by private.food_stems(n.name), f.food;

-------------------------------------------------------------------------------
-- Recipes
-------------------------------------------------------------------------------

create table private.basic_recipes (
  name text primary key,
  occasion text not null check (occasion in ('breakfast', 'main')),
  prep_time integer not null,
  cook_time integer not null,
  servings integer not null,
  instructions text[] not null,
  ingredients jsonb not null
);
comment on table private.basic_recipes is
  'Simple dishes for two, of what kitchens have, for every diet and without every allergen; ingredients as create_meal '
  'takes them. Salt is in the steps only.';
grant select on private.basic_recipes to authenticated, service_role;

-- Written as in seed.sql: ingredients are "quantity unit food; …", steps "… | …".
with recipes (occasion, name, prep_time, cook_time, ingredients, steps) as (values
  ('main', 'Pasta with tomato sauce', 5, 20,
    '200 g pasta; 400 g chopped tomatoes; 1 piece onion; 1 clove garlic; 2 tbsp olive oil',
    'Soften the chopped onion and garlic in the oil. | Add the tomatoes, season, simmer 12 minutes. | '
      'Boil the pasta in salted water until just firm. | Toss it in the sauce with a splash of its water.'),
  ('main', 'Spaghetti with garlic and oil', 5, 12,
    '200 g spaghetti; 3 clove garlic; 4 tbsp olive oil',
    'Boil the spaghetti in salted water. | Warm the sliced garlic gently in the oil until pale gold. | '
      'Toss everything with a ladle of the cooking water.'),
  ('main', 'Spaghetti bolognese', 10, 35,
    '200 g spaghetti; 250 g minced beef; 400 g chopped tomatoes; 1 piece onion; 1 piece carrot; 1 clove garlic; '
      '1 tbsp olive oil',
    'Brown the beef well in the oil. | Add finely chopped onion, carrot and garlic; cook 5 minutes. | '
      'Add the tomatoes, season, simmer 25 minutes. | Serve over the boiled spaghetti.'),
  ('main', 'Pasta with peas and parmesan', 5, 15,
    '200 g pasta; 200 g peas; 40 g parmesan; 1 piece onion; 1 tbsp olive oil',
    'Soften the chopped onion in the oil. | Boil the pasta; add the peas for the last 3 minutes. | '
      'Drain, keeping a cup of the water. | Toss with onion, parmesan and enough of the water to make it creamy.'),
  ('main', 'Tuna pasta', 5, 15,
    '200 g pasta; 150 g tuna; 400 g chopped tomatoes; 1 piece onion; 50 g olives; 1 tbsp olive oil',
    'Soften the chopped onion in the oil. | Add tomatoes and olives; simmer 10 minutes. | '
      'Boil the pasta. | Warm the tuna through in the sauce and toss with the pasta.'),
  ('main', 'Vegetable omelette', 10, 10,
    '4 piece eggs; 1 piece bell pepper; 1 piece onion; 1 tbsp olive oil',
    'Fry the sliced onion and pepper in the oil until soft. | Pour over the beaten, seasoned eggs. | '
      'Cook gently until set, then fold.'),
  ('main', 'Egg fried rice', 10, 20,
    '150 g rice; 3 piece eggs; 100 g peas; 1 piece carrot; 2 tbsp soy sauce; 1 tbsp oil',
    'Boil the rice and let it cool, or use yesterday''s. | Scramble the eggs in the hot oil and set them aside. | '
      'Fry the diced carrot, then peas and rice. | Fold in the eggs and soy sauce.'),
  ('main', 'Red lentil soup', 10, 25,
    '150 g red lentils; 1 piece onion; 2 piece carrots; 1 tsp cumin; 1 tbsp olive oil; 0.5 piece lemon',
    'Soften the chopped onion and carrots in the oil with the cumin. | Add lentils and 800 ml water; '
      'simmer 20 minutes. | '
      'Blend or leave chunky. | Season, and sharpen with lemon.'),
  ('main', 'Lentil dal with rice', 10, 25,
    '150 g red lentils; 150 g rice; 200 g chopped tomatoes; 1 piece onion; 2 clove garlic; 1 tsp cumin; '
      '1 tsp turmeric; '
      '1 tbsp oil',
    'Boil the rice. | Fry onion, garlic and spices in the oil. | Add lentils, tomatoes and 500 ml water. | '
      'Simmer 20 minutes, season, serve with the rice.'),
  ('main', 'Chickpea curry with rice', 10, 25,
    '240 g chickpeas; 200 ml coconut milk; 200 g chopped tomatoes; 150 g rice; 1 piece onion; 2 clove garlic; '
      '1 tsp cumin; '
      '1 tsp turmeric; 1 tbsp oil',
    'Boil the rice. | Brown the onion and garlic in the oil; stir in the spices. | '
      'Add tomatoes, chickpeas and coconut milk; simmer 15 minutes. | Season and serve with the rice.'),
  ('main', 'Bean chilli with rice', 10, 30,
    '240 g kidney beans; 400 g chopped tomatoes; 1 piece onion; 1 piece bell pepper; 1 tsp cumin; 1 tsp paprika; '
      '150 g rice; 1 tbsp oil',
    'Soften onion and pepper in the oil. | Stir in the spices, then tomatoes and beans. | Simmer 20 minutes; season. | '
      'Serve with boiled rice.'),
  ('main', 'Black bean tacos with avocado', 15, 10,
    '6 piece corn tortillas; 240 g black beans; 1 piece avocado; 1 piece onion; 1 piece lime; 1 tsp cumin; 1 tbsp oil',
    'Slice the onion thinly and steep it in half of the lime juice. | Fry the cumin, add the beans and crush some. | '
      'Warm the corn tortillas in a dry pan. | Fill with beans, avocado and onion; finish with lime.'),
  ('main', 'Sweet potatoes with black beans', 10, 40,
    '2 piece sweet potatoes; 240 g black beans; 1 piece onion; 1 piece lime; 1 tsp paprika; 1 tbsp oil',
    'Halve the sweet potatoes and roast at 200 °C, 35 minutes. | Fry the onion in the oil, add paprika and beans. | '
      'Season with lime and heap onto the potatoes.'),
  ('main', 'Baked potatoes with quark', 5, 55,
    '4 piece potatoes; 250 g quark; 1 bunch chives; 1 tbsp olive oil',
    'Prick the potatoes and bake at 200 °C until soft, 55 minutes. | '
      'Stir quark, chopped chives, oil and salt. | '
      'Split the potatoes and fill them.'),
  ('main', 'Potato and leek soup', 15, 25,
    '500 g potatoes; 2 piece leeks; 1 piece onion; 2 tbsp olive oil',
    'Soften the sliced leeks and onion in the oil. | Add diced potatoes and 800 ml water; simmer 20 minutes. | '
      'Blend half of it, season well.'),
  ('main', 'Fried potatoes with eggs', 10, 25,
    '600 g potatoes; 4 piece eggs; 1 piece onion; 2 tbsp oil',
    'Boil the potatoes, or use cooked ones, and slice them. | Fry them in the oil until crisp; '
      'add the onion halfway. | '
      'Fry the eggs and serve on top.'),
  ('main', 'Spinach and potatoes with fried eggs', 10, 25,
    '500 g potatoes; 300 g spinach; 4 piece eggs; 1 piece onion; 2 tbsp oil',
    'Boil the potatoes. | Soften the onion in half the oil and wilt the spinach in it. | Fry the eggs in the rest. | '
      'Season and serve together.'),
  ('main', 'Roast vegetables with chickpeas', 15, 35,
    '400 g potatoes; 3 piece carrots; 1 piece onion; 240 g chickpeas; 1 tsp paprika; 3 tbsp olive oil',
    'Cut the vegetables into chunks. | Toss with chickpeas, oil, paprika and salt. | '
      'Roast at 210 °C, 35 minutes, turning once.'),
  ('main', 'Vegetable stir-fry with rice', 15, 15,
    '150 g rice; 1 piece bell pepper; 2 piece carrots; 250 g broccoli; 2 clove garlic; 15 g ginger; 3 tbsp soy sauce; '
      '1 tbsp oil',
    'Boil the rice. | Cut the vegetables small and fry them hard in the oil, 6 minutes. | '
      'Add garlic and ginger for a minute, then the soy sauce. | Serve over the rice.'),
  ('main', 'Tofu with broccoli and rice', 10, 20,
    '200 g tofu; 300 g broccoli; 150 g rice; 2 clove garlic; 3 tbsp soy sauce; 2 tbsp oil',
    'Boil the rice. | Fry the dried, cubed tofu in the oil until golden. | Add broccoli and 50 ml water; '
      'cover 5 minutes. | '
      'Add garlic and soy sauce; serve over the rice.'),
  ('main', 'Couscous with vegetables', 10, 15,
    '150 g couscous; 1 piece zucchini; 1 piece bell pepper; 240 g chickpeas; 0.5 piece lemon; 2 tbsp olive oil',
    'Fry the diced vegetables in the oil until brown; add the chickpeas. | '
      'Pour 200 ml boiling water over the couscous. | '
      'Cover 5 minutes, then fluff. | Mix, season with lemon.'),
  ('main', 'Shakshuka', 10, 20,
    '4 piece eggs; 400 g chopped tomatoes; 1 piece bell pepper; 1 piece onion; 1 tsp cumin; 1 tsp paprika; '
      '2 tbsp olive oil',
    'Soften onion and pepper in the oil; add the spices. | Add the tomatoes and simmer until thick. | '
      'Make four wells, crack in the eggs. | Cover and cook 6 minutes.'),
  ('main', 'Tuna and bean salad', 15, 0,
    '150 g tuna; 240 g white beans; 1 piece onion; 200 g tomatoes; 2 tbsp olive oil; 0.5 piece lemon',
    'Slice the onion thinly and salt it. | Mix with beans, tuna and tomatoes. | Dress with oil and lemon; season.'),
  ('main', 'Baked salmon with potatoes', 10, 25,
    '2 piece salmon fillets; 500 g potatoes; 0.5 piece lemon; 2 tbsp olive oil',
    'Boil the potatoes. | Bake the oiled, salted salmon at 200 °C, 12 minutes. | '
      'Crush the potatoes with oil and lemon.'),
  ('main', 'Roast chicken thighs with vegetables', 10, 45,
    '4 piece chicken thighs; 500 g potatoes; 3 piece carrots; 1 piece onion; 1 tsp paprika; 2 tbsp oil',
    'Toss everything with oil, paprika and salt on a tray. | Roast at 200 °C, skin up, 45 minutes. | '
      'It is done when the juices run clear.'),
  ('main', 'One-pot chicken and rice', 10, 35,
    '4 piece chicken thighs; 180 g rice; 2 piece carrots; 1 piece onion; 100 g peas; 1 tsp turmeric; 1 tbsp oil',
    'Brown the chicken in the oil and set it aside. | Soften onion and carrots; stir in turmeric and rice. | '
      'Add 450 ml water, put the chicken back, cover 25 minutes. | Stir in the peas for the last 5.'),
  ('main', 'Turkey and pepper pan with rice', 10, 20,
    '300 g turkey breast; 2 piece bell peppers; 1 piece onion; 150 g rice; 1 tsp paprika; 1 tbsp oil',
    'Boil the rice. | Brown the sliced turkey in the oil and set it aside. | '
      'Fry onion and peppers, add paprika and a splash of water. | Return the turkey for 3 minutes; season.'),
  ('main', 'Mushroom rice', 10, 25,
    '180 g rice; 300 g mushrooms; 1 piece onion; 2 clove garlic; 2 tbsp olive oil; 0.5 piece lemon',
    'Fry the sliced mushrooms hard in the oil, then add onion and garlic. | Stir in the rice and 450 ml water. | '
      'Cover and cook 18 minutes. | Season with lemon and salt.'),
  ('main', 'Polenta with mushrooms', 10, 20,
    '120 g polenta; 300 g mushrooms; 2 clove garlic; 3 tbsp olive oil',
    'Stir the polenta into 600 ml salted boiling water and cook as the packet says. | '
      'Fry the mushrooms hard in the oil; add garlic. | Serve on the polenta.'),
  ('main', 'Quinoa salad with chickpeas', 15, 15,
    '150 g quinoa; 240 g chickpeas; 1 piece cucumber; 200 g tomatoes; 1 piece lemon; 2 tbsp olive oil',
    'Simmer the rinsed quinoa in 300 ml water, 15 minutes. | Let it cool a little. | '
      'Mix with the diced vegetables and chickpeas; dress with oil, lemon and salt.'),
  ('main', 'Greek salad', 15, 0,
    '300 g tomatoes; 1 piece cucumber; 200 g feta; 50 g olives; 1 piece onion; 2 tbsp olive oil',
    'Cut tomatoes and cucumber into chunks, the onion into thin rings. | Add olives and crumbled feta. | '
      'Dress with oil; season.'),
  ('main', 'Cheese toast with tomatoes', 5, 8,
    '4 slice bread; 120 g cheese; 200 g tomatoes',
    'Lay sliced tomatoes and cheese on the bread; season. | Grill until bubbling.'),
  ('main', 'Carrot and ginger soup', 10, 25,
    '500 g carrots; 20 g ginger; 200 ml coconut milk; 1 piece onion; 1 tbsp oil; 1 piece lime',
    'Soften onion and ginger in the oil. | Add carrots and 500 ml water; simmer 20 minutes. | '
      'Blend with the coconut milk; season with lime.'),
  ('main', 'Vegetable soup with white beans', 15, 30,
    '240 g white beans; 2 piece carrots; 300 g potatoes; 1 piece leek; 400 g chopped tomatoes; 2 tbsp olive oil',
    'Soften the diced vegetables in the oil. | Add tomatoes and 700 ml water; simmer 20 minutes. | '
      'Add the beans for 5 minutes; season.'),
  ('breakfast', 'Porridge with apple', 5, 10,
    '80 g rolled oats; 400 ml milk; 1 piece apple; 0.5 tsp cinnamon',
    'Simmer the oats in the milk, stirring, 6 minutes. | Grate in half of the apple. | '
      'Top with the rest and cinnamon.'),
  ('breakfast', 'Overnight oats with banana', 10, 0,
    '100 g rolled oats; 250 ml oat drink; 1 piece banana; 1 tbsp sunflower seeds',
    'Stir oats and oat drink together in the evening. | Leave in the fridge overnight. | Top with banana and seeds.'),
  ('breakfast', 'Scrambled eggs on toast', 5, 5,
    '4 piece eggs; 4 slice bread; 15 g butter',
    'Beat and season the eggs. | Stir them in the foaming butter over low heat until just set. | Serve on toast.'),
  ('breakfast', 'Yogurt with berries and honey', 5, 0,
    '400 g yogurt; 150 g berries; 1 tbsp honey',
    'Divide the yogurt between bowls. | Top with berries and honey.'),
  ('breakfast', 'Banana pancakes', 10, 15,
    '2 piece bananas; 2 piece eggs; 120 g flour; 150 ml milk; 15 g butter',
    'Mash the bananas; whisk in eggs, milk and flour. | Rest the batter for 5 minutes. | '
      'Fry small pancakes in butter, 2 minutes a side.'),
  ('breakfast', 'Warm rice with apple and cinnamon', 5, 20,
    '120 g rice; 200 ml coconut milk; 1 piece apple; 0.5 tsp cinnamon',
    'Simmer the rice in coconut milk and 250 ml water, 18 minutes, stirring now and then. | '
      'Fold in the diced apple and cinnamon.'),
  ('breakfast', 'Fruit salad with sunflower seeds', 10, 0,
    '1 piece apple; 1 piece banana; 2 piece oranges; 2 tbsp sunflower seeds',
    'Brown the seeds in a dry pan. | Cut the fruit and mix it with its juice. | Scatter with the seeds.'),
  ('breakfast', 'Avocado on toast', 10, 0,
    '4 slice bread; 1 piece avocado; 0.5 piece lemon',
    'Toast the bread. | Crush the avocado with lemon and salt. | Spread it thickly.'),
  ('breakfast', 'Fried eggs with tomatoes', 5, 8,
    '4 piece eggs; 250 g tomatoes; 1 tbsp olive oil',
    'Fry the halved tomatoes in the oil, cut side down. | Move them aside and fry the eggs. | Season and serve.'),
  ('breakfast', 'Polenta porridge with pear', 5, 12,
    '80 g polenta; 1 piece pear; 1 tbsp sunflower seeds; 0.5 tsp cinnamon',
    'Stir the polenta into 500 ml boiling water and cook as the packet says. | Grate in half of the pear. | '
      'Top with the rest, seeds and cinnamon.')
)
insert into private.basic_recipes (name, occasion, prep_time, cook_time, servings, instructions, ingredients)
select r.name, r.occasion, r.prep_time, r.cook_time, 2, string_to_array(r.steps, ' | '), i.ingredients
from recipes as r
cross join lateral (
  select jsonb_agg(jsonb_build_object(
    'food_item_name', l.part[3], 'quantity', l.part[1]::numeric, 'unit', l.part[2]) order by l.position) as ingredients
  from (
    select s.position, regexp_match(s.line, '^(\S+) (\S+) (.+)$') as part
    from string_to_table(r.ingredients, '; ') with ordinality as s (line, position)
  ) as l
) as i;
