"""Real time: what ends a simulation that does not come back."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.sim.task import Crash, SimHang, Task, where

if TYPE_CHECKING:
    from tests.sim.kernel import Kernel


class Watchdog:
    """The test's own thread, while the tasks move."""

    def __init__(self, kernel: Kernel, baton: Any) -> None:
        self._kernel, self._baton = kernel, baton

    def wait(self) -> None:
        """Wait for the baton; real time that passes without a step ends the run."""
        kernel = self._kernel
        begun = quiet = time.monotonic()
        seen = -1
        while True:
            if self._baton.acquire(timeout=min(0.5, kernel.hang_after / 4)):
                if kernel.bury():
                    continue
                return
            now = time.monotonic()
            if kernel.steps != seen:
                seen, quiet = kernel.steps, now
            elif now - quiet > kernel.hang_after:
                self._give_up()
                return
            if now - begun > kernel.real_budget:
                kernel.fail(SimHang(f"more than {kernel.real_budget} real seconds"))

    def _give_up(self) -> None:
        kernel = self._kernel
        stacks = [f"  {t.name!r} at {where(t.ident, 8)}" for t in kernel.tasks if not t.done]
        stuck, kernel.current = kernel.current, None
        who = repr(stuck.name) if stuck is not None else "nobody"
        text = f"{who} made no step for {kernel.hang_after} real seconds:\n"
        kernel.fail(SimHang(text + "\n".join(stacks)))
        if stuck is not None:
            # It may hang for ever, or come back: then its next seam call ends it.
            kernel.stuck.add(stuck.ident)
            stuck.killed = True
            _interrupt(stuck)


def _interrupt(task: Task) -> None:
    """End a thread that spins in Python code; one that hangs in a system call stays."""
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    throw(ctypes.c_ulong(task.ident), ctypes.py_object(Crash))
    task.thread.join(0.5)
    if task.thread.is_alive():
        # An exception that stays pending makes traced threads spin on CPython 3.11.  To take it
        # back leaves the interpreter's flag up, which only a delivery takes down: to ourselves.
        throw(ctypes.c_ulong(task.ident), None)
        try:
            throw(ctypes.c_ulong(threading.get_ident()), ctypes.py_object(Crash))
            while True:
                pass
        except Crash:
            pass
