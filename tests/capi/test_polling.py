"""zmq_poll, zmq_ppoll and zmq_poller_* over sockets and descriptors."""

from __future__ import annotations

import errno
import os
import select
import signal
import socket as plain
import time

import pytest

from tests.capi.support import PATIENCE, SILENCE, TCP, fails, received, send, text, wait_for
from tests.support import seconds
from zmqthread import capi as z


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield read, write
    os.close(read)
    os.close(write)


def item(socket=None, fd=0, events=z.ZMQ_POLLIN):
    return z.zmq_pollitem_t(socket, fd, events)


# -- zmq_poll ---


def test_poll_fills_in_what_was_found(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    items = [item(pull), item(push, events=z.ZMQ_POLLIN | z.ZMQ_POLLOUT), item(pull)]
    assert z.zmq_poll(items, 3, 0) == 1
    assert [i.revents for i in items] == [0, z.ZMQ_POLLOUT, 0]
    send(push, b"a")
    wait_for(pull)
    assert z.zmq_poll(items, 3, 0) == 3
    assert z.zmq_poll(items, 1, 0) == 1
    assert "revents=1" in repr(items[0])


def test_poll_a_socket_hides_the_descriptor(c, pipe):
    os.write(pipe[1], b"x")
    assert z.zmq_poll([item(c.socket(z.ZMQ_PULL), pipe[0])], 1, 0) == 0


def test_poll_without_items_sleeps():
    before = time.monotonic()
    assert z.zmq_poll(None, 0, 20) == z.zmq_poll([], 0, 0) == 0
    assert time.monotonic() - before >= 0.02


def test_poll_waits_for_another_thread(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, TCP)
    thread = z.zmq_threadstart(lambda _: send(push, b"a"))
    assert z.zmq_poll([item(pull)], 1, -1) == 1
    z.zmq_threadclose(thread)


def test_zmq_poll_fd__descriptors_beside_sockets(c):
    dealer, router = c.socket(z.ZMQ_DEALER), c.socket(z.ZMQ_ROUTER)
    z.zmq_bind(router, TCP)
    with plain.socket(plain.AF_INET, plain.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        items = [item(router), item(None, udp.fileno())]
        assert z.zmq_poll(items, 2, 0) == 0
        udp.sendto(b"datagram", udp.getsockname())
        assert z.zmq_poll(items, 2, PATIENCE) == 1
        assert [i.revents for i in items] == [0, z.ZMQ_POLLIN]
        udp.recv(10)
        assert z.zmq_poll(items, 2, 0) == 0
        z.zmq_connect(dealer, z.zmq_getsockopt(router, z.ZMQ_LAST_ENDPOINT))
        send(dealer, b"x")
        assert z.zmq_poll(items, 2, PATIENCE) == 1
        assert [i.revents for i in items] == [z.ZMQ_POLLIN, 0]


def test_poll_a_descriptor_for_writing(pipe):
    items = [item(fd=pipe[1], events=z.ZMQ_POLLOUT), item(fd=pipe[0])]
    assert z.zmq_poll(items, 2, -1) == 1
    assert [i.revents for i in items] == [z.ZMQ_POLLOUT, 0]


def test_poll_a_hang_up_is_reported_in_any_case():
    ours, theirs = plain.socketpair()
    with ours:
        theirs.close()
        events = item(fd=ours.fileno(), events=0)
        assert z.zmq_poll([events], 1, PATIENCE) == 1
        assert events.revents & z.ZMQ_POLLERR


def test_poll_for_nothing_of_a_readable_descriptor_does_not_spin(pipe):
    os.write(pipe[1], b"x")
    begun, busy = time.monotonic(), time.thread_time()
    assert z.zmq_poll([item(fd=pipe[0], events=0)], 1, 200) == 0
    assert time.monotonic() - begun >= 0.2
    assert time.thread_time() - busy < 0.1


def test_poll_urgent_data():
    with plain.create_server(("127.0.0.1", 0)) as listener:
        sender = plain.create_connection(listener.getsockname())
        receiver, _ = listener.accept()
        with sender, receiver:
            thread = z.zmq_threadstart(lambda _: sender.send(b"!", plain.MSG_OOB))
            urgent = item(fd=receiver.fileno(), events=z.ZMQ_POLLPRI)
            assert z.zmq_poll([urgent], 1, PATIENCE) == 1
            assert urgent.revents == z.ZMQ_POLLPRI
            z.zmq_threadclose(thread)


def test_poll_a_closed_descriptor_or_socket(c):
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    closed = item(fd=read)
    assert z.zmq_poll([closed], 1, PATIENCE) == 1
    assert closed.revents == z.ZMQ_POLLERR
    socket = c.socket(z.ZMQ_PULL)
    c.close(socket)
    with fails(z.ENOTSOCK):
        z.zmq_poll([item(socket)], 1, 0)


def test_zmq_ppoll_fd__as_poll(c, pipe):
    items = [item(c.socket(z.ZMQ_PULL)), item(fd=pipe[0])]
    assert z.zmq_ppoll(items, 2, 0, None) == 0
    os.write(pipe[1], b"x")
    assert z.zmq_ppoll(items, 2, PATIENCE, ()) == 1


@pytest.fixture
def caught():
    """Note each SIGUSR1, which is blocked outside of zmq_ppoll."""
    seen: list[int] = []
    old = signal.signal(signal.SIGUSR1, lambda number, _: seen.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    yield seen
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    signal.signal(signal.SIGUSR1, old)


def test_zmq_ppoll_signals__are_delivered_during_the_call_only(c, caught):
    os.kill(os.getpid(), signal.SIGUSR1)
    assert caught == []
    assert z.zmq_ppoll([item(c.socket(z.ZMQ_PULL))], 1, SILENCE, set()) == 0
    assert caught == [signal.SIGUSR1]
    assert signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, ())


# -- zmq_poller_* ---


@pytest.fixture
def poller():
    found = [z.zmq_poller_new()]
    yield found[0]
    z.zmq_poller_destroy(found)
    assert found == [None]


def found(poller, timeout=PATIENCE):
    event = z.zmq_poller_event_t()
    assert z.zmq_poller_wait(poller, event, timeout) == 0
    return event


def test_poller__socket_with_its_data(c, poller):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, TCP)
    assert z.zmq_poller_add(poller, pull, "data", z.ZMQ_POLLIN) == 0
    assert z.zmq_poller_size(poller) == 1
    send(push, b"a")
    event = found(poller)
    assert event.socket is pull
    assert (event.user_data, event.events, event.fd) == ("data", z.ZMQ_POLLIN, -1)
    assert "data" in repr(event)
    assert text(pull) == "a"
    assert z.zmq_poller_remove(poller, pull) == 0
    assert z.zmq_poller_size(poller) == 0


def test_poller__null_data(c, poller):
    push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)[1]
    z.zmq_poller_add(poller, push, None, z.ZMQ_POLLOUT)
    assert found(poller).user_data is None


