"""Socket options: from the ZeroMQ names to the kernel's."""

from __future__ import annotations

import socket
import sys
from typing import Any

_LINUX = sys.platform == "linux"
# Not in every version of the socket module; the numbers are those of <asm-generic/socket.h>.
SO_BUSY_POLL = 46
SO_PRIORITY = 12

_TUNED = frozenset(
    ("sndbuf", "rcvbuf", "priority", "busy_poll", "tos", "tcp_maxrt", "tcp_keepalive")
)


def tune(sock: Any, options: Any) -> None:
    """Apply what holds for streams of any kind; a default leaves the system's setting alone."""
    if options.sndbuf >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, options.sndbuf)
    if options.rcvbuf >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.rcvbuf)
    if _LINUX and options.priority > 0:
        sock.setsockopt(socket.SOL_SOCKET, SO_PRIORITY, options.priority)
    if _LINUX and options.busy_poll:
        sock.setsockopt(socket.SOL_SOCKET, SO_BUSY_POLL, options.busy_poll)


def tune_tcp(sock: Any, family: int, options: Any) -> None:
    """Apply the options of tcp, and always TCP_NODELAY: batching is done above the kernel."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options.lacks(_TUNED):
        return  # as nearly always: all is left as the system has it
    tune(sock, options)
    tune_ip(sock, family, options)
    if options.tcp_maxrt > 0 and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, options.tcp_maxrt)
    _keep_alive(sock, options)


def tune_ip(sock: Any, family: int, options: Any) -> None:
    """Apply TOS."""
    if options.tos > 0:
        # A dual-stack socket needs both: IP_TOS rules the IPv4 packets on it.
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, options.tos)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, options.tos)


def tune_multicast(sock: Any, family: int, options: Any) -> None:
    """Apply MULTICAST_LOOP and MULTICAST_HOPS, whether or not a group will be sent to."""
    # A packet has 8 bits for it, and there is nothing farther away than 255.
    loop, hops = options.multicast_loop, min(options.multicast_hops, 255)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, loop)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        if sys.platform != "linux":
            return  # elsewhere there are no IPv4 groups on a dual-stack socket
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, loop)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops)


def bind_to_device(sock: Any, options: Any) -> None:
    """Apply BINDTODEVICE; connections that are accepted inherit it."""
    if options.bindtodevice and hasattr(socket, "SO_BINDTODEVICE"):
        name = options.bindtodevice
        device = name if isinstance(name, bytes) else name.encode()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)


def _keep_alive(sock: Any, options: Any) -> None:
    if options.tcp_keepalive < 0:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, options.tcp_keepalive)
    # macOS calls the idle time TCP_KEEPALIVE.
    idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
    for name, value in (
        (getattr(socket, "TCP_KEEPCNT", None), options.tcp_keepalive_cnt),
        (idle, options.tcp_keepalive_idle),
        (getattr(socket, "TCP_KEEPINTVL", None), options.tcp_keepalive_intvl),
    ):
        if name is not None and value > 0:
            sock.setsockopt(socket.IPPROTO_TCP, name, value)
