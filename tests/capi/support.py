"""What the tests of the flat API share: sockets that are closed at the end, and expected errors."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import seconds
from zmqthread import capi as z

if TYPE_CHECKING:
    from collections.abc import Iterator

TCP = "tcp://127.0.0.1:*"
#: Milliseconds in which anything that is bound to come has come.
PATIENCE = int(seconds(10) * 1000)
#: Milliseconds to wait where nothing may come.
SILENCE = int(seconds(0.05) * 1000)


@contextlib.contextmanager
def fails(errno: int) -> Iterator[None]:
    """Expect an error with a number, which `zmq_errno` then returns."""
    with pytest.raises(z.ZMQError) as caught:
        yield
    assert caught.value.errno == errno, caught.value
    assert z.zmq_errno() == errno


class World:
    """A context, and what was made in it."""

    def __init__(self) -> None:
        self.ctx: Any = z.zmq_ctx_new()
        self.sockets: list[Any] = []
        self.names = 0

    def socket(self, kind: int, **options: Any) -> Any:
        """Make a socket that gives up waiting at some time; options by name in lower case."""
        socket = z.zmq_socket(self.ctx, kind)
        self.sockets.append(socket)
        z.zmq_setsockopt(socket, z.ZMQ_LINGER, 0)
        z.zmq_setsockopt(socket, z.ZMQ_SNDTIMEO, PATIENCE)
        z.zmq_setsockopt(socket, z.ZMQ_RCVTIMEO, PATIENCE)
        for name, value in options.items():
            z.zmq_setsockopt(socket, getattr(z, f"ZMQ_{name.upper()}"), value)
        return socket

    def bound(self, kind: int, endpoint: str = "", **options: Any) -> tuple[Any, str]:
        """Make a socket and bind it to a name of its own, or to ``endpoint``."""
        socket = self.socket(kind, **options)
        z.zmq_bind(socket, endpoint or self.name())
        return socket, last_endpoint(socket)

    def connected(self, kind: int, endpoint: str, **options: Any) -> Any:
        """Make a socket and connect it."""
        socket = self.socket(kind, **options)
        z.zmq_connect(socket, endpoint)
        return socket

    def pair(self, one: int, other: int, endpoint: str = "") -> tuple[Any, Any]:
        """Make two sockets, the first one bound and the second connected to it."""
        first, name = self.bound(one, endpoint)
        return first, self.connected(other, name)

    def name(self) -> str:
        self.names += 1
        return f"inproc://{self.names}"

    def close(self, *sockets: Any) -> None:
        for socket in sockets:
            z.zmq_close(socket)
            self.sockets.remove(socket)

    def end(self) -> None:
        """Close all that is open, then the context."""
        for socket in self.sockets:
            if not socket.closed:
                socket.close(linger=0)
        if not self.ctx.closed:
            z.zmq_ctx_term(self.ctx)


def last_endpoint(socket: Any) -> str:
    return str(z.zmq_getsockopt(socket, z.ZMQ_LAST_ENDPOINT))


def send(socket: Any, *frames: Any, flags: int = 0) -> None:
    """Send the frames of one message."""
    for frame in frames[:-1]:
        z.zmq_send(socket, frame, flags=z.ZMQ_SNDMORE | flags)
    z.zmq_send(socket, frames[-1], flags=flags)


def recv(socket: Any, flags: int = 0) -> list[bytes]:
    """Receive the frames of one message."""
    frames = []
    more = 1
    while more:
        msg = z.zmq_msg_t()
        z.zmq_msg_init(msg)
        z.zmq_msg_recv(msg, socket, flags)
        frames.append(bytes(z.zmq_msg_data(msg)))
        more = z.zmq_msg_more(msg)
        z.zmq_msg_close(msg)
    return frames


def received(socket: Any) -> Any:
    """Receive a frame as it comes, with its labels."""
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, socket, 0)
    return msg


def text(socket: Any) -> str:
    """Receive a message of one frame as text."""
    (frame,) = recv(socket)
    return frame.decode()


def silent(socket: Any) -> bool:
    """Return whether nothing comes for a while."""
    item = z.zmq_pollitem_t(socket, 0, z.ZMQ_POLLIN)
    return z.zmq_poll([item], 1, SILENCE) == 0


def events(socket: Any) -> int:
    return int(z.zmq_getsockopt(socket, z.ZMQ_EVENTS))


def wait_for(socket: Any, what: int = z.ZMQ_POLLIN) -> None:
    """Wait until a socket is ready."""
    item = z.zmq_pollitem_t(socket, 0, what)
    assert z.zmq_poll([item], 1, PATIENCE) == 1, "it did not get ready in time"


class Watch:
    """A monitor of a socket, of version 1."""

    def __init__(self, world: World, socket: Any, wanted: int = z.ZMQ_EVENT_ALL) -> None:
        name = world.name()
        z.zmq_socket_monitor(socket, name, wanted)
        self.socket = world.connected(z.ZMQ_PAIR, name)

    def next(self) -> tuple[int, int, str]:
        """Return the next event, its value and its address."""
        head, address = recv(self.socket)
        number, value = struct.unpack("=HI", head)
        return number, value, address.decode()

    def until(self, wanted: int) -> tuple[int, int, str]:
        """Skip events until one of a kind comes."""
        while True:
            found = self.next()
            if found[0] & wanted:
                return found
