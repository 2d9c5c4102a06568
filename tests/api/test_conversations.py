"""CLIENT and SERVER, and the other types of one frame, each used by many threads at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

import zmqthread as zmq
from tests.support import LOOPBACK, seconds

STOP = b"stop"


def joined(context: Any, one: int, other: int, **options: int) -> tuple[Any, Any]:
    sockets = context.socket(one), context.socket(other)
    for sock in sockets:
        sock.rcvtimeo = sock.sndtimeo = int(seconds(20) * 1000)
        for name, value in options.items():
            setattr(sock, name, value)
    port = sockets[0].bind_to_random_port(f"tcp://{LOOPBACK}")
    sockets[1].connect(f"tcp://{LOOPBACK}:{port}")
    return sockets


@contextmanager
def serving(server: Any, threads: int) -> Iterator[Counter[int]]:
    """Have threads answer what comes; the counter tells how much each has answered."""
    served: Counter[int] = Counter()

    def serve(name: int) -> None:
        while (frame := server.recv(copy=False)).bytes != STOP:
            server.send(b"re:" + frame.bytes, routing_id=frame.routing_id)
            served[name] += 1
        server.send(STOP, routing_id=frame.routing_id)

    workers = [threading.Thread(target=serve, args=(name,)) for name in range(threads)]
    for worker in workers:
        worker.start()
    yield served
    for worker in workers:
        worker.join(seconds(20))


def converse(client: Any, threads: int, count: int, ahead: int = 1) -> Counter[bytes]:
    """Have threads ask, ``count`` times each, and return all replies that any of them got.

    Each asks ``ahead`` times before it looks for replies.
    """

    def ask(name: int) -> Counter[bytes]:
        replies: Counter[bytes] = Counter()
        for number in range(count):
            client.send(b"%d:%d:" % (name, number) + b"." * (number % 50))
            if number % ahead == ahead - 1:
                replies.update(client.recv() for _ in range(ahead))
        return replies

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(ask, range(threads)), Counter())


def expected(threads: int, count: int) -> Counter[bytes]:
    return Counter(
        b"re:%d:%d:" % (name, number) + b"." * (number % 50)
        for name in range(threads)
        for number in range(count)
    )


def stop(client: Any, threads: int) -> None:
    for _ in range(threads):
        client.send(STOP)
    assert [client.recv() for _ in range(threads)] == [STOP] * threads


@pytest.mark.slow
@pytest.mark.timeout(seconds(120))
def test_sixteen_threads_on_one_client_and_four_on_one_server(context):
    server, client = joined(context, zmq.SERVER, zmq.CLIENT)
    with serving(server, 4) as served:
        assert converse(client, 16, 6250, ahead=10) == expected(16, 6250)
        stop(client, 4)
    assert sum(served.values()) == 100_000
    assert len(served) == 4


@pytest.mark.parametrize("hwm", [1, 1000])
def test_rfc41_t01_client_and_server_in_several_threads(context, hwm):
    server, client = joined(context, zmq.SERVER, zmq.CLIENT, sndhwm=hwm, rcvhwm=hwm)
    with serving(server, 3):
        assert converse(client, 5, 50) == expected(5, 50)
        stop(client, 3)


def test_rfc51_t01_peers_in_several_threads(context):
    one, other = joined(context, zmq.PEER, zmq.PEER)
    number = other.connect_peer(one.last_endpoint.decode())

    class Asking:
        """A PEER that asks always the same one."""

        recv = staticmethod(other.recv)

        @staticmethod
        def send(message: bytes) -> None:
            other.send(message, routing_id=number)

    with serving(one, 3):
        assert converse(Asking, 5, 50) == expected(5, 50)
        stop(Asking, 3)


def exchanged(send: Callable[[bytes], object], recv: Callable[[], bytes]) -> None:
    """Send from three threads and receive in three others: all of it comes, once."""
    sent = [[b"%d:%d" % (name, number) for number in range(50)] for name in range(3)]
    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(lambda: [recv() for _ in range(50)]) for _ in range(3)]
        for messages in sent:
            pool.submit(lambda each: [send(message) for message in each], messages)
        got = [message for reader in readers for message in reader.result(seconds(20))]
    assert sorted(got) == sorted(message for messages in sent for message in messages)


def test_rfc49_t01_scatter_and_gather_in_several_threads(context):
    gather, scatter = joined(context, zmq.GATHER, zmq.SCATTER)
    exchanged(scatter.send, gather.recv)


def test_rfc52_t01_channels_in_several_threads(context):
    one, other = joined(context, zmq.CHANNEL, zmq.CHANNEL)
    exchanged(one.send, other.recv)
    exchanged(other.send, one.recv)


def test_rfc48_t01_radio_and_dish_in_several_threads(context):
    radio, dish = joined(context, zmq.RADIO, zmq.DISH)
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(dish.join, [b"%d" % number for number in range(40)]):
            pass
    dish.join("ready")  # last: a RADIO that knows of this one knows of all
    while not dish.poll(10):
        radio.send(b"?", group="ready")
    dish.leave("ready")
    exchanged(lambda m: radio.send(m, group=m[:1]), dish.recv)
