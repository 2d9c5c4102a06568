"""What an XPUB has to tell its application: a queue that does not grow without end."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from zmqthread.pipes.pipe import Pipe

# Kinds of notices: a topic came up or went, any other subscription, a user's message.
CHANGE: Final = 0
REPEAT: Final = 1
MESSAGE: Final = 2

#: From this many notices on, changes that undo each other are taken out.
MANY: Final = 10_000


#: Whom it is from, what the application receives, and the kind.
Notice = tuple[Pipe, Any, int]


class Notices:
    """The queue.

    Changes alternate for each topic, so no more of them remain than the application knows topics
    and there are; the rest is counted against its pipe, which is not read while it has too many.
    """

    __slots__ = ("_many", "_queue", "_stalled")

    def __init__(self) -> None:
        self._queue: deque[Notice] = deque()
        self._many = MANY
        self._stalled: dict[Pipe, None] = {}

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, pipe: Pipe, message: Any, kind: int) -> None:
        """Queue a notice."""
        if kind != CHANGE:
            pipe.state.unread += 1
        elif len(self._queue) >= self._many:
            self._settle()
        self._queue.append((pipe, message, kind))

    def get(self) -> Notice | None:
        """Return the next notice."""
        if not self._queue:
            return None
        notice = self._queue.popleft()
        if notice[2] != CHANGE:
            notice[0].state.unread -= 1
        return notice

    def takes_from(self, pipe: Pipe) -> bool:
        """Return whether more may come from a pipe; if not, `resumes` tells when."""
        if pipe.state.unread < pipe.incoming.limit:
            return True
        self._stalled[pipe] = None
        return False

    def resumes(self, pipe: Pipe) -> bool:
        """Return whether a pipe was held back and need not be any more."""
        if pipe not in self._stalled or pipe.state.unread > pipe.incoming.low:
            return False
        del self._stalled[pipe]
        return True

    def forget(self, pipe: Pipe) -> None:
        """Hold a pipe back no longer."""
        self._stalled.pop(pipe, None)

    def _settle(self) -> None:
        """Leave one change of each topic that has an odd number of them, none of the others."""
        odd: set[bytes] = set()
        for _, message, kind in self._queue:
            if kind == CHANGE:
                odd ^= {message[1:]}
        kept: deque[Notice] = deque()
        for notice in self._queue:
            _, message, kind = notice
            if kind == CHANGE:
                if message[1:] not in odd:
                    continue
                odd.remove(message[1:])  # the first of three is the same as the last
            kept.append(notice)
        self._queue = kept
        self._many = max(MANY, 2 * len(kept))
