"""Channels as the protocol shows them: joining, leaving, broadcast, private topics, tokens."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local_supabase import Instance
from local_supabase.keys import Keys

from .conftest import Person
from .wire import SECONDS, Wire, wire

Connect = Callable[..., Wire]

VERSIONS = ["1.0.0", "2.0.0"]


@pytest.fixture
def connect(live: Instance) -> Iterator[Connect]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(wire(live, **options))


def token_for(person: Person, keys: Keys, *, seconds: float = 60, **claims: object) -> str:
    """A token of the person's, with another expiry or other claims."""
    now = int(time.time())
    standard = {"sub": person.id, "role": "authenticated", "iat": now, "exp": round(time.time() + seconds)}
    return keys.sign(standard | claims)


@pytest.mark.parametrize("key", ["sb_publishable_of_another_project", "not.a.token", ""])
def test_connection_without_a_valid_key_is_refused(live: Instance, key: str) -> None:
    with pytest.raises(InvalidStatus) as refusal, wire(live, key=key):
        pass
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize("key", ["publishable_key", "secret_key", "anon_key", "service_role_key"])
def test_every_api_key_opens_a_connection(live: Instance, key: str) -> None:
    with wire(live, key=getattr(live, key)) as client:
        assert client.join("lobby")["status"] == "ok"


def test_unknown_protocol_version_is_refused(live: Instance) -> None:
    with pytest.raises(InvalidStatus) as refusal, wire(live, version="9.0.0"):
        pass
    assert refusal.value.response.status_code == 400


@pytest.mark.parametrize("version", VERSIONS)
def test_heartbeat_is_answered(connect: Connect, version: str) -> None:
    assert connect(version=version).ask("heartbeat", {}, "phoenix") == {"status": "ok", "response": {}}


def test_join_repeats_the_wanted_changes_with_an_id_each(connect: Connect) -> None:
    wanted = [{"event": "*", "schema": "public", "table": "posts"}] * 2
    changes = connect().join("lobby", postgres_changes=wanted)["response"]["postgres_changes"]
    ids = [change.pop("id") for change in changes]
    assert changes == wanted
    assert len(set(ids)) == 2


def test_join_without_a_topic_is_refused(connect: Connect) -> None:
    reason = "TopicNameRequired: You must provide a topic name"
    assert connect().join("") == {"status": "error", "response": {"reason": reason}}


def test_topic_of_another_kind_cannot_be_joined(connect: Connect) -> None:
    client = connect()
    client.connection.send('[null, "1", "elsewhere", "phx_join", {}]')
    reply = client.receive("phx_reply").payload
    assert reply == {"status": "error", "response": {"reason": "unmatched topic"}}


def test_message_to_a_channel_that_was_not_joined_is_refused(connect: Connect) -> None:
    reply = connect().ask("broadcast", {"event": "e", "payload": {}}, "lobby")
    assert reply == {"status": "error", "response": {"reason": "unmatched topic"}}


def test_leaving_answers_and_closes(connect: Connect) -> None:
    client = connect()
    client.join("lobby")
    assert client.ask("phx_leave", {}, "lobby")["status"] == "ok"
    assert client.receive("phx_close").topic == "realtime:lobby"
    assert client.ask("phx_leave", {}, "lobby")["status"] == "ok"


def test_channel_gets_nothing_after_leaving(connect: Connect) -> None:
    sender, receiver = connect(), connect()
    sender.join("lobby", broadcast={"ack": True})
    receiver.join("lobby")
    receiver.ask("phx_leave", {}, "lobby")
    receiver.receive("phx_close")
    sender.ask("broadcast", {"event": "e", "payload": {}}, "lobby")
    assert receiver.unread() == []


def test_second_join_replaces_the_first(connect: Connect) -> None:
    sender, receiver = connect(), connect()
    sender.join("lobby", broadcast={"ack": True})
    receiver.join("lobby")
    receiver.join("lobby")
    sender.ask("broadcast", {"event": "e", "payload": {}}, "lobby")
    assert [message.event for message in receiver.unread()] == ["broadcast"]


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '{"topic": 1}',
        b"",
        b"\x07",
        '[null, "1", "realtime:\\ud800", "phx_join", {"config": {"private": true}}]',
        b"\x03\xff\xff\xff\xff\xff\x01",
    ],
)
def test_malformed_frame_ends_the_connection(connect: Connect, frame: str | bytes) -> None:
    client = connect()
    client.connection.send(frame)
    with pytest.raises(ConnectionClosed):
        client.connection.recv(timeout=SECONDS)


