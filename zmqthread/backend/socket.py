"""What `zmq.Socket` is derived from."""

from __future__ import annotations

import sys
from errno import ENAMETOOLONG, ENOENT
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from zmqthread.api import peers
from zmqthread.api.live_options import get_option, set_option, takes_bytes
from zmqthread.api.monitor import monitor
from zmqthread.api.transfer import Transfer
from zmqthread.backend.errors import peers_error, peers_errors, pyzmq
from zmqthread.constants import EFAULT, ENOTSOCK, Event, SocketOption
from zmqthread.endpoint import IPC_PATH_MAX
from zmqthread.errors import ZMQError, strerror, zmq_error
from zmqthread.message import Frame

if TYPE_CHECKING:
    from zmqthread.api.core import Core
    from zmqthread.backend.context import Context
    from zmqthread.patterns.pattern import Pattern

#: pyzmq's programs know one limit, MAXMSGSIZE, and expect none while that is -1.
_NO_LIMIT = sys.maxsize

#: What can be found by the number `Socket.underlying`: the core's pattern, which is freed with it.
#: A core itself cannot be referred to weakly once it is compiled.
_patterns: WeakValueDictionary[int, Pattern] = WeakValueDictionary()


class _Traffic(Transfer):
    """What goes in and out, in pyzmq's frames."""

    copy_threshold = 0

    def __init__(self, core: Core) -> None:
        self._core = core
        self._frame_class = pyzmq().Frame

    def send_shared(self, data: Any, flags: int, track: bool, copy_threshold: int) -> Any:
        """Send without a copy unless the data are small; return pyzmq's tracker."""
        if copy_threshold and memoryview(data).nbytes < copy_threshold:
            self.send(data, flags)
            return pyzmq()._FINISHED_TRACKER  # noqa: SLF001 - pyzmq itself gives it
        frame = self._frame_class.shared(data, track=track)
        self.send(frame, flags)
        return frame.tracker


class Socket:
    """A socket of ours behind pyzmq's.

    pyzmq takes every attribute that it does not find on the class for an option.
    """

    context: Any = None
    copy_threshold = 0
    _core: Any = None
    _traffic: Any = None
    _closed = False

    @peers_errors
    def __init__(
        self,
        context: Context | None = None,
        socket_type: int = -1,
        shadow: int = 0,
        copy_threshold: int | None = None,
    ) -> None:
        self.context = context
        self.copy_threshold = pyzmq().COPY_THRESHOLD if copy_threshold is None else copy_threshold
        if shadow:
            pattern = _patterns.get(shadow)
            if pattern is None:
                raise zmq_error(ENOTSOCK)
            core: Any = pattern.owner
        elif context is None or context.face is None:
            raise TypeError("a socket needs a context, or another socket to shadow")
        elif context.face.closed:
            raise zmq_error(EFAULT)
        else:
            core = context.face.new_core(socket_type)
            core.options.default_frame_limit = _NO_LIMIT
            _patterns[id(core)] = core.pattern
        self._core = core
        self._traffic = _Traffic(core)

    @property
    def underlying(self) -> int:
        """The number by which others find this socket."""
        return id(self._core)

    @property
    def closed(self) -> bool:
        """Whether the socket is closed, through this object or any other."""
        if not self._closed and self._core is not None and self._core.closing:
            self._closed = True
        return self._closed or self._core is None

    @peers_errors
    def close(self, linger: int | None = None) -> None:
        """See `zmqthread.Socket.close`."""
        if self._core is not None and not self._closed:
            self._core.close(linger)
            self._closed = True

    # -- messages ---

    def send(self, data: Any, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """See `zmqthread.Socket.send`."""
        try:
            if copy or isinstance(data, (Frame, str)):
                return self._traffic.send(data, flags, copy, track)
            return self._traffic.send_shared(data, flags, track, self.copy_threshold)
        except ZMQError as error:
            raise peers_error(error) from None

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """See `zmqthread.Socket.recv`."""
        try:
            received = self._traffic.recv(flags, copy)
        except ZMQError as error:
            raise peers_error(error) from None
        if track and not copy:
            received.tracker = pyzmq()._FINISHED_TRACKER  # noqa: SLF001 - pyzmq itself gives it
        return received

    @peers_errors
    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """See `zmqthread.Socket.recv_into`."""
        return int(self._traffic.recv_into(buffer, nbytes=nbytes, flags=flags))

    # -- endpoints ---

    def bind(self, addr: str | bytes) -> None:
        """See `zmqthread.Socket.bind`."""
        text = self._address(addr)
        try:
            self._core.endpoints.bind(text)
        except ZMQError as error:
            raise peers_error(error, _about_bind(error, text)) from None

    def connect(self, addr: str | bytes) -> None:
        """See `zmqthread.Socket.connect`."""
        text = self._address(addr)
        try:
            self._core.endpoints.connect(text)
        except ZMQError as error:
            raise peers_error(error, strerror(error.errno or 0)) from None

    @peers_errors
    def _address(self, addr: str | bytes) -> str:
        if self._core.closing:
            raise zmq_error(ENOTSOCK)
        return _text(addr)

    @peers_errors
    def unbind(self, addr: str | bytes) -> None:
        """See `zmqthread.Socket.unbind`."""
        self._core.endpoints.unbind(self._address(addr))

    @peers_errors
    def disconnect(self, addr: str | bytes) -> None:
        """See `zmqthread.Socket.disconnect`."""
        self._core.endpoints.disconnect(self._address(addr))

    @peers_errors
    def monitor(self, addr: str | bytes | None, events: int = Event.ALL) -> None:
        """See `zmqthread.Socket.monitor`."""
        monitor(self._core, None if addr is None else _text(addr), events)

    @peers_errors
    def join(self, group: str | bytes) -> None:
        """See `zmqthread.Socket.join`."""
        peers.join(self._core, _text(group))

    @peers_errors
    def leave(self, group: str | bytes) -> None:
        """See `zmqthread.Socket.leave`."""
        peers.leave(self._core, _text(group))

    # -- options ---

    def set(self, option: int, value: Any) -> None:
        """See `zmqthread.Socket.set`."""
        if isinstance(value, str):
            raise TypeError("unicode not allowed, use setsockopt_string")
        if isinstance(value, bytes) and not takes_bytes(option):
            raise TypeError(f"option {option}: expected int, got: {value!r}")
        try:
            set_option(self._core, option, value)
        except ZMQError as error:
            raise peers_error(error) from None

    def get(self, option: int) -> Any:
        """See `zmqthread.Socket.get`."""
        try:
            value: Any = get_option(self._core, option)
        except ZMQError as error:
            raise peers_error(error) from None
        if value.__class__ is bytes and option != SocketOption.ROUTING_ID:
            return value.removesuffix(b"\0")
        return value


def _text(addr: object) -> str:
    if isinstance(addr, bytes):
        return addr.decode()
    if not isinstance(addr, str):
        raise TypeError(f"Expected addr to be str, got addr={addr!r}")
    return addr


def _about_bind(error: ZMQError, addr: str) -> str:
    """Return pyzmq's text; it adds the address itself."""
    path = addr.partition("://")[2]
    if error.errno == ENAMETOOLONG:
        return (
            f'ipc path "{path}" is longer than {IPC_PATH_MAX} '
            "characters (sizeof(sockaddr_un.sun_path))."
        )
    if error.errno == ENOENT:
        return f'No such file or directory for ipc path "{path}".'
    return strerror(error.errno or 0)
