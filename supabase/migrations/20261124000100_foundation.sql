-- Foundation: the private schema, default privileges, and the rules that every table shares.

-- An older server takes the migrations and fails later, in functions that it can't run.
do $$
begin
  if current_setting('server_version_num')::integer < 170000 then
    raise exception using
      message = format('Life OS needs PostgreSQL 17, and this is %s', current_setting('server_version')),
      hint = 'Upgrade the project''s database, then push again.';
  end if;
end $$;

-- Definers and functions that only the database calls; not in config.toml's [api] schemas.
create schema private;
comment on schema private is
  'Trigger functions, definers and checks. Not exposed: the Data API can''t call anything here.';

-- New functions are executable by everybody through PUBLIC; only the form without IN SCHEMA takes that away.
alter default privileges revoke execute on functions from public;

-- CHECK constraints run with the rights of whoever writes the row, so writers need the schema.
grant usage on schema private to authenticated, service_role;

-------------------------------------------------------------------------------
-- Row rules
-------------------------------------------------------------------------------

-- One clock for optimistic locking: statement time would give two updates in a transaction the same stamp.
create function private.set_updated_at() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;
comment on function private.set_updated_at() is
  'Trigger function: stamps updated_at with clock_timestamp(). Attach with WHEN (old.* is distinct from new.*), so '
  'that a write that changes nothing leaves the stamp.';

-- Insert and update grants name id and user_id (an upsert needs them), so a trigger keeps them fixed.
create function private.keep_identity() returns trigger
language plpgsql volatile security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT409' using
    message = format('id and user_id of %s never change', tg_table_name),
    detail = format('Row %s was asked to become another row or to change its owner.', old.id),
    hint = 'Leave id and user_id out of the update, or insert a new row and delete this one.';
end $$;
comment on function private.keep_identity() is
  'Trigger function: refuses with PT409. Attach with WHEN (old.id or old.user_id is distinct from the new one).';

-------------------------------------------------------------------------------
-- Checks that CHECK constraints can't express inline
-------------------------------------------------------------------------------
-- In PL/pgSQL: a function in SQL with a search_path isn't inlined, and would be planned anew for every statement
-- (measured: 13 µs a call against 1).

create function private.is_number_between(value jsonb, lowest numeric, highest numeric, decimals integer)
returns boolean
language plpgsql immutable strict security invoker set search_path = '' as $$
begin
  -- A CASE, because only it keeps the cast from running on a value that isn't a number.
  return case
    when jsonb_typeof(value) = 'number'
    then value::numeric between lowest and highest and scale(trim_scale(value::numeric)) <= decimals
    else false
  end;
end $$;
comment on function private.is_number_between(jsonb, numeric, numeric, integer) is
  'Whether a JSON value is a number within both bounds (inclusive) with at most so many decimals; null for null.';

create function private.are_labels(labels text[], most integer, longest integer) returns boolean
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return cardinality(labels) <= most
    and coalesce(array_ndims(labels), 1) = 1
    and not exists (
      select from unnest(labels) as label
      where label is null or label !~ '\S' or label <> btrim(label)
        or char_length(label) > longest
    );
end $$;
comment on function private.are_labels(text[], integer, integer) is
  'Whether an array is flat, has at most `most` elements, and each is trimmed, not blank, at most `longest` '
  'characters.';

create function private.is_object(value jsonb, most_bytes integer) returns boolean
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return jsonb_typeof(value) = 'object' and octet_length(value::text) <= most_bytes;
end $$;
comment on function private.is_object(jsonb, integer) is
  'Whether a JSON value is an object of at most so many bytes as text.';

