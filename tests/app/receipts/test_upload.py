"""An image becomes a draft: row, stored file and what was read; or a refusal that leaves nothing behind."""

import hashlib
import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from app.receipts import drafts
from app.storage import UserStorage
from tests.app.conftest import assert_error, bearer
from tests.app.receipts import drawing, files
from tests.app.receipts.conftest import MakeService
from tests.app.receipts.uploads import ROWS, URL, extract, files_of, receipts_of, send, sent, text_pdf
from tests.app.test_metrics import change
from tests.conftest import User


def test_a_pdf_with_text_becomes_a_draft(service: FlaskClient, owner: User) -> None:
    data = sent(service, owner, text_pdf())
    receipt = data["receipt"]
    assert data["source"] == "pdf"
    assert receipt["status"] == "draft"
    assert (receipt["store"].casefold(), receipt["amount"], receipt["date"]) == (
        "hollow oak grocers",
        7.35,
        "2026-11-03",
    )
    assert data["extraction"]["total"]["value"] == "7.35"
    assert [(line["name"], line["amount"]) for line in data["lines"]] == [
        ("Oat milk 1L", 2.1),
        ("Brown bread", 1.85),
        ("Tomatoes", 3.4),
    ]
    (row,) = receipts_of(owner)
    assert row["id"] == receipt["id"]
    assert len(row["receipt_lines"]) == 3
    assert row["extraction"]["source"] == "pdf"


def test_operators_see_how_long_reading_takes(service: FlaskClient, owner: User) -> None:
    added = change(service, lambda: sent(service, owner, text_pdf("Counted")))
    assert added("life_os_reading_seconds_count", job="prepare") == 1
    assert added("life_os_reading_seconds_count", job="read") == 1


def test_the_original_is_stored_in_the_owners_folder_under_its_hash(
    service: FlaskClient, owner: User
) -> None:
    content = text_pdf()
    path = sent(service, owner, content)["receipt"]["image_url"]
    assert path == f"{owner.id}/{hashlib.sha256(content).hexdigest()}.pdf"
    assert owner.client.storage.from_("receipts").download(path) == content
    assert files_of(owner) == [path]


def test_a_draft_can_be_confirmed_and_is_in_the_calendar(service: FlaskClient, owner: User) -> None:
    receipt = sent(service, owner, text_pdf())["receipt"]
    confirmed: Any = owner.client.rpc("confirm_receipt", {"receipt_id": receipt["id"]}).execute().data
    (expense,) = confirmed["expenses"]
    events: Any = owner.client.table("calendar_events").select("*").eq("source", "expense").execute().data
    assert [(event["source_id"], event["local_date"]) for event in events] == [(expense["id"], "2026-11-03")]


GERMAN = (
    "#^Hofladen Birkental",
    "^Dorfstr. 4, 01234 Birkental",
    "Vollmilch 1,5%|1,29 A",
    "Roggenbrot|3,45 A",
    "Pfand Rückgabe|-0,25 A",
    "SUMME|4,49",
    "Gegeben BAR|5,00",
    "Rückgeld|0,51",
    "14.10.2026 09:15",
)
FRENCH = (
    "#^Boulangerie du Moulin",
    "Le 02/10/2026 à 18:05",
    "Pommes|2,40",
    "Fromage de brebis|6,80",
    "TOTAL TTC|9,20 EUR",
    "Carte bancaire|9,20 EUR",
)
AMERICAN = (
    "#^Blue Heron Diner",
    "10/21/2026 12:30 PM",
    "2 Pancakes|$17.00",
    "Coffee|$3.50",
    "Subtotal|$20.50",
    "Tax|$1.64",
    "Total|$22.14",
)


def photo(rows: tuple[str, ...], degrees: float = 0, noise: float = 0) -> Image.Image:
    return drawing.photographed(drawing.image(*rows), degrees=degrees, noise=noise)


