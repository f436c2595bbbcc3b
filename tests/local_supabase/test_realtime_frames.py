"""The frames of the websocket and the messages of the replication stream, byte by byte."""

import struct
from datetime import UTC, datetime

import pytest

from local_supabase.realtime.filters import Filter, FilterError, parse_filters
from local_supabase.realtime.pgoutput import Decoder
from local_supabase.realtime.protocol import (
    Broadcast,
    FrameError,
    Message,
    Version,
    decode,
    encode,
    encode_broadcast,
)

V1, V2 = Version.V1, Version.V2


@pytest.mark.parametrize(
    ("version", "frame"),
    [
        (V1, '{"topic": "t", "event": "e", "payload": {"n": 1}, "ref": "2", "join_ref": "1"}'),
        (V2, '["1", "2", "t", "e", {"n": 1}]'),
        (V2, '[1, 2, "t", "e", {"n": 1}]'),
    ],
)
def test_message_of_a_client_is_decoded(version: Version, frame: str) -> None:
    assert decode(version, frame) == Message("t", "e", {"n": 1}, "2", "1")


@pytest.mark.parametrize(
    ("version", "frame"),
    [
        (V1, "[]"),
        (V1, '{"topic": "t"}'),
        (V1, "{"),
        (V2, "{}"),
        (V2, '["1", "2", "t"]'),
        (V2, '[null, null, 1, "e", {}]'),
        (V2, '[null, null, "t", "e", NaN]'),
        (V2, "[" * 100_000),
    ],
)
def test_what_is_no_message_is_refused(version: Version, frame: str) -> None:
    with pytest.raises(FrameError):
        decode(version, frame)


def test_message_to_a_client_has_the_shape_of_its_version() -> None:
    assert encode(V1, "t", "e", {"ü": 1}) == '{"topic":"t","event":"e","payload":{"\\u00fc":1},"ref":null}'
    assert encode(V2, "t", "e", {}, ref="2", join_ref="1") == '["1","2","t","e",{}]'


def test_binary_broadcast_of_a_client_is_decoded() -> None:
    frame = bytes([3, 1, 1, 1, 1, 2, 1]) + b"12te{}" + b'{"n": 1}'
    assert decode(V2, frame) == Message("t", "broadcast", Broadcast("e", b'{"n": 1}'), "2", "1")
    bare = bytes([3, 0, 0, 1, 1, 0, 0]) + b"te" + b"\x00\xff"
    assert decode(V2, bare) == Message("t", "broadcast", Broadcast("e", b"\x00\xff", is_json=False))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes([4, 0, 0, 1, 1, 0, 0]) + b"te",
        bytes([3, 0, 0, 9, 9, 0, 0]) + b"te",
        bytes([3, 0, 0, 1, 1, 0, 1]) + b"te" + b"{",
        bytes([3, 0, 0, 1, 1, 0, 1]) + b"\xff\xfe{}",
    ],
)
def test_what_is_no_binary_broadcast_is_refused(frame: bytes) -> None:
    with pytest.raises(FrameError):
        decode(V2, frame)


def test_broadcast_is_binary_for_the_newer_version() -> None:
    broadcast = Broadcast("e", b'{"n":1}', meta={"id": 1})
    assert encode_broadcast(V2, "t", broadcast) == bytes([4, 1, 1, 8, 1]) + b'te{"id":1}{"n":1}'


def test_broadcast_is_json_for_the_older_version() -> None:
    payload = '{"type":"broadcast","event":"e","payload":{"n":1},"meta":{"id":1}}'
    expected = f'{{"topic":"t","event":"broadcast","payload":{payload},"ref":null}}'
    assert encode_broadcast(V1, "t", Broadcast("e", b'{"n":1}', meta={"id": 1})) == expected


def test_bytes_cannot_be_sent_in_the_older_version() -> None:
    broadcast = Broadcast("e", b"\x00", is_json=False)
    assert encode_broadcast(V1, "t", broadcast) is None
    assert encode_broadcast(V2, "t", broadcast) == bytes([4, 1, 1, 0, 0]) + b"te\x00"


