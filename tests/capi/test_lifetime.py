"""Contexts and their options, the end of things, high-water marks, time-outs, NULL handles."""

from __future__ import annotations

import errno
import os
import resource
import sys
import threading
import time

import pytest

from tests.capi.support import (
    PATIENCE,
    TCP,
    Watch,
    World,
    fails,
    recv,
    send,
    silent,
    text,
    wait_for,
)
from tests.support import LOOPBACK, seconds
from zmqthread import capi as z

# -- ending ---


def test_ctx_destroy__term_ends_a_blocked_receive(c):
    socket = c.socket(z.ZMQ_PULL, rcvtimeo=-1)
    blocked, outcome = threading.Event(), []

    def receive(_):
        blocked.set()
        try:
            z.zmq_recv(socket, bytearray(1), 1, 0)
        except z.ZMQError as error:
            outcome.append((error.errno, z.zmq_errno()))
        z.zmq_close(socket)

    thread = z.zmq_threadstart(receive)
    assert blocked.wait(seconds(10))
    z.zmq_ctx_term(c.ctx)
    z.zmq_threadclose(thread)
    assert outcome == [(z.ETERM, z.ETERM)]


def test_ctx_destroy__term_ends_a_poll(c):
    socket = c.socket(z.ZMQ_PULL)
    outcome = []

    def poll(_):
        try:
            z.zmq_poll([z.zmq_pollitem_t(socket, 0, z.ZMQ_POLLIN)], 1, -1)
        except z.ZMQError as error:
            outcome.append(error.errno)
        z.zmq_close(socket)

    thread = z.zmq_threadstart(poll)
    z.zmq_ctx_term(c.ctx)
    z.zmq_threadclose(thread)
    assert outcome == [z.ETERM]


def test_ctx_destroy__shutdown_then_term(c):
    pull, _ = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    assert z.zmq_ctx_shutdown(c.ctx) == z.zmq_ctx_shutdown(c.ctx) == 0
    for call in (
        lambda: recv(pull, z.ZMQ_DONTWAIT), lambda: z.zmq_bind(pull, "inproc://x"),
        lambda: z.zmq_getsockopt(pull, z.ZMQ_TYPE), lambda: z.zmq_socket(c.ctx, z.ZMQ_PULL),
        lambda: z.zmq_setsockopt(pull, z.ZMQ_LINGER, 0),
    ):  # fmt: skip
        with fails(z.ETERM):
            call()
    assert z.zmq_close(pull) == 0
    with fails(z.ENOTSOCK):
        z.zmq_close(pull)
    c.sockets.remove(pull)


def test_ctx_destroy__a_context_without_sockets():
    for end in (z.zmq_ctx_term, z.zmq_term, z.zmq_ctx_destroy):
        ctx = z.zmq_ctx_new()
        assert z.zmq_ctx_shutdown(ctx) == 0
        assert end(ctx) == 0
        with fails(z.EFAULT):
            end(ctx)


@pytest.mark.parametrize("handle", [None, 0, "context"])
def test_ctx_destroy__no_context(handle):
    for call in (z.zmq_ctx_term, z.zmq_ctx_shutdown, z.zmq_term, z.zmq_ctx_destroy):
        with fails(z.EFAULT):
            call(handle)


def test_ctx_destroy__term_waits_for_what_is_unsent(c):
    _, name = c.bound(z.ZMQ_PULL, TCP)
    push = c.connected(z.ZMQ_PUSH, name, linger=-1)
    send(push, b"x" * 10)
    thread = z.zmq_threadstart(z.zmq_close, push)
    z.zmq_threadclose(thread)
    c.sockets.remove(push)
    assert text(c.sockets[0]) == "x" * 10


def test_ctx_destroy__zmq_init_makes_threads():
    ctx = z.zmq_init(2)
    assert z.zmq_ctx_get(ctx, z.ZMQ_IO_THREADS) == 2
    assert z.zmq_term(ctx) == 0
    ctx = z.zmq_init(0)
    assert z.zmq_ctx_get(ctx, z.ZMQ_IO_THREADS) == 0
    assert z.zmq_term(ctx) == 0


