-- Receipts: from an image to an expense, and back. The tables are in the finances migration; here is what may happen to
-- them, in this order:
--   1. Names: what the owner calls in the pantry what a store prints.
--   2. Rules: what a receipt's status allows, and that its row stays as long as its file.
--   3. Reading: start_receipt, claim_receipt, finish_receipt, fail_receipt, and receipt_context for whoever reads.
--   4. Keeping the books: confirm_receipt, reopen_receipt, delete_receipt.
--
--   start_receipt → processing → finish_receipt → draft → confirm_receipt → confirmed → reopen_receipt → draft
--                              → fail_receipt → failed → claim_receipt → processing
--
-- Whatever writes a receipt or its lines takes the calendar lock first (see the calendar migration), so of two writers
-- of one person the second sees what the first has done.

-------------------------------------------------------------------------------
-- 1. Names
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
-- 2. Rules
-------------------------------------------------------------------------------

-- While a function of this file writes receipts or lines, life_os.receipt_step is 'on' and these rules stand back. It
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

-------------------------------------------------------------------------------
-- 3. Reading
-------------------------------------------------------------------------------

create function private.claim_until(timeout_seconds integer) returns timestamptz
language plpgsql volatile security invoker set search_path = '' as $$
begin
  if not coalesce(timeout_seconds between 1 and 3600, false) then
    raise sqlstate 'PT422' using
      message = 'timeout_seconds must be 1 to 3600',
      detail = format('Got %s.', coalesce(timeout_seconds::text, 'null')),
      hint = 'Send how long the reading may take before another one may begin.';
  end if;
  return clock_timestamp() + timeout_seconds * interval '1 second';
end $$;
comment on function private.claim_until(integer) is 'When a reading that begins now counts as failed.';

create function public.start_receipt(image jsonb, timeout_seconds integer default 120) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts;
begin
  delete from public.calendar_events where false;
  perform private.require_shape(image, '{"sha256": "string!", "path": "string!", "content_type": "string",
    "bytes": "integer"}', 'image');
  if not coalesce(image ->> 'sha256' ~ '^[0-9a-f]{64}$' and regexp_like(
    image ->> 'path', format('^%s/%s\.[a-z0-9]{1,8}$', auth.uid(), image ->> 'sha256')), false) then
    raise sqlstate 'PT422' using
      message = 'image.path isn''t the path of this image',
      detail = format('Got %s.', left(image ->> 'path', 200)),
      hint = format('Send "%s/<sha256>.<extension>", with the SHA-256 in 64 hexadecimal digits.', auth.uid());
  elsif not coalesce((image ->> 'bytes')::numeric between 1 and 2147483647, true) then
    -- Kept as it is, and longer numbers can't be read by every client.
    raise sqlstate 'PT422' using
      message = 'image.bytes is out of range',
      detail = format('Got %s.', left(image ->> 'bytes', 80)),
      hint = 'Send the size of the file, or leave it out.';
  end if;

  select r.* into receipt from public.receipts as r
  where r.user_id = auth.uid() and r.image_sha256 = image ->> 'sha256';
  if found then
    return jsonb_build_object('receipt', to_jsonb(receipt), 'existing', true);
  end if;
  perform set_config('life_os.receipt_step', 'on', true);
  insert into public.receipts (status, claim, claimed_until, image_url, image_sha256, extraction)
  values ('processing', gen_random_uuid(), private.claim_until(timeout_seconds), image ->> 'path', image ->> 'sha256',
    jsonb_build_object('image', image - '{path,sha256}'::text[]))
  returning * into receipt;
  perform set_config('life_os.receipt_step', '', true);
  return jsonb_build_object('receipt', to_jsonb(receipt), 'existing', false);
end $$;
comment on function public.start_receipt(jsonb, integer) is
  'Begins a receipt with its image {"sha256", "path": "<user id>/<sha256>.<extension>", "content_type"?, "bytes"?}: '
  '{"receipt", "existing"}. The new row is processing, and its claim is the caller''s to finish the reading with. The '
  'same image again is the receipt that exists, as it is: existing is true, and its claim isn''t the caller''s.';
