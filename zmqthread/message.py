"""Frames: what messages are made of, and the face of one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from threading import Event
from typing import Any, Final, Literal, NoReturn, Self, SupportsIndex, TypeAlias, overload
from weakref import ref

from .commands import Cancel, Join, Leave, Subscribe
from .constants import EINVAL, MessageOption
from .errors import error_about
from .labels import Labelled, group_octets, routing_number, text_of
from .memory import _FINISHED_TRACKER, Exporter, MessageTracker, Share, flat_view, readable_size

__all__ = [
    "COPY_THRESHOLD",
    "_FINISHED_TRACKER",
    "Cancel",
    "Frame",
    "Join",
    "Labelled",
    "Leave",
    "Message",
    "MessageTracker",
    "Subscribe",
]

# Below this many bytes a copy costs less than keeping track of shared memory (pyzmq's value).
COPY_THRESHOLD = 65536

# Inside Frame, ``bytes`` in an annotation would be its property.
Octets: TypeAlias = bytes

_NOTHING: Final[Mapping[str, str | Octets]] = {}
# libzmq 4.1 and later know the first under both names.
_SAME_PROPERTY: Final = {"Identity": "Routing-Id", "Routing-Id": "Identity"}


def current_copy_threshold() -> int:
    """Return ``zmqthread.COPY_THRESHOLD`` as it is now: programs set it on the package."""
    package = sys.modules.get(__package__ or "")
    return int(getattr(package, "COPY_THRESHOLD", COPY_THRESHOLD))


class Frame(Exporter):
    """One frame of a message: for sending without a copy, and for what came with a message.

    Properties of a received message are read as ``frame["User-Id"]``; known are Socket-Type,
    Identity (the same as Routing-Id), User-Id, Peer-Address, Resource and names that begin
    with ``X-``. Frames are equal only to themselves.

    A frame of at least the threshold's size, or made with ``copy=False``, shares the memory of
    ``data``, which must not change until the tracker is done: when neither the engine nor any
    frame holds it any more. Before Python 3.12 the buffer protocol needs a copy, which such a
    frame makes once, at the start; what is sent is the shared memory all the same.

    Args:
        data: any contiguous buffer; None means an empty frame.
        track: whether ``tracker`` is to tell when the memory is no longer used.
        copy: whether to copy; None leaves it to the size.
        copy_threshold: bytes from which memory is shared, 0 for always; None: COPY_THRESHOLD.

    Raises:
        TypeError: data is text, or no buffer.
        BufferError: data is not contiguous.
    """

    __slots__ = (
        "__weakref__",
        "_buffer",
        "_bytes",
        "_copied",
        "_group",
        "_own_view",
        "_routing_id",
        "metadata",
        "more",
        "tracker",
        "tracker_event",
    )

    more: bool
    tracker: MessageTracker | None
    tracker_event: Event | None
    metadata: Mapping[str, str | Octets]

    _bytes: bytes | None
    _buffer: ref[memoryview] | None
    _copied: bool
    # What keeps the shared memory about as long as somebody looks at it here.
    _own_view: memoryview | None
    _group: str
    _routing_id: int

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """Make a frame without contents."""
        frame = super().__new__(cls)
        frame.more = frame._copied = False
        frame.tracker = frame.tracker_event = None
        frame._share = frame._bytes = frame._buffer = frame._own_view = None
        frame.metadata = _NOTHING
        frame._group = ""
        frame._routing_id = 0
        return frame

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None:
        """Copy or share the data."""
        if track:
            self.tracker = _FINISHED_TRACKER
        if data is None:
            self._fill(b"")
            return
        view = flat_view(data)
        if copy is None:
            if copy_threshold is None:
                copy_threshold = current_copy_threshold()
            copy = view.nbytes < copy_threshold
        if copy:
            self._fill(data if type(data) is bytes else view)
        else:
            self._share_view(view, track)
            self._fill_for_export(view)

    @classmethod
    def shared(cls, data: Any, track: bool | Event = False) -> Self:
        """Make a frame for the engine only: it always shares memory, and exports no buffer.

        With an event as ``track``, that is set when the memory is no longer used.

        Raises:
            TypeError: data is text, or no buffer.
            BufferError: data is not contiguous.
        """
        frame = cls.__new__(cls)
        frame._share_view(flat_view(data), track)  # noqa: SLF001 - its own class
        return frame

    @classmethod
    def received(
        cls,
        item: bytes | Frame | Labelled,
        more: bool = False,
        metadata: Mapping[str, str | Octets] = _NOTHING,
    ) -> Self:
        """Make the frame that a program gets from what was in a pipe.

        Args:
            item: the contents.
            more: whether another frame of the message follows.
            metadata: the properties of the message; one mapping serves a whole connection.
        """
        frame = cls.__new__(cls)
        if isinstance(item, Labelled):
            frame._routing_id, frame._group = item.routing_id, text_of(item.group)  # noqa: SLF001
            item = item.frame
        if isinstance(item, Frame):
            item._show_in(frame)  # noqa: SLF001 - its own class
        else:
            frame._fill(item)  # noqa: SLF001
        frame.more = more
        frame.metadata = metadata
        return frame

    def lend(self) -> bytes | Frame:
        """Return what goes into a pipe: bytes, or a frame that shares the memory.

        The engine drops that frame, or calls its ``release``, when all is written.
        """
        if self._share is None:
            return self._snapshot()
        frame = Frame.__new__(Frame)
        frame._share = self._share  # noqa: SLF001 - its own class
        return frame

    def release(self) -> None:
        """Give up the share in the memory, as dropping the frame does; it cannot be read then."""
        self._share = self._own_view = None

    @property
    def data(self) -> bytes | memoryview:
        """What is sent: a view of the memory if it is shared, otherwise the bytes as they are now.

        A frame of ``shared`` or ``lend`` is empty after ``release``.
        """
        return self._snapshot() if self._share is None else self._share.view

    def _share_view(self, view: memoryview, track: bool | Event) -> None:
        if track:
            self.tracker_event = track if isinstance(track, Event) else Event()
            self.tracker = MessageTracker(self.tracker_event)
        self._hold(Share(view, self.tracker_event))

    def _hold(self, share: Share) -> None:
        self._share = share
        data = share.view.obj
        # A view of bytes of its own, rather than a slice of that one, counts as a reference: who
        # counts those sees that the frame and the engine both have the data.
        whole = type(data) is bytes and len(data) == len(share.view)
        self._own_view = memoryview(data) if whole else share.view[:]

    def _snapshot(self) -> bytes:
        # Not ``bytes``, which stays what it was when it was first looked at.
        content = self._content
        return content if isinstance(content, bytes) else bytes(memoryview(content))

    def _show_in(self, frame: Frame) -> None:
        frame._copied = self._copied
        frame.tracker, frame.tracker_event = self.tracker, self.tracker_event
        if self._share is None:
            frame._fill(self._snapshot())
        else:
            frame._hold(self._share)
            frame._fill_for_export(self._share.view)

    @property
    def bytes(self) -> Octets:
        """The contents, copied at most once: later changes through a view do not show."""
        if self._bytes is None:
            self._bytes = bytes(self.data)
        return self._bytes

    @property
    def buffer(self) -> memoryview:
        """A view of the contents, of the user's own memory if it is shared."""
        if self._own_view is not None:
            return self._own_view
        view = None if self._buffer is None else self._buffer()
        if view is None:
            view = memoryview(self) if self._share is None else self._share.view[:]
            self._buffer = ref(view)
        return view

    def __len__(self) -> int:
        return self._size() if self._share is None else len(self._share.view)

    def __bytes__(self) -> Octets:
        return self.bytes

    def __repr__(self) -> str:
        size = len(self)
        shown = repr(bytes(self.buffer[:12] if size > 16 else self.buffer))
        if size > 16:
            shown += f"...{readable_size(size)}"
        cls = type(self)
        name = "zmq.Frame" if cls is Frame else f"{cls.__module__}.{cls.__name__}"
        return f"<{name}({shown})>"

    def __copy__(self) -> Self:
        return self.fast_copy()

    def fast_copy(self) -> Self:
        """Return another frame with the same contents, shared if these are, and properties."""
        self._copied = self._share is not None
        frame = type(self).__new__(type(self))
        self._show_in(frame)
        frame.more, frame.metadata = self.more, self.metadata
        frame._group, frame._routing_id = self._group, self._routing_id  # noqa: SLF001
        return frame

    copy = fast_copy

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("cannot pickle a Frame: pickle its bytes")

    def __getitem__(self, key: int | str | Octets) -> int | str:
        return self.get(key)

    @overload
    def get(self, option: int | Literal["routing_id"]) -> int: ...
    @overload
    def get(self, option: Octets | Literal["group"]) -> str: ...
    @overload
    def get(self, option: str) -> int | str: ...
    def get(self, option: int | str | Octets) -> int | str:
        """Return a property.

        Args:
            option: a MessageOption, "routing_id", "group", or the name of a property that came
                with the message.

        Raises:
            ZMQError: EINVAL: there is no such property.
            TypeError: the name is of another type.
        """
        if isinstance(option, int):
            return self._get_number(option)
        option = text_of(option)
        if option == "routing_id":
            return self._routing_id
        if option == "group":
            return self._group
        value = self.metadata.get(option)
        if value is None:
            value = self.metadata.get(_SAME_PROPERTY.get(option, ""))
        if value is None:
            raise error_about(EINVAL, property=option)
        return text_of(value)

    def _get_number(self, option: int) -> int:
        if option == MessageOption.MORE:
            return int(self.more)
        if option == MessageOption.SHARED:
            return int(self._copied)
        if option == MessageOption.SRCFD and "__fd" in self.metadata:
            return int(self.metadata["__fd"])
        raise error_about(EINVAL, property=option)

    def set(self, option: int | str, value: int | str | Octets) -> None:
        """Set "routing_id" (1 to 2**32-1) or "group" (at most 255 octets); nothing else can be.

        Raises:
            ZMQError: EINVAL: another property, or a value out of range.
            TypeError: the value has the wrong type.
        """
        if option == "routing_id":
            self._routing_id = routing_number(value)
        elif option == "group":
            self._group = text_of(group_octets(value))
        else:
            raise error_about(EINVAL, property=option)

    @property
    def group(self) -> str:
        """The group of a RADIO or DISH message, "" if it has none."""
        return self._group

    @group.setter
    def group(self, group: str | Octets) -> None:
        self.set("group", group)

    @property
    def routing_id(self) -> int:
        """The number of the peer that a SERVER or PEER message came from or goes to, 0 if none."""
        return self._routing_id

    @routing_id.setter
    def routing_id(self, routing_id: int) -> None:
        self.set("routing_id", routing_id)


Message = Frame
