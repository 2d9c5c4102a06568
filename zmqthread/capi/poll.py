"""zmq_poll and zmq_ppoll."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from zmqthread.api.poller import poll_all
from zmqthread.capi.memory import core_of
from zmqthread.constants import EFAULT, EINVAL, ENOTSUP, POLLERR
from zmqthread.errors import error_from_os, zmq_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class zmq_pollitem_t:  # noqa: N801 - C's name
    """A socket, or without one a descriptor, and events: those asked for and those found."""

    __slots__ = ("events", "fd", "revents", "socket")

    def __init__(self, socket: Any = None, fd: int = 0, events: int = 0, revents: int = 0) -> None:
        self.socket = socket
        self.fd = fd
        self.events = events
        self.revents = revents

    def __repr__(self) -> str:
        return (
            f"zmq_pollitem_t({self.socket!r}, {self.fd}, events={self.events}, "
            f"revents={self.revents})"
        )


def zmq_poll(
    items: Sequence[zmq_pollitem_t] | None, nitems: int | None = None, timeout: float = -1
) -> int:
    """Wait until one of the items is ready; return how many are, 0 when the time is over.

    Args:
        items: a list of `zmq_pollitem_t`; their ``revents`` are filled in.
        nitems: how many of them; None: all.
        timeout: milliseconds; -1 waits for ever, 0 not at all.

    Raises:
        ZMQError: EINVAL: ``nitems`` is negative. EFAULT: there are not so many items. ENOTSOCK: an
            item's socket is none. ETERM.
    """
    items = items or ()
    chosen = items[: _count(items, nitems)]
    wanted = [_wanted(item) for item in chosen]
    try:
        found = poll_all(wanted, timeout)
    except OSError as error:
        raise error_from_os(error) from None
    for item, (_, events) in zip(chosen, found, strict=True):
        item.revents = events
    return sum(bool(item.revents) for item in chosen)


def _wanted(item: zmq_pollitem_t) -> tuple[Any, int]:
    item.revents = 0
    if item.socket is None:
        return item.fd, item.events | POLLERR  # as in C, reported in any case
    core_of(item.socket)
    return item.socket, item.events


def _count(items: Sequence[zmq_pollitem_t], nitems: int | None) -> int:
    count = len(items) if nitems is None else nitems
    if count < 0:
        raise zmq_error(EINVAL)
    if count > len(items):
        raise zmq_error(EFAULT)
    return count


def zmq_ppoll(
    items: Sequence[zmq_pollitem_t] | None,
    nitems: int | None = None,
    timeout: float = -1,
    sigmask: Iterable[int] | None = None,
) -> int:
    """As `zmq_poll`, with another set of blocked signals meanwhile.

    Args:
        items: see `zmq_poll`.
        nitems: see `zmq_poll`.
        timeout: see `zmq_poll`.
        sigmask: the signals that are blocked during the call; None: those that are anyway.

    Raises:
        ZMQError: as `zmq_poll`; ENOTSUP: the system has no signal masks.
    """
    if sigmask is None:
        return zmq_poll(items, nitems, timeout)
    if not hasattr(signal, "pthread_sigmask"):
        raise zmq_error(ENOTSUP)
    before = signal.pthread_sigmask(signal.SIG_SETMASK, sigmask)
    try:
        return zmq_poll(items, nitems, timeout)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
