-- What supautils refuses to `postgres` on a hosted project. It isn't part of plain PostgreSQL, so event
-- triggers refuse the same, and a migration that only a superuser could apply fails here too. Bound to the
-- session user: nothing that `postgres` can set changes that.

create function extensions.fence_managed_schemas()
returns event_trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  command record;
begin
  if session_user <> 'postgres' then
    return;
  end if;
  for command in select * from pg_event_trigger_ddl_commands() loop
    if command.schema_name in ('auth', 'storage', 'realtime')
      and command.object_type not in ('policy', 'trigger')
      and command.command_tag not in ('GRANT', 'REVOKE', 'COMMENT')
    then
      raise exception using
        errcode = '42501',
        message = format('must be owner of %s %s', command.object_type, command.object_identity),
        hint = 'A hosted project refuses this too: the platform manages the schema.';
    end if;
    if command.command_tag = 'ALTER DEFAULT PRIVILEGES' and exists (
      select
      from pg_catalog.pg_default_acl
      where defaclrole in (
        'supabase_admin'::regrole, 'supabase_auth_admin'::regrole,
        'supabase_storage_admin'::regrole, 'supabase_realtime_admin'::regrole
      )
    ) then
      raise exception using
        errcode = '42501',
        message = 'permission denied to change default privileges',
        hint = 'A hosted project refuses this too: the platform manages the role.';
    end if;
  end loop;
end
$$;
create event trigger fence_managed_schemas on ddl_command_end
  execute function extensions.fence_managed_schemas();

create function extensions.fence_managed_drops()
returns event_trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  dropped record;
begin
  if session_user <> 'postgres' then
    return;
  end if;
  for dropped in select * from pg_event_trigger_dropped_objects() loop
    -- `original`: what goes along (the internal trigger of a foreign key to auth.users) is the user's own.
    if dropped.original
      and dropped.schema_name in ('auth', 'storage', 'realtime')
      and dropped.object_type not in ('policy', 'trigger')
    then
      raise exception using
        errcode = '42501',
        message = format('must be owner of %s %s', dropped.object_type, dropped.object_identity),
        hint = 'A hosted project refuses this too: the platform manages the schema.';
    end if;
  end loop;
end
$$;
create event trigger fence_managed_drops on sql_drop execute function extensions.fence_managed_drops();
