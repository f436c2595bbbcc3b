-- Calendar: one table of events. An event is custom (the owner made it here) or derived: the projection of a source
-- row, kept by the database in the same transaction as the source. Editing a derived event edits its source.
--
-- How a source gets into the calendar and back, in the order of this file:
--   1. calendar_events, what clients read and write.
--   2. calendar_sources and calendar_projections: what the calendar must show, each source stated once.
--   3. Forward: the writer of derived events.
--   4. Back: what a change of a derived event means for its source, each source stated once.
--   5. Locks: one writer per person at a time.
--   6. attach_calendar_source: gives a source table its triggers.
-- A further source is one branch in calendar_sources, one statement in write_back (and one line in delete_sources), one
-- call in 6, and its name in the CHECK on source.

-------------------------------------------------------------------------------
-- 1. Events
-------------------------------------------------------------------------------

create table public.calendar_events (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  start_time timestamptz not null,
  end_time timestamptz not null,
  all_day boolean not null default false,
  local_date date not null,
  local_end_date date not null,
  status text not null default 'planned',
  notes text,
  source text not null default 'custom',
  source_id uuid not null,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint calendar_events_title_not_blank check (title ~ '\S'),
  constraint calendar_events_title_trimmed_max_100 check (title !~ '^\s|\s$' and char_length(title) <= 100),
  constraint calendar_events_ends_after_it_starts check (end_time >= start_time),
  constraint calendar_events_last_day_not_before_the_first check (local_end_date >= local_date),
  constraint calendar_events_max_one_year_long check (local_end_date - local_date <= 366),
  constraint calendar_events_local_date_1900_to_2199
    check (local_date >= '1900-01-01' and local_end_date <= '2199-12-31'),
  constraint calendar_events_several_days_only_when_timed_or_custom
    check (source = 'custom' or not all_day or local_end_date = local_date),
  constraint calendar_events_status_is_planned_or_done check (status in ('planned', 'done')),
  constraint calendar_events_notes_max_5000 check (char_length(notes) <= 5000),
  constraint calendar_events_source_is_known
    check (source in ('custom', 'meal', 'workout', 'cardio', 'sport', 'stretching', 'expense')),
  constraint calendar_events_custom_source_id_is_its_id check (source <> 'custom' or source_id = id),
  constraint calendar_events_source_source_id_key unique (source, source_id)
);
comment on table public.calendar_events is
  'Everything a person has in time. Custom events are written here; events of meals, workouts, cardio, sports, '
  'stretching and expenses follow their source rows.';
comment on column public.calendar_events.start_time is
  'When it starts. All-day events: the start of local_date in the owner''s zone.';
comment on column public.calendar_events.end_time is
  'When it ends (exclusive). All-day events: the end of local_end_date in the owner''s zone. Left out for a custom '
  'event: 30 minutes.';
comment on column public.calendar_events.all_day is
  'All-day events are about days, not instants: local_date and local_end_date are the truth, and stay when the zone '
  'changes.';
comment on column public.calendar_events.local_date is 'The owner''s calendar day on which it starts.';
comment on column public.calendar_events.local_end_date is 'The owner''s calendar day of its last moment (inclusive).';
comment on column public.calendar_events.status is 'planned | done';
comment on column public.calendar_events.notes is 'Custom events only; the notes of a source stay with the source.';
comment on column public.calendar_events.source is 'custom | meal | workout | cardio | sport | stretching | expense';
comment on column public.calendar_events.source_id is
  'Id of the source row (meal: planned_meals); of a custom event, its own id.';

create index idx_calendar_events_user_start on public.calendar_events (user_id, start_time);

-- While the writer of derived events (3) writes, life_os.projecting is 'on', and the triggers on calendar_events stand
-- back. It is set around those statements only, so nothing that a person or another trigger writes can hide behind it.

-- A row trigger sees values, not which columns were sent: who drags the start sends the end as it was.
create function private.note_sent_end() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform set_config('life_os.end_was_sent', tg_argv[0], true);
  return null;
end $$;
comment on function private.note_sent_end() is
  'Trigger function: notes for normalise_event whether the statement sets the end of events. Argument: on, or empty.';

