"""RADIO: each message to the DISHes that have joined its group (RFC 48)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.commands import Join, Leave
from zmqthread.labels import Labelled
from zmqthread.patterns.dgram import check_datagram
from zmqthread.patterns.distributor import all_have_room, distribute
from zmqthread.patterns.one_frame import OneFrame
from zmqthread.patterns.subscribed_to import SubscribedTo
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Radio(OneFrame, SubscribedTo):
    """Sends only.  A DISH that is full misses the message, unless XPUB_NODROP is set.

    In its pipes a message is a tuple of group and body, as on the wire.  Groups are joined like
    topics are subscribed to, but match only as a whole.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        #: Pipes whose far end cannot join.
        self._everything: dict[Pipe, None] = {}

    def attach(self, pipe: Pipe) -> None:
        """Take a peer; it gets what it joins, or everything if it has no way to join."""
        super().attach(pipe)
        if pipe.takes_all:
            self._everything[pipe] = None

    def detach(self, pipe: Pipe) -> None:
        """Let a peer go."""
        super().detach(pipe)
        self._everything.pop(pipe, None)

    def _take(self, pipe: Pipe, message: Any) -> None:
        if isinstance(message, Join):
            self._subscribe(pipe, message.group)
        elif isinstance(message, Leave):
            self._cancel(pipe, message.group)
        else:
            self._user_message(pipe, message)  # which drops it (T05)

    def _targets(self, group: bytes) -> tuple[Pipe, ...]:
        held = self._subscriptions.index.values.get(group)
        if held is None:
            return tuple(self._everything)
        joined = held if held.__class__ is dict else (held,)
        return (*joined, *self._everything)

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to all who have joined; with XPUB_NODROP to nobody while one of them is full."""
        group, frame = b"", message
        if message.__class__ is Labelled:
            group, frame = message.group, message.frame
        if self._everything:
            # The length of the group is one more octet of the datagram.
            check_datagram(1 + len(group) + len(frame), self.options)
        pipes = self._targets(group)
        if self.options.xpub_nodrop and not all_have_room(pipes):
            return False
        self.dropped += distribute((group, frame), pipes)
        return True

    def can_send(self) -> bool:
        """A RADIO can always send."""
        return True
