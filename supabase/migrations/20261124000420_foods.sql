-- Foods: what they can carry, how their names are compared, and the tables of what names say. The words themselves
-- are in the next file, food_words; what they mean for a person's allergies and diets in the one after, allergens.

-------------------------------------------------------------------------------
-- What a food can carry
-------------------------------------------------------------------------------

-- Data, not types: further classes are rows. Readable by all, written by migrations only.
create table private.food_classes (
  code text primary key,
  english text not null,
  german text not null,
  is_allergen boolean not null,
  position integer generated always as identity
);
comment on table private.food_classes is
  'What foods can carry: the 14 allergens of Annex II of Regulation (EU) No 1169/2011 (is_allergen, in its order), and '
  'what diets exclude.';
grant select on private.food_classes to authenticated, service_role;

insert into private.food_classes (code, english, german, is_allergen) values
('gluten', 'cereals containing gluten', 'glutenhaltiges Getreide', true),
('crustaceans', 'crustaceans', 'Krebstiere', true),
('eggs', 'eggs', 'Eier', true),
('fish', 'fish', 'Fisch', true),
('peanuts', 'peanuts', 'Erdnüsse', true),
('soybeans', 'soybeans', 'Soja', true),
('milk', 'milk', 'Milch', true),
('tree_nuts', 'tree nuts', 'Schalenfrüchte', true),
('celery', 'celery', 'Sellerie', true),
('mustard', 'mustard', 'Senf', true),
('sesame', 'sesame seeds', 'Sesam', true),
('sulphites', 'sulphur dioxide and sulphites', 'Schwefeldioxid und Sulfite', true),
('lupin', 'lupin', 'Lupinen', true),
('molluscs', 'molluscs', 'Weichtiere', true),
('lactose', 'lactose', 'Laktose', false),
('meat', 'meat', 'Fleisch', false),
('pork', 'pork', 'Schweinefleisch', false),
('beef', 'beef', 'Rindfleisch', false),
('gelatine', 'gelatine', 'Gelatine', false),
('honey', 'honey', 'Honig', false),
('insects', 'insects', 'Insekten', false),
('alcohol', 'alcohol', 'Alkohol', false),
('not_kosher', 'animals that are not kosher', 'nicht koschere Tiere', false);

-------------------------------------------------------------------------------
-- How names are compared
-------------------------------------------------------------------------------

create function private.fold_food(food text) returns text
language plpgsql immutable strict security invoker set search_path = '' as $$
begin
  -- Most names are ASCII, and a planner folds thousands.
  if octet_length(food) = char_length(food) then
    food := lower(food);
  else
    -- Invisible characters and accents first, then letters that have no accent to lose.
    food := regexp_replace(normalize(food, nfkd), '[\u00ad\u0300-\u036f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f'
      '\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0000-\U000e0fff]', '', 'g');
    food := translate(replace(lower(food), 'ß', 'ss'), 'æœøłđıɑ', 'aooldia');
    -- Letters of other scripts that look like Latin ones, small or capital.
    food := translate(food, 'авеѕіјкмнорстухԁһӏαβεζηικμνορτυχ', 'abesijkmhopctyxdhlabezhikmnoptyx');
  end if;
  food := regexp_replace(food, '([aou])e+', '\1', 'g');
  food := regexp_replace(food, '([0-9])([a-z])', '\1 \2', 'g');
  food := regexp_replace(food, '[_.''’`´"“”„‘‚«»‐‑\t]|(?<! )-|-(?! )', ' ', 'g');
  -- What else is neither a letter nor a digit, of any script, parts foods: "soy, milk" isn't soy milk.
  food := regexp_replace(food,
    '[^a-z0-9 \u00c0-\u1fff\u2c00-\u2dff\u3040-\ud7ff\uf900-\ufdff\ufe70-\uffdc\U00020000-\U0003ffff]+', ' | ', 'g');
  return ' ' || btrim(regexp_replace(food, ' +', ' ', 'g'), ' |') || ' ';
end $$;
comment on function private.fold_food(text) is
  'A name as names are compared: lower case, without accents (ä = ae = a, ß = ss), words apart by one space, | where '
  'punctuation parts them, a space at both ends: "Gemahlene Haselnüsse (200 g)" → " gemahlene haselnusse | 200 g ".';
grant execute on function private.fold_food(text) to authenticated, service_role;

create function private.food_stem(word text) returns text
language plpgsql immutable strict security invoker set search_path = '' as $$
begin
  return regexp_replace(
    regexp_replace(btrim(private.fold_food(word)), '(?<=...)(?:ies|y|frei|free)$|(?<=[cs]h|ss|x|o)es$|(?<=...)s$', ''),
    '(?<=....)(?:(?<!chick)en|e|n)$', '');
end $$;
comment on function private.food_stem(text) is
  'What the forms of a word have in common, as far as an ending tells: strawberry, strawberries → strawberr.';
grant execute on function private.food_stem(text) to authenticated, service_role;

-------------------------------------------------------------------------------
-- What words say
-------------------------------------------------------------------------------

create table private.food_terms (
  word text collate "C",
  is_open boolean,
  carries text[] not null,
  lacks text[] not null,
  hides boolean not null,
  head text collate "C" generated always as (substr(word, 1, 3)) stored,
  primary key (word, is_open)
);
comment on table private.food_terms is 'What words and phrases in the name of a food say about it.';
comment on column private.food_terms.word is 'Folded; a space in front: only where a word begins.';
comment on column private.food_terms.is_open is
  'The word may go on ("weizen" in Weizenmehl). Otherwise only an ending may follow (almond, almonds).';
comment on column private.food_terms.carries is 'Codes of food_classes.';
comment on column private.food_terms.lacks is 'What a claim such as vegan says isn''t in the food.';
comment on column private.food_terms.hides is
  'It stands for the words that it is made of: "coconut milk" isn''t milk, and neither is "milk-free".';
create index food_terms_head on private.food_terms (head) include (word, is_open, carries, lacks, hides);
grant select on private.food_terms to authenticated, service_role;

-- An allergy that is none of the classes matches as a word; here is what else such a word means.
create table private.food_synonyms (
  called text[] not null,
  includes text[] not null
);
comment on table private.food_synonyms is
  'Foods that have several names, and groups of foods: whoever avoids something called so avoids what it includes. '
  'Stems; the names include themselves.';
grant select on private.food_synonyms to authenticated, service_role;
