"""zmq_timers_*: timers that the program itself keeps going."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.api.timers import Timers
from zmqthread.capi.memory import Handle, destroyed, handle
from zmqthread.constants import EFAULT
from zmqthread.errors import zmq_error

if TYPE_CHECKING:
    from zmqthread.api.timers import Handler


class _Timers(Timers, Handle):
    pass


def zmq_timers_new() -> Any:
    """Make a set of timers."""
    return _Timers()


def zmq_timers_destroy(timers_p: Any) -> int:
    """End a set, given as such or in a list whose element becomes None; EFAULT if it is none."""
    destroyed(timers_p, _Timers)
    return 0


def zmq_timers_add(timers: Any, interval: int, handler: Handler | None, arg: Any = None) -> int:
    """Add a timer that calls ``handler(id, arg)`` every ``interval`` ms; return its id.

    Raises:
        ZMQError: EFAULT: no set, or no handler. EINVAL: a negative interval.
    """
    found = handle(timers, _Timers)
    if handler is None:
        raise zmq_error(EFAULT)
    return found.add(interval, handler, arg)


def zmq_timers_cancel(timers: Any, timer_id: int) -> int:
    """Remove a timer.

    Raises:
        ZMQError: EFAULT; EINVAL: there is no such timer.
    """
    handle(timers, _Timers).cancel(timer_id)
    return 0


def zmq_timers_set_interval(timers: Any, timer_id: int, interval: int) -> int:
    """Change a timer's interval, counted from now.

    Raises:
        ZMQError: EFAULT; EINVAL: there is no such timer, or a negative interval.
    """
    handle(timers, _Timers).set_interval(timer_id, interval)
    return 0


def zmq_timers_reset(timers: Any, timer_id: int) -> int:
    """Begin a timer's interval anew.

    Raises:
        ZMQError: EFAULT; EINVAL: there is no such timer.
    """
    handle(timers, _Timers).reset(timer_id)
    return 0


def zmq_timers_timeout(timers: Any) -> int:
    """Return the milliseconds until the next timer is due, -1 without timers; EFAULT."""
    return handle(timers, _Timers).timeout()


def zmq_timers_execute(timers: Any) -> int:
    """Call the handlers that are due; EFAULT."""
    handle(timers, _Timers).execute()
    return 0
