"""Everything that can go wrong on purpose, and the only place that turns a failure into an answer.

LifeOSError
├── AuthenticationError
│   ├── AuthenticationRequired    401  no access token was sent
│   ├── InvalidToken              401  one was sent and isn't valid
│   └── KeysUnavailable           503  the keys to check it with could not be fetched
├── InvalidRequest                422  the body is JSON, but not what the endpoint takes
│   ├── MalformedBody             400  the body isn't JSON
│   ├── BodyTooLarge              413
│   ├── UnsupportedMediaType      415  the body doesn't claim to be JSON
│   │   └── NotAForm              415  or, where a file is wanted, a form
│   ├── UnsupportedFile           415  a file of a type that isn't read
│   ├── FileTooLarge              413
│   └── UnusableFile              422  its type is right, but nobody can read it
│       ├── BrokenFile, EncryptedFile, AnimatedImage
│       └── TooManyPixels, TooFewPixels, TooManyPages
├── DataApiError                  502  the Data API answered with something unusable
│   ├── DataApiRefusal            4xx  the database refused; its message, hint and details are passed on
│   ├── DataApiUnreachable        503
│   └── DataApiTimeout            504
├── ReceiptCorrected              409  reading a receipt again would overwrite its owner's corrections
├── StorageError                502  Storage answered with something unusable
│   ├── StorageRefusal            403  it refused what the user asked
│   ├── StorageUnreachable        503
│   └── FileMissing               409  a receipt's file isn't there
├── ReaderError                  503  receipts can't be read right now
│   ├── ReaderBusy                     as many as may be are in work
│   ├── ReaderUnavailable              its process doesn't start
│   ├── ReadingFailed                  it broke down over this receipt
│   │   └── ReadingTimedOut       504
│   └── NothingToReadWith              neither OCR nor a language model is set up
└── ModelError                         the language model is of no help
    ├── ModelUnavailable          503  unreachable, overloaded or refusing us
    │   ├── ModelNotConfigured         there is none
    │   └── ModelTimeout          504  it took too long
    ├── BudgetSpent               429  the user has asked it enough for today
    ├── ModelRefusal              502  it declined to answer
    ├── ModelTruncated            502  the answer hit the token limit
    └── ModelInvalidOutput        502  the answer isn't what was asked for

Every answer to a failure is {"error", "code", "hint"?, "details"?, "timestamp"}: `error` is for people,
`code` is stable for programs. Nothing of an exception reaches the answer that isn't written for it.
"""

# ruff: noqa: N818 (the names say what happened; the tree says that they are errors)

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Flask, Response, g, jsonify
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed


class LifeOSError(Exception):
    """A failure that knows its answer."""

    status: ClassVar[int] = 500
    code: str = "internal_error"
    message: str = "Something went wrong on our side"
    hint: str | None = None
    headers: Mapping[str, str] = {}

    def __init__(self, message: str | None = None, *, hint: str | None = None, details: Any = None) -> None:
        self.message = message or self.message
        self.hint = hint or self.hint
        self.details = details
        super().__init__(self.message)

    @property
    def http_status(self) -> int:
        """The HTTP status of the answer."""
        return self.status


class AuthenticationError(LifeOSError):
    """Nobody knows who is asking."""

    status = 401


class AuthenticationRequired(AuthenticationError):
    code = "authentication_required"
    message = "Authentication required"
    hint = "Send the access token from Supabase Auth: Authorization: Bearer <token>."
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class InvalidToken(AuthenticationError):
    code = "invalid_token"
    message = "Invalid token"
    hint = "Refresh the session, or sign in again, and send its access token."
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class KeysUnavailable(AuthenticationError):
    status = 503
    code = "authentication_unavailable"
    message = "Access tokens can't be verified right now"
    hint = "Try again in a few seconds."
    headers: Mapping[str, str] = {"Retry-After": "5"}


class InvalidRequest(LifeOSError):
    """`details` lists what is wrong: [{"field": "count", "problem": "…"}]."""

    status = 422
    code = "invalid_request"
    message = "The request isn't valid"
    hint = "Correct what details names; /api/docs says what every address takes."


class MalformedBody(InvalidRequest):
    status = 400
    code = "malformed_body"
    message = "The body isn't valid JSON"
    hint = "Check its quotes, commas and brackets."


class BodyTooLarge(InvalidRequest):
    status = 413
    code = "body_too_large"
    message = "The body is too large"
    hint = "Send less: /api/docs says what this address takes."