@pytest.mark.parametrize("sends", VERSIONS)
@pytest.mark.parametrize("receives", VERSIONS)
def test_broadcast_reaches_the_others_in_every_version(connect: Connect, sends: str, receives: str) -> None:
    sender, receiver = connect(version=sends), connect(version=receives)
    sender.join("lobby")
    receiver.join("lobby")
    sender.broadcast("lobby", "grüße", {"n": 1})
    message = receiver.receive("broadcast")
    assert message.topic == "realtime:lobby"
    assert message.payload == {"type": "broadcast", "event": "grüße", "payload": {"n": 1}}
    assert sender.unread() == []


def test_broadcast_comes_back_to_a_sender_that_wants_it(connect: Connect) -> None:
    sender = connect()
    sender.join("lobby", broadcast={"self": True})
    sender.broadcast("lobby", "e", {"n": 1})
    assert sender.receive("broadcast").payload["payload"] == {"n": 1}


def test_broadcast_is_answered_if_the_sender_asked_for_it(connect: Connect) -> None:
    sender = connect()
    sender.join("lobby", broadcast={"ack": True})
    assert sender.ask("broadcast", {"event": "e", "payload": {}}, "lobby")["status"] == "ok"


def test_too_large_a_broadcast_is_refused_and_not_sent(connect: Connect) -> None:
    sender, receiver = connect(), connect()
    sender.join("lobby", broadcast={"ack": True})
    receiver.join("lobby")
    reply = sender.ask("broadcast", {"event": "e", "payload": {"x": "x" * 3_000_000}}, "lobby")
    assert reply["status"] == "error"
    assert receiver.unread() == []


def test_large_broadcast_passes(connect: Connect) -> None:
    sender, receiver = connect(), connect()
    sender.join("lobby")
    receiver.join("lobby")
    sender.broadcast("lobby", "e", {"x": "x" * 2_900_000})
    assert len(receiver.receive("broadcast").payload["payload"]["x"]) == 2_900_000


def test_client_that_does_not_read_is_dropped_and_others_go_on(connect: Connect) -> None:
    sender, slow, quick = connect(), connect(max_queue=2), connect()
    for client in (sender, slow, quick):
        client.join("lobby", broadcast={"ack": True})
    for number in range(30):
        sender.ask("broadcast", {"event": "e", "payload": {"n": number, "x": "x" * 2_000_000}}, "lobby")
        assert quick.receive("broadcast").payload["payload"]["n"] == number
    assert slow.frames_until_the_end() < 30


def test_public_and_private_topics_of_one_name_are_separate(connect: Connect, alice: Person) -> None:
    public, private = connect(), connect()
    public.join("members", broadcast={"ack": True})
    private.join("members", alice.token, private=True, broadcast={"ack": True})
    public.ask("broadcast", {"event": "e", "payload": {}}, "members")
    private.ask("broadcast", {"event": "e", "payload": {}}, "members")
    assert public.unread() == []
    assert private.unread() == []


def test_private_broadcast_reaches_whom_the_policies_allow(
    connect: Connect, alice: Person, bob: Person
) -> None:
    sender, receiver = connect(), connect()
    sender.join("members", alice.token, private=True)
    receiver.join("members", bob.token, private=True)
    sender.broadcast("members", "e", {"n": 1})
    assert receiver.receive("broadcast").payload["payload"] == {"n": 1}


@pytest.mark.parametrize("topic", ["user:somebody", "broken", "nowhere"])
def test_private_topic_that_policies_deny_cannot_be_joined(
    connect: Connect, alice: Person, topic: str
) -> None:
    reason = f"Unauthorized: You do not have permissions to read from this Channel topic: {topic}"
    reply = connect().join(topic, alice.token, private=True)
    assert reply == {"status": "error", "response": {"reason": reason}}


def test_anon_cannot_join_a_topic_of_members(connect: Connect) -> None:
    assert connect().join("members", private=True)["status"] == "error"


def test_private_broadcast_without_the_right_is_dropped_without_a_word(
    connect: Connect, alice: Person, bob: Person
) -> None:
    sender, receiver = connect(), connect()
    sender.join("listeners", alice.token, private=True, broadcast={"ack": True})
    receiver.join("listeners", bob.token, private=True)
    sender.broadcast("listeners", "e", {"n": 1})
    assert sender.unread() == []
    assert receiver.unread() == []


