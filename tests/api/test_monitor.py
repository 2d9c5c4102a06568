"""Monitors: payloads, sequences of events (the same as libzmq's), bounds, the end."""

from __future__ import annotations

import contextlib
import errno
import importlib
import itertools
import re
import socket as socketlib
import struct
from typing import TYPE_CHECKING, Any

import pytest

import zmqthread
from tests.support import LOOPBACK, RawClient, listening, seconds
from zmqthread.api.monitor import monitor, pipes_stats
from zmqthread.constants import Event, SocketType
from zmqthread.errors import ZMQError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIBRARIES = ["zmqthread", pytest.param("zmq", marks=pytest.mark.interop)]
NUMBERS = itertools.count()
TOO_LONG = "/" + "x" * 300
PLAIN_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00PLAIN" + bytes(15) + bytes(32)


class Bench:
    """A context of either library, with the sockets and monitors of one test."""

    def __init__(self, library: str) -> None:
        self.zmq = importlib.import_module(library)
        self.context = self.zmq.Context()
        self.sockets: list[Any] = []

    def close(self) -> None:
        for socket in self.sockets:
            socket.close(0)
        self.context.term()

    def socket(self, kind: int, **options: int) -> Any:
        socket = self.context.socket(kind)
        self.sockets.append(socket)
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = int(seconds(10) * 1000)
        for name, value in options.items():
            setattr(socket, name, value)
        return socket

    def watched(self, kind: int, **options: int) -> tuple[Any, Reader]:
        """Return a socket and the reader of its monitor."""
        socket = self.socket(kind, **options)
        name = f"inproc://monitor{next(NUMBERS)}"
        socket.monitor(name)
        return socket, self.reader(name)

    def reader(self, name: str, kind: int = SocketType.PAIR, **options: int) -> Reader:
        socket = self.socket(kind, **options)
        if kind == SocketType.SUB:
            socket.subscribe(b"")
        socket.connect(name)
        return Reader(socket)


class Reader:
    """What a monitor says, event by event."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def event(self) -> tuple[str, int, str]:
        """Return the name, value and endpoint of the next event of version 1."""
        head, endpoint = self.socket.recv_multipart()
        event, value = struct.unpack("=HI", head)
        return str(Event(event).name), value, endpoint.decode()

    def until(self, name: str, times: int = 1) -> list[tuple[str, int, str]]:
        """Return the events up to the ``times``-th one of that name."""
        events = []
        while times:
            events.append(self.event())
            times -= events[-1][0] == name
        return events

    def names(self, last: str, times: int = 1) -> list[str]:
        """As `until`, the names only."""
        return [event[0] for event in self.until(last, times)]

    def numbers(self) -> tuple[int, list[int], str, str]:
        """Return the next event of version 2: event, values, local and remote end."""
        frames = self.socket.recv_multipart()
        event, count, *values = (struct.unpack("=Q", frame)[0] for frame in frames[:-2])
        assert count == len(values)
        return event, values, frames[-2].decode(), frames[-1].decode()


@pytest.fixture(params=LIBRARIES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A bench with each library: what is expected here is what libzmq does."""
    made = Bench(request.param)
    yield made
    made.close()


@pytest.fixture
def ours() -> Iterator[Bench]:
    made = Bench("zmqthread")
    yield made
    made.close()


@contextlib.contextmanager
def reserved() -> Iterator[int]:
    """Give a port where nobody listens, and which nobody else is given meanwhile."""
    with socketlib.socket() as holder:
        holder.setsockopt(socketlib.SOL_SOCKET, socketlib.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, 0))
        yield holder.getsockname()[1]


def connected(bench: Bench, **options: int) -> tuple[Any, Reader, Any, Reader, str]:
    """Return a PULL bound and a PUSH connected to it over tcp, both monitored."""
    binder, heard = bench.watched(bench.zmq.PULL)
    connecter, seen = bench.watched(bench.zmq.PUSH, **options)
    endpoint = f"tcp://127.0.0.1:{binder.bind_to_random_port('tcp://127.0.0.1')}"
    connecter.connect(endpoint)
    return binder, heard, connecter, seen, endpoint


# -- sequences, on both libraries ---


