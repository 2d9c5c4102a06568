"""zmq_msg_*: the methods of `zmq_msg_t` as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.capi.memory import core_of
from zmqthread.capi.message import zmq_msg_t
from zmqthread.constants import EFAULT
from zmqthread.errors import zmq_error

if TYPE_CHECKING:
    from collections.abc import Callable


def _message(msg: Any) -> zmq_msg_t:
    if not isinstance(msg, zmq_msg_t):
        raise zmq_error(EFAULT)
    return msg


def zmq_msg_init(msg: zmq_msg_t) -> int:
    """See `zmq_msg_t.init`."""
    return _message(msg).init()


def zmq_msg_init_size(msg: zmq_msg_t, size: int) -> int:
    """See `zmq_msg_t.init_size`."""
    return _message(msg).init_size(size)


def zmq_msg_init_buffer(msg: zmq_msg_t, buf: Any, size: int | None = None) -> int:
    """See `zmq_msg_t.init_buffer`."""
    return _message(msg).init_buffer(buf, size)


def zmq_msg_init_data(
    msg: zmq_msg_t,
    data: Any,
    size: int | None = None,
    ffn: Callable[[Any, Any], object] | None = None,
    hint: Any = None,
) -> int:
    """See `zmq_msg_t.init_data`."""
    return _message(msg).init_data(data, size, ffn, hint)


def zmq_msg_send(msg: zmq_msg_t, socket: Any, flags: int = 0) -> int:
    """See `zmq_msg_t.send`."""
    core_of(socket)
    return _message(msg).send(socket, flags)


def zmq_msg_recv(msg: zmq_msg_t, socket: Any, flags: int = 0) -> int:
    """See `zmq_msg_t.recv`."""
    core_of(socket)
    return _message(msg).recv(socket, flags)


def zmq_sendmsg(socket: Any, msg: zmq_msg_t, flags: int = 0) -> int:
    """See `zmq_msg_send`, which has replaced it."""
    return zmq_msg_send(msg, socket, flags)


def zmq_recvmsg(socket: Any, msg: zmq_msg_t, flags: int = 0) -> int:
    """See `zmq_msg_recv`, which has replaced it."""
    return zmq_msg_recv(msg, socket, flags)


def zmq_msg_close(msg: zmq_msg_t) -> int:
    """See `zmq_msg_t.close`."""
    return _message(msg).close()


def zmq_msg_move(dest: zmq_msg_t, src: zmq_msg_t) -> int:
    """See `zmq_msg_t.move`."""
    return _message(dest).move(src)


def zmq_msg_copy(dest: zmq_msg_t, src: zmq_msg_t) -> int:
    """See `zmq_msg_t.copy`."""
    return _message(dest).copy(src)


def zmq_msg_data(msg: zmq_msg_t) -> memoryview:
    """See `zmq_msg_t.data`."""
    return _message(msg).data()


def zmq_msg_size(msg: zmq_msg_t) -> int:
    """See `zmq_msg_t.size`."""
    return _message(msg).size()


def zmq_msg_more(msg: zmq_msg_t) -> int:
    """See `zmq_msg_t.more`."""
    return _message(msg).more()


def zmq_msg_get(msg: zmq_msg_t, property_: int) -> int:
    """See `zmq_msg_t.get`."""
    return _message(msg).get(property_)


def zmq_msg_set(msg: zmq_msg_t, property_: int, optval: int) -> int:
    """See `zmq_msg_t.set`."""
    return _message(msg).set(property_, optval)


def zmq_msg_gets(msg: zmq_msg_t, property_: Any) -> str:
    """See `zmq_msg_t.gets`."""
    return _message(msg).gets(property_)


def zmq_msg_set_routing_id(msg: zmq_msg_t, routing_id: int) -> int:
    """See `zmq_msg_t.set_routing_id`."""
    return _message(msg).set_routing_id(routing_id)


def zmq_msg_routing_id(msg: zmq_msg_t) -> int:
    """See `zmq_msg_t.routing_id`."""
    return _message(msg).routing_id()


def zmq_msg_set_group(msg: zmq_msg_t, group: Any) -> int:
    """See `zmq_msg_t.set_group`."""
    return _message(msg).set_group(group)


def zmq_msg_group(msg: zmq_msg_t) -> str:
    """See `zmq_msg_t.group`."""
    return _message(msg).group()
