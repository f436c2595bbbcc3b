"""What somebody with a token and the Data API's whole vocabulary might try on another person's rows."""

from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import NewUser, User
from tests.database.data_api import RETURN_ROWS, DataApi, the_row
from tests.database.tables import AI_REQUEST, TABLES, count, new_row, read, stored, with_verb

Database = psycopg.Connection[DictRow]


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def attacker(new_user: NewUser) -> User:
    return new_user()


# Reading around the policies.

FILTERS = [
    "user_id=eq.{owner}",
    "user_id=neq.{attacker}",
    "user_id=in.({owner},{attacker})&user_id=neq.{attacker}",
    "or=(user_id.eq.{owner},and(user_id.eq.{owner},id.not.is.null))",
    "not.and=(user_id.eq.{attacker})",
    "select=*,profiles(*)&profiles.id=eq.{owner}&user_id=neq.{attacker}",
    "select=*,profiles!inner(*)&profiles.id=eq.{owner}",
    "select=profiles!inner(email)&profiles.email=not.is.null&user_id=eq.{owner}",
    "order=user_id.desc&user_id=eq.{owner}&limit=1",
    "user_id=eq.{owner}&offset=0&limit=0",
]


@pytest.mark.parametrize("table", [table for table in TABLES if table != "profiles"])
def test_no_filter_reaches_another_persons_rows(
    data_api: DataApi, owner: User, attacker: User, table: str
) -> None:
    stored(table, owner)
    for query in FILTERS:
        path = f"{table}?{query.format(owner=owner.id, attacker=attacker.id)}"
        answer = data_api.request("GET", path, by=attacker, headers={"Prefer": "count=exact"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == [], query
        assert answer.headers["Content-Range"] == "*/0", query


def embeds(db: Database) -> list[tuple[str, str]]:
    """Every pair of tables that a foreign key joins, both ways."""
    pairs = db.execute(
        """select conrelid::regclass::text as child, confrelid::regclass::text as parent
        from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace
          and conrelid::regclass::text <> 'profiles'"""
    ).fetchall()
    return [pair for row in pairs for pair in ((row["child"], row["parent"]), (row["parent"], row["child"]))]


def test_every_embed_is_unambiguous_and_stays_with_its_owner(
    data_api: DataApi, db: Database, owner: User, attacker: User
) -> None:
    for table in TABLES:
        for user in (owner, attacker):
            stored(table, user)
    for outer, inner in embeds(db):
        answer = data_api.get(f"{outer}?select=id,{inner}(*)", by=attacker)
        assert answer.status_code == 200, f"{outer} → {inner}: {answer.text}"
        for row in answer.json():
            found = row[inner] if isinstance(row[inner], list) else [row[inner]]
            people = {one[TABLES[inner].owner_column] for one in found if one}
            assert people <= {attacker.id}, f"{outer} → {inner}"


@pytest.mark.parametrize(
    "query",
    [
        # Aggregates would count and sum in the database.
        "select=count()",
        "select=amount.sum()",
        "select=user_id::text",
        "select=(select user_id from expenses)",
        "select=*;select * from expenses",
        "id=eq.1' or '1'='1",
        "user_id=eq.{owner}' or true--",
        "user_id=like.*",
        "or=(user_id.eq.{owner},true)",
        "limit=-1",
    ],
)
def test_select_is_no_way_around(data_api: DataApi, owner: User, attacker: User, query: str) -> None:
    expense = stored("expenses", owner)
    answer = data_api.get(f"expenses?{query.format(owner=owner.id)}", by=attacker)
    assert answer.status_code in {200, 400, 404, 416}, answer.text
    if answer.status_code == 200:
        mine = {row["id"] for row in data_api.get("expenses", by=attacker).json()}
        assert all(row.get("id", attacker.id) in mine | {attacker.id} for row in answer.json())
        assert expense["id"] not in answer.text
        assert owner.id not in answer.text


@pytest.mark.parametrize("schema", ["private", "auth", "storage", "extensions", "pg_catalog"])
def test_other_schemas_are_not_exposed(data_api: DataApi, owner: User, schema: str) -> None:
    reading = data_api.request("GET", "users", by=owner, headers={"Accept-Profile": schema})
    calling = data_api.request(
        "POST", "rpc/reserve_ai_request", {}, by=owner, headers={"Content-Profile": schema}
    )
    for answer in (reading, calling):
        assert answer.status_code == 406
        assert answer.json()["code"] == "PGRST106"


def test_private_functions_are_no_rpcs(data_api: DataApi, db: Database, owner: User) -> None:
    private = db.execute(
        "select distinct proname from pg_proc where pronamespace = 'private'::regnamespace"
    ).fetchall()
    assert private
    for function in private:
        answer = data_api.post(f"rpc/{function['proname']}", {}, by=owner)
        assert answer.status_code == 404, function


def test_anon_is_offered_nothing(data_api: DataApi) -> None:
    described = data_api.get("", by=None)
    assert described.status_code == 200
    assert set(described.json()["paths"]) == {"/"}


def test_a_person_is_offered_the_tables_and_rpcs(data_api: DataApi, owner: User) -> None:
    paths = set(data_api.get("", by=owner).json()["paths"])
    assert {path for path in paths if not path.startswith("/rpc/")} == {
        "/",
        *(f"/{table}" for table in TABLES),
    }


# Writing around the policies.


@pytest.mark.parametrize("table", with_verb("insert"))
def test_a_bulk_insert_with_somebody_elses_row_stores_none(
    data_api: DataApi, owner: User, attacker: User, table: str
) -> None:
    own = new_row(table, attacker)
    # One session of a type may be open, and what a receipt prints has one name.
    others = {
        "user_sessions": {"session_type": "cooking"},
        "receipt_item_names": {"printed_name": "brd"},
    }
    other = others.get(table, {})
    before = count(table, owner), count(table, attacker)
    rows = [own | {"user_id": attacker.id}, own | other | {"user_id": owner.id}]
    for body in (rows, rows[::-1]):
        answer = data_api.post(table, body, by=attacker)
        assert answer.status_code == 403
        assert answer.json()["code"] == "42501"
    assert (count(table, owner), count(table, attacker)) == before
    both = [own | {"user_id": attacker.id}, own | other | {"user_id": attacker.id}]
    assert data_api.post(table, both, by=attacker).status_code == 201


@pytest.mark.parametrize("table", with_verb("insert"))
def test_the_default_owner_is_the_caller(data_api: DataApi, owner: User, attacker: User, table: str) -> None:
    row = new_row(table, attacker)
    columns = ",".join([*row, "user_id", "created_at"])
    headers = RETURN_ROWS | {"Prefer": "return=representation,missing=default"}
    answer = data_api.request("POST", f"{table}?columns={columns}", [row], by=attacker, headers=headers)
    assert the_row(answer)["user_id"] == attacker.id
    # A column that isn't named isn't read, wherever it points.
    hidden = new_row(table, attacker) | {"user_id": owner.id}
    before = count(table, owner)
    path = f"{table}?columns={','.join(row)}"
    answer = data_api.request("POST", path, [hidden], by=attacker, headers=RETURN_ROWS)
    assert the_row(answer)["user_id"] == attacker.id
    assert count(table, owner) == before


@pytest.mark.parametrize("resolution", ["merge-duplicates", "ignore-duplicates"])
@pytest.mark.parametrize("table", with_verb("insert", "update"))
def test_an_upsert_by_id_does_not_reach_another_persons_row(
    data_api: DataApi, owner: User, attacker: User, table: str, resolution: str
) -> None:
    row = stored(table, owner)
    forged = new_row(table, attacker) | {"id": row["id"]}
    headers = {"Prefer": f"return=representation,resolution={resolution}"}
    for query in ("", "?on_conflict=id"):
        answer = data_api.request("POST", f"{table}{query}", [forged], by=attacker, headers=headers)
        if resolution == "ignore-duplicates":
            assert answer.json() == []
        else:
            assert answer.status_code == 403
    put = data_api.request(
        "PUT", f"{table}?id=eq.{row['id']}", row | forged | {"user_id": attacker.id}, by=attacker
    )
    assert put.status_code in {400, 403, 409}, put.text
    assert read(table, owner, row["id"]) == row


def test_an_upsert_by_another_key_does_not_reach_another_persons_row(
    data_api: DataApi, owner: User, attacker: User
) -> None:
    sha = "ab" * 32
    receipt = TABLES["receipts"].row | {"image_sha256": sha}
    mine = the_row(data_api.post("receipts", receipt, by=owner))
    event = stored("calendar_events", owner)
    headers = {"Prefer": "return=representation,resolution=merge-duplicates"}
    for path, forged in (
        ("receipts?on_conflict=user_id,image_sha256", receipt | {"user_id": owner.id, "store": "Forged"}),
        ("receipts?on_conflict=id,user_id", receipt | {"id": mine["id"], "user_id": owner.id}),
        (
            "calendar_events?on_conflict=source,source_id",
            {"title": "Forged", "start_time": "2026-11-24T09:00:00Z", "id": event["id"]},
        ),
    ):
        answer = data_api.request("POST", path, forged, by=attacker, headers=headers)
        assert answer.status_code in {403, 409}, answer.text
    assert read("receipts", owner, mine["id"]) == mine
    assert read("calendar_events", owner, event["id"]) == event
    # Its twin: the owner's own upsert by that key.
    path = "receipts?on_conflict=user_id,image_sha256"
    again = data_api.request("POST", path, receipt | {"store": "Corner"}, by=owner, headers=headers)
    assert the_row(again)["id"] == mine["id"]


@pytest.mark.parametrize("table", with_verb("update"))
def test_writes_without_a_filter_are_refused(
    data_api: DataApi, owner: User, attacker: User, table: str
) -> None:
    theirs, mine = stored(table, owner), stored(table, attacker)
    answer = data_api.patch(table, TABLES[table].change, by=attacker)
    assert answer.status_code == 400
    assert read(table, owner, theirs["id"]) == theirs
    assert read(table, attacker, mine["id"]) == mine


@pytest.mark.parametrize("table", with_verb("delete"))
def test_a_delete_of_everything_is_a_delete_of_ones_own(
    data_api: DataApi, new_user: NewUser, owner: User, table: str
) -> None:
    theirs = stored(table, owner)
    vandal = new_user()
    stored(table, vandal)
    answer = data_api.request("DELETE", f"{table}?id=not.is.null", by=vandal)
    assert answer.status_code == 204
    assert count(table, vandal) == 0
    assert read(table, owner, theirs["id"]) == theirs


@pytest.mark.parametrize(
    ("child", "column", "parent"),
    [
        (table, column, parent)
        for table, entry in TABLES.items()
        for column, parent in entry.references.items()
    ],
)
def test_another_persons_parent_is_out_of_reach_whoever_is_named_as_owner(
    data_api: DataApi, owner: User, attacker: User, child: str, column: str, parent: str
) -> None:
    theirs = stored(parent, owner)["id"]
    mine = stored(child, attacker)
    before = count(child, owner)
    as_owner = TABLES[child].row | {column: theirs, "user_id": owner.id}
    assert data_api.post(child, as_owner, by=attacker).status_code == 403
    moved = data_api.patch(f"{child}?id=eq.{mine['id']}", {column: theirs, "user_id": owner.id}, by=attacker)
    assert moved.status_code == 409
    assert count(child, owner) == before
    assert read(child, attacker, mine["id"]) == mine


def test_a_refused_reference_does_not_tell_whether_the_row_exists(
    data_api: DataApi, owner: User, attacker: User
) -> None:
    theirs = stored("meals", owner)["id"]
    nobodys = "00000000-0000-4000-8000-000000000000"
    ingredient = {"food_item_name": "rice", "quantity": 1, "unit": "kg"}
    answers = [
        data_api.post("meal_ingredients", ingredient | {"meal_id": meal_id}, by=attacker)
        for meal_id in (theirs, nobodys)
    ]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].text.replace(theirs, nobodys) == answers[1].text


def test_what_a_write_returns_is_not_another_persons_row(
    data_api: DataApi, owner: User, attacker: User
) -> None:
    meal = stored("meals", owner)
    for method, body in (("PATCH", {"name": "Forged"}), ("DELETE", None)):
        path = f"meals?id=eq.{meal['id']}&select=*,meal_ingredients(*),profiles(*)"
        answer = data_api.request(method, path, body, by=attacker, headers=RETURN_ROWS)
        assert answer.json() == []
    assert read("meals", owner, meal["id"]) == meal


# RPCs.


@pytest.mark.parametrize(
    ("rpc", "arguments"),
    [
        ("create_meal", {"meal": {"name": "Toast"}}),
        ("create_workout", {"workout": {"name": "Rest", "date": "2026-11-24"}}),
        ("plan_meals", {"request": {}}),
        ("start_ai_request", AI_REQUEST),
    ],
)
def test_an_rpc_takes_nobody_elses_name(
    data_api: DataApi, owner: User, attacker: User, rpc: str, arguments: dict[str, Any]
) -> None:
    before = {table: count(table, owner) for table in TABLES}
    answer = data_api.post(f"rpc/{rpc}", arguments | {"user_id": owner.id}, by=attacker)
    # Some versions of PostgREST overlook unknown arguments of an RPC that has one; none may act on them.
    assert answer.status_code == 404 or (owner.id not in answer.text and answer.status_code == 200)
    assert {table: count(table, owner) for table in TABLES} == before


def test_what_writes_cannot_be_called_by_a_link(data_api: DataApi, owner: User) -> None:
    # A GET is what a browser sends for an image or a prefetch.
    before = count("ai_requests", owner)
    answer = data_api.get("rpc/record_ai_request?kind=meal_suggestions&source=planner&latency_ms=1", by=owner)
    assert answer.status_code == 405
    assert count("ai_requests", owner) == before


# Statuses that clients rely on.


def test_each_refusal_has_its_status(data_api: DataApi, owner: User, attacker: User) -> None:
    meal = stored("meals", owner)
    ingredient = {"meal_id": meal["id"], "food_item_name": "rice", "quantity": 1, "unit": "kg"}
    refusals = [
        (data_api.post("meals", {"name": ""}, by=owner), 400, "23514"),
        (data_api.post("meals", {"name": None}, by=owner), 400, "23502"),
        (data_api.post("meals", {"id": meal["id"], "name": "x"}, by=owner), 409, "23505"),
        (data_api.post("meal_ingredients", ingredient, by=attacker), 409, "23503"),
        (data_api.post("meals", {"name": "x", "user_id": owner.id}, by=attacker), 403, "42501"),
        (data_api.get("meals", by=None), 401, "42501"),
        (data_api.patch(f"meals?id=eq.{meal['id']}", {"user_id": attacker.id}, by=owner), 409, "PT409"),
        (data_api.post("rpc/create_meal", {"meal": {}}, by=owner), 422, "PT422"),
    ]
    for answer, status, code in refusals:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert set(answer.json()) == {"code", "message", "details", "hint"}


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "sb_secret_nonsense"])
def test_a_bad_token_is_refused_and_not_anon(data_api: DataApi, token: str) -> None:
    answer = data_api.request("GET", "meals", by=None, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


LINE_BREAK = "x\r\nX-Injected: yes"


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "rpc/create_meal", {"meal": {LINE_BREAK: 1}}, "meal has an unknown key: {}"),
        (
            "POST",
            "rpc/create_workout",
            {
                "workout": {
                    "name": "Push",
                    "date": "2026-11-24",
                    "exercises": [{"name": LINE_BREAK, "sets": []}],
                }
            },
            "the sets of exercise 1 ({}) are not valid",
        ),
        ("PATCH", "profiles", {"timezone": LINE_BREAK}, "unknown time zone: {}"),
        (
            "POST",
            "user_sessions",
            {"session_type": "workout", "status": LINE_BREAK},
            "a session can't start as {}",
        ),
        (
            "POST",
            "calendar_events",
            {"title": "Tea", "start_time": "2026-11-24T10:00:00Z", "source": LINE_BREAK},
            "events of source {} are made by the database",
        ),
    ],
)
def test_what_a_refusal_quotes_cannot_write_headers(
    data_api: DataApi, attacker: User, method: str, path: str, body: Any, message: str
) -> None:
    where = f"{path}?id=eq.{attacker.id}" if method == "PATCH" else path
    answer = data_api.request(method, where, body, by=attacker)
    assert "X-Injected" not in answer.headers
    assert answer.status_code in (409, 422), answer.text
    assert answer.json()["message"] == message.format("x  X-Injected: yes")


@pytest.mark.parametrize("name", ["x\ny", "x\x1b[31m", "x\x7f"])
def test_control_characters_are_refused_as_anything_else(
    data_api: DataApi, attacker: User, name: str
) -> None:
    answer = data_api.post("rpc/create_meal", {"meal": {name: 1}}, by=attacker)
    assert answer.status_code == 422, answer.text
    assert answer.json()["message"].startswith("meal has an unknown key: x ")


def test_a_refusal_is_short_however_long_what_it_quotes(data_api: DataApi, attacker: User) -> None:
    endless = data_api.http.post(
        "rpc/create_meal",
        content='{"meal": {"name": "Tea", "prep_time": 1e100000}}',
        headers={"Authorization": f"Bearer {attacker.token}", "Content-Type": "application/json"},
    )
    zone = data_api.patch(f"profiles?id=eq.{attacker.id}", {"timezone": "x" * 100_000}, by=attacker)
    for answer in (endless, zone):
        assert answer.status_code == 422, answer.text[:500]
        assert len(answer.text) < 2000