create function private.normalise_event() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  end_was_sent boolean := coalesce(current_setting('life_os.end_was_sent', true), '') = 'on';
  start_was_moved boolean;
  zone text := coalesce((select p.timezone from public.profiles as p where p.id = new.user_id), 'UTC');
  moment constant interval := '1 microsecond';
  -- In seconds: days would be added by the session's clock (Prefer: timezone), which may change on the way.
  length interval := extract(epoch from old.end_time - old.start_time) * interval '1 second';
begin
  if tg_op = 'INSERT' then
    new.source_id := new.id;
    if coalesce(new.start_time, case when new.all_day then new.local_date::timestamptz end) is null then
      raise sqlstate 'PT422' using
        message = 'the event has no start',
        detail = 'A timed event needs start_time; an all-day event needs all_day and local_date.',
        hint = 'Send {"start_time": "2026-11-24T18:00:00+01:00"} or {"all_day": true, "local_date": "2026-11-24"}.';
    end if;
    if new.all_day then
      new.local_date := coalesce(new.local_date, (new.start_time at time zone zone)::date);
      new.local_end_date := coalesce(
        new.local_end_date, greatest(new.local_date, ((new.end_time - moment) at time zone zone)::date));
    else
      new.end_time := coalesce(new.end_time, new.start_time + interval '30 minutes');
    end if;

  elsif new.all_day then
    -- Days rule: a day that was sent, else the day of an instant that was sent; a move without an end keeps the length.
    if new.local_date = old.local_date and new.start_time <> old.start_time then
      new.local_date := (new.start_time at time zone zone)::date;
    end if;
    if new.local_end_date = old.local_end_date then
      new.local_end_date := case
        when new.end_time <> old.end_time
          then greatest(new.local_date, ((new.end_time - moment) at time zone zone)::date)
        -- A derived event that ran past midnight is one day long.
        when new.source <> 'custom' then new.local_date
        when end_was_sent then old.local_end_date
        else new.local_date + (old.local_end_date - old.local_date)
      end;
    end if;

  else
    -- Instants rule: an instant that was sent, else the same wall time on the day that was sent; a move without an end
    -- keeps the length.
    start_was_moved := new.start_time <> old.start_time;
    if new.start_time = old.start_time and new.local_date <> old.local_date then
      new.start_time := ((old.start_time at time zone zone) + (new.local_date - old.local_date) * interval '1 day')
        at time zone zone;
    end if;
    if new.end_time = old.end_time then
      new.end_time := case
        when new.local_end_date <> old.local_end_date and new.local_date = old.local_date
          then ((old.end_time at time zone zone) + (new.local_end_date - old.local_end_date) * interval '1 day')
            at time zone zone
        when start_was_moved and end_was_sent then old.end_time
        when old.all_day and new.source = 'custom' then new.start_time + interval '30 minutes'
        when old.all_day then new.start_time + private.event_minutes(new.source, new.source_id) * interval '1 minute'
        else new.start_time + length
      end;
    end if;
    if new.source <> 'custom' then
      -- A source keeps the wall-clock time, so of the two instants that a clock shows twice the event gets the one that
      -- the source will project (the later), whichever was sent.
      length := extract(epoch from new.end_time - new.start_time) * interval '1 second';
      new.start_time := (new.start_time at time zone zone) at time zone zone;
      new.end_time := new.start_time + length;
    end if;
  end if;

  if new.all_day then
    new.start_time := new.local_date::timestamp at time zone zone;
    new.end_time := (new.local_end_date + 1)::timestamp at time zone zone;
  else
    new.local_date := (new.start_time at time zone zone)::date;
    new.local_end_date := greatest(new.local_date, ((new.end_time - moment) at time zone zone)::date);
  end if;
  return new;
end $$;
comment on function private.normalise_event() is
  'Trigger function: derives what wasn''t sent (end, days, source_id) from what was, in the owner''s zone, so that the '
  'row that a write returns is the row that is stored. start_time alone moves, end_time alone resizes, both are '
  'kept; the same with local_date and local_end_date.';

create function private.refuse_derived_change() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  said text;
  hint text;
