"""Who drives a socket, and who is woken: on the simulated kernel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import zmqthread as zmq
from tests.sessions.worlds import World, again, quietly
from tests.sim.explore import explore
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.api.lending import TICK
from zmqthread.constants import SocketType
from zmqthread.reactor.selector import READ, WRITE
from zmqthread.sessions.session import Session


def run(main: Callable[[World], None], seeds: int = 10, **options: Any) -> None:
    """Run ``main`` as a thread of node "here" under some seeds; nothing may be left open."""

    def world(kernel: Kernel) -> None:
        built = World(kernel, **options)
        built.node("here")
        kernel.spawn(lambda: main(built), "main", "here")
        kernel.run()
        built.check_empty()

    explore(world, seeds)


def test_what_a_thread_sleeps_on_goes_with_the_thread() -> None:
    def main(world: World) -> None:
        pull = world.socket(world.engine("here"), SocketType.PULL)
        assert world.poll([(pull, 1)], 0.01) == [0]
        world.finish()

    def world(kernel: Kernel) -> None:
        built = World(kernel)
        built.node("here")
        kernel.spawn(lambda: main(built), "main", "here")
        kernel.run()
        built.check_empty(collect=False)

    explore(world, 10)


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "inproc://x"])
def test_a_sender_without_peers_goes_on_when_another_thread_connects(
    address: str, nested: bool
) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        push = world.socket(engine, SocketType.PUSH)
        sender = world.spawn(engine, "sender", world.send, push, b"x")
        world.kernel.sleep(0.01)
        assert not sender.done
        world.net.dark["127.0.0.1", 9] = "there"  # so that dialling tells nobody anything
        push.endpoints.connect(address)
        assert world.kernel.wait_until(lambda: sender.done, 0.05)
        world.finish()

    run(main, nested=nested)


def test_a_ring_that_came_too_late_does_not_silence_the_next_one() -> None:
    def main(world: World) -> None:
        pull = world.socket(world.engine("here"), SocketType.PULL)
        done: list[int] = []
        with pull.lock:
            # The second item is posted while the mailbox is emptied: done, and rung for as well.
            pull.post(lambda: pull.post(lambda: done.append(1)))
            pull.empty_mailbox()
            assert done == [1]
            pull.turn(pull.selector.select(0))
        pull.post(lambda: done.append(2))
        assert world.kernel.wait_until(lambda: done == [1, 2], 0.1)
        world.finish()

    run(main)


@pytest.mark.parametrize(("sndhwm", "rcvhwm"), [(1, 1), (2, 1), (3, 3), (10, 10)])
@pytest.mark.parametrize("connect_first", [False, True])
def test_inproc_takes_both_marks_and_goes_on_at_half(
    sndhwm: int, rcvhwm: int, connect_first: bool
) -> None:
    limit = sndhwm + rcvhwm

    def main(world: World) -> None:
        engine = world.engine("here")
        push = world.socket(engine, SocketType.PUSH, sndhwm=sndhwm)
        pull = world.socket(engine, SocketType.PULL, rcvhwm=rcvhwm)
        calls = [
            lambda: pull.endpoints.bind("inproc://x"),
            lambda: push.endpoints.connect("inproc://x"),
        ]
        for call in reversed(calls) if connect_first else calls:
            call()
        for _ in range(limit):
            world.send(push, b"x")
        sender = world.spawn(engine, "sender", world.send, push, b"x")
        world.kernel.sleep(0.01)
        assert not sender.done
        for _ in range(limit - limit // 2 - 1):
            world.recv(pull)
            world.kernel.sleep(0.01)
            assert not sender.done
        world.recv(pull)
        assert world.kernel.wait_until(lambda: sender.done, 0.01)
        world.finish()

    run(main)


def test_a_reader_of_a_full_queue_reads_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Session._read

    def main(world: World) -> None:
        kernel = world.kernel
        pull = world.socket(world.engine("here"), SocketType.PULL, rcvhwm=10)
        push = world.socket(world.engine("there"), SocketType.PUSH, sndhwm=1000)
        pull.endpoints.bind("tcp://127.0.0.1:9")
        push.endpoints.connect("tcp://127.0.0.1:9")
        for number in range(500):
            world.send(push, b"%1000d" % number)
        kernel.sleep(1.0)
        readers: list[str] = []

        def noted(session: Session) -> None:
            if session.host is pull and kernel.current is not None:
                readers.append(kernel.current.name)
            read(session)

        with monkeypatch.context() as patch:
            patch.setattr(Session, "_read", noted)
            for number in range(400):
                assert int(world.recv(pull)) == number
                kernel.sleep(1e-3)  # time for the I/O thread, if it were woken
        assert readers
        assert set(readers) == {"main"}
        for number in range(400, 500):
            assert int(world.recv(pull)) == number
        world.finish()

    run(main)


def test_octets_that_wait_for_room_are_counted_once() -> None:
    def main(world: World) -> None:
        pull = world.socket(world.engine("here"), SocketType.PULL, rcvhwm=10)
        push = world.socket(world.engine("there"), SocketType.PUSH, sndhwm=1000)
        pull.endpoints.bind("tcp://127.0.0.1:9")
        push.endpoints.connect("tcp://127.0.0.1:9")
        for _ in range(100):
            world.send(push, bytes(1000))
        for _ in range(100):
            world.recv(pull)
        (pipe,) = pull.pipes
        assert 100_000 <= pipe.incoming.bytes_in <= 100 * 1009
        world.finish()

    run(main)


def test_a_process_whose_threads_all_wait_never_wakes() -> None:
    def main(world: World) -> None:
        kernel = world.kernel
        engine, other = world.engine("here"), world.engine("there")
        pulls = [world.socket(engine, SocketType.PULL) for _ in range(2)]
        push = world.socket(other, SocketType.PUSH)
        for number, pull in enumerate(pulls):
            pull.endpoints.bind(f"tcp://127.0.0.1:{5000 + number}")
            push.endpoints.connect(f"tcp://127.0.0.1:{5000 + number}")
        readers = [world.spawn(engine, "r", world.recv, pull) for pull in pulls for _ in range(2)]
        for _ in range(4):
            world.send(push, b"x")  # everybody has been served once
        kernel.wait_until(lambda: all(task.done for task in readers))
        for pull in pulls:
            for _ in range(2):
                world.spawn(engine, "again", lambda pull=pull: quietly(lambda: world.recv(pull)))
        kernel.sleep(0.1)
        steps = kernel.steps
        kernel.sleep(60.0)
        assert kernel.steps - steps <= 2, "somebody woke up with nothing to do"
        world.finish()

    run(main)


def test_the_io_thread_stays_by_a_sender_in_full_swing() -> None:
    """Each ring takes the interpreter away from a sender that writes its batches by itself."""
    stayed = []

    def main(world: World) -> None:
        push = world.socket(world.engine("here"), SocketType.PUSH)
        pull = world.socket(world.engine("there"), SocketType.PULL)
        pull.endpoints.bind("tcp://127.0.0.1:5000")
        push.endpoints.connect("tcp://127.0.0.1:5000")
        world.kernel.sleep(0.1)
        for _ in range(40):
            world.send(push, b"x" * 4096)
        armed = []
        for _ in range(4):
            world.kernel.sleep(TICK / 5)
            armed.append(push._flusher_armed)  # else the next burst has to ring again
        stayed.append(all(armed))
        world.kernel.sleep(10 * TICK)
        assert not push._flusher_armed  # or else it wakes for nothing
        assert pull.pattern.can_recv()
        world.finish()

    run(main, 20)
    assert any(stayed)  # in some schedules the I/O thread is the one who writes last


@pytest.mark.parametrize("nested", [True, False])
def test_a_reply_read_by_one_thread_lets_another_one_ask(nested: bool) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        req, rep = world.socket(engine, SocketType.REQ), world.socket(engine, SocketType.REP)
        rep.endpoints.bind("inproc://x")
        req.endpoints.connect("inproc://x")
        world.send(req, b"x")
        poller = world.spawn(engine, "poller", world.poll, [(req, WRITE)])
        assert world.recv(rep) == b"x"
        world.send(rep, b"y")
        world.kernel.sleep(0.01)
        assert not poller.done
        assert world.recv(req, zmq.DONTWAIT) == b"y"
        assert world.kernel.wait_until(lambda: poller.done, 0.05)
        world.finish()

    run(main, nested=nested)


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_reply_sent_by_one_thread_lets_another_one_read_a_request(
    nested: bool, whole: bool
) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        rep = world.socket(engine, SocketType.REP)
        rep.endpoints.bind("inproc://x")
        for _ in range(2):
            req = world.socket(engine, SocketType.REQ)
            req.endpoints.connect("inproc://x")
            world.send(req, b"x")
        assert world.recv(rep) == b"x"
        poller = world.spawn(engine, "poller", world.poll, [(rep, READ)])
        world.kernel.sleep(0.01)
        assert not poller.done
        if whole:
            world.send(rep, b"y")
        else:
            rep.send_frame(b"y", dontwait=False, more=True)
            rep.send_frame(b"y", dontwait=False, more=False)
        assert world.kernel.wait_until(lambda: poller.done, 0.05)
        world.finish()

    run(main, nested=nested)


def test_between_turns_a_socket_has_no_buffer_to_receive_into() -> None:
    """It may be another socket's by then: a connection that is refused must not write there."""

    def main(world: World) -> None:
        engine = world.engine("here")
        pull, push = world.socket(engine, SocketType.PULL), world.socket(engine, SocketType.PUSH)
        pull.endpoints.bind("tcp://127.0.0.1:9")
        push.endpoints.connect("tcp://127.0.0.1:9")
        world.send(push, b"x")
        assert world.recv(pull) == b"x"
        with pull.lock:
            assert not len(pull.scratch)
        world.finish()

    run(main)


