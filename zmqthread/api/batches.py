"""Take many messages from a socket, or hand many to it, with its lock held once."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from zmqthread.pipes.lane import SMALL, Mark
from zmqthread.pipes.pipe import weight

if TYPE_CHECKING:
    from collections.abc import Collection

    from zmqthread.api.core import Core
    from zmqthread.pipes.lane import Lane


def recv_many(core: Core, into: deque[Any], most: int) -> int:
    """Append up to ``most`` messages that are there to ``into``; return how many.

    Raises:
        ZMQError: ETERM, ENOTSOCK; or what receiving raises (nothing has been taken then).
    """
    with core.lock:
        core.enter()
        if not core.pattern.can_recv():
            core.glance()
            if core.fault:
                core.raise_fault()
        before = len(into)
        _receive(core, into, most)
        core.pass_turn()
        if core.signal is not None:
            core.looked()
        return len(into) - before


def _receive(core: Core, into: deque[Any], most: int) -> None:
    pattern = core.pattern
    while most > 0 and pattern.can_recv():
        taken = _receive_at_once(core.ready, into, most)
        if not taken:
            into.append(pattern.recv())
            taken = 1
        most -= taken


def _receive_at_once(ready: deque[Any], into: deque[Any], most: int) -> int:
    """Take what needs no decision of the pattern; see `Core.ready`."""
    count = min(len(ready), most)
    popleft, append = ready.popleft, into.append
    taken = 0
    try:
        for _ in range(count):
            message = popleft()
            if message.__class__ is Mark:
                message.taken()
            else:
                append(message)
                taken += 1
    except IndexError:
        pass  # others receive without the lock
    return taken


def send_many(core: Core, messages: deque[Any], most: int) -> int:
    """Send from the front of ``messages`` what can be sent without waiting.

    Each message leaves the deque once it is sent, whatever happens to the next.

    Returns:
        How many more there would be room for, at most ``most``.

    Raises:
        ZMQError: ETERM, ENOTSOCK; or what sending the first one that is left raises.
    """
    with core.lock:
        core.enter()
        if messages:
            _send(core, messages)
            # The batch is the burst: nothing is gained by letting it gather.
            core.flush_scheduled()
            core.pass_turn()
            if core.signal is not None:
                core.looked()
        return _room(core, most)


def _send(core: Core, messages: deque[Any]) -> None:
    pattern = core.pattern
    # Whatever is written now is part of a burst: no system call for each message.
    core.last_write = core.seams.monotonic()
    while messages and pattern.can_send():
        lane = core.express
        batch = [] if lane is None else list(islice(messages, lane.room()))
        if lane is not None and batch and octets_of(batch) <= SMALL * len(batch):
            _send_at_once(lane, batch, messages)
            continue
        # Large messages fill a lane by their octets, which is looked at for each.
        for _ in range(len(batch) or 1):
            if not pattern.send(messages[0]):
                return
            messages.popleft()


def _send_at_once(lane: Lane, batch: list[Any], messages: deque[Any]) -> None:
    """Put ``batch``, the first of the messages, in the one lane that all of them go to."""
    lane.queue.extend(batch)
    if len(batch) == len(messages):
        messages.clear()
    else:
        for _ in batch:
            messages.popleft()
    lane.writer.far.wrote(lane.writer)


def octets_of(messages: Collection[Any]) -> int:
    """Return how many octets messages have; quick where all are of one frame."""
    if set(map(type, messages)) == {bytes}:
        return sum(map(len, messages))
    return sum(map(weight, messages))


def _room(core: Core, most: int) -> int:
    if not core.pattern.can_send():
        return 0
    if not core.pipes:
        return most  # a type that drops what nobody wants
    room = 0
    for pipe in core.pipes:
        if pipe.writable:
            room += pipe.outgoing.room()
            if room >= most:
                return most
    # It can send, so one will go, though it may be to nowhere.
    return max(1, room)
