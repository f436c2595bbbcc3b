-- Suggestions: what those of meals and of workouts share. The AI service asks the database; the rules are in these
-- files, the service adds the language model:
--   pantry_stock, meal_ranking, meal_planner, meal_suggestions      what to cook
--   training, progression, workout_candidates, workout_planner, workout_suggestions      how to train
--   accept_suggestions      what was suggested becomes a recipe or a workout

-------------------------------------------------------------------------------
-- Days and free time
-------------------------------------------------------------------------------

create function private.today() returns date
language sql stable security invoker set search_path = '' as $$
  select (pg_catalog.now() at time zone p.timezone)::date from public.profiles as p where p.id = auth.uid()
$$;
comment on function private.today() is 'The caller''s calendar day now, in their zone.';

create function private.free_time(first_day date, last_day date, earliest time, latest time)
returns table (day date, starts_at timestamp, ends_at timestamp)
language sql stable security invoker set search_path = '' as $$
  with windows as (
    select d.day::date as day, p.timezone as zone, greatest(d.day + earliest, now() at time zone p.timezone) as opens,
      d.day + latest as closes
    from public.profiles as p
    cross join generate_series(first_day::timestamp, last_day, '1 day') as d (day)
    where p.id = (select auth.uid())
  ),
  busy as (
    select w.day, range_agg(tsrange(b.starts, greatest(b.starts, b.ends))) as spans
    from windows as w
    join public.calendar_events as e on e.user_id = (select auth.uid()) and not e.all_day
      -- No event is longer than a year: the first bound keeps the index scan short.
      and e.start_time > (w.opens - interval '368 days') at time zone w.zone
      and e.start_time < w.closes at time zone w.zone and e.end_time > w.opens at time zone w.zone
    cross join lateral (
      select e.start_time at time zone w.zone as starts, e.end_time at time zone w.zone as ends
    ) as b
    group by w.day
  )
  select w.day, lower(f.span), upper(f.span)
  from windows as w
  left join busy as b on b.day = w.day
  cross join lateral unnest(
    tsmultirange(tsrange(w.opens, greatest(w.opens, w.closes))) - coalesce(b.spans, '{}')) as f (span)
  order by 1, 2
$$;
comment on function private.free_time(date, date, time, time) is
  'When the caller is free on these days between the two times, by the timed events in their calendar, as wall-clock '
  'times in their zone; what is past isn''t free. All-day events leave the day free.';

create function private.minutes_before(day date, moment time) returns integer
language sql stable security invoker set search_path = '' as $$
  select (extract(epoch from least(upper(f.span), day + moment) - lower(f.span)) / 60)::integer
  from (
    -- From the day before: what is eaten at half past midnight is cooked in the evening.
    select unnest(range_agg(tsrange(f.starts_at, f.ends_at))) as span
    from private.free_time(day - 1, day, '00:00', '24:00') as f
  ) as f
  where lower(f.span) < day + moment
  order by f.span desc
  limit 1
$$;
comment on function private.minutes_before(date, time) is
  'How many minutes the caller has before a moment, from the end of the last thing in their calendar; when something '
  'is on at that moment, before that. Null when the moment is past.';

-------------------------------------------------------------------------------
-- Requests
-------------------------------------------------------------------------------

create function private.check_suggestions(suggestions jsonb, example text) returns void
language plpgsql immutable security invoker set search_path = '' as $$
begin
  if suggestions is null or jsonb_typeof(suggestions) <> 'array' or jsonb_array_length(suggestions) > 5 then
    raise sqlstate 'PT422' using
      message = 'suggestions must be an array of at most 5',
      detail = format('Got %s.', coalesce(jsonb_typeof(suggestions), 'nothing')),
      hint = format('Send {"suggestions": [%s]}.', example);
  end if;
end $$;
comment on function private.check_suggestions(jsonb, text) is
  'Refuses (PT422) what is no array of at most five suggestions.';

