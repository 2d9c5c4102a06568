"""Monitors: a socket's events as messages on an in-process endpoint."""

from __future__ import annotations

import struct
from collections import deque
from typing import TYPE_CHECKING

from zmqthread.api.core import Core
from zmqthread.constants import EAGAIN, EINVAL, EPROTONOSUPPORT, Event, SocketType
from zmqthread.endpoint import InprocEndpoint, parse
from zmqthread.errors import error_about, zmq_error
from zmqthread.options import Options
from zmqthread.sessions.ends import NOWHERE, Ends

if TYPE_CHECKING:
    from zmqthread.api.engine import Engine
    from zmqthread.pipes.pipe import Pipe

_KINDS = (SocketType.PAIR, SocketType.PUB, SocketType.PUSH)
#: Events that wait when MONITOR_HWM is 0, "no limit": one has to hold all the same.
_NO_LIMIT = 1 << 18

_EVENT_V1 = struct.Struct("=HI")
_NUMBER_V2 = struct.Struct("=Q")


def monitor(
    core: Core,
    endpoint: str | None,
    events: int = Event.ALL,
    version: int = 1,
    kind: int = SocketType.PAIR,
) -> None:
    """Publish a socket's events at ``endpoint``; an earlier monitor of the socket stops.

    Args:
        core: the socket.
        endpoint: ``inproc://...`` to bind to; None only stops.
        events: a mask of `Event`.
        version: 1 for two frames, 2 for several values and both ends of a connection.
        kind: PAIR, PUB or PUSH.

    Raises:
        ZMQError: EPROTONOSUPPORT: not an inproc endpoint. EINVAL: another kind or version, or
            events that version 1 does not have. EADDRINUSE, EMFILE, ETERM, ENOTSOCK.
    """
    if version not in (1, 2):
        raise error_about(EINVAL, version=version)
    if version == 1 and events >> 16:
        raise error_about(EINVAL, events=events)
    with core.lock:
        core.enter()
    if endpoint is None:
        _replace(core, None)
        return
    name = parse(endpoint, "bind")
    if not isinstance(name, InprocEndpoint):
        raise error_about(EPROTONOSUPPORT, addr=endpoint)
    if kind not in _KINDS:
        raise error_about(EINVAL, kind=kind)
    # Before the new one binds: it may be at the same endpoint.
    _replace(core, None)
    _replace(core, Monitor(core, name, events, version, SocketType(kind)))


def _replace(core: Core, successor: Monitor | None) -> None:
    with core.lock:
        before, core.monitor = core.monitor, successor
        if before is not None:
            before.stop()
        if successor is not None and core.released:  # closed in the meantime
            core.monitor = None
            successor.stop()


def pipes_stats(core: Core) -> None:
    """Have one event PIPES_STATS published for each peer, with the lengths of its two queues.

    Raises:
        ZMQError: EINVAL: no monitor of version 2 wants them. EAGAIN: there are no peers. ETERM,
            ENOTSOCK.
    """
    with core.lock:
        core.enter()
        listener = core.monitor
        if listener is None or not listener.events & Event.PIPES_STATS:
            raise zmq_error(EINVAL)
        if not core.pipes:
            raise zmq_error(EAGAIN)
        for pipe in core.pipes:
            counts = (len(pipe.outgoing), len(pipe.incoming))
            ends = getattr(pipe.far, "ends", None) or Ends(remote=pipe.endpoint)
            listener.tell(Event.PIPES_STATS, counts, ends)


class _Speaker(Core):
    """The socket that the events go out of."""

    monitor_of: Monitor | None = None

    def plugged(self, pipe: Pipe) -> None:
        """A reader is there: it gets what was held for it."""
        super().plugged(pipe)
        if self.monitor_of is not None:
            self.monitor_of.speak()


class Monitor:
    """The monitor of one socket.  `tell` and `stop` are called with that socket's lock held.

    Events wait for a reader, and for room in its queue; past the option MONITOR_HWM they are
    dropped and counted, so that a slow reader changes nothing for the socket.
    """

    def __init__(
        self,
        core: Core,
        endpoint: InprocEndpoint,
        events: int,
        version: int,
        kind: SocketType,
    ) -> None:
        self.events = events
        self._version = version
        self._engine: Engine = core.engine
        self._name = endpoint.name
        high_water = core.options.monitor_hwm
        self._limit = high_water or _NO_LIMIT
        self._queue: deque[tuple[bytes, ...]] = deque()
        self._posted = False
        # Two counters, since two locks guard them: the socket's and the speaker's.
        self._refused = self._overflowed = 0
        options = Options(kind, core.engine.options)
        options.linger = 0
        options.sndhwm = high_water
        speaker = core.engine.socket(kind, options, make=_Speaker)
        assert isinstance(speaker, _Speaker)
        speaker.monitor_of = self
        self._speaker = speaker
        # Not bound by `Endpoints`: the name has to be free again as soon as `stop` returns, and
        # the speaker's own lock is not to be had there.
        try:
            waiting = self._engine.names.bind(self._name, speaker)
        except BaseException:
            speaker.close()
            raise
        for connect in waiting:
            connect.join(speaker)

    @property
    def dropped(self) -> int:
        """Return how many events found no room."""
        return self._refused + self._overflowed

    def tell(self, event: int, values: tuple[int, ...], ends: Ends) -> None:
        """Publish an event if it is wanted; the monitored socket's lock held."""
        if not event & self.events:
            return
        if len(self._queue) >= self._limit:
            self._refused += 1
            return
        self._queue.append(self._frames(event, values, ends))
        self._have_it_said()

    def _frames(self, event: int, values: tuple[int, ...], ends: Ends) -> tuple[bytes, ...]:
        if self._version == 1:
            return _EVENT_V1.pack(event, values[0] & 0xFFFF_FFFF), ends.name.encode()
        number = _NUMBER_V2.pack
        return (
            number(event),
            number(len(values)),
            *map(number, values),
            ends.local.encode(),
            ends.remote.encode(),
        )

    def _have_it_said(self) -> None:
        if not self._posted:
            self._posted = True
            self._speaker.post(self.speak)

    def speak(self) -> None:
        """Send what waits; the speaker's lock held."""
        # Cleared first: what is appended from here on is posted again, or seen by this loop.
        self._posted = False
        speaker, queue = self._speaker, self._queue
        while queue:
            frames = queue.popleft()
            if speaker.pattern.send(frames):
                continue
            if speaker.pipes:
                self._overflowed += 1
                continue
            queue.appendleft(frames)  # nobody listens yet
            return

    def stop(self) -> None:
        """Say MONITOR_STOPPED, then close; the monitored socket's lock held."""
        self._engine.names.unbind(self._name)
        last: tuple[bytes, ...] | None = None
        if self.events & Event.MONITOR_STOPPED:
            last = self._frames(Event.MONITOR_STOPPED, (0,), NOWHERE)
        self._speaker.post(lambda: self._end(last))
        # In-process readers keep what they were sent, whatever LINGER says.
        self._speaker.abandon()

    def _end(self, last: tuple[bytes, ...] | None) -> None:
        self.speak()
        speaker = self._speaker
        if last is not None and not speaker.pattern.send(last):
            for pipe in speaker.pipes:
                pipe.force(last)  # a reader waits for this one, however much it has not read
