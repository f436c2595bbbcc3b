-- What the tests of Realtime need besides schema.sql: published tables, and topics with different rights.
create table public.posts (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users on delete cascade,
  body text not null,
  amount numeric(10, 2),
  tags text[] not null default '{}',
  extra jsonb,
  big text
);
create table public.announcements (id int primary key, body text, secret text);
create table public.keyless (body text);
create table public.unpublished (id int primary key);
alter table public.posts enable row level security;
create policy all_own on public.posts for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert, update, delete on public.posts to authenticated, service_role;
grant select (id, body) on public.announcements to anon, authenticated;
grant select on public.keyless, public.unpublished to anon;
alter table public.announcements replica identity full;
alter table public.keyless replica identity full;
alter publication supabase_realtime add table public.posts, public.announcements, public.keyless;

create function public.fails() returns boolean
language plpgsql stable security invoker set search_path = ''
as $$
begin
  raise exception 'this policy fails';
end
$$;
create policy select_live on realtime.messages for select to authenticated
  using (
    realtime.topic() in ('members', 'listeners', 'user:' || (select auth.uid())::text)
    or (realtime.topic() = 'broadcast only' and extension = 'broadcast')
    or (realtime.topic() = 'presence only' and extension = 'presence')
    or (realtime.topic() = 'adults' and (auth.jwt() -> 'app_metadata' ->> 'adult')::boolean)
    or (realtime.topic() = 'broken' and public.fails())
  );
create policy insert_live on realtime.messages for insert to authenticated
  with check (
    realtime.topic() in ('members', 'user:' || (select auth.uid())::text)
    or (realtime.topic() = 'broadcast only' and extension = 'broadcast')
  );

create function public.announce_post() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime.broadcast_changes(
    'user:' || coalesce(new.user_id, old.user_id), tg_op, tg_op, tg_table_name, tg_table_schema, new, old
  );
  return null;
end
$$;
revoke execute on function public.announce_post() from public;
create trigger announce_post after insert or update or delete on public.posts
  for each row execute function public.announce_post();
