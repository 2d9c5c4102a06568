"""The pairs of types that are drafts in libzmq: how either side of one speaks and listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.interop.pairs import GO, await_message

GROUP = "the group"


@dataclass
class End:
    """A socket and what it has to know to use it."""

    kind: str
    sock: Any
    #: The number of the other side, as this side knows it.
    peer: int = 0
    #: The number of this side, as the other one knows it.
    number: int = 0

    def say(self, message: bytes) -> None:
        """Send to the other side."""
        if self.kind in {"SERVER", "PEER"}:
            self.sock.send(message, routing_id=self.peer)
        elif self.kind == "RADIO":
            self.sock.send(message, group=GROUP)
        else:
            self.sock.send(message)

    def hear(self) -> bytes:
        """Receive from the other side."""
        if self.kind in {"SERVER", "PEER"}:
            frame = self.sock.recv(copy=False)
            assert self.peer in {0, frame.routing_id}
            assert frame.routing_id
            self.peer = frame.routing_id
            return bytes(frame.bytes)
        if self.kind == "DISH":
            frame = self.sock.recv(copy=False)
            assert frame.group == GROUP
            return bytes(frame.bytes)
        return bytes(self.sock.recv())

    def connect(self, endpoint: str) -> None:
        """Connect, and learn whom to."""
        if self.kind == "PEER":
            self.peer = self.sock.connect_peer(endpoint)
        else:
            self.sock.connect(endpoint)


@dataclass(frozen=True)
class DraftPair:
    """Two types; the first one speaks first."""

    a: str
    b: str
    answers: bool = True

    def __str__(self) -> str:
        return f"{self.a}-{self.b}"


DRAFT_PAIRS = [
    DraftPair("CLIENT", "SERVER"),
    DraftPair("PEER", "PEER"),
    DraftPair("CHANNEL", "CHANNEL"),
    DraftPair("SCATTER", "GATHER", answers=False),
    DraftPair("RADIO", "DISH", answers=False),
]


def meet(a: End, b: End) -> None:
    """Wait until a message from the first would arrive."""
    if a.kind != "RADIO":
        return
    for _ in range(2000):
        a.say(b"anybody there?")
        if b.sock.poll(10):
            break
    a.say(GO)
    while b.hear() != GO:
        pass


def exchange(pair: DraftPair, a: End, b: End, message: bytes) -> None:
    """Send a message there and, where that is possible, back."""
    a.say(message)
    assert b.hear() == message
    if pair.answers:
        b.say(message)
        await_message(a.sock, b.sock)
        assert a.hear() == message
