"""The writing half of a session: from the pipe's lane to the stream.

Everything here runs with the socket's lock held, in whichever thread sends or drives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.message import Cancel, Join, Leave, Subscribe
from zmqthread.pipes.batch import Batch
from zmqthread.pipes.lane import BATCH, GATHER, Lane
from zmqthread.pipes.pipe import Pipe, weight
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host

#: Messages encoded in one go, and octets, when they are larger than SMALL.
_FLUSH_MESSAGES = 1024
_FLUSH_OCTETS = 1 << 18
#: A send that follows the last write by less than this many seconds belongs to a burst.
BURST = 50e-6
#: So long after a read, in seconds, its messages are being worked through.
_FRESH = 5e-3
#: Buffers in one sendmsg (Linux takes 1024).
_IOV = 512
#: Never changed in place, as all that is to be written is replaced by what is left of it.
_NOTHING: list[Any] = []
_COMMANDS = (Subscribe, Cancel, Join, Leave)


class Writer:
    """What a session writes, and how: at once when it is quiet, in batches when it is not."""

    __slots__ = (
        "_blocked",
        "_last_read",
        "_output",
        "_paused",
        "connection",
        "finishing",
        "host",
        "pipe",
        "stream",
    )

    def __init__(self, host: Host, stream: Any, connection: Any, pipe: Pipe | None) -> None:
        self.host = host
        self.stream = stream
        self.connection = connection
        self.pipe = pipe
        #: Nothing more will be queued: close when all is written.
        self.finishing = False
        #: When messages came in last.
        self._last_read = 0.0
        #: What the stream did not take, in order.
        self._output: list[Any] = _NOTHING
        self._blocked = False
        self._paused = False

    def on_ready(self, events: int) -> None:
        """Handle readiness of the stream."""
        raise NotImplementedError

    def close(self, reason: BaseException | None) -> None:
        """End the session."""
        raise NotImplementedError

    def cut(self, error: BaseException) -> None:
        """End the session after an error, whatever it is."""
        raise NotImplementedError

    def wrote(self, pipe: Pipe) -> None:
        """Write at once when the connection is quiet; in a burst, let messages gather."""
        host, lane = self.host, pipe.outgoing
        if self._blocked:
            lane.open = True  # the selector calls flush
            return
        now = host.seams.monotonic()
        if len(lane.queue) < lane.gather and lane.bytes_in - lane.bytes_out < GATHER:
            if now - host.last_write < BURST or (
                # Who has just got several messages at once will answer the others too.
                pipe.incoming.queue and now - self._last_read < _FRESH
            ):
                host.schedule_flush(self)
                lane.open = True
                return
            if len(lane.queue) == 1 and not (lane.open or self._output or lane.commands):
                host.last_write = now
                self._write_one(lane)
                return
        self.flush()

    def _write_one(self, lane: Lane) -> None:
        """Write the only message there is.

        The lane is not open: whoever appends meanwhile tells us, so there is no second look.
        """
        try:
            buffers = self.connection.encode([lane.queue.popleft()])
            if self.connection.has_output:
                buffers.insert(0, self.connection.data_to_send())
            self._write_buffers(buffers)
        except BaseException as error:
            self.cut(error)

    def make_room(self, pipe: Pipe) -> bool:
        """Write what is in a full lane, if the stream takes it."""
        if not self._blocked:
            self.flush()
        return not pipe.outgoing.full()

    def carry(self, pipe: Pipe, batch: Batch) -> bool:
        """Write a batch that goes to others too: encoded once, unless it is encrypted."""
        connection, lane = self.connection, pipe.outgoing
        if self._blocked or self._output or connection.has_output:
            return False
        if lane.queue or lane.commands or not pipe.plugged:
            return False
        try:
            buffers = batch.buffers
            if buffers is None or connection.mechanism.transforms:
                buffers = connection.encode(batch.messages)
                if not connection.mechanism.transforms:
                    batch.buffers = buffers
            self._write_buffers(buffers)
        except BaseException as error:
            self.cut(error)
        return True

    def flush(self) -> None:
        """Write the protocol's own output, then what is in the pipe, until the stream is full."""
        if self._blocked or self.stream is None:
            return
        try:
            self._flush()
        except BaseException as error:
            self.cut(error)

    def _flush(self) -> None:
        connection, pipe = self.connection, self.pipe
        if self._output and not self._write_output():
            return
        own = [connection.data_to_send()] if connection.has_output else []
        if pipe is None or not pipe.plugged:
            if own:
                self._write_buffers(own)
            return
        lane = pipe.outgoing
        # From here on a writer has to tell us: what it appends may come too late for the loop,
        # whose last look is a failed `popleft` (see pipes.lane).
        lane.open = False
        lane.gather = min(BATCH, lane.limit)
        while (batch := self._take(lane)) or own:
            # The end of a handshake goes out with the first messages.
            if not self._write_buffers(own + self._encoded(batch, lane) if batch else own):
                break
            own = []
        self.host.last_write = self.host.seams.monotonic()
        if not pipe.writable and not pipe.ended and len(lane) <= lane.low:
            self.host.write_activated(pipe)
        if self.finishing and not self._blocked and not lane.queue:
            self.close(None)

    def _take(self, lane: Lane) -> list[Any]:
        """Take a batch out of the lane: many small messages, or some octets of large ones."""
        queue = lane.queue
        count, heavy = len(queue), lane.bytes_in - lane.bytes_out
        if (
            count
            and lane.marks_in == lane.marks_out
            and (not heavy or (heavy <= _FLUSH_OCTETS and count <= _FLUSH_MESSAGES))
        ):
            popleft = queue.popleft
            batch: list[Any] = (
                [popleft()]
                if count == 1
                else [popleft() for _ in range(min(count, _FLUSH_MESSAGES))]
            )
            lane.bytes_out = lane.bytes_in  # what is large is put with the lock held: all of it
            return batch
        batch = []
        octets = 0
        while octets < _FLUSH_OCTETS and len(batch) < _FLUSH_MESSAGES:
            message = lane.take()
            if message is None:
                lane.bytes_out = lane.bytes_in
                break
            batch.append(message)
            octets += weight(message)
        return batch

    def _encoded(self, batch: list[Any], lane: Lane) -> list[Any]:
        """Return the buffers of a batch; subscriptions and the like are commands of their own."""
        connection = self.connection
        if not lane.commands:
            return connection.encode(batch)  # type: ignore[no-any-return]
        lane.commands = bool(lane.queue)
        buffers: list[Any] = []
        for message in batch:
            if isinstance(message, _COMMANDS):
                buffers.append(connection.encode_subscription(message))
            else:
                buffers += connection.encode([message])
        return buffers if len(buffers) < _IOV else [b"".join(buffers)]

    def _write_buffers(self, buffers: list[Any]) -> bool:
        """Write buffers; what the stream does not take waits for the selector."""
        try:
            if len(buffers) == 1:
                data = buffers[0]
                sent = self.stream.send(data)
                if sent == len(data):
                    return True
            else:
                sent = self.stream.sendmsg(buffers[:_IOV])
                if sent == sum(map(len, buffers)):
                    return True
        except (BlockingIOError, InterruptedError):
            sent = 0
        self._output = rest(buffers, sent)
        return self._write_output()

    def _write_output(self) -> bool:
        output = self._output
        while output:
            try:
                sent = self.stream.sendmsg(output[:_IOV])
            except (BlockingIOError, InterruptedError):
                self._block()
                return False
            self._output = output = rest(output, sent)
        return True

    def _block(self) -> None:
        self._blocked = True
        self._watch()
        pipe = self.pipe
        if pipe is not None:
            pipe.outgoing.open = True
            pipe.outgoing.gather = pipe.outgoing.limit

    def _watch(self) -> None:
        self.host.selector.modify(
            self.stream,
            (0 if self._paused else READ) | (WRITE if self._blocked else 0),
            self.on_ready,
        )


def rest(buffers: list[Any], sent: int) -> list[Any]:
    """Return what is left of buffers after ``sent`` octets, without copying them."""
    for index, buffer in enumerate(buffers):
        size = len(buffer)
        if sent < size:
            head = memoryview(buffer)[sent:] if sent else buffer
            return [head, *buffers[index + 1 :]]
        sent -= size
    return _NOTHING
