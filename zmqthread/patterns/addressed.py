"""Sending by name: the first frame of a message says whom it is for."""

from __future__ import annotations

from typing import Any, Final

from zmqthread.constants import EHOSTUNREACH, EINVAL
from zmqthread.errors import error_about, zmq_error
from zmqthread.patterns.named import Named
from zmqthread.pipes.pipe import Pipe

#: The route of a message that `begin` could take only to drop it.
_NOBODY: Final = object()


class Addressed(Named):
    """What ROUTER and STREAM share."""

    selective = True

    def must_deliver(self) -> bool:
        """Return whether a message that cannot go to its peer is an error, or waits."""
        return True

    def begin(self, frame: Any) -> Any:
        """Look for the peer; one that is not there or full is an error, a wait, or a drop."""
        pipe = self._find(bytes(frame))
        if pipe is None:
            return _NOBODY
        if pipe.check_write():
            return pipe
        return None if self.must_deliver() else _NOBODY

    def send(self, message: Any, route: Any = None) -> bool:
        """Send to the peer that the first frame names."""
        if message.__class__ is not tuple or (self.raw and len(message) != 2):
            return self._misshapen(message)
        pipe = self._peers.get(message[0])
        if pipe is None or route is not None or self.raw:
            return self._send_with_care(message, route)
        if pipe.write(message[1] if len(message) == 2 else message[1:]):
            return True
        return self._full(pipe)

    def _send_with_care(self, message: Any, route: Any) -> bool:
        name = bytes(message[0])
        body = message[1] if len(message) == 2 else message[1:]
        pipe = self._peers.get(name) if route is not None else self._find(name)
        if pipe is None or (route is not None and pipe is not route):
            return self._drop(pipe)
        if self.raw and not body:
            self.detach(pipe)
            self.owner.drop_pipe(pipe)
            return True
        if route is None:
            return pipe.write(body) or self._full(pipe)
        pipe.force(body)
        return True

    def _find(self, name: bytes) -> Pipe | None:
        pipe = self._peers.get(name)
        if pipe is None and self.must_deliver():
            raise error_about(EHOSTUNREACH, routing_id=name)
        return pipe

    def _misshapen(self, message: Any) -> bool:
        if self.raw:
            raise zmq_error(EINVAL, "a message is a routing id and one more frame")
        return self._drop(None)  # a name alone: libzmq takes it and does nothing

    def _full(self, pipe: Pipe) -> bool:
        return not self.must_deliver() and self._drop(pipe)

    def _drop(self, pipe: Pipe | None) -> bool:
        self.dropped += 1
        if pipe is not None:
            pipe.dropped += 1
        return True
