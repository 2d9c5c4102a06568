"""Wake a thread that sleeps in ``select``: an eventfd, or a socket pair where there is none."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from typing import Any, Protocol

from zmqthread.reactor.originals import socketpair

#: Not on Windows, where there are no paired wakers.
_DONTWAIT = getattr(socket, "MSG_DONTWAIT", 0)
#: More than the buffer of a socket pair takes, one octet a ring.
_MOST_RINGS = 4096


class Waker(Protocol):
    """A descriptor that any thread may ring.  Register it with ``READ | EDGE``."""

    def ring(self) -> None:
        """Make the descriptor readable; never blocks, rings may run together."""

    def drain(self) -> None:
        """Take note of the rings so far."""

    def fileno(self) -> int:
        """Return the descriptor to watch."""
        ...

    def close(self) -> None:
        """Release the descriptors; ringing afterwards does nothing."""


class _Descriptor:
    """Closes itself when the last thread that uses it has let go.

    Closing by hand would let a ring that is under way write into whatever gets the number next.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        # An argument: at the interpreter's end the module may be gone.
        if hasattr(self, "number"):  # else an interrupt came before there was one
            close(self.number)


class EventfdWaker:
    """Watched edge-triggered, an eventfd needs no read to be cleared: one system call a wake-up."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: _Descriptor | None = _Descriptor(
            os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        )

    def ring(self) -> None:
        """Add one to the counter; it takes 2**64 - 1 rings to fill it."""
        held = self._held
        if held is not None:
            # No `suppress`, which takes 0.6 us, and nothing wider: a signal handler may raise a
            # TimeoutError just here.
            try:
                os.eventfd_write(held.number, 1)
            except BlockingIOError:
                pass

    def drain(self) -> None:
        """Nothing to do: every ring is an edge of its own."""

    def fileno(self) -> int:
        """Return the eventfd, -1 once closed."""
        held = self._held
        return -1 if held is None else held.number

    def close(self) -> None:
        """Let go of the eventfd."""
        self._held = None


class _Ends:
    """Both ends of a socket pair, closed when the last waker or thread has let go."""

    __slots__ = ("one", "other")

    def __init__(self) -> None:
        self.one, self.other = socketpair()

    def __del__(self) -> None:
        if hasattr(self, "other"):  # else there was no descriptor left for them
            self.one.close()
            self.other.close()


class PairedWaker:
    """One of two wakers that share a socket pair: each is read at one end and rung at the other.

    Besides being watched like any waker it can be slept on; see `zmqthread.api.pairing`.
    """

    __slots__ = ("_held", "_number")

    def __init__(self, ends: _Ends, near: Any, far: Any) -> None:
        self._held: tuple[Any, Any, _Ends] | None = near.recv, far.send, ends
        self._number = near.fileno()

    def ring(self) -> None:
        """Write one octet; a full buffer means that it rings already."""
        held = self._held
        if held is not None:
            try:
                held[1](b"\0", _DONTWAIT)
            except BlockingIOError:
                pass

    def sleep(self) -> None:
        """Sleep until rung; not if it has been rung since `drain`, nor once closed."""
        held = self._held
        if held is not None:
            held[0](1, socket.MSG_PEEK)

    def drain(self) -> None:
        """Take note of the rings so far."""
        held = self._held
        if held is not None:
            try:
                held[0](_MOST_RINGS, _DONTWAIT)
            except BlockingIOError:
                pass

    def fileno(self) -> int:
        """Return the end to watch, -1 once closed."""
        return -1 if self._held is None else self._number

    def close(self) -> None:
        """Let go of the pair, which the other waker may still use."""
        self._held = None


def paired_wakers() -> tuple[PairedWaker, PairedWaker]:
    """Return two wakers that share a socket pair.

    Raises:
        OSError: EMFILE, ENFILE, ENOMEM.
    """
    ends = _Ends()
    return PairedWaker(ends, ends.one, ends.other), PairedWaker(ends, ends.other, ends.one)


class Signal:
    """A descriptor for others to watch: readable from `set` until `clear`."""

    __slots__ = ("_near", "_far", "_is_set")

    def __init__(self) -> None:
        self._near, self._far = socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._is_set = False

    def set(self) -> None:
        """Make the descriptor readable; the caller sees to it that nobody calls `clear`."""
        if not self._is_set:
            self._is_set = True
            with contextlib.suppress(OSError):
                self._far.send(b"\0")

    def clear(self) -> None:
        """Make the descriptor unreadable."""
        if self._is_set:
            self._is_set = False
            with contextlib.suppress(OSError):
                self._near.recv(16)

    def fileno(self) -> int:
        """Return the descriptor to watch; it stays the same."""
        return self._near.fileno()

    def close(self) -> None:
        """Close both ends."""
        self._near.close()
        self._far.close()


class SocketpairWaker:
    """For systems without eventfd; a full buffer means that it rings already."""

    __slots__ = ("_near", "_far")

    def __init__(self) -> None:
        self._near, self._far = socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)

    def ring(self) -> None:
        """Write one octet."""
        with contextlib.suppress(OSError):
            self._far.send(b"\0")

    def drain(self) -> None:
        """Read what is there."""
        with contextlib.suppress(OSError):
            while len(self._near.recv(4096)) == 4096:
                pass

    def fileno(self) -> int:
        """Return the reading end."""
        return self._near.fileno()

    def close(self) -> None:
        """Close both ends."""
        self._near.close()
        self._far.close()
