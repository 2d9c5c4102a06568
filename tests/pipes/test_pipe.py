"""A pipe: what is written, when the far end is told, and full and empty."""

from __future__ import annotations

import pytest

from tests.pipes.support import Far
from zmqthread.message import Frame, Subscribe
from zmqthread.pipes.lane import SMALL
from zmqthread.pipes.pipe import weight

# -- the peer -------------------------------------------------------------------------------------


def test_messages_tell_of_the_peer_where_it_is_and_on_which_descriptor() -> None:
    pipe = Far().pipe
    assert pipe.peer_properties == {}
    pipe.introduce({"Identity": b"me"}, "127.0.0.1", 7)
    expected = {"Identity": b"me", "Peer-Address": "127.0.0.1", "__fd": "7"}
    assert pipe.peer_properties == expected
    assert pipe.peer_properties is pipe.peer_properties
    pipe.introduce({"Identity": b"other"})
    assert pipe.peer_properties == {"Identity": b"other"}


def test_what_is_asked_of_one_pipe_does_not_become_anothers() -> None:
    said = {"Identity": b"me"}  # connections with equal peers share it
    first, second = Far().pipe, Far().pipe
    first.introduce(said, "127.0.0.1", 7)
    second.introduce(said)
    assert first.peer_properties != second.peer_properties
    assert said == {"Identity": b"me"}


# -- writing --------------------------------------------------------------------------------------


def test_hwm_messages_are_written_and_no_more() -> None:
    far = Far(hwm=4)
    assert [far.pipe.write(b"x") for _ in range(6)] == [True] * 4 + [False] * 2
    assert len(far.pipe.outgoing) == 4
    assert not far.pipe.writable


def test_a_full_pipe_asks_for_room_once() -> None:
    far = Far(hwm=1)
    far.pipe.write(b"x")
    assert not far.pipe.write(b"y")
    assert not far.pipe.write(b"y")
    assert far.asked_for_room == 1


def test_a_full_pipe_stays_so_until_it_is_activated() -> None:
    far = Far(hwm=4)
    pipe = far.pipe
    while pipe.write(b"x"):
        pass
    pipe.outgoing.take()
    assert not pipe.write(b"y")  # above the low-water mark nobody has activated it
    assert not pipe.check_write()
    pipe.writable = True
    assert pipe.check_write()
    assert pipe.write(b"y")


def test_a_far_end_that_drains_at_once_keeps_the_pipe_open() -> None:
    far = Far(hwm=2)
    far.drain = far.pipe.outgoing.clear
    assert all(far.pipe.write(b"x") for _ in range(10))
    assert far.pipe.writable
    assert far.asked_for_room == 4


def test_a_full_lane_is_asked_for_room_by_check_write_too() -> None:
    far = Far(hwm=1)
    far.pipe.write(b"x")
    far.drain = far.pipe.outgoing.clear
    assert far.pipe.check_write()


def test_a_pipe_that_breaks_while_it_makes_room_is_not_writable() -> None:
    far = Far(hwm=1)
    pipe = far.pipe
    pipe.write(b"x")

    def broken() -> None:
        # What a socket does when the connection breaks during the flush.
        pipe.ended = True
        pipe.writable = False
        pipe.outgoing.clear()

    far.drain = broken
    assert not pipe.write(b"y")
    assert not pipe.writable
    assert not pipe.outgoing.queue


def test_a_pipe_that_breaks_while_it_makes_room_is_not_ready_for_writing() -> None:
    far = Far(hwm=1)
    far.pipe.write(b"x")

    def broken() -> None:
        far.pipe.ended = True
        far.pipe.outgoing.clear()

    far.drain = broken
    assert not far.pipe.check_write()


def test_force_goes_past_the_mark() -> None:
    far = Far(hwm=1)
    for _ in range(3):
        far.pipe.force(b"x")
    assert len(far.pipe.outgoing) == 3
    assert not far.pipe.write(b"x")


