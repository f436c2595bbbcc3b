"""Receipts, end to end: image → row → stored file → pages → text or model → draft.

The row comes first, so that no stored file is without one, and it is `processing` until the draft is written.
Whatever happens in between, the same image or POST …/extract goes on from there: a reading begins with a
claim that runs out, and storing a file twice is storing it once.
"""

import contextlib
import datetime
import hashlib
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from app import budget, metrics
from app.ai import Model
from app.auth import Caller
from app.data_api import UserDataApi
from app.errors import (
    DataApiError,
    DataApiRefusal,
    LifeOSError,
    NothingToReadWith,
    ReadingFailed,
    ReceiptCorrected,
    StorageError,
)
from app.receipts import drafts, vision
from app.receipts.extraction import Hints, KnownStore
from app.receipts.kinds import Kind, kind_of
from app.receipts.pages import Page, Transcript
from app.receipts.reader import Place, Reader
from app.storage import UserStorage

_log = logging.getLogger(__name__)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a receipt. `data` is the envelope's."""

    data: dict[str, Any]
    message: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Intake:
    """What one user may do with receipts, and with what. Every method may raise DataApiError."""

    caller: Caller
    data: UserDataApi
    storage: UserStorage
    reader: Reader
    model: Model | None

    def upload(self, file: IO[bytes]) -> Answer:
        """A new receipt, read; or the one that its image made before, and now read if it wasn't.

        Raises UnsupportedFile, UnusableFile, StorageError, ReaderError, or ModelError when only a model could
        have read it.
        """
        with contextlib.ExitStack() as seat:
            place = seat.enter_context(self.reader.place(self.caller.claims.user_id))
            content = file.read()
            kind = kind_of(content)
            pages = place.prepare(content, kind)
            receipt, exists = self._start(content, kind)
            claimed = self._claim_unread(receipt) if exists else receipt
            if claimed is None:
                return self._as_it_is(receipt, content, kind)
            with self._giving_up_aloud(claimed):
                self.storage.keep(claimed["image_url"], content, kind.media_type)
                return self._read(claimed, pages, place, seat, is_new=not exists)

    def extract(self, receipt_id: str, *, discard_corrections: bool) -> Answer:
        """A receipt, read again from its stored file.

        Raises as `upload` does, FileMissing, and ReceiptCorrected when corrections would be lost.
        """
        with contextlib.ExitStack() as seat:
            place = seat.enter_context(self.reader.place(self.caller.claims.user_id))
            receipt = self._claim(receipt_id, discard_corrections=discard_corrections)
            with self._giving_up_aloud(receipt):
                content = self.storage.get(receipt["image_url"])
                pages = place.prepare(content, kind_of(content))
                return self._read(receipt, pages, place, seat)

    def delete(self, receipt_id: str, *, keep_expenses: bool) -> Answer:
        """Removes a receipt's file, then its row; keeps or removes its expenses. Raises StorageError."""
        for receipt in self.data.rows("receipts", id=receipt_id):
            if receipt["image_url"]:
                self.storage.remove(receipt["image_url"])
        deleted = self.data.call("delete_receipt", receipt_id=receipt_id, keep_expenses=keep_expenses)
        return Answer(deleted)

    def _start(self, content: bytes, kind: Kind) -> tuple[Row, bool]:
        """The row of an image, and whether it existed before. A new one is claimed."""
        sha256 = hashlib.sha256(content).hexdigest()
        image = {
            "sha256": sha256,
            "path": f"{self.caller.claims.user_id}/{sha256}.{kind.extension}",
            "content_type": kind.media_type,
            "bytes": len(content),
        }
        started = self.data.call("start_receipt", image=image, timeout_seconds=self._claim_seconds())
        return started["receipt"], started["existing"]

    def _claim_seconds(self) -> int:
        """How long a reading may take before another one may begin: pages, text, model, and some waiting."""
        return math.ceil(4 * self.reader.timeout_seconds + (self.model.timeout if self.model else 0))

    def _claim(self, receipt_id: str, *, discard_corrections: bool = False) -> Row:
        try:
            claimed: Row = self.data.call(
                "claim_receipt",
                receipt_id=receipt_id,
                timeout_seconds=self._claim_seconds(),
                discard_corrections=discard_corrections,
            )
        except DataApiRefusal as refusal:
            # Of all refusals, this one says what would lift it.
            if "discard_corrections" in (refusal.hint or ""):
                raise ReceiptCorrected(details={"receipt_id": receipt_id}) from refusal
            raise
        return claimed

    def _claim_unread(self, receipt: Row) -> Row | None:
        """The receipt, claimed; None when it was read, is being read, or was filled in instead."""
        if receipt["status"] not in ("processing", "failed"):
            return None
        try:
            return self._claim(receipt["id"])
        except (ReceiptCorrected, DataApiRefusal) as refusal:
            if refusal.http_status != 409:
                raise
            return None

    def _as_it_is(self, receipt: Row, content: bytes, kind: Kind) -> Answer:
        """The receipt of an image that isn't read now; its file is stored, should it be missing."""
        if receipt["image_url"]:
            self.storage.keep(receipt["image_url"], content, kind.media_type)
        rows = self.data.rows("receipts", id=receipt["id"])
        if not rows:
            self._remove_orphan(receipt)
            raise DataApiRefusal(
                404, "PT404", "the receipt was deleted meanwhile", hint="Send the image again."
            )
        receipt = rows[0]
        lines = self.data.rows("receipt_lines", receipt_id=receipt["id"])
        lines.sort(key=lambda line: int(line["position"]))
        return _answer(receipt, lines, f"This image was sent before; {_SENT_BEFORE[receipt['status']]}.")

    @contextlib.contextmanager
    def _giving_up_aloud(self, receipt: Row) -> Iterator[None]:
        """Around the reading of a claimed receipt: what ends it early is noted, and it is failed."""
        try:
            yield
        except Exception as failure:
            reason = failure.code if isinstance(failure, LifeOSError) else "internal_error"
            try:
                self.data.call(
                    "fail_receipt", receipt_id=receipt["id"], claim=receipt["claim"], reason=reason
                )
            except DataApiError as error:
                # Its claim runs out, and then it counts as failed.
                _log.warning("a receipt was not marked as failed: %s", error.code)
                if error.http_status == 404:
                    self._remove_orphan(receipt)
            if isinstance(failure, LifeOSError) and failure.details is None:
                failure.details = {"receipt_id": receipt["id"]}
            raise

    def _remove_orphan(self, receipt: Row) -> None:
        """Removes the file of a receipt that was deleted while it was stored, unless another one has it."""
        try:
            if not self.data.rows("receipts", image_sha256=receipt["image_sha256"]):
                self.storage.remove(receipt["image_url"])
        except (DataApiError, StorageError) as error:
            _log.error("the file of a deleted receipt may be left: %s", error.code)

    def _read(
        self,
        receipt: Row,
        pages: list[Page],
        place: Place,
        seat: contextlib.ExitStack,
        *,
        is_new: bool = False,
    ) -> Answer:
        """Reads a claimed receipt and writes its draft. Gives the place back before the model is asked."""
        hints = _hints(self.data.call("receipt_context"))
        started = time.perf_counter()
        try:
            transcript = place.read(pages, hints)
        except ReadingFailed:
            if self.model is None:
                raise
            transcript = Transcript(pages, None)
        seat.close()
        seen = vision.look(transcript, hints, self.model, self.data) if self.model else vision.Look()
        extraction = seen.extraction or transcript.extraction
        if extraction is None:
            raise seen.failure or NothingToReadWith()
        if self.model is None:
            self._note(budget.milliseconds_since(started))
        message = None
        if seen.failure:
            metrics.count_fallback(vision.KIND, seen.failure.code)
            message = f"{seen.failure.message}; it was read without the AI model instead."
        written = self.data.call(
            "finish_receipt",
            receipt_id=receipt["id"],
            claim=receipt["claim"],
            extraction=drafts.kept(extraction),
        )
        return _answer(written["receipt"], written["lines"], message, seen.budget, is_new=is_new)

    def _note(self, latency_ms: int) -> None:
        """Notes what OCR did. The draft is worth more than the note, so a failure is only logged."""
        try:
            self.data.call("record_ai_request", kind=vision.KIND, source="ocr", latency_ms=latency_ms)
        except DataApiError as error:
            _log.error("an AI request was not recorded: %s", error.code)


_SENT_BEFORE = {
    "processing": "its receipt is being read",
    "draft": "here is its receipt",
    "confirmed": "here is its receipt, which is confirmed",
    "failed": "it couldn't be read; here is its receipt as it was filled in",
}


def _answer(
    receipt: Row, lines: list[Row], message: str | None, left: Row | None = None, *, is_new: bool = False
) -> Answer:
    """A receipt with its lines. `message` comes before what is to be said of a draft without an amount."""
    extraction = receipt["extraction"]
    warnings = extraction.get("warnings", [])
    if receipt["status"] == "draft" and receipt["amount"] is None:
        message = " ".join(filter(None, (message, drafts.why_no_amount(warnings))))
    data = {
        "receipt": receipt,
        "lines": lines,
        "extraction": extraction,
        "source": extraction.get("source"),
        "warnings": warnings,
        "budget": left,
    }
    return Answer(data, message, is_new)


def _hints(context: dict[str, Any]) -> Hints:
    """What the database knows that helps to read."""
    return Hints(
        today=datetime.date.fromisoformat(context["today"]),
        currency=context["currency"],
        owner_day_first=context["day_first"],
        known_stores=tuple(KnownStore(store["name"], store["category"]) for store in context["stores"]),
    )
