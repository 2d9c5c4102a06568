"""A far end of a pipe that does what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


class Far:
    """It reads nothing by itself, and notes how often it was told of something."""

    def __init__(self, hwm: int = 4, byte_limit: int = 1 << 26) -> None:
        self.told = self.asked_for_room = 0
        #: What it hands out when the pipe has been read empty.
        self.held_back: list[Any] = []
        #: What it does to make room.
        self.drain: Callable[[], object] = lambda: None
        self.pipe = Pipe(Lane(hwm, byte_limit), Lane(hwm, byte_limit), self, "there")

    def wrote(self, pipe: Pipe) -> None:
        self.told += 1

    def make_room(self, pipe: Pipe) -> bool:
        self.asked_for_room += 1
        self.drain()
        return not pipe.outgoing.full()

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        raise AssertionError("a pipe has no batches")

    def starved(self, pipe: Pipe) -> bool:
        held, self.held_back = self.held_back, []
        pipe.incoming.queue.extend(held)
        return bool(held)

    def resize(self, pipe: Pipe) -> None:
        raise AssertionError("nobody has changed the high-water mark")

    def drop(self, pipe: Pipe) -> None:
        raise AssertionError("a pipe does not drop itself")

    def end(self, pipe: Pipe, linger: float | None) -> None:
        raise AssertionError("a pipe does not end itself")
