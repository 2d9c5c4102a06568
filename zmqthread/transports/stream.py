"""Listeners and connection attempts on stream sockets: what tcp and ipc have in common."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Any

from zmqthread.constants import Errno
from zmqthread.errors import ZMQError, strerror, zmq_error
from zmqthread.reactor import originals
from zmqthread.transports.interface import Target

# accept(2): errors of the connection that was to be accepted, not of the listener; EPERM is a
# firewall's. A platform may lack some.
_NOTHING_NAMES = (
    *("EAGAIN", "EWOULDBLOCK", "EINTR", "ECONNABORTED", "ECONNRESET", "EPERM", "EPROTO"),
    *("ENOPROTOOPT", "ENETDOWN", "ENETUNREACH", "EHOSTDOWN", "EHOSTUNREACH", "ENONET"),
)
_NOTHING = frozenset(getattr(errno, name) for name in _NOTHING_NAMES if hasattr(errno, name))

# EINTR: the kernel goes on by itself (connect(2)). EAGAIN is none of these: on a local socket it
# says that the backlog is full, and nobody will tell when there is room.
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EINTR})


def refused(number: int, why: str, endpoint: str) -> ZMQError:
    """Return the error for a bind to `endpoint` that failed because of `why`."""
    return zmq_error(number, f"{strerror(number)}: {why} (addr={endpoint!r})")


def refused_by_system(error: OSError, endpoint: str) -> ZMQError:
    """Return the error for a bind to `endpoint` that the system, or a look-up, turned down."""
    number = error.errno or Errno.EINVAL
    text, system = error.strerror or str(error), os.strerror(number)
    detail = f"{system}: {text}" if text != system else system
    return zmq_error(number, f"{detail} (addr={endpoint!r})")


class StreamListener:
    """A listening socket with what it takes to admit a peer and to leave nothing behind.

    Args:
        sock: bound, listening and non-blocking.
        endpoint: as LAST_ENDPOINT gives it.
        admit: called with a new connection and its address; prepares the connection and returns
            the peer's address as text, or None if that peer is not wanted.
        release: called before the socket is closed.
    """

    __slots__ = ("_admit", "_kind", "_release", "endpoint", "socket")

    def __init__(
        self,
        sock: Any,
        endpoint: str,
        admit: Callable[[Any, Any], str | None],
        release: Callable[[], None] | None = None,
    ) -> None:
        self.socket = sock
        self.endpoint = endpoint
        self._kind = int(sock.family), int(sock.type), sock.proto
        self._admit = admit
        self._release = release

    def accept(self) -> tuple[Any, str, Any] | None:
        """Return the next stream and whose it is, or None; see `interface.Listener`."""
        try:
            connection, address = originals.accept(self.socket, self._kind)
        except OSError as error:
            if error.errno in _NOTHING:
                return None
            raise
        peer = None
        try:
            connection.setblocking(False)
            peer = self._admit(connection, address)
        except OSError:
            return None  # the peer is gone already: there is nobody to tell
        finally:
            if peer is None:
                connection.close()
        return None if peer is None else (connection, peer, address)

    def close(self) -> None:
        """Stop listening; a second call does nothing."""
        release, self._release = self._release, None
        if release is not None:
            release()
        self.socket.close()


def adopt(descriptor: int, families: Collection[int], endpoint: str) -> socket.socket:
    """Return the listening socket behind USE_FD; from then on it is ours to close.

    Raises:
        ZMQError: EINVAL if it is of another kind or does not listen, EBADF, ENOTSOCK.
    """
    try:
        sock = originals.Socket(fileno=descriptor)
    except OSError as error:
        raise refused_by_system(error, endpoint) from error
    why = None
    if sock.family not in families or sock.type != socket.SOCK_STREAM:
        why = "is another kind of socket"
    elif not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        why = "does not listen"
    if why is not None:
        sock.detach()  # still the caller's
        raise refused(Errno.EINVAL, f"USE_FD {descriptor} {why}", endpoint)
    sock.setblocking(False)
    sock.set_inheritable(False)
    return sock


class StreamConnecting:
    """One attempt to connect a stream socket.

    Args:
        sock: non-blocking, its ``connect`` called.
        pending: whether the connect goes on in the background.
        verify: called with the names of both ends once it is connected; raises OSError if that
            connection is of no use.

    Attributes:
        near: the name of our end, once it is `done`.
        far: the name of the peer's.
    """

    __slots__ = ("_verify", "far", "near", "pending", "socket")

    def __init__(
        self, sock: Any, pending: bool, verify: Callable[[Any, Any], None] | None = None
    ) -> None:
        self.socket = sock
        self.pending = pending
        self._verify = verify
        self.near: Any = None
        self.far: Any = None

    def over(self) -> bool:
        """Return whether there is a connection already: a nearby listener's is made at once."""
        try:
            self.far = self.socket.getpeername()
        except OSError:
            return False  # and the reason of a failure stays for `done`
        return True

    def done(self) -> OSError | None:
        """Return why the attempt failed, or None if `socket` is a connected stream."""
        self.pending = False
        sock = self.socket
        # Asked once each: who connects often loses the interpreter with every system call.
        if self.far is None and (number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
            return OSError(number, os.strerror(number))
        try:
            self.near = sock.getsockname()
            if self.far is None:
                self.far = sock.getpeername()
            if self._verify is not None:
                self._verify(self.near, self.far)
        except OSError as error:
            return error
        return None

    def close(self) -> None:
        """Give the attempt up."""
        self.socket.close()


def start(
    targets: Sequence[Target],
    prepare: Callable[[Target], Any],
    verify: Callable[[Any, Any], None] | None = None,
) -> StreamConnecting:
    """Start an attempt at the first target that does not fail at once.

    Args:
        targets: at least one.
        prepare: returns an unconnected socket for a target.
        verify: see `StreamConnecting`.

    Raises:
        OSError: all of them failed at once; the last one's error.
    """
    failure = OSError(errno.EADDRNOTAVAIL, "no address to connect to")
    for target in targets:
        try:
            sock = prepare(target)
        except OSError as error:
            failure = error
            continue
        number = sock.connect_ex(target.address)
        if number == 0 or number in _UNDER_WAY:
            return StreamConnecting(sock, number != 0, verify)
        sock.close()
        failure = OSError(number, os.strerror(number))
    raise failure
