-- Booking receipts: a draft becomes expenses and pantry lots, which reopening takes back; and how a receipt goes.

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

grant execute on function private.split_receipt(public.receipts, jsonb), private.restock_from(public.receipts, jsonb)
to authenticated;
