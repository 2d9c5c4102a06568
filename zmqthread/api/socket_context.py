"""What `Socket.bind` and `Socket.connect` return."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from zmqthread.errors import ZMQError

if TYPE_CHECKING:
    from zmqthread.api.socket import Socket

_Bound = TypeVar("_Bound", bound="Socket[Any]")


class SocketContext(Generic[_Bound]):
    """Undoes a bind or connect at the end of a with-block."""

    def __init__(self, socket: _Bound, kind: str, addr: str) -> None:
        self.socket = socket
        self.kind = kind
        self.addr = addr

    def __enter__(self) -> _Bound:
        return self.socket

    def __exit__(self, *exc: object) -> None:
        undo = self.socket.unbind if self.kind == "bind" else self.socket.disconnect
        with contextlib.suppress(ZMQError):  # closed, or undone, meanwhile
            undo(self.addr)

    def __repr__(self) -> str:
        return f"<SocketContext({self.kind}={self.addr!r})>"
