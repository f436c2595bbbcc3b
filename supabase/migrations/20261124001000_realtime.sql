-- Realtime: what the database tells a person's devices. Every message goes to the private topic user:<id>, as
-- {type, data, timestamp, user_id} (Realtime adds id), and only when its transaction commits.
--
-- One message per person, SQL statement, operation and type; none when nothing changed. A statement is one that a
-- client sends, or one inside a trigger. A fault of Realtime never fails a write.

-------------------------------------------------------------------------------
-- Who may use the topic
-------------------------------------------------------------------------------

-- Read by Realtime for probe rows that carry nothing but topic and extension. `drop … if exists`, because
-- `supabase db reset` keeps policies on realtime.messages.
drop policy if exists user_topic_receive on realtime.messages;
create policy user_topic_receive on realtime.messages for select to authenticated
  using (realtime.topic() = 'user:' || (select auth.uid())::text and extension in ('broadcast', 'presence'));
drop policy if exists user_topic_send on realtime.messages;
create policy user_topic_send on realtime.messages for insert to authenticated
  with check (realtime.topic() = 'user:' || (select auth.uid())::text and extension in ('broadcast', 'presence'));

-------------------------------------------------------------------------------
-- Sending
-------------------------------------------------------------------------------

-- In PL/pgSQL, which plans it once, and so that Realtime's limit is in one place.
create function private.message(type text, person uuid, data jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  -- Far below the smallest limit of a hosted plan (256 kB), which counts the envelope, too.
  most_bytes constant integer := 200000;
begin
  return jsonb_build_object('id', gen_random_uuid(), 'type', type,
    'data', case
      when octet_length(data::text) <= most_bytes then data
      else data - 'rows' || jsonb_build_object('ids', null, 'count', jsonb_array_length(data -> 'rows'), 'resync', true)
    end,
    'timestamp', clock_timestamp(), 'user_id', person);
end $$;
comment on function private.message(text, uuid, jsonb) is
  'The payload of a message to a person. Rows too large for Realtime are replaced by {ids: null, count, resync: true}.';

-- Definer: the writer has no right to send to anybody but on their own topic.
--
-- Messages are inserted, not handed to realtime.send, which would do the same with a subtransaction for each person
-- (thousands overflow the server's cache of them; measured for 1,000 people 17.7 ms against 4.1, for one 0.04 ms
-- more). A test holds that the table has the columns.
--
-- Joined by hash, because a plan for one row would be cached for thousands, and `= any (touched)` compares each with
-- each. On, because the writer of derived events, whose statements are told of, turns hash joins off for its own.
create function private.broadcast() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_hashjoin = on set enable_nestloop = off as $$
declare
  most_rows constant integer := 100;
  most_ids constant integer := 1000;
  said jsonb;
  touched uuid[];
begin
  if tg_op = 'UPDATE' then
    -- What changed nothing has kept its stamp.
    touched := array(select c.id from changed as c join previous as p on p.id = c.id where p.updated_at <> c.updated_at);
  else
    touched := array(select c.id from changed as c);
  end if;
  if touched = '{}' then
    return null;
  end if;
  said := jsonb_build_object('operation', tg_op, 'table', tg_table_name);

  begin
    if cardinality(touched) = 1 then
      -- As nearly always, and cheaper without join and groups.
      insert into realtime.messages (topic, extension, event, private, payload)
      select 'user:' || c.user_id, 'broadcast', tg_argv[0], true,
        private.message(tg_argv[0], c.user_id, said || jsonb_build_object('rows', jsonb_build_array(to_jsonb(c))))
      from changed as c where c.id = touched[1];
    else
      insert into realtime.messages (topic, extension, event, private, payload)
      select 'user:' || m.user_id, 'broadcast', tg_argv[0], true, private.message(tg_argv[0], m.user_id, said || case
        when m.rows is not null then jsonb_build_object('rows', m.rows)
        else jsonb_build_object('ids', case when m.count <= most_ids then to_jsonb(m.ids) end,
          'count', m.count, 'resync', true)
      end)
      from (
        select c.user_id, count(*) as count, array_agg(c.id) as ids,
          jsonb_agg(c) filter (where cardinality(touched) <= most_rows) as rows
        from changed as c join unnest(touched) as t (id) on t.id = c.id group by c.user_id
      ) as m;
    end if;
  exception when others then
    raise warning 'messages of type % were not sent: %', tg_argv[0], sqlerrm;
  end;
  return null;
end $$;
comment on function private.broadcast() is
  'Trigger function: tells the owners of the rows that a statement changed. Argument: the type; transition tables: '
  'changed (new rows, of a deletion the old ones) and, of an update, previous.';

create function private.attach_broadcast(source_table regclass, type text) returns void
language plpgsql volatile security invoker set search_path = '' as $$
begin
  execute format('create trigger broadcast_on_insert after insert on %s
    referencing new table as changed for each statement execute function private.broadcast(%L)', source_table, type);
  execute format('create trigger broadcast_on_update after update on %s
    referencing old table as previous new table as changed for each statement
    execute function private.broadcast(%L)', source_table, type);
  execute format('create trigger broadcast_on_delete after delete on %s
    referencing old table as changed for each statement execute function private.broadcast(%L)', source_table, type);
  -- What clients may watch with postgres_changes as well.
  execute format('alter publication supabase_realtime add table %s', source_table);
end $$;
comment on function private.attach_broadcast(regclass, text) is
  'For migrations: tells owners of changes to a table''s rows, and publishes the table. It has id, user_id, '
  'updated_at.';

select private.attach_broadcast('public.calendar_events', 'calendar:update');
select private.attach_broadcast('public.pantry_items', 'pantry:update');
select private.attach_broadcast('public.meals', 'meals:update');
select private.attach_broadcast('public.meal_ingredients', 'meals:update');
select private.attach_broadcast('public.planned_meals', 'meals:update');
select private.attach_broadcast('public.fitness_workouts', 'workouts:update');
select private.attach_broadcast('public.fitness_workout_exercises', 'workouts:update');
select private.attach_broadcast('public.fitness_cardio', 'workouts:update');
select private.attach_broadcast('public.fitness_sports', 'workouts:update');
select private.attach_broadcast('public.fitness_stretching', 'workouts:update');
select private.attach_broadcast('public.expenses', 'expenses:update');
select private.attach_broadcast('public.receipts', 'receipts:update');
select private.attach_broadcast('public.receipt_lines', 'receipts:update');

-- Definer: as broadcast. Row by row, because a row is a person, who is told of it once in a statement. Not when it is
-- made or deleted: nobody listens yet, or any more.
create function private.broadcast_profile() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('user:' || new.id, 'broadcast', tg_argv[0], true, private.message(tg_argv[0], new.id,
    jsonb_build_object('operation', tg_op, 'table', tg_table_name, 'rows', jsonb_build_array(to_jsonb(new)))));
  return null;
exception when others then
  raise warning 'messages of type % were not sent: %', tg_argv[0], sqlerrm;
  return null;
end $$;
comment on function private.broadcast_profile() is
  'Trigger function on profiles: tells a person''s devices of new settings. Argument: the type.';
create trigger broadcast_on_update after update on public.profiles for each row
  when (old.* is distinct from new.*) execute function private.broadcast_profile('profile:update');
alter publication supabase_realtime add table public.profiles;

-------------------------------------------------------------------------------
-- Sessions
-------------------------------------------------------------------------------

create function private.status_of(session public.user_sessions) returns jsonb
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return jsonb_build_object(
    'status', case
      when session.id is null then 'idle'
      when session.status = 'paused' then 'paused'
      when session.session_type = 'cooking' then 'cooking'
      else 'working_out'
    end,
    'session_type', session.session_type, 'session_id', session.id);
end $$;
comment on function private.status_of(public.user_sessions) is
  'What a person with this open session is doing: {status: idle | working_out | cooking | paused, session_type, '
  'session_id}; idle when there is none (null).';

-- Definer: as broadcast. A function of its own, because one table has two types and a status to derive.
create function private.broadcast_sessions() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_hashjoin = on set enable_nestloop = off as $$
declare
  most_rows constant integer := 100;
  most_ids constant integer := 1000;
  said jsonb;
  touched uuid[];
  before jsonb;
begin
  if tg_op = 'UPDATE' then
    touched := array(select c.id from changed as c join previous as p on p.id = c.id where p.updated_at <> c.updated_at);
  else
    touched := array(select c.id from changed as c);
  end if;
  if touched = '{}' then
    return null;
  end if;
  said := jsonb_build_object('operation', tg_op, 'table', tg_table_name);

  -- What each of them was doing: sessions that this statement left alone, and the old rows of the others.
  if tg_op = 'UPDATE' then
    before := (select jsonb_agg(to_jsonb(p) - 'data') from previous as p join unnest(touched) as t (id) on t.id = p.id);
  elsif tg_op = 'DELETE' then
    before := (select jsonb_agg(to_jsonb(c) - 'data') from changed as c);
  end if;

  begin
    insert into realtime.messages (topic, extension, event, private, payload)
    select 'user:' || m.user_id, 'broadcast', m.type, true, private.message(m.type, m.user_id, said || case
      when m.rows is not null then jsonb_build_object('rows', m.rows)
      else jsonb_build_object('ids', case when m.count <= most_ids then to_jsonb(m.ids) end,
        'count', m.count, 'resync', true)
    end)
    from (
      select
        case c.session_type when 'cooking' then 'meal:cooking:update' else 'fitness:session:update' end as type,
        c.user_id, count(*) as count, array_agg(c.id) as ids,
        jsonb_agg(c) filter (where cardinality(touched) <= most_rows) as rows
      from changed as c join unnest(touched) as t (id) on t.id = c.id group by 1, 2
    ) as m;

    with person as (
      select distinct c.user_id as id from changed as c join unnest(touched) as t (id) on t.id = c.id
    ), was as (
      select s.* from jsonb_populate_recordset(null::public.user_sessions, before) as s
      union all
      select u.* from public.user_sessions as u join person on person.id = u.user_id
      where u.status <> 'completed' and not exists (select from unnest(touched) as t (id) where t.id = u.id)
    ), is_now as (
      select u.* from public.user_sessions as u join person on person.id = u.user_id
      where u.status <> 'completed'
    ), status_was as (
      -- With several open, what goes on counts more than what is paused, then what was started last.
      select distinct on (s.user_id) s.user_id, private.status_of(s) as status
      from was as s where s.status <> 'completed' order by s.user_id, s.status, s.started_at desc, s.id
    ), status_is as (
      select distinct on (s.user_id) s.user_id, private.status_of(s) as status
      from is_now as s order by s.user_id, s.status, s.started_at desc, s.id
    )
    insert into realtime.messages (topic, extension, event, private, payload)
    select 'user:' || person.id, 'broadcast', 'user:status:change', true,
      private.message('user:status:change', person.id, coalesce(i.status, idle.status))
    from person
    cross join (values (private.status_of(null))) as idle (status)
    left join status_was as w on w.user_id = person.id
    left join status_is as i on i.user_id = person.id
    where coalesce(w.status, idle.status) <> coalesce(i.status, idle.status);
  exception when others then
    raise warning 'messages of sessions were not sent: %', sqlerrm;
  end;
  return null;
end $$;
comment on function private.broadcast_sessions() is
  'Trigger function on user_sessions: fitness:session:update or meal:cooking:update to its owner, and '
  'user:status:change when what they are doing changed.';

create trigger broadcast_on_insert after insert on public.user_sessions
  referencing new table as changed for each statement execute function private.broadcast_sessions();
create trigger broadcast_on_update after update on public.user_sessions
  referencing old table as previous new table as changed for each statement
  execute function private.broadcast_sessions();
create trigger broadcast_on_delete after delete on public.user_sessions
  referencing old table as changed for each statement execute function private.broadcast_sessions();
alter publication supabase_realtime add table public.user_sessions;
