"""SUB: fair-queued from all publishers, what it is subscribed to (RFC 29)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.constants import SocketOption
from zmqthread.patterns.subscriber import Subscriber
from zmqthread.patterns.topics import head_of

if TYPE_CHECKING:
    from zmqthread.options import Options


class Sub(Subscriber):
    """Receives only.  Publishers filter, and it does so again: not all of them do."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        #: A message that `can_recv` has found.
        self._found: Any = None

    def _takes_all(self) -> bool:
        return b"" in self._topics.values and not self.options.invert_matching

    def _wanted(self, message: Any) -> bool:
        topics = self._topics
        if message.__class__ is not bytes:
            message = head_of(message, topics.lengths[-1] if topics.lengths else 0)
        return topics.match(message) is not bool(self.options.invert_matching)

    def recv(self) -> Any:
        """Return the next message that is wanted."""
        found, self._found = self._found, None
        if found is not None:
            return found
        while (message := super().recv()) is not None:
            if self._wanted(message):
                return message
        return None

    def can_recv(self) -> bool:
        """Return whether there is a message that is wanted; others in front of it are dropped."""
        if self._takes_all() and self._found is None:
            return super().can_recv()
        # Taken out, as looking on would not do: another thread may still be on the short cut.
        self._found = self.recv()
        return self._found is not None

    def express_in(self) -> deque[Any] | None:
        """With one publisher, and subscribed to everything, its queue is ours."""
        return super().express_in() if self._takes_all() and self._found is None else None

    def set_option(self, option: int, value: Any) -> None:
        """SUBSCRIBE and UNSUBSCRIBE."""
        if option == SocketOption.SUBSCRIBE:
            self.subscribe(bytes(value))
        elif option == SocketOption.UNSUBSCRIBE:
            self.unsubscribe(bytes(value))
        else:
            super().set_option(option, value)
