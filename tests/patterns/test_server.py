"""SERVER: RFC 41 T03, Q5 and Q7."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import EHOSTUNREACH, SocketType
from zmqthread.errors import ZMQError
from zmqthread.labels import Labelled


def server(**options):
    return FakeSocket(SocketType.SERVER, **options)


def number_of(socket, peer):
    """Return the number of a peer as the application learns it."""
    peer.send(b"who am I?")
    return socket.pattern.recv().routing_id


def reply(socket, number, frame):
    return socket.pattern.send(Labelled(frame, number))


def refusal(socket, message):
    with pytest.raises(ZMQError) as caught:
        socket.pattern.send(message)
    return caught.value.errno


def test_rfc41_t03_each_peer_has_a_number_of_its_own():
    socket = server()
    peers = [socket.accept(b"the same") for _ in range(100)]
    numbers = [number_of(socket, peer) for peer in peers]
    assert len(set(numbers)) == 100
    assert all(0 < number < 1 << 32 for number in numbers)
    for number in numbers:
        assert reply(socket, number, b"%d" % number)
    assert [peer.got() for peer in peers] == [[b"%d" % number] for number in numbers]


def test_rfc41_t03_numbers_are_not_zero_and_not_in_use():
    socket = server()
    socket.pattern._next_id = 0xFFFFFFFE
    peers = [socket.accept() for _ in range(4)]
    assert [peer.pipe.state for peer in peers] == [0xFFFFFFFE, 0xFFFFFFFF, 1, 2]
    socket.pattern._next_id = 0xFFFFFFFF
    assert socket.accept().pipe.state == 3


def test_rfc41_t03_a_number_that_nobody_has_is_an_error():
    socket = server()
    number = number_of(socket, socket.accept())
    assert refusal(socket, Labelled(b"x", number + 1)) == EHOSTUNREACH
    assert refusal(socket, Labelled(b"x")) == EHOSTUNREACH
    assert refusal(socket, b"x") == EHOSTUNREACH


def test_rfc41_q07_waits_while_the_peer_is_full_and_loses_nothing():
    socket = server()
    slow, other = socket.accept(hwm=1), socket.accept()
    number, second = number_of(socket, slow), number_of(socket, other)
    assert reply(socket, number, b"1")
    assert not reply(socket, number, b"2")
    assert reply(socket, second, b"3")
    assert slow.got() == [b"1"]
    assert reply(socket, number, b"2")
    assert slow.got() == [b"2"]
    assert socket.pattern.dropped == 0


def test_it_can_always_send_to_whomever():
    assert server().pattern.can_send()


def test_rfc41_q05_receives_fairly():
    socket = server()
    one, other = socket.accept(), socket.accept()
    one.send(b"1", b"2")
    other.send(b"a", b"b")
    assert [label.frame for label in socket.received()] == [b"1", b"a", b"2", b"b"]


def test_what_a_lost_peer_sent_is_still_read_with_its_number():
    socket = server()
    peer = socket.accept()
    number = number_of(socket, peer)
    peer.send(b"1", b"2")
    peer.leave()
    assert [label.routing_id for label in socket.received()] == [number] * 2
    assert refusal(socket, Labelled(b"x", number)) == EHOSTUNREACH


def test_a_connection_that_is_kept_up_keeps_its_number():
    socket = server()
    peer = socket.connect()
    peer.plug()
    number = number_of(socket, peer)
    peer.unplug()
    assert reply(socket, number, b"1")
    peer.plug()
    assert peer.got() == [b"1"]
    assert number_of(socket, peer) == number


def test_a_disconnected_peer_is_gone():
    socket = server()
    peer = socket.accept()
    number = number_of(socket, peer)
    assert socket.pattern.find_peer(number) is peer.pipe
    peer.send(b"1")
    peer.detach()
    assert socket.received() == []
    with pytest.raises(ZMQError) as caught:
        socket.pattern.find_peer(number)
    assert caught.value.errno == EHOSTUNREACH


def test_a_label_that_a_client_has_put_on_does_not_count():
    socket = server()
    peer = socket.accept()
    number = number_of(socket, peer)
    peer.send(Labelled(b"x", number + 1, b"group"))
    (label,) = socket.received()
    assert (label.frame, label.routing_id, label.group) == (b"x", number, b"")


def test_there_is_no_way_past_the_numbers():
    socket = server()
    socket.accept()
    assert socket.pattern.express_in() is None
    assert socket.pattern.express_out() is None
