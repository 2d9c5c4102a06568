"""What other threads and sockets ask of a socket without its lock, and how it gets to be done."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from zmqthread.api.alarm import Alarm
from zmqthread.reactor.interrupts import is_interrupt
from zmqthread.reactor.loop import FAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.reactor.loop import Loop

log = logging.getLogger("zmqthread")


class Mailbox:
    """The part of a socket that others may write to; whoever drives it is woken up for that."""

    __slots__ = ("_mailbox", "_rung", "errors", "lock", "loop", "released")

    #: Of the socket; see `Seams.lock`.
    lock: Any

    #: Of the socket; see `Lodger`.
    _waker: Any

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.released = False
        self.errors = 0
        # No deque: most sockets never get mail, and an empty one has 760 octets.
        self._mailbox: list[Callable[[], None]] = []
        self._rung = False

    def post(self, item: Callable[[], None]) -> None:
        """Have ``item`` called by whoever drives this socket next, with its lock held."""
        self._mailbox.append(item)
        if self.released:
            # Nobody drives any more, but what is owed to the sender has to be done all the same.
            self.loop.call(self._late_mail)
        elif not self._rung:
            self._rung = True
            try:
                self._waker.ring()
            except BaseException:  # an interrupt: nobody else would ring
                self._waker.ring()
                raise

    def notify(self) -> None:
        """Tell who waits for this socket what has become of it; lock held."""
        raise NotImplementedError

    def _late_mail(self) -> None:
        with self.lock:
            self.empty_mailbox()
            self.notify()

    def empty_mailbox(self) -> None:
        """Do what other sockets asked for; lock held."""
        # Cleared first: who appends from here on rings, unless the loop below still sees it.
        self._rung = False
        mailbox = self._mailbox
        while mailbox:
            item = mailbox[0]
            try:
                mailbox.pop(0)
                item()
            except BaseException as error:
                if is_interrupt(error):  # the I/O thread does it again, over what is half done
                    mailbox.insert(0, item)
                    self.loop.call(self._late_mail)
                    raise
                self.errors += 1
                log.exception("a message between sockets failed")

    def _on_ring(self, _events: int) -> None:
        self._waker.drain()
        # The ring is used up, even if somebody else has emptied the mailbox meanwhile: the next
        # one who posts has to ring again.  A turn looks into the mailbox after this.
        self._rung = False

    def call_later(self, delay: float, function: Callable[[], None]) -> Alarm:
        """Run ``function`` after ``delay`` seconds in the I/O thread, with the lock held."""
        loop = self.loop
        alarm = Alarm(loop.seams.monotonic() + delay, function, self)
        (loop if delay < FAR else loop.far).add(alarm)
        return alarm

    def call_in_row(self, function: Callable[[], None]) -> Alarm:
        """Run ``function`` within moments, with those of other sockets; see `call_later`."""
        alarm = Alarm(0.0, function, self)
        self.loop.row.add(alarm)
        return alarm

    def look_again(self) -> None:
        """After an interrupt: have another turn taken, since a ring is told of only once."""
        self._waker.ring()
