"""What the worlds of all socket types share: how their threads meet, send, receive and end."""

from __future__ import annotations

from collections.abc import Callable
from errno import ENOENT
from functools import partial
from typing import Any

from tests.sessions.worlds import GONE, World, again, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.task import Task
from zmqthread.api.core import Core
from zmqthread.api.engine import Engine
from zmqthread.constants import EFSM, SocketType
from zmqthread.errors import ZMQError
from zmqthread.reactor.selector import READ, WRITE

_DONTWAIT = 1
MARKS = (1, 2, 3, 5, 10, 1000)
WINDOWS = (64, 700, 65536)
PATIENCE = 120.0
#: They do not know before they see a message whether it would have to wait.
_ALWAYS_WRITABLE = {SocketType.ROUTER, SocketType.XPUB}
#: A reset that is lost in a cut leaves one side connected to nobody: heartbeats tell it.
BEATS = {"heartbeat_ivl": 200}


class Scene:
    """Two contexts (in-process one), their sockets, and what their threads do with them."""

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: Any
    ) -> None:
        self.options = options
        self.world = world = World(kernel, faults)
        self.kernel = kernel
        self.rng = rng = world.rng
        self.count = count
        self.transport = transport
        self.here = here = world.engine("here")
        self.there = here if transport == "inproc" else world.engine(rng.choice(("here", "there")))
        self.large = 3000 if transport == "inproc" else 600
        #: The threads that come to an end by themselves.
        self.workers: list[Task] = []
        self._names = 0

    # -- for each family to say ----------------------------------------------------------------

    def join(self) -> None:
        """Bind and connect."""
        raise NotImplementedError

    def start(self) -> None:
        """Spawn the threads."""
        raise NotImplementedError

    # -- building --------------------------------------------------------------------------------

    def socket(self, engine: Engine, kind: SocketType, *marks: str, **options: Any) -> Core:
        """Make a socket with high-water marks by chance."""
        chosen = {mark: self.rng.choice(MARKS) for mark in marks}
        return self.world.socket(engine, kind, **chosen, linger=0, **self.options | options)

    def work(self, engine: Engine, name: str, call: Callable[..., object], *args: Any) -> None:
        """Spawn a thread that comes to an end by itself."""
        self.workers.append(self.world.spawn(engine, name, call, *args))

    def address(self) -> str:
        """Return a new endpoint."""
        number, self._names = self._names, self._names + 1
        if self.transport == "inproc":
            return f"inproc://{number}"
        return f"tcp://127.0.0.1:{5000 + number}"

    def meet(self, *groups: tuple[Core, list[Core]]) -> None:
        """Let each group's first socket bind and the others connect, in any order."""
        calls: list[Callable[[], object]] = []
        for binder, connecters in groups:
            name = self.address()
            calls += [
                partial(binder.endpoints.bind, name),
                *(partial(core.endpoints.connect, name) for core in connecters),
            ]
        for call in self.rng.sample(calls, len(calls)):
            call()
            self.pause(0.3, (0.0001, 0.01, 0.3))

    def pause(self, chance: float, times: tuple[float, ...]) -> None:
        """Sleep, or not."""
        if self.rng.random() < chance:
            self.kernel.sleep(self.rng.choice(times))

    # -- one message, in any of the ways to wait ---------------------------------------------------

    def make(self, name: str) -> Any:
        """Make the next message of a thread."""
        size = self.rng.choice((0, 0, 0, 255, 257, self.large))
        return self.world.ledger.make(name, size, self.rng.choice((1, 1, 1, 1, 3)))

    def send(self, core: Core, message: Any) -> None:
        world, kind = self.world, self.rng.random()
        if kind < 0.6:
            world.send(core, message)
            return
        while not again(lambda: world.send(core, message, _DONTWAIT)):
            if kind < 0.8 and core.kind not in _ALWAYS_WRITABLE:
                assert world.poll([(core, WRITE)]) == [WRITE]
            else:
                self.kernel.sleep(0.003)

    def recv(self, core: Core) -> Any:
        """Return a message, or None: not yet."""
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

    def receive(self, core: Core) -> Any:
        """Return a message, however long it takes."""
        while (message := self.recv(core)) is None:
            pass
        return message

    def in_turn(self, call: Callable[[], Any]) -> Any:
        """Do it when it is our turn: another thread may be between request and reply."""
        while True:
            try:
                return call()
            except ZMQError as error:
                if error.errno != EFSM:
                    raise
            self.kernel.sleep(self.rng.choice((1e-4, 2e-3)))

    # -- ways to break and to end ------------------------------------------------------------------

    def nemesis(self) -> None:
        """Reset connections, cut the nodes off from each other."""
        rng, net = self.rng, self.world.net
        for _ in range(4):
            self.kernel.sleep(rng.choice((0.001, 0.02, 0.3)))
            sockets = [s for node in ("here", "there") for s in net.sockets(node)]
            if rng.random() < 0.5 and sockets:
                net.reset(rng.choice(sockets))
            else:
                net.partition("here", "there")
                self.kernel.sleep(rng.choice((0.05, 1.0)))
                net.heal()

    def workers_end(self, *others: Task) -> None:
        """Wait for the threads that come to an end by themselves."""
        tasks = [*others, *self.workers]
        done = self.kernel.wait_until(lambda: all(task.done for task in tasks), PATIENCE)
        assert done, f"{[task.name for task in tasks if not task.done]} do not come to an end"

    def play(self, *acts: Callable[[], object], linger: int | None = 0) -> None:
        """Start, let ``acts`` follow each other in a thread, close everything, run all that."""

        def main() -> None:
            for act in acts:
                act()
            self.world.finish(linger)

        self.start()
        self.kernel.spawn(main, "main", "here")
        self.kernel.run()
        self.world.check_empty()

    def survive(self, alive: Callable[[], None]) -> None:
        """Play with connections that break; in the end they hold, and ``alive`` has to return."""

        def calm_down() -> None:
            self.workers_end(self.kernel.spawn(self.nemesis, "nemesis", "nowhere"))
            self.world.net.faults = Faults()

        self.play(self.join, calm_down, alive, self.world.check_descriptors)

    def end_in_the_middle(self) -> None:
        """Close, terminate, unbind or disconnect in the middle of it all."""
        world, rng = self.world, self.rng
        linger = rng.choice((0, 0, 20, 300))

        def cut(core: Core) -> None:
            endpoints = core.endpoints
            for undo, names in (
                (endpoints.unbind, endpoints._bound),
                (endpoints.disconnect, endpoints._connected),
            ):
                for name in list(names):
                    quietly(partial(undo, name), {*GONE, ENOENT})

        def end() -> None:
            self.kernel.sleep(rng.choice((0.0, 1e-5, 1e-3, 0.05)))
            for _ in range(rng.randint(0, 2)):
                cut(rng.choice(world.cores))
                self.kernel.sleep(rng.choice((0.0, 1e-4, 0.01)))
            for core in list(world.cores):
                if rng.random() < 0.5:
                    world.spawn(core.engine, "closer", core.close, linger)
            if rng.random() < 0.3:
                again(lambda: rng.choice(world.engines).term(0.001))

        self.play(partial(quietly, self.join), end, linger=linger)
