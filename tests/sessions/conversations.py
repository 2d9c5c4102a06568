"""CLIENT and SERVER with several threads on either: worlds in which nothing is lost or mixed."""

from __future__ import annotations

from collections import Counter
from errno import EHOSTUNREACH
from functools import partial
from typing import Any

from tests.sessions.worlds import GONE, World, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.task import Task
from zmqthread.api.core import Core
from zmqthread.api.peers import disconnect_peer
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketType
from zmqthread.reactor.selector import READ, WRITE

MARKS = (1, 2, 3, 1000)
PATIENCE = 120.0
NOBODY = {*GONE, EHOSTUNREACH}


class Hall:
    """A SERVER, and some CLIENTs that are joined to it."""

    def __init__(self, kernel: Kernel, transport: str, clients: int, **server: Any) -> None:
        calm = kernel.seed % 4 == 0
        faults = None if calm else Faults.lossless(windows=(64, 700, 65536))
        self.kernel = kernel
        self.world = world = World(kernel, faults)
        self.rng = rng = world.rng
        self.transport = transport
        self.here = world.engine("here")
        self.there = self.here
        if transport == "tcp":
            self.there = world.engine(rng.choice(("here", "there")))
        self.server = self.socket(self.here, SocketType.SERVER, **server)
        self.clients = [self.socket(self.there, SocketType.CLIENT) for _ in range(clients)]
        #: The numbers that came with requests.
        self.met: list[int] = []

    def socket(self, engine: Any, kind: SocketType, **options: Any) -> Core:
        marks = {"sndhwm": self.rng.choice(MARKS), "rcvhwm": self.rng.choice(MARKS), **options}
        return self.world.socket(engine, kind, linger=0, **marks)

    def join(self) -> None:
        """Bind and connect, in any order."""
        ends = []
        for number, client in enumerate(self.clients):
            name = (
                f"inproc://{number}"
                if self.transport == "inproc"
                else f"tcp://127.0.0.1:500{number}"
            )
            pair = [(self.server.endpoints.bind, name), (client.endpoints.connect, name)]
            if self.rng.random() < 0.5:
                pair = [(client.endpoints.bind, name), (self.server.endpoints.connect, name)]
            self.rng.shuffle(pair)
            ends += pair
        for call, name in ends:
            call(name)

    def pause(self) -> None:
        """Be late now and then."""
        if self.rng.random() < 0.1:
            self.kernel.sleep(self.rng.choice((1e-5, 1e-3, 0.02)))

    def recv(self) -> tuple[bytes, int] | None:
        """Receive at the SERVER, and tell from whom; None once the socket is closed."""
        face = Socket(None, core=self.server)
        call = partial(self.world.wait, self.server, READ, partial(face.recv, copy=False))
        frame = quietly(call)
        return None if frame is None else (frame.bytes, frame.routing_id)

    def send(self, message: bytes, routing_id: int) -> None:
        """Send to one CLIENT."""
        face = Socket(None, core=self.server)
        call = partial(face.send, message, routing_id=routing_id)
        quietly(partial(self.world.wait, self.server, WRITE, call))

    def ask_on(self, client: Core, name: str) -> None:
        """Ask one thing after the other until the socket is gone."""

        def ask() -> None:
            while True:
                self.world.send(client, self.world.ledger.make(name))
                self.world.recv(client)

        quietly(ask)

    def serve(self) -> None:
        """Answer until the socket is gone, whoever is still there."""
        face = Socket(None, core=self.server)
        while (got := self.recv()) is not None:
            self.met.append(got[1])
            self.pause()
            quietly(partial(face.send, got[0], routing_id=got[1]), NOBODY)

    def wait_for(self, tasks: list[Task]) -> bool:
        """Wait until the threads have ended; False if they do not."""
        return bool(self.kernel.wait_until(lambda: all(task.done for task in tasks), PATIENCE))

    def end(self) -> None:
        self.world.check_descriptors()
        self.world.finish()


