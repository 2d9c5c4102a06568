"""`Socket`: the pyzmq-shaped face of a socket."""

from __future__ import annotations

import random
import warnings
from errno import EACCES, EADDRINUSE
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias

from zmqthread.api.attributes import OptionAttributes, shown_class
from zmqthread.api.lifetime import find_core
from zmqthread.api.live_options import get_option, set_option, takes_bytes
from zmqthread.api.monitor import monitor
from zmqthread.api.peers import Peers
from zmqthread.api.poller import Poller
from zmqthread.api.socket_context import SocketContext
from zmqthread.api.transfer import Transfer
from zmqthread.constants import LimitOption, PollEvent, SocketOption, SocketType
from zmqthread.errors import ZMQBindError, ZMQError
from zmqthread.message import current_copy_threshold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import IntEnum

    from typing_extensions import TypeVar

    from zmqthread.api.context import Context
    from zmqthread.api.core import Core

    Received = TypeVar("Received", default=bytes)
else:
    from typing import TypeVar

    Received = TypeVar("Received")  # defaults of type variables came with Python 3.13

#: See `live_options`: members are slow to look up, and these are asked about with each option.
_HWM, _TYPE = int(SocketOption.HWM), int(SocketOption.TYPE)
#: None, as all names of a module are by then, once modules have been torn down at exit.
_loaded = True


