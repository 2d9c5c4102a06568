"""zmq_poller_*: a set of sockets and descriptors that is kept between two waits."""

from __future__ import annotations

from typing import Any

from zmqthread.api.event_poller import EventPoller
from zmqthread.capi.memory import Handle, core_of, destroyed, handle, socket_of, store
from zmqthread.constants import EFAULT, EINVAL
from zmqthread.errors import zmq_error

_EBADF = 9


class _Poller(EventPoller, Handle):
    """A poller, and the sockets in it as they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.sockets: dict[Any, Any] = {}


class zmq_poller_event_t:  # noqa: N801 - C's name
    """What was found: a socket or a descriptor, its events, and what it was registered with."""

    __slots__ = ("events", "fd", "socket", "user_data")

    def __init__(self) -> None:
        self.socket: Any = None
        self.fd = -1
        self.user_data: Any = None
        self.events = 0

    def __repr__(self) -> str:
        return (
            f"<zmq_poller_event_t: socket {self.socket!r}, fd {self.fd}, "
            f"user_data {self.user_data!r}, events {self.events}>"
        )


def zmq_poller_new() -> Any:
    """Make a poller."""
    return _Poller()


def zmq_poller_destroy(poller_p: Any) -> int:
    """End a poller, given as such or in a list whose element becomes None; EFAULT if it is none."""
    destroyed(poller_p, _Poller).close()
    return 0


def zmq_poller_size(poller: Any) -> int:
    """Return how many sockets and descriptors are registered; EFAULT."""
    return len(handle(poller, _Poller))


def zmq_poller_add(poller: Any, socket: Any, user_data: Any = None, events: int = 0) -> int:
    """Register a socket.

    Raises:
        ZMQError: EFAULT, ENOTSOCK; EINVAL: it is registered, or there are no such events.
    """
    found = handle(poller, _Poller)
    core = core_of(socket)
    found.add(core, events, user_data)
    found.sockets[core] = socket
    return 0


def zmq_poller_modify(poller: Any, socket: Any, events: int) -> int:
    """Wait for other events of a socket.

    Raises:
        ZMQError: EFAULT, ENOTSOCK; EINVAL: it is not registered, or there are no such events.
    """
    found = handle(poller, _Poller)
    found.modify(core_of(socket), events)
    return 0


def zmq_poller_remove(poller: Any, socket: Any) -> int:
    """Wait for a socket no longer; it may have been closed.

    Raises:
        ZMQError: EFAULT, ENOTSOCK; EINVAL: it is not registered.
    """
    found = handle(poller, _Poller)
    core = socket_of(socket)._core  # noqa: SLF001 - the other face of the same core
    found.remove(core)
    found.sockets.pop(core, None)
    return 0


def _descriptor(fd: int) -> int:
    if fd < 0:
        raise zmq_error(_EBADF)
    return fd


def zmq_poller_add_fd(poller: Any, fd: int, user_data: Any = None, events: int = 0) -> int:
    """Register a descriptor.

    Raises:
        ZMQError: EFAULT, EBADF; EINVAL: it is registered, or there are no such events.
    """
    handle(poller, _Poller).add(_descriptor(fd), events, user_data)
    return 0


def zmq_poller_modify_fd(poller: Any, fd: int, events: int) -> int:
    """Wait for other events of a descriptor.

    Raises:
        ZMQError: EFAULT, EBADF; EINVAL: it is not registered, or there are no such events.
    """
    handle(poller, _Poller).modify(_descriptor(fd), events)
    return 0


def zmq_poller_remove_fd(poller: Any, fd: int) -> int:
    """Wait for a descriptor no longer.

    Raises:
        ZMQError: EFAULT, EBADF; EINVAL: it is not registered.
    """
    handle(poller, _Poller).remove(_descriptor(fd))
    return 0


def zmq_poller_wait(poller: Any, event: zmq_poller_event_t | None, timeout: float = -1) -> int:
    """Wait until something is ready and fill ``event`` in.

    Args:
        poller: the poller.
        event: a `zmq_poller_event_t`.
        timeout: milliseconds; -1 waits for ever.

    Raises:
        ZMQError: EAGAIN: the time is over. EFAULT: no poller, no event, or a wait without an end
            for nothing. ETERM, ENOTSOCK.
    """
    found = handle(poller, _Poller)
    if event is None:
        raise zmq_error(EFAULT)
    _wait(found, [event], 1, timeout)
    return 0


def zmq_poller_wait_all(
    poller: Any,
    events: list[zmq_poller_event_t] | None,
    n_events: int | None = None,
    timeout: float = -1,
) -> int:
    """Wait until something is ready, fill ``events`` in, and return how many are.

    Args:
        poller: the poller.
        events: a list of `zmq_poller_event_t`.
        n_events: how many of them may be filled in; None: all.
        timeout: milliseconds; -1 waits for ever.

    Raises:
        ZMQError: as `zmq_poller_wait`; EINVAL: ``n_events`` is negative.
    """
    found = handle(poller, _Poller)
    if events is None:
        raise zmq_error(EFAULT)
    room = len(events) if n_events is None else n_events
    if room < 0:
        raise zmq_error(EINVAL)
    if room > len(events):
        raise zmq_error(EFAULT)
    return _wait(found, events, room, timeout)


def _wait(poller: _Poller, events: list[zmq_poller_event_t], room: int, timeout: float) -> int:
    ready = poller.wait(room, timeout)
    for event, (item, found, data) in zip(events, ready, strict=False):
        event.socket = poller.sockets.get(item)
        event.fd = item if isinstance(item, int) else -1
        event.user_data = data
        event.events = found
    return len(ready)


def zmq_poller_fd(poller: Any, fd: Any = None) -> int:
    """Return a descriptor that tells when to call `zmq_poller_wait`, until that is EAGAIN.

    Args:
        poller: the poller.
        fd: a list or a buffer that gets the number, too.

    Raises:
        ZMQError: EFAULT; EINVAL: no socket is registered.
    """
    number = handle(poller, _Poller).fileno()
    store(fd, "=i", number)
    return number
