"""What reaches the calendar from further away: recipes, receipts, deleted accounts."""

from datetime import date, time
from uuid import uuid4

import pytest
from supabase import Client

from tests.conftest import NewUser, User
from tests.database.calendar_sources import (
    EXPENSE,
    MEAL,
    SOURCES,
    Database,
    Row,
    add,
    event_of,
    events,
    projection,
    recipe,
    send,
    shared_account,
    when,
)

DAY = date(2026, 11, 24)
BERLIN = "Europe/Berlin"

owner = shared_account(BERLIN, "EUR")
other_user = shared_account("America/Los_Angeles", "USD")


def plan(user: User, meal: Row, day: date = DAY, **values: str) -> Row:
    row = {"meal_id": meal["id"], "planned_date": day.isoformat(), "meal_time": "19:00"} | values
    (planned,) = send(user.client.table("planned_meals").insert(row))
    return planned


def names(user: User) -> list[str]:
    return [row["meal_name"] for row in send(user.client.table("planned_meals").select("*").order("id"))]


@pytest.mark.covers("sync_planned_meals")
@pytest.mark.parametrize(
    ("prep", "cook", "minutes"), [(10, 25, 35), (None, 20, 20), (15, None, 15), (0, 0, 30), (None, None, 30)]
)
def test_a_recipes_prep_and_cook_time_are_the_length_of_its_events(
    owner: User, prep: int | None, cook: int | None, minutes: int
) -> None:
    meal = recipe(owner, "Soup", 480, 480)
    planned = [plan(owner, meal), plan(owner, meal, date(2026, 12, 1), status="cooked")]
    assert when(event_of(owner, planned[0]["id"])) == projection(BERLIN, DAY, time(19), 960)
    send(owner.client.table("meals").update({"prep_time": prep, "cook_time": cook}).eq("id", meal["id"]))
    found = [when(event) for event in events(owner)]
    assert found == [projection(BERLIN, day, time(19), minutes) for day in (DAY, date(2026, 12, 1))]


@pytest.mark.covers("rename_planned_meals", "name_planned_meal")
def test_a_renamed_recipe_renames_its_plans_and_their_events(owner: User) -> None:
    meal, other = recipe(owner, "Soup"), recipe(owner, "Salad")
    for status in ("planned", "cooked", "skipped"):
        plan(owner, meal, status=status)
    untouched = event_of(owner, plan(owner, other)["id"])
    send(owner.client.table("meals").update({"name": "Stew"}).eq("id", meal["id"]))
    assert sorted(names(owner)) == ["Salad", "Stew", "Stew", "Stew"]
    assert sorted(event["title"] for event in events(owner)) == ["Salad", "Stew", "Stew"]
    assert event_of(owner, untouched["source_id"]) == untouched


@pytest.mark.covers("rename_planned_meals", "sync_planned_meals")
def test_other_columns_of_a_recipe_leave_plans_and_events_untouched(owner: User) -> None:
    meal = recipe(owner, "Soup")
    planned = plan(owner, meal)
    before = events(owner)
    change = {"description": "Hot", "servings": 2, "prep_time": 25, "cook_time": 10}
    send(owner.client.table("meals").update(change).eq("id", meal["id"]))
    assert events(owner) == before
    assert send(owner.client.table("planned_meals").select("*")) == [planned]


@pytest.mark.covers("rename_planned_meals", "sync_planned_meals")
def test_an_upserted_recipe_renames_and_resizes(owner: User) -> None:
    meal = recipe(owner, "Soup")
    plan(owner, meal)
    rows = [
        {"id": meal["id"], "name": "Stew", "prep_time": 60, "cook_time": 60},
        {"id": str(uuid4()), "name": "New", "prep_time": 1, "cook_time": 1},
    ]
    send(owner.client.table("meals").upsert(rows))
    (event,) = events(owner)
    assert (event["title"], when(event)) == ("Stew", projection(BERLIN, DAY, time(19), 120))


@pytest.mark.covers("name_planned_meal")
def test_a_plan_of_another_recipe_takes_its_name_and_length(owner: User) -> None:
    soup, salad = recipe(owner, "Soup", 60, 60), recipe(owner, "Salad", 5, 0)
    planned = plan(owner, soup)
    send(owner.client.table("planned_meals").update({"meal_id": salad["id"]}).eq("id", planned["id"]))
    event = event_of(owner, planned["id"])
    assert (event["title"], when(event)) == ("Salad", projection(BERLIN, DAY, time(19), 5))


@pytest.mark.covers("name_planned_meal")
def test_a_name_sent_by_hand_gives_way_to_the_recipes(owner: User) -> None:
    planned = plan(owner, recipe(owner, "Soup"), meal_name="Not soup")
    assert planned["meal_name"] == "Soup"
    change = {"meal_name": "Still not soup"}
    (changed,) = send(owner.client.table("planned_meals").update(change).eq("id", planned["id"]))
    assert changed == planned
    assert event_of(owner, planned["id"])["title"] == "Soup"


