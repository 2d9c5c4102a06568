"""Who drives a socket: the I/O thread, or the thread that waits for it.

Each socket has a lock, and a selector (see `lodging`).  Whoever has the lock may run one turn: take
what is ready, let the sessions handle it, empty the mailbox.  By default the I/O thread does that.
A thread that has to wait borrows the socket (one change in the I/O thread's selector) and runs the
turns itself, so that no message is handed from thread to thread; further threads follow: they
sleep until the driver leaves or has something for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from zmqthread.api import scratch
from zmqthread.api.lending import TICK, TakeBack
from zmqthread.api.pairing import Paired
from zmqthread.api.sleeping import Sleeper, give_back, take_sleeper
from zmqthread.reactor.interrupts import is_interrupt
from zmqthread.reactor.loop import Loop
from zmqthread.reactor.seams import Seams
from zmqthread.reactor.selector import READ, WRITE
from zmqthread.reactor.vigil import Ready, Vigil
from zmqthread.reactor.waker import Signal

log = logging.getLogger("zmqthread")

_NOTHING: Ready = []


class Driven(Paired):
    """The part of a socket that threads take turns with; "lock held" is the rule from `turn` on."""

    # With these out of it the dictionary of a socket is 1.2 kB smaller: up to 30 keys are shared.
    __slots__ = (
        "_flusher_armed",
        "_followers",
        "_keeper",
        "_scheduled",
        "_vigil",
        "_write_seen",
        "attended",
        "changed",
        "driven",
        "last_write",
        "lent",
        "scratch",
        "signal",
        "turns",
        "watcher",
    )

    def __init__(self, seams: Seams, loop: Loop, keeper: TakeBack) -> None:
        super().__init__(seams, loop)
        self._new_lock()
        #: The thread, other than the I/O thread, that sleeps on the selector; 0 if none does.
        self.driven = 0
        #: The I/O thread does not watch this socket at present.
        self.lent = False
        #: Counts what its threads do, so that the I/O thread sees whether any is about.
        self.turns = 0
        self.last_write = 0.0
        #: What sessions receive into; for the length of a turn, then it is another socket's.
        self.scratch = scratch.NONE
        #: Readiness may have changed since `notify` was called last.
        self.changed = False
        #: Behind ZMQ_FD, once somebody has asked for it, and who has asked for that or EVENTS last.
        self.signal: Signal | None = None
        self.watcher = 0
        self._keeper = keeper
        #: The keeper looks after it.
        self.attended = False
        #: Who waits without driving, and for READ or WRITE.
        self._followers: dict[Sleeper, int] = {}
        self._scheduled: dict[Any, None] = {}
        self._flusher_armed = False
        self._write_seen = 0.0
        #: There from the first wait on, as many a socket only sends.
        self._vigil: Vigil | None = None

    def _new_lock(self) -> None:
        self.lock = self.seams.lock()

    def depth(self) -> int:
        """Return how many times the calling thread has the lock.

        More than once: a signal handler or a finalizer has interrupted that very thread in the
        middle of something.
        """
        return self.lock._recursion_count()  # type: ignore[no-any-return]  # noqa: SLF001

    def _join_loop(self) -> None:
        """Let the I/O thread drive from now on."""
        if self.lodging is None:
            self.loop.selector.register(self.selector, READ, self._drive)

    def move(self, loop: Loop, keeper: TakeBack) -> None:
        """Let another I/O thread drive; lock held, nothing is on the selector yet."""
        if loop is self.loop:
            return
        if self.lodging is None:
            self.loop.selector.unregister(self.selector)
        self.loop.load -= 1
        loop.load += 1
        self.loop, self._keeper, self.attended = loop, keeper, False
        if self.lodging is None:
            loop.selector.register(self.selector, 0 if self.lent else READ, self._drive)

    # -- turns ---

    def turn(self, ready: list[tuple[Any, int]]) -> None:
        """Let everything that is ready be handled; lock held."""
        self.turns += 1
        try:
            if ready:
                self.scratch = mine = scratch.take()
                self._handle(ready)
                scratch.give_back(mine)
            if self._mailbox:
                self.empty_mailbox()
        except BaseException:
            self.look_again()
            raise
        finally:
            self.scratch = scratch.NONE

    def _handle(self, ready: list[tuple[Any, int]]) -> None:
        for handler, events in ready:
            try:
                handler(events)
            except Exception as error:
                if is_interrupt(error):
                    raise
                self.errors += 1
                log.exception("a handler of a socket failed")

    def read_now(self, handler: Callable[[int], None]) -> None:
        """Have a session read though this may be no turn; lock held."""
        if self.scratch:
            handler(READ)
            return
        try:
            self.scratch = mine = scratch.take()
            handler(READ)
            scratch.give_back(mine)
        finally:
            self.scratch = scratch.NONE
            if self.changed and self._followers:
                self._waker.ring()  # after a turn, `notify` would tell them

    def glance(self) -> None:
        """Take one turn without waiting, if nobody else is at it; lock held."""
        before = self.driven
        if (not before or before == self.seams.get_ident()) and self.settled():
            self.turn(self.selector.select(0))
            self.stop_driving(before)
            if self._followers or self.signal is not None:
                self.notify()

    def _drive(self, _events: int) -> None:
        """Take a turn in the I/O thread."""
        with self.lock:
            if self.lent or self.released:
                return
            self.turn(self.selector.select(0))
            self.notify()

    # -- waiting ---

    # In one piece: between two threads of one process each call more takes 1 us of a round trip.
    def wait(  # noqa: C901, PLR0912, PLR0915
        self, interest: int, deadline: float | None
    ) -> bool:
        """Let a turn pass, taken by this thread or by another; False once the deadline is over.

        Lock held on entry and on return.  Whoever has waited calls `leave` in the end.
        """
        timeout = None
        if deadline is not None:
            timeout = deadline - self.seams.monotonic()
            if timeout <= 0:
                return False
        if self._scheduled:
            self.flush_scheduled()
        self.last_write = 0.0
        me = self.seams.get_ident()
        before = self.driven
        if (
            (before and before != me)
            or not self.loop.nests
            or (self.lodging is not None and not self.settled())
        ):
            self._follow(interest, timeout)
            return True
        try:
            self.driven = me
            if not self.lent:
                self.borrow(me)
            paired = self.paired
            self.lock.release()
            if paired is not None and timeout is None:
                paired.sleep()
                self.undrained = True
                ready = _NOTHING
            else:
                # With a peer in this process it would only take the interpreter away from it.
                awake = not self.in_process
                vigil = self._vigil
                if vigil is None:
                    vigil = self._vigil = Vigil(self.seams)
                ready = vigil.wait(self.selector.select, timeout, self.seams, awake=awake)
            self.lock.acquire()
            # Here, and without a call: an interrupt may come with each call, and a socket that
            # kept its driver would be driven by nobody.
            self.driven = before
        except BaseException:
            try:
                self._relock()
            except BaseException:  # an interrupt on the way there
                self._relock()
                raise
            finally:
                self.driven = before
            self.look_again()
            raise
        if before:  # see `stop_driving`
            self._waker.ring()
        if ready:
            self.turn(ready)
        else:
            self.turns += 1
            if self._mailbox:
                self.empty_mailbox()
        if self._followers or self.signal is not None:
            self.notify()
        return True

    def _relock(self) -> None:
        """Take the lock again after a wait, and only then let an interrupt through."""
        owned: Callable[[], bool] | None = getattr(self.lock, "_is_owned", None)
        if owned is None:
            self.lock.acquire()
            return
        interrupt = None
        while True:
            try:
                if owned():
                    break
                self.lock.acquire()
            except BaseException as caught:  # what a signal handler raised
                interrupt = caught
        if interrupt is not None:
            raise interrupt

    def borrow(self, thread: int) -> None:
        """Make ``thread``, the calling one, the driver; lock held."""
        self.driven = thread
        if not self.lent:
            self.lent = True
            self.loop.selector.modify(self.selector, 0, self._drive)

    def stop_driving(self, before: int) -> None:
        """Let ``before`` drive again who drove before `borrow`, if anybody; lock held."""
        self.driven = before
        if before:
            # What that thread sleeps for may have come in while a signal handler of it waited.
            self._waker.ring()

    def take_back(self) -> None:
        """Give the socket to the I/O thread again; lock held, called in that thread."""
        if self.lent and not self.released:
            self.lent = False
            self.loop.selector.modify(self.selector, READ, self._drive)

    def _follow(self, interest: int, timeout: float | None) -> None:
        sleeper = take_sleeper(self.seams, always=True)
        try:
            self._followers[sleeper] = interest
            self.lock.release()
            sleeper.sleep(timeout)
        finally:
            try:
                self._relock()
            except BaseException:  # an interrupt on the way there
                self._relock()
                raise
            finally:
                self.unfollow(sleeper)
                give_back(sleeper)

    def follow(self, sleeper: Sleeper, interest: int) -> None:
        """Have ``sleeper`` rung when what it is interested in may be there; lock held."""
        self._followers[sleeper] = interest

    def unfollow(self, sleeper: Sleeper) -> None:
        """Take a follower off the list; whoever has rung it has done so already.  Lock held."""
        self._followers.pop(sleeper, None)

    def has_changed(self) -> None:
        """Take note that readiness may have changed; lock held."""
        self.changed = True
        if self.driven or (self._followers and self.scratch is scratch.NONE):
            # The driver, or the I/O thread, sleeps on the selector: this has not come from there.
            self._waker.ring()

    def notify(self) -> None:
        """Ring a follower that can go on, or one that has to drive; lock held.

        One of a kind is enough: it passes on what is left when it leaves.
        """
        followers = self._followers
        if not followers:
            return
        ready = self.readiness()
        rung = 0
        for sleeper, interest in list(followers.items()):
            if interest & ready & ~rung:
                rung |= interest
                self._ring(sleeper)
        # Looking for room may have made some, and have rung them all.
        if followers and not rung and not self.driven and self.loop.nests:
            self._ring(next(iter(followers)))

    def _ring(self, sleeper: Sleeper) -> None:
        self._followers.pop(sleeper, None)
        sleeper.waker.ring()

    def ring_for(self, interest: int) -> None:
        """Ring every follower with this interest; lock held."""
        for sleeper in [each for each, wanted in self._followers.items() if wanted & interest]:
            self._ring(sleeper)

    def ring_all(self) -> None:
        """Wake every follower and the driver: the socket's state has changed for good."""
        for sleeper in list(self._followers):
            self._ring(sleeper)
        self._waker.ring()

    def readiness(self) -> int:
        """Return READ and WRITE as far as they would not have to wait; lock held."""
        return READ | WRITE

    # -- bursts ---

    def schedule_flush(self, session: Any) -> None:
        """Flush ``session`` before this thread waits, or from the I/O thread; lock held."""
        self._scheduled[session] = None
        # A lent socket that nobody drives has a tick of the I/O thread coming anyway.
        if not (self._flusher_armed or (self.lent and not self.driven)):
            self.loop.call(self._flush_from_loop)
            self._flusher_armed = True  # last: after an interrupt it comes twice, not never

    def flush_scheduled(self) -> None:
        """Flush what gathered; lock held."""
        scheduled = self._scheduled
        while scheduled:
            session = next(iter(scheduled))
            scheduled.pop(session, None)
            try:
                session.flush()
            except BaseException:  # an interrupt: everybody relies on this flush to come
                scheduled[session] = None
                raise

    def _flush_from_loop(self) -> None:
        with self.lock:
            busy = self.last_write != self._write_seen
            self.flush_scheduled()
            self._write_seen = self.last_write
            # A sender in full swing writes by itself; waking up for each burst would only take
            # the interpreter away from it.  Stay armed and look again a tick later.
            if busy and not self.released:
                self.loop.call_at(self.seams.monotonic() + TICK, self._flush_from_loop)
            else:
                self._flusher_armed = False

    # -- the end ---

    def forget(self) -> None:
        """In a forked child: close the descriptors, which the parent has as well."""
        self._waker.close()
        self.selector.close()

    def release(self) -> None:
        """Give the descriptors back; lock held, nothing is left on the selector."""
        self.released = True
        self.loop.selector.unregister(self.selector)
        self.selector.unregister(self._waker)
        self._waker.close()
        self.selector.close()
        # Whoever posts from here on sees that it is released; who did before has rung in vain.
        self.empty_mailbox()
