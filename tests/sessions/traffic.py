"""PUSH and PULL in all arrangements: the world that most seeds go to."""

from __future__ import annotations

from errno import ENOENT
from functools import partial
from typing import Any

from tests.sessions.worlds import GONE, World, again, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError
from zmqthread.reactor.selector import READ, WRITE

_DONTWAIT = 1
MARKS = (1, 2, 3, 5, 10, 1000)
PATIENCE = 120.0


class Traffic:
    """Some PUSH sockets with some threads each, and PULL sockets with some more."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: Any
    ) -> None:
        self.options = options
        self.world = world = World(kernel, faults)
        self.kernel = kernel
        self.rng = rng = world.rng
        self.count = count
        here = world.engine("here")
        there = here if transport == "inproc" else world.engine(rng.choice(("here", "there")))
        self.transport = transport
        self.pulls = [self._socket(there, SocketType.PULL, "rcvhwm") for _ in range(1)]
        self.pushes = [
            self._socket(here, SocketType.PUSH, "sndhwm") for _ in range(rng.randint(1, 2))
        ]
        self.sent = 0
        self.senders: list[Any] = []

    def _socket(self, engine: Any, kind: SocketType, mark: str) -> Core:
        options = {mark: self.rng.choice(MARKS), "linger": 0, **self.options}
        return self.world.socket(engine, kind, **options)

    def join(self) -> None:
        """Bind and connect, in any order."""
        rng, pull = self.rng, self.pulls[0]
        pull_binds = rng.random() < 0.5
        ends = []
        for number, push in enumerate(self.pushes):
            name = (
                f"inproc://{number}"
                if self.transport == "inproc"
                else (f"tcp://127.0.0.1:{5000 + number}")
            )
            pair = [(pull.endpoints.bind, name), (push.endpoints.connect, name)]
            if not pull_binds:
                pair = [(push.endpoints.bind, name), (pull.endpoints.connect, name)]
            rng.shuffle(pair)
            ends += pair
        for call, name in ends:
            call(name)
            if rng.random() < 0.3:
                self.kernel.sleep(rng.choice((0.0001, 0.01, 0.3)))

    def run_sender(self, core: Core, name: str) -> None:
        ledger, rng = self.world.ledger, self.rng
        large = 3000 if self.transport == "inproc" else 600
        for _ in range(self.count):
            size = rng.choice((0, 0, 0, 255, 257, large))
            message = ledger.make(name, size, rng.choice((1, 1, 1, 1, 3)))
            try:
                self._send(core, message)
            except ZMQError as error:
                if error.errno not in GONE:
                    raise
                return
            ledger.accept(message)
            if rng.random() < 0.1:
                self.kernel.sleep(rng.choice((1e-5, 1e-4, 5e-3)))

    def _send(self, core: Core, message: Any) -> None:
        world, kind = self.world, self.rng.random()
        if kind < 0.6:
            world.send(core, message)
            return
        while not again(lambda: world.send(core, message, _DONTWAIT)):
            if kind < 0.8:
                assert world.poll([(core, WRITE)]) == [WRITE]
            else:
                self.kernel.sleep(0.003)

    def run_receiver(self, core: Core, name: str) -> None:
        rng = self.rng
        try:
            while True:
                message = self._recv(core)
                if message is not None:
                    self.world.ledger.receive(name, message)
                if rng.random() < 0.05:
                    self.kernel.sleep(rng.choice((1e-5, 1e-3, 0.02)))
        except ZMQError as error:
            if error.errno not in GONE:
                raise

    def _recv(self, core: Core) -> Any:
        world, kind = self.world, self.rng.random()
        if kind < 0.6:
            return world.recv(core)
        if kind < 0.8 and not world.poll([(core, READ)], self.rng.choice((None, 0.01)))[0]:
            return None
        got: list[Any] = []
        if not again(lambda: got.append(world.recv(core, _DONTWAIT))):
            if kind >= 0.8:
                self.kernel.sleep(0.004)
            return None
        return got[0]

    def start(self) -> None:
        world, rng = self.world, self.rng
        for p, push in enumerate(self.pushes):
            for t in range(rng.randint(1, 3)):
                self.senders.append(
                    world.spawn(push.engine, f"s{p}.{t}", self.run_sender, push, f"s{p}.{t}")
                )
        for p, pull in enumerate(self.pulls):
            for t in range(rng.randint(1, 3)):
                world.spawn(pull.engine, f"r{p}.{t}", self.run_receiver, pull, f"r{p}.{t}")

    def everything_arrives(self) -> None:
        ledger = self.world.ledger
        total = len(self.senders) * self.count
        assert self.kernel.wait_until(
            lambda: len(ledger.got) == total and all(task.done for task in self.senders), PATIENCE
        ), f"{len(ledger.accepted)} of {total} accepted, {len(ledger.got)} received"


def lossless(kernel: Kernel, transport: str, count: int = 12) -> None:
    """Nothing is lost without a reason, whatever the order and whoever waits how."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=(64, 700, 65536))
    traffic = Traffic(kernel, faults, transport, count)

    def main() -> None:
        traffic.join()
        traffic.everything_arrives()
        traffic.world.check_descriptors()
        traffic.world.finish()

    traffic.start()
    kernel.spawn(main, "main", "here")
    kernel.run()
    traffic.world.check_empty()


