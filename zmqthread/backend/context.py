"""What `zmq.Context` is derived from."""

from __future__ import annotations

from typing import Any

from zmqthread.api import context as api
from zmqthread.backend.errors import peers_errors


class Context:
    """A context of ours behind pyzmq's.

    pyzmq takes every attribute that it does not find on the class for an option.
    """

    face: api.Context | None = None
    _terminated = False

    @peers_errors
    def __init__(self, io_threads: int = 1, shadow: int = 0) -> None:
        self.face = api.Context(io_threads=io_threads, shadow=shadow)

    @property
    def underlying(self) -> int:
        """The number by which others find this context."""
        return 0 if self.face is None else self.face.underlying

    @property
    def closed(self) -> bool:
        """Whether it was terminated by this object; a shadow does not notice the original's end."""
        return self.face is None or self._terminated

    @peers_errors
    def term(self) -> None:
        """See `zmqthread.Context.term`; in a forked child there is nothing to wait for."""
        if self.face is not None:
            self.face.term()
            self._terminated = True

    @peers_errors
    def set(self, option: int, optval: int) -> None:
        """See `zmqthread.Context.set`."""
        self._there().set(option, optval)

    @peers_errors
    def get(self, option: int) -> Any:
        """See `zmqthread.Context.get`."""
        return self._there().get(option)

    def _there(self) -> api.Context:
        if self.face is None or self._terminated:
            raise RuntimeError("Context has been destroyed")
        return self.face