begin
  if new.notes is distinct from old.notes then
    said := format('this event follows its %s and has no notes of its own', old.source);
    hint := 'Update the notes of the source row.';
  elsif new.all_day and new.local_end_date <> new.local_date then
    said := format('an all-day event of source %s is one day long', old.source);
    hint := 'Use a custom event for several days.';
  elsif old.source = 'meal' and new.title is distinct from old.title then
    said := 'the title of a meal is its recipe''s name';
    hint := 'Rename the recipe: PATCH meals.';
  elsif old.source = 'meal' and not new.all_day and new.end_time - new.start_time
      <> private.event_minutes('meal', old.source_id) * interval '1 minute' then
    said := 'the length of a meal is its recipe''s prep and cook time';
    hint := 'Change prep_time and cook_time of the recipe: PATCH meals.';
  elsif old.source = 'expense'
      and (new.title, new.status, new.all_day) is distinct from (old.title, old.status, old.all_day) then
    said := 'only the day of an expense can be changed in the calendar';
    hint := 'PATCH expenses for the rest.';
  end if;
  if said is not null then
    raise sqlstate 'PT409' using
      message = said, detail = format('Event %s shows source row %s.', old.id, old.source_id), hint = hint;
  end if;
  if not new.all_day and extract(epoch from new.end_time - new.start_time) % 60 <> 0 then
    raise sqlstate 'PT422' using
      message = format('the length of a %s is whole minutes', old.source),
      detail = format('It would be %s.', new.end_time - new.start_time),
      hint = 'Send an end_time that is whole minutes after start_time.';
  end if;
  return new;
end $$;
comment on function private.refuse_derived_change() is
  'Trigger function: refuses (PT409, PT422) what a derived event can''t be told, because its source has no column for '
  'it.';

create function private.refuse_derived_insert() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = format('events of source %s are made by the database', new.source),
    detail = 'They appear with their source row, in the same transaction.',
    hint = 'Insert the workout, cardio, sport, stretching, planned meal or expense instead; here only source "custom".';
end $$;
comment on function private.refuse_derived_insert() is
  'Trigger function: refuses (PT409) to insert a derived event by hand.';

create function private.refuse_source_change() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = 'source and source_id of an event never change',
    detail = format('Event %s has source %s.', old.id, old.source),
    hint = 'Leave them out of the update.';
end $$;
comment on function private.refuse_source_change() is 'Trigger function: refuses with PT409.';

-- BEFORE ROW triggers fire in the order of their names: identity and source, then the normaliser, then what is refused
-- of the normalised row, then the stamp.
create trigger forget_sent_end before update on public.calendar_events
  for each statement when (current_setting('life_os.projecting', true) is distinct from 'on')
  execute function private.note_sent_end('');
create trigger note_sent_end before update of end_time, local_end_date on public.calendar_events
  for each statement when (current_setting('life_os.projecting', true) is distinct from 'on')
  execute function private.note_sent_end('on');
create trigger normalise_event_on_insert before insert on public.calendar_events for each row
  when (new.source = 'custom') execute function private.normalise_event();
create trigger refuse_derived_insert before insert on public.calendar_events for each row
  when (new.source <> 'custom' and current_setting('life_os.projecting', true) is distinct from 'on')
  execute function private.refuse_derived_insert();
create trigger keep_source before update on public.calendar_events for each row
  when ((old.source, old.source_id) is distinct from (new.source, new.source_id))
  execute function private.refuse_source_change();
create trigger normalise_event_on_update before update on public.calendar_events for each row
  when (old.* is distinct from new.* and current_setting('life_os.projecting', true) is distinct from 'on')
  execute function private.normalise_event();
create trigger refuse_derived_change before update on public.calendar_events for each row
  when (old.source <> 'custom' and old.* is distinct from new.*
    and current_setting('life_os.projecting', true) is distinct from 'on')
  execute function private.refuse_derived_change();
create trigger keep_identity before update on public.calendar_events for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.calendar_events for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.calendar_events enable row level security;
create policy select_own on public.calendar_events for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.calendar_events
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.calendar_events for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.calendar_events for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.calendar_events from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.calendar_events to authenticated;
grant select, insert, update, delete on public.calendar_events to service_role;

