"""Gathering: what a publisher sends in a burst is matched and written many messages at a time.

Matched one by one, a message costs each subscriber a decision, a place in its lane and, by and by,
an encoding of its own: 8.2 us for eight of them.  Gathered, a batch is encoded once.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat, starmap
from typing import TYPE_CHECKING, Any

from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import BATCH, GATHER, Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.patterns.pub import Pub

#: Who gets which messages.
Plan = deque[tuple[Pipe, Batch]]
#: Messages taken in one go.
_MOST = 1024
#: With more subscribers than this a message on its own is left to the I/O thread as well.
_CROWD = 16


class Gathering:
    """The far end of a lane that all messages of a publisher go through.

    Whatever changes who gets what calls `flush` first, so that a message goes to those who were
    there when it was sent.
    """

    __slots__ = ("_flushing", "_plan", "_pub", "_taken", "lane")

    def __init__(self, pub: Pub) -> None:
        self._pub = pub
        self.lane = Lane(0)
        Pipe(Lane(1), self.lane, self)  # which is the lane's writer
        self._set_hwm()
        self._plan: Plan = deque()
        self._taken: list[Any] = []
        self._flushing = False

    def _set_hwm(self) -> None:
        self.lane.set_hwm(self._pub.options.sndhwm)
        self.lane.gather = min(BATCH, self.lane.limit)

    # -- the far end of the lane ---

    def wrote(self, pipe: Pipe) -> None:
        """Send on at once when it is quiet; in a burst, let messages gather."""
        lane, pub = self.lane, self._pub
        if lane.hwm != pub.options.sndhwm:
            self._set_hwm()
        gathers = len(lane.queue) < lane.gather and lane.bytes_in - lane.bytes_out < GATHER
        if gathers and pub.owner.puts_off(self, always=pub.audience > _CROWD):
            lane.open = True
        else:
            self.flush()

    def make_room(self, pipe: Pipe) -> bool:
        """Send on what is there."""
        self.flush()
        return not self.lane.full()

    def starved(self, pipe: Pipe) -> bool:
        """Nothing comes in."""
        return False

    def resize(self, pipe: Pipe) -> None:
        """See `wrote`."""

    def drop(self, pipe: Pipe) -> None:
        """There is nobody to be rid of."""

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """There is nobody to let go."""

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """Nothing goes out here but by the lane."""
        return False

    # -- sending on ---

    def flush(self) -> None:
        """Send on what has gathered."""
        lane, pub = self.lane, self._pub
        if self._flushing or not (lane.queue or self._plan or self._taken or lane.open):
            return  # the writing below may break a connection, which comes back to here
        self._flushing = True
        lane.open = False  # from here on a writer has to tell us (see pipes.lane)
        try:
            self._send_on()
        except BaseException:  # an interrupt: somebody has to go on with the plan
            pub.owner.puts_off(self, always=True)
            raise
        finally:
            self._flushing = False
        pub.owner.has_written()

    def _send_on(self) -> None:
        while True:
            plan = self._plan
            while plan:
                pipe, batch = plan.popleft()
                if not (pipe.writable and pipe.far.carry(pipe, batch)):
                    self._queue(pipe, batch.messages)
            if not (self._taken or self._take()):
                return
            # Both at once: there is no place for an interrupt in between.
            self._plan, self._taken = self._pub.sort(self._taken), []

    def _take(self) -> bool:
        """Take messages out of the lane; return whether there are any."""
        lane = self.lane
        queue = lane.queue
        if lane.marks_in == lane.marks_out:
            # One step of the interpreter, hence nothing for an interrupt to lose.
            self._taken.extend(starmap(queue.popleft, repeat((), min(len(queue), _MOST))))
        else:
            while len(self._taken) < _MOST and (message := lane.take()) is not None:
                self._taken.append(message)
        lane.bytes_out = lane.bytes_in
        return bool(self._taken)

    def _queue(self, pipe: Pipe, messages: list[Any]) -> None:
        """Queue for a subscriber that is slow; it misses what is past its high-water mark."""
        for index, message in enumerate(messages):
            if not pipe.write(message):
                if not pipe.ended:
                    pipe.dropped += len(messages) - index
                    self._pub.dropped += len(messages) - index
                return
