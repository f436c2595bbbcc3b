"""From a draft to expenses and pantry lots, and back: in whole, to the cent, or not at all."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.conftest import NewUser, User
from tests.database.calendar_sources import event_of, events, projection, when
from tests.database.data_api import DataApi, assert_refused, the_row
from tests.database.messages import Database, Inbox
from tests.database.receipts import Receipts
from tests.database.receipts import receipts as receipts  # The fixture.
from tests.database.tables import TABLES, Row

NO_SPLIT = "the split doesn't add up to the receipt's amount"

SAID = {
    "processing": "being read",
    "draft": "a draft",
    "failed": "one that nobody could read",
    "confirmed": "confirmed",
}


def parts(*amounts: Any) -> list[Row]:
    """A split into categories A, B, …"""
    return [{"category": chr(65 + n), "amount": amount} for n, amount in enumerate(amounts)]


def lot(line: Row | None = None, **changes: Any) -> Row:
    """What is to be restocked."""
    named = {} if line is None else {"line_id": line["id"]}
    return named | {"name": "milk", "quantity": "4", "unit": "l", "expiry_date": "2026-12-01"} | changes


def assert_nothing_changed(receipts: Receipts, receipt: Row) -> None:
    """After a refusal the receipt is the draft that it was."""
    assert receipts.read(receipt)["updated_at"] == receipt["updated_at"]
    for table in ("expenses", "pantry_items", "receipt_item_names"):
        assert receipts.rows(table) == []


# Expenses.


def test_a_draft_becomes_an_expense_that_is_in_the_calendar(receipts: Receipts) -> None:
    draft = receipts.draft(category="Groceries")
    answer = receipts.confirm(draft)
    assert answer["receipt"]["status"] == "confirmed"
    (expense,) = answer["expenses"]
    assert (
        expense.items()
        >= {
            "name": "Corner shop",
            "store": "Corner shop",
            "amount": Decimal("23.40"),
            "currency": "EUR",
            "kind": "expense",
            "category": "Groceries",
            "payment_method": "card",
            "date": "2026-11-24",
            "receipt_id": draft["id"],
        }.items()
    )
    assert answer["pantry_items"] == answer["warnings"] == []
    assert receipts.rows("expenses") == [expense]
    assert receipts.read(draft) == answer["receipt"]
    assert event_of(receipts.owner, expense["id"])["title"] == "Corner shop"


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Australia/Sydney", "UTC"]
)
def test_the_day_on_the_receipt_is_the_owners_day_in_any_zone(
    data_api: DataApi, new_user: NewUser, zone: str
) -> None:
    receipts = Receipts(data_api, new_user(timezone=zone, currency="EUR"))
    for day in (date(2026, 3, 29), date(2026, 11, 1), date(2026, 12, 31)):
        (expense,) = receipts.confirm(receipts.draft(date=day.isoformat()))["expenses"]
        assert expense["date"] == day.isoformat()
        assert when(event_of(receipts.owner, expense["id"])) == projection(zone, day, None)


def test_a_draft_without_a_category_becomes_an_expense_in_other(receipts: Receipts) -> None:
    (expense,) = receipts.confirm(receipts.draft(category=None))["expenses"]
    assert expense["category"] == "Other"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["store"], "the receipt has no store"),
        (["amount"], "the receipt has no amount"),
        (["date"], "the receipt has no date"),
        (["store", "amount", "date"], "the receipt has no store and amount and date"),
    ],
)
def test_a_draft_without_store_amount_or_date_cannot_be_confirmed(
    receipts: Receipts, missing: list[str], message: str
) -> None:
    draft = receipts.draft(**{"total" if column == "amount" else column: None for column in missing})
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"])
    assert_refused(answer, 422, message, f"PATCH /rest/v1/receipts?id=eq.{draft['id']}")
    assert_nothing_changed(receipts, draft)
    typed_in = {"store": "Corner shop", "amount": 23.4, "date": "2026-11-24"}
    the_row(receipts.data_api.patch(f"receipts?id=eq.{draft['id']}", typed_in, by=receipts.owner))
    assert receipts.confirm(draft)["receipt"]["status"] == "confirmed"


@pytest.mark.parametrize("status", ["processing", "failed", "confirmed"])
def test_what_is_no_draft_cannot_be_confirmed(receipts: Receipts, status: str) -> None:
    receipt = receipts.in_status(status)
    before = receipts.rows("expenses")
    answer = receipts.send("confirm_receipt", receipt_id=receipt["id"])
    assert_refused(answer, 409, f"the receipt is {SAID[status]}")
    assert receipts.read(receipt) == receipt
    assert receipts.rows("expenses") == before


# Splits.


@pytest.mark.parametrize(
    ("currency", "total", "amounts"),
    [
        ("EUR", "23.40", ["20.00", "3.40"]),
        ("EUR", "23.40", [20, 3.4]),
        ("EUR", "0.30", ["0.10", "0.10", "0.10"]),
        # As floats, 0.1 and 0.2 aren't 0.3.
        ("EUR", "0.30", [0.1, 0.2]),
        ("EUR", "23.40", ["23.40"]),
        ("JPY", "1200", ["1000", 200]),
        ("KWD", "1.234", ["1.000", "0.234"]),
        ("EUR", "999999999.00", ["999999998.98", "0.01", "0.01"]),
    ],
)
def test_a_split_that_adds_up_becomes_that_many_expenses(
    receipts: Receipts, currency: str, total: str, amounts: list[Any]
) -> None:
    draft = receipts.draft(currency=currency, total=total, tax=None, subtotal=None)
    answer = receipts.confirm(draft, split=parts(*amounts))
    expenses = sorted(answer["expenses"], key=lambda expense: expense["category"])
    assert [expense["category"] for expense in expenses] == ["A", "B", "C"][: len(amounts)]
    assert [expense["amount"] for expense in expenses] == [Decimal(str(amount)) for amount in amounts]
    assert {(e["currency"], e["store"], e["receipt_id"]) for e in expenses} == {
        (currency, "Corner shop", draft["id"])
    }
    assert len(events(receipts.owner, "expense")) == len(amounts)


@pytest.mark.parametrize(
    ("currency", "total", "amounts", "difference"),
    [
        ("EUR", "23.40", ["20.00", "3.39"], "0.01 missing"),
        ("EUR", "23.40", ["20.00", "3.41"], "0.01 too much"),
        ("EUR", "23.40", [], "23.40 missing"),
        ("JPY", "1200", ["1000", "201"], "1 too much"),
        ("KWD", "1.234", ["1.000", "0.233"], "0.001 missing"),
        ("EUR", "0.30", [0.1, 0.1999999], "0.0000001 missing"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused_with_the_difference(
    receipts: Receipts, currency: str, total: str, amounts: list[Any], difference: str
) -> None:
    draft = receipts.draft(currency=currency, total=total, tax=None, subtotal=None)
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"], split=parts(*amounts))
    assert_refused(answer, 422, NO_SPLIT, "Correct a part")
    assert f": {difference}." in answer.json()["details"]
    assert_nothing_changed(receipts, draft)


@pytest.mark.parametrize(
    ("currency", "split"),
    [
        # They add up, and are no amounts all the same.
        ("EUR", parts("23.40", "0.00")),
        ("EUR", parts("30.00", "-6.60")),
        ("EUR", parts("23.395", "0.005")),
        ("JPY", parts("11.5", "11.5")),
        ("EUR", [{"category": "", "amount": "23.40"}]),
        ("EUR", [{"category": "x" * 51, "amount": "23.40"}]),
        ("EUR", [{"category": "A", "amount": "23.40", "name": " x"}]),
        # Of another shape.
        ("EUR", {}),
        ("EUR", "all"),
        ("EUR", [None]),
        ("EUR", [{"amount": "23.40"}]),
        ("EUR", [{"category": "A"}]),
        ("EUR", [{"category": "A", "amount": "23,40"}]),
        ("EUR", [{"category": "A", "amount": True}]),
        ("EUR", [{"category": "A", "amount": "23.40", "receipt_id": None}]),
    ],
)
def test_a_split_into_what_is_no_expense_is_refused(receipts: Receipts, currency: str, split: Any) -> None:
    total = "23" if currency == "JPY" else "23.40"
    draft = receipts.draft(currency=currency, total=total, tax=None, subtotal=None)
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"], split=split)
    assert (answer.status_code, answer.json()["code"]) == (422, "PT422"), answer.text
    assert answer.json()["hint"]
    assert_nothing_changed(receipts, draft)


@pytest.mark.parametrize(
    "amount", ["1e400", "1e2", "NaN", "Infinity", "0x1F", " 23.40", "+23.40", "9" * 400, "1_0"]
)
def test_an_amount_is_a_plain_decimal_and_never_shown_at_length(receipts: Receipts, amount: str) -> None:
    draft = receipts.draft()
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"], split=parts(amount))
    assert_refused(answer, 422, 'split.amount must be a decimal such as "23.40"', "23.40")
    assert len(answer.text) < 400
    assert_nothing_changed(receipts, draft)


def test_what_is_refused_is_never_shown_at_length(receipts: Receipts) -> None:
    draft = receipts.draft()
    # JSON's own numbers, which a client's library may write like this.
    body = f'{{"receipt_id": "{draft["id"]}", "split": [{{"category": "A", "amount": %s}}]}}'
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {receipts.owner.token}"}
    answer = receipts.data_api.http.post("rpc/confirm_receipt", content=body % "1e400", headers=headers)
    assert_refused(answer, 422, 'split.amount must be a decimal such as "23.40"', "23.40")
    assert len(answer.text) < 400
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"], split=[{"x" * 400: 1}])
    assert_refused(answer, 422, f"split has an unknown key: {'x' * 50}", "Allowed: name, amount, category.")
    answer = receipts.data_api.http.post("rpc/confirm_receipt", content=body % "0.234e2", headers=headers)
    assert answer.json()["receipt"]["status"] == "confirmed"


def test_parts_may_have_names(receipts: Receipts) -> None:
    split = [{"category": "A", "amount": "20", "name": "Weekly shop"}, {"category": "B", "amount": "3.40"}]
    answer = receipts.confirm(receipts.draft(), split=split)
    assert {expense["name"] for expense in answer["expenses"]} == {"Weekly shop", "Corner shop"}


# Expenses that exist.


@pytest.mark.parametrize("how", ["by hand", "linked by hand", "parts by hand", "receipt", "split receipt"])
def test_an_expense_that_exists_is_a_warning_and_never_a_merge(receipts: Receipts, how: str) -> None:
    draft = receipts.draft()
    if how.endswith("by hand"):
        link = {"receipt_id": draft["id"]} if how == "linked by hand" else {}
        row = {"name": "x", "category": "x", "date": "2026-11-24", "store": "CORNER SHOP"} | link
        amounts = ["20.00", "3.40"] if how == "parts by hand" else ["23.40"]
        first = [
            the_row(receipts.data_api.post("expenses", row | {"amount": amount}, by=receipts.owner))
            for amount in amounts
        ]
    else:
        split = parts("20.00", "3.40") if how == "split receipt" else None
        first = receipts.confirm(receipts.draft(), split=split)["expenses"]
    answer = receipts.confirm(draft)
    (warning,) = answer["warnings"]
    assert (warning["code"], set(warning["expense_ids"])) == (
        "expense_exists",
        {expense["id"] for expense in first},
    )
    assert "23.40 EUR at Corner shop on 2026-11-24" in warning["message"]
    assert len(receipts.rows("expenses")) == len(first) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"store": "Other shop"},
        {"store": None},
        {"amount": 23.41},
        {"date": "2026-11-23"},
        {"currency": "CHF"},
        {"kind": "refund"},
    ],
)
def test_another_expense_is_no_warning(receipts: Receipts, change: Row) -> None:
    row = {"name": "x", "amount": 23.4, "category": "x", "date": "2026-11-24", "store": "Corner shop"}
    the_row(receipts.data_api.post("expenses", row | change, by=receipts.owner))
    assert receipts.confirm(receipts.draft())["warnings"] == []


def test_another_persons_expense_is_no_warning(receipts: Receipts, other_user: User) -> None:
    theirs = Receipts(receipts.data_api, other_user)
    theirs.confirmed()
    assert receipts.confirm(receipts.draft())["warnings"] == []


# Restocking.


def test_ticked_lines_become_pantry_lots(receipts: Receipts) -> None:
    draft = receipts.draft()
    milk, bulb = draft["receipt_lines"]
    restock = [lot(milk), lot(bulb, name="bulbs", quantity=1.5, unit="piece", expiry_date=None), lot()]
    answer = receipts.confirm(draft, restock=restock)
    assert [
        (item["name"], item["quantity"], item["unit"], item["expiry_date"], item["receipt_id"])
        for item in answer["pantry_items"]
    ] == [
        ("milk", 4, "l", "2026-12-01", draft["id"]),
        ("bulbs", Decimal("1.5"), "piece", None, draft["id"]),
        ("milk", 4, "l", "2026-12-01", draft["id"]),
    ]
    assert sorted(receipts.rows("pantry_items"), key=str) == sorted(answer["pantry_items"], key=str)
    # Every lot is one of its own.
    assert len({item["id"] for item in answer["pantry_items"]}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"name": "x" * 101},
        {"name": None},
        {"quantity": "-1"},
        {"quantity": 0},
        {"quantity": "0.1234"},
        {"quantity": "NaN"},
        {"quantity": "some"},
        {"unit": ""},
        {"unit": None},
        {"expiry_date": "soon"},
        {"expiry_date": "2200-01-01"},
        {"expiry_date": "today"},
        {"expiry_date": "infinity"},
        {"quantity": "1e400"},
        {"line_id": "1"},
        {"line_id": "00000000-0000-4000-8000-000000000000"},
        {"colour": "white"},
    ],
)
def test_what_cannot_be_in_the_pantry_is_refused_with_everything_else(
    receipts: Receipts, change: Row
) -> None:
    draft = receipts.draft()
    restock = [lot(draft["receipt_lines"][0]), lot(draft["receipt_lines"][1]) | change]
    answer = receipts.send("confirm_receipt", receipt_id=draft["id"], restock=restock)
    assert (answer.status_code, answer.json()["code"]) == (422, "PT422"), answer.text
    assert_nothing_changed(receipts, draft)
    assert receipts.confirm(draft, restock=restock[:1])["pantry_items"]


def test_only_lines_of_the_receipt_are_restocked(receipts: Receipts, other_user: User) -> None:
    theirs = Receipts(receipts.data_api, other_user).draft()
    draft, another = receipts.draft(), receipts.draft()
    for line in (theirs["receipt_lines"][0], another["receipt_lines"][0]):
        answer = receipts.send("confirm_receipt", receipt_id=draft["id"], restock=[lot(line)])
        assert_refused(answer, 422, "restock names a line that isn't on the receipt", "receipt_lines")
    assert_nothing_changed(receipts, draft)


# Names.


@pytest.mark.covers("receipt_item_names.receipt_item_names_user_id_printed_name_key")
def test_what_a_store_prints_is_remembered_as_its_owner_calls_it(
    receipts: Receipts, other_user: User
) -> None:
    draft = receipts.draft()
    receipts.confirm(draft, restock=[lot(draft["receipt_lines"][0])])
    (remembered,) = receipts.rows("receipt_item_names")
    # Two of the line were 4 l, so one is 2 l.
    assert (
        remembered.items()
        >= {
            "printed_name": "mlk 2l",
            "pantry_name": "milk",
            "pantry_quantity": 2,
            "pantry_unit": "l",
        }.items()
    )
    lines = [
        {"name": "mlk 2L", "quantity": "3", "amount": "3.60"},
        {"name": "MLK 2L", "amount": "1.20"},
        {"name": "MLK 1L", "amount": "0.80"},
    ]
    later = receipts.draft(store="Other shop", lines=lines)["receipt_lines"]
    assert [
        (line["name"], line["pantry_name"], line["pantry_quantity"], line["pantry_unit"]) for line in later
    ] == [
        ("mlk 2L", "milk", 6, "l"),
        ("MLK 2L", "milk", 2, "l"),
        ("MLK 1L", None, None, None),
    ]
    theirs = Receipts(receipts.data_api, other_user).draft(lines=lines)
    assert {line["pantry_name"] for line in theirs["receipt_lines"]} == {None}


def test_the_last_name_counts(receipts: Receipts) -> None:
    lines = [{"name": "MLK 2L", "amount": "1.20"}, {"name": "mlk 2l", "amount": "1.20"}]
    draft = receipts.draft(lines=lines)
    first, second = draft["receipt_lines"]
    receipts.confirm(draft, restock=[lot(first), lot(second, name="oat milk", unit="carton", quantity=1)])
    (remembered,) = receipts.rows("receipt_item_names")
    assert (remembered["pantry_name"], remembered["pantry_unit"]) == ("oat milk", "carton")
    again = receipts.draft(lines=lines[:1])
    assert again["receipt_lines"][0]["pantry_name"] == "oat milk"
    receipts.confirm(again, restock=[lot(again["receipt_lines"][0], name="milk")])
    (corrected,) = receipts.rows("receipt_item_names")
    assert (corrected["id"], corrected["pantry_name"]) == (remembered["id"], "milk")


@pytest.mark.parametrize(
    ("bought", "restocked", "one"),
    # The last is exact, and more than a pantry takes.
    [("3", "1", None), ("3", "1.5", "0.5"), (None, "2", "2"), ("0.001", "20000", None)],
)
def test_how_much_one_is_is_remembered_only_where_it_is_exact(
    receipts: Receipts, bought: str | None, restocked: str, one: str | None
) -> None:
    draft = receipts.draft(lines=[{"name": "EGGS", "quantity": bought, "amount": "3.00"}])
    receipts.confirm(draft, restock=[lot(draft["receipt_lines"][0], quantity=restocked)])
    (remembered,) = receipts.rows("receipt_item_names")
    assert remembered["pantry_quantity"] == (None if one is None else Decimal(one))
    (line,) = receipts.draft(lines=[{"name": "EGGS", "quantity": "2", "amount": "2.00"}])["receipt_lines"]
    assert line["pantry_quantity"] == (None if one is None else 2 * Decimal(one))


def test_a_suggested_quantity_is_one_that_the_pantry_takes(receipts: Receipts) -> None:
    name = {"printed_name": "rice", "pantry_name": "rice", "pantry_unit": "g", "pantry_quantity": 9999999}
    the_row(receipts.data_api.post("receipt_item_names", name, by=receipts.owner))
    lines = [{"name": "RICE", "quantity": quantity, "amount": "1.00"} for quantity in ("1", "2", "0.001")]
    made = receipts.draft(lines=lines)["receipt_lines"]
    assert [line["pantry_quantity"] for line in made] == [9999999, None, Decimal("9999.999")]


# Reopening.


def test_reopening_takes_back_all_that_confirming_made(receipts: Receipts) -> None:
    draft = receipts.draft()
    other = receipts.confirm(receipts.draft(store="Other shop"), restock=[lot(name="eggs")])
    made = receipts.confirm(
        draft, split=parts("20.00", "3.40"), restock=[lot(draft["receipt_lines"][0]), lot(name="tea")]
    )
    answer = receipts.call("reopen_receipt", receipt_id=draft["id"])
    assert answer["receipt"] == receipts.read(draft)
    assert {**answer["receipt"], "updated_at": None} == {
        **{column: value for column, value in draft.items() if column != "receipt_lines"},
        "updated_at": None,
    }
    assert sorted(answer["removed"]["expenses"], key=str) == sorted(made["expenses"], key=str)
    assert sorted(answer["removed"]["pantry_items"], key=str) == sorted(made["pantry_items"], key=str)
    assert answer["warnings"] == []
    assert receipts.rows("expenses") == other["expenses"]
    assert receipts.rows("pantry_items") == other["pantry_items"]
    assert [event["source_id"] for event in events(receipts.owner)] == [other["expenses"][0]["id"]]
    assert sorted(receipts.of(draft, "receipt_lines"), key=str) == sorted(draft["receipt_lines"], key=str)
    # What was learned stays, and the draft can be corrected and confirmed.
    assert len(receipts.rows("receipt_item_names")) == 1
    the_row(receipts.data_api.patch(f"receipts?id=eq.{draft['id']}", {"amount": 20}, by=receipts.owner))
    (expense,) = receipts.confirm(draft)["expenses"]
    assert expense["amount"] == 20


@pytest.mark.parametrize("status", ["processing", "draft", "failed"])
def test_what_is_not_confirmed_cannot_be_reopened(receipts: Receipts, status: str) -> None:
    receipt = receipts.in_status(status)
    answer = receipts.send("reopen_receipt", receipt_id=receipt["id"])
    assert_refused(answer, 409, f"the receipt is {SAID[status]}")
    assert receipts.read(receipt)["updated_at"] == receipt["updated_at"]


def test_reopening_takes_back_what_was_changed_and_says_so(receipts: Receipts) -> None:
    draft, data_api, owner = receipts.draft(), receipts.data_api, receipts.owner
    made = receipts.confirm(draft, split=parts("20.00", "3.40"), restock=[lot(), lot(name="tea")])
    renamed, moved = made["expenses"]
    used, untouched = made["pantry_items"]
    the_row(data_api.patch(f"expenses?id=eq.{renamed['id']}", {"name": "Party", "amount": 19}, by=owner))
    event = event_of(owner, moved["id"])
    the_row(data_api.patch(f"calendar_events?id=eq.{event['id']}", {"local_date": "2026-11-25"}, by=owner))
    the_row(data_api.patch(f"pantry_items?id=eq.{used['id']}", {"quantity": 1}, by=owner))
    # A write that changes nothing.
    the_row(data_api.patch(f"pantry_items?id=eq.{untouched['id']}", {"name": "tea"}, by=owner))
    answer = receipts.call("reopen_receipt", receipt_id=draft["id"])
    told = [(w["code"], w.get("expense_id", w.get("pantry_item_id"))) for w in answer["warnings"]]
    assert sorted(told, key=str) == sorted(
        [
            ("expense_changed", renamed["id"]),
            ("expense_changed", moved["id"]),
            ("expenses_differ", None),
            ("pantry_item_changed", used["id"]),
        ],
        key=str,
    )
    messages = " ".join(warning["message"] for warning in answer["warnings"])
    assert "Its expenses were 22.40 EUR, not 23.40. Check the amount before you confirm it again." in messages
    left = "milk was changed after it was restocked: 1 l were left."
    assert f"{left} Restock no more than that when you confirm it again." in messages
    # Nothing is lost unseen: the rows as they were.
    removed = {row["id"]: row for row in answer["removed"]["expenses"] + answer["removed"]["pantry_items"]}
    assert (removed[renamed["id"]]["name"], removed[moved["id"]]["date"]) == ("Party", "2026-11-25")
    assert removed[used["id"]]["quantity"] == 1
    assert receipts.rows("expenses") == receipts.rows("pantry_items") == events(owner) == []


def test_reopening_leaves_alone_what_it_did_not_make(receipts: Receipts) -> None:
    data_api, owner, draft = receipts.data_api, receipts.owner, receipts.draft()
    made = receipts.confirm(draft, restock=[lot(), lot(name="tea")])
    assert set(made["receipt"]["made"]) == {row["id"] for row in made["expenses"] + made["pantry_items"]}
    milk, tea = made["pantry_items"]
    linked = {
        table: the_row(data_api.post(table, TABLES[table].row | {"receipt_id": draft["id"]}, by=owner))["id"]
        for table in ("expenses", "pantry_items")
    }
    the_row(data_api.patch(f"pantry_items?id=eq.{tea['id']}", {"receipt_id": None}, by=owner))
    answer = receipts.call("reopen_receipt", receipt_id=draft["id"])
    assert (answer["receipt"]["made"], answer["warnings"]) == (None, [])
    assert [row["id"] for row in answer["removed"]["pantry_items"]] == [milk["id"]]
    assert [row["id"] for row in receipts.rows("expenses")] == [linked["expenses"]]
    assert {row["id"] for row in receipts.rows("pantry_items")} == {tea["id"], linked["pantry_items"]}


def test_reopening_copes_with_what_was_deleted(receipts: Receipts) -> None:
    draft = receipts.draft()
    made = receipts.confirm(draft, restock=[lot()])
    for table, rows in (("expenses", made["expenses"]), ("pantry_items", made["pantry_items"])):
        path = f"{table}?id=eq.{rows[0]['id']}"
        assert receipts.data_api.request("DELETE", path, by=receipts.owner).status_code == 204
    answer = receipts.call("reopen_receipt", receipt_id=draft["id"])
    assert answer["removed"] == {"expenses": [], "pantry_items": []}
    (warning,) = answer["warnings"]
    assert warning["message"].startswith("Its expenses were 0 EUR, not 23.40. Check")
    assert receipts.read(draft)["status"] == "draft"


# Devices.


def test_confirming_and_reopening_tell_the_owners_devices(db: Database, receipts: Receipts) -> None:
    draft = receipts.draft()
    inbox = Inbox(db, receipts.owner.id)
    receipts.confirm(draft, split=parts("20.00", "3.40"), restock=[lot(draft["receipt_lines"][0])])
    assert inbox.summary() == [
        "calendar:update INSERT 2",
        "expenses:update INSERT 2",
        "pantry:update INSERT 1",
        "receipts:update UPDATE 1",
    ]
    receipts.call("reopen_receipt", receipt_id=draft["id"])
    assert inbox.summary() == [
        "calendar:update DELETE 2",
        "expenses:update DELETE 2",
        "pantry:update DELETE 1",
        "receipts:update UPDATE 1",
    ]
    receipts.send("confirm_receipt", receipt_id=draft["id"], split=parts("1.00"))
    assert inbox.summary() == []
