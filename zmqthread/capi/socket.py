"""zmq_socket, zmq_bind and so on: sockets, their endpoints and their options."""

from __future__ import annotations

import struct
from typing import Any

from zmqthread.api.live_options import get_option, set_option
from zmqthread.api.peers import connect_peer, disconnect_peer, join, leave, peer_state
from zmqthread.api.socket import Socket
from zmqthread.capi.context import give
from zmqthread.capi.memory import context_of, core_of, load, octets, socket_of, text
from zmqthread.constants import EINVAL, SocketOption
from zmqthread.errors import error_from_os, zmq_error
from zmqthread.option_types import INT64, UINT64
from zmqthread.options import Options
from zmqthread.security import z85

#: How C holds the values of the options that are numbers.
LAYOUTS = {
    row.number: "=q" if row.limits is INT64 else "=Q" if row.limits is UINT64 else "=i"
    for row in Options.ROWS
    if row.kind is int
}
#: Options whose NULL means something else than an empty value.
_CLEARED = {row.number for row in Options.ROWS if row.clears}
_TEXTS = {
    SocketOption.LAST_ENDPOINT,
    SocketOption.PLAIN_USERNAME,
    SocketOption.PLAIN_PASSWORD,
    SocketOption.ZAP_DOMAIN,
    SocketOption.GSSAPI_PRINCIPAL,
    SocketOption.GSSAPI_SERVICE_PRINCIPAL,
    SocketOption.SOCKS_PROXY,
    SocketOption.SOCKS_USERNAME,
    SocketOption.SOCKS_PASSWORD,
    SocketOption.BINDTODEVICE,
}
_KEYS = {
    SocketOption.CURVE_PUBLICKEY,
    SocketOption.CURVE_SECRETKEY,
    SocketOption.CURVE_SERVERKEY,
}
_Z85_KEY = 41


def zmq_socket(context: Any, type_: int) -> Socket:
    """Make a socket.

    Raises:
        ZMQError: EFAULT: not a context. EINVAL: no such type. EMFILE: MAX_SOCKETS, or the system
            has no descriptors left. ETERM.
    """
    try:
        return context_of(context).socket(type_)
    except OSError as error:
        raise error_from_os(error) from None


def zmq_close(socket: Any) -> int:
    """Close a socket; does not wait for its messages to be sent.

    Raises:
        ZMQError: ENOTSOCK: not a socket, or closed before.
    """
    core_of(socket)
    socket_of(socket).close()
    return 0


# -- endpoints ---


def zmq_bind(socket: Any, addr: Any) -> int:
    """Listen on an endpoint; see `Socket.bind`."""
    found = socket_of(socket)
    found.bind(text(addr))
    return 0


def zmq_connect(socket: Any, addr: Any) -> int:
    """Keep up a connection to an endpoint; see `Socket.connect`."""
    found = socket_of(socket)
    found.connect(text(addr))
    return 0


def zmq_unbind(socket: Any, addr: Any) -> int:
    """Stop listening on an endpoint; see `Socket.unbind`."""
    found = socket_of(socket)
    found.unbind(text(addr))
    return 0


def zmq_disconnect(socket: Any, addr: Any) -> int:
    """Give up a connection; see `Socket.disconnect`."""
    found = socket_of(socket)
    found.disconnect(text(addr))
    return 0


def zmq_connect_peer(socket: Any, addr: Any) -> int:
    """Connect a PEER socket and return the routing id of the other one.

    Raises:
        ZMQError: ENOTSUP: not a PEER; EFAULT: with IMMEDIATE there is no peer to tell the id of;
            or what connecting raises.
    """
    return connect_peer(core_of(socket), text(addr))


def zmq_disconnect_peer(socket: Any, routing_id: int) -> int:
    """Drop one peer of a SERVER or PEER socket.

    Raises:
        ZMQError: EHOSTUNREACH, ENOTSUP, ENOTSOCK, ETERM.
    """
    disconnect_peer(core_of(socket), routing_id)
    return 0


def zmq_join(socket: Any, group: Any) -> int:
    """Take the messages of a group (DISH).

    Raises:
        ZMQError: EINVAL: joined before, or too long. ENOTSUP, ENOTSOCK.
    """
    join(core_of(socket), text(group))
    return 0


def zmq_leave(socket: Any, group: Any) -> int:
    """Take the messages of a group no longer (DISH).

    Raises:
        ZMQError: EINVAL: not joined, or too long. ENOTSUP, ENOTSOCK.
    """
    leave(core_of(socket), text(group))
    return 0


def zmq_socket_get_peer_state(
    socket: Any, routing_id: Any, routing_id_size: int | None = None
) -> int:
    """Return POLLOUT if a ROUTER's peer has room, else 0.

    Raises:
        ZMQError: ENOTSUP, EHOSTUNREACH, ENOTSOCK.
    """
    core = core_of(socket)
    return peer_state(core, bytes(octets(routing_id, routing_id_size)))


# -- options ---


def zmq_setsockopt(socket: Any, option: int, optval: Any, optvallen: int | None = None) -> int:
    """Set an option.

    Args:
        socket: the socket.
        option: its number.
        optval: an int, bytes or str; or the value as C holds it, in native order.
        optvallen: how many octets that are.

    Raises:
        ZMQError: EINVAL: no such option, not this value, or not this length. ETERM, ENOTSOCK.
    """
    core = core_of(socket)
    try:
        set_option(core, option, _given(option, optval, optvallen))
    except TypeError:
        raise zmq_error(EINVAL) from None
    return 0


def _given(option: int, optval: Any, optvallen: int | None) -> Any:
    """Return the value of an option that a caller passes as a pointer and a length."""
    layout = LAYOUTS.get(option)
    if layout is not None:
        if optvallen not in {None, struct.calcsize(layout)}:
            raise zmq_error(EINVAL)
        return load(optval, layout)
    if optval is None and not optvallen:
        return None if option in _CLEARED else b""
    if isinstance(optval, int):
        return optval  # of an option that does not exist, or that takes none
    return bytes(octets(optval, optvallen, EINVAL))


def zmq_getsockopt(
    socket: Any, option: int, optval: Any = None, optvallen: Any = None
) -> int | bytes | str:
    """Return an option, and write it to ``optval`` as C would hold it if that is given.

    Args:
        socket: the socket.
        option: its number.
        optval: a writable buffer.
        optvallen: how much of it may be used; a list or a buffer (of a size_t) gets what was used.

    Returns:
        An int; a str for options that are text; bytes for the others. Keys are 32 octets, or
        text where there is room for 41.

    Raises:
        ZMQError: EINVAL: no such option, it cannot be read, or there is too little room. ETERM,
            ENOTSOCK.
    """
    value: Any = get_option(core_of(socket), option)
    layout = LAYOUTS.get(option)
    if layout is not None:
        give(struct.pack(layout, value), optval, optvallen)
        return int(value)
    if option in _KEYS:
        return _give_key(value, optval, optvallen)
    if option in _TEXTS:
        give(value + b"\0", optval, optvallen)
        return str(value.decode("utf-8", "surrogateescape"))
    give(value, optval, optvallen)
    return bytes(value)


def _give_key(key: bytes, optval: Any, optvallen: Any) -> bytes | str:
    if optvallen is not None:
        room = load(optvallen, "@N")
    else:
        room = len(key) if optval is None else len(memoryview(optval).cast("B"))
    if room == len(key):
        give(key, optval, optvallen)
        return key
    if room != _Z85_KEY:
        raise zmq_error(EINVAL)
    shown = z85.encode(key)
    give(shown + b"\0", optval, optvallen)
    return shown.decode()
