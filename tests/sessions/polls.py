"""Poll over many sockets by several threads: each sends and receives what it finds it can."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tests.sessions.scene import WINDOWS, Scene
from tests.sessions.worlds import again, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.constants import SocketType
from zmqthread.reactor.selector import READ, WRITE

_DONTWAIT = 1
#: The two ends of a connection; the first one sends, both do if they are the same.
_KINDS = (
    (SocketType.PUSH, SocketType.PULL),
    (SocketType.PAIR, SocketType.PAIR),
    (SocketType.DEALER, SocketType.DEALER),
)


class Polls(Scene):
    """Some connections between two contexts, and threads that each look after several."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        #: How many messages are left to send, for each socket that sends, and those just tried.
        self.left: Counter[Core] = Counter()
        self.tried: Counter[Core] = Counter()
        self.readers: list[Core] = []
        self.links = [self.link() for _ in range(self.rng.randint(2, 4))]
        self.total = self.left.total()

    def link(self) -> tuple[Core, Core]:
        kinds = self.rng.choice(_KINDS)
        engines = self.rng.sample((self.here, self.there), 2)
        ends = [
            self.socket(engine, kind, "sndhwm", "rcvhwm")
            for engine, kind in zip(engines, kinds, strict=True)
        ]
        both = kinds[0] == kinds[1]
        self.left.update(dict.fromkeys(ends if both else ends[:1], self.count))
        self.readers += ends if both else ends[1:]
        return ends[0], ends[1]

    def join(self) -> None:
        self.meet(*((one, [other]) for one, other in map(self.shuffled, self.links)))

    def shuffled(self, link: tuple[Core, Core]) -> list[Core]:
        return self.rng.sample(link, 2)

    def start(self) -> None:
        for e, engine in enumerate(dict.fromkeys((self.here, self.there))):
            cores = [core for core in self.world.cores if core.engine is engine]
            for t in range(self.rng.randint(2, 3)):
                # The first one looks after all of them.
                some = self.rng.sample(cores, self.rng.randint(1, len(cores)) if t else len(cores))
                call = partial(self.attend, some, f"t{e}.{t}")
                self.world.spawn(engine, f"t{e}.{t}", quietly, call)
        for core in self.readers:
            if self.rng.random() < 0.2:
                name = f"r{self.world.cores.index(core)}"
                call = partial(self.read, core, name)
                self.world.spawn(core.engine, name, quietly, call)

    def attend(self, cores: list[Core], name: str) -> None:
        while True:
            items = [(core, self.interest(core)) for core in self.rng.sample(cores, len(cores))]
            if not any(interest for _, interest in items):
                return
            found = self.world.poll(items, self.rng.choice((None, None, 0.01)))
            for (core, interest), events in zip(items, found, strict=True):
                assert not events & ~interest
                if events & READ:
                    again(partial(self.take, core, name))
                if events & WRITE:
                    again(partial(self.put, core, name))
            self.pause(0.1, (1e-5, 1e-3, 0.02))

    def interest(self, core: Core) -> int:
        return (READ if core in self.readers else 0) | (WRITE if self.left[core] else 0)

    def take(self, core: Core, name: str) -> None:
        for _ in range(self.rng.randint(1, 4)):
            self.note(core, name, self.world.recv(core, _DONTWAIT))

    def read(self, core: Core, name: str) -> None:
        while True:
            self.note(core, name, self.world.recv(core))

    def note(self, core: Core, name: str, message: object) -> None:
        ledger, number = self.world.ledger, self.world.cores.index(core)
        ledger.receive(f"{name} {number}", message)
        assert ledger._parse(message)[0].endswith(f" {number ^ 1}"), f"{message!r} at {number}"

    def put(self, core: Core, name: str) -> None:
        if self.left[core] > self.tried[core]:
            self.tried[core] += 1
            message = self.make(f"{name} {self.world.cores.index(core)}")
            sent = again(partial(self.world.send, core, message, _DONTWAIT))
            self.tried[core] -= 1
            if sent:
                self.left[core] -= 1
                self.world.ledger.accept(message)

    def everything_arrives(self) -> None:
        ledger = self.world.ledger
        assert self.kernel.wait_until(lambda: len(ledger.got) == self.total, 60.0), (
            f"{self.left.total()} not sent, {ledger.missing()} not received"
        )


def lossless(kernel: Kernel, transport: str, count: int = 6) -> None:
    """Whatever can be sent or received is, by somebody."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    polls = Polls(kernel, faults, transport, count)
    polls.play(polls.join, polls.everything_arrives, polls.world.check_descriptors)


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    Polls(kernel, faults, transport, 20).end_in_the_middle()