-------------------------------------------------------------------------------
-- 2. What the calendar must show
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
-- 3. Forward: the writer of derived events
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
        from private.calendar_projections as v
        where v.source = %1$L and v.source_id = any (differing) and e.source = %1$L and e.source_id = v.source_id;
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

-------------------------------------------------------------------------------
-- 4. Back: what a change of a derived event means for its source
-------------------------------------------------------------------------------

create view private.calendar_edits with (security_invoker = true) as
select e.source, e.source_id, e.title, e.local_date as day,
  case
    when e.all_day then null
    -- An event that wasn't moved says nothing of the time, which clocks may have skipped on that day (02:30 is 03:30).
    when s.day = e.local_date and (s.day + s.wall_time) at time zone p.timezone = e.start_time then s.wall_time
    else (e.start_time at time zone p.timezone)::time
  end as wall_time,
  case when not e.all_day then (extract(epoch from e.end_time - e.start_time) / 60)::integer end as minutes,
  e.status
from public.calendar_events as e
join public.profiles as p on p.id = e.user_id
join private.calendar_sources as s on s.source = e.source and s.source_id = e.source_id and s.user_id = e.user_id
where e.source <> 'custom';
comment on view private.calendar_edits is
  'What derived events say of their sources: calendar_sources, read backwards.';

-- Definer: the edit of an event is an edit of its owner's source row; which columns it may reach is said here.
create function private.write_back() returns trigger
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan as $$
declare
  ids uuid[];
  sources text[];
begin
  select array_agg(c.source_id), array_agg(c.source) into ids, sources
  from changed as c where c.source <> 'custom';
  if ids is null then
    return null;
  end if;

  -- Each statement writes only where the event says something else than its source; the source's own triggers then
  -- project it again, which finds the event as it must be. A length is written when it isn't the one that no length
  -- stands for (30 minutes).
  if 'workout' = any (sources) then
    update public.fitness_workouts as s
    set name = e.title, date = e.day, start_time = e.wall_time, status = e.status,
      duration_minutes = coalesce(nullif(e.minutes, coalesce(s.duration_minutes, 30)), s.duration_minutes)
    from private.calendar_edits as e
    where e.source = 'workout' and e.source_id = any (ids) and s.id = e.source_id
      and ((s.name, s.date, s.start_time, s.status) is distinct from (e.title, e.day, e.wall_time, e.status)
        or coalesce(s.duration_minutes, 30) <> e.minutes);
  end if;
  if 'cardio' = any (sources) then
    update public.fitness_cardio as s
    set activity_type = e.title, date = e.day, start_time = e.wall_time, status = e.status,
      duration_minutes = coalesce(nullif(e.minutes, coalesce(s.duration_minutes, 30)), s.duration_minutes)
    from private.calendar_edits as e
    where e.source = 'cardio' and e.source_id = any (ids) and s.id = e.source_id
      and ((s.activity_type, s.date, s.start_time, s.status) is distinct from (e.title, e.day, e.wall_time, e.status)
        or coalesce(s.duration_minutes, 30) <> e.minutes);
  end if;
  if 'sport' = any (sources) then
    update public.fitness_sports as s
    set sport = e.title, date = e.day, start_time = e.wall_time, status = e.status,
      duration_minutes = coalesce(nullif(e.minutes, coalesce(s.duration_minutes, 30)), s.duration_minutes)
    from private.calendar_edits as e
    where e.source = 'sport' and e.source_id = any (ids) and s.id = e.source_id
      and ((s.sport, s.date, s.start_time, s.status) is distinct from (e.title, e.day, e.wall_time, e.status)
        or coalesce(s.duration_minutes, 30) <> e.minutes);
  end if;
  if 'stretching' = any (sources) then
    update public.fitness_stretching as s
    set name = e.title, date = e.day, start_time = e.wall_time, status = e.status,
      duration_minutes = coalesce(nullif(e.minutes, coalesce(s.duration_minutes, 30)), s.duration_minutes)
    from private.calendar_edits as e
    where e.source = 'stretching' and e.source_id = any (ids) and s.id = e.source_id
      and ((s.name, s.date, s.start_time, s.status) is distinct from (e.title, e.day, e.wall_time, e.status)
        or coalesce(s.duration_minutes, 30) <> e.minutes);
  end if;
  if 'meal' = any (sources) then
    update public.planned_meals as s
    set planned_date = e.day, meal_time = e.wall_time,
      status = case e.status when 'done' then 'cooked' else 'planned' end
    from private.calendar_edits as e
    where e.source = 'meal' and e.source_id = any (ids) and s.id = e.source_id
      and (s.planned_date, s.meal_time, s.status = 'cooked') is distinct from (e.day, e.wall_time, e.status = 'done');
  end if;
  if 'expense' = any (sources) then
    update public.expenses as s
    set date = e.day
    from private.calendar_edits as e
    where e.source = 'expense' and e.source_id = any (ids) and s.id = e.source_id and s.date <> e.day;
  end if;
  return null;
