"""What a publisher hears from its peers: subscriptions, mostly."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.message import Cancel, Subscribe
from zmqthread.patterns.pattern import Pattern
from zmqthread.patterns.subscriptions import Notes, Subscriptions
from zmqthread.patterns.topics import subscription_in
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class SubscribedTo(Pattern):
    """The half of a publisher that keeps the subscriptions of its peers."""

    selective = True

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._pipes: dict[Pipe, None] = {}
        self._subscriptions = Subscriptions(self._left)

    # -- pipes come and go -------------------------------------------------------------------------

    def attach(self, pipe: Pipe) -> None:
        """Take a peer, which has no subscriptions yet."""
        self._pipes[pipe] = None
        pipe.state = Notes()

    def plugged(self, pipe: Pipe) -> None:
        """Greet a peer and take what it has subscribed to so far."""
        if pipe in self._pipes:
            self._subscriptions.join(pipe)
            if self.options.xpub_welcome_msg:
                pipe.write(self.options.xpub_welcome_msg)
            self.read_activated(pipe)

    def unplugged(self, pipe: Pipe) -> None:
        """Forget what the peer has subscribed to: when it is back it says so again."""
        while (message := pipe.incoming.take()) is not None:
            if not isinstance(message, Subscribe | Cancel):
                self._take(pipe, message)
        self._leave(pipe)

    def detach(self, pipe: Pipe) -> None:
        """Let a peer go."""
        if pipe in self._pipes:
            del self._pipes[pipe]
            self._leave(pipe)

    def _leave(self, pipe: Pipe) -> None:
        self._subscriptions.leave(pipe)

    def upkeep(self) -> bool:
        """Forget more of a peer that had many topics."""
        return self._subscriptions.forget_some()

    # -- what subscribers say ----------------------------------------------------------------------

    def read_activated(self, pipe: Pipe) -> None:
        """Take what a peer has said, at once: it decides about the next message."""
        if pipe.reading:
            return
        pipe.reading = True
        try:
            while pipe in self._pipes and self._wants_from(pipe):
                message = pipe.read()
                if message is None:
                    break
                self._take(pipe, message)
        finally:
            pipe.reading = False

    def _wants_from(self, pipe: Pipe) -> bool:
        return True

    def _take(self, pipe: Pipe, message: Any) -> None:
        if isinstance(message, Subscribe):
            self._subscribe(pipe, message.topic)
        elif isinstance(message, Cancel):
            self._cancel(pipe, message.topic)
        elif isinstance(message, tuple):
            self._take_frames(pipe, message)
        else:
            self._user_message(pipe, message)

    def _take_frames(self, pipe: Pipe, frames: tuple[Any, ...]) -> None:
        # As libzmq does it: only after a first frame that is a subscription others may be too.
        events = [subscription_in(frame) for frame in frames]
        if events[0] is None:
            self._user_message(pipe, frames)
            return
        if self.options.only_first_subscribe:
            self._take_event(pipe, events[0])
            self._user_message(pipe, frames[1:] if len(frames) > 2 else frames[1])
            return
        for frame, event in zip(frames, events, strict=True):
            if event is None:
                self._user_message(pipe, frame)
            else:
                self._take_event(pipe, event)

    def _take_event(self, pipe: Pipe, event: Subscribe | Cancel) -> None:
        if 0 < self.options.max_topic < len(event.topic):
            self._refuse(pipe)  # the wire sees to it only where the message has one frame
        elif pipe in self._pipes:
            self._take(pipe, event)

    def _subscribe(self, pipe: Pipe, topic: bytes) -> bool | None:
        """Note a subscription; return whether it is the first to its topic, None if refused."""
        if not self._within_limit(pipe, pipe.state.topics, topic):
            return None
        return self._subscriptions.add(pipe, topic)

    def _within_limit(self, pipe: Pipe, topics: dict[bytes, int], topic: bytes) -> bool:
        """Return whether a peer may have another topic; it is dropped if not (U2)."""
        if not 0 < self.options.max_subscriptions <= len(topics) or topic in topics:
            return True
        self._refuse(pipe)
        return False

    def _refuse(self, pipe: Pipe) -> None:
        self.owner.drop_pipe(pipe)
        self.detach(pipe)

    def _cancel(self, pipe: Pipe, topic: bytes) -> bool | None:
        """Take a subscription back; see `Subscriptions.remove`."""
        return self._subscriptions.remove(pipe, topic)

    def _left(self, pipe: Pipe, topic: bytes, count: int, last: bool) -> None:
        """Take note of what a peer was subscribed to that is no more."""

    def _user_message(self, pipe: Pipe, message: Any) -> None:
        """Drop what is no subscription (U6)."""
        self.dropped += 1
        pipe.dropped += 1
