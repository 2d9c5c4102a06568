"""How connections and sockets end: each case by itself, on the simulated kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sessions.worlds import World, quietly, run
from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.task import Crash
from zmqthread.constants import ETERM, SocketType
from zmqthread.errors import ContextTerminated, ZMQError
from zmqthread.pipes.lane import Lane

TCP = "tcp://127.0.0.1:5000"
PUSH, PULL, PAIR = SocketType.PUSH, SocketType.PULL, SocketType.PAIR


def released(world: World, core: Any, within: float) -> bool:
    return world.kernel.wait_until(lambda: core.released, within)


# -- in-process ---


@pytest.mark.parametrize("connect_first", [False, True])
def test_types_that_do_not_go_together_do_not_keep_the_context(connect_first: bool) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        push, pair = world.socket(engine, PUSH), world.socket(engine, PAIR)
        calls = [
            lambda: pair.endpoints.bind("inproc://x"),
            lambda: push.endpoints.connect("inproc://x"),
        ]
        for call in reversed(calls) if connect_first else calls:
            call()
        world.kernel.sleep(0.01)
        world.finish()

    run(main)


@pytest.mark.slow
def test_a_peer_that_joins_a_closing_socket_hears_of_its_end() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        pull, push = world.socket(engine, PULL), world.socket(engine, PUSH, sndtimeo=100)
        pull.endpoints.bind("inproc://x")
        closer = world.spawn(engine, "closer", pull.close)
        if quietly(lambda: push.endpoints.connect("inproc://x"), ()) is None:
            world.kernel.wait_until(lambda: closer.done)
            world.kernel.sleep(0.1)
            # Whether the connect came before the close or after it: nobody is there now.
            assert not [pipe for pipe in push.pipes if pipe.plugged]
        world.finish()

    run(main, 100, preempt=["zmqthread.api.core", "zmqthread.api.driving"])


def test_a_socket_closed_while_it_binds_does_not_keep_the_name() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        first, second = world.socket(engine, PULL), world.socket(engine, PULL)
        closer = world.spawn(engine, "closer", first.close)
        quietly(lambda: first.endpoints.bind("inproc://x"))
        world.kernel.wait_until(lambda: closer.done)
        second.endpoints.bind("inproc://x")
        world.finish()

    run(main, 50)


# -- term ---


@pytest.mark.slow
def test_a_socket_made_while_the_context_ends_leaves_no_thread() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")

        def make() -> None:
            try:
                core = engine.socket(PUSH)
            except ContextTerminated:
                return
            core.close(0)

        makers = [world.spawn(engine, "maker", make) for _ in range(3)]
        engine.term()
        world.kernel.wait_until(lambda: all(task.done for task in makers))

    run(main, 100, preempt=["zmqthread.api.engine"])


# -- linger ---


def test_what_is_queued_goes_out_after_close() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        push, pull = world.socket(engine, PUSH), world.socket(world.engine("there"), PULL)
        push.endpoints.connect(TCP)
        for number in range(20):
            world.send(push, b"%d" % number)
        push.close(-1)
        world.kernel.sleep(0.5)
        assert not push.released
        pull.endpoints.bind(TCP)
        assert [world.recv(pull) for _ in range(20)] == [b"%d" % n for n in range(20)]
        assert released(world, push, 1.0)
        world.finish()

    run(main)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_linger_expires(transport: str) -> None:
    address = TCP if transport == "tcp" else "inproc://x"

    def main(world: World) -> None:
        push = world.socket(world.engine("here"), PUSH)
        push.endpoints.connect(address)
        world.send(push, b"x")
        push.close(500)
        world.kernel.sleep(0.45)
        assert not push.released
        assert released(world, push, 0.1)
        world.finish()

    run(main)


def test_a_reader_that_stops_reading_delays_the_end_by_the_linger_time() -> None:
    def main(world: World) -> None:
        push = world.socket(world.engine("here"), PUSH)
        pull = world.socket(world.engine("there"), PULL, rcvhwm=1)
        pull.endpoints.bind(TCP)
        push.endpoints.connect(TCP)
        world.kernel.sleep(0.1)
        for _ in range(100):
            world.send(push, bytes(200))
        push.close(500)
        world.kernel.sleep(0.45)
        assert not push.released
        assert released(world, push, 0.1)
        world.finish()

    run(main, faults=Faults(windows=(500,)))


def test_no_timer_outlives_what_it_was_for() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        push, pull = world.socket(engine, PUSH), world.socket(engine, PULL)
        pull.endpoints.bind(TCP)
        push.endpoints.connect(TCP)
        push.endpoints.connect("tcp://127.0.0.1:9")
        world.send(push, b"x")
        world.send(push, b"x")
        push.close(3_600_000)
        world.kernel.sleep(0.5)
        pull.close(3_600_000)
        world.kernel.sleep(0.5)
        third = world.socket(engine, PULL)
        third.endpoints.bind("tcp://127.0.0.1:9")
        world.recv(third)
        assert released(world, push, 1.0)
        assert released(world, pull, 1.0)
        world.kernel.sleep(0.1)
        world.check_timers()
        world.finish()

    run(main)


def test_no_reconnection_no_lingering() -> None:
    def main(world: World) -> None:
        push = world.socket(world.engine("here"), PUSH, reconnect_ivl=-1, linger=-1)
        push.endpoints.connect("tcp://127.0.0.1:9")
        world.send(push, b"x")
        world.kernel.sleep(0.1)
        push.close()
        assert released(world, push, 1.0)
        world.finish()

    run(main)


# -- full pipes ---


def test_heartbeats_do_not_end_a_connection_that_is_not_read() -> None:
    def main(world: World) -> None:
        pull = world.socket(
            world.engine("here"), PULL, rcvhwm=2, heartbeat_ivl=100, heartbeat_timeout=100
        )
        push = world.socket(world.engine("there"), PUSH)
        pull.endpoints.bind(TCP)
        push.endpoints.connect(TCP)
        for number in range(200):
            world.send(push, b"%d" % number)
        world.kernel.sleep(2.0)
        assert [world.recv(pull) for _ in range(200)] == [b"%d" % n for n in range(200)]
        world.finish()

    run(main, faults=Faults(windows=(100,)))


def test_what_a_peer_sent_before_it_went_can_be_read_through_a_full_pipe() -> None:
    def main(world: World) -> None:
        pull = world.socket(world.engine("here"), PULL, rcvhwm=2)
        push = world.socket(world.engine("there"), PUSH)
        pull.endpoints.bind(TCP)
        push.endpoints.connect(TCP)
        for number in range(50):
            world.send(push, b"%d" % number)
        push.close(-1)
        assert released(world, push, 1.0)
        world.kernel.sleep(0.5)
        assert [world.recv(pull) for _ in range(50)] == [b"%d" % n for n in range(50)]
        world.finish()

    run(main)


@pytest.mark.parametrize("limit", [1000, 100_000])
@pytest.mark.parametrize("address", [TCP, "inproc://x"])
def test_a_limit_in_octets_holds_and_lets_go(limit: int, address: str) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        pull = world.socket(engine, PULL, pipe_bytes=limit)
        push = world.socket(engine, PUSH, pipe_bytes=limit)
        pull.endpoints.bind(address)
        push.endpoints.connect(address)

        def send() -> None:
            for number in range(60):
                world.send(push, b"%d" % number + bytes(limit // 5))

        sender = world.spawn(engine, "sender", send)
        world.kernel.sleep(1.0)
        assert not sender.done
        for core in (pull, push):
            for pipe in core.pipes:
                for lane in (pipe.incoming, pipe.outgoing):
                    assert sum(len(m) for m in lane.queue if isinstance(m, bytes)) <= 2 * limit
        for number in range(60):
            assert world.recv(pull).startswith(b"%d\0" % number)
        world.finish()

    run(main, faults=Faults(windows=(5000,)))


# -- the I/O thread dies ---


def die() -> None:
    raise Crash


def test_the_io_thread_dies_and_every_call_fails() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        pull, push = world.socket(engine, PULL), world.socket(engine, PUSH)
        pull.endpoints.bind(TCP)
        push.endpoints.connect("tcp://127.0.0.1:9")
        world.send(push, b"for nobody")
        failed: list[int] = []

        def wait(call: Callable[[], Any]) -> None:
            try:
                call()
            except ZMQError as error:
                failed.append(error.errno or 0)

        waiting = [
            world.spawn(engine, "w", wait, lambda: world.recv(pull)),
            world.spawn(engine, "w", wait, lambda: world.poll([(pull, 1)])),
        ]
        world.kernel.sleep(0.1)
        engine._loops[0][0].call(die)
        assert world.kernel.wait_until(lambda: all(task.done for task in waiting), 0.05)
        assert failed == [ETERM, ETERM]
        wait(lambda: world.send(push, b"x"))
        pull.close()
        push.close(-1)  # nobody is left to send it
        engine.term(1.0)

    run(main)


def test_the_io_thread_dies_while_a_closed_socket_lingers() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        push = world.socket(engine, PUSH)
        push.endpoints.connect("tcp://127.0.0.1:9")
        world.send(push, b"for nobody")
        push.close(-1)
        engine._loops[0][0].call(die)
        engine.term(1.0)

    run(main)


# -- the lane ---


@pytest.mark.slow
def test_a_look_at_a_lane_does_not_change_the_order_for_other_readers() -> None:
    """Three threads of one socket: two take without a lock, one looks."""

    def world(kernel: Kernel) -> None:
        lane = Lane(1000)
        for number in range(6):
            lane.mark(lambda: None)
            lane.put(b"%d" % number)

        def look() -> None:
            while lane.peek():
                pass

        def take() -> None:
            got = []
            while lane.queue:
                try:
                    message = lane.queue.popleft()
                except IndexError:
                    break
                if isinstance(message, bytes):
                    got.append(message)
            assert got == sorted(got)

        kernel.spawn(look, "look")
        kernel.spawn(take, "take")
        kernel.spawn(take, "take")
        kernel.run()

    explore(world, 300, preempt=["zmqthread.pipes.lane", __name__], preempt_p=0.3)
