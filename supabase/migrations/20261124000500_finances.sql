-- Finances: expenses, which reach the calendar (see the calendar migration), and receipts with their lines.
--
-- Differs from the architecture document: money is checked against its currency's decimals instead of rounded;
-- store, amount and date of a receipt may be null until it is confirmed; receipts.image_url holds the path of the
-- image in the private bucket `receipts`, not a public address. How a receipt is read, confirmed and reopened is in the
-- receipts migration.

-- A row without a currency is in the owner's.
create function private.set_currency() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  new.currency := (select p.currency from public.profiles as p where p.id = new.user_id);
  return new;
end $$;
comment on function private.set_currency() is 'Trigger function: fills a missing currency from the owner''s profile.';

-------------------------------------------------------------------------------
-- Receipts
-------------------------------------------------------------------------------

create table public.receipts (
  id uuid primary key default gen_random_uuid(),
  store text,
  amount numeric,
  currency text not null,
  kind text not null default 'expense',
  date date,
  subtotal numeric,
  tax numeric,
  tip numeric,
  payment_method text,
  category text,
  status text not null default 'draft',
  claim uuid,
  claimed_until timestamptz,
  made uuid[],
  image_url text,
  image_sha256 text,
  extraction jsonb not null default '{}',
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint receipts_store_not_blank check (store ~ '\S'),
  constraint receipts_store_trimmed_max_100 check (store !~ '^\s|\s$' and char_length(store) <= 100),
  constraint receipts_amount_above_0 check (amount > 0),
  constraint receipts_currency_is_iso_4217 check (private.currency_decimals(currency) is not null),
  constraint receipts_amount_max_999999999_with_its_currencys_decimals
    check (private.is_amount(amount, currency)),
  constraint receipts_kind_is_expense_or_refund check (kind in ('expense', 'refund')),
  constraint receipts_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  constraint receipts_subtotal_not_negative check (subtotal >= 0),
  constraint receipts_subtotal_max_999999999_with_its_currencys_decimals
    check (private.is_amount(subtotal, currency)),
  constraint receipts_tax_not_negative check (tax >= 0),
  constraint receipts_tax_max_999999999_with_its_currencys_decimals
    check (private.is_amount(tax, currency)),
  constraint receipts_tip_not_negative check (tip >= 0),
  constraint receipts_tip_max_999999999_with_its_currencys_decimals
    check (private.is_amount(tip, currency)),
  constraint receipts_payment_method_not_blank check (payment_method ~ '\S'),
  constraint receipts_payment_method_trimmed_max_50
    check (payment_method !~ '^\s|\s$' and char_length(payment_method) <= 50),
  constraint receipts_category_not_blank check (category ~ '\S'),
  constraint receipts_category_trimmed_max_50 check (category !~ '^\s|\s$' and char_length(category) <= 50),
  constraint receipts_status_is_processing_draft_confirmed_or_failed
    check (status in ('processing', 'draft', 'confirmed', 'failed')),
  constraint receipts_confirmed_needs_store_amount_and_date
    check (status <> 'confirmed' or (store is not null and amount is not null and date is not null)),
  constraint receipts_claimed_exactly_while_processing check (
    (status = 'processing') = (claim is not null) and (status = 'processing') = (claimed_until is not null)),
  constraint receipts_made_exactly_when_confirmed check ((status = 'confirmed') = (made is not null)),
  constraint receipts_image_url_in_the_owners_folder
    check (starts_with(image_url, user_id::text || '/') and char_length(image_url) <= 1024
      -- Whoever makes an address of it resolves these, and leaves the folder.
      and image_url !~ '(^|/)\.{0,2}(/|$)'),
  constraint receipts_image_sha256_is_64_hex_digits check (image_sha256 ~ '^[0-9a-f]{64}$'),
  constraint receipts_extraction_is_an_object_max_256_kb check (private.is_object(extraction, 262144)),
  -- The same image again is the same receipt.
  constraint receipts_user_id_image_sha256_key unique (user_id, image_sha256),
  -- What lines and expenses refer to.
  constraint receipts_id_user_id_key unique (id, user_id)
);
comment on table public.receipts is
  'A receipt: a draft until its owner confirms it. What was read from its image is in extraction.';
comment on column public.receipts.amount is 'The total, in currency; above 0. Null: not known yet.';
comment on column public.receipts.currency is 'ISO 4217; the owner''s currency when left out.';
comment on column public.receipts.kind is 'expense | refund: what confirming it records.';
comment on column public.receipts.category is
  'The category suggested for its expense: what the owner gave this store before, else what was read.';
