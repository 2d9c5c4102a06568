"""Sockets for datagrams on the simulated network."""

from __future__ import annotations

import errno
import socket

import pytest

from tests.sim.datagram import BACKLOG
from tests.sim.explore import explore
from tests.sim.faults import Faults
from tests.sim.kernel import Kernel
from tests.sim.net import SimNet
from tests.sim.seams import SimSeams
from zmqthread.reactor.selector import READ, WRITE

UDP = (socket.AF_INET, socket.SOCK_DGRAM)
HERE = ("127.0.0.1", 5555)
GROUP = "239.0.0.1"


@pytest.fixture
def kernel():
    with Kernel(1) as kernel:
        yield kernel


def member(seams, group, port):
    sock = seams.socket(*UDP)
    request = socket.inet_aton(group) + bytes(8)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    sock.bind(("0.0.0.0", port))
    return sock


def contents(sock):
    buffer, found = bytearray(100), []
    while sock.input:
        size, source = sock.recvfrom_into(buffer)
        found.append((bytes(buffer[:size]), source))
    return found


def test_there_and_back(kernel):
    net = SimNet(kernel)
    seams = SimSeams(net)
    near, far = seams.socket(*UDP), seams.socket(*UDP)
    far.bind(HERE)
    assert far.poll() == WRITE
    assert near.sendto(b"there", HERE) == 5
    kernel.elapse(1.0)
    assert far.poll() == READ | WRITE
    ((data, source),) = contents(far)
    assert data == b"there"
    assert source == near.getsockname()
    near.bind(source)
    far.sendto(b"back", source)
    kernel.elapse(1.0)
    assert contents(near) == [(b"back", HERE)]
    for sock in (near, far):
        sock.close()
    assert not net.datagrams


def test_an_address_is_for_one_and_a_group_for_all(kernel):
    net = SimNet(kernel)
    seams = SimSeams(net)
    alone, other, sender = (seams.socket(*UDP) for _ in range(3))
    alone.bind(HERE)
    with pytest.raises(OSError, match="in use"):
        other.bind(HERE)
    members = [member(seams, GROUP, 6000), member(seams, GROUP, 6000)]
    stranger = member(seams, "239.0.0.2", 6000)
    sender.sendto(b"all", (GROUP, 6000))
    kernel.elapse(1.0)
    assert [[data for data, _ in contents(sock)] for sock in members] == [[b"all"], [b"all"]]
    assert contents(stranger) == []


def test_errors_room_and_the_backlog(kernel):
    net = SimNet(kernel)
    seams = SimSeams(net)
    near, far = seams.socket(*UDP), seams.socket(*UDP)
    far.bind(HERE)
    near.send_failures.append(errno.ENOBUFS)
    with pytest.raises(OSError, match="buffer"):
        near.sendto(b"x", HERE)
    near.room = BACKLOG + 1
    for number in range(BACKLOG + 1):
        near.sendto(b"%d" % number, HERE)
    with pytest.raises(BlockingIOError):
        near.sendto(b"x", HERE)
    assert near.poll() == 0
    near.drain()
    assert near.poll() == WRITE
    kernel.elapse(1.0)
    far.receive_failures.append(errno.ENOMEM)
    with pytest.raises(OSError, match="memory"):
        far.recvfrom_into(bytearray(1))
    assert len(contents(far)) == BACKLOG
    with pytest.raises(BlockingIOError):
        far.recvfrom_into(bytearray(1))
    far.close()
    with pytest.raises(OSError, match="descriptor"):
        far.getsockname()


def test_some_get_lost_if_asked_for():
    def world(kernel: Kernel) -> None:
        net = SimNet(kernel, Faults(lost=0.5, latency=(1e-4, 1e-3)))
        seams = SimSeams(net)
        near, far = seams.socket(*UDP), seams.socket(*UDP)
        far.bind(HERE)
        for _ in range(BACKLOG):
            near.sendto(b"x", HERE)
        kernel.elapse(1.0)
        kernel.sometimes["arrived"] += len(contents(far))

    found = explore(world, 10).sometimes
    assert found["datagram lost"] + found["arrived"] == 10 * BACKLOG
    assert found["datagram lost"]
    assert found["arrived"]
