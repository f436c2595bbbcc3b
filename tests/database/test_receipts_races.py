"""A person's devices and the service act on one receipt at the same time, on connections of their own."""

import json
import random
import time as clock
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from local_supabase import Instance
from tests.database.calendar_sources import EXPENSE, Database, acting_as, add, event_of, events
from tests.database.races import meet as meet  # Fixtures.
from tests.database.races import pool as pool
from tests.database.receipts import Receipts, extraction
from tests.database.receipts import receipts as receipts  # The fixture.
from tests.database.tables import Row

pytestmark = pytest.mark.covers("receipts.a_lock_calendar", "receipt_lines.a_lock_calendar")

START = """select start_receipt(jsonb_build_object('sha256', %(sha256)s::text, 'path', %(path)s::text))"""
CLAIM = "select (claim_receipt(%(id)s)).claim"
FINISH = "select finish_receipt(%(id)s, %(claim)s, %(extraction)s::jsonb)"
GIVE_UP = "update receipts set status = 'draft', store = 'By hand' where id = %(id)s"
CONFIRM = "select confirm_receipt(%(id)s)"
REOPEN = "select reopen_receipt(%(id)s)"
DELETE = "select delete_receipt(%(id)s, false)"
DELETE_ROW = "delete from receipts where id = %(id)s"
CORRECT = "update receipts set amount = 20 where id = %(id)s"
ADD_LINE = "insert into receipt_lines (receipt_id, name, amount) values (%(id)s, 'TEA', 1)"
CHANGE_LINES = "update receipt_lines set amount = amount + 1 where receipt_id = %(id)s"
DELETE_LINES = "delete from receipt_lines where receipt_id = %(id)s"
SECONDS = 4.0


Meet = Callable[[str, str, Row], None]


def finishing(receipt: Row) -> Row:
    return {"id": receipt["id"], "claim": receipt["claim"], "extraction": json.dumps(extraction())}


def test_two_uploads_of_the_same_image_are_one_receipt(meet: Meet, receipts: Receipts) -> None:
    image = receipts.image()
    meet(START, START, image)
    (receipt,) = receipts.rows("receipts")
    assert receipt["image_sha256"] == image["sha256"]


def test_of_two_readers_one_reads(meet: Meet, receipts: Receipts) -> None:
    failed = receipts.failed()
    with pytest.raises(psycopg.Error, match="the receipt is being read") as refused:
        meet(CLAIM, CLAIM, failed)
    assert refused.value.sqlstate == "PT409"
    assert receipts.read(failed)["status"] == "processing"


def test_a_reading_that_its_owner_gives_up_meanwhile_is_dropped(meet: Meet, receipts: Receipts) -> None:
    receipt = receipts.start()
    with pytest.raises(psycopg.Error, match="this reading was given up"):
        meet(GIVE_UP, FINISH, finishing(receipt))
    assert receipts.read(receipt)["store"] == "By hand"
    assert receipts.of(receipt, "receipt_lines") == []


def test_what_is_typed_while_the_reading_ends_comes_after_it(meet: Meet, receipts: Receipts) -> None:
    receipt = receipts.start()
    meet(FINISH, GIVE_UP, finishing(receipt))
    after = receipts.read(receipt)
    assert (after["status"], after["store"], after["payment_method"]) == ("draft", "By hand", "card")


