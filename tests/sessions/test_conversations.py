"""CLIENT and SERVER used by several threads at once, under many schedules."""

from __future__ import annotations

from collections.abc import Callable
from errno import EHOSTUNREACH
from functools import partial

import pytest

from tests.sessions.conversations import floods, partings, requests
from tests.sessions.test_worlds import SHARED
from tests.sessions.worlds import World, run
from tests.sim.explore import explore
from tests.sim.task import Task
from zmqthread.api.core import Core
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 80), ("tcp", 30)])
def test_every_request_gets_its_reply(transport: str, seeds: int) -> None:
    explore(partial(requests, transport=transport), seeds)


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 30), ("tcp", 6)])
def test_every_request_gets_its_reply_wherever_a_thread_is_held_up(
    transport: str, seeds: int
) -> None:
    world = partial(requests, transport=transport, count=4)
    explore(world, seeds, preempt=(*SHARED, "zmqthread.patterns.server"), preempt_p=0.05)


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 40), ("tcp", 40)])
def test_senders_to_different_clients_do_not_wait_for_one_another(
    transport: str, seeds: int
) -> None:
    explore(partial(floods, transport=transport), seeds)


@pytest.mark.parametrize(("transport", "seeds"), [("inproc", 80), ("tcp", 50)])
def test_everybody_ends_when_peers_are_dropped_and_sockets_closed(
    transport: str, seeds: int
) -> None:
    seen = explore(partial(partings, transport=transport), seeds).sometimes
    assert seen["dropped"] > seeds // 2
    assert seen["closed"] > seeds // 2


def wait_for_room(world: World, binder: Core, send: Callable[[], object]) -> list[int]:
    """Have two threads wait for room for one peer: the errors they end with are in the list."""
    errors: list[int] = []

    def flood() -> None:
        try:
            while True:
                send()
        except ZMQError as error:
            errors.append(error.errno or 0)

    for name in ("one", "other"):
        world.spawn(binder.engine, name, flood)
    world.kernel.sleep(1.0)
    assert errors == []
    return errors


@pytest.mark.parametrize("address", ["inproc://x", "tcp://127.0.0.1:5555"])
@pytest.mark.parametrize("how", ["close", "disconnect_peer"])
def test_who_waits_for_a_client_that_goes_is_told(how: str, address: str) -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        server = world.socket(engine, SocketType.SERVER, sndhwm=1)
        client = world.socket(engine, SocketType.CLIENT, rcvhwm=1)
        server.endpoints.bind(address)
        client.endpoints.connect(address)
        world.send(client, b"request")
        face = Socket(None, core=server)
        number = face.recv(copy=False).routing_id
        body = bytes(100_000)
        errors = wait_for_room(world, server, partial(face.send, body, routing_id=number))
        if how == "close":
            client.close(0)
        else:
            face.disconnect_peer(number)
        assert world.kernel.wait_until(lambda: len(errors) == 2, 5.0), errors
        assert errors == [EHOSTUNREACH] * 2
        world.finish()

    run(main)


def test_who_waits_for_a_dealer_that_goes_is_told() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        router = world.socket(engine, SocketType.ROUTER, sndhwm=1, router_mandatory=1)
        dealer = world.socket(engine, SocketType.DEALER, rcvhwm=1, routing_id=b"d")
        router.endpoints.bind("inproc://x")
        dealer.endpoints.connect("inproc://x")
        send = partial(Socket(None, core=router).send_multipart, (b"d", b"x"))
        errors = wait_for_room(world, router, send)
        dealer.close(0)
        assert world.kernel.wait_until(lambda: len(errors) == 2, 5.0), errors
        assert errors == [EHOSTUNREACH] * 2
        world.finish()

    run(main)


def ended(task: Task) -> Callable[[], bool]:
    return lambda: bool(task.done)


def test_publishers_to_different_subscribers_do_not_wait_for_one_another() -> None:
    def main(world: World) -> None:
        engine = world.engine("here")
        pub = world.socket(engine, SocketType.PUB, sndhwm=1, xpub_nodrop=1)
        pub.endpoints.bind("inproc://x")
        subs = {name: world.socket(engine, SocketType.SUB, rcvhwm=1) for name in (b"a", b"b", b"c")}
        for topic, sub in subs.items():
            Socket(None, core=sub).subscribe(topic)
            sub.endpoints.connect("inproc://x")

        def publish(topic: bytes) -> None:
            for _ in range(8):
                world.send(pub, topic)

        tasks = {topic: world.spawn(engine, "publish", publish, topic) for topic in subs}
        world.kernel.sleep(0.1)
        assert not any(task.done for task in tasks.values())
        for topic in world.rng.sample(sorted(subs), 3):
            for _ in range(8):
                assert world.recv(subs[topic]) == topic
            assert world.kernel.wait_until(ended(tasks[topic]), 5.0)
        world.finish()

    run(main, 20)
