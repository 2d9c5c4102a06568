"""The grammar of endpoints: ``scheme://address``, checked to the last character at once.

What can be told from the text alone is told here, so that a wrong port or a broken bracket is an
error of ``bind`` or ``connect`` and not a connection that never comes about. Whether a name exists
and whether an address is ours is the transports' to find out.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import ClassVar, Literal, NoReturn, TypeAlias

from zmqthread.constants import Errno
from zmqthread.errors import strerror, zmq_error

Use: TypeAlias = Literal["bind", "connect"]

#: ``sun_path`` of Linux holds 108 octets; libzmq keeps one for a closing NUL, abstract names too.
IPC_PATH_MAX = 107


@dataclass(frozen=True, slots=True)
class InprocEndpoint:
    """A name within one context; of any length."""

    scheme: ClassVar[str] = "inproc"
    datagrams: ClassVar[bool] = False
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """A host and a port, and for ``connect`` perhaps the local address to start from.

    Hosts are without brackets: ``*``, an IPv4 or IPv6 literal (perhaps with ``%zone``), a host
    name or, for local addresses, an interface name. Port 0 stands for ``*`` as well.
    """

    scheme: ClassVar[str] = "tcp"
    datagrams: ClassVar[bool] = False
    text: str
    host: str
    port: int
    source: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class IpcEndpoint:
    """A path in the file system, an abstract name of Linux, or ``*`` for a path to be made up."""

    scheme: ClassVar[str] = "ipc"
    datagrams: ClassVar[bool] = False
    text: str
    #: As written, an abstract name with its ``@``; ``*`` for the wildcard.
    path: str

    @property
    def abstract(self) -> bool:
        """Whether this is a name in Linux's abstract name space."""
        return self.path.startswith("@")

    @property
    def wildcard(self) -> bool:
        """Whether the path is to be made up at bind."""
        return self.path == "*"


@dataclass(frozen=True, slots=True)
class UdpEndpoint:
    """A host and a port, or a multicast group and perhaps the interface that it is joined on.

    Hosts, and port 0 of a bind, as in `TcpEndpoint`. The interface is a name, or an address of this
    machine; "" leaves it to the system, and so does ``*``.
    """

    scheme: ClassVar[str] = "udp"
    #: Messages on their own: no connection, no handshake, hence no security.
    datagrams: ClassVar[bool] = True
    text: str
    host: str
    port: int
    interface: str = ""

    @property
    def multicast(self) -> bool:
        """Whether the host is the address of a group."""
        return _is_multicast(self.host)


Endpoint: TypeAlias = InprocEndpoint | TcpEndpoint | IpcEndpoint | UdpEndpoint


