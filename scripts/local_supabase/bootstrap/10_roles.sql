-- The roles of a hosted project. The bootstrap superuser is supabase_admin, as there; `postgres`, which
-- applies migrations, is not a superuser. Every role that logs in has the well-known development password.
create role postgres login password 'postgres' nosuperuser createdb createrole replication bypassrls;
alter database postgres owner to postgres;

create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator login password 'postgres' noinherit;
grant anon, authenticated, service_role to authenticator;

create role supabase_auth_admin login password 'postgres' noinherit createrole;
create role supabase_storage_admin login password 'postgres' noinherit createrole;
create role supabase_realtime_admin nologin noinherit;
create role supabase_read_only_user login password 'postgres' bypassrls;
create role dashboard_user nologin createdb createrole replication;
grant anon, authenticated, service_role to supabase_storage_admin;
grant pg_read_all_data to supabase_read_only_user;

-- With the admin option `postgres` may set parameters on these roles (`alter role authenticator set …`).
grant anon, authenticated, service_role, authenticator to postgres with admin option;
-- A name that no extension has defined is for superusers, unless it is granted.
grant set on parameter
  pgrst.db_aggregates_enabled, pgrst.db_extra_search_path, pgrst.db_max_rows, pgrst.db_plan_enabled,
  pgrst.db_pre_request, pgrst.db_schemas, pgrst.jwt_secret, pgrst.openapi_mode
to postgres;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;

-- Creating a policy needs membership in the table's owner; supautils grants that apart. `set false` keeps
-- `set role` refused; 50_fences.sql refuses what else the membership would allow.
grant supabase_auth_admin, supabase_storage_admin, supabase_realtime_admin to postgres
  with inherit true, set false;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
alter role supabase_storage_admin set search_path = storage;
alter role supabase_realtime_admin set search_path = realtime;
alter role supabase_admin set search_path = "$user", public, auth, extensions;
alter role postgres set search_path = "$user", public, extensions;