# Each costs a real reading by OCR (some seconds); whatever else is tested, is tested with the text of PDFs.
@pytest.mark.parametrize(
    ("content", "store", "total", "date"),
    [
        pytest.param(
            files.encoded(drawing.image(*GERMAN), "PNG"),
            "Hofladen Birkental",
            "4.49",
            "2026-10-14",
            id="clean, German",
        ),
        pytest.param(
            files.encoded(photo(FRENCH, degrees=3, noise=0.5)),
            "Boulangerie du Moulin",
            "9.20",
            "2026-10-02",
            id="skewed and noisy, French",
        ),
        pytest.param(
            files.encoded(photo(GERMAN).rotate(90, expand=True)),
            "Hofladen Birkental",
            "4.49",
            "2026-10-14",
            id="on its side",
        ),
        pytest.param(
            files.encoded(photo(AMERICAN).rotate(180)),
            "Blue Heron Diner",
            "22.14",
            "2026-10-21",
            id="upside down, American",
        ),
        pytest.param(
            files.oriented(photo(AMERICAN), 6), "Blue Heron Diner", "22.14", "2026-10-21", id="turned by EXIF"
        ),
        pytest.param(
            files.encoded(photo(FRENCH), "HEIF", quality=80),
            "Boulangerie du Moulin",
            "9.20",
            "2026-10-02",
            id="HEIC",
        ),
        pytest.param(
            files.encoded(drawing.image(*GERMAN), "PDF", resolution=150),
            "Hofladen Birkental",
            "4.49",
            "2026-10-14",
            id="PDF of a scan",
        ),
    ],
)
def test_a_photo_is_read(
    service: FlaskClient,
    owner: User,
    other_user: User,
    content: bytes,
    store: str,
    total: str,
    date: str,
) -> None:
    # Who pays in dollars writes the month first.
    user = other_user if total == "22.14" else owner
    data = sent(service, user, content)
    assert data["source"] == "ocr"
    assert data["extraction"]["total"]["value"] == total
    assert data["extraction"]["date"]["value"] == date
    assert data["extraction"]["store"]["value"].casefold() == store.casefold()
    assert data["receipt"]["status"] == "draft"


def test_a_blank_image_becomes_a_draft_to_fill_in(service: FlaskClient, owner: User) -> None:
    blank = files.encoded(Image.new("RGB", (300, 400), "white"))
    body = send(service, owner, blank).get_json()
    data = body["data"]
    assert data["warnings"] == [{"code": "nothing_read", "message": drafts.MESSAGES["nothing_read"]}]
    assert body["message"] == drafts.MESSAGES["nothing_read"]
    assert "another photo" in body["message"]
    assert "by hand" in body["message"]
    assert (data["receipt"]["status"], data["receipt"]["amount"], data["lines"]) == ("draft", None, [])
    again = send(service, owner, blank).get_json()["message"]
    assert again == f"This image was sent before; here is its receipt. {drafts.MESSAGES['nothing_read']}"
    row = {"store": "Market", "amount": 5, "date": "2026-11-24"}
    owner.client.table("receipts").update(row).eq("id", data["receipt"]["id"]).execute()
    assert "Nothing could be read" not in send(service, owner, blank).get_json()["message"]
    confirmed: Any = owner.client.rpc("confirm_receipt", {"receipt_id": data["receipt"]["id"]}).execute().data
    assert confirmed["receipt"]["status"] == "confirmed"


def test_a_receipt_without_a_total_says_so(service: FlaskClient, owner: User) -> None:
    body = send(service, owner, files.text_pdf(("Corner shop", "03/11/2026", "Thank you"))).get_json()
    assert body["message"] == drafts.MESSAGES["total_missing"]
    assert "total_missing" in [warning["code"] for warning in body["data"]["warnings"]]
    assert "message" not in send(service, owner, text_pdf()).get_json()


def test_warnings_say_what_to_do_in_the_answer_and_in_the_row(service: FlaskClient, owner: User) -> None:
    rows = ("Corner shop", "03/11/2026", "Oat milk|2.10", "TOTAL|2.10")
    receipt = sent(service, owner, files.text_pdf(rows))["receipt"]
    owner.client.rpc("confirm_receipt", {"receipt_id": receipt["id"]}).execute()
    again = files.text_pdf((*rows, "Thank you"))
    data = sent(service, owner, again)
    assumed, exists = data["warnings"]
    assert assumed == {"code": "currency_assumed", "message": drafts.MESSAGES["currency_assumed"]}
    assert exists["code"] == "expense_exists"
    assert "If it is the same purchase, keep one" in exists["message"]
    row = next(row for row in receipts_of(owner) if row["id"] == data["receipt"]["id"])
    assert row["extraction"] == data["extraction"]
    assert row["extraction"]["warnings"] == data["warnings"]
    assert sent(service, owner, again, status=200)["warnings"] == data["warnings"]


