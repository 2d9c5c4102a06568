"""Queues of RFC 41, 48, 49, 51 and 52: rows Q1 to Q4, Q9 and Q10 for each type of one frame."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patterns.support import FakeSocket, Peer
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError
from zmqthread.labels import Labelled
from zmqthread.message import Join

BODIES = [b"", b"\0", b"\1x", b"y" * 300]
GROUPED = {"RADIO", "DISH"}


class Case:
    """A socket of one type, and what its messages look like to it and to its peers."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.socket = FakeSocket(SocketType[kind])
        if kind == "DISH":
            self.socket.pattern.join(b"g")

    def accept(self, hwm: int = 1000) -> Peer:
        peer = self.socket.accept(hwm=hwm)
        if self.kind == "RADIO":
            peer.send(Join(b"g"))
        peer.got()  # what a DISH has joined
        return peer

    def connect(self, hwm: int = 1000) -> Peer:
        return self.socket.connect(hwm=hwm)

    def send(self, peer: Peer, body: bytes) -> bool:
        """Send to a peer, or as the type does; False if that has to wait."""
        label = {"SERVER": {"routing_id": peer.pipe.state}, "PEER": {"routing_id": peer.pipe.state},
                 "RADIO": {"group": b"g"}}  # fmt: skip
        message = Labelled(body, **label[self.kind]) if self.kind in label else body
        return bool(self.socket.pattern.send(message))

    def in_pipe(self, body: bytes) -> Any:
        return (b"g", body) if self.kind in GROUPED else body

    def received(self) -> list[Any]:
        found = self.socket.received()
        return [m.frame if isinstance(m, Labelled) else m for m in found]


def own_queue_out(kind: str) -> None:
    """What is queued for one peer takes no room from another one."""
    case = Case(kind)
    peers = [case.accept(hwm=1), case.accept(hwm=1)]
    assert [case.send(peer, b"%d" % n) for n, peer in enumerate(peers)] == [True, True]
    assert all(len(peer.pipe.outgoing) == 1 for peer in peers)


def own_queue_in(kind: str) -> None:
    """What one peer has sent is not behind what another one has."""
    case = Case(kind)
    one, other = case.accept(), case.accept()
    one.send(*[case.in_pipe(b"1")] * 3)
    other.send(case.in_pipe(b"2"))
    assert b"2" in case.received()[:2]


def at_once_and_kept(kind: str) -> None:
    """A queue is there before the peer, and stays while the peer is away."""
    case = Case(kind)
    peer = case.connect()
    assert case.send(peer, b"early")
    peer.plug()
    peer.unplug()
    assert case.send(peer, b"away")
    peer.plug()
    assert peer.got() == [b"early", b"away"]


def kept_in(kind: str) -> None:
    """What has come is there while the peer is away, and more comes when it is back."""
    case = Case(kind)
    peer = case.connect()
    for body in (b"1", b"2"):
        peer.plug()
        peer.send(case.in_pipe(body))
        peer.unplug()
    assert case.received() == [b"1", b"2"]


def with_its_peer(kind: str) -> None:
    """A queue of a peer that came in goes with it; the next peer gets nothing of it."""
    case = Case(kind)
    gone = case.accept()
    assert case.send(gone, b"for nobody else")
    gone.leave()
    assert case.accept().got() == []
    assert not gone.pipe.outgoing.queue


def gone(kind: str) -> None:
    """The same where each message is for one peer: there is nobody to send to."""
    case = Case(kind)
    peer = case.accept()
    assert case.send(peer, b"for nobody else")
    peer.leave()
    with pytest.raises(ZMQError):
        case.send(peer, b"x")
    assert not peer.pipe.outgoing.queue
    assert case.accept().got() == []


def bounded(kind: str) -> None:
    """A queue holds what its high-water mark says."""
    case = Case(kind)
    peer = case.accept(hwm=3)
    for _ in range(10):
        case.send(peer, b"x")
    assert len(peer.got()) == 3


def unchanged(kind: str, other: str) -> None:
    """What goes in comes out."""
    sender, receiver = Case(kind), Case(other)
    there, here = sender.accept(), receiver.accept()
    for body in BODIES:
        assert sender.send(there, body)
    here.send(*there.got())
    assert receiver.received() == BODIES


def test_rfc41_q01_a_queue_for_each_peer():
    own_queue_out("CLIENT")
    own_queue_out("SERVER")
    own_queue_in("CLIENT")
    own_queue_in("SERVER")


def test_rfc41_q02_a_queue_is_there_before_the_peer_and_without_it():
    at_once_and_kept("CLIENT")
    at_once_and_kept("SERVER")


def test_rfc41_q03_a_queue_goes_with_a_peer_that_came():
    with_its_peer("CLIENT")
    gone("SERVER")


def test_rfc41_q04_queues_are_bounded():
    bounded("CLIENT")
    bounded("SERVER")


def test_rfc41_q09_q10_messages_are_not_changed():
    unchanged("CLIENT", "SERVER")
    unchanged("SERVER", "CLIENT")


def test_rfc48_q01_a_queue_for_each_peer():
    own_queue_out("RADIO")
    own_queue_in("DISH")


def test_rfc48_q02_a_queue_is_there_before_the_peer_and_without_it():
    kept_in("DISH")


def test_rfc48_q03_a_queue_goes_with_a_peer_that_came():
    with_its_peer("RADIO")


def test_rfc48_q04_queues_are_bounded():
    bounded("RADIO")


def test_rfc48_q09_q10_messages_are_not_changed():
    unchanged("RADIO", "DISH")


def test_rfc49_q01_a_queue_for_each_peer():
    own_queue_out("SCATTER")
    own_queue_in("GATHER")


def test_rfc49_q02_a_queue_is_there_before_the_peer_and_without_it():
    at_once_and_kept("SCATTER")
    kept_in("GATHER")


def test_rfc49_q03_a_queue_goes_with_a_peer_that_came():
    with_its_peer("SCATTER")


def test_rfc49_q04_queues_are_bounded():
    bounded("SCATTER")


def test_rfc49_q09_q10_messages_are_not_changed():
    unchanged("SCATTER", "GATHER")


def test_rfc51_q01_a_queue_for_each_peer():
    own_queue_out("PEER")
    own_queue_in("PEER")


def test_rfc51_q02_a_queue_is_there_before_the_peer_and_without_it():
    at_once_and_kept("PEER")


def test_rfc51_q03_a_queue_goes_with_a_peer_that_came():
    gone("PEER")


def test_rfc51_q04_queues_are_bounded():
    bounded("PEER")


def test_rfc51_q09_q10_messages_are_not_changed():
    unchanged("PEER", "PEER")


def test_rfc52_q02_a_queue_is_there_before_the_peer_and_without_it():
    at_once_and_kept("CHANNEL")


def test_rfc52_q03_a_queue_goes_with_a_peer_that_came():
    with_its_peer("CHANNEL")


def test_rfc52_q04_queues_are_bounded():
    bounded("CHANNEL")


def test_rfc52_q09_q10_messages_are_not_changed():
    unchanged("CHANNEL", "CHANNEL")
