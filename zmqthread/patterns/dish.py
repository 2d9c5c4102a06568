"""DISH: fair-queued from all RADIOs, the groups that it has joined (RFC 48)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.commands import Join, Leave
from zmqthread.constants import EINVAL
from zmqthread.errors import error_about
from zmqthread.labels import Labelled
from zmqthread.patterns.halves import FairIn
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from collections import deque

    from zmqthread.options import Options


class Dish(FairIn):
    """Receives only.  In its pipes a message is a tuple of group and body, as on the wire.

    Radios send what was joined; what is in the way when a group is left, or comes from a radio that
    knows no groups (udp), is dropped here.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._groups: set[bytes] = set()
        #: A message that `can_recv` has found.
        self._found: Labelled | None = None

    # -- groups ------------------------------------------------------------------------------------

    def join(self, group: bytes) -> None:
        """Take the messages of a group from now on."""
        if group in self._groups:
            raise error_about(EINVAL, group=group)
        self._groups.add(group)
        self._tell(Join(group))

    def leave(self, group: bytes) -> None:
        """Take the messages of a group no longer, read or unread."""
        if group not in self._groups:
            raise error_about(EINVAL, group=group)
        self._groups.discard(group)
        self._tell(Leave(group))

    def _tell(self, event: Join | Leave) -> None:
        for pipe in list(self._in.pipes):  # a write may break a connection
            if pipe.plugged:
                pipe.force(event)

    def plugged(self, pipe: Pipe) -> None:
        """Tell a radio everything, whatever the high-water mark says."""
        if pipe not in self._in.pipes or not self._groups:
            return
        events = [Join(group) for group in self._groups]
        last = events.pop()
        pipe.outgoing.extend(events)
        pipe.force(last)

    def unplugged(self, pipe: Pipe) -> None:
        """Take back what was not sent yet: the next connection is told everything anew."""
        pipe.outgoing.clear()

    # -- messages ----------------------------------------------------------------------------------

    def recv(self) -> Any:
        """Return the next message of a group that is joined."""
        found, self._found = self._found, None
        if found is not None and found.group in self._groups:
            return found
        while (message := super().recv()) is not None:
            if message.__class__ is not tuple or len(message) != 2:
                self.dropped += 1  # T02
            elif message[0] in self._groups:
                return Labelled(message[1], group=message[0])
        return None

    def can_recv(self) -> bool:
        """Return whether there is a message that is wanted; others in front of it are dropped."""
        self._found = self.recv()
        return self._found is not None

    def express_in(self) -> deque[Any] | None:
        """Each message has to be looked at."""
        return None
