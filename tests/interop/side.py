"""Small scenarios, executed with one library at a time so that the results can be compared."""

from __future__ import annotations

import errno
import itertools
from typing import Any

from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, Watcher, World
from tests.support import seconds

KINDS = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
         "STREAM"]  # fmt: skip
#: How long to look, in unscaled seconds, for something that must not come.
NEVER = 0.05


class Side:
    """One library: sockets, and calls whose errors are results."""

    def __init__(self, world: World, library: str) -> None:
        self.world = world
        self.library = library
        self.zmq = world.modules[library]

    def socket(self, kind: str, **settings: Any) -> Any:
        """Return a new socket."""
        return self.world.socket(self.library, kind, **settings)

    def sockets(self, *kinds: str, **settings: Any) -> list[Any]:
        """Return several new sockets with the same settings."""
        return [self.socket(kind, **settings) for kind in kinds]

    def join(self, binder: Any, connecter: Any, transport: str = "inproc") -> str:
        """Bind and connect; see `World.join`."""
        return self.world.join(binder, connecter, transport)

    def pair(self, binder: str, connecter: str, /, transport: str = "inproc") -> tuple[Any, Any]:
        """Return two joined sockets."""
        one, other = self.sockets(binder, connecter)
        self.join(one, other, transport)
        return one, other

    def watch(self, sock: Any) -> Watcher:
        """Follow a socket's monitor events."""
        return self.world.watch(sock)

    def bind(self, sock: Any, transport: str = "inproc") -> str:
        """Bind to something, and return what that is."""
        sock.bind(self.world.endpoint(transport))
        endpoint: str = sock.get(LAST_ENDPOINT).decode()
        return endpoint

    def failure(self, call: Any, *args: Any, **kwargs: Any) -> str:
        """Return the name of the error that a call raises, "" if it raises none."""
        number = self.world.errno_of(call, *args, **kwargs)
        if not number:
            return ""
        return errno.errorcode.get(number) or {
            self.zmq.EFSM: "EFSM",
            self.zmq.ETERM: "ETERM",
            self.zmq.ENOCOMPATPROTO: "ENOCOMPATPROTO",
            self.zmq.EMTHREAD: "EMTHREAD",
        }.get(number, str(number))

    def sends(self, sock: Any, limit: int = 1000, frames: tuple[bytes, ...] = (b"x",)) -> int:
        """Send without waiting as often as it goes; return how often that was."""
        for count in range(limit):
            if self.failure(sock.send_multipart, list(frames), self.zmq.DONTWAIT):
                return count
        return limit

    def all(self, sock: Any, wait: float = NEVER) -> list[list[bytes]]:
        """Return every message that comes within ``wait`` unscaled seconds of the one before."""
        found = []
        while sock.poll(max(1, int(seconds(wait) * 1000))):
            found.append(sock.recv_multipart())
        return found

    def until(self, sock: Any, last: list[bytes]) -> list[list[bytes]]:
        """Return every message up to ``last``, which is left out."""
        return list(itertools.takewhile(lambda m: m != last, iter(sock.recv_multipart, None)))

    def flags(self, sock: Any) -> str:
        """Return what the socket is ready for: i, o, io or nothing."""
        events = sock.get(self.zmq.EVENTS)
        return "i" * bool(events & self.zmq.POLLIN) + "o" * bool(events & self.zmq.POLLOUT)


def same(world: World, scenario: Any, *args: Any) -> Any:
    """Run a scenario with both libraries; return the common result."""
    theirs = scenario(Side(world, THEIRS), *args)
    ours = scenario(Side(world, OURS), *args)
    assert ours == theirs, f"{ours}, libzmq: {theirs}"
    return ours


def met(side: Side, binder: Any, connecters: list[Any], transport: str) -> str:
    """Join several to one, and wait until it has all of them."""
    watch = side.watch(binder) if transport != "inproc" else None
    endpoint = side.bind(binder, transport)
    for connecter in connecters:
        connecter.connect(endpoint)
        if watch is not None:
            watch.wait("HANDSHAKE_SUCCEEDED")
    binder.poll(20, side.zmq.POLLOUT)  # libzmq takes a new peer in when it is called
    return endpoint
