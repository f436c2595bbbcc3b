-- Whether what people write about allergies and diets is understood. They may write anything; what nobody knows matches
-- as a word at best, and whoever relies on it must be told.

create function public.understood_restrictions(allergies text[] default null, dietary text[] default null)
returns table (kind text, entry text, is_understood boolean, not_understood text[], allergens text[])
language plpgsql stable security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set jit = off as $$
#variable_conflict use_column
declare
  asked_allergies text[] := understood_restrictions.allergies;
  asked_dietary text[] := understood_restrictions.dietary;
  foods text[];
  known_diets text[];
begin
  if asked_allergies is null and asked_dietary is null then
    select p.allergies, p.dietary into asked_allergies, asked_dietary
    from public.profiles as p where p.id = (select auth.uid());
  end if;
  -- As in profiles, which these are for.
  if private.are_labels(asked_allergies, 50, 50) is false or private.are_labels(asked_dietary, 20, 50) is false then
    raise sqlstate 'PT422' using
      message = 'allergies or dietary are out of range',
      detail = 'At most 50 allergies and 20 diets, each a trimmed text of 1–50 characters.',
      hint = 'Send {"allergies": ["nuts"], "dietary": ["vegan"]}, or nothing for those of your profile.';
  end if;

  -- An entry is understood when it leaves out any food that is known: asked of the matching itself, so that the two
  -- never differ.
  foods := array(
    select c.english from private.food_classes as c
    union select k.food from private.known_foods as k
    union select y.called[1] from private.food_synonyms as y);
  known_diets := private.diet_conflicts(asked_dietary, foods);
  return query
  with parts as materialized (
    select a.number, a.entry, btrim(part) as part
    from unnest(asked_allergies) with ordinality as a (entry, number)
    cross join private.allergy_parts(a.entry) as part
    where part ~ '\S'
  ),
  left_out as materialized (
    select f.allergy as part, array_agg(distinct c.code) filter (where c.is_allergen) as codes
    from private.food_conflicts(array(select distinct p.part from parts as p), foods) as f
    left join private.food_classes as c on c.english = f.food
    group by f.allergy
  )
  select 'allergy', p.entry, bool_and(l.part is not null),
    coalesce(array_agg(p.part) filter (where l.part is null), '{}'),
    array(
      select c.code from private.food_classes as c
      where c.code in (
        select unnest(o.codes) from parts as q join left_out as o on o.part = q.part where q.number = p.number)
      order by c.position)
  from parts as p
  left join left_out as l on l.part = p.part
  group by p.number, p.entry
  order by p.number;
  return query
  select 'diet', d.entry, d.entry = any (known_diets),
    case when d.entry = any (known_diets) then '{}' else array[d.entry] end, '{}'::text[]
  from unnest(asked_dietary) with ordinality as d (entry, number)
  order by d.number;
end $$;
comment on function public.understood_restrictions(text[], text[]) is
  'Which allergies and diets are understood, as people write them: the caller''s, or for a form those that are given. '
  'kind: allergy | diet. Not understood is an allergy that is neither one of the allergens nor a food that is known, '
  'such as histamine: only foods with the word in their names are left out; or a diet that leaves out nothing. '
  'not_understood: the parts of the entry that aren''t; allergens: codes of allergens() that an allergy leaves out.';
revoke execute on function public.understood_restrictions(text[], text[]) from public;
grant execute on function public.understood_restrictions(text[], text[]) to authenticated;
