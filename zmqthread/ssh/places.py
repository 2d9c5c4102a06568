"""What a tunnel leads through and to, checked before any program sees it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from zmqthread.endpoint import TcpEndpoint, parse
from zmqthread.errors import ZMQError

LOOPBACK: Final = "127.0.0.1"

# What a shell would act upon: ssh puts names into the commands of its configuration (ProxyCommand).
# A backslash is part of a Windows domain's user.
_UNFIT_IN_USER: Final = re.compile(r"[\s\x00-\x1f\x7f'\"`$;&<>|(){}]|\\$")
_UNFIT_IN_HOST: Final = re.compile(r"[\s\x00-\x1f\x7f'\"`$;&<>|(){}\\/\[\]*?]")
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::(.*))?")


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to log in to; what is None, ssh's configuration or its habit decides.

    The host is a name, an alias of that configuration, or an address without brackets.
    """

    host: str
    user: str | None = None
    port: int | None = None

    @property
    def login(self) -> str:
        """``user@host``, as ssh takes it."""
        return f"{self.user}@{self.host}" if self.user else self.host


@dataclass(frozen=True, slots=True)
class Target:
    """A host, without brackets, and a port: where the server connects to."""

    host: str
    port: int

    @property
    def text(self) -> str:
        """``host:port``, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_server(text: str) -> Server:
    """Return what ``[user@]host[:port]`` means.

    Raises:
        ValueError: it is malformed, or might be taken for an option; the text names it.
    """
    # ssh takes the last one, too: a name at a company's directory may hold another.
    user, at, place = text.rpartition("@")
    if ":" in user:
        # Not named: it may be what follows the colon.
        raise ValueError("a server is [user@]host[:port]; a password is an argument of its own")
    host, port = _split(text, place)
    for part in (text, host):
        if part.startswith("-"):
            raise ValueError(f"{part!r} looks like an option of ssh (server={text!r})")
    if (at and not user) or _UNFIT_IN_USER.search(user):
        raise ValueError(f"{user!r} is not a user (server={text!r})")
    return Server(host, user or None, port)


def _split(text: str, place: str) -> tuple[str, int | None]:
    if bracketed := _BRACKETED.fullmatch(place):
        host, port = bracketed.groups()
        _check_v6(text, host)
    elif place.count(":") > 1:
        raise ValueError(f"an IPv6 address needs brackets: [{place}] (server={text!r})")
    else:
        host, colon, port = place.partition(":")
        port = port if colon else None
    if not host or _UNFIT_IN_HOST.search(host):
        raise ValueError(f"{host!r} is not a host (server={text!r})")
    return host, None if port is None else _port(text, port)


def _check_v6(text: str, host: str) -> None:
    try:
        IPv6Address(host)
    except AddressValueError:
        raise ValueError(f"{host!r} is not an IPv6 address (server={text!r})") from None


def _port(text: str, port: str) -> int:
    # isdecimal() alone takes the digits of every script.
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 0 < int(port) <= 65535):
        raise ValueError(f"port {port!r} is not a number from 1 to 65535 (server={text!r})")
    return int(port)


def parse_address(addr: str) -> Target:
    """Return what ``tcp://host:port`` means.

    Raises:
        ValueError: it is malformed, or of another transport; the text names it.
    """
    try:
        endpoint = parse(addr, "connect")
    except ZMQError as error:
        raise ValueError(str(error)) from None
    if not isinstance(endpoint, TcpEndpoint):  # the value is at fault, not its type
        raise ValueError(  # noqa: TRY004
            f"only tcp addresses go through a tunnel (addr={addr!r})"
        )
    if endpoint.source is not None:
        raise ValueError(f"a source address (before ';') means nothing here (addr={addr!r})")
    if not endpoint.port:
        raise ValueError(f"nobody can connect to port 0 (addr={addr!r})")
    return Target(endpoint.host, endpoint.port)


def make_target(host: str, port: int) -> Target:
    """Return the place as the server sees it; the host with brackets or without.

    Raises:
        ValueError: there can be no such place; the text names it.
    """
    checked_port("rport", port)
    bare = host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host
    try:
        return parse_address(f"tcp://{Target(bare, port).text}")
    except ValueError as error:
        raise ValueError(f"{error} (remoteip={host!r})") from None


def checked_port(name: str, port: object) -> int:
    """Return it if somebody can listen there.

    Raises:
        ValueError: it is not a number from 1 to 65535.
    """
    if not isinstance(port, int) or not 0 < port <= 65535:
        raise ValueError(f"{name}={port!r} is not a number from 1 to 65535")
    return port


def checked_keyfile(keyfile: str | None) -> str | None:
    """Return the path of a private key, None if there is none.

    Raises:
        ValueError: it might be taken for an option.
    """
    if keyfile and keyfile.startswith("-"):
        raise ValueError(f"{keyfile!r} looks like an option of ssh (keyfile={keyfile!r})")
    return keyfile or None


def whole_seconds(timeout: object) -> int:
    """Return it rounded up.

    Raises:
        ValueError: it is not a number above 0.
    """
    if not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise ValueError(f"timeout={timeout!r} is not a number of seconds above 0")
    return math.ceil(timeout)
