"""Fair queueing: the order of the round, whatever comes and goes meanwhile."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from zmqthread.patterns.fair_queue import FairQueue


class Source:
    """A pipe with so many messages; at its end it may be detached by who reads it, as by a mark."""

    def __init__(self, number: int, owner: Any) -> None:
        self.number = number
        self.owner = owner
        self.readable = False
        self.queue: deque[int | None] = deque()

    def check_read(self) -> bool:
        while self.queue and self.queue[0] is None:
            self.queue.popleft()
            self.owner.detach(self)
        self.readable = self.readable and bool(self.queue)
        return bool(self.queue)

    def read(self) -> tuple[int, int] | None:
        if self.check_read():
            message = self.queue.popleft()
            assert message is not None
            return self.number, message
        return None


class Deque(FairQueue):
    """The same with a queue that turns: what is simple to follow."""

    def __init__(self) -> None:
        super().__init__()
        self._round: deque[Any] = deque()

    def attach(self, pipe: Any) -> None:
        self.pipes[pipe] = None
        pipe.readable = True
        self._round.append(pipe)

    def detach(self, pipe: Any) -> None:
        if self.pipes.pop(pipe, self) is None and pipe in self._round:
            self._round.remove(pipe)
        pipe.readable = False

    def activate(self, pipe: Any) -> None:
        if not pipe.readable and pipe in self.pipes:
            pipe.readable = True
            self._round.append(pipe)

    def head(self) -> Any:
        while self._round:
            pipe = self._round[0]
            if pipe.check_read():
                return pipe
            if self._round and self._round[0] is pipe:
                self._round.popleft()
        return None

    def recv(self) -> Any:
        pipe = self.head()
        if pipe is None:
            return None
        self._round.rotate(-1)
        self.origin = pipe
        return pipe.read()


class Both:
    """Our queue and the model, in the same steps."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.queues = FairQueue(), Deque()
        self.sources: dict[int, tuple[Source, Source]] = {}

    def attach(self, step: int) -> None:
        ours, model = self.queues
        self.sources[step] = Source(step, ours), Source(step, model)
        for queue, source in zip(self.queues, self.sources[step], strict=True):
            queue.attach(source)  # type: ignore[arg-type]

    def detach(self, _step: int) -> None:
        if self.sources:
            gone = self.sources.pop(self.rng.choice(list(self.sources)))
            for queue, source in zip(self.queues, gone, strict=True):
                queue.detach(source)  # type: ignore[arg-type]

    def write(self, step: int) -> None:
        """Put in some messages, and now and then a mark, which stands at the end."""
        if self.sources:
            fresh = [step, None] if self.rng.random() < 0.1 else [step] * (step % 4)
            chosen = self.rng.choice(list(self.sources.values()))
            for queue, source in zip(self.queues, chosen, strict=True):
                if None not in source.queue:
                    source.queue.extend(fresh)
                    queue.activate(source)  # type: ignore[arg-type]

    def recv(self, _step: int) -> Any:
        ours, model = self.queues
        got = ours.recv()
        assert got == model.recv()
        return got

    def check(self, _step: int) -> None:
        ours, model = self.queues
        assert ours.check() == model.check()


@pytest.mark.parametrize("seed", range(40))
def test_each_readable_pipe_has_its_turn_whoever_comes_and_goes(seed: int) -> None:
    both = Both(seed)
    steps = [both.attach, both.detach, both.write, both.recv, both.check]
    for step in range(400):
        both.rng.choices(steps, (2, 1, 9, 9, 2))[0](step)
    while both.recv(0) is not None:
        pass
