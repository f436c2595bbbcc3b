-- Calendar, attached: the locks, the triggers on every table that the calendar depends on, and repair. The calendar
-- migration says how all fits.

-------------------------------------------------------------------------------
-- Locks
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

-------------------------------------------------------------------------------
-- Sources
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

-- What events depend on beside their sources.
create trigger sync_planned_meals after update on public.meals
  referencing new table as changed for each statement execute function private.sync_planned_meals();
create trigger follow_timezone after update of timezone on public.profiles for each row
  when (old.timezone is distinct from new.timezone) execute function private.follow_timezone();

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
