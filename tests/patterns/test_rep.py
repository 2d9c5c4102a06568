"""REP: RFC 28, rules R05 to R08."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EFSM, SocketType
from zmqthread.errors import ZMQError


def rep(**options):
    return FakeSocket(SocketType.REP, **options)


def out_of_turn(function, *args):
    with pytest.raises(ZMQError) as caught:
        function(*args)
    assert caught.value.errno == EFSM


def test_r05_receives_and_sends_in_turn():
    socket = rep()
    peer = socket.accept()
    for _ in range(2):
        out_of_turn(socket.pattern.send, b"reply")
        out_of_turn(socket.pattern.begin, b"reply")
        peer.send((b"", b"request"))
        assert socket.pattern.recv() == b"request"
        out_of_turn(socket.pattern.recv)
        assert socket.pattern.send(b"reply")
    assert peer.got() == [(b"", b"reply")] * 2


def test_r05_waiting_for_a_request_does_not_begin_the_turn():
    socket = rep()
    socket.accept()
    assert socket.pattern.recv() is None
    assert socket.pattern.recv() is None
    out_of_turn(socket.pattern.send, b"reply")


@pytest.mark.parametrize("body", [b"", b"x", (b"x", b"y"), (b"", b"y"), (b"x", b"")])
@pytest.mark.parametrize("hops", [(), (b"A",), tuple(b"%d" % hop for hop in range(1000))])
def test_r06_keeps_the_envelope_and_puts_it_back(hops, body):
    socket = rep()
    peer = socket.accept()
    frames = body if isinstance(body, tuple) else (body,)
    peer.send((*hops, b"", *frames))
    assert socket.pattern.recv() == body
    assert socket.pattern.send(body)
    assert peer.got() == [(*hops, b"", *frames)]


@pytest.mark.parametrize(
    "junk", [b"", b"x", (b"x", b"y"), (b"x", b""), tuple(b"%d" % hop for hop in range(1000))]
)
def test_r07_a_request_without_delimiter_or_body_is_skipped(junk):
    socket = rep()
    bad, good = socket.accept(), socket.accept()
    bad.send(junk)
    assert not socket.pattern.can_recv()
    bad.send(junk)
    good.send((b"", b"request"))
    assert socket.pattern.recv() == b"request"
    assert socket.pattern.send(b"reply")
    assert (good.got(), bad.got()) == ([(b"", b"reply")], [])
    assert socket.pattern.recv() is None
    assert bad.pipe.dropped == socket.pattern.dropped == 2


def test_q5_serves_the_peers_in_turn():
    socket = rep()
    peers = [socket.accept(), socket.accept()]
    peers[0].send((b"", b"a1"), (b"", b"a2"))
    peers[1].send((b"", b"b1"), (b"", b"b2"))
    served = []
    while (request := socket.pattern.recv()) is not None:
        served.append(request)
        socket.pattern.send(request)
    assert served == [b"a1", b"b1", b"a2", b"b2"]
    assert peers[1].got() == [(b"", b"b1"), (b"", b"b2")]


def test_two_requesters_of_one_name_are_both_served():
    # libzmq's REP ignores the second.
    socket = rep()
    for peer in (socket.accept(b"same"), socket.accept(b"same")):
        peer.send((b"", b"request"))
        assert socket.pattern.recv() == b"request"
        assert socket.pattern.send(b"reply")
        assert peer.got() == [(b"", b"reply")]


@pytest.mark.parametrize("parts", [False, True])
def test_r08_the_reply_to_a_vanished_requester_is_dropped_and_counted(parts):
    socket = rep()
    peer, other = socket.accept(), socket.accept()
    peer.send((b"A", b"", b"request"))
    socket.pattern.recv()
    route = socket.pattern.begin(b"reply") if parts else None
    peer.leave()
    assert socket.pattern.can_send()
    assert socket.pattern.send(b"reply", route)
    assert socket.pattern.dropped == 1
    other.send((b"", b"next"))
    assert socket.pattern.recv() == b"next"


def test_r08_so_is_the_reply_to_a_request_read_after_its_peer_had_left():
    socket = rep()
    peer = socket.accept()
    peer.send((b"", b"1"), (b"", b"2"))
    peer.leave()
    for body in (b"1", b"2"):
        assert socket.pattern.recv() == body
        assert socket.pattern.send(b"reply")
    assert socket.pattern.dropped == 2


def test_r08_the_reply_to_a_full_requester_is_dropped_and_counted():
    socket = rep()
    peer = socket.accept(hwm=1)
    peer.send((b"", b"1"), (b"", b"2"))
    for _ in range(2):
        socket.pattern.recv()
        assert socket.pattern.can_send()
        assert socket.pattern.send(b"reply")
    assert peer.got() == [(b"", b"reply")]
    assert peer.pipe.dropped == socket.pattern.dropped == 1


def test_a_reply_of_several_frames_that_another_thread_was_quicker_with_is_out_of_turn():
    socket = rep()
    peer = socket.accept()
    peer.send((b"", b"1"), (b"", b"2"))
    socket.pattern.recv()
    route = socket.pattern.begin(b"a")
    socket.pattern.send(b"quicker")
    out_of_turn(socket.pattern.send, (b"a", b"b"), route)
    socket.pattern.recv()
    out_of_turn(socket.pattern.send, (b"a", b"b"), route)
    assert socket.pattern.send((b"a", b"b"), socket.pattern.begin(b"a"))
    assert peer.got() == [(b"", b"quicker"), (b"", b"a", b"b")]


def test_replies_to_a_lost_connection_do_not_go_to_the_peer_that_comes_next():
    socket = rep()
    peer = socket.connect()
    peer.plug()
    peer.send((b"", b"read"), (b"", b"unread"))
    socket.pattern.recv()
    peer.unplug()
    peer.plug()
    peer.send((b"", b"from the next"))
    assert socket.pattern.send(b"reply to a lost one")
    assert socket.pattern.recv() == b"unread"
    assert socket.pattern.send(b"reply to a lost one")
    assert socket.pattern.recv() == b"from the next"
    assert socket.pattern.send(b"reply")
    assert peer.got() == [(b"", b"reply")]
    assert socket.pattern.dropped == 2


def test_a_pipe_may_go_between_connections():
    socket = rep()
    peer = socket.connect()
    peer.plug()
    peer.send((b"", b"request"))
    peer.unplug()
    peer.detach()
    peer.pipe.incoming.clear()
    assert socket.pattern.recv() is None


def test_events_follow_the_turn():
    socket = rep()
    peer = socket.accept()
    assert not socket.pattern.can_send()
    assert not socket.pattern.can_recv()
    peer.send((b"", b"1"), (b"", b"2"))
    assert socket.pattern.can_recv()
    assert not socket.pattern.can_send()
    socket.pattern.recv()
    assert socket.pattern.can_send()
    assert not socket.pattern.can_recv()
    socket.pattern.send(b"reply")
    assert socket.pattern.can_recv()
    assert not socket.pattern.can_send()


def test_there_are_no_short_cuts():
    socket = rep()
    socket.accept()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None


def test_probe_router():
    assert rep(probe_router=1).accept().got() == [b""]
