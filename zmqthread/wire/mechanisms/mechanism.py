"""What a security mechanism is to a connection: commands in, commands out, state in between."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, NoReturn

from zmqthread.wire.zmtp import commands, frames

Command = tuple[bytes, bytes]
"""Name and data of a command."""


class ZapRequest(NamedTuple):
    """A question to the authenticator (RFC 27). The session adds domain, address and routing id.

    Attributes:
        mechanism: name of the mechanism, like "NULL".
        credentials: none for NULL, user and password for PLAIN, the client's key for CURVE, the
            principal for GSSAPI.
    """

    mechanism: str
    credentials: tuple[bytes, ...]

    def __repr__(self) -> str:
        # A password may be among the credentials.
        return f"ZapRequest({self.mechanism!r}, {len(self.credentials)} credentials)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not for storing")


class Mechanism(ABC):
    """One side of one handshake; made anew for each connection.

    The connection calls `begin` when the greetings have been exchanged, `receive` for each command
    of the peer, `zap_reply` when an answer is there, and after each of them `commands` for what is
    to be sent. It checks `metadata` before it asks for commands, so that a peer whose metadata is
    refused never gets READY as an answer to it.

    Attributes:
        name: what the greeting announces.
        handshake_names: commands that have no place after the handshake.
        transforms: message frames go through `wrap` and `unwrap`.
        explains: this side may send ERROR for other reasons than the authenticator's.
        as_server: our role in the greeting; False where there are no roles.
        metadata: the peer's metadata in wire form, once known and authentic.
        zap_request: a question that waits for `zap_reply`; no command is read meanwhile.
        complete: both sides are done, messages may flow.
        repeats: what the peer says decides everything: nothing is random, nobody else is asked.
    """

    __slots__ = ("as_server", "complete", "metadata", "zap_request")

    name: ClassVar[bytes]
    handshake_names: ClassVar[frozenset[bytes]]
    transforms: ClassVar[bool] = False
    explains: ClassVar[bool] = False

    def __init__(self, as_server: bool = False) -> None:
        self.as_server = as_server
        self.metadata: bytes | None = None
        self.zap_request: ZapRequest | None = None
        self.complete = False

    @property
    def repeats(self) -> bool:
        return False

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} may hold keys and is not for storing")

    @abstractmethod
    def begin(self, metadata: bytes) -> None:
        """The greetings agree; `metadata` is ours, in wire form."""

    def spent(self) -> Mechanism:
        """Return what stands in its place once the handshake is over."""
        return self

    def split(self, body: bytes) -> Command:
        """Take name and data of a handshake command apart."""
        return commands.split(body)

    def join(self, name: bytes, data: bytes) -> bytes:
        """Put a handshake command together: the reverse of `split`."""
        return commands.body_of(name, data)

    @abstractmethod
    def receive(self, name: bytes, data: bytes) -> None:
        """Take a command of the peer.

        Raises:
            ProtocolError: it is malformed, not authentic or has no place in this state.
        """

    @abstractmethod
    def commands(self) -> Sequence[Command]:
        """The commands that are due now; each is given once."""

    @abstractmethod
    def zap_reply(self, status: int) -> None:
        """Take the authenticator's status: 200, 300, 400 or 500.

        After 400 and 500 `commands` gives ERROR, where the mechanism has one. After 300 nothing
        is sent: the handshake is left to time out.
        """

    def wrap(self, flags: int, body: bytes) -> bytes:
        """Turn a frame into the body of the frame that is sent in its place."""
        raise NotImplementedError(f"{self.name!r} does not transform frames")

    def wrap_messages(self, messages: Sequence[frames.Message]) -> list[frames.Buffer]:
        """Turn whole messages into buffers of whole frames.

        Zero-copy frames are copied: what is sent is another body anyway.
        """
        pieces: list[bytes] = []
        for message in messages:
            parts = message if isinstance(message, tuple) else (message,)
            left = len(parts)
            for part in parts:
                left -= 1
                body = part if isinstance(part, bytes) else bytes(part.buffer)
                wrapped = self.wrap(frames.MORE if left else 0, body)
                pieces += (frames.header(0, len(wrapped)), wrapped)
        return [b"".join(pieces)]

    def unwrap(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Turn a received frame into flags and body of the one inside.

        Raises:
            ProtocolError: it is not authentic, or not wrapped at all.
        """
        raise NotImplementedError(f"{self.name!r} does not transform frames")

    def unwrap_run(
        self, data: bytes, pos: int, limit: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        """Unwrap whole frames at `pos` in one go, if there is a quicker way than one by one.

        What is wrong with a frame is left for `unwrap` to find.

        Returns:
            Where the frames end, their bodies, and their flags, or None if no flag is set.
        """
        return pos, [], None
