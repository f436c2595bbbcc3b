-- Workout suggestions: what the AI service asks the database about training.

create function private.check_workout_request(request jsonb) returns void
language plpgsql stable security invoker set search_path = '' as $$
begin
  perform private.require_shape(request, '{"count": "integer", "date": "date", "duration_minutes": "integer",
    "focus": "string", "equipment": "array", "notes": "string"}', 'request');
  if not (
    coalesce((request ->> 'count')::numeric between 1 and 5, true)
    and coalesce((request ->> 'duration_minutes')::numeric between 5 and 240, true)
    and coalesce((request ->> 'date')::date between '1900-01-01' and '2199-12-31', true)
  ) then
    raise sqlstate 'PT422' using
      message = 'request is out of range',
      detail = 'count is 1–5, duration_minutes 5–240; date lies in 1900–2199.',
      hint = 'Correct the value, or leave the key out.';
  end if;
end $$;
comment on function private.check_workout_request(jsonb) is
  'Refuses (PT422) a malformed request for workout suggestions.';

create function private.recent_workouts(today date) returns table (id uuid, day date, workout jsonb)
language sql stable security invoker set search_path = '' as $$
  select w.id, w.date, jsonb_build_object('name', w.name, 'duration_minutes', w.duration_minutes, 'exercises', coalesce((
      select jsonb_agg(jsonb_build_object('name', e.name, 'sets', e.sets) order by e.order_index, e.id)
      from public.fitness_workout_exercises as e where e.workout_id = w.id and e.user_id = w.user_id), '[]'))
  from public.fitness_workouts as w
  where w.user_id = (select auth.uid()) and w.status = 'done' and w.date between today - 55 and today
$$;
comment on function private.recent_workouts(date) is 'The caller''s workouts of the last eight weeks.';

create function public.workout_suggestion_context(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
begin
  perform private.check_workout_request(request);
  return jsonb_build_object('today', today, 'workouts', coalesce((
    select jsonb_agg(w.workout || jsonb_build_object('date', w.day) order by w.day desc, w.id)
    from private.recent_workouts(today) as w), '[]'));
end $$;
comment on function public.workout_suggestion_context(jsonb) is
  'What a language model needs to suggest workouts to the caller.';

create function public.plan_workouts(request jsonb default '{}') returns jsonb
language plpgsql stable security invoker set search_path = '' as $$
declare
  today date := private.today();
begin
  perform private.check_workout_request(request);
  return coalesce((
    select jsonb_agg(jsonb_build_object(
      'workout', w.workout || jsonb_build_object('date', coalesce(request ->> 'date', today::text)),
      'reason', format('You last did this on %s.', w.day)) order by w.day, w.id)
    from (
      select * from private.recent_workouts(today) as w order by w.day, w.id
      limit coalesce((request ->> 'count')::numeric::integer, 1)
    ) as w), '[]');
end $$;
comment on function public.plan_workouts(jsonb) is
  'The built-in planner of workouts: an array of {workout (create_workout''s shape), reason}.';

create function public.ground_workout_suggestions(suggestions jsonb, request jsonb default '{}') returns jsonb
language plpgsql volatile security invoker set search_path = '' as $$
declare
  suggestion jsonb;
  kept jsonb := '[]';
begin
  perform private.check_workout_request(request);
  if suggestions is null or jsonb_typeof(suggestions) <> 'array' or jsonb_array_length(suggestions) > 5 then
    raise sqlstate 'PT422' using
      message = 'suggestions must be an array of at most 5',
      detail = format('Got %s.', coalesce(jsonb_typeof(suggestions), 'nothing')),
      hint = 'Send {"suggestions": [{"workout": {…}, "reason": "…"}]}.';
  end if;
  for suggestion in select s from jsonb_array_elements(suggestions) as s loop
    -- Whether create_workout would take it is asked of create_workout, and undone.
    begin
      perform private.require_shape(suggestion, '{"workout": "object!", "reason": "string!"}', 'suggestion');
      perform public.create_workout(suggestion -> 'workout');
      raise sqlstate 'LO001' using message = 'undo';
    exception
      when sqlstate 'LO001' then
        kept := kept || jsonb_build_array(suggestion);
      when sqlstate 'PT422' then
        null;  -- Dropped, never repaired.
    end;
  end loop;
  return kept;
end $$;
comment on function public.ground_workout_suggestions(jsonb, jsonb) is
  'Grounding check of a model''s suggestions [{workout, reason}]: drops those that create_workout would refuse. Saves '
  'nothing.';

grant execute on function private.check_workout_request(jsonb), private.recent_workouts(date) to authenticated;
revoke execute on function
  public.workout_suggestion_context(jsonb), public.plan_workouts(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
from public;
grant execute on function
  public.workout_suggestion_context(jsonb), public.plan_workouts(jsonb), public.ground_workout_suggestions(jsonb, jsonb)
to authenticated;