def test_poller__descriptor(poller, pipe):
    assert z.zmq_poller_add_fd(poller, pipe[0], "fd", z.ZMQ_POLLIN) == 0
    with fails(errno.EAGAIN):
        found(poller, 0)
    os.write(pipe[1], b"x")
    event = found(poller)
    assert (event.socket, event.fd, event.user_data) == (None, pipe[0], "fd")
    assert z.zmq_poller_modify_fd(poller, pipe[0], z.ZMQ_POLLOUT) == 0
    with fails(errno.EAGAIN):
        found(poller, SILENCE)
    assert z.zmq_poller_remove_fd(poller, pipe[0]) == 0


def test_poller__modify(c, poller):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    z.zmq_poller_add(poller, push, None, z.ZMQ_POLLOUT)
    assert found(poller).events == z.ZMQ_POLLOUT
    assert z.zmq_poller_modify(poller, push, z.ZMQ_POLLIN) == 0
    with fails(errno.EAGAIN):
        found(poller, 0)
    z.zmq_poller_modify(poller, push, 0)
    with fails(z.EFAULT):
        found(poller, -1)
    del pull


def test_poller__wait_all(c, poller, pipe):
    pulls = []
    for number in range(3):
        pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
        send(push, b"a")
        wait_for(pull)
        z.zmq_poller_add(poller, pull, number, z.ZMQ_POLLIN)
        pulls.append(pull)
    z.zmq_poller_add_fd(poller, pipe[1], "fd", z.ZMQ_POLLOUT)
    events = [z.zmq_poller_event_t() for _ in range(5)]
    assert z.zmq_poller_wait_all(poller, events, 5, PATIENCE) == 4
    assert [e.user_data for e in events] == [0, 1, 2, "fd", None]
    assert [e.socket for e in events[:3]] == pulls
    assert z.zmq_poller_wait_all(poller, events, 2, PATIENCE) == 2