create function private.check_suggestion_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
begin
  if not (
    coalesce((request ->> 'count')::numeric between 1 and 5, true)
    and coalesce((request ->> 'date')::date between '1900-01-01' and '2199-12-31', true)
    and coalesce(char_length(request ->> 'notes') <= 500, true)
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'count is 1–5; date lies in 1900–2199; notes have at most 500 characters.',
      hint = 'Correct the value, or leave the key out.';
  elsif (request ->> 'date')::date < today then
    raise sqlstate 'PT422' using
      message = 'request.date is in the past',
      detail = format('In your time zone it is %s now.', today),
      hint = 'Send today or a later day, or leave the key out.';
  end if;
end $$;
comment on function private.check_suggestion_request(jsonb) is
  'Refuses (PT422) what requests for meals and for workouts share and what is out of range: count, date, which isn''t '
  'before the caller''s today, and notes.';

-------------------------------------------------------------------------------
-- What is said
-------------------------------------------------------------------------------

create function private.listed(words text[], most integer) returns text
language sql immutable security invoker set search_path = '' as $$
  select case
    when cardinality(words) > most
    then format('%s and %s more', array_to_string(words[:most - 1], ', '), cardinality(words) - most + 1)
    when cardinality(words) > 1
    then format('%s and %s', array_to_string(words[:cardinality(words) - 1], ', '), words[cardinality(words)])
    else words[1]
  end
$$;
comment on function private.listed(text[], integer) is 'Words as a sentence has them: "a, b and c", "a, b and 4 more".';

create function private.day_in_words(day date, today date) returns text
language sql immutable security invoker set search_path = '' as $$
  select case day - today
    when 0 then 'today' when 1 then 'tomorrow' when -1 then 'yesterday'
    else trim(to_char(day, case when abs(day - today) < 7 and day > today then 'Day' else 'FMDD Mon' end))
  end
$$;
comment on function private.day_in_words(date, date) is 'A day as people say it: today, Friday, 27 Nov.';

create function private.as_reason(words text) returns text
language sql immutable security invoker set search_path = '' as $$
  select case
    when char_length(words) <= 500 then words
    else regexp_replace(left(words, 499), '[\s,.:;]+\S*$', '') || '…'
  end
$$;
comment on function private.as_reason(text) is
  'A reason for a suggestion, at most 500 characters, cut after a word. A model''s must fit as it is.';

create function private.warning(code text, message text) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select case
    when message is null then '[]' else jsonb_build_array(jsonb_build_object('code', code, 'message', message))
  end
$$;
comment on function private.warning(text, text) is
  'What an answer can''t do for whoever asked, as an array to add to others: {code, message}; empty without a message.';

create function private.warnings_of_day(day date, today date, what text) returns jsonb
language sql immutable security invoker set search_path = '' as $$
  select private.warning('far_ahead', case when day > today + 28 then
    format('That day is %s days away, and %s isn''t known yet: ask again nearer to it.', day - today, what) end)
$$;
comment on function private.warnings_of_day(date, date, text) is 'Warns of a day more than four weeks from now.';

-- Made of the suggestion and of the state it was made from, so that the same data give the same ids, and what was
-- accepted and changed since is never taken for what is suggested now.
create function private.with_ids(suggestions jsonb, state timestamptz) returns jsonb
language sql stable security invoker set search_path = '' as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('id', md5(concat_ws(' ', (select auth.uid()), extract(epoch from state), s.value))::uuid)
      || s.value order by s.position), '[]')
  from jsonb_array_elements(suggestions) with ordinality as s (value, position)
$$;
comment on function private.with_ids(jsonb, timestamptz) is
  'Suggestions with the id that makes accepting each safe to repeat.';

grant execute on function
  private.today(), private.free_time(date, date, time, time), private.minutes_before(date, time),
  private.check_suggestions(jsonb, text), private.check_suggestion_request(jsonb), private.listed(text[], integer),
  private.day_in_words(date, date), private.as_reason(text), private.warning(text, text),
  private.warnings_of_day(date, date, text), private.with_ids(jsonb, timestamptz)
to authenticated;
