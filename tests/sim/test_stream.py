"""Streams, listeners and nodes of the simulated network."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from tests.sim.stream import SimSocket
from tests.sim.support import HERE, TCP, Pair, drain, feed
from zmqthread.reactor.selector import READ, WRITE


@pytest.fixture
def kernel():
    with Kernel(1) as kernel:
        yield kernel


def test_a_stream_arrives_whole_whatever_happens_to_it():
    data = bytes(range(256)) * 20

    def world(kernel: Kernel) -> None:
        pair = Pair(kernel, Faults.lossless(emfile=0.0, again=0.0))
        pair.net.faults = Faults.lossless()
        got = []
        kernel.spawn(lambda: feed(pair.here, pair.near, data), "writer")
        kernel.spawn(lambda: got.append(drain(pair.there, pair.far)), "reader")
        kernel.run()
        assert got == [data]

    result = explore(world, 12)
    for fault in ("short read", "short write", "send: EAGAIN", "recv: EAGAIN", "window full"):
        assert result.sometimes[fault], fault


def test_with_resets_what_arrives_is_a_beginning():
    data = bytes(range(256)) * 20

    def world(kernel: Kernel) -> None:
        pair = Pair(kernel, Faults(latency=(1e-4, 1e-3)))
        pair.net.faults = Faults.chaos(reset=0.02, windows=(700,))
        got = []
        kernel.spawn(lambda: feed(pair.here, pair.near, data), "writer")
        kernel.spawn(lambda: got.append(drain(pair.there, pair.far)), "reader")
        kernel.run()
        assert data.startswith(got[0])
        if len(got[0]) < len(data):
            kernel.sometimes["cut"] += 1

    result = explore(world, 20)
    assert 0 < result.sometimes["cut"] < 20


def test_backpressure_a_full_window_takes_no_more(kernel):
    pair = Pair(kernel, Faults(windows=(1000,)))
    selector = pair.here.selector()
    selector.register(pair.near, READ | WRITE, "near")
    assert selector.select(0) == [("near", WRITE)]
    assert pair.near.send(b"x" * 5000) == 1000
    assert selector.select(0) == []
    with pytest.raises(BlockingIOError):
        pair.near.send(b"x")
    assert pair.near.send(b"") == 0
    assert pair.far.recv(10, socket.MSG_PEEK) == pair.far.recv(10) == b"x" * 10
    assert selector.select(0) == [("near", WRITE)]
    assert pair.near.send(b"x" * 5000) == 10


def test_names_and_options_of_a_connection(kernel):
    pair = Pair(kernel)
    assert pair.near.getpeername() == pair.far.getsockname() == HERE
    assert pair.near.getsockname() == pair.far.getpeername() == pair.address
    assert pair.near.connect_ex(HERE) == errno.EISCONN
    pair.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    assert pair.near.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    assert pair.near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert pair.far.recv_into(bytearray()) == 0
    with pytest.raises(BlockingIOError):
        pair.far.recv(1)
    pair.near.close()
    assert pair.near.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        pair.near.recv(1)


def test_an_orderly_end_lets_the_other_side_go_on(kernel):
    pair = Pair(kernel, Faults(latency=(0.001, 0.002)))
    pair.near.send(b"last words")
    pair.near.shutdown(socket.SHUT_WR)
    with pytest.raises(BrokenPipeError):
        pair.near.send(b"more")
    pair.settle()
    assert [pair.far.recv(100), pair.far.recv(100)] == [b"last words", b""]
    pair.far.send(b"reply")
    pair.far.close()
    pair.settle()
    assert [pair.near.recv(100), pair.near.recv(100)] == [b"reply", b""]


def test_a_reset_comes_after_the_data_and_once(kernel):
    pair = Pair(kernel)
    pair.far.send(b"data")
    pair.net.reset(pair.far)
    assert pair.near.recv(100) == b"data"
    with pytest.raises(ConnectionResetError):
        pair.near.recv(100)
    assert pair.near.recv(100) == b""
    with pytest.raises(BrokenPipeError):
        pair.near.send(b"x")
    with pytest.raises(OSError, match="not connected"):
        pair.near.getpeername()


def test_both_sides_learn_of_a_reset_and_the_send_buffer_is_lost():
    lost = set()
    for seed in range(10):
        with Kernel(seed) as kernel:
            pair = Pair(kernel, Faults(latency=(0.01, 0.01)))
            for _ in range(3):
                pair.near.send(b"x")
            pair.net.reset(pair.near)
            with pytest.raises(ConnectionResetError):
                pair.near.send(b"x")
            pair.settle()
            data = pair.far.recv(10) if pair.far.input else b""
            lost.add(3 - len(data))
            with pytest.raises(ConnectionResetError):
                pair.far.recv(1)
    assert len(lost) > 1


def test_a_close_with_unread_input_or_without_linger_is_a_reset():
    def unread(pair: Pair) -> None:
        pair.far.send(b"unread")

    def unlinger(pair: Pair) -> None:
        zero = struct.pack("ii", 1, 0)
        pair.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, zero)

    for prepare in (unread, unlinger):
        with Kernel(3) as kernel:
            pair = Pair(kernel)
            prepare(pair)
            pair.near.close()
            with pytest.raises(ConnectionResetError):
                pair.far.recv(1)


def test_what_is_sent_to_a_closed_socket_is_answered_by_a_reset(kernel):
    pair = Pair(kernel)
    pair.far.close()
    assert pair.near.recv(1) == b""
    assert pair.near.send(b"x") == 1
    pair.settle()
    with pytest.raises(ConnectionResetError):
        pair.near.send(b"x")
    with pytest.raises(BrokenPipeError):
        pair.near.send(b"x")


# -- connecting and accepting ----------------------------------------------------------------


def test_nobody_there_refuses(kernel):
    seams = SimSeams(SimNet(kernel, Faults(latency=(0.001, 0.002))))
    sock, selector = seams.socket(*TCP), seams.selector()
    assert sock.connect_ex(HERE) == errno.EINPROGRESS
    assert sock.connect_ex(HERE) == errno.EALREADY
    selector.register(sock, WRITE, "done")
    ready = []
    kernel.spawn(lambda: ready.extend(selector.select(None)), "dialler")
    kernel.run()
    assert ready == [("done", WRITE)]
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def test_ports_are_given_out_once(kernel):
    seams = SimSeams(SimNet(kernel))
    first, second = seams.socket(*TCP), seams.socket(*TCP)
    first.bind(("0.0.0.0", 0))
    first.listen()
    port = first.getsockname()[1]
    with pytest.raises(OSError, match="in use"):
        second.bind(("127.0.0.1", port))
    first.close()
    second.bind(("127.0.0.1", port))


def test_ipv6_any_listens_for_both_unless_told_otherwise(kernel):
    net = SimNet(kernel)
    seams = SimSeams(net)
    both: SimSocket = seams.socket(socket.AF_INET6, socket.SOCK_STREAM)
    both.bind(("::", 7, 0, 0))
    both.listen()
    assert both.getsockname() == ("::", 7, 0, 0)
    assert net.listener(("::1", 7)) is net.listener(("127.0.0.1", 7)) is both
    both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    assert net.listener(("127.0.0.1", 7)) is None


def test_accept_fails_as_told(kernel):
    pair = Pair(kernel)

    def dial() -> SimSocket:
        sock: SimSocket = pair.here.socket(*TCP)
        sock.connect_ex(HERE)
        kernel.run(until=lambda: pair.listener.backlog and sock.state == "connected")
        return sock

    with pytest.raises(BlockingIOError):
        pair.listener.accept()
    sock = dial()
    pair.net.faults.fd_limit = len(pair.net.descriptors("there"))
    with pytest.raises(OSError, match="Too many open files"):
        pair.listener.accept()
    pair.net.faults = Faults(emfile=1.0)
    with pytest.raises(OSError, match="Too many open files"):
        pair.listener.accept()
    pair.net.faults = Faults(aborted=1.0)
    with pytest.raises(ConnectionAbortedError):
        pair.listener.accept()
    with pytest.raises(ConnectionResetError):
        sock.recv(1)
    waiting = dial()
    pair.listener.close()
    with pytest.raises(ConnectionResetError):
        waiting.recv(1)


def test_a_full_backlog_makes_tcp_wait(kernel):
    net = SimNet(kernel)
    seams = SimSeams(net)
    listener = seams.socket(*TCP)
    listener.bind(HERE)
    listener.listen(0)
    one, two = seams.socket(*TCP), seams.socket(*TCP)
    one.connect_ex(HERE)
    two.connect_ex(HERE)
    kernel.elapse(0.5)
    assert sorted([one.state, two.state]) == ["connected", "connecting"]
    listener.accept()
    kernel.elapse(5.0)
    assert one.state == two.state == "connected"


@pytest.mark.parametrize("abstract", [False, True])
def test_local_sockets_connect_at_once_or_not(kernel, tmp_path, abstract):
    seams = SimSeams(SimNet(kernel))
    address = b"\0name" if abstract else str(tmp_path / "socket")
    local = (socket.AF_UNIX, socket.SOCK_STREAM)
    sock, listener = seams.socket(*local), seams.socket(*local)
    assert sock.connect_ex(address) == (errno.ECONNREFUSED if abstract else errno.ENOENT)
    listener.bind(address)
    assert sock.connect_ex(address) == errno.ECONNREFUSED
    with pytest.raises(OSError, match="in use"):
        seams.socket(*local).bind(address)
    listener.listen(0)
    assert sock.connect_ex(address) == 0
    assert sock.getpeername() == listener.getsockname() == address
    assert seams.socket(*local).connect_ex(address) == errno.EAGAIN
    server, name = listener.accept()
    assert name == ""
    assert len(server.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)) == 12
    sock.send(b"hello")
    assert server.recv(10) == b"hello"
    listener.close()
    assert seams.socket(*local).connect_ex(address) == errno.ECONNREFUSED


# -- nodes -----------------------------------------------------------------------------------


def test_a_partition_holds_data_back_until_it_heals(kernel):
    pair = Pair(kernel)
    pair.net.partition("here", "there", both_ways=False)
    pair.near.send(b"held")
    pair.far.send(b"passes")
    pair.settle()
    assert pair.near.recv(10) == b"passes"
    with pytest.raises(BlockingIOError):
        pair.far.recv(10)
    pair.near.send(b" back")
    pair.net.heal()
    pair.settle()
    assert pair.far.recv(10) == b"held back"


def test_a_connect_across_a_cut_gets_through_when_it_heals_or_times_out(kernel):
    pair = Pair(kernel)
    pair.net.clog("there")
    early, late = pair.here.socket(*TCP), pair.here.socket(*TCP)
    early.connect_ex(HERE)
    pair.settle()
    assert early.state == "connecting"
    pair.net.heal("there")
    pair.settle()
    assert early.state == "connected"
    pair.net.clog("here")
    late.connect_ex(HERE)
    kernel.elapse(200.0)
    assert late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ETIMEDOUT


@pytest.mark.parametrize("how", ["fin", "rst", "silent"])
def test_the_death_of_a_process_ends_its_tasks_and_connections(kernel, how):
    pair = Pair(kernel)
    seams = pair.there
    ended = []

    def serve() -> None:
        selector = seams.selector()
        selector.register(pair.far, READ, None)
        try:
            selector.select(None)
        finally:
            ended.append(how)
            pair.far.close()

    task = kernel.spawn(serve, "server", "there")
    kernel.run(until=lambda: task.why == "select" and not task.runnable)
    pair.net.kill("there", how)
    pair.settle()
    assert task.done
    assert ended == [how]
    assert not pair.net.descriptors("there")
    if how == "silent":
        pair.near.send(b"anybody?")
        again = pair.here.socket(*TCP)
        again.connect_ex(HERE)
        pair.settle()
        assert again.state == "connecting"
        pair.net.heal("there")
        pair.settle()
        assert again.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED
    if how == "fin":
        assert pair.near.recv(10) == b""
    else:
        with pytest.raises(ConnectionResetError):
            pair.near.recv(10)