def test_poller__wait_all_times_out_with_an_error(c, poller):
    z.zmq_poller_add(poller, c.socket(z.ZMQ_PULL), None, z.ZMQ_POLLIN)
    with fails(errno.EAGAIN):
        z.zmq_poller_wait_all(poller, [z.zmq_poller_event_t()], 1, SILENCE)


@pytest.mark.parametrize("timeout", [0, 20])
def test_poller__empty_with_a_timeout(poller, timeout):
    before = time.monotonic()
    with fails(errno.EAGAIN):
        found(poller, timeout)
    assert time.monotonic() - before >= timeout / 1000


def test_poller__empty_without_end(poller):
    with fails(z.EFAULT):
        found(poller, -1)
    with fails(z.EFAULT):
        z.zmq_poller_wait_all(poller, [z.zmq_poller_event_t()], 1, -1)


def test_poller__no_place_for_events(c, poller):
    z.zmq_poller_add(poller, c.socket(z.ZMQ_PULL), None, z.ZMQ_POLLIN)
    with fails(z.EFAULT):
        z.zmq_poller_wait(poller, None, 0)
    with fails(z.EFAULT):
        z.zmq_poller_wait_all(poller, None, 0, 0)
    with fails(z.EFAULT):
        z.zmq_poller_wait_all(poller, [], 1, 0)
    with fails(z.EINVAL):
        z.zmq_poller_wait_all(poller, [], -1, 0)


@pytest.mark.parametrize("handle", [None, "no poller", []])
def test_poller__no_poller(c, handle):
    socket = c.socket(z.ZMQ_PAIR)
    event = z.zmq_poller_event_t()
    for call, *more in (
        (z.zmq_poller_destroy,), (z.zmq_poller_size,), (z.zmq_poller_fd,),
        (z.zmq_poller_add, socket, None, 1), (z.zmq_poller_modify, socket, 1),
        (z.zmq_poller_remove, socket), (z.zmq_poller_add_fd, 0, None, 1),
        (z.zmq_poller_modify_fd, 0, 1), (z.zmq_poller_remove_fd, 0),
        (z.zmq_poller_wait, event, 0), (z.zmq_poller_wait_all, [event], 1, 0),
    ):  # fmt: skip
        with fails(z.EFAULT):
            call(handle, *more)


def test_poller__destroyed():
    poller = z.zmq_poller_new()
    assert z.zmq_poller_destroy(poller) == 0
    with fails(z.EFAULT):
        z.zmq_poller_size(poller)
    with fails(z.EFAULT):
        z.zmq_poller_destroy(poller)


@pytest.mark.parametrize("socket", [None, "no socket"])
def test_poller__no_socket(poller, socket):
    for call, *more in (
        (z.zmq_poller_add, None, 1), (z.zmq_poller_modify, 1), (z.zmq_poller_remove,),
    ):  # fmt: skip
        with fails(z.ENOTSOCK):
            call(poller, socket, *more)


def test_poller__closed_socket(c, poller):
    socket = c.socket(z.ZMQ_PULL)
    z.zmq_poller_add(poller, socket, None, z.ZMQ_POLLIN)
    c.close(socket)
    with fails(z.ENOTSOCK):
        z.zmq_poller_add(poller, socket, None, z.ZMQ_POLLIN)
    with fails(z.ENOTSOCK):
        found(poller, 0)
    assert z.zmq_poller_remove(poller, socket) == 0


@pytest.mark.parametrize("events", [16, 16 | 1, 1 << 10])
def test_poller__no_such_events(c, poller, events, pipe):
    socket = c.socket(z.ZMQ_PAIR)
    with fails(z.EINVAL):
        z.zmq_poller_add(poller, socket, None, events)
    with fails(z.EINVAL):
        z.zmq_poller_add_fd(poller, pipe[0], None, events)
    z.zmq_poller_add(poller, socket, None, z.ZMQ_POLLIN)
    z.zmq_poller_add_fd(poller, pipe[0], None, z.ZMQ_POLLIN)
    with fails(z.EINVAL):
        z.zmq_poller_modify(poller, socket, events)
    with fails(z.EINVAL):
        z.zmq_poller_modify_fd(poller, pipe[0], events)