def test_a_listener_tells_of_a_peer(bench):
    _, heard, connecter, _, endpoint = connected(bench)
    listening_, accepted, succeeded = heard.until("HANDSHAKE_SUCCEEDED")
    assert listening_[0] == "LISTENING"
    assert listening_[2] == endpoint
    assert accepted[0] == "ACCEPTED"
    assert accepted[2] == endpoint
    assert succeeded == ("HANDSHAKE_SUCCEEDED", 0, endpoint)
    connecter.close(0)
    assert heard.event() == ("DISCONNECTED", accepted[1], endpoint)


def test_a_listener_on_all_addresses_names_the_one_that_was_reached(bench):
    binder, heard = bench.watched(bench.zmq.PULL)
    port = binder.bind_to_random_port("tcp://0.0.0.0")
    with RawClient(port):
        assert heard.event()[2] == f"tcp://0.0.0.0:{port}"
        assert heard.event()[2] == f"tcp://127.0.0.1:{port}"


def test_a_connecter_tells_of_its_attempt(bench):
    _, _, _, seen, endpoint = connected(bench)
    delayed, made, succeeded = seen.until("HANDSHAKE_SUCCEEDED")
    assert delayed == ("CONNECT_DELAYED", errno.EINPROGRESS, endpoint)
    assert made[0] == "CONNECTED"
    assert made[2] == endpoint
    assert succeeded == ("HANDSHAKE_SUCCEEDED", 0, endpoint)


def test_a_connecter_that_loses_its_peer_tries_again(bench):
    binder, _, _, seen, _ = connected(bench, reconnect_ivl=20)
    before = seen.until("HANDSHAKE_SUCCEEDED")
    binder.close(0)
    events = seen.until("CONNECT_RETRIED", 2)
    assert [event[0] for event in events] == [
        *("DISCONNECTED", "CONNECT_RETRIED", "CONNECT_DELAYED", "CLOSED", "CONNECT_RETRIED"),
    ]
    assert events[0][1] == before[1][1], "the descriptor of CONNECTED"
    assert 20 <= events[1][1] <= 40


def test_a_local_connection_is_there_without_delay(bench, tmp_path):
    binder, heard = bench.watched(bench.zmq.PULL)
    connecter, seen = bench.watched(bench.zmq.PUSH)
    endpoint = f"ipc://{tmp_path}/s"
    binder.bind(endpoint)
    connecter.connect(endpoint)
    expected = ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
    events = heard.until(expected[-1])
    assert [(event[0], event[2]) for event in events] == [(name, endpoint) for name in expected]
    assert seen.names("HANDSHAKE_SUCCEEDED") == ["CONNECTED", "HANDSHAKE_SUCCEEDED"]


def test_an_attempt_that_fails_at_once_is_closed_then_retried(bench, tmp_path):
    connecter, seen = bench.watched(bench.zmq.PUSH, reconnect_ivl=20)
    connecter.connect(f"ipc://{tmp_path}/nobody")
    expected = ["CLOSED", "CONNECT_RETRIED", "CLOSED", "CONNECT_RETRIED"]
    assert seen.names("CONNECT_RETRIED", 2) == expected


def test_retry_intervals_double_up_to_the_maximum(bench):
    connecter, seen = bench.watched(bench.zmq.PUSH, reconnect_ivl=10, reconnect_ivl_max=50)
    with reserved() as port:
        connecter.connect(f"tcp://127.0.0.1:{port}")
        events = seen.until("CONNECT_RETRIED", 5)
    values = [event[1] for event in events if event[0] == "CONNECT_RETRIED"]
    assert values == [10, 20, 40, 50, 50]


def test_a_bind_that_fails_closes_its_descriptor_first(bench):
    binder, heard = bench.watched(bench.zmq.PULL)
    with listening() as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(bench.zmq.ZMQError):
            binder.bind(f"tcp://{address}")
    closed, failed = heard.until("BIND_FAILED")
    assert closed[0] == "CLOSED"
    assert closed[2] == ""
    assert failed == ("BIND_FAILED", errno.EADDRINUSE, address)


