-- Calendar: one table of events. An event is custom (the owner made it here) or derived: the projection of a source
-- row, kept by the database in the same transaction as the source. Editing a derived event edits its source.
--
-- How a source gets into the calendar and back, file by file:
--   800 calendar: calendar_events, what clients read and write.
--   810 calendar_sources: what the calendar must show, each source stated once, and the writer of derived events.
--   820 calendar_edits: back, what a change of a derived event means for its source, each source stated once.
--   830 calendar_triggers: locks (one writer per person at a time), the triggers of every source, repair.
-- A further source is its name in the CHECK on source and what its events can't be told in refuse_derived_change (800),
-- one branch in calendar_sources (810), one statement each in write_back and delete_sources (820), and one call of
-- attach_calendar_source (830).
--
-- Differs from the architecture document: every event ends; custom events, sports and stretching are sources, too; a
-- meal's source_id is its plan's (planned_meals), because a recipe is cooked more than once.

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

-- While the writer of derived events writes, life_os.projecting is 'on', and the triggers on calendar_events stand
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
    message = format('events of source %s are made by the database', private.one_line(new.source)),
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
