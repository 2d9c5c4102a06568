"""What `zmq.Frame` is derived from."""

from __future__ import annotations

from threading import Event
from typing import Any, Self

from zmqthread import message
from zmqthread.backend.errors import peers_errors
from zmqthread.memory import _FINISHED_TRACKER, Share


class Frame(message.Frame):
    """A frame with pyzmq's trackers, noted in ``zmq.utils.garbage`` while its memory is shared."""

    # Every frame has its own view of shared memory: as long as that is about, so are the data.
    __slots__ = ("_own_view",)

    _own_view: memoryview | None

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Make a frame without contents."""
        frame = super().__new__(cls)
        frame._own_view = None
        return frame

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
        **_: Any,
    ) -> None:
        """See `zmqthread.Frame`."""
        import zmq

        if copy_threshold is None:
            copy_threshold = zmq.COPY_THRESHOLD
        super().__init__(data, track, copy, copy_threshold)
        if self.tracker is _FINISHED_TRACKER:
            self.tracker = zmq._FINISHED_TRACKER

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIELDS:  # pyzmq takes its time to find out that it is not an option
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def _share_view(self, view: memoryview, track: bool | Event) -> None:
        import zmq

        event = None
        if track:
            self.tracker_event = event = Event()
            self.tracker = zmq.MessageTracker(event)
        self._share = _NotedShare(view, event)
        self._own_view = _another(view)

    def _show_in(self, frame: message.Frame) -> None:
        super()._show_in(frame)
        if self._share is not None and isinstance(frame, Frame):
            frame._own_view = _another(self._share.view)

    @property
    def buffer(self) -> memoryview:
        """A view of the contents, of the user's own memory if it is shared."""
        return super().buffer if self._own_view is None else self._own_view

    get = peers_errors(message.Frame.get)
    set = peers_errors(message.Frame.set)


_FIELDS = frozenset({*message.Frame.__slots__, "_content", "_own_view", "_share"})


def _another(view: memoryview) -> memoryview:
    """Return a view that counts as another reference to the data, where that is easily had."""
    data = view.obj
    whole = type(data) is bytes and len(data) == len(view)
    return memoryview(data) if whole else view[:]


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
