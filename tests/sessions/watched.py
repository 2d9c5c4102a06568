"""ZMQ_FD and ZMQ_EVENTS: threads that sleep on descriptors, others that use the same sockets."""

from __future__ import annotations

from functools import partial

from tests.sessions.polls import Polls
from tests.sessions.scene import WINDOWS
from tests.sessions.worlds import again, has_room, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.poll import SimSelector
from zmqthread.api.core import Core
from zmqthread.api.engine import Engine
from zmqthread.pipes.lane import Mark
from zmqthread.reactor.selector import READ, WRITE


class Watched(Polls):
    """`Polls` by programs with an event loop of their own.

    ``shared``: another thread sends and receives meanwhile on the sockets that are watched.
    """

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, *, shared: bool
    ) -> None:
        super().__init__(kernel, faults, transport, count)
        self.shared = shared
        #: What is watched by a thread that sleeps.
        self.asleep: set[Core] = set()
        kernel.invariants.append(self.check)

    def check(self) -> None:
        """Nobody can move: what a descriptor has not told of is not there."""
        if self.kernel._runnable:
            return
        for core in self.world.cores:
            if core in self.asleep and not core.fault and not core.signal.is_set:  # type: ignore[union-attr]
                for pipe in core.pipes:
                    queued = [m for m in pipe.incoming.queue if not isinstance(m, Mark)]
                    assert not queued, f"nobody was told of {queued}"
                    if self.left[core] and not self.tried[core]:
                        assert not has_room(pipe), "nobody was told of room"

    def start(self) -> None:
        for e, engine in enumerate(dict.fromkeys((self.here, self.there))):
            cores = [core for core in self.world.cores if core.engine is engine]
            self.work(engine, f"w{e}", quietly, partial(self.watch, engine, cores, f"w{e}"))
            if self.shared:
                for t in range(self.rng.randint(1, 2)):
                    some = self.rng.sample(cores, self.rng.randint(1, len(cores)))
                    call = partial(self.meddle, some, f"m{e}.{t}")
                    self.world.spawn(engine, f"m{e}.{t}", quietly, call)

    def watch(self, engine: Engine, cores: list[Core], name: str) -> None:
        """Sleep on the descriptors; act until EVENTS says that nothing is left to do."""
        selector = SimSelector(self.world.net, engine.seams.node)  # type: ignore[attr-defined]
        try:
            for core in cores:
                selector.register(core.descriptor(), READ, core)
            while True:
                self.asleep.update(cores)
                found = selector.select(None)
                self.asleep.difference_update(cores)
                for core, _ in found:
                    self.on_change(core, name)
                self.pause(0.1, (1e-5, 1e-3, 0.02))
        finally:
            selector.close()

    def on_change(self, core: Core, name: str) -> None:
        while events := core.events() & self.interest(core):
            if events & READ:
                again(partial(self.take, core, name))
            if events & WRITE:
                again(partial(self.put, core, name))

    def meddle(self, cores: list[Core], name: str) -> None:
        """Stop after a while: what is left then is for those who watch."""
        for _ in range(self.rng.randint(1, 12)):
            core = self.rng.choice(cores)
            if core in self.readers:
                again(partial(self.take, core, name))
            again(partial(self.put, core, name))
            self.kernel.sleep(self.rng.choice((1e-5, 1e-4, 5e-3, 0.1)))

    def everybody_hears_of_the_end(self) -> None:
        for engine in self.world.engines:
            engine.shutdown()
        self.workers_end()


def alone(kernel: Kernel, transport: str, count: int = 6, *, shared: bool = False) -> None:
    """No change is missed."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    watched = Watched(kernel, faults, transport, count, shared=shared)
    watched.play(watched.join, watched.everything_arrives, watched.everybody_hears_of_the_end)


def shared(kernel: Kernel, transport: str, count: int = 6) -> None:
    """No change is missed over what other threads do."""
    alone(kernel, transport, count, shared=True)
