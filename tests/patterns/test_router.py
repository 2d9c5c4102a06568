"""ROUTER: RFC 28, rule R10, and the ROUTER_* options; for names see test_router_names."""

from __future__ import annotations

import errno

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError

POLLOUT = 2


def router(**options):
    return FakeSocket(SocketType.ROUTER, **options)


def fails(number, function, *args):
    with pytest.raises(ZMQError) as caught:
        function(*args)
    assert caught.value.errno == number


# -- sending -------------------------------------------------------------------------------------


def test_a_message_for_nobody_is_dropped_and_counted():
    socket = router()
    assert socket.pattern.can_send()
    assert socket.pattern.send((b"A", b"x"))
    assert socket.pattern.send((b"A", b"x"), socket.pattern.begin(b"A"))
    assert socket.pattern.dropped == 2


def test_a_name_alone_is_swallowed():
    socket = router(router_mandatory=1)
    peer = socket.accept(b"A")
    assert socket.pattern.send(b"A")
    assert peer.got() == []
    assert socket.pattern.dropped == 1


def test_a_message_for_a_full_peer_is_dropped_and_counted():
    socket = router()
    full, other = socket.accept(b"A", hwm=1), socket.accept(b"B")
    assert all(socket.pattern.send((b"A", b"%d" % number)) for number in range(3))
    assert socket.pattern.send((b"A", b"3"), socket.pattern.begin(b"A"))
    assert full.pipe.dropped == 3
    assert socket.pattern.send((b"B", b"x"))
    assert (full.got(), other.got()) == ([b"0"], [b"x"])
    assert socket.pattern.send((b"A", b"4"))
    assert full.got() == [b"4"]


def test_mandatory_no_such_peer_is_an_error_at_the_first_frame():
    socket = router(router_mandatory=1)
    fails(errno.EHOSTUNREACH, socket.pattern.begin, b"A")
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"A", b"x"))
    assert socket.pattern.dropped == 0


def test_mandatory_waits_for_a_full_peer():
    socket = router(router_mandatory=1)
    peer = socket.accept(b"A", hwm=1)
    assert socket.pattern.send((b"A", b"1"))
    assert not socket.pattern.send((b"A", b"2"))
    assert socket.pattern.begin(b"A") is None
    assert peer.got() == [b"1"]
    route = socket.pattern.begin(b"A")
    assert socket.pattern.send((b"A", b"2"))
    assert socket.pattern.send((b"A", b"3", b"4"), route), "past the mark"
    assert peer.got() == [b"2", (b"3", b"4")]
    assert socket.pattern.dropped == 0


def test_mandatory_a_peer_that_goes_while_one_waits_is_an_error():
    socket = router(router_mandatory=1)
    peer = socket.accept(b"A", hwm=1)
    socket.pattern.send((b"A", b"1"))
    assert not socket.pattern.send((b"A", b"2"))
    peer.leave()
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"A", b"2"))


@pytest.mark.parametrize("back", [False, True])
def test_a_multipart_is_swallowed_when_its_peer_has_gone_meanwhile(back):
    socket = router(router_mandatory=1)
    peer = socket.accept(b"A")
    route = socket.pattern.begin(b"A")
    peer.leave()
    after = socket.accept(b"A" if back else b"B")
    assert socket.pattern.send((b"A", b"x"), route)
    assert after.got() == []
    assert socket.pattern.dropped == 1


def test_events_as_libzmqs():
    socket = router()
    assert socket.pattern.can_send()
    assert not socket.pattern.can_recv()
    socket = router(router_mandatory=1)
    assert not socket.pattern.can_send()
    socket.connect()
    assert not socket.pattern.can_send(), "nobody has a name yet"
    peer = socket.accept(b"A", hwm=1)
    assert socket.pattern.can_send()
    socket.pattern.send((b"A", b"x"))
    assert not socket.pattern.can_send()
    peer.send(b"x")
    assert socket.pattern.can_recv()


def test_peer_state():
    socket = router()
    fails(errno.EHOSTUNREACH, socket.pattern.peer_state, b"A")
    socket.accept(b"A", hwm=1)
    assert socket.pattern.peer_state(b"A") == POLLOUT
    socket.pattern.send((b"A", b"x"))
    assert socket.pattern.peer_state(b"A") == 0


def test_there_are_no_short_cuts():
    socket = router()
    socket.accept()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None


# -- receiving -----------------------------------------------------------------------------------


def test_origin_is_the_pipe_of_the_message():
    socket = router()
    peers = [socket.accept(b"A"), socket.accept(b"B")]
    for peer in peers:
        peer.send(b"x")
        socket.pattern.recv()
        assert socket.pattern.origin is peer.pipe


# -- notices, probes, raw ------------------------------------------------------------------------


@pytest.mark.parametrize("notify", [0, 1, 2, 3])
def test_router_notify_tells_who_comes_and_who_goes(notify):
    socket = router(router_notify=notify)
    peer = socket.accept(b"A")
    peer.send(b"x")
    peer.leave()
    notice = [(b"A", b"")]
    expected = notice * (notify & 1) + [(b"A", b"x")] + notice * (notify >> 1)
    assert socket.received() == expected


def test_router_notify_tells_of_each_connection_of_a_pipe_that_stays():
    socket = router(router_notify=3)
    peer = socket.connect()
    peer.plug(b"A")
    peer.unplug()
    peer.plug(b"B")
    assert socket.received() == [(b"A", b""), (b"A", b""), (b"B", b"")]


def test_router_notify_wakes_a_reader_that_has_found_nothing():
    socket = router(router_notify=2)
    peer = socket.accept(b"A")
    assert not socket.pattern.can_recv()
    peer.leave()
    assert socket.pattern.can_recv()


def test_router_notify_is_silent_about_an_ignored_peer():
    socket = router(router_notify=3)
    socket.accept(b"A")
    assert socket.received() == [(b"A", b"")]
    socket.accept(b"A").leave()
    assert socket.received() == []


def test_probe_router_sends_one_empty_message_to_each_new_peer():
    socket = router(probe_router=1)
    assert socket.accept(b"A").got() == [b""]
    peer = socket.connect()
    peer.plug(b"B")
    assert peer.got() == [b""]


def test_raw_names_each_connection_and_tells_of_it():
    socket = router(router_raw=1, probe_router=1)
    assert socket.pattern.parts == 2
    peer = socket.accept()
    peer.send(b"GET /")
    (name, first), second = socket.received()
    assert first == b""
    assert second == (name, b"GET /")
    assert socket.pattern.send((name, b"200"))
    assert peer.got() == [b"200"]
    assert socket.pattern.send((name, b""))
    assert peer.cut
    assert socket.pattern.send((name, b"nobody there")), "dropped, as by any ROUTER"


def test_messages_that_are_not_raw_have_any_number_of_frames():
    assert router().pattern.parts == 0
