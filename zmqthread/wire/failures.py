"""The ways a connection fails: subclasses of ProtocolError with what a session has to know."""

from __future__ import annotations

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError


class PeerRefused(ProtocolError):
    """The peer sent ERROR (RFC 37, Z33): it does not want this connection.

    Attributes:
        reason: the text of the peer, as it came; it has no defined meaning.
        status: the number, when the reason is exactly three digits from 300 to 500 (the ZAP
            statuses that libzmq puts there), else None.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED, f"the peer refused the connection: {reason!r}"
        )
        self.reason = reason
        digits = len(reason) == 3 and reason.isascii() and reason.isdigit()
        status = int(reason) if digits else 0
        self.status: int | None = status if 300 <= status <= 500 else None


class AuthenticationRefused(ProtocolError):
    """The ZAP handler said no to this peer.

    Attributes:
        status: 400 or 500. (300 fails nothing by itself: the handshake times out.)
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(
            Event.PROTOCOL_ERROR_ZAP_UNSPECIFIED, f"authentication refused: {status} {text!r}"
        )
        self.status = status


class IncompatiblePeer(ProtocolError):
    """The socket types do not go together; the peer has been told so with ERROR."""

    def __init__(self, own: str, peer: str) -> None:
        super().__init__(
            Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA, f"{own} does not talk to {peer}"
        )


class MechanismMismatch(ProtocolError):
    """The peer announced another mechanism than ours."""

    def __init__(self, text: str) -> None:
        super().__init__(Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, text)


class ConnectionTimeout(ProtocolError):
    """A deadline has passed."""

    def __init__(self, text: str) -> None:
        super().__init__(Event.PROTOCOL_ERROR_ZMTP_UNSPECIFIED, text)


class HandshakeTimeout(ConnectionTimeout):
    """The handshake did not end in time. The deadline is absolute: progress does not move it."""


class HeartbeatTimeout(ConnectionTimeout):
    """The peer gave no sign of life in the time agreed."""


def unexpected(text: str) -> ProtocolError:
    """The error for something that is well-formed but has no place here."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND, text)


def malformed(text: str) -> ProtocolError:
    """The error for a command that breaks its grammar."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED, text)
