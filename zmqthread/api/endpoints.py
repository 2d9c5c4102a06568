"""bind, connect, unbind, disconnect: what a socket has at which endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread import transports
from zmqthread.endpoint import InprocEndpoint, parse
from zmqthread.errors import zmq_error
from zmqthread.sessions.acceptor import Acceptor
from zmqthread.sessions.connecter import Connecter

if TYPE_CHECKING:
    from zmqthread.api.core import Core


class Endpoints:
    """The acceptors and connecters of one socket, by endpoint."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.last = ""
        #: Everything that has descriptors open or messages to deliver.
        self.parts: dict[Any, None] = {}
        self._bound: dict[str, list[Any]] = {}
        self._connected: dict[str, list[Any]] = {}

    def bind(self, text: str) -> None:
        """Listen on ``text``."""
        core = self._core
        endpoint = parse(text, "bind")
        listener = transports.of(endpoint).listen(endpoint, core.options, core.seams)
        with core.lock:
            core.enter()
            acceptor = Acceptor(core, listener, self._gone)
            self.parts[acceptor] = None
            self._bound.setdefault(acceptor.endpoint, []).append(acceptor)
            self.last = acceptor.endpoint
            acceptor.start()

    def connect(self, text: str) -> None:
        """Begin to keep up a connection to ``text``."""
        core = self._core
        endpoint = parse(text, "connect")
        with core.lock:
            core.enter()
            connecter = Connecter(core, endpoint, self._gone)
            self.parts[connecter] = None
            self._connected.setdefault(text, []).append(connecter)
            self.last = text
            connecter.start()
            core.leave()

    def close_all(self, linger: float | None) -> None:
        """End everything; lock held."""
        for part in list(self.parts):
            part.close(linger)

    def _gone(self, part: Any) -> None:
        """Drop a part whose last descriptor has been closed; lock held."""
        self.parts.pop(part, None)
        self._core.release_if_done()
