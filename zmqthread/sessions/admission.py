"""The part of a session that asks the authenticator about the peer.

Everything here runs with the socket's lock held, in whichever thread drives the socket.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.sessions.ends import Ends
from zmqthread.sessions.reading import Reader
from zmqthread.sessions.zap import Answer, Inquiry, inquire

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.pipes.pipe import Pipe
    from zmqthread.sessions.host import Host

log = logging.getLogger("zmqthread")


class Admission(Reader):
    """Does what the handshake wants; while the authenticator is asked nothing is read."""

    __slots__ = ("_inquiry", "_options", "_reported", "endpoint", "peer_address")

    def __init__(
        self, host: Host, stream: Any, connection: Any, pipe: Pipe | None, options: Options
    ) -> None:
        super().__init__(host, stream, connection, pipe)
        self.endpoint = ""
        self.peer_address = ""
        #: As they were when the endpoint was bound or connected.
        self._options = options
        self._inquiry: Inquiry | None = None
        #: The monitor knows why the handshake failed before it has come to its end.
        self._reported = False

    @property
    def ends(self) -> Ends:
        """Both ends, as the monitor names them."""
        raise NotImplementedError

    def _established(self) -> None:
        """The handshake is done."""
        raise NotImplementedError

    def _go_on(self) -> None:
        """Do what the handshake wants now: send, ask the authenticator, or come to its end."""
        connection = self.connection
        if connection.established:
            self._established()  # which sends the last of the handshake with the first messages
            return
        if connection.has_output:
            self.flush()
        if self.stream is None:
            return
        if self._inquiry is None and connection.zap_request is not None:
            self._inquire()

    def _inquire(self) -> None:
        self._paused = True
        self._watch()
        request = self.connection.zap_request
        found = inquire(self.host, request, self._options, self.peer_address, self._answered)
        if isinstance(found, Inquiry):
            self._inquiry = found
        else:
            self._admit(found)

    def _answered(self, answer: Answer | Exception) -> None:
        if self.stream is None:
            return
        try:
            if isinstance(answer, Exception):
                raise answer
            self._admit(answer)
        except ProtocolError as error:
            self._refuse(error)
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("a connection with %s failed", self.endpoint)
            self.close(error)

    def _admit(self, answer: Answer) -> None:
        """Pass an answer on; after 300 the connection stays silent until its time is over."""
        self.connection.zap_reply(*answer, self.host.seams.monotonic())
        if answer.status == 200:
            self._paused = False
            self._watch()
            self._go_on()
        else:
            self._reported = True
            self.host.event(Event.HANDSHAKE_FAILED_AUTH, answer.status, self)

    def _forget_inquiry(self) -> None:
        """The connection is closed: nobody wants to know any more."""
        if self._inquiry is not None:
            self._inquiry.cancel()
