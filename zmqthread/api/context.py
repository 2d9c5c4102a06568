"""`Context`: the pyzmq-shaped face of a context."""

from __future__ import annotations

import os
import threading
import warnings
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, overload

from zmqthread.api.attributes import OptionAttributes, shown_class
from zmqthread.api.engine import Engine
from zmqthread.api.lifetime import exiting, find_context, register
from zmqthread.api.socket import Socket
from zmqthread.constants import (
    EFAULT,
    EINVAL,
    ENOTSUP,
    ContextOption,
    ExtraContextOption,
    SocketOption,
    SocketType,
)
from zmqthread.errors import ZMQError, error_about, strerror, zmq_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from enum import IntEnum

    from typing_extensions import TypeVar

    from zmqthread.api.core import Core

    Made = TypeVar("Made", bound=Socket[Any], default=Socket[bytes])
    Other = TypeVar("Other", bound=Socket[Any])
else:
    from typing import TypeVar

    Made = TypeVar("Made")  # defaults of type variables came with Python 3.13


#: By number: to ask the enum takes 0.3 us.
_KINDS = {int(kind): kind for kind in SocketType}


class Context(OptionAttributes, Generic[Made]):
    """Holds sockets and their I/O threads; any number of threads may use it at once.

    Context options are attributes (``context.max_sockets``), and so are socket options: those are
    the defaults for sockets made later. In annotations it may be called by the class of its
    sockets, ``Context[Socket[bytes]]``.

    Args:
        io_threads: how many I/O threads; 0 is enough for in-process sockets.
        shadow: another Context, or its `underlying`: share what is behind it.
    """

    _option_enums: ClassVar[Sequence[type[IntEnum]]] = (
        ContextOption,
        ExtraContextOption,
        SocketOption,
    )
    _instance: ClassVar[Context[Any] | None] = None
    _instance_lock: ClassVar = threading.RLock()
    _instance_pid: ClassVar[int] = 0
    _socket_class: Any = Socket
    _engine: Engine = None  # type: ignore[assignment]
    _shadow = False
    _repr_cls = "zmq.Context"
    _sockets: weakref.WeakSet[Socket[Any]] = None  # type: ignore[assignment]
    sockopts: dict[int, Any] = None  # type: ignore[assignment]

    def __init__(self, io_threads: int | Context[Any] = 1, shadow: Context[Any] | int = 0) -> None:
        if isinstance(io_threads, Context):
            shadow, io_threads = io_threads, 1
        self._sockets = weakref.WeakSet()
        self.sockopts = {}
        if shadow:
            original = shadow if isinstance(shadow, Context) else find_context(shadow)
            self._engine, self._shadow = original._engine, True
            self.sockopts.update(original.sockopts)
        else:
            self._engine = Engine()
            register(self._engine, self)
            if io_threads != 1:
                self._engine.options.set(ContextOption.IO_THREADS, io_threads)

    @classmethod
    def instance(cls, io_threads: int = 1) -> Self:
        """Return the process-wide context, a new one if it was terminated or inherited by fork."""
        with cls._instance_lock:
            found = cls._instance
            if found is None or cls._instance_pid != os.getpid() or found.closed:
                found = cls._instance = cls(io_threads=io_threads)
                cls._instance_pid = os.getpid()
            return found  # type: ignore[return-value]

    @classmethod
    def _after_fork_in_child(cls) -> None:
        cls._instance_lock = threading.RLock()  # another thread may have held it

    @classmethod
    def shadow(cls, address: int | Context[Any]) -> Self:
        """Return another object for the same context."""
        return cls(shadow=address)

    @classmethod
    def shadow_pyczmq(cls, ctx: Any) -> Self:
        """Refuse: a context of pyczmq's belongs to libzmq, of which there is nothing here.

        Raises:
            ZMQError: ENOTSUP.
        """
        why = "a context of pyczmq's belongs to libzmq"
        raise zmq_error(ENOTSUP, f"{strerror(ENOTSUP)}: {why} (ctx={ctx!r})")

    @property
    def underlying(self) -> int:
        """A number for the context, for `shadow`."""
        return id(self._engine)

    # -- sockets ---

    @overload
    def socket(self, socket_type: int, socket_class: None = None, **kwargs: Any) -> Made: ...
    @overload
    def socket(self, socket_type: int, socket_class: type[Other], **kwargs: Any) -> Other: ...
    def socket(
        self,
        socket_type: int,
        socket_class: type[Socket[Any]] | None = None,
        **kwargs: Any,
    ) -> Socket[Any]:
        """Make a socket.

        Args:
            socket_type: a SocketType.
            socket_class: a class to use instead of `Socket`.

        Raises:
            ZMQError: EINVAL (no such type), ETERM, EMFILE (MAX_SOCKETS).
        """
        if self.closed:
            self._engine.check()
            raise zmq_error(EFAULT)
        socket = (socket_class or self._socket_class)(self, socket_type, **kwargs)
        for option, value in self.sockopts.items():
            try:
                socket.set(option, value)
            except ZMQError:
                pass  # an option for other types
        self._add_socket(socket)
        return socket

    def new_core(self, socket_type: int) -> Core:
        """Make what is behind a socket."""
        try:
            kind = _KINDS[socket_type]
        except (LookupError, TypeError):
            raise error_about(EINVAL, socket_type=socket_type) from None
        return self._engine.socket(kind)

    def _add_socket(self, socket: Socket[Any]) -> None:
        self._sockets.add(socket)

    def _rm_socket(self, socket: Socket[Any]) -> None:
        self._sockets.discard(socket)

    # -- options ---

    def set(self, option: int, optval: int) -> None:
        """Set a context option.

        Raises:
            ZMQError: EINVAL.
            RuntimeError: the context has been destroyed.
        """
        self._check()
        self._engine.options.set(option, optval)

    def get(self, option: int) -> int:
        """Return a context option.

        Raises:
            ZMQError: EINVAL.
            RuntimeError: the context has been destroyed.
        """
        self._check()
        return self._engine.options.get(option)  # type: ignore[no-any-return]

    def _check(self) -> None:
        if self.closed:
            raise RuntimeError("Context has been destroyed")

    def setsockopt(self, opt: int, value: Any) -> None:
        """Set the default of a socket option for sockets made later."""
        self.sockopts[opt] = value

    def getsockopt(self, opt: int) -> Any:
        """Return the default that was set for a socket option."""
        return self.sockopts[opt]

    def _is_for_context(self, name: str) -> bool:
        upper = name.upper()
        return upper in ContextOption.__members__ or upper in ExtraContextOption.__members__

    def _set_attribute(self, name: str, number: int, value: Any) -> None:
        if self._is_for_context(name):
            self.set(number, value)
        else:
            self.setsockopt(number, value.encode() if isinstance(value, str) else value)

    def _get_attribute(self, name: str, number: int) -> Any:
        if self._is_for_context(name):
            return self.get(number)
        if number in self.sockopts:
            return self.sockopts[number]
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        number = self._option_number(name)
        if number is None or number not in self.sockopts:
            raise AttributeError(name)
        del self.sockopts[number]

    # -- the end ---

    @property
    def closed(self) -> bool:
        """Whether the context has been terminated."""
        engine: Any = self._engine  # None when the constructor has failed
        return engine is None or engine.ended or engine.forked

    def shutdown(self) -> None:
        """Make every call on every socket fail with ETERM; does not wait."""
        self._engine.shutdown()

    def term(self, timeout: float | None = None) -> None:
        """Close the context: wait until all its sockets are closed and their messages sent.

        Args:
            timeout: seconds to wait; None waits for ever.

        Raises:
            Again: the time is over; the text names the sockets that are waited for, and why.
        """
        self._engine.term(timeout)

    def destroy(self, linger: int | None = None) -> None:
        """Close all sockets, then the context.

        Args:
            linger: milliseconds for each socket's unsent messages; None takes the option LINGER.
        """
        if self.closed:
            return
        for socket in list(self._sockets):
            if not socket.closed:
                socket.close(linger)
        self.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for socket in list(self._sockets):
            if not socket.closed:
                warnings.warn(
                    f"Destroying context with unclosed socket {socket!r}",
                    ResourceWarning,
                    stacklevel=3,
                    source=self,
                )
        self.destroy()

    # As a default it is there when modules have been torn down.
    def __del__(self, _exiting: Callable[[], bool] = exiting) -> None:
        if self._shadow or self.closed or _exiting():
            return
        self._engine.abandon()  # first: a filter may turn the warning into an exception
        warnings.warn(f"Unclosed context {self!r}", ResourceWarning, stacklevel=2, source=self)

    def __copy__(self, memo: Any = None) -> Self:
        return self.shadow(self)

    __deepcopy__ = __copy__

    def __repr__(self) -> str:
        count = len(self._sockets or ())
        sockets = f"{count} socket{'s' * (count > 1)}" if count else ""
        closed = " closed" if self.closed else ""
        return f"<{shown_class(type(self))}({sockets}) at {id(self):#x}{closed}>"


SyncContext: TypeAlias = Context

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=Context._after_fork_in_child)
