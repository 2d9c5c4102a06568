"""Proxies: whole messages both ways, bounds, copies, commands, and how they end."""

from __future__ import annotations

import errno
import itertools
import logging
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import pytest

import zmqthread as zmq
from tests.support import Peer, seconds
from zmqthread.api import batches
from zmqthread.api import proxy as proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = itertools.count()


class Bench:
    """A context, its sockets, and proxies that run in threads."""

    def __init__(self) -> None:
        self.context = zmq.Context()
        self.sockets: list[Any] = []
        self.runs: list[Run] = []

    def socket(self, kind: int, bound: bool = True, **options: Any) -> Any:
        """Return a socket; unless told otherwise it is bound in-process, see `peer`."""
        socket = self.context.socket(kind)
        self.sockets.append(socket)
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = int(seconds(10) * 1000)
        for name, value in options.items():
            setattr(socket, name, value)
        if bound:
            socket.bind(f"inproc://{next(NUMBERS)}")
        return socket

    def peer(self, kind: int, of: Any, **options: Any) -> Any:
        """Return a socket that is connected to another one."""
        socket = self.socket(kind, bound=False, **options)
        socket.connect(of.last_endpoint.decode())
        return socket

    def proxy(self, *sockets: Any, control: Any = None) -> Run:
        run = Run(sockets, control)
        self.runs.append(run)
        return run

    def close(self) -> None:
        self.context.shutdown()
        for run in self.runs:
            run.thread.join(seconds(10))
            assert not run.thread.is_alive()
        for socket in self.sockets:
            socket.close(0)
        self.context.term()