def lossy(kernel: Kernel, count: int = 12) -> None:
    """Connections break and come back: order and wholeness hold, and traffic goes on."""
    faults = Faults.swarm(kernel.seed, windows=(64, 700, 65536))
    # A reset that is lost in a cut leaves one side connected to nobody: heartbeats tell it.
    traffic = Traffic(kernel, faults, "tcp", count, heartbeat_ivl=200)
    world, net = traffic.world, traffic.world.net

    def nemesis() -> None:
        for _ in range(4):
            kernel.sleep(traffic.rng.choice((0.001, 0.02, 0.3)))
            sockets = [s for node in ("here", "there") for s in net.sockets(node)]
            if traffic.rng.random() < 0.5 and sockets:
                net.reset(traffic.rng.choice(sockets))
            else:
                net.partition("here", "there")
                kernel.sleep(traffic.rng.choice((0.05, 1.0)))
                net.heal()

    def main() -> None:
        traffic.join()
        chaos = kernel.spawn(nemesis, "nemesis", "nowhere")
        done = kernel.wait_until(
            lambda: chaos.done and all(task.done for task in traffic.senders), PATIENCE
        )
        assert done, "a sender hangs"
        net.faults = Faults()
        # Liveness: each of them gets through again.  The first messages may go to a connection that
        # is dead without either side knowing.
        for number, push in enumerate(traffic.pushes):
            name = f"last{number}"
            for _ in range(20):
                world.send(push, world.ledger.make(name))
                if kernel.wait_until(partial(world.ledger.has_from, name), 1.0):
                    break
            else:
                raise AssertionError("no traffic any more")
        world.check_descriptors()
        world.finish()

    traffic.start()
    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()
    kernel.sometimes["messages lost"] += len(world.ledger.missing())


def closing(kernel: Kernel, transport: str) -> None:
    """Everything is closed, terminated, unbound or disconnected in the middle of it."""
    rng_faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    traffic = Traffic(kernel, rng_faults, transport, 30)
    world, rng = traffic.world, traffic.rng
    linger = rng.choice((0, 0, 20, 300))

    def cut(core: Core) -> None:
        endpoints = core.endpoints
        for undo, names in (
            (endpoints.unbind, endpoints._bound),
            (endpoints.disconnect, endpoints._connected),
        ):
            for name in list(names):
                quietly(partial(undo, name), {*GONE, ENOENT})

    def main() -> None:
        quietly(traffic.join)
        kernel.sleep(rng.choice((0.0, 1e-5, 1e-3, 0.05)))
        for _ in range(rng.randint(0, 2)):
            cut(rng.choice(world.cores))
            kernel.sleep(rng.choice((0.0, 1e-4, 0.01)))
        closers = [
            world.spawn(core.engine, "closer", core.close, linger)
            for core in world.cores
            if rng.random() < 0.5
        ]
        if rng.random() < 0.3:
            again(lambda: rng.choice(world.engines).term(0.001))
        world.finish(linger)
        kernel.wait_until(lambda: all(task.done for task in closers))

    traffic.start()
    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()


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
