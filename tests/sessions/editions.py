"""PUB and SUB in all kinds: subscriptions come and go while messages flow, a proxy in between."""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.sessions.scene import BEATS, PATIENCE, WINDOWS, Scene
from tests.sessions.worlds import Ledger, World, quietly
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from zmqthread.api.core import Core
from zmqthread.api.live_options import set_option
from zmqthread.api.proxy import proxy
from zmqthread.constants import ENOTSOCK, SocketOption, SocketType
from zmqthread.errors import zmq_error

#: What is published and what may be subscribed to.
SUBJECTS = (b"a", b"ab", b"b", b"c")
TOPICS = (b"", b"a", b"ab", b"b")
_Key = tuple[str, int]


class Subscriber:
    """One SUB or XSUB: what it wants at present, what it must and must not get."""

    def __init__(self, world: World, core: Core, name: str, ordered: bool) -> None:
        self.world, self.core, self.name, self.ordered = world, core, name, ordered
        self.ledger = Ledger()
        self.ledger.offered = world.ledger.offered
        #: Topics: confirmed by all publishers, or (None) about to change.
        self.wanted: dict[bytes, bool | None] = dict.fromkeys(TOPICS, False)
        #: Counts the changes of it.
        self.epoch = 0
        self.must: dict[_Key, bytes] = {}
        self.banned: set[_Key] = set()
        #: What a proxy still holds is matched when it comes to it.
        self.behind_proxy = False
        #: A SUB may have looked at one message before the cancel, as libzmq's.
        self.spare = 0

    def wants(self, subject: bytes) -> bool | None:
        """Return whether messages on a subject come; None when that is just changing."""
        said = [on for topic, on in self.wanted.items() if subject.startswith(topic)]
        return True if True in said else None if None in said else False

    def tell(self, topic: bytes, on: bool) -> None:
        """Subscribe or unsubscribe."""
        if self.core.kind == SocketType.XSUB:
            self.world.send(self.core, (b"\1" if on else b"\0") + topic)
        else:
            option = SocketOption.SUBSCRIBE if on else SocketOption.UNSUBSCRIBE
            set_option(self.core, option, topic)

    def change(self, topic: bytes, confirm: Any) -> None:
        """Want a topic, or want it no more; ``confirm`` returns when all publishers know."""
        on = not self.wanted[topic]
        self.epoch += 1
        self.wanted[topic] = None
        if not on:
            self.spare += 1
            if self.core.kind == SocketType.SUB or self.behind_proxy:
                # What is under way is matched once more, and dropped.
                kept = {key: at for key, at in self.must.items() if not at.startswith(topic)}
                self.must = kept
        if on and self.behind_proxy:
            self.banned.clear()
        self.tell(topic, on)
        fence = f"#{self.name}.{self.epoch}".encode()
        self.tell(fence, True)
        confirm(fence)
        self.tell(fence, False)
        self.epoch += 1
        self.wanted[topic] = on

    def published(self, key: _Key, subject: bytes, before: tuple[int, bool | None]) -> None:
        """Note a message that was sent while nothing changed here."""
        epoch, wants = before
        if self.epoch == epoch and wants is not None:
            if wants and key not in self.ledger.got:
                self.must[key] = subject
            elif not wants and self.core.kind == SocketType.XSUB:
                assert key not in self.ledger.got, f"not subscribed to: {key} on {subject!r}"
                self.banned.add(key)

    def receive(self, reader: str, message: Any, epoch: int) -> None:
        """Check a message; ``epoch`` is from before it was received."""
        frames = message if isinstance(message, tuple) else (message,)
        subject, _, head = frames[0].partition(b"/")
        body = head if frames is not message else (head, *frames[1:])
        sender, number, _ = self.ledger._parse(body)
        assert (sender, number) not in self.banned, f"after the cancel: {message!r}"
        self.ledger.receive(reader, body, ordered=self.ordered)
        self.must.pop((sender, number), None)
        if self.core.kind == SocketType.SUB and (epoch, self.wants(subject)) == (self.epoch, False):
            self.spare -= 1
            assert self.spare >= 0, f"not subscribed to: {message!r}"


