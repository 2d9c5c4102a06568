"""PUSH and PULL in all arrangements: the world that most seeds go to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.sessions.scene import BEATS, PATIENCE, WINDOWS, Scene
from tests.sessions.worlds import GONE, World, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError


class Traffic(Scene):
    """Some PUSH sockets with some threads each, and a PULL socket with some more."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        self.pull = self.socket(self.there, SocketType.PULL, "rcvhwm")
        self.pushes = [
            self.socket(self.here, SocketType.PUSH, "sndhwm") for _ in range(self.rng.randint(1, 2))
        ]

    def join(self) -> None:
        rng, pull = self.rng, self.pull
        pull_binds = rng.random() < 0.5
        calls: list[Callable[[], object]] = []
        for push in self.pushes:
            binder, connecter = (pull, push) if pull_binds else (push, pull)
            name = self.address()
            pair: list[Callable[[], object]] = [
                partial(binder.endpoints.bind, name),
                partial(connecter.endpoints.connect, name),
            ]
            rng.shuffle(pair)
            calls += pair
        for call in calls:
            call()
            self.pause(0.3, (0.0001, 0.01, 0.3))

    def run_sender(self, core: Core, name: str) -> None:
        for _ in range(self.count):
            message = self.make(name)
            try:
                self.send(core, message)
            except ZMQError as error:
                if error.errno not in GONE:
                    raise
                return
            self.world.ledger.accept(message)
            self.pause(0.1, (1e-5, 1e-4, 5e-3))

    def run_receiver(self, core: Core, name: str) -> None:
        try:
            while True:
                message = self.recv(core)
                if message is not None:
                    self.world.ledger.receive(name, message)
                self.pause(0.05, (1e-5, 1e-3, 0.02))
        except ZMQError as error:
            if error.errno not in GONE:
                raise

    def start(self) -> None:
        for p, push in enumerate(self.pushes):
            for t in range(self.rng.randint(1, 3)):
                self.work(self.here, f"s{p}.{t}", self.run_sender, push, f"s{p}.{t}")
        for t in range(self.rng.randint(1, 3)):
            self.world.spawn(self.there, f"r0.{t}", self.run_receiver, self.pull, f"r0.{t}")

    def everything_arrives(self) -> None:
        ledger = self.world.ledger
        total = len(self.workers) * self.count
        assert self.kernel.wait_until(
            lambda: len(ledger.got) == total and all(task.done for task in self.workers), PATIENCE
        ), f"{len(ledger.accepted)} of {total} accepted, {len(ledger.got)} received"

    def each_gets_through(self) -> None:
        """The first messages may go to a connection that is dead without either side knowing."""
        world = self.world
        for number, push in enumerate(self.pushes):
            name = f"last{number}"
            for _ in range(20):
                world.send(push, world.ledger.make(name))
                if self.kernel.wait_until(partial(world.ledger.has_from, name), 1.0):
                    break
            else:
                raise AssertionError("no traffic any more")


def lossless(kernel: Kernel, transport: str, count: int = 12) -> None:
    """Nothing is lost without a reason, whatever the order and whoever waits how."""
    calm = kernel.seed % 4 == 0
    traffic = Traffic(kernel, None if calm else Faults.lossless(windows=WINDOWS), transport, count)
    traffic.play(traffic.join, traffic.everything_arrives, traffic.world.check_descriptors)


def lossy(kernel: Kernel, count: int = 12) -> None:
    """Connections break and come back: order and wholeness hold, and traffic goes on."""
    faults = Faults.swarm(kernel.seed, windows=WINDOWS)
    traffic = Traffic(kernel, faults, "tcp", count, **BEATS)
    traffic.survive(traffic.each_gets_through)
    kernel.sometimes["messages lost"] += len(traffic.world.ledger.missing())


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    Traffic(kernel, faults, transport, 30).end_in_the_middle()


def express(kernel: Kernel) -> None:
    """One lane, few messages, threads that take and put without the lock: small, for many seeds."""
    world = World(kernel)
    rng = world.rng
    engine = world.engine("here")
    mark = rng.choice((1, 1, 2, 500))
    push = world.socket(engine, SocketType.PUSH, sndhwm=mark)
    pull = world.socket(engine, SocketType.PULL, rcvhwm=mark)
    pull.endpoints.bind("inproc://x")
    push.endpoints.connect("inproc://x")
    senders, readers, count = rng.randint(1, 2), rng.randint(1, 3), 6

    def send(name: str) -> None:
        for _ in range(count):
            world.send(push, world.ledger.make(name))

    def recv(name: str) -> None:
        while True:
            message = quietly(lambda: world.recv(pull))
            if message is None:
                return
            world.ledger.receive(name, message)

    def main() -> None:
        tasks = [world.spawn(engine, f"s{n}", send, f"s{n}") for n in range(senders)]
        for n in range(readers):
            world.spawn(engine, f"r{n}", recv, f"r{n}")
        assert kernel.wait_until(
            lambda: len(world.ledger.got) == senders * count and all(t.done for t in tasks), 5.0
        )
        world.finish()

    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()
