"""What a receipt's status allows to be done by hand, and who may do anything with it at all."""

from typing import Any

import psycopg
import pytest
from supabase import Client

from local_supabase import Instance
from tests.conftest import NewUser, User
from tests.database.calendar_sources import acting_as
from tests.database.data_api import DataApi, assert_refused, the_row
from tests.database.receipts import Receipts, extraction
from tests.database.receipts import receipts as receipts  # The fixture.
from tests.database.tables import TABLES, Row, count

pytestmark = pytest.mark.covers(
    "receipts.check_receipt_change_on_insert",
    "receipts.check_receipt_change_on_update",
    "receipt_lines.check_line_change",
    "receipt_lines.check_line_change_on_update",
)

JPEG = b"\xff\xd8\xff\xe0 a receipt"
STATUSES = ["processing", "draft", "confirmed", "failed"]
CONFIRMED = "a confirmed receipt never changes"


@pytest.fixture(scope="module")
def owner(new_user: NewUser) -> User:
    return new_user(timezone="Europe/Berlin", currency="EUR")


@pytest.fixture(scope="module")
def other_user(new_user: NewUser) -> User:
    return new_user()


def change(receipts: Receipts, receipt: Row, **columns: Any) -> Any:
    """Asks for a change of a receipt."""
    return receipts.data_api.patch(f"receipts?id=eq.{receipt['id']}", columns, by=receipts.owner)


# Rows.


def test_a_receipt_can_be_typed_in_and_confirmed(receipts: Receipts) -> None:
    draft = the_row(receipts.data_api.post("receipts", TABLES["receipts"].row, by=receipts.owner))
    assert draft["status"] == "draft"
    answer = receipts.confirm(draft)
    assert answer["receipt"]["status"] == "confirmed"
    assert [expense["receipt_id"] for expense in answer["expenses"]] == [draft["id"]]


@pytest.mark.parametrize("status", ["processing", "confirmed", "failed"])
def test_a_receipt_cannot_be_typed_in_as_anything_but_a_draft(receipts: Receipts, status: str) -> None:
    before = count("receipts", receipts.owner)
    row = TABLES["receipts"].row | {"status": status}
    answer = receipts.data_api.post("receipts", row, by=receipts.owner)
    assert_refused(answer, 409, f"a receipt can't start as {status}", "/api/finances/receipts")
    assert count("receipts", receipts.owner) == before


@pytest.mark.parametrize("status", ["draft", "failed"])
def test_owner_can_correct_what_was_read(receipts: Receipts, status: str) -> None:
    receipt = receipts.in_status(status)
    corrections = {
        "store": "Farm shop",
        "amount": 12.3,
        "currency": "CHF",
        "kind": "refund",
        "date": "2026-11-23",
        "tax": 1,
        "payment_method": "cash",
        "category": "Gifts",
    }
    assert the_row(change(receipts, receipt, **corrections)).items() >= corrections.items()


