"""What the small programs do at each end, and how they print it: ``name: value [unit]``."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from tools.perf.common import bound_to, load, percentile

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from tools.perf.child import Line

_MICROSECONDS = 1e6
#: The first round trips also wait for the connection; up to so many are not counted.
_WARM_UP = 200


def show(name: str, value: float | str, unit: str = "") -> None:
    """Print one result."""
    text = f"{value:.3f}" if isinstance(value, float) else value
    print(f"{name}: {text}{f' [{unit}]' if unit else ''}", flush=True)


def in_turn(wanted: Namespace, run: Callable[[Any, Namespace], float | None]) -> None:
    """Measure one library, or two, and print the ratio of the figures that ``run`` returns.

    A ratio above 1 says that the first one is faster.
    """
    figures = []
    for name in filter(None, (wanted.library, wanted.against)):
        if wanted.against:
            show("library", name)
        figures.append(run(load(name), wanted))
    match figures:
        case [float(one), float(other)]:
            show("ratio", one / other)


def bind(socket: Any, wanted: Namespace) -> None:
    """Bind, and print where to, since the endpoint may leave the port open."""
    socket.bind(wanted.endpoint)
    show("endpoint", bound_to(socket))
    if wanted.endpoint.startswith("tcp:"):
        wanted.endpoint = bound_to(socket)  # for the second library, if there is one


@contextlib.contextmanager
def connected(zmq: Any, socket: Any, wanted: Namespace) -> Iterator[None]:
    """Connect; with a second library to come, wait in the end until the other end has left."""
    monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED) if wanted.against else None
    try:
        socket.connect(wanted.endpoint)
        yield
        if monitor is not None:
            monitor.recv_multipart()
    except BaseException:
        socket.linger = 0  # Ctrl-C: what is queued may be for somebody who never comes
        raise
    finally:
        if monitor is not None:
            socket.disable_monitor()
            monitor.close()


def echo(socket: Any, count: int) -> None:
    """Answer so many messages with themselves."""
    send, receive = socket.send, socket.recv
    for _ in range(count):
        send(receive())


def ask(socket: Any, size: int, count: int) -> float:
    """Time round trips one by one, print, and return how many there are in a second."""
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
    median = percentile(taken, 0.5)
    show("median roundtrip", median * _MICROSECONDS, "us")
    show("99% of roundtrips", percentile(taken, 0.99) * _MICROSECONDS, "us")
    return 1 / median


def push(socket: Any, size: int, count: int) -> None:
    """Send so many messages without waiting for anything."""
    send = socket.send
    message = b"x" * size
    for _ in range(count):
        send(message)


def pull(socket: Any, size: int, count: int) -> float:
    """Count from the first message to the last, print, and return how many come in a second."""
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
    return rate


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
