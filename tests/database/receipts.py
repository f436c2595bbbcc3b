"""Receipts on their way from an image to expenses, through the functions that clients call."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from local_supabase import Instance
from tests.conftest import User
from tests.database.data_api import DataApi
from tests.database.tables import Row

Call = Callable[..., Any]


def reading(value: Any) -> Row:
    """A field of an extraction."""
    return {"value": value, "confidence": 0.75, "alternatives": []}


WARNING: Row = {"code": "date_ambiguous", "message": "Day or month? Compare it with the receipt."}
EXTRACTION: Row = {
    "source": "ocr",
    "store": reading("Corner shop"),
    "date": reading("2026-11-24"),
    "time": reading("18:02:00"),
    "currency": reading("EUR"),
    "total": reading("23.40"),
    "subtotal": reading("21.87"),
    "tax": reading("1.53"),
    "tip": None,
    "payment_method": reading("card"),
    "category": reading("Groceries"),
    "lines": [
        {"name": "MLK 2L", "quantity": "2", "unit_price": "1.20", "amount": "2.40", "category": "Groceries"},
        {
            "name": "BULB E27",
            "quantity": None,
            "unit_price": None,
            "amount": "21.00",
            "category": "Household",
        },
    ],
    "warnings": [WARNING],
}


def extraction(**changes: Any) -> Row:
    """What was read from a receipt; of plain values the readings."""
    return EXTRACTION | {
        field: value if field in {"lines", "warnings", "source"} or value is None else reading(value)
        for field, value in changes.items()
    }


@dataclass(frozen=True)
class Receipts:
    """The receipts of one person."""

    data_api: DataApi
    owner: User

    def send(self, function: str, **arguments: Any) -> httpx.Response:
        """Calls a function."""
        return self.data_api.post(f"rpc/{function}", arguments, by=self.owner)

    def call(self, function: str, **arguments: Any) -> Any:
        """Calls a function that succeeds; amounts are Decimals."""
        answer = self.send(function, **arguments)
        assert answer.is_success, answer.text
        return json.loads(answer.text, parse_float=Decimal)

    def image(self, **changes: Any) -> Row:
        """A new image, as start_receipt takes it."""
        sha256 = uuid4().hex * 2
        return {"sha256": sha256, "path": f"{self.owner.id}/{sha256}.jpg"} | changes

    def start(self, **arguments: Any) -> Row:
        """A receipt that is being read."""
        receipt: Row = self.call("start_receipt", image=self.image(), **arguments)["receipt"]
        return receipt

    def finish(self, receipt: Row, **changes: Any) -> Row:
        """What comes of a reading."""
        answer: Row = self.call(
            "finish_receipt",
            receipt_id=receipt["id"],
            claim=receipt["claim"],
            extraction=extraction(**changes),
        )
        return answer

    def draft(self, **changes: Any) -> Row:
        """A receipt that was read, with its lines as `receipt_lines`."""
        answer = self.finish(self.start(), **changes)
        draft: Row = answer["receipt"] | {"receipt_lines": answer["lines"]}
        return draft

    def confirm(self, receipt: Row, **arguments: Any) -> Row:
        """What comes of confirming a receipt."""
        answer: Row = self.call("confirm_receipt", receipt_id=receipt["id"], **arguments)
        return answer

    def confirmed(self, **changes: Any) -> Row:
        """A receipt that was read and confirmed."""
        receipt: Row = self.confirm(self.draft(**changes))["receipt"]
        return receipt

    def failed(self) -> Row:
        """A receipt that couldn't be read."""
        receipt = self.start()
        failed: Row = self.call(
            "fail_receipt", receipt_id=receipt["id"], claim=receipt["claim"], reason="The image is black."
        )
        return failed

    def in_status(self, status: str) -> Row:
        """A receipt of this status."""
        make: dict[str, Callable[[], Row]] = {
            "processing": self.start,
            "draft": self.draft,
            "confirmed": self.confirmed,
            "failed": self.failed,
        }
        receipt = make[status]()
        assert receipt["status"] == status
        return receipt

    def rows(self, table: str, query: str = "") -> list[Row]:
        """Rows of theirs, oldest first."""
        answer = self.data_api.get(f"{table}?order=created_at,id&{query}", by=self.owner)
        assert answer.is_success, answer.text
        rows: list[Row] = json.loads(answer.text, parse_float=Decimal)
        return rows

    def read(self, receipt: Row) -> Row:
        """The receipt as it is now."""
        (row,) = self.rows("receipts", f"id=eq.{receipt['id']}")
        return row

    def of(self, receipt: Row, table: str) -> list[Row]:
        """The rows that refer to a receipt."""
        return self.rows(table, f"receipt_id=eq.{receipt['id']}")


def abandon(stack: Instance, receipt: Row) -> None:
    """Lets the time of a reading pass."""
    with psycopg.connect(stack.admin_db_url) as superuser:
        # Without triggers, which keep the column.
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "update public.receipts set claimed_until = now() - interval '1 second' where id = %s",
            [receipt["id"]],
        )


@pytest.fixture
def receipts(data_api: DataApi, owner: User) -> Receipts:
    """The owner's receipts."""
    return Receipts(data_api, owner)