revoke execute on function public.start_receipt(jsonb, integer) from public;
grant execute on function public.start_receipt(jsonb, integer) to authenticated;

create function private.receipt_digest(receipt public.receipts) returns text
language plpgsql stable security invoker set search_path = '' as $$
begin
  -- Equal numbers have equal hashes, however many zeros they end in, so an app may send back 7.3 for 7.30.
  return jsonb_hash_extended(jsonb_build_array(
    to_jsonb(receipt) - '{id,user_id,status,claim,claimed_until,made,image_url,image_sha256,extraction,created_at,
      updated_at}'::text[],
    (select jsonb_agg(v.line order by v.line)
      from public.receipt_lines as l
      cross join lateral (select to_jsonb(l) - '{id,user_id,receipt_id,created_at,updated_at}'::text[] as line) as v
      where l.receipt_id = receipt.id)), 0);
end $$;
comment on function private.receipt_digest(public.receipts) is
  'A digest of what the owner can correct in a receipt: its fields and stored lines. A reading leaves it in '
  'extraction.digest.';

create function private.is_corrected(receipt public.receipts) returns boolean
language plpgsql stable security invoker set search_path = '' as $$
declare
  -- Before the first reading, whatever is in it was typed in.
  untouched constant public.receipts := jsonb_populate_record(
    null::public.receipts, jsonb_build_object('currency', receipt.currency, 'kind', 'expense'));
begin
  return private.receipt_digest(receipt)
    <> coalesce(receipt.extraction ->> 'digest', private.receipt_digest(untouched));
end $$;
comment on function private.is_corrected(public.receipts) is
  'Whether the owner has changed a receipt''s fields or lines since it was read, or filled it in instead.';

create function public.claim_receipt(
  receipt_id uuid, timeout_seconds integer default 120, discard_corrections boolean default false
) returns public.receipts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.lock_receipt(receipt_id, '{processing,draft,failed}');
begin
  if receipt.claimed_until > clock_timestamp() then
    raise sqlstate 'PT409' using
      message = 'the receipt is being read',
      detail = format('The reading under way counts as failed from %s on.', receipt.claimed_until),
      hint = private.next_step('processing');
  elsif receipt.image_url is null then
    raise sqlstate 'PT409' using
      message = 'the receipt has no image',
      detail = 'It was typed in, so there is nothing to read.',
      hint = 'Send the image as a new receipt: POST /api/finances/receipts.';
  elsif discard_corrections is not true and private.is_corrected(receipt) then
    raise sqlstate 'PT409' using
      message = 'reading it again would overwrite what was corrected',
      detail = format('Fields or lines of receipt %s were changed since it was read.', receipt.id),
      hint = 'Send discard_corrections=true once its owner agrees, or leave the receipt as it is.';
  end if;
  receipt.status := 'processing';
  receipt.claim := gen_random_uuid();
  receipt.claimed_until := private.claim_until(timeout_seconds);
  return private.write_receipt(receipt);
end $$;
comment on function public.claim_receipt(uuid, integer, boolean) is
  'Begins to read a receipt again, a draft, a failed one, or one whose reading was abandoned (claimed_until has '
  'passed): returns the row, which is processing, with the claim to finish the reading with. PT409 when somebody is '
  'reading it, when it is confirmed, or when fields or lines were changed since it was read and discard_corrections '
  'isn''t true: what is read replaces them.';
revoke execute on function public.claim_receipt(uuid, integer, boolean) from public;
grant execute on function public.claim_receipt(uuid, integer, boolean) to authenticated;

create function private.claimed_receipt(id uuid, claim uuid) returns public.receipts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.lock_receipt(id);
begin
  if receipt.claim is null or receipt.claim is distinct from claim then
    raise sqlstate 'PT409' using
      message = 'this reading was given up',
      detail = format('Receipt %s is %s, and not by this claim.', id, receipt.status),
      hint = format('POST /api/finances/receipts/%s/extract reads its image again.', id);
  end if;
  return receipt;
end $$;
comment on function private.claimed_receipt(uuid, uuid) is
  'The caller''s receipt, locked, while the claim is the one that reads it; otherwise PT409.';

