"""PUB: each message to the subscribers whose topics it begins with (RFC 29)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zmqthread.constants import SocketOption
from zmqthread.patterns.distributor import all_have_room, distribute
from zmqthread.patterns.subscribed_to import SubscribedTo
from zmqthread.patterns.topics import head_of
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

#: The pipes that a multipart goes to, and whether to write past their high-water marks.
Route = tuple[tuple[Pipe, ...], bool]


class Pub(SubscribedTo):
    """Sends only.  A subscriber that is full misses the message, unless XPUB_NODROP is set."""

    def _targets(self, message: Any) -> tuple[Pipe, ...]:
        """Return the pipes that a message with this first frame goes to."""
        index = self._subscriptions.index
        if message.__class__ is not bytes:
            message = head_of(message, index.lengths[-1] if index.lengths else 0)
        matching = index.match(message)
        if self.options.invert_matching:
            return tuple(pipe for pipe in self._pipes if pipe not in matching)
        return tuple(matching)

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to all who want it; with XPUB_NODROP to nobody while one of them is full."""
        if route is not None:
            pipes, force = route
            if force:
                for pipe in pipes:
                    if pipe in self._pipes:
                        pipe.force(message)
                return True
        else:
            pipes = self._targets(message)
            if self.options.xpub_nodrop and not all_have_room(pipes):
                return False
        self.dropped += distribute(message, pipes)
        return True

    def begin(self, frame: Any) -> Route | None:
        """Find out who gets the message."""
        pipes = self._targets(frame)
        force = bool(self.options.xpub_nodrop)
        return None if force and not all_have_room(pipes) else (pipes, force)

    def can_send(self) -> bool:
        """A publisher can always send."""
        return True

    def express_out(self) -> Lane | None:
        """With one peer, subscribed to everything, every message goes there."""
        if len(self._pipes) == 1 and not self.options.invert_matching:
            (pipe,) = self._pipes
            if pipe.writable and b"" in pipe.state.topics:
                return pipe.outgoing
        return None

    def unheard(self) -> Callable[[bytes], bool] | None:
        """Most messages of a publisher with many topics go to nobody: 1 us instead of 2.4."""
        return None if self.options.invert_matching else self._subscriptions.index.misses

    def get_option(self, option: int) -> int:
        """Return TOPICS_COUNT: how many topics there are, whoever is subscribed to them."""
        if option == SocketOption.TOPICS_COUNT:
            return len(self._subscriptions.index)
        return int(super().get_option(option))
