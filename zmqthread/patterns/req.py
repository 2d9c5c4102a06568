"""REQ: a request, then its reply, then the next request (RFC 28)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from zmqthread.constants import EFSM
from zmqthread.errors import zmq_error
from zmqthread.patterns.dealer import Dealer
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options

_DELIMITER: Final[tuple[bytes, ...]] = (b"",)


class Req(Dealer):
    """Takes the reply from the peer last asked and from no other.

    A request that is lost with its connection is not sent again: `recv` goes on waiting, which a
    program ends by a time-out and, with REQ_RELAXED, another request.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._waiting = False
        #: Whose reply counts; None once that peer has gone for good.
        self._asked: Pipe | None = None
        #: What stands before the reply: a delimiter, with REQ_CORRELATE a number before it.
        self._envelope = _DELIMITER
        self._number = rng.getrandbits(32)

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        if pipe is self._asked:
            self._asked = None

    def _check_turn(self) -> None:
        if self._waiting and not self.options.req_relaxed:
            raise zmq_error(EFSM)

    def can_send(self) -> bool:
        return (not self._waiting or bool(self.options.req_relaxed)) and super().can_send()

    def begin(self, frame: Any) -> Any:
        self._check_turn()
        return super().begin(frame)

    def send(self, message: Any, route: Any = None) -> bool:
        """Ask the peer whose turn it is."""
        if self._waiting:
            self._check_turn()
        pipe = route or self._out.pick()
        if pipe is None:
            return False
        for other in self._in.pipes:
            if other.incoming.queue:
                self._drop_unread()
                break
        envelope = _DELIMITER
        if self.options.req_correlate:
            self._number = (self._number + 1) & 0xFFFFFFFF
            envelope = (self._number.to_bytes(4, "big"), b"")
        self._envelope = envelope
        self._out.send(envelope + (message if message.__class__ is tuple else (message,)), pipe)
        self._asked = pipe
        self._waiting = True
        return True

    def _drop_unread(self) -> None:
        # A late reply must not be taken for the one to the next request.
        for pipe in [pipe for pipe in self._in.pipes if pipe.incoming.queue]:
            self._count(pipe, pipe.incoming.clear())

    def _count(self, pipe: Pipe, lost: int) -> None:
        pipe.dropped += lost
        self.dropped += lost

    def _is_reply(self, pipe: Pipe | None, message: Any) -> bool:
        envelope = self._envelope
        size = len(envelope)
        return (
            pipe is self._asked
            and message.__class__ is tuple
            and len(message) > size
            and not message[size - 1]
            and (size == 1 or bytes(message[0]) == envelope[0])
        )

    def recv(self) -> Any:
        """Return the reply; whatever else has come is dropped."""
        if not self._waiting:
            raise zmq_error(EFSM)
        inward = self._in
        while (message := inward.recv()) is not None:
            pipe = inward.origin
            assert pipe is not None
            if self._is_reply(pipe, message):
                self.origin = pipe
                self._waiting = False
                size = len(self._envelope)
                return message[size] if len(message) == size + 1 else message[size:]
            self._count(pipe, 1)
        return None

    def can_recv(self) -> bool:
        """Return whether the reply is there; libzmq lets any message count, then waits for it."""
        while self._waiting and (pipe := self._in.head()) is not None:
            if self._is_reply(pipe, pipe.incoming.queue[0]):
                return True
            pipe.read()
            self._count(pipe, 1)
        return False

    def express_in(self) -> deque[Any] | None:
        return None

    def express_out(self) -> Lane | None:
        return None