class Editions(Scene):
    """Publishers, subscribers, and a proxy or not.

    ``drops``: the high-water marks are such that messages may be dropped.
    """

    def __init__(
        self, kernel: Kernel, faults: Faults | None, transport: str, count: int, **options: int
    ) -> None:
        super().__init__(kernel, faults, transport, count, **options)
        rng = self.rng
        how = rng.choice(("vast", "waits", "drops"))
        self.drops = how == "drops"
        self.marks = () if how == "vast" else ("sndhwm", "rcvhwm")
        nodrop = {"xpub_nodrop": 1} if how == "waits" else {}
        pub = [SocketType.XPUB] if nodrop else [SocketType.PUB, SocketType.XPUB]
        self.pubs = [
            self.socket(self.here, rng.choice(pub), *self.marks, **nodrop)
            for _ in range(rng.randint(1, 2))
        ]
        sub = [SocketType.SUB, SocketType.XSUB]
        self.subs = [
            self._subscriber(self.socket(self.there, rng.choice(sub), *self.marks), n)
            for n in range(rng.randint(1, 3))
        ]
        self.middle: list[Core] = []
        if rng.random() < 0.4:
            self.middle = [
                self.socket(self.there, SocketType.XPUB, *self.marks, **nodrop),
                self.socket(self.there, SocketType.XSUB, *self.marks),
            ]

        for each in self.subs:
            each.behind_proxy = bool(self.middle)

    def _subscriber(self, core: Core, number: int) -> Subscriber:
        # A connection that breaks may leave messages behind that are read along with the next's.
        return Subscriber(self.world, core, f"s{number}", ordered=not self.options)

    def join(self) -> None:
        subs = [sub.core for sub in self.subs]
        if self.middle:
            front, back = self.middle
            self.meet((front, subs), (back, self.pubs))
        elif self.rng.random() < 0.5:
            self.meet(*((pub, subs) for pub in self.pubs))
        else:
            self.meet(*((sub, self.pubs) for sub in subs))

    def start(self) -> None:
        world = self.world
        for p, pub in enumerate(self.pubs):
            for t in range(self.rng.randint(1, 2)):
                call = partial(self.publish, pub, f"p{p}.{t}")
                self.work(self.here, f"p{p}.{t}", quietly, call)
            if pub.kind == SocketType.XPUB:
                world.spawn(self.here, f"n{p}", quietly, partial(self.listen, pub))
        for sub in self.subs:
            self.work(self.there, f"{sub.name}.c", quietly, partial(self.change_mind, sub))
            for t in range(self.rng.randint(1, 2)):
                call = partial(self.read, sub, f"{sub.name}.{t}")
                world.spawn(self.there, f"{sub.name}.{t}", quietly, call)
        if self.middle:
            world.spawn(self.there, "proxy", quietly, partial(proxy, *self.middle))

    def publish(self, core: Core, name: str) -> None:
        for _ in range(self.count):
            self.publish_on(core, self.rng.choice(SUBJECTS), name)
            self.pause(0.5, (1e-5, 1e-4, 5e-3, 0.05))

    def publish_on(self, core: Core, subject: bytes, name: str) -> None:
        """Send a message, and note who must and who must not get it."""
        key = name, self.world.ledger.offered[name]
        message = self.make(name)
        if isinstance(message, tuple):
            message = (subject + b"/" + message[0], *message[1:])
        else:
            message = subject + b"/" + message
        before = [(sub.epoch, sub.wants(subject)) for sub in self.subs]
        self.send(core, message)
        for sub, then in zip(self.subs, before, strict=True):
            sub.published(key, subject, then)

    def listen(self, core: Core) -> None:
        """Topics come up and go in turn."""
        up: set[bytes] = set()
        while True:
            notice = self.receive(core)
            topic = notice[1:]
            assert notice[:1] == (b"\0" if topic in up else b"\1"), notice
            up ^= {topic}

    def change_mind(self, sub: Subscriber) -> None:
        for _ in range(self.rng.randint(2, 5)):
            sub.change(self.rng.choice(TOPICS), self.confirm)
            self.pause(0.7, (1e-4, 2e-3, 0.03))

    def confirm(self, fence: bytes) -> None:
        """Wait until every publisher has come to a topic."""

        def known() -> bool:
            patterns: list[Any] = [pub.pattern for pub in self.pubs]
            locked = any(pub.lock.locked() for pub in self.pubs)
            return not locked and all(fence in p._subscriptions.index.values for p in patterns)

        def gone() -> bool:
            return any(core.fault for core in self.world.cores)

        assert self.kernel.wait_until(lambda: known() or gone(), PATIENCE), f"{fence!r} is lost"
        if gone():
            raise zmq_error(ENOTSOCK)

    def read(self, sub: Subscriber, name: str) -> None:
        while True:
            epoch = sub.epoch
            message = self.recv(sub.core)
            if message is not None:
                sub.receive(name, message, epoch)
            self.pause(0.05, (1e-5, 1e-3, 0.02))

    def everything_arrives(self) -> None:
        self.workers_end()
        for sub in [] if self.drops else self.subs:
            assert self.kernel.wait_until(lambda sub=sub: not sub.must, 10.0), (  # type: ignore[misc]
                f"{sub.name} lacks {sub.must}"
            )
        self.each_gets_through()

    def each_gets_through(self) -> None:
        """Whatever was dropped and lost: with everybody awake each subscriber hears of each."""
        for sub in self.subs:
            if not sub.wanted[b""]:
                sub.change(b"", self.confirm)
        for number, pub in enumerate(self.pubs):
            name = f"last{number}"
            for _ in range(20):
                self.publish_on(pub, b"c", name)
                heard = [partial(sub.ledger.has_from, name) for sub in self.subs]
                if self.kernel.wait_until(lambda heard=heard: all(h() for h in heard), 1.0):  # type: ignore[misc]
                    break
            else:
                raise AssertionError("no messages any more")


def lossless(kernel: Kernel, transport: str, count: int = 12) -> None:
    """What is subscribed to comes, in order; what is not does not, from the confirmation on."""
    calm = kernel.seed % 4 == 0
    faults = None if calm else Faults.lossless(windows=WINDOWS)
    editions = Editions(kernel, faults, transport, count)
    editions.play(editions.join, editions.everything_arrives, editions.world.check_descriptors)


def lossy(kernel: Kernel, count: int = 12) -> None:
    """Connections break: nothing comes that is not wanted, and all that is in the end."""
    faults = Faults.swarm(kernel.seed, windows=WINDOWS)
    editions = Editions(kernel, faults, "tcp", count, **BEATS)
    editions.survive(editions.each_gets_through)


def closing(kernel: Kernel, transport: str) -> None:
    """Everything ends, whatever it is in the middle of."""
    faults = Faults.swarm(kernel.seed, windows=(64, 65536))
    Editions(kernel, faults, transport, 20).end_in_the_middle()
