"""PUB: each message to the subscribers whose topics it begins with (RFC 29)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.constants import SocketOption
from zmqthread.message import Cancel, Subscribe
from zmqthread.patterns.distributor import all_have_room, distribute
from zmqthread.patterns.pattern import Pattern
from zmqthread.patterns.subscriptions import Subscriber, Subscriptions
from zmqthread.patterns.topics import head_of, subscription_in
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options

#: The pipes that a multipart goes to, and whether to write past their high-water marks.
Route = tuple[tuple[Pipe, ...], bool]


class Pub(Pattern):
    """Sends only.  A subscriber that is full misses the message, unless XPUB_NODROP is set."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._pipes: dict[Pipe, None] = {}
        self._subscriptions = Subscriptions(self._left)

    # -- pipes come and go -------------------------------------------------------------------------

    def attach(self, pipe: Pipe) -> None:
        """Take a peer, which has no subscriptions yet."""
        self._pipes[pipe] = None
        pipe.state = Subscriber()

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
        pipe.readable = False
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
        while pipe in self._pipes and self._wants_from(pipe):
            message = pipe.read()
            if message is None:
                break
            self._take(pipe, message)

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
            self.drop_pipe(pipe)  # the wire sees to it only where the message has one frame
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
        self.drop_pipe(pipe)
        return False

    def _cancel(self, pipe: Pipe, topic: bytes) -> bool | None:
        """Take a subscription back; see `Subscriptions.remove`."""
        return self._subscriptions.remove(pipe, topic)

    def _left(self, pipe: Pipe, topic: bytes, count: int, last: bool) -> None:
        """Take note of what a peer was subscribed to that is no more."""

    def _user_message(self, pipe: Pipe, message: Any) -> None:
        """Drop what is no subscription (U6)."""
        self.dropped += 1
        pipe.dropped += 1

    # -- messages ----------------------------------------------------------------------------------

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

    def get_option(self, option: int) -> int:
        """Return TOPICS_COUNT: how many topics there are, whoever is subscribed to them."""
        if option == SocketOption.TOPICS_COUNT:
            return len(self._subscriptions.index)
        return int(super().get_option(option))
