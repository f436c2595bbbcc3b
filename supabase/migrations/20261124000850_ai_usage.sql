-- AI usage: what language models were asked for a person, and how much of it a day allows. Counted here, so that any
-- number of replicas of the service agree.
--
-- The service acts with the user's own token, so whatever it may call, the user may call, too. A request is therefore
-- counted before the model is asked, at the most it can cost, and settled afterwards with a key that only whoever
-- started it has: a user can neither take back nor shrink what the service has counted. Calling these by hand costs
-- the caller's own budget. What is never settled (the service died) stays counted at the most.

create table public.ai_requests (
  id uuid primary key default gen_random_uuid(),
  kind text not null,
  source text not null,
  model text,
  outcome text not null,
  latency_ms integer,
  input_tokens integer,
  output_tokens integer,
  reserved_tokens integer not null default 0,
  user_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  constraint ai_requests_kind_is_known
    check (kind in ('meal_suggestions', 'workout_suggestions', 'receipt_extraction')),
  constraint ai_requests_source_is_known check (source in ('openai', 'planner', 'ocr')),
  constraint ai_requests_model_exactly_when_one_was_asked check ((source = 'openai') = (model is not null)),
  constraint ai_requests_model_max_100 check (char_length(model) <= 100),
  constraint ai_requests_outcome_is_known
    check (outcome in ('pending', 'ok', 'timeout', 'refusal', 'truncated', 'invalid_output')),
  constraint ai_requests_latency_ms_exactly_when_settled check ((outcome = 'pending') = (latency_ms is null)),
  constraint ai_requests_latency_ms_not_negative check (latency_ms >= 0),
  constraint ai_requests_input_tokens_not_negative check (input_tokens >= 0),
  constraint ai_requests_output_tokens_not_negative check (output_tokens >= 0),
  constraint ai_requests_tokens_known_both_or_neither check ((input_tokens is null) = (output_tokens is null)),
  constraint ai_requests_reserved_tokens_not_negative check (reserved_tokens >= 0)
);
comment on table public.ai_requests is
  'Every AI request of a person: what answered and what it used. The owner reads it; only functions add to it.';
comment on column public.ai_requests.kind is 'meal_suggestions | workout_suggestions | receipt_extraction';
comment on column public.ai_requests.source is 'What answered: openai (a language model), planner or ocr (built in).';
comment on column public.ai_requests.outcome is
  'pending, until the answer is there; ok; or how the language model failed: timeout (out of reach, too) | refusal | '
  'truncated | invalid_output (something built in then answered).';
comment on column public.ai_requests.latency_ms is 'Milliseconds until the answer.';
comment on column public.ai_requests.input_tokens is 'Tokens of the prompt; null when nobody knows.';
comment on column public.ai_requests.output_tokens is 'Tokens of the answer; null when nobody knows.';
comment on column public.ai_requests.reserved_tokens is
  'The most that the request can use; it counts while input_tokens and output_tokens are null.';

create index idx_ai_requests_user_created on public.ai_requests (user_id, created_at);
alter table public.ai_requests enable row level security;
create policy select_own on public.ai_requests for select to authenticated using ((select auth.uid()) = user_id);
revoke all on public.ai_requests from public, anon, authenticated, service_role;
-- Insert, update and delete aren't granted: budgets are counted from these rows, so nobody may write them.
grant select on public.ai_requests to authenticated, service_role;

create table private.ai_tickets (
  request_id uuid primary key references public.ai_requests (id) on delete cascade,
  key_hash bytea not null,
  max_requests integer not null,
  max_tokens bigint not null
);
comment on table private.ai_tickets is
  'What settles a pending row of ai_requests, once: the SHA-256 of its key, and the limits it was started under.';
alter table private.ai_tickets enable row level security;
revoke all on private.ai_tickets from public, anon, authenticated, service_role;

-------------------------------------------------------------------------------
-- Budget
-------------------------------------------------------------------------------