-- ISO 4217, as of 2026: codes of circulating money and their number of decimals (the standard's "minor unit").
create function private.currency_decimals(code text) returns integer
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return case
    when code in ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','VND','VUV','XAF','XOF','XPF') then 0
    when code in ('BHD','IQD','JOD','KWD','LYD','OMR','TND') then 3
    when code in (
      'AED','AFN','ALL','AMD','AOA','ARS','AUD','AWG','AZN','BAM','BBD','BDT','BMD','BND','BOB','BRL','BSD','BTN','BWP',
      'BYN','BZD','CAD','CDF','CHF','CNY','COP','CRC','CUP','CVE','CZK','DKK','DOP','DZD','EGP','ERN','ETB','EUR','FJD',
      'FKP','GBP','GEL','GHS','GIP','GMD','GTQ','GYD','HKD','HNL','HTG','HUF','IDR','ILS','INR','IRR','JMD','KES','KGS',
      'KHR','KPW','KYD','KZT','LAK','LBP','LKR','LRD','LSL','MAD','MDL','MGA','MKD','MMK','MNT','MOP','MRU','MUR','MVR',
      'MWK','MXN','MYR','MZN','NAD','NGN','NIO','NOK','NPR','NZD','PAB','PEN','PGK','PHP','PKR','PLN','QAR','RON','RSD',
      'RUB','SAR','SBD','SCR','SDG','SEK','SGD','SHP','SLE','SOS','SRD','SSP','STN','SVC','SYP','SZL','THB','TJS','TMT',
      'TOP','TRY','TTD','TWD','TZS','UAH','USD','UYU','UZS','VED','VES','WST','XCD','XCG','YER','ZAR','ZMW','ZWG'
    ) then 2
  end;
end $$;
comment on function private.currency_decimals(text) is
  'Decimals of an ISO 4217 currency (JPY 0, EUR 2, KWD 3); null when the code isn''t one. Source: ISO 4217 list one.';

create function private.is_amount(amount numeric, currency text, most numeric default 999999999) returns boolean
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return abs(amount) <= most
    and scale(trim_scale(amount)) <= private.currency_decimals(currency);
end $$;
comment on function private.is_amount(numeric, text, numeric) is
  'Whether an amount has no more decimals than its currency and stays within the bound (which also keeps NaN out).';

-- numeric arrives unrounded: a numeric(p, s) column would round 1.2345 before any CHECK could refuse it.
create function private.is_quantity(quantity numeric) returns boolean
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return quantity between 0 and 9999999.999 and scale(trim_scale(quantity)) <= 3;
end $$;
comment on function private.is_quantity(numeric) is
  'Whether a quantity is 0 to 9,999,999.999 with at most three decimals (numeric(10,3), but refused, not rounded).';

grant execute on function
  private.is_number_between(jsonb, numeric, numeric, integer),
  private.are_labels(text[], integer, integer),
  private.is_object(jsonb, integer),
  private.currency_decimals(text),
  private.is_amount(numeric, text, numeric),
  private.is_quantity(numeric)
to authenticated, service_role;

-------------------------------------------------------------------------------
-- What RPCs that take a JSON document share
-------------------------------------------------------------------------------

-- The Data API makes the message of a PT4xx the status line of its answer: a line break in it would end that line, and
-- whoever wrote it would write the headers that follow, or another answer.
create function private.one_line(words text, most integer default 50) returns text
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return regexp_replace(left(words, most), '[[:cntrl:]]', ' ', 'g');
end $$;
comment on function private.one_line(text, integer) is
  'What a client sent, as the message of a refusal may quote it: cut, and without line breaks and control characters.';
grant execute on function private.one_line(text, integer) to authenticated, service_role;

create function private.require_shape(document jsonb, shape jsonb, what text) returns void
language plpgsql stable security invoker set search_path = '' as $$
declare
  key text;
  expected text;
  value text;
  kind text;
  got text;
begin
  if document is null or jsonb_typeof(document) <> 'object' then
    raise sqlstate 'PT422' using
      message = format('%s must be a JSON object', what),
      detail = format('Got %s.', coalesce(jsonb_typeof(document), 'nothing')),
      hint = format('Send {"%s": {…}} with the keys %s.', what,
        (select string_agg(k, ', ') from jsonb_object_keys(shape) as k));
  end if;
  select k into key from jsonb_object_keys(document) as k where not shape ? k limit 1;
  if found then
    raise sqlstate 'PT422' using
      message = format('%s has an unknown key: %s', what, private.one_line(key)),
      detail = 'Unknown keys are refused, so that nothing sent is silently lost.',
      -- What the same thing is called elsewhere: start_time and meal_time are time here, or the other way round.
      hint = concat(
        (select format('Call it %s. ', k) from jsonb_object_keys(shape) as k
          where k = any (string_to_array(key, '_')) or key = any (string_to_array(k, '_')) limit 1),
        format('Allowed: %s.', (select string_agg(k, ', ') from jsonb_object_keys(shape) as k)));
  end if;
  for key, expected in select e.key, rtrim(e.value, '!') from jsonb_each_text(shape) as e loop
    value := document ->> key;
    got := coalesce(jsonb_typeof(document -> key), 'null');
    kind := case expected
      when 'date' then 'a date such as "2026-11-24"'
      when 'time' then 'a time such as "19:00"'
      when 'integer' then 'a whole number'
      when 'decimal' then 'a decimal such as "23.40"'
      when 'array' then 'an array'
      when 'object' then 'an object'
      else 'a ' || expected
    end;
    if got = 'null' then
      if right(shape ->> key, 1) = '!' then
        raise sqlstate 'PT422' using
          message = format('%s.%s is missing', what, key),
          detail = format('%s needs %s, %s.', what, key, kind),
          hint = format('Add "%s".', key);
      end if;
    elsif not (
      case expected
        -- PostgreSQL also takes words such as "today", which mean another day tomorrow, and numbers without end.
        when 'date' then got = 'string' and value ~ '^\d{4}-\d\d-\d\d$' and pg_input_is_valid(value, 'date')
        when 'time' then got = 'string' and value ~ '^\d\d:\d\d(:\d\d)?$' and pg_input_is_valid(value, 'time')
        when 'integer' then got = 'number' and value::numeric = trunc(value::numeric)
        when 'decimal' then got in ('string', 'number') and value ~ '^-?\d{1,15}(\.\d{1,15})?$'
        when 'uuid' then got = 'string' and pg_input_is_valid(value, 'uuid')
        else got = expected
      end
    ) then
      raise sqlstate 'PT422' using
        message = format('%s.%s must be %s', what, key, kind),
        detail = format('Got the %s %s.', got, left((document -> key)::text, 80)),
        hint = format('Send %s%s.', kind, case when right(shape ->> key, 1) <> '!' then ', or leave it out' end);
    end if;
  end loop;
end $$;
comment on function private.require_shape(jsonb, jsonb, text) is
  'Refuses (PT422) a document that isn''t an object, has unknown keys, lacks a key, or has a value of another type. '
  'The shape maps each key to string, number, integer, decimal (a number or a string, in plain digits), date '
  '(2026-11-24), time (19:00), uuid, boolean, array or object, with "!" where it is required: {"name": "string!", '
  '"notes": "string"}.';
grant execute on function private.require_shape(jsonb, jsonb, text) to authenticated, service_role;

create function private.refuse_input(what text, message text, constraint_name text) returns void
language plpgsql immutable security invoker set search_path = '' as $$
begin
  raise sqlstate 'PT422' using
    message = format('%s is not valid: %s', what,
      coalesce(nullif(replace(constraint_name, '_', ' '), ''), private.one_line(message, 200))),
    detail = left(message, 500),
    hint = 'Nothing was saved. Correct the value and send the whole document again.';
end $$;
comment on function private.refuse_input(text, text, text) is
  'Words a constraint violation inside an RPC as PT422; the rule itself stays on the table, whose constraint names '
  'read as rules.';
grant execute on function private.refuse_input(text, text, text) to authenticated, service_role;
