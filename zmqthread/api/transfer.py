"""Sending and receiving frames and messages: the hot paths of the face.

`send` and `recv` first try a short cut that takes no lock; what makes that safe is written down in
`pipes.lane`.
"""

from __future__ import annotations

from collections import deque
from operator import index as number_of
from typing import TYPE_CHECKING, Any, Literal, overload

from zmqthread.api.forms import Forms
from zmqthread.api.outgoing import addressed, octets, outgoing
from zmqthread.message import Frame
from zmqthread.pipes.lane import SMALL, Mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

    from zmqthread.api.core import Core
    from zmqthread.message import MessageTracker

Properties = dict[str, Any]

# Flags are mostly members of an enum, whose `&` takes 1.2 us (CPython 3.11), so they become plain
# numbers first.
_DONTWAIT = 1
_SNDMORE = 2


class Transfer(Forms):
    """What goes in and out of a socket."""

    _core: Core
    _frame_class: type[Frame] = Frame
    copy_threshold: int

    # Return types as pyzmq declares them; without ``track`` there may be None for a tracker.
    @overload
    def send(  # type: ignore[overload-overlap]  # a Frame is a Buffer, and comes first
        self,
        data: Frame,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int = 0,
        copy: Literal[True] = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> None: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int = 0,
        *,
        copy: Literal[False],
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int,
        copy: Literal[False],
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker: ...
    @overload
    def send(
        self,
        data: Buffer,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker | None: ...
    def send(
        self,
        data: Any,
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        routing_id: int | None = None,
        group: str | None = None,
    ) -> MessageTracker | None:
        """Send one frame.

        Args:
            data: bytes, a Frame, or any object with a buffer.
            flags: DONTWAIT does not wait for room; SNDMORE says that more frames follow.
            copy: False sends large data without a copy: it must not change until it is sent.
            track: return a MessageTracker that tells when that is so.
            routing_id: the peer, for SERVER and PEER sockets.
            group: the group, for RADIO sockets.

        Raises:
            Again: no room, with DONTWAIT or after SNDTIMEO.
            ZMQError: ENOTSUP, EFSM, EHOSTUNREACH, EINVAL, ETERM, ENOTSOCK.
            TypeError: ``data`` is text, or has no buffer.
        """
        core = self._core
        lane = core.express
        if (
            lane is not None
            and data.__class__ is bytes
            and not flags
            and len(data) <= SMALL
            and len(queue := lane.queue) < lane.gather
            and not track
        ):
            queue.append(data)  # all that `put` does with one frame, and looked up more quickly
            if not lane.open:  # nobody is bound to look there: see to it
                core.settle(lane)
            return None
        plain = routing_id is None and group is None
        if data.__class__ is bytes and plain and copy and not (flags or track or core.sending):
            core.send(data)
            return None
        if data.__class__ is bytes and copy and not (plain or flags or track or core.sending):
            core.send(addressed(data, routing_id, group))
            return None
        frame, tracker = self._outgoing(data, copy, track)
        if not plain:
            frame = addressed(frame, routing_id, group)
        number = number_of(flags)
        core.send_frame(frame, bool(number & _DONTWAIT), bool(number & _SNDMORE))
        return tracker

    def _outgoing(self, data: Any, copy: bool, track: bool) -> tuple[Any, MessageTracker | None]:
        """Return what goes into a pipe for ``data``, and its tracker."""
        if data.__class__ is bytes and (copy or (not track and len(data) < self.copy_threshold)):
            return data, None
        return outgoing(data, copy, track, self.copy_threshold)

    @overload
    def recv(self, flags: int = 0, copy: Literal[True] = True, track: bool = False) -> bytes: ...
    @overload
    def recv(self, flags: int = 0, *, copy: Literal[False], track: bool = False) -> Frame: ...
    @overload
    def recv(self, flags: int, copy: Literal[False], track: bool = False) -> Frame: ...
    @overload
    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> bytes | Frame: ...
    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive one frame.

        Args:
            flags: DONTWAIT does not wait.
            copy: False returns a Frame, with the properties of message and peer, instead of bytes.
            track: only for symmetry with `send`.

        Raises:
            Again: nothing there, with DONTWAIT or after RCVTIMEO.
            ZMQError: ENOTSUP, EFSM, ETERM, ENOTSOCK.
        """
        core = self._core
        if not copy or core.receiving:
            return self._recv(flags, copy)
        ready = core.ready
        if ready:
            try:
                message = ready.popleft()
            except IndexError:  # another thread was faster
                message = core.recv(bool(number_of(flags) & _DONTWAIT))
        elif flags:
            message = core.recv(bool(number_of(flags) & _DONTWAIT))
        else:
            message = core.recv()
        if message.__class__ is bytes:
            return message
        return self._unusual(message, flags)

    def _unusual(self, message: Any, flags: int) -> bytes:
        """Go on with something from `Core.ready` that is not a message of one frame of bytes."""
        if message.__class__ is Mark:
            self._core.take(message)
            return self.recv(flags)
        return octets(self._first(message, {}))

    def _first(self, message: Any, properties: Properties) -> Any:
        """Return the first frame of a message and keep the others for this thread."""
        if message.__class__ is tuple:
            core = self._core
            core.receiving[core.seams.get_ident()] = deque(message[1:]), properties
            return message[0]
        return message

    def _recv(self, flags: int, copy: bool) -> Any:
        core = self._core
        me = core.seams.get_ident()
        dontwait = bool(number_of(flags) & _DONTWAIT)
        frames, properties = core.receiving.get(me, (None, {}))
        if frames is not None:
            if len(frames) == 1:  # first: an interrupt must not leave an empty rest behind
                del core.receiving[me]
            frame = frames.popleft()
        elif copy:
            return octets(self._first(core.recv(dontwait), {}))
        else:
            message, properties = core.recv_traced(dontwait)
            frame = self._first(message, properties)
        if copy:
            return octets(frame)
        more = me in core.receiving
        return self._frame_class.received(frame, more=more, metadata=properties)

    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """Receive one frame into a writable buffer and return how many octets it has.

        Args:
            buffer: any writable, contiguous buffer.
            nbytes: how much of the buffer to use at most; 0 is all of it.
            flags: as for `recv`.

        A frame that is longer loses its tail, as with zmq_recv.
        """
        view = memoryview(buffer)
        if not view.contiguous:
            raise BufferError("Can only recv_into contiguous buffers")
        if view.readonly:
            raise BufferError("Cannot recv_into readonly buffer")
        if nbytes < 0:
            raise ValueError(f"{nbytes=} must be non-negative")
        if nbytes > view.nbytes:
            raise ValueError(f"{nbytes=} too big for memoryview of {view.nbytes}B")
        data = self.recv(flags)
        taken = data[: nbytes or view.nbytes]
        if taken:
            view.cast("B")[: len(taken)] = taken
        return len(data)

    def send_multipart(
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool = True,
        track: bool = False,
        **kwargs: Any,
    ) -> MessageTracker | None:
        """Send the frames of one message; all of them, or none if it fails.

        Raises:
            TypeError: a frame is text or has no buffer; nothing has been sent then.
        """
        frames = []
        tracker = None
        for index, part in enumerate(msg_parts):
            try:
                frame, tracker = self._outgoing(part, copy, track)
            except TypeError as error:
                raise TypeError(f"Frame {index} ({str(part)[:12]!r}...) {error}") from None
            frames.append(frame)
        if kwargs:
            frames = [addressed(frame, **kwargs) for frame in frames]
        core = self._core
        number = number_of(flags)
        dontwait, more = bool(number & _DONTWAIT), bool(number & _SNDMORE)
        if len(frames) > 1 and not (more or core.sending or core.row.single_frame):
            core.send(tuple(frames), dontwait)
            return tracker
        last = frames.pop()  # IndexError: a message has at least one frame
        for frame in frames:
            core.send_frame(frame, dontwait, True)
        core.send_frame(last, dontwait, more)
        return tracker

    @overload
    def recv_multipart(
        self, flags: int = 0, copy: Literal[True] = True, track: bool = False
    ) -> list[bytes]: ...
    @overload
    def recv_multipart(
        self, flags: int = 0, *, copy: Literal[False], track: bool = False
    ) -> list[Frame]: ...
    @overload
    def recv_multipart(
        self, flags: int, copy: Literal[False], track: bool = False
    ) -> list[Frame]: ...
    @overload
    def recv_multipart(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> list[bytes] | list[Frame]: ...
    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> list[Any]:
        """Receive a whole message: the list of its frames, bytes or (``copy=False``) Frames."""
        core = self._core
        if not copy or core.receiving:
            frames = [self._recv(flags, copy)]
            me = core.seams.get_ident()
            while me in core.receiving:
                frames.append(self._recv(flags, copy))
            return frames
        message = None
        if core.ready:
            try:
                message = core.ready.popleft()
            except IndexError:
                pass  # another thread was faster
            else:
                if message.__class__ is Mark:
                    core.take(message)
                    message = None
        if message is None:
            message = core.recv(bool(number_of(flags) & _DONTWAIT))
        if message.__class__ is tuple:
            return [frame if frame.__class__ is bytes else frame.bytes for frame in message]
        return [octets(message)]