create function private.ai_day(out starts_at timestamptz, out ends_at timestamptz)
language plpgsql stable security invoker set search_path = '' as $$
begin
  -- UTC, not the person's zone: whoever could move the day could start it anew.
  starts_at := date_trunc('day', now(), 'UTC');
  ends_at := starts_at + interval '24 hours';
end $$;
comment on function private.ai_day() is 'The day that AI budgets are for: from midnight to midnight UTC.';

create function private.ai_budget(
  max_requests integer, max_tokens bigint, out requests_used bigint, out tokens_used bigint, out remaining jsonb
)
language plpgsql stable security invoker set search_path = '' as $$
begin
  select count(*), coalesce(sum(coalesce(r.input_tokens::bigint + r.output_tokens, r.reserved_tokens)), 0)
  into requests_used, tokens_used
  from public.ai_requests as r
  where r.user_id = auth.uid() and r.source = 'openai'
    and r.created_at >= (select d.starts_at from private.ai_day() as d);
  remaining := jsonb_build_object(
    'requests_left', greatest(0, max_requests - requests_used), 'tokens_left', greatest(0, max_tokens - tokens_used));
end $$;
comment on function private.ai_budget(integer, bigint) is
  'What the caller used of today''s model requests and tokens, and {requests_left, tokens_left} under these limits.';

create function private.ai_ticket_id(ticket jsonb) returns uuid
language plpgsql immutable security invoker set search_path = '' as $$
begin
  return case when pg_input_is_valid(ticket ->> 'id', 'uuid') then (ticket ->> 'id')::uuid end;
end $$;
comment on function private.ai_ticket_id(jsonb) is 'The request that a ticket is for; null when it is no ticket.';

