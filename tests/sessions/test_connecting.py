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
PUSH, PULL = SocketType.PUSH, SocketType.PULL


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
