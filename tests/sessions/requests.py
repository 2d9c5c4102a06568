"""REQ and REP: strict and relaxed clients, services with several threads, a broker in between."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.sessions.scene import BEATS, WINDOWS, Scene
from tests.sessions.worlds import again, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.api.proxy import proxy
from zmqthread.constants import SocketType

_RELAXED = {"req_relaxed": 1, "req_correlate": 1}


def answer(request: Any) -> tuple[Any, ...]:
    return (b"re", *request) if isinstance(request, tuple) else (b"re", request)


class Requests(Scene):
    """Clients of one or two services."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        rng = self.rng
        # A REP drops the reply to a client that is full, as many as there may be at once.
        self.reps = [
            self.socket(self.there, SocketType.REP, "rcvhwm", sndhwm=1000)
            for _ in range(rng.randint(1, 2))
        ]
        self.reqs = [self.client(relaxed=rng.random() < 0.5) for _ in range(rng.randint(1, 3))]
        self.broker: list[Core] = []
        if rng.random() < 0.3:
            self.broker = [
                self.socket(self.there, SocketType.ROUTER, "rcvhwm", sndhwm=1000),
                self.socket(self.there, SocketType.DEALER, "sndhwm", "rcvhwm"),
            ]

    def client(self, *, relaxed: bool) -> Core:
        options = _RELAXED if relaxed else {}
        return self.socket(self.here, SocketType.REQ, "sndhwm", "rcvhwm", **options)

    def join(self) -> None:
        if self.broker:
            front, back = self.broker
            self.meet((front, self.reqs), (back, self.reps))
        else:
            self.meet(*((rep, self.reqs) for rep in self.reps))

    def start(self) -> None:
        rng, world = self.rng, self.world
        for r, rep in enumerate(self.reps):
            for t in range(rng.randint(1, 3)):
                world.spawn(self.there, f"rep{r}.{t}", quietly, partial(self.serve, rep, f"rep{r}"))
        for c, req in enumerate(self.reqs):
            relaxed = bool(req.options.req_relaxed)
            for t in range(1 if relaxed else rng.randint(1, 2)):
                call = partial(self.insist if relaxed else self.ask, req, f"c{c}.{t}")
                self.work(self.here, f"c{c}.{t}", quietly, call)
        if self.broker:
            world.spawn(self.there, "broker", quietly, partial(proxy, *self.broker))

    def serve(self, core: Core, name: str) -> None:
        while True:
            request = self.in_turn(partial(self.receive, core))
            self.world.ledger.receive(name, request, ordered=not self.options)
            self.pause(0.2, (1e-5, 1e-3, 0.02))
            self.send(core, answer(request))

    def ask(self, core: Core, name: str) -> None:
        """Request, reply, request, reply: threads that share the socket wait for their turn."""
        for _ in range(self.count):
            request = self.make(name)
            self.in_turn(partial(self.send, core, request))
            self.world.ledger.accept(request)
            assert self.receive(core) == answer(request)
            self.pause(0.1, (1e-5, 1e-3, 0.01))

    def insist(self, core: Core, name: str) -> None:
        """Requests that nobody waits for: only the last one's reply counts."""
        for _ in range(self.count // 2):
            requests = [self.make(name) for _ in range(self.rng.randint(1, 3))]
            for request in requests:
                self.send(core, request)
                self.world.ledger.accept(request)
                self.pause(0.3, (1e-5, 1e-3, 0.01))
            assert self.receive(core) == answer(requests[-1])

    def everything_arrives(self) -> None:
        self.workers_end()
        ledger = self.world.ledger
        assert self.kernel.wait_until(lambda: not ledger.missing(), 10.0), ledger.missing()


class Pirates(Requests):
    """Clients that give up and ask again: on the same socket, or on a new one."""

    def join(self) -> None:
        super().join()
        for core in self.reqs:
            core.options.rcvtimeo = 400
        super().start()

    def start(self) -> None:
        """Not before all are connected: a client that is replaced takes its connections along."""

    def receive(self, core: Core) -> Any:
        return self.world.recv(core)

    def ask(self, core: Core, name: str) -> None:
        """Strict: without a reply in time the socket is closed, and another takes its place."""
        for _ in range(self.count):
            core = self.until_answered(core, name)

    def until_answered(self, core: Core, name: str) -> Core:
        """Ask until there is an answer, and return the socket that it came to."""
        while True:
            request = self.make(name)
            self.in_turn(partial(self.world.send, core, request))
            got: list[Any] = []
            if again(partial(self.take, core, got)):
                assert got == [answer(request)]
                return core
            if not core.options.req_relaxed:
                core = self.instead_of(core)

    def take(self, core: Core, got: list[Any]) -> None:
        got.append(self.world.recv(core))

    def instead_of(self, old: Core) -> Core:
        core = self.client(relaxed=False)
        core.options.rcvtimeo = old.options.rcvtimeo
        for endpoint in old.endpoints._connected:
            core.endpoints.connect(endpoint)
        old.close()
        return core

    insist = ask

    def each_gets_through(self) -> None:
        for number, core in enumerate([c for c in self.reqs if c.options.req_relaxed]):
            self.until_answered(core, f"last{number}")


def lossless(kernel: Kernel, transport: str, count: int = 6) -> None:
    """Every request arrives once, and every reply is the one to the last request."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    requests = Requests(kernel, faults, transport, count)
    requests.play(requests.join, requests.everything_arrives, requests.world.check_descriptors)


def lossy(kernel: Kernel, count: int = 4) -> None:
    """Connections break: whoever asks again gets the reply to that in the end."""
    faults = Faults.swarm(kernel.seed, windows=WINDOWS)
    pirates = Pirates(kernel, faults, "tcp", count, **BEATS)
    pirates.survive(pirates.each_gets_through)


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    Requests(kernel, faults, transport, 20).end_in_the_middle()
