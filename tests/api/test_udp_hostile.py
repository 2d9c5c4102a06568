"""Hostile datagrams: dropped, without a trace, and a good peer is heard all the same."""

from __future__ import annotations

import errno
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

import zmqthread as zmq
from tests.api.datagrams import Bench, endpoint_of, frame_for, silent, unanswered, where
from tests.multicast import ROUTED
from tests.support import Peer, seconds

BODIES = [0, 1, 127, 128, 255, 256, 7935, 7936, 8190, 8191, 8192, 9000, 65503, 65504, 65505]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as made:
        yield made


def still_hears(bench: Bench, dish: Any) -> None:
    """A good peer gets a message through."""
    with bench.context.socket(zmq.RADIO) as radio:
        radio.connect(endpoint_of(dish))
        radio.send(b"good", group="g")
        frame = dish.recv(copy=False)
        assert (frame.group, frame.bytes) == ("g", b"good")


def resident() -> int:
    """Octets of memory that the process has."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize(
    "datagram",
    [
        *(b"", b"\x01", b"\x02g", b"\x7f" + b"g" * 126, b"\x80" + b"g" * 127, b"\xff"),
        *(b"\xffA", b"\xff" + b"g" * 254, b"\x02g\0body", b"\x01\0body"),
        *(b"\x80" + b"g" * 128 + b"a group that nobody has joined", b"\xff" + b"g" * 255),
        *(b"\0to the empty group, not joined", b"\x01h" + bytes(65505), b"GET / HTTP/1.1\r\n\r\n"),
    ],
)
def test_hostile_x1_a_malformed_datagram_is_dropped(datagram: bytes, bench: Bench) -> None:
    dish = bench.dish("g")
    plain = bench.plain()
    plain.sendto(datagram, where(dish))
    assert silent(dish)
    still_hears(bench, dish)
    assert unanswered(plain)


@pytest.mark.parametrize("size", [1, 127, 128, 254, 255])
def test_hostile_x1_a_group_of_any_length_is_heard(size: int, bench: Bench) -> None:
    dish = bench.dish("g", "x" * size)
    bench.plain().sendto(bytes((size,)) + b"x" * size + b"body", where(dish))
    frame = dish.recv(copy=False)
    assert (frame.group, frame.bytes) == ("x" * size, b"body")
    still_hears(bench, dish)


@pytest.mark.parametrize("size", BODIES)
def test_difference_datagrams_of_every_size_arrive_whole(size: int, bench: Bench) -> None:
    """libzmq af11df08: larger ones overran a buffer; it still cuts off what it receives."""
    dish = bench.dish("g")
    radio = bench.radio(dish)
    body = bytes(range(256)) * 256
    radio.send(body[:size], group="g")
    assert dish.recv() == body[:size]
    one, other = bench.dgram(), bench.dgram()
    one.send_multipart([frame_for(other), body[: size + 2]])
    assert other.recv_multipart() == [frame_for(one), body[: size + 2]]


@pytest.mark.parametrize("size", [65506, 65507, 65508, 1 << 20])
def test_hostile_x1_what_is_too_large_is_an_error(size: int, bench: Bench) -> None:
    dish = bench.dish("g")
    radio = bench.radio(dish)
    with pytest.raises(zmq.ZMQError) as caught:
        radio.send(bytes(size), group="g")
    assert caught.value.errno == errno.EMSGSIZE
    still_hears(bench, dish)
    one = bench.dgram()
    if size > 65507:
        with pytest.raises(zmq.ZMQError) as caught:
            one.send_multipart([b"127.0.0.1:5", bytes(size)])
        assert caught.value.errno == errno.EMSGSIZE


def test_hostile_x1_the_largest_datagram_there_is(bench: Bench) -> None:
    dish = bench.dish("g")
    plain = bench.plain()
    plain.sendto(b"\x01g" + bytes(65505), where(dish))
    assert len(dish.recv()) == 65505
    plain.sendto(b"\xff" * 65507, where(dish))
    assert silent(dish)
    still_hears(bench, dish)


def test_hostile_x1_spoofed_sources_leave_no_trace_and_get_no_answer(bench: Bench) -> None:
    """Nobody is attacked by way of us: nothing comes back, whatever was sent (SEC-26)."""
    dish, dgram = bench.dish("g"), bench.dgram()
    sources = [bench.plain(f"127.0.{n}.1") for n in range(1, 21)]
    for number, source in enumerate(sources):
        for datagram in (b"", b"\xff", b"\x01gbody %d" % number, b"\x04JOIN", bytes(1000)):
            source.sendto(datagram, where(dish))
            source.sendto(datagram, where(dgram))
    for number in range(len(sources)):
        assert dish.recv() == b"body %d" % number
    for source in sources:
        for _ in range(5):
            host, port = source.getsockname()
            assert dgram.recv_multipart()[0] == b"%b:%d" % (host.encode(), port)
    assert len(dish._core.pipes) == len(dgram._core.pipes) == 1
    for source in sources:
        source.setblocking(False)
        with pytest.raises(BlockingIOError):
            source.recv(1)
    still_hears(bench, dish)


def test_hostile_x1_a_radio_does_not_listen(bench: Bench) -> None:
    dish = bench.dish("g")
    radio = bench.radio(dish)
    radio.send(b"so that it has a port", group="g")
    assert dish.recv()
    (pipe,) = radio._core.pipes
    port = socket.socket(fileno=int(pipe.peer_properties["__fd"]))
    try:
        address = ("127.0.0.1", port.getsockname()[1])
    finally:
        port.detach()
    plain = bench.plain()
    for datagram in (b"", b"\x01gbody", b"\x04JOIN", bytes(60000)):
        plain.sendto(datagram, address)
    radio.send(b"still there", group="g")
    assert dish.recv() == b"still there"
    with pytest.raises(zmq.ZMQError) as caught:
        radio.recv(zmq.DONTWAIT)
    assert caught.value.errno == errno.ENOTSUP
    assert unanswered(plain)


@pytest.mark.slow
@pytest.mark.parametrize("datagram", [b"\xffA", b"", b"\x01h" + bytes(100), b"\x01g" + bytes(1000)])
def test_hostile_x1_a_flood_costs_neither_memory_nor_more_than_a_processor(
    datagram: bytes, bench: Bench
) -> None:
    """As fast as another process can send, to a DISH that nobody reads."""
    dish = bench.dish("g", rcvhwm=100)
    still_hears(bench, dish)
    code = f"""
