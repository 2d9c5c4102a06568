"""Sockets without descriptors of their own, and how they come by them."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import zmqthread as zmq
from tests.conftest import open_descriptors
from tests.sessions import worlds
from tests.sessions.worlds import World, quietly
from tests.support import Peer, patient
from zmqthread.api.lodging import Lodging
from zmqthread.constants import SocketType
from zmqthread.reactor.selector import READ

STEPS = ("zmqthread.api.lodging", "zmqthread.api.mailbox", "zmqthread.api.driving")
linux = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_NOFILE and /proc")


def run(main: Callable[[World], None], seeds: int, held_up: float = 0.05) -> None:
    """Run ``main`` as a thread under some seeds; every line of `STEPS` may be held up."""
    worlds.run(main, seeds, nested=True, preempt=STEPS, preempt_p=held_up)


def lodges(socket: Any) -> bool:
    return socket._core.lodging is not None


@linux
def test_a_socket_that_only_sends_has_no_descriptor_but_its_connection(
    context: zmq.Context,
) -> None:
    pull = patient(context.socket(zmq.PULL), 10.0)
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    pull.poll(1)
    with zmq.Context() as other, other.socket(zmq.PUSH) as first:
        first.connect(f"tcp://127.0.0.1:{port}")
        first.send(b"0")
        assert pull.recv() == b"0"
        before = open_descriptors()
        with other.socket(zmq.PUSH) as push:
            assert open_descriptors() == before
            push.connect(f"tcp://127.0.0.1:{port}")
            for number in range(500):
                push.send(b"%d" % number)
            assert [pull.recv() for _ in range(500)] == [b"%d" % each for each in range(500)]
            assert len(open_descriptors() - before) == 2  # both ends of the connection
            assert lodges(push)


def recv(dealer: Any) -> None:
    dealer.rcvtimeo = 10
    with pytest.raises(zmq.Again):
        dealer.recv()
    dealer.rcvtimeo = 10_000


def recv_without_waiting(dealer: Any) -> None:
    with pytest.raises(zmq.Again):
        dealer.recv(zmq.DONTWAIT)


def poll(dealer: Any) -> None:
    assert not dealer.poll(10)


def bind_as_well(dealer: Any) -> None:
    port = dealer.bind_to_random_port("tcp://127.0.0.1")
    with dealer.context.socket(zmq.DEALER) as another:
        another.connect(f"tcp://127.0.0.1:{port}")
        another.send(b"!")
        assert dealer.recv() == b"!"


@pytest.mark.parametrize("look", [recv, recv_without_waiting, poll, bind_as_well])
def test_who_looks_has_it_move_out(look: Callable[[Any], None], context: zmq.Context) -> None:
    router = patient(context.socket(zmq.ROUTER), 10.0)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    dealer = patient(context.socket(zmq.DEALER), 10.0)
    if not dealer._core.loop.nests:
        pytest.skip("the I/O thread drives alone where selectors cannot be nested")
    dealer.connect(f"tcp://127.0.0.1:{port}")
    dealer.send(b"hello")
    hello = router.recv_multipart()
    assert lodges(dealer)
    look(dealer)
    assert not lodges(dealer)
    router.send_multipart(hello)
    assert dealer.recv() == b"hello"


def test_nothing_is_lost_when_it_moves_out_while_messages_come() -> None:
    def main(world: World) -> None:
        kernel = world.kernel
        here, there = world.engine("here"), world.engine("there")
        router = world.socket(there, SocketType.ROUTER)
        router.endpoints.bind("tcp://127.0.0.1:5000")
        dealer = world.socket(here, SocketType.DEALER)
        got: list[Any] = []

        def echo() -> None:
            for _ in range(12):
                world.send(router, world.recv(router))

        def collect() -> None:
            kernel.sleep(world.rng.choice([0.0, 1e-5, 1e-4, 1e-3]))
            while len(got) < 12:
                if world.rng.random() < 0.3:
                    world.poll([(dealer, READ)])
                got.append(world.recv(dealer))

        threads = [
            world.spawn(there, "echo", echo),
            world.spawn(here, "collect", collect),
        ]
        dealer.endpoints.connect("tcp://127.0.0.1:5000")
        for number in range(12):
            world.send(dealer, b"%d" % number)
            if world.rng.random() < 0.3:
                kernel.sleep(world.rng.choice([1e-5, 1e-4]))
        kernel.wait_until(lambda: all(task.done for task in threads), 60.0)
        assert got == [b"%d" % number for number in range(12)]
        world.finish()

    run(main, 150)


def test_who_posts_is_heard_while_it_moves_out() -> None:
    """Who posts rings what was there before, and others rely on that ring."""

    def main(world: World) -> None:
        engine, kernel = world.engine("here"), world.kernel
        pull = world.socket(engine, SocketType.PULL)
        heard: list[int] = []
        delays = [0.0, 0.0, 5e-6, 1e-5, 2e-5, 4e-5]

        def listen() -> None:
            kernel.sleep(world.rng.choice(delays))
            quietly(lambda: world.recv(pull))

        def post(number: int) -> None:
            kernel.sleep(world.rng.choice(delays))
            pull.post(lambda: heard.append(number))

        for number in range(4):
            world.spawn(engine, "writer", post, number)
        world.spawn(engine, "reader", listen)
        assert kernel.wait_until(lambda: len(heard) == 4, 1.0)
        world.finish()

    run(main, 400, 0.3)


@linux
def test_a_wait_needs_no_descriptor() -> None:
    """Not even the first one of a socket, in a thread that has not waited before."""
    code = """
