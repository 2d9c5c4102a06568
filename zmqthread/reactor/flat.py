"""A selector over select(), for systems whose selectors cannot watch each other (Windows).

One of them may have others as children all the same: it waits for their descriptors along with its
own, and is rung when one of them changes what it watches for.
"""

from __future__ import annotations

import select
from typing import Any

from zmqthread.reactor.selector import READ, WRITE, HasFileno
from zmqthread.reactor.waker import SocketpairWaker, Waker


class FlatSelector:
    """See `Selector`; edge mode and urgent data are left out."""

    __slots__ = ("_children", "_waker", "parent", "watched")

    def __init__(self, waker: Waker | None = None) -> None:
        self.watched: dict[int, tuple[int, Any]] = {}
        self._children: dict[FlatSelector, tuple[int, Any]] = {}
        #: Who waits for what is watched here along with its own.
        self.parent: FlatSelector | None = None
        # From the beginning: a thread may be waiting already when the first child comes.
        self._waker = waker or SocketpairWaker()

    def register(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Watch ``fileobj``, or another selector of this kind; see `Selector`."""
        if isinstance(fileobj, FlatSelector):
            fileobj.parent = self
            self._children[fileobj] = events, data
            self.ring()
            return
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self.watched[fd] = events & (READ | WRITE), data
        self._tell()

    modify = register

    def unregister(self, fileobj: HasFileno | int) -> None:
        """Stop watching; see `Selector`."""
        if isinstance(fileobj, FlatSelector):
            self._children.pop(fileobj, None)
            fileobj.parent = None
            return
        self.watched.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno(), None)
        self._tell()

    def _tell(self) -> None:
        """Have the parent look again: it may be waiting for what we watched before."""
        if self.parent is not None:
            self.parent.ring()

    def ring(self) -> None:
        """Have a `select` that is under way begin anew."""
        self._waker.ring()

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        """Wait and return what is ready; see `Selector`."""
        families = [self, *(child for child, (on, _) in list(self._children.items()) if on)]
        wanted = [list(family.watched.items()) for family in families]
        readers = [fd for each in wanted for fd, (events, _) in each if events & READ]
        writers = [fd for each in wanted for fd, (events, _) in each if events & WRITE]
        readers.append(self._waker.fileno())
        try:
            readable, writable = self._wait(readers, writers, timeout)
        except (OSError, ValueError):
            # Closed by another thread in between; it has been, or is being, unregistered.
            readable, writable = self._one_by_one(readers, writers)
        self._waker.drain()
        return self._found(families, wanted, set(readable), set(writable))

    def _wait(
        self, readers: list[int], writers: list[int], timeout: float | None
    ) -> tuple[list[int], list[int]]:
        """Return which of these descriptors are ready, once any is."""
        readable, writable, _ = select.select(readers, writers, [], timeout)
        return readable, writable

    def _one_by_one(self, readers: list[int], writers: list[int]) -> tuple[list[int], list[int]]:
        """Ask for each descriptor alone, so that a closed one does not hide the others."""
        return (
            [fd for fd in readers if self._ready([fd], [])],
            [fd for fd in writers if self._ready([], [fd])],
        )

    def _ready(self, readers: list[int], writers: list[int]) -> bool:
        try:
            return any(self._wait(readers, writers, 0))
        except (OSError, ValueError):
            return False

    def _found(
        self,
        families: list[FlatSelector],
        wanted: list[list[tuple[int, tuple[int, Any]]]],
        readable: set[int],
        writable: set[int],
    ) -> list[tuple[Any, int]]:
        found = []
        for fd, (events, data) in wanted[0]:
            ready = (READ if fd in readable else 0) | (WRITE if fd in writable else 0)
            if ready & events:
                found.append((data, ready & events))
        for family, each in zip(families[1:], wanted[1:], strict=True):
            child = self._children.get(family)
            if child is not None and any(fd in readable or fd in writable for fd, _ in each):
                found.append((child[1], READ))
        return found

    def fileno(self) -> int:
        """Return -1: the system cannot watch this kind."""
        return -1

    def close(self) -> None:
        """Release what the selector itself holds."""
        self.watched.clear()
        self._children.clear()
        self._waker.close()