def test_timeo__receiving_gives_up_in_time(c):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    with fails(z.EAGAIN):
        z.zmq_recv(pull, bytearray(1), 1, z.ZMQ_DONTWAIT)
    for value in (50, b"\x32\0\0\0" if sys.byteorder == "little" else b"\0\0\0\x32"):
        z.zmq_setsockopt(pull, z.ZMQ_RCVTIMEO, value, 4)
        before = time.monotonic()
        with fails(z.EAGAIN):
            z.zmq_recv(pull, bytearray(1), 1, 0)
        assert 0.05 <= time.monotonic() - before < seconds(5)
    z.zmq_setsockopt(push, z.ZMQ_SNDTIMEO, 50)
    send(push, b"x")
    assert text(pull) == "x"


def test_shutdown_stress__closed_while_connecting():
    for _ in range(5):
        world = World()
        _, name = world.bound(z.ZMQ_PUB, TCP)
        subs = [world.socket(z.ZMQ_SUB) for _ in range(10)]

        def work(sub, name=name):
            z.zmq_connect(sub, name)
            z.zmq_close(sub)

        threads = [z.zmq_threadstart(work, sub) for sub in subs]
        for thread in threads:
            z.zmq_threadclose(thread)
        del world.sockets[1:]
        world.end()


# -- options of a context ---


@pytest.mark.parametrize(("option", "default", "value"), [
    (z.ZMQ_IO_THREADS, 1, 4), (z.ZMQ_MAX_SOCKETS, 1023, 10), (z.ZMQ_MAX_MSGSZ, (1 << 31) - 1, 1000),
    (z.ZMQ_IPV6, 0, 1), (z.ZMQ_BLOCKY, 1, 0),
    (z.ZMQ_THREAD_SCHED_POLICY, -1, 1),
])  # fmt: skip
def test_ctx_options__set_and_get(c, option, default, value):
    assert z.zmq_ctx_get(c.ctx, option) == z.zmq_ctx_get_ext(c.ctx, option) == default
    assert z.zmq_ctx_set(c.ctx, option, value) == 0
    assert z.zmq_ctx_get(c.ctx, option) == value
    assert z.zmq_ctx_set_ext(c.ctx, option, value, 4) == 0
    memory, room = bytearray(4), [4]
    assert z.zmq_ctx_get_ext(c.ctx, option, memory, room) == value
    assert int.from_bytes(memory, sys.byteorder) == value


def test_ctx_options__read_only(c):
    assert z.zmq_ctx_get(c.ctx, z.ZMQ_SOCKET_LIMIT) == 65535
    assert z.zmq_ctx_get(c.ctx, z.ZMQ_MSG_T_SIZE) == 64
    with fails(z.EINVAL):
        z.zmq_ctx_set(c.ctx, z.ZMQ_MSG_T_SIZE, 1)


@pytest.mark.parametrize(("option", "value"), [
    (z.ZMQ_IO_THREADS, -1), (z.ZMQ_MAX_SOCKETS, 0), (z.ZMQ_MAX_SOCKETS, -1), (z.ZMQ_MAX_MSGSZ, -1),
    (z.ZMQ_IPV6, -1), (z.ZMQ_THREAD_PRIORITY, -1), (z.ZMQ_THREAD_AFFINITY_CPU_REMOVE, 3),
    (z.ZMQ_THREAD_AFFINITY_CPU_ADD, -1), (z.ZMQ_IO_THREADS, "one"), (-1, 0),
])  # fmt: skip
def test_ctx_options__invalid(c, option, value):
    with fails(z.EINVAL):
        z.zmq_ctx_set(c.ctx, option, value)
    with fails(z.EINVAL):
        z.zmq_ctx_set_ext(c.ctx, option, value)


def test_ctx_options__processors(c):
    assert z.zmq_ctx_set(c.ctx, z.ZMQ_THREAD_AFFINITY_CPU_ADD, 0) == 0
    assert z.zmq_ctx_set(c.ctx, z.ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0) == 0
    with fails(z.EINVAL):
        z.zmq_ctx_set(c.ctx, z.ZMQ_THREAD_AFFINITY_CPU_REMOVE, 0)


