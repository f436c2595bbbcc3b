-- Allergens and diets: which foods somebody can't eat, by the words of the two files before. Safety first: when a name
-- leaves it open, the food carries it. A name can't know a recipe or a factory, so whoever shows food says that labels
-- decide.

-- One generic plan for the functions that match: planned for its arguments, each would cost milliseconds a call. And no
-- JIT: the planner takes positions in a name for thousands.

-------------------------------------------------------------------------------
-- What a food carries
-------------------------------------------------------------------------------

create function private.food_matches(foods text[]) returns table (
  number bigint, starts integer, ends integer, is_last boolean, carries text[], lacks text[]
)
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return query
  with found as materialized (
    select f.number, i + starts_with(w.word, ' ')::integer as starts, i + length(w.word) as ends, w.rest, w.carries,
      w.lacks, w.hides
    from unnest(foods) with ordinality as f (food, number)
    cross join lateral private.fold_food(f.food) as folded
    cross join lateral generate_series(1, length(folded) - 2) as i
    cross join lateral (
      select t.*, substr(folded, i + length(t.word)) as rest
      from private.food_terms as t
      where t.head = substr(folded, i, 3) and starts_with(substr(folded, i), t.word)
      -- Keeps this a look into the index for each position: a hash of all words costs milliseconds a call.
      offset 0
    ) as w
    where (w.is_open or w.rest ~ '^(s|es|e|n|en|er|em)? ')
      -- An egg free-range isn't egg-free.
      and not (w.lacks <> '{}' and w.rest ~ '^ (range|roaming)')
  )
  select f.number, f.starts, f.ends, strpos(f.rest, ' ') = length(f.rest), f.carries, f.lacks
  from found as f
  where not exists (
    select from found as longer
    where longer.hides and longer.number = f.number and longer.starts <= f.starts and longer.ends >= f.ends
      and longer.ends - longer.starts > f.ends - f.starts
  );
end $$;
comment on function private.food_matches(text[]) is
  'The words of food_terms in each of some foods (numbered from 1), without those that a longer one hides; is_last: no '
  'word follows.';
grant execute on function private.food_matches(text[]) to authenticated, service_role;

create function private.food_contents(foods text[]) returns table (number bigint, classes text[])
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
declare
  choice text := ' (or|oder|and|und|with|mit|plus|if|falls|wenn|for|fur|instead|statt|bzw|optional\w*|alternativ\w*|not'
    '|nicht) ';
begin
  return query
  with matches as materialized (
    select m.*,
      -- A claim speaks of what follows it, or at the end of a name of what it ends ("vegan butter", "butter, vegan").
      -- Where the name offers a choice or adds something ("butter or vegan butter"), it is trusted with nothing.
      case
        when m.lacks = '{}' then null
        when foods[m.number] ~ '[/;&+]' or private.fold_food(foods[m.number]) ~ choice then null
        when m.is_last then 1
        when foods[m.number] !~ '[,(]' then m.ends
      end as holds_from
    from private.food_matches(foods) as m
  )
  select m.number, array_agg(distinct code)
  from matches as m
  cross join unnest(m.carries) as code
  where not exists (
    select from matches as claim
    where claim.number = m.number and code = any (claim.lacks) and m.starts >= claim.holds_from
  )
  group by m.number;
end $$;
comment on function private.food_contents(text[]) is
  'What each of some foods carries, by its name: codes of food_classes. Foods that carry nothing have no row.';
grant execute on function private.food_contents(text[]) to authenticated, service_role;

-------------------------------------------------------------------------------
-- What somebody can't eat
-------------------------------------------------------------------------------

create function private.name_patterns(name text) returns text[]
language plpgsql stable security invoker set search_path = '' as $$
declare
  words text[] := string_to_array(btrim(private.fold_food(name)), ' ');
  whole text := private.food_stem(name);
begin
  -- "Stone fruit" is one name; of anything else, every word counts.
  if exists (select from private.food_synonyms as y where whole = any (y.called)) then
    words := array[name];
  end if;
  return array(
    -- Short stems only as words of their own: a pea is in no peach.
    select string_agg(case when length(s.stem) < 4 then ' ' || s.stem || '(s|es|e|n|en|er)? ' else s.stem end, '|')
    from (select distinct private.food_stem(word) as stem, word from unnest(words) as word offset 0) as w
    cross join lateral (
      -- The word too: not every last s is a plural's (Mais, Reis).
      values (w.stem), (w.word)
      union
      select unnest(y.includes) from private.food_synonyms as y where w.stem = any (y.called)
    ) as s (stem)
    where w.stem not in (
      '', '|', 'a', 'against', 'all', 'alle', 'allerg', 'allergi', 'allergic', 'allergisch', 'any', 'auf', 'frei', 'free',
      'gegen', 'i', 'ich', 'intoleranc', 'intolerant', 'intoleranz', 'kein', 'no', 'ohne', 'raw', 'roh', 'sever', 'the',
      'to', 'unvertraglichkeit', 'without')
    group by w.word
  );
