"""Proxies: hand messages from one socket to another, in both directions, until told to stop."""

from __future__ import annotations

import logging
import struct
from collections import deque
from typing import TYPE_CHECKING, Any

from zmqthread.api.batches import octets_of, recv_many, send_many
from zmqthread.api.waiting import poll
from zmqthread.constants import EAGAIN, ENOTSUP, SocketType
from zmqthread.errors import ZMQError
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from zmqthread.api.core import Core

log = logging.getLogger("zmqthread")

#: Messages taken in one direction before the other one has its turn.
_AT_ONCE = 1000
#: Their octets, roughly: large messages are taken a few at a time.
_OCTETS = 1 << 20


def proxy(frontend: Core, backend: Core, capture: Core | None = None) -> None:
    """Hand messages over until a socket is closed or the context terminated.

    Nothing is taken from a socket while the other one, or the capture, has no room: what cannot
    be delivered stays where the high-water marks count it.  Messages that have been taken and
    not been delivered when the proxy ends are delivered first, as far as that needs no waiting;
    what is left then is lost, and a warning is logged with its number.

    Args:
        frontend: faces the clients; with ``backend`` the same, its messages come back to it.
        backend: faces the services.
        capture: gets a copy of every message.

    Raises:
        ContextTerminated: the context was terminated: the ordinary end.
        ZMQError: ENOTSOCK: one of the sockets was closed; or what sending raised.
    """
    _Proxy(frontend, backend, capture, None).run()


def proxy_steerable(
    frontend: Core, backend: Core, capture: Core | None = None, control: Core | None = None
) -> None:
    """As `proxy`, and obey the commands that come in on ``control``.

    PAUSE and RESUME; TERMINATE returns; STATISTICS is answered with eight numbers, one frame each
    (native unsigned 64 bit): messages and octets received from the frontend, messages and octets
    sent to it, and the same of the backend.  A REP gets an empty reply to every other command;
    anything else is ignored.
    """
    _Proxy(frontend, backend, capture, control).run()


class _Flow:
    """One direction."""

    def __init__(self, source: Core, sink: Core, capture: _Copies | None) -> None:
        self.source = source
        self.sink = sink
        #: What has to happen before `run` can go on.
        self.wants: tuple[Core, int] = (source, READ)
        self._capture = capture
        #: Taken from the source and not yet taken by the sink, at most one batch.
        self._carried: deque[Any] = deque()
        #: What the sink has room for, as far as we know.
        self._room = 0
        self._step = 1
        self.messages = 0
        self.octets = 0

    def run(self) -> bool:
        """Move a batch; return whether anything has moved."""
        carried = self._carried
        if carried or not self._room:
            self.deliver()
        # A REP that talks to itself has to be read before it can be written to.
        most = self._room or int(self.source is self.sink)
        if carried or not most:
            self.wants = self.sink, WRITE
            return False
        if self._capture is not None and not self._capture.deliver():
            self.wants = self._capture.sink, WRITE
            return False
        room = min(most, self._step)
        taken = recv_many(self.source, carried, room)
        if not taken:
            self._room = 0  # to be asked again: it may be long until there is something
            self.wants = self.source, READ
            return False
        if self._capture is not None:
            self._capture.add(carried)
        octets = octets_of(carried)
        self.messages += taken
        self.octets += octets
        self.deliver()
        # A sink may take less than its queues have room for (REP sends once for each request):
        # grow from one message as long as all goes well.
        stuck = carried or (not self._room and room == self._step)
        self._step = (
            1 if stuck else min(2 * self._step, _AT_ONCE, 1 + taken * _OCTETS // (octets + 1))
        )
        return True

    def deliver(self) -> None:
        """Hand what is carried to the sink, as far as it takes it."""
        self._room = send_many(self.sink, self._carried, _AT_ONCE)

    @property
    def left(self) -> int:
        """Return how many messages have been taken and not been delivered."""
        return len(self._carried)

    def counted(self) -> tuple[int, int, int, int]:
        """Return messages and octets taken, then the same of those delivered."""
        held = octets_of(self._carried)
        return self.messages, self.octets, self.messages - self.left, self.octets - held


class _Copies:
    """The way to the capture."""

    def __init__(self, sink: Core) -> None:
        self.sink = sink
        self.carried: deque[Any] = deque()

    def add(self, messages: deque[Any]) -> None:
        self.carried.extend(messages)
        self.deliver()

    def deliver(self) -> bool:
        """Hand over what is carried; return whether there is room for more."""
        return send_many(self.sink, self.carried, 1) > 0 and not self.carried


class _Proxy:
    """A proxy at work in the calling thread."""

    def __init__(
        self, frontend: Core, backend: Core, capture: Core | None, control: Core | None
    ) -> None:
        self._control = control
        self._seams = frontend.seams
        self._copies = None if capture is None else _Copies(capture)
        self._forth = _Flow(frontend, backend, self._copies)
        self._back = _Flow(backend, frontend, self._copies)
        self._flows = [self._forth] if frontend is backend else [self._forth, self._back]
        self._paused = False
        self._ending = False

    def run(self) -> None:
        """Hand messages over until the end."""
        try:
            self._run()
        finally:
            self._clear_out()

    def _run(self) -> None:
        """Go on until the end; not in the `try` of `run`, as in `_Wait.sleep`."""
        while not self._ending:
            moved = False
            if self._control is not None:
                self._obey(self._control)
            if not self._paused and not self._ending:
                for flow in self._flows:
                    moved |= flow.run()
            if not moved and not self._ending:
                poll(self._interests(), (), None, self._seams)

    def _interests(self) -> list[tuple[Core, int]]:
        # Those that have nothing to say are in it as well: for the news that they are closed.
        interests = {flow.source: 0 for flow in self._flows}
        interests |= {flow.sink: 0 for flow in self._flows}
        if self._copies is not None:
            interests[self._copies.sink] = 0
        if not self._paused:
            for flow in self._flows:
                core, interest = flow.wants
                interests[core] = interests.get(core, 0) | interest
        if self._control is not None:
            interests[self._control] = READ
        return list(interests.items())

    def _clear_out(self) -> None:
        """Deliver what has been taken already."""
        left = 0
        for flow in self._flows:
            try:
                flow.deliver()
            except ZMQError:
                pass  # that socket has ended
            left += flow.left
        if left:
            log.warning("a proxy has ended with %d messages that nobody takes", left)

    # -- control ---

    def _obey(self, control: Core) -> None:
        """Do what the control socket has for us."""
        commands: deque[Any] = deque()
        while recv_many(control, commands, 1):
            command = commands.popleft()
            command = command if command.__class__ is bytes else b""
            if command == b"STATISTICS":
                self._reply(control, self._statistics())
                continue
            if command == b"PAUSE":
                self._paused = True
            elif command == b"RESUME":
                self._paused = False
            elif command == b"TERMINATE":
                self._ending = True
            if control.kind == SocketType.REP:
                self._reply(control, b"")

    def _reply(self, control: Core, message: Any) -> None:
        try:
            control.send(message, dontwait=True)
        except ZMQError as error:
            # A SUB cannot answer at all, and whoever asked may have gone.
            if error.errno not in (EAGAIN, ENOTSUP):
                raise

    def _statistics(self) -> tuple[bytes, ...]:
        forth, back = self._forth.counted(), self._back.counted()
        numbers = forth[:2] + back[2:] + back[:2] + forth[2:]
        return tuple(struct.pack("=Q", number) for number in numbers)
