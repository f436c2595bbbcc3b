"""What clients of /api/finances/receipts send and get, for views and contract."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from app.receipts.schemas import Extraction, Source, WarningCode
from app.suggestions.schemas import Budget

FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary", "description": "The image or document."}},
    "required": ["file"],
}
"""The body of an upload."""


class Warned(BaseModel):
    """Something to look at before the receipt is confirmed."""

    code: (
        WarningCode
        | Literal["lines_cut", "value_left_out", "line_left_out", "expense_exists", "more_warnings"]
    ) = Field(description="What it is, for programs.")
    message: str = Field(description="What it is and what to do, for people.")
    field: SkipJsonSchema[None] | str = Field(
        default=None, description="value_left_out: the column that stays empty."
    )
    value: SkipJsonSchema[None] | str = Field(default=None, description="value_left_out: what was read.")
    line: SkipJsonSchema[None] | int = Field(
        default=None, description="value_left_out, line_left_out: the line's position, from 0."
    )
    expense_ids: SkipJsonSchema[None] | list[UUID] = Field(
        default=None, description="expense_exists: what was booked with this store, date and amount."
    )


class KeptExtraction(Extraction):
    """What was read, as receipts.extraction keeps it."""

    model_config = ConfigDict(extra="allow")

    warnings: tuple[Warned, ...] = ()  # type: ignore[assignment]


class ReadReceipt(BaseModel):
    """A receipt that was read. Amounts in rows are numbers, amounts in `extraction` are exact: strings."""

    receipt: dict[str, Any] = Field(description="The row of receipts.")
    lines: list[dict[str, Any]] = Field(description="The rows of receipt_lines, in order.")
    extraction: KeptExtraction | dict[str, Any] = Field(
        description="receipts.extraction: what was read, with confidences and alternatives. Before the first "
        "reading, an object without them."
    )
    source: Source | None = Field(
        description="Who read it: openai (the AI model), ocr, or pdf (its own text). null: nobody yet."
    )
    warnings: list[Warned] = Field(
        description="What to look at before it is confirmed, as of the reading. Clients that get the receipt "
        "from the Data API find them in extraction.warnings."
    )
    budget: Budget | None = Field(description="null where no model was asked, or the count isn't known.")


class ExtractQuery(BaseModel):
    """The query of POST /api/finances/receipts/<id>/extract."""

    model_config = ConfigDict(extra="forbid")

    discard_corrections: Literal["true", "false"] = Field(
        default="false",
        description="Whether a receipt whose fields or lines were changed since it was read is read all the "
        "same, which replaces them.",
    )


class DeleteQuery(BaseModel):
    """The query of DELETE /api/finances/receipts/<id>."""

    model_config = ConfigDict(extra="forbid")

    expenses: Literal["keep", "delete"] = Field(
        default="keep", description="What becomes of the expenses that were made from it."
    )


class DeletedReceipt(BaseModel):
    """What was deleted."""

    receipt: dict[str, Any] = Field(description="The row of receipts as it was.")
    kept: bool = Field(description="Whether its expenses stay.")
    expenses: list[dict[str, Any]] = Field(description="Its expenses, kept or deleted.")