def requests(kernel: Kernel, transport: str, count: int = 6) -> None:
    """Every request is answered once, to the CLIENT that made it, by whatever thread."""
    hall = Hall(kernel, transport, kernel.rng.randint(1, 3))
    world, rng = hall.world, hall.rng
    asked: dict[int, Counter[bytes]] = {n: Counter() for n in range(len(hall.clients))}
    told: dict[int, Counter[bytes]] = {n: Counter() for n in range(len(hall.clients))}

    def ask(number: int, name: str) -> None:
        client = hall.clients[number]
        for _ in range(count):
            request = world.ledger.make(name, rng.choice((0, 0, 255, 600)))
            asked[number][request] += 1
            world.send(client, request)
            hall.pause()
            told[number][world.recv(client)] += 1  # perhaps another thread's

    def serve(name: str) -> None:
        while (got := hall.recv()) is not None:
            world.ledger.receive(name, got[0], ordered=False)
            hall.pause()
            hall.send(*got)

    def main() -> None:
        tasks = [
            world.spawn(hall.there, f"c{n}.{t}", ask, n, f"c{n}.{t}")
            for n in range(len(hall.clients))
            for t in range(rng.randint(1, 3))
        ]
        for t in range(rng.randint(1, 3)):
            world.spawn(hall.here, f"s{t}", serve, f"s{t}")
        hall.join()
        assert hall.wait_for(tasks), f"{len(world.ledger.got)} requests came, {told} replies"
        assert told == asked
        hall.end()

    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()


def floods(kernel: Kernel, transport: str, count: int = 8) -> None:
    """Threads that wait for room at different CLIENTs do not wait for one another."""
    hall = Hall(kernel, transport, 3, sndhwm=1)
    world = hall.world
    got: dict[int, list[bytes]] = {n: [] for n in range(3)}

    def flood(number: int, routing_id: int) -> None:
        for index in range(count):
            hall.send(b"%d:%d" % (number, index), routing_id)
            kernel.sometimes["sent"] += 1

    def read(number: int) -> None:
        while len(got[number]) < count:
            got[number].append(world.recv(hall.clients[number]))
            kernel.sleep(hall.rng.choice((1e-5, 1e-3, 0.02)))

    def main() -> None:
        hall.join()
        for number, client in enumerate(hall.clients):
            world.send(client, b"%d" % number)
        tasks = []
        for _ in hall.clients:
            request = hall.recv()
            assert request is not None
            tasks.append(world.spawn(hall.here, "flood", flood, int(request[0]), request[1]))
        # One after the other: as long as nobody reads, the others' threads wait for room.
        for number in hall.rng.sample(range(3), 3):
            reader = world.spawn(hall.there, f"r{number}", read, number)
            assert hall.wait_for([reader]), got
        assert hall.wait_for(tasks)
        for number, messages in got.items():
            assert messages == [b"%d:%d" % (number, index) for index in range(count)]
        hall.end()

    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()


def partings(kernel: Kernel, transport: str) -> None:
    """Peers are dropped and sockets closed in the middle of it: every thread comes to its end."""
    hall = Hall(kernel, transport, kernel.rng.randint(1, 3))
    world, rng = hall.world, hall.rng

    def part() -> None:
        if rng.random() < 0.5 and hall.met:
            quietly(partial(disconnect_peer, hall.server, rng.choice(hall.met)), NOBODY)
            kernel.sometimes["dropped"] += 1
        elif rng.random() < 0.5:
            rng.choice([hall.server, *hall.clients]).close(rng.choice((0, 20)))
            kernel.sometimes["closed"] += 1

    def main() -> None:
        tasks = [
            world.spawn(client.engine, "asker", hall.ask_on, client, f"c{n}.{t}")
            for n, client in enumerate(hall.clients)
            for t in range(rng.randint(1, 3))
        ]
        tasks += [world.spawn(hall.here, "server", hall.serve) for _ in range(rng.randint(1, 3))]
        hall.join()
        for _ in range(rng.randint(1, 6)):
            kernel.sleep(rng.choice((0.0, 1e-5, 1e-3, 0.05, 0.05)))
            part()
        world.finish()
        assert hall.wait_for(tasks)

    kernel.spawn(main, "main", "here")
    kernel.run()
    world.check_empty()
