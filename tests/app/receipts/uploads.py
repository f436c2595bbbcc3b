"""What tests send to /api/finances/receipts, and what they look up afterwards."""

import io
from typing import Any

from flask.testing import FlaskClient

from tests.app.conftest import bearer
from tests.app.receipts import files
from tests.conftest import User

URL = "/api/finances/receipts"

ROWS = (
    "HOLLOW OAK GROCERS",
    "12 Mill Lane, Ashford",
    "VAT no. 000 1234 56",
    "03/11/2026 17:42",
    "Oat milk 1L|2.10",
    "Brown bread|1.85",
    "Tomatoes|3.40",
    "TOTAL GBP|7.35",
    "VISA CARD|7.35",
    "Thank you for your visit",
)
"""A shop that doesn't exist."""


def text_pdf(*rows: str) -> bytes:
    """The receipt as a PDF with text, which takes no OCR; `rows` come on top and make it another file."""
    return files.text_pdf((*rows, *ROWS))


def send(service: FlaskClient, user: User, content: bytes, name: str = "receipt") -> Any:
    """Uploads a file. Returns the response."""
    return service.post(URL, data={"file": (io.BytesIO(content), name)}, headers=bearer(user.token))


def sent(service: FlaskClient, user: User, content: bytes, *, status: int = 201) -> dict[str, Any]:
    """Uploads a file that must be taken. Returns the answer's data."""
    response = send(service, user, content)
    assert response.status_code == status, response.get_json()
    data: dict[str, Any] = response.get_json()["data"]
    return data


def extract(service: FlaskClient, user: User, receipt_id: str, query: str = "") -> Any:
    """Has a stored receipt read again. Returns the response."""
    return service.post(f"{URL}/{receipt_id}/extract{query}", headers=bearer(user.token))


def receipts_of(user: User) -> list[dict[str, Any]]:
    """The user's rows, as the Data API shows them."""
    rows: Any = user.client.table("receipts").select("*, receipt_lines(*)").order("created_at").execute().data
    return list(rows)


def files_of(user: User) -> list[str]:
    """The names of the user's stored files."""
    return [f"{user.id}/{file['name']}" for file in user.client.storage.from_("receipts").list(user.id)]
