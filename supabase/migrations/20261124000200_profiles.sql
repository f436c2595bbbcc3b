-- Profiles: one row per account, made by the database when Auth makes the account.

-- Differs from the architecture document in one point: e-mail may be null (phone and some social accounts have none).
create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text unique,
  first_name text,
  last_name text,
  avatar_url text,
  preferences jsonb not null default '{}',
  timezone text not null default 'UTC',
  currency text not null default 'USD',
  unit_system text not null default 'metric',
  week_starts_on smallint not null default 1,
  dietary text[] not null default '{}',
  allergies text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint profiles_first_name_trimmed_max_100
    check (first_name ~ '\S' and first_name !~ '^\s|\s$' and char_length(first_name) <= 100),
  constraint profiles_last_name_trimmed_max_100
    check (last_name ~ '\S' and last_name !~ '^\s|\s$' and char_length(last_name) <= 100),
  constraint profiles_avatar_url_is_a_web_address_max_2048
    check (avatar_url ~* '^https?://\S+$' and char_length(avatar_url) <= 2048),
  constraint profiles_preferences_is_an_object_max_16_kb check (private.is_object(preferences, 16384)),
  constraint profiles_currency_is_iso_4217 check (private.currency_decimals(currency) is not null),
  constraint profiles_unit_system_is_metric_or_imperial check (unit_system in ('metric', 'imperial')),
  constraint profiles_week_starts_on_0_to_6 check (week_starts_on between 0 and 6),
  constraint profiles_dietary_max_20_labels check (private.are_labels(dietary, 20, 50)),
  constraint profiles_allergies_max_50_labels check (private.are_labels(allergies, 50, 50))
);

comment on table public.profiles is
  'A person: settings and what suggestions must respect. Made and removed with the auth.users row; the owner reads '
  'and updates it.';
comment on column public.profiles.email is
  'Follows auth.users.email; change it through Auth. Null for accounts without one, and where another account has it.';
comment on column public.profiles.preferences is 'Settings of the frontend: a JSON object of at most 16 kB.';
comment on column public.profiles.timezone is
  'IANA zone name, as in pg_timezone_names ("Europe/Berlin"). Where the calendar puts wall-clock times; changing it '
  'moves events (see the calendar migration).';
comment on column public.profiles.currency is 'ISO 4217 code; the default currency of new expenses and receipts.';
comment on column public.profiles.unit_system is
  'metric or imperial: how clients show weights and distances. Stored values don''t change (kg, miles).';
comment on column public.profiles.week_starts_on is '0 = Sunday … 6 = Saturday, as JavaScript''s getDay().';
comment on column public.profiles.dietary is 'Diets to respect in suggestions, such as vegetarian.';
comment on column public.profiles.allergies is 'Foods that no suggestion may contain.';

-------------------------------------------------------------------------------
-- Time zone
-------------------------------------------------------------------------------

create function private.is_timezone(name text) returns boolean
language sql stable security invoker set search_path = '' as $$
  -- `at time zone` also takes '+02' (with its sign inverted), abbreviations and POSIX rules: none of them is a zone.
  -- A CASE, so that the server's list of zones, which is slow to read, is read only when it must be.
  select case when name = 'UTC' then true when name is not null then exists (
    select from pg_catalog.pg_timezone_names as z
    where z.name = is_timezone.name and z.name ~ '^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/'
  ) end
$$;
comment on function private.is_timezone(text) is
  'Whether a name is UTC or an Area/City zone of the IANA database that this server knows; null for null.';
grant execute on function private.is_timezone(text) to authenticated, service_role;

create function private.check_timezone() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if not private.is_timezone(new.timezone) then
    raise sqlstate 'PT422' using
      message = format('unknown time zone: %s', private.one_line(new.timezone)),
      detail = 'A time zone is UTC or the name of an IANA zone, spelled exactly.',
      hint = 'Use a name such as "Europe/Berlin"; browsers give it as Intl.DateTimeFormat().resolvedOptions().timeZone.';
  end if;
  return new;
end $$;
comment on function private.check_timezone() is
  'Trigger function: refuses (PT422) a time zone that is no IANA name. A CHECK can''t: it may not read '
  'pg_timezone_names.';

create trigger check_timezone_on_insert before insert on public.profiles for each row
  when (new.timezone <> 'UTC') execute function private.check_timezone();
create trigger check_timezone_on_update before update of timezone on public.profiles for each row
  when (old.timezone is distinct from new.timezone) execute function private.check_timezone();

