-- Recipe search: by name, ingredients and description; whole words, other forms of them, and beginnings of them.
--
-- One document per recipe, found through its owner: a person's few hundred documents are read and matched. A GIN index
-- isn't used for it: under row level security the planner can't use one (`@@` is not leakproof), and around it, as a
-- definer, it costs every write and pays only beyond some twenty thousand recipes of one person.

create extension if not exists unaccent with schema extensions;

create table private.recipe_documents (
  meal_id uuid primary key references public.meals (id) on delete cascade,
  user_id uuid not null,
  document tsvector not null
);
comment on table private.recipe_documents is
  'What recipe search looks at: derived from meals and meal_ingredients by their triggers.';
comment on column private.recipe_documents.document is
  'Stems (English) and plain words, without accents; weight A: name, B: ingredients, C: description.';
create index idx_recipe_documents_user on private.recipe_documents (user_id);
-- Not exposed and not granted; on, because every table is.
alter table private.recipe_documents enable row level security;
revoke all on private.recipe_documents from public, anon, authenticated, service_role;

create function private.search_words(words text) returns tsvector
language sql stable security invoker set search_path = '' as $$
  -- Both, because stems find other forms of English words, and plain words find beginnings of any language's.
  select pg_catalog.to_tsvector('pg_catalog.english', extensions.unaccent(words))
    || pg_catalog.to_tsvector('pg_catalog.simple', extensions.unaccent(words))
$$;
comment on function private.search_words(text) is 'The words of a text as recipe search knows them.';

-- Definer: documents aren't the writer's to write.
create function private.write_recipe_documents(recipes uuid[]) returns void
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  insert into private.recipe_documents as d (meal_id, user_id, document)
  select m.id, m.user_id,
    setweight(private.search_words(m.name), 'A')
      || setweight(private.search_words(coalesce(i.names, '')), 'B')
      || setweight(private.search_words(coalesce(m.description, '')), 'C')
  from public.meals as m
  left join lateral (
    select string_agg(g.food_item_name, ' . ') as names
    from public.meal_ingredients as g where g.meal_id = m.id and g.user_id = m.user_id
  ) as i on true
  where m.id = any (recipes)
  on conflict (meal_id) do update set document = excluded.document where d.document <> excluded.document;
end $$;
comment on function private.write_recipe_documents(uuid[]) is 'Makes the documents of these recipes anew.';

-- Definers: may call write_recipe_documents.
create function private.document_meals() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  recipes uuid[] := array(select c.id from changed as c);
begin
  if recipes <> '{}' then
    perform private.write_recipe_documents(recipes);
  end if;
  return null;
end $$;
comment on function private.document_meals() is 'Trigger function on meals: their documents follow.';

-- Definer: as above.
create function private.document_ingredients() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  recipes uuid[] := array(select distinct c.meal_id from changed as c);
begin
  if recipes <> '{}' then
    perform private.write_recipe_documents(recipes);
  end if;
  return null;
end $$;
comment on function private.document_ingredients() is
  'Trigger function on meal_ingredients: the documents of their recipes follow.';

create trigger document_meals_on_insert after insert on public.meals
  referencing new table as changed for each statement execute function private.document_meals();
create trigger document_meals_on_update after update on public.meals
  referencing new table as changed for each statement execute function private.document_meals();
create trigger document_ingredients_on_insert after insert on public.meal_ingredients
  referencing new table as changed for each statement execute function private.document_ingredients();
create trigger document_ingredients_on_update after update on public.meal_ingredients
  referencing new table as changed for each statement execute function private.document_ingredients();
create trigger document_ingredients_on_delete after delete on public.meal_ingredients
  referencing old table as changed for each statement execute function private.document_ingredients();

create function private.recipe_query(query text) returns tsquery
language plpgsql stable security invoker set search_path = '' as $$
declare
  word text;
  either tsquery;
  all_words tsquery;
begin
  for word in
    select w from regexp_split_to_table(lower(extensions.unaccent(query)), '[^[:alnum:]]+') as w
    -- Words such as "with" are in too many and too few recipes to ask for.
    where w <> '' and to_tsvector('pg_catalog.english', w) <> ''
    limit 10
  loop
    -- Its stem or the word itself, and what begins with either: "tomatoes" finds "tomato", "toma" finds both.
    either := to_tsquery('pg_catalog.english', word || ':*') || to_tsquery('pg_catalog.simple', word || ':*');
    all_words := coalesce(all_words && either, either);
  end loop;
  return all_words;
end $$;
comment on function private.recipe_query(text) is
  'What a recipe must contain to be found: every word of the query (the first ten). Null when there is none.';

-- Definer: reads documents, of the caller only.
create function private.find_recipes(query text, most integer) returns table (meal_id uuid, rank real)
language plpgsql stable security definer set search_path = '' rows 20 as $$
declare
  wanted tsquery := private.recipe_query(query);
begin
  return query
  select d.meal_id, ts_rank(d.document, wanted)
  from private.recipe_documents as d
  where d.user_id = (select auth.uid()) and d.document @@ wanted
  order by 2 desc, d.meal_id
  limit most;
end $$;
comment on function private.find_recipes(text, integer) is
  'The caller''s best recipes for a query, with their rank (higher is better).';
grant execute on function private.find_recipes(text, integer) to authenticated;

create function public.search_recipes(query text, max_results integer default 50) returns setof public.meals
language plpgsql stable security invoker set search_path = '' rows 20 as $$
begin
  if char_length(query) > 200 or max_results not between 1 and 200 then
    raise sqlstate 'PT422' using
      message = 'the search is out of bounds',
      detail = 'A query has at most 200 characters; max_results is 1–200.',
      hint = 'Shorten the query, or leave max_results out (50).';
  end if;
  return query
  select m.*
  from private.find_recipes(search_recipes.query, max_results) as f
  join public.meals as m on m.id = f.meal_id
  order by f.rank desc, m.name, m.id;
end $$;
comment on function public.search_recipes(text, integer) is
  'The caller''s recipes that contain every word of the query (or begin so) in name, ingredients or description, the '
  'best first: a hit in the name counts more than in an ingredient, that more than in the description. Words match in '
  'any English form and by their beginnings, accents don''t count; words such as "with" are ignored. No words: no '
  'recipes. Embeds and filters as for meals: rpc/search_recipes?select=*,meal_ingredients(*).';
revoke execute on function public.search_recipes(text, integer) from public;
grant execute on function public.search_recipes(text, integer) to authenticated;
