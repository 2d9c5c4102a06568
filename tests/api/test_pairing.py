"""What wakes a socket: a waker of its own, or one that it shares."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

import zmqthread as zmq
from tests.sessions import worlds
from tests.sessions.worlds import World
from tests.sim.explore import Explored
from tests.support import Peer, seconds
from zmqthread.constants import SocketType
from zmqthread.reactor.seams import SYSTEM
from zmqthread.reactor.waker import paired_wakers

#: Whatever decides who sleeps on what; every line may be held up.
STEPS = (
    "zmqthread.api.pairing",
    "zmqthread.api.mailbox",
    "zmqthread.api.driving",
    "zmqthread.api.core",
    "zmqthread.sessions.inproc",
)
linux = pytest.mark.skipif(not hasattr(os, "eventfd"), reason="there are no paired wakers here")


def run(main: Callable[[World], None], seeds: int) -> Explored:
    """Run ``main`` as a thread under some seeds; every line of `STEPS` may be held up."""
    return worlds.run(main, seeds, nested=True, preempt=STEPS, preempt_p=0.05)


def answer(world: World, rep: Any, count: int) -> None:
    for _ in range(count):
        world.send(rep, world.recv(rep))


# -- on the simulated kernel ---


@pytest.mark.parametrize("connect_first", [False, True])
def test_request_and_reply_sleep_on_their_wakers_and_lose_nothing(connect_first: bool) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        req = world.socket(engine, SocketType.REQ)
        rep = world.socket(engine, SocketType.REP)
        calls = [
            lambda: rep.endpoints.bind("inproc://x"),
            lambda: req.endpoints.connect("inproc://x"),
        ]
        for call in reversed(calls) if connect_first else calls:
            call()
        answering = world.spawn(engine, "answering", answer, world, rep, 6)
        for number in range(6):
            world.send(req, b"%d" % number)
            assert world.recv(req) == b"%d" % number
        assert world.kernel.wait_until(lambda: answering.done, 1.0)
        world.kernel.sometimes["paired"] += req.paired is not None and rep.paired is not None
        world.finish()

    seen = run(main, 60).sometimes
    assert seen["paired"] > 30
    assert seen["slept on its waker"] > 60


@pytest.mark.parametrize("binds", [False, True])
def test_who_sleeps_on_its_waker_hears_of_what_comes_from_outside(binds: bool) -> None:
    def main(world: World) -> None:
        engine, other = world.engine("here"), world.engine("there")
        pair, beside = (world.socket(engine, SocketType.DEALER) for _ in range(2))
        beside.endpoints.bind("inproc://x")
        pair.endpoints.connect("inproc://x")
        outside = world.socket(other, SocketType.DEALER)
        if not binds:
            outside.endpoints.bind("tcp://127.0.0.1:9")
        got: list[bytes] = []
        reader = world.spawn(engine, "reader", lambda: got.append(world.recv(pair)))
        world.kernel.sleep(world.rng.choice([0.0, 1e-3]))
        if binds:
            pair.endpoints.bind("tcp://127.0.0.1:9")
            outside.endpoints.connect("tcp://127.0.0.1:9")
        else:
            pair.endpoints.connect("tcp://127.0.0.1:9")
        world.send(outside, b"from outside")
        assert world.kernel.wait_until(lambda: reader.done, 1.0)
        assert got == [b"from outside"]
        assert pair.paired is None
        world.send(beside, b"from beside")
        assert world.recv(pair) == b"from beside"
        world.finish()

    assert run(main, 60).sometimes["slept on its waker"] > 10


def test_only_two_of_many_share_and_the_others_go_without() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        rep = world.socket(engine, SocketType.REP)
        rep.endpoints.bind("inproc://x")
        answering = world.spawn(engine, "answering", answer, world, rep, 9)

        def ask(req: Any) -> None:
            for number in range(3):
                world.send(req, b"%d" % number)
                assert world.recv(req) == b"%d" % number

        asking = []
        for _ in range(3):
            req = world.socket(engine, SocketType.REQ)
            req.endpoints.connect("inproc://x")
            asking.append(world.spawn(engine, "asking", ask, req))
        assert world.kernel.wait_until(lambda: answering.done, 1.0)
        assert world.kernel.wait_until(lambda: all(task.done for task in asking), 1.0)
        assert rep.paired is not None
        world.finish()

    run(main, 40)


@pytest.mark.parametrize("how", ["close", "term"])
def test_who_sleeps_on_its_waker_hears_of_the_end(how: str) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        both = [world.socket(engine, SocketType.DEALER) for _ in range(2)]
        both[0].endpoints.bind("inproc://x")
        both[1].endpoints.connect("inproc://x")

        def wait(core: Any) -> None:
            with pytest.raises(zmq.ZMQError):
                world.recv(core)

        readers = [world.spawn(engine, "reader", wait, core) for core in both]
        world.kernel.sleep(world.rng.choice([0.0, 1e-3]))
        if how == "close":
            for core in world.rng.sample(both, 2):
                core.close(0)
        else:
            engine.shutdown()
        assert world.kernel.wait_until(lambda: all(task.done for task in readers), 1.0)
        world.finish()

    run(main, 40)


# -- on the real one ---


def lockstep(req: zmq.Socket, rep: zmq.Socket, count: int = 200) -> None:
    def answering() -> None:
        for _ in range(count):
            rep.send(rep.recv())

    thread = threading.Thread(target=answering, daemon=True)
    thread.start()
    for number in range(count):
        req.send(b"%d" % number)
        assert req.recv() == b"%d" % number
    thread.join(seconds(10))
    assert not thread.is_alive()


@linux
def test_paired_sockets_leave_no_descriptor_behind() -> None:
    with zmq.Context() as context:
        before = None
        for turn in range(6):
            with context.socket(zmq.REQ) as req, context.socket(zmq.REP) as rep:
                rep.bind("inproc://x")
                req.connect("inproc://x")
                lockstep(req, rep)
                assert req._core.paired is not None
                assert rep._core.paired is not None
            gc.collect()
            if turn == 1:
                before = len(os.listdir("/proc/self/fd"))
        assert before is not None
        assert len(os.listdir("/proc/self/fd")) <= before + 2  # the last two may be on their way


@linux
def test_one_of_two_goes_on_when_the_other_has_gone() -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as rep:
        rep.bind("inproc://x")
        for _ in range(3):
            with context.socket(zmq.REQ) as req:
                req.connect("inproc://x")
                lockstep(req, rep)


@linux
def test_without_descriptors_for_it_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_seams: Any) -> Any:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(type(SYSTEM), "paired_wakers", none_left)
    with (
        zmq.Context() as context,
        context.socket(zmq.REQ) as req,
        context.socket(zmq.REP) as rep,
    ):
        rep.bind("inproc://x")
        req.connect("inproc://x")
        lockstep(req, rep)
        assert req._core.paired is None
        assert rep._core.paired is None


@linux
def test_a_paired_waker_is_rung_more_often_than_its_buffer_takes() -> None:
    one, other = paired_wakers()
    for _ in range(10_000):
        one.ring()
    one.sleep()
    one.drain()
    selector = SYSTEM.selector()
    selector.register(one, 1, "one")
    assert selector.select(0) == []
    other.ring()
    assert selector.select(0) == []
    one.ring()
    assert selector.select(0) == [("one", 1)]
    selector.close()
    for waker in (one, other):
        waker.close()
        waker.ring()
        waker.drain()
        waker.sleep()  # at once
        assert waker.fileno() == -1


SIGNALS = """
import signal, threading, time
context = zmq.Context()
req, rep = context.socket(zmq.REQ), context.socket(zmq.REP)
rep.bind("inproc://x")
req.connect("inproc://x")
def answering():
    while (request := rep.recv()) != b"end":
        time.sleep(float(request))
        rep.send(request)
    rep.send(b"")
thread = threading.Thread(target=answering)
thread.start()
def ask(text):
    req.send(text)
    return req.recv()
for _ in range(100):
    ask(b"0")
assert req._core.paired is not None and rep._core.paired is not None
counted = []
signal.signal(signal.SIGALRM, lambda *_: counted.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
for _ in range(20):
    assert ask(b"0.01") == b"0.01"
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(counted) > 20, len(counted)
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    ask(b"0.3")
except KeyboardInterrupt:
    pass
assert req.recv() == b"0.3"
assert ask(b"0") == b"0"
ask(b"end")
thread.join()
say("done")
"""


@linux
def test_signals_go_through_a_sleep_on_a_waker() -> None:
    with Peer("zmqthread", SIGNALS, {}) as peer:
        assert peer.hear(seconds(30)) == "done"
