"""REP: a request, then the reply to it, then the next request (RFC 28)."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.constants import EFSM
from zmqthread.errors import zmq_error
from zmqthread.patterns.halves import FairIn
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class Rep(FairIn):
    """Keeps the envelope of a request, up to and with the first empty frame, for the reply.

    Replies go by pipe and not by name, so that two requesters of one name are both served.
    """

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        #: The requester, None if it has gone, and the envelope.
        self._request: tuple[Pipe | None, tuple[Any, ...]] | None = None
        #: Connections lost under a pipe that outlives them, while requests from them are unread.
        self._lost: dict[Pipe, int] = {}

    def attach(self, pipe: Pipe) -> None:
        super().attach(pipe)
        if self.options.probe_router:
            pipe.force(b"")

    def detach(self, pipe: Pipe) -> None:
        super().detach(pipe)
        self._lost.pop(pipe, None)
        self._forget(pipe)

    def unplugged(self, pipe: Pipe) -> None:
        """See to it that the next peer does not get the replies meant for this one."""
        self._lost[pipe] = self._lost.get(pipe, 0) + 1
        pipe.incoming.mark(lambda: self._passed(pipe))
        self._forget(pipe)

    def _passed(self, pipe: Pipe) -> None:
        if pipe in self._lost:
            self._lost[pipe] -= 1

    def _forget(self, pipe: Pipe) -> None:
        if self._request is not None and self._request[0] is pipe:
            self._request = (None, self._request[1])

    def recv(self) -> Any:
        """Return the body of the next request that is one; others are dropped."""
        if self._request is not None:
            raise zmq_error(EFSM)
        inward = self._in
        while (message := inward.recv()) is not None:
            pipe = inward.origin
            assert pipe is not None
            is_from_req = message.__class__ is tuple and not message[0]
            size = 1 if is_from_req else _envelope_size(message)
            if size:
                self.origin = pipe
                self._request = (pipe, message[:size])
                if self._lost.get(pipe):
                    self._forget(pipe)
                return message[size] if len(message) == size + 1 else message[size:]
            self._drop(pipe)
        return None

    def can_recv(self) -> bool:
        """Return whether there is a request to read, and no reply owed."""
        while self._request is None and (pipe := self._in.head()) is not None:
            if _envelope_size(pipe.incoming.queue[0]):
                return True
            pipe.read()
            self._drop(pipe)
        return False

    def can_send(self) -> bool:
        return self._request is not None

    def begin(self, frame: Any) -> Any:
        if self._request is None:
            raise zmq_error(EFSM)
        return self._request

    def send(self, message: Any, route: Any = None) -> bool:
        """Send the reply; if the requester has gone or is full, it is dropped: never wait."""
        request = self._request
        if request is None or (route is not None and route[1] is not request[1]):
            raise zmq_error(EFSM)
        self._request = None
        pipe, envelope = request
        body = message if message.__class__ is tuple else (message,)
        if pipe is None or not pipe.write(envelope + body):
            self._drop(pipe)
        return True

    def _drop(self, pipe: Pipe | None) -> None:
        self.dropped += 1
        if pipe is not None:
            pipe.dropped += 1

    def express_in(self) -> deque[Any] | None:
        return None


def _envelope_size(message: Any) -> int:
    """Return the frames up to and with the first empty one; 0 if nothing is left for a body."""
    if message.__class__ is tuple:
        if not message[0]:
            return 1  # a REQ's, with nothing in between
        for index in range(len(message) - 1):
            if not message[index]:
                return index + 1
    return 0
