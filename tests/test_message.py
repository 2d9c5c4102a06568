"""Frames: what they hold, what they share, and when a tracker is done."""

from __future__ import annotations

import copy
import pickle
import sys
import threading

import pytest

import zmqthread
from zmqthread.constants import EINVAL, MORE, SHARED, SRCFD
from zmqthread.errors import NotDone, ZMQError
from zmqthread.labels import Labelled
from zmqthread.message import (
    _FINISHED_TRACKER,
    COPY_THRESHOLD,
    Cancel,
    Frame,
    Join,
    Leave,
    Message,
    MessageTracker,
    Subscribe,
)

BIG = bytes(range(256)) * 512


def memory(frame: Frame | bytes) -> object:
    """Return the object whose memory a frame shares."""
    assert isinstance(frame, Frame)
    assert isinstance(frame.data, memoryview)
    return frame.data.obj


def tracker_of(frame: Frame) -> MessageTracker:
    assert frame.tracker is not None
    return frame.tracker


def lend(frame: Frame) -> Frame:
    lent = frame.lend()
    assert isinstance(lent, Frame)
    return lent


def refused(call, *args):
    with pytest.raises(ZMQError) as caught:
        call(*args)
    assert caught.value.errno == EINVAL
    return str(caught.value)


@pytest.mark.parametrize("data", [b"", b"x", b"x" * 100, bytearray(b"abc"), memoryview(b"abc")])
@pytest.mark.parametrize("copying", [True, False, None])
def test_contents(data, copying):
    frame = Frame(data, copy=copying)
    assert frame.bytes == bytes(data) == bytes(frame)
    assert bytes(memoryview(frame)) == bytes(frame.buffer) == bytes(data)
    assert bytes(frame.data) == bytes(data)
    assert len(frame) == len(data)
    assert bytes(frame.lend() if frame.data == frame.bytes else b"") == bytes(data)


def test_a_frame_of_nothing_is_empty_and_false():
    frame = Frame()
    assert (frame.bytes, len(frame), bool(frame), frame.more, frame.tracker) == (
        b"", 0, False, False, None,
    )  # fmt: skip
    assert Message is Frame


def test_text_is_no_data():
    with pytest.raises(TypeError, match="Str objects not allowed"):
        Frame("text")
    with pytest.raises(TypeError):
        Frame(5)


@pytest.mark.parametrize("copying", [True, False])
def test_scattered_memory_is_refused(copying):
    with pytest.raises(BufferError):
        Frame(memoryview(b"abcdef")[::2], copy=copying)


def test_memory_of_any_shape_becomes_octets():
    table = memoryview(bytes(range(12))).cast("B", (3, 4))
    assert Frame(table, copy=False).bytes == bytes(range(12))
    assert Frame(memoryview(b"\0\0\0\1").cast("I"), copy=True).bytes == b"\0\0\0\1"
    assert Frame(memoryview(b"").cast("I"), copy=False).bytes == b""
    assert Frame(Frame(b"abc"), copy=False).bytes == b"abc"


def test_bytes_are_made_once():
    for copying in (True, False):
        frame = Frame(bytearray(b"abc"), copy=copying)
        assert frame.bytes is frame.bytes


def test_a_view_is_writable_and_what_is_written_is_sent():
    frame = Frame(b"abc")
    view = memoryview(frame)
    assert (view.readonly, view.format, view.ndim) == (False, "B", 1)
    view[0] = 0x41
    assert frame.data == b"Abc"
    assert frame.lend() == b"Abc"


def test_buffer_is_the_same_object_while_somebody_has_it():
    for frame in (Frame(b"abc"), Frame(bytearray(b"abc"), copy=False)):
        view = frame.buffer
        assert frame.buffer is view


def test_other_buffers_can_be_made_of_frames():
    assert b"-".join([Frame(b"a"), Frame(bytearray(b"b"), copy=False)]) == b"a-b"


def test_small_data_is_copied_and_big_data_shared():
    small, big = bytearray(COPY_THRESHOLD - 1), bytearray(COPY_THRESHOLD)
    copied, shared = Frame(small), Frame(big)
    small[0] = big[0] = 7
    assert (copied.data[0], shared.data[0]) == (0, 7)


@pytest.mark.parametrize(("threshold", "seen"), [(3, 7), (4, 0), (0, 7)])
def test_threshold_as_an_argument(threshold, seen):
    data = bytearray(3)
    frame = Frame(data, copy_threshold=threshold)
    data[0] = 7
    assert frame.data[0] == seen


def test_threshold_of_the_package(monkeypatch):
    monkeypatch.setattr(zmqthread, "COPY_THRESHOLD", 2, raising=False)
    assert isinstance(Frame(b"ab").data, memoryview)
    assert isinstance(Frame(b"a").data, bytes)


