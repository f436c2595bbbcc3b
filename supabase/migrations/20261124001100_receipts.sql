-- Receipts: from an image to an expense, and back. The tables are in the finances migration; what may happen to them is
-- in three files:
--   receipts (here)     names: what the owner calls in the pantry what a store prints; rules: what a receipt's status
--                       allows, and that its row stays as long as its file; and what the other two share
--   receipts_reading    start_receipt, claim_receipt, finish_receipt, fail_receipt, receipt_context
--   receipts_booking    confirm_receipt, reopen_receipt, delete_receipt
--
--   start_receipt → processing → finish_receipt → draft → confirm_receipt → confirmed → reopen_receipt → draft
--                              → fail_receipt → failed → claim_receipt → processing
--
-- Whatever writes a receipt or its lines takes the calendar lock first (see the calendar migration), so of two writers
-- of one person the second sees what the first has done.

-------------------------------------------------------------------------------
-- Names
-------------------------------------------------------------------------------

create table public.receipt_item_names (
  id uuid primary key default gen_random_uuid(),
  printed_name text not null,
  pantry_name text not null,
  pantry_quantity numeric,
  pantry_unit text not null,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint receipt_item_names_printed_name_not_blank check (printed_name ~ '\S'),
  constraint receipt_item_names_printed_name_trimmed_max_100
    check (printed_name !~ '^\s|\s$' and char_length(printed_name) <= 100),
  constraint receipt_item_names_printed_name_in_lower_case check (printed_name = lower(printed_name)),
  constraint receipt_item_names_pantry_name_not_blank check (pantry_name ~ '\S'),
  constraint receipt_item_names_pantry_name_trimmed_max_100
    check (pantry_name !~ '^\s|\s$' and char_length(pantry_name) <= 100),
  constraint receipt_item_names_pantry_quantity_above_0 check (pantry_quantity > 0),
  constraint receipt_item_names_pantry_quantity_max_9999999_with_3_decimals
    check (private.is_quantity(pantry_quantity)),
  constraint receipt_item_names_pantry_unit_not_blank check (pantry_unit ~ '\S'),
  constraint receipt_item_names_pantry_unit_trimmed_max_20
    check (pantry_unit !~ '^\s|\s$' and char_length(pantry_unit) <= 20),
  constraint receipt_item_names_user_id_printed_name_key unique (user_id, printed_name)
);
comment on table public.receipt_item_names is
  'What a person called in the pantry what a receipt prints: "mlk 2l" is 2 l of milk. confirm_receipt learns it, later '
  'receipts get it as a suggestion (receipt_lines.pantry_name).';
comment on column public.receipt_item_names.printed_name is 'A line''s name as printed, in lower case.';
comment on column public.receipt_item_names.pantry_quantity is
  'How much, in pantry_unit, one of what the line counts is; null: not known.';

create trigger keep_identity before update on public.receipt_item_names for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.receipt_item_names for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.receipt_item_names enable row level security;
create policy select_own on public.receipt_item_names for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.receipt_item_names
  for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.receipt_item_names for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.receipt_item_names for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.receipt_item_names from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.receipt_item_names to authenticated;
grant select, insert, update, delete on public.receipt_item_names to service_role;

-- Here, because the pantry is older than receipts.
alter table public.pantry_items add column receipt_id uuid;
alter table public.pantry_items add constraint pantry_items_receipt_id_fkey foreign key (receipt_id, user_id)
  references public.receipts (id, user_id) on delete set null (receipt_id);
comment on column public.pantry_items.receipt_id is
  'The receipt it was restocked from, if any; reopening the receipt takes the lot back.';
create index idx_pantry_items_receipt on public.pantry_items (receipt_id, user_id) where receipt_id is not null;

-------------------------------------------------------------------------------
-- Rules
-------------------------------------------------------------------------------

-- While a function of these files writes receipts or lines, life_os.receipt_step is 'on' and these rules stand back. It
-- is set around those statements only.