def test_a_bind_without_a_device_has_no_descriptor_to_close(bench):
    binder, heard = bench.watched(bench.zmq.PULL)
    with pytest.raises(bench.zmq.ZMQError):
        binder.bind("tcp://nosuchdevice:5555")
    assert heard.event() == ("BIND_FAILED", errno.ENODEV, "nosuchdevice:5555")


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "*:abc"])
def test_an_address_that_cannot_be_read_is_a_failed_bind(bench, address):
    binder, heard = bench.watched(bench.zmq.PULL)
    with pytest.raises(bench.zmq.ZMQError):
        binder.bind(f"tcp://{address}")
    assert heard.event() == ("BIND_FAILED", errno.EINVAL, address)


def test_types_that_do_not_go_together_are_just_disconnected(bench):
    binder, heard = bench.watched(bench.zmq.PULL)
    connecter, seen = bench.watched(bench.zmq.REQ, reconnect_ivl=60000)
    connecter.connect(f"tcp://127.0.0.1:{binder.bind_to_random_port('tcp://127.0.0.1')}")
    assert heard.names("DISCONNECTED") == ["LISTENING", "ACCEPTED", "DISCONNECTED"]
    assert seen.names("DISCONNECTED") == ["CONNECT_DELAYED", "CONNECTED", "DISCONNECTED"]


@pytest.mark.parametrize(
    ("octets", "event"),
    [
        (PLAIN_GREETING, ("HANDSHAKE_FAILED_PROTOCOL", 0x11000002)),
        (
            PLAIN_GREETING.replace(b"PLAIN", b"NULL\0") + b"\x04\x06\x05HELLO",
            ("HANDSHAKE_FAILED_PROTOCOL", 0x10000001),
        ),
    ],
    ids=["another mechanism", "a command out of place"],
)
def test_a_handshake_against_the_protocol_fails_with_a_code(bench, octets, event):
    binder, heard = bench.watched(bench.zmq.PULL)
    with RawClient(binder.bind_to_random_port("tcp://127.0.0.1")) as client:
        client.send(octets)
        _, accepted, failed, lost = heard.until("DISCONNECTED")
    assert failed[:2] == event
    assert lost[1:] == accepted[1:]


def test_a_peer_that_leaves_in_the_handshake_gives_no_detail(bench):
    binder, heard = bench.watched(bench.zmq.PULL)
    with RawClient(binder.bind_to_random_port("tcp://127.0.0.1")) as client:
        client.send(PLAIN_GREETING[:20])
        client.receive(10)
    assert heard.names("DISCONNECTED") == [
        *("LISTENING", "ACCEPTED", "HANDSHAKE_FAILED_NO_DETAIL", "DISCONNECTED"),
    ]


def test_a_handshake_that_takes_too_long_gives_no_detail(bench):
    binder, heard = bench.watched(bench.zmq.PULL, handshake_ivl=50)
    with RawClient(binder.bind_to_random_port("tcp://127.0.0.1")):
        assert heard.names("DISCONNECTED") == [
            *("LISTENING", "ACCEPTED", "HANDSHAKE_FAILED_NO_DETAIL", "DISCONNECTED"),
        ]


# -- sequences where libzmq loses events or tells them late ---


def test_a_close_ends_with_monitor_stopped(ours):
    binder, heard, connecter, seen, endpoint = connected(ours)
    before = heard.until("HANDSHAKE_SUCCEEDED")
    seen.until("HANDSHAKE_SUCCEEDED")
    binder.close(0)
    assert heard.event() == ("CLOSED", before[0][1], endpoint)
    assert heard.event() == ("MONITOR_STOPPED", 0, "")
    seen.until("DISCONNECTED")
    connecter.close(0)
    assert seen.until("MONITOR_STOPPED")[-1] == ("MONITOR_STOPPED", 0, "")


def test_what_the_socket_ends_itself_is_no_disconnection(ours):
    binder, heard, connecter, seen, endpoint = connected(ours, reconnect_ivl=60000)
    heard.until("HANDSHAKE_SUCCEEDED")
    seen.until("HANDSHAKE_SUCCEEDED")
    connecter.disconnect(endpoint)
    connecter.monitor(None)
    assert seen.event()[0] == "MONITOR_STOPPED"
    binder.unbind(endpoint)
    assert heard.names("CLOSED") in (["CLOSED"], ["DISCONNECTED", "CLOSED"])


