"""Trackers, and views of any memory as octets."""

from __future__ import annotations

import threading

import pytest

from zmqthread.errors import NotDone
from zmqthread.memory import MessageTracker, flat_view, readable_size
from zmqthread.message import Frame

BIG = bytes(1 << 17)


def test_trackers_watch_events_frames_and_trackers():
    event, frame = threading.Event(), Frame(BIG, copy=False, track=True)
    inner = MessageTracker(event)
    tracker = MessageTracker(inner, frame, threading.Event())
    assert (len(tracker.events), len(tracker.peers)) == (1, 2)
    assert not tracker.done
    event.set()
    del frame
    assert not tracker.done
    tracker.events.pop().set()
    tracker = MessageTracker(inner, *tracker.peers)
    assert tracker.done
    for forever in (-1, None):
        tracker.wait(forever)
    tracker.wait(0)


def test_trackers_watch_nothing_else():
    with pytest.raises(TypeError):
        MessageTracker(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Not a tracked message"):
        MessageTracker(Frame(b"x"))


def test_the_time_of_waiting_is_shared_by_all_that_is_watched():
    tracker = MessageTracker(MessageTracker(threading.Event()), MessageTracker(threading.Event()))
    with pytest.raises(NotDone):
        tracker.wait(0.01)


def test_sizes_up_to_gigabytes_are_readable():
    assert readable_size(5 * 10**9) == "5GB"


@pytest.mark.parametrize("shape", [(12,), (3, 4), (2, 2, 3)])
def test_views_of_any_shape_are_flat_and_not_copied(shape):
    memory = bytearray(range(12))
    view = flat_view(memoryview(memory).cast("B", shape))
    memory[0] = 99
    assert (view.ndim, view.format, view.tobytes()) == (1, "B", bytes(memory))


def test_a_view_of_octets_is_taken_as_it_is():
    view = memoryview(b"abc")
    assert flat_view(view).obj is view.obj


def test_a_view_of_a_sharing_frame_is_of_the_users_memory():
    data = bytearray(b"abc")
    assert flat_view(Frame.shared(data)).obj is data
