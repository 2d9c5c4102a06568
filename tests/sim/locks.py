"""The lock of the simulation, and the thread that ``start_thread`` returns."""

from __future__ import annotations

from tests.sim.kernel import Kernel
from tests.sim.task import MACHINERY, Task

MACHINERY.add(__file__)


class SimLock:
    """A lock of the simulation; the holder is known by name in reports."""

    __slots__ = ("_kernel", "_owner", "_waiters")

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._owner: str | None = None
        self._waiters: list[Task] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        kernel = self._kernel
        dying = kernel.point("acquire")
        if self._owner is not None and not dying:
            if not blocking:
                return False
            why = f"acquire of a lock held by {self._owner!r}"
            if not kernel.park(self._free, None if timeout < 0 else timeout, why, self._waiters):
                return False
        self._owner = kernel.current.name if kernel.current is not None else "the test"
        return True

    def release(self) -> None:
        kernel = self._kernel
        if self._owner is None and not kernel.closed:
            me = kernel.current
            if me is None or not me.dying:
                raise RuntimeError("release unlocked lock")
        self._owner = None
        for task in self._waiters:
            kernel.wake(task)
        kernel.point("release")

    def locked(self) -> bool:
        return self._owner is not None

    def _recursion_count(self) -> int:
        return 1  # there are neither signals nor finalizers

    def _free(self) -> bool:
        return self._owner is None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()


class SimThread:
    """What ``start_thread`` returns: a task seen as a thread."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self.name, self.ident, self.daemon = task.name, task.number, True

    def is_alive(self) -> bool:
        self._task.kernel.point("is_alive")
        return not self._task.done

    def join(self, timeout: float | None = None) -> None:
        task, kernel = self._task, self._task.kernel
        if kernel.current is task:
            raise RuntimeError("cannot join current thread")
        if not kernel.point("join") and not task.done:
            kernel.park(lambda: task.done, timeout, f"join of {task.name!r}", task.joiners)
