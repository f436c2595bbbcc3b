-- Reading receipts: whoever reads an image begins with a claim, which runs out, and ends with what was read, or not.

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

grant execute on function
  private.claim_until(integer), private.receipt_digest(public.receipts), private.is_corrected(public.receipts),
  private.claimed_receipt(uuid, uuid), private.what_fits(anyelement, jsonb),
  private.replace_lines(public.receipts, jsonb)
to authenticated;
