"""What a round trip and an idle peer cost when one socket has few or many peers."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import TYPE_CHECKING, Any

from tools.perf import readings
from tools.perf.child import Child, Deadline, Line
from tools.perf.common import bound_to, percentile, ratios
from tools.perf.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A socket of a client takes up to 4 descriptors, whichever library; some are left for the rest.
_DESCRIPTORS = 4
_SPARE = 100
_WARM_UP = 50


def server(line: Line, zmq: Any) -> None:
    """Answer on two sockets in turn: one is alone with who asks, the other has the idle peers."""
    readings.raise_file_limit()
    context = zmq.Context()
    sockets = [context.socket(zmq.ROUTER) for _ in range(2)]
    for socket in sockets:
        socket.backlog = 4096
        socket.bind("tcp://127.0.0.1:*")
    line.say([bound_to(socket) for socket in sockets])
    while True:
        command = line.hear()
        if "greetings" in command:
            for _ in range(command["greetings"]):
                sockets[1].recv_multipart()
        else:
            for _ in range(command["rounds"]):
                for socket in sockets:
                    _answer(socket, command["count"])
        line.say(None)


def _answer(socket: Any, count: int) -> None:
    for _ in range(count):
        socket.send_multipart(socket.recv_multipart())


def asker(line: Line, zmq: Any, endpoints: list[str]) -> None:
    """Time round trips with both sockets in turn."""
    context = zmq.Context()
    sockets = [context.socket(zmq.REQ) for _ in endpoints]
    for socket, endpoint in zip(sockets, endpoints, strict=True):
        socket.connect(endpoint)
    line.say("up")
    while True:
        command = line.hear()
        taken: tuple[list[list[float]], ...] = ([], [])
        for _ in range(command["rounds"]):
            for socket, times in zip(sockets, taken, strict=True):
                times.append(_ask(socket, command["count"]))
        line.say(
            [[[percentile(times, f) for times in each] for f in (0.5, 0.99)] for each in taken]
        )


def _ask(socket: Any, count: int) -> list[float]:
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        socket.send(b"x")
        socket.recv()
        taken.append(time.perf_counter() - begin)
    return taken


def crowd(line: Line, zmq: Any, endpoint: str, count: int) -> None:
    """Be so many peers that say one word."""
    readings.raise_file_limit()
    context = zmq.Context()
    context.max_sockets = count + 10
    line.say("up")
    line.hear()
    sockets = []
    for _ in range(count):
        socket = context.socket(zmq.DEALER)
        socket.connect(endpoint)
        socket.send(b"hi")
        sockets.append(socket)
    line.say("connected")
    line.hear()


def shares(count: int) -> list[int]:
    """Spread peers over as few processes as the limit of open files allows."""
    most = max((readings.raise_file_limit() - _SPARE) // _DESCRIPTORS, 1)
    processes = -(-count // most)
    return [count * (i + 1) // processes - count * i // processes for i in range(processes)]


def _trips(host: Child, prober: Child, rounds: int, count: int) -> Any:
    command = {"rounds": rounds, "count": count}
    host.say(command)
    taken = prober.ask(command)
    host.hear()
    return taken


def _connect(host: Child, clients: list[Child], count: int) -> float:
    begin = time.monotonic()
    host.say({"greetings": count})
    for client in clients:
        client.say(None)
    host.hear()
    elapsed = time.monotonic() - begin
    for client in clients:
        client.hear()
    return elapsed


def _point(library: str, plan: Plan, count: int) -> dict[str, Any]:
    deadline = Deadline(plan.limit)
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(Child(deadline, server, library))
        endpoints = host.hear()
        prober = stack.enter_context(Child(deadline, asker, library, endpoints=endpoints))
        prober.hear()
        clients = []
        for share in shares(count):
            child = Child(deadline, crowd, library, endpoint=endpoints[1], count=share)
            clients.append(stack.enter_context(child))
            child.hear()
        _trips(host, prober, 1, _WARM_UP)
        pids = [host.pid, *(client.pid for client in clients)]
        before = [readings.resident(pid) for pid in pids]
        elapsed = _connect(host, clients, count)
        grown = [readings.resident(pid) - was for pid, was in zip(pids, before, strict=True)]
        deadline.sleep(min(plan.window / 5, 1.0))  # what connecting has set going comes to rest
        slept, run = readings.wakeups(host.pid), readings.processor_seconds(host.pid)
        deadline.sleep(plan.window)
        slept, run = (
            readings.wakeups(host.pid) - slept,
            readings.processor_seconds(host.pid) - run,
        )
        alone, crowded = _trips(host, prober, plan.rounds, plan.messages)
    return {
        "peers": count,
        "client_processes": len(clients),
        "connected_per_second": count / elapsed,
        "server_octets_per_peer": grown[0] / count,
        "client_octets_per_peer": sum(grown[1:]) / count,
        "idle_processor_percent": 100 * run / plan.window,
        "idle_wakeups": slept,
        "p50_us": statistics.median(crowded[0]) * 1e6,
        "p99_us": statistics.median(crowded[1]) * 1e6,
        "p50_to_alone": ratios(crowded[0], alone[0]),
        "p99_to_alone": ratios(crowded[1], alone[1]),
    }


def measure(library: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row for each number of idle peers; ratios are to a socket without any, in turn."""
    for count in plan.peers:
        yield _point(library, plan, count)
