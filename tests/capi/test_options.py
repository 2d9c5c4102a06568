"""zmq_setsockopt and zmq_getsockopt: what C memory holds, and back."""

from __future__ import annotations

import ctypes
import struct

import pytest

from tests.capi.support import TCP, fails, send, text
from zmqthread import capi as z
from zmqthread.patterns.registry import ROWS


def get(socket, option):
    return z.zmq_getsockopt(socket, option)


@pytest.mark.parametrize(("option", "value"), [
    (z.ZMQ_LINGER, 5), (z.ZMQ_RCVHWM, 7), (z.ZMQ_IPV6, 1), (z.ZMQ_TOS, 40), (z.ZMQ_PRIORITY, 3),
    (z.ZMQ_HEARTBEAT_IVL, 100), (z.ZMQ_IMMEDIATE, 1), (z.ZMQ_TCP_KEEPALIVE, 1),
])  # fmt: skip
@pytest.mark.parametrize("form", ["int", "bytes", "ctypes", "list"])
def test_setsockopt__int_options(c, option, value, form):
    socket = c.socket(z.ZMQ_DEALER)
    given = {
        "int": value, "bytes": struct.pack("=i", value), "ctypes": ctypes.c_int(value),
        "list": [value],
    }[form]  # fmt: skip
    assert z.zmq_setsockopt(socket, option, given, 4) == 0
    assert get(socket, option) == value
    memory = ctypes.c_int()
    assert z.zmq_getsockopt(socket, option, memory, [4]) == memory.value == value


@pytest.mark.parametrize(("option", "value", "layout"), [
    (z.ZMQ_MAXMSGSIZE, 1 << 40, "=q"), (z.ZMQ_MAXMSGSIZE, -1, "=q"),
    (z.ZMQ_AFFINITY, 1 << 63, "=Q"),
])  # fmt: skip
def test_setsockopt__options_of_64_bits(c, option, value, layout):
    socket = c.socket(z.ZMQ_PULL)
    z.zmq_setsockopt(socket, option, struct.pack(layout, value), 8)
    memory, room = bytearray(16), ctypes.c_size_t(16)
    assert z.zmq_getsockopt(socket, option, memory, room) == value
    assert room.value == 8
    assert struct.unpack_from(layout, memory)[0] == value
    with fails(z.EINVAL):
        z.zmq_setsockopt(socket, option, 1, 4)


@pytest.mark.parametrize(("value", "length"), [
    (0, 8), (b"\0\0\0", 3), (bytes(8), None), (None, 0), ("5", 1), (b"", 0), (1.5, None),
])  # fmt: skip
def test_setsockopt__wrong_lengths_of_ints(c, value, length):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_PULL), z.ZMQ_LINGER, value, length)


def test_getsockopt_memset__only_what_is_returned_is_written(c):
    socket = c.socket(z.ZMQ_PUB)
    memory, room = bytearray(b"\xff" * 8), [8]
    assert z.zmq_getsockopt(socket, z.ZMQ_SNDHWM, memory, room) == 1000
    assert (bytes(memory), room) == (struct.pack("=i", 1000) + b"\xff" * 4, [4])
    for too_small in (bytearray(3), bytearray(0)):
        with fails(z.EINVAL):
            z.zmq_getsockopt(socket, z.ZMQ_SNDHWM, too_small, [len(too_small)])
    with fails(z.EINVAL):
        z.zmq_getsockopt(socket, z.ZMQ_SNDHWM, b"read only", [4])


