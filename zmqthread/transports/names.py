"""From the hosts of endpoints to IP addresses: literals, interface names and host names."""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

#: An address family and what the ``socket`` module calls an address in it.
Address: TypeAlias = tuple[int, Any]

_SIOCGIFADDR = 0x8915
_IF_INET6 = "/proc/net/if_inet6"


def literal(host: str, port: int, ipv6: bool) -> Address | None:
    """Return the address that `host` spells out, or None if it is a name.

    Raises:
        OSError: ENODEV for an IPv6 literal without `ipv6`, or with a zone that does not exist.
    """
    if ":" in host:
        plain, _, zone = host.partition("%")
        mapped = IPv6Address(plain).ipv4_mapped
        if mapped is not None:
            # What a dual-stack listener shows; a peer without IPv6 has to be able to use it.
            return socket.AF_INET, (str(mapped), port)
        if not ipv6:
            raise OSError(errno.ENODEV, f"IPv6 address {host!r} without the option IPV6")
        return socket.AF_INET6, (plain, port, 0, _zone_index(zone) if zone else 0)
    spelled = _spelled(host)
    return None if spelled is None else (socket.AF_INET, (spelled, port))


@lru_cache(64)
def _spelled(host: str) -> str | None:
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def local_addresses(host: str, port: int, ipv6: bool) -> list[Address]:
    """Return the addresses of this machine that `host` stands for; may block on a host name.

    Raises:
        OSError: ENODEV if it is neither an address, nor an interface, nor a host name.
    """
    spelled = literal(host, port, ipv6)
    if spelled is not None:
        return [spelled]
    found = interface_addresses(host, port, ipv6)
    if found:
        return found
    try:
        return look_up(host, port, ipv6)
    except OSError as error:
        raise OSError(
            errno.ENODEV, f"{host!r} is neither an interface nor a host name that resolves"
        ) from error


def look_up(host: str, port: int, ipv6: bool) -> list[Address]:
    """Return the addresses of a host name, in the order of preference; blocks.

    Raises:
        OSError: EHOSTUNREACH, with the resolver's words.
    """
    family = socket.AF_UNSPEC if ipv6 else socket.AF_INET
    try:
        # Octets, since a str goes through the idna codec, which raises errors of its own.
        rows = socket.getaddrinfo(host.encode(), port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise OSError(errno.EHOSTUNREACH, f"cannot resolve {host!r}: {words}") from error
    ip = (socket.AF_INET, socket.AF_INET6)
    return list(dict.fromkeys((row[0], row[4]) for row in rows if row[0] in ip))


def interface_addresses(name: str, port: int, ipv6: bool) -> list[Address]:
    """Return the addresses of a network interface, IPv6 and wider scopes first; Linux only."""
    if sys.platform != "linux" or len(os.fsencode(name)) > 15:
        return []
    found = _interface_v6(name, port) if ipv6 else []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        import fcntl

        try:
            answer = fcntl.ioctl(sock, _SIOCGIFADDR, struct.pack("256s", os.fsencode(name)))
        except OSError:
            return found  # no such interface, or one without an IPv4 address
    return [*found, (socket.AF_INET, (socket.inet_ntoa(answer[20:24]), port))]


def _interface_v6(name: str, port: int) -> list[Address]:
    """Read the kernel's table: address, index, prefix length, scope, flags, name; all hex."""
    try:
        with open(_IF_INET6, encoding="ascii", errors="surrogateescape") as table:
            rows = [line.split() for line in table]
    except OSError:
        return []  # a kernel without IPv6
    rows = sorted((row for row in rows if row[5] == name), key=lambda row: int(row[3], 16))
    addresses: list[Address] = []
    for row in rows:
        address = IPv6Address(bytes.fromhex(row[0]))
        scope = int(row[1], 16) if address.is_link_local else 0
        addresses.append((socket.AF_INET6, (str(address), port, 0, scope)))
    return addresses


def _zone_index(zone: str) -> int:
    if zone.isascii() and zone.isdecimal() and len(zone) < 10:
        return int(zone)
    try:
        return socket.if_nametoindex(zone)
    except OSError as error:
        raise OSError(errno.ENODEV, f"no interface {zone!r} for the zone") from error


def as_v6(address: Address) -> Address:
    """Return the form of an address that a dual-stack socket takes."""
    family, where = address
    if family == socket.AF_INET6:
        return address
    return socket.AF_INET6, (f"::ffff:{where[0]}", where[1], 0, 0)


def show(address: tuple[Any, ...]) -> str:
    """Return the text of an IP address: mapped ones with dots, link-local ones with their zone."""
    if len(address) == 2:
        return str(address[0])
    host, scope = address[0].partition("%")[0], address[3]
    if not scope:
        return str(host)
    try:
        return f"{host}%{socket.if_indextoname(scope)}"
    except OSError:
        return f"{host}%{scope}"


def ip_of(address: tuple[Any, ...]) -> IPv4Address | IPv6Address:
    """Return the IP address of a peer, an IPv4 one as such even on a dual-stack socket."""
    host = address[0].partition("%")[0]
    if len(address) == 2:
        return IPv4Address(host)
    wide = IPv6Address(host)
    return wide.ipv4_mapped or wide


def is_public(sock: Any) -> bool:
    """Tell whether others than this machine can reach a bound socket."""
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return False
    return not ip_of(sock.getsockname()).is_loopback