class Run:
    """A proxy in a thread, and how it ended."""

    def __init__(self, sockets: tuple[Any, ...], control: Any) -> None:
        self.error: BaseException | None = None
        self._cores = [socket and socket._core for socket in sockets]
        self._control = control and control._core
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            if self._control is None:
                proxies.proxy(*self._cores)
            else:
                frontend, backend, *capture = self._cores
                taps = capture[0] if capture else None
                proxies.proxy_steerable(frontend, backend, taps, self._control)
        except BaseException as error:
            self.error = error.with_traceback(None)  # its frames hold descriptors

    def ended(self) -> BaseException | None:
        """Wait for the end and return what was raised."""
        self.thread.join(seconds(10))
        assert not self.thread.is_alive()
        return self.error


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread is about to bring about."""
    deadline = time.monotonic() + seconds(10)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# -- messages ---


def test_requests_and_replies_go_through(bench):
    frontend, backend = bench.socket(zmq.ROUTER), bench.socket(zmq.DEALER)
    bench.proxy(frontend, backend)
    clients = [bench.peer(zmq.REQ, frontend) for _ in range(3)]
    services = [bench.peer(zmq.REP, backend) for _ in range(2)]

    def serve(service: Any) -> None:
        try:
            while True:
                service.send_multipart([b"re", *service.recv_multipart()])
        except zmq.ContextTerminated:
            pass

    for service in services:
        service.rcvtimeo = -1
        thread = threading.Thread(target=serve, args=(service,))
        thread.start()
        bench.runs.append(Run.__new__(Run))
        bench.runs[-1].thread = thread
    for number in range(50):
        for client in clients:
            client.send_multipart([b"%d" % number, b"", bytes(number * 100)])
        for client in clients:
            expected = [b"re", b"%d" % number, b"", bytes(number * 100)]
            assert client.recv_multipart() == expected


def test_one_direction_is_enough(bench):
    frontend, backend = bench.socket(zmq.PULL), bench.socket(zmq.PUSH)
    bench.proxy(frontend, backend)
    source, sink = bench.peer(zmq.PUSH, frontend), bench.peer(zmq.PULL, backend)
    messages = [[b"%d" % number] * (1 + number % 3) for number in range(5000)]
    sender = threading.Thread(target=lambda: [source.send_multipart(m) for m in messages])
    sender.start()
    assert [sink.recv_multipart() for _ in messages] == messages
    sender.join()


def test_the_sides_may_be_named_the_other_way_round(bench):
    frontend, backend = bench.socket(zmq.PUSH), bench.socket(zmq.PULL)
    bench.proxy(frontend, backend)
    bench.peer(zmq.PUSH, backend).send(b"backwards")
    assert bench.peer(zmq.PULL, frontend).recv() == b"backwards"


def test_messages_are_shared_out_among_many_peers(bench):
    frontend, backend = bench.socket(zmq.PULL), bench.socket(zmq.PUSH)
    sinks = [bench.peer(zmq.PULL, backend) for _ in range(4)]
    sources = [bench.peer(zmq.PUSH, frontend) for _ in range(3)]
    bench.proxy(frontend, backend)
    for number in range(400):
        for index, source in enumerate(sources):
            source.send(b"%d.%d" % (index, number))
    got = [[sink.recv() for _ in range(300)] for sink in sinks]
    everything = {message for part in got for message in part}
    assert everything == {b"%d.%d" % (i, n) for i in range(3) for n in range(400)}


def test_subscriptions_travel_back(bench):
    frontend, backend = bench.socket(zmq.XSUB), bench.socket(zmq.XPUB)
    bench.proxy(frontend, backend)
    publisher = bench.peer(zmq.XPUB, frontend)
    subscriber = bench.peer(zmq.SUB, backend)
    subscriber.subscribe(b"a")
    assert publisher.recv() == b"\x01a"
    publisher.send(b"b: not wanted")
    publisher.send(b"a: wanted")
    assert subscriber.recv() == b"a: wanted"
    subscriber.unsubscribe(b"a")
    assert publisher.recv() == b"\x00a"


def test_one_socket_as_both_sides_gets_its_messages_back(bench):
    echo = bench.socket(zmq.ROUTER)
    bench.proxy(echo, echo)
    clients = [bench.peer(zmq.DEALER, echo) for _ in range(2)]
    for number in range(3):
        for index, client in enumerate(clients):
            client.send_multipart([b"%d" % index, b"%d" % number])
    for index, client in enumerate(clients):
        got = [client.recv_multipart() for _ in range(3)]
        assert got == [[b"%d" % index, b"%d" % number] for number in range(3)]


def test_one_socket_that_has_to_reply_before_it_hears_more(bench):
    echo = bench.socket(zmq.REP)
    bench.proxy(echo, echo)
    clients = [bench.peer(zmq.REQ, echo) for _ in range(3)]
    for number in range(20):
        for client in clients:
            client.send(b"%d" % number)
        assert [client.recv() for client in clients] == [b"%d" % number] * 3


def test_types_that_take_turns(bench):
    frontend, backend = bench.socket(zmq.REP), bench.socket(zmq.REQ)
    bench.proxy(frontend, backend)
    client, service = bench.peer(zmq.REQ, frontend), bench.peer(zmq.REP, backend)
    for number in range(20):
        client.send(b"%d" % number)
        assert service.recv() == b"%d" % number
        service.send(b"re %d" % number)
        assert client.recv() == b"re %d" % number


def test_large_and_small_messages_keep_their_order(bench):
    frontend, backend = bench.socket(zmq.PULL, False), bench.socket(zmq.PUSH, False)
    for socket in (frontend, backend):
        socket.bind("tcp://127.0.0.1:*")
    bench.proxy(frontend, backend)
    source, sink = bench.peer(zmq.PUSH, frontend), bench.peer(zmq.PULL, backend)
    sizes = [0, 10, 70_000, 256, 257, 3_000_000, 1] * 20
    messages = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    sender = threading.Thread(target=lambda: [source.send(m) for m in messages])
    sender.start()
    for message in messages:
        assert sink.recv() == message
    sender.join()


# -- bounds ---


def fill(socket: Any) -> int:
    """Send until it would block and return how many messages went."""
    sent = 0
    quiet = 0
    while quiet < 20:  # the proxy may be about to make room
        try:
            socket.send(b"%d" % sent, zmq.DONTWAIT)
        except zmq.Again:
            quiet += 1
            time.sleep(0.002)
        else:
            sent += 1
            quiet = 0
        assert sent < 10_000, "nothing holds it back"
    return sent


def test_nothing_is_taken_for_a_side_that_has_no_peer(bench):
    frontend = bench.socket(zmq.PULL, rcvhwm=10)
    backend = bench.socket(zmq.PUSH, sndhwm=10)
    bench.proxy(frontend, backend)
    source = bench.peer(zmq.PUSH, frontend, sndhwm=10)
    assert fill(source) == 20


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_a_side_that_is_stuck_holds_the_other_back_at_the_high_water_marks(bench, transport):
    frontend = bench.socket(zmq.PULL, transport == "inproc", rcvhwm=10)
    backend = bench.socket(zmq.PUSH, transport == "inproc", sndhwm=10)
    if transport == "tcp":
        frontend.bind("tcp://127.0.0.1:*")
        backend.bind("tcp://127.0.0.1:*")
    bench.proxy(frontend, backend)
    source = bench.peer(zmq.PUSH, frontend, sndhwm=10)
    sink = bench.peer(zmq.PULL, backend, rcvhwm=10)
    source.send(b"first")
    assert sink.recv() == b"first"
    if transport == "inproc":
        sent = fill(source)
        assert sent <= 40
        assert [sink.recv() for _ in range(sent)] == [b"%d" % number for number in range(sent)]
    else:
        # The kernel's buffers count as well: messages that are too large for them, until nothing
        # moves. A pipe that was full may have given the kernel a few since: it stays closed
        # down to its low-water mark.
        message = bytes(1 << 20)
        source.sndtimeo = 300
        sent, stuck = 0, False
        pipe = next(iter(backend._core.pipes))
        while sent < 500 and not stuck:
            try:
                source.send(message)
                sent += 1
            except zmq.Again:  # or the proxy was slow
                stuck = len(pipe.outgoing) > 5
        assert stuck
        assert len(pipe.outgoing) <= 10
        assert [len(sink.recv()) for _ in range(sent)] == [1 << 20] * sent


def test_one_direction_goes_on_while_the_other_is_stuck(bench):
    frontend = bench.socket(zmq.PAIR, rcvhwm=5, sndhwm=5)
    backend = bench.socket(zmq.PAIR, rcvhwm=5, sndhwm=5)
    bench.proxy(frontend, backend)
    near = bench.peer(zmq.PAIR, frontend, rcvhwm=5, sndhwm=5)
    far = bench.peer(zmq.PAIR, backend, rcvhwm=5, sndhwm=5)
    sent = fill(near)
    for number in range(200):
        far.send(b"%d" % number)
        assert near.recv() == b"%d" % number
    assert [far.recv() for _ in range(sent)] == [b"%d" % number for number in range(sent)]


def test_commands_are_obeyed_while_a_side_is_stuck(bench):
    frontend, backend = bench.socket(zmq.PULL, rcvhwm=5), bench.socket(zmq.PUSH, sndhwm=5)
    control = bench.socket(zmq.REP)
    run = bench.proxy(frontend, backend, control=control)
    steer = bench.peer(zmq.REQ, control)
    fill(bench.peer(zmq.PUSH, frontend, sndhwm=5))
    steer.send(b"PAUSE")
    assert steer.recv() == b""
    steer.send(b"TERMINATE")
    assert steer.recv() == b""
    assert run.ended() is None


# -- the capture ---


@pytest.mark.parametrize("kinds", [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR)])
def test_the_capture_gets_a_copy_of_both_directions(bench, kinds):
    frontend, backend = bench.socket(zmq.PAIR), bench.socket(zmq.PAIR)
    capture = bench.socket(kinds[0])
    copies = bench.peer(kinds[1], capture)
    bench.proxy(frontend, backend, capture)
    near, far = bench.peer(zmq.PAIR, frontend), bench.peer(zmq.PAIR, backend)
    near.send_multipart([b"there", b"1"])
    assert far.recv_multipart() == [b"there", b"1"]
    assert copies.recv_multipart() == [b"there", b"1"]
    far.send(b"back")
    assert near.recv() == b"back"
    assert copies.recv() == b"back"


def test_a_capture_without_room_holds_the_proxy_back_and_loses_nothing(bench):
    frontend, backend = bench.socket(zmq.PULL, rcvhwm=5), bench.socket(zmq.PUSH)
    capture = bench.socket(zmq.PUSH, sndhwm=5)
    bench.proxy(frontend, backend, capture)
    source = bench.peer(zmq.PUSH, frontend, sndhwm=5)
    sink = bench.peer(zmq.PULL, backend)
    copies = bench.peer(zmq.PULL, capture, rcvhwm=5)
    sent = fill(source)
    expected = [b"%d" % number for number in range(sent)]
    assert [copies.recv() for _ in range(sent)] == expected
    assert [sink.recv() for _ in range(sent)] == expected


# -- commands ---


class Steered:
    """PULL to PUSH with a control socket."""

    def __init__(self, bench: Bench, kind: int = zmq.PAIR, peer: int = zmq.PAIR) -> None:
        self.frontend, self.backend = bench.socket(zmq.PULL), bench.socket(zmq.PUSH)
        self.control = bench.socket(kind)
        self.steer = bench.peer(peer, self.control)
        self.source = bench.peer(zmq.PUSH, self.frontend)
        self.sink = bench.peer(zmq.PULL, self.backend)
        self.run = bench.proxy(self.frontend, self.backend, control=self.control)

    def works(self) -> Self:
        self.source.send(b"x")
        assert self.sink.recv() == b"x"
        return self

    def statistics(self) -> list[int]:
        self.steer.send(b"STATISTICS")
        return [struct.unpack("=Q", frame)[0] for frame in self.steer.recv_multipart()]


def test_terminate_returns(bench):
    steered = Steered(bench).works()
    steered.steer.send(b"TERMINATE")
    assert steered.run.ended() is None


def test_paused_nothing_is_read_and_resumed_everything_goes_on(bench):
    steered = Steered(bench, zmq.REP, zmq.REQ).works()
    steered.steer.send(b"PAUSE")
    assert steered.steer.recv() == b""
    for number in range(10):
        steered.source.send(b"%d" % number)
    assert steered.statistics() == [1, 1, 0, 0, 0, 0, 1, 1]
    assert steered.sink.poll(0) == 0
    steered.steer.send(b"RESUME")
    assert steered.steer.recv() == b""
    assert [steered.sink.recv() for _ in range(10)] == [b"%d" % number for number in range(10)]


def test_statistics_count_messages_and_octets_of_each_side(bench):
    frontend, backend, control = (bench.socket(kind) for kind in (zmq.PAIR, zmq.PAIR, zmq.PAIR))
    near, far = bench.peer(zmq.PAIR, frontend), bench.peer(zmq.PAIR, backend)
    steer = bench.peer(zmq.PAIR, control)
    bench.proxy(frontend, backend, control=control)
    near.send_multipart([b"four", b"and three"])
    near.send(b"x")
    far.send(b"back!")
    assert [far.recv_multipart(), far.recv()] == [[b"four", b"and three"], b"x"]
    assert near.recv() == b"back!"
    steer.send(b"STATISTICS")
    frames = steer.recv_multipart()
    assert [len(frame) for frame in frames] == [8] * 8
    numbers = [struct.unpack("=Q", frame)[0] for frame in frames]
    assert numbers == [2, 14, 1, 5, 1, 5, 2, 14]


def test_unknown_commands_are_ignored(bench):
    steered = Steered(bench)
    for command in ([b"HALT"], [b""], [b"TERMINATE", b"now"], [b"pause"]):
        steered.steer.send_multipart(command)
    assert steered.statistics() == [0] * 8
    steered.works()


def test_a_rep_answers_commands_it_does_not_know(bench):
    steered = Steered(bench, zmq.REP, zmq.REQ)
    steered.steer.send(b"HALT")
    assert steered.steer.recv() == b""
    assert steered.statistics() == [0] * 8
    steered.works()


def test_a_control_socket_that_cannot_answer_steers_all_the_same(bench):
    steered = Steered(bench, zmq.PULL, zmq.PUSH)
    steered.steer.send(b"STATISTICS")
    steered.works()
    steered.steer.send(b"TERMINATE")
    assert steered.run.ended() is None


# -- the end ---


def test_it_ends_with_the_context(bench):
    run = bench.proxy(bench.socket(zmq.ROUTER), bench.socket(zmq.DEALER))
    bench.context.shutdown()
    assert isinstance(run.ended(), zmq.ContextTerminated)


@pytest.mark.parametrize("which", ["frontend", "backend", "capture", "control"])
def test_it_ends_when_a_socket_is_closed(bench, which):
    sockets = {
        "frontend": bench.socket(zmq.PULL),
        "backend": bench.socket(zmq.PUSH),
        "capture": bench.socket(zmq.PUB),
        "control": bench.socket(zmq.PULL),
    }
    steer = bench.peer(zmq.PUSH, sockets["control"])
    source = bench.peer(zmq.PUSH, sockets["frontend"])
    sink = bench.peer(zmq.PULL, sockets["backend"])
    control = sockets["control"]
    run = bench.proxy(*list(sockets.values())[:3], control=control)
    source.send(b"x")
    assert sink.recv() == b"x"
    sockets[which].close()
    steer.close()
    error = run.ended()
    assert isinstance(error, zmq.ZMQError)
    assert error.errno == errno.ENOTSOCK


def test_what_was_taken_is_delivered_at_the_end_if_there_is_room(bench, monkeypatch):
    """Ended between taking and sending, a proxy still hands over what it has."""
    frontend, backend = bench.socket(zmq.PULL), bench.socket(zmq.PUSH)
    source, sink = bench.peer(zmq.PUSH, frontend), bench.peer(zmq.PULL, backend)
    messages = [b"%d" % number for number in range(5)]
    for message in messages:
        source.send(message)

    def interrupted(core: Any, into: Any, most: int) -> int:
        batches.recv_many(core, into, most)
        raise KeyboardInterrupt

    monkeypatch.setattr(proxies, "recv_many", interrupted)
    with pytest.raises(KeyboardInterrupt):
        proxies.proxy(frontend._core, backend._core)
    monkeypatch.undo()
    assert sink.recv() == b"0"
    bench.proxy(frontend, backend)
    assert [sink.recv() for _ in range(4)] == messages[1:]


def test_what_cannot_be_delivered_at_the_end_is_logged(bench, monkeypatch, caplog):
    frontend, backend = bench.socket(zmq.PULL), bench.socket(zmq.PUSH)
    source, _ = bench.peer(zmq.PUSH, frontend), bench.peer(zmq.PULL, backend)
    source.send(b"lost")

    def closing(core: Any, into: Any, most: int) -> int:
        taken = batches.recv_many(core, into, most)
        backend.close()
        return taken

    monkeypatch.setattr(proxies, "recv_many", closing)
    with caplog.at_level(logging.WARNING, "zmqthread"), pytest.raises(zmq.ZMQError) as caught:
        proxies.proxy(frontend._core, backend._core)
    assert caught.value.errno == errno.ENOTSOCK
    assert "1 messages" in caplog.text


def test_an_error_of_sending_ends_it(bench):
    frontend, backend = bench.socket(zmq.DEALER), bench.socket(zmq.ROUTER, router_mandatory=1)
    source, _ = bench.peer(zmq.DEALER, frontend), bench.peer(zmq.DEALER, backend)
    run = bench.proxy(frontend, backend)
    source.send_multipart([b"nobody", b"x"])
    error = run.ended()
    assert isinstance(error, zmq.ZMQError)
    assert error.errno == errno.EHOSTUNREACH


# -- batches ---


def test_a_batch_is_no_larger_than_asked_for(bench):
    pull = bench.socket(zmq.PULL)
    push = bench.peer(zmq.PUSH, pull)
    for number in range(10):
        push.send(b"%d" % number)
    into: Any = deque()
    assert batches.recv_many(pull._core, into, 3) == 3
    assert batches.recv_many(pull._core, into, 100) == 7
    assert batches.recv_many(pull._core, into, 100) == 0
    assert list(into) == [b"%d" % number for number in range(10)]


def test_what_does_not_fit_stays(bench):
    push = bench.socket(zmq.PUSH, sndhwm=3)
    pull = bench.peer(zmq.PULL, push, rcvhwm=3)
    messages: Any = deque(b"%d" % number for number in range(10))
    assert batches.send_many(push._core, messages, 100) == 0
    assert list(messages) == [b"%d" % number for number in range(6, 10)]
    assert [pull.recv() for _ in range(6)] == [b"%d" % number for number in range(6)]
    assert batches.send_many(push._core, messages, 100) == 2
    assert not messages


def test_large_messages_stop_at_the_octets_a_lane_may_hold(bench):
    pull = bench.socket(zmq.PULL)
    push = bench.peer(zmq.PUSH, pull, pipe_bytes=1 << 20)
    messages: Any = deque([bytes(1 << 18)] * 100)
    assert batches.send_many(push._core, messages, 100) == 0
    left = len(messages)
    assert 90 <= left < 100, "a mebibyte is queued, give or take a message"
    for _ in range(100 - left):
        assert len(pull.recv()) == 1 << 18
    assert pull.poll(0) == 0
    assert batches.send_many(push._core, messages, 100) == 0
    assert len(messages) < left


# -- against libzmq ---

LIBZMQ_CLIENT = """
context = zmq.Context()
socket = context.socket(zmq.REQ)
socket.connect(args)
for number in range(200):
    socket.send_multipart([b"%d" % number, bytes(number)])
    assert socket.recv_multipart() == [b"%d" % number, bytes(number), b"done"]
socket.close()
context.term()
say("done")
"""
LIBZMQ_SERVICE = """
context = zmq.Context()
socket = context.socket(zmq.REP)
socket.connect(args)
for _ in range(200):
    socket.send_multipart([*socket.recv_multipart(), b"done"])
socket.close()
context.term()
say("done")
"""


@pytest.mark.interop
def test_between_peers_of_libzmq(bench):
    frontend, backend = bench.socket(zmq.ROUTER, False), bench.socket(zmq.DEALER, False)
    frontend.bind("tcp://127.0.0.1:*")
    backend.bind("tcp://127.0.0.1:*")
    bench.proxy(frontend, backend)
    ends = [socket.last_endpoint.decode() for socket in (frontend, backend)]
    with Peer("zmq", LIBZMQ_CLIENT, ends[0]) as client, Peer("zmq", LIBZMQ_SERVICE, ends[1]) as rep:
        assert client.hear() == "done"
        assert rep.hear() == "done"