@pytest.mark.parametrize(
    "columns",
    [
        {"store": "Farm shop"},
        {"amount": 99},
        {"currency": "CHF"},
        {"kind": "refund"},
        {"date": "2026-11-23"},
        {"category": "Gifts"},
        {"status": "draft"},
        {"status": "failed"},
        {"extraction": {}},
        {"image_url": None},
        {"created_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_owner_cannot_change_what_is_confirmed(receipts: Receipts, columns: Row) -> None:
    receipt = receipts.confirmed()
    assert_refused(change(receipts, receipt, **columns), 409, CONFIRMED, "rpc/reopen_receipt")
    assert receipts.read(receipt) == receipt


@pytest.mark.parametrize("status", STATUSES)
def test_owner_can_send_a_receipt_back_as_it_is(receipts: Receipts, status: str) -> None:
    receipt = receipts.in_status(status)
    stored = receipts.data_api.get(f"receipts?id=eq.{receipt['id']}", by=receipts.owner).json()[0]
    assert the_row(change(receipts, receipt, **stored)) == stored


@pytest.mark.parametrize("status", ["processing", "draft", "failed"])
@pytest.mark.parametrize("column", ["image_url", "image_sha256", "extraction"])
def test_owner_cannot_change_what_the_receipt_was_read_from(
    receipts: Receipts, status: str, column: str
) -> None:
    receipt = receipts.in_status(status)
    value = {"image_url": f"{receipts.owner.id}/other.jpg", "image_sha256": "0" * 64, "extraction": {}}
    answer = change(receipts, receipt, **{column: value[column]})
    assert_refused(answer, 409, "image_url, image_sha256 and extraction of a receipt never change")
    assert receipts.read(receipt)["updated_at"] == receipt["updated_at"]


def test_owner_cannot_change_a_receipt_while_it_is_read(receipts: Receipts) -> None:
    receipt = receipts.start()
    for columns in ({"store": "Farm shop"}, {"status": "failed"}, {"claimed_until": "2099-01-01T00:00:00Z"}):
        assert_refused(change(receipts, receipt, **columns), 409, "the receipt is being read", "to draft")
    assert receipts.read(receipt) == receipt


def test_owner_can_give_up_a_reading_and_type_the_receipt_in(receipts: Receipts) -> None:
    receipt = receipts.start()
    draft = the_row(change(receipts, receipt, status="draft", store="Farm shop"))
    assert (draft["status"], draft["store"], draft["claim"], draft["claimed_until"]) == (
        "draft",
        "Farm shop",
        None,
        None,
    )
    late = receipts.send(
        "finish_receipt", receipt_id=receipt["id"], claim=receipt["claim"], extraction=extraction()
    )
    assert_refused(late, 409, "this reading was given up", "/extract")
    assert receipts.read(receipt)["store"] == "Farm shop"


def test_owner_can_type_in_what_could_not_be_read(receipts: Receipts) -> None:
    failed = receipts.failed()
    draft = the_row(change(receipts, failed, status="draft", **TABLES["receipts"].row))
    assert receipts.confirm(draft)["receipt"]["status"] == "confirmed"


@pytest.mark.parametrize(
    ("status", "to", "hint"),
    [
        ("draft", "confirmed", "rpc/confirm_receipt"),
        ("draft", "processing", "/extract"),
        ("draft", "failed", "rpc/confirm_receipt"),
        ("failed", "processing", "/extract"),
        ("failed", "confirmed", "to draft"),
    ],
)
def test_owner_cannot_set_a_status_by_hand(receipts: Receipts, status: str, to: str, hint: str) -> None:
    receipt = receipts.in_status(status)
    answer = change(receipts, receipt, status=to)
    assert_refused(answer, 409, f"a receipt doesn't become {to} by hand", hint)
    assert receipts.read(receipt)["status"] == status
    assert receipts.of(receipt, "expenses") == []


def test_scripts_cannot_confirm_by_hand_either(receipts: Receipts, admin: Client) -> None:
    receipt = receipts.draft()
    with pytest.raises(Exception, match="doesn't become confirmed by hand"):
        admin.table("receipts").update({"status": "confirmed"}).eq("id", receipt["id"]).execute()
    answer = admin.table("receipts").update({"store": "Farm shop"}).eq("id", receipt["id"]).execute()
    assert len(answer.data) == 1


def test_nothing_by_hand_hides_behind_a_function(stack: Instance, receipts: Receipts) -> None:
    draft, other = receipts.draft(), receipts.draft()
    confirm = "select confirm_receipt(%s, %s::jsonb)"
    with acting_as(stack, receipts.owner) as connection, connection.transaction():
        connection.execute(confirm, [draft["id"], None])
        with pytest.raises(psycopg.Error, match=CONFIRMED), connection.transaction():
            connection.execute("update receipts set amount = 99 where id = %s", [draft["id"]])
        with pytest.raises(psycopg.Error, match="never change while"), connection.transaction():
            connection.execute("delete from receipt_lines where receipt_id = %s", [draft["id"]])
        # Nor behind one that failed.
        with pytest.raises(psycopg.Error, match="add up"), connection.transaction():
            connection.execute(confirm, [other["id"], "[]"])
        with pytest.raises(psycopg.Error, match="by hand"), connection.transaction():
            connection.execute(
                "update receipts set status = 'confirmed', made = '{}' where id = %s", [other["id"]]
            )
    assert (receipts.read(draft)["status"], receipts.read(other)["status"]) == ("confirmed", "draft")


# Lines.


@pytest.mark.parametrize("status", ["draft", "failed"])
def test_owner_can_edit_lines(receipts: Receipts, status: str) -> None:
    receipt, data_api, owner = receipts.in_status(status), receipts.data_api, receipts.owner
    line = the_row(data_api.post("receipt_lines", {"receipt_id": receipt["id"]} | LINE, by=owner))
    path = f"receipt_lines?id=eq.{line['id']}"
    assert the_row(data_api.patch(path, {"amount": 2}, by=owner))["amount"] == 2
    assert data_api.request("DELETE", path, by=owner).status_code == 204
    assert line["id"] not in [left["id"] for left in receipts.of(receipt, "receipt_lines")]


LINE = TABLES["receipt_lines"].row


@pytest.mark.parametrize("status", ["processing", "confirmed"])
def test_owner_cannot_edit_lines_of_what_is_read_or_confirmed(receipts: Receipts, status: str) -> None:
    data_api, owner = receipts.data_api, receipts.owner
    receipt = receipts.draft()
    if status == "processing":
        receipts.call("claim_receipt", receipt_id=receipt["id"], timeout_seconds=60)
    else:
        receipts.confirm(receipt)
    lines = receipts.of(receipt, "receipt_lines")
    path = f"receipt_lines?id=eq.{lines[0]['id']}"
    (elsewhere,) = receipts.of(receipts.draft(lines=[{"name": "Bread", "amount": "1"}]), "receipt_lines")
    for answer in (
        data_api.patch(path, {"amount": 99}, by=owner),
        data_api.request("DELETE", path, by=owner),
        data_api.post("receipt_lines", LINE | {"receipt_id": receipt["id"]}, by=owner),
        # Out of it, and into it.
        data_api.patch(path, {"receipt_id": elsewhere["receipt_id"]}, by=owner),
        data_api.patch(f"receipt_lines?id=eq.{elsewhere['id']}", {"receipt_id": receipt["id"]}, by=owner),
    ):
        assert_refused(answer, 409, f"the lines of a receipt never change while it is {status}")
    assert receipts.of(receipt, "receipt_lines") == lines
    assert data_api.patch(path, {"amount": float(lines[0]["amount"])}, by=owner).status_code == 200


# The file and the row.


def store_image(receipts: Receipts, receipt: Row) -> None:
    bucket = receipts.owner.client.storage.from_("receipts")
    bucket.upload(receipt["image_url"], JPEG, {"content-type": "image/jpeg"})


def remove_image(receipts: Receipts, receipt: Row) -> None:
    receipts.owner.client.storage.from_("receipts").remove([receipt["image_url"]])


@pytest.mark.covers("receipts.keep_receipt_of_file")
@pytest.mark.parametrize("status", STATUSES)
def test_a_receipt_cannot_be_deleted_while_its_file_is_stored(
    receipts: Receipts, admin: Client, status: str
) -> None:
    receipt = receipts.in_status(status)
    store_image(receipts, receipt)
    path = f"receipts?id=eq.{receipt['id']}"
    hint = f"DELETE /api/finances/receipts/{receipt['id']}"
    for answer in (
        receipts.data_api.request("DELETE", path, by=receipts.owner),
        receipts.send("delete_receipt", receipt_id=receipt["id"], keep_expenses=False),
    ):
        assert_refused(answer, 409, "the image of the receipt is still stored", hint)
    with pytest.raises(Exception, match="still stored"):
        admin.table("receipts").delete().eq("id", receipt["id"]).execute()
    assert receipts.read(receipt)["status"] == status
    assert len(receipts.of(receipt, "expenses")) == (1 if status == "confirmed" else 0)
    remove_image(receipts, receipt)
    assert receipts.data_api.request("DELETE", path, by=receipts.owner).status_code == 204
    assert receipts.rows("receipts", f"id=eq.{receipt['id']}") == []


@pytest.mark.covers("receipts.keep_receipt_of_file", "receipt_lines.check_line_change")
def test_an_account_is_deleted_with_receipts_whose_files_are_stored(
    data_api: DataApi, admin: Client, new_user: NewUser
) -> None:
    leaver = Receipts(data_api, new_user(currency="EUR"))
    for status in STATUSES:
        store_image(leaver, leaver.in_status(status))
    milk = leaver.draft(total="3.50")
    leaver.confirm(milk, restock=[restock_of(milk["receipt_lines"][0])])
    admin.auth.admin.delete_user(leaver.owner.id)
    for table in ("receipts", "receipt_lines", "expenses", "pantry_items", "receipt_item_names"):
        assert admin.table(table).select("id").eq("user_id", leaver.owner.id).execute().data == []


def restock_of(line: Row) -> Row:
    return {"line_id": line["id"], "name": "milk", "quantity": "4", "unit": "l"}


@pytest.mark.parametrize("keep", [True, False])
def test_a_deleted_receipt_keeps_or_takes_its_expenses_as_asked(receipts: Receipts, keep: bool) -> None:
    draft = receipts.draft()
    split = [{"category": "Groceries", "amount": "20.00"}, {"category": "Gifts", "amount": "3.40"}]
    restock = [restock_of(draft["receipt_lines"][0])]
    made = receipts.confirm(draft, split=split, restock=restock)
    other = receipts.confirm(receipts.draft(total="1.10"))["expenses"][0]
    store_image(receipts, draft)
    remove_image(receipts, draft)
    answer = receipts.call("delete_receipt", receipt_id=draft["id"], keep_expenses=keep)
    assert (answer["receipt"]["id"], answer["kept"]) == (draft["id"], keep)
    ids = {expense["id"] for expense in made["expenses"]}
    assert {expense["id"] for expense in answer["expenses"]} == ids
    assert receipts.rows("receipts", f"id=eq.{draft['id']}") == []
    assert receipts.of(draft, "receipt_lines") == []
    left = {expense["id"]: expense["receipt_id"] for expense in receipts.rows("expenses")}
    assert {id_: left[id_] for id_ in ids & left.keys()} == (dict.fromkeys(ids) if keep else {})
    assert left[other["id"]] == other["receipt_id"]
    # The food is there, whatever became of the paper.
    (lot,) = receipts.rows("pantry_items", f"id=eq.{made['pantry_items'][0]['id']}")
    assert (lot["name"], lot["receipt_id"]) == ("milk", None)


def test_deleting_says_what_becomes_of_expenses_or_is_refused(receipts: Receipts) -> None:
    receipt = receipts.draft()
    answer = receipts.send("delete_receipt", receipt_id=receipt["id"], keep_expenses=None)
    assert_refused(answer, 422, "keep_expenses is missing", "true or false")
    assert receipts.read(receipt)["id"] == receipt["id"]


# Whose they are.

CALLS: dict[str, Row] = {
    "claim_receipt": {"timeout_seconds": 60},
    "finish_receipt": {"claim": None, "extraction": extraction()},
    "fail_receipt": {"claim": None, "reason": "Black."},
    "confirm_receipt": {},
    "reopen_receipt": {},
    "delete_receipt": {"keep_expenses": False},
}


@pytest.mark.parametrize("function", CALLS)
def test_other_user_cannot_do_anything_with_a_receipt(
    receipts: Receipts, other_user: User, function: str
) -> None:
    status = {"claim_receipt": "failed", "reopen_receipt": "confirmed"}.get(function, "draft")
    if function in {"finish_receipt", "fail_receipt"}:
        status = "processing"
    receipt = receipts.in_status(status)
    arguments = CALLS[function] | {"receipt_id": receipt["id"]}
    if "claim" in arguments:
        arguments["claim"] = receipt["claim"]
    theirs = Receipts(receipts.data_api, other_user)
    assert_refused(theirs.send(function, **arguments), 404, "no such receipt")
    assert theirs.rows("receipts") == theirs.rows("expenses") == theirs.rows("pantry_items") == []
    assert receipts.read(receipt)["updated_at"] == receipt["updated_at"]
    # Its owner can.
    receipts.call(function, **arguments)


@pytest.mark.parametrize("function", [*CALLS, "start_receipt", "receipt_context", "effective_status"])
def test_anon_cannot_call_anything(receipts: Receipts, function: str) -> None:
    image = {"image": receipts.image()}
    arguments = {"start_receipt": image, "receipt_context": {}, "effective_status": {"receipt": None}}
    body = arguments.get(function) or CALLS.get(function, {}) | (
        {} if function in arguments else {"receipt_id": receipts.draft()["id"]}
    )
    answer = receipts.data_api.post(f"rpc/{function}", body, by=None)
    assert answer.status_code == 401
    assert answer.json()["code"] == "42501"
