"""zmq_ctx_*: contexts."""

from __future__ import annotations

import struct
from typing import Any

from zmqthread.api.context import Context
from zmqthread.api.functions import thread_name_prefix
from zmqthread.capi.memory import context_of, load, octets, store, text, writable
from zmqthread.constants import EINVAL, ContextOption
from zmqthread.errors import zmq_error

_INT = "=i"
_SIZE = "@N"


def zmq_ctx_new() -> Context:
    """Make a context."""
    return Context()


def zmq_ctx_term(context: Any) -> int:
    """End a context: wait until its sockets are closed and their messages sent.

    Raises:
        ZMQError: EFAULT: not a context, or terminated before.
    """
    context_of(context).term()
    return 0


def zmq_ctx_shutdown(context: Any) -> int:
    """Make every call on the context's sockets fail with ETERM; does not wait.

    Raises:
        ZMQError: EFAULT.
    """
    context_of(context).shutdown()
    return 0


def zmq_ctx_set(context: Any, option: int, optval: int) -> int:
    """Set an option of a context.

    Raises:
        ZMQError: EFAULT; EINVAL: no such option, or not this value.
    """
    found = context_of(context)
    if not isinstance(optval, int):
        raise zmq_error(EINVAL)
    found.set(option, optval)
    return 0


def zmq_ctx_get(context: Any, option: int) -> int:
    """Return an option of a context.

    Raises:
        ZMQError: EFAULT; EINVAL: no such option.
    """
    return context_of(context).get(option)


def zmq_ctx_set_ext(context: Any, option: int, optval: Any, optvallen: int | None = None) -> int:
    """Set an option of a context: text for THREAD_NAME_PREFIX, else an int or its 4 octets.

    Raises:
        ZMQError: EFAULT; EINVAL: no such option, or not this value.
    """
    found = context_of(context)
    if option == ContextOption.THREAD_NAME_PREFIX and not isinstance(optval, int):
        value: Any = text(octets(optval, optvallen, EINVAL))
    else:
        value = load(optval, _INT)
        if optvallen not in {None, 4}:
            raise zmq_error(EINVAL)
    found.set(option, value)
    return 0


def zmq_ctx_get_ext(
    context: Any, option: int, optval: Any = None, optvallen: Any = None
) -> int | str:
    """Return an option of a context, and write it to ``optval`` if that is given.

    Args:
        context: the context.
        option: THREAD_NAME_PREFIX is text, the others are ints.
        optval: a writable buffer.
        optvallen: how much of it may be used; a list or a buffer gets what was used.

    Raises:
        ZMQError: EFAULT; EINVAL: no such option, or too little room.
    """
    found = context_of(context)
    if option == ContextOption.THREAD_NAME_PREFIX:
        value: int | str = thread_name_prefix(found)
        data = str(value).encode() + b"\0"
    else:
        value = found.get(option)
        data = struct.pack(_INT, value)
    give(data, optval, optvallen)
    return value


def give(data: bytes, optval: Any, optvallen: Any) -> None:
    """Write an option's value, and its length, where a caller wants them.

    Raises:
        ZMQError: EINVAL: there is too little room.
    """
    if optval is None:
        return
    room = writable(optval, None if optvallen is None else load(optvallen, _SIZE), EINVAL)
    if len(room) < len(data):
        raise zmq_error(EINVAL)
    room[: len(data)] = data
    if not isinstance(optvallen, int):
        store(optvallen, _SIZE, len(data))


# -- the names before 3.0 and 4.0 ---


def zmq_init(io_threads: int) -> Context:
    """Make a context with that many I/O threads.

    Raises:
        ZMQError: EINVAL: a negative number.
    """
    if io_threads < 0:
        raise zmq_error(EINVAL)
    return Context(io_threads)


def zmq_term(context: Any) -> int:
    """See `zmq_ctx_term`."""
    return zmq_ctx_term(context)


def zmq_ctx_destroy(context: Any) -> int:
    """See `zmq_ctx_term`."""
    return zmq_ctx_term(context)
