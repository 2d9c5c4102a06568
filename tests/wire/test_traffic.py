"""Commands after the handshake: Z23, Z44, Z46, Z47, Z50, Z51, H3, F8, F9, B1, B2, B6, B7."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.support import (
    command,
    connection,
    drain,
    established,
    frame,
    greeting,
    properties,
    refused,
)
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Cancel, Frame, Join, Leave, Subscribe
from zmqthread.wire.failures import unexpected
from zmqthread.wire.limits import Limits
from zmqthread.wire.mechanisms.mechanism import Mechanism


def test_h3_ready_after_the_handshake_closes() -> None:
    error = refused(established(), command(b"READY"))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND


@pytest.mark.parametrize("size", [0, 1, 16])
def test_rfc37_z50_b1_a_ping_is_answered_with_its_context(size: int) -> None:
    conn = established()
    assert drain(conn, command(b"PING", b"\0\0" + b"c" * size)) == []
    waiting = conn.has_output
    assert waiting
    assert conn.data_to_send() == command(b"PONG", b"c" * size)
    assert not conn.has_output
    assert conn.data_to_send() == b""


@pytest.mark.parametrize("size", [17, 200])
def test_rfc37_z50_b1_long_contexts_are_cut_to_16(size: int) -> None:
    conn = established()
    drain(conn, command(b"PING", b"\0\0" + bytes(range(size))))
    assert conn.data_to_send() == command(b"PONG", bytes(range(16)))


@pytest.mark.parametrize("data", [b"", b"\0"])
def test_rfc37_z51_b2_a_ping_without_a_whole_ttl_closes(data: bytes) -> None:
    conn = established()
    refused(conn, command(b"PING", data))
    assert conn.data_to_send() == b""


def test_b6_one_pong_waits_at_most() -> None:
    conn = established()
    drain(conn, b"".join(command(b"PING", b"\0\0" + i.to_bytes(4)) for i in range(50_000)))
    assert conn.data_to_send() == command(b"PONG", (49_999).to_bytes(4))


@pytest.mark.parametrize("size", [0, 16, 5000])
def test_b7_pongs_are_ignored(size: int) -> None:
    conn = established()
    assert drain(conn, command(b"PONG", bytes(size)) + frame(0, b"a")) == [b"a"]
    assert conn.dropped_commands == 0


def test_no_pong_is_sent_once_the_connection_failed() -> None:
    conn = established()
    refused(conn, command(b"PING", b"\0\0") + frame(5, b"\1X"))
    assert conn.data_to_send() == b""


# -- subscriptions ---------------------------------------------------------------------------


def test_rfc37_z44_subscribe_and_cancel_come_among_the_messages() -> None:
    conn = established("XPUB", b"SUB", takes_subscriptions=True)
    data = command(b"SUBSCRIBE", b"a") + frame(0, b"msg") + command(b"CANCEL", b"a")
    assert drain(conn, data + command(b"SUBSCRIBE")) == [
        Subscribe(b"a"), b"msg", Cancel(b"a"), Subscribe(b"")
    ]  # fmt: skip


@pytest.mark.parametrize("minor", [0, 1])
def test_rfc37_z46_both_forms_are_taken_from_anyone(minor: int) -> None:
    conn = established("PUB", b"SUB", takes_subscriptions=True, minor=minor)
    data = frame(0, b"\1a") + command(b"SUBSCRIBE", b"b") + frame(0, b"\0a") + frame(0, b"\1")
    assert drain(conn, data) == [Subscribe(b"a"), Subscribe(b"b"), Cancel(b"a"), Subscribe(b"")]


def test_u6_u7_other_messages_and_multiparts_reach_the_pattern_unchanged() -> None:
    conn = established("XPUB", b"SUB", takes_subscriptions=True)
    data = frame(0, b"\2x") + frame(0, b"") + frame(1, b"\1a") + frame(0, b"b")
    assert drain(conn, data) == [b"\2x", b"", (b"\1a", b"b")]


def test_f8_subscriptions_to_a_socket_that_takes_none_are_dropped_and_counted() -> None:
    conn = established("PULL")
    data = command(b"SUBSCRIBE", b"a") + command(b"CANCEL", b"a") + frame(0, b"\1a")
    assert drain(conn, data) == [b"\1a"]
    assert conn.dropped_commands == 2


@pytest.mark.parametrize("old_form", [False, True])
def test_u1_topics_over_the_cap_close_and_what_came_before_is_salvaged(old_form: bool) -> None:
    def subscribe(topic: bytes) -> bytes:
        return frame(0, b"\1" + topic) if old_form else command(b"SUBSCRIBE", topic)

    limits = Limits(topic=100)
    conn = established("XPUB", b"SUB", takes_subscriptions=True, limits=limits)
    good = subscribe(b"t" * 100)
    assert drain(conn, good) == [Subscribe(b"t" * 100)]
    refused(conn, good + frame(0, b"\1x") + subscribe(b"t" * 101) + good)
    assert conn.salvage() == [Subscribe(b"t" * 100), Subscribe(b"x")]


def test_u1_two_bad_things_at_once_salvage_only_what_came_before_both() -> None:
    limits = Limits(topic=3)
    conn = established("XPUB", b"SUB", takes_subscriptions=True, limits=limits)
    refused(conn, frame(0, b"\1a") + frame(0, b"\1long") + frame(0, b"\1b") + frame(5, b"\1X"))
    assert conn.salvage() == [Subscribe(b"a")]


@pytest.mark.parametrize("size", [0, 10, 254, 255, 256, 60_000])
def test_rfc37_z46_subscriptions_go_out_as_commands_from_3_1_on(size: int) -> None:
    conn = established("SUB", b"XPUB", minor=1)
    data = bytes(conn.encode_subscription(Subscribe(b"t" * size)))
    peer = established("XPUB", b"SUB", takes_subscriptions=True)
    assert data[0] & 4
    assert drain(peer, data) == [Subscribe(b"t" * size)]


@pytest.mark.parametrize("size", [0, 10, 254, 255, 256, 60_000])
def test_rfc37_z46_subscriptions_go_out_as_messages_to_3_0(size: int) -> None:
    conn = established("SUB", b"XPUB", minor=0)
    for item, first in ((Subscribe(b"t" * size), b"\1"), (Cancel(b"t" * size), b"\0")):
        data = bytes(conn.encode_subscription(item))
        # One octet more than the topic: a topic of 255 needs the long form.
        assert data == frame(0, first + b"t" * size)


# -- groups ------------------------------------------------------------------------------------


def test_rfc37_z47_join_and_leave_come_among_the_messages() -> None:
    conn = established("RADIO", b"DISH", takes_joins=True)
    data = command(b"JOIN", b"g") + command(b"LEAVE", b"g")
    assert drain(conn, data) == [Join(b"g"), Leave(b"g")]
    for item in (Join(b"g"), Leave(b"g")):
        assert conn.encode_subscription(item) in data


def test_f9_groups_to_a_socket_that_takes_none_are_dropped_and_counted() -> None:
    conn = established("PULL")
    assert drain(conn, command(b"JOIN", b"g") + command(b"LEAVE", b"\0")) == []
    assert conn.dropped_commands == 2


@pytest.mark.parametrize("group", [b"a\0b", b"g" * 256])
def test_rfc37_z47_bad_groups_close(group: bytes) -> None:
    refused(established("RADIO", b"DISH", takes_joins=True), command(b"JOIN", group))


# -- a mechanism that transforms ---------------------------------------------------------------


class Boxed(Mechanism):
    """A toy with the shape of CURVE: each frame goes out boxed, with its flags inside."""

    name = b"BOXED"
    handshake_names = frozenset({b"READY", b"INITIATE"})
    transforms = True

    def __init__(self) -> None:
        super().__init__()
        self.due: list[tuple[bytes, bytes]] = []

    def begin(self, metadata: bytes) -> None:
        self.due = [(b"READY", metadata)]

    def receive(self, name: bytes, data: bytes) -> None:
        self.metadata = data
        self.complete = True

    def commands(self) -> list[tuple[bytes, bytes]]:
        due, self.due = self.due, []
        return due

    def zap_reply(self, status: int) -> None:
        raise AssertionError

    def wrap(self, flags: int, body: bytes) -> bytes:
        return b"\x07MESSAGE" + bytes((flags,)) + body[::-1]

    def unwrap(self, flags: int, body: bytes) -> tuple[int, bytes]:
        if body[:8] != b"\x07MESSAGE" or flags & 1:
            raise unexpected("not in a box")
        return body[8], body[:8:-1]


def boxed(kind: str = "PULL", **options: Any) -> Any:
    conn = connection(kind, mechanism=Boxed(), **options)
    drain(conn, greeting(mechanism=b"BOXED"))
    drain(conn, command(b"READY", properties((b"Socket-Type", b"PUSH"))))
    assert conn.established
    conn.data_to_send()
    return conn


MESSAGES: list[Any] = [
    b"a", b"", (b"b", b"c" * 300, b""), b"d" * 5000, (b"e", b"f" * 400_000), b"g",
]  # fmt: skip


def test_frames_go_through_the_mechanism_both_ways() -> None:
    data = b"".join(boxed("PUSH").encode([*MESSAGES, Frame(b"h")]))
    assert data.startswith(frame(0, b"\x07MESSAGE\0a"))
    conn = boxed()
    assert drain(conn, data) == [*MESSAGES, b"h"]
    assert drain(boxed(), data, limit=1) == [*MESSAGES, b"h"]
    short = data[:400]
    assert [m for i in range(400) for m in drain(conn, short[i : i + 1])][:2] == MESSAGES[:2]


def test_commands_go_through_the_mechanism_both_ways() -> None:
    conn = boxed("XPUB", takes_subscriptions=True)
    inner = boxed("SUB").encode_subscription(Subscribe(b"topic"))
    assert inner[0] == 0
    assert drain(conn, inner) == [Subscribe(b"topic")]
    drain(conn, frame(0, b"\x07MESSAGE\x04" + (b"\x04PING\0\0x")[::-1]))
    assert conn.data_to_send() == frame(0, b"\x07MESSAGE\x04" + (b"\x04PONGx")[::-1])


def test_rfc26_c10_the_command_bit_outside_is_accepted() -> None:
    assert drain(boxed(), frame(4, b"\x07MESSAGE\0a")) == [b"a"]


@pytest.mark.parametrize("data", [frame(0, b"plain"), command(b"PING", b"\0\0")])
def test_rfc26_c27_nothing_in_clear_is_taken(data: bytes) -> None:
    refused(boxed(), data)


def test_limits_hold_inside_the_box() -> None:
    def box(flags: int, body: bytes) -> bytes:
        return frame(0, b"\x07MESSAGE" + bytes((flags,)) + body)

    limits = Limits(frame_size=100, parts=3, message_size=250)
    conn = boxed(limits=limits)
    assert drain(conn, box(0, bytes(100))) == [bytes(100)]
    for data in (
        box(0, bytes(101)),
        box(1, b"") * 3 + box(0, b""),
        box(1, bytes(100)) * 2 + box(0, bytes(51)),
        box(5, b"\1X"),
        box(4, b""),
    ):
        with pytest.raises(ProtocolError):
            drain(boxed(limits=limits), data)