def test_ctx_options__thread_name(c):
    option = z.ZMQ_THREAD_NAME_PREFIX
    assert z.zmq_ctx_get_ext(c.ctx, option) == ""
    assert z.zmq_ctx_set(c.ctx, option, 1234) == 0
    assert z.zmq_ctx_get(c.ctx, option) == 1234
    assert z.zmq_ctx_set_ext(c.ctx, option, "foobar", 6) == 0
    memory, room = bytearray(16), [16]
    assert z.zmq_ctx_get_ext(c.ctx, option, memory, room) == "foobar"
    assert (bytes(memory[:7]), room) == (b"foobar\0", [7])
    assert z.zmq_ctx_get(c.ctx, option) == 0
    with fails(z.EINVAL):
        z.zmq_ctx_set_ext(c.ctx, option, "x" * 17, 17)
    with fails(z.EINVAL):
        z.zmq_ctx_get_ext(c.ctx, option, bytearray(6), [6])
    c.socket(z.ZMQ_PAIR)
    assert any(thread.name.startswith("foobar/ZMQbg/IO/") for thread in threading.enumerate())


def test_ctx_options__wrong_length(c):
    with fails(z.EINVAL):
        z.zmq_ctx_set_ext(c.ctx, z.ZMQ_IO_THREADS, bytearray(3))
    with fails(z.EINVAL):
        z.zmq_ctx_set_ext(c.ctx, z.ZMQ_IO_THREADS, 1, 8)
    with fails(z.EINVAL):
        z.zmq_ctx_get_ext(c.ctx, z.ZMQ_IO_THREADS, bytearray(3))


def test_ctx_options__defaults_of_sockets(c):
    z.zmq_ctx_set(c.ctx, z.ZMQ_BLOCKY, 0)
    z.zmq_ctx_set(c.ctx, z.ZMQ_IPV6, 1)
    socket = z.zmq_socket(c.ctx, z.ZMQ_ROUTER)
    assert z.zmq_getsockopt(socket, z.ZMQ_LINGER) == 0
    assert z.zmq_getsockopt(socket, z.ZMQ_IPV6) == 1
    z.zmq_close(socket)


# -- many ---


def test_many_sockets__as_many_as_the_option_says(c):
    z.zmq_ctx_set(c.ctx, z.ZMQ_MAX_SOCKETS, 5)
    sockets = [c.socket(z.ZMQ_PAIR) for _ in range(5)]
    with fails(errno.EMFILE):
        z.zmq_socket(c.ctx, z.ZMQ_PAIR)
    c.close(sockets[0])
    for _ in range(PATIENCE):  # the I/O thread gives it back
        try:
            c.socket(z.ZMQ_PAIR)
            break
        except z.ZMQError:
            z.zmq_poll([], 0, 1)


def test_many_sockets__as_many_as_the_system_gives(c):
    c.socket(z.ZMQ_PAIR)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = set(map(int, os.listdir("/proc/self/fd")))
    free = [number for number in range(len(used) + 20) if number not in used]
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[19], hard))
    try:
        for _ in range(100):  # a socket takes no descriptors until there is a use for them
            c.socket(z.ZMQ_PAIR)
        with fails(errno.EMFILE):
            for _ in range(100):
                c.bound(z.ZMQ_PAIR, TCP)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(c.sockets) > 101
    one, name = c.bound(z.ZMQ_PAIR)
    send(c.connected(z.ZMQ_PAIR, name), b"x")
    assert text(one) == "x"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "*"])
def test_system__the_local_host_has_a_network(c, host):
    pull, name = c.bound(z.ZMQ_PULL, f"tcp://{host}:*" if host == "*" else f"tcp://{LOOPBACK}:*")
    port = name.rpartition(":")[2]
    send(c.connected(z.ZMQ_PUSH, f"tcp://{LOOPBACK if host == '*' else host}:{port}"), b"x")
    assert text(pull) == "x"


def test_system__many_sockets_can_be_made(c):
    sockets = [c.socket(z.ZMQ_PAIR) for _ in range(1000)]
    assert len(set(map(id, sockets))) == 1000


