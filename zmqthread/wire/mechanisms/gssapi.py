"""The GSSAPI mechanism (RFC 38): Kerberos tickets, with or without encryption of what follows.

Tokens go to and fro in INITIATE until both sides have their context (the RFC speaks of HELLO,
libzmq says INITIATE). Then the client says that it is done with an empty command, the authenticator
is asked about its principal, and READY goes both ways.

    client   INITIATE ►            (empty) ►         READY ►   MESSAGE ◄►
    server             ◄ INITIATE            ◄ READY

The library may ask the key distribution centre for a ticket when a client begins, and waits for it.
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final

import gssapi
from gssapi.raw.misc import GSSError

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import malformed, unexpected
from zmqthread.wire.mechanisms.mechanism import Command, Mechanism, ZapRequest
from zmqthread.wire.zmtp import commands, frames
from zmqthread.wire.zmtp.commands import ERROR, READY

INITIATE: Final = b"INITIATE"
MESSAGE: Final = b"MESSAGE"
_DONE: Final = b""

_U32: Final = Struct(">I")
_INNER: Final = {0: b"\0", frames.MORE: b"\1", frames.COMMAND: b"\2"}
_OUTER: Final = {0: 0, 1: frames.MORE, 2: frames.COMMAND}
# libzmq since 2026 marks subscriptions by flags of their own, and leaves the name away (K05).
_NAMED: Final = {
    4: commands.SUBSCRIBE,
    6: commands.SUBSCRIBE,
    8: commands.CANCEL,
    10: commands.CANCEL,
}

# By the values of GSSAPI_PRINCIPAL_NAMETYPE.
_NAME_TYPES: Final = (
    gssapi.NameType.hostbased_service,
    gssapi.NameType.user,
    gssapi.NameType.kerberos_principal,
)
_FLAGS: Final[Any] = (
    gssapi.RequirementFlag.mutual_authentication,
    gssapi.RequirementFlag.replay_detection,
    gssapi.RequirementFlag.out_of_sequence_detection,
    gssapi.RequirementFlag.confidentiality,
    gssapi.RequirementFlag.integrity,
)


def _failed(error: GSSError) -> ProtocolError:
    # Its text has names of principals, but no keys and no tokens.
    text = str(error).replace("\n", " ")
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, f"GSSAPI: {text}")


def _token(data: bytes, code: int) -> bytes:
    """The token of a command: its length, then itself, then nothing (K02)."""
    if len(data) < 5 or _U32.unpack_from(data)[0] != len(data) - 4:
        raise ProtocolError(code, "a token of another length than announced")
    return data[4:]


def _with_length(token: bytes) -> bytes:
    return _U32.pack(len(token)) + token


class Gssapi(Mechanism):
    """What both sides have in common; `transforms` tells whether what follows is encrypted.

    Args:
        principal: our name; empty takes what the library finds.
        name_type: 0 for service@host, 1 for a user's name, 2 for a Kerberos principal.
    """

    __slots__ = ("_awaited", "_context", "_due", "_own", "_principal")

    name = b"GSSAPI"
    handshake_names = frozenset((INITIATE, READY, ERROR))

    def __init__(self, as_server: bool, principal: bytes, name_type: int) -> None:
        super().__init__(as_server)
        self._principal = principal, name_type
        self._own = b""
        self._due: list[Command] = []
        self._awaited = INITIATE
        self._context: Any = None

    # -- commands ------------------------------------------------------------------------------

    def split(self, body: bytes) -> Command:
        return commands.split(body) if body else (_DONE, b"")

    def join(self, name: bytes, data: bytes) -> bytes:
        return commands.body_of(name, data) if name else b""

    def commands(self) -> list[Command]:
        due, self._due = self._due, []
        return due

    def _check_turn(self, name: bytes) -> None:
        if name != self._awaited:
            raise unexpected(f"{name[:32]!r} where {self._awaited!r} was due")

    def _credentials(self, usage: str) -> Any:
        name, name_type = self._principal
        if not name:
            return None
        found = gssapi.Name(name.decode(), _NAME_TYPES[name_type])
        return gssapi.Credentials(name=found, usage=usage)

    def _step(self, token: bytes | None) -> None:
        """Go on with the context, and have sent what that gives: an empty command for nothing."""
        try:
            answer = self._context.step(token)
        except GSSError as error:
            raise _failed(error) from None
        self._due = [(INITIATE, _with_length(answer)) if answer else (_DONE, b"")]

    def _say_ready(self) -> None:
        if self.transforms:
            body = commands.body_of(READY, self._own)
            self._due = [(MESSAGE, _with_length(self._wrapped(b"\0" + body)))]
        else:
            self._due = [(READY, self._own)]

    def _hear_ready(self, name: bytes, data: bytes) -> None:
        if self.transforms:
            if name != MESSAGE:
                raise unexpected(f"{name[:32]!r} where READY was due")
            plain = self._unwrapped(data)
            if plain[0] not in {0, 2}:
                raise malformed("READY with flags")
            name, data = commands.split(plain[1:])
        self._check_turn(name)
        self._awaited = b"nothing"
        self.metadata = data
        self.complete = True

    # -- MESSAGE -------------------------------------------------------------------------------

    def _wrapped(self, plain: bytes) -> bytes:
        try:
            wrapped = self._context.wrap(plain, encrypt=True)
        except GSSError as error:
            raise ConnectionAbortedError(str(_failed(error))) from None
        if not wrapped.encrypted:
            raise ConnectionAbortedError("GSSAPI does not encrypt with these keys")
        return bytes(wrapped.message)

    def _unwrapped(self, data: bytes) -> bytes:
        token = _token(data, Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE)
        try:
            found = self._context.unwrap(token)
        except GSSError as error:  # replays, too
            raise _failed(error) from None
        if not found.encrypted or not found.message:  # K03
            raise ProtocolError(Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, "not encrypted, or empty")
        return bytes(found.message)

    def wrap(self, flags: int, body: bytes) -> bytes:
        token = self._wrapped(_INNER[flags] + body)
        return b"\x07MESSAGE" + _with_length(token)

    def unwrap(self, flags: int, body: bytes) -> tuple[int, bytes]:
        if flags & frames.MORE or not body.startswith(b"\x07MESSAGE"):
            raise unexpected("something in clear after the handshake")
        plain = self._unwrapped(body[8:])
        kind = plain[0]
        if kind in _NAMED:
            return frames.COMMAND, commands.body_of(_NAMED[kind], plain[1:])
        if kind not in _OUTER:
            raise malformed(f"reserved flags 0x{kind:02x} inside a token")
        return _OUTER[kind], plain[1:]


class GssapiClient(Gssapi):
    """The side that has a ticket for the other.

    Args:
        service: the server's name.
        service_type: what kind of name that is.
        principal: see `Gssapi`.
        name_type: see `Gssapi`.
    """

    __slots__ = ("_service",)

    transforms = True

    def __init__(self, service: bytes, service_type: int, principal: bytes, name_type: int) -> None:
        super().__init__(False, principal, name_type)
        self._service = service, service_type

    def begin(self, metadata: bytes) -> None:
        self._own = metadata
        name, name_type = self._service
        try:
            service = gssapi.Name(name.decode(), _NAME_TYPES[name_type])
            credentials = self._credentials("initiate")
            self._context = gssapi.SecurityContext(
                name=service, creds=credentials, usage="initiate", flags=_FLAGS
            )
        except GSSError as error:
            raise _failed(error) from None
        self._step(None)

    def receive(self, name: bytes, data: bytes) -> None:
        if name == ERROR:
            raise commands.parse_error(data)
        if self._awaited == READY:
            self._hear_ready(name, data)
            self._say_ready()
            return
        self._check_turn(name)
        self._step(_token(data, Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE))
        if self._context.complete:
            self._check_flags()
            self._awaited = READY

    def _check_flags(self) -> None:
        if gssapi.RequirementFlag.mutual_authentication not in self._context.actual_flags:
            code = Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
            raise ProtocolError(code, "the server has not proved who it is")

    def zap_reply(self, status: int) -> None:
        """A client asks nobody."""


class GssapiServer(Gssapi):
    """The side that accepts tickets, and has the authenticator asked about who they are of."""

    __slots__ = ()

    transforms = True

    def __init__(self, principal: bytes, name_type: int) -> None:
        super().__init__(True, principal, name_type)

    def begin(self, metadata: bytes) -> None:
        self._own = metadata

    def receive(self, name: bytes, data: bytes) -> None:
        if self._awaited == READY:
            self._hear_ready(name, data)
            return
        self._check_turn(name)
        if name == _DONE:
            self._awaited = b"nothing"
            principal = str(self._context.initiator_name).encode()
            self.zap_request = ZapRequest("GSSAPI", (principal,))
            return
        token = _token(data, Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE)
        if self._context is None:
            self._accept()
        self._step(token)
        if self._context.complete:
            self._awaited = _DONE

    def _accept(self) -> None:
        try:
            credentials = self._credentials("accept")
            self._context = gssapi.SecurityContext(creds=credentials, usage="accept")
        except GSSError as error:
            raise _failed(error) from None

    def zap_reply(self, status: int) -> None:
        self.zap_request = None
        if status == 200:
            self._say_ready()
            self._awaited = READY
        elif status >= 400:
            self._due = [commands.encode_error(str(status))]


class PlaintextClient(GssapiClient):
    """A client that does without encryption."""

    __slots__ = ()

    transforms = False


class PlaintextServer(GssapiServer):
    """A server that does without encryption."""

    __slots__ = ()

    transforms = False
