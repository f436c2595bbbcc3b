"""What the database tells a person's devices: the rows that Realtime would deliver."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import DictRow

from tests.database.tables import Row

Database = psycopg.Connection[DictRow]

MOST_BYTES = 200 * 1024
# The tables of which nobody is told.
SILENT = {"ai_requests", "receipt_item_names"}


class Inboxes:
    """The messages on the topics of some people; each is read once."""

    def __init__(self, db: Database, people: list[str]) -> None:
        self.db, self.people, self.seen = db, people, list[UUID]()
        self.clear()

    def clear(self) -> None:
        """Forgets what has come so far."""
        self.new()

    def new(self) -> dict[str, list[Row]]:
        """{type, data} of the messages since the last look, each checked to be what clients are promised."""
        found = self.db.execute(
            """select id, topic, extension, event, private, payload, octet_length(payload::text) as bytes
            from realtime.messages where topic = any (%s) and id <> all (%s) order by event, inserted_at""",
            [[f"user:{person}" for person in self.people], self.seen],
        ).fetchall()
        self.seen += [row["id"] for row in found]
        messages: dict[str, list[Row]] = {person: [] for person in self.people}
        for row in found:
            payload = row["payload"]
            assert (row["extension"], row["event"], row["private"]) == ("broadcast", payload["type"], True)
            assert set(payload) == {"type", "data", "timestamp", "user_id", "id"}
            assert row["topic"] == f"user:{payload['user_id']}"
            assert UUID(payload["id"])
            assert abs(datetime.now(UTC) - datetime.fromisoformat(payload["timestamp"])) < timedelta(
                minutes=5
            )
            assert row["bytes"] <= MOST_BYTES
            for changed in payload["data"].get("rows", []):
                assert changed.get("user_id", changed["id"]) == payload["user_id"]
            messages[payload["user_id"]].append({"type": payload["type"], "data": payload["data"]})
        return messages

    def summaries(self) -> list[list[str]]:
        """What each of them got, in short."""
        return [sorted(map(brief, messages)) for messages in self.new().values()]


class Inbox:
    """The messages on a person's topic; each is read once."""

    def __init__(self, db: Database, person: str) -> None:
        self.inboxes, self.person = Inboxes(db, [person]), person

    def clear(self) -> None:
        """Forgets what has come so far."""
        self.new()

    def new(self) -> list[Row]:
        """{type, data} of the messages since the last look, by type."""
        return self.inboxes.new()[self.person]

    def summary(self) -> list[str]:
        """The messages since the last look in short, sorted: "meals:update INSERT 3"."""
        return sorted(map(brief, self.new()))

    def only(self, type: str) -> Any:  # noqa: A002 - the payload's name
        """The data of the one message of a type since the last look."""
        (data,) = [message["data"] for message in self.new() if message["type"] == type]
        return data


def told(type: str, table: str, operation: str, *rows: Row) -> Row:  # noqa: A002 - the payload's name
    """The message of these rows."""
    return {"type": type, "data": {"operation": operation, "table": table, "rows": list(rows)}}


def brief(message: Row) -> str:
    """A message in a few words, after checking the shape of its data."""
    data = message["data"]
    if message["type"] == "user:status:change":
        assert set(data) == {"status", "session_type", "session_id"}
        return f"{message['type']} {data['status']}"
    if "rows" in data:
        assert set(data) == {"operation", "table", "rows"}
        count = len(data["rows"])
    else:
        assert set(data) == {"operation", "table", "ids", "count", "resync"}
        assert data["resync"] is True
        assert data["ids"] is None or len(set(data["ids"])) == data["count"]
        count = data["count"]
    return f"{message['type']} {data['operation']} {count}"
