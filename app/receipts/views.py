"""/api/finances/receipts: a photo becomes a draft, is read again, or goes."""

from uuid import UUID

from flask import Blueprint, Response

from app import ai, auth, data_api, http, openapi, storage
from app.errors import (
    DataApiError,
    FileTooLarge,
    ModelError,
    NotAForm,
    ReaderError,
    ReceiptCorrected,
    StorageError,
    UnsupportedFile,
    UnusableFile,
)
from app.receipts import reader
from app.receipts.answers import FORM, DeletedReceipt, DeleteQuery, ExtractQuery, ReadReceipt
from app.receipts.intake import Intake

blueprint = Blueprint("receipts", __name__)

MAX_FILE_BYTES = 20 * 1024 * 1024
"""What the bucket takes, too."""


_READING = (UnsupportedFile, FileTooLarge, UnusableFile, DataApiError, StorageError, ReaderError, ModelError)
# 404: somebody deletes it meanwhile; 409: somebody else reads it, or it is confirmed; 422: an odd form.
_REFUSALS = (404, 409, 422)


@blueprint.post("")
@openapi.operation(
    content={"multipart/form-data": FORM},
    answer={200: ReadReceipt, 201: ReadReceipt},
    errors=(NotAForm, *_READING),
    refusals=_REFUSALS,
)
@auth.required
def upload(caller: auth.Caller) -> Response:
    """A receipt from a photo or PDF (multipart/form-data, one file): read, and a draft to look at.

    201: a new receipt. 200: the image was sent before; its receipt, which is read now if nobody could before.
    When reading fails (502, 503, 504), the receipt stays: details.receipt_id says which, to be read again.
    """
    with http.uploaded_file(MAX_FILE_BYTES) as file:
        answer = _intake(caller).upload(file)
    return http.envelope(answer.data, answer.message, status=201 if answer.is_new else 200)


@blueprint.post("/<uuid:receipt_id>/extract")
@openapi.operation(
    query=ExtractQuery, answer=ReadReceipt, errors=(ReceiptCorrected, *_READING), refusals=_REFUSALS
)
@auth.required
def extract(caller: auth.Caller, receipt_id: UUID) -> Response:
    """Reads a stored receipt again: one that failed, or a draft, whose fields and lines are replaced.

    A receipt that was corrected since it was read is refused, unless discard_corrections says otherwise.
    """
    query = http.query(ExtractQuery)
    answer = _intake(caller).extract(str(receipt_id), discard_corrections=query.discard_corrections == "true")
    return http.envelope(answer.data, answer.message)


@blueprint.delete("/<uuid:receipt_id>")
@openapi.operation(
    query=DeleteQuery, answer=DeletedReceipt, errors=(DataApiError, StorageError), refusals=_REFUSALS
)
@auth.required
def delete(caller: auth.Caller, receipt_id: UUID) -> Response:
    """Deletes a receipt and its stored file; `expenses` says whether what was booked from it stays."""
    query = http.query(DeleteQuery)
    answer = _intake(caller).delete(str(receipt_id), keep_expenses=query.expenses == "keep")
    return http.envelope(answer.data, answer.message)


def _intake(caller: auth.Caller) -> Intake:
    return Intake(
        caller,
        data_api.of_app().for_user(caller),
        storage.of_app().for_user(caller),
        reader.of_app(),
        ai.model_of_app(),
    )
