"""Sockets on selectors that cannot be nested (Windows): the I/O thread drives, threads follow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import seconds
from zmqthread.api.core import Core
from zmqthread.api.engine import Engine
from zmqthread.api.peers import join
from zmqthread.api.socket import Socket
from zmqthread.api.waiting import poll
from zmqthread.constants import ENOTSOCK, SocketType
from zmqthread.errors import Again, ZMQError
from zmqthread.reactor.flat import FlatSelector
from zmqthread.reactor.seams import FlatSeams
from zmqthread.reactor.selector import READ, WRITE

COUNT = 3000


def alone(call: Callable[[Engine], None]) -> None:
    """Run a test in a thread of its own: what a thread sleeps on is kept, and would be flat."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_run, call).result()


def _run(call: Callable[[Engine], None]) -> None:
    engine = Engine(seams=FlatSeams())
    try:
        call(engine)
    finally:
        for core in list(engine.sockets):
            core.close(0)
        engine.term(seconds(10))


def pair(engine: Engine, transport: str, one: SocketType, other: SocketType) -> tuple[Core, Core]:
    binder, connecter = engine.socket(one), engine.socket(other)
    for core in (binder, connecter):
        core.options.rcvtimeo = core.options.sndtimeo = int(seconds(10) * 1000)
    binder.endpoints.bind("inproc://flat" if transport == "inproc" else "tcp://127.0.0.1:*")
    connecter.endpoints.connect(binder.endpoints.last)
    return binder, connecter


def test_the_threads_follow() -> None:
    def main(engine: Engine) -> None:
        assert isinstance(engine.socket(SocketType.PULL).selector, FlatSelector)
        assert not engine._loops[0][0].nests

    alone(main)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_messages_arrive_in_order(transport: str) -> None:
    def main(engine: Engine) -> None:
        pull, push = pair(engine, transport, SocketType.PULL, SocketType.PUSH)

        def send() -> None:
            for number in range(COUNT):
                push.send(b"%d" % number)

        sender = threading.Thread(target=send)
        sender.start()
        assert [pull.recv() for _ in range(COUNT)] == [b"%d" % number for number in range(COUNT)]
        sender.join()

    alone(main)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_requests_are_answered(transport: str) -> None:
    def main(engine: Engine) -> None:
        rep, req = pair(engine, transport, SocketType.REP, SocketType.REQ)

        def serve() -> None:
            for _ in range(100):
                rep.send(rep.recv())

        server = threading.Thread(target=serve)
        server.start()
        for number in range(100):
            req.send(b"%d" % number)
            assert req.recv() == b"%d" % number
        server.join()

    alone(main)


def test_poll_sees_what_the_io_thread_brings() -> None:
    def main(engine: Engine) -> None:
        pull, push = pair(engine, "tcp", SocketType.PULL, SocketType.PUSH)
        deadline = engine.seams.monotonic() + seconds(10)
        assert poll([(pull, READ), (push, WRITE)], [], deadline, engine.seams) == [0, WRITE]
        push.send(b"x")
        assert poll([(pull, READ)], [], deadline, engine.seams) == [READ]

    alone(main)


def test_a_close_wakes_who_waits() -> None:
    def main(engine: Engine) -> None:
        pull = engine.socket(SocketType.PULL)
        numbers: list[int | None] = []

        def wait() -> None:
            try:
                pull.recv()
            except ZMQError as error:
                numbers.append(error.errno)

        waiter = threading.Thread(target=wait)
        waiter.start()
        with pytest.raises(Again):
            pull.recv(dontwait=True)
        pull.close()
        waiter.join(seconds(10))
        assert numbers == [ENOTSOCK]

    alone(main)


def test_datagrams() -> None:
    def main(engine: Engine) -> None:
        dish, radio = engine.socket(SocketType.DISH), engine.socket(SocketType.RADIO)
        dish.options.rcvtimeo = int(seconds(10) * 1000)
        dish.endpoints.bind("udp://127.0.0.1:*")
        join(dish, "g")
        radio.endpoints.connect(dish.endpoints.last)
        for number in range(10):
            Socket(None, core=radio).send(b"%d" % number, group="g")
        assert [Socket(None, core=dish).recv() for _ in range(10)] == [b"%d" % n for n in range(10)]

    alone(main)
