"""What a message costs a publisher by the number of its subscribers."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import TYPE_CHECKING, Any

from tools.perf import readings
from tools.perf.child import Child, Deadline, Line
from tools.perf.common import bound_to
from tools.perf.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROCESSES = 2
_MESSAGE = b"x" * 32


def publisher(line: Line, zmq: Any) -> None:
    """Publish to whoever has subscribed; the notices of XPUB say when all have."""
    readings.raise_file_limit()
    context = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.sndhwm = 0
    socket.xpub_verbose = 1
    socket.backlog = 4096
    socket.bind("tcp://127.0.0.1:*")
    line.say(bound_to(socket))
    for _ in range(line.hear()):
        socket.recv()
    line.say("all here")
    while True:
        for _ in range(line.hear()):
            socket.send(_MESSAGE)


def subscribers(line: Line, zmq: Any, endpoint: str, count: int) -> None:
    """Be so many subscribers; say when all have got a number of messages."""
    readings.raise_file_limit()
    context = zmq.Context()
    context.max_sockets = count + 10
    poller = zmq.Poller()
    for _ in range(count):
        socket = context.socket(zmq.SUB)
        socket.rcvhwm = 0
        socket.connect(endpoint)
        socket.setsockopt(zmq.SUBSCRIBE, b"")
        poller.register(socket, zmq.POLLIN)
    line.say("up")
    while True:
        left = count * line.hear()
        while left:
            for socket, _ in poller.poll():
                left -= _drain(socket, zmq)
        line.say("done")


def _drain(socket: Any, zmq: Any) -> int:
    count = 0
    try:
        while True:
            socket.recv(zmq.DONTWAIT)
            count += 1
    except zmq.Again:
        return count


def _point(library: str, plan: Plan, count: int) -> dict[str, Any]:
    deadline = Deadline(plan.limit)
    messages = max(plan.messages * 20 // count, 20)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Child(deadline, publisher, library))
        endpoint = source.hear()
        processes = min(_PROCESSES, count)
        receivers = []
        source.say(count)
        for number in range(processes):
            share = count * (number + 1) // processes - count * number // processes
            child = Child(deadline, subscribers, library, endpoint=endpoint, count=share)
            receivers.append(stack.enter_context(child))
            child.hear()
        source.hear()
        taken = []
        for _ in range(plan.rounds):
            begin, run = time.monotonic(), readings.processor_seconds(source.pid)
            for child in (*receivers, source):
                child.say(messages)
            for child in receivers:
                child.hear()
            run = readings.processor_seconds(source.pid) - run
            taken.append((run / messages, messages * count / (time.monotonic() - begin)))
    used = [each[0] for each in taken]
    return {
        "subscribers": count,
        "processor_us_per_message": statistics.median(used) * 1e6,
        "processor_us_per_delivery": statistics.median(used) / count * 1e6,
        "deliveries_per_second": statistics.median(each[1] for each in taken),
    }


def measure(library: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row for each number of subscribers; the cost of a delivery is to the first's."""
    key = "processor_us_per_delivery"
    base = None
    for count in plan.subscribers:
        row = _point(library, plan, count)
        base = base or row[key]
        yield {**row, "delivery_to_base": row[key] / base}
