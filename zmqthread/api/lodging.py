"""A socket that nobody has waited for has no descriptor of its own.

It lodges with the I/O thread: its stream is watched by that thread's selector, and who wants
something of it has that thread called.  It moves out, to a selector and a waker of its own, when a
thread waits for it or looks at it, or with its second descriptor.  A socket that only sends over
one connection never does: making them is a quarter of what it costs to make a socket, and asking
them a third of the system calls of a handshake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.api.mailbox import Mailbox
from zmqthread.reactor.selector import EDGE, READ, SCARCE, HasFileno, descriptor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.reactor.loop import Loop
    from zmqthread.reactor.seams import Seams
    from zmqthread.reactor.selector import Selector


class _Watched:
    """What one descriptor is watched for, who is told of it, and what the I/O thread calls."""

    # One object in place of a tuple, a method, a `partial` and its arguments.
    __slots__ = ("after", "data", "events", "fd", "lodging")

    def __init__(
        self, lodging: Lodging, fd: int, events: int, data: Any, after: _Watched | None
    ) -> None:
        self.lodging = lodging
        self.fd = fd
        self.events = events
        self.data = data
        #: The next one in the chain.
        self.after = after

    def __call__(self, events: int) -> None:
        self.lodging.on_ready(self, events)


class Lodging:
    """Selector and waker of a socket that has none; see those."""

    __slots__ = ("_first", "_lodger")

    _lodger: Any

    def __init__(self, lodger: Lodger) -> None:
        self._lodger = lodger
        # A chain, as there is one at most, unless descriptors are scarce: a dictionary has 232
        # octets, and is one thing more for the collector.
        self._first: _Watched | None = None

    def register(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Watch ``fileobj`` in the I/O thread's selector."""
        lodger = self._lodger
        if self._first is not None and lodger.settled():
            lodger.selector.register(fileobj, events, data)
            return
        fd = descriptor_of(fileobj)
        self._forget(fd)
        self._first = watched = _Watched(self, fd, events, data, self._first)
        try:
            lodger.loop.selector.register(fd, events, watched)
        except BaseException:
            self._forget(fd)
            raise

    def modify(self, fileobj: HasFileno | int, events: int, data: Any) -> None:
        """Change what is watched for."""
        fd = descriptor_of(fileobj)
        watched = self._find(fd)
        assert watched is not None
        watched.events, watched.data = events, data
        self._lodger.loop.selector.modify(fd, events, watched)

    def unregister(self, fileobj: HasFileno | int) -> None:
        """Stop watching."""
        fd = descriptor_of(fileobj)
        if self._find(fd) is not None:
            self._lodger.loop.selector.unregister(fd)
            self._forget(fd)  # last: after an interrupt it is done again

    def _find(self, fd: int) -> _Watched | None:
        watched = self._first
        while watched is not None and watched.fd != fd:
            watched = watched.after
        return watched

    def _forget(self, fd: int) -> None:
        before, watched = None, self._first
        while watched is not None and watched.fd != fd:
            before, watched = watched, watched.after
        if watched is None:
            return
        if before is None:
            self._first = watched.after
        else:
            before.after = watched.after

    def on_ready(self, watched: _Watched, events: int) -> None:
        """Take a turn, in the I/O thread, with what that has found ready."""
        lodger = self._lodger
        with lodger.lock:
            # Others may have been at it since the I/O thread was told: what it was told of may be
            # closed, with another stream behind the same number, or have moved out.
            if self._find(watched.fd) is watched and not lodger.released:
                lodger.turn([(watched.data, events)])
                lodger.notify()

    def select(self, timeout: float | None) -> list[tuple[Any, int]]:
        """Return nothing: the I/O thread is told of everything."""
        return []

    def fileno(self) -> int:
        """Return -1."""
        return -1

    def ring(self) -> None:
        """Have the I/O thread take a turn."""
        lodger = self._lodger
        if lodger is not None:
            lodger.loop.call(lodger.look_in)

    def drain(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Let go of the socket; the selector is the I/O thread's."""
        self._lodger = None

    def hand_over(self, selector: Selector) -> None:
        """Have another selector watch as well."""
        watched = self._first
        while watched is not None:
            selector.register(watched.fd, watched.events, watched.data)
            watched = watched.after

    def vacate(self) -> None:
        """Have the I/O thread's selector watch no longer."""
        while self._first is not None:
            self.unregister(self._first.fd)


class Lodger(Mailbox):
    """The part of a socket that has to have a selector and a waker, sooner or later."""

    __slots__ = ("_waker", "lodging", "seams", "selector")

    def __init__(self, seams: Seams, loop: Loop) -> None:
        super().__init__(loop)
        self.seams = seams
        self.selector: Any
        #: Where it lodges, until it moves out.
        self.lodging: Lodging | None = None
        if loop.nests:
            self.selector = self._waker = self.lodging = Lodging(self)
        else:
            self.selector, self._waker = self._own()

    def _own(self) -> tuple[Any, Any]:
        selector = self.seams.selector()
        try:
            waker = self.seams.waker()
            try:
                selector.register(waker, READ | EDGE, self._on_ring)
            except BaseException:
                waker.close()
                raise
        except BaseException:
            selector.close()
            raise
        return selector, waker

    def settled(self) -> bool:
        """Move out, if that has not been done yet; False if there are no descriptors for it."""
        try:
            self.move_out()
        except OSError as error:
            if error.errno not in SCARCE:  # a signal handler may raise a TimeoutError
                raise
            return False
        return True

    def move_out(self) -> None:
        """Get a selector and a waker of its own; lock held.

        Raises:
            OSError: EMFILE, ENFILE, ENOMEM; nothing has changed.
        """
        lodging = self.lodging
        if lodging is None or self.released:
            return
        selector, waker = self._own()
        try:
            lodging.hand_over(selector)
            self.loop.selector.register(selector, READ, self._drive)
        except BaseException:
            self.loop.selector.unregister(selector)
            selector.close()
            waker.close()
            raise
        try:
            self._move(lodging, selector, waker)
        except BaseException:  # an interrupt: all of it may be done twice
            self._move(lodging, selector, waker)
            raise

    def _move(self, lodging: Lodging, selector: Any, waker: Any) -> None:
        self._waker, self.selector = waker, selector
        lodging.vacate()
        self.lodging = None
        # Who has found the lodging, and rings that, has written to the mailbox before.
        waker.ring()

    def look_in(self) -> None:
        """Take a turn in the I/O thread, which has been called while the socket lodged there."""
        with self.lock:
            self._rung = False
            if self.released:
                return
            if self.lodging is None:
                self._waker.ring()
                return
            self.turn([])
            self.notify()

    def turn(self, ready: list[tuple[Callable[[int], None], int]]) -> None:
        """Let everything that is ready be handled; lock held."""
        raise NotImplementedError

    def _drive(self, _events: int) -> None:
        raise NotImplementedError
