"""CONFLATE: one message, the latest; never full; nothing lost between writer and reader."""

from __future__ import annotations

import sys
import threading

import pytest

from tests.pipes.support import Far
from zmqthread.pipes.conflate import ConflatedLane
from zmqthread.pipes.pipe import Pipe


def test_the_next_message_replaces_the_unread_one() -> None:
    lane = ConflatedLane()
    lane.put(b"a")
    lane.put(b"b")
    assert len(lane) == 1
    assert lane.take() == b"b"
    assert lane.take() is None


def test_a_message_that_was_read_is_not_replaced() -> None:
    lane = ConflatedLane()
    lane.put(b"a")
    assert lane.take() == b"a"
    lane.put(b"b")
    assert lane.take() == b"b"


def test_only_the_last_frame_of_a_multipart_is_kept() -> None:
    lane = ConflatedLane()
    lane.put((b"a", b"b", b"c"))
    assert lane.take() == b"c"


def test_of_several_messages_at_once_the_last_is_kept() -> None:
    lane = ConflatedLane()
    lane.extend([b"a", b"b", (b"c", b"d")])
    assert lane.take() == b"d"
    lane.extend([])
    assert lane.take() is None


def test_a_message_taken_on_the_short_cut_is_gone() -> None:
    lane = ConflatedLane()
    queue = lane.queue
    lane.put(b"a")
    lane.put(b"b")
    assert queue.popleft() == b"b"
    assert not lane.peek()


@pytest.mark.parametrize("hwm", [0, 1, 5])
def test_the_high_water_mark_does_not_matter(hwm: int) -> None:
    lane = ConflatedLane(hwm)
    for _ in range(10):
        assert not lane.full()
        assert lane.room() > 1
        lane.put(b"x")
    lane.set_hwm(1)
    assert (lane.full(), lane.hwm) == (False, 1)


def conflated() -> tuple[Far, Pipe]:
    far = Far()
    far.pipe.outgoing = ConflatedLane(1, 100)
    return far, far.pipe


def test_a_pipe_with_such_a_lane_can_always_be_written_to() -> None:
    far, pipe = conflated()
    assert all(pipe.write(bytes([number]) * 1000) for number in range(10))
    assert pipe.check_write()
    assert far.asked_for_room == 0
    assert pipe.outgoing.take() == b"\x09" * 1000


def test_a_far_end_that_is_awake_is_not_told_of_each_message() -> None:
    far, pipe = conflated()
    pipe.write(b"x")
    assert far.told == 1
    pipe.outgoing.open = True
    for _ in range(10):
        pipe.write(b"x")
    assert far.told == 1


@pytest.mark.parametrize("left", [0, 1])
def test_a_mark_acts_once_the_message_has_been_taken(left: int) -> None:
    lane = ConflatedLane()
    done: list[int] = []
    lane.put(b"a")
    lane.mark(lambda: done.append(1), left)
    assert lane.peek()
    assert lane.take() == b"a"
    assert done == []
    assert lane.take() is None
    assert lane.take() is None
    assert done == [1]


def test_a_mark_neither_drops_the_message_nor_counts_as_one() -> None:
    lane = ConflatedLane()
    lane.mark(lambda: None)
    lane.put(b"a")
    lane.mark(lambda: None)
    assert len(lane) == 1
    assert lane.take() == b"a"


def test_a_mark_acts_when_an_empty_lane_is_looked_into() -> None:
    lane = ConflatedLane()
    done: list[int] = []
    lane.mark(lambda: done.append(1))
    lane.mark(lambda: done.append(2))
    assert not lane.peek()
    assert done == [1, 2]


def test_what_a_mark_puts_is_found() -> None:
    lane = ConflatedLane()
    lane.mark(lambda: lane.put(b"a"))
    assert lane.peek()
    lane.clear()
    lane.mark(lambda: lane.put(b"b"))
    assert lane.take() == b"b"


def test_clear_drops_the_message_and_does_the_marks() -> None:
    lane = ConflatedLane()
    done: list[int] = []
    lane.put(b"a")
    lane.mark(lambda: done.append(1))
    assert lane.clear() == 1
    assert done == [1]


def test_a_reader_in_another_thread_gets_the_last_message_and_none_out_of_order() -> None:
    lane = ConflatedLane()
    last = 20_000
    seen: list[int] = []

    def read() -> None:
        while not seen or seen[-1] != last:
            message = lane.take()
            if message is not None:
                seen.append(int(message))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        reader = threading.Thread(target=read)
        reader.start()
        for number in range(last + 1):
            lane.put(b"%d" % number)
        reader.join()
    finally:
        sys.setswitchinterval(interval)
    assert seen == sorted(set(seen))
    assert seen[-1] == last
