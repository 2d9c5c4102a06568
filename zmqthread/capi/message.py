"""zmq_msg_t: messages that are made, passed on and closed by hand."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

from zmqthread.capi.memory import octets, socket_of, text
from zmqthread.constants import EFAULT, EINVAL, MessageOption
from zmqthread.errors import zmq_error
from zmqthread.message import COPY_THRESHOLD, Frame

if TYPE_CHECKING:
    from collections.abc import Callable

#: Messages up to this size are copied, larger ones shared: libzmq's limit for what fits in a
#: zmq_msg_t, so that SHARED says the same.
_COPIED = 33
_ENOMEM = 12


class _Free(Event):
    """Is set when nobody holds a message's memory any more, and calls the free function then."""

    def __init__(self, function: Callable[[Any, Any], object], data: Any, hint: Any) -> None:
        super().__init__()
        self._function = function
        self._data = data
        self._hint = hint

    def set(self) -> None:
        """Free the memory."""
        if not self.is_set():
            super().set()
            self._function(self._data, self._hint)


class zmq_msg_t:  # noqa: N801 - C's name
    """One frame, with what came along with it.

    As in C a new one is no message until one of the ``init`` methods is called, and none any more
    after `close`; whatever is done with it then fails with EFAULT. What was sent or moved away
    leaves an empty message behind. The methods return what the functions of zmq.h return.
    """

    __slots__ = ("_content", "_origin", "_shared")

    def __init__(self) -> None:
        #: Octets, or a frame that holds memory that can be written to; None: not a message.
        self._content: bytes | Frame | None = None
        #: Has the properties: those of the frame that was received.
        self._origin: Frame | None = None
        self._shared = False

    def _become(
        self, content: bytes | Frame, origin: Frame | None = None, shared: bool = False
    ) -> int:
        self._content, self._origin, self._shared = content, origin, shared
        return 0

    def _held(self) -> bytes | Frame:
        """Return the contents; EFAULT if this is not a message."""
        if self._content is None:
            raise zmq_error(EFAULT)
        return self._content

    # -- the beginning ---

    def init(self) -> int:
        """Become an empty message."""
        return self._become(b"")

    def init_size(self, size: int) -> int:
        """Become a message of that many octets, to be filled in through `data`.

        Raises:
            ZMQError: ENOMEM.
        """
        try:
            return self._become(Frame.shared(bytearray(size)))
        except (MemoryError, OverflowError, ValueError):
            raise zmq_error(_ENOMEM) from None

    def init_buffer(self, buf: Any, size: int | None = None) -> int:
        """Become a message with a copy of a buffer."""
        return self._become(bytes(octets(buf, size)))

    def init_data(
        self,
        data: Any,
        size: int | None = None,
        ffn: Callable[[Any, Any], object] | None = None,
        hint: Any = None,
    ) -> int:
        """Become a message that shares memory, which must not change until it is freed.

        Args:
            data: any buffer.
            size: how many octets of it; None: all.
            ffn: called exactly once, with ``data`` and ``hint``, when no message holds the memory
                any more and all is sent; perhaps in another thread. None: the memory is constant.
            hint: anything.

        Raises:
            ZMQError: EFAULT: ``data`` has no ``size`` octets.
        """
        memory = octets(data, size)
        freed: Any = False if ffn is None else _Free(ffn, data, hint)
        return self._become(Frame.shared(memory, freed), shared=ffn is None)

    # -- passing on ---

    def move(self, src: zmq_msg_t) -> int:
        """Become the message ``src``, which is empty afterwards.

        Raises:
            ZMQError: EFAULT: one of the two is not a message.
        """
        _check(src)
        content = src._held()
        self._held()
        if src is not self:
            self._become(content, src._origin, src._shared)
            src.init()
        return 0

    def copy(self, src: zmq_msg_t) -> int:
        """Become a second ``src``; large ones share their memory, and neither must change then.

        Raises:
            ZMQError: EFAULT: one of the two is not a message.
        """
        _check(src)
        content = src._held()
        self._held()
        if len(content) <= _COPIED and not src._shared:
            return self._become(bytes(src.data()), src._origin)
        src._shared = True
        return self._become(_memory(content).lend(), src._origin, shared=True)

    def close(self) -> int:
        """Be no message any more.

        Raises:
            ZMQError: EFAULT: it is none.
        """
        self._held()
        self._content = self._origin = None
        return 0

    def send(self, socket: Any, flags: int = 0) -> int:
        """Send the message, and be empty afterwards if that succeeds; return its size.

        Raises:
            ZMQError: as `zmq_send`; EFAULT: this is not a message.
        """
        sender = socket_of(socket)
        content = self._held()
        size = len(content)
        if isinstance(content, Frame) and size < COPY_THRESHOLD:
            content = bytes(content.data)
        sender.send(
            content, flags, copy=False, routing_id=self.routing_id() or None,
            group=self.group() or None,
        )  # fmt: skip
        self.init()
        return size

    def recv(self, socket: Any, flags: int = 0) -> int:
        """Become the next frame; return its size.

        Raises:
            ZMQError: as `zmq_recv`; EFAULT: this was not a message before.
        """
        receiver = socket_of(socket)
        self._held()
        frame = receiver.recv(flags, copy=False)
        self._become(frame.lend(), frame)
        return len(frame)

    # -- what is in it ---

    def data(self) -> memoryview:
        """Return the memory, which can be written to if it is not constant.

        Raises:
            ZMQError: EFAULT: this is not a message.
        """
        content = self._held()
        if not isinstance(content, Frame):
            self._content = content = Frame.shared(bytearray(content))
        return memoryview(content.data)[:]

    def size(self) -> int:
        """Return the number of octets; EFAULT if this is not a message."""
        return len(self._held())

    def more(self) -> int:
        """Return 1 if this was received and is not the last frame of its message, else 0."""
        self._held()
        return int(self._origin is not None and self._origin.more)

    def get(self, property_: int) -> int:
        """Return MORE, SHARED or SRCFD.

        Raises:
            ZMQError: EINVAL: another property, or one that this message does not have.
        """
        self._held()
        if property_ == MessageOption.SHARED:
            return int(self._shared)
        return int((self._origin or _PLAIN).get(int(property_)))

    def gets(self, property_: Any) -> str:
        """Return a property of the peer that this came from, by name.

        Raises:
            ZMQError: EINVAL: there is none of that name.
        """
        self._held()
        name = text(property_)
        if name in {"routing_id", "group"}:  # a Frame's, not the peer's
            raise zmq_error(EINVAL)
        return str((self._origin or _PLAIN).get(name))

    def set(self, property_: int, optval: int) -> int:
        """Fail: no property can be set.

        Raises:
            ZMQError: EINVAL.
        """
        self._held()
        raise zmq_error(EINVAL, f"property {property_} cannot be set to {optval}")

    def routing_id(self) -> int:
        """Return the number of the peer that this came from, or goes to (SERVER, PEER), or 0."""
        self._held()
        return 0 if self._origin is None else self._origin.routing_id

    def set_routing_id(self, routing_id: int) -> int:
        """Choose the peer that this goes to.

        Raises:
            ZMQError: EINVAL: 0, or no 32-bit number.
        """
        self._own_properties().routing_id = routing_id
        return 0

    def group(self) -> str:
        """Return the group that this came from, or goes to (RADIO), or ""."""
        self._held()
        return "" if self._origin is None else self._origin.group

    def set_group(self, group: Any) -> int:
        """Choose the group that this goes to.

        Raises:
            ZMQError: EINVAL: longer than GROUP_MAX_LENGTH.
        """
        self._own_properties().group = text(group)
        return 0

    def _own_properties(self) -> Frame:
        """Return properties that no other message shares."""
        self._held()
        self._origin = Frame() if self._origin is None else self._origin.fast_copy()
        return self._origin

    def __repr__(self) -> str:
        if self._content is None:
            return "<zmq_msg_t: not a message>"
        return f"<zmq_msg_t: {self.size()} octets>"


_PLAIN = Frame()


def _check(msg: object) -> None:
    if not isinstance(msg, zmq_msg_t):
        raise zmq_error(EFAULT)


def _memory(content: bytes | Frame) -> Frame:
    return content if isinstance(content, Frame) else Frame(content)
