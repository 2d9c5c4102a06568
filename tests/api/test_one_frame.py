"""What every socket can do, with the types whose messages have one frame."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any

import pytest

import zmqthread as zmq
from tests.api.test_proxy import Bench
from tests.interop.test_heartbeats import shake_hands
from tests.support import LOOPBACK, RawClient, seconds

#: Who binds and who connects; the second one speaks first, or is the only one that does.
PAIRS = [
    (zmq.SERVER, zmq.CLIENT),
    (zmq.GATHER, zmq.SCATTER),
    (zmq.CHANNEL, zmq.CHANNEL),
    (zmq.PEER, zmq.PEER),
    (zmq.DISH, zmq.RADIO),
]
pairs = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: "-".join(k.name for k in pair))
TCP = f"tcp://{LOOPBACK}:*"
NUMBERS = itertools.count()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


class Joined:
    """Two sockets: one hears what the other says."""

    def __init__(self, bench: Bench, pair: tuple[int, int], endpoint: str, **options: Any) -> None:
        self.hearer = bench.socket(pair[0], bound=False, **options)
        self.speaker = bench.socket(pair[1], bound=False)
        self.hearer.bind(endpoint)
        self.number = None
        address = self.hearer.last_endpoint.decode()
        if pair[1] == zmq.PEER:
            self.number = self.speaker.connect_peer(address)
        else:
            self.speaker.connect(address)
        self.group = None
        if pair[0] == zmq.DISH:
            self.group = "g"
            self.hearer.join("g")
            while not self.hearer.poll(5):
                self.say(b"?")
            self.say(b"!")
            while self.hearer.recv() != b"!":
                pass

    def say(self, message: bytes) -> None:
        self.speaker.send(message, routing_id=self.number, group=self.group)


def endpoint(transport: str) -> str:
    return TCP if transport == "tcp" else f"inproc://one-frame-{next(NUMBERS)}"


@pairs
@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_pollers_see_them(bench, pair, transport):
    joined = Joined(bench, pair, endpoint(transport))
    poller = zmq.Poller()
    poller.register(joined.hearer, zmq.POLLIN)
    poller.register(joined.speaker, zmq.POLLOUT)
    assert dict(poller.poll(seconds(10_000))) == {joined.speaker: zmq.POLLOUT}
    joined.say(b"x")
    poller.unregister(joined.speaker)
    assert poller.poll(seconds(10_000)) == [(joined.hearer, zmq.POLLIN)]
    assert joined.hearer.recv() == b"x"
    assert poller.poll(0) == []
    assert zmq.select([joined.hearer], [joined.speaker], [], 1)[1] == [joined.speaker]


@pairs
def test_descriptors_tell_of_them(bench, pair):
    joined = Joined(bench, pair, TCP)
    joined.hearer.get(zmq.EVENTS)
    assert joined.hearer.fileno() >= 0
    joined.say(b"x")
    assert joined.hearer.poll(seconds(10_000)) == zmq.POLLIN
    assert joined.hearer.get(zmq.EVENTS) & zmq.POLLIN
    assert joined.hearer.recv() == b"x"
    assert not joined.hearer.get(zmq.EVENTS) & zmq.POLLIN


@pairs
def test_monitors_tell_of_their_connections(bench, pair):
    hearer = bench.socket(pair[0], bound=False)
    monitor = hearer.get_monitor_socket()
    bench.sockets.append(monitor)
    monitor.rcvtimeo = int(seconds(10) * 1000)
    hearer.bind(TCP)
    with bench.context.socket(pair[1]) as speaker:
        speaker.connect(hearer.last_endpoint.decode())
        events = [event_of(monitor) for _ in range(3)]
    events.append(event_of(monitor))
    assert events == [
        zmq.EVENT_LISTENING,
        zmq.EVENT_ACCEPTED,
        zmq.EVENT_HANDSHAKE_SUCCEEDED,
        zmq.EVENT_DISCONNECTED,
    ]


def event_of(monitor: Any) -> int:
    event, _ = struct.unpack("=HI", monitor.recv_multipart()[0])
    return int(event)


@pairs
def test_statistics_count_their_messages(bench, pair):
    from zmqthread import capi

    joined = Joined(bench, pair, TCP)
    capi.zmq_socket_monitor_versioned(
        joined.hearer, "inproc://statistics", zmq.EVENT_PIPES_STATS, 2, zmq.PAIR
    )
    monitor = bench.socket(zmq.PAIR, bound=False)
    monitor.connect("inproc://statistics")
    for _ in range(3):
        joined.say(b"x")
    queued = [0, 0]
    while queued != [0, 3]:  # nothing to send, and soon all of them to be received
        try:
            capi.zmq_socket_monitor_pipes_stats(joined.hearer)
        except zmq.Again:  # no connection yet
            continue
        event, count, *frames = monitor.recv_multipart()
        assert struct.unpack("=Q", event) == (zmq.EVENT_PIPES_STATS,)
        (values,) = struct.unpack("=Q", count)
        queued = [struct.unpack("=Q", frame)[0] for frame in frames[:values]]


# -- proxies ---


def test_a_proxy_shares_work_out(bench):
    frontend, backend = bench.socket(zmq.GATHER), bench.socket(zmq.SCATTER)
    scatter, gather = bench.peer(zmq.SCATTER, frontend), bench.peer(zmq.GATHER, backend)
    capture = bench.socket(zmq.PUSH)
    copies = bench.peer(zmq.PULL, capture)
    bench.proxy(frontend, backend, capture)
    for number in range(20):
        scatter.send(b"%d" % number)
    expected = [b"%d" % number for number in range(20)]
    assert [gather.recv() for _ in range(20)] == expected
    assert [copies.recv() for _ in range(20)] == expected


def test_a_proxy_joins_channels_both_ways(bench):
    frontend, backend = bench.socket(zmq.CHANNEL), bench.socket(zmq.CHANNEL)
    one, other = bench.peer(zmq.CHANNEL, frontend), bench.peer(zmq.CHANNEL, backend)
    bench.proxy(frontend, backend)
    one.send(b"there")
    other.send(b"and back")
    assert (other.recv(), one.recv()) == (b"there", b"and back")


def test_a_proxy_keeps_the_groups_of_messages(bench):
    frontend, backend = bench.socket(zmq.DISH), bench.socket(zmq.RADIO)
    radio, dish = bench.peer(zmq.RADIO, frontend), bench.peer(zmq.DISH, backend)
    for socket in (frontend, dish):
        for group in ("a", "b"):
            socket.join(group)
    bench.proxy(frontend, backend)
    while not dish.poll(5):
        radio.send(b"?", group="a")
    radio.send(b"!", group="b")
    while (frame := dish.recv(copy=False)).bytes != b"!":
        assert frame.group == "a"
    assert frame.group == "b"


def test_a_proxy_of_groups_to_a_type_without_any(bench):
    frontend, backend = bench.socket(zmq.DISH), bench.socket(zmq.PUSH)
    radio, pull = bench.peer(zmq.RADIO, frontend), bench.peer(zmq.PULL, backend)
    frontend.join("g")
    bench.proxy(frontend, backend)
    while not pull.poll(5):
        radio.send(b"x" * 300, group="g")
    assert pull.recv_multipart() == [b"x" * 300]


def test_a_proxy_of_a_server_with_itself_echoes(bench):
    server = bench.socket(zmq.SERVER)
    clients = [bench.peer(zmq.CLIENT, server) for _ in range(3)]
    bench.proxy(server, server)
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
    assert [client.recv() for client in clients] == [b"0", b"1", b"2"]


def test_a_proxy_counts_their_messages(bench):
    frontend, backend = bench.socket(zmq.GATHER), bench.socket(zmq.SCATTER)
    scatter, gather = bench.peer(zmq.SCATTER, frontend), bench.peer(zmq.GATHER, backend)
    control = bench.socket(zmq.PAIR)
    steering = bench.peer(zmq.PAIR, control)
    run = bench.proxy(frontend, backend, None, control=control)
    for _ in range(5):
        scatter.send(b"12345678")
        gather.recv()
    steering.send(b"STATISTICS")
    counted = [struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart()]
    assert counted == [5, 40, 0, 0, 0, 0, 5, 40]
    steering.send(b"TERMINATE")
    run.thread.join(seconds(10))
    assert run.error is None


# -- HELLO_MSG, DISCONNECT_MSG, HICCUP_MSG ---


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize(("kind", "other"), [(zmq.SERVER, zmq.CLIENT), (zmq.PEER, zmq.PEER)])
def test_hello_and_disconnect_messages(bench, kind, other, transport):
    server = bench.socket(kind, bound=False, hello_msg=b"hello", disconnect_msg=b"gone")
    server.bind(endpoint(transport))
    client = bench.peer(other, server)
    hello = client.recv(copy=False)
    assert hello.bytes == b"hello"
    client.send(b"x", routing_id=hello.routing_id or None)
    number = server.recv(copy=False).routing_id
    client.close()
    gone = server.recv(copy=False)
    assert (gone.bytes, gone.routing_id) == (b"gone", number)
    with pytest.raises(zmq.ZMQError) as caught:
        server.send(b"x", routing_id=number)
    assert caught.value.errno == zmq.EHOSTUNREACH


@pytest.mark.parametrize(("kind", "other"), [(zmq.CLIENT, zmq.SERVER), (zmq.PEER, zmq.PEER)])
def test_hiccup_messages(bench, kind, other):
    server = bench.socket(other, bound=False)
    server.bind(TCP)
    address = server.last_endpoint.decode()
    client = bench.socket(kind, bound=False, hiccup_msg=b"hiccup", hello_msg=b"hello")
    client.reconnect_ivl = 1
    number = client.connect_peer(address) if kind == zmq.PEER else None
    if number is None:
        client.connect(address)
    for _ in range(2):
        assert server.recv() == b"hello"
        client.send(b"x", routing_id=number)
        assert server.recv() == b"x"
        server.close()
        hiccup = client.recv(copy=False)
        assert (hiccup.bytes, hiccup.routing_id) == (b"hiccup", number or 0)
        server = bench.socket(other, bound=False)
        server.bind(address)


# -- reconnecting ---


def test_a_dish_joins_again_what_it_has_joined(bench):
    joined = Joined(bench, (zmq.DISH, zmq.RADIO), TCP)
    address = joined.hearer.last_endpoint.decode()
    joined.speaker.reconnect_ivl = 1
    joined.hearer.close()
    dish = bench.socket(zmq.DISH, bound=False)
    dish.join("g")
    dish.bind(address)
    while not dish.poll(5):
        joined.say(b"x")
    assert dish.recv(copy=False).group == "g"


def test_what_is_queued_for_a_server_waits_for_it(bench):
    joined = Joined(bench, (zmq.SERVER, zmq.CLIENT), TCP)
    address = joined.hearer.last_endpoint.decode()
    monitor = joined.speaker.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    bench.sockets.append(monitor)
    monitor.rcvtimeo = int(seconds(10) * 1000)
    joined.say(b"x")
    joined.hearer.recv()
    joined.hearer.close()
    assert event_of(monitor) == zmq.EVENT_DISCONNECTED
    for number in range(3):
        joined.say(b"%d" % number)
    server = bench.socket(zmq.SERVER, bound=False)
    server.bind(address)
    assert [server.recv() for _ in range(3)] == [b"0", b"1", b"2"]


# -- messages of several frames ---

RAW_PEERS = [(zmq.SERVER, b"CLIENT"), (zmq.CLIENT, b"SERVER"), (zmq.GATHER, b"SCATTER"),
             (zmq.PEER, b"PEER"), (zmq.CHANNEL, b"CHANNEL")]  # fmt: skip


@pytest.mark.parametrize(("kind", "peer"), RAW_PEERS)
@pytest.mark.parametrize("size", [1, 1000, 70_000])
def test_rfc37_z48_messages_of_several_frames_are_dropped(bench, kind, peer, size):
    sock = bench.socket(kind, bound=False)
    port = sock.bind_to_random_port(f"tcp://{LOOPBACK}")
    body = b"x" * size
    more, last = (bytes([flags]) + size.to_bytes(8) + body for flags in (3, 2))
    with RawClient(port) as client:
        shake_hands(client, peer)
        client.send(b"\0\1a" + more + last + b"\0\1b" + (more * 3 + last) * 20 + b"\0\1c")
        assert [sock.recv() for _ in range(3)] == [b"a", b"b", b"c"]
        assert not sock.poll(20)


# -- labels ---


@pytest.mark.parametrize("number", [0, 1 << 32, -1])
def test_numbers_that_cannot_be(bench, number):
    with pytest.raises(zmq.ZMQError) as caught:
        bench.socket(zmq.SERVER).send(b"x", routing_id=number)
    assert caught.value.errno == zmq.EINVAL


@pytest.mark.parametrize("group", ["g" * 256, "a\0b", b"\0"])
def test_rfc48_t07_groups_that_cannot_be(bench, group):
    radio, dish = bench.socket(zmq.RADIO), bench.socket(zmq.DISH)
    for call in (lambda: radio.send(b"x", group=group), lambda: dish.join(group)):
        with pytest.raises(zmq.ZMQError) as caught:
            call()
        assert caught.value.errno == zmq.EINVAL


def test_labels_on_types_that_have_none_mean_nothing(bench):
    push = bench.socket(zmq.PUSH)
    pull = bench.peer(zmq.PULL, push)
    push.send(b"x", routing_id=5, group="g")
    push.send_multipart([b"a", b"b"], group="g")
    assert [pull.recv(), pull.recv_multipart()] == [b"x", [b"a", b"b"]]


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
@pytest.mark.parametrize("size", [0, 10, 100_000])
def test_a_labelled_message_may_share_its_memory(bench, transport, size):
    joined = Joined(bench, (zmq.DISH, zmq.RADIO), endpoint(transport))
    data = bytearray(b"x" * size)
    tracker = joined.speaker.send(data, copy=False, track=True, group="g")
    message = joined.hearer.recv(copy=False)
    assert (message.group, message.bytes) == ("g", bytes(data))
    del message
    assert tracker is not None
    tracker.wait(seconds(10))


def test_all_ways_to_send_and_receive(bench):
    joined = Joined(bench, (zmq.DISH, zmq.RADIO), endpoint("inproc"))
    radio, dish = joined.speaker, joined.hearer
    radio.send_string("text", group="g")
    radio.send_json({"a": 1}, group="g")
    radio.send_multipart([b"frame"], group="g")
    frame = zmq.Frame(b"labelled")
    frame.group = "g"
    radio.send(frame)
    radio.send_multipart([frame])
    assert dish.recv_string() == "text"
    assert dish.recv_json() == {"a": 1}
    buffer = bytearray(10)
    assert dish.recv_into(buffer) == 5
    assert buffer[:5] == b"frame"
    (received,) = dish.recv_multipart(copy=False)
    assert (received.group, received.more, received.get("group")) == ("g", False, "g")
    assert dish.recv_multipart() == [b"labelled"]
