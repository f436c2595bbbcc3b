-- Calendar: one table of events. An event is custom (the owner made it here) or derived: the projection of a source
-- row, kept by the database in the same transaction as the source.
--
-- How a source gets into the calendar, in the order of this file:
--   1. calendar_events, what clients read; its owner writes custom events.
--   2. calendar_sources and calendar_projections: what the calendar must show, each source stated once.
--   3. project_events: the only writer of derived events.
--   4. locks: one writer per person at a time.
--   5. attach_calendar_source: gives a source table its triggers.
-- A further source is one branch in calendar_sources, its name in the CHECK on source, one call in 5.

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
    check (private.is_day(local_date) and private.is_day(local_end_date)),
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

-- Whether the statement at hand is project_events writing what the sources say. It sets this around its own
-- statements only, so nothing that a trigger or a person writes can hide behind it.
create function private.is_projecting() returns boolean
language sql stable security invoker set search_path = '' as $$
  select coalesce(pg_catalog.current_setting('life_os.projecting', true), '') = 'on'
$$;
comment on function private.is_projecting() is 'Whether project_events is writing derived events right now.';
grant execute on function private.is_projecting() to authenticated, service_role;

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
        when old.all_day then new.start_time + interval '30 minutes'
        else new.start_time + (old.end_time - old.start_time)
      end;
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
  'Trigger function for custom events: derives what wasn''t sent (end, days, source_id) from what was, in the '
  'owner''s zone. start_time alone moves, end_time alone resizes, both are kept; the same with local_date and '
  'local_end_date.';

create function private.where_to_edit(source text) returns text
language sql immutable security invoker set search_path = '' as $$
  select case source
    when 'meal' then 'planned_meals (planned_date, meal_time, status)'
    when 'workout' then 'fitness_workouts (name, date, start_time, duration_minutes, status)'
    when 'cardio' then 'fitness_cardio (activity_type, date, start_time, duration_minutes, status)'
    when 'sport' then 'fitness_sports (sport, date, start_time, duration_minutes, status)'
    when 'stretching' then 'fitness_stretching (name, date, start_time, duration_minutes, status)'
    when 'expense' then 'expenses (name, date)'
    else 'its source table'
  end
$$;
comment on function private.where_to_edit(text) is 'The table and columns behind the events of a source, for hints.';
grant execute on function private.where_to_edit(text) to authenticated, service_role;

create function private.refuse_derived_insert() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = format('events of source %s are made by the database', new.source),
    detail = 'They appear with their source row, in the same transaction.',
    hint = format('Insert into %s instead; insert here with source "custom".', private.where_to_edit(new.source));
end $$;
comment on function private.refuse_derived_insert() is
  'Trigger function: refuses (PT409) to insert a derived event by hand.';

create function private.refuse_derived_update() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = format('this event follows its %s', old.source),
    detail = format('Event %s shows source row %s.', old.id, old.source_id),
    hint = format('Update %s with id %s instead.', private.where_to_edit(old.source), old.source_id);
end $$;
comment on function private.refuse_derived_update() is
  'Trigger function: refuses (PT409) to change a derived event by hand.';

create function private.refuse_source_change() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = 'source and source_id of an event never change',
    detail = format('Event %s has source %s.', old.id, old.source),
    hint = 'Leave them out of the update.';
end $$;
comment on function private.refuse_source_change() is 'Trigger function: refuses with PT409.';

-- Definer: it compares with the sources, which a writer of events need not be able to read.
create function private.refuse_derived_delete() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  ids uuid[] := array(select d.source_id from deleted as d where d.source <> 'custom');
  kept record;
begin
  if ids = '{}' then
    return null;
  end if;
  -- Only while the source says that the event exists: when its owner is deleted, the event goes with everything else.
  select v.source, v.source_id into kept
  from private.calendar_projections as v
  where v.source_id = any (ids)
    and exists (select from deleted as d where d.source = v.source and d.source_id = v.source_id)
  limit 1;
  if found then
    raise sqlstate 'PT409' using
      message = format('this event follows its %s', kept.source),
      detail = format('Source row %s still exists.', kept.source_id),
      hint = format('Delete it from %s instead.', split_part(private.where_to_edit(kept.source), ' ', 1));
  end if;
  return null;
end $$;
comment on function private.refuse_derived_delete() is
  'Trigger function: refuses (PT409) to delete a derived event by hand.';

create trigger forget_sent_end before update on public.calendar_events
  for each statement execute function private.note_sent_end('');
create trigger note_sent_end before update of end_time, local_end_date on public.calendar_events
  for each statement execute function private.note_sent_end('on');
create trigger normalise_event_on_insert before insert on public.calendar_events for each row
  when (new.source = 'custom') execute function private.normalise_event();
create trigger normalise_event_on_update before update on public.calendar_events for each row
  when (new.source = 'custom' and old.* is distinct from new.* and not private.is_projecting())
  execute function private.normalise_event();
create trigger refuse_derived_insert before insert on public.calendar_events for each row
  when (new.source <> 'custom' and not private.is_projecting()) execute function private.refuse_derived_insert();
create trigger refuse_derived_update before update on public.calendar_events for each row
  when (old.source <> 'custom' and old.* is distinct from new.* and not private.is_projecting())
  execute function private.refuse_derived_update();
create trigger keep_source before update on public.calendar_events for each row
  when ((old.source, old.source_id) is distinct from (new.source, new.source_id))
  execute function private.refuse_source_change();
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

-------------------------------------------------------------------------------
-- 3. The writer of derived events
-------------------------------------------------------------------------------