end $$;
comment on function private.name_patterns(text) is
  'Regular expressions on folded names that all match a food which somebody means who avoids this one: "Erdbeeren" → '
  '{erdbeer|strawberr}.';
grant execute on function private.name_patterns(text) to authenticated, service_role;

create function private.allergy_parts(allergy text) returns setof text
language sql immutable security invoker set search_path = '' as $$
  select part
  from pg_catalog.regexp_split_to_table(allergy, '[,;/&+]|\m(?:and|und|or|oder)\M', 'i') as part
$$;
comment on function private.allergy_parts(text) is 'The allergies in one entry: "Nuts, kiwi" are two.';
grant execute on function private.allergy_parts(text) to authenticated, service_role;

create function private.food_conflicts(allergies text[], foods text[]) returns table (food text, allergy text)
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  if cardinality(allergies) = 0 or cardinality(foods) = 0 then
    return;
  end if;
  return query
  with parts as materialized (
    select row_number() over () as number, a.allergy, part, btrim(private.fold_food(part)) as folded
    from unnest(allergies) as a (allergy)
    cross join private.allergy_parts(a.allergy) as part
  ),
  -- Whoever names a food avoids what it carries: an allergen by any of its foods (cheese is milk, walnut any tree nut),
  -- another class by its name.
  by_class as materialized (
    select p.number, p.allergy,
      -- Without lactase, milk whose sugar is gone is fine.
      case when p.folded ~ 'la[ck]tos' then '{lactose}' else array_agg(c.code) end as classes
    from private.food_matches(array(select q.part from parts as q order by q.number)) as m
    join parts as p using (number)
    cross join unnest(m.carries || m.lacks) as meant
    join private.food_classes as c on c.code = meant
      and (c.is_allergen or p.folded in (btrim(private.fold_food(c.english)), btrim(private.fold_food(c.german))))
    group by p.number, p.allergy, p.folded
  ),
  by_name as materialized (
    select p.allergy, private.name_patterns(p.part) as patterns
    from parts as p
    where p.number not in (select c.number from by_class as c)
  ),
  named as materialized (
    select f.food, private.fold_food(f.food) as folded, c.classes
    from unnest(foods) with ordinality as f (food, number)
    left join private.food_contents(foods) as c using (number)
  )
  select n.food, a.allergy from named as n join by_class as a on a.classes && n.classes
  union
  select n.food, a.allergy
  from named as n
  join by_name as a on a.patterns <> '{}' and not exists (
    select from unnest(a.patterns) as pattern where n.folded !~ pattern
  );
end $$;
comment on function private.food_conflicts(text[], text[]) is
  'Which foods (names of ingredients, of recipes) carry which of the allergies, both as people write them. Asked once '
  'for many foods, it is cheaper than for each recipe.';
grant execute on function private.food_conflicts(text[], text[]) to authenticated, service_role;

create function private.diet_conflicts(dietary text[], foods text[]) returns text[]
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  if cardinality(dietary) = 0 or cardinality(foods) = 0 then
    return '{}';
  end if;
  return array(
    with known as materialized (
      select m.number, array_agg(code) as excluded
      from private.food_matches(dietary) as m
      cross join unnest(m.lacks) as code
      group by m.number
    ),
    carried as materialized (
      select array_agg(code) as classes from private.food_contents(foods) as c cross join unnest(c.classes) as code
    )
    select dietary[k.number]
    from known as k, carried as c
    where k.excluded && c.classes
      -- Kosher: never meat with milk.
      or ('not_kosher' = any (k.excluded) and c.classes @> '{meat,milk}')
    union
    -- "No mushrooms", "zuckerfrei".
    select c.allergy
    from private.food_conflicts(array(
      select d.diet
      from unnest(dietary) with ordinality as d (diet, number)
      where d.diet ~* '^(no|without|ohne|keine?n?)\M|(free|frei)$' and d.number not in (select k.number from known as k)
    ), foods) as c
    order by 1
  );
end $$;
comment on function private.diet_conflicts(text[], text[]) is
  'Those of the diets that the foods of a recipe break, as far as names tell. A diet that no word is known for (low '
  'carb) breaks nothing.';
grant execute on function private.diet_conflicts(text[], text[]) to authenticated, service_role;

-------------------------------------------------------------------------------
-- RPC
-------------------------------------------------------------------------------

create function public.allergens() returns table (code text, english text, german text)
language sql stable security invoker set search_path = '' as $$
  select c.code, c.english, c.german from private.food_classes as c where c.is_allergen order by c.position
$$;
comment on function public.allergens() is
  'The 14 allergens of Annex II of Regulation (EU) No 1169/2011 in its order, for clients that offer them to choose. '
  'profiles.allergies takes any text: these names, foods, or words of the user''s own.';
revoke execute on function public.allergens() from public;
grant execute on function public.allergens() to authenticated, service_role;