create function private.next_step(status text) returns text
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return case status
    when 'processing' then 'Wait until it is read (receipts:update says so), or PATCH its status to draft, which gives '
      'up the reading.'
    when 'draft' then 'Correct it with PATCH, then POST /rest/v1/rpc/confirm_receipt. To read its image again, POST '
      '/api/finances/receipts/<id>/extract.'
    when 'confirmed' then 'GET /rest/v1/expenses?receipt_id=eq.<id> shows what it became; POST '
      '/rest/v1/rpc/reopen_receipt makes it a draft again.'
    when 'failed' then 'Read it again with POST /api/finances/receipts/<id>/extract, or PATCH its status to draft and '
      'fill it in.'
  end;
end $$;
comment on function private.next_step(text) is 'What can be done with a receipt of this status, as a hint.';

create function private.check_receipt_change() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  said text;
  hint text;
begin
  if tg_op = 'INSERT' then
    said := format('a receipt can''t start as %s', new.status);
    hint := 'Leave status out. To have an image read, POST it to /api/finances/receipts.';
  elsif old.status = 'confirmed' then
    said := 'a confirmed receipt never changes';
  elsif (old.image_url, old.image_sha256, old.extraction)
      is distinct from (new.image_url, new.image_sha256, new.extraction) then
    said := 'image_url, image_sha256 and extraction of a receipt never change';
    hint := 'Leave them out of the update. Another image is another receipt: POST it to /api/finances/receipts.';
  elsif old.status = 'processing' and new.status = 'draft' then
    -- Gives up the reading, whoever does it.
    new.claim := null;
    new.claimed_until := null;
  elsif old.status = 'processing' then
    said := 'the receipt is being read';
  elsif old.status <> new.status and new.status in ('processing', 'confirmed', 'failed') then
    -- A status that doesn't exist is refused by its CHECK.
    said := format('a receipt doesn''t become %s by hand', new.status);
  end if;
  if said is not null then
    raise sqlstate 'PT409' using
      message = said,
      detail = format('Receipt %s is %s.', new.id, coalesce(old.status, 'new')),
      hint = coalesce(hint, private.next_step(old.status));
  end if;
  return new;
end $$;
comment on function private.check_receipt_change() is
  'Trigger function: refuses (PT409) what the status of a receipt doesn''t allow to be done by hand.';
create trigger check_receipt_change_on_insert before insert on public.receipts for each row
  when (new.status in ('processing', 'confirmed', 'failed')
    and current_setting('life_os.receipt_step', true) is distinct from 'on')
  execute function private.check_receipt_change();
create trigger check_receipt_change_on_update before update on public.receipts for each row
  when (old.* is distinct from new.* and current_setting('life_os.receipt_step', true) is distinct from 'on')
  execute function private.check_receipt_change();

create function private.check_line_change() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts;
begin
  -- Only while its owner exists: when an account is deleted, lines may go before their receipts.
  select r.* into receipt
  from public.receipts as r join public.profiles as p on p.id = r.user_id
  where r.id in (old.receipt_id, new.receipt_id) and r.status in ('processing', 'confirmed')
  limit 1;
  if found then
    raise sqlstate 'PT409' using
      message = format('the lines of a receipt never change while it is %s', receipt.status),
      detail = format('Receipt %s is %s.', receipt.id, receipt.status),
      hint = private.next_step(receipt.status);
  end if;
  return coalesce(new, old);
end $$;
comment on function private.check_line_change() is
  'Trigger function: refuses (PT409) to change the lines of a receipt that is being read or confirmed.';
create trigger check_line_change before insert or delete on public.receipt_lines for each row
  when (current_setting('life_os.receipt_step', true) is distinct from 'on')
  execute function private.check_line_change();
create trigger check_line_change_on_update before update on public.receipt_lines for each row
  when (old.* is distinct from new.* and current_setting('life_os.receipt_step', true) is distinct from 'on')
  execute function private.check_line_change();

create function private.keep_receipt_of_file() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  -- Only while its owner exists: files outlive the account.
  if exists (select from public.profiles as p where p.id = old.user_id)
    and exists (select from storage.objects as o where o.bucket_id = 'receipts' and o.name = old.image_url) then
    raise sqlstate 'PT409' using
      message = 'the image of the receipt is still stored',
      detail = format('Without receipt %s, nobody would know what the file %s is.', old.id, old.image_url),
      hint = format('DELETE /api/finances/receipts/%s deletes both.', old.id);
  end if;
  return old;
end $$;
comment on function private.keep_receipt_of_file() is
  'Trigger function: refuses (PT409) to delete a receipt whose image is in Storage.';