def test_topic_too_long_for_a_binary_frame_goes_as_text() -> None:
    frame = encode_broadcast(V2, "t" * 256, Broadcast("e", b"{}"))
    assert isinstance(frame, str)
    assert frame.startswith('[null,null,"ttt')


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("", ()),
        ("a=eq.1", (Filter("a", "eq", "1"),)),
        ("a=not.eq.1", (Filter("a", "eq", "1", negated=True),)),
        ("a=eq.x.y=z", (Filter("a", "eq", "x.y=z"),)),
        ("a=in.(1,2),b=gt.3", (Filter("a", "in", "{1,2}"), Filter("b", "gt", "3"))),
        (r'a=eq."x,\"y"', (Filter("a", "eq", 'x,"y'),)),
        ('a=in.("(",b)', (Filter("a", "in", '{"(",b}'),)),
        ("a=is.null", (Filter("a", "is", "null"),)),
    ],
)
def test_filter_is_parsed(text: str, filters: tuple[Filter, ...]) -> None:
    assert parse_filters(text) == filters


@pytest.mark.parametrize("text", ["a", "a=1", "a=foo.1", "a=eq.1,", "a=is.5", "a=in.1", "a=is.null or true"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filters(text)


RELATION = (
    b"R" + struct.pack(">I", 7) + b"public\0notes\0d" + struct.pack(">H", 2)
    + b"\x01id\0" + struct.pack(">Ii", 23, -1)
    + b"\x00body\0" + struct.pack(">Ii", 25, -1)
)  # fmt: skip
BEGIN = b"B" + struct.pack(">QqI", 1, 86_400_000_000, 42)


def values(*columns: bytes | None) -> bytes:
    """A row; `b"u"` stands for a large value that was left alone."""
    parts = [
        b"n" if item is None else b"u" if item == b"u" else b"t" + struct.pack(">I", len(item)) + item
        for item in columns
    ]
    return struct.pack(">H", len(columns)) + b"".join(parts)


def test_inserted_row_is_decoded_with_its_transaction() -> None:
    decoder = Decoder()
    for message in (BEGIN, RELATION):
        assert decoder.feed(message) is None
    change = decoder.feed(b"I" + struct.pack(">I", 7) + b"N" + values(b"1", None))
    assert change is not None
    assert (change.operation, change.new, change.old) == ("INSERT", {"id": "1", "body": None}, None)
    assert (change.transaction, change.committed_at) == (42, datetime(2000, 1, 2, tzinfo=UTC))
    assert (change.relation.schema, change.relation.table) == ("public", "notes")


@pytest.mark.parametrize(
    ("message", "old", "new"),
    [
        (b"N" + values(b"1", b"u"), None, {"id": "1"}),
        (
            b"K" + values(b"1", None) + b"N" + values(b"2", "ü".encode()),
            {"id": "1"},
            {"id": "2", "body": "ü"},
        ),
        (
            b"O" + values(b"1", b"a") + b"N" + values(b"1", b"b"),
            {"id": "1", "body": "a"},
            {"id": "1", "body": "b"},
        ),
    ],
)
def test_updated_row_is_decoded(
    message: bytes, old: dict[str, str] | None, new: dict[str, str] | None
) -> None:
    decoder = Decoder()
    decoder.feed(RELATION)
    change = decoder.feed(b"U" + struct.pack(">I", 7) + message)
    assert change is not None
    assert (change.operation, change.old, change.new) == ("UPDATE", old, new)


def test_deleted_row_is_decoded_with_its_key() -> None:
    decoder = Decoder()
    decoder.feed(RELATION)
    change = decoder.feed(b"D" + struct.pack(">I", 7) + b"K" + values(b"1", None))
    assert change is not None
    assert (change.operation, change.old, change.new) == ("DELETE", {"id": "1"}, None)


@pytest.mark.parametrize("message", [b"C" + bytes(25), b"T" + bytes(9), b"O" + bytes(9), b"Y" + bytes(9)])
def test_other_messages_are_no_changes(message: bytes) -> None:
    assert Decoder().feed(message) is None
