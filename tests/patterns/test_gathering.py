"""Messages of a publisher that gather in a burst, and who gets them in the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patterns.support import FakeSocket, Peer
from zmqthread.constants import SocketType
from zmqthread.message import Cancel, Frame, Subscribe
from zmqthread.pipes.lane import BATCH, GATHER, Lane


def pub(kind: SocketType = SocketType.PUB, **options: Any) -> FakeSocket:
    socket = FakeSocket(kind, **options)
    socket.burst = True
    return socket


def subscriber(socket: FakeSocket, *topics: bytes, hwm: int = 1000) -> Peer:
    peer = socket.accept(hwm=hwm)
    peer.send(*map(Subscribe, topics))
    return peer


def lane_of(socket: FakeSocket) -> Lane:
    lane = socket.pattern.express_out()
    assert isinstance(lane, Lane)
    return lane


def send(socket: FakeSocket, *messages: Any) -> None:
    """Send as `Core.send` does while the lane is open to it."""
    lane = lane_of(socket)
    for message in messages:
        lane.writer.force(message)


def flush(socket: FakeSocket) -> None:
    flushables, socket.put_off = socket.put_off, []
    for flushable in flushables:
        flushable.flush()


def test_in_a_burst_messages_gather_and_go_out_together():
    socket = pub()
    peers = [subscriber(socket, b"a"), subscriber(socket, b"ab")]
    frame = Frame(b"abd")
    send(socket, b"abc", b"ac", (b"ab", b"x"), frame, b"b")
    assert len(socket.put_off) == 1
    assert [peer.got() for peer in peers] == [[], []]
    flush(socket)
    assert peers[0].got() == [b"abc", b"ac", (b"ab", b"x"), frame]
    assert peers[1].got() == [b"abc", (b"ab", b"x"), frame]
    assert not lane_of(socket).open
    assert socket.pattern.dropped == 0


def test_when_it_is_quiet_a_message_goes_out_at_once():
    socket = pub()
    socket.burst = False
    peer = subscriber(socket, b"")
    send(socket, b"x")
    assert (peer.got(), socket.put_off) == ([b"x"], [])


def test_a_crowd_of_subscribers_is_left_to_the_io_thread():
    socket = pub()
    socket.burst = False
    peers = [subscriber(socket, b"") for _ in range(17)]
    send(socket, b"x")
    assert not any(peer.got() for peer in peers)
    flush(socket)
    assert all(peer.got() == [b"x"] for peer in peers)


@pytest.mark.parametrize("topics", [b"", b"x"])
def test_a_batch_is_carried_once_for_all_who_want_the_same(topics: bytes) -> None:
    socket = pub()
    peers = [subscriber(socket, topics) for _ in range(3)]
    for peer in peers:
        peer.carries = True
    messages = [b"x%d" % number for number in range(10)]
    send(socket, *messages)
    flush(socket)
    (batch,) = peers[0].carried
    assert batch.messages == messages
    assert all(peer.carried == [batch] for peer in peers)


def test_a_subscriber_with_something_in_the_way_gets_it_by_its_lane():
    socket = pub()
    quick, slow = subscriber(socket, b""), subscriber(socket, b"")
    quick.carries = True
    send(socket, b"1", b"2")
    flush(socket)
    assert (quick.got(), quick.carried[0].messages) == ([], [b"1", b"2"])
    assert slow.got() == [b"1", b"2"]


def test_so_many_messages_gather_and_no_more():
    socket = pub()
    peer = subscriber(socket, b"")
    send(socket, *[b"x"] * (BATCH - 1))
    assert not peer.pipe.outgoing.queue
    send(socket, b"x")
    assert len(peer.got()) == BATCH


def test_so_many_octets_gather_and_no_more():
    socket = pub()
    peer = subscriber(socket, b"")
    send(socket, bytes(GATHER - 1))
    assert not peer.pipe.outgoing.queue
    send(socket, bytes(GATHER))
    assert list(map(len, peer.got())) == [GATHER - 1, GATHER]
    assert not lane_of(socket).heavy()


@pytest.mark.parametrize("hwm", [1, 2, 5])
def test_no_more_gather_than_the_high_water_mark(hwm: int) -> None:
    socket = pub(sndhwm=hwm)
    peer = subscriber(socket, b"", hwm=hwm)
    send(socket, *[b"x"] * (hwm - 1))
    assert not peer.pipe.outgoing.queue
    send(socket, b"x")
    assert len(peer.got()) == hwm


def test_q8_a_slow_subscriber_misses_what_is_past_its_mark_and_the_others_do_not():
    socket = pub()
    slow, quick = subscriber(socket, b"", hwm=3), subscriber(socket, b"")
    send(socket, *[b"%d" % number for number in range(10)])
    flush(socket)
    assert slow.got() == [b"0", b"1", b"2"]
    assert len(quick.got()) == 10
    assert (slow.pipe.dropped, quick.pipe.dropped, socket.pattern.dropped) == (7, 0, 7)


def test_a_subscriber_that_has_gone_misses_nothing():
    socket = pub()
    one, other = subscriber(socket, b""), subscriber(socket, b"")
    send(socket, b"x")
    one.detach()
    flush(socket)
    assert (one.got(), other.got(), socket.pattern.dropped) == ([], [b"x"], 0)


def test_a_subscription_does_not_count_for_what_was_sent_before_it():
    socket = pub()
    peer = subscriber(socket, b"a")
    send(socket, b"b1", b"a1")
    peer.send(Subscribe(b"b"))
    send(socket, b"b2", b"a2")
    peer.send(Cancel(b"a"))
    send(socket, b"a3", b"b3")
    late = subscriber(socket, b"")
    send(socket, b"b4")
    flush(socket)
    assert peer.got() == [b"a1", b"b2", b"a2", b"b3", b"b4"]
    assert late.got() == [b"b4"]


def test_what_does_not_gather_goes_out_behind_what_has():
    socket = pub()
    peer = subscriber(socket, b"")
    send(socket, b"1")
    assert socket.pattern.send((b"2", b"x"))
    send(socket, b"3")
    route = socket.pattern.begin(b"4")
    socket.pattern.send((b"4", b"x"), route)
    assert peer.got() == [b"1", (b"2", b"x"), b"3", (b"4", b"x")]


def test_a_connection_that_breaks_while_it_is_written_to_does_not_stop_the_others():
    socket = pub()
    peers = [subscriber(socket, b"") for _ in range(3)]

    def carry(pipe: Any, batch: Any) -> bool:
        peers[1].detach()
        return True

    peers[1].carry = carry  # type: ignore[method-assign]
    send(socket, b"x", b"y")
    flush(socket)
    assert [peers[0].got(), peers[2].got()] == [[b"x", b"y"]] * 2


def test_what_an_interrupt_leaves_is_gone_on_with():
    socket = pub()
    peers = [subscriber(socket, b"") for _ in range(3)]

    def carry(pipe: Any, batch: Any) -> bool:
        raise KeyboardInterrupt

    peers[0].carry = carry  # type: ignore[method-assign]
    send(socket, b"x", b"y")
    with pytest.raises(KeyboardInterrupt):
        flush(socket)
    assert socket.put_off
    flush(socket)
    assert [peer.got() for peer in peers[1:]] == [[b"x", b"y"]] * 2


@pytest.mark.parametrize("option", ["xpub_nodrop", "invert_matching", "conflate"])
def test_where_each_message_is_decided_about_nothing_gathers(option: str) -> None:
    assert pub(SocketType.PUB, **{option: 1}).pattern.express_out() is None


def test_in_process_nothing_gathers():
    socket = pub()
    socket.in_process = True
    assert socket.pattern.express_out() is None


def test_an_xpub_in_manual_mode_lets_nothing_gather():
    assert pub(SocketType.XPUB).pattern.express_out() is not None
    assert pub(SocketType.XPUB, xpub_manual=1).pattern.express_out() is None