def test_a_monitor_goes_on_while_a_closed_socket_lingers(ours):
    connecter, seen = ours.watched(SocketType.PUSH, reconnect_ivl=10)
    with reserved() as port:
        connecter.connect(f"tcp://127.0.0.1:{port}")
        connecter.send(b"late")
        connecter.close(-1)
        seen.until("CONNECT_RETRIED")
        puller = ours.socket(SocketType.PULL)
        puller.bind(f"tcp://127.0.0.1:{port}")
    assert puller.recv() == b"late"
    assert seen.names("MONITOR_STOPPED")[-2:] == ["HANDSHAKE_SUCCEEDED", "MONITOR_STOPPED"]


def test_nothing_is_told_of_peers_in_the_same_process(ours):
    binder, heard = ours.watched(SocketType.PULL)
    connecter, seen = ours.watched(SocketType.PUSH)
    binder.bind("inproc://quiet")
    connecter.connect("inproc://quiet")
    connecter.send(b"x")
    assert binder.recv() == b"x"
    binder.close()
    connecter.close()
    assert heard.event()[0] == "MONITOR_STOPPED"
    assert seen.event()[0] == "MONITOR_STOPPED"


# -- payloads and rules ---


def fail_to_bind(socket: Any) -> None:
    """Make one event, BIND_FAILED, and no other."""
    with pytest.raises(ZMQError):
        socket.bind(f"ipc://{TOO_LONG}")


def test_version_1_is_a_packed_number_pair_and_an_endpoint(ours):
    socket, heard = ours.watched(SocketType.PULL)
    fail_to_bind(socket)
    head = struct.pack("=H", 0x10) + struct.pack("=I", errno.ENAMETOOLONG)
    assert heard.socket.recv_multipart() == [head, TOO_LONG.encode()]


def test_version_2_names_both_ends(ours):
    readers = {}
    binder, connecter = ours.socket(SocketType.PULL), ours.socket(SocketType.PUSH)
    for socket in (binder, connecter):
        name = f"inproc://v2-{next(NUMBERS)}"
        monitor(socket._core, name, Event.ALL_V2, 2)
        readers[socket] = ours.reader(name)
    endpoint = f"tcp://127.0.0.1:{binder.bind_to_random_port('tcp://127.0.0.1')}"
    connecter.connect(endpoint)
    heard = {event: ends for event, _, *ends in (readers[binder].numbers() for _ in range(3))}
    seen = {event: ends for event, _, *ends in (readers[connecter].numbers() for _ in range(3))}
    assert heard[Event.LISTENING] == [endpoint, ""]
    assert seen[Event.CONNECT_DELAYED] == ["", endpoint]
    far = heard[Event.ACCEPTED][1]
    assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", far)
    assert heard[Event.ACCEPTED] == heard[Event.HANDSHAKE_SUCCEEDED] == [endpoint, far]
    assert seen[Event.CONNECTED] == seen[Event.HANDSHAKE_SUCCEEDED] == [far, endpoint]


@pytest.mark.parametrize("bound", [False, True])
def test_a_monitor_that_comes_late_names_both_ends_of_what_is_gone(ours, bound):
    binder, connecter = ours.socket(SocketType.PULL), ours.socket(SocketType.PUSH)
    endpoint = f"tcp://127.0.0.1:{binder.bind_to_random_port('tcp://127.0.0.1')}"
    connecter.connect(endpoint)
    connecter.send(b"there")
    assert binder.recv() == b"there"
    stays, goes = (binder, connecter) if bound else (connecter, binder)
    name = f"inproc://v2-{next(NUMBERS)}"
    monitor(stays._core, name, Event.DISCONNECTED, 2)
    reader = ours.reader(name)
    goes.close(0)
    event, _, *ends = reader.numbers()
    assert event == Event.DISCONNECTED
    here, there = ends if bound else reversed(ends)
    assert here == endpoint
    assert re.fullmatch(r"tcp://127\.0\.0\.1:\d+", there)
    assert there != endpoint


@pytest.mark.parametrize(
    ("kind", "reader"), [(SocketType.PUSH, SocketType.PULL), (SocketType.PAIR, SocketType.PAIR)]
)
def test_events_wait_for_the_first_reader(ours, kind, reader):
    socket = ours.socket(SocketType.PULL)
    name = f"inproc://waits{next(NUMBERS)}"
    monitor(socket._core, name, kind=kind)
    fail_to_bind(socket)
    assert ours.reader(name, reader).event()[0] == "BIND_FAILED"


