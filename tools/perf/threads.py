"""Requests of several threads: a CLIENT that they share, in turn with a REQ socket for each.

The other end is a process of its own with one thread, which answers with a SERVER and with a
ROUTER. ``python -m tools.perf.threads 8 20000``: threads, requests of all of them together.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from typing import TYPE_CHECKING, Any

import zmqthread
from tools.perf.child import Child, Deadline
from tools.perf.common import OURS, positive, ratios
from tools.perf.measured import answer_threads, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ROUNDS = 5
_LIMIT = 300.0  # seconds for everything
_MESSAGE = b"x" * 16


def ask(socket: Any, count: int) -> None:
    """Ask, and wait for a reply, which may be another thread's."""
    for _ in range(count):
        socket.send(_MESSAGE)
        socket.recv()


def rate(sockets: Sequence[Any], count: int, begin: Callable[[], None]) -> float:
    """Return the requests per second of a thread for each socket."""
    threads = [threading.Thread(target=ask, args=(socket, count)) for socket in sockets]
    begin()
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(threads) * count / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("threads", type=positive)
    parser.add_argument("requests", type=positive)
    wanted = parser.parse_args()
    count = max(wanted.requests // wanted.threads, 1)
    shared: list[float] = []
    single: list[float] = []
    with zmqthread.Context() as context, Child(Deadline(_LIMIT), answer_threads, OURS) as host:
        for_client, for_req = host.hear()
        client = context.socket(zmqthread.CLIENT)
        client.connect(for_client)
        reqs = [context.socket(zmqthread.REQ) for _ in range(wanted.threads)]
        for req in reqs:
            req.connect(for_req)
        for _ in range(_ROUNDS):
            for sockets, rates in (([client] * wanted.threads, shared), (reqs, single)):
                rates.append(rate(sockets, count, lambda: host.say(count * wanted.threads)))
        context.destroy(linger=0)
    show("threads", str(wanted.threads))
    show("requests", str(count * wanted.threads))
    show("one CLIENT", statistics.median(shared), "requests/s")
    show("a REQ for each thread", statistics.median(single), "requests/s")
    spread = ratios(shared, single)
    show("ratio", spread["ratio"])


if __name__ == "__main__":
    main()