@pytest.mark.covers("remove_planned_meals", "name_planned_meal")
def test_a_deleted_recipe_takes_plans_along_and_leaves_what_was_cooked_or_skipped(owner: User) -> None:
    meal, other = recipe(owner, "Soup", 60, 60), recipe(owner, "Salad")
    plan(owner, meal)
    cooked = plan(owner, meal, status="cooked")
    skipped = plan(owner, meal, date(2026, 12, 1), status="skipped")
    kept = plan(owner, other)
    send(owner.client.table("meals").delete().eq("id", meal["id"]))
    left = {row["id"]: row for row in send(owner.client.table("planned_meals").select("*"))}
    assert set(left) == {cooked["id"], skipped["id"], kept["id"]}
    for row in (cooked, skipped):
        assert (left[row["id"]]["meal_id"], left[row["id"]]["meal_name"]) == (None, "Soup")
    event = event_of(owner, cooked["id"])
    assert (event["title"], event["status"]) == ("Soup", "done")
    # Its length was the recipe's.
    assert when(event) == projection(BERLIN, DAY, time(19), None)
    assert {event["source_id"] for event in events(owner)} == {cooked["id"], kept["id"]}


@pytest.mark.covers("name_planned_meal")
def test_a_cooked_meal_without_its_recipe_can_be_renamed_moved_and_deleted(owner: User) -> None:
    meal = recipe(owner, "Soup")
    cooked = plan(owner, meal, status="cooked")
    send(owner.client.table("meals").delete().eq("id", meal["id"]))
    table = owner.client.table("planned_meals")
    send(table.update({"meal_name": "Good soup", "meal_time": None}).eq("id", cooked["id"]))
    event = event_of(owner, cooked["id"])
    assert (event["title"], when(event)) == ("Good soup", projection(BERLIN, DAY, None))
    send(table.delete().eq("id", cooked["id"]))
    assert events(owner) == []


@pytest.mark.covers("rename_planned_meals", "remove_planned_meals", "sync_planned_meals")
def test_the_service_role_changes_recipes_of_several_people_at_once(
    owner: User, other_user: User, admin: Client
) -> None:
    people = (owner, other_user)
    meals = [recipe(user, f"Soup {user.id}") for user in people]
    for user, meal in zip(people, meals, strict=True):
        for n in range(50):
            plan(user, meal, status="cooked" if n % 2 else "planned")
    ids = [meal["id"] for meal in meals]
    change = {"name": "Stew", "prep_time": 1, "cook_time": 2}
    send(admin.table("meals").update(change).in_("id", ids))
    for user, zone in zip(people, (BERLIN, "America/Los_Angeles"), strict=True):
        found = events(user)
        assert [event["title"] for event in found] == ["Stew"] * 50
        assert [when(event) for event in found] == [projection(zone, DAY, time(19), 3)] * 50
    send(admin.table("meals").delete().in_("id", ids))
    for user in people:
        assert [event["status"] for event in events(user)] == ["done"] * 25


@pytest.mark.covers("profiles.a_lock_calendar", "delete_sources", "sync_calendar_on_delete")
def test_a_deleted_account_takes_its_calendar_along_and_nobody_elses(
    new_user: NewUser, other_user: User, admin: Client, db: Database
) -> None:
    leaver = new_user(timezone=BERLIN)
    for user in (leaver, other_user):
        for source in SOURCES:
            add(user, source, "Legs", DAY, time(18) if source.clock else None)
        meal = recipe(user)
        plan(user, meal, status="cooked")
        plan(user, meal, status="skipped")
        custom = {"title": "Party", "start_time": "2026-11-24T18:00:00Z"}
        send(user.client.table("calendar_events").insert(custom))
    others = events(other_user)
    admin.auth.admin.delete_user(leaver.id)
    for table in ("calendar_events", "meals", *(source.table for source in SOURCES)):
        found = db.execute(f"select 1 from {table} where user_id = %s", [leaver.id]).fetchall()
        assert found == []
    assert events(other_user) == others


@pytest.mark.covers("sync_calendar_on_update")
def test_a_deleted_receipt_leaves_its_expense_and_the_event(owner: User) -> None:
    (receipt,) = send(owner.client.table("receipts").insert({"currency": "EUR"}))
    spent = EXPENSE.row("Bread", DAY) | {"receipt_id": receipt["id"]}
    (row,) = send(owner.client.table("expenses").insert(spent))
    before = event_of(owner, row["id"])
    send(owner.client.table("receipts").delete().eq("id", receipt["id"]))
    (left,) = send(owner.client.table("expenses").select("*"))
    assert (left["id"], left["receipt_id"]) == (row["id"], None)
    assert events(owner) == [before]


@pytest.mark.covers("planned_meals_meal_id_fkey")
def test_a_plan_of_another_persons_recipe_is_refused_and_of_ones_own_is_taken(
    owner: User, other_user: User, admin: Client
) -> None:
    theirs, mine = recipe(other_user, "Theirs"), recipe(owner, "Mine")
    for meal, user in ((theirs, owner), (mine, other_user)):
        row = MEAL.row("", DAY) | {"meal_id": meal["id"], "user_id": user.id}
        with pytest.raises(Exception, match="planned_meals_meal_id_fkey"):
            user.client.table("planned_meals").insert(row).execute()
        with pytest.raises(Exception, match="planned_meals_meal_id_fkey"):
            admin.table("planned_meals").insert(row).execute()
    assert events(owner) == events(other_user) == []
    plan(owner, mine)
    assert [event["title"] for event in events(owner)] == ["Mine"]
