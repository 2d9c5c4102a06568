"""Distribution: one message to each of several pipes, and what becomes of the full ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zmqthread.pipes.lane import SMALL
from zmqthread.pipes.pipe import Pipe, weight


def distribute(message: Any, pipes: Sequence[Pipe]) -> int:
    """Write a message to each pipe that has room; return how many missed it.

    ``pipes`` must not be changed by what a write may lead to: that a pipe breaks and goes.
    """
    missed = 0
    size = len(message) if message.__class__ is bytes else weight(message)
    if size <= SMALL:
        for pipe in pipes:
            lane = pipe.outgoing
            if lane.open and pipe.writable and len(lane.queue) < lane.gather:
                lane.put(message)  # `Pipe.write` where nothing is in its way
            elif not pipe.write(message) and not pipe.ended:
                pipe.dropped += 1
                missed += 1
        return missed
    for pipe in pipes:
        if not pipe.write(message) and not pipe.ended:
            pipe.dropped += 1
            missed += 1
    return missed


def all_have_room(pipes: Iterable[Pipe]) -> bool:
    """Return whether each pipe that is still there would take a message."""
    return all(pipe.ended or pipe.check_write() for pipe in pipes)