def test_setsockopt__octets_and_text(c):
    socket = c.socket(z.ZMQ_DEALER)
    z.zmq_setsockopt(socket, z.ZMQ_ROUTING_ID, b"abc\0def", 3)
    assert get(socket, z.ZMQ_ROUTING_ID) == b"abc"
    memory, room = bytearray(10), [10]
    assert z.zmq_getsockopt(socket, z.ZMQ_IDENTITY, memory, room) == b"abc"
    assert (bytes(memory[:3]), room) == (b"abc", [3])
    z.zmq_setsockopt(socket, z.ZMQ_ZAP_DOMAIN, "global", 6)
    assert get(socket, z.ZMQ_ZAP_DOMAIN) == "global"
    room = [10]
    z.zmq_getsockopt(socket, z.ZMQ_ZAP_DOMAIN, memory, room)
    assert (bytes(memory[:7]), room) == (b"global\0", [7])


@pytest.mark.parametrize(("value", "length"), [(b"", 0), (b"abc", 4), (b"x" * 256, None), (5, 1)])
def test_setsockopt__octets_that_are_refused(c, value, length):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_DEALER), z.ZMQ_ROUTING_ID, value, length)


@pytest.mark.parametrize("value", [None, b"", ""])
def test_setsockopt__nothing_subscribes_to_everything(c, value):
    xpub, name = c.bound(z.ZMQ_XPUB)
    sub = c.connected(z.ZMQ_SUB, name)
    z.zmq_setsockopt(sub, z.ZMQ_SUBSCRIBE, value, 0)
    assert text(xpub) == "\1"


@pytest.mark.parametrize("option", [
    z.ZMQ_SUBSCRIBE, z.ZMQ_UNSUBSCRIBE, z.ZMQ_ROUTER_MANDATORY, z.ZMQ_ROUTER_HANDOVER,
    z.ZMQ_ROUTER_RAW, z.ZMQ_PROBE_ROUTER, z.ZMQ_REQ_CORRELATE, z.ZMQ_REQ_RELAXED,
    z.ZMQ_XPUB_VERBOSE, z.ZMQ_XPUB_VERBOSER, z.ZMQ_XPUB_NODROP, z.ZMQ_XPUB_MANUAL,
    z.ZMQ_XPUB_WELCOME_MSG, z.ZMQ_STREAM_NOTIFY, z.ZMQ_CONNECT_ROUTING_ID, z.ZMQ_METADATA,
    z.ZMQ_TCP_ACCEPT_FILTER, z.ZMQ_IPC_FILTER_UID, z.ZMQ_HELLO_MSG, z.ZMQ_BUSY_POLL, 1, 3, 10, 20,
])  # fmt: skip
def test_options_that_cannot_be_read(c, option):
    for kind in (z.ZMQ_XPUB, z.ZMQ_SUB, z.ZMQ_ROUTER, z.ZMQ_REQ):
        with fails(z.EINVAL):
            get(c.socket(kind), option)


@pytest.mark.parametrize("option", [
    z.ZMQ_TYPE, z.ZMQ_FD, z.ZMQ_EVENTS, z.ZMQ_RCVMORE, z.ZMQ_LAST_ENDPOINT, z.ZMQ_THREAD_SAFE,
    z.ZMQ_MECHANISM, z.ZMQ_TOPICS_COUNT,
])  # fmt: skip
def test_options_that_cannot_be_set(c, option):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_PUB), option, 0, 4)


def test_setsockopt__use_fd(c):
    socket = c.socket(z.ZMQ_PULL)
    assert get(socket, z.ZMQ_USE_FD) == -1
    z.zmq_setsockopt(socket, z.ZMQ_USE_FD, 3, 4)
    assert get(socket, z.ZMQ_USE_FD) == 3
    with fails(z.EINVAL):
        z.zmq_setsockopt(socket, z.ZMQ_USE_FD, -2, 4)


def test_setsockopt__bind_to_device(c):
    socket = c.socket(z.ZMQ_PULL)
    z.zmq_setsockopt(socket, z.ZMQ_BINDTODEVICE, "eth0", 4)
    memory, room = bytearray(16), [16]
    assert z.zmq_getsockopt(socket, z.ZMQ_BINDTODEVICE, memory, room) == "eth0"
    assert (bytes(memory[:5]), room) == (b"eth0\0", [5])
    z.zmq_setsockopt(socket, z.ZMQ_BINDTODEVICE, None, 0)
    assert get(socket, z.ZMQ_BINDTODEVICE) == ""


