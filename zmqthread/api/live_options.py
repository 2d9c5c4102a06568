"""Reading and setting the options of a socket that is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.constants import POLLIN, POLLOUT, LimitOption, SocketOption
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from zmqthread.api.core import Core

_BYTES = frozenset(
    int(option)
    for options in (SocketOption, LimitOption)
    for option in options
    if option._opt_type.name == "bytes"  # noqa: SLF001 - pyzmq's name
)
#: Options are plain numbers: programs format them, and compare their types.
_POLLIN, _POLLOUT = int(POLLIN), int(POLLOUT)
#: To look a member up in its enum takes longer (0.14 us in CPython 3.11) than to find the answer.
_EVENTS, _FD = int(SocketOption.EVENTS), int(SocketOption.FD)
_RCVMORE = int(SocketOption.RCVMORE)
_TO_PATTERN = frozenset({SocketOption.SUBSCRIBE, SocketOption.UNSUBSCRIBE})


def takes_bytes(number: int) -> bool:
    """Return whether an option is one that may be set to bytes."""
    return number in _BYTES


def set_option(core: Core, number: int, value: Any) -> None:
    """Set an option and let the socket act on it.

    Raises:
        ZMQError: EINVAL (unknown, not for this type, out of range), ENOTSUP (a feature that is not
            there), ETERM, ENOTSOCK.
        TypeError: the value has the wrong type.
    """
    with core.lock:
        core.enter()
        row = core.options.set(number, value)
        if row.number in _TO_PATTERN:
            core.pattern.set_option(row.number, value)
        elif row.number in {SocketOption.SNDHWM, SocketOption.RCVHWM}:
            for pipe in core.pipes:
                pipe.far.resize(pipe)
        elif row.number == SocketOption.AFFINITY:
            if not core.endpoints.parts and not core.pipes:
                core.move(*core.engine.choose_loop(core.options.affinity))
        elif row.live:
            core.pattern.option_changed(row.number)
        core.refresh()
        core.leave()


def get_option(core: Core, number: int) -> Any:
    """Return an option: int or bytes.

    Raises:
        ZMQError: EINVAL (unknown, cannot be read), ETERM, ENOTSOCK.
    """
    if number == _RCVMORE and not core.fault:
        return int(core.seams.get_ident() in core.receiving)
    if number == _EVENTS:
        events = core.events()
        return (_POLLIN if events & READ else 0) | (_POLLOUT if events & WRITE else 0)
    if number == _FD:
        return core.descriptor()
    with core.lock:
        core.enter()
        row = core.options.row(number)
        if row.number == SocketOption.LAST_ENDPOINT:
            return core.endpoints.last.encode()
        if row.number == SocketOption.TOPICS_COUNT:
            return core.pattern.get_option(row.number)
        return core.options.get(number)
