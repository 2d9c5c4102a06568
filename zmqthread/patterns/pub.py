"""PUB: each message to the subscribers whose topics it begins with (RFC 29)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.constants import SocketOption
from zmqthread.patterns.distributor import all_have_room, distribute
from zmqthread.patterns.gathering import Gathering, Plan
from zmqthread.patterns.subscribed_to import SubscribedTo
from zmqthread.patterns.topics import head_of
from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options

#: The pipes that a multipart goes to, and whether to write past their high-water marks.
Route = tuple[tuple[Pipe, ...], bool]


class Pub(SubscribedTo):
    """Sends only.  A subscriber that is full misses the message, unless XPUB_NODROP is set."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._gathering = Gathering(self)

    def _targets(self, message: Any) -> tuple[Pipe, ...]:
        """Return the pipes that a message with this first frame goes to."""
        index = self._subscriptions.index
        if message.__class__ is not bytes:
            message = head_of(message, index.lengths[-1] if index.lengths else 0)
        matching = index.match(message)
        if self.options.invert_matching:
            return tuple(pipe for pipe in self._pipes if pipe not in matching)
        return tuple(matching)

    def sort(self, messages: list[Any]) -> Plan:
        """Return who gets which of these messages."""
        runs = self._subscriptions.index.sort(messages)
        if len(runs) == 1:  # they all want the same
            wanted, run = runs[0]
            batch = Batch(run)
            return deque((pipe, batch) for pipe in wanted)
        lists: dict[Pipe, list[Any]] = {}
        for wanted, run in runs:
            for pipe in wanted:
                if pipe in lists:
                    lists[pipe] += run
                else:
                    lists[pipe] = list(run)
        return deque((pipe, Batch(messages)) for pipe, messages in lists.items())

    @property
    def audience(self) -> int:
        """Return to how many peers a message may go."""
        return len(self._pipes)

    def read_activated(self, pipe: Pipe) -> None:
        """See `SubscribedTo`; what was sent before goes by the subscriptions of then."""
        self._gathering.flush()
        super().read_activated(pipe)

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to all who want it; with XPUB_NODROP to nobody while one of them is full."""
        self._gathering.flush()
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
        self._gathering.flush()
        pipes = self._targets(frame)
        force = bool(self.options.xpub_nodrop)
        return None if force and not all_have_room(pipes) else (pipes, force)

    def can_send(self) -> bool:
        """A publisher can always send."""
        return True

    def _gathers(self) -> bool:
        """Return whether messages may be matched later: nobody waits, no order is turned round."""
        options = self.options
        return not (options.xpub_nodrop or options.invert_matching or options.conflate)

    def express_out(self) -> Lane | None:
        """Let messages gather; in process, one peer that is subscribed to everything gets all."""
        if not self._gathers():
            return None
        if not self.owner.in_process:
            return self._gathering.lane
        if len(self._pipes) == 1:
            (pipe,) = self._pipes
            if pipe.writable and b"" in pipe.state.topics:
                return pipe.outgoing
        return None

    def get_option(self, option: int) -> int:
        """Return TOPICS_COUNT: how many topics there are, whoever is subscribed to them."""
        if option == SocketOption.TOPICS_COUNT:
            return len(self._subscriptions.index)
        return int(super().get_option(option))
