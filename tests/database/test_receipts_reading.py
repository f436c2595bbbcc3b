"""Reading a receipt: one reader at a time, a crash loses nothing, and no reading fails over a value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.data_api import DataApi, assert_refused
from tests.database.messages import Database, Inbox
from tests.database.receipts import WARNING, Receipts, abandon, extraction
from tests.database.receipts import receipts as receipts  # The fixture.
from tests.database.tables import Row, count

# Start.


def test_an_image_becomes_a_receipt_that_is_being_read(receipts: Receipts) -> None:
    image = receipts.image(content_type="image/jpeg", bytes=123456)
    answer = receipts.call("start_receipt", image=image)
    receipt = answer["receipt"]
    assert answer["existing"] is False
    assert (receipt["status"], receipt["currency"], receipt["amount"]) == ("processing", "EUR", None)
    assert (receipt["image_url"], receipt["image_sha256"]) == (image["path"], image["sha256"])
    assert receipt["extraction"] == {"image": {"content_type": "image/jpeg", "bytes": 123456}}
    assert receipt["claim"]
    assert datetime.fromisoformat(receipt["claimed_until"]) > datetime.now(UTC)
    assert receipts.read(receipt) == receipt


@pytest.mark.parametrize("status", ["processing", "draft", "confirmed", "failed"])
def test_the_same_image_again_is_the_receipt_that_exists(receipts: Receipts, status: str) -> None:
    receipt = receipts.read(receipts.in_status(status))
    before = count("receipts", receipts.owner)
    image = {"sha256": receipt["image_sha256"], "path": receipt["image_url"]}
    answer = receipts.call("start_receipt", image=image)
    assert answer == {"receipt": receipt, "existing": True}
    assert count("receipts", receipts.owner) == before


def test_the_same_image_of_another_person_is_a_receipt_of_theirs(
    receipts: Receipts, other_user: User
) -> None:
    mine, theirs = receipts.start(), Receipts(receipts.data_api, other_user)
    sha256 = mine["image_sha256"]
    answer = theirs.call(
        "start_receipt", image=theirs.image(sha256=sha256, path=f"{other_user.id}/{sha256}.png")
    )
    assert answer["existing"] is False
    assert answer["receipt"]["id"] != mine["id"]


def test_an_image_is_where_its_hash_says_or_refused(receipts: Receipts, other_user: User) -> None:
    image = receipts.image()
    sha256, before = image["sha256"], count("receipts", receipts.owner)
    for path in (
        f"{other_user.id}/{sha256}.jpg",
        f"{sha256}.jpg",
        f"{receipts.owner.id}/{sha256}",
        f"{receipts.owner.id}/{sha256}.jpg/../x",
        f"{receipts.owner.id}/{sha256}.jpg\n",
        f"{receipts.owner.id}/{'0' * 64}.jpg",
        f"{receipts.owner.id}x{sha256}.jpg",
    ):
        answer = receipts.send("start_receipt", image=image | {"path": path})
        assert_refused(answer, 422, "image.path isn't the path of this image", receipts.owner.id)
    for wrong in (sha256.upper(), sha256[1:], ".*"):
        path = f"{receipts.owner.id}/{wrong}.jpg"
        answer = receipts.send("start_receipt", image={"sha256": wrong, "path": path})
        assert_refused(answer, 422, "image.path isn't the path of this image", "64 hexadecimal digits")
    documents: list[Any] = [None, [], {"sha256": sha256}, {"path": image["path"]}, image | {"colour": "red"}]
    for broken in documents:
        answer = receipts.send("start_receipt", image=broken)
        assert (answer.status_code, answer.json()["code"]) == (422, "PT422")
    assert count("receipts", receipts.owner) == before
    receipts.call("start_receipt", image=image)


@pytest.mark.parametrize("seconds", [0, -1, 3601, None])
def test_a_reading_has_a_time_out(receipts: Receipts, seconds: int | None) -> None:
    answer = receipts.send("start_receipt", image=receipts.image(), timeout_seconds=seconds)
    assert_refused(answer, 422, "timeout_seconds must be 1 to 3600")
    failed = receipts.failed()
    answer = receipts.send("claim_receipt", receipt_id=failed["id"], timeout_seconds=seconds)
    assert_refused(answer, 422, "timeout_seconds must be 1 to 3600")
    for allowed in (1, 3600):
        until = datetime.fromisoformat(receipts.start(timeout_seconds=allowed)["claimed_until"])
        assert abs(until - datetime.now(UTC) - timedelta(seconds=allowed)) < timedelta(seconds=30)


# Claim.


@pytest.mark.parametrize("status", ["draft", "failed"])
def test_a_receipt_can_be_read_again(receipts: Receipts, status: str) -> None:
    receipt = receipts.in_status(status)
    claimed = receipts.call("claim_receipt", receipt_id=receipt["id"], timeout_seconds=60)
    assert (claimed["status"], claimed["image_url"]) == ("processing", receipt["image_url"])
    answer = receipts.finish(claimed, store="Farm shop", lines=[{"name": "EGGS", "amount": "23.40"}])
    assert (answer["receipt"]["status"], answer["receipt"]["store"]) == ("draft", "Farm shop")
    assert [line["name"] for line in receipts.of(receipt, "receipt_lines")] == ["EGGS"]
    assert "failure" not in answer["receipt"]["extraction"]


def test_what_was_read_the_first_time_does_not_outlive_the_second(receipts: Receipts) -> None:
    draft = receipts.draft(total="-5.00", currency="CHF", tip="1.00")
    assert (draft["kind"], draft["currency"], draft["tip"]) == ("refund", "CHF", Decimal("1.00"))
    claimed = receipts.call("claim_receipt", receipt_id=draft["id"])
    again = receipts.finish(claimed, tax=None, subtotal=None, payment_method=None)["receipt"]
    assert (again["kind"], again["currency"], again["amount"]) == ("expense", "EUR", Decimal("23.40"))
    assert [again[column] for column in ("tax", "subtotal", "tip", "payment_method")] == [None] * 4


CORRECTED = "reading it again would overwrite what was corrected"
CORRECTIONS: dict[str, tuple[str, str, Row | None]] = {
    "a field": ("PATCH", "receipts?id=eq.{receipt}", {"store": "As I call it"}),
    "an emptied field": ("PATCH", "receipts?id=eq.{receipt}", {"tip": None, "tax": None}),
    "the currency": ("PATCH", "receipts?id=eq.{receipt}", {"currency": "CHF"}),
    "a line": ("PATCH", "receipt_lines?id=eq.{line}", {"name": "Milk"}),
    "what a line is in the pantry": ("PATCH", "receipt_lines?id=eq.{line}", {"pantry_name": "milk"}),
    "a line less": ("DELETE", "receipt_lines?id=eq.{line}", None),
    "a line more": ("POST", "receipt_lines", {"receipt_id": "{receipt}", "name": "TEA", "amount": 1}),
}


def correct(receipts: Receipts, receipt: Row, name: str) -> None:
    """Makes one of the CORRECTIONS."""
    method, path, row = CORRECTIONS[name]
    lines = receipts.of(receipt, "receipt_lines")
    ids = {"receipt": receipt["id"], "line": lines[0]["id"] if lines else ""}
    body = row and {key: value.format(**ids) if key == "receipt_id" else value for key, value in row.items()}
    answer = receipts.data_api.request(method, path.format(**ids), body, by=receipts.owner)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_corrected_draft_cannot_be_read_again_unless_its_owner_gives_the_corrections_up(
    receipts: Receipts, name: str
) -> None:
    draft = receipts.draft()
    correct(receipts, draft, name)
    corrected, lines = receipts.read(draft), receipts.of(draft, "receipt_lines")
    for arguments in ({}, {"discard_corrections": False}, {"discard_corrections": None}):
        answer = receipts.send("claim_receipt", receipt_id=draft["id"], **arguments)
        assert_refused(answer, 409, CORRECTED, "discard_corrections=true")
    assert (receipts.read(draft), receipts.of(draft, "receipt_lines")) == (corrected, lines)
    claimed = receipts.call("claim_receipt", receipt_id=draft["id"], discard_corrections=True)
    again = receipts.finish(claimed)["receipt"]
    assert again["store"] == "Corner shop"
    # What is read now is nobody's correction.
    receipts.call("claim_receipt", receipt_id=draft["id"])


def test_a_draft_that_was_sent_back_as_it_is_can_be_read_again(data_api: DataApi, receipts: Receipts) -> None:
    draft = receipts.draft(total="7.30", tax=None, subtotal=None)
    (milk, _) = draft["receipt_lines"]
    # As a form does that sends all its fields; a program's numbers don't keep the last zero.
    same = {"store": draft["store"], "amount": 7.3, "date": draft["date"], "tip": None}
    data_api.patch(f"receipts?id=eq.{draft['id']}", same, by=receipts.owner)
    data_api.patch(f"receipts?id=eq.{draft['id']}", {"store": "Other"}, by=receipts.owner)
    data_api.patch(f"receipts?id=eq.{draft['id']}", {"store": draft["store"]}, by=receipts.owner)
    data_api.request("DELETE", f"receipt_lines?id=eq.{milk['id']}", by=receipts.owner)
    again = {column: milk[column] for column in ("receipt_id", "position", "name", "category")}
    line = again | {"quantity": 2, "unit_price": 1.2, "amount": 2.4}
    assert data_api.post("receipt_lines", line, by=receipts.owner).is_success
    assert receipts.call("claim_receipt", receipt_id=draft["id"])["status"] == "processing"


@pytest.mark.parametrize("step", ["failed", "given up"])
def test_what_was_typed_in_where_nothing_was_read_is_not_lost(receipts: Receipts, step: str) -> None:
    receipt = receipts.failed() if step == "failed" else receipts.start()
    address = f"receipts?id=eq.{receipt['id']}"
    if step == "given up":
        assert receipts.data_api.patch(address, {"status": "draft"}, by=receipts.owner).is_success
    row = {"store": "Typed in", "amount": 5}
    assert receipts.data_api.patch(address, row, by=receipts.owner).is_success
    answer = receipts.send("claim_receipt", receipt_id=receipt["id"])
    assert_refused(answer, 409, CORRECTED, "discard_corrections=true")
    assert receipts.read(receipt)["store"] == "Typed in"
    cleared = {"store": None, "amount": None}
    assert receipts.data_api.patch(address, cleared, by=receipts.owner).is_success
    assert receipts.call("claim_receipt", receipt_id=receipt["id"])["status"] == "processing"


def test_corrections_survive_a_reading_that_fails(receipts: Receipts) -> None:
    draft = receipts.draft()
    correct(receipts, draft, "a field")
    claimed = receipts.call("claim_receipt", receipt_id=draft["id"], discard_corrections=True)
    receipts.call("fail_receipt", receipt_id=draft["id"], claim=claimed["claim"], reason="Black.")
    answer = receipts.send("claim_receipt", receipt_id=draft["id"])
    assert_refused(answer, 409, CORRECTED, "discard_corrections=true")
    assert receipts.read(draft)["store"] == "As I call it"


def test_a_receipt_that_is_being_read_cannot_be_claimed(stack: Instance, receipts: Receipts) -> None:
    receipt = receipts.start()
    answer = receipts.send("claim_receipt", receipt_id=receipt["id"], timeout_seconds=60)
    assert_refused(answer, 409, "the receipt is being read", "receipts:update")
    assert receipts.read(receipt) == receipt
    abandon(stack, receipt)
    again = receipts.call("claim_receipt", receipt_id=receipt["id"], timeout_seconds=60)
    assert again["claim"] != receipt["claim"]


def test_a_confirmed_receipt_cannot_be_claimed(receipts: Receipts) -> None:
    receipt = receipts.confirmed()
    answer = receipts.send("claim_receipt", receipt_id=receipt["id"], timeout_seconds=60)
    assert_refused(answer, 409, "the receipt is confirmed", "rpc/reopen_receipt")
    assert receipts.read(receipt) == receipt


def test_a_receipt_without_an_image_cannot_be_claimed(receipts: Receipts, data_api: DataApi) -> None:
    (row,) = data_api.post("receipts", {"store": "Corner shop"}, by=receipts.owner).json()
    answer = receipts.send("claim_receipt", receipt_id=row["id"])
    assert_refused(answer, 409, "the receipt has no image", "POST /api/finances/receipts")


@pytest.mark.parametrize("end", ["finish_receipt", "fail_receipt"])
def test_a_reader_that_was_too_slow_cannot_overwrite_a_later_one(
    stack: Instance, receipts: Receipts, end: str
) -> None:
    slow = receipts.start()
    abandon(stack, slow)
    quick = receipts.call("claim_receipt", receipt_id=slow["id"], timeout_seconds=60)
    result: Row = {"extraction": extraction(store="Wrong")} if end == "finish_receipt" else {"reason": "?"}
    for claim in (slow["claim"], None, "00000000-0000-4000-8000-000000000000"):
        answer = receipts.send(end, receipt_id=slow["id"], claim=claim, **result)
        assert_refused(answer, 409, "this reading was given up", "/extract")
    done = receipts.finish(quick)["receipt"]
    # Not even its own claim, once it is finished.
    for claim in (slow["claim"], quick["claim"], None):
        answer = receipts.send(end, receipt_id=slow["id"], claim=claim, **result)
        assert_refused(answer, 409, "this reading was given up")
    assert receipts.read(done) == done


def test_a_slow_reader_that_nobody_overtook_can_finish(stack: Instance, receipts: Receipts) -> None:
    receipt = receipts.start()
    abandon(stack, receipt)
    assert receipts.finish(receipt)["receipt"]["status"] == "draft"


def test_clients_see_that_a_reading_was_abandoned(stack: Instance, receipts: Receipts) -> None:
    made = {status: receipts.in_status(status) for status in ("processing", "draft", "confirmed", "failed")}
    abandoned = receipts.start()
    abandon(stack, abandoned)
    shown = {
        row["id"]: row["effective_status"] for row in receipts.rows("receipts", "select=id,effective_status")
    }
    assert {status: shown[receipt["id"]] for status, receipt in made.items()} == {
        status: status for status in made
    }
    assert shown[abandoned["id"]] == "failed"
    failed = receipts.rows("receipts", "select=id,status&effective_status=eq.failed&status=eq.processing")
    assert abandoned["id"] in [row["id"] for row in failed]
    assert made["processing"]["id"] not in [row["id"] for row in failed]


def test_a_failed_reading_says_why_and_keeps_what_was_there(receipts: Receipts) -> None:
    draft = receipts.draft()
    claimed = receipts.call("claim_receipt", receipt_id=draft["id"])
    reason = "The image is black. " * 100
    failed = receipts.call("fail_receipt", receipt_id=draft["id"], claim=claimed["claim"], reason=reason)
    assert (failed["status"], failed["claim"], failed["claimed_until"]) == ("failed", None, None)
    assert failed["extraction"] == draft["extraction"] | {"failure": reason[:1000]}
    assert failed["store"] == "Corner shop"


# Finish.


def test_a_reading_becomes_a_draft_with_its_lines(receipts: Receipts) -> None:
    started = receipts.start()
    answer = receipts.finish(started)
    receipt = answer["receipt"]
    assert (
        receipt.items()
        >= {
            "id": started["id"],
            "status": "draft",
            "store": "Corner shop",
            "amount": Decimal("23.40"),
            "currency": "EUR",
            "kind": "expense",
            "date": "2026-11-24",
            "subtotal": Decimal("21.87"),
            "tax": Decimal("1.53"),
            "tip": None,
            "payment_method": "card",
            "category": "Groceries",
            "claim": None,
            "claimed_until": None,
        }.items()
    )
    digest = receipt["extraction"]["digest"]
    assert receipt["extraction"] == extraction() | {"image": {}, "digest": digest}
    milk, bulb = answer["lines"]
    assert (
        milk.items()
        >= {
            "receipt_id": started["id"],
            "position": 0,
            "name": "MLK 2L",
            "quantity": 2,
            "unit_price": Decimal("1.20"),
            "amount": Decimal("2.40"),
            "category": "Groceries",
            "pantry_name": None,
        }.items()
    )
    assert (bulb["position"], bulb["name"], bulb["quantity"]) == (1, "BULB E27", None)
    assert answer["warnings"] == [WARNING]
    assert receipts.read(receipt) == receipt
    assert sorted(receipts.of(receipt, "receipt_lines"), key=lambda line: line["position"]) == [milk, bulb]


def test_nothing_read_is_a_draft_too(receipts: Receipts) -> None:
    started = receipts.start()
    answer = receipts.call(
        "finish_receipt", receipt_id=started["id"], claim=started["claim"], extraction={"source": "ocr"}
    )
    receipt = answer["receipt"]
    assert (receipt["status"], receipt["store"], receipt["amount"]) == ("draft", None, None)
    assert answer["lines"] == answer["warnings"] == []


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("store", "x" * 101, "receipts store trimmed max 100"),
        ("total", "0.00", "receipts amount above 0"),
        ("total", "23.405", "receipts amount max 999999999 with its currencys decimals"),
        ("total", "1000000000", "receipts amount max 999999999 with its currencys decimals"),
        ("total", "NaN", "receipts amount max 999999999 with its currencys decimals"),
        ("total", "23,40", "must be numeric"),
        ("total", "about 20", "must be numeric"),
        ("date", "24.11.2026", "must be date"),
        ("date", "1026-11-24", "receipts date 1900 to 2199"),
        ("currency", "XXX", "receipts currency is iso 4217"),
        ("tax", "-1.53", "receipts tax not negative"),
        ("tax", "1.534", "receipts tax max 999999999 with its currencys decimals"),
        ("subtotal", "-1", "receipts subtotal not negative"),
        ("tip", "Infinity", "receipts tip max 999999999 with its currencys decimals"),
        ("payment_method", "x" * 51, "receipts payment method trimmed max 50"),
        ("category", "x" * 51, "receipts category trimmed max 50"),
    ],
)
def test_a_value_that_the_table_refuses_is_left_out_with_a_warning(
    data_api: DataApi, new_user: NewUser, field: str, value: str, rule: str
) -> None:
    receipts = Receipts(data_api, new_user(currency="EUR"))
    answer = receipts.finish(receipts.start(), **{field: value}, warnings=[])
    column = "amount" if field == "total" else field
    (warning,) = answer["warnings"]
    assert (warning["code"], warning["field"], warning["value"]) == ("value_left_out", column, value[:200])
    name, shown = column.replace("_", " "), value[:50]
    assert (
        warning["message"] == f'The {name} was left out: "{shown}" isn\'t allowed ({rule}). Enter it by hand.'
    )
    assert answer["receipt"]["extraction"]["warnings"] == [warning]
    # The currency is then the owner's.
    assert answer["receipt"][column] == ("EUR" if column == "currency" else None)
    expected = receipts.draft()
    others = {"store", "amount", "date", "currency", "subtotal", "tax", "tip", "payment_method", "category"}
    assert {c: answer["receipt"][c] for c in others - {column}} == {c: expected[c] for c in others - {column}}
    assert answer["receipt"]["extraction"][field]["value"] == value


def test_amounts_have_the_decimals_of_the_currency_that_was_read(receipts: Receipts) -> None:
    for currency, total, kept in (
        ("JPY", "1200", True),
        ("JPY", "1200.5", False),
        ("JPY", "1200.00", True),
        ("KWD", "1.234", True),
        ("KWD", "1.2345", False),
        ("EUR", "1.234", False),
        # No currency: without it, the owner's decides.
        ("XXX", "1.234", False),
        ("XXX", "1.23", True),
    ):
        answer = receipts.finish(
            receipts.start(), currency=currency, total=total, tax=None, subtotal=None, warnings=[]
        )
        assert answer["receipt"]["amount"] == (Decimal(total) if kept else None), (currency, total)
        left_out = [warning.get("field") for warning in answer["warnings"]]
        assert ("amount" in left_out) != kept


def test_text_is_trimmed_and_blank_is_nothing(receipts: Receipts) -> None:
    lines = [{"name": "  OAT \n MLK ", "amount": " 1.20 ", "category": " "}]
    answer = receipts.finish(
        receipts.start(), store=" Corner\n  shop ", category="  ", lines=lines, warnings=[]
    )
    assert answer["receipt"]["store"] == "Corner shop"
    assert answer["warnings"] == []
    (line,) = answer["lines"]
    assert (line["name"], line["amount"], line["category"]) == ("OAT MLK", Decimal("1.20"), None)


def test_money_given_back_is_a_refund(receipts: Receipts) -> None:
    draft = receipts.draft(total="-12.50", tax=None, subtotal=None)
    assert (draft["kind"], draft["amount"]) == ("refund", Decimal("12.50"))
    (expense,) = receipts.confirm(draft)["expenses"]
    assert (expense["kind"], expense["amount"]) == ("refund", Decimal("12.50"))


def test_lines_that_cannot_be_kept_whole_are_kept_in_part(receipts: Receipts) -> None:
    lines: list[Any] = [
        {"name": "DISCOUNT", "amount": "-0.50"},
        {"name": "x" * 101, "amount": "1.00"},
        {"name": "BREAD", "quantity": "-1", "unit_price": "2.00", "amount": "2.00"},
        {"name": "TEA", "amount": "four"},
        {"name": "", "amount": "1.00"},
        "GARBAGE",
        {"name": "RICE", "quantity": "0.12345", "amount": 3.2},
    ]
    answer = receipts.finish(receipts.start(), lines=lines, warnings=[])
    assert [(line["position"], line["name"], line["quantity"]) for line in answer["lines"]] == [
        (0, "DISCOUNT", None),
        (2, "BREAD", None),
        (6, "RICE", None),
    ]
    assert [(w["code"], w["line"], w.get("field")) for w in answer["warnings"]] == [
        ("value_left_out", 1, "name"),
        ("line_left_out", 1, None),
        ("value_left_out", 2, "quantity"),
        ("value_left_out", 3, "amount"),
        ("line_left_out", 3, None),
        ("line_left_out", 4, None),
        ("line_left_out", 5, None),
        ("value_left_out", 6, "quantity"),
    ]
    assert answer["warnings"][2]["message"].startswith(
        'Line 3: The quantity was left out: "-1" isn\'t allowed'
    )
    assert "Add it by hand" in answer["warnings"][5]["message"]
    assert answer["receipt"]["extraction"]["lines"] == [*lines[:6], lines[6] | {"amount": Decimal("3.2")}]


def test_warnings_beyond_fifty_are_counted_and_the_important_ones_come_first(
    data_api: DataApi, new_user: NewUser
) -> None:
    receipts = Receipts(data_api, new_user(currency="EUR"))
    receipts.confirmed()
    lines = [{"name": f"ITEM {n}", "amount": "x"} for n in range(60)]
    warnings = receipts.finish(receipts.start(), lines=lines, tax="-1")["warnings"]
    assert [w["code"] for w in warnings[:3]] == ["date_ambiguous", "value_left_out", "expense_exists"]
    assert len(warnings) == 50
    # Of 123, 49 are shown.
    assert warnings[-1]["code"] == "more_warnings"
    assert warnings[-1]["message"].startswith("74 more")


@pytest.mark.parametrize("found", [1001, 6000])
def test_a_receipt_has_at_most_a_thousand_lines(receipts: Receipts, found: int) -> None:
    lines = [{"name": f"ITEM {n}", "amount": "1"} for n in range(found)]
    answer = receipts.finish(receipts.start(), lines=lines, warnings=[])
    assert [line["name"] for line in answer["lines"]] == [f"ITEM {n}" for n in range(1000)]
    (warning,) = answer["warnings"]
    assert (warning["code"], warning["line"]) == ("line_left_out", 1000)
    assert warning["message"].startswith(f"Only the first 1000 of {found} lines were kept.")


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        "text",
        {"lines": {}},
        {"warnings": "none"},
        {"warnings": ["a_code"]},
        {"warnings": [{"code": "a_code"}]},
        {"text": "x" * 262144},
    ],
)
def test_a_reading_of_another_shape_is_refused(receipts: Receipts, broken: Any) -> None:
    receipt = receipts.start()
    answer = receipts.send(
        "finish_receipt", receipt_id=receipt["id"], claim=receipt["claim"], extraction=broken
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "PT422")
    # And its reader can still say so.
    assert receipts.read(receipt) == receipt
    reason = answer.json()["message"]
    receipts.call("fail_receipt", receipt_id=receipt["id"], claim=receipt["claim"], reason=reason)


def test_the_store_has_the_category_that_its_owner_gave_it(data_api: DataApi, new_user: NewUser) -> None:
    receipts = Receipts(data_api, new_user(currency="EUR"))
    assert receipts.draft(store="Kiosk", category="Groceries")["category"] == "Groceries"
    for category in ("Snacks", "Snacks", "Gifts"):
        row = {"name": "x", "amount": 1, "category": category, "date": "2026-11-01", "store": "Kiosk"}
        data_api.post("expenses", row, by=receipts.owner)
    assert receipts.draft(store="KIOSK", category="Groceries")["category"] == "Snacks"
    assert receipts.draft(store="Kiosk", category=None)["category"] == "Snacks"
    assert receipts.draft(store="Other kiosk", category="Groceries")["category"] == "Groceries"


def test_an_expense_that_exists_is_told_of_while_the_draft_is_checked(
    data_api: DataApi, new_user: NewUser
) -> None:
    receipts = Receipts(data_api, new_user(currency="EUR"))
    first = receipts.confirm(receipts.draft())["expenses"][0]
    (warning,) = receipts.finish(receipts.start(), warnings=[])["warnings"]
    assert (warning["code"], warning["expense_ids"]) == ("expense_exists", [first["id"]])


# Context.


def test_the_context_has_what_helps_to_read(data_api: DataApi, new_user: NewUser) -> None:
    receipts = Receipts(data_api, new_user(timezone="Asia/Tokyo", currency="JPY"))
    empty = receipts.call("receipt_context")
    assert {**empty, "today": None} == {
        "currency": "JPY",
        "timezone": "Asia/Tokyo",
        "today": None,
        "day_first": True,
        "stores": [],
    }
    today = datetime.now(UTC) + timedelta(hours=9)
    assert empty["today"] in {today.date().isoformat(), (today - timedelta(minutes=5)).date().isoformat()}
    for store, category, method, times in (
        ("Kiosk", "Snacks", "cash", 2),
        ("KIOSK", "Gifts", None, 1),
        ("Market", "Groceries", "card", 2),
    ):
        row = {"name": "x", "amount": 1, "category": category, "date": "2026-11-01"}
        bought = row | {"store": store, "payment_method": method, "currency": "EUR"}
        assert data_api.post("expenses", [bought] * times, by=receipts.owner).status_code == 201
    data_api.post("expenses", row, by=receipts.owner)
    assert receipts.call("receipt_context")["stores"] == [
        {"name": "Kiosk", "category": "Snacks", "currency": "EUR", "payment_method": "cash", "times": 3},
        {"name": "Market", "category": "Groceries", "currency": "EUR", "payment_method": "card", "times": 2},
    ]


def test_the_context_names_the_hundred_stores_with_most_expenses(
    data_api: DataApi, new_user: NewUser
) -> None:
    receipts = Receipts(data_api, new_user())
    row = {"name": "x", "amount": 1, "category": "y", "date": "2026-11-01"}
    rows = [row | {"store": f"Store {n:03}"} for n in range(120)] + [row | {"store": "Store 119"}]
    data_api.post("expenses", rows, by=receipts.owner)
    names = [store["name"] for store in receipts.call("receipt_context")["stores"]]
    assert names == ["Store 119", *(f"Store {n:03}" for n in range(99))]


@pytest.mark.parametrize(
    ("currency", "day_first"), [("USD", False), ("EUR", True), ("GBP", True), ("CAD", None)]
)
def test_the_currency_says_what_comes_first_in_dates(
    data_api: DataApi, new_user: NewUser, currency: str, day_first: bool | None
) -> None:
    receipts = Receipts(data_api, new_user(currency=currency))
    assert receipts.call("receipt_context")["day_first"] is day_first


def test_the_context_knows_nothing_of_others(receipts: Receipts, other_user: User) -> None:
    receipts.confirmed()
    assert Receipts(receipts.data_api, other_user).call("receipt_context")["stores"] == []
    assert receipts.call("receipt_context")["stores"]


# Documents without end.


@pytest.mark.parametrize("size", [-1, 0, 2**31])
def test_no_image_has_such_a_size(receipts: Receipts, size: int) -> None:
    answer = receipts.send("start_receipt", image=receipts.image(bytes=size))
    assert_refused(answer, 422, "image.bytes is out of range", "leave it out")
    started = receipts.call("start_receipt", image=receipts.image(bytes=2**31 - 1))
    assert started["receipt"]["extraction"]["image"]["bytes"] == 2**31 - 1


# Progress reaches the owner's devices.


def test_each_step_tells_the_owners_devices(db: Database, receipts: Receipts) -> None:
    inbox = Inbox(db, receipts.owner.id)
    receipt = receipts.start()
    assert inbox.only("receipts:update")["rows"][0]["status"] == "processing"
    receipts.finish(receipt)
    assert inbox.summary() == ["receipts:update INSERT 2", "receipts:update UPDATE 1"]
    claimed = receipts.call("claim_receipt", receipt_id=receipt["id"])
    assert inbox.only("receipts:update")["rows"][0]["status"] == "processing"
    receipts.call("fail_receipt", receipt_id=receipt["id"], claim=claimed["claim"], reason="Black.")
    (row,) = inbox.only("receipts:update")["rows"]
    assert (row["status"], row["extraction"]["failure"]) == ("failed", "Black.")
