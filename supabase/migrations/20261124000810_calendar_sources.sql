-- Calendar, forward: what it must show, and the functions that write it. The calendar migration says how all fits.

-------------------------------------------------------------------------------
-- What the calendar must show
-------------------------------------------------------------------------------

create view private.calendar_sources with (security_invoker = true) as
  select 'workout' as source, w.id as source_id, w.user_id, w.name as title,
    w.date as day, w.start_time as wall_time, w.duration_minutes as minutes, w.status
  from public.fitness_workouts as w
union all
  select 'cardio', c.id, c.user_id, c.activity_type, c.date, c.start_time, c.duration_minutes, c.status
  from public.fitness_cardio as c
union all
  select 'sport', s.id, s.user_id, s.sport, s.date, s.start_time, s.duration_minutes, s.status
  from public.fitness_sports as s
union all
  select 'stretching', s.id, s.user_id, s.name, s.date, s.start_time, s.duration_minutes, s.status
  from public.fitness_stretching as s
union all
  select 'meal', p.id, p.user_id, p.meal_name, p.planned_date, p.meal_time,
    nullif(coalesce(m.prep_time, 0) + coalesce(m.cook_time, 0), 0),
    case p.status when 'cooked' then 'done' else 'planned' end
  from public.planned_meals as p
  left join public.meals as m on m.id = p.meal_id
  where p.status <> 'skipped'
union all
  select 'expense', e.id, e.user_id, e.name, e.date, null, null, 'done'
  from public.expenses as e;
comment on view private.calendar_sources is
  'Each source''s projection into the calendar, stated once: title, the owner''s day, wall-clock time (null: all '
  'day), minutes (null: 30), status.';

create view private.calendar_projections with (security_invoker = true) as
select s.source, s.source_id, s.user_id, s.title, span.start_time, span.end_time,
  s.wall_time is null as all_day,
  s.day as local_date,
  case
    when s.wall_time is null then s.day
    else greatest(s.day, ((span.end_time - interval '1 microsecond') at time zone p.timezone)::date)
  end as local_end_date,
  s.status
from private.calendar_sources as s
join public.profiles as p on p.id = s.user_id
-- Gaps and overlaps, when clocks change, as PostgreSQL resolves them: a time in the gap moves on by its length, one in
-- the overlap is the later of the two.
cross join lateral (
  select
    (s.day + coalesce(s.wall_time, time '00:00')) at time zone p.timezone as start_time,
    case
      when s.wall_time is null then (s.day + 1)::timestamp at time zone p.timezone
      else ((s.day + s.wall_time) at time zone p.timezone) + coalesce(s.minutes, 30) * interval '1 minute'
    end as end_time
) as span;
comment on view private.calendar_projections is
  'The derived events that must exist, computed from the sources in their owners'' zones.';

create view private.calendar_mismatches with (security_invoker = true) as
select coalesce(v.source, e.source) as source, coalesce(v.source_id, e.source_id) as source_id,
  coalesce(v.user_id, e.user_id) as user_id,
  case when v.source is null then 'left over' when e.source is null then 'missing' else 'differs' end as problem
from private.calendar_projections as v
full join (select * from public.calendar_events where source <> 'custom') as e
  on e.source = v.source and e.source_id = v.source_id
where (v.user_id, v.title, v.start_time, v.end_time, v.all_day, v.local_date, v.local_end_date, v.status)
  is distinct from
  (e.user_id, e.title, e.start_time, e.end_time, e.all_day, e.local_date, e.local_end_date, e.status);
comment on view private.calendar_mismatches is
  'Where calendar_events is not the projection of its sources: no row, ever.';

-- Definer: reads the source, which a writer of events need not be able to do.
create function private.event_minutes(which text, id uuid) returns integer
language sql volatile security definer set search_path = '' as $$
  select coalesce(s.minutes, 30) from private.calendar_sources as s where s.source = which and s.source_id = id
$$;
comment on function private.event_minutes(text, uuid) is
  'How long a source row says that its event is when it is timed, in minutes.';
grant execute on function private.event_minutes(text, uuid) to authenticated, service_role;

-------------------------------------------------------------------------------
-- The writer of derived events
-------------------------------------------------------------------------------

