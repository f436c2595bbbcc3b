"""Profiles: made with the account, following its e-mail, gone with it; zones and currencies that exist."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow
from supabase import Client

from tests.conftest import PASSWORD, NewUser, User
from tests.database.data_api import DataApi, the_row
from tests.database.tables import TABLES, Row, read, stored

Database = psycopg.Connection[DictRow]


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


def signed_up(admin: Client, metadata: Any) -> Row:
    """The profile of a new account with that user metadata."""
    made = admin.auth.admin.create_user(
        {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "user_metadata": metadata}
    )
    rows = admin.table("profiles").select("*").eq("id", made.user.id).execute().data
    assert len(rows) == 1
    return dict(rows[0])  # type: ignore[arg-type]


# Sign-up.


@pytest.mark.covers("users.create_profile")
def test_an_account_gets_a_profile(owner: User) -> None:
    profile = read("profiles", owner, owner.id)
    assert profile["email"] == owner.email
    assert profile["timezone"] == "Europe/Berlin"
    assert profile["currency"] == "EUR"
    assert profile["unit_system"] == "metric"
    assert profile["week_starts_on"] == 1
    assert (profile["preferences"], profile["dietary"], profile["allergies"]) == ({}, [], [])


@pytest.mark.covers("users.create_profile")
@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {"first_name": None, "last_name": None, "timezone": "UTC", "currency": "USD"}),
        ({"first_name": " Ada ", "last_name": "Lovelace"}, {"first_name": "Ada", "last_name": "Lovelace"}),
        # As Google says it, and as GitHub does.
        ({"given_name": "Ada", "family_name": "Lovelace"}, {"first_name": "Ada", "last_name": "Lovelace"}),
        ({"full_name": "Ada King Lovelace"}, {"first_name": "Ada", "last_name": "King Lovelace"}),
        ({"full_name": "Ada"}, {"first_name": "Ada", "last_name": None}),
        ({"avatar_url": "https://example.com/a.png"}, {"avatar_url": "https://example.com/a.png"}),
        (
            {"timezone": "Asia/Kathmandu", "currency": "NPR"},
            {"timezone": "Asia/Kathmandu", "currency": "NPR"},
        ),
        ({"timezone": "UTC", "currency": "JPY"}, {"timezone": "UTC", "currency": "JPY"}),
    ],
)
def test_a_profile_takes_what_the_sign_up_says(admin: Client, metadata: Row, expected: Row) -> None:
    assert signed_up(admin, metadata).items() >= expected.items()


@pytest.mark.covers("users.create_profile", "profiles.check_timezone_on_insert")
@pytest.mark.parametrize(
    "metadata",
    [
        {"first_name": "x" * 5000, "last_name": "x" * 99 + " y"},
        {"first_name": "   ", "last_name": "\u3000"},
        {"first_name": {"a": 1}, "last_name": [1, 2], "full_name": 7},
        {"full_name": " " * 300},
        {"avatar_url": "javascript:alert(1)"},
        {"avatar_url": f"https://example.com/{'x' * 3000}"},
        {"avatar_url": {"href": "https://example.com"}},
        {"timezone": "Mars/Olympus_Mons"},
        {"timezone": "+02"},
        {"timezone": "CET"},
        {"timezone": "europe/berlin"},
        {"timezone": "posix/Europe/Berlin"},
        {"timezone": "'; drop table public.profiles; --"},
        {"timezone": None, "currency": None},
        {"timezone": 5, "currency": 5},
        {"currency": "eur"},
        {"currency": "DEM"},
        {
            "id": "00000000-0000-4000-8000-000000000000",
            "email": "someone@example.com",
            "allergies": ["peanut"],
        },
    ],
)
def test_nonsense_metadata_never_fails_a_sign_up(admin: Client, metadata: Row) -> None:
    profile = signed_up(admin, metadata)
    assert (profile["timezone"], profile["currency"]) == ("UTC", "USD")
    assert profile["avatar_url"] is None
    assert profile["allergies"] == []
    for name in (profile["first_name"], profile["last_name"]):
        assert name is None or (name == name.strip() and 0 < len(name) <= 100)


@pytest.mark.covers("users.create_profile")
@pytest.mark.parametrize("metadata", ["null", '"text"', "[]", "[1]", "7"])
def test_metadata_that_is_no_object_never_fails_a_sign_up(db: Database, metadata: str) -> None:
    with db.transaction(force_rollback=True):
        made = db.execute(
            "insert into auth.users (id, raw_user_meta_data) values (gen_random_uuid(), %s) returning id",
            [metadata],
        ).fetchone()
        assert made
        profile = db.execute(
            "select email, timezone from public.profiles where id = %s", [made["id"]]
        ).fetchone()
    # Phone accounts have no e-mail.
    assert profile == {"email": None, "timezone": "UTC"}


# E-mail.


@pytest.mark.covers("users.follow_email")
def test_the_profiles_email_follows_the_accounts(admin: Client, new_user: NewUser) -> None:
    user = new_user()
    address = f"{uuid4().hex}@example.com"
    admin.auth.admin.update_user_by_id(user.id, {"email": address, "email_confirm": True})
    assert read("profiles", user, user.id)["email"] == address


@pytest.mark.covers("users.create_profile", "users.follow_email")
def test_an_account_that_shares_its_address_has_a_profile_without_it(db: Database, owner: User) -> None:
    def profile(person: UUID) -> Row:
        found = db.execute("select email, timezone from public.profiles where id = %s", [person]).fetchone()
        assert found
        return found

    with db.transaction(force_rollback=True):
        made = db.execute(
            "insert into auth.users (id, email, is_sso_user) values (%s, %s, true) returning id",
            [uuid4(), owner.email],
        ).fetchone()
        assert made
        assert profile(made["id"]) == {"email": None, "timezone": "UTC"}
        db.execute("update auth.users set email = 'free@example.com' where id = %s", [made["id"]])
        assert profile(made["id"])["email"] == "free@example.com"
        db.execute("update auth.users set email = %s where id = %s", [owner.email, made["id"]])
        assert profile(made["id"])["email"] is None


@pytest.mark.covers("profiles.keep_email")
@pytest.mark.parametrize("address", ["someone-else@example.com", None])
def test_the_profiles_email_cannot_be_changed_by_hand(
    data_api: DataApi, owner: User, address: str | None
) -> None:
    before = read("profiles", owner, owner.id)
    answer = data_api.patch(f"profiles?id=eq.{owner.id}", {"email": address, "first_name": "Eve"}, by=owner)
    assert answer.status_code == 409
    error = answer.json()
    assert error["code"] == "PT409"
    assert error["message"] == "the e-mail address belongs to the account"
    assert "auth.users.email" in error["details"]
    assert "PUT /auth/v1/user" in error["hint"]
    assert read("profiles", owner, owner.id) == before


@pytest.mark.covers("profiles.keep_email")
def test_a_profile_can_be_sent_back_whole(data_api: DataApi, owner: User) -> None:
    profile = read("profiles", owner, owner.id)
    assert the_row(data_api.patch(f"profiles?id=eq.{owner.id}", profile, by=owner)) == profile


# Time zone.


@pytest.mark.covers("profiles.check_timezone_on_update")
@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus_Mons", "europe/berlin", "Europe/Berlin ", "CET", "EST5EDT", "+02", "UTC+2", "Factory",
     "posix/Europe/Berlin", "posixrules", "localtime", "Etc/Unknown"],
)  # fmt: skip
def test_an_unknown_time_zone_is_refused(data_api: DataApi, owner: User, zone: str) -> None:
    before = read("profiles", owner, owner.id)
    answer = data_api.patch(f"profiles?id=eq.{owner.id}", {"timezone": zone}, by=owner)
    assert answer.status_code == 422
    error = answer.json()
    assert error["code"] == "PT422"
    assert error["message"] == f"unknown time zone: {zone}"
    assert "IANA" in error["details"]
    assert "Europe/Berlin" in error["hint"]
    assert read("profiles", owner, owner.id) == before


@pytest.mark.covers("profiles.check_timezone_on_update")
@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Etc/UTC",
        "Asia/Kathmandu",
        "America/Argentina/Buenos_Aires",
        "Pacific/Kiritimati",
        "Europe/Berlin",
    ],
)
def test_a_zone_of_the_iana_database_is_allowed(data_api: DataApi, owner: User, zone: str) -> None:
    answer = data_api.patch(f"profiles?id=eq.{owner.id}", {"timezone": zone}, by=owner)
    assert the_row(answer)["timezone"] == zone


@pytest.mark.covers("profiles.check_timezone_on_insert")
def test_a_profile_is_never_made_with_an_unknown_zone(db: Database) -> None:
    with pytest.raises(psycopg.Error, match="unknown time zone: Mars") as refusal:
        db.execute("insert into public.profiles (id, timezone) values (gen_random_uuid(), 'Mars')")
    assert refusal.value.sqlstate == "PT422"


# Currency.


@pytest.mark.covers("expenses.set_currency", "receipts.set_currency")
@pytest.mark.parametrize("table", ["expenses", "receipts"])
def test_money_without_a_currency_is_in_the_owners(data_api: DataApi, new_user: NewUser, table: str) -> None:
    user = new_user(currency="JPY")
    row = TABLES[table].row | {"amount": 1200}
    row.pop("currency", None)
    assert the_row(data_api.post(table, row, by=user))["currency"] == "JPY"
    assert the_row(data_api.post(table, row | {"currency": None}, by=user))["currency"] == "JPY"
    assert the_row(data_api.post(table, row | {"currency": "EUR"}, by=user))["currency"] == "EUR"
    # The decimals are the owner's currency's, too.
    answer = data_api.post(table, row | {"amount": 12.5}, by=user)
    assert answer.status_code == 400
    assert "its_currencys_decimals" in answer.json()["message"]


# Deletion.


def test_deleting_the_account_deletes_everything_of_theirs(
    db: Database, admin: Client, new_user: NewUser
) -> None:
    leaving, staying = new_user(), new_user()
    for user in (leaving, staying):
        for table in TABLES:
            stored(table, user)
        # What deletions stumble over: cooked meals, plans, receipts with expenses, sessions that name rows.
        meal, receipt = stored("meals", user)["id"], stored("receipts", user)["id"]
        plans = [
            {"meal_id": meal, "planned_date": "2026-11-24", "status": status, "meal_time": "19:00"}
            for status in ("planned", "cooked", "skipped")
        ]
        planned = user.client.table("planned_meals").insert(plans).execute().data
        expense = TABLES["expenses"].row | {"receipt_id": receipt}
        user.client.table("expenses").insert(expense).execute()
        session = {"session_type": "cooking", "planned_meal_id": planned[1]["id"]}  # type: ignore[call-overload,index]
        user.client.table("user_sessions").insert(session).execute()
        user.client.table("user_sessions").update({"status": "completed"}).eq("user_id", user.id).execute()

    def rows_of(user: User) -> dict[str, int]:
        found = {}
        for table, entry in TABLES.items():
            query = sql.SQL("select count(*) as n from {} where {} = %s").format(
                sql.Identifier(table), sql.Identifier(entry.owner_column)
            )
            row = db.execute(query, [user.id]).fetchone()
            assert row
            found[table] = row["n"]
        return found

    before = rows_of(staying)
    assert all(before.values())
    admin.auth.admin.delete_user(leaving.id)
    assert rows_of(leaving) == dict.fromkeys(TABLES, 0)
    assert rows_of(staying) == before
