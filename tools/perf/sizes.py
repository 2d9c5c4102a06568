"""What a message costs by its size: time of a round trip, memory at both ends."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Any

from tools.perf import readings
from tools.perf.child import Child, Deadline, Line
from tools.perf.common import bound_to, ratios
from tools.perf.plan import MIB, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

#: So many octets are moved in a round, at least three messages and at most what the plan says.
_OCTETS = 64 * MIB
_FEWEST = 3


def echoer(line: Line, zmq: Any) -> None:
    """Answer whatever comes; say how far memory has gone up over a round."""
    socket = zmq.Context().socket(zmq.REP)
    socket.bind("tcp://127.0.0.1:*")
    line.say(bound_to(socket))
    while True:
        count = line.hear()
        before = _begin()
        line.say("begin")
        for _ in range(count):
            socket.send(socket.recv())
        line.say(_highest(before))


def asker(line: Line, zmq: Any, endpoint: str) -> None:
    """Ask with messages of a size; say how long each took, and how far memory has gone up."""
    socket = zmq.Context().socket(zmq.REQ)
    socket.connect(endpoint)
    while True:
        size, count = line.hear()
        before = _begin()
        message = b"x" * size
        begin = time.perf_counter()
        for _ in range(count):
            socket.send(message)
            socket.recv()
        line.say([(time.perf_counter() - begin) / count, _highest(before)])


def _begin() -> int:
    readings.reset_peak(os.getpid())
    return readings.resident(os.getpid())


def _highest(before: int) -> int:
    return max(readings.peak(os.getpid()) - before, 0)


def measure(library: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row for each size; ratios are to the least size, in the same rounds."""
    deadline = Deadline(plan.limit)
    times: dict[int, list[float]] = {size: [] for size in plan.sizes}
    here: dict[int, list[int]] = {size: [] for size in plan.sizes}
    there: dict[int, list[int]] = {size: [] for size in plan.sizes}
    with Child(deadline, echoer, library) as host:
        endpoint = host.hear()
        with Child(deadline, asker, library, endpoint=endpoint) as prober:
            for _ in range(plan.rounds):
                for size in plan.sizes:
                    count = max(min(_OCTETS // size, plan.messages), _FEWEST)
                    host.ask(count)
                    taken, most = prober.ask([size, count])
                    times[size].append(taken)
                    here[size].append(most)
                    there[size].append(host.hear())
    base = times[plan.sizes[0]]
    for size in plan.sizes:
        yield {
            "size": size,
            "roundtrip_us": statistics.median(times[size]) * 1e6,
            "ns_per_octet": statistics.median(times[size]) * 1e9 / size / 2,
            "asker_peak_octets": statistics.median(here[size]),
            "echoer_peak_octets": statistics.median(there[size]),
            "roundtrip_to_base": ratios(times[size], base),
        }
