-- Calendar, back: what a change of a derived event means for its source. What it can't be told is refused before, in
-- the calendar migration, which says how all fits.

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
