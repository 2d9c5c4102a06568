"""A timer of a socket: it fires with the socket's lock held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmqthread.reactor.timer import Timer

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.mailbox import Mailbox


class Alarm(Timer):
    """A call to come, which `Timer.cancel` keeps from coming if the lock is held for that."""

    # In place of a function around the function: of those, the collector has five to look at.
    __slots__ = ("_owner",)

    def __init__(self, when: float, call: Callable[[], None], owner: Mailbox) -> None:
        self.when = when
        self.call = call
        self._owner = owner

    def fire(self) -> None:
        """Make the call, if the socket is still in use."""
        owner = self._owner
        with owner.lock:
            call = self.call
            if call is not None and not owner.released:
                call()
                owner.notify()
