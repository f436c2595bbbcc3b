"""Presence as the protocol shows it: state at the join, differences after it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from local_supabase import Instance

from .conftest import Person
from .wire import Wire, wire

Connect = Callable[[str], Wire]


@pytest.fixture
def connect(live: Instance) -> Iterator[Connect]:
    """Connects under a presence key, and joins the topic of the test."""
    with ExitStack() as stack:

        def join(key: str) -> Wire:
            client = stack.enter_context(wire(live))
            assert client.join("present", presence={"enabled": True, "key": key})["status"] == "ok"
            return client

        yield join


def track(client: Wire, payload: Any) -> dict[str, Any]:
    return client.ask("presence", {"type": "presence", "event": "track", "payload": payload}, "present")


def untrack(client: Wire) -> dict[str, Any]:
    return client.ask("presence", {"type": "presence", "event": "untrack"}, "present")


def metas(entries: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What the entries say, without the server's references."""
    return {
        key: [
            {name: value for name, value in meta.items() if not name.startswith("phx_ref")}
            for meta in entry["metas"]
        ]
        for key, entry in entries.items()
    }


def test_newcomer_gets_the_state(connect: Connect) -> None:
    first = connect("a")
    assert first.receive("presence_state").payload == {}
    assert track(first, {"n": 1})["status"] == "ok"
    state = connect("b").receive("presence_state").payload
    assert metas(state) == {"a": [{"n": 1}]}
    assert state["a"]["metas"][0]["phx_ref"]


def test_everybody_hears_who_comes_and_goes(connect: Connect) -> None:
    first, second = connect("a"), connect("b")
    track(second, {"n": 1})
    for client in (first, second):
        difference = client.receive("presence_diff").payload
        assert (metas(difference["joins"]), difference["leaves"]) == ({"b": [{"n": 1}]}, {})
    assert untrack(second)["status"] == "ok"
    for client in (first, second):
        difference = client.receive("presence_diff").payload
        assert (difference["joins"], metas(difference["leaves"])) == ({}, {"b": [{"n": 1}]})


def test_tracking_again_replaces_what_was_said(connect: Connect) -> None:
    client = connect("a")
    track(client, {"n": 1})
    before = client.receive("presence_diff").payload["joins"]["a"]["metas"][0]
    track(client, {"n": 2})
    difference = client.receive("presence_diff").payload
    after = difference["joins"]["a"]["metas"][0]
    assert (after["n"], after["phx_ref_prev"]) == (2, before["phx_ref"])
    assert difference["leaves"] == {"a": {"metas": [before]}}


def test_tracking_the_same_again_says_nothing(connect: Connect) -> None:
    client = connect("a")
    client.receive("presence_state")
    track(client, {"n": 1})
    client.receive("presence_diff")
    assert track(client, {"n": 1})["status"] == "ok"
    assert client.unread() == []


def test_devices_of_one_key_are_listed_together(connect: Connect) -> None:
    for number in (1, 2):
        track(connect("a"), {"device": number})
    state = connect("b").receive("presence_state").payload
    assert metas(state) == {"a": [{"device": 1}, {"device": 2}]}


def test_disconnected_client_leaves(connect: Connect) -> None:
    first, second = connect("a"), connect("b")
    track(second, {"n": 1})
    first.receive("presence_diff")
    second.connection.close()
    assert metas(first.receive("presence_diff").payload["leaves"]) == {"b": [{"n": 1}]}


def test_left_channel_is_gone_from_the_state(connect: Connect) -> None:
    first = connect("a")
    track(first, {"n": 1})
    first.ask("phx_leave", {}, "present")
    assert connect("b").receive("presence_state").payload == {}


@pytest.mark.parametrize("payload", [[], "x", 1])
def test_only_objects_can_be_tracked(connect: Connect, payload: Any) -> None:
    assert track(connect("a"), payload)["status"] == "error"


def test_tracking_joins_presence_also_when_the_channel_did_not(connect: Connect, live: Instance) -> None:
    track(connect("a"), {"n": 1})
    with wire(live) as late:
        late.join("present")
        track(late, {"n": 2})
        state = metas(late.receive("presence_state").payload)
    assert state["a"] == [{"n": 1}]


def test_presence_of_a_private_topic_is_for_whom_the_policies_allow(
    live: Instance, alice: Person, bob: Person
) -> None:
    config = {"private": True, "presence": {"enabled": True, "key": "a"}}
    with wire(live) as first, wire(live) as second, wire(live) as third:
        for client, topic, person in (
            (first, "members", alice),
            (second, "members", bob),
            (third, "listeners", bob),
        ):
            assert client.join(topic, person.token, **config)["status"] == "ok"
        assert first.ask("presence", {"event": "track", "payload": {"n": 1}}, "members")["status"] == "ok"
        assert metas(second.receive("presence_diff").payload["joins"]) == {"a": [{"n": 1}]}
        # May listen there, and not take part.
        assert third.ask("presence", {"event": "track", "payload": {}}, "listeners")["status"] == "error"