comment on column public.receipts.status is
  'processing (being read) | draft (to be checked by its owner) | confirmed | failed (couldn''t be read). Who types a '
  'receipt in starts with a draft. PATCH can make a processing or failed receipt a draft, which gives up its reading; '
  'everything else is done by functions: claim_receipt, confirm_receipt, reopen_receipt.';
comment on column public.receipts.claim is
  'While processing: the reading under way. Only who presents it can finish the reading.';
comment on column public.receipts.claimed_until is
  'While processing: when the reading counts as failed (see effective_status) and another may begin.';
comment on column public.receipts.made is
  'While confirmed: ids of the expenses and pantry lots that confirming made, which reopening takes back. Others that '
  'name the receipt were linked by hand, and stay.';
comment on column public.receipts.image_url is
  'Path in the private Storage bucket `receipts`, in the folder named by the owner''s id; null: no image.';
comment on column public.receipts.image_sha256 is 'SHA-256 of the image file, 64 hexadecimal digits; unique per owner.';
comment on column public.receipts.extraction is
  'What was read from the image: an object with source, confidences and alternatives, "warnings" as they were told '
  'when it was read, "image" (content_type, bytes), "failure" after a reading that failed, and "digest" (see '
  'private.receipt_digest).';

create index idx_receipts_user_date on public.receipts (user_id, date);
create trigger set_currency before insert on public.receipts for each row
  when (new.currency is null) execute function private.set_currency();
create trigger keep_identity before update on public.receipts for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.receipts for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.receipts enable row level security;
create policy select_own on public.receipts for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.receipts for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.receipts for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.receipts for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.receipts from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.receipts to authenticated;
grant select, insert, update, delete on public.receipts to service_role;

-------------------------------------------------------------------------------
-- Lines of a receipt
-------------------------------------------------------------------------------

create table public.receipt_lines (
  id uuid primary key default gen_random_uuid(),
  receipt_id uuid not null,
  position integer not null default 0,
  name text not null,
  quantity numeric,
  unit_price numeric,
  amount numeric not null,
  category text,
  pantry_name text,
  pantry_quantity numeric,
  pantry_unit text,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint receipt_lines_receipt_id_fkey foreign key (receipt_id, user_id)
    references public.receipts (id, user_id) on delete cascade,
  constraint receipt_lines_position_0_to_999 check (position between 0 and 999),
  constraint receipt_lines_name_not_blank check (name ~ '\S'),
  constraint receipt_lines_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint receipt_lines_quantity_above_0 check (quantity > 0),
  constraint receipt_lines_quantity_max_9999999_with_3_decimals check (private.is_quantity(quantity)),
  -- A line doesn't know its currency; three decimals is what the longest one has.
  constraint receipt_lines_unit_price_max_999999999_with_3_decimals
    check (abs(unit_price) <= 999999999 and scale(trim_scale(unit_price)) <= 3),
  constraint receipt_lines_amount_max_999999999_with_3_decimals
    check (abs(amount) <= 999999999 and scale(trim_scale(amount)) <= 3),
  constraint receipt_lines_category_not_blank check (category ~ '\S'),
  constraint receipt_lines_category_trimmed_max_50 check (category !~ '^\s|\s$' and char_length(category) <= 50),
  constraint receipt_lines_pantry_name_not_blank check (pantry_name ~ '\S'),
  constraint receipt_lines_pantry_name_trimmed_max_100
    check (pantry_name !~ '^\s|\s$' and char_length(pantry_name) <= 100),
  constraint receipt_lines_pantry_quantity_above_0 check (pantry_quantity > 0),
  constraint receipt_lines_pantry_quantity_max_9999999_with_3_decimals check (private.is_quantity(pantry_quantity)),
  constraint receipt_lines_pantry_unit_not_blank check (pantry_unit ~ '\S'),
  constraint receipt_lines_pantry_unit_trimmed_max_20
    check (pantry_unit !~ '^\s|\s$' and char_length(pantry_unit) <= 20)
);
comment on table public.receipt_lines is
  'The lines of a receipt as printed, in order, and what its owner called them in the pantry before.';
comment on column public.receipt_lines.position is 'Position on the receipt, from 0.';
comment on column public.receipt_lines.quantity is 'How many or how much; null: not printed.';
comment on column public.receipt_lines.unit_price is 'In the receipt''s currency.';
comment on column public.receipt_lines.amount is
  'In the receipt''s currency; negative for a discount or a returned deposit.';
