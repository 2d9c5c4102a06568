"""What every socket type can be asked.  All of it runs with the socket's lock held."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from zmqthread.constants import EINVAL, ENOTSUP
from zmqthread.errors import zmq_error

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.pipes.pipe import Flushable
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


class Owner(Protocol):
    """The socket, seen from its pattern."""

    #: It has an in-process endpoint: what it sends is there when the call returns.
    in_process: bool

    def drop_pipe(self, pipe: Pipe) -> None:
        """Cut the connection of a pipe; `Pattern.detach` follows, perhaps later."""

    def puts_off(self, flushable: Flushable, always: bool) -> bool:
        """In a burst, or ``always``, have it flushed soon and return True."""
        ...

    def has_written(self) -> None:
        """Take note of a write: what follows it closely is a burst."""


class Pattern:
    """A socket type: routing of whole messages over pipes, no locks, clocks or I/O.

    ``recv`` returns None and ``send`` returns False when they would have to wait; whoever called
    waits for a pipe to be activated and tries again.
    """

    #: The pipe that the message last received came from.
    origin: Pipe | None = None
    #: Frames after which a message is whole, whether or not more were announced; 0: no such number.
    parts = 0
    #: Room for one message need not be room for another: all who wait to send have to try again.
    selective = False

    def __init__(self, options: Options, rng: random.Random) -> None:
        self.options = options
        self.random = rng
        #: Messages given up because a peer was full or unknown.
        self.dropped = 0
        #: Set by the socket that has this pattern.
        self.owner: Owner

    def check_name(self, name: bytes) -> None:
        """Before a connect with CONNECT_ROUTING_ID: EINVAL if another peer has that name."""

    # -- pipes come and go ---

    def attach(self, pipe: Pipe) -> None:
        """Take a new pipe: for a connecting socket at `connect`, else when a peer has come in."""

    def detach(self, pipe: Pipe) -> None:
        """Let a pipe go; what is unread in it is lost."""

    def ended(self, pipe: Pipe) -> None:
        """The peer has gone for good: nothing can be written, what came in can still be read."""

    def plugged(self, pipe: Pipe) -> None:
        """A peer is there now, at the first time or again after a reconnection."""

    def unplugged(self, pipe: Pipe) -> None:
        """The peer of a pipe that stays has gone; it may come back."""

    def read_activated(self, pipe: Pipe) -> None:
        """Messages have come into an empty pipe."""

    def write_activated(self, pipe: Pipe) -> None:
        """A full pipe has room again."""

    def upkeep(self) -> bool:
        """Do a slice of the work that was put off (some ms); return whether more is left.

        Only `detach` and `unplugged` leave such work.
        """
        return False

    # -- messages ---

    def send(self, message: Any, route: Pipe | None = None) -> bool:
        """Send a message, along the ``route`` that `begin` chose if that was called."""
        raise zmq_error(ENOTSUP, f"{self.options.type_name} sockets do not send")

    def begin(self, frame: Any) -> Any:
        """Decide what libzmq decides at the first frame of several; None when it has to wait.

        Returns something for `send`, or raises (EHOSTUNREACH).
        """
        raise zmq_error(ENOTSUP, f"{self.options.type_name} sockets do not send")

    def recv(self) -> Any:
        """Return a message, or None; `origin` tells whose it is."""
        raise zmq_error(ENOTSUP, f"{self.options.type_name} sockets do not receive")

    def can_send(self) -> bool:
        """Return whether `send` would find room (POLLOUT)."""
        return False

    def can_recv(self) -> bool:
        """Return whether `recv` would find a message (POLLIN)."""
        return False

    # -- short cuts ---

    def express_out(self) -> Lane | None:
        """Return the lane that `send` is bound to use for any message, while that is so."""
        return None

    def express_in(self) -> deque[Any] | None:
        """Return the queue that `recv` would return messages from unchanged, while that is so."""
        return None

    # -- options ---

    def set_option(self, option: int, value: Any) -> None:
        """Act on an option that only this type knows (SUBSCRIBE ...)."""
        raise zmq_error(EINVAL, f"option {option} is not for {self.options.type_name} sockets")

    def option_changed(self, option: int) -> None:
        """Act on an option in `options` that was changed while the socket is in use."""

    def get_option(self, option: int) -> Any:
        """Return an option that only this type knows (TOPICS_COUNT)."""
        raise zmq_error(EINVAL, f"option {option} is not for {self.options.type_name} sockets")