-- Definer: adds a row and a ticket for the caller, who can't write either table.
create function private.reserve_ai_request(
  kind text, model text, max_requests integer, max_tokens bigint, reserve_tokens integer
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  key constant text := gen_random_uuid();
  budget record;
  added uuid;
begin
  if model is null or max_requests is null or max_tokens is null or reserve_tokens is null then
    raise sqlstate 'PT422' using
      message = 'an AI request needs a model and its limits',
      detail = 'One of model, max_requests, max_tokens and reserve_tokens is null.',
      hint = 'Send all of them.';
  end if;
  -- One after the other for a person, or two requests would both find the last place free. 7207 is AI budgets.
  perform pg_advisory_xact_lock(7207, hashtext(auth.uid()::text));
  budget := private.ai_budget(max_requests, max_tokens);
  if budget.requests_used >= max_requests or budget.tokens_used + reserve_tokens > max_tokens then
    raise sqlstate 'PT429' using
      message = 'The AI budget of today is spent',
      detail = format('Today (UTC) %s of %s requests and %s of %s tokens are used; this request may take %s tokens.',
        budget.requests_used, max_requests, budget.tokens_used, max_tokens, reserve_tokens),
      hint = format('Try again after %s.',
        (select to_char(d.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from private.ai_day() as d));
  end if;
  insert into public.ai_requests (kind, source, model, outcome, reserved_tokens)
  values (kind, 'openai', model, 'pending', reserve_tokens)
  returning id into added;
  insert into private.ai_tickets (request_id, key_hash, max_requests, max_tokens)
  values (added, sha256(convert_to(key, 'UTF8')), max_requests, max_tokens);
  return jsonb_build_object(
    'ticket', jsonb_build_object('id', added, 'key', key),
    'budget', (private.ai_budget(max_requests, max_tokens)).remaining);
end $$;
comment on function private.reserve_ai_request(text, text, integer, bigint, integer) is
  'Counts a model request of the caller as pending, at the most it can use, or refuses it (PT429). Returns {ticket: '
  '{id, key}, budget}.';

-- Definer: changes a row and takes its ticket, which the caller can't. The key says that it may.
create function private.settle_ai_request(
  ticket jsonb, outcome text, latency_ms integer, input_tokens integer, output_tokens integer
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  used record;
begin
  perform private.require_shape(ticket, '{"id": "string!", "key": "string!"}', 'ticket');
  delete from private.ai_tickets as t
  using public.ai_requests as r
  where t.request_id = private.ai_ticket_id(ticket)
    and t.key_hash = sha256(convert_to(ticket ->> 'key', 'UTF8')) and r.id = t.request_id and r.user_id = auth.uid()
  returning r.id, t.max_requests, t.max_tokens into used;
  if not found then
    raise sqlstate 'PT404' using
      message = 'there is no pending AI request with this ticket',
      detail = 'A ticket is good once, for whoever started the request.',
      hint = 'Send the ticket that start_ai_request returned.';
  end if;
  if outcome is null or outcome = 'pending' then
    raise sqlstate 'PT422' using
      message = 'outcome must say how the request ended',
      detail = format('Got %s.', coalesce(outcome, 'nothing')),
      hint = 'Send ok, timeout, refusal, truncated or invalid_output.';
  end if;
  update public.ai_requests as r
  set outcome = settle_ai_request.outcome, latency_ms = settle_ai_request.latency_ms,
    input_tokens = settle_ai_request.input_tokens, output_tokens = settle_ai_request.output_tokens
  where r.id = used.id;
  return (private.ai_budget(used.max_requests, used.max_tokens)).remaining;
end $$;
comment on function private.settle_ai_request(jsonb, text, integer, integer, integer) is
  'Settles a pending request of the caller, once, with its ticket. Returns {requests_left, tokens_left}.';

-- Definer: adds a row for the caller, who can't write the table.
create function private.add_ai_request(kind text, source text, latency_ms integer) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_requests (kind, source, outcome, latency_ms, input_tokens, output_tokens)
  values (kind, source, 'ok', latency_ms, 0, 0);
end $$;
comment on function private.add_ai_request(text, text, integer) is
  'Adds an answer of something built in to the caller''s ai_requests.';

grant execute on function
  private.ai_day(), private.ai_budget(integer, bigint), private.ai_ticket_id(jsonb),
  private.reserve_ai_request(text, text, integer, bigint, integer),
  private.settle_ai_request(jsonb, text, integer, integer, integer),
  private.add_ai_request(text, text, integer)
to authenticated;

-------------------------------------------------------------------------------
-- RPC
-------------------------------------------------------------------------------

create function public.start_ai_request(
  kind text, model text, max_requests integer, max_tokens bigint, reserve_tokens integer
) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
begin
  return private.reserve_ai_request(kind, model, max_requests, max_tokens, reserve_tokens);
end $$;
comment on function public.start_ai_request(text, text, integer, bigint, integer) is
  'Counts a model request before it is made: reserve_tokens is the most it can use. Returns {ticket: {id, key}, '
  'budget: {requests_left, tokens_left}}; the ticket settles it with finish_ai_request. PT429 when more than '
  'max_requests or max_tokens would be used today (UTC). Calling it by hand costs the caller''s own budget.';

create function public.finish_ai_request(
  ticket jsonb, outcome text, latency_ms integer, input_tokens integer default null, output_tokens integer default null
) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
begin
  return private.settle_ai_request(ticket, outcome, latency_ms, input_tokens, output_tokens);
end $$;
comment on function public.finish_ai_request(jsonb, text, integer, integer, integer) is
  'Settles what start_ai_request counted, once: outcome ok | timeout | refusal | truncated | invalid_output, and the '
  'tokens used (left out when unknown: then the reservation stays). Returns the budget {requests_left, tokens_left}.';

create function public.record_ai_request(
  kind text, source text, latency_ms integer, max_requests integer default null, max_tokens bigint default null
) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
begin
  perform private.add_ai_request(kind, source, latency_ms);
  if max_requests is null or max_tokens is null then
    return null;
  end if;
  return (private.ai_budget(max_requests, max_tokens)).remaining;
end $$;
comment on function public.record_ai_request(text, text, integer, integer, bigint) is
  'Adds an answer of something built in (source planner | ocr) to the caller''s ai_requests; it costs no budget. '
  'Returns the budget {requests_left, tokens_left} under the given limits, null without limits.';

create function public.start_suggestions(
  kind text, request jsonb, model text, max_requests integer, max_tokens bigint, reserve_tokens integer
) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  context jsonb;
begin
  case kind
    when 'meal_suggestions' then context := public.meal_suggestion_context(request);
    when 'workout_suggestions' then context := public.workout_suggestion_context(request);
    else
      raise sqlstate 'PT422' using
        message = 'kind must be meal_suggestions or workout_suggestions',
        detail = format('Got %s.', coalesce(kind, 'nothing')),
        hint = 'Other requests of a model start with start_ai_request.';
  end case;
  -- The context is part of the prompt, and a token is at least one byte.
  return jsonb_build_object('context', context) || private.reserve_ai_request(
    kind, model, max_requests, max_tokens, reserve_tokens + octet_length(context::text));
end $$;
comment on function public.start_suggestions(text, jsonb, text, integer, bigint, integer) is
  'start_ai_request for suggestions, with what the model has to know: returns {context, ticket, budget}. kind is '
  'meal_suggestions or workout_suggestions, reserve_tokens the most that everything but the context can use.';

create function public.finish_suggestions(
  ticket jsonb, outcome text, latency_ms integer, input_tokens integer, output_tokens integer, suggestions jsonb,
  request jsonb default '{}'
) returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  grounded jsonb := '[]';
  warnings jsonb := '[]';
begin
  begin
    case (select r.kind from public.ai_requests as r where r.id = private.ai_ticket_id(ticket))
      when 'meal_suggestions' then
        grounded := public.ground_meal_suggestions(suggestions, request);
        warnings := private.restriction_warnings();
      when 'workout_suggestions' then grounded := public.ground_workout_suggestions(suggestions, request);
      else null;  -- Settling refuses what is no ticket.
    end case;
  exception
    -- What a model makes up must not keep its tokens from being counted as they are.
    when sqlstate 'PT422' or data_exception or integrity_constraint_violation then
      grounded := '[]';
  end;
  return jsonb_build_object(
    'suggestions', grounded,
    'warnings', warnings || private.warning('few_suggestions', case
      when jsonb_array_length(grounded) < (request ->> 'count')::numeric then
        'There are fewer suggestions than you asked for: what broke an allergy, a diet, a limit or a safe weight was left '
        'out. Ask again for others.'
    end),
    'budget', private.settle_ai_request(
      ticket, case when outcome = 'ok' and grounded = '[]' then 'invalid_output' else outcome end, latency_ms,
      input_tokens, output_tokens));
end $$;
comment on function public.finish_suggestions(jsonb, text, integer, integer, integer, jsonb, jsonb) is
  'finish_ai_request for suggestions, with the grounding check of what the model suggested (ground_meal_suggestions, '
  'ground_workout_suggestions). Returns {suggestions, warnings: [{code, message}] of what couldn''t be checked, budget}'
  '; when none hold, the outcome is invalid_output.';

revoke execute on function
  public.start_ai_request(text, text, integer, bigint, integer),
  public.finish_ai_request(jsonb, text, integer, integer, integer),
  public.record_ai_request(text, text, integer, integer, bigint),
  public.start_suggestions(text, jsonb, text, integer, bigint, integer),
  public.finish_suggestions(jsonb, text, integer, integer, integer, jsonb, jsonb)
from public;
grant execute on function
  public.start_ai_request(text, text, integer, bigint, integer),
  public.finish_ai_request(jsonb, text, integer, integer, integer),
  public.record_ai_request(text, text, integer, integer, bigint),
  public.start_suggestions(text, jsonb, text, integer, bigint, integer),
  public.finish_suggestions(jsonb, text, integer, integer, integer, jsonb, jsonb)
to authenticated;