-- A reading is no input of a person: what it got wrong is left out, not refused. Which values those are is asked of the
-- table's own rules.
create function private.what_fits(base anyelement, document jsonb, out fitting jsonb, out warnings jsonb)
language plpgsql stable security invoker set search_path = '' as $$
declare
  target constant regclass := pg_typeof(base)::text::regclass;
  candidate base%type;
  rules text;
  broken jsonb;
begin
  warnings := '[]';
  select coalesce(jsonb_object_agg(v.key, v.value), '{}') into fitting
  from (
    select e.key, btrim(regexp_replace(e.value, '\s+', ' ', 'g')) as value from jsonb_each_text(document) as e
  ) as v
  where v.value <> '';

  -- Values of another type, then rules; again, because without a value that broke its rule (the currency) another rule
  -- may be broken (the amount's decimals).
  select coalesce(jsonb_object_agg(a.attname, 'must be ' || format_type(a.atttypid, a.atttypmod)), '{}') into broken
  from pg_attribute as a
  where a.attrelid = target and not pg_input_is_valid(fitting ->> a.attname, format_type(a.atttypid, a.atttypmod));
  select format('select jsonb_object_agg(r.field, r.rule) from (select ($1).*) as candidate
      cross join lateral (values %s) as r (field, rule, kept) where not r.kept and $2 ? r.field',
    string_agg(format('(%L, %L, %s)', a.attname, c.conname, pg_get_expr(c.conbin, c.conrelid)), ', ')) into rules
  from pg_constraint as c
  join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    and starts_with(c.conname, (parse_ident(target::text))[2] || '_' || a.attname || '_')
  where c.conrelid = target and c.contype = 'c' and document ? a.attname;
  loop
    warnings := warnings || coalesce((
      select jsonb_agg(jsonb_build_object('code', 'value_left_out', 'field', b.key, 'value', left(fitting ->> b.key, 200),
        'message', format('The %s was left out: "%s" isn''t allowed (%s). Enter it by hand.', replace(b.key, '_', ' '),
          left(fitting ->> b.key, 50), replace(b.value, '_', ' '))) order by b.key)
      from jsonb_each_text(broken) as b), '[]');
    fitting := fitting - array(select jsonb_object_keys(broken));
    candidate := jsonb_populate_record(base, fitting);
    execute rules into broken using candidate, fitting;
    exit when broken is null;
  end loop;
end $$;
comment on function private.what_fits(anyelement, jsonb) is
  'Of a document of columns, the values that a row of the base''s table may have (the base''s where it says nothing), '
  'trimmed, and a warning for each that was left out because of its type or a CHECK named after its column.';

create function private.replace_lines(receipt public.receipts, read jsonb, out lines jsonb, out warnings jsonb)
language plpgsql volatile security invoker set search_path = '' as $$
declare
  -- What receipt_lines has positions for. Looking at more, one by one, could take a minute.
  most_lines constant integer := 1000;
  item record;
  fit record;
  fitting jsonb := '[]';
begin
  warnings := '[]';
  for item in
    select l.value, l.position - 1 as position from jsonb_array_elements(read) with ordinality as l (value, position)
    order by l.position limit most_lines
  loop
    fit := private.what_fits(null::public.receipt_lines, jsonb_build_object(
      'position', item.position, 'name', item.value -> 'name', 'quantity', item.value -> 'quantity',
      'unit_price', item.value -> 'unit_price', 'amount', item.value -> 'amount',
      'category', item.value -> 'category'));
    warnings := warnings || coalesce((
      select jsonb_agg(w || jsonb_build_object('line', item.position,
        'message', format('Line %s: %s', item.position + 1, w ->> 'message')))
      from jsonb_array_elements(fit.warnings) as w), '[]');
    if fit.fitting ?& '{position,name,amount}' then
      fitting := fitting || jsonb_build_array(fit.fitting);
    else
      warnings := warnings || jsonb_build_array(jsonb_build_object('code', 'line_left_out', 'line', item.position,
        'message', format('Line %s was left out: it has no name or no amount. Add it by hand if it was bought.',
          item.position + 1)));
    end if;
  end loop;

  if jsonb_array_length(read) > most_lines then
    warnings := warnings || jsonb_build_array(jsonb_build_object('code', 'line_left_out', 'line', most_lines,
      'message', format('Only the first %s of %s lines were kept. Enter the others by hand if needed.', most_lines,
        jsonb_array_length(read))));
  end if;

  perform set_config('life_os.receipt_step', 'on', true);
  delete from public.receipt_lines as l where l.receipt_id = receipt.id;
  with added as (
    insert into public.receipt_lines (
      user_id, receipt_id, position, name, quantity, unit_price, amount, category,
      pantry_name, pantry_quantity, pantry_unit)
    select receipt.user_id, receipt.id, l.position, l.name, l.quantity, l.unit_price, l.amount, l.category,
      n.pantry_name, case when whole.quantity > 0 and private.is_quantity(whole.quantity) then whole.quantity end,
      n.pantry_unit
    from jsonb_populate_recordset(null::public.receipt_lines, fitting) as l
    left join public.receipt_item_names as n on n.user_id = receipt.user_id and n.printed_name = lower(l.name)
    cross join lateral (select round(n.pantry_quantity * coalesce(l.quantity, 1), 3) as quantity) as whole
    returning *
  )
  select coalesce(jsonb_agg(to_jsonb(a) order by a.position), '[]') into lines from added as a;
  perform set_config('life_os.receipt_step', '', true);
end $$;
comment on function private.replace_lines(public.receipts, jsonb) is
  'Replaces the lines of a receipt by those that were read [{"name", "quantity", "unit_price", "amount", "category"}], '
  'with the owner''s names for them; returns the new rows, and warnings for what was left out.';

create function public.finish_receipt(receipt_id uuid, claim uuid, extraction jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.claimed_receipt(receipt_id, claim);
  total constant text := extraction #>> '{total,value}';
  -- More than that nobody reads, and extraction is bounded.
  most_warnings constant integer := 50;
  warnings jsonb;
  fit record;
  written record;
  message text;
  rule text;
begin
  perform private.require_shape(jsonb_build_object('extraction', extraction), '{"extraction": "object!"}', 'reading');
  perform private.require_shape(
    jsonb_build_object('lines', extraction -> 'lines', 'warnings', extraction -> 'warnings'),
    '{"lines": "array", "warnings": "array"}', 'extraction');
  warnings := coalesce(nullif(extraction -> 'warnings', 'null'), '[]');
  perform private.require_shape(w, '{"code": "string!", "message": "string!"}', 'extraction.warnings')
  from jsonb_array_elements(warnings) as w;

  receipt := jsonb_populate_record(receipt, '{"store": null, "amount": null, "date": null, "subtotal": null,
    "tax": null, "tip": null, "payment_method": null, "category": null}');
  fit := private.what_fits(receipt, jsonb_build_object(
    'store', extraction #> '{store,value}', 'date', extraction #> '{date,value}',
    'currency', extraction #> '{currency,value}',
    -- Money given back is printed as a negative total.
    'amount', ltrim(total, '-'), 'kind', case when total like '-%' then 'refund' else 'expense' end,
    'subtotal', extraction #> '{subtotal,value}', 'tax', extraction #> '{tax,value}',
    'tip', extraction #> '{tip,value}', 'payment_method', extraction #> '{payment_method,value}',
    'category', extraction #> '{category,value}'));
  receipt := jsonb_populate_record(receipt, fit.fitting);
  receipt.category := coalesce((
    select mode() within group (order by e.category) from public.expenses as e
    where e.user_id = receipt.user_id and lower(e.store) = lower(receipt.store)), receipt.category);
  receipt.status := 'draft';
  receipt.claim := null;
  receipt.claimed_until := null;
  written := private.replace_lines(receipt, nullif(extraction -> 'lines', 'null'));
  warnings := warnings || fit.warnings || private.same_expenses(receipt) || written.warnings;
  if jsonb_array_length(warnings) > most_warnings then
    warnings := jsonb_path_query_array(warnings, '$[0 to $last]', jsonb_build_object('last', most_warnings - 2))
      || jsonb_build_object('code', 'more_warnings', 'message', format('%s more warnings are not shown. Compare all lines '
        'with the receipt.', jsonb_array_length(warnings) - most_warnings + 1));
  end if;
  receipt.extraction := extraction || jsonb_build_object(
    'image', receipt.extraction -> 'image', 'warnings', warnings, 'digest', private.receipt_digest(receipt));
  receipt := private.write_receipt(receipt);
  return jsonb_build_object('receipt', to_jsonb(receipt), 'lines', written.lines, 'warnings', warnings);
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('extraction', message, rule);
end $$;
comment on function public.finish_receipt(uuid, uuid, jsonb) is
  'What was read becomes a draft, in one transaction: {"receipt", "lines", "warnings"}. extraction: {"source", '
  '"store": {"value", "confidence", "alternatives"}, and likewise date, time, currency, total, subtotal, tax, tip, '
  'payment_method and category; "lines": [{"name", "quantity", "unit_price", "amount", "category"}], "warnings": '
  '[{"code", "message"}]}, amounts as decimal strings. It stays in receipts.extraction; a value that the table '
  'doesn''t take is left out of the row, with a warning. The owner''s category for the store and names for lines come '
  'before what was read. To the warnings come {"code", "message", …} of value_left_out, expense_exists and '
  'line_left_out; more_warnings stands for those beyond 50. PT409 when the claim isn''t the one that reads the receipt '
  '(any more).';
revoke execute on function public.finish_receipt(uuid, uuid, jsonb) from public;
grant execute on function public.finish_receipt(uuid, uuid, jsonb) to authenticated;

create function public.fail_receipt(receipt_id uuid, claim uuid, reason text) returns public.receipts
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.claimed_receipt(receipt_id, claim);
begin
  receipt.status := 'failed';
  receipt.claim := null;
  receipt.claimed_until := null;
  receipt.extraction := receipt.extraction || jsonb_build_object('failure', left(reason, 1000));
  return private.write_receipt(receipt);
end $$;
comment on function public.fail_receipt(uuid, uuid, text) is
  'Ends a reading without a result: the receipt is failed, with the reason as extraction.failure. PT409 when the claim '
  'isn''t the one that reads the receipt (any more).';
revoke execute on function public.fail_receipt(uuid, uuid, text) from public;
grant execute on function public.fail_receipt(uuid, uuid, text) to authenticated;

create function public.receipt_context() returns jsonb
language sql stable security invoker set search_path = '' as $$
  select jsonb_build_object(
    'currency', p.currency, 'timezone', p.timezone, 'today', private.today(),
    -- Who pays in US dollars writes the month first; in four more countries both are usual.
    'day_first', case
      when p.currency = 'USD' then false
      when p.currency not in ('CAD', 'KES', 'PAB', 'PHP') then true
    end,
    'stores', coalesce((
      select jsonb_agg(to_jsonb(s) order by s.times desc, s.name)
      from (
        select mode() within group (order by e.store) as name, mode() within group (order by e.category) as category,
          mode() within group (order by e.currency) as currency,
          mode() within group (order by e.payment_method) as payment_method, count(*) as times
        from public.expenses as e
        where e.user_id = p.id and e.store is not null
        group by lower(e.store) order by times desc, name limit 100) as s), '[]'))
  from public.profiles as p
  where p.id = auth.uid()
$$;
comment on function public.receipt_context() is
  'What helps to read the caller''s receipts: {"currency", "timezone", "today", "day_first" (of 03/04: day before '
  'month; null: not known), "stores": [{"name", "category", "currency", "payment_method", "times"}]}, the 100 stores '
  'with most expenses, each with what it mostly was.';
revoke execute on function public.receipt_context() from public;
grant execute on function public.receipt_context() to authenticated;

-------------------------------------------------------------------------------
-- 4. Keeping the books
-------------------------------------------------------------------------------

create function private.split_receipt(receipt public.receipts, split jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  part jsonb;
  sum numeric;
  expenses jsonb;
begin
  for part in select p from jsonb_array_elements(split) as p loop
    perform private.require_shape(part, '{"category": "string!", "amount": "decimal!", "name": "string"}', 'split');
  end loop;
  sum := (select sum((p ->> 'amount')::numeric) from jsonb_array_elements(split) as p);
  if split is not null and sum is distinct from receipt.amount then
    raise sqlstate 'PT422' using
      message = 'the split doesn''t add up to the receipt''s amount',
      detail = format('The parts are %s %s, the receipt is %s: %s.', coalesce(sum, 0), receipt.currency, receipt.amount,
        case when sum > receipt.amount then format('%s too much', sum - receipt.amount)
          else format('%s missing', receipt.amount - coalesce(sum, 0)) end),
      hint = 'Correct a part, or PATCH the amount of the receipt.';
  end if;

  with parts as (
    select p.name, p.category, p.amount, p.position
    from rows from (jsonb_to_recordset(split) as (name text, category text, amount numeric))
      with ordinality as p (name, category, amount, position)
    union all
    select null, coalesce(receipt.category, 'Other'), receipt.amount, 1 where split is null
  ), added as (
    -- updated_at equals created_at until somebody changes it, which is how reopen_receipt knows.
    insert into public.expenses (
      user_id, receipt_id, name, category, amount, currency, kind, store, payment_method, date, updated_at)
    select receipt.user_id, receipt.id, coalesce(p.name, receipt.store), p.category, p.amount, receipt.currency,
      receipt.kind, receipt.store, receipt.payment_method, receipt.date, now()
    from parts as p order by p.position
    returning *
  )
  select jsonb_agg(to_jsonb(a)) into expenses from added as a;
  return expenses;
end $$;
comment on function private.split_receipt(public.receipts, jsonb) is
  'Records the expenses of a receipt, one or (split) several; returns the rows. PT422 when the parts don''t add up.';

create function private.restock_from(receipt public.receipts, restock jsonb) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  item jsonb;
  lots jsonb;
begin
  for item in select i from jsonb_array_elements(restock) as i loop
    perform private.require_shape(item, '{"line_id": "uuid", "name": "string!", "quantity": "decimal!",
      "unit": "string!", "expiry_date": "date"}', 'restock');
    if item ->> 'line_id' is not null and not exists (
      select from public.receipt_lines as l where l.id = (item ->> 'line_id')::uuid and l.receipt_id = receipt.id) then
      raise sqlstate 'PT422' using
        message = 'restock names a line that isn''t on the receipt',
        detail = format('Receipt %s has no line %s.', receipt.id, item ->> 'line_id'),
        hint = 'GET /rest/v1/receipt_lines?receipt_id=eq.<id> shows its lines; line_id may be left out.';
    elsif (item ->> 'quantity')::numeric = 0 then
      -- A lot may be used up, but isn't bought so.
      raise sqlstate 'PT422' using
        message = 'restock.quantity must be above 0',
        detail = format('There would be no %s in the pantry.', left(item ->> 'name', 100)),
        hint = 'Send how much was bought, or leave the item out.';
    end if;
  end loop;

  with added as (
    insert into public.pantry_items (user_id, receipt_id, name, quantity, unit, expiry_date, updated_at)
    select receipt.user_id, receipt.id, i.name, i.quantity, i.unit, i.expiry_date, now()
    from jsonb_to_recordset(restock) as i (name text, quantity numeric, unit text, expiry_date date)
    returning *
  )
  select coalesce(jsonb_agg(to_jsonb(a)), '[]') into lots from added as a;

  -- What the store prints, as the owner calls it; how much one of it is only where that is exact.
  insert into public.receipt_item_names as n (user_id, printed_name, pantry_name, pantry_unit, pantry_quantity)
  select distinct on (lower(l.name)) receipt.user_id, lower(l.name), i.name, i.unit,
    case when one.quantity > 0 and private.is_quantity(one.quantity)
      and one.quantity * coalesce(l.quantity, 1) = i.quantity then one.quantity end
  from rows from (jsonb_to_recordset(restock) as (line_id uuid, name text, unit text, quantity numeric))
    with ordinality as i (line_id, name, unit, quantity, position)
  join public.receipt_lines as l on l.id = i.line_id
  cross join lateral (select round(i.quantity / coalesce(l.quantity, 1), 3) as quantity) as one
  order by lower(l.name), i.position desc
  on conflict on constraint receipt_item_names_user_id_printed_name_key do update
  set pantry_name = excluded.pantry_name, pantry_unit = excluded.pantry_unit,
    pantry_quantity = excluded.pantry_quantity;
  return lots;
end $$;
comment on function private.restock_from(public.receipts, jsonb) is
  'Puts what was ticked on a receipt into the pantry, and remembers what its lines are called there; returns the lots.';

create function public.confirm_receipt(receipt_id uuid, split jsonb default null, restock jsonb default null)
returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.lock_receipt(receipt_id, '{draft}');
  missing text;
  warnings jsonb;
  expenses jsonb;
  lots jsonb;
  message text;
  rule text;
begin
  missing := concat_ws(' and ', case when receipt.store is null then 'store' end,
    case when receipt.amount is null then 'amount' end, case when receipt.date is null then 'date' end);
  if missing <> '' then
    raise sqlstate 'PT422' using
      message = format('the receipt has no %s', missing),
      detail = 'An expense needs a store, an amount and a date.',
      hint = format('PATCH /rest/v1/receipts?id=eq.%s, then confirm it.', receipt.id);
  end if;
  perform private.require_shape(
    jsonb_build_object('split', split, 'restock', restock), '{"split": "array", "restock": "array"}', 'confirmation');

  warnings := private.same_expenses(receipt);
  expenses := private.split_receipt(receipt, nullif(split, 'null'));
  lots := private.restock_from(receipt, nullif(restock, 'null'));
  receipt.status := 'confirmed';
  receipt.made := array(select (m ->> 'id')::uuid from jsonb_array_elements(expenses || lots) as m);
  receipt := private.write_receipt(receipt);
  return jsonb_build_object(
    'receipt', to_jsonb(receipt), 'expenses', expenses, 'pantry_items', lots, 'warnings', warnings);
exception when check_violation or data_exception then
  get stacked diagnostics message = message_text, rule = constraint_name;
  perform private.refuse_input('confirmation', message, rule);
end $$;
comment on function public.confirm_receipt(uuid, jsonb, jsonb) is
  'A draft with store, amount and date becomes confirmed, in one transaction: {"receipt", "expenses", "pantry_items", '
  '"warnings"}. One expense in the receipt''s category ("Other" without one), or split: [{"category", "amount", '
  '"name"?}], which must add up to the amount exactly. restock: [{"line_id"?, "name", "quantity", "unit", '
  '"expiry_date"?}] makes pantry lots; the line''s name is remembered. Amounts and quantities are decimal strings or '
  'numbers. The warning {"code": "expense_exists", "expense_ids", "message"} says that store, date and amount were '
  'recorded before; nothing is merged. PT404, PT409 or PT422 when it can''t, and nothing is changed.';
revoke execute on function public.confirm_receipt(uuid, jsonb, jsonb) from public;
grant execute on function public.confirm_receipt(uuid, jsonb, jsonb) to authenticated;

create function public.reopen_receipt(receipt_id uuid) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.lock_receipt(receipt_id, '{confirmed}');
  spent public.expenses[];
  lots public.pantry_items[];
  warnings jsonb;
begin
  with removed as (
    delete from public.expenses as e where e.receipt_id = receipt.id and e.id = any (receipt.made) returning e.*)
  select array_agg(r order by r.created_at, r.id) into spent from removed as r;
  with removed as (
    delete from public.pantry_items as i where i.receipt_id = receipt.id and i.id = any (receipt.made) returning i.*)
  select array_agg(r order by r.created_at, r.id) into lots from removed as r;

  select coalesce(jsonb_agg(w.warning), '[]') into warnings
  from (
    select jsonb_build_object('code', 'expense_changed', 'expense_id', e.id, 'message',
      format('The expense %s was changed after the receipt was confirmed; that is gone, too. Change it again after you '
        'confirm.', e.name)) as warning
    from unnest(spent) as e where e.updated_at > e.created_at
    union all
    select jsonb_build_object('code', 'expenses_differ', 'message',
      format('Its expenses were %s %s, not %s. Check the amount before you confirm it again.',
        coalesce(sum(e.amount), 0), receipt.currency, receipt.amount))
    from unnest(spent) as e having coalesce(sum(e.amount), 0) <> receipt.amount
    union all
    select jsonb_build_object('code', 'pantry_item_changed', 'pantry_item_id', i.id, 'message',
      format('%s was changed after it was restocked: %s %s were left. Restock no more than that when you confirm it '
        'again.', i.name, i.quantity, i.unit))
    from unnest(lots) as i where i.updated_at > i.created_at
  ) as w;
  receipt.status := 'draft';
  receipt.made := null;
  receipt := private.write_receipt(receipt);
  return jsonb_build_object(
    'receipt', to_jsonb(receipt),
    'removed', jsonb_build_object(
      'expenses', to_jsonb(coalesce(spent, '{}')), 'pantry_items', to_jsonb(coalesce(lots, '{}'))),
    'warnings', warnings);
end $$;
comment on function public.reopen_receipt(uuid) is
  'A confirmed receipt becomes a draft again, and what confirming it made is taken back, in one transaction: '
  '{"receipt", "removed": {"expenses", "pantry_items"}, "warnings"}, the rows as they last were. What was changed '
  'since then is taken back, too, with a warning (expense_changed, expenses_differ, pantry_item_changed); what was '
  'deleted or unlinked since then is left alone, and so is what was linked by hand. Names for the pantry stay '
  'remembered.';
revoke execute on function public.reopen_receipt(uuid) from public;
grant execute on function public.reopen_receipt(uuid) to authenticated;

create function public.delete_receipt(receipt_id uuid, keep_expenses boolean) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  receipt public.receipts := private.lock_receipt(receipt_id);
  ids constant uuid[] := array(select e.id from public.expenses as e where e.receipt_id = receipt.id);
  expenses jsonb;
begin
  if keep_expenses is null then
    raise sqlstate 'PT422' using
      message = 'keep_expenses is missing',
      detail = 'Whether the receipt''s expenses stay is for its owner to say.',
      hint = 'Send keep_expenses true or false.';
  end if;
  if not keep_expenses then
    with removed as (delete from public.expenses as e where e.id = any (ids) returning e.*)
    select jsonb_agg(to_jsonb(r)) into expenses from removed as r;
  end if;
  delete from public.receipts as r where r.id = receipt.id;
  if keep_expenses then
    expenses := (select jsonb_agg(to_jsonb(e)) from public.expenses as e where e.id = any (ids));
  end if;
  return jsonb_build_object(
    'receipt', to_jsonb(receipt), 'kept', keep_expenses, 'expenses', coalesce(expenses, '[]'));
end $$;
comment on function public.delete_receipt(uuid, boolean) is
  'Deletes a receipt whose image is no longer stored, with its lines, and keeps or deletes its expenses, in one '
  'transaction: {"receipt", "kept", "expenses"}. Pantry lots stay: the food is there. PT409 while the image is stored: '
  'DELETE /api/finances/receipts/<id> deletes it first.';
revoke execute on function public.delete_receipt(uuid, boolean) from public;
grant execute on function public.delete_receipt(uuid, boolean) to authenticated;

grant execute on function
  private.next_step(text), private.lock_receipt(uuid, text[]), private.write_receipt(public.receipts),
  private.same_expenses(public.receipts), private.receipt_digest(public.receipts),
  private.is_corrected(public.receipts), private.claim_until(integer), private.claimed_receipt(uuid, uuid),
  private.what_fits(anyelement, jsonb), private.replace_lines(public.receipts, jsonb),
  private.split_receipt(public.receipts, jsonb), private.restock_from(public.receipts, jsonb)
to authenticated;
-- Its hints are in refusals to everybody.
grant execute on function private.next_step(text) to service_role;
