-- Days: what a dashboard shows of a day, in one request instead of five.

create function public.day_summary(day date default null) returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  me constant uuid := auth.uid();
  zone constant text := (select p.timezone from public.profiles as p where p.id = me);
  -- As uses_expiring of suggestions has it.
  soon constant integer := 3;
begin
  day := coalesce(day, private.today());
  return jsonb_build_object(
    'date', day,
    -- Bounded by start_time, which is indexed: no event is longer than 367 days.
    'events', coalesce((
      select jsonb_agg(to_jsonb(e) order by e.start_time, e.id)
      from public.calendar_events as e
      where e.user_id = me and e.local_date <= day and e.local_end_date >= day
        and e.start_time >= (day - 367)::timestamp at time zone zone
        and e.start_time < (day + 1)::timestamp at time zone zone), '[]'),
    'sessions', coalesce((
      select jsonb_agg(to_jsonb(s) order by s.started_at, s.id)
      from public.user_sessions as s where s.user_id = me and s.status <> 'completed'), '[]'),
    'expiring', coalesce((
      select jsonb_agg(to_jsonb(i) order by i.expiry_date, i.name, i.id)
      from public.pantry_items as i where i.user_id = me and i.quantity > 0 and i.expiry_date <= day + soon), '[]'),
    'spent', coalesce((
      select jsonb_agg(to_jsonb(t) order by t.currency)
      from (
        select x.currency, coalesce(sum(x.signed) filter (where x.date = day_summary.day), 0)::text as day,
          sum(x.signed)::text as month
        from (
          select e.currency, e.date, case e.kind when 'refund' then -e.amount else e.amount end as signed
          from public.expenses as e
          where e.user_id = me and e.date between date_trunc('month', day::timestamp)::date and day_summary.day
        ) as x
        group by x.currency
      ) as t), '[]'),
    'receipts', coalesce((
      select jsonb_agg(to_jsonb(r) - 'extraction' || jsonb_build_object('effective_status', public.effective_status(r))
        order by r.created_at desc, r.id)
      from public.receipts as r where r.user_id = me and r.status <> 'confirmed'), '[]'));
end $$;
comment on function public.day_summary(date) is
  'A day of the caller''s, today in their zone unless given: {"date", "events" (all that touch the day, by start), '
  '"sessions" (open ones), "expiring" (pantry lots that aren''t used up and expire by three days later, or have), '
  '"spent": [{"currency", "day", "month"}] (decimal strings, refunds taken off; the month up to the day), "receipts" '
  '(those not confirmed, newest first, with effective_status, without extraction)}.';
revoke execute on function public.day_summary(date) from public;
grant execute on function public.day_summary(date) to authenticated;