import os, resource, threading
context = zmq.Context()
pull, push, waiting = (context.socket(kind) for kind in (zmq.PULL, zmq.PUSH, zmq.DEALER))
port = pull.bind_to_random_port("tcp://127.0.0.1")
push.connect(f"tcp://127.0.0.1:{port}")
push.send(b"0")
while True:
    try:
        pull.recv(zmq.DONTWAIT)
        break
    except zmq.Again:
        pass
router = context.socket(zmq.ROUTER)
port = router.bind_to_random_port("tcp://127.0.0.1")
waiting.connect(f"tcp://127.0.0.1:{port}")
waiting.send(b"hello")
hello = router.recv_multipart()
lodged = waiting._core.lodging is not None
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
filled = []
try:
    while True:
        filled.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
got = []
thread = threading.Thread(target=lambda: got.append(waiting.recv()))
thread.start()
thread.join(0.1)
router.send_multipart(hello)
thread.join(10)
waited = waiting._core.lodging is not None
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
router.send_multipart(hello)
got.append(waiting.recv())
waiting.poll(1)
say([lodged, waited, [each.decode() for each in got], waiting._core.lodging is None])
"""
    with Peer("zmqthread", code) as peer:
        assert peer.hear() == [True, True, ["hello", "hello"], True], peer.errors()


class Lodger:
    """A socket that finds no descriptors for a selector of its own."""

    released = False

    def __init__(self) -> None:
        self.loop = self.selector = self
        self.lock = threading.RLock()
        self.watched: dict[int, tuple[int, Any]] = {}
        self.turns: list[Any] = []

    def settled(self) -> bool:
        return False

    def register(self, fd: int, events: int, data: Any) -> None:
        self.watched[fd] = events, data

    modify = register

    def unregister(self, fd: int) -> None:
        del self.watched[fd]

    def turn(self, ready: list[tuple[Any, int]]) -> None:
        self.turns += ready

    def notify(self) -> None:
        pass


@pytest.mark.parametrize("seed", range(20))
def test_where_descriptors_are_scarce_any_number_is_watched(seed: int) -> None:
    rng = random.Random(seed)
    lodger: Any = Lodger()
    lodging = Lodging(lodger)
    expected: dict[int, tuple[int, str]] = {}
    for step in range(60):
        fd, events, data = rng.randrange(5), rng.randrange(4), f"handler {step}"
        before = lodger.watched.get(fd)
        match rng.choice(("register", "modify", "unregister")):
            case "register":
                lodging.register(fd, events, data)
                expected[fd] = events, data
            case "modify" if fd in expected:
                lodging.modify(fd, events, data)
                expected[fd] = events, data
            case "unregister":
                lodging.unregister(fd)
                expected.pop(fd, None)
        assert {fd: events for fd, (events, _) in lodger.watched.items()} == {
            fd: events for fd, (events, _) in expected.items()
        }
        for fd, (_, handler) in lodger.watched.items():
            lodger.turns.clear()
            handler(1)
            assert lodger.turns == [(expected[fd][1], 1)]
        if before is not None and fd not in expected:
            lodger.turns.clear()
            before[1](1)  # told of it before it was taken out
            assert not lodger.turns
    other = Lodger()
    lodging.hand_over(other)  # type: ignore[arg-type]
    assert other.watched == expected
    lodging.vacate()
    assert not lodger.watched