@pytest.mark.parametrize(
    ("first", "second", "message", "status", "expenses"),
    [
        (CONFIRM, CONFIRM, "the receipt is confirmed", "confirmed", [23.4]),
        (CONFIRM, CORRECT, "a confirmed receipt never changes", "confirmed", [23.4]),
        (CONFIRM, CLAIM, "the receipt is confirmed", "confirmed", [23.4]),
        (CONFIRM, ADD_LINE, "lines of a receipt never change", "confirmed", [23.4]),
        (CONFIRM, CHANGE_LINES, "lines of a receipt never change", "confirmed", [23.4]),
        (CONFIRM, DELETE_LINES, "lines of a receipt never change", "confirmed", [23.4]),
        (CORRECT, CONFIRM, None, "confirmed", [20]),
        (ADD_LINE, CONFIRM, None, "confirmed", [23.4]),
        (CHANGE_LINES, CONFIRM, None, "confirmed", [23.4]),
        (CLAIM, CONFIRM, "the receipt is being read", "processing", []),
        (CLAIM, CORRECT, "the receipt is being read", "processing", []),
        (CORRECT, CLAIM, "would overwrite what was corrected", "draft", []),
        (ADD_LINE, CLAIM, "would overwrite what was corrected", "draft", []),
        (CHANGE_LINES, CLAIM, "would overwrite what was corrected", "draft", []),
        (DELETE, CONFIRM, "no such receipt", None, []),
        (DELETE_ROW, CONFIRM, "no such receipt", None, []),
        (CONFIRM, DELETE, None, None, []),
        # Alone, the row leaves its expenses.
        (CONFIRM, DELETE_ROW, None, None, [23.4]),
    ],
)
def test_what_meets_on_a_draft_happens_in_its_order(
    meet: Meet,
    receipts: Receipts,
    first: str,
    second: str,
    message: str | None,
    status: str | None,
    expenses: list[float],
) -> None:
    draft = receipts.draft()
    if message:
        with pytest.raises(psycopg.Error, match=message) as refused:
            meet(first, second, draft)
        assert refused.value.sqlstate == ("PT404" if status is None else "PT409")
    else:
        meet(first, second, draft)
    assert [row["status"] for row in receipts.rows("receipts")] == ([status] if status else [])
    assert [float(row["amount"]) for row in receipts.rows("expenses")] == expenses
    assert len(events(receipts.owner)) == len(expenses)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (REOPEN, REOPEN, "the receipt is a draft"),
        (REOPEN, CONFIRM, None),
        (REOPEN, CORRECT, None),
        (REOPEN, DELETE, None),
        (DELETE, REOPEN, "no such receipt"),
    ],
)
def test_what_meets_on_a_confirmed_receipt_happens_in_its_order(
    meet: Meet, receipts: Receipts, first: str, second: str, message: str | None
) -> None:
    receipt = receipts.confirmed()
    if message:
        with pytest.raises(psycopg.Error, match=message):
            meet(first, second, receipt)
    else:
        meet(first, second, receipt)
    assert len(receipts.rows("expenses")) == len(events(receipts.owner)) == (1 if second == CONFIRM else 0)


MOVE = "update calendar_events set local_date = '2026-11-30' where source_id = %(expense)s"


@pytest.mark.parametrize("operation", [CONFIRM, REOPEN, DELETE])
@pytest.mark.parametrize("order", [1, -1])
def test_an_expense_that_moves_in_the_calendar_meanwhile_moves(
    meet: Meet, receipts: Receipts, operation: str, order: int
) -> None:
    receipt = receipts.draft() if operation == CONFIRM else receipts.confirmed()
    other = add(receipts.owner, EXPENSE, "Bread")
    first, second = [operation, MOVE][::order]
    meet(first, second, receipt | {"expense": other["id"]})
    assert event_of(receipts.owner, other["id"])["local_date"] == "2026-11-30"
    (moved,) = receipts.rows("expenses", f"id=eq.{other['id']}")
    assert moved["date"] == "2026-11-30"


def test_an_expense_that_moves_while_its_receipt_is_reopened_is_gone_in_the_end(
    meet: Meet, receipts: Receipts
) -> None:
    for first, second in ((MOVE, REOPEN), (REOPEN, MOVE)):
        receipt = receipts.confirmed()
        (expense,) = receipts.of(receipt, "expenses")
        meet(first, second, receipt | {"expense": expense["id"]})
        assert receipts.rows("expenses") == events(receipts.owner) == []


