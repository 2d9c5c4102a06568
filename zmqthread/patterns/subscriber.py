"""What SUB and XSUB share: counted topics, which every publisher is told as soon as it is there."""

from __future__ import annotations

import random
from itertools import chain, repeat
from typing import TYPE_CHECKING

from zmqthread.constants import SocketOption
from zmqthread.message import Cancel, Subscribe
from zmqthread.patterns.halves import FairIn
from zmqthread.patterns.topics import Topics
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Subscriber(FairIn):
    """The subscribing side.

    A topic is told upstream when the first subscription to it comes and the last one goes: a
    publisher that counts (RFC 37) and one that does not (libzmq) then both know what is wanted.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._topics = Topics()

    def plugged(self, pipe: Pipe) -> None:
        """Tell a publisher everything, whatever the high-water mark says, and first of all."""
        topics = self._topics.values
        if pipe not in self._in.pipes or not topics:
            return
        counts = topics.values() if self._tells_all() else repeat(1)
        events = list(chain.from_iterable(map(_repeated, topics, counts)))
        last = events.pop()
        pipe.outgoing.extend(events)
        pipe.force(last)

    def unplugged(self, pipe: Pipe) -> None:
        """Take back what was not sent yet: the next connection is told everything anew."""
        pipe.outgoing.clear()

    def subscribe(self, topic: bytes) -> None:
        """Add a subscription."""
        if self._topics.add(topic) or self._tells_all():
            self._tell(Subscribe(topic))

    def unsubscribe(self, topic: bytes) -> None:
        """Take a subscription back; that there is none is no error."""
        if self._topics.remove(topic) or self._tells_all():
            self._tell(Cancel(topic))

    def _tells_all(self) -> bool:
        """Return whether repeated subscriptions are told, too."""
        return False

    def _tell(self, event: Subscribe | Cancel) -> None:
        for pipe in list(self._in.pipes):  # a write may break a connection
            if pipe.plugged:
                pipe.force(event)

    def get_option(self, option: int) -> int:
        """Return TOPICS_COUNT."""
        if option == SocketOption.TOPICS_COUNT:
            return len(self._topics)
        return int(super().get_option(option))


def _repeated(topic: bytes, count: int) -> repeat[Subscribe]:
    return repeat(Subscribe(topic), count)
