"""One direction of a pipe: a queue of whole messages with a high-water mark.

A lane has one owner on each side, and they may run in different threads with different locks (two
sockets joined in-process).  So everything that crosses it is a ``deque`` operation, and the rule
that keeps wake-ups from being lost is the same everywhere:

    the one who is about to stop looking says so (`open` = False, or a mark in the queue) and then
    takes from the queue once more; the other one appends first and reads `open` afterwards.

``deque.append`` and ``deque.popleft`` on the same deque are ordered, on free-threaded builds too,
hence one of the two sees the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

#: Messages up to this size are not counted in bytes, so a batch of `BATCH` stays below 128 KiB.
SMALL = 256
#: Messages that may gather before the sender writes them itself, and octets. With half as many, 16
#: octets go through a tenth slower, and what is encrypted a seventh: threads change oftener. With
#: twice as many, those of 256 octets go through a fifth slower: a batch leaves the caches.
BATCH = 512
GATHER = 1 << 16
#: Where there is no limit.
_ENDLESS = 1 << 62


class Mark:
    """Something in a lane that is no message: `taken` with the reader's lock held."""

    __slots__ = ("_act", "_lane")

    def __init__(self, lane: Lane, act: Callable[[], None]) -> None:
        self._lane = lane
        self._act = act

    def taken(self) -> None:
        """Do what the mark stands for; called by whoever took it out of the queue."""
        self._lane.marks_out += 1
        self._act()


class Lane:
    """A queue of messages (`bytes`, or a tuple of frames) and marks.

    `bytes_in`, `marks_in`, `weighed` are the writer's, `bytes_out`, `marks_out` the reader's.
    """

    __slots__ = (
        "byte_limit",
        "bytes_in",
        "bytes_out",
        "commands",
        "gather",
        "hwm",
        "limit",
        "marks_in",
        "marks_out",
        "open",
        "queue",
        "weighed",
        "writer",
    )

    def __init__(self, hwm: int, byte_limit: int = 1 << 26) -> None:
        self.queue: deque[Any] = deque()
        #: The far side is awake, or bound to look here again: a writer need not tell it.
        self.open = False
        self.marks_in = self.marks_out = 0
        self.bytes_in = self.bytes_out = self.weighed = 0
        #: There may be subscriptions and the like among the messages.
        self.commands = False
        #: The pipe that writes here.
        self.writer: Any = None
        #: How many octets of large messages may be queued; 0 asks for no limit.
        self.byte_limit = byte_limit or _ENDLESS
        self.set_hwm(hwm)

    def put(self, message: Any) -> None:
        """Queue a message or a mark; where it matters, callers append to `queue` themselves."""
        self.queue.append(message)

    def extend(self, messages: Iterable[Any]) -> None:
        """Queue several messages; callers may extend `queue` themselves."""
        self.queue.extend(messages)

    def set_hwm(self, hwm: int) -> None:
        """Set the high-water mark in messages; 0 is no limit but that of bytes."""
        self.hwm = hwm
        #: Below this length small messages may be put without asking `full`.
        self.limit = max(1, min(hwm or _ENDLESS, self.byte_limit // SMALL))
        #: Up to this length small messages may be put without asking anybody; at most `limit`.
        self.gather = self.limit

    @property
    def low(self) -> int:
        """Return how many messages may be left when a full lane takes messages again.

        libzmq gives credit for every (hwm + 1) / 2 messages read, so hwm / 2 are left.
        """
        return self.limit // 2

    def __len__(self) -> int:
        """Return the messages queued."""
        length = len(self.queue) - self.marks_in + self.marks_out
        # The other side may have taken a mark and not counted it yet, and negative is an error.
        return length if length > 0 else 0

    def room(self) -> int:
        """Return how many messages fit in."""
        if self.bytes_in - self.bytes_out >= self.byte_limit:
            return 0
        room = self.limit - len(self.queue) + self.marks_in - self.marks_out
        return room if room > 0 else 0

    def full(self) -> bool:
        """Return whether the next message has to wait."""
        length = len(self.queue) - self.marks_in + self.marks_out
        return length >= self.limit or self.bytes_in - self.bytes_out >= self.byte_limit

    def heavy(self) -> bool:
        """Return whether the limit in octets is what keeps messages out.

        They count until a mark behind them is taken, so a mark that is to tell of room again
        belongs behind that one, at the very end.
        """
        return self.bytes_in - self.bytes_out >= self.byte_limit

    def weigh(self, size: int) -> None:
        """Count a large message that was just put; a mark each MiB gives the bytes back.

        Where the limit is lower marks are closer: what no mark gives back must not fill a lane.
        """
        self.bytes_in = total = self.bytes_in + size
        gone = total - self.weighed
        if gone >= 1 << 20 or 2 * gone >= self.byte_limit:
            self.weighed = total
            self.mark(lambda: self._unweigh(total))

    def _unweigh(self, total: int) -> None:
        self.bytes_out = total

    def mark(self, act: Callable[[], None], left: int = 0) -> None:
        """Have the reader call ``act`` when no more than ``left`` of the messages here are left."""
        self.marks_in += 1
        if left:
            self.queue.insert(-left, Mark(self, act))
        else:
            self.put(Mark(self, act))

    def take(self) -> Any:
        """Return the next message, marks done on the way, or None.  Called by the reader only."""
        popleft = self.queue.popleft
        while True:
            try:
                message = popleft()
            except IndexError:
                return None
            if message.__class__ is not Mark:
                return message
            message.taken()

    def peek(self) -> bool:
        """Return whether `take` would return a message.  Called by the reader only."""
        queue = self.queue
        while queue:
            try:
                head = queue[0]
                if head.__class__ is not Mark:
                    return True
                # Not `popleft`: a message would come out once another thread of the same socket
                # has taken the mark, and put back it would follow its successors.
                queue.remove(head)
            except (IndexError, ValueError):
                continue
            head.taken()
        return False

    def clear(self) -> int:
        """Drop everything and return how many messages that were."""
        dropped = 0
        while self.take() is not None:
            dropped += 1
        return dropped
