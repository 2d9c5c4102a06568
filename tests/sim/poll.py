"""The simulated selector and waker, and what anything must offer to be watched by a selector."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from tests.sim.task import MACHINERY, Task
from zmqthread.reactor.selector import EDGE, READ, WRITE

if TYPE_CHECKING:
    from tests.sim.net import SimNet

MACHINERY.add(__file__)


def os_error(code: int) -> OSError:
    """The error as the operating system words it; OSError picks the subclass."""
    return OSError(code, os.strerror(code))


class Pollable:
    """Something with a descriptor in its node's table."""

    def __init__(self, net: SimNet, node: str) -> None:
        self.net, self.kernel, self.node = net, net.kernel, node
        self.fd = -1
        self.watchers: list[SimSelector] = []

    def fileno(self) -> int:
        return self.fd

    def poll(self) -> int:
        """Return what it is ready for, errors and hang-ups as both."""
        raise NotImplementedError

    def poke(self) -> None:
        """Tell the selectors that it may have become ready."""
        for selector in tuple(self.watchers):
            selector.touched(self.fd)

    def open_fd(self) -> None:
        self.net.open_fd(self)

    def close_fd(self) -> None:
        """Free the descriptor; as with epoll, the selectors forget it."""
        if self.fd >= 0:
            for selector in tuple(self.watchers):
                selector.forget(self.fd)
            self.net.close_fd(self)
            self.fd = -1

    def drop(self) -> None:
        """The process has died."""
        self.close_fd()


class Entry:
    """One registration."""

    __slots__ = ("data", "events", "pollable")

    def __init__(self, pollable: Pollable, events: int, data: Any) -> None:
        self.pollable, self.events, self.data = pollable, events, data


