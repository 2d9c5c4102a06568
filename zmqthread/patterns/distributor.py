"""Distribution: one message to each of several pipes, and what becomes of the full ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zmqthread.pipes.lane import SMALL
from zmqthread.pipes.pipe import Pipe, weight

#: A message of this size wakes the far end however much it has to do already (see `Pipe.force`).
_LARGE = 1 << 16


def distribute(message: Any, pipes: Sequence[Pipe]) -> int:
    """Write a message to each pipe that has room; return how many missed it.

    ``pipes`` must not be changed by what a write may lead to: that a pipe breaks and goes.
    """
    missed = 0
    size = len(message) if message.__class__ is bytes else weight(message)
    weighs = size > SMALL
    for pipe in pipes:
        lane = pipe.outgoing
        # `Pipe.write` where nothing is in its way: a third of the cost.
        if (
            lane.open
            and pipe.writable
            and len(lane.queue) < lane.gather
            and (not weighs or (size < _LARGE and lane.bytes_in - lane.bytes_out < lane.byte_limit))
        ):
            lane.queue.append(message)
            if weighs:
                lane.weigh(size)
        elif not pipe.write(message) and not pipe.ended:
            pipe.dropped += 1
            missed += 1
    return missed


def all_have_room(pipes: Iterable[Pipe]) -> bool:
    """Return whether each pipe that is still there would take a message."""
    return all(pipe.ended or pipe.check_write() for pipe in pipes)
