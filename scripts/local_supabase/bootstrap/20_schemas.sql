-- Schemas, extensions and the privileges a new hosted project has.
create schema extensions;
grant usage on schema extensions to postgres, anon, authenticated, service_role, dashboard_user;
grant create on schema extensions to postgres;
create extension pgcrypto with schema extensions;

-- The build has no uuid-ossp; this is the one function of it that schemas commonly use.
create function extensions.uuid_generate_v4()
returns uuid
language sql
volatile
set search_path = ''
as 'select gen_random_uuid()';

grant usage on schema public to postgres, anon, authenticated, service_role;
grant all on schema public to postgres;

-- Owned by supabase_admin: `supabase db reset` drops every schema that `postgres` could own.
create schema auth authorization supabase_admin;
create schema storage authorization supabase_admin;
create schema realtime authorization supabase_admin;
create schema graphql_public authorization supabase_admin;
grant all on schema auth to supabase_auth_admin;
grant all on schema storage to supabase_storage_admin;
grant usage on schema realtime to supabase_realtime_admin;
grant usage on schema auth, storage, realtime, graphql_public to postgres, anon, authenticated, service_role;

-- No default privileges: since 2026 nothing that `postgres` creates in `public` is granted to the API roles.
-- Functions stay executable, through PUBLIC.