def serve(world: World, cores: list[Core], got: list[Any]) -> None:
    """Receive from whichever has something.  Each can be written to: no reason to wake up."""

    def take(core: Core) -> None:
        got.append(world.recv(core, zmq.DONTWAIT))

    while True:
        some = world.rng.sample(cores, len(cores))
        for core, found in zip(some, world.poll([(c, READ) for c in some]), strict=True):
            if found:
                again(partial(take, core))


@pytest.mark.parametrize("nested", [True, False])
def test_threads_that_poll_the_same_sockets_let_each_other_sleep(nested: bool) -> None:
    def main(world: World) -> None:
        engine, kernel = world.engine("here"), world.kernel
        pairs = [[world.socket(engine, SocketType.PAIR) for _ in range(2)] for _ in range(4)]
        for number, (one, other) in enumerate(pairs):
            one.endpoints.bind(f"inproc://{number}")
            other.endpoints.connect(f"inproc://{number}")
        got: list[Any] = []
        for count in (4, 4, 3, 2):
            some = world.rng.sample([one for one, _ in pairs], count)
            world.spawn(engine, "server", quietly, partial(serve, world, some, got))
        for other in [other for _, other in pairs] * 10:
            world.send(other, b"x")
        assert kernel.wait_until(lambda: len(got) == 40, 1.0)
        kernel.sleep(0.1)
        steps = kernel.steps
        kernel.sleep(60.0)
        assert kernel.steps - steps <= 2, "somebody woke up with nothing to do"
        world.finish()

    run(main, nested=nested)


