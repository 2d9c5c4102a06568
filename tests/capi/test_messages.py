"""zmq_msg_t, buffers and arrays of buffers."""

from __future__ import annotations

import array
import ctypes
import gc

import pytest

from tests.capi.support import TCP, fails, recv, send, text, wait_for
from zmqthread import capi as z

LARGE = 1 << 17


def made(octets=b"x"):
    msg = z.zmq_msg_t()
    assert z.zmq_msg_init_buffer(msg, octets, len(octets)) == 0
    return msg


def empty():
    msg = z.zmq_msg_t()
    assert z.zmq_msg_init(msg) == 0
    return msg


class Freed:
    """Counts the calls of a free function."""

    def __init__(self):
        self.calls = []

    def __call__(self, data, hint):
        self.calls.append((data, hint))


# -- the beginnings ---


def test_msg_init__empty():
    msg = empty()
    assert z.zmq_msg_size(msg) == 0
    assert bytes(z.zmq_msg_data(msg)) == b""
    assert z.zmq_msg_more(msg) == 0
    assert z.zmq_msg_close(msg) == 0


@pytest.mark.parametrize("size", [0, 1, 33, 34, 5000])
def test_msg_init__size(size):
    msg = z.zmq_msg_t()
    assert z.zmq_msg_init_size(msg, size) == 0
    assert z.zmq_msg_size(msg) == size == len(z.zmq_msg_data(msg))
    z.zmq_msg_data(msg)[:] = b"a" * size
    assert bytes(z.zmq_msg_data(msg)) == b"a" * size


@pytest.mark.parametrize("octets", [b"", b"test", b"b" * 5000])
def test_msg_init__buffer(octets):
    source = bytearray(octets)
    msg = z.zmq_msg_t()
    assert z.zmq_msg_init_buffer(msg, source, len(source)) == 0
    source[:] = bytes(len(source))
    assert bytes(z.zmq_msg_data(msg)) == octets


def test_a_new_message_is_none_yet():
    msg = z.zmq_msg_t()
    for call in (z.zmq_msg_close, z.zmq_msg_size, z.zmq_msg_data, z.zmq_msg_more, z.zmq_msg_group):
        with fails(z.EFAULT):
            call(msg)
    assert "not a message" in repr(msg)


def test_the_functions_want_a_message():
    for call in (z.zmq_msg_init, z.zmq_msg_close, z.zmq_msg_size, z.zmq_msg_data):
        with fails(z.EFAULT):
            call(b"not a message")  # type: ignore[arg-type]
    with fails(z.EFAULT):
        z.zmq_msg_move(empty(), None)  # type: ignore[arg-type]


def test_data_of_fewer_octets_than_announced():
    with fails(z.EFAULT):
        z.zmq_msg_init_buffer(z.zmq_msg_t(), b"abc", 4)
    with fails(z.EFAULT):
        z.zmq_msg_init_data(z.zmq_msg_t(), None, 4)


# -- moving and copying ---


def test_move_leaves_an_empty_message_behind():
    source, target = made(b"abc"), made(b"old")
    assert z.zmq_msg_move(target, source) == 0
    assert (bytes(z.zmq_msg_data(target)), z.zmq_msg_size(source)) == (b"abc", 0)
    assert z.zmq_msg_close(source) == 0
    assert z.zmq_msg_move(target, target) == 0
    assert bytes(z.zmq_msg_data(target)) == b"abc"


def test_move_needs_two_messages():
    for target, source in ((z.zmq_msg_t(), made()), (made(), z.zmq_msg_t())):
        with fails(z.EFAULT):
            z.zmq_msg_move(target, source)


def test_copy_of_a_small_message_is_independent():
    source, target = made(b"abc"), empty()
    assert z.zmq_msg_copy(target, source) == 0
    z.zmq_msg_data(source)[0] = 0
    assert bytes(z.zmq_msg_data(target)) == b"abc"
    assert z.zmq_msg_get(source, z.ZMQ_SHARED) == 0


def test_copy_needs_two_messages():
    for target, source in ((z.zmq_msg_t(), made()), (made(), z.zmq_msg_t())):
        with fails(z.EFAULT):
            z.zmq_msg_copy(target, source)


def test_msg_flags__shared_by_a_copy():
    source, target = made(b"a" * 1024), empty()
    assert z.zmq_msg_get(source, z.ZMQ_SHARED) == 0
    assert z.zmq_msg_copy(target, source) == 0
    assert (z.zmq_msg_get(source, z.ZMQ_SHARED), z.zmq_msg_get(target, z.ZMQ_SHARED)) == (1, 1)
    assert z.zmq_msg_close(source) == 0
    assert bytes(z.zmq_msg_data(target)) == b"a" * 1024


