"""Run blocking functions, such as name look-ups, away from the reactor."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from zmqthread.reactor.seams import Seams

log = logging.getLogger("zmqthread")

#: Called with the function's result and None, or with None and what it raised.
Callback: TypeAlias = Callable[[Any, Exception | None], None]


class Offloader:
    """Runs functions one after the other in a daemon thread that lives only while there are any.

    Safe from any thread.
    """

    __slots__ = ("_closed", "_jobs", "_lock", "_running", "_seams")

    def __init__(self, seams: Seams) -> None:
        self._seams = seams
        self._lock = seams.lock()
        self._jobs: deque[tuple[Callable[[], Any], Callback]] = deque()
        self._running = False
        self._closed = False

    def submit(self, function: Callable[[], Any], callback: Callback) -> None:
        """Run `function` in the thread, then `callback` there too; after `close` do neither.

        Raises:
            RuntimeError: the system gives no thread; nothing was submitted.
        """
        with self._lock:
            if self._closed:
                return
            job = (function, callback)
            self._jobs.append(job)
            if self._running:
                return
            self._running = True
        try:
            self._seams.start_thread("ZMQbg/Offload", self._run)
        except BaseException:
            with self._lock:
                self._running = False
                self._jobs.remove(job)
            raise

    def close(self) -> None:
        """Forget what has not begun; what has is left to end by itself, its result unheard.

        Does not wait: a look-up may take half a minute. A callback that has begun goes on.
        """
        with self._lock:
            self._closed = True
            self._jobs.clear()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            function, callback = job
            result, error = None, None
            try:
                result = function()
            except Exception as caught:
                error = caught
            if self._closed:
                continue
            try:
                callback(result, error)
            except Exception:
                # The next one's look-up must not wait for ever because of this one's.
                log.exception("a callback of the offloader failed")

    def _next(self) -> tuple[Callable[[], Any], Callback] | None:
        """Return the next job; None ends the thread, and whoever submits then starts another."""
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            self._running = False
            return None
