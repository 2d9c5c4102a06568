"""XSUB: a SUB whose subscriptions are messages, and which sends others upstream, too (RFC 29)."""

from __future__ import annotations

from collections import deque
from typing import Any

from zmqthread.message import Cancel, Subscribe
from zmqthread.patterns.distributor import distribute
from zmqthread.patterns.subscriber import Subscriber
from zmqthread.patterns.topics import subscription_in
from zmqthread.pipes.pipe import Pipe


class XSub(Subscriber):
    """Receives what publishers send, unfiltered: a publisher may know better (XPUB_MANUAL).

    Sends 01 + topic to subscribe, 00 + topic to unsubscribe, and anything else as it is, to all.
    """

    def attach(self, pipe: Pipe) -> None:
        """Take a publisher."""
        super().attach(pipe)
        pipe.state = deque()  # users' messages for a publisher that is not there yet

    def plugged(self, pipe: Pipe) -> None:
        """Send the subscriptions, then what has waited."""
        super().plugged(pipe)
        waiting: deque[Any] = pipe.state
        while waiting and pipe.plugged:
            pipe.force(waiting.popleft())

    def unplugged(self, pipe: Pipe) -> None:
        """Keep what was not sent for the next connection, but for subscriptions."""
        pipe.state.extend(
            message
            for message in iter(pipe.outgoing.take, None)
            if not isinstance(message, Subscribe | Cancel)
        )

    def _tells_all(self) -> bool:
        return bool(self.options.xsub_verbose_unsubscribe)

    # -- sending -----------------------------------------------------------------------------------

    def send(self, message: Any, route: Any = None) -> bool:
        """Subscribe, unsubscribe, or send upstream; a publisher that is full misses it."""
        if isinstance(message, tuple):
            self._send_frames(message)
        elif not self._apply(message):
            self._send_on(message)
        return True

    def _apply(self, frame: Any) -> bool:
        """Subscribe or unsubscribe if that is what a frame says."""
        event = subscription_in(frame)
        if event is None:
            return False
        if isinstance(event, Subscribe):
            self.subscribe(event.topic)
        else:
            self.unsubscribe(event.topic)
        return True

    def _send_frames(self, frames: tuple[Any, ...]) -> None:
        event = subscription_in(frames[0])
        if event is None:
            self._send_on(frames)
        elif self.options.only_first_subscribe:
            # It stays one message, or the publisher would take the second frame for another one.
            change = self._topics.add if isinstance(event, Subscribe) else self._topics.remove
            change(event.topic)
            self._send_on(frames)
        else:
            for frame in frames:
                if not self._apply(frame):
                    self._send_on(frame)

    def _send_on(self, message: Any) -> None:
        plugged = []
        for pipe in self._in.pipes:
            if pipe.plugged:
                plugged.append(pipe)
            elif len(pipe.state) < pipe.outgoing.limit:
                pipe.state.append(message)
            else:
                pipe.dropped += 1
                self.dropped += 1
        self.dropped += distribute(message, plugged)

    def begin(self, frame: Any) -> bool:
        """Nothing has to wait."""
        return True

    def can_send(self) -> bool:
        """An XSUB can always send."""
        return True