def test_msg_flags__constant_data_is_shared():
    msg = z.zmq_msg_t()
    assert z.zmq_msg_init_data(msg, b"TEST", 5 - 1, None, None) == 0
    assert z.zmq_msg_get(msg, z.ZMQ_SHARED) == 1
    assert bytes(z.zmq_msg_data(msg)) == b"TEST"


def test_msg_flags__more(c):
    router, dealer = c.pair(z.ZMQ_ROUTER, z.ZMQ_DEALER)
    send(dealer, b"A", b"B")
    msg = empty()
    for more in (1, 1, 0):
        z.zmq_msg_recv(msg, router, 0)
        assert z.zmq_msg_more(msg) == z.zmq_msg_get(msg, z.ZMQ_MORE) == more
        assert z.zmq_getsockopt(router, z.ZMQ_RCVMORE) == more


def test_what_a_message_does_not_have():
    msg = made()
    with fails(z.EINVAL):
        z.zmq_msg_get(msg, z.ZMQ_SRCFD)
    with fails(z.EINVAL):
        z.zmq_msg_gets(msg, "group")


def test_group_and_routing_id():
    msg = made()
    assert (z.zmq_msg_group(msg), z.zmq_msg_routing_id(msg)) == ("", 0)
    assert z.zmq_msg_set_group(msg, "movies") == z.zmq_msg_set_routing_id(msg, 7) == 0
    other = empty()
    z.zmq_msg_copy(other, msg)
    z.zmq_msg_set_group(other, b"news\0ignored")
    assert (z.zmq_msg_group(msg), z.zmq_msg_routing_id(msg)) == ("movies", 7)
    assert (z.zmq_msg_group(other), z.zmq_msg_routing_id(other)) == ("news", 7)


# -- sending and receiving ---


def test_a_message_that_was_sent_is_empty(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    msg = made(b"abc")
    assert z.zmq_msg_send(msg, push, 0) == 3
    assert z.zmq_msg_size(msg) == 0
    assert text(pull) == "abc"


def test_a_message_that_was_not_sent_is_unchanged(c):
    msg = made(b"abc")
    with fails(z.EAGAIN):
        z.zmq_msg_send(msg, c.socket(z.ZMQ_PUSH), z.ZMQ_DONTWAIT)
    assert bytes(z.zmq_msg_data(msg)) == b"abc"


def test_a_received_message_can_be_changed_and_passed_on(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"abc")
    msg = empty()
    assert z.zmq_recvmsg(pull, msg, 0) == 3
    z.zmq_msg_data(msg)[0:1] = b"A"
    assert z.zmq_sendmsg(push, msg, 0) == 3
    assert text(pull) == "Abc"


@pytest.mark.parametrize("endpoint", ["", TCP], ids=["inproc", "tcp"])
@pytest.mark.parametrize("size", [4, LARGE])
def test_msg_ffn__is_called_once_when_the_message_is_sent(c, endpoint, size):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, endpoint)
    freed, memory, msg = Freed(), bytearray(b"a" * size), z.zmq_msg_t()
    assert z.zmq_msg_init_data(msg, memory, size, freed, "hint") == 0
    assert z.zmq_msg_send(msg, push, 0) == size
    assert recv(pull) == [b"a" * size]
    for _ in range(1000):
        gc.collect()
        if freed.calls:
            break
        z.zmq_poll([], 0, 1)
    assert freed.calls == [(memory, "hint")]


def test_msg_ffn__is_called_once_when_the_message_is_closed():
    freed, msg = Freed(), z.zmq_msg_t()
    z.zmq_msg_init_data(msg, bytearray(8), 8, freed, None)
    assert freed.calls == []
    z.zmq_msg_close(msg)
    assert len(freed.calls) == 1


def test_msg_ffn__is_called_once_for_all_copies():
    freed, msg, copy = Freed(), z.zmq_msg_t(), empty()
    z.zmq_msg_init_data(msg, bytearray(100), 100, freed, None)
    z.zmq_msg_copy(copy, msg)
    z.zmq_msg_close(msg)
    assert freed.calls == []
    z.zmq_msg_close(copy)
    assert len(freed.calls) == 1


def test_msg_ffn__is_called_when_another_message_takes_the_place():
    freed, msg = Freed(), z.zmq_msg_t()
    z.zmq_msg_init_data(msg, bytearray(8), 8, freed, None)
    z.zmq_msg_move(msg, made())
    assert len(freed.calls) == 1