def test_sharing_sends_the_very_memory_of_the_user():
    data = bytearray(BIG)
    frame = Frame(data, copy=False)
    assert memory(frame) is data
    assert frame.buffer.obj is data
    for one in (frame.lend(), Frame.shared(data), copy.copy(frame)):
        assert memory(one) is data
        assert len(one) == len(data)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the buffer protocol needs a copy there")
def test_nothing_is_copied_before_it_is_asked_for():
    data = bytearray(BIG)
    frame = Frame(data, copy=False)
    view = memoryview(frame)
    data[0] = 99
    assert view[0] == 99
    assert Frame(BIG, copy=True).data is BIG


def test_a_tracker_of_copied_data_is_done_at_once():
    frame = Frame(b"abc", track=True)
    assert frame.tracker is _FINISHED_TRACKER
    assert tracker_of(frame).done
    assert frame.tracker_event is None
    assert Frame(b"abc").tracker is None


def test_a_tracker_is_done_when_no_frame_is_left():
    frame = Frame(BIG, copy=False, track=True)
    tracker, lent, other = tracker_of(frame), lend(frame), copy.copy(frame)
    assert other.tracker is tracker
    assert other.tracker_event is frame.tracker_event
    del frame
    assert not tracker.done
    lent.release()
    assert not tracker.done
    del other
    tracker.wait(0)


def test_memory_is_free_when_the_tracker_is_done():
    data = bytearray(BIG)
    frame = Frame.shared(data, track=True)
    with pytest.raises(BufferError):
        data += b"x"
    frame.release()
    assert tracker_of(frame).done
    assert bytes(frame.data) == b""
    data += b"x"


def test_release_of_a_copying_frame_changes_nothing():
    frame = Frame(b"abc")
    frame.release()
    assert frame.bytes == b"abc"


def test_waiting_for_a_tracker_ends_when_the_engine_lets_go():
    frame = Frame.shared(BIG, track=True)
    tracker, held = tracker_of(frame), [frame.lend()]
    del frame
    with pytest.raises(NotDone):
        tracker.wait(0)
    with pytest.raises(NotDone):
        tracker.wait(0.01)
    engine = threading.Thread(target=held.clear)
    engine.start()
    tracker.wait(timeout=30)
    engine.join()
    assert tracker.done


def test_frames_are_equal_to_themselves_only():
    frame = Frame(b"a")
    assert frame == frame
    assert frame != Frame(b"a")
    assert len({frame, Frame(b"a")}) == 2
    assert frame != b"a"  # type: ignore[comparison-overlap]
    with pytest.raises(TypeError):
        frame < Frame(b"b")  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize("name", ["append", "pop", "decode", "find", "hex"])
def test_frames_have_no_methods_of_the_type_they_export_through(name):
    assert not hasattr(Frame(b"abc"), name)


@pytest.mark.parametrize(
    "operation",
    [
        lambda frame: frame + b"x",
        lambda frame: frame * 2,
        lambda frame: b"a" in frame,
        lambda frame: frame.__setitem__(0, 1),
        lambda frame: frame.__delitem__(0),
    ],
)
def test_frames_cannot_be_used_as_arrays(operation):
    with pytest.raises((TypeError, AttributeError, ZMQError)):
        operation(Frame(b"abc"))


def test_frames_cannot_be_pickled():
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(Frame(b"abc"))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"abc", "<zmq.Frame(b'abc')>"),
        (b"a" * 17, "<zmq.Frame(b'aaaaaaaaaaaa'...17B)>"),
        (b"a" * 2000, "<zmq.Frame(b'aaaaaaaaaaaa'...2kB)>"),
        (b"a" * 3000000, "<zmq.Frame(b'aaaaaaaaaaaa'...3MB)>"),
    ],
)
def test_repr(data, text):
    assert repr(Frame(data)) == str(Frame(data)) == text


@pytest.mark.parametrize("make", [lambda f: f.copy(), copy.copy, lambda f: f.fast_copy()])
@pytest.mark.parametrize("copying", [True, False])
def test_copies_have_contents_and_properties(make, copying):
    frame = Frame.received(b"abc", more=True, metadata={"User-Id": "me"})
    if not copying:
        frame = Frame(b"abc", copy=False)
        frame.more, frame.metadata = True, {"User-Id": "me"}
    frame.group = "g"
    frame.routing_id = 5
    other = make(frame)
    assert other is not frame
    assert (other.bytes, other.more, other["User-Id"]) == (b"abc", True, "me")
    assert (other.group, other.routing_id) == ("g", 5)
    assert other.get(SHARED) == frame.get(SHARED) == int(not copying)


