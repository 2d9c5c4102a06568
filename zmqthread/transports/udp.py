"""udp: unicast and multicast datagrams on IPv4 and IPv6.

Nobody listens and nobody connects: `listen` gives a socket that receives (and sends, for DGRAM),
`dial` one that sends to one address. Both are ready at once.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from zmqthread.constants import Errno
from zmqthread.endpoint import UdpEndpoint, datagram_address
from zmqthread.transports.interface import Target
from zmqthread.transports.names import (
    Address,
    as_v6,
    interface_addresses,
    literal,
    local_addresses,
    look_up,
    show,
)
from zmqthread.transports.stream import refused, refused_by_system
from zmqthread.transports.tuning import bind_to_device, tune, tune_ip, tune_multicast

# Not in every version of the socket module; the numbers are those of <linux/in.h> and in6.h.
_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29


class DatagramSocket:
    """A non-blocking socket, open until `close`.

    Attributes:
        socket: the descriptor to watch.
        endpoint: what it is bound to, as LAST_ENDPOINT gives it; "" if it is not.
        address: where everything goes that is sent, if that is fixed.
        pending: always False: there is no connection to wait for.
    """

    __slots__ = ("address", "endpoint", "socket")

    pending = False

    def __init__(self, sock: Any, endpoint: str = "", address: Any = None) -> None:
        self.socket = sock
        self.endpoint = endpoint
        self.address = address

    @property
    def near(self) -> Any:
        """Return the name of our end; OSError once it is closed."""
        return self.socket.getsockname()

    def done(self) -> None:
        """Return None: an attempt that did not fail at once has succeeded."""

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self.socket.close()


def listen(endpoint: UdpEndpoint, options: Any, seams: Any) -> DatagramSocket:
    """Bind, and join the group of a multicast endpoint; blocks on the look-up of a host name.

    The port of a group may be shared with other programs, any other is taken for ourselves.

    Raises:
        ZMQError: EADDRINUSE, EADDRNOTAVAIL, EACCES; ENODEV if the host or the interface is not
            known; EINVAL with USE_FD.
    """
    if options.use_fd >= 0:
        raise refused(Errno.EINVAL, "USE_FD is for tcp and ipc", endpoint.text)
    try:
        if endpoint.multicast:
            return _member(endpoint, options, seams)
        return _bound(endpoint, options, seams)
    except OSError as error:
        raise refused_by_system(error, endpoint.text) from error


def dial(
    endpoint: UdpEndpoint, options: Any, seams: Any, addresses: Sequence[Target] | None = None
) -> DatagramSocket:
    """Return a socket that sends to the first of the addresses for which there is one.

    Raises:
        OSError: there is none, or the interface is not known.
    """
    targets = numeric(endpoint, options) if addresses is None else addresses
    failure = OSError(errno.EADDRNOTAVAIL, "no address to send to")
    for target in targets or ():
        try:
            return DatagramSocket(_sending(endpoint, target, options, seams), "", target.address)
        except OSError as error:
            failure = error
    raise failure


def numeric(endpoint: UdpEndpoint, options: Any) -> list[Target] | None:
    """Return where to send if no name has to be looked up, else None; never blocks.

    Raises:
        OSError: ENODEV for an IPv6 literal without the option IPV6, or with an unknown zone.
    """
    target = literal(endpoint.host, endpoint.port, options.ipv6)
    return None if target is None else [Target(*target)]


def resolve(endpoint: UdpEndpoint, options: Any) -> list[Target]:
    """Return where to send, best first; blocks as long as the look-up takes.

    Raises:
        OSError: EHOSTUNREACH if the name does not resolve; as `numeric` otherwise.
    """
    known = numeric(endpoint, options)
    if known is not None:
        return known
    return [Target(*address) for address in look_up(endpoint.host, endpoint.port, options.ipv6)]


def peer_address(_connection: Any, _name: Any = None) -> str:
    """Return "": a datagram socket has no peer."""
    return ""


def frame_of(address: tuple[Any, ...]) -> bytes:
    """Return the ``ip:port`` of a sender, as DGRAM sockets give it."""
    if len(address) == 2:
        return b"%b:%d" % (address[0].encode(), address[1])
    host = show(address)
    if host.startswith("::ffff:") and "." in host:  # IPv4 on a socket for both
        return b"%b:%d" % (host[7:].encode(), address[1])
    return b"[%b]:%d" % (host.encode(), address[1])


@lru_cache(1024)
def address_of(frame: bytes, family: int) -> Any:
    """Return the address that an ``ip:port`` stands for, in the form a socket of `family` takes.

    Raises:
        ZMQError: EINVAL: it is none.
        OSError: EAFNOSUPPORT: IPv6, and the socket has only IPv4; ENODEV: an unknown zone.
    """
    found = literal(*datagram_address(frame), ipv6=True)
    assert found is not None  # datagram_address takes literals only
    if family == socket.AF_INET6:
        found = as_v6(found)
    if found[0] != family:
        raise OSError(errno.EAFNOSUPPORT, f"{frame!r} is IPv6, the socket is not")
    return found[1]


def _bound(endpoint: UdpEndpoint, options: Any, seams: Any) -> DatagramSocket:
    """Bind to an address of this machine; a socket that is there already keeps it.

    libzmq sets SO_REUSEADDR, with which a second program takes the datagrams from the first.
    """
    sock, where = _unbound(endpoint, options, seams)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # what Windows needs for the same
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        sock.bind(where)
        name = sock.getsockname()
    except BaseException:
        sock.close()
        raise
    host = f"[{show(name)}]" if len(name) == 4 else name[0]
    return DatagramSocket(sock, f"udp://{host}:{name[1]}")


def _unbound(endpoint: UdpEndpoint, options: Any, seams: Any) -> tuple[Any, Any]:
    port = endpoint.port
    if endpoint.host != "*":
        family, where = local_addresses(endpoint.host, port, options.ipv6)[0]
        return _open(family, options, seams), where
    if options.ipv6:
        try:
            return _open(socket.AF_INET6, options, seams), _any(socket.AF_INET6, port)
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:  # a kernel without IPv6
                raise
    return _open(socket.AF_INET, options, seams), _any(socket.AF_INET, port)


def _member(endpoint: UdpEndpoint, options: Any, seams: Any) -> DatagramSocket:
    """Bind to the port of a group and join the group."""
    target = literal(endpoint.host, endpoint.port, options.ipv6)
    assert target is not None  # only literals are multicast
    family = target[0]
    sock = _open(family, options, seams)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):  # what BSD wants for sharing
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _hear_own_groups_only(sock, family)
        sock.bind(_any(family, endpoint.port))
        _join(sock, target, _choose_interface(sock, target, endpoint.interface))
        port = sock.getsockname()[1]
    except BaseException:
        sock.close()
        raise
    return DatagramSocket(sock, f"{endpoint.text.rpartition(':')[0]}:{port}")


def _sending(endpoint: UdpEndpoint, target: Target, options: Any, seams: Any) -> Any:
    sock = _open(target.family, options, seams)
    try:
        if endpoint.multicast:
            _choose_interface(sock, (target.family, target.address), endpoint.interface)
    except BaseException:
        sock.close()
        raise
    return sock


def _open(family: int, options: Any, seams: Any) -> Any:
    """Return a socket with the options applied."""
    sock = seams.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        tune(sock, options)
        tune_ip(sock, family, options)
        tune_multicast(sock, family, options)
        bind_to_device(sock, options)
    except BaseException:
        sock.close()
        raise
    return sock


def _any(family: int, port: int) -> Any:
    """Return the address that stands for all of this machine's."""
    return ("::", port, 0, 0) if family == socket.AF_INET6 else ("0.0.0.0", port)