def test_a_socket_that_is_polled_twice_at_once_forgets_the_poll() -> None:
    def main(world: World) -> None:
        engine, kernel = world.engine("here"), world.kernel
        pair, peer = (world.socket(engine, SocketType.PAIR) for _ in range(2))
        reader = world.spawn(engine, "reader", world.recv, pair)
        kernel.sleep(0.01)
        # Follows the reader, in two roles.
        assert world.poll([(pair, READ), (pair, WRITE)], 0.01) == [0, 0]
        with pair.lock:
            assert not pair._followers
        pair.endpoints.bind("inproc://x")
        peer.endpoints.connect("inproc://x")
        world.send(peer, b"x")
        assert kernel.wait_until(lambda: reader.done, 0.1)
        world.finish()

    run(main, nested=True)


@pytest.mark.parametrize("nested", [True, False])
def test_answers_to_what_came_together_go_out_within_a_tick(nested: bool) -> None:
    # They gather while there is more to answer, and nobody comes back to the socket.
    def main(world: World) -> None:
        asker = world.socket(world.engine("here"), SocketType.DEALER)
        answerer = world.socket(world.engine("there"), SocketType.DEALER)
        answerer.endpoints.bind("tcp://127.0.0.1:9")
        asker.endpoints.connect("tcp://127.0.0.1:9")
        asker.last_write = world.kernel.now  # in a burst: the questions come together
        for _ in range(3):
            world.send(asker, b"question")
        assert world.recv(answerer) == b"question"
        for _ in range(2):
            world.send(answerer, b"answer")
        got: list[Any] = []

        def receive() -> None:
            got.extend(world.recv(asker) for _ in range(2))

        reader = world.spawn(world.engines[0], "reader", receive)
        assert world.kernel.wait_until(lambda: reader.done, 2 * TICK + 0.005)
        assert got == [b"answer"] * 2
        world.finish()

    run(main, 30, nested=nested)
