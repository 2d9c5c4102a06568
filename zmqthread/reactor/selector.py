"""The selector of a socket or an I/O thread: epoll directly where there is one, else ``selectors``.

Both kinds offer the same six calls.  ``select`` returns ``(data, events)`` pairs, and hang-ups and
errors are reported as readiness, so that the handler meets them in its next system call.
"""

from __future__ import annotations

import select
import selectors
from errno import EMFILE, ENFILE, ENOMEM, ENOSPC
from functools import lru_cache
from typing import Any, Protocol

from zmqthread.reactor import originals

READ = 1
WRITE = 2
#: Report a change once, not for as long as it lasts.  Wakers use it: no read to clear them.
EDGE = 4
#: Report urgent data, which only plain descriptors of a program have; hang-ups with it.
URGENT = 8

#: What there is none left of: descriptors, memory, places in selectors.
SCARCE = frozenset({EMFILE, ENFILE, ENOMEM, ENOSPC})

_UNKNOWN = -1

#: More events than these wait for the next call; epoll serves descriptors in turn.
_MOST_EVENTS = 256


class HasFileno(Protocol):
    """Anything with a descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


class Selector(Protocol):
    """What the core asks of a selector.  Registration may come from any thread at any time."""

    def register(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Watch ``fileobj`` for ``events`` (READ, WRITE, EDGE, URGENT; 0 keeps silent)."""

    def modify(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Change what is watched for."""

    def unregister(self, fileobj: HasFileno | int) -> None:
        """Stop watching; unknown descriptors are ignored."""

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        """Wait up to ``timeout`` seconds (None: for ever) and return what is ready."""
        ...

    def fileno(self) -> int:
        """Return a descriptor that is readable while something is ready, or -1."""
        ...

    def close(self) -> None:
        """Release the descriptor; the watched ones stay open."""


def descriptor_of(fileobj: HasFileno | int) -> int:
    """Return the descriptor of anything that has one, or is one."""
    return fileobj if isinstance(fileobj, int) else fileobj.fileno()


@lru_cache(16)
def _epoll_mask(events: int) -> int:
    return (
        (select.EPOLLIN if events & READ else 0)
        | (select.EPOLLOUT if events & WRITE else 0)
        | (select.EPOLLET if events & EDGE else 0)
        | (select.EPOLLPRI if events & URGENT else 0)
    )


class EpollSelector:
    """A selector over one epoll set; its own descriptor can be watched by another one."""

    __slots__ = ("_data", "_epoll", "_masks")

    def __init__(self) -> None:
        assert originals.epoll is not None
        self._epoll = originals.epoll()
        self._data: dict[int, Any] = {}
        self._masks: dict[int, int] = {}

    def register(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Watch ``fileobj``; see `Selector`."""
        fd = descriptor_of(fileobj)
        self._data[fd] = data
        self._masks[fd] = 0
        self._watch(fd, events)

    def modify(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Change what is watched for; see `Selector`."""
        fd = descriptor_of(fileobj)
        self._data[fd] = data
        if self._masks.get(fd) != events:
            self._watch(fd, events)

    def _watch(self, fd: int, events: int) -> None:
        # epoll reports a hang-up even when asked for nothing: a silent descriptor has to leave.
        before = self._masks[fd]
        # A signal handler may raise in here; what is watched is not known then.
        self._masks[fd] = _UNKNOWN
        try:
            if not events:
                if before:
                    self._epoll.unregister(fd)
            elif before:
                self._epoll.modify(fd, _epoll_mask(events))
            else:
                self._epoll.register(fd, _epoll_mask(events))
        except FileNotFoundError:
            if events:
                self._epoll.register(fd, _epoll_mask(events))
        except FileExistsError:
            self._epoll.modify(fd, _epoll_mask(events))
        self._masks[fd] = events

    def unregister(self, fileobj: HasFileno | int) -> None:
        """Stop watching; see `Selector`."""
        fd = descriptor_of(fileobj)
        self._data.pop(fd, None)
        if self._masks.pop(fd, 0):
            try:
                self._epoll.unregister(fd)
            except OSError:
                pass  # closed by somebody else: epoll has dropped it already

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        """Wait and return what is ready; see `Selector`."""
        ready = self._epoll.poll(timeout, _MOST_EVENTS)
        if not ready:
            return ready
        get = self._data.get
        found: list[tuple[Any, int]] = []
        for fd, mask in ready:
            data = get(fd)
            if data is not None:
                # 1 = EPOLLIN, 4 = EPOLLOUT; anything else is an error or a hang-up: both ways.
                found.append((data, mask & 1 | (mask & 4) >> 1 if not mask & ~5 else READ | WRITE))
        return found

    def fileno(self) -> int:
        """Return the epoll descriptor."""
        return self._epoll.fileno()

    def close(self) -> None:
        """Close the epoll descriptor."""
        self._epoll.close()
        self._data.clear()
        self._masks.clear()


class PortableSelector:
    """A selector over ``selectors.DefaultSelector``, or the one given.

    Edge mode and urgent data are left out.
    """

    __slots__ = ("_asked", "_selector")

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self._selector = selector or selectors.DefaultSelector()
        self._asked: dict[int, int] = {}

    def register(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Watch ``fileobj``; see `Selector`."""
        fd = descriptor_of(fileobj)
        self._asked[fd] = 0
        self.modify(fd, events, data)

    def modify(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Change what is watched for; see `Selector`."""
        fd = descriptor_of(fileobj)
        before = self._asked[fd]
        events &= READ | WRITE
        if not events:
            if before:
                self._selector.unregister(fd)
        elif before:
            self._selector.modify(fd, events, data)
        else:
            self._selector.register(fd, events, data)
        self._asked[fd] = events

    def unregister(self, fileobj: HasFileno | int) -> None:
        """Stop watching; see `Selector`."""
        fd = descriptor_of(fileobj)
        if self._asked.pop(fd, 0):
            self._selector.unregister(fd)

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        """Wait and return what is ready; see `Selector`."""
        if timeout is None and not self._asked:  # pragma: no cover - nothing could ever wake it
            raise RuntimeError("a wait for nothing, without an end")
        return [(key.data, events) for key, events in self._selector.select(timeout)]

    def fileno(self) -> int:
        """Return the descriptor of a kqueue, which others can watch; else -1."""
        fileno = getattr(self._selector, "fileno", None)
        return -1 if fileno is None else int(fileno())

    def close(self) -> None:
        """Release the selector."""
        self._selector.close()
        self._asked.clear()