def test_setsockopt__priority(c):
    socket = c.socket(z.ZMQ_PULL)
    with fails(z.EINVAL):
        z.zmq_setsockopt(socket, z.ZMQ_PRIORITY, 0, 4)
    z.zmq_setsockopt(socket, z.ZMQ_PRIORITY, 5, 4)
    assert get(socket, z.ZMQ_PRIORITY) == 5


@pytest.mark.parametrize("option", [z.ZMQ_SNDBUF, z.ZMQ_RCVBUF])
def test_setsockopt__buffers(c, option):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, TCP)
    assert get(pull, option) == -1
    z.zmq_setsockopt(pull, option, 16384, 4)
    assert get(pull, option) == 16384
    with fails(z.EINVAL):
        z.zmq_setsockopt(pull, option, -2, 4)
    send(push, b"x")
    assert text(pull) == "x"


@pytest.mark.parametrize("tos", [0x28, 0x58])
def test_diffserv__of_a_connection(c, tos):
    rep, name = c.bound(z.ZMQ_REP, TCP, tos=tos)
    req = c.connected(z.ZMQ_REQ, name, tos=tos)
    assert get(rep, z.ZMQ_TOS) == get(req, z.ZMQ_TOS) == tos
    send(req, b"x")
    assert text(rep) == "x"


def test_busy_poll__can_be_set(c):
    socket = c.socket(z.ZMQ_DEALER)
    assert z.zmq_setsockopt(socket, z.ZMQ_BUSY_POLL, 1, 4) == 0
    with fails(z.EINVAL):
        z.zmq_setsockopt(socket, z.ZMQ_BUSY_POLL, 2, 4)


def test_socket_options_fuzzer__any_value_is_taken_or_refused(c):
    values: tuple[object, ...] = (
        None,
        0,
        -1,
        1 << 31,
        1 << 64,
        b"",
        b"\0",
        b"\xff" * 4,
        b"\xff" * 8,
        "text",
        "é",
        [],
        1.5,
    )
    for option in range(130):
        for kind in (z.ZMQ_XPUB, z.ZMQ_DEALER, z.ZMQ_STREAM):
            socket = c.socket(kind)
            for value in values:
                try:
                    z.zmq_setsockopt(socket, option, value)
                except z.ZMQError as error:
                    assert error.errno in {z.EINVAL, z.ENOTSUP}  # noqa: PT017 - many may fail
            c.close(socket)


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_type_of_a_socket(c, kind):
    assert get(c.socket(kind), z.ZMQ_TYPE) == kind


@pytest.mark.parametrize("kind", [-1, 21, 1000])
def test_types_that_there_are_not(c, kind):
    with fails(z.EINVAL):
        z.zmq_socket(c.ctx, kind)


def test_curve_keys_in_both_forms(c):
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    public, _ = z.zmq_curve_keypair()
    socket = c.socket(z.ZMQ_DEALER)
    z.zmq_setsockopt(socket, z.ZMQ_CURVE_SERVERKEY, public, 40)
    octets = z.zmq_z85_decode(None, public)
    assert get(socket, z.ZMQ_CURVE_SERVERKEY) == octets
    binary, shown = bytearray(32), bytearray(41)
    assert z.zmq_getsockopt(socket, z.ZMQ_CURVE_SERVERKEY, binary, [32]) == octets
    assert bytes(binary) == octets
    assert z.zmq_getsockopt(socket, z.ZMQ_CURVE_SERVERKEY, shown, 41) == public
    assert shown == public.encode() + b"\0"
    with fails(z.EINVAL):
        z.zmq_getsockopt(socket, z.ZMQ_CURVE_SERVERKEY, bytearray(40))
