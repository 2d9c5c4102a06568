"""`Socket`: the pyzmq-shaped face of a socket.

`send` and `recv` are the hot paths.  Both first try a short cut that takes no lock; what makes that
safe is written down in `pipes.lane`.
"""

from __future__ import annotations

import contextlib
import random
import warnings
from collections import deque
from errno import EACCES, EADDRINUSE
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zmqthread.api.attributes import OptionAttributes
from zmqthread.api.forms import Forms
from zmqthread.api.lifetime import find_core
from zmqthread.api.live_options import get_option, set_option
from zmqthread.api.monitor import monitor
from zmqthread.api.outgoing import addressed, octets, outgoing
from zmqthread.api.poller import Poller
from zmqthread.constants import LimitOption, PollEvent, SocketOption, SocketType
from zmqthread.errors import ZMQBindError, ZMQError
from zmqthread.message import Frame
from zmqthread.pipes.lane import SMALL, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from enum import IntEnum

    from zmqthread.api.context import Context
    from zmqthread.api.core import Core
    from zmqthread.message import MessageTracker

Properties = dict[str, Any]

_DONTWAIT = 1
_SNDMORE = 2


class Socket(OptionAttributes, Forms):
    """A socket; any number of threads may use it at once.

    Made by `Context.socket`.  All options are attributes (``socket.linger``); time-outs in
    milliseconds, -1 for ever.
    """

    _option_enums: ClassVar[Sequence[type[IntEnum]]] = (SocketOption, LimitOption)
    # Every attribute has to be found on the class, else its name would be taken for an option.
    _core: Core = None  # type: ignore[assignment]  # until __init__
    _closed = False
    _shadow = False
    _monitor_socket: Socket | None = None
    _poller_class: type[Poller] = Poller
    context: Context = None  # type: ignore[assignment]
    copy_threshold = 65536

    def __init__(
        self,
        context: Context,
        socket_type: int = -1,
        copy_threshold: int | None = None,
        *,
        core: Core | None = None,
    ) -> None:
        self.context = context
        if copy_threshold is not None:
            self.copy_threshold = copy_threshold
        if core is None:
            self._core = context.new_core(socket_type)
        else:
            self._core, self._shadow = core, True

    # -- sending and receiving ---

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
            and len(lane.queue) < lane.gather
            and not track
        ):
            lane.put(data)
            if not lane.open:  # nobody is bound to look there: see to it
                core.settle(lane)
            return None
        plain = routing_id is None and group is None
        if data.__class__ is bytes and plain and copy and not (flags or track or core.sending):
            unheard = core.unheard
            if unheard is None or core.mail_waits or not unheard(data):
                core.send(data)
            return None
        if not plain:
            data = addressed(data, routing_id, group)
        frame, tracker = self._outgoing(data, copy, track)
        core.send_frame(frame, bool(flags & _DONTWAIT), bool(flags & _SNDMORE))
        return tracker

    def _outgoing(self, data: Any, copy: bool, track: bool) -> tuple[Any, MessageTracker | None]:
        """Return what goes into a pipe for ``data``, and its tracker."""
        if data.__class__ is bytes and (copy or (not track and len(data) < self.copy_threshold)):
            return data, None
        return outgoing(data, copy, track, self.copy_threshold)

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
                message = core.recv(bool(flags & _DONTWAIT))
        else:
            message = core.recv(bool(flags & _DONTWAIT))
        if message.__class__ is bytes:
            return message
        return self._unusual(message, flags)

    def _unusual(self, message: Any, flags: int) -> bytes:
        """Go on with something from `Core.ready` that is not a message of one frame of bytes."""
        if message.__class__ is Mark:
            self._core.take(message)
            return self.recv(flags)  # type: ignore[no-any-return]
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
        dontwait = bool(flags & _DONTWAIT)
        frames, properties = core.receiving.get(me, (None, {}))
        if frames is not None:
            frame = frames.popleft()
            if not frames:
                del core.receiving[me]
        elif copy:
            return octets(self._first(core.recv(dontwait), {}))
        else:
            message, properties = core.recv_traced(dontwait)
            frame = self._first(message, properties)
        if copy:
            return octets(frame)
        return Frame.received(frame, more=me in core.receiving, metadata=properties)

    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """Receive one frame into a writable buffer and return how many octets it has.

        Args:
            buffer: any writable, contiguous buffer.
            nbytes: how much of the buffer to use at most; 0 is all of it.
            flags: as for `recv`.

        A frame that is longer loses its tail, as with zmq_recv.
        """
        view = memoryview(buffer).cast("B")
        if view.readonly:
            raise BufferError("the buffer is read-only")
        if nbytes < 0:
            raise ValueError(f"nbytes={nbytes} must be non-negative")
        room = min(nbytes, len(view)) if nbytes else len(view)
        data = self.recv(flags)
        view[: min(room, len(data))] = data[:room]
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
        if len(frames) > 1 and not flags & _SNDMORE and not core.sending:
            core.send(tuple(frames), bool(flags & _DONTWAIT))
            return tracker
        last = frames.pop()  # IndexError: a message has at least one frame
        for frame in frames:
            core.send_frame(frame, bool(flags & _DONTWAIT), True)
        core.send_frame(last, bool(flags & _DONTWAIT), bool(flags & _SNDMORE))
        return tracker

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
            message = core.recv(bool(flags & _DONTWAIT))
        if message.__class__ is tuple:
            return [frame if frame.__class__ is bytes else frame.bytes for frame in message]
        return [octets(message)]

    def poll(self, timeout: float | None = None, flags: int = PollEvent.POLLIN) -> int:
        """Wait until the socket is ready, or ``timeout`` milliseconds are over (None: for ever).

        Returns the events it is ready for, of those asked for with ``flags``; 0 if none.
        """
        poller = self._poller_class()
        poller.register(self, flags)
        return int(dict(poller.poll(timeout)).get(self, 0))

    # -- endpoints ---

    def bind(self, addr: str) -> BoundTo:
        """Listen on an endpoint, such as ``tcp://127.0.0.1:5555`` or ``ipc://*``.

        Returns a context manager that unbinds at the end; it may be ignored.

        Raises:
            ZMQError: EINVAL, EPROTONOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENAMETOOLONG,
                ENOENT, EMTHREAD, ETERM, ENOTSOCK.
        """
        self._core.endpoints.bind(_text(addr))
        return BoundTo(self.unbind, self._core.endpoints.last)

    def connect(self, addr: str) -> BoundTo:
        """Keep up a connection to an endpoint; returns at once, whether anybody is there or not.

        Returns a context manager that disconnects at the end; it may be ignored.

        Raises:
            ZMQError: EINVAL, EPROTONOSUPPORT, EMTHREAD, ETERM, ENOTSOCK.
        """
        self._core.endpoints.connect(_text(addr))
        return BoundTo(self.disconnect, _text(addr))

    def unbind(self, addr: str) -> None:
        """Stop listening on an endpoint, as given to `bind` or as in LAST_ENDPOINT.

        Raises:
            ZMQError: ENOENT if the socket is not bound to it; EINVAL, ETERM, ENOTSOCK.
        """
        self._core.endpoints.unbind(_text(addr))

    def disconnect(self, addr: str) -> None:
        """Give up a connection, with what was received over it and has not been read.

        Raises:
            ZMQError: ENOENT if the socket is not connected to it; EINVAL, ETERM, ENOTSOCK.
        """
        self._core.endpoints.disconnect(_text(addr))

    def bind_to_random_port(
        self, addr: str, min_port: int = 49152, max_port: int = 65536, max_tries: int = 100
    ) -> int:
        """Bind to a free port of a host (``tcp://127.0.0.1``) and return it.

        Raises:
            ZMQBindError: no free port was found in ``max_tries`` tries.
        """
        if (min_port, max_port) == (49152, 65536):
            self.bind(f"{addr}:*")
            return int(self._core.endpoints.last.rpartition(":")[2])
        for _ in range(max_tries):
            port = random.randrange(min_port, max_port)
            try:
                self.bind(f"{addr}:{port}")
            except ZMQError as error:
                if error.errno not in {EADDRINUSE, EACCES}:
                    raise
            else:
                return port
        raise ZMQBindError("Could not bind socket to random port.")

    # -- options ---

    def set(self, option: int, optval: int | bytes) -> None:
        """Set an option; see the table of options.

        Raises:
            ZMQError: EINVAL, ENOTSUP, ETERM, ENOTSOCK.
            TypeError: a str (see `set_string`), or another wrong type.
        """
        if isinstance(optval, str):
            raise TypeError("unicode not allowed, use setsockopt_string")
        if option == SocketOption.HWM:
            self.set_hwm(int(optval))
        else:
            set_option(self._core, option, optval)

    def get(self, option: int) -> int | bytes:
        """Return an option; see the table of options.

        Raises:
            ZMQError: EINVAL, ETERM, ENOTSOCK.
        """
        if option == SocketOption.HWM:
            return self.get_hwm()
        return get_option(self._core, option)  # type: ignore[no-any-return]

    setsockopt = set
    getsockopt = get

    def set_string(self, option: int, optval: str, encoding: str = "utf-8") -> None:
        """Set an option to text."""
        if not isinstance(optval, str):
            raise TypeError(f"strings only, got: {optval!r}")
        self.set(option, optval.encode(encoding))

    setsockopt_unicode = setsockopt_string = set_string

    def get_string(self, option: int, encoding: str = "utf-8") -> str:
        """Return an option as text."""
        value = self.get(option)
        if not isinstance(value, bytes):
            raise TypeError(f"option {option} will not return a string to be decoded")
        return value.decode(encoding)

    getsockopt_unicode = getsockopt_string = get_string

    def subscribe(self, topic: str | bytes) -> None:
        """Subscribe to messages that begin with ``topic`` (SUB)."""
        self.set(SocketOption.SUBSCRIBE, topic.encode() if isinstance(topic, str) else topic)

    def unsubscribe(self, topic: str | bytes) -> None:
        """Take one subscription back (SUB)."""
        self.set(SocketOption.UNSUBSCRIBE, topic.encode() if isinstance(topic, str) else topic)

    def get_hwm(self) -> int:
        """Return SNDHWM."""
        return int(self.get(SocketOption.SNDHWM))

    def set_hwm(self, value: int) -> None:
        """Set SNDHWM and RCVHWM."""
        self.set(SocketOption.SNDHWM, value)
        self.set(SocketOption.RCVHWM, value)

    hwm = property(get_hwm, set_hwm, doc="SNDHWM; setting it sets RCVHWM as well.")

    def _set_attribute(self, name: str, number: int, value: Any) -> None:
        if number in {SocketOption.SUBSCRIBE, SocketOption.UNSUBSCRIBE} and isinstance(value, str):
            value = value.encode()
        if isinstance(value, str):
            self.set_string(number, value)
        else:
            self.set(number, value)

    def _get_attribute(self, name: str, number: int) -> Any:
        value = self.get(number)
        if number == SocketOption.TYPE:
            return SocketType(value)  # type: ignore[arg-type]
        if number == SocketOption.ROUTING_ID or not isinstance(value, bytes):
            return value
        return value.decode()

    @property
    def type(self) -> SocketType:
        """The socket's type."""
        return self._core.kind

    @property
    def socket_type(self) -> SocketType:
        """Deprecated: `type`."""
        warnings.warn("Socket.socket_type is deprecated, use Socket.type", DeprecationWarning, 2)
        return self._core.kind

    def fileno(self) -> int:
        """Return the descriptor for event loops: readable at every change of readiness.

        It is cleared by reading EVENTS, by `send` and by `recv`.
        """
        return int(self.get(SocketOption.FD))

    # -- monitoring ---

    def monitor(self, addr: str | None, events: int = 0xFFFF) -> None:
        """Publish the socket's events on a PAIR socket at an ``inproc://`` endpoint.

        Args:
            addr: None ends the monitoring.
            events: those of interest, see `Event`.
        """
        monitor(self._core, addr, events)

    def get_monitor_socket(self, events: int | None = None, addr: str | None = None) -> Socket:
        """Return a PAIR socket that gets this socket's events; a second call gives the same one."""
        if self._monitor_socket is not None and not self._monitor_socket.closed:
            return self._monitor_socket
        if addr is None:
            addr = f"inproc://monitor.s-{id(self._core)}"
        self.monitor(addr, 0xFFFF if events is None else events)
        self._monitor_socket = self.context.socket(SocketType.PAIR)
        self._monitor_socket.connect(addr)
        return self._monitor_socket

    def disable_monitor(self) -> None:
        """End the monitoring."""
        self.monitor(None)
        if self._monitor_socket is not None:
            self._monitor_socket.close()
            self._monitor_socket = None

    # -- the end ---

    def close(self, linger: int | None = None) -> None:
        """Close; never waits.  What is queued goes out in the background.

        Args:
            linger: milliseconds for that, -1 for ever; None takes the option LINGER.
        """
        if self._monitor_socket is not None and not self._monitor_socket.closed:
            self._monitor_socket.close()
        self._closed = True
        if self._core is not None:
            self._core.close(linger)
            self.context._forget(self)

    @property
    def closed(self) -> bool:
        """Whether the socket is closed, by this object or another one for the same socket."""
        return self._core.closing

    @property
    def underlying(self) -> int:
        """A number for the socket, for `shadow`."""
        return id(self._core)

    @classmethod
    def shadow(cls, address: int | Socket) -> Self:
        """Return another object for the same socket; closing it by accident does nothing."""
        if isinstance(address, Socket):
            return cls(address.context, core=address._core)
        context, core = find_core(address)
        return cls(context, core=core)

    def __copy__(self, memo: Any = None) -> Self:
        return self.shadow(self)

    __deepcopy__ = __copy__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        core = self._core
        if core is not None and not self._shadow and not core.closing:
            if core.engine.forked:
                return  # the parent's, which closes it or is told so
            core.abandon()  # first: a filter may turn the warning into an exception
            warnings.warn(f"Unclosed socket {self!r}", ResourceWarning, stacklevel=2, source=self)

    @property
    def _type_name(self) -> str:
        return self._core.type_name

    def __repr__(self) -> str:
        closed = " closed" if self._closed else ""
        module = type(self).__module__.partition(".")[0]
        return f"<{module}.{type(self).__name__}(zmq.{self._type_name}) at {id(self):#x}{closed}>"


def _text(addr: str | bytes) -> str:
    if isinstance(addr, bytes):
        return addr.decode()
    if not isinstance(addr, str):
        raise TypeError(f"Expected addr to be str, got addr={addr!r}")
    return addr


class BoundTo:
    """What `bind` and `connect` return: undoes them at the end of a with-block."""

    def __init__(self, undo: Callable[[str], None], addr: str) -> None:
        self._undo = undo
        self.addr = addr

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(ZMQError):  # closed, or undone, meanwhile
            self._undo(self.addr)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.addr!r})>"