def test_a_published_monitor_has_many_readers(ours):
    socket = ours.socket(SocketType.PULL)
    monitor(socket._core, "inproc://published", kind=SocketType.PUB)
    readers = [ours.reader("inproc://published", SocketType.SUB) for _ in range(2)]
    for reader in readers:
        reader.socket.rcvtimeo = 50
    heard: set[Reader] = set()
    for _ in range(100):  # subscriptions arrive when they arrive
        fail_to_bind(socket)
        for reader in readers:
            try:
                heard.add(reader) if reader.event()[0] == "BIND_FAILED" else None
            except zmqthread.Again:
                pass
        if len(heard) == 2:
            break
    assert len(heard) == 2


def test_only_events_of_the_mask_are_told(ours):
    socket = ours.socket(SocketType.PULL)
    socket.monitor("inproc://masked", Event.LISTENING)
    reader = ours.reader("inproc://masked")
    fail_to_bind(socket)
    socket.bind_to_random_port("tcp://127.0.0.1")
    socket.close()
    assert reader.event()[0] == "LISTENING"
    reader.socket.rcvtimeo = 0
    with pytest.raises(zmqthread.Again):
        reader.event()


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (errno.EPROTONOSUPPORT, {"endpoint": "tcp://127.0.0.1:5555"}),
        (errno.EPROTONOSUPPORT, {"endpoint": "ipc:///tmp/monitor"}),
        (errno.EINVAL, {"endpoint": "nonsense"}),
        (errno.EINVAL, {"events": 0x10000}),
        (errno.EINVAL, {"version": 3}),
        (errno.EINVAL, {"version": 2, "kind": SocketType.ROUTER}),
    ],
)
def test_what_a_monitor_cannot_be(ours, number, arguments):
    socket, heard = ours.watched(SocketType.PULL)
    with pytest.raises(ZMQError) as caught:
        monitor(socket._core, **{"endpoint": "inproc://refused", **arguments})
    assert caught.value.errno == number
    fail_to_bind(socket)
    assert heard.event()[0] == "BIND_FAILED", "the monitor before goes on"


def test_an_endpoint_in_use_cannot_be_monitored_at(ours):
    other = ours.socket(SocketType.PAIR)
    other.bind("inproc://taken")
    with pytest.raises(ZMQError) as caught:
        ours.socket(SocketType.PULL).monitor("inproc://taken")
    assert caught.value.errno == errno.EADDRINUSE


def test_a_closed_socket_is_not_monitored(ours):
    socket = ours.socket(SocketType.PULL)
    socket.close()
    with pytest.raises(ZMQError) as caught:
        monitor(socket._core, "inproc://late")
    assert caught.value.errno == errno.ENOTSOCK


def test_a_terminated_context_is_not_monitored(ours):
    socket = ours.socket(SocketType.PULL)
    ours.context.shutdown()
    with pytest.raises(zmqthread.ContextTerminated):
        socket.monitor("inproc://late")


def test_a_second_monitor_stops_the_first_and_may_take_its_endpoint(ours):
    socket = ours.socket(SocketType.PULL)
    for _ in range(20):
        socket.monitor("inproc://again")
        reader = ours.reader("inproc://again")
        fail_to_bind(socket)
        socket.monitor("inproc://again")
        assert reader.names("MONITOR_STOPPED") == ["BIND_FAILED", "MONITOR_STOPPED"]
        reader.socket.close()


def test_none_stops(ours):
    socket, heard = ours.watched(SocketType.PULL)
    socket.monitor(None)
    fail_to_bind(socket)
    assert heard.event() == ("MONITOR_STOPPED", 0, "")
    socket.monitor(None)


# -- bounds: a reader that is slow, or absent ---


def test_past_the_mark_events_are_dropped_and_counted(ours):
    socket = ours.socket(SocketType.PULL)
    socket._core.options.monitor_hwm = 5
    socket.monitor("inproc://bounded")
    for _ in range(8):
        fail_to_bind(socket)
    assert socket._core.monitor.dropped == 3
    reader = ours.reader("inproc://bounded")
    socket.monitor(None)
    assert reader.names("MONITOR_STOPPED") == ["BIND_FAILED"] * 5 + ["MONITOR_STOPPED"]


