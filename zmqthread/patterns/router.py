"""ROUTER: messages go to the peer that their first frame names (RFC 28)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from zmqthread.constants import EHOSTUNREACH, PollEvent
from zmqthread.errors import error_about
from zmqthread.patterns.addressed import Addressed
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Router(Addressed):
    """Receives (name, *frames) and sends the same.

    Peers name themselves, or get a name when they come; one that is connected to may have been
    given a name before, which it keeps.  ROUTER_RAW makes a STREAM of it that drops what it
    cannot send.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._given: set[Pipe] = set()
        #: Peers whose name was taken: what they send is read and dropped.
        self._ignored: set[Pipe] = set()

    @property
    def parts(self) -> int:  # type: ignore[override]
        """Frames after which a message is whole in any case; 0: more may come."""
        return 2 if self.options.router_raw else 0

    def must_deliver(self) -> bool:
        return bool(self.options.router_mandatory)

    def notices(self) -> int:
        return super().notices() if self.raw else self.options.router_notify

    def attach(self, pipe: Pipe) -> None:
        super().attach(pipe)
        self.raw = bool(self.options.router_raw)
        if self.options.probe_router and not self.raw:
            pipe.force(b"")
        if pipe.routing_id:
            self._given.add(pipe)
            if pipe.routing_id in self._peers:
                self._ignore(pipe)
            else:
                self.enter(pipe, pipe.routing_id)
        elif self.raw:
            self.enter(pipe, self.new_id())

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self._given.discard(pipe)
        self._ignored.discard(pipe)

    def plugged(self, pipe: Pipe) -> None:
        """Learn the name of a peer, and perhaps that it is another one than before."""
        if not self.raw and pipe not in self._given:
            self._meet(pipe, bytes(pipe.properties.get("Identity", b"")))
        super().plugged(pipe)

    def _meet(self, pipe: Pipe, name: bytes) -> None:
        known = pipe.state
        if known is None:
            self._name(pipe, name or self.new_id())
        elif name != known and (name or known[0]):
            # Another peer has come in the place of the one we knew.
            self.leave(pipe)
            lost = pipe.outgoing.clear()
            pipe.dropped += lost
            self.dropped += lost
            self._name(pipe, name or self.new_id())

    def _name(self, pipe: Pipe, name: bytes) -> None:
        holder = self._peers.get(name)
        if holder is not None and not self.options.router_handover:
            self._ignore(pipe)
            return
        if holder is not None:
            self._ignore(holder)
        self._ignored.discard(pipe)
        if pipe in self._in.pipes:
            self._rename(pipe, name)
        else:
            self.enter(pipe, name)
        if holder is not None:
            # Last: a pipe to the same endpoint may come in its place at once.
            self.owner.drop_pipe(holder)

    def _rename(self, pipe: Pipe, name: bytes) -> None:
        pipe.state = name
        self._peers[name] = pipe

        def arrived() -> None:
            pipe.routing_id = name

        pipe.incoming.mark(arrived)

    def _ignore(self, pipe: Pipe) -> None:
        self.leave(pipe)
        self._in.detach(pipe)
        self._ignored.add(pipe)
        self._drain(pipe)

    def _drain(self, pipe: Pipe) -> None:
        if pipe.reading:
            return
        pipe.reading = True
        try:
            while pipe.read() is not None:
                self._drop(pipe)
        finally:
            pipe.reading = False

    def read_activated(self, pipe: Pipe) -> None:
        if pipe in self._ignored:
            self._drain(pipe)
        else:
            super().read_activated(pipe)

    def can_send(self) -> bool:
        """Return True, or with ROUTER_MANDATORY whether any peer has room."""
        if not self.options.router_mandatory:
            return True
        return any(pipe.check_write() for pipe in self._peers.values())

    def peer_state(self, name: bytes) -> int:
        """Return POLLOUT if the peer has room, else 0; EHOSTUNREACH if there is no such peer."""
        pipe = self._peers.get(name)
        if pipe is None:
            raise error_about(EHOSTUNREACH, routing_id=name)
        return PollEvent.POLLOUT if pipe.check_write() else 0