end $$;
comment on function private.write_back() is
  'Trigger function on calendar_events: what an update said of derived events goes to their source rows.';

-- Definer: as above.
create function private.delete_sources() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  ids uuid[];
  history record;
begin
  ids := array(select d.source_id from deleted as d where d.source <> 'custom');
  if ids = '{}' then
    return null;
  end if;
  -- Only while the source says that the event exists: when its owner is deleted, everything goes.
  select v.source, v.source_id into history
  from private.calendar_projections as v
  where v.source_id = any (ids) and exists (
    select from deleted as d where d.source = v.source and d.source_id = v.source_id and d.status = 'done')
  limit 1;
  if found then
    raise sqlstate 'PT409' using
      message = case history.source
        when 'expense' then 'an expense can''t be deleted in the calendar'
        when 'meal' then 'a cooked meal can''t be unplanned'
        else format('a %s that is done can''t be deleted in the calendar', history.source)
      end,
      detail = format('Source row %s is history.', history.source_id),
      hint = case history.source
        when 'expense' then 'Delete it in expenses.'
        else 'Set its status to planned first, or delete the source row.'
      end;
  end if;

  -- Each source by its own events: people choose ids, and rows of two tables may share one.
  delete from public.fitness_workouts
  where id = any (array(select d.source_id from deleted as d where d.source = 'workout'));
  delete from public.fitness_cardio
  where id = any (array(select d.source_id from deleted as d where d.source = 'cardio'));
  delete from public.fitness_sports
  where id = any (array(select d.source_id from deleted as d where d.source = 'sport'));
  delete from public.fitness_stretching
  where id = any (array(select d.source_id from deleted as d where d.source = 'stretching'));
  delete from public.planned_meals
  where id = any (array(select d.source_id from deleted as d where d.source = 'meal'));
  return null;
end $$;
comment on function private.delete_sources() is
  'Trigger function on calendar_events: deleting a planned derived event deletes its source row; one that is done, and '
  'an expense, are refused (PT409).';

create trigger write_back after update on public.calendar_events
  referencing new table as changed for each statement
  when (current_setting('life_os.projecting', true) is distinct from 'on') execute function private.write_back();
create trigger delete_sources after delete on public.calendar_events
  referencing old table as deleted for each statement
  when (current_setting('life_os.projecting', true) is distinct from 'on') execute function private.delete_sources();

-------------------------------------------------------------------------------
-- 5. Locks
-------------------------------------------------------------------------------

create function private.lock_calendar() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  person uuid := auth.uid();
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise sqlstate 'PT409' using
      message = 'the calendar is written at isolation level read committed',
      detail = 'A snapshot from before the lock would hide what others have committed since.',
      hint = 'Begin the transaction without an isolation level.';
  end if;
  -- Two-key advisory locks: 7206 is the calendar; 0 everybody, otherwise the person.
  if person is null then
    perform pg_advisory_xact_lock(7206, 0);
  else
    perform pg_advisory_xact_lock_shared(7206, 0);
    perform pg_advisory_xact_lock(7206, hashtext(person::text));
  end if;
  return null;
