"""zmq_send, zmq_recv and their kin for arrays of buffers."""

from __future__ import annotations

from typing import Any

from zmqthread.capi.memory import load, octets, socket_of, store, writable
from zmqthread.constants import EINVAL, Flag
from zmqthread.errors import zmq_error


def zmq_send(socket: Any, buf: Any, len_: int | None = None, flags: int = 0) -> int:
    """Send a copy of a buffer; return its size.

    Args:
        socket: the socket.
        buf: any buffer; text stands for its UTF-8 octets.
        len_: how many octets of it; None: all.
        flags: DONTWAIT, SNDMORE.

    Raises:
        ZMQError: EAGAIN, ENOTSUP, EINVAL, EFSM, ETERM, ENOTSOCK, EHOSTUNREACH; EFAULT: ``buf`` has
            no ``len_`` octets.
    """
    sender = socket_of(socket)
    data = octets(buf, len_)
    sender.send(data, flags)
    return len(data)


def zmq_send_const(socket: Any, buf: Any, len_: int | None = None, flags: int = 0) -> int:
    """Send a buffer that never changes, large ones without a copy; return its size.

    See `zmq_send`.
    """
    sender = socket_of(socket)
    data = octets(buf, len_)
    sender.send(data, flags, copy=False)
    return len(data)


def zmq_recv(socket: Any, buf: Any, len_: int | None = None, flags: int = 0) -> int:
    """Receive a frame into a buffer; return the size of the frame.

    A frame that is larger than the buffer loses its tail; the size tells.

    Args:
        socket: the socket.
        buf: a writable buffer; None drops the frame.
        len_: how many octets of it may be used; None: all.
        flags: DONTWAIT.

    Raises:
        ZMQError: EAGAIN, ENOTSUP, EFSM, ETERM, ENOTSOCK; EFAULT: ``buf`` has no ``len_`` octets
            that can be written to.
    """
    receiver = socket_of(socket)
    room = writable(buf, len_)
    data = receiver.recv(flags)
    taken = data[: len(room)]
    room[: len(taken)] = taken
    return len(data)


class iovec:  # noqa: N801 - C's name
    """A piece of memory: where it is, and how many octets."""

    __slots__ = ("iov_base", "iov_len")

    def __init__(self, iov_base: Any = None, iov_len: int | None = None) -> None:
        self.iov_base = iov_base
        self.iov_len = len(octets(iov_base)) if iov_len is None else iov_len

    def __repr__(self) -> str:
        return f"iovec({self.iov_base!r}, {self.iov_len})"


def zmq_sendiov(socket: Any, iov: Any, count: int | None = None, flags: int = 0) -> int:
    """Send an array of buffers, with SNDMORE as one message; return the size of the last one.

    Args:
        socket: the socket.
        iov: a list of `iovec` or of buffers.
        count: how many of them; None: all.
        flags: SNDMORE, or each buffer is a message; DONTWAIT.

    Raises:
        ZMQError: EINVAL: ``count`` is not positive, or there are not so many; or as `zmq_send`.
    """
    sender = socket_of(socket)
    if iov is None or not 0 < (len(iov) if count is None else count) <= len(iov):
        raise zmq_error(EINVAL)
    pieces = [_octets_of(piece) for piece in iov[:count]]
    *first, last = pieces
    for piece in first:
        sender.send(piece, flags)
    sender.send(last, flags & ~Flag.SNDMORE)
    return len(last)


def _octets_of(piece: Any) -> bytes | memoryview:
    if isinstance(piece, iovec):
        return octets(piece.iov_base, piece.iov_len)
    return octets(piece)


def zmq_recviov(socket: Any, iov: list[Any], count: Any = None, flags: int = 0) -> int:
    """Receive the frames of a message, as many as fit; return how many.

    Args:
        socket: the socket.
        iov: a list: each frame becomes the memory of an `iovec` in it.
        count: how many fit; None: all of ``iov``. A list or buffer (of a size_t) gets their number.
        flags: DONTWAIT.

    Raises:
        ZMQError: EINVAL: there is no room for any; or as `zmq_recv`.
    """
    receiver = socket_of(socket)
    room = len(iov or ()) if count is None else load(count, "@N")
    if not 0 < room <= len(iov or ()):
        raise zmq_error(EINVAL)
    taken = 0
    more = True
    while more and taken < room:
        frame = receiver.recv(flags, copy=False)
        iov[taken] = iovec(bytearray(frame.bytes))
        taken += 1
        more = frame.more
    if not isinstance(count, int):
        store(count, "@N", taken)
    return taken