def test_subclasses_stay_what_they_are():
    class Mine(Frame):
        extra = 5

    for frame in (Mine(b"abc"), Mine.received(b"abc"), copy.copy(Mine(b"abc"))):
        assert type(frame) is Mine
        assert frame.bytes == b"abc"
    assert repr(Mine(b"a")).startswith("<tests.test_message.Mine(")


def test_every_attribute_exists_on_the_class():
    # pyzmq's Frame takes an attribute that its class does not have for an option.
    frame = Frame(BIG, track=True)
    for name in ("more", "tracker", "tracker_event", "metadata", "_share", "_bytes", "_group"):
        assert hasattr(type(frame), name)


def test_received_frames_show_what_was_in_the_pipe():
    assert Frame.received(b"abc").bytes == b"abc"
    lent = Frame.shared(bytearray(BIG), track=True)
    frame = Frame.received(lent, more=True)
    assert bytes(memoryview(frame)) == BIG
    assert frame.more
    assert memory(frame) is memory(lent)


METADATA: dict[str, str | bytes] = {
    "Socket-Type": "PUSH",
    "Routing-Id": b"id",
    "X-a": "b",
    "Peer-Address": "127.0.0.1",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Socket-Type", "PUSH"),
        (b"Socket-Type", "PUSH"),
        ("Identity", "id"),
        ("Routing-Id", "id"),
        ("X-a", "b"),
        ("group", ""),
        ("routing_id", 0),
        (SHARED, 0),
        (MORE, 1),
    ],
)
def test_properties(name, value):
    frame = Frame.received(b"", more=True, metadata=METADATA)
    assert frame.get(name) == value == frame[name]


@pytest.mark.parametrize("name", ["User-Id", "", b"x", 4, 0, SRCFD])
def test_unknown_properties_are_refused(name):
    assert (name.decode() if isinstance(name, bytes) else repr(name)) in refused(
        Frame.received(b"", metadata=METADATA).get, name
    )
    refused(Frame(b"").__getitem__, name)


def test_name_of_a_property_has_to_be_text():
    with pytest.raises(TypeError):
        Frame().get(1.5)  # type: ignore[call-overload]


def test_descriptor_of_the_source():
    assert Frame.received(b"", metadata={"__fd": "7"}).get(SRCFD) == 7


@pytest.mark.parametrize("group", ["", "g", "g" * 255, b"g", "ü"])
def test_group(group):
    frame = Frame()
    frame.group = group
    assert frame.group == frame.get("group") == (group if isinstance(group, str) else "g")


@pytest.mark.parametrize("group", ["g" * 256, "ü" * 128, b"g" * 256, "a\0b"])
def test_bad_groups(group):
    assert "group=" in refused(Frame().set, "group", group)


@pytest.mark.parametrize("number", [0, -1, 1 << 32])
def test_bad_routing_ids(number):
    assert f"routing_id={number}" in refused(Frame().set, "routing_id", number)


def test_routing_id_and_group_have_their_types():
    frame = Frame()
    frame.routing_id = (1 << 32) - 1
    assert frame.get("routing_id") == (1 << 32) - 1
    with pytest.raises(TypeError):
        frame.set("routing_id", "1")
    with pytest.raises(TypeError):
        frame.set("group", 1)


@pytest.mark.parametrize("name", ["User-Id", MORE])
def test_other_properties_cannot_be_set(name):
    refused(Frame().set, name, 1)


@pytest.mark.parametrize(
    ("cls", "name"), [(Subscribe, "topic"), (Cancel, "topic"), (Join, "group"), (Leave, "group")]
)
def test_events_of_subscribers(cls, name):
    event = cls(b"a")
    assert getattr(event, name) == b"a"
    assert event == cls(b"a")
    assert hash(event) == hash(cls(b"a"))
    assert event != cls(b"b")
    assert event != b"a"
    assert not hasattr(event, "__dict__")
    assert repr(event) == f"{cls.__name__}(b'a')"
    assert len({Subscribe(b"a"), Cancel(b"a"), Join(b"a"), Leave(b"a")}) == 4


def test_events_can_be_matched_by_their_octets():
    match Subscribe(b"a"):
        case Subscribe(topic):
            assert topic == b"a"
        case _:
            pytest.fail("did not match")


@pytest.mark.parametrize("frame", [b"abc", Frame.shared(bytearray(b"abc"))])
def test_a_labelled_frame_is_one_for_the_engine(frame):
    label = Labelled(frame, 7, b"g")
    assert (len(label), label.bytes, bytes(label.data), bytes(label.buffer)) == (3,) + (b"abc",) * 3
    received = Frame.received(label, metadata={"User-Id": "me"})
    assert (received.bytes, received.routing_id, received.group) == (b"abc", 7, "g")
    assert received["User-Id"] == "me"
