"""A pattern in the place of its socket, and peers that do what a test tells them to."""

from __future__ import annotations

import random
from typing import Any

from zmqthread.constants import SocketType
from zmqthread.options import Options
from zmqthread.patterns.registry import ROWS
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


class Peer:
    """The far end of one pipe.  It reads nothing by itself."""

    def __init__(self, owner: FakeSocket, name: bytes, hwm: int) -> None:
        self.owner = owner
        self.pattern = owner.pattern
        self.pipe = Pipe(Lane(hwm), Lane(hwm), self)
        self.pipe.routing_id = name
        #: Messages that the far end hands out only when the pipe has been read empty.
        self.held_back: list[Any] = []
        #: How often it was told of something written, and whether the pattern has cut it off.
        self.told = 0
        #: Whether it takes batches past the lane, and those that it took.
        self.carries = False
        self.carried: list[Any] = []
        self.cut = False

    # What the pipe asks of its far end.

    def wrote(self, pipe: Pipe) -> None:
        self.told += 1

    def make_room(self, pipe: Pipe) -> bool:
        return False

    def carry(self, pipe: Pipe, batch: Any) -> bool:
        if self.carries:
            self.carried.append(batch)
        return self.carries

    def resize(self, pipe: Pipe) -> None:
        pass

    def starved(self, pipe: Pipe) -> bool:
        held, self.held_back = self.held_back, []
        pipe.incoming.queue.extend(held)
        return bool(held)

    def drop(self, pipe: Pipe) -> None:
        self.cut = True

    def end(self, pipe: Pipe, linger: float | None) -> None:
        self.cut = True

    # What a test has it do.

    def send(self, *messages: Any) -> None:
        """Deliver messages as a session does: the pattern hears of it if it had stopped reading."""
        self.pipe.incoming.queue.extend(messages)
        if not self.pipe.readable:
            self.pattern.read_activated(self.pipe)

    def take(self) -> Any:
        """Take one message that was sent to this peer, or None."""
        message = self.pipe.outgoing.take()
        lane = self.pipe.outgoing
        if not self.pipe.writable and not self.pipe.ended and len(lane) <= lane.low:
            self.pipe.writable = True
            self.pattern.write_activated(self.pipe)
        return message

    def got(self) -> list[Any]:
        """Take all that was sent to this peer."""
        return list(iter(self.take, None))

    def plug(self, identity: bytes = b"", **properties: Any) -> None:
        """Be there, for the first time or again."""
        self.pipe.introduce({"Identity": identity, **properties})
        self.pipe.plugged = True
        self.pattern.plugged(self.pipe)

    def unplug(self) -> None:
        """Be gone from a pipe that stays."""
        self.pipe.plugged = False
        self.pattern.unplugged(self.pipe)

    def leave(self) -> None:
        """Be gone for good: what is unread stays readable, then the pipe goes."""
        pipe = self.pipe
        pipe.ended = True
        pipe.writable = pipe.plugged = False
        pipe.outgoing.clear()
        self.pattern.ended(pipe)
        if pipe.incoming.peek():
            pipe.incoming.mark(self.detach)
            self.pattern.read_activated(pipe)
        else:
            self.detach()

    def detach(self) -> None:
        """Take the pipe away, unread messages and all."""
        self.pipe.ended = True
        self.pipe.writable = False
        self.pattern.detach(self.pipe)


class FakeSocket:
    """What a socket does for its pattern."""

    def __init__(self, socket_type: SocketType, **options: Any) -> None:
        self.options = Options(socket_type)
        for name, value in options.items():
            assert hasattr(self.options, name)
            setattr(self.options, name, value)
        self.pattern: Any = ROWS[socket_type].pattern(self.options, random.Random(7))
        self.pattern.owner = self
        self.in_process = False
        #: Whether it is in the middle of a burst, and what was put off.
        self.burst = False
        self.put_off: list[Any] = []
        self.peers: dict[Pipe, Peer] = {}

    # What the pattern asks of it.

    def drop_pipe(self, pipe: Pipe) -> None:
        pipe.far.drop(pipe)

    def puts_off(self, flushable: Any, always: bool) -> bool:
        if self.burst or always:
            self.put_off.append(flushable)
        return self.burst or always

    def has_written(self) -> None:
        pass

    # What a test has it do.

    def connect(self, name: bytes = b"", hwm: int = 1000, takes_all: bool = False) -> Peer:
        """Have a pipe to a peer that is not there yet; ``name`` is CONNECT_ROUTING_ID."""
        peer = Peer(self, name, hwm)
        peer.pipe.takes_all = takes_all
        self.peers[peer.pipe] = peer
        self.pattern.attach(peer.pipe)
        return peer

    def accept(self, identity: bytes = b"", hwm: int = 1000) -> Peer:
        """Let a peer in whose handshake is done."""
        peer = Peer(self, b"", hwm)
        self.peers[peer.pipe] = peer
        peer.pipe.plugged = True
        peer.pipe.introduce({"Identity": identity})
        self.pattern.attach(peer.pipe)
        peer.plug(identity)
        return peer

    def received(self) -> list[Any]:
        """Receive until there is nothing more."""
        return list(iter(self.pattern.recv, None))
