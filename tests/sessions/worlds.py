"""Small worlds of whole sockets on the simulated kernel, and what must hold in all of them."""

from __future__ import annotations

import gc
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tests.sim.explore import Explored, explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from tests.sim.stream import SimSocket
from tests.sim.task import Task
from zmqthread.api import scratch
from zmqthread.api.core import Core
from zmqthread.api.engine import Engine
from zmqthread.api.socket import Socket
from zmqthread.api.waiting import poll
from zmqthread.constants import EAGAIN, ENOTSOCK, ETERM, SocketType
from zmqthread.errors import ZMQError
from zmqthread.pipes.lane import Lane, Mark
from zmqthread.pipes.pipe import Pipe
from zmqthread.reactor.selector import READ, WRITE

#: What a call on a socket may raise once somebody has closed it or terminated its context.
GONE = {ENOTSOCK, ETERM}
_DONTWAIT = 1


class World:
    """Nodes, their contexts and sockets, and the invariants.

    The seed chooses the kind of selector (nested or flat) and of waker (edge or level) of each
    node, unless they are given.
    """

    def __init__(
        self,
        kernel: Kernel,
        faults: Faults | None = None,
        *,
        nested: bool | None = None,
        edge: bool | None = None,
    ) -> None:
        self.kernel = kernel
        self.net = SimNet(kernel, faults)
        self.rng = random.Random(f"world {kernel.seed}")
        self._nested, self._edge = nested, edge
        self.seams: dict[str, SimSeams] = {}
        self.engines: list[Engine] = []
        self.cores: list[Core] = []
        self.finishing = False
        self.ledger = Ledger()
        #: Calls that wait, by socket and interest.
        self.waiting: Counter[tuple[Core, int]] = Counter()
        #: Calls that wait for room to one peer of a ROUTER.
        self.addressed: Counter[tuple[Core, bytes]] = Counter()
        #: How many threads may put one message each past a mark, in the short cut.
        self.slack = 8
        kernel.invariants.append(self.check)
        scratch.free.clear()  # what an earlier world left would change the lines of this one

    # -- building ----------------------------------------------------------------------------

    def node(self, name: str) -> SimSeams:
        """Return the seams of a node, made at the first mention."""
        if name not in self.seams:
            # Not drawn: the seeds that found something go on drawing what they drew then.
            nested = self.kernel.seed % 7 != 5 if self._nested is None else self._nested
            edge = self.rng.random() < 0.5 if self._edge is None else self._edge
            self.seams[name] = SimSeams(self.net, name, nested=nested, edge=edge)
        return self.seams[name]

    def engine(self, node: str) -> Engine:
        """Make a context."""
        engine = Engine(seams=self.node(node))
        self.engines.append(engine)
        return engine

    def socket(self, engine: Engine, kind: SocketType, **options: Any) -> Core:
        """Make a socket with these options."""
        core = engine.socket(kind)
        for name, value in options.items():
            assert hasattr(core.options, name), name
            setattr(core.options, name, value)
        self.cores.append(core)
        if self.finishing:
            core.close(0)  # too late for `finish` to know of it
        return core

    def spawn(self, engine: Engine, name: str, call: Callable[..., object], *args: Any) -> Task:
        """Start a thread on the node of a context."""
        seams = engine.seams
        assert isinstance(seams, SimSeams)
        return self.kernel.spawn(partial(call, *args), name, seams.node)

    # -- waiting calls, known to the invariants ------------------------------------------------

    def wait(self, core: Core, interest: int, call: Callable[[], Any]) -> Any:
        """Make a call that may wait for ``interest``."""
        self.waiting[core, interest] += 1
        try:
            return call()
        finally:
            self.waiting[core, interest] -= 1

    def send(self, core: Core, message: Any, flags: int = 0) -> None:
        """Send as `Socket` does, the short cut included."""
        face = Socket(None, core=core)
        if isinstance(message, tuple):
            call = partial(face.send_multipart, message, flags)
        else:
            call = partial(face.send, message, flags)
        if core.kind != SocketType.ROUTER:
            self.wait(core, 0 if flags else WRITE, call)
            return
        name = message[0]
        self.addressed[core, name] += not flags
        try:
            self.wait(core, 0 if flags else WRITE, call)
        finally:
            self.addressed[core, name] -= not flags

    def recv(self, core: Core, flags: int = 0) -> Any:
        """Receive as `Socket` does; a message of several frames comes as a tuple."""
        face = Socket(None, core=core)
        frames = self.wait(core, 0 if flags else READ, partial(face.recv_multipart, flags))
        return frames[0] if len(frames) == 1 else tuple(frames)

    def poll(self, items: list[tuple[Core, int]], timeout: float | None = None) -> list[int]:
        """Wait for several sockets."""
        seams = items[0][0].seams
        for core, interest in items:
            for one in (READ, WRITE):
                self.waiting[core, one] += bool(interest & one)
        try:
            deadline = None if timeout is None else seams.monotonic() + timeout
            return poll(items, (), deadline, seams)
        finally:
            for core, interest in items:
                for one in (READ, WRITE):
                    self.waiting[core, one] -= bool(interest & one)

    # -- what always holds -----------------------------------------------------------------------

    def check(self) -> None:
        """Invariants 5, 6 and 9 of the list: queues are bounded, no wake-up is lost."""
        idle = not self.kernel._runnable
        for core in self.cores:
            if core.released:
                continue
            for pipe in list(core.pipes):
                self._check_length(pipe.outgoing)
                self._check_length(pipe.incoming)
            if idle and not core.fault:
                self._check_wakeups(core)

    def _check_length(self, lane: Lane) -> None:
        assert len(lane) <= lane.limit + self.slack, f"{len(lane)} messages in {lane.limit}"

    def _check_wakeups(self, core: Core) -> None:
        """Nobody can move: whoever waits must have a reason to."""
        pattern: Any = core.pattern
        answering = core.kind == SocketType.REP and pattern._request is not None
        if self.waiting[core, READ] and not answering:
            for pipe in core.pipes:
                queued = sum(m.__class__ is not Mark for m in pipe.incoming.queue)
                assert not queued, (
                    f"lost wake-up: a reader sleeps, {queued} messages are there, "
                    f"open {pipe.incoming.open}, readable {pipe.readable}, "
                    f"{len(core._mailbox)} in the mailbox, rung {core._rung}, lent {core.lent}, "
                    f"driven {core.driven}, {len(core._followers)} follow"
                )
        if self.waiting[core, WRITE] and not answering:
            for pipe in self._sufficient(core):
                lane = pipe.outgoing
                assert not has_room(pipe), (
                    f"lost wake-up: a writer sleeps, there is room: {len(lane)} of {lane.limit}, "
                    f"writable {pipe.writable}, open {lane.open}, {list(lane.queue)}"
                )

    def _sufficient(self, core: Core) -> list[Pipe]:
        """Return the pipes of which one with room is enough for each writer that sleeps."""
        pattern: Any = core.pattern
        if core.kind == SocketType.REQ and pattern._waiting and not core.options.req_relaxed:
            return []  # until the reply is there
        if core.kind == SocketType.ROUTER:
            return [pipe for name, pipe in pattern._peers.items() if self.addressed[core, name]]
        if core.kind == SocketType.XPUB:  # XPUB_NODROP waits for the slowest
            return list(core.pipes) if all(map(has_room, core.pipes)) else []
        return [] if pattern.selective else list(core.pipes)

    # -- the end -----------------------------------------------------------------------------------

    def check_descriptors(self) -> None:
        """Invariant 7: every open stream and listener is watched by somebody, at once or soon."""

        def unwatched() -> list[SimSocket]:
            nested = [node for node, seams in self.seams.items() if seams.nested]
            return [s for node in nested for s in self.net.sockets(node) if not s.watchers]

        self.kernel.wait_until(lambda: not unwatched(), 1.0)
        assert not unwatched(), f"{unwatched()} are open, but nobody watches them"

    def check_timers(self) -> None:
        """Invariant 8: no timer keeps a socket that has gone."""
        for engine in self.engines:
            for loop, _ in engine._loops:
                for timer in loop._timers:
                    if timer.call is not None:
                        cells = getattr(timer.call, "__closure__", None) or ()
                        for cell in cells:
                            owner = cell.cell_contents
                            assert not (isinstance(owner, Core) and owner.released), [
                                each.cell_contents for each in cells
                            ]

    def finish(self, linger: int | None = 0, term: bool = True) -> None:
        """Close all sockets, in a task: each close ends, and leaves nothing behind."""
        rng = self.rng
        self.finishing = True
        engines = list(self.engines)
        if term and rng.random() < 0.5:
            for engine in engines:
                engine.shutdown()
        for core in rng.sample(self.cores, len(self.cores)):
            core.close(linger)
        patience = 5.0 + (linger or 0) / 1000
        assert self.kernel.wait_until(lambda: all(c.released for c in self.cores), patience), [
            e.waits_for() for e in engines
        ]
        self.check_timers()
        for engine in engines:
            engine.term(5.0)

    def check_empty(self, *, collect: bool = True) -> None:
        """After the run: nothing is open, without ``collect`` not even garbage."""
        if collect and any(map(self.net.descriptors, self.seams)):
            gc.collect()  # a traceback may keep what a thread slept on
        for node in self.seams:
            assert not self.net.descriptors(node), f"{node}: {self.net.descriptors(node)}"


