"""Back-off, handshakes that never come, and connections that fail, on the simulated kernel."""

from __future__ import annotations

import errno
import itertools
import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.sessions.worlds import World, run
from zmqthread.constants import ReconnectStop, SocketType

TCP = "tcp://127.0.0.1:5000"
OTHER = "tcp://127.0.0.1:5001"
PAIR, PUSH, PULL = SocketType.PAIR, SocketType.PUSH, SocketType.PULL


def deaf(world: World, greet: Callable[[Any], None]) -> list[float]:
    """Listen in place of a socket; ``greet`` gets each connection.  Returns the times."""
    seams = world.node("there")
    listener = seams.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 5000))
    listener.listen()
    times: list[float] = []

    def serve() -> None:
        selector = seams.selector()
        selector.register(listener, 1, None)
        try:
            while True:
                selector.select(None)
                stream, _ = listener.accept()
                times.append(world.kernel.now)
                greet(stream)
        except OSError as error:
            if error.errno != errno.EBADF:  # the node was killed
                raise
        finally:
            selector.close()

    world.kernel.spawn(serve, "serve", "there", service=True)
    return times


def gaps(times: list[float]) -> list[float]:
    return [later - sooner for sooner, later in itertools.pairwise(times)]


@pytest.mark.parametrize("most", [0, 800])
def test_rfc37_z35_a_close_without_error_leads_to_another_try_after_a_while(most: int) -> None:
    def main(world: World) -> None:
        times = deaf(world, lambda stream: stream.close())
        push = world.socket(world.engine("here"), PUSH, reconnect_ivl_max=most)
        push.endpoints.connect(TCP)
        world.kernel.sleep(5.0)
        found = gaps(times)
        if most:
            expected = [0.1, 0.2, 0.4, *[0.8] * len(found)]
            assert all(e <= f <= e + 0.02 for e, f in zip(expected, found, strict=False)), found
        else:
            assert all(0.1 <= f <= 0.22 for f in found), found
            assert max(found) - min(found) > 0.02
        assert len(found) >= 4
        world.net.kill("there")
        world.finish()

    run(main)


def test_a_handshake_that_never_comes_times_out() -> None:
    def main(world: World) -> None:
        kept: list[Any] = []
        times = deaf(world, kept.append)
        push = world.socket(world.engine("here"), PUSH, handshake_ivl=300)
        push.endpoints.connect(TCP)
        world.kernel.sleep(2.0)
        assert len(times) >= 4
        assert all(0.4 <= gap <= 0.53 for gap in gaps(times)), gaps(times)
        world.net.kill("there")
        world.finish()

    run(main)


def test_an_established_connection_that_fails_is_no_failed_handshake() -> None:
    def main(world: World) -> None:
        stop = ReconnectStop.HANDSHAKE_FAILED
        push = world.socket(
            world.engine("here"), PUSH, reconnect_stop=stop, heartbeat_ivl=100, linger=0
        )
        pull = world.socket(world.engine("there"), PULL)
        pull.endpoints.bind(TCP)
        push.endpoints.connect(TCP)
        world.send(push, b"1")
        assert world.recv(pull) == b"1"
        world.net.partition("here", "there")
        world.kernel.sleep(1.0)
        world.net.heal()
        world.kernel.sleep(5.0)
        world.send(push, b"2")
        assert world.recv(pull) == b"2"
        world.finish()

    run(main)


def test_a_pair_that_connects_twice_keeps_to_its_first_peer_and_so_does_the_other_side() -> None:
    # Two connections of which each side turns another one away, and nothing ever arrives.
    def main(world: World) -> None:
        here = world.socket(world.engine("here"), PAIR, linger=0)
        there = world.socket(world.engine("there"), PAIR, linger=0)
        there.endpoints.bind(TCP)
        here.endpoints.connect(TCP)
        here.endpoints.connect(TCP)
        for text in (b"1", b"2", b"3"):
            world.send(here, text)
            assert world.recv(there) == text
            world.send(there, text)
            assert world.recv(here) == text
            world.kernel.sleep(0.3)
        world.finish()

    run(main, seeds=40)


def test_the_second_peer_of_a_pair_takes_over_when_the_first_is_let_go() -> None:
    def main(world: World) -> None:
        here = world.socket(world.engine("here"), PAIR, linger=0)
        first = world.socket(world.engine("there"), PAIR, linger=0)
        second = world.socket(world.engine("there"), PAIR, linger=0)
        first.endpoints.bind(TCP)
        second.endpoints.bind(OTHER)
        here.endpoints.connect(TCP)
        here.endpoints.connect(OTHER)
        world.send(here, b"1")
        assert world.recv(first) == b"1"
        assert not second.pipes  # it does not take a peer that others could be
        here.endpoints.disconnect(TCP)
        world.kernel.sleep(0.5)
        world.send(here, b"2")
        assert world.recv(second) == b"2"
        world.finish()

    run(main)


def test_connects_in_a_row_are_dialled_together() -> None:
    def main(world: World) -> None:
        times = deaf(world, lambda stream: None)
        here = world.engine("here")
        sockets = [world.socket(here, PUSH, linger=0) for _ in range(12)]
        for push in sockets:
            push.endpoints.connect(TCP)
        world.kernel.sleep(0.05)
        assert len(times) == 12
        # Not those of which nobody could tell yet that more would follow.
        assert all(time % 2e-3 < 1e-3 for time in times[4:]), times
        world.net.kill("there")
        world.finish()

    run(main)


def test_who_is_let_go_before_the_dial_is_not_dialled() -> None:
    def main(world: World) -> None:
        times = deaf(world, lambda stream: None)
        here = world.engine("here")
        push = world.socket(here, PUSH, linger=0)
        for port in range(6000, 6004):
            push.endpoints.connect(f"tcp://127.0.0.1:{port}")
        for _ in range(12):
            push.endpoints.connect(TCP)
            push.endpoints.disconnect(TCP)
        let_go = world.kernel.now
        world.kernel.sleep(0.05)
        assert all(time < let_go + 1e-3 for time in times), (let_go, times)
        world.net.kill("there")
        world.finish()

    run(main)


def test_what_is_sent_before_the_dial_arrives() -> None:
    def main(world: World) -> None:
        here, there = world.engine("here"), world.engine("there")
        pull = world.socket(there, PULL)
        pull.endpoints.bind(TCP)
        sockets = [world.socket(here, PUSH) for _ in range(12)]
        for number, push in enumerate(sockets):
            push.endpoints.connect(TCP)
            push.send(b"%d" % number)
            push.close()
        assert {pull.recv() for _ in sockets} == {b"%d" % number for number in range(12)}
        world.finish()

    run(main)
