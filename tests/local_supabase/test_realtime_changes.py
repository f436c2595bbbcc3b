"""postgres_changes and broadcasts of the database, as the protocol shows them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from local_supabase import Instance

from .conftest import Person, rows_of
from .wire import Wire, wire

Subscribe = Callable[..., Wire]
Database = psycopg.Connection[DictRow]

POSTS = {"event": "*", "schema": "public", "table": "posts"}
TOPIC = "changes"


@pytest.fixture
def subscribe(live: Instance) -> Iterator[Subscribe]:
    """Subscribes to changes (all of posts, unless others are given), and waits until they arrive."""
    with ExitStack() as stack:

        def join(person: Person | None = None, *changes: dict[str, Any], key: str | None = None) -> Wire:
            client = stack.enter_context(wire(live, key=key))
            token = person.token if person else None
            client.join(TOPIC, token, postgres_changes=list(changes) or [POSTS])
            message = client.receive("system").payload
            assert (message["extension"], message["status"]) == ("postgres_changes", "ok"), message
            return client

        yield join


def next_change(client: Wire) -> dict[str, Any]:
    data = client.receive("postgres_changes").payload["data"]
    assert isinstance(data, dict)
    return data


def insert_post(person: Person, **columns: Any) -> dict[str, Any]:
    return rows_of(person.client.table("posts").insert({"body": "hello"} | columns).execute())[0]


def test_owner_hears_of_every_change(subscribe: Subscribe, alice: Person) -> None:
    client = subscribe(alice)
    post = insert_post(alice, amount=12.5, tags=["a", "ü,b"], extra={"k": [1, None]}, big=token_hex(10_000))
    inserted = next_change(client)
    assert inserted["record"] == post
    assert inserted["errors"] is None
    assert (inserted["schema"], inserted["table"], inserted["type"]) == ("public", "posts", "INSERT")
    assert {"name": "amount", "type": "numeric"} in inserted["columns"]
    assert "old_record" not in inserted

    alice.client.table("posts").update({"body": "changed"}).eq("id", post["id"]).execute()
    updated = next_change(client)
    assert (updated["type"], updated["old_record"]) == ("UPDATE", {"id": post["id"]})
    # A large value that an update left alone isn't in the log.
    assert updated["record"] == {k: v for k, v in post.items() if k != "big"} | {"body": "changed"}

    alice.client.table("posts").delete().eq("id", post["id"]).execute()
    deleted = next_change(client)
    assert (deleted["type"], deleted["old_record"]) == ("DELETE", {"id": post["id"]})
    assert "record" not in deleted


def test_other_user_hears_only_that_something_was_deleted(
    subscribe: Subscribe, alice: Person, bob: Person
) -> None:
    client = subscribe(bob)
    post = insert_post(alice)
    alice.client.table("posts").update({"body": "changed"}).eq("id", post["id"]).execute()
    alice.client.table("posts").delete().eq("id", post["id"]).execute()
    change = next_change(client)
    assert (change["type"], change["old_record"]) == ("DELETE", {"id": post["id"]})


def test_anon_hears_nothing_of_a_table_without_a_grant(
    subscribe: Subscribe, live_db: Database, alice: Person
) -> None:
    client = subscribe(None, POSTS, {"event": "*", "schema": "public", "table": "keyless"})
    insert_post(alice)
    refusal = next_change(client)
    assert (refusal["errors"], refusal["columns"]) == (["Error 401: Unauthorized"], [])
    assert "record" not in refusal
    live_db.execute("insert into public.keyless values ('x')")
    assert next_change(client)["errors"] == ["Error 400: Bad Request, no primary key"]
    live_db.execute("delete from public.keyless")
    # Nothing protects that table, and a deletion needs no key to be told.
    assert next_change(client)["old_record"] == {"body": "x"}


def test_secret_key_hears_of_everybody(subscribe: Subscribe, live: Instance, alice: Person) -> None:
    client = subscribe(None, key=live.secret_key)
    assert next_change_after(client, alice)["record"]["user_id"] == alice.id


def next_change_after(client: Wire, person: Person, **columns: Any) -> dict[str, Any]:
    insert_post(person, **columns)
    return next_change(client)


def test_rows_show_only_columns_that_the_role_may_select(subscribe: Subscribe, live_db: Database) -> None:
    client = subscribe(None, {"event": "*", "schema": "public", "table": "announcements"})
    live_db.execute("insert into public.announcements values (1, 'shown', 'hidden')")
    inserted = next_change(client)
    assert inserted["record"] == {"id": 1, "body": "shown"}
    assert [column["name"] for column in inserted["columns"]] == ["id", "body"]
    live_db.execute("update public.announcements set body = 'new', secret = 'other'")
    updated = next_change(client)
    assert (updated["record"], updated["old_record"]) == (
        {"id": 1, "body": "new"},
        {"id": 1, "body": "shown"},
    )
    live_db.execute("delete from public.announcements")
    # No policy protects the table, so the whole old row is told.
    assert next_change(client)["old_record"] == {"id": 1, "body": "new"}


def test_subscriber_may_choose_columns(subscribe: Subscribe, alice: Person) -> None:
    client = subscribe(alice, POSTS | {"select": ["body"]})
    post = insert_post(alice)
    assert next_change(client)["record"] == {"id": post["id"], "body": "hello"}


@pytest.mark.parametrize(
    ("condition", "matching"),
    [
        ("body=eq.a", {"a"}),
        ("body=neq.a", {"b", "c,d"}),
        ("amount=gt.1", {"b", "c,d"}),
        ("amount=lte.2", {"a", "b"}),
        ("body=in.(a,b)", {"a", "b"}),
        ('body=in.("c,d")', {"c,d"}),
        ('body=eq."c,d"', {"c,d"}),
        ("body=like.c%", {"c,d"}),
        ("body=ilike.C%", {"c,d"}),
        ("body=match.^[ab]$", {"a", "b"}),
        ("extra=is.null", {"a", "c,d"}),
        ("extra=not.is.null", {"b"}),
        ("body=not.in.(a,b)", {"c,d"}),
        ("extra=isdistinct.{}", {"a", "c,d"}),
        ("body=neq.a,amount=lt.3", {"b"}),
        (" ", {"a", "b", "c,d"}),
    ],
)
def test_filter_lets_matching_rows_through(
    subscribe: Subscribe, alice: Person, condition: str, matching: set[str]
) -> None:
    client = subscribe(alice, POSTS | {"filter": condition}, POSTS | {"filter": "body=eq.end"})
    rows: list[dict[str, Any]] = [
        {"body": "a", "amount": 1, "extra": None},
        {"body": "b", "amount": 2, "extra": {}},
        {"body": "c,d", "amount": 3, "extra": None},
        {"body": "end", "amount": None, "extra": None},
    ]
    alice.client.table("posts").insert(rows).execute()
    seen = set()
    while "end" not in seen:
        seen.add(next_change(client)["record"]["body"])
    assert seen - {"end"} == matching


def test_filtered_delete_matches_by_its_key_only(subscribe: Subscribe, alice: Person) -> None:
    posts = [insert_post(alice) for _ in range(2)]
    client = subscribe(
        alice,
        POSTS | {"event": "DELETE", "filter": "body=eq.hello"},
        POSTS | {"event": "DELETE", "filter": f"id=eq.{posts[1]['id']}"},
    )
    for post in posts:
        alice.client.table("posts").delete().eq("id", post["id"]).execute()
    message = client.receive("postgres_changes").payload
    assert message["data"]["old_record"] == {"id": posts[1]["id"]}
    assert len(message["ids"]) == 1


def test_subscriber_hears_only_of_the_events_it_named(subscribe: Subscribe, alice: Person) -> None:
    client = subscribe(alice, POSTS | {"event": "UPDATE"})
    post = insert_post(alice)
    alice.client.table("posts").update({"body": "changed"}).eq("id", post["id"]).execute()
    assert next_change(client)["type"] == "UPDATE"


def test_bindings_that_a_change_fulfils_share_a_message(subscribe: Subscribe, alice: Person) -> None:
    everything = {"event": "*", "schema": "public"}
    client = subscribe(alice, POSTS, everything, POSTS | {"event": "DELETE"})
    insert_post(alice)
    assert len(client.receive("postgres_changes").payload["ids"]) == 2
    assert client.unread() == []


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        ({"schema": "public", "table": "unpublished"}, "Please check Realtime is enabled"),
        ({"schema": "public", "table": "nowhere"}, "Please check Realtime is enabled"),
        ({}, "No subscription params provided"),
        (POSTS | {"filter": "nowhere=eq.1"}, "invalid column for filter nowhere"),
        (POSTS | {"filter": "id=eq.x"}, "invalid input syntax"),
        (POSTS | {"filter": "id=foo.1"}, "Error parsing `filter` params"),
        (POSTS | {"filter": "undefined"}, "Error parsing `filter` params"),
        (POSTS | {"filter": "id=in.1"}, "must be wrapped by parentheses"),
        (POSTS | {"select": "body"}, "Error parsing `select` params"),
        ({"schema": "public", "select": ["body"]}, "not supported for wildcard"),
        ({"schema": "public", "table": "announcements", "filter": "secret=eq.x"}, "invalid column"),
    ],
)
def test_impossible_subscription_is_refused(
    live: Instance, alice: Person, binding: dict[str, Any], reason: str
) -> None:
    with wire(live) as client:
        client.join(TOPIC, alice.token, postgres_changes=[binding])
        message = client.receive("system").payload
        assert (message["extension"], message["status"]) == ("postgres_changes", "error")
        assert reason in message["message"]
        waiting = {"postgres_changes": [binding], "postgres_changes_options": {"wait": True}}
        reply = client.join("waiting", alice.token, **waiting)
        assert reply["status"] == "error"
        assert reason in reply["response"]["reason"]


def test_join_may_wait_for_the_subscription(live: Instance, alice: Person) -> None:
    with wire(live) as client:
        options = {"postgres_changes_options": {"wait": True}}
        assert client.join(TOPIC, alice.token, postgres_changes=[POSTS], **options)["status"] == "ok"
        assert next_change_after(client, alice)["type"] == "INSERT"


def test_changes_follow_a_renewed_token(live: Instance, alice: Person, bob: Person) -> None:
    with wire(live) as client:
        client.join(TOPIC, alice.token, postgres_changes=[POSTS])
        client.receive("system")
        client.send("access_token", {"access_token": bob.token}, TOPIC)
        assert client.receive("system").payload["message"] == "Subscribed to PostgreSQL"
        insert_post(alice)
        assert next_change_after(client, bob)["record"]["user_id"] == bob.id


def test_changes_come_in_the_order_of_their_transaction(
    subscribe: Subscribe, live: Instance, live_db: Database
) -> None:
    other = {"event": "*", "schema": "public", "table": "announcements"}
    client = subscribe(None, POSTS, other, key=live.secret_key)
    live_db.execute("grant select on public.announcements to service_role")
    user = live_db.execute("select id from auth.users limit 1").fetchone()
    assert user is not None
    with live_db.transaction():
        for number in range(10, 13):
            live_db.execute("insert into public.announcements values (%s)", [number])
            live_db.execute(
                "insert into public.posts (user_id, body) values (%s, %s)", [user["id"], str(number)]
            )
    told = [next_change(client) for _ in range(6)]
    assert [change["table"] for change in told] == ["announcements", "posts"] * 3


def test_bulk_write_arrives_complete(subscribe: Subscribe, alice: Person) -> None:
    client = subscribe(alice)
    alice.client.table("posts").insert([{"body": str(number)} for number in range(5000)]).execute()
    assert [int(next_change(client)["record"]["body"]) for _ in range(5000)] == list(range(5000))


def test_oversized_row_is_told_without_its_large_columns(subscribe: Subscribe, alice: Person) -> None:
    client = subscribe(alice)
    post = insert_post(alice, big="x" * 2**20)
    change = next_change(client)
    assert change["errors"] == ["Error 413: Payload Too Large"]
    assert change["record"]["id"] == post["id"]
    assert "big" not in change["record"]


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_trigger_broadcasts_to_the_owners_topic(live: Instance, alice: Person, version: str) -> None:
    with wire(live, version=version) as client:
        client.join(f"user:{alice.id}", alice.token, private=True)
        post = insert_post(alice)
        message = client.receive("broadcast").payload
        assert (message["type"], message["event"]) == ("broadcast", "INSERT")
        assert message["payload"]["record"]["id"] == post["id"]
        assert message["meta"]["id"] == message["payload"]["id"]


def test_public_message_of_the_database_goes_to_the_public_topic(live: Instance, live_db: Database) -> None:
    with wire(live) as public, wire(live, key=live.secret_key) as private:
        public.join("news")
        private.join("news", private=True)
        for is_private in (False, True):
            live_db.execute(
                "select realtime.send(%s, 'e', 'news', %s)",
                [json.dumps({"private": is_private}), is_private],
            )
        for client, is_private in ((public, False), (private, True)):
            assert client.receive("broadcast").payload["payload"]["private"] is is_private
            assert client.unread() == []


def test_rolled_back_message_is_not_sent(live: Instance, live_db: Database) -> None:
    with wire(live) as client:
        client.join("news")
        with live_db.transaction(force_rollback=True):
            live_db.execute("select realtime.send('{}', 'undone', 'news', false)")
        live_db.execute("select realtime.send('{}', 'done', 'news', false)")
        assert client.receive("broadcast").payload["event"] == "done"


def test_oversized_message_of_the_database_is_dropped(live: Instance, live_db: Database) -> None:
    with wire(live) as client:
        client.join("news")
        query = "select realtime.send(jsonb_build_object('x', repeat('x', %s)), 'e', 'news', false)"
        for size in (3_000_000, 2_900_000):
            live_db.execute(query, [size])
        assert len(client.receive("broadcast").payload["payload"]["x"]) == 2_900_000


def test_told_row_can_be_read(live: Instance, alice: Person) -> None:
    with wire(live) as client:
        client.join(f"user:{alice.id}", alice.token, private=True)
        for _ in range(20):
            post = insert_post(alice)
            client.receive("broadcast")
            found = alice.client.table("posts").select("id").eq("id", post["id"]).execute()
            assert len(rows_of(found)) == 1


@pytest.mark.parametrize("private", [False, True])
def test_batch_of_messages_over_http(live: Instance, alice: Person, private: bool) -> None:
    with wire(live) as client:
        client.join("members", alice.token, private=private)
        messages = [
            {"topic": "members", "event": name, "payload": {"n": 1}, "private": private} for name in "ab"
        ]
        answer = post_batch(live, messages, token=alice.token)
        assert answer.status_code == 202
        for name in "ab":
            assert client.receive("broadcast").payload == {
                "type": "broadcast",
                "event": name,
                "payload": {"n": 1},
            }


def post_batch(instance: Instance, messages: Any, token: str | None = None) -> httpx.Response:
    headers = {"apikey": instance.publishable_key}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{instance.url}/realtime/v1/api/broadcast"
    return httpx.post(url, content=json.dumps({"messages": messages}), headers=headers)


def test_private_message_over_http_needs_the_right_to_send(
    live: Instance, alice: Person, bob: Person
) -> None:
    topic = f"user:{alice.id}"
    with wire(live) as client:
        client.join(topic, alice.token, private=True)
        message = {"topic": topic, "event": "e", "payload": {"n": 1}, "private": True}
        # A batch leaves out what isn't allowed, a single message is refused.
        assert post_batch(live, [message], token=bob.token).status_code == 202
        assert post_single(live, topic, bob.token).status_code == 403
        assert client.unread() == []
        assert post_single(live, topic, alice.token).status_code == 202
        assert client.receive("broadcast").payload["payload"] == {"k": 1}


def post_single(instance: Instance, topic: str, token: str, **options: Any) -> httpx.Response:
    url = f"{instance.url}/realtime/v1/api/broadcast/{topic}/events/e"
    headers = {"apikey": instance.publishable_key, "Authorization": f"Bearer {token}"}
    content = options.pop("content", '{"k": 1}')
    headers["Content-Type"] = options.pop("content_type", "application/json")
    return httpx.post(url, params={"private": "true"}, content=content, headers=headers)


def test_binary_message_over_http_reaches_clients_that_can_read_it(live: Instance, alice: Person) -> None:
    topic = f"user:{alice.id}"
    with wire(live) as new, wire(live, version="1.0.0") as old:
        for client in (new, old):
            client.join(topic, alice.token, private=True)
        options = {"content": b"\x00\xff", "content_type": "application/octet-stream"}
        assert post_single(live, topic, alice.token, **options).status_code == 202
        assert new.receive("broadcast").payload["payload"] == b"\x00\xff"
        assert old.unread() == []


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([], 422),
        ("x", 422),
        ([{"topic": "t", "event": "e"}], 422),
        ([{"topic": "t", "event": "\ud800", "payload": {}}], 422),
        ([{"topic": "t", "event": "e", "payload": {"x": "x" * 3_000_000}}], 422),
    ],
)
def test_malformed_batch_is_refused(live: Instance, messages: Any, status: int) -> None:
    assert post_batch(live, messages).status_code == status


def test_http_broadcast_with_a_bad_token_is_refused(live: Instance) -> None:
    message = {"topic": "t", "event": "e", "payload": {}}
    assert post_batch(live, [message], token="garbage").status_code == 401


def test_http_body_that_is_not_json_is_refused(live: Instance, alice: Person) -> None:
    assert post_single(live, "t", alice.token, content="{").status_code == 400
    assert post_single(live, "t", alice.token, content_type="text/plain").status_code == 415


def test_topic_in_a_path_may_hold_any_character(live: Instance) -> None:
    topic = f"a/b ü {uuid4()}"
    with wire(live) as client:
        client.join(topic)
        url = f"{live.url}/realtime/v1/api/broadcast/{topic.replace('/', '%2F')}/events/e"
        answer = httpx.post(url, json={}, headers={"apikey": live.publishable_key})
        assert answer.status_code == 202
        assert client.receive("broadcast").topic == f"realtime:{topic}"