-- Definer: the event must follow whatever the writer of the source may do to calendar_events (cascades included).
create function private.project_events(which text, ids uuid[]) returns integer
language plpgsql volatile security definer set search_path = ''
-- The array's length varies from 1 to 50,000; a plan made for one of them would be cached for all. Index lookups from
-- row to row cost the same for each, whatever the statistics say; a hash or a scan is fast only while tables are small.
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_material = off
set enable_seqscan = off as $$
declare
  removed integer;
  written integer;
  -- 'on' when a trigger on calendar_events, fired by a call of this function, writes a source.
  outside constant text := coalesce(current_setting('life_os.projecting', true), '');
begin
  perform set_config('life_os.projecting', 'on', true);

  -- Projections are asked for by ids, never by e.source_id: a branch of calendar_sources with a join or a condition
  -- would be read whole, and for each event.
  delete from public.calendar_events as e
  where e.source = which and e.source_id = any (ids)
    and e.source_id not in (
      select v.source_id from private.calendar_projections as v where v.source = which and v.source_id = any (ids));
  get diagnostics removed = row_count;

  insert into public.calendar_events as e
    (source, source_id, user_id, title, start_time, end_time, all_day, local_date, local_end_date, status)
  select v.source, v.source_id, v.user_id, v.title, v.start_time, v.end_time, v.all_day, v.local_date, v.local_end_date,
    v.status
  from private.calendar_projections as v
  where v.source = which and v.source_id = any (ids)
    -- Left out before the conflict, which would lock and rewrite rows that are already right.
    and not exists (
      select from public.calendar_events as e
      where e.source = v.source and e.source_id = v.source_id
        and (e.title, e.start_time, e.end_time, e.all_day, e.local_date, e.local_end_date, e.status)
          is not distinct from
          (v.title, v.start_time, v.end_time, v.all_day, v.local_date, v.local_end_date, v.status))
  on conflict (source, source_id) do update set
    title = excluded.title,
    start_time = excluded.start_time,
    end_time = excluded.end_time,
    all_day = excluded.all_day,
    local_date = excluded.local_date,
    local_end_date = excluded.local_end_date,
    status = excluded.status;
  get diagnostics written = row_count;

  perform set_config('life_os.projecting', outside, true);
  return removed + written;
end $$;
comment on function private.project_events(text, uuid[]) is
  'Makes the events of these source rows equal to their projections (also when the rows are gone); returns how many '
  'events it wrote or removed.';

-- Definer: may call project_events.
create function private.sync_calendar() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  ids uuid[] := array(select c.id from changed as c);
begin
  -- Statement triggers also fire for no rows.
  if ids <> '{}' then
    perform private.project_events(tg_argv[0], ids);
  end if;
  return null;
end $$;
comment on function private.sync_calendar() is
  'Trigger function: the events of the source rows that a statement wrote. Argument: the source''s name; transition '
  'table: changed.';

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
create function private.follow_timezone() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  source text;
  ids uuid[];
begin
  for source, ids in
    select s.source, array_agg(s.source_id) from private.calendar_sources as s
    where s.user_id = new.id group by s.source
  loop
    perform private.project_events(source, ids);
  end loop;

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
-- 4. Locks
-------------------------------------------------------------------------------

create function private.lock_calendar() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  person uuid := auth.uid();
begin
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
  'Trigger function: one writer per person at a time among sources and events, and none beside a writer who is '
  'nobody in particular (service role, account deletion). Without it, two writers that meet in opposite order '
  'deadlock or miss each other''s rows.';

create trigger a_lock_calendar before insert or update or delete on public.calendar_events
  for each statement execute function private.lock_calendar();
create trigger a_lock_calendar before insert or update or delete on public.meals
  for each statement execute function private.lock_calendar();
create trigger a_lock_calendar before delete or update of timezone on public.profiles
  for each statement execute function private.lock_calendar();
-- Deleting a receipt updates its expenses; it must not hold the receipt while it waits for its turn with them.
create trigger a_lock_calendar before delete on public.receipts
  for each statement execute function private.lock_calendar();

create trigger refuse_derived_delete after delete on public.calendar_events
  referencing old table as deleted for each statement
  when (not private.is_projecting()) execute function private.refuse_derived_delete();
create trigger sync_planned_meals after update on public.meals
  referencing new table as changed for each statement execute function private.sync_planned_meals();
create trigger follow_timezone after update of timezone on public.profiles for each row
  when (old.timezone is distinct from new.timezone) execute function private.follow_timezone();

-------------------------------------------------------------------------------
-- 5. Sources
-------------------------------------------------------------------------------

create function private.attach_calendar_source(source_table regclass, source text) returns void
language plpgsql volatile security invoker set search_path = '' as $$
declare
  event text;
begin
  execute format('create trigger a_lock_calendar before insert or update or delete on %s
    for each statement execute function private.lock_calendar()', source_table);
  -- One trigger per event: a transition table belongs to exactly one.
  foreach event in array array['insert', 'update', 'delete'] loop
    execute format('create trigger sync_calendar_on_%1$s after %1$s on %2$s
      referencing %3$s table as changed for each statement execute function private.sync_calendar(%4$L)',
      event, source_table, case event when 'delete' then 'old' else 'new' end, source);
  end loop;
end $$;
comment on function private.attach_calendar_source(regclass, text) is
  'For migrations: gives a source table its lock and its sync triggers. The table has an id; its rows have a branch '
  'in calendar_sources.';

select private.attach_calendar_source('public.fitness_workouts', 'workout');
select private.attach_calendar_source('public.fitness_cardio', 'cardio');
select private.attach_calendar_source('public.fitness_sports', 'sport');
select private.attach_calendar_source('public.fitness_stretching', 'stretching');
select private.attach_calendar_source('public.planned_meals', 'meal');
select private.attach_calendar_source('public.expenses', 'expense');