comment on column public.receipt_lines.pantry_name is
  'A suggestion for restocking: what the owner called such a line before (see receipt_item_names); null: not known.';
comment on column public.receipt_lines.pantry_quantity is
  'A suggestion for restocking: how much the whole line is, in pantry_unit.';
comment on column public.receipt_lines.pantry_unit is 'A suggestion for restocking: the unit used before.';

create index idx_receipt_lines_user_receipt on public.receipt_lines (user_id, receipt_id);
create trigger keep_identity before update on public.receipt_lines for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.receipt_lines for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.receipt_lines enable row level security;
create policy select_own on public.receipt_lines for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.receipt_lines for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.receipt_lines for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.receipt_lines for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.receipt_lines from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.receipt_lines to authenticated;
grant select, insert, update, delete on public.receipt_lines to service_role;

-------------------------------------------------------------------------------
-- Expenses
-------------------------------------------------------------------------------

create table public.expenses (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  amount numeric not null,
  currency text not null,
  kind text not null default 'expense',
  category text not null,
  store text,
  payment_method text,
  date date not null,
  notes text,
  receipt_id uuid,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint expenses_receipt_id_fkey foreign key (receipt_id, user_id)
    references public.receipts (id, user_id) on delete set null (receipt_id),
  constraint expenses_name_not_blank check (name ~ '\S'),
  constraint expenses_name_trimmed_max_100 check (name !~ '^\s|\s$' and char_length(name) <= 100),
  constraint expenses_amount_above_0 check (amount > 0),
  constraint expenses_currency_is_iso_4217 check (private.currency_decimals(currency) is not null),
  constraint expenses_amount_max_999999999_with_its_currencys_decimals
    check (private.is_amount(amount, currency)),
  constraint expenses_kind_is_expense_or_refund check (kind in ('expense', 'refund')),
  constraint expenses_category_not_blank check (category ~ '\S'),
  constraint expenses_category_trimmed_max_50 check (category !~ '^\s|\s$' and char_length(category) <= 50),
  constraint expenses_store_not_blank check (store ~ '\S'),
  constraint expenses_store_trimmed_max_100 check (store !~ '^\s|\s$' and char_length(store) <= 100),
  constraint expenses_payment_method_not_blank check (payment_method ~ '\S'),
  constraint expenses_payment_method_trimmed_max_50
    check (payment_method !~ '^\s|\s$' and char_length(payment_method) <= 50),
  constraint expenses_date_1900_to_2199 check (date between '1900-01-01' and '2199-12-31'),
  constraint expenses_notes_max_5000 check (char_length(notes) <= 5000)
);
comment on table public.expenses is 'Money spent or given back, on a day.';
comment on column public.expenses.amount is
  'Above 0 whatever the kind, in currency, with no more decimals than it has. Select amount::text where JSON numbers '
  'would be floats.';
comment on column public.expenses.currency is 'ISO 4217; the owner''s currency when left out.';
comment on column public.expenses.kind is 'expense | refund; a refund counts against the spending.';
comment on column public.expenses.category is 'The owner''s word, such as Groceries.';
comment on column public.expenses.date is 'The owner''s calendar day.';
comment on column public.expenses.receipt_id is
  'The receipt it was confirmed from, if any; reopening the receipt takes the expense back. May be set by hand to link '
  'an expense to its receipt.';

create index idx_expenses_user_date on public.expenses (user_id, date);
create index idx_expenses_receipt on public.expenses (receipt_id, user_id);
create trigger set_currency before insert on public.expenses for each row
  when (new.currency is null) execute function private.set_currency();
create trigger keep_identity before update on public.expenses for each row
  when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_identity();
create trigger set_updated_at before update on public.expenses for each row
  when (old.* is distinct from new.*) execute function private.set_updated_at();
alter table public.expenses enable row level security;
create policy select_own on public.expenses for select to authenticated using ((select auth.uid()) = user_id);
create policy insert_own on public.expenses for insert to authenticated with check ((select auth.uid()) = user_id);
create policy update_own on public.expenses for update to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);
create policy delete_own on public.expenses for delete to authenticated using ((select auth.uid()) = user_id);
revoke all on public.expenses from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.expenses to authenticated;
grant select, insert, update, delete on public.expenses to service_role;
