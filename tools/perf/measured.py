"""What the small programs do at each end, and how they print it: ``name: value [unit]``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tools.perf.common import bound_to, percentile

if TYPE_CHECKING:
    from tools.perf.child import Line

_MICROSECONDS = 1e6
#: The first round trips also wait for the connection; up to so many are not counted.
_WARM_UP = 200


def show(name: str, value: float | str, unit: str = "") -> None:
    """Print one result."""
    text = f"{value:.3f}" if isinstance(value, float) else value
    print(f"{name}: {text}{f' [{unit}]' if unit else ''}", flush=True)


def bind(socket: Any, endpoint: str) -> None:
    """Bind, and print where to, since the endpoint may leave the port open."""
    socket.bind(endpoint)
    show("endpoint", bound_to(socket))


def echo(socket: Any, count: int) -> None:
    """Answer so many messages with themselves."""
    send, receive = socket.send, socket.recv
    for _ in range(count):
        send(receive())


def ask(socket: Any, size: int, count: int) -> None:
    """Time round trips one by one, and print."""
    send, receive, clock = socket.send, socket.recv, time.perf_counter
    message = b"x" * size
    answer = b""
    taken = []
    for _ in range(count):
        begin = clock()
        send(message)
        answer = receive()
        taken.append(clock() - begin)
    if answer != message:
        raise ValueError(f"{len(answer)} octets have come back for {size}")
    taken = taken[min(count // 10, _WARM_UP) :]
    show("message size", size, "B")
    show("roundtrip count", count)
    show("average latency", sum(taken) / len(taken) / 2 * _MICROSECONDS, "us")
    show("median roundtrip", percentile(taken, 0.5) * _MICROSECONDS, "us")
    show("99% of roundtrips", percentile(taken, 0.99) * _MICROSECONDS, "us")


def push(socket: Any, size: int, count: int) -> None:
    """Send so many messages without waiting for anything."""
    send = socket.send
    message = b"x" * size
    for _ in range(count):
        send(message)


def pull(socket: Any, size: int, count: int) -> None:
    """Count from the first message to the last, and print."""
    receive = socket.recv
    message = receive()
    begin = time.perf_counter()
    for _ in range(count - 1):
        message = receive()
    # With one message nothing has been timed: the smallest time that is not none.
    elapsed = max(time.perf_counter() - begin, time.get_clock_info("perf_counter").resolution)
    if len(message) != size:
        raise ValueError(f"a message has {len(message)} octets and not {size}")
    rate = (count - 1) / elapsed
    show("message size", size, "B")
    show("message count", count)
    show("mean throughput", rate, "msg/s")
    show("mean throughput", rate * size * 8 / 1e6, "Mb/s")


def answer_threads(line: Line, zmq: Any) -> None:
    """Answer on a SERVER as many requests as one is told to, on a ROUTER the next ones."""
    context = zmq.Context()
    server, router = context.socket(zmq.SERVER), context.socket(zmq.ROUTER)
    for socket in (server, router):
        socket.bind("tcp://127.0.0.1:*")
    line.say([bound_to(socket) for socket in (server, router)])
    while True:
        for _ in range(line.hear()):
            server.send(server.recv(copy=False))
        for _ in range(line.hear()):
            router.send_multipart(router.recv_multipart())
