"""Pointers: what C passes as one, as the Python objects that stand for it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeVar

from zmqthread.api.context import Context
from zmqthread.api.socket import Socket
from zmqthread.constants import EFAULT, EINVAL, ENOTSOCK
from zmqthread.errors import zmq_error

if TYPE_CHECKING:
    from zmqthread.api.core import Core

H = TypeVar("H", bound="Handle")


class Handle:
    """Something that zmq.h hands out as a ``void *`` and takes back to destroy it."""

    alive = True


def handle(value: Any, kind: type[H]) -> H:
    """Return a live handle of one kind, given as such or, like a ``void **``, in a list.

    Raises:
        ZMQError: EFAULT: it is None, destroyed, or something else.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, kind) or not value.alive:
        raise zmq_error(EFAULT)
    return value


def destroyed(value: Any, kind: type[H]) -> H:
    """Return a handle that nobody can use from now on; a list's element becomes None."""
    found = handle(value, kind)
    found.alive = False
    if isinstance(value, list):
        value[0] = None
    return found


def context_of(value: Any) -> Context:
    """Return a context that has not been terminated; EFAULT if it is none."""
    if not isinstance(value, Context) or value.closed:
        raise zmq_error(EFAULT)
    return value


def socket_of(value: Any) -> Socket:
    """Return a socket, which says itself when it has been closed; ENOTSOCK if it is none."""
    if not isinstance(value, Socket):
        raise zmq_error(ENOTSOCK)
    return value


def core_of(value: Any) -> Core:
    """Return what is behind a socket that is not closed; ENOTSOCK otherwise."""
    core: Core = socket_of(value)._core  # noqa: SLF001 - the other face of the same core
    if core.closing:
        raise zmq_error(ENOTSOCK)
    return core


# -- memory that is read ---


def octets(data: Any, length: int | None = None, error: int = EFAULT) -> bytes | memoryview:
    """Return the first ``length`` octets of a buffer (all of them without a length).

    Text stands for its UTF-8 octets, as a literal does in C; None is NULL, of length 0.

    Raises:
        ZMQError: ``error``: NULL with a length, less memory than that, or no memory at all.
    """
    if data.__class__ is bytes and (length is None or length == len(data)):
        return data
    if data is None:
        data = b""
    elif isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    try:
        view = memoryview(data).cast("B")
    except TypeError:
        raise zmq_error(error) from None
    if length is None or length == len(view):
        return view
    if not 0 <= length <= len(view):
        raise zmq_error(error)
    return view[:length]


def text(data: Any, error: int = EINVAL) -> str:
    """Return a C string: up to the first NUL if there is one; ``error`` for NULL and no string."""
    if isinstance(data, str):
        found = data
    elif data is None:
        raise zmq_error(error)
    else:
        found = bytes(octets(data, None, error)).decode("utf-8", "surrogateescape")
    return found.partition("\0")[0]


def load(pointer: Any, layout: str) -> int:
    """Return a number: one that is given as such, in a list, or in native order in a buffer.

    Raises:
        ZMQError: EINVAL: there is none.
    """
    if isinstance(pointer, list) and len(pointer) == 1:
        pointer = pointer[0]
    if isinstance(pointer, int):
        return int(pointer)
    try:
        return int(struct.unpack(layout, bytes(octets(pointer, None, EINVAL)))[0])
    except struct.error:
        raise zmq_error(EINVAL) from None


# -- memory that is written ---


def writable(buffer: Any, length: int | None = None, error: int = EFAULT) -> memoryview:
    """Return the first ``length`` octets of a writable buffer (all of them without a length).

    Raises:
        ZMQError: ``error``: NULL with a length, less memory than that, or none to write to.
    """
    if buffer is None and not length:
        return memoryview(bytearray())
    try:
        view = memoryview(buffer).cast("B")
    except TypeError:
        raise zmq_error(error) from None
    if view.readonly or (length is not None and not 0 <= length <= len(view)):
        raise zmq_error(error)
    return view[:length]


def store(pointer: Any, layout: str, value: int) -> None:
    """Write a number through a pointer: a list's only element, or a buffer, or nothing for None.

    Raises:
        ZMQError: EFAULT: something else, or too little memory.
    """
    if pointer is None:
        return
    if isinstance(pointer, list):
        pointer[:] = [value]
        return
    view = writable(pointer)
    try:
        struct.pack_into(layout, view, 0, value)
    except struct.error:
        raise zmq_error(EFAULT) from None


def store_text(buffer: Any, value: str) -> None:
    """Write a C string with its NUL; nothing for None.

    Raises:
        ZMQError: EFAULT: there is not enough memory.
    """
    if buffer is not None:
        data = value.encode() + b"\0"
        writable(buffer, len(data))[:] = data
