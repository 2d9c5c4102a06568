"""One direction of a pipe: order, high-water mark, octets, marks."""

from __future__ import annotations

from zmqthread.message import Subscribe
from zmqthread.pipes.lane import BATCH, SMALL, Lane, Mark


def taken(lane: Lane) -> list[object]:
    """Take everything."""
    return list(iter(lane.take, None))


def fill(lane: Lane, *messages: object) -> None:
    for message in messages:
        lane.put(message)


# -- order ----------------------------------------------------------------------------------------


def test_messages_come_out_as_they_went_in() -> None:
    lane = Lane(10)
    fill(lane, b"a", (b"b", b"c"), b"", Subscribe(b"t"))
    assert taken(lane) == [b"a", (b"b", b"c"), b"", Subscribe(b"t")]
    assert lane.take() is None


def test_several_messages_at_once_are_put_in_order() -> None:
    lane = Lane(10)
    lane.extend([b"a", b"b"])
    lane.put(b"c")
    assert taken(lane) == [b"a", b"b", b"c"]


def test_an_empty_message_is_a_message() -> None:
    lane = Lane(10)
    lane.put(b"")
    assert lane.peek()
    assert lane.take() == b""
    assert not lane.peek()


def test_clear_counts_messages_and_does_what_marks_stand_for() -> None:
    lane = Lane(10)
    done: list[str] = []
    lane.put(b"a")
    lane.mark(lambda: done.append("mark"))
    lane.put(b"")
    assert lane.clear() == 2
    assert done == ["mark"]
    assert (len(lane), lane.marks_in, lane.marks_out) == (0, 1, 1)
    assert lane.clear() == 0


# -- the high-water mark --------------------------------------------------------------------------


def test_a_lane_is_full_at_exactly_its_high_water_mark() -> None:
    lane = Lane(3)
    seen = []
    for _ in range(4):
        seen.append((lane.full(), lane.room()))
        lane.put(b"x")
    assert seen == [(False, 3), (False, 2), (False, 1), (True, 0)]
    assert lane.room() == 0  # past the mark there is no negative room


def test_one_message_fits_into_a_lane_of_one() -> None:
    lane = Lane(1)
    assert not lane.full()
    lane.put(b"x")
    assert lane.full()
    assert lane.low == 0


def test_low_water_is_what_libzmq_leaves() -> None:
    # It gives credit after (hwm + 1) / 2 messages.
    assert [Lane(hwm).low for hwm in (1, 2, 3, 4, 5, 1000)] == [0, 1, 1, 2, 2, 500]


def test_marks_do_not_count_as_messages() -> None:
    lane = Lane(2)
    lane.mark(lambda: None)
    lane.put(b"a")
    lane.mark(lambda: None)
    assert (len(lane), lane.room()) == (1, 1)
    assert lane.take() == b"a"
    assert (len(lane), lane.room()) == (0, 2)


def test_a_new_high_water_mark_counts_at_once() -> None:
    lane = Lane(2)
    fill(lane, b"a", b"b")
    lane.set_hwm(3)
    assert (lane.full(), lane.limit, lane.gather) == (False, 3, 3)
    lane.set_hwm(1)
    assert (lane.full(), lane.room()) == (True, 0)


def test_no_high_water_mark_leaves_the_limit_of_octets() -> None:
    lane = Lane(0, 4 * SMALL)
    fill(lane, *[b"x"] * 3)
    assert not lane.full()
    lane.put(b"x")
    assert lane.full()


def test_a_mark_taken_by_another_thread_and_not_yet_counted_is_no_negative_length() -> None:
    # The reader takes a mark and counts it afterwards; the writer may ask in between.
    lane = Lane(2)
    lane.mark(lambda: None)
    mark = lane.queue.popleft()
    assert (len(lane), lane.full()) == (0, False)
    mark.taken()
    assert len(lane) == 0


# -- octets ---------------------------------------------------------------------------------------


def weighed(lane: Lane, size: int) -> None:
    """Put a large message as `Pipe.force` does."""
    lane.put(bytes(size))
    lane.weigh(size)


def test_a_lane_is_full_when_its_octets_are_reached() -> None:
    lane = Lane(100, 4 << 20)
    for _ in range(3):
        weighed(lane, 1 << 20)
        assert not lane.full()
        assert lane.room() > 0
    weighed(lane, 1 << 20)
    assert lane.full()
    assert lane.room() == 0