def test_the_octets_of_large_messages_count() -> None:
    far = Far(hwm=100, byte_limit=3000)
    assert [far.pipe.write(bytes(1000)) for _ in range(4)] == [True] * 3 + [False]


@pytest.mark.parametrize("message", [b"x" * 1000, (b"x" * 500, b"y" * 500), Frame(b"x" * 1000)])
def test_what_counts_are_the_octets_of_all_frames(message: object) -> None:
    far = Far()
    far.pipe.write(message)
    assert far.pipe.outgoing.bytes_in == 1000


@pytest.mark.parametrize("message", [b"x" * SMALL, (b"x" * 100, b"y" * 100), Subscribe(b"x" * 999)])
def test_small_messages_and_commands_do_not_count(message: object) -> None:
    far = Far()
    far.pipe.write(message)
    assert far.pipe.outgoing.bytes_in == 0


def test_weight_is_the_octets_of_all_frames() -> None:
    assert weight((b"ab", b"", b"c")) == 3
    assert weight(Frame(b"abc")) == 3
    assert weight(Subscribe(b"abc")) == 0


# -- telling the far end --------------------------------------------------------------------------


def test_a_far_end_that_is_awake_is_not_told() -> None:
    far = Far(hwm=100)
    far.pipe.write(b"x")
    assert far.told == 1
    far.pipe.outgoing.open = True
    far.pipe.write(b"x")
    assert far.told == 1


def test_a_far_end_that_is_awake_is_told_when_enough_has_gathered() -> None:
    far = Far(hwm=100)
    lane = far.pipe.outgoing
    lane.open = True
    lane.gather = 3
    for _ in range(2):
        far.pipe.write(b"x")
    assert far.told == 0
    far.pipe.write(b"x")
    assert far.told == 1


def test_a_far_end_that_is_awake_is_told_of_a_very_large_message() -> None:
    far = Far(hwm=100)
    far.pipe.outgoing.open = True
    far.pipe.write(bytes((1 << 16) - 1))
    assert far.told == 0
    far.pipe.write(bytes(1 << 16))
    assert far.told == 1


def test_the_message_is_there_when_the_far_end_is_told() -> None:
    far = Far()
    seen: list[int] = []
    far.wrote = lambda pipe: seen.append(len(pipe.outgoing))  # type: ignore[method-assign]
    far.pipe.write(b"x")
    assert seen == [1]


def test_the_lane_knows_who_writes_there() -> None:
    far = Far()
    assert far.pipe.outgoing.writer is far.pipe


# -- reading --------------------------------------------------------------------------------------


def test_reading_takes_messages_in_order_and_then_finds_the_pipe_passive() -> None:
    far = Far()
    far.pipe.incoming.extend([b"", b"a"])
    assert [far.pipe.read(), far.pipe.read()] == [b"", b"a"]
    assert far.pipe.readable
    assert far.pipe.read() is None
    assert not far.pipe.readable


def test_a_pipe_read_empty_asks_the_far_end_for_more() -> None:
    far = Far()
    far.held_back = [b"a"]
    assert far.pipe.read() == b"a"
    assert far.pipe.readable
    far.held_back = [b"b"]
    assert far.pipe.check_read()
    assert far.pipe.readable
    assert far.pipe.read() == b"b"


def test_a_far_end_that_brings_a_mark_brings_nothing() -> None:
    far = Far()
    done: list[int] = []
    far.pipe.incoming.mark(lambda: done.append(1))
    far.held_back, held = [], list(far.pipe.incoming.queue)
    far.pipe.incoming.queue.clear()
    far.held_back = held
    assert not far.pipe.check_read()
    assert done == [1]
    assert not far.pipe.readable


def test_check_read_leaves_the_message() -> None:
    far = Far()
    far.pipe.incoming.put(b"a")
    assert far.pipe.check_read()
    assert far.pipe.read() == b"a"
    assert not far.pipe.check_read()
    assert not far.pipe.readable