def test_poller__registered_twice_or_never(c, poller, pipe):
    socket = c.socket(z.ZMQ_PAIR)
    for _ in range(2):
        for call, *more in (
            (z.zmq_poller_modify, socket, 1), (z.zmq_poller_remove, socket),
            (z.zmq_poller_modify_fd, pipe[0], 1), (z.zmq_poller_remove_fd, pipe[0]),
        ):  # fmt: skip
            with fails(z.EINVAL):
                call(poller, *more)
        z.zmq_poller_add(poller, socket, None, 1)
        z.zmq_poller_add_fd(poller, pipe[0], None, 1)
        with fails(z.EINVAL):
            z.zmq_poller_add(poller, socket, None, 1)
        with fails(z.EINVAL):
            z.zmq_poller_add_fd(poller, pipe[0], None, 1)
        z.zmq_poller_remove(poller, socket)
        z.zmq_poller_remove_fd(poller, pipe[0])


@pytest.mark.parametrize("call", [
    lambda p: z.zmq_poller_add_fd(p, -1, None, 1), lambda p: z.zmq_poller_modify_fd(p, -1, 1),
    lambda p: z.zmq_poller_remove_fd(p, -1),
])  # fmt: skip
def test_poller__no_descriptor(poller, call):
    with fails(errno.EBADF):
        call(poller)


def test_poller__descriptor_needs_a_socket(c, poller, pipe):
    with fails(z.EINVAL):
        z.zmq_poller_fd(poller)
    z.zmq_poller_add_fd(poller, pipe[0], None, 1)
    with fails(z.EINVAL):
        z.zmq_poller_fd(poller)
    socket = c.socket(z.ZMQ_PULL)
    z.zmq_poller_add(poller, socket, None, 1)
    number = [0]
    assert z.zmq_poller_fd(poller, number) == number[0] > 0


def test_poller__descriptor_tells_of_changes(c, poller):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH, TCP)
    z.zmq_poller_add(poller, pull, None, z.ZMQ_POLLIN)
    number = z.zmq_poller_fd(poller)
    for _ in range(3):
        with fails(errno.EAGAIN):
            found(poller, 0)
        send(push, b"a")
        assert select.select([number], [], [], seconds(10))[0] == [number]
        assert found(poller).socket is pull
        assert text(pull) == "a"
    other, sender = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    z.zmq_poller_add(poller, other, None, z.ZMQ_POLLIN)
    z.zmq_poller_remove(poller, pull)
    number = z.zmq_poller_fd(poller)
    send(sender, b"b")
    assert select.select([number], [], [], seconds(10))[0] == [number]
    assert found(poller).socket is other


def test_poller__client_and_server(c, poller):
    server, client = c.pair(z.ZMQ_SERVER, z.ZMQ_CLIENT, TCP)
    z.zmq_poller_add(poller, server, None, z.ZMQ_POLLIN)
    send(client, b"a")
    event = found(poller)
    assert (event.socket, event.events) == (server, z.ZMQ_POLLIN)
    z.zmq_msg_send(received(server), server, 0)
    z.zmq_poller_modify(poller, server, z.ZMQ_POLLOUT)
    z.zmq_poller_add(poller, client, None, z.ZMQ_POLLIN)
    wait_for(client)
    events = [z.zmq_poller_event_t() for _ in range(2)]
    assert z.zmq_poller_wait_all(poller, events, 2, PATIENCE) in (1, 2)
    assert client in [each.socket for each in events]
    assert text(client) == "a"


def test_poller__two_threads_wait_for_one_socket(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    seen = []

    def work(_):
        poller = z.zmq_poller_new()
        z.zmq_poller_add(poller, pull, None, z.ZMQ_POLLIN)
        seen.append(found(poller).socket is pull)
        z.zmq_poller_destroy(poller)

    threads = [z.zmq_threadstart(work) for _ in range(2)]
    send(push, b"a")
    for thread in threads:
        z.zmq_threadclose(thread)
    assert seen == [True, True]
