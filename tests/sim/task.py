"""The tasks of the simulation, what may end them, and where they are."""

from __future__ import annotations

import os
import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.kernel import Kernel

#: Files that are the simulator itself: reports leave their frames out.
MACHINERY = {__file__}
_BOOTSTRAP = {"_bootstrap", "_bootstrap_inner", "run"}

_LAST_RITES = 1000


class Crash(BaseException):
    """Raised in a killed task at its next seam call; no ``except Exception`` stops it."""


class SimError(AssertionError):
    """The simulated program did something that it must not do."""


class SimDeadlock(SimError):
    """Nobody can move and no timer is left."""


class SimLivelock(SimDeadlock):
    """Steps or simulated time ran out: somebody moves, but nothing gets done."""


class SimHang(SimError):
    """A task blocked or span outside the simulation, in real time."""


class Timer:
    """A call at a simulated time; `cancel` makes it do nothing."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Task:
    """One real thread that moves only while it holds the baton."""

    def __init__(
        self, kernel: Kernel, fn: Callable[[], object], name: str, node: str, service: bool
    ) -> None:
        self.kernel, self.fn, self.name, self.node, self.service = kernel, fn, name, node, service
        self.baton = allocate_lock()
        self.baton.acquire()
        self.ident = 0
        self.number = 0
        self.why = "start"
        self.pred: Callable[[], bool] | None = None
        self.runnable = True
        self.expired = self.killed = self.dying = self.done = False
        self.rites = 0
        self.joiners: list[Task] = []
        self.thread = threading.Thread(target=self._go, name=f"sim:{name}", daemon=True)

    def _go(self) -> None:
        self.ident = get_ident()
        pin(self.kernel.cpu)
        self.baton.acquire()
        kernel = self.kernel
        try:
            if not self.killed:
                if kernel.preempt:
                    sys.settrace(self._trace)
                self.fn()
        except Crash:
            pass
        except BaseException as exc:
            if not self.dying:
                exc.add_note(f"raised in task {self.name!r}")
                kernel.fail(exc)
        finally:
            sys.settrace(None)
        kernel.leave(self)

    def last_rites(self) -> bool:
        """The first call of a killed task raises; those of its finally-blocks pass."""
        if self.dying:
            self.rites += 1
            if self.rites <= _LAST_RITES:
                return True
        self.dying = True
        raise Crash

    def _trace(self, frame: Any, event: str, arg: object) -> Any:
        """Follow the lines of the modules which may be pre-empted."""
        file, known = frame.f_code.co_filename, self.kernel.preempted
        if file not in known:
            name = frame.f_globals.get("__name__", "") + "."
            named = any(name.startswith(module + ".") for module in self.kernel.preempt)
            known[file] = named and file not in MACHINERY
        return self._line if known[file] else None

    def _line(self, frame: Any, event: str, arg: object) -> Any:
        kernel = self.kernel
        if event == "line" and kernel.current is self and kernel.rng.random() < kernel.preempt_p:
            kernel.point(f"line {frame.f_lineno}")
        return self._line


def where(ident: int, depth: int = 4) -> str:
    """The innermost frames of a thread which are not the simulator's."""
    frame = sys._current_frames().get(ident)
    places: list[str] = []
    while frame is not None and len(places) < depth:
        code = frame.f_code
        bootstrap = code.co_filename == threading.__file__ and code.co_name in _BOOTSTRAP
        if code.co_filename not in MACHINERY and not bootstrap:
            short = "/".join(code.co_filename.split("/")[-2:])
            places.append(f"{short}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(places) or "its start"


def living(tasks: Iterable[Task]) -> list[str]:
    """One line for each task that has not ended: its state and where it is."""
    return [
        f"  {task.name!r} {'ready' if task.runnable else 'blocked'} in {task.why} "
        f"at {where(task.ident)}"
        for task in tasks
        if not task.done
    ]


def pin(cpus: set[int] | None) -> set[int]:
    """Keep the calling thread to these processors; return those it had.

    As only one thread of a kernel moves, they share one processor: a hand-over is five times
    cheaper than between two.
    """
    if not hasattr(os, "sched_setaffinity"):
        return {0}
    before = os.sched_getaffinity(0)
    if cpus is not None:
        os.sched_setaffinity(0, cpus)
    return before
