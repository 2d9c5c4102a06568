"""The ZAP 1.0 client (RFC 27): asks the context's authenticator about one peer.

The question is a message on an in-process pipe of its own, so nothing waits for the answer but the
peer it is about: replies of other pipes, second replies and late ones have nowhere to arrive.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from zmqthread.constants import EFAULT, Event, SocketType
from zmqthread.errors import ProtocolError
from zmqthread.options import Options
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe
from zmqthread.sessions.ends import NOWHERE, HasEnds
from zmqthread.sessions.inproc import InprocEnd, Neighbour, link

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host
    from zmqthread.wire.mechanisms.mechanism import ZapRequest

NAME: Final = "zeromq.zap.01"
ENDPOINT: Final = f"inproc://{NAME}"
VERSION: Final = b"1.0"
#: One pipe carries one question, so they need not be told apart; libzmq has the same number.
REQUEST_ID: Final = b"1"
STATUSES: Final = (b"200", b"300", b"400", b"500")
#: Peers pass without an authenticator unless it was asked for: libzmq's "stonehouse", privacy
#: without authentication. PLAIN proves nothing by itself, and NULL is asked about by domain only.
_MAY_DO_WITHOUT: Final = frozenset(("CURVE", "GSSAPI"))


def _unbounded() -> Options:
    options = Options(SocketType.DEALER)
    options.sndhwm = options.rcvhwm = 0
    return options


_OPTIONS: Final = _unbounded()


class Answer(NamedTuple):
    """What the authenticator said; ``user_id`` is None when nobody had to be asked."""

    status: int
    text: str = ""
    user_id: bytes | None = None
    metadata: bytes = b""


class HandlerMissing(OSError):
    """No authenticator is there, or it went without an answer. EFAULT, as in libzmq's event."""

    def __init__(self, text: str) -> None:
        super().__init__(EFAULT, text)


def request_frames(request: ZapRequest, options: Options, address: str) -> tuple[bytes, ...]:
    """The message to the authenticator (A02): the routing id is our own, as in libzmq."""
    return (
        b"",
        VERSION,
        REQUEST_ID,
        options.zap_domain,
        address.encode("ascii", "replace")[:255],
        options.routing_id,
        request.mechanism.encode("ascii"),
        *request.credentials,
    )


def _bad(code: int, text: str) -> ProtocolError:
    return ProtocolError(code, f"ZAP reply: {text}")


def parse_reply(message: Any) -> Answer:
    """Take the authenticator's message apart (A03, A04, A07).

    Raises:
        ProtocolError: with the code that libzmq's monitor has for it.
    """
    if not isinstance(message, tuple) or len(message) != 7:
        raise _bad(Event.PROTOCOL_ERROR_ZAP_MALFORMED_REPLY, "not 7 frames")
    frames = [part if isinstance(part, bytes) else bytes(part.buffer) for part in message]
    delimiter, version, request_id, status, text, user_id, metadata = frames
    if delimiter:
        raise _bad(Event.PROTOCOL_ERROR_ZAP_UNSPECIFIED, "the delimiter is not empty")
    if version != VERSION:
        raise _bad(Event.PROTOCOL_ERROR_ZAP_BAD_VERSION, f"version {version[:16]!r}")
    if request_id != REQUEST_ID:
        raise _bad(Event.PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID, "another request's id")
    if status not in STATUSES:
        raise _bad(Event.PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE, f"status {status[:16]!r}")
    return Answer(int(status), text.decode("ascii", "backslashreplace"), user_id, metadata)


class Inquiry:
    """One question and its answer: a neighbour of the authenticator's socket.

    All of it with the lock of the asking socket held, into whose mailbox everything goes.

    Args:
        host: the socket that asks.
        handler: the authenticator's socket.
        question: the frames.
        answered: gets the answer, or what is wrong with it; called once, unless cancelled.
    """

    options = _OPTIONS
    type_name = "DEALER"
    peer_types: frozenset[str] = frozenset(("REP", "ROUTER"))
    conflate = (False, False)

    def __init__(
        self,
        host: Host,
        handler: Neighbour,
        question: tuple[bytes, ...],
        answered: Callable[[Answer | Exception], None],
    ) -> None:
        self.post = host.post
        self.call_later = host.call_later
        self._answered: Callable[[Answer | Exception], None] | None = answered
        self._end = InprocEnd(self)
        self._pipe = self._end.pipe = Pipe(Lane(0), Lane(0), self._end, ENDPOINT)
        self._pipe.force(question)
        link(self._end, self, handler)

    def read_activated(self, pipe: Pipe) -> None:
        """The answer may be there."""
        if self._answered is None:
            return
        message = pipe.read()
        if message is None:
            return
        answer: Answer | Exception
        try:
            answer = parse_reply(message)
        except ProtocolError as error:
            answer = error
        self._give(answer)

    def ended(self, pipe: Pipe) -> None:
        """The authenticator has gone; it may have answered before."""
        self.read_activated(pipe)
        if self._answered is not None:
            self._give(HandlerMissing("the ZAP handler went without an answer"))

    def _give(self, answer: Answer | Exception) -> None:
        answered = self._answered
        self.cancel()
        if answered is not None:
            answered(answer)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        self._answered = None
        self._end.end(self._pipe, 0)

    def attach(self, pipe: Pipe) -> None:
        """Never called: the other side joins us."""

    def plugged(self, pipe: Pipe) -> None:
        """The authenticator's end is there."""

    def write_activated(self, pipe: Pipe) -> None:
        """Never called: the lane has no limit."""

    def event(self, event: int, value: int = 0, where: HasEnds = NOWHERE) -> None:
        """Nothing is told of in-process pipes."""


def inquire(
    host: Host,
    request: ZapRequest,
    options: Options,
    address: str,
    answered: Callable[[Answer | Exception], None],
) -> Inquiry | Answer:
    """Ask the authenticator; where there is none, and none has to be, the answer is there at once.

    Args:
        host: the socket whose peer it is.
        request: the mechanism's question.
        options: those of the endpoint that the peer came in by.
        address: the peer's address.
        answered: gets the answer later.

    Raises:
        HandlerMissing: there is no authenticator and there has to be one.
    """
    handler = host.names.find(NAME)
    if handler is not None and handler.type_name in Inquiry.peer_types:
        return Inquiry(host, handler, request_frames(request, options, address), answered)
    must = options.zap_domain or options.zap_enforce_domain
    if must or request.mechanism not in _MAY_DO_WITHOUT:
        raise HandlerMissing("no ZAP handler is bound to " + ENDPOINT)
    return Answer(200)
