"""What `zmq.Frame` is derived from."""

from __future__ import annotations

from threading import Event
from typing import Any

from zmqthread import message
from zmqthread.backend.errors import peers_errors, pyzmq
from zmqthread.memory import _FINISHED_TRACKER, Share


class Frame(message.Frame):
    """A frame with pyzmq's trackers, noted in ``zmq.utils.garbage`` while its memory is shared."""

    __slots__ = ()

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
        **_: Any,
    ) -> None:
        """See `zmqthread.Frame`."""
        if copy_threshold is None:
            copy_threshold = pyzmq().COPY_THRESHOLD
        super().__init__(data, track, copy, copy_threshold)
        if self.tracker is _FINISHED_TRACKER:
            self.tracker = pyzmq()._FINISHED_TRACKER  # noqa: SLF001 - pyzmq itself gives it

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIELDS:  # pyzmq takes its time to find out that it is not an option
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def _share_view(self, view: memoryview, track: bool | Event) -> None:
        event = None
        if track:
            self.tracker_event = event = Event()
            self.tracker = pyzmq().MessageTracker(event)
        self._hold(_NotedShare(view, event))

    get = peers_errors(message.Frame.get)
    set = peers_errors(message.Frame.set)


_FIELDS = frozenset({*message.Frame.__slots__, "_content", "_share"})


class _NotedShare(Share):
    """Memory in use, listed where pyzmq lists it."""

    __slots__ = ("_key", "_references")

    def __init__(self, view: memoryview, event: Event | None) -> None:
        from zmq.utils.garbage import gc, gcref

        super().__init__(view, event)
        note = gcref(view, event)
        self._key = id(note)
        self._references = gc.refs
        self._references[self._key] = note

    def __del__(self) -> None:
        self._references.pop(self._key, None)
        super().__del__()
