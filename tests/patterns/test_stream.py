"""STREAM: names and chunks."""

from __future__ import annotations

import errno

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError


def stream(**options):
    return FakeSocket(SocketType.STREAM, **options)


def fails(number, function, *args):
    with pytest.raises(ZMQError) as caught:
        function(*args)
    assert caught.value.errno == number


def met(socket):
    """Let a connection in; return it and its name."""
    peer = socket.accept()
    name, empty = socket.pattern.recv()
    assert empty == b""
    return peer, name


def test_the_first_message_and_the_last_are_empty():
    socket = stream()
    peer, name = met(socket)
    peer.send(b"chunk", b"another")
    peer.leave()
    assert socket.received() == [(name, b"chunk"), (name, b"another"), (name, b"")]


def test_stream_notify_off_leaves_the_chunks():
    socket = stream(stream_notify=0)
    peer = socket.accept()
    peer.send(b"chunk")
    peer.leave()
    assert [chunk for _, chunk in socket.received()] == [b"chunk"]


def test_each_connection_has_a_name_of_its_own():
    socket = stream()
    (one, name), (other, another) = met(socket), met(socket)
    assert name != another
    assert len(name) == 5
    assert name[0] == 0
    assert socket.pattern.send((another, b"x"))
    assert (one.got(), other.got()) == ([], [b"x"])


def test_who_connects_finds_the_name_in_routing_id_and_may_send_at_once():
    socket = stream()
    peer = socket.connect()
    name = socket.options.routing_id
    assert socket.pattern.recv() is None
    assert socket.pattern.send((name, b"early"))
    peer.plug()
    assert socket.pattern.recv() == (name, b"")
    assert peer.got() == [b"early"]


def test_a_pipe_keeps_its_name_over_reconnections_and_tells_of_each():
    socket = stream()
    peer = socket.connect()
    peer.plug()
    peer.unplug()
    peer.plug()
    name = socket.options.routing_id
    assert socket.received() == [(name, b"")] * 3


def test_connect_routing_id():
    socket = stream()
    peer = socket.connect(b"mine")
    peer.plug()
    assert socket.pattern.recv() == (b"mine", b"")
    assert socket.options.routing_id == b""
    fails(errno.EINVAL, socket.pattern.check_name, b"mine")


def test_a_pipe_that_comes_with_a_name_in_use_gets_another():
    socket = stream()
    peers = [socket.connect(b"mine"), socket.connect(b"mine")]
    assert socket.pattern.send((b"mine", b"1"))
    assert socket.pattern.send((socket.options.routing_id, b"2"))
    assert [peer.got() for peer in peers] == [[b"1"], [b"2"]]


def test_no_such_connection_is_an_error():
    socket = stream()
    fails(errno.EHOSTUNREACH, socket.pattern.begin, b"nobody")
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"nobody", b"x"))
    peer, name = met(socket)
    peer.leave()
    fails(errno.EHOSTUNREACH, socket.pattern.send, (name, b"x"))


def test_a_full_connection_makes_wait():
    socket = stream()
    peer = socket.accept(hwm=1)
    name, _ = socket.pattern.recv()
    assert socket.pattern.send((name, b"1"))
    assert not socket.pattern.send((name, b"2"))
    assert socket.pattern.begin(name) is None
    assert peer.got() == [b"1"]
    assert socket.pattern.send((name, b"2"), socket.pattern.begin(name))
    assert peer.got() == [b"2"]
    assert socket.pattern.dropped == 0


@pytest.mark.parametrize("parts", [False, True])
def test_an_empty_chunk_closes_the_connection(parts):
    socket = stream()
    peer, name = met(socket)
    peer.send(b"unread")
    route = socket.pattern.begin(name) if parts else None
    assert socket.pattern.send((name, b""), route)
    assert peer.cut
    assert socket.pattern.recv() is None, "as in libzmq: nothing more comes, not even the end"
    fails(errno.EHOSTUNREACH, socket.pattern.send, (name, b"x"))
    peer.leave()
    assert socket.pattern.recv() is None


def test_a_chunk_for_a_connection_that_has_gone_meanwhile_is_dropped():
    socket = stream()
    peer, name = met(socket)
    route = socket.pattern.begin(name)
    peer.leave()
    assert socket.pattern.send((name, b"x"), route)
    assert socket.pattern.dropped == 1


@pytest.mark.parametrize("message", [b"alone", (b"name", b"chunk", b"too many")])
def test_a_message_is_a_name_and_one_chunk(message):
    fails(errno.EINVAL, stream().pattern.send, message)


def test_a_message_is_whole_after_its_chunk():
    assert stream().pattern.parts == 2


def test_events_as_libzmqs():
    socket = stream()
    assert socket.pattern.can_send()
    assert not socket.pattern.can_recv()
    socket.accept()
    assert socket.pattern.can_recv()