def has_room(pipe: Pipe) -> bool:
    """Return whether a write would find room, or should have been told that it does."""
    lane = pipe.outgoing
    return not (pipe.ended or lane.full()) and (pipe.writable or len(lane) <= lane.low)


def run(
    main: Callable[[World], None],
    seeds: int = 5,
    faults: Faults | None = None,
    *,
    nested: bool | None = None,
    **kernel: Any,
) -> Explored:
    """Run ``main`` as a thread of node "here" under some seeds; nothing may be left open."""

    def world(running: Kernel) -> None:
        built = World(running, faults, nested=nested)
        built.node("here")
        running.spawn(lambda: main(built), "main", "here")
        running.run()
        built.check_empty()

    return explore(world, seeds, **kernel)


class Ledger:
    """Who has sent what, and who has got it.

    Messages are told apart by the name of the sending thread and a number.
    """

    def __init__(self) -> None:
        self.offered: dict[str, int] = defaultdict(int)
        self.accepted: set[tuple[str, int]] = set()
        self.received: list[tuple[str, str, int]] = []
        self.last: dict[tuple[str, str], int] = {}
        self.got: set[tuple[str, int]] = set()

    def make(self, sender: str, size: int = 0, parts: int = 1) -> Any:
        """Make the sender's next message."""
        number = self.offered[sender]
        self.offered[sender] += 1
        head = f"{sender}:{number}:{parts}:".encode()
        if parts == 1:
            return head.ljust(size, b".")
        return tuple(head + f"{part}".encode() for part in range(parts))

    def has_from(self, sender: str) -> bool:
        """Return whether anything of this sender has arrived."""
        return any(name == sender for name, _ in self.got)

    def accept(self, message: Any) -> None:
        """The call that sent it has returned."""
        sender, number, _ = self._parse(message)
        self.accepted.add((sender, number))

    def _parse(self, message: Any) -> tuple[str, int, int]:
        first = message[0] if isinstance(message, tuple) else message
        sender, number, parts, _ = bytes(first).decode().split(":", 3)
        return sender, int(number), int(parts)

    def receive(self, receiver: str, message: Any, *, ordered: bool = True) -> None:
        """Check a message that has come."""
        sender, number, parts = self._parse(message)
        if parts > 1:
            assert isinstance(message, tuple), f"partial: {message!r}"
            assert len(message) == parts, f"partial: {message!r}"
            for index, frame in enumerate(message):
                assert frame == f"{sender}:{number}:{parts}:{index}".encode(), message
        else:
            assert not isinstance(message, tuple), f"mixed: {message!r}"
        assert number < self.offered[sender], f"never sent: {message!r}"
        assert (sender, number) not in self.got, f"twice: {message!r}"
        self.got.add((sender, number))
        if ordered:
            last = self.last.get((sender, receiver), -1)
            assert number > last, f"out of order at {receiver}: {message!r} after {last}"
            self.last[sender, receiver] = number
        self.received.append((receiver, sender, number))

    def missing(self) -> set[tuple[str, int]]:
        """Return what was accepted and has not come."""
        return self.accepted - self.got


def quietly(call: Callable[[], Any], codes: Iterable[int] = GONE) -> Any:
    """Call it; errors of a socket that is gone are None."""
    try:
        return call()
    except ZMQError as error:
        if error.errno not in set(codes):
            raise
        return None


def again(call: Callable[[], Any]) -> bool:
    """Call it; False for EAGAIN."""
    try:
        call()
    except ZMQError as error:
        if error.errno != EAGAIN:
            raise
        return False
    return True