def test_msg_ffn__a_large_message_that_cannot_be_sent_is_not_freed(c):
    freed, msg = Freed(), z.zmq_msg_t()
    z.zmq_msg_init_data(msg, bytearray(LARGE), LARGE, freed, None)
    with fails(z.EAGAIN):
        z.zmq_msg_send(msg, c.socket(z.ZMQ_PUSH), z.ZMQ_DONTWAIT)
    gc.collect()
    assert freed.calls == []
    z.zmq_msg_close(msg)
    assert len(freed.calls) == 1


# -- buffers ---


@pytest.mark.parametrize("buffer", [
    b"Hello", bytearray(b"Hello"), memoryview(b"Hello"), "Hello", array.array("B", b"Hello"),
    ctypes.create_string_buffer(b"Hello", 5),
])  # fmt: skip
def test_any_buffer_is_sent(c, buffer):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    assert z.zmq_send(push, buffer) == 5
    assert z.zmq_send(push, buffer, 4, 0) == 4
    assert z.zmq_send_const(push, buffer, 3, 0) == 3
    assert [text(pull), text(pull), text(pull)] == ["Hello", "Hell", "Hel"]


def test_an_empty_message_needs_no_buffer(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    assert z.zmq_send(push, None, 0, 0) == 0
    assert z.zmq_recv(pull, None, 0, 0) == 0


@pytest.mark.parametrize(("buffer", "length"), [(None, 1), (b"abc", 4), (b"abc", -1), (7, 1)])
def test_send_without_the_memory(c, buffer, length):
    with fails(z.EFAULT):
        z.zmq_send(c.socket(z.ZMQ_PUSH), buffer, length, 0)


@pytest.mark.parametrize(("buffer", "length"), [
    (None, 1), (bytearray(3), 4), (bytearray(3), -1), (b"read", 4), (7, 1),
])  # fmt: skip
def test_receive_without_the_memory(c, buffer, length):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"kept")
    with fails(z.EFAULT):
        z.zmq_recv(pull, buffer, length, 0)
    assert text(pull) == "kept"


@pytest.mark.parametrize(
    ("room", "left"), [(0, b""), (3, b"Hel"), (5, b"Hello"), (8, b"Hello\0\0\0")]
)
def test_a_short_buffer_loses_the_tail_and_learns_the_size(c, room, left):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"Hello")
    buffer = bytearray(room)
    assert z.zmq_recv(pull, buffer, room, 0) == 5
    assert buffer == left


def test_a_length_leaves_the_rest_of_the_buffer_alone(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"Hello")
    buffer = bytearray(b"........")
    assert z.zmq_recv(pull, buffer, 3, 0) == 5
    assert buffer == b"Hel....."


# -- arrays of buffers ---


@pytest.mark.parametrize("endpoint", ["", TCP], ids=["inproc", "tcp"])
def test_iov__there_and_back(c, endpoint):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, endpoint)
    pieces = [z.iovec(b"part %d" % n, 6) for n in range(10)]
    assert z.zmq_sendiov(push, pieces, 10, z.ZMQ_SNDMORE) == 6
    wait_for(pull)
    room, count = [z.iovec() for _ in range(10)], [10]
    assert z.zmq_recviov(pull, room, count, 0) == 10
    assert count == [10]
    assert [bytes(piece.iov_base) for piece in room] == [b"part %d" % n for n in range(10)]
    assert [piece.iov_len for piece in room] == [6] * 10


def test_iov__less_room_than_frames(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    z.zmq_sendiov(push, [b"a", b"b", b"c"], 3, z.ZMQ_SNDMORE)
    room = [z.iovec(), z.iovec()]
    assert z.zmq_recviov(pull, room) == 2
    assert z.zmq_getsockopt(pull, z.ZMQ_RCVMORE) == 1
    assert z.zmq_recviov(pull, room) == 1
    assert bytes(room[0].iov_base) == b"c"


def test_iov__without_more_each_is_a_message(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    z.zmq_sendiov(push, [b"a", b"b"], 2, 0)
    assert [recv(pull), recv(pull)] == [[b"a"], [b"b"]]


@pytest.mark.parametrize(("iov", "count"), [(None, 1), ([], 0), ([b"a"], 2), ([b"a"], -1)])
def test_iov__nothing_to_send_or_no_room(c, iov, count):
    with fails(z.EINVAL):
        z.zmq_sendiov(c.socket(z.ZMQ_PUSH), iov, count, 0)
    with fails(z.EINVAL):
        z.zmq_recviov(c.socket(z.ZMQ_PULL), iov, count, 0)


def test_iov__count_in_memory(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"a", b"b")
    count = ctypes.c_size_t(4)
    assert z.zmq_recviov(pull, [None] * 4, count, 0) == count.value == 2