def test_octets_come_back_as_messages_are_taken() -> None:
    lane = Lane(100, 4 << 20)
    for _ in range(4):
        weighed(lane, 1 << 20)
    lane.take()
    assert lane.full()  # the mark behind the message has not been reached
    lane.take()
    assert not lane.full()
    assert lane.bytes_in - lane.bytes_out == 3 << 20
    assert len(taken(lane)) == 2
    assert lane.bytes_in == lane.bytes_out


def test_octets_are_given_back_once_for_each_mebibyte() -> None:
    lane = Lane(100)
    for _ in range(15):
        weighed(lane, 1 << 17)
    assert lane.marks_in == 1
    weighed(lane, 1 << 17)
    assert lane.marks_in == 2


def test_an_empty_lane_takes_a_message_of_any_size() -> None:
    lane = Lane(100, 1000)
    assert not lane.full()
    weighed(lane, 1 << 21)
    assert lane.full()
    taken(lane)
    assert not lane.full()


def test_a_small_limit_of_octets_does_not_stay_reached() -> None:
    lane = Lane(100, 1000)
    for _ in range(5):  # many times over, or a rest that is never given back would not show
        weighed(lane, 600)
        weighed(lane, 600)
        assert lane.full()
        assert len(taken(lane)) == 2
        assert not lane.full()
        assert lane.room() > 0


def test_the_smallest_limit_of_octets_lets_one_message_through() -> None:
    lane = Lane(100, 1)
    for _ in range(3):
        assert not lane.full()
        lane.put(b"x")
        assert lane.full()
        assert lane.take() == b"x"


def test_a_limit_of_no_octets_is_no_limit() -> None:
    lane = Lane(3, 0)
    weighed(lane, 1 << 27)
    assert (lane.full(), lane.room()) == (False, 2)
    endless = Lane(0, 0)
    fill(endless, *[b"x"] * 1000)
    assert not endless.full()


# -- marks ----------------------------------------------------------------------------------------


def test_a_mark_acts_when_the_reader_gets_to_it() -> None:
    lane = Lane(10)
    done: list[str] = []
    lane.put(b"a")
    lane.mark(lambda: done.append("x"))
    lane.put(b"b")
    assert lane.take() == b"a"
    assert done == []
    assert lane.take() == b"b"
    assert done == ["x"]


def test_a_mark_acts_when_so_many_messages_are_left() -> None:
    lane = Lane(10)
    left: list[int] = []
    fill(lane, b"a", b"b", b"c", b"d")
    lane.mark(lambda: left.append(len(lane)), 2)
    assert [lane.take(), lane.take()] == [b"a", b"b"]
    assert left == []
    assert lane.peek()
    assert left == [2]
    assert taken(lane) == [b"c", b"d"]


def test_a_mark_at_more_than_there_is_acts_at_once() -> None:
    lane = Lane(10)
    done: list[int] = []
    fill(lane, b"a", b"b")
    lane.mark(lambda: done.append(1), 5)
    assert lane.take() == b"a"
    assert done == [1]


def test_peek_does_the_marks_in_front_and_leaves_the_message() -> None:
    lane = Lane(10)
    done: list[int] = []
    lane.mark(lambda: done.append(1))
    lane.mark(lambda: done.append(2))
    assert not lane.peek()
    lane.mark(lambda: done.append(3))
    lane.put(b"a")
    assert lane.peek()
    assert lane.peek()
    assert done == [1, 2, 3]
    assert lane.take() == b"a"


def test_what_a_mark_puts_is_found_by_the_same_take() -> None:
    lane = Lane(10)
    lane.mark(lambda: lane.put(b"more"))
    assert lane.take() == b"more"
    lane.mark(lambda: lane.put(b"again"))
    assert lane.peek()


def test_a_mark_found_on_the_short_cut_counts_when_it_is_taken() -> None:
    lane = Lane(10)
    done: list[int] = []
    lane.mark(lambda: done.append(1))
    mark = lane.queue.popleft()
    assert isinstance(mark, Mark)
    mark.taken()
    assert done == [1]
    assert lane.marks_in == lane.marks_out


def test_small_messages_of_a_batch_stay_below_128_kib() -> None:
    assert SMALL * BATCH <= 1 << 17