-- One function per source, made from this template, so that the source is a constant in each: the planner then drops
-- the view's other branches (measured: a third of the time of a single write).
create function private.make_projector(source text) returns void
language plpgsql volatile security invoker set search_path = '' as $make$
begin
  execute format($template$
    -- Definer: the event must follow whatever the writer of the source may do to calendar_events (cascades included).
    create function private.project_%1$s(ids uuid[], fresh boolean default false) returns integer
    language plpgsql volatile security definer set search_path = ''
    -- The array's length varies from 1 to 50,000; a plan made for one of them would be cached for all. Index lookups
    -- from row to row cost the same for each, whatever the statistics say; a hash or a scan is fast only while tables
    -- are small.
    set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off
    set enable_material = off set enable_seqscan = off as $body$
    declare
      shown integer;
      missing uuid[] := ids;
      differing uuid[];
      removed integer := 0;
      added integer := 0;
      written integer := 0;
      -- 'on' when a trigger on calendar_events, fired by a call of this function, writes a source.
      outside constant text := coalesce(current_setting('life_os.projecting', true), '');
    begin
      if not fresh then
        -- Most updates don't touch what the calendar shows; one look tells. Projections are asked for by ids, never by
        -- e.source_id: a branch of calendar_sources with a join or a condition would be read whole, and for each event.
        -- An id that was deleted can come back as another person's row: then the event is deleted, too.
        select count(*) filter (where e.user_id is null or e.user_id = v.user_id),
          array_agg(v.source_id) filter (where e.user_id is distinct from v.user_id),
          array_agg(v.source_id) filter (where e.user_id = v.user_id and
            (e.title, e.start_time, e.end_time, e.all_day, e.local_date, e.local_end_date, e.status)
            is distinct from
            (v.title, v.start_time, v.end_time, v.all_day, v.local_date, v.local_end_date, v.status))
        into shown, missing, differing
        from private.calendar_projections as v
        left join public.calendar_events as e on e.source = %1$L and e.source_id = v.source_id
        where v.source = %1$L and v.source_id = any (ids);

        if shown < cardinality(ids) then
          perform set_config('life_os.projecting', 'on', true);
          delete from public.calendar_events as e
          where e.source = %1$L and e.source_id = any (ids)
            and (e.source_id, e.user_id) not in (
              select v.source_id, v.user_id from private.calendar_projections as v
              where v.source = %1$L and v.source_id = any (ids));
          get diagnostics removed = row_count;
        end if;
      end if;

      -- Two statements, because `on conflict do update` fires the statement triggers of both for either.
      if differing is not null then
        perform set_config('life_os.projecting', 'on', true);
        update public.calendar_events as e
        set title = v.title, start_time = v.start_time, end_time = v.end_time, all_day = v.all_day,
          local_date = v.local_date, local_end_date = v.local_end_date, status = v.status
        -- Apart, and joined by its source: a table without statistics yet would be read for the constant's events.
        from (
          select * from private.calendar_projections as p where p.source = %1$L and p.source_id = any (differing) offset 0
        ) as v
        where e.source = v.source and e.source_id = v.source_id;
        get diagnostics written = row_count;
      end if;
      if missing is not null then
        perform set_config('life_os.projecting', 'on', true);
        insert into public.calendar_events (
          source, source_id, user_id, title, start_time, end_time, all_day, local_date, local_end_date, status)
        select v.source, v.source_id, v.user_id, v.title, v.start_time, v.end_time, v.all_day, v.local_date,
          v.local_end_date, v.status
        from private.calendar_projections as v
        where v.source = %1$L and v.source_id = any (missing)
        on conflict (source, source_id) do nothing;
        get diagnostics added = row_count;
      end if;

      perform set_config('life_os.projecting', outside, true);
      if fresh and added < cardinality(ids) then
        -- A source that isn't shown, or an event that was left over from an earlier row with such an id.
        return added + private.project_%1$s(ids);
      end if;
      return removed + written + added;
    end $body$;
    comment on function private.project_%1$s(uuid[], boolean) is
      'Makes the events of these source rows equal to their projections, also when the rows are gone (fresh: they were '
      'inserted just now, so there is nothing to compare); returns how many events it wrote or removed.';

    -- Definer: may call the projector.
    create function private.sync_%1$s() returns trigger
    language plpgsql volatile security definer set search_path = '' as $body$
    declare
      ids uuid[] := array(select c.id from changed as c);
    begin
      -- Statement triggers also fire for no rows.
      if ids <> '{}' then
        perform private.project_%1$s(ids, tg_op = 'INSERT');
      end if;
      return null;
    end $body$;
    comment on function private.sync_%1$s() is
      'Trigger function: the events of the source rows that a statement wrote (its transition table: changed).';
  $template$, source);
end $make$;
comment on function private.make_projector(text) is
  'For migrations: makes project_<source>, which writes its events, and sync_<source>, which its triggers call.';

-- Definer: may call the projectors.
create function private.project_events(which text, ids uuid[]) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  changed integer;
begin
  execute format('select private.project_%s($1)', which) into changed using ids;
  return changed;
end $$;
comment on function private.project_events(text, uuid[]) is
  'Calls the projector of a source: for what touches several sources at once. Returns how many events changed.';

-- Definer: as above.
create function private.sync_planned_meals() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  ids uuid[] := array(
    select p.id from public.planned_meals as p join changed as m on m.id = p.meal_id and m.user_id = p.user_id);
begin
  if ids <> '{}' then
    perform private.project_events('meal', ids);
  end if;
  return null;
end $$;
comment on function private.sync_planned_meals() is
  'Trigger function on meals: a recipe''s prep and cook time are the length of its planned meals.';

-- Definer: as above.
create function private.project_all_of(person uuid) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  which text;
  ids uuid[];
  changed integer := 0;
begin
  for which, ids in
    select s.source, array_agg(s.source_id)
    from (
      select c.source, c.source_id from private.calendar_sources as c where c.user_id = person
      union
      select e.source, e.source_id from public.calendar_events as e where e.user_id = person and e.source <> 'custom'
    ) as s
    group by s.source
  loop
    changed := changed + private.project_events(which, ids);
  end loop;
  return changed;
end $$;
comment on function private.project_all_of(uuid) is
  'Makes all derived events of a person equal to their projections; returns how many it changed.';

-- Definer: writes events of any source.
create function private.follow_timezone() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.project_all_of(new.id);

  -- Custom events: timed ones keep their instant, all-day ones their days.
  perform set_config('life_os.projecting', 'on', true);
  update public.calendar_events as e
  set local_date = (e.start_time at time zone new.timezone)::date,
    local_end_date = greatest((e.start_time at time zone new.timezone)::date,
      ((e.end_time - interval '1 microsecond') at time zone new.timezone)::date)
  where e.user_id = new.id and e.source = 'custom' and not e.all_day;
  update public.calendar_events as e
  set start_time = e.local_date::timestamp at time zone new.timezone,
    end_time = (e.local_end_date + 1)::timestamp at time zone new.timezone
  where e.user_id = new.id and e.source = 'custom' and e.all_day;
  perform set_config('life_os.projecting', '', true);
  return null;
end $$;
comment on function private.follow_timezone() is
  'Trigger function on profiles: derived events keep their wall time in the new zone; timed custom events keep their '
  'instant, all-day custom events their days.';
