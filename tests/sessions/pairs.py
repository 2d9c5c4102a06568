"""PAIR: both ways at once, peers that follow each other, others that are turned away."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.sessions.scene import BEATS, PATIENCE, WINDOWS, Scene
from tests.sessions.worlds import quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.constants import SocketType


class Pair(Scene):
    """Two PAIR sockets; threads that send and threads that receive at both."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        self.ends = [self.end(engine) for engine in (self.here, self.there)]

    def end(self, engine: Any) -> Core:
        return self.socket(engine, SocketType.PAIR, "sndhwm", "rcvhwm")

    def join(self) -> None:
        one, other = self.rng.sample(self.ends, 2)
        self.meet((one, [other]))

    def start(self) -> None:
        for e, end in enumerate(self.ends):
            for t in range(self.rng.randint(1, 2)):
                name = f"{e}.{t}"
                self.work(end.engine, f"s{name}", quietly, partial(self.tell, end, name))
                call = partial(self.hear, end, f"r{name}", str(1 - e))
                self.world.spawn(end.engine, f"r{name}", quietly, call)

    def tell(self, core: Core, name: str) -> None:
        for _ in range(self.count):
            message = self.make(name)
            self.send(core, message)
            self.world.ledger.accept(message)
            self.pause(0.1, (1e-5, 1e-4, 5e-3))

    def hear(self, core: Core, name: str, whom: str) -> None:
        while True:
            message = self.receive(core)
            # A connection that breaks leaves messages that are read along with the next one's.
            self.world.ledger.receive(name, message, ordered=not self.options)
            assert self.world.ledger._parse(message)[0].startswith(whom), message
            self.pause(0.05, (1e-5, 1e-3, 0.02))

    def everything_arrives(self) -> None:
        self.workers_end()
        missing = self.world.ledger.missing
        assert self.kernel.wait_until(lambda: not missing(), 10.0), missing()

    def each_gets_through(self) -> None:
        ledger = self.world.ledger
        for e, end in enumerate(self.ends):
            name = f"{e}.last"
            for _ in range(20):
                self.world.send(end, ledger.make(name))
                if self.kernel.wait_until(partial(ledger.has_from, name), 1.0):
                    break
            else:
                raise AssertionError("no traffic any more")


class Successors(Pair):
    """One PAIR stays; whoever has connected to it goes, and the next one comes."""

    def end(self, engine: Any) -> Core:
        # Room for every answer: nobody reads before all is said.
        return self.socket(engine, SocketType.PAIR, "sndhwm")

    def join(self) -> None:
        self.place = self.address()
        self.ends[1].endpoints.bind(self.place)
        for life in range(4):
            core = self.ends[0] if not life else self.end(self.here)
            core.endpoints.connect(self.place)
            self.talk(core, f"0.{life}")
            core.close()
            # Until the one that stays knows, it turns everybody away.
            peer: Any = self.ends[1].pattern
            left = lambda peer=peer: peer._peer is None  # noqa: E731
            assert self.kernel.wait_until(left, PATIENCE), "the peer is never forgotten"

    def start(self) -> None:
        self.world.spawn(self.there, "echo", quietly, self.echo)

    def echo(self) -> None:
        while True:
            self.send(self.ends[1], self.receive(self.ends[1]))

    def talk(self, core: Core, name: str) -> None:
        """Say something, hear it again, and leave something unheard or not."""
        sent = []
        for _ in range(self.rng.randint(1, self.count)):
            sent.append(self.make(name))
            self.send(core, sent[-1])
        for message in sent[: self.rng.choice((1, len(sent)))]:
            heard = self.receive(core)
            while self.world.ledger._parse(heard)[0] != name:
                heard = self.receive(core)  # what was for the one before
            assert heard == message


def lossless(kernel: Kernel, transport: str, count: int = 10) -> None:
    """Everything arrives, in order, at the other one."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    pair = Pair(kernel, faults, transport, count)
    pair.play(pair.join, pair.everything_arrives, pair.world.check_descriptors)


def successors(kernel: Kernel, transport: str, count: int = 6) -> None:
    """Peers that follow each other are each talked with."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    pair = Successors(kernel, faults, transport, count)
    pair.play(pair.join)


def lossy(kernel: Kernel, count: int = 10) -> None:
    """Connections break: in the end each gets through again."""
    faults = Faults.swarm(kernel.seed, windows=WINDOWS)
    pair = Pair(kernel, faults, "tcp", count, **BEATS)
    pair.survive(pair.each_gets_through)


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    Pair(kernel, faults, transport, 20).end_in_the_middle()
