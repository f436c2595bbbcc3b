-- A small schema that touches every service, for tests of the stack itself.
create extension pg_trgm with schema extensions;
create table public.profiles (
  id uuid primary key references auth.users on delete cascade,
  email text
);
create table public.notes (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null,
  amount numeric(10, 2),
  tags text[] not null default '{}',
  extra jsonb
);
create index notes_body_idx on public.notes using gin (body extensions.gin_trgm_ops);
create table public.ungranted (id int primary key);

alter table public.profiles enable row level security;
alter table public.notes enable row level security;
create policy select_own on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy all_own on public.notes for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select on public.profiles to authenticated, service_role;
grant select, insert, update, delete on public.notes to authenticated;

create function public.add_profile() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.raw_user_meta_data ? 'refuse' then
    raise exception 'refused by the schema' using errcode = new.raw_user_meta_data ->> 'refuse';
  end if;
  insert into public.profiles (id, email) values (new.id, new.email);
  return new;
end
$$;
revoke execute on function public.add_profile() from public;
create trigger add_profile after insert on auth.users for each row execute function public.add_profile();

create function public.whoami() returns jsonb
language sql stable security invoker set search_path = ''
as $$
  select jsonb_build_object('uid', auth.uid(), 'role', auth.role(), 'email', auth.email(), 'db', current_user)
$$;
create function public.statement_timeout() returns text
language sql stable security invoker set search_path = ''
as $$
  select current_setting('statement_timeout')
$$;
create function public.send(topic text) returns void
language sql volatile security invoker set search_path = ''
as $$
  select realtime.send('{"n": 1}', 'hello', topic, true)
$$;

create policy insert_room on realtime.messages for insert to authenticated
  with check (realtime.topic() = 'room' and extension = 'broadcast');

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values
  ('files', 'files', false, 1000, null),
  ('pictures', 'pictures', true, null, array['image/*']);
create policy own_folder on storage.objects for all to authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.uid())::text)
  with check (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.uid())::text);
create policy insert_pictures on storage.objects for insert to authenticated with check (bucket_id = 'pictures');