# Many at random.


def run_on(sql: str) -> Callable[[Database, random.Random], None]:
    """Runs SQL on a receipt, whichever it is."""

    def run(connection: Database, _: random.Random) -> None:
        row = connection.execute("select id from receipts order by random() limit 1").fetchone()
        if row:
            connection.execute(sql, row)

    return run


def read_again(connection: Database, rng: random.Random) -> None:
    row = connection.execute("select id, claim from receipts order by random() limit 1").fetchone()
    if row:
        claim = connection.execute(CLAIM, row).fetchone()
        assert claim
        if rng.random() < 0.7:
            connection.execute(FINISH, {**finishing(row), "claim": claim["claim"]})
        else:
            connection.execute("select fail_receipt(%(id)s, %(claim)s, 'Black.')", {**row, **claim})


def type_in(connection: Database, _: random.Random) -> None:
    connection.execute(
        """insert into receipts (store, amount, date, status)
        values ('Corner shop', 23.4, '2026-11-24', 'draft')"""
    )


RESTOCK = """select confirm_receipt(%(id)s, restock => (
  select jsonb_agg(jsonb_build_object('line_id', l.id, 'name', 'milk', 'quantity', 1, 'unit', 'l'))
  from receipt_lines as l where l.receipt_id = %(id)s))"""
OPERATIONS: list[Callable[[Database, random.Random], None]] = [
    type_in,
    read_again,
    read_again,
    run_on(CONFIRM),
    run_on(RESTOCK),
    run_on(RESTOCK),
    run_on(REOPEN),
    run_on(REOPEN),
    run_on(GIVE_UP),
    run_on(CORRECT),
    run_on(ADD_LINE),
    run_on(CHANGE_LINES),
    run_on(DELETE_LINES),
    run_on("select delete_receipt(%(id)s, random() < 0.5)"),
    run_on("delete from receipts where id = %(id)s and random() < 0.5"),
    run_on("update pantry_items set quantity = quantity / 2 where receipt_id = %(id)s and quantity = 1"),
    run_on(
        "update calendar_events set local_date = local_date + 1 where random() < 0.3 and %(id)s is not null"
    ),
    run_on("insert into expenses (name, amount, category, date) values ('Tea', 1, 'x', '2026-11-24')"),
    run_on("delete from expenses where receipt_id is null and random() < 0.5"),
]


def test_devices_at_random_neither_deadlock_nor_leave_half_of_anything(
    stack: Instance, db: Database, pool: ThreadPoolExecutor, receipts: Receipts
) -> None:
    end = clock.monotonic() + SECONDS
    for _ in range(3):
        receipts.draft()

    def act(seed: int) -> int:
        rng, done = random.Random(seed), 0
        with acting_as(stack, receipts.owner) as connection:
            while clock.monotonic() < end:
                try:
                    rng.choice(OPERATIONS)(connection, rng)
                except psycopg.Error as error:
                    # What another device has just confirmed, or deleted.
                    if not (error.sqlstate or "").startswith("PT4") and error.sqlstate != "23503":
                        raise
                done += 1
        return done

    assert sum(future.result() for future in [pool.submit(act, seed) for seed in range(6)]) > 100
    # A confirmed receipt has its expenses, to the cent; any other has none, and no lots.
    wrong = db.execute(
        """select r.id, r.status, r.amount, array_agg(e.amount) as amounts, count(p.id) as lots
        from receipts as r
        left join expenses as e on e.receipt_id = r.id
        left join pantry_items as p on p.receipt_id = r.id
        where r.user_id = %s
        group by r.id
        having r.status = 'confirmed' and (count(distinct e.id), min(e.amount)) is distinct from (1, r.amount)
          or r.status <> 'confirmed' and (count(e.id) > 0 or count(p.id) > 0)""",
        [receipts.owner.id],
    ).fetchall()
    assert wrong == []
