"""Every constraint, with values on both sides of it: outside, a 4xx whose message names the rule."""

from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow
from supabase import Client

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.rules import CHECKS, SHA
from tests.database.tables import AI_REQUEST, TABLES, Row, count, new_row, read, stored, with_verb

Database = psycopg.Connection[DictRow]


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user(timezone="America/Los_Angeles", currency="USD")


def table_of(rule: str) -> str:
    """The table whose name a rule starts with; the longest, as fitness_workouts is also a beginning."""
    return max((table for table in TABLES if rule.startswith(f"{table}_")), key=len)


RULES = [pytest.param(rule, id=rule, marks=pytest.mark.covers(rule)) for rule in CHECKS]


def send(data_api: DataApi, rule: str, change: Row, by: User) -> Any:
    """Writes a row of the rule's table, with the change, the way that its owner may."""
    table = table_of(rule)
    if table == "profiles":
        return data_api.patch(f"profiles?id=eq.{by.id}", change, by=by)
    if table == "ai_requests":
        return data_api.post("rpc/start_ai_request", AI_REQUEST | change, by=by)
    return data_api.post(table, new_row(table, by) | change, by=by)


def everything(table: str, by: User) -> Any:
    """What a refusal must leave as it is: the profile itself, or the number of rows."""
    return read(table, by, by.id) if table == "profiles" else count(table, by)


@pytest.mark.parametrize("rule", RULES)
def test_breaking_a_rule_is_refused_by_its_name(data_api: DataApi, owner: User, rule: str) -> None:
    bad, _ = CHECKS[rule]
    before = everything(table_of(rule), owner)
    for change in bad:
        answer = send(data_api, rule, change, owner)
        assert answer.status_code == 400, f"{change}: {answer.text}"
        assert answer.json()["code"] == "23514", f"{change}: {answer.text}"
        assert f'"{rule}"' in answer.json()["message"], f"{change}: {answer.text}"
    assert everything(table_of(rule), owner) == before


@pytest.mark.parametrize("rule", RULES)
def test_the_boundary_of_a_rule_is_allowed(data_api: DataApi, owner: User, rule: str) -> None:
    _, good = CHECKS[rule]
    for change in good:
        answer = send(data_api, rule, change, owner)
        assert answer.is_success, f"{change}: {answer.text}"


# Rules that need more than one changed value.


@pytest.mark.covers("user_sessions_status_is_active_paused_or_completed")
def test_a_session_has_a_known_status(data_api: DataApi, owner: User) -> None:
    session = stored("user_sessions", owner)
    path = f"user_sessions?id=eq.{session['id']}"
    for status in ("", "Active", "stopped"):
        answer = data_api.patch(path, {"status": status}, by=owner)
        assert answer.status_code == 400
        assert '"user_sessions_status_is_active_paused_or_completed"' in answer.json()["message"]
        assert read("user_sessions", owner, session["id"]) == session
    for status in ("paused", "active", "completed"):
        assert the_row(data_api.patch(path, {"status": status}, by=owner))["status"] == status


@pytest.mark.covers("user_sessions_ends_after_it_started", "user_sessions_ended_at_1900_to_2199")
@pytest.mark.parametrize(
    ("ended_at", "rule"),
    [
        ("2026-11-24T17:59:59Z", "user_sessions_ends_after_it_started"),
        ("infinity", "user_sessions_ended_at_1900_to_2199"),
    ],
)
def test_a_session_ends_after_it_started(data_api: DataApi, owner: User, ended_at: str, rule: str) -> None:
    start = {"session_type": "cardio", "started_at": "2026-11-24T18:00:00Z"}
    session = the_row(data_api.post("user_sessions", new_row("user_sessions", owner) | start, by=owner))
    path = f"user_sessions?id=eq.{session['id']}"
    answer = data_api.patch(path, {"status": "completed", "ended_at": ended_at}, by=owner)
    assert answer.status_code == 400
    assert f'"{rule}"' in answer.json()["message"]
    assert read("user_sessions", owner, session["id"]) == session
    same_moment = {"status": "completed", "ended_at": "2026-11-24T18:00:00Z"}
    assert the_row(data_api.patch(path, same_moment, by=owner))["ended_at"] == session["started_at"]