def test_fork__a_child_uses_a_context_of_its_own(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    child = os.fork()
    if not child:
        status = 1
        try:
            with_error = 0
            try:
                z.zmq_ctx_term(c.ctx)
            except z.ZMQError as error:
                with_error = error.errno or 0
            ctx = z.zmq_ctx_new()
            push = z.zmq_socket(ctx, z.ZMQ_PUSH)
            z.zmq_connect(push, name)
            z.zmq_send(push, b"child %d" % with_error)
            z.zmq_close(push)
            z.zmq_ctx_term(ctx)
            status = 0
        finally:
            os._exit(status)
    assert text(pull) == f"child {z.EFAULT.value}"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# -- high-water marks ---


def filled(push):
    """Send until there is no room, and return how many that were."""
    sent = 0
    try:
        while sent < 100_000:
            send(push, b"%d" % sent, flags=z.ZMQ_DONTWAIT)
            sent += 1
    except z.ZMQError as error:
        if error.errno != z.EAGAIN:
            raise
    return sent


@pytest.mark.parametrize("bind_first", [True, False])
@pytest.mark.parametrize(("sndhwm", "rcvhwm", "most"), [
    (1, 1, 2), (1, 2, 3), (2, 1, 3), (2, 2, 4), (5, 3, 8),
])  # fmt: skip
def test_hwm__of_both_ends_counts_in_process(c, bind_first, sndhwm, rcvhwm, most):
    pull, push = c.socket(z.ZMQ_PULL, rcvhwm=rcvhwm), c.socket(z.ZMQ_PUSH, sndhwm=sndhwm)
    name = c.name()
    steps = [lambda: z.zmq_bind(pull, name), lambda: z.zmq_connect(push, name)]
    for step in steps if bind_first else reversed(steps):
        step()
    assert filled(push) == most
    assert [text(pull) for _ in range(most)] == [str(n) for n in range(most)]
    assert silent(pull)
    assert filled(push) == most


@pytest.mark.parametrize(("sndhwm", "rcvhwm"), [(0, 1), (1, 0), (0, 0)])
def test_hwm__none_at_one_end_is_none_at_all(c, sndhwm, rcvhwm):
    pull = c.socket(z.ZMQ_PULL, rcvhwm=rcvhwm)
    name = c.name()
    z.zmq_bind(pull, name)
    push = c.connected(z.ZMQ_PUSH, name, sndhwm=sndhwm)
    for number in range(10_000):
        z.zmq_send(push, b"%d" % number, flags=z.ZMQ_DONTWAIT)
    assert [text(pull) for _ in range(10_000)][-1] == "9999"


def test_hwm__before_the_bind_only_the_senders_counts(c):
    push = c.connected(z.ZMQ_PUSH, name := c.name(), sndhwm=3)
    assert filled(push) == 3
    pull = c.socket(z.ZMQ_PULL, rcvhwm=2)
    z.zmq_bind(pull, name)
    assert [text(pull) for _ in range(3)] == ["0", "1", "2"]


@pytest.mark.parametrize("first", ["push", "pull"])
def test_hwm__either_end_may_close_first(c, first):
    pull, push = c.pair(z.ZMQ_PULL, z.ZMQ_PUSH)
    send(push, b"x")
    c.close(push if first == "push" else pull)
    if first == "push":
        assert text(pull) == "x"
    else:
        with fails(z.EAGAIN):
            while True:
                send(push, b"x", flags=z.ZMQ_DONTWAIT)


def test_sockopt_hwm__before_and_after_the_connection(c):
    pull, name = c.bound(z.ZMQ_PULL, "", rcvhwm=1)
    push = c.socket(z.ZMQ_PUSH, sndhwm=2)
    z.zmq_connect(push, name)
    assert filled(push) == 3
    for _ in range(3):
        text(pull)
    z.zmq_setsockopt(push, z.ZMQ_SNDHWM, 5)
    assert z.zmq_getsockopt(push, z.ZMQ_SNDHWM) == 5
    assert filled(push) == 6


def test_sockopt_hwm__lowered_when_full(c):
    pull, name = c.bound(z.ZMQ_PULL, "", rcvhwm=1)
    push = c.connected(z.ZMQ_PUSH, name, sndhwm=5)
    assert filled(push) == 6
    z.zmq_setsockopt(push, z.ZMQ_SNDHWM, 2)
    with fails(z.EAGAIN):
        send(push, b"x", flags=z.ZMQ_DONTWAIT)
    assert [text(pull) for _ in range(6)] == list("012345")
    assert filled(push) == 3


# -- IMMEDIATE ---


def test_immediate__not_set_messages_gather_for_who_is_not_there(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    push = c.connected(z.ZMQ_PUSH, "tcp://127.0.0.1:1")
    z.zmq_connect(push, name)
    for _ in range(10):
        send(push, b"x")
    assert [text(pull) for _ in range(5)] == ["x"] * 5
    assert silent(pull)


def test_immediate__set_messages_go_to_who_is_there(c):
    pull, name = c.bound(z.ZMQ_PULL, TCP)
    push = c.connected(z.ZMQ_PUSH, "tcp://127.0.0.1:1", immediate=1)
    with fails(z.EAGAIN):
        send(push, b"x", flags=z.ZMQ_DONTWAIT)
    z.zmq_connect(push, name)
    for _ in range(10):
        send(push, b"x")
    assert [text(pull) for _ in range(10)] == ["x"] * 10


def test_immediate__a_lost_connection_is_no_place_for_messages(c):
    back, name = c.bound(z.ZMQ_DEALER, TCP)
    front = c.connected(z.ZMQ_DEALER, name, immediate=1, reconnect_ivl=10)
    send(back, b"hello")
    assert text(front) == "hello"
    send(front, b"hello")
    assert text(back) == "hello"
    watch = Watch(c, front, z.ZMQ_EVENT_DISCONNECTED)
    c.close(back)
    watch.next()
    with fails(z.EAGAIN):
        send(front, b"x", flags=z.ZMQ_DONTWAIT)
    for _ in range(PATIENCE):
        try:
            back, _ = c.bound(z.ZMQ_DEALER, name)
            break
        except z.ZMQError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            z.zmq_poll([], 0, 1)
    wait_for(front, z.ZMQ_POLLOUT)
    send(front, b"again")
    assert text(back) == "again"


# -- NULL and foreign sockets ---

CALLS = {
    "close": z.zmq_close,
    "setsockopt": lambda s: z.zmq_setsockopt(s, z.ZMQ_LINGER, 0, 4),
    "getsockopt": lambda s: z.zmq_getsockopt(s, z.ZMQ_LINGER),
    "monitor": lambda s: z.zmq_socket_monitor(s, "inproc://m", z.ZMQ_EVENT_ALL),
    "join": lambda s: z.zmq_join(s, "g"),
    "leave": lambda s: z.zmq_leave(s, "g"),
    "bind": lambda s: z.zmq_bind(s, "inproc://x"),
    "connect": lambda s: z.zmq_connect(s, "inproc://x"),
    "unbind": lambda s: z.zmq_unbind(s, "inproc://x"),
    "disconnect": lambda s: z.zmq_disconnect(s, "inproc://x"),
    "send": lambda s: z.zmq_send(s, b"x", 1, 0),
    "recv": lambda s: z.zmq_recv(s, bytearray(1), 1, 0),
    "poll": lambda s: z.zmq_poll([z.zmq_pollitem_t(s, 0, 1)], 1, 0),
    "proxy": lambda s: z.zmq_proxy(s, s, None),
    "pipes_stats": z.zmq_socket_monitor_pipes_stats,
    "peer_state": lambda s: z.zmq_socket_get_peer_state(s, b"x", 1),
    "msg_send": lambda s: z.zmq_msg_send(z.zmq_msg_t(), s, 0),
    "sendiov": lambda s: z.zmq_sendiov(s, [b"x"], 1, 0),
}


@pytest.mark.parametrize("call", CALLS)
def test_socket_null__is_no_socket(c, call):
    for handle in (None, 0, b"socket", c.ctx):
        if handle is None and call in {"proxy", "poll"}:
            continue  # EFAULT there, and a descriptor here
        with fails(z.ENOTSOCK):
            CALLS[call](handle)


@pytest.mark.parametrize("call", CALLS)
def test_socket_null__closed(c, call):
    socket = c.socket(z.ZMQ_PAIR)
    c.close(socket)
    with fails(z.ENOTSOCK):
        CALLS[call](socket)


def test_socket_null__of_a_terminated_context_is_a_handle_until_it_is_closed(c):
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    with fails(z.ETERM):
        recv(socket)
    c.close(socket)
    with fails(z.ENOTSOCK):
        recv(socket)
