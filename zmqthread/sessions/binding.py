"""A bound socket for datagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zmqthread.constants import EINVAL, Event
from zmqthread.errors import zmq_error
from zmqthread.sessions.datagrams import DatagramSession
from zmqthread.sessions.ends import Ends

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host
    from zmqthread.transports.udp import DatagramSocket


class Binding:
    """A `bind` to a udp endpoint: a socket that receives until it is closed."""

    bound = True

    def __init__(self, host: Host, opened: DatagramSocket) -> None:
        self.host = host
        self.endpoint = opened.endpoint
        self._end = Ends(self.endpoint, bound=True)
        self._descriptor = opened.socket.fileno()
        self._session = DatagramSession(
            host, opened, self, options=host.options, endpoint=self.endpoint
        )

    def __str__(self) -> str:
        pipe = self._session.pipe
        return f"{self.endpoint}: {0 if pipe is None else len(pipe.outgoing)} messages unsent"

    def start(self) -> None:
        """Begin to receive.

        Raises:
            ZMQError: EINVAL: the pattern does not want another pipe.
        """
        self.host.event(Event.LISTENING, self._descriptor, self._end)
        self._session.start()
        if self._session.dropped:
            raise zmq_error(EINVAL, f"{self.host.type_name} sockets bind to one endpoint only")

    def session_ended(self, session: DatagramSession, _reason: BaseException | None) -> None:
        """See `SessionOwner`."""
        pipe = session.pipe
        if pipe is not None:
            pipe.plugged = False
            self.host.ended(pipe)  # what came in can still be read
        self.host.event(Event.CLOSED, self._descriptor, self._end)
        self.host.gone(self)

    def close(self, linger: float | None) -> None:
        """Receive nothing more; what is to be sent has ``linger`` seconds."""
        if self._session.pipe is None:
            self._session.close(None)
        else:
            self._session.end(self._session.pipe, linger)

    def forget(self) -> None:
        """In a forked child: close the descriptor and say nothing."""
        self._session.forget()