@pytest.mark.covers(
    "user_sessions_planned_meal_only_when_cooking", "user_sessions_workout_only_when_working_out"
)
@pytest.mark.parametrize(
    ("column", "parent", "fitting", "rule"),
    [
        ("planned_meal_id", "planned_meals", "cooking", "user_sessions_planned_meal_only_when_cooking"),
        ("workout_id", "fitness_workouts", "workout", "user_sessions_workout_only_when_working_out"),
    ],
)
def test_a_session_names_what_fits_its_type(
    data_api: DataApi, owner: User, column: str, parent: str, fitting: str, rule: str
) -> None:
    link = {column: stored(parent, owner)["id"]}
    for session_type in ("workout", "cardio", "cooking"):
        row = new_row("user_sessions", owner) | link | {"session_type": session_type}
        answer = data_api.post("user_sessions", row, by=owner)
        if session_type == fitting:
            assert the_row(answer)[column] == link[column]
        else:
            assert answer.status_code == 400
            assert f'"{rule}"' in answer.json()["message"]


@pytest.mark.covers("receipts_image_url_in_the_owners_folder")
def test_a_receipts_image_is_in_its_owners_folder(data_api: DataApi, owner: User, other_user: User) -> None:
    for elsewhere in (
        f"{other_user.id}/1.jpg",
        "1.jpg",
        owner.id,
        f"/{owner.id}/1.jpg",
        f"{owner.id}/{'x' * 990}",
        f"{owner.id}/../{other_user.id}/1.jpg",
        f"{owner.id}/a/../../../1.jpg",
        f"{owner.id}/./1.jpg",
        f"{owner.id}//1.jpg",
        f"{owner.id}/..",
        f"{owner.id}/",
    ):
        answer = data_api.post("receipts", TABLES["receipts"].row | {"image_url": elsewhere}, by=owner)
        assert answer.status_code == 400
        assert '"receipts_image_url_in_the_owners_folder"' in answer.json()["message"]
    for own in (f"{owner.id}/1.jpg", f"{owner.id}/{'x' * 987}", f"{owner.id}/..a/b..c/...d"):
        assert the_row(data_api.post("receipts", TABLES["receipts"].row | {"image_url": own}, by=owner))


@pytest.mark.covers("receipts_user_id_image_sha256_key", "receipts_image_sha256_is_64_hex_digits")
def test_the_same_image_is_one_receipt_per_owner(data_api: DataApi, owner: User, other_user: User) -> None:
    receipt = TABLES["receipts"].row | {"image_sha256": SHA}
    the_row(data_api.post("receipts", receipt, by=owner))
    before = count("receipts", owner)
    again = data_api.post("receipts", receipt, by=owner)
    assert again.status_code == 409
    assert again.json()["code"] == "23505"
    assert '"receipts_user_id_image_sha256_key"' in again.json()["message"]
    assert count("receipts", owner) == before
    the_row(data_api.post("receipts", receipt, by=other_user))
    # Receipts without an image are many.
    for _ in range(2):
        the_row(data_api.post("receipts", TABLES["receipts"].row, by=owner))


@pytest.mark.covers("user_sessions_one_open_per_type")
def test_one_session_of_a_type_is_open(data_api: DataApi, owner: User, other_user: User) -> None:
    row = new_row("user_sessions", owner)
    first = the_row(data_api.post("user_sessions", row, by=owner))
    before = count("user_sessions", owner)
    for status in ("active", "paused"):
        the_row(data_api.patch(f"user_sessions?id=eq.{first['id']}", {"status": status}, by=owner))
        second = data_api.post("user_sessions", row, by=owner)
        assert second.status_code == 409
        assert second.json()["code"] == "23505"
        assert '"user_sessions_one_open_per_type"' in second.json()["message"]
    assert count("user_sessions", owner) == before
    the_row(data_api.post("user_sessions", row | {"session_type": "cooking"}, by=owner))
    the_row(data_api.post("user_sessions", new_row("user_sessions", other_user), by=other_user))
    the_row(data_api.patch(f"user_sessions?id=eq.{first['id']}", {"status": "completed"}, by=owner))
    the_row(data_api.post("user_sessions", row, by=owner))


# Keys.


@pytest.mark.parametrize(
    "table", [pytest.param(table, marks=pytest.mark.covers(f"{table}_pkey")) for table in with_verb("insert")]
)
def test_an_id_is_taken_once(data_api: DataApi, owner: User, table: str) -> None:
    row = stored(table, owner)
    before = count(table, owner)
    answer = data_api.post(table, new_row(table, owner) | {"id": row["id"]}, by=owner)
    assert answer.status_code == 409
    assert answer.json()["code"] == "23505"
    assert f'"{table}_pkey"' in answer.json()["message"]
    assert count(table, owner) == before