class UnsupportedMediaType(InvalidRequest):
    status = 415
    code = "unsupported_media_type"
    message = "The body must be JSON"
    hint = "Send Content-Type: application/json."


class NotAForm(UnsupportedMediaType):
    code = "unsupported_media_type"
    message = "The body must be a form with a file"
    hint = "Send multipart/form-data with the file in field file."


class UnsupportedFile(InvalidRequest):
    status = 415
    code = "unsupported_file"
    message = "Files of this type aren't read"
    hint = "Send a JPEG, PNG, WebP or HEIC image, or a PDF."


class FileTooLarge(InvalidRequest):
    status = 413
    code = "file_too_large"
    message = "The file is too large"
    hint = "Send at most 20 MiB."


class UnusableFile(InvalidRequest):
    """A file that is what it says and still can't be read; nothing of it was stored."""


class BrokenFile(UnusableFile):
    code = "broken_file"
    message = "The file is damaged or incomplete"
    hint = "Take the photo again, or export the document again."


class EncryptedFile(UnusableFile):
    code = "encrypted_file"
    message = "The document is locked with a password"
    hint = "Save it without a password and send that."


class AnimatedImage(UnusableFile):
    code = "animated_image"
    message = "The image is an animation"
    hint = "Send a photo."


class TooManyPixels(UnusableFile):
    code = "too_many_pixels"
    message = "The image has too many pixels"
    hint = "Send at most 64 megapixels."


class TooFewPixels(UnusableFile):
    code = "too_few_pixels"
    message = "The image is too small to be read"
    hint = "Both sides must have at least 48 pixels."


class TooManyPages(UnusableFile):
    code = "too_many_pages"
    message = "The document has too many pages"
    hint = "Send at most 8 pages."


class DataApiError(LifeOSError):
    status = 502
    code = "data_api_fault"
    message = "The database gave an answer that can't be used"


class DataApiRefusal(DataApiError):
    """The database's own words: what a rule of the schema says about this user's request."""

    def __init__(
        self, http_status: int, code: str, message: str, *, hint: str | None = None, details: Any = None
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.code = code
        self._http_status = http_status

    @property
    def http_status(self) -> int:
        return self._http_status


class DataApiUnreachable(DataApiError):
    status = 503
    code = "data_api_unreachable"
    message = "The database can't be reached right now"
    hint = "Try again in a few seconds."
    headers: Mapping[str, str] = {"Retry-After": "5"}


class DataApiTimeout(DataApiError):
    status = 504
    code = "data_api_timeout"
    message = "The database took too long"
    hint = "Try again in a few seconds."


class ReceiptCorrected(LifeOSError):
    status = 409
    code = "receipt_corrected"
    message = "Reading the receipt again would overwrite what was corrected in it"
    hint = "Ask its owner. discard_corrections=true in the query reads it all the same."


class StorageError(LifeOSError):
    status = 502
    code = "storage_fault"
    message = "The file storage gave an answer that can't be used"


class StorageRefusal(StorageError):
    status = 403
    code = "storage_refusal"
    message = "The file storage refused this file"


class StorageUnreachable(StorageError):
    status = 503
    code = "storage_unreachable"
    message = "The file storage can't be reached right now"
    hint = "Try again in a few seconds."
    headers: Mapping[str, str] = {"Retry-After": "5"}


class FileMissing(StorageError):
    status = 409
    code = "file_missing"
    message = "The receipt's image isn't stored"
    hint = "Send the image again: POST /api/finances/receipts."


class ReaderError(LifeOSError):
    """A receipt wasn't read. What was stored of it stays, and can be read later."""

    status = 503


class ReaderBusy(ReaderError):
    code = "reader_busy"
    message = "Too many receipts are being read right now"
    hint = "Try again in a few seconds."
    headers: Mapping[str, str] = {"Retry-After": "10"}


class ReaderUnavailable(ReaderError):
    code = "reader_unavailable"
    message = "The receipt reader doesn't start"


class ReadingFailed(ReaderError):
    code = "reading_failed"
    message = "The receipt couldn't be read"
    hint = "Try again; if it fails again, take another photo or enter the receipt by hand."


class ReadingTimedOut(ReadingFailed):
    status = 504
    code = "reading_timed_out"
    message = "Reading the receipt took too long"


class NothingToReadWith(ReaderError):
    code = "nothing_to_read_with"
    message = "This service can't read receipts: it has neither a language model nor OCR"
    hint = (
        "Its operator sets OPENAI_API_KEY, or installs requirements-ocr.txt; then extract the receipt again."
    )


class ModelError(LifeOSError):
    """The model was no help. What was spent on it all the same is in the token counts; None: nobody knows."""

    status = 502
    outcome: ClassVar[str] = "invalid_output"
    input_tokens: int | None = None
    output_tokens: int | None = None


class ModelUnavailable(ModelError):
    status = 503
    code = "model_unavailable"
    message = "The AI model can't be reached right now"
    hint = "Try again in a few minutes."
    outcome = "timeout"
    input_tokens: int | None = 0
    output_tokens: int | None = 0


class ModelNotConfigured(ModelUnavailable):
    code = "model_not_configured"
    message = "This service has no AI model"
    hint = "Leave fallback out to have the built-in planner answer; the operator sets OPENAI_API_KEY."


class ModelTimeout(ModelUnavailable):
    status = 504
    code = "model_timeout"
    message = "The AI model took too long"
    input_tokens = None
    output_tokens = None


class BudgetSpent(ModelError):
    """The model wasn't asked. `retry_after` is in seconds."""

    status = 429
    code = "ai_budget_spent"
    message = "The AI budget of today is spent"
    outcome = "budget_spent"

    headers: Mapping[str, str] = {"Retry-After": "86400"}

    def __init__(self, retry_after: int, *, hint: str | None = None, details: Any = None) -> None:
        super().__init__(hint=hint, details=details)
        self.headers = {"Retry-After": str(retry_after)}


class ModelRefusal(ModelError):
    code = "model_refusal"
    message = "The AI model declined to answer"
    outcome = "refusal"


class ModelTruncated(ModelError):
    code = "model_truncated"
    message = "The AI model's answer was cut off"
    outcome = "truncated"


class ModelInvalidOutput(ModelError):
    code = "model_invalid_output"
    message = "The AI model's answer was of no use"
    outcome = "invalid_output"


# Codes of the failures that Flask and werkzeug raise themselves.
_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: BodyTooLarge.code,
    415: UnsupportedMediaType.code,
    500: LifeOSError.code,
}
_HTTP_MESSAGES = {
    404: "There is nothing at this address",
    405: "This address doesn't take that method",
    413: BodyTooLarge.message,
    500: LifeOSError.message,
}
_HTTP_HINTS = {
    404: "GET /api/docs lists the addresses of this service.",
    405: "GET /api/docs says which methods it takes.",
    413: BodyTooLarge.hint,
}


