"""Distribution: each pipe that has room gets the message, the others are counted."""

from __future__ import annotations

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.patterns.distributor import all_have_room, distribute

SIZES = [10, 1000, 100_000]


def peers(count, hwm=1000):
    socket = FakeSocket(SocketType.PUB)
    made = [socket.accept(hwm=hwm) for _ in range(count)]
    return made, [peer.pipe for peer in made]


@pytest.mark.parametrize("awake", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_all_get_the_message(size, awake):
    ends, pipes = peers(3)
    for pipe in pipes:
        pipe.outgoing.open = awake
    assert distribute(b"x" * size, pipes) == 0
    assert distribute((b"x" * size, b"y"), pipes) == 0
    for end in ends:
        assert end.got() == [b"x" * size, (b"x" * size, b"y")]


@pytest.mark.parametrize("awake", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_q8_a_full_pipe_misses_the_message_and_the_others_do_not(size, awake):
    (full, free), pipes = peers(2)
    full.pipe.outgoing.set_hwm(1)
    for pipe in pipes:
        pipe.outgoing.open = awake
    assert [distribute(b"x" * size, pipes) for _ in range(3)] == [0, 1, 1]
    assert (full.pipe.dropped, free.pipe.dropped) == (2, 0)
    assert (len(full.got()), len(free.got())) == (1, 3)


def test_a_pipe_once_full_misses_all_until_it_is_activated():
    (end,), pipes = peers(1, hwm=4)
    end.pipe.outgoing.open = True
    assert sum(distribute(b"x", pipes) for _ in range(5)) == 1
    end.pipe.outgoing.take()
    assert distribute(b"x", pipes) == 1  # above the low-water mark
    end.got()
    assert distribute(b"x", pipes) == 0


def test_far_ends_that_sleep_are_told_and_those_awake_are_not():
    (asleep, awake), pipes = peers(2)
    awake.pipe.outgoing.open = True
    distribute(b"x", pipes)
    assert (asleep.told, awake.told) == (1, 0)


def test_a_far_end_that_is_awake_is_told_of_a_very_large_message():
    (awake,), pipes = peers(1)
    awake.pipe.outgoing.open = True
    distribute(bytes((1 << 16) - 1), pipes)
    assert awake.told == 0
    distribute(bytes(1 << 16), pipes)
    assert awake.told == 1


def test_large_messages_count_in_octets():
    (end,), pipes = peers(1)
    end.pipe.outgoing.open = True
    end.pipe.outgoing.byte_limit = 2500
    assert [distribute(bytes(1000), pipes) for _ in range(4)] == [0, 0, 0, 1]


def test_a_pipe_that_has_gone_misses_nothing():
    (gone, there), pipes = peers(2)
    gone.detach()
    assert distribute(b"x", pipes) == 0
    assert gone.pipe.dropped == 0
    assert there.got() == [b"x"]


def test_room_is_there_if_all_have_it():
    (one, gone), pipes = peers(2, hwm=1)
    assert all_have_room(pipes)
    gone.pipe.write(b"x")
    assert not all_have_room(pipes)
    gone.detach()
    assert all_have_room(pipes)
    one.pipe.write(b"x")
    assert not all_have_room(pipes)