@pytest.mark.covers("profiles_pkey", "ai_requests_pkey", "profiles_id_fkey", "profiles_email_key")
def test_keys_hold_where_only_the_database_writes(db: Database, owner: User, other_user: User) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="profiles_pkey"):
        db.execute("insert into public.profiles (id) values (%s)", [owner.id])
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="profiles_id_fkey"):
        db.execute("insert into public.profiles (id) values (gen_random_uuid())")
    with pytest.raises(psycopg.errors.UniqueViolation, match="profiles_email_key"):
        db.execute(
            "insert into public.profiles (id, email) values (gen_random_uuid(), %s)", [other_user.email]
        )
    usage = stored("ai_requests", owner)
    with pytest.raises(psycopg.errors.UniqueViolation, match="ai_requests_pkey"):
        db.execute(
            """insert into public.ai_requests (id, kind, source, latency_ms, outcome, user_id)
            values (%s, 'meal_suggestions', 'planner', 1, 'ok', %s)""",
            [usage["id"], owner.id],
        )


@pytest.fixture(scope="module")
def deleted_user(new_user: NewUser, admin: Client) -> User:
    """Somebody whose account is gone, while their access token is still valid."""
    user = new_user()
    admin.auth.admin.delete_user(user.id)
    return user


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(table, marks=pytest.mark.covers(f"{table}_user_id_fkey"))
        for table in TABLES
        if table != "profiles"
    ],
)
def test_a_deleted_account_writes_nothing(
    data_api: DataApi, db: Database, owner: User, deleted_user: User, table: str
) -> None:
    if table == "ai_requests":
        answer = data_api.post("rpc/start_ai_request", AI_REQUEST, by=deleted_user)
    else:
        parents = {column: stored(parent, owner)["id"] for column, parent in TABLES[table].references.items()}
        # With the profile, the default currency is gone.
        currency = {"currency": "EUR"} if table == "expenses" else {}
        answer = data_api.post(table, TABLES[table].row | parents | currency, by=deleted_user)
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "23503"
    assert not db.execute(
        sql.SQL("select from {} where user_id = %s").format(sql.Identifier(table)), [deleted_user.id]
    ).fetchall()


# What triggers keep from ever being tried: with the triggers off.


@pytest.mark.covers("receipts_confirmed_needs_store_amount_and_date")
def test_a_confirmed_receipt_is_complete(stack: Instance, owner: User) -> None:
    receipt = stored("receipts", owner)
    with psycopg.connect(stack.admin_db_url) as superuser:
        superuser.execute("set session_replication_role = replica")
        for column in ("store", "amount", "date"):
            change = sql.SQL(
                "update public.receipts set status = 'confirmed', made = '{{}}', {} = null where id = %s"
            )
            with (
                pytest.raises(psycopg.errors.CheckViolation, match="confirmed_needs_store_amount_and_date"),
                superuser.transaction(),
            ):
                superuser.execute(change.format(sql.Identifier(column)), [receipt["id"]])
        complete = "update public.receipts set status = 'confirmed', made = '{}' where id = %s"
        superuser.execute(complete, [receipt["id"]])
        superuser.rollback()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(change, f"calendar_events_{rule}", marks=pytest.mark.covers(f"calendar_events_{rule}"))
        for rule, change in {
            "several_days_only_when_timed_or_custom": {"all_day": True, "local_end_date": "2026-11-25"},
            "source_is_known": {"source": "journey"},
            "custom_source_id_is_its_id": {"source": "custom"},
            "source_source_id_key": {},
        }.items()
    ],
)
def test_derived_events_keep_the_rules(stack: Instance, owner: User, change: Row, rule: str) -> None:
    event = {
        "title": "Groceries",
        "start_time": "2026-11-24T00:00:00+01:00",
        "end_time": "2026-11-25T00:00:00+01:00",
        "local_date": "2026-11-24",
        "local_end_date": "2026-11-24",
        "source": "expense",
        "source_id": stored("expenses", owner)["id"],
        "user_id": owner.id,
    } | change
    insert = sql.SQL("insert into public.calendar_events ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, event)), sql.SQL(", ").join(sql.Placeholder() * len(event))
    )
    with psycopg.connect(stack.admin_db_url) as superuser:
        superuser.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.IntegrityError, match=rule):
            superuser.execute(insert, list(event.values()))