def test_a_reader_that_does_not_read_still_gets_the_last_word(ours):
    socket = ours.socket(SocketType.PULL)
    socket._core.options.monitor_hwm = 5
    socket.monitor("inproc://slow")
    reader = ours.reader("inproc://slow", rcvhwm=2)
    for _ in range(50):
        fail_to_bind(socket)
    watcher = socket._core.monitor
    socket.monitor(None)
    events = reader.names("MONITOR_STOPPED")
    assert events[-1] == "MONITOR_STOPPED"
    assert len(events) - 1 + watcher.dropped == 50
    assert len(events) - 1 <= 5 + 5 + 2


def faults(bench: Bench, watch: Callable[[Any], None]) -> list[object]:
    """Return what the users of two sockets see of a bad and of a good peer."""
    binder = bench.socket(SocketType.PULL)
    watch(binder)
    port = binder.bind_to_random_port("tcp://127.0.0.1")
    seen: list[object] = []
    for octets in (b"", PLAIN_GREETING, b"GET / HTTP/1.0\r\n\r\n" + bytes(64)):
        with RawClient(port) as client:
            client.send(octets or PLAIN_GREETING[:1])
            if octets:
                seen.append(len(client.receive_until_closed()))
    connecter = bench.socket(SocketType.PUSH)
    connecter.connect(f"tcp://127.0.0.1:{port}")
    for number in range(100):
        connecter.send(b"%d" % number)
    seen.extend(binder.recv() for _ in range(100))
    binder.close()
    connecter.close()
    return seen


def test_a_monitor_that_nobody_reads_changes_nothing(ours):
    def watch(socket: Any) -> None:
        socket._core.options.monitor_hwm = 1
        socket.monitor("inproc://unread")

    assert faults(ours, watch) == faults(ours, lambda socket: None)


# -- the lengths of queues ---


def test_queue_lengths_are_told_for_each_peer(ours):
    socket = ours.socket(SocketType.PUSH)
    monitor(socket._core, "inproc://stats", Event.PIPES_STATS | Event.HANDSHAKE_SUCCEEDED, 2)
    reader = ours.reader("inproc://stats")
    with pytest.raises(zmqthread.Again):
        pipes_stats(socket._core)
    with reserved() as port:
        nowhere = f"tcp://127.0.0.1:{port}"
        socket.connect(nowhere)
        for _ in range(3):
            socket.send(b"x")
        pipes_stats(socket._core)
    assert reader.numbers() == (Event.PIPES_STATS, [3, 0], "", nowhere)


def test_queue_lengths_count_what_has_come_in(ours):
    binder, connecter = ours.socket(SocketType.PAIR), ours.socket(SocketType.PAIR)
    monitor(binder._core, "inproc://stats", Event.ALL_V2, 2)
    reader = ours.reader("inproc://stats")
    endpoint = f"tcp://127.0.0.1:{binder.bind_to_random_port('tcp://127.0.0.1')}"
    connecter.connect(endpoint)
    connecter.send(b"1")
    connecter.send(b"2")
    assert binder.recv() == b"1"
    deadline = 200
    while (pipes := next(iter(binder._core.pipes))) and not len(pipes.incoming) and deadline:
        binder.poll(10)
        deadline -= 1
    pipes_stats(binder._core)
    while (event := reader.numbers())[0] != Event.PIPES_STATS:
        pass
    assert event[1] == [0, 1]
    assert event[2] == endpoint


@pytest.mark.parametrize(("events", "version"), [(Event.ALL, 2), (Event.ALL, 1)])
def test_queue_lengths_have_to_be_asked_for_when_monitoring(ours, events, version):
    socket = ours.socket(SocketType.PUSH)
    with pytest.raises(ZMQError) as caught:
        pipes_stats(socket._core)
    assert caught.value.errno == errno.EINVAL
    monitor(socket._core, "inproc://nostats", events, version)
    with pytest.raises(ZMQError) as caught:
        pipes_stats(socket._core)
    assert caught.value.errno == errno.EINVAL