class ErrorBody(BaseModel):
    """The body of every answer to a failure."""

    model_config = ConfigDict(extra="forbid")

    error: str = Field(description="What went wrong, for people.")
    code: str = Field(description="What went wrong, for programs; it never changes.")
    hint: SkipJsonSchema[None] | str = Field(default=None, description="What to do about it.")
    details: Any = Field(default=None, description="More about it, such as which fields are wrong.")
    timestamp: datetime = Field(description="When the answer was made (UTC).")


def kinds_of(root: type[LifeOSError]) -> list[type[LifeOSError]]:
    """The errors below `root`, itself included, that have a code of their own."""
    below = [kind for child in root.__subclasses__() for kind in kinds_of(child)]
    return [root, *below] if "code" in vars(root) else below


def init_app(app: Flask) -> None:
    """Has every failure of `app` answered in the one shape."""
    app.register_error_handler(LifeOSError, _answer_ours)
    app.register_error_handler(HTTPException, _answer_http)


def timestamp() -> str:
    """Now, as every answer states it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _answer_ours(error: LifeOSError) -> Response:
    return _answer(
        error.http_status, error.message, error.code, error.hint, error.details, headers=error.headers
    )


def _answer_http(error: HTTPException) -> Response | HTTPException:
    """Flask's own refusals (404, 405, 413, …) and, wrapped in a 500, whatever nobody expected."""
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, LifeOSError):
        return _answer_ours(error.original_exception)
    message = _HTTP_MESSAGES.get(status, error.name)
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    headers: Mapping[str, str] = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    code = _HTTP_CODES.get(status, "http_error")
    return _answer(status, message, code, _HTTP_HINTS.get(status), headers=headers)


def _answer(
    status: int,
    message: str,
    code: str,
    hint: str | None = None,
    details: Any = None,
    *,
    headers: Mapping[str, str],
) -> Response:
    g.error_code = code  # for the log line of the request
    body = {"error": message, "code": code, "hint": hint, "details": details, "timestamp": timestamp()}
    response = jsonify({name: value for name, value in body.items() if value is not None})
    response.status_code = status
    response.headers.update(dict(headers))
    return response
