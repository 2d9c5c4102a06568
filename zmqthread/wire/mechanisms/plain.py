"""The PLAIN mechanism (RFC 24): a user name and a password, both in clear."""

from __future__ import annotations

from typing import Final

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import unexpected
from zmqthread.wire.mechanisms.mechanism import Command, Mechanism, ZapRequest
from zmqthread.wire.zmtp import commands
from zmqthread.wire.zmtp.commands import ERROR, READY

HELLO: Final = b"HELLO"
WELCOME: Final = b"WELCOME"
INITIATE: Final = b"INITIATE"

# libzmq up to 4.3.5 begins ERROR with 5E "RROR": a C escape took the E for a digit.
_MISSPELT: Final = b"\x5eRROR"


def _malformed(code: int, what: str) -> ProtocolError:
    return ProtocolError(code, f"a malformed {what}")


class Plain(Mechanism):
    """What both sides have in common: the commands, and whose turn it is.

    Each command has its place in one state only; `_awaited` is the command that is due.
    """

    __slots__ = ("_awaited", "_due", "_own")

    name = b"PLAIN"
    handshake_names = frozenset((HELLO, WELCOME, INITIATE, READY, ERROR))

    def __init__(self, as_server: bool) -> None:
        super().__init__(as_server)
        self._own = b""
        self._due: list[Command] = []
        self._awaited = b""

    def split(self, body: bytes) -> Command:
        if body.startswith(_MISSPELT):
            return ERROR, body[len(_MISSPELT) :]
        return commands.split(body)

    def _check_turn(self, name: bytes) -> None:
        if name != self._awaited:
            raise unexpected(f"{name[:32]!r} where {self._awaited!r} was due")

    def commands(self) -> list[Command]:
        due, self._due = self._due, []
        return due


class PlainClient(Plain):
    """The side that proves who it is.

    Args:
        username: at most 255 octets.
        password: at most 255 octets.
    """

    __slots__ = ("_hello",)

    def __init__(self, username: bytes, password: bytes) -> None:
        super().__init__(False)
        self._hello = _short(username) + _short(password)

    def begin(self, metadata: bytes) -> None:
        self._own = metadata
        self._due = [(HELLO, self._hello)]
        self._hello = b""
        self._awaited = WELCOME

    def receive(self, name: bytes, data: bytes) -> None:
        if name == ERROR:
            raise commands.parse_error(data)
        self._check_turn(name)
        if name == WELCOME:
            if data:
                raise _malformed(Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME, "WELCOME")
            self._due = [(INITIATE, self._own)]
            self._awaited = READY
        else:
            self._awaited = b""
            self.metadata = data
            self.complete = True

    def zap_reply(self, status: int) -> None:
        """A client asks nobody."""


class PlainServer(Plain):
    """The side that has the authenticator asked about names and passwords."""

    __slots__ = ()

    explains = True

    def __init__(self) -> None:
        super().__init__(True)

    def begin(self, metadata: bytes) -> None:
        self._own = metadata
        self._awaited = HELLO

    def receive(self, name: bytes, data: bytes) -> None:
        # Clients have nothing to refuse: there is no ERROR from them (C03 says so for CURVE).
        self._check_turn(name)
        if name == HELLO:
            self.zap_request = ZapRequest("PLAIN", _credentials(data))
        else:
            self._due = [(READY, self._own)]
            self.metadata = data
            self.complete = True
        self._awaited = b""

    def zap_reply(self, status: int) -> None:
        self.zap_request = None
        if status == 200:
            self._due = [(WELCOME, b"")]
            self._awaited = INITIATE
        elif status >= 400:
            self._due = [commands.encode_error(str(status))]


def _short(text: bytes) -> bytes:
    return bytes((len(text),)) + text


def _credentials(data: bytes) -> tuple[bytes, bytes]:
    """User and password of HELLO; nothing may follow them (P1)."""
    code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO
    found: list[bytes] = []
    for _ in range(2):
        end = data[0] + 1 if data else 1
        if end > len(data):
            raise _malformed(code, "HELLO")
        found.append(data[1:end])
        data = data[end:]
    if data:
        raise _malformed(code, "HELLO")
    return found[0], found[1]
