"""Datagrams at the far end of a pipe: no connection, no handshake, nobody who could go.

Everything here runs with the socket's lock held, in whichever thread drives the socket.
"""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING, Any

from zmqthread.errors import ProtocolError, error_from_os
from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import SMALL
from zmqthread.pipes.pipe import Pipe
from zmqthread.reactor.interrupts import is_interrupt
from zmqthread.reactor.selector import READ, WRITE
from zmqthread.sessions.ends import Ends
from zmqthread.sessions.lanes import new_lanes, resize
from zmqthread.transports import udp as transport
from zmqthread.wire import udp as wire

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.reactor.timer import Timer
    from zmqthread.sessions.host import Host, SessionOwner
    from zmqthread.transports.udp import DatagramSocket

log = logging.getLogger("zmqthread")

#: Datagrams read before the other connections of the socket get their turn, and octets.
_AT_ONCE = 64
_OCTETS = 1 << 18
#: How long to leave the system alone after an error, in seconds (D4).
_REST = 0.1
_TEMPORARY = frozenset({errno.ENOBUFS, errno.ENOMEM})


class DatagramSession:
    """One socket for datagrams.  A bound one receives, and sends for DGRAM; any other sends.

    ``owner`` is told once, when the socket has been closed.
    """

    __slots__ = (
        "_address",
        "_blocked",
        "_complained",
        "_failure",
        "_frame_limit",
        "_largest",
        "_linger",
        "_owner",
        "_paused",
        "_raw",
        "_sends",
        "_timer",
        "_waiting",
        "dropped",
        "endpoint",
        "ends",
        "finishing",
        "host",
        "lost",
        "malformed",
        "pipe",
        "socket",
    )

    #: There is no handshake to wait for.
    established = True

    def __init__(
        self,
        host: Host,
        opened: DatagramSocket,
        owner: SessionOwner,
        *,
        options: Options,
        pipe: Pipe | None = None,
        endpoint: str = "",
    ) -> None:
        self.host = host
        self.socket: Any = opened.socket
        self.pipe = pipe
        self._owner = owner
        self.endpoint = endpoint
        bound = opened.address is None
        self.ends = Ends(endpoint, bound=True) if bound else Ends(remote=endpoint)
        self._address = opened.address
        self._raw = host.raw
        self._sends = host.raw or opened.address is not None
        self._largest = options.max_datagram
        self._frame_limit = options.frame_limit
        #: What came in and made no sense, or was too large; what could not be sent.
        self.malformed = self.lost = 0
        #: The pattern wanted to be rid of this pipe.
        self.dropped = False
        #: Nothing more will be queued: close when all is sent.
        self.finishing = False
        #: The message that the system had no room for.
        self._waiting: Any = None
        self._failure: OSError | None = None
        self._blocked = self._paused = self._complained = False
        self._timer: Timer | None = None
        self._linger: Timer | None = None

    def start(self) -> None:
        """Give the pattern its pipe, if the connecter has not done so, and begin."""
        host, pipe = self.host, self.pipe
        new = pipe is None
        if pipe is None:
            lanes = new_lanes(host.options, host.conflate)
            pipe = self.pipe = Pipe(*lanes, self, self.endpoint)
            pipe.takes_all = self._sends
        pipe.far = self
        pipe.plugged = True
        pipe.introduce({}, descriptor=self.socket.fileno())
        host.selector.register(self.socket, 0, self.on_ready)
        self._watch()
        if new:
            host.attach(pipe)
        host.plugged(pipe)
        self.flush()

    # -- from the selector ---

    def on_ready(self, events: int) -> None:
        """Handle readiness."""
        try:
            if events & WRITE and self._blocked:
                self._blocked = False
                self.flush()
                self._watch()
            if events & READ and not self._paused and self.socket is not None:
                self._read()
        except BaseException as error:
            self._interrupted(error)
            raise

    def _interrupted(self, error: BaseException) -> None:
        """A datagram may be gone, but nothing is cut in two: somebody just has to look again."""
        if is_interrupt(error):
            self.host.call_later(0, self._look_again)

    def _look_again(self) -> None:
        if self.socket is not None and self.pipe is not None:
            self._paused = self._blocked = False
            self._watch()
            self.flush()
            self.host.read_activated(self.pipe)

    def _watch(self) -> None:
        if self.socket is not None:
            reads = READ if self._address is None and not self._paused else 0
            writes = WRITE if self._blocked and self._timer is None else 0
            self.host.selector.modify(self.socket, reads | writes, self.on_ready)

    # -- receiving ---

    def _read(self) -> None:
        assert self.pipe is not None
        lane = self.pipe.incoming
        scratch = self.host.scratch
        messages: list[Any] = []
        octets, most = 0, min(_OCTETS, lane.byte_limit - lane.bytes_in + lane.bytes_out)
        for _ in range(min(lane.room(), _AT_ONCE)):
            try:
                count, sender = self.socket.recvfrom_into(scratch)
            except (BlockingIOError, InterruptedError):
                break
            except ConnectionError:
                continue  # Windows: nobody wanted something that was sent before
            except OSError as error:
                self._complain(error, "received")
                self._rest()
                break
            message = self._decode(scratch[:count], sender)
            if message is None:
                self.malformed += 1
                continue
            messages.append(message)
            octets += count
            if octets >= most:
                break
        if messages:
            self._deliver(self.pipe, messages, octets)
        if not lane.room():
            self._pause()

    def _decode(self, datagram: memoryview, sender: Any) -> Any:
        """Return the message in a datagram; None if there is none, or it is too large."""
        if len(datagram) > self._largest:
            return None
        if self._raw:
            message = transport.frame_of(sender), bytes(datagram)
        else:
            try:
                message = wire.decode(datagram)
            except ProtocolError:
                return None  # whoever sent it cannot be told, and may not be who it seems
        return message if len(message[1]) <= self._frame_limit else None

    def _deliver(self, pipe: Pipe, messages: list[Any], octets: int) -> None:
        pipe.incoming.extend(messages)
        if octets > SMALL * len(messages):
            pipe.incoming.weigh(octets)
        if not pipe.readable or self.host.signal is not None:
            self.host.read_activated(pipe)

    def _pause(self) -> None:
        """The pipe is full: what comes now waits in the system, which drops what is too much."""
        if not self._paused and self.pipe is not None:
            self._paused = True
            self._watch()
            lane = self.pipe.incoming
            lane.mark(self._resume, 0 if lane.heavy() else lane.low)

    def _resume(self) -> None:
        """The reader has taken enough out of a full lane (called by the mark)."""
        if self._paused and self._timer is None:
            self._paused = False
            self._watch()

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """Each message is a datagram of its own."""
        return False

    def starved(self, pipe: Pipe) -> bool:
        """All that was received is in the pipe already."""
        return False

    # -- sending ---

    def wrote(self, pipe: Pipe) -> None:
        """Send at once: datagrams gain nothing from waiting for each other.

        Raises:
            ZMQError: the system does not take what a DGRAM socket wants to send.
        """
        if self._blocked:
            pipe.outgoing.open = True  # the selector calls flush
            return
        if not self._raw:
            self.flush()
            return
        self._flush()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise error_from_os(failure)

    def make_room(self, pipe: Pipe) -> bool:
        """Send what is in a full lane, if the system takes it."""
        self.flush()
        return not pipe.outgoing.full()

    def flush(self) -> None:
        """Send what is queued, until the system has no room; what fails is logged."""
        self._flush()
        failure, self._failure = self._failure, None
        if failure is not None:
            self._complain(failure, "sent")

    def _flush(self) -> None:
        pipe = self.pipe
        if self._blocked or self.socket is None or pipe is None:
            return
        lane = pipe.outgoing
        lane.open = False
        if not self._sends:
            lane.clear()  # there is nobody whom a DISH could tell what it has joined
            return
        try:
            while lane.queue or self._waiting is not None:
                if not self._send_next(pipe):
                    break
        except BaseException as error:
            self._interrupted(error)
            raise
        if not lane.queue:
            lane.bytes_out = lane.bytes_in
        if not pipe.writable and not pipe.ended and len(lane) <= lane.low:
            self.host.write_activated(pipe)
        if self.finishing and not self._blocked:
            self.close(None)

    def _send_next(self, pipe: Pipe) -> bool:
        lane = pipe.outgoing
        message, self._waiting = self._waiting, None
        if message is None:
            message = lane.take()
        if message is None:
            return False
        try:
            self._send(message)
        except (BlockingIOError, InterruptedError):
            self._waiting, self._blocked, lane.open = message, True, True
            self._watch()
        except OSError as error:
            if error.errno in _TEMPORARY:
                self._waiting, self._blocked, lane.open = message, True, True
                self._rest()
            else:
                self.lost += 1
                pipe.dropped += 1
                self._failure = error
        return not self._blocked

    def _send(self, message: Any) -> None:
        if self._raw:
            address = transport.address_of(bytes(message[0]), self.socket.family)
            self.socket.sendto(wire.octets(message[1]), address)
        else:
            self.socket.sendto(wire.encode(*message), self._address)

    def _complain(self, error: OSError, what: str) -> None:
        """Say once what is wrong: there is no other way to learn of it."""
        if not self._complained:
            self._complained = True
            log.warning("%s: a datagram could not be %s: %s", self.endpoint, what, error)

    def _rest(self) -> None:
        """Leave the system alone for a while."""
        if self._timer is None:
            self._timer = self.host.call_later(_REST, self._go_on)
        self._paused = True
        self._watch()

    def _go_on(self) -> None:
        self._timer = None
        self._look_again()

    # -- the end ---

    def resize(self, pipe: Pipe) -> None:
        """The high-water marks have been set anew."""
        resize(pipe, self.host.options)

    def drop(self, pipe: Pipe) -> None:
        """Close at the pattern's wish."""
        self.dropped = True
        self.close(ConnectionAbortedError("dropped by the socket"))

    def end(self, pipe: Pipe, linger: float | None) -> None:
        """Let the socket's side go: send what is queued, then close."""
        self.finishing = True
        if linger == 0 or not self._sends:
            self.close(None)
            return
        pipe.incoming.clear()
        self.flush()
        if linger is not None and self.socket is not None and self._linger is None:
            self._linger = self.host.call_later(linger, lambda: self.close(None))

    def close(self, reason: BaseException | None) -> None:
        """Close the socket and tell the owner; a second call does nothing."""
        sock, self.socket = self.socket, None
        if sock is None:
            return
        try:
            self._close(sock, reason)
        except BaseException:  # an interrupt: the I/O thread does it again, to the end
            self.host.call_later(0, lambda: self._close(sock, reason))
            raise

    def _close(self, sock: Any, reason: BaseException | None) -> None:
        for timer in (self._timer, self._linger):
            if timer is not None:
                timer.cancel()
        self.host.selector.unregister(sock)
        sock.close()
        self._waiting = None
        self._owner.session_ended(self, reason)

    def forget(self) -> None:
        """In a forked child: close the descriptor, which the parent has as well."""
        sock, self.socket = self.socket, None
        if sock is not None:
            sock.close()

    def report(self, reason: BaseException | None) -> None:
        """Nobody was connected: there is nothing to tell the monitor."""
