"""Waits that begin awake, where waits have been short.

A processor with nothing to do goes to sleep, and so does the thread that waits for a reply.  To
wake both takes longer than most replies: on a virtual machine 60 us each way, and to send the
wake-up costs the sender as much.  Round trips of one octet over tcp took 205 us, and take 76 us
with both ends awake, for less processor time in all: 82 us of each process instead of 112.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zmqthread.reactor.seams import Seams

Ready = list[tuple[Any, int]]

#: What a wait adds to the mean, one part in so many; and the longest wait that counts.
_WEIGHT = 8
_LONGEST = 4


class Vigil:
    """What a thread has come to expect of its waits on one selector.

    While they last less than ``Seams.patience`` on the average, one begins with looks instead of
    sleep, for up to twice that time, and lets whoever else could run go first.
    """

    __slots__ = ("_usual",)

    def __init__(self, seams: Seams) -> None:
        self._usual = seams.patience

    def wait(
        self,
        select: Callable[[float | None], Ready],
        timeout: float | None,
        seams: Seams,
        *,
        awake: bool,
    ) -> Ready:
        """Return what `select` finds within ``timeout`` seconds; not ``awake`` sleeps at once."""
        patience = seams.patience
        if not (awake and patience):
            return select(timeout)
        began = seams.monotonic()
        ready: Ready = []
        if self._usual < patience:
            ready, timeout = self._look(select, timeout, seams, began)
        if not ready:
            ready = select(timeout)
        took = min(seams.monotonic() - began, _LONGEST * patience)
        self._usual += (took - self._usual) / _WEIGHT
        return ready

    def _look(
        self,
        select: Callable[[float | None], Ready],
        timeout: float | None,
        seams: Seams,
        began: float,
    ) -> tuple[Ready, float | None]:
        """Look until there is something or it takes too long; return that, and the time left."""
        most = 2 * seams.patience
        if timeout is not None:
            most = min(most, timeout)
        gone = 0.0
        while gone < most:
            if ready := select(0):
                return ready, timeout
            seams.give_way()
            gone = seams.monotonic() - began
        return [], None if timeout is None else max(0.0, timeout - gone)
