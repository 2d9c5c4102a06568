"""tcp: listen and dial on IPv4, IPv6 or both."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from typing import Any

from zmqthread.endpoint import TcpEndpoint
from zmqthread.transports.interface import Target
from zmqthread.transports.names import (
    Address,
    as_v6,
    ip_of,
    literal,
    local_addresses,
    look_up,
    show,
)
from zmqthread.transports.stream import (
    StreamConnecting,
    StreamListener,
    adopt,
    refused_by_system,
    start,
)
from zmqthread.transports.tuning import bind_to_device, tune_tcp


def listen(endpoint: TcpEndpoint, options: Any, seams: Any) -> StreamListener:
    """Bind and listen; blocks on the look-up if the endpoint has a host name.

    Raises:
        ZMQError: EADDRINUSE, EADDRNOTAVAIL, EACCES; ENODEV if the host is not known.
    """
    if options.use_fd >= 0:
        sock: Any = adopt(options.use_fd, (socket.AF_INET, socket.AF_INET6), endpoint.text)
    else:
        try:
            sock = _bound(endpoint, options, seams)
        except OSError as error:
            raise refused_by_system(error, endpoint.text) from error

    family = int(sock.family)

    def admit(connection: Any, address: Any) -> str | None:
        return _admit(connection, address, family, options)

    return StreamListener(sock, _last_endpoint(sock), admit)


def dial(
    endpoint: TcpEndpoint, options: Any, seams: Any, addresses: Sequence[Target] | None = None
) -> StreamConnecting:
    """Start one attempt to connect; without `addresses` the endpoint must be `numeric`.

    Raises:
        OSError: it failed at once.
    """
    targets = numeric(endpoint, options) if addresses is None else addresses
    if targets is None:
        raise OSError(errno.EINVAL, f"{endpoint.text!r} has to be resolved first")
    return start(targets, lambda target: _dialling(target, options, seams), _not_ourselves)


def numeric(endpoint: TcpEndpoint, options: Any) -> list[Target] | None:
    """Return where to connect if no name has to be looked up, else None; never blocks.

    Raises:
        OSError: ENODEV for an IPv6 literal without the option IPV6, or with an unknown zone.
    """
    target = literal(endpoint.host, endpoint.port, options.ipv6)
    if target is None or endpoint.source is None:
        return None if target is None else [Target(*target)]
    host, port = endpoint.source
    source = literal(host, port, options.ipv6)
    return None if source is None else _from_source([target], [source], endpoint.text)


def resolve(endpoint: TcpEndpoint, options: Any) -> list[Target]:
    """Return where to connect, best first; blocks as long as the look-up takes.

    Raises:
        OSError: EHOSTUNREACH if the name does not resolve; as `numeric` otherwise.
    """
    spelled = literal(endpoint.host, endpoint.port, options.ipv6)
    found = [spelled] if spelled else look_up(endpoint.host, endpoint.port, options.ipv6)
    if endpoint.source is None:
        return [Target(*address) for address in found]
    host, port = endpoint.source
    return _from_source(found, local_addresses(host, port, options.ipv6), endpoint.text)


def peer_address(connection: Any, name: Any = None) -> str:
    """Return the Peer-Address of a connected stream: the IP address, no port; "" if it has gone.

    Args:
        connection: the stream.
        name: its peer's name, if that is known already.
    """
    try:
        return show(name or connection.getpeername())
    except OSError:
        return ""


def _from_source(found: list[Address], sources: list[Address], text: str) -> list[Target]:
    """Pair each address with the first source address of its family."""
    by_family = dict(reversed(sources))
    targets = [
        Target(family, address, by_family[family])
        for family, address in found
        if family in by_family
    ]
    if not targets:
        raise OSError(errno.EADDRNOTAVAIL, f"source and target of {text!r} share no IP version")
    return targets


def _bound(endpoint: TcpEndpoint, options: Any, seams: Any) -> Any:
    if endpoint.host != "*":
        address = local_addresses(endpoint.host, endpoint.port, options.ipv6)[0]
        return _listening(as_v6(address) if options.ipv6 else address, options, seams)
    if options.ipv6:
        try:
            return _listening((socket.AF_INET6, ("::", endpoint.port, 0, 0)), options, seams)
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:  # a kernel without IPv6
                raise
    return _listening((socket.AF_INET, ("0.0.0.0", endpoint.port)), options, seams)


def _listening(address: Address, options: Any, seams: Any) -> Any:
    family, where = address
    sock = seams.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: SO_REUSEADDR would share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bind_to_device(sock, options)
        # Before listen: the window scale of a connection follows from its listener's buffer.
        tune_tcp(sock, family, options)
        sock.bind(where)
        sock.listen(options.backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _last_endpoint(sock: Any) -> str:
    name = sock.getsockname()
    host = show(name)
    return f"tcp://[{host}]:{name[1]}" if len(name) == 4 else f"tcp://{host}:{name[1]}"


def _admit(connection: Any, address: tuple[Any, ...], family: int, options: Any) -> str | None:
    if options.tcp_accept_filter:
        peer = ip_of(address)
        if not any(peer in network for network in options.tcp_accept_filter):
            return None
    tune_tcp(connection, family, options)
    return show(address)


def _dialling(target: Target, options: Any, seams: Any) -> Any:
    """Return a socket that is ready to connect to `target`."""
    sock = seams.socket(target.family, socket.SOCK_STREAM)
    try:
        tune_tcp(sock, target.family, options)
        bind_to_device(sock, options)
        if target.source is not None:
            # One source port may serve for several targets, and again soon after a close.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(target.source)
    except BaseException:
        sock.close()
        raise
    return sock


def _not_ourselves(near: Any, far: Any) -> None:
    """Find the connection of a socket with itself.

    Who connects to a free port of the ephemeral range may be given that very port as the local
    end, and TCP joins the two. Nobody listens there: a refusal is what it comes to.
    """
    if near == far:
        raise OSError(errno.ECONNREFUSED, "connected to itself: nobody listens there")
