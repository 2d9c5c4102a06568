"""What a process costs that has connected sockets and nothing to do: it should not even wake."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tools.perf import readings
from tools.perf.child import Child, Deadline, Line
from tools.perf.common import bound_to
from tools.perf.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator

_REST = 0.3  # seconds in which everything that was begun comes to an end


def sockets(line: Line, zmq: Any, situation: str) -> None:
    """Connect some pairs of sockets over tcp, use them, and come to rest."""
    context = zmq.Context()
    kept = []
    for one, other in ((zmq.PUSH, zmq.PULL), (zmq.DEALER, zmq.ROUTER), (zmq.PAIR, zmq.PAIR)):
        bound, connected = context.socket(other), context.socket(one)
        bound.bind("tcp://127.0.0.1:*")
        connected.connect(bound_to(bound))
        kept += [bound, connected]
        if situation != "connected":
            connected.send(b"x")
            bound.recv_multipart()
    if situation == "receiving":
        threading.Thread(target=kept[0].recv, daemon=True).start()
    if situation == "polling":
        poller = zmq.Poller()
        for socket in (kept[0], kept[2]):
            poller.register(socket, zmq.POLLIN)
        threading.Thread(target=poller.poll, daemon=True).start()
    line.say("at rest")
    line.hear()


SITUATIONS = {
    "connected": "connected, never used",
    "used": "after messages were sent and received",
    "receiving": "a thread waits in recv",
    "polling": "a thread waits in poll",
}


def _point(library: str, plan: Plan, situation: str) -> dict[str, Any]:
    deadline = Deadline(plan.limit)
    with Child(deadline, sockets, library, situation=situation) as child:
        child.hear()
        deadline.sleep(_REST)
        before = readings.wakeups(child.pid), readings.processor_seconds(child.pid)
        deadline.sleep(plan.window)
        after = readings.wakeups(child.pid), readings.processor_seconds(child.pid)
    return {
        "situation": SITUATIONS[situation],
        "seconds": plan.window,
        "wakeups": after[0] - before[0],
        "processor_percent": 100 * (after[1] - before[1]) / plan.window,
    }


def measure(library: str, plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield one row for each situation."""
    for situation in SITUATIONS:
        yield _point(library, plan, situation)
