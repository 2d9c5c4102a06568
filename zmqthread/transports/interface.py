"""What a transport offers to the sessions: streams, listeners, dialers and address resolution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar


class Target(NamedTuple):
    """Where one attempt to connect goes: addresses in the form the ``socket`` module takes."""

    family: int
    address: Any
    #: The local address to start from, if the endpoint names one.
    source: Any = None


E_contra = TypeVar("E_contra", contravariant=True)


class Stream(Protocol):
    """The part of a non-blocking stream socket that a session uses."""

    def recv(self, size: int, /) -> bytes: ...
    def recv_into(self, buffer: Any, /) -> int: ...
    def send(self, data: Any, /) -> int: ...
    def sendmsg(self, buffers: Iterable[Any], /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Bound(Protocol):
    """A bound socket, until `close`."""

    @property
    def socket(self) -> Any:
        """The descriptor to watch: readable when somebody wants in."""

    @property
    def endpoint(self) -> str:
        """The resolved endpoint, as LAST_ENDPOINT gives it."""

    def close(self) -> None:
        """Close the socket; a second call does nothing."""


class Listener(Bound, Protocol):
    """A listening socket."""

    def accept(self) -> tuple[Any, str, Any] | None:
        """Return the next stream, and its peer's address as a property and as the system has it.

        None when there is none for us.

        None may also mean that the next one was refused by a filter or is gone already.

        Raises:
            OSError: descriptors or memory have run out: wait before the next try.
        """


class Connecting(Protocol):
    """One attempt to connect."""

    @property
    def socket(self) -> Any:
        """The stream-to-be: writable when the attempt is over."""

    @property
    def pending(self) -> bool:
        """Whether there is something to wait for; if not, call `done` at once."""

    def done(self) -> OSError | None:
        """Return why the attempt failed, or None if `socket` is a connected stream."""

    def close(self) -> None:
        """Give the attempt up."""


class Transport(Protocol[E_contra]):
    """A module of this room. Errors of the network are OSError, those of `listen` ZMQError."""

    def listen(self, endpoint: E_contra, options: Any, seams: Any) -> Bound:
        """Bind and listen, streams with a `Listener`; may block on the look-up of a host name."""

    def dial(
        self,
        endpoint: E_contra,
        options: Any,
        seams: Any,
        addresses: Sequence[Target] | None = None,
    ) -> Connecting:
        """Start one attempt to connect; without `addresses` the endpoint must be `numeric`.

        Raises:
            OSError: it failed at once.
        """

    def numeric(self, endpoint: E_contra, options: Any) -> list[Target] | None:
        """Return the addresses if no name has to be looked up, else None. Never blocks."""

    def resolve(self, endpoint: E_contra, options: Any) -> list[Target]:
        """Return the addresses to try in this order; blocks as long as the look-up takes."""

    def peer_address(self, connection: Any, name: Any = None) -> str:
        """Return what the message property Peer-Address tells of a connected stream.

        Args:
            connection: the stream.
            name: what its ``getpeername`` has said, if it was asked.
        """
