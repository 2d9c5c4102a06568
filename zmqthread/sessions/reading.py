"""The reading half of a session: from the stream to the pipe's lane.

Everything here runs with the socket's lock held, in whichever thread receives or drives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.errors import ProtocolError
from zmqthread.pipes.lane import SMALL
from zmqthread.pipes.pipe import Pipe, weight
from zmqthread.sessions.writing import Writer

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host


class Reader(Writer):
    """What a session reads: as much as its pipe has room for, then nothing until there is some."""

    __slots__ = ("_begun",)

    def __init__(self, host: Host, stream: Any, connection: Any, pipe: Pipe | None) -> None:
        super().__init__(host, stream, connection, pipe)
        #: Octets that came in since the last message.
        self._begun = 0

    def _shake_hands(self, count: int, now: float) -> None:
        """Take so many octets of the handshake."""
        raise NotImplementedError

    def _answer(self) -> None:
        """Send what the peer has asked for."""
        raise NotImplementedError

    def _refuse(self, error: ProtocolError) -> None:
        """End a connection over the fault of its peer, or of the authenticator."""
        raise NotImplementedError

    def _read(self) -> None:
        host, connection, pipe = self.host, self.connection, self.pipe
        large = connection.large
        try:
            count = self.stream.recv_into(host.scratch if large is None else large)
        except (BlockingIOError, InterruptedError):
            return
        if not count:
            self.close(ConnectionResetError("the peer has closed the connection"))
            return
        now = host.seams.monotonic()
        if pipe is None or not pipe.plugged:
            self._shake_hands(count, now)
            return
        lane = pipe.incoming
        room = lane.room()
        if large is None:
            messages = connection.receive(host.scratch[:count], room, now)
            count += self._begun - connection.pending
        else:
            messages = connection.large_filled(count, room, now)
            count = sum(map(weight, messages))
        self._begun = 0 if messages else count
        if messages:
            self._last_read = now
            self._deliver(messages, count)
        if len(messages) >= room and not lane.room():  # a publisher empties it at once
            self._pause()
        if connection.has_output:
            self._answer()

    def _deliver(self, messages: list[Any], octets: int) -> None:
        pipe = self.pipe
        assert pipe is not None
        if self.host.single_frame and tuple in map(type, messages):
            kept = [message for message in messages if message.__class__ is not tuple]
            pipe.dropped += len(messages) - len(kept)  # T02
            messages, octets = kept, sum(map(weight, kept))
        lane = pipe.incoming
        lane.queue.extend(messages)
        if octets > SMALL * len(messages):
            lane.weigh(octets)
        if not pipe.readable or self.host.signal is not None:
            self.host.read_activated(pipe)

    # -- paused while the pipe is full ---

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._watch()
            assert self.pipe is not None
            lane = self.pipe.incoming
            lane.mark(self._resume, 0 if lane.heavy() else lane.low)

    def _resume(self) -> None:
        """The reader has taken enough out of a full lane (called by the mark)."""
        if not self._paused or self.stream is None:
            return
        self._paused = False
        try:
            self._read_pending()
            if not self._paused and self.stream is not None:
                # Here: the I/O thread would take the interpreter from the reader for it, twice.
                self.host.read_now(self.on_ready)
        finally:
            # Last: most often it is paused again, and then the I/O thread is not woken for nothing.
            if not self._paused and self.stream is not None:
                self._watch()

    def _read_pending(self) -> bool:
        """Decode what was received but found no room."""
        connection, pipe = self.connection, self.pipe
        before = connection.pending
        if not before or pipe is None:
            return False
        try:
            messages = connection.receive(b"", pipe.incoming.room(), self.host.seams.monotonic())
        except ProtocolError as error:
            self._refuse(error)
            return False
        except BaseException as error:
            self.cut(error)
            return False
        octets = self._begun + before - connection.pending
        self._begun = 0 if messages else octets
        if messages:
            self._deliver(messages, octets)
        if connection.has_output:
            self._answer()
        if connection.pending and pipe.incoming.room() == 0:
            self._pause()
        return bool(messages)

    def starved(self, pipe: Pipe) -> bool:
        """Decode or read more for a pipe that has been read empty."""
        if self._paused and self.stream is not None:
            self._paused = False
            self._watch()
        return self._read_pending()
