"""What becomes of the data of a user before it goes into a pipe, and after it comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.labels import Labelled, group_octets, routing_number
from zmqthread.message import _FINISHED_TRACKER, Frame

if TYPE_CHECKING:
    from zmqthread.message import MessageTracker


def outgoing(
    data: Any, copy: bool, track: bool, threshold: int
) -> tuple[Any, MessageTracker | None]:
    """Return what goes into a pipe for ``data``, and its tracker (None for copies).

    Raises:
        TypeError: text, or no buffer.
        ValueError: a tracker is asked for, and the Frame was made without one.
    """
    if isinstance(data, Frame):
        if track and data.tracker is None:
            raise ValueError("Not a tracked message")
        frame = data.lend()
        if data.routing_id or data.group:
            return Labelled(frame, data.routing_id, group_octets(data.group)), data.tracker
        return frame, data.tracker
    if isinstance(data, str):
        raise TypeError("unicode not allowed, use send_string")
    if copy or memoryview(data).nbytes < threshold:
        return bytes(memoryview(data)), None if copy else _FINISHED_TRACKER
    frame = Frame.shared(data, track=track)
    return frame.lend(), frame.tracker


def octets(frame: Any) -> bytes:
    """Return the bytes of a frame that came out of a pipe."""
    return frame if frame.__class__ is bytes else frame.bytes


def addressed(frame: Any, routing_id: int | None = None, group: str | None = None) -> Labelled:
    """Return what goes to the pattern for a frame that is for one peer, or for a group.

    Raises:
        ZMQError: EINVAL: see `routing_number` and `group_octets`.
        TypeError: the same.
    """
    label = frame if frame.__class__ is Labelled else Labelled(frame)
    if routing_id is not None:
        label.routing_id = routing_number(routing_id)
    if group is not None:
        label.group = group_octets(group)
    return label