-------------------------------------------------------------------------------
-- What Auth owns
-------------------------------------------------------------------------------

-- E-mails of profiles are unique, as the architecture document says; Auth lets an SSO account have another's.
create function private.free_email(person uuid, email text) returns text
language sql stable security invoker set search_path = '' as $$
  select case when not exists (select from public.profiles as p where p.email = $2 and p.id <> $1) then $2 end
$$;
comment on function private.free_email(uuid, text) is
  'The e-mail of an account for its profile: null when another profile has it.';

-- Definer: only the owner of auth's grants may read auth.users.
create function private.keep_email() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  if new.email is distinct from (
    select private.free_email(u.id, u.email) from auth.users as u where u.id = new.id) then
    raise sqlstate 'PT409' using
      message = 'the e-mail address belongs to the account',
      detail = 'profiles.email follows auth.users.email.',
      hint = 'Change it through Auth: PUT /auth/v1/user {"email": "…"}.';
  end if;
  return new;
end $$;
comment on function private.keep_email() is
  'Trigger function: profiles.email only ever equals the account''s (else PT409).';
create trigger keep_email before update of email on public.profiles for each row
  when (old.email is distinct from new.email) execute function private.keep_email();

create trigger keep_identity before update on public.profiles for each row
  when (old.id is distinct from new.id) execute function private.keep_identity();
create trigger set_updated_at before update on public.profiles for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();

create function private.clean_name(value text) returns text
language sql immutable security invoker set search_path = '' as $$
  -- Cut between the trims, because a cut can end in a blank.
  select nullif(pg_catalog.regexp_replace(pg_catalog.left(pg_catalog.regexp_replace(value, '^\s+', ''), 100), '\s+$', ''), '')
$$;
comment on function private.clean_name(text) is
  'A name from outside, trimmed and cut to 100 characters; null when nothing is left.';

-- Definer: Auth's role, which writes auth.users, has no rights here.
create function private.create_profile() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  -- What a client or a social provider says of the person; a sign-up must not fail over it, so bad values are left out.
  meta jsonb := coalesce(new.raw_user_meta_data, '{}');
  full_name text := private.clean_name(meta ->> 'full_name');
  avatar_url text := meta ->> 'avatar_url';
begin
  insert into public.profiles (id, email, first_name, last_name, avatar_url, timezone, currency)
  values (
    new.id,
    private.free_email(new.id, new.email),
    private.clean_name(coalesce(meta ->> 'first_name', meta ->> 'given_name', split_part(full_name, ' ', 1))),
    private.clean_name(coalesce(meta ->> 'last_name', meta ->> 'family_name', substr(full_name, strpos(full_name || ' ', ' ')))),
    case when avatar_url ~* '^https?://\S+$' and char_length(avatar_url) <= 2048 then avatar_url end,
    case when private.is_timezone(meta ->> 'timezone') then meta ->> 'timezone' else 'UTC' end,
    case when private.currency_decimals(meta ->> 'currency') is not null then meta ->> 'currency' else 'USD' end
  );
  return new;
end $$;
comment on function private.create_profile() is
  'Trigger function on auth.users: every account gets its profile in the same transaction. Takes names, avatar_url, '
  'timezone and currency from the sign-up''s user metadata where they are valid.';
create trigger create_profile after insert on auth.users for each row execute function private.create_profile();

-- Definer: as above.
create function private.follow_email() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.profiles set email = private.free_email(new.id, new.email) where id = new.id;
  return new;
end $$;
comment on function private.follow_email() is 'Trigger function on auth.users: profiles.email follows the account''s.';
create trigger follow_email after update of email on auth.users for each row
  when (old.email is distinct from new.email) execute function private.follow_email();

-- Accounts that are older than this schema; what they said of themselves at sign-up is left for them to say again.
insert into public.profiles (id, email)
select u.id, case when row_number() over (partition by u.email order by u.created_at, u.id) = 1 then u.email end
from auth.users as u;

-------------------------------------------------------------------------------
-- Access
-------------------------------------------------------------------------------

alter table public.profiles enable row level security;
create policy select_own on public.profiles for select to authenticated using ((select auth.uid()) = id);
create policy update_own on public.profiles for update to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
revoke all on public.profiles from public, anon, authenticated, service_role;
-- Insert and delete aren't granted to people: Auth makes and removes the account, and the profile goes with it.
grant select, update on public.profiles to authenticated;
grant select, update on public.profiles to service_role;