def _hear_own_groups_only(sock: Any, family: int) -> None:
    """Have Linux leave out groups that only other sockets of the machine have joined."""
    if sys.platform != "linux":
        return
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    else:
        with contextlib.suppress(OSError):  # older than Linux 4.20
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)


def _choose_interface(sock: Any, group: Address, interface: str) -> tuple[str, int]:
    """Send to a group over an interface; return its address and number for `_join`.

    Raises:
        OSError: ENODEV: there is no such interface.
    """
    family, where = group
    address, index = "0.0.0.0", 0
    spelled = literal(interface, 0, ipv6=True) if interface else None
    if family == socket.AF_INET6:
        # The zone of the group, or that of the interface's address, will do as well as its name.
        number = spelled[1][3] if spelled and spelled[0] == family else _index(interface)
        index = number or where[3]
        if interface and not index:
            raise OSError(errno.ENODEV, f"IPv6 needs the name of the interface, not {interface!r}")
        if index:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    elif interface:
        if spelled is None:
            index = _index(interface)
            # The address goes into what is sent: by default that of the route to the group.
            known = interface_addresses(interface, 0, ipv6=False)
            address = known[0][1][0] if known else address
        elif spelled[0] == family:
            address = spelled[1][0]
        else:
            raise OSError(errno.ENODEV, f"interface {interface!r} is IPv6, the group is not")
        sock.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _mreqn("0.0.0.0", address, index)
        )
    return address, index


def _index(interface: str) -> int:
    if not interface:
        return 0
    try:
        return socket.if_nametoindex(interface)
    except OSError as error:
        raise OSError(errno.ENODEV, f"no interface {interface!r}") from error


def _join(sock: Any, group: Address, interface: tuple[str, int]) -> None:
    family, where = group
    address, index = interface
    if family == socket.AF_INET6:
        request = socket.inet_pton(family, where[0]) + struct.pack("@I", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    else:
        request = _mreqn(where[0], address, index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)


def _mreqn(group: str, address: str, index: int) -> bytes:
    """Return a struct ip_mreqn."""
    return struct.pack("@4s4si", socket.inet_aton(group), socket.inet_aton(address), index)