end $$;
comment on function private.lock_calendar() is
  'Trigger function: until the end of the transaction, one writer per person at a time among sources and events, and '
  'none beside a writer who is nobody in particular (service role, account deletion). Without it, two writers that '
  'meet in opposite order deadlock or miss each other''s rows.';

create trigger a_lock_calendar before insert or update or delete on public.calendar_events
  for each statement
  -- The projectors' statements come after a source's, which took it.
  when (current_setting('life_os.projecting', true) is distinct from 'on') execute function private.lock_calendar();
create trigger a_lock_calendar before insert or update or delete on public.meals
  for each statement execute function private.lock_calendar();
create trigger a_lock_calendar before delete or update of timezone on public.profiles
  for each statement execute function private.lock_calendar();
-- Confirming, reopening and deleting a receipt write expenses; who writes a receipt or its lines must not hold them
-- while it waits for its turn with those.
create trigger a_lock_calendar before insert or update or delete on public.receipts
  for each statement execute function private.lock_calendar();
create trigger a_lock_calendar before insert or update or delete on public.receipt_lines
  for each statement execute function private.lock_calendar();
-- Likewise, completing a session writes sources; and two devices that pause all sessions meet in any order.
create trigger a_lock_calendar before insert or update or delete on public.user_sessions
  for each statement execute function private.lock_calendar();

create trigger sync_planned_meals after update on public.meals
  referencing new table as changed for each statement execute function private.sync_planned_meals();
create trigger follow_timezone after update of timezone on public.profiles for each row
  when (old.timezone is distinct from new.timezone) execute function private.follow_timezone();

-------------------------------------------------------------------------------
-- 6. Sources
-------------------------------------------------------------------------------

create function private.attach_calendar_source(source_table regclass, source text) returns void
language plpgsql volatile security invoker set search_path = '' as $$
declare
  event text;
begin
  perform private.make_projector(source);
  execute format('create trigger a_lock_calendar before insert or update or delete on %s
    for each statement execute function private.lock_calendar()', source_table);
  -- One trigger per event: a transition table belongs to exactly one.
  foreach event in array array['insert', 'update', 'delete'] loop
    execute format('create trigger sync_calendar_on_%1$s after %1$s on %2$s
      referencing %3$s table as changed for each statement execute function private.sync_%4$s()',
      event, source_table, case event when 'delete' then 'old' else 'new' end, source);
  end loop;
end $$;
comment on function private.attach_calendar_source(regclass, text) is
  'For migrations: gives a source table its lock, its projector and its sync triggers. The table has an id; its rows '
  'have a branch in calendar_sources.';

select private.attach_calendar_source('public.fitness_workouts', 'workout');
select private.attach_calendar_source('public.fitness_cardio', 'cardio');
select private.attach_calendar_source('public.fitness_sports', 'sport');
select private.attach_calendar_source('public.fitness_stretching', 'stretching');
select private.attach_calendar_source('public.planned_meals', 'meal');
select private.attach_calendar_source('public.expenses', 'expense');

-------------------------------------------------------------------------------
-- Repair
-------------------------------------------------------------------------------

-- Definer: rebuilds events of any source; whose, is said by the token.
create function private.repair_derived_events() returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  person uuid;
  changed integer := 0;
begin
  -- A statement that writes nothing takes the lock all the same.
  delete from public.calendar_events where false;
  for person in select p.id from public.profiles as p where auth.uid() is null or p.id = auth.uid() loop
    changed := changed + private.project_all_of(person);
  end loop;
  return changed;
end $$;
comment on function private.repair_derived_events() is 'Behind public.repair_calendar(), which says what it does.';
grant execute on function private.repair_derived_events() to authenticated, service_role;

create function public.repair_calendar() returns integer
language sql volatile security invoker set search_path = '' as $$
  select private.repair_derived_events()
$$;
comment on function public.repair_calendar() is
  'Rebuilds the caller''s derived events from their sources (the service role: everybody''s) and returns how many '
  'events it had to change: 0, unless somebody went around the database''s triggers.';
revoke execute on function public.repair_calendar() from public;
grant execute on function public.repair_calendar() to authenticated, service_role;