# A thousand sockets connect to the same place, or one does again and again: 2 us each time.
@lru_cache(128)
def parse(text: str, use: Use) -> Endpoint:
    """Return what `text` means as the argument of `use`.

    Args:
        text: ``scheme://address``; the scheme in lower case.
        use: ``"bind"`` or ``"connect"``: wildcards are for the one, source addresses for the other.

    Raises:
        ZMQError: EINVAL for what is malformed, EPROTONOSUPPORT for an unknown or an unavailable
            transport, ENAMETOOLONG for an ipc path over 107 octets; the text names the offending
            value and the endpoint.
    """
    scheme, separator, address = text.partition("://")
    if not separator:
        _refuse(text, "it has no '://'")
    if not address:
        _refuse(text, "nothing follows the '://'")
    if "\0" in text:
        _refuse(text, "it holds a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        _refuse(text, "it cannot be encoded for the system")
    parser = _PARSERS.get(scheme)
    if parser is None:
        known = scheme in _UNAVAILABLE
        why = "is not available in this build" if known else "is not a transport"
        _refuse(text, f"{scheme!r} {why}", Errno.EPROTONOSUPPORT)
    return parser(text, address, use)


def _refuse(text: str, why: str, number: int = Errno.EINVAL) -> NoReturn:
    """Raise the error that says what is wrong with `text`."""
    raise zmq_error(number, f"{strerror(number)}: {_cut(why)} (addr={_cut(text)!r})")


def _cut(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}..."


def _parse_inproc(text: str, address: str, _use: Use) -> InprocEndpoint:
    return InprocEndpoint(text, address)


def _parse_ipc(text: str, address: str, use: Use) -> IpcEndpoint:
    if address.startswith("*"):
        if use == "connect":
            _refuse(text, "'*' is for bind only: nobody can connect to it")
        return IpcEndpoint(text, "*")
    if address == "@":
        _refuse(text, "the abstract name after '@' is empty")
    length = len(os.fsencode(address))
    if length > IPC_PATH_MAX:
        _refuse(text, f"{length} octets, the limit is {IPC_PATH_MAX}", errno.ENAMETOOLONG)
    return IpcEndpoint(text, address)


def _parse_tcp(text: str, address: str, use: Use) -> TcpEndpoint:
    source, semicolon, target = address.rpartition(";")
    if semicolon and use == "bind":
        _refuse(text, "a source address (before ';') is for connect only")
    host, port = _host_and_port(text, target, use)
    return TcpEndpoint(text, host, port, _source(text, source) if semicolon else None)


def _source(text: str, source: str) -> tuple[str, int]:
    """Return host and port of the local end; without a port, or with ``*``, any port will do."""
    if ":" not in source or source.endswith("]"):
        source += ":*"
    # The local end may be named by its interface, as in bind.
    host, port = _host_and_port(text, source, "bind")
    if host == "*":
        _refuse(text, "the source address is '*'")
    return host, port


def _parse_udp(text: str, address: str, use: Use) -> UdpEndpoint:
    interface, semicolon, target = address.rpartition(";")
    host, port = _host_and_port(text, target, use)
    if use == "connect" and not port:
        _refuse(text, "nothing can be sent to port 0")
    if not semicolon:
        return UdpEndpoint(text, host, port)
    # As in bind: the interface is one of this machine.
    interface = _checked_host(text, interface, "bind")
    if not _is_multicast(host):
        _refuse(text, f"an interface (before ';') is for multicast groups, {host!r} is none")
    if _is_multicast(interface):
        _refuse(text, f"{interface!r} is a multicast group, not an interface")
    return UdpEndpoint(text, host, port, "" if interface == "*" else interface)


def _is_multicast(host: str) -> bool:
    if ":" in host:
        wide = IPv6Address(host.partition("%")[0])
        return (wide.ipv4_mapped or wide).is_multicast
    return bool(_NUMERIC_V4.fullmatch(host)) and IPv4Address(socket.inet_aton(host)).is_multicast


@lru_cache(1024)
def datagram_address(frame: bytes) -> tuple[str, int]:
    """Return host and port of the ``ip:port`` that goes before the body of a DGRAM message.

    Raises:
        ZMQError: EINVAL: not a literal address, an IPv6 one without brackets, or port 0.
    """
    # libzmq's address frames end with a NUL, which programs may have learned to add.
    text = frame.removesuffix(b"\0").decode("ascii", "backslashreplace")
    host, port = _host_and_port(text, text, "connect")
    bracketed = text.startswith("[")
    if bracketed != (":" in host) or not (bracketed or _NUMERIC_V4.fullmatch(host)):
        _refuse(text, f"{host!r} is not an IP address, or an IPv6 one without brackets")
    if not port:
        _refuse(text, "nothing can be sent to port 0")
    return host, port


def _host_and_port(text: str, address: str, use: Use) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or port.endswith("]"):
        _refuse(text, f"{address!r} has no port")
    number = _port(text, port, use)
    return _checked_host(text, host, use), number


def _port(text: str, port: str, use: Use) -> int:
    if port == "*" and use == "bind":
        return 0
    # isdecimal() alone takes the digits of every script.
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and int(port) <= 65535):
        wildcard = " or '*'" if use == "bind" else ""
        _refuse(text, f"port {port!r} is not a number from 0 to 65535{wildcard}")
    return int(port)


_NUMERIC_V4 = re.compile(r"[0-9.]+")
# Names of RFC 1123, with the underscores that are found in the wild.
_HOST_NAME = re.compile(r"[0-9A-Za-z_][-0-9A-Za-z_.]{0,254}")
# Linux allows anything but '/', ':' and white space in the name of an interface.
_INTERFACE = re.compile(r"[^\s/:;%*\[\]]{1,255}")


def _checked_host(text: str, host: str, use: Use) -> str:
    """Return `host` without its brackets."""
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    if not host:
        _refuse(text, "the host is empty")
    if host == "*":
        if use == "connect":
            _refuse(text, "'*' is for bind only: nobody can connect to it")
    elif ":" in host:
        _check_v6(text, host)
    elif _NUMERIC_V4.fullmatch(host):
        _check_v4(text, host)
    elif not (_INTERFACE if use == "bind" else _HOST_NAME).fullmatch(host):
        _refuse(text, f"{host!r} is not a host")
    return host


def _check_v6(text: str, host: str) -> None:
    try:
        IPv6Address(host)
    except AddressValueError:
        _refuse(text, f"{host!r} is not an IPv6 address")


def _check_v4(text: str, host: str) -> None:
    try:
        # The short forms too (127.1): getaddrinfo takes them, and so do existing programs.
        socket.inet_aton(host)
    except OSError:
        _refuse(text, f"{host!r} is not an IPv4 address")


_PARSERS: dict[str, Callable[[str, str, Use], Endpoint]] = {
    "inproc": _parse_inproc,
    "ipc": _parse_ipc,
    "tcp": _parse_tcp,
    "udp": _parse_udp,
}

#: What other ZeroMQs speak and this one does not (yet); each moves up when it is built.
_UNAVAILABLE = frozenset(
    {"ws", "wss", "pgm", "epgm", "norm", "tipc", "vmci", "vsock"},
)