import socket, time
plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end, sent = time.monotonic() + {seconds(1.0)}, 0
while time.monotonic() < end:
    for _ in range(100):
        plain.sendto(bytes.fromhex(args[2]), (args[0], args[1]))
    sent += 100
say(sent)
"""
    before, used, began = resident(), time.process_time(), time.monotonic()
    with Peer("json", code, [*where(dish), datagram.hex()]) as flood:
        sent = flood.hear()
    took = time.monotonic() - began
    assert sent > 1000
    assert time.process_time() - used < 1.1 * took
    assert resident() - before < 5 << 20
    while not silent(dish):
        assert dish.recv() == datagram[2:]
    still_hears(bench, dish)


def test_hostile_x1_larger_than_the_limit_is_dropped(bench: Bench) -> None:
    dish = bench.dish("g", max_datagram=100)
    plain = bench.plain()
    plain.sendto(b"\x01g" + bytes(99), where(dish))
    assert silent(dish)
    plain.sendto(b"\x01g" + bytes(98), where(dish))
    assert len(dish.recv()) == 98
    narrow = bench.dish("g", maxmsgsize=10)
    plain.sendto(b"\x01g" + bytes(11), where(narrow))
    assert silent(narrow)
    plain.sendto(b"\x01g" + bytes(10), where(narrow))
    assert len(narrow.recv()) == 10


@pytest.mark.parametrize(
    "address",
    [b"", b"nonsense", b"127.0.0.1", b"127.0.0.1:0", b"127.0.0.1:99999", b"localhost:5", b"::1:5"],
)
def test_hostile_x2_a_bad_address_is_an_error(address: bytes, bench: Bench) -> None:
    one, other = bench.dgram(), bench.dgram()
    for call in (
        lambda: one.send_multipart([address, b"x"]),
        lambda: one.send(address, zmq.SNDMORE),
    ):
        with pytest.raises(zmq.ZMQError) as caught:
            call()
        assert caught.value.errno == errno.EINVAL
    one.send_multipart([frame_for(other), b"good"])
    assert other.recv_multipart() == [frame_for(one), b"good"]


@pytest.mark.parametrize("address", [b"[::1]:5", b"255.255.255.255:5"])
def test_hostile_x2_what_the_system_refuses_is_an_error(address: bytes, bench: Bench) -> None:
    one, other = bench.dgram(), bench.dgram()
    with pytest.raises(zmq.ZMQError) as caught:
        one.send_multipart([address, b"x"])
    assert caught.value.errno in {errno.EAFNOSUPPORT, errno.EACCES}
    one.send_multipart([frame_for(other), b"good"])
    assert other.recv_multipart() == [frame_for(one), b"good"]


@pytest.mark.parametrize("frames", [[b"x"], [b""], [b"127.0.0.1:5", b"a", b"b"]])
def test_hostile_x2_another_number_of_frames_is_an_error(frames: list[bytes], bench: Bench) -> None:
    one, other = bench.dgram(), bench.dgram()
    with pytest.raises(zmq.ZMQError) as caught:
        one.send_multipart(frames)
    assert caught.value.errno == errno.EINVAL
    for frame in frames[:-1]:
        one.send(frame, zmq.SNDMORE)
    with pytest.raises(zmq.ZMQError) as caught:
        one.send(frames[-1])
    assert caught.value.errno == errno.EINVAL
    one.send_multipart([frame_for(other), b"good"])
    assert other.recv_multipart() == [frame_for(one), b"good"]


@ROUTED
@pytest.mark.parametrize("loop", [0, 1])
def test_hostile_x2_a_dgram_hears_itself_only_if_asked_to(loop: int, bench: Bench) -> None:
    """Whoever answers what comes to a group would answer himself for ever; libzmq always loops."""
    group = bench.dgram("udp://239.192.77.9:*", multicast_loop=loop)
    group.send_multipart([frame_for(group), b"to all"])
    if loop:
        assert group.recv_multipart()[1] == b"to all"
    assert silent(group)


def test_hostile_d3_no_descriptor_for_a_socket(bench: Bench) -> None:
    """The caller of bind is told; a connect is tried again, and what waits is sent."""
    code = """
import errno, os, resource
context = zmq.Context()
dish, radio, late = context.socket(zmq.DISH), context.socket(zmq.RADIO), context.socket(zmq.DISH)
dish.bind("udp://127.0.0.1:*")
dish.join("g")
radio.reconnect_ivl = 10
dish.poll(1)  # a thread needs descriptors of its own for its first wait
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
highest = max(map(int, os.listdir("/proc/self/fd")))
filled = []
resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
try:
    while True:
        filled.append(os.dup(0))
except OSError:
    pass
try:
    late.bind("udp://127.0.0.1:*")
except zmq.ZMQError as error:
    failure = errno.errorcode[error.errno]
radio.connect(dish.last_endpoint.decode())
radio.send(b"later", group="g")
quiet = not dish.poll(50)
for number in filled:
    os.close(number)
say([failure, quiet, bool(dish.poll(10000)), dish.recv().decode()])
context.destroy(0)
"""
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("needs /proc to count descriptors")
    with Peer("zmqthread", code) as peer:
        assert peer.hear() == ["EMFILE", True, True, "later"]