create trigger keep_receipt_of_file before delete on public.receipts for each row
  when (old.image_url is not null) execute function private.keep_receipt_of_file();

create function public.effective_status(receipt public.receipts) returns text
language plpgsql stable security invoker set search_path = '' as $$
begin
  return case
    when receipt.status = 'processing' and receipt.claimed_until <= now() then 'failed'
    else receipt.status
  end;
end $$;
comment on function public.effective_status(public.receipts) is
  'A computed column of receipts: status, but failed for a reading that was abandoned (claimed_until has passed). '
  'GET /rest/v1/receipts?select=*,effective_status; it can be filtered by.';
revoke execute on function public.effective_status(public.receipts) from public;
grant execute on function public.effective_status(public.receipts) to authenticated, service_role;

-------------------------------------------------------------------------------
-- What the functions share
-------------------------------------------------------------------------------

create function private.lock_receipt(id uuid, allowed text[] default null) returns public.receipts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts;
begin
  -- A statement that writes nothing takes the calendar lock before any row.
  delete from public.calendar_events where false;
  select r.* into receipt from public.receipts as r where r.id = lock_receipt.id;
  if not found then
    raise sqlstate 'PT404' using
      message = 'no such receipt',
      detail = format('You have no receipt %s.', id),
      hint = 'GET /rest/v1/receipts shows yours.';
  elsif receipt.status <> all (allowed) then
    raise sqlstate 'PT409' using
      message = 'the receipt is ' || case receipt.status
        when 'processing' then 'being read' when 'draft' then 'a draft' when 'failed' then 'one that nobody could read'
        else receipt.status end,
      detail = format('It would have to be %s.', array_to_string(allowed, ' or ')),
      hint = private.next_step(receipt.status);
  end if;
  return receipt;
end $$;
comment on function private.lock_receipt(uuid, text[]) is
  'The caller''s receipt, which nobody else can write until the end of the transaction; PT404 when there is none, '
  'PT409 when its status isn''t one of those allowed (null: any).';

create function private.write_receipt(changed public.receipts) returns public.receipts
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform set_config('life_os.receipt_step', 'on', true);
  update public.receipts as r
  set store = changed.store, amount = changed.amount, currency = changed.currency, kind = changed.kind,
    date = changed.date, subtotal = changed.subtotal, tax = changed.tax, tip = changed.tip,
    payment_method = changed.payment_method, category = changed.category, status = changed.status,
    claim = changed.claim, claimed_until = changed.claimed_until, made = changed.made,
    extraction = changed.extraction
  where r.id = changed.id
  returning r.* into changed;
  perform set_config('life_os.receipt_step', '', true);
  return changed;
end $$;
comment on function private.write_receipt(public.receipts) is
  'Stores a receipt as changed, whatever its status; returns the row as stored.';

create function private.same_expenses(receipt public.receipts) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  ids uuid[];
begin
  ids := array(
    select s.id
    from (
      -- Another receipt's expenses are its parts; so may those be that no receipt has, or has any more.
      select e.id, e.created_at, e.amount, r.amount as receipts_amount,
        sum(e.amount) over (partition by e.receipt_id) as together
      from public.expenses as e left join public.receipts as r on r.id = e.receipt_id
      where e.user_id = receipt.user_id and e.date = receipt.date and lower(e.store) = lower(receipt.store)
        and e.currency = receipt.currency and e.kind = receipt.kind
    ) as s
    where receipt.amount in (s.amount, s.receipts_amount, s.together)
    order by s.created_at, s.id);
  return case
    when ids = '{}' then '[]'
    else jsonb_build_array(jsonb_build_object('code', 'expense_exists', 'expense_ids', ids,
      'message', format('An expense of %s %s at %s on %s was recorded before. If it is the same purchase, keep one of '
        'the two.', receipt.amount, receipt.currency, receipt.store, receipt.date)))
  end;
end $$;
comment on function private.same_expenses(public.receipts) is
  'A warning when expenses, alone or together, have the store, date and amount of a receipt that isn''t confirmed yet.';

grant execute on function
  private.next_step(text), private.lock_receipt(uuid, text[]), private.write_receipt(public.receipts),
  private.same_expenses(public.receipts)
to authenticated;
-- Its hints are in refusals to everybody.
grant execute on function private.next_step(text) to service_role;
