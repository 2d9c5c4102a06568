"""SERVER: messages come with the number of their peer, and go to the one they bear (RFC 41)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.constants import EHOSTUNREACH
from zmqthread.errors import error_about
from zmqthread.labels import Labelled
from zmqthread.patterns.halves import FairIn
from zmqthread.patterns.one_frame import OneFrame
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Server(OneFrame, FairIn):
    """Gives each peer a number, of which peers know nothing.

    The number is in ``pipe.state`` for as long as there is something to read, and in the table for
    as long as something can be sent.
    """

    selective = True

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._peers: dict[int, Pipe] = {}
        self._next_id = rng.getrandbits(32)

    # -- pipes come and go -------------------------------------------------------------------------

    def attach(self, pipe: Pipe) -> None:
        """Number a peer; a connection that is kept up keeps its number."""
        super().attach(pipe)
        pipe.state = number = self._new_id()
        self._peers[number] = pipe

    def _new_id(self) -> int:
        number = self._next_id or 1  # 0 is none
        while number in self._peers:
            number = (number + 1) & 0xFFFFFFFF or 1
        self._next_id = (number + 1) & 0xFFFFFFFF
        return number

    def ended(self, pipe: Pipe) -> None:
        """Nothing can be sent to a peer that has gone."""
        self._peers.pop(pipe.state, None)

    def detach(self, pipe: Pipe) -> None:
        """Let a peer go."""
        super().detach(pipe)
        self._peers.pop(pipe.state, None)

    def find_peer(self, number: int) -> Pipe:
        """Return the pipe of a peer; EHOSTUNREACH if there is no such peer."""
        pipe = self._peers.get(number)
        if pipe is None:
            raise error_about(EHOSTUNREACH, routing_id=number)
        return pipe

    # -- messages ----------------------------------------------------------------------------------

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to the peer whose number the message bears; wait while that one is full."""
        if message.__class__ is not Labelled:
            raise error_about(EHOSTUNREACH, routing_id=0)
        return self.find_peer(message.routing_id).write(message.frame)

    def can_send(self) -> bool:
        """A SERVER can always send: to whom is another question."""
        return True

    def recv(self) -> Any:
        """Return the next message with the number of its sender."""
        message = self._in.recv()
        if message is None:
            return None
        if message.__class__ is Labelled:  # in-process, a label of the sender's comes along
            message = message.frame
        self.origin = pipe = self._in.origin
        assert pipe is not None
        return Labelled(message, pipe.state)

    def express_in(self) -> deque[Any] | None:
        """Each message gets a number."""
        return None