class Socket(OptionAttributes, Peers, Transfer, Generic[Received]):
    """A socket; any number of threads may use it at once.

    Made by `Context.socket`.  All options are attributes (``socket.linger``); time-outs in
    milliseconds, -1 for ever.  In annotations it may be called ``Socket[bytes]``.
    """

    _option_enums: ClassVar[Sequence[type[IntEnum]]] = (SocketOption, LimitOption)
    # Every attribute has to be found on the class, else its name would be taken for an option.
    _core: Core = None  # type: ignore[assignment]  # until __init__
    _closed = False
    _shadow = False
    _shadow_obj: Socket[Any] | int | None = None
    _repr_cls = "zmq.Socket"
    _monitor_socket: Socket | None = None
    _poller_class: type[Poller] = Poller
    context: Context[Any] = None  # type: ignore[assignment]
    copy_threshold = 65536

    def __init__(
        self,
        ctx_or_socket: Context[Any] | Socket[Any] | None = None,
        socket_type: int = -1,
        *,
        shadow: Socket[Any] | int = 0,
        copy_threshold: int | None = None,
        core: Core | None = None,
    ) -> None:
        """Make a socket, or (with one, or with ``shadow``) another object for the same socket."""
        # Set directly: to look for options of these names is a fortieth of a connect.
        keep = object.__setattr__
        if copy_threshold is None:
            copy_threshold = current_copy_threshold()
        keep(self, "copy_threshold", copy_threshold)
        if core is not None:
            self._core, self._shadow = core, True
            return
        if isinstance(ctx_or_socket, Socket):
            shadow = ctx_or_socket
        elif ctx_or_socket is not None:
            if not hasattr(ctx_or_socket, "new_core"):
                raise TypeError(f"expected a context or a socket, got: {ctx_or_socket!r}")
            keep(self, "context", ctx_or_socket)
            keep(self, "_core", ctx_or_socket.new_core(socket_type))
            return
        elif not shadow:
            raise TypeError("a socket needs a context, or another socket to shadow")
        self._shadow, self._shadow_obj = True, shadow
        if isinstance(shadow, Socket):
            self.context, self._core = shadow.context, shadow._core
        else:
            self.context, self._core = find_core(shadow)

    def poll(self, timeout: float | None = None, flags: int = PollEvent.POLLIN) -> int:
        """Wait until the socket is ready, or ``timeout`` milliseconds are over (None: for ever).

        Returns the events it is ready for, of those asked for with ``flags``; 0 if none.
        """
        poller = self._poller_class()
        poller.register(self, flags)
        return int(dict(poller.poll(timeout)).get(self, 0))

    # -- endpoints ---

    def bind(self, addr: str | bytes) -> SocketContext[Self]:
        """Listen on an endpoint, such as ``tcp://127.0.0.1:5555`` or ``ipc://*``.

        Returns a context manager that unbinds at the end; it may be ignored.

        Raises:
            ZMQError: EINVAL, EPROTONOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENODEV, ENAMETOOLONG,
                ENOENT, EMTHREAD, ETERM, ENOTSOCK.
        """
        self._core.endpoints.bind(_text(addr))
        return self._bind_cm(self._core.endpoints.last)

    def connect(self, addr: str | bytes) -> SocketContext[Self]:
        """Keep up a connection to an endpoint; returns at once, whether anybody is there or not.

        Returns a context manager that disconnects at the end; it may be ignored.

        Raises:
            ZMQError: EINVAL, EPROTONOSUPPORT, EMTHREAD, ETERM, ENOTSOCK.
        """
        text = _text(addr)
        self._core.endpoints.connect(text)
        return self._connect_cm(text)

    def _bind_cm(self, addr: str) -> SocketContext[Self]:
        return SocketContext(self, "bind", addr)

    def _connect_cm(self, addr: str) -> SocketContext[Self]:
        return SocketContext(self, "connect", addr)

    def unbind(self, addr: str | bytes) -> None:
        """Stop listening on an endpoint, as given to `bind` or as in LAST_ENDPOINT.

        As in libzmq it ends a connection as well, if the socket is not bound to ``addr``.

        Raises:
            ZMQError: ENOENT if the socket has nothing there; EINVAL, ETERM, ENOTSOCK.
        """
        self._core.endpoints.unbind(_text(addr))

    def disconnect(self, addr: str | bytes) -> None:
        """Give up a connection, with what was received over it and has not been read.

        As in libzmq it unbinds as well, if the socket is not connected to ``addr``.

        Raises:
            ZMQError: ENOENT if the socket has nothing there; EINVAL, ETERM, ENOTSOCK.
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

    def set(self, option: int, optval: Any) -> None:
        """Set an option; see the table of options.

        Raises:
            ZMQError: EINVAL, ENOTSUP, ETERM, ENOTSOCK.
            TypeError: a str (see `set_string`), or another wrong type.
        """
        if isinstance(optval, str):
            raise TypeError("unicode not allowed, use setsockopt_string")
        if isinstance(optval, bytes) and not takes_bytes(option):
            raise TypeError(f"option {option}: expected int, got: {optval!r}")
        if option == _HWM:
            self.set_hwm(int(optval))
        else:
            set_option(self._core, option, optval)

    def get(self, option: int) -> int | bytes:
        """Return an option; see the table of options.

        Raises:
            ZMQError: EINVAL, ETERM, ENOTSOCK.
        """
        if option == _HWM:
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
        if number == _TYPE:
            return SocketType(value)  # type: ignore[arg-type]
        return value

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

    def monitor(self, addr: str | bytes | None, events: int = 0xFFFF) -> None:
        """Publish the socket's events on a PAIR socket at an ``inproc://`` endpoint.

        Args:
            addr: None ends the monitoring.
            events: those of interest, see `Event`.
        """
        monitor(self._core, None if addr is None else _text(addr), events)

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
        """End the monitoring; the last event that its socket gets, which stays open, says so."""
        self.monitor(None)
        self._monitor_socket = None

    def __setattr__(self, name: str, value: Any) -> None:
        # These two are methods as well as options that can only be set.
        if name.lower() in {"subscribe", "unsubscribe"}:
            getattr(self, name.lower())(value)
        else:
            super().__setattr__(name, value)

    # -- the end ---

    def close(self, linger: int | None = None) -> None:
        """Close; never waits.  What is queued goes out in the background.

        Args:
            linger: milliseconds for that, -1 for ever; None takes the option LINGER.

        Raises:
            ZMQError: EINVAL: less than -1.
            TypeError: not a number.
        """
        if self._core is not None:
            self._core.close(linger)
            self.context._rm_socket(self)
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether the socket is closed, by this object or another one for the same socket."""
        return self._core.closing

    @property
    def underlying(self) -> int:
        """A number for the socket, for `shadow`."""
        return id(self._core)

    @classmethod
    def shadow(cls, address: int | Socket[Any]) -> Self:
        """Return another object for the same socket; closing it by accident does nothing."""
        return cls(shadow=address)

    def __copy__(self, memo: Any = None) -> Self:
        return self.shadow(self)

    __deepcopy__ = __copy__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        core: Any = self._core
        if core is not None and not self._shadow and not core.closing:
            if core.engine.forked or not _loaded:
                return  # the parent's, which closes it or is told so; nobody's any more
            core.abandon()  # first: a filter may turn the warning into an exception
            warnings.warn(f"Unclosed socket {self!r}", ResourceWarning, stacklevel=2, source=self)

    @property
    def _type_name(self) -> str:
        return self._core.type_name

    def __repr__(self) -> str:
        closed = " closed" if self._closed else ""
        name = shown_class(type(self))
        return f"<{name}(zmq.{self._type_name}) at {id(self):#x}{closed}>"


def _text(addr: str | bytes) -> str:
    if isinstance(addr, bytes):
        return addr.decode()
    if not isinstance(addr, str):
        raise TypeError(f"Expected addr to be str, got addr={addr!r}")
    return addr


SyncSocket: TypeAlias = Socket