def test_topic_of_broadcasts_only_knows_no_presence(connect: Connect, alice: Person) -> None:
    client = connect()
    assert (
        client.join("broadcast only", alice.token, private=True, presence={"enabled": True})["status"] == "ok"
    )
    assert client.ask("presence", {"event": "track", "payload": {}}, "broadcast only")["status"] == "error"
    assert client.unread() == []


def test_topic_of_presence_only_delivers_no_broadcasts(
    connect: Connect, live: Instance, alice: Person
) -> None:
    client = connect()
    presence = {"enabled": True, "key": "a"}
    assert client.join("presence only", alice.token, private=True, presence=presence)["status"] == "ok"
    assert client.receive("presence_state").payload == {}
    admin = connect(key=live.secret_key)
    admin.join("presence only", private=True, broadcast={"ack": True})
    assert admin.ask("broadcast", {"event": "e", "payload": {}}, "presence only")["status"] == "ok"
    assert client.unread() == []


def test_secret_key_passes_every_policy(connect: Connect, live: Instance) -> None:
    assert connect(key=live.secret_key).join("nowhere", private=True)["status"] == "ok"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("expired", "InvalidJWTToken: Token has expired"),
        ("garbage", "MalformedJWT: The token provided is not a valid JWT"),
    ],
)
def test_join_with_a_bad_token_is_refused(
    connect: Connect, alice: Person, live_keys: Keys, token: str, reason: str
) -> None:
    bad = token_for(alice, live_keys, seconds=-10) if token == "expired" else token
    assert connect().join("lobby", bad)["response"] == {"reason": reason}


def test_channel_is_closed_when_its_token_expires(connect: Connect, alice: Person, live_keys: Keys) -> None:
    client = connect()
    client.join("members", token_for(alice, live_keys, seconds=2), private=True)
    system = client.receive("system").payload
    assert (system["extension"], system["status"], system["channel"]) == ("system", "error", "members")
    assert system["message"].startswith("Token has expired")
    assert client.receive("phx_close").topic == "realtime:members"


def test_channel_with_a_renewed_token_stays_open(connect: Connect, alice: Person, live_keys: Keys) -> None:
    client = connect()
    client.join("members", token_for(alice, live_keys, seconds=2), private=True)
    client.send("access_token", {"access_token": alice.token}, "members")
    other = connect()
    other.join("waiting", token_for(alice, live_keys, seconds=2))
    # The other channel's token, which expires later, shows that the first one's time is over.
    other.receive("phx_close")
    assert client.unread() == []


def test_channel_is_closed_when_a_new_token_loses_the_topic(
    connect: Connect, alice: Person, live_keys: Keys
) -> None:
    client = connect()
    client.join("adults", token_for(alice, live_keys, app_metadata={"adult": True}), private=True)
    client.send("access_token", {"access_token": alice.token}, "adults")
    assert "permission" in client.receive("system").payload["message"]
    client.receive("phx_close")


def test_channel_is_closed_when_the_new_token_is_bad(connect: Connect, alice: Person) -> None:
    client = connect()
    client.join("members", alice.token, private=True)
    client.send("access_token", {"access_token": "garbage"}, "members")
    assert client.receive("system").payload["message"] == "The token provided is not a valid JWT"
    client.receive("phx_close")


@pytest.mark.parametrize("token", [None, "sb_publishable_x"])
def test_token_that_is_none_is_no_renewal(connect: Connect, alice: Person, token: str | None) -> None:
    client = connect()
    client.join("members", alice.token, private=True)
    client.send("access_token", {"access_token": token}, "members")
    assert client.unread() == []


def test_new_token_brings_its_rights_to_send(
    connect: Connect, alice: Person, bob: Person, live_keys: Keys
) -> None:
    topic = f"user:{bob.id}"
    client = connect()
    client.join(topic, bob.token, private=True, broadcast={"ack": True})
    assert client.ask("broadcast", {"event": "e", "payload": {}}, topic)["status"] == "ok"
    client.send("access_token", {"access_token": token_for(bob, live_keys)}, topic)
    assert client.ask("broadcast", {"event": "e", "payload": {}}, topic)["status"] == "ok"
    client.send("access_token", {"access_token": alice.token}, topic)
    client.receive("phx_close")