def test_a_receipt_of_more_than_a_thousand_lines_is_cut_with_a_warning(
    service: FlaskClient, owner: User
) -> None:
    names = [f"Quite a long name, no. {number:04}" for number in range(1200)]
    pages = [[f"{name}|1.00" for name in names[at : at + 300]] for at in range(0, 1200, 300)]
    pages[-1].append("TOTAL EUR|1200.00")
    data = sent(service, owner, files.text_pdf(*pages, height=5200))
    assert (data["receipt"]["amount"], data["receipt"]["currency"]) == (1200, "EUR")
    assert len(data["lines"]) == len(data["extraction"]["lines"]) == 1000
    assert data["lines"][-1]["name"] == names[999]
    (warning,) = [warning for warning in data["warnings"] if warning["code"] == "lines_cut"]
    assert "first 1000 of 1200 lines" in warning["message"]


BAD = {
    "text": (b"hello", 415, "unsupported_file"),
    "GIF": (files.encoded(Image.new("RGB", (99, 99)), "GIF"), 415, "unsupported_file"),
    "empty": (b"", 415, "unsupported_file"),
    "half a JPEG": (files.encoded(drawing.image(*ROWS))[:9000], 422, "broken_file"),
    "bomb": (files.huge_png(9000, 9000), 422, "too_many_pixels"),
    "tiny": (files.encoded(Image.new("RGB", (9, 9))), 422, "too_few_pixels"),
    "locked PDF": (files.locked_pdf(), 422, "encrypted_file"),
    "long PDF": (files.text_pdf(*[ROWS] * 9), 422, "too_many_pages"),
    "animation": (
        files.encoded(
            Image.new("RGB", (99, 99)),
            "WEBP",
            save_all=True,
            append_images=[Image.new("RGB", (99, 99), "red")],
        ),
        422,
        "animated_image",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_and_leaves_nothing(service: FlaskClient, owner: User, name: str) -> None:
    content, status, code = BAD[name]
    body = assert_error(send(service, owner, content), status, code)
    assert body["hint"]
    assert ("empty" in body["error"]) == (name == "empty")
    assert receipts_of(owner) == []
    assert files_of(owner) == []


def test_a_file_of_20_mib_is_taken_and_a_larger_one_refused(service: FlaskClient, owner: User) -> None:
    assert_error(send(service, owner, bytes(20 * 2**20 + 1)), 413, "file_too_large")
    assert_error(send(service, owner, bytes(21 * 2**20)), 413, "file_too_large")
    # What follows the end of a JPEG is ignored.
    blank = files.encoded(Image.new("RGB", (300, 400), "white"))
    blank += bytes(20 * 2**20 - len(blank))
    assert sent(service, owner, blank)["receipt"]["status"] == "draft"


def test_a_body_that_isnt_a_form_with_one_file_is_refused(service: FlaskClient, owner: User) -> None:
    headers = bearer(owner.token)
    assert_error(service.post(URL, json={}, headers=headers), 415, "unsupported_media_type")
    raw = service.post(URL, data=text_pdf(), content_type="application/pdf", headers=headers)
    assert_error(raw, 415, "unsupported_media_type")
    for form in (
        {},
        {"file": "text"},
        {"file": (io.BytesIO(text_pdf()), "a"), "image": (io.BytesIO(text_pdf()), "b")},
        {"file": [(io.BytesIO(text_pdf()), "a"), (io.BytesIO(text_pdf()), "b")]},
    ):
        refused = service.post(URL, data=form, content_type="multipart/form-data", headers=headers)
        assert_error(refused, 422, "invalid_request")
    odd_name = {"image": (io.BytesIO(text_pdf()), "..\\odd/näme", "text/plain")}
    assert service.post(URL, data=odd_name, headers=headers).status_code == 201


def test_who_isnt_signed_in_may_do_nothing(service: FlaskClient, owner: User) -> None:
    receipt = sent(service, owner, text_pdf())["receipt"]
    form = {"file": (io.BytesIO(text_pdf()), "a")}
    assert_error(service.post(URL, data=form), 401, "authentication_required")
    assert_error(service.post(f"{URL}/{receipt['id']}/extract"), 401, "authentication_required")
    assert_error(service.delete(f"{URL}/{receipt['id']}"), 401, "authentication_required")


def test_the_same_image_again_is_the_same_receipt(service: FlaskClient, owner: User) -> None:
    first = sent(service, owner, text_pdf())
    owner.client.table("receipts").update({"store": "As I call it"}).eq(
        "id", first["receipt"]["id"]
    ).execute()
    response = send(service, owner, text_pdf())
    assert response.status_code == 200
    body = response.get_json()
    assert "sent before" in body["message"]
    assert body["data"]["receipt"]["id"] == first["receipt"]["id"]
    assert body["data"]["receipt"]["store"] == "As I call it"
    assert [line["id"] for line in body["data"]["lines"]] == [line["id"] for line in first["lines"]]
    assert set(body["data"]) == set(first)
    assert len(receipts_of(owner)) == len(files_of(owner)) == 1


def test_the_same_image_of_another_user_is_another_receipt(
    service: FlaskClient, owner: User, other_user: User
) -> None:
    mine, theirs = sent(service, owner, text_pdf()), sent(service, other_user, text_pdf())
    assert mine["receipt"]["id"] != theirs["receipt"]["id"]
    assert files_of(owner) != files_of(other_user)
    assert len(receipts_of(other_user)) == len(receipts_of(owner)) == 1


def test_a_confirmed_receipt_stays_as_it_is(service: FlaskClient, owner: User) -> None:
    receipt_id = sent(service, owner, text_pdf())["receipt"]["id"]
    owner.client.rpc("confirm_receipt", {"receipt_id": receipt_id}).execute()
    again = sent(service, owner, text_pdf(), status=200)
    assert again["receipt"]["status"] == "confirmed"
    assert_error(extract(service, owner, receipt_id), 409, "PT409")
    owner.client.rpc("reopen_receipt", {"receipt_id": receipt_id}).execute()
    assert extract(service, owner, receipt_id).status_code == 200


def test_a_corrected_draft_is_read_again_only_when_the_corrections_may_go(
    service: FlaskClient, owner: User
) -> None:
    first = sent(service, owner, text_pdf())["receipt"]
    owner.client.table("receipts").update({"amount": 1}).eq("id", first["id"]).execute()
    (corrected,) = receipts_of(owner)
    for query in ("", "?discard_corrections=false"):
        body = assert_error(extract(service, owner, first["id"], query), 409, "receipt_corrected")
        assert "discard_corrections=true" in body["hint"]
        assert body["details"] == {"receipt_id": first["id"]}
    assert receipts_of(owner) == [corrected]
    odd = assert_error(extract(service, owner, first["id"], "?discard_corrections=1"), 422, "invalid_request")
    assert odd["details"][0]["field"] == "discard_corrections"
    response = extract(service, owner, first["id"], "?discard_corrections=true")
    assert response.status_code == 200
    assert response.get_json()["data"]["receipt"]["amount"] == first["amount"]


def test_what_was_typed_into_a_failed_receipt_outlives_the_same_image(
    make_service: MakeService, service: FlaskClient, owner: User
) -> None:
    away = make_service()
    away.application.extensions["life_os_storage"]._http.base_url = "http://127.0.0.1:9/"
    receipt_id = assert_error(send(away, owner, text_pdf()), 503, "storage_unreachable")["details"][
        "receipt_id"
    ]
    owner.client.table("receipts").update({"amount": 5}).eq("id", receipt_id).execute()
    body = send(service, owner, text_pdf()).get_json()
    assert "as it was filled in" in body["message"]
    assert body["data"]["receipt"]["amount"] == 5
    # The image that couldn't be stored then is stored now.
    assert files_of(owner) == [body["data"]["receipt"]["image_url"]]


def test_another_users_receipt_cannot_be_read_again_or_deleted(
    service: FlaskClient, owner: User, other_user: User
) -> None:
    receipt_id = sent(service, owner, text_pdf())["receipt"]["id"]
    address = f"{URL}/{receipt_id}"
    assert_error(extract(service, other_user, receipt_id), 404, "PT404")
    assert_error(service.delete(address, headers=bearer(other_user.token)), 404, "PT404")
    assert len(receipts_of(owner)) == len(files_of(owner)) == 1
    assert extract(service, owner, receipt_id).status_code == 200
    assert service.delete(address, headers=bearer(owner.token)).status_code == 200


@pytest.mark.parametrize(("expenses", "left"), [("keep", 1), ("delete", 0)])
def test_deleting_removes_row_and_file_and_the_expenses_as_asked(
    service: FlaskClient, owner: User, expenses: str, left: int
) -> None:
    receipt_id = sent(service, owner, text_pdf())["receipt"]["id"]
    owner.client.rpc("confirm_receipt", {"receipt_id": receipt_id}).execute()
    deleted = service.delete(f"{URL}/{receipt_id}?expenses={expenses}", headers=bearer(owner.token))
    assert deleted.status_code == 200
    assert receipts_of(owner) == []
    assert files_of(owner) == []
    kept: Any = owner.client.table("expenses").select("receipt_id").execute().data
    assert kept == [{"receipt_id": None}] * left


def test_deleting_keeps_the_expenses_unless_asked_otherwise(service: FlaskClient, owner: User) -> None:
    receipt_id = sent(service, owner, text_pdf())["receipt"]["id"]
    owner.client.rpc("confirm_receipt", {"receipt_id": receipt_id}).execute()
    odd = service.delete(f"{URL}/{receipt_id}?expenses=some", headers=bearer(owner.token))
    assert assert_error(odd, 422, "invalid_request")["details"][0]["field"] == "expenses"
    assert len(receipts_of(owner)) == 1
    assert service.delete(f"{URL}/{receipt_id}", headers=bearer(owner.token)).status_code == 200
    assert len(owner.client.table("expenses").select("id").execute().data) == 1


def test_a_receipt_whose_file_is_gone_can_be_deleted(service: FlaskClient, owner: User) -> None:
    receipt = sent(service, owner, text_pdf())["receipt"]
    owner.client.storage.from_("receipts").remove([receipt["image_url"]])
    refused = extract(service, owner, receipt["id"])
    assert "again" in assert_error(refused, 409, "file_missing")["hint"]
    assert service.delete(f"{URL}/{receipt['id']}", headers=bearer(owner.token)).status_code == 200
    assert receipts_of(owner) == []


def test_sending_the_image_again_brings_back_a_file_that_is_gone(service: FlaskClient, owner: User) -> None:
    receipt = sent(service, owner, text_pdf())["receipt"]
    owner.client.storage.from_("receipts").remove([receipt["image_url"]])
    assert_error(extract(service, owner, receipt["id"]), 409, "file_missing")
    owner.client.table("receipts").update({"status": "draft"}).eq("id", receipt["id"]).execute()
    assert sent(service, owner, text_pdf(), status=200)["receipt"]["status"] == "draft"
    assert files_of(owner) == [receipt["image_url"]]
    assert extract(service, owner, receipt["id"]).status_code == 200


def test_an_image_whose_receipt_is_deleted_meanwhile_leaves_no_file(
    service: FlaskClient, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = sent(service, owner, text_pdf())["receipt"]
    keep = UserStorage.keep

    def delete_first(storage: UserStorage, path: str, content: bytes, media_type: str) -> None:
        owner.client.storage.from_("receipts").remove([path])
        deletion = {"receipt_id": receipt["id"], "keep_expenses": True}
        owner.client.rpc("delete_receipt", deletion).execute()
        keep(storage, path, content, media_type)

    monkeypatch.setattr(UserStorage, "keep", delete_first)
    body = assert_error(send(service, owner, text_pdf()), 404, "PT404")
    assert body["hint"] == "Send the image again."
    assert (files_of(owner), receipts_of(owner)) == ([], [])
    monkeypatch.undo()
    assert sent(service, owner, text_pdf())["receipt"]["status"] == "draft"


def test_a_receipt_that_was_typed_in_can_be_deleted(service: FlaskClient, owner: User) -> None:
    typed: Any = owner.client.table("receipts").insert({"store": "Market"}).execute().data
    address = f"{URL}/{typed[0]['id']}"
    assert_error(service.post(f"{address}/extract", headers=bearer(owner.token)), 409, "PT409")
    assert service.delete(address, headers=bearer(owner.token)).status_code == 200


def test_storage_that_is_away_is_named_and_the_receipt_can_be_continued(
    make_service: MakeService, service: FlaskClient, owner: User
) -> None:
    away = make_service()
    # The Data API answers, Storage doesn't.
    away.application.extensions["life_os_storage"]._http.base_url = "http://127.0.0.1:9/"
    body = assert_error(send(away, owner, text_pdf()), 503, "storage_unreachable")
    (row,) = receipts_of(owner)
    assert body["details"] == {"receipt_id": row["id"]}
    assert (row["status"], row["extraction"]["failure"]) == ("failed", "storage_unreachable")
    assert_error(extract(service, owner, row["id"]), 409, "file_missing")
    data = sent(service, owner, text_pdf(), status=200)
    assert (data["receipt"]["id"], data["receipt"]["status"]) == (row["id"], "draft")
    assert len(files_of(owner)) == 1
