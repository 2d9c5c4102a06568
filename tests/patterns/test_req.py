"""REQ: RFC 28, rules R01 to R04, REQ_CORRELATE and REQ_RELAXED."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EFSM, SocketType
from zmqthread.errors import ZMQError


def req(**options):
    return FakeSocket(SocketType.REQ, **options)


def out_of_turn(function, *args):
    with pytest.raises(ZMQError) as caught:
        function(*args)
    assert caught.value.errno == EFSM


def test_r01_sends_and_receives_in_turn():
    socket = req()
    peer = socket.accept()
    for _ in range(2):
        out_of_turn(socket.pattern.recv)
        assert socket.pattern.send(b"request")
        out_of_turn(socket.pattern.send, b"again")
        out_of_turn(socket.pattern.begin, b"again")
        peer.send((b"", b"reply"))
        assert socket.pattern.recv() == b"reply"
    assert peer.got() == [(b"", b"request")] * 2


def test_r01_waiting_for_the_reply_does_not_end_the_turn():
    socket = req()
    socket.accept()
    socket.pattern.send(b"request")
    assert socket.pattern.recv() is None
    assert socket.pattern.recv() is None
    out_of_turn(socket.pattern.send, b"again")


@pytest.mark.parametrize("body", [b"", b"x", (b"x", b"y"), (b"", b"y"), (b"x", b"")])
def test_r02_puts_a_delimiter_before_the_request_and_takes_it_off_the_reply(body):
    socket = req()
    peer = socket.accept()
    frames = body if isinstance(body, tuple) else (body,)
    assert socket.pattern.send(body)
    assert peer.got() == [(b"", *frames)]
    peer.send((b"", *frames))
    assert socket.pattern.recv() == body


def test_r03_drops_what_others_send():
    socket = req()
    asked, other = socket.accept(), socket.accept()
    socket.pattern.send(b"request")
    assert len(asked.got()) == 1
    other.send((b"", b"not asked"))
    assert not socket.pattern.can_recv()
    assert socket.pattern.recv() is None
    asked.send((b"", b"reply"))
    other.send((b"", b"not asked"))
    assert socket.pattern.recv() == b"reply"
    assert socket.pattern.origin is asked.pipe
    assert other.pipe.dropped == socket.pattern.dropped


@pytest.mark.parametrize("junk", [b"", b"x", (b"x", b"y"), (b"x", b"", b"y")])
def test_a_malformed_reply_is_dropped(junk):
    socket = req()
    peer = socket.accept()
    socket.pattern.send(b"request")
    peer.send(junk, (b"", b"reply"))
    assert socket.pattern.recv() == b"reply"
    assert peer.pipe.dropped == socket.pattern.dropped == 1


@pytest.mark.parametrize("junk", [b"", b"x", (b"x", b"y")])
def test_a_malformed_reply_is_no_event(junk):
    socket = req()
    peer = socket.accept()
    socket.pattern.send(b"request")
    peer.send(junk, junk)
    assert not socket.pattern.can_recv()
    assert socket.pattern.dropped == 2
    peer.send((b"", b"reply"))
    assert socket.pattern.can_recv()
    assert socket.pattern.recv() == b"reply"


def test_a_reply_that_came_unasked_is_not_taken_for_the_next_one():
    socket = req()
    peers = [socket.accept(), socket.accept()]
    for peer in peers:
        peer.send((b"", b"unasked"), (b"", b"unasked"))
    assert not socket.pattern.can_recv()
    socket.pattern.send(b"request")
    assert socket.pattern.recv() is None
    assert socket.pattern.dropped == 4
    peers[0].send((b"", b"reply"))
    assert socket.pattern.recv() == b"reply"


def test_r04_waits_without_a_peer_and_with_full_ones():
    socket = req(req_relaxed=1)
    assert not socket.pattern.send(b"x")
    assert socket.pattern.begin(b"x") is None
    assert not socket.pattern.can_send()
    peer = socket.connect(hwm=1)
    assert socket.pattern.send(b"1")
    assert not socket.pattern.send(b"2")
    assert peer.got() == [(b"", b"1")]
    assert socket.pattern.send(b"2")


def test_a_request_that_has_to_wait_leaves_the_turn_as_it_was():
    socket = req()
    assert not socket.pattern.send(b"x")
    out_of_turn(socket.pattern.recv)
    socket.accept()
    assert socket.pattern.send(b"x")


def test_q6_asks_the_peers_in_turn():
    socket = req()
    peers = [socket.accept() for _ in range(3)]
    for peer in peers * 2:
        socket.pattern.send(b"request")
        assert peer.got() == [(b"", b"request")]
        peer.send((b"", b"reply"))
        assert socket.pattern.recv() == b"reply"


def test_a_request_of_several_frames_begins_in_turn_and_goes_to_the_peer_picked_then():
    socket = req()
    peer, other = socket.accept(), socket.accept()
    route = socket.pattern.begin(b"a")
    out_of_turn(socket.pattern.recv)
    assert socket.pattern.send((b"a", b"b"), route)
    assert (peer.got(), other.got()) == ([(b"", b"a", b"b")], [])
    out_of_turn(socket.pattern.begin, b"a")
    peer.send((b"", b"reply"))
    assert socket.pattern.recv() == b"reply"


def test_a_request_lost_with_its_peer_is_not_sent_again():
    socket = req()
    asked, other = socket.accept(), socket.accept()
    socket.pattern.send(b"request")
    asked.leave()
    assert socket.pattern.recv() is None
    assert not socket.pattern.can_send()
    # libzmq would take this one.
    other.send((b"", b"not asked"))
    assert socket.pattern.recv() is None
    out_of_turn(socket.pattern.send, b"again")
    assert other.got() == []


def test_a_request_whose_peer_goes_between_its_frames_is_lost_like_any_other():
    socket = req()
    peer = socket.accept()
    route = socket.pattern.begin(b"a")
    peer.leave()
    assert socket.pattern.send((b"a", b"b"), route)
    assert socket.pattern.recv() is None


def test_the_reply_of_a_peer_that_has_left_is_read():
    socket = req()
    peer = socket.accept()
    socket.pattern.send(b"request")
    peer.send((b"", b"reply"))
    peer.leave()
    assert socket.pattern.can_recv()
    assert socket.pattern.recv() == b"reply"


def test_the_reply_may_come_after_a_reconnection():
    socket = req()
    peer = socket.connect()
    socket.pattern.send(b"request")
    peer.plug()
    peer.unplug()
    peer.plug()
    peer.send((b"", b"reply"))
    assert socket.pattern.recv() == b"reply"


def test_events_follow_the_turn():
    socket = req()
    assert not socket.pattern.can_send()
    peer = socket.connect()
    assert socket.pattern.can_send()
    assert not socket.pattern.can_recv()
    socket.pattern.send(b"request")
    assert not socket.pattern.can_send()
    peer.send((b"", b"reply"))
    assert socket.pattern.can_recv()
    socket.pattern.recv()
    assert socket.pattern.can_send()
    assert not socket.pattern.can_recv()


def test_there_are_no_short_cuts():
    socket = req()
    socket.accept()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None


# -- options -------------------------------------------------------------------------------------


def test_correlate_numbers_requests_and_drops_replies_to_others():
    socket = req(req_correlate=1)
    peer = socket.accept()
    numbers = []
    for _ in range(2):
        socket.pattern.send(b"request")
        number, delimiter, body = peer.take()
        assert (len(number), delimiter, body) == (4, b"", b"request")
        numbers.append(number)
        late, wrong = (numbers[0], b"", b"late"), (b"", b"no number")
        junk = [wrong, (number, b"x", b"no delimiter"), (number, b"")]
        peer.send(*junk, *([late] if number != numbers[0] else []), (number, b"", b"reply"))
        assert socket.pattern.recv() == b"reply"
    assert int.from_bytes(numbers[1], "big") == int.from_bytes(numbers[0], "big") + 1


def test_correlate_wraps_around():
    socket = req(req_correlate=1)
    socket.pattern._number = 0xFFFFFFFF
    peer = socket.accept()
    socket.pattern.send(b"request")
    assert peer.take()[0] == bytes(4)


def test_a_reply_counts_by_the_envelope_its_request_had():
    socket = req(req_correlate=1)
    peer = socket.accept()
    socket.pattern.send(b"request")
    socket.options.req_correlate = 0
    number = peer.take()[0]
    peer.send((b"", b"x"), (number, b"", b"reply"))
    assert socket.pattern.recv() == b"reply"


def test_relaxed_asks_another_peer_and_drops_the_late_reply():
    # libzmq's test_req_relaxed, cases 1 and 2.
    socket = req(req_relaxed=1, req_correlate=1)
    peers = [socket.accept() for _ in range(3)]
    socket.pattern.send(b"1")
    first = peers[0].take()
    assert socket.pattern.can_send()
    assert socket.pattern.send((b"2", b"3"), socket.pattern.begin(b"2"))
    second = peers[1].take()
    peers[0].send((*first[:2], b"wrong"))
    peers[1].send((*second[:2], b"right"))
    assert socket.pattern.recv() == b"right"


def test_relaxed_drops_a_reply_that_is_there_when_the_next_request_goes_out():
    socket = req(req_relaxed=1)
    peer = socket.accept()
    socket.pattern.send(b"1")
    peer.send((b"", b"bad"))
    socket.pattern.send(b"2")
    peer.send((b"", b"good"))
    assert socket.pattern.recv() == b"good"


def test_relaxed_does_not_cut_the_peer_asked_before():
    # libzmq's test_req_relaxed, case 3 (libzmq#1690).
    socket = req(req_relaxed=1)
    peers = [socket.accept(), socket.accept()]
    for number in range(4):
        assert socket.pattern.send(b"%d" % number)
    assert not any(peer.cut for peer in peers)
    assert [len(peer.got()) for peer in peers] == [2, 2]


def test_relaxed_asks_again_after_its_peer_has_gone():
    socket = req(req_relaxed=1)
    peer = socket.accept()
    socket.pattern.send(b"1")
    peer.leave()
    peer = socket.accept()
    assert socket.pattern.send(b"2")
    peer.send((b"", b"reply"))
    assert socket.pattern.recv() == b"reply"


def test_relaxed_does_not_receive_before_the_first_request():
    out_of_turn(req(req_relaxed=1).pattern.recv)


def test_probe_router_goes_before_the_first_request():
    socket = req(probe_router=1)
    peer = socket.connect()
    socket.pattern.send(b"request")
    assert peer.got() == [b"", (b"", b"request")]
