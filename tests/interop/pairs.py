"""The pairs of socket types that may talk, and what a message looks like on either side.

Imported by the tests and by peers in processes of their own: it works with both libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Frames = list[bytes]
Shape = Callable[[Frames], Frames]

#: The routing ids of the two sides, where these have any.
A_NAME, B_NAME = b"the first", b"the second"
GO = b"go"
_BODY = bytes(range(2, 253)) * 4400


def body(size: int) -> bytes:
    """Return octets that do not look alike at any offset, nor like a subscription."""
    return _BODY[size % 7 : size % 7 + size]


def plain(message: Frames) -> Frames:
    """Nothing is added."""
    return message


def delimited(message: Frames) -> Frames:
    """What DEALER has to say to REP."""
    return [b"", *message]


def named(*envelope: bytes) -> Shape:
    """What ROUTER adds and takes."""
    return lambda message: [*envelope, *message]


@dataclass(frozen=True)
class Pair:
    """Two socket types: what a message looks like to who sends it and to who receives it."""

    a: str
    b: str
    sent: Shape = plain
    seen: Shape = plain
    answered: Shape | None = plain
    heard: Shape = plain

    def __str__(self) -> str:
        return f"{self.a}-{self.b}"


PAIRS = [
    Pair("PAIR", "PAIR"),
    Pair("PUB", "SUB", answered=None),
    Pair("PUB", "XSUB", answered=None),
    Pair("XPUB", "SUB", answered=None),
    Pair("XPUB", "XSUB"),
    Pair("REQ", "REP"),
    Pair("REQ", "ROUTER", seen=named(A_NAME, b""), answered=named(A_NAME, b"")),
    Pair("DEALER", "REP", sent=delimited, heard=delimited),
    Pair("DEALER", "DEALER"),
    Pair("DEALER", "ROUTER", seen=named(A_NAME), answered=named(A_NAME)),
    Pair("ROUTER", "ROUTER", named(B_NAME), named(A_NAME), named(A_NAME), named(B_NAME)),
    Pair("PUSH", "PULL", answered=None),
]


def prepare(pair: Pair, a: Any, b: Any) -> None:
    """Set what has to be set before the two meet; None for a side that is elsewhere."""
    for sock, name, kind in ((a, A_NAME, pair.a), (b, B_NAME, pair.b)):
        if sock is None:
            continue
        if kind in {"REQ", "DEALER", "ROUTER"}:
            sock.routing_id = name
        if kind == "ROUTER":
            sock.router_mandatory = 1
        if kind == "SUB":
            sock.subscribe(b"")
        if pair.b == "ROUTER" == pair.a:
            sock.probe_router = 1


def meet(pair: Pair, a: Any, b: Any) -> None:
    """Wait until a message from either side would arrive."""
    if pair.b == "XSUB":
        b.send(b"\x01")
    if pair.a == "XPUB":
        await_message(a, b)
        assert a.recv_multipart() == [b"\x01"]
    elif pair.a == "PUB":
        _publish_until_heard(a, b)
    elif pair.b == "ROUTER" == pair.a:
        await_message(a, b)
        assert a.recv_multipart() == [B_NAME, b""]
        await_message(b, a)
        assert b.recv_multipart() == [A_NAME, b""]
    elif pair.b == "ROUTER":
        pass  # the other side speaks first


def await_message(sock: Any, other: Any) -> None:
    """Wait for a message that ``other`` may still have to send.

    What libzmq's socket has to say to a peer that has come in, it says when it is next called.
    """
    for _ in range(2000):
        if sock.poll(10):
            return
        other.poll(0)
    raise AssertionError("no message came")


def _publish_until_heard(a: Any, b: Any) -> None:
    """A publisher cannot tell whether it has been subscribed to: it is tried."""
    for _ in range(2000):
        a.send(b"anybody there?")
        if b.poll(10):
            break
    a.send(GO)
    while b.recv() != GO:
        pass


def exchange(pair: Pair, a: Any, b: Any, message: Frames) -> None:
    """Send ``message`` there and, where that is possible, back."""
    a.send_multipart(pair.sent(message))
    assert b.recv_multipart() == pair.seen(message)
    if pair.answered is not None:
        b.send_multipart(pair.answered(message))
        assert a.recv_multipart() == pair.heard(message)
