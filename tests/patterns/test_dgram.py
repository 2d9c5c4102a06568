"""DGRAM: an address and a body, over one endpoint."""

from __future__ import annotations

import errno

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Frame

ADDRESS = b"127.0.0.1:5"


def dgram(**options):
    socket = FakeSocket(SocketType.DGRAM, **options)
    return socket, socket.accept()


def refused(call, *args):
    with pytest.raises(ZMQError) as caught:
        call(*args)
    return caught.value.errno


def test_both_ways_and_unchanged():
    socket, endpoint = dgram()
    for message in [(ADDRESS, b"body"), (b"[::1]:5", b""), (Frame(ADDRESS), Frame(b"x"))]:
        assert socket.pattern.send(message)
        assert endpoint.got() == [message]
    endpoint.send((ADDRESS, b"answer"))
    assert socket.pattern.can_recv()
    assert socket.received() == [(ADDRESS, b"answer")]


@pytest.mark.parametrize("message", [b"x", b"", (ADDRESS, b"a", b"b"), (ADDRESS, b"", b"x")])
def test_another_number_of_frames_is_einval(message):
    socket, endpoint = dgram()
    assert refused(socket.pattern.send, message) == errno.EINVAL
    assert endpoint.got() == []


@pytest.mark.parametrize("address", [b"", b"nonsense", b"127.0.0.1:0", b"localhost:5"])
def test_hostile_x2_a_bad_address_is_einval_at_the_first_frame(address):
    socket, endpoint = dgram()
    assert refused(socket.pattern.begin, address) == errno.EINVAL
    assert refused(socket.pattern.send, (address, b"x")) == errno.EINVAL
    assert endpoint.got() == []


def test_too_large_for_a_datagram_is_emsgsize():
    socket, endpoint = dgram()
    assert socket.pattern.send((ADDRESS, bytes(65507)))
    assert refused(socket.pattern.send, (ADDRESS, bytes(65508))) == errno.EMSGSIZE
    assert len(endpoint.got()) == 1
    socket, endpoint = dgram(max_datagram=10)
    assert socket.pattern.send((ADDRESS, bytes(10)))
    assert refused(socket.pattern.send, (ADDRESS, bytes(11))) == errno.EMSGSIZE
    assert len(endpoint.got()) == 1


def test_no_message_goes_past_the_checks():
    """A single frame must not be put into the lane without them."""
    socket, _ = dgram()
    assert socket.pattern.express_out() is None


def test_it_waits_until_it_is_bound():
    pattern = FakeSocket(SocketType.DGRAM).pattern
    assert pattern.begin(ADDRESS) is None
    assert not pattern.send((ADDRESS, b"x"))
    assert not pattern.can_send()


def test_a_second_endpoint_is_turned_away():
    socket, endpoint = dgram()
    assert socket.accept().cut
    socket.pattern.send((ADDRESS, b"x"))
    assert endpoint.got() == [(ADDRESS, b"x")]
