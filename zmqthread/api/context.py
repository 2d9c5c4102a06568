"""Contexts: the I/O threads and everything that sockets share."""

from __future__ import annotations

from typing import Any

from zmqthread.api.driving import TakeBack
from zmqthread.constants import ETERM
from zmqthread.errors import zmq_error
from zmqthread.reactor.loop import Loop
from zmqthread.reactor.seams import SYSTEM, Seams


class Engine:
    """What is behind a `Context`: loops, sockets, in-process endpoints."""

    def __init__(self, seams: Seams = SYSTEM) -> None:
        self.seams = seams
        self._lock = seams.lock()
        self._loops: list[tuple[Loop, TakeBack]] = []
        self.sockets: dict[Any, None] = {}
        self._waiters: list[Any] = []
        self._empty = seams.waker()
        self.terminated = False

    def choose_loop(self, affinity: int) -> tuple[Loop, TakeBack]:
        with self._lock:
            if not self._loops:
                loop = Loop(self.seams, "ZMQbg/IO/0")
                loop.start(lambda: None)
                self._loops.append((loop, TakeBack(loop)))
            return self._loops[0]

    def closed(self, core: Any) -> None:
        self.sockets.pop(core, None)
        if not self.sockets:
            self._empty.ring()

    def term(self, timeout: float | None = None) -> None:
        self.terminated = True
        for core in list(self.sockets):
            core.stop()
        selector = self.seams.selector()
        selector.register(self._empty, 5, 1)
        while self.sockets:
            selector.select(timeout)
        selector.close()
        for loop, _ in self._loops:
            loop.stop()
            loop.join()
            loop.close()
        self._loops = []
        self._empty.close()
