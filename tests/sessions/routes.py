"""ROUTER and DEALER: replies by name, peers that go and come back under the same name."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.sessions.scene import BEATS, PATIENCE, WINDOWS, Scene
from tests.sessions.worlds import Ledger, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.constants import EHOSTUNREACH, SocketType
from zmqthread.errors import ZMQError


class Everybody(set[str]):
    """In the middle of the end nobody is sure to be there."""

    def __contains__(self, name: object) -> bool:
        return True


class Routes(Scene):
    """One ROUTER that sends back what it gets, and dealers with and without names of their own."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        self.router = self.socket(self.there, SocketType.ROUTER, "sndhwm", "rcvhwm")
        self.router.options.router_mandatory = 1
        # A connection that breaks is not missed before its peer has come back.
        self.router.options.router_handover = 1 if options else self.rng.randint(0, 1)
        self.answerers = self.rng.randint(1, 3)
        # Connections that break leave messages behind that are read along with the next one's.
        self.ordered = not options
        #: What has come back, for each sending thread.
        self.back = Ledger()
        self.back.offered = self.world.ledger.offered
        #: Dealers that have been told to close.
        self.leaving: set[str] = set()

    def dealer(self, name: bytes, *marks: str) -> Core:
        return self.socket(self.here, SocketType.DEALER, "sndhwm", *marks, routing_id=name)

    def start(self) -> None:
        for t in range(self.answerers):
            self.world.spawn(self.there, f"r{t}", quietly, partial(self.reply, f"r{t}"))

    def reply(self, thread: str) -> None:
        """Send each message back to where it came from."""
        while True:
            message = self.receive(self.router)
            frames = message[1:]
            body = frames[0] if len(frames) == 1 else frames
            self.world.ledger.receive(thread, body, ordered=self.ordered)
            try:
                self.send(self.router, message)
            except ZMQError as error:
                sender = self.back._parse(body)[0]
                if error.errno != EHOSTUNREACH or not (self.options or sender in self.leaving):
                    raise
            self.pause(0.05, (1e-5, 1e-3, 0.02))

    def came_back(self, reader: str, message: Any, prefix: str) -> None:
        """Check an answer: it is for one of those whose names begin with ``prefix``."""
        self.back.receive(reader, message, ordered=self.ordered and self.answerers == 1)
        assert self.back._parse(message)[0].startswith(prefix), f"{message!r} at {prefix}"


class Standing(Routes):
    """Dealers that stay, each with several threads."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        names = self.rng.sample((b"", b"", b"A", b"B", b"C"), self.rng.randint(1, 3))
        self.dealers = [self.dealer(name, "rcvhwm") for name in names]

    def join(self) -> None:
        if self.rng.random() < 0.5:
            self.meet((self.router, self.dealers))
        else:
            self.meet(*((dealer, [self.router]) for dealer in self.dealers))

    def start(self) -> None:
        super().start()
        for d, dealer in enumerate(self.dealers):
            for t in range(self.rng.randint(1, 2)):
                call = partial(self.call, dealer, f"d{d}.{t}")
                self.work(self.here, f"d{d}.{t}", quietly, call)
                call = partial(self.listen, dealer, f"l{d}.{t}", f"d{d}.")
                self.world.spawn(self.here, f"l{d}.{t}", quietly, call)

    def call(self, core: Core, name: str) -> None:
        for _ in range(self.count):
            message = self.make(name)
            self.send(core, message)
            self.world.ledger.accept(message)
            self.pause(0.1, (1e-5, 1e-4, 5e-3))

    def listen(self, core: Core, name: str, prefix: str) -> None:
        while True:
            self.came_back(name, self.receive(core), prefix)

    def everything_comes_back(self) -> None:
        self.workers_end()
        accepted, back = self.world.ledger.accepted, self.back.got
        assert self.kernel.wait_until(lambda: accepted == back, 10.0), accepted - back

    def each_gets_through(self) -> None:
        for d, dealer in enumerate(self.dealers):
            name = f"d{d}.last"
            for _ in range(20):
                self.world.send(dealer, self.world.ledger.make(name))
                if self.kernel.wait_until(partial(self.back.has_from, name), 1.0):
                    break
            else:
                raise AssertionError("no traffic any more")


class Moving(Routes):
    """Dealers that close, and others that come in their place at once."""

    def join(self) -> None:
        self.router.endpoints.bind(self.place)

    def start(self) -> None:
        self.place = self.address()
        super().start()
        for number in range(self.rng.randint(1, 3)):
            name = b"N%d" % number if self.rng.random() < 0.7 else b""
            self.work(self.here, f"d{number}", quietly, partial(self.live, number, name))

    def live(self, number: int, name: bytes) -> None:
        for life in range(3):
            core = self.dealer(name)  # with room for every answer: nobody reads before all is said
            core.endpoints.connect(self.place)
            me, count = f"d{number}.{life}", self.rng.randint(1, self.count)
            for _ in range(count):
                self.send(core, self.make(me))
            # One answer at least: a connection that nobody waits for may come after its successor.
            self.await_answers(core, me, self.rng.choice((1, count, count)))
            self.leaving.add(me)
            core.close()
            if name and not self.router.options.router_handover:
                self.await_forgetting(name)

    def await_answers(self, core: Core, me: str, count: int) -> None:
        """What was sent comes back here; answers to the one before us may, too."""
        while sum(sender == me for sender, _ in self.back.got) < count:
            self.came_back(me, self.receive(core), me.partition(".")[0])

    def await_forgetting(self, name: bytes) -> None:
        """Without ROUTER_HANDOVER a name is taken until its owner has gone."""
        pattern: Any = self.router.pattern
        assert self.kernel.wait_until(
            lambda: name not in pattern._peers or bool(self.router.fault), PATIENCE
        ), f"{name!r} is never forgotten"

    def nobody_is_left(self) -> None:
        """Every name is forgotten, and no pipe stays."""
        self.workers_end()
        pattern: Any = self.router.pattern
        assert self.kernel.wait_until(lambda: not pattern._peers, 10.0), pattern._peers
        assert self.kernel.wait_until(lambda: not self.router.pipes, 10.0), self.router.pipes


def lossless(kernel: Kernel, transport: str, count: int = 8) -> None:
    """Every message comes back, to whom it is from."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    routes = Standing(kernel, faults, transport, count)
    routes.play(routes.join, routes.everything_comes_back, routes.world.check_descriptors)


def moving(kernel: Kernel, transport: str, count: int = 6) -> None:
    """A name leads to the peer that has it now, and to nobody once that has gone."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    routes = Moving(kernel, faults, transport, count)
    routes.play(routes.join, routes.nobody_is_left, routes.world.check_descriptors)


def lossy(kernel: Kernel, count: int = 8) -> None:
    """Connections break: answers are lost, but none goes astray, and each gets through again."""
    faults = Faults.swarm(kernel.seed, windows=WINDOWS)
    routes = Standing(kernel, faults, "tcp", count, **BEATS)
    routes.survive(routes.each_gets_through)


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    kind = Standing if kernel.seed % 2 else Moving
    routes = kind(kernel, faults, transport, 20)
    routes.leaving = Everybody()
    routes.end_in_the_middle()
