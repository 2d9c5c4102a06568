"""What is behind a `Context`: I/O threads, sockets, in-process names, and how all of it ends."""

from __future__ import annotations

import logging
import math
import os
from errno import EINVAL, EMFILE
from typing import Any

from zmqthread.api.core import Core
from zmqthread.api.lending import TakeBack
from zmqthread.api.lifetime import exiting
from zmqthread.api.sleeping import Sleeper, give_back, take_sleeper
from zmqthread.constants import EAGAIN, EMTHREAD, ETERM, SocketType
from zmqthread.errors import error_about, error_from_os, zmq_error
from zmqthread.options import ContextOptions, Options
from zmqthread.patterns.registry import ROWS
from zmqthread.reactor.loop import Loop
from zmqthread.reactor.seams import SYSTEM, Seams
from zmqthread.sessions.inproc import Names
from zmqthread.sessions.resolving import NameService

log = logging.getLogger("zmqthread")

#: Descriptors of a socket with one connection.
_EACH = 3
#: Seconds between connects in a row, and how many of them are nothing special.
_MOMENT = 2e-3
_FEW = 4


class Engine:
    """One context.  Its threads start with its first socket."""

    def __init__(self, options: ContextOptions | None = None, seams: Seams = SYSTEM) -> None:
        self.seams = seams
        self.options = options or ContextOptions()
        self.names = Names(seams.lock())
        self.sockets: dict[Core, None] = {}
        self.terminated = False
        #: All sockets are closed and the threads have ended.
        self.ended = False
        #: We are in a child process of the one that made this.
        self.forked = False
        self._lock = seams.lock()
        self._loops: list[tuple[Loop, TakeBack]] = []
        self._name_service = NameService(seams)
        self._waiting: list[Any] = []
        self._making = 0
        self._last_connect = -math.inf
        #: How many connects have come one upon the other.
        self._row = 0
        #: Nobody has this context any more: it ends with its last socket.
        self._abandoned = False

    # -- sockets ---

    def socket(
        self, kind: SocketType, options: Options | None = None, make: type[Core] = Core
    ) -> Core:
        """Make a socket.

        Raises:
            ZMQError: EINVAL: not a type, or none that there is yet. ETERM, EMFILE past MAX_SOCKETS.
        """
        self.check()
        if kind not in ROWS:
            raise error_about(EINVAL, socket_type=kind)
        with self._lock:
            if self.terminated:
                raise zmq_error(ETERM)
            if len(self.sockets) >= self.options.max_sockets:
                raise error_about(EMFILE, max_sockets=self.options.max_sockets)
            self._making += 1  # from here on `term` waits for this socket
        try:
            core = make(self, kind, options or Options(kind, self.options))
            core.loop.load += 1
            self._admit(core)
        except OSError as error:
            raise error_from_os(error) from error
        finally:
            with self._lock:
                self._making -= 1
            if self._is_terminated():
                self._ring()
        return core

    def _is_terminated(self) -> bool:
        return self.terminated  # by another thread, perhaps only just

    def _admit(self, core: Core) -> None:
        self.sockets[core] = None
        if self.terminated:  # meanwhile, by another thread
            core.stop()

    def closed(self, core: Core) -> None:
        """A socket has given its last descriptor back."""
        self.sockets.pop(core, None)
        core.loop.load -= 1
        if not self.sockets:
            if self._abandoned:
                self._stop_loops()
            self._ring()

    def _ring(self) -> None:
        for sleeper in list(self._waiting):
            sleeper.waker.ring()

    # -- threads ---

    def choose_loop(self, affinity: int) -> tuple[Loop, TakeBack]:
        """Return the I/O thread with the fewest sockets among those ``affinity`` admits."""
        with self._lock:
            if not self._loops:
                self._start()
            if len(self._loops) == 1:  # nearly always, and a tenth of what a socket takes to make
                return self._loops[0]
            admitted = [
                pair
                for index, pair in enumerate(self._loops)
                if not affinity or affinity >> index & 1
            ]
            return min(admitted or self._loops, key=lambda pair: pair[0].load)

    def _start(self) -> None:
        prefix = self.options.thread_name_prefix
        prefix = f"{prefix}/" if prefix else ""
        for index in range(max(1, self.options.io_threads)):
            loop = Loop(self.seams, f"{prefix}ZMQbg/IO/{index}")
            if not index:
                self.seams.expect_descriptors(_EACH * self.options.max_sockets, loop.descriptor())
            loop.start(self._loop_ended, self._set_up_thread)
            self._loops.append((loop, TakeBack(loop)))

    def _set_up_thread(self) -> None:
        """Apply the context's scheduling options to the calling I/O thread."""
        options = self.options
        try:
            if options.thread_affinity:
                os.sched_setaffinity(0, options.thread_affinity)
            if options.thread_sched_policy >= 0:
                priority = os.sched_param(max(0, options.thread_priority))
                os.sched_setscheduler(0, options.thread_sched_policy, priority)
        except (AttributeError, OSError) as error:  # no such thing here, or no right to it
            log.warning("the options for I/O threads cannot be applied: %s", error)

    def need_io(self, text: str) -> None:
        """Refuse endpoints that need an I/O thread if there shall be none."""
        if not self.options.io_threads:
            raise error_about(EMTHREAD, addr=text)

    def _loop_ended(self) -> None:
        if not self.ended:
            # Killed from outside: better an error in every call than a wait without an end.
            self.shutdown()
            for core in list(self.sockets):
                core.give_up()

    def connects_in_a_row(self) -> bool:
        """Count a connect; return whether there have been several within moments.

        Dialled at once, each of them would wake the I/O thread, and the two threads would take the
        interpreter from each other at every system call: 945 us each became 660, on a busy machine.
        """
        now, before = self.seams.monotonic(), self._last_connect
        self._last_connect = now
        self._row = self._row + 1 if now - before < _MOMENT else 0
        return self._row >= _FEW

    def resolve(self, *args: Any) -> None:
        """See `NameService.resolve`."""
        self._name_service.resolve(*args)

    # -- the end ---

    def check(self) -> None:
        """Refuse to work in a forked child."""
        if self.forked:
            raise error_about(ETERM, context="made before fork", pid=os.getpid())

    def shutdown(self) -> None:
        """Make every call on every socket fail with ETERM; returns at once."""
        with self._lock:
            self.terminated = True
        for core in list(self.sockets):
            core.stop()

    def term(self, timeout: float | None = None) -> None:
        """Shut down, wait until all sockets are closed and their messages sent, end the threads.

        Raises:
            Again: ``timeout`` seconds are over; the text names what is waited for.
        """
        if self.ended or self.forked or exiting():
            return  # at the interpreter's end the I/O threads stand still: nothing to wait for
        self.shutdown()
        sleeper = take_sleeper(self.seams)
        self._waiting.append(sleeper)
        try:
            self._wait(sleeper, timeout)
        finally:
            self._waiting.remove(sleeper)
            give_back(sleeper)
        with self._lock:
            self.ended = True
            loops, self._loops = self._loops, []
        for loop, _ in loops:
            loop.stop()
        for loop, _ in loops:
            loop.join()
            loop.close()
        self._name_service.close()

    def _wait(self, sleeper: Sleeper, timeout: float | None) -> None:
        """Wait until all sockets are closed; not in the `try` of `term`, as in `_Wait.sleep`."""
        deadline = None if timeout is None else self.seams.monotonic() + timeout
        while self.sockets or self._making:
            left = None if deadline is None else deadline - self.seams.monotonic()
            if left is not None and left <= 0:
                raise zmq_error(EAGAIN, f"context still waits for: {self.waits_for()}")
            sleeper.sleep(left)

    def abandon(self) -> None:
        """Close what was forgotten, without waiting; for the garbage collector."""
        self.terminated = self._abandoned = True
        cores = list(self.sockets)
        for core in cores:
            core.abandon()
        if not cores:
            self._stop_loops()

    def _stop_loops(self) -> None:
        self.ended = True
        for loop, _ in self._loops:
            loop.stop(close=True)
        self._loops = []
        self._name_service.close()

    def abandon_after_fork(self) -> None:
        """In a child: no thread of ours has come along; drop what was inherited."""
        self.forked = True
        for core in list(self.sockets):
            core.abandon_after_fork()
        for loop, _ in self._loops:
            loop.close()

    def waits_for(self) -> str:
        """Return, for people, which sockets keep `term` waiting and why."""
        found = []
        for core in list(self.sockets):
            with core.lock:
                what = "; ".join(core.endpoints.pending()) if core.closing else "open"
                found.append(f"{core.type_name} socket ({what})")
        return ", ".join(found) or "nothing"
