"""Several threads of one socket read a pipe, some of them without its lock."""

from __future__ import annotations

from typing import Any

from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


class Thief:
    """A far end at which another thread takes what has just been found, the first time."""

    def __init__(self) -> None:
        self.asked = 0

    def starved(self, pipe: Pipe) -> bool:
        self.asked += 1
        return self.asked == 1


def test_a_pipe_rests_only_after_its_far_end_has_found_nothing():
    for look in (Pipe.read, Pipe.check_read):
        far: Any = Thief()
        pipe = Pipe(Lane(10), Lane(10), far)
        assert not look(pipe)
        assert not pipe.readable
        assert far.asked == 2
