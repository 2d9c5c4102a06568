"""STREAM: raw TCP, each connection known by a name that is made for it."""

from __future__ import annotations

from zmqthread.patterns.addressed import Addressed
from zmqthread.pipes.pipe import Pipe


class Stream(Addressed):
    """Receives (name, chunk) and sends the same; an empty chunk is the beginning and the end."""

    raw = True
    parts = 2

    def attach(self, pipe: Pipe) -> None:
        super().attach(pipe)
        taken = pipe.routing_id in self._peers
        if pipe.routing_id and not taken:
            self.enter(pipe, pipe.routing_id)
            return
        self.enter(pipe, self.new_id())
        # Where a program that connects finds the name of its peer.
        self.options.routing_id = pipe.routing_id

    def can_send(self) -> bool:
        """Return True: as libzmq, which finds out only when it knows the peer."""
        return True
