"""The memory that frames hold or share, and the trackers that tell when it is free again."""

from __future__ import annotations

import sys
import time
from threading import TIMEOUT_MAX, Event
from typing import TYPE_CHECKING, Any, Final, Self

from .errors import NotDone


class MessageTracker:
    """Tells when the engine no longer uses the memory of some messages.

    Args:
        towatch: trackers, tracked frames, or events.

    Raises:
        ValueError: a frame is not tracked.
        TypeError: something else was given.
    """

    events: set[Event]
    peers: set[MessageTracker]

    def __init__(self, *towatch: MessageTracker | Event | Exporter) -> None:
        """Sort what is to be watched."""
        self.events = set()
        self.peers = set()
        for watched in towatch:
            if isinstance(watched, Event):
                self.events.add(watched)
            elif isinstance(watched, MessageTracker):
                self.peers.add(watched)
            elif not isinstance(watched, Exporter):
                raise TypeError(f"Require Events or Message Frames, not {type(watched)}")
            elif watched.tracker is None:
                raise ValueError("Not a tracked message")
            else:
                self.peers.add(watched.tracker)

    @property
    def done(self) -> bool:
        """True if the engine uses none of the messages any more."""
        return all(event.is_set() for event in self.events) and all(
            peer.done for peer in self.peers
        )

    def wait(self, timeout: float | None = -1) -> None:
        """Wait until all messages are done with.

        Args:
            timeout: seconds; negative or None means for ever.

        Raises:
            NotDone: the time is over.
        """
        deadline = None
        if timeout is not None and timeout >= 0:
            deadline = time.monotonic() + timeout
        self._wait_until(deadline)

    def _wait_until(self, deadline: float | None) -> None:
        for event in self.events:
            # An event that is set counts even when the time is over.
            left = TIMEOUT_MAX if deadline is None else max(0.0, deadline - time.monotonic())
            if not event.wait(min(left, TIMEOUT_MAX)):
                raise NotDone
        for peer in self.peers:
            peer._wait_until(deadline)  # noqa: SLF001 - its own class


_FINISHED_TRACKER: Final = MessageTracker()


class Share:
    """The user's memory, held by all frames that show it; the tracker is done when none is left."""

    __slots__ = ("event", "view")

    def __init__(self, view: memoryview, event: Event | None) -> None:
        self.view = view
        self.event = event

    def __del__(self) -> None:
        del self.view  # first: who waits for the event may resize what it showed
        if self.event is not None:
            self.event.set()


def flat_view(data: Any) -> memoryview:
    """Return a one-dimensional view of the bytes of an object, without a copy where possible."""
    if isinstance(data, str):
        raise TypeError("Str objects not allowed. Only: bytes, buffer interfaces.")
    share = data._share if isinstance(data, Exporter) else None  # noqa: SLF001 - of this module
    view = memoryview(data) if share is None else share.view
    if not view.contiguous:
        raise BufferError("memory must be contiguous")
    if view.ndim == 1 and view.format == "B":
        return view
    if view.nbytes and view.c_contiguous:
        return view.cast("B")
    return memoryview(view.tobytes(order="A"))


def readable_size(size: int) -> str:
    """Return a number of octets as a person would say it."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if size >= scale:
            return f"{size / scale:.0f}{unit}"
    return f"{size}B"


if TYPE_CHECKING or sys.version_info >= (3, 12):

    class Exporter:
        """Where a frame keeps what it does not share, and how it exports the buffer protocol."""

        __slots__ = ("_content", "_share")

        # bytes until somebody asks for a view, which has to be writable
        _content: bytes | bytearray
        _share: Share | None
        tracker: MessageTracker | None

        def __new__(cls) -> Self:
            exporter = super().__new__(cls)
            exporter._content = b""
            return exporter

        def _fill(self, data: bytes | memoryview) -> None:
            self._content = bytes(data)

        def _fill_for_export(self, view: memoryview) -> None:
            pass

        def _size(self) -> int:
            return len(self._content)

        def __buffer__(self, flags: int, /) -> memoryview:
            if self._share is not None:
                return self._share.view
            if isinstance(self._content, bytes):
                self._content = bytearray(self._content)
            return memoryview(self._content)

else:

    class Exporter(bytearray):
        """Where a frame keeps what it does not share, and how it exports the buffer protocol.

        Before Python 3.12 only a built-in type can export it, and cannot be asked first: the
        bytes have to be in it from the start. A frame is no bytearray in any other respect.
        """

        __slots__ = ("_share",)
        __str__ = object.__str__
        __hash__ = object.__hash__
        _fill = _fill_for_export = bytearray.__init__
        _size = bytearray.__len__

        @property
        def _content(self):
            return self

    class _Hidden:
        def __get__(self, instance, owner=None):
            raise AttributeError("a Frame has no methods of bytearray")

    for _name in set(dir(bytearray)) - set(dir(object)) - {"__alloc__", "__len__"}:
        setattr(Exporter, _name, None if _name.startswith("__") else _Hidden())
    for _name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
        setattr(Exporter, _name, getattr(object, _name))