class SimSelector(Pollable):
    """Level-triggered, nestable.

    Like epoll it keeps a list of what may be ready: whatever becomes ready pokes its selectors,
    and those that turn out not to be leave the list when somebody looks.
    """

    def __init__(self, net: SimNet, node: str, *, edge: bool = False) -> None:
        super().__init__(net, node)
        self.edge = edge
        self.closed = False
        self._entries: dict[int, Entry] = {}
        self._hot: dict[int, None] = {}
        self._waiting: list[Task] = []
        self.open_fd()

    # -- registration, from any thread -------------------------------------------------------

    def register(self, fileobj: Any, events: int, data: Any) -> None:
        self._enter("register")
        pollable = self.net.find(self.node, fileobj)
        if pollable.fd in self._entries:
            raise os_error(errno.EEXIST)
        if isinstance(pollable, SimSelector) and pollable.reaches(self):
            raise os_error(errno.ELOOP)
        pollable.watchers.append(self)
        self._entries[pollable.fd] = Entry(pollable, events, data)
        self.touched(pollable.fd)

    def modify(self, fileobj: Any, events: int, data: Any) -> None:
        self._enter("modify")
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        entry = self._entries[fd]
        entry.events, entry.data = events, data
        self.touched(fd)

    def unregister(self, fileobj: Any) -> None:
        self._enter("unregister")
        self.forget(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def _enter(self, why: str) -> None:
        if not self.kernel.point(why) and self.closed:
            raise ValueError("I/O operation on closed epoll object")

    def forget(self, fd: int) -> None:
        self._hot.pop(fd, None)
        entry = self._entries.pop(fd, None)
        if entry is not None:
            entry.pollable.watchers.remove(self)

    def reaches(self, other: SimSelector) -> bool:
        """Whether ``other`` is watched from here, over however many selectors."""
        return self is other or any(
            isinstance(e.pollable, SimSelector) and e.pollable.reaches(other)
            for e in self._entries.values()
        )

    # -- readiness ---------------------------------------------------------------------------

    def touched(self, fd: int) -> None:
        self._hot[fd] = None
        for task in self._waiting:
            self.kernel.wake(task)
        self.poke()

    def poll(self) -> int:
        return READ if self._any() else 0

    def _any(self) -> bool:
        hot, entries = self._hot, self._entries
        while hot:
            fd = next(iter(hot))
            entry = entries[fd]
            if entry.events and entry.events & entry.pollable.poll():
                return True
            del hot[fd]
        return False

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        kernel = self.kernel
        if kernel.point("select"):
            return []
        self._check(timeout)
        ready = self._spurious()
        if not ready and not self._any():
            if timeout == 0.0:
                return []
            if timeout is not None and self.net.faults.oversleep:
                timeout += kernel.rng.uniform(0.0, self.net.faults.oversleep)
            if not kernel.park(self._any, timeout, "select", self._waiting):
                return []
        return ready or self._collect()

    def _check(self, timeout: float | None) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
        if timeout is not None and not timeout >= 0.0:
            raise ValueError(f"a wait of {timeout} seconds")

    def _spurious(self) -> list[tuple[Any, int]]:
        net = self.net
        if net.faults.spurious and net.roll(net.faults.spurious, "spurious readiness"):
            asked = [e for e in self._entries.values() if e.events & (READ | WRITE)]
            if asked:
                entry = net.kernel.rng.choice(asked)
                return [(entry.data, entry.events & (READ | WRITE))]
        return []

    def _collect(self) -> list[tuple[Any, int]]:
        hot, entries = self._hot, self._entries
        found = []
        for fd in self._chosen():
            entry = entries[fd]
            del hot[fd]
            if not (self.edge and entry.events & EDGE):
                hot[fd] = None  # level: reported until it is ready no more
            if entry.data is not None:  # as the real one does it
                found.append((entry.data, entry.events & entry.pollable.poll()))
        return found

    def _chosen(self) -> list[int]:
        """Return some or all of what is ready; what is left out stays for the next call."""
        net, rng, entries = self.net, self.kernel.rng, self._entries
        ready = [fd for fd in self._hot if entries[fd].events & entries[fd].pollable.poll()]
        if len(ready) > 1:
            if net.roll(net.faults.shuffle):
                rng.shuffle(ready)
            if net.roll(net.faults.partial, "partial ready list"):
                del ready[rng.randint(1, len(ready)) :]
        return ready

    def close(self) -> None:
        self.kernel.point("close")
        self.drop()

    def drop(self) -> None:
        if not self.closed:
            self.closed = True
            for fd in list(self._entries):
                self.forget(fd)
            self.close_fd()


class SimWaker(Pollable):
    """Level: readable from a ring until drained.  Edge: an eventfd that nobody reads."""

    def __init__(self, net: SimNet, node: str, *, edge: bool = False) -> None:
        super().__init__(net, node)
        self.edge = edge
        self.rung = False
        self.open_fd()

    def poll(self) -> int:
        return READ if self.rung else 0

    def ring(self) -> None:
        self.kernel.point("ring")
        if self.fd >= 0:
            if self.rung and not self.edge:
                self.kernel.sometimes["wake-up coalesced"] += 1
            self.rung = True
            self.poke()

    def drain(self) -> None:
        self.kernel.point("drain")
        if not self.edge:
            self.rung = False

    def close(self) -> None:
        self.kernel.point("close")
        self.close_fd()


class SimPairedWaker(SimWaker):
    """Readable from a ring until drained."""

    def __init__(self, net: SimNet, node: str) -> None:
        super().__init__(net, node)
        self._sleeping: list[Task] = []

    def poke(self) -> None:
        for task in self._sleeping:
            self.kernel.wake(task)
        super().poke()

    def sleep(self) -> None:
        if self.kernel.point("sleep") or self.fd < 0:
            return
        if not self.rung:
            self.kernel.sometimes["slept on its waker"] += 1
            self.kernel.park(lambda: self.rung, None, "sleep", self._sleeping)


class SimSignal(Pollable):
    """Readable from `set` until `clear`."""

    def __init__(self, net: SimNet, node: str) -> None:
        super().__init__(net, node)
        self.is_set = False
        self.open_fd()

    def poll(self) -> int:
        return READ if self.is_set else 0

    def set(self) -> None:
        self.kernel.point("set")
        self.is_set = True
        self.poke()

    def clear(self) -> None:
        self.kernel.point("clear")
        self.is_set = False

    def close(self) -> None:
        self.kernel.point("close")
        self.close_fd()
