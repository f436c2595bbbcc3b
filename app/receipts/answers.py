"""What clients of /api/finances/receipts send and get, for views and contract."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.receipts.schemas import Extraction, Source
from app.suggestions.schemas import Budget

FORM = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary", "description": "The image or document."}},
    "required": ["file"],
}
"""The body of an upload."""


class Warned(BaseModel):
    """Something to look at before the receipt is confirmed; further keys say more."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str | None = None


class ReadReceipt(BaseModel):
    """A receipt that was read. Amounts in rows are numbers, amounts in `extraction` are exact: strings."""

    receipt: dict[str, Any] = Field(description="The row of receipts.")
    lines: list[dict[str, Any]] = Field(description="The rows of receipt_lines, in order.")
    extraction: Extraction | dict[str, Any] = Field(
        description="What was read, with confidences and alternatives; for an image that was sent before, "
        "what its receipt remembers of it."
    )
    source: Source | None = Field(
        description="Who read it: openai (the AI model), ocr, or pdf (its own text). null: nobody yet."
    )
    warnings: list[Warned]
    budget: Budget | None = Field(description="null where no model was asked, or the count isn't known.")


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
