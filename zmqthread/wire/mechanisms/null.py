"""The NULL mechanism (RFC 37, "The NULL Security Mechanism"): READY both ways."""

from __future__ import annotations

from collections.abc import Sequence

from zmqthread.wire.failures import unexpected
from zmqthread.wire.mechanisms.mechanism import Command, Mechanism, ZapRequest
from zmqthread.wire.zmtp.commands import ERROR, READY, encode_error, parse_error


class Null(Mechanism):
    """No security; a ZAP handler may still look at the address.

    READY goes out as soon as the greetings agree, and the peer's is taken in either order: safe
    with 3.0, where both send at once, and with 3.1, where the connecting side begins (Z26).

    Args:
        ask_zap: ask the authenticator before READY is sent (a ZAP domain is set).
    """

    __slots__ = ("_ask_zap", "_due", "_own", "_sent")

    name = b"NULL"
    explains = True
    handshake_names = frozenset((READY, ERROR))

    def __init__(self, ask_zap: bool = False) -> None:
        super().__init__()
        self._ask_zap = ask_zap
        self._own = b""
        self._due: Sequence[Command] = ()
        self._sent = False

    @property
    def repeats(self) -> bool:
        return not self._ask_zap

    def spent(self) -> Null:
        """Return the one that all connections share which need none any more."""
        return _SPENT

    def begin(self, metadata: bytes) -> None:
        if self._ask_zap:
            self._own = metadata
            self.zap_request = ZapRequest("NULL", ())
        else:
            self._ready(metadata)

    def _ready(self, metadata: bytes) -> None:
        self._due = [(READY, metadata)]
        self._sent = True
        self._own = b""
        self.complete = self.metadata is not None

    def receive(self, name: bytes, data: bytes) -> None:
        if name == ERROR:
            raise parse_error(data)
        if name != READY or self.metadata is not None:
            raise unexpected(f"{name[:32]!r} where READY was due")
        self.metadata = data
        self.complete = self._sent

    def commands(self) -> Sequence[Command]:
        due, self._due = self._due, ()
        return due

    def zap_reply(self, status: int) -> None:
        self.zap_request = None
        if status == 200:
            self._ready(self._own)
        elif status >= 400:
            self._due = [encode_error(str(status))]


_SPENT = Null()
