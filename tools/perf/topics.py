"""What a message costs a publisher whose one subscriber holds few or many topics of 16 octets."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import TYPE_CHECKING, Any

from tools.perf import readings
from tools.perf.child import Child, Deadline, Line
from tools.perf.common import bound_to, ratios
from tools.perf.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY = b"!"
_MISSES = 10**9  # numbers that nobody subscribes to


def topic(number: int) -> bytes:
    """Return one of the topics."""
    return b"topic-%010d" % number


def publisher(line: Line, zmq: Any) -> None:
    """Publish on two sockets in turn: the first has few topics, the second has many."""
    context = zmq.Context()
    sockets = [context.socket(zmq.PUB) for _ in range(2)]
    for socket in sockets:
        socket.sndhwm = 0
        socket.bind("tcp://127.0.0.1:*")
    line.say([bound_to(socket) for socket in sockets])
    while True:
        command = line.hear()
        if "announce" in command:
            sockets[command["announce"]].send(_READY)
            line.say(None)
        else:
            line.say(_rounds(sockets, **command))


def _rounds(sockets: list[Any], held: list[int], rounds: int, count: int) -> dict[str, Any]:
    """Return the seconds of one message on each socket, round by round, with and without a hit."""
    taken: dict[str, Any] = {"miss": ([], []), "hit": ([], [])}
    for number in range(rounds):
        for which, socket in enumerate(sockets):
            begin = _MISSES + number * count
            misses = [topic(begin + i) for i in range(count)]
            hits = [topic(i * 7919 % held[which]) for i in range(count)]
            taken["miss"][which].append(_send(socket, misses))
            taken["hit"][which].append(_send(socket, hits))
    return taken


def _send(socket: Any, messages: list[bytes]) -> float:
    send = socket.send
    begin = time.perf_counter()
    for message in messages:
        send(message)
    return (time.perf_counter() - begin) / len(messages)


def subscriber(line: Line, zmq: Any, endpoint: str, count: int) -> None:
    """Subscribe; say how long it took until all of it was known to the publisher."""
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.sndhwm = socket.rcvhwm = 0
    socket.connect(endpoint)
    line.say("up")
    line.hear()
    begin = time.perf_counter()
    for number in range(count):
        socket.setsockopt(zmq.SUBSCRIBE, topic(number))
    local = time.perf_counter() - begin
    socket.setsockopt(zmq.SUBSCRIBE, _READY)  # they arrive in order, so this is known last
    while socket.recv() != _READY:
        pass
    line.say([local, time.perf_counter() - begin])
    while True:
        socket.recv()


def _subscribe(source: Child, child: Child, which: int) -> tuple[float, float]:
    child.hear()
    child.say(None)
    while not child.waits(0.02):
        source.ask({"announce": which})
    local, known = child.hear()
    return local, known


def _point(library: str, plan: Plan, few: int, many: int) -> dict[str, Any]:
    deadline = Deadline(plan.limit)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Child(deadline, publisher, library))
        first, second = source.hear()
        base = Child(deadline, subscriber, library, endpoint=first, count=few)
        _subscribe(source, stack.enter_context(base), 0)
        child = Child(deadline, subscriber, library, endpoint=second, count=many)
        stack.enter_context(child)
        while not child.waits(deadline.left):
            pass
        before = readings.resident(source.pid), readings.resident(child.pid)
        _, known = _subscribe(source, child, 1)
        after = readings.resident(source.pid), readings.resident(child.pid)
        taken = source.ask({"held": [few, many], "rounds": plan.rounds, "count": plan.messages})
    result: dict[str, Any] = {
        "topics": many,
        "subscribes_per_second": many / known,
        "publisher_octets_per_topic": (after[0] - before[0]) / many,
        "subscriber_octets_per_topic": (after[1] - before[1]) / many,
    }
    for kind, (under, over) in taken.items():
        result[f"{kind}_us"] = statistics.median(over) * 1e6
        result[f"{kind}_to_base"] = ratios(over, under)
    return result


def measure(library: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row for each number of topics; its ratios are to the least number, in turn."""
    for many in plan.topics:
        yield _point(library, plan, plan.topics[0], many)
