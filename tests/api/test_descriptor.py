"""ZMQ_FD and ZMQ_EVENTS: event loops of any kind miss no change of readiness."""

from __future__ import annotations

import asyncio
import select
import threading
from functools import partial

import pytest

import zmqthread as zmq
from tests.support import seconds


def readable(socket, timeout=0.0):
    return bool(select.select([socket.fileno()], [], [], timeout)[0])


def pairs(context, address, count):
    """Return ``count`` connected pairs of PAIR sockets."""
    found = []
    for number in range(count):
        one, other = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        one.bind(address.replace("#", str(number)))
        other.connect(one.get_string(zmq.LAST_ENDPOINT))
        found.append((one, other))
    return found


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "inproc://fd-#"])
def test_contract(context, address):
    ((one, other),) = pairs(context, address, 1)
    number = one.fileno()
    assert one.get(zmq.FD) == number
    other.send(b"first")
    assert one.poll(seconds(10) * 1000)
    assert readable(one)
    assert one.get(zmq.EVENTS) & zmq.POLLIN
    assert not readable(one)  # EVENTS has cleared it, though the message is still there
    assert one.get(zmq.EVENTS) & zmq.POLLIN
    assert one.recv() == b"first"
    assert not one.get(zmq.EVENTS) & zmq.POLLIN
    other.send(b"second")
    assert readable(one, seconds(10))
    assert one.get(zmq.EVENTS) & zmq.POLLIN
    other.send(b"third")  # a change or not: a program reads until EVENTS says nothing is left
    assert one.recv() == b"second"
    if one.get(zmq.EVENTS) & zmq.POLLIN:
        assert one.recv() == b"third"
    else:
        assert readable(one, seconds(10))
        assert one.recv() == b"third"
    assert one.fileno() == number


@pytest.mark.parametrize("act", ["recv", "send"])
def test_what_another_thread_does_takes_no_news_from_the_one_that_watches(context, act):
    ((one, other),) = pairs(context, "inproc://fd-#", 1)
    one.fileno()
    while readable(one):
        assert one.get(zmq.EVENTS) == zmq.POLLOUT
    other.send(b"first")
    other.send(b"second")
    assert readable(one, seconds(10))
    thread = threading.Thread(target=one.recv if act == "recv" else partial(one.send, b"x"))
    thread.start()
    thread.join(seconds(10))
    assert readable(one)
    assert one.get(zmq.EVENTS) & zmq.POLLIN
    assert not readable(one)


def test_it_is_readable_at_once_when_asked_for_late(context):
    ((one, other),) = pairs(context, "inproc://fd-#", 1)
    other.send(b"x")
    assert one.poll(seconds(10) * 1000)
    assert readable(one)
    assert one.recv() == b"x"


def test_room_is_a_change_too(context):
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.hwm = pull.hwm = 10
    pull.bind("inproc://room")
    push.connect("inproc://room")
    push.fileno()
    sent = 0
    while push.get(zmq.EVENTS) & zmq.POLLOUT:
        push.send(b"x", zmq.DONTWAIT)
        sent += 1
    while readable(push):  # what the connection itself had to tell
        assert not push.get(zmq.EVENTS) & zmq.POLLOUT
    for _ in range(sent):
        pull.recv()
    assert readable(push, seconds(10))
    assert push.get(zmq.EVENTS) & zmq.POLLOUT


def test_a_peer_that_comes_is_a_change(context):
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    port = push.bind_to_random_port("tcp://127.0.0.1")
    push.fileno()
    assert not push.get(zmq.EVENTS)
    pull.connect(f"tcp://127.0.0.1:{port}")
    assert readable(push, seconds(10))
    while not push.get(zmq.EVENTS) & zmq.POLLOUT:
        assert readable(push, seconds(10))


def test_room_that_another_thread_has_brought_by_a_connect_is_a_change(context):
    push = context.socket(zmq.PUSH)
    push.fileno()
    assert not push.get(zmq.EVENTS)
    thread = threading.Thread(target=push.connect, args=("inproc://nobody-yet",))
    thread.start()
    thread.join(seconds(10))
    assert readable(push)
    assert push.get(zmq.EVENTS) == zmq.POLLOUT


@pytest.mark.parametrize("end", ["close", "shutdown"])
def test_the_end_is_seen(end):
    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    number = socket.fileno()
    socket.get(zmq.EVENTS)
    if end == "shutdown":
        context.shutdown()
        assert select.select([number], [], [], seconds(10))[0]
        with pytest.raises(zmq.ContextTerminated):
            socket.get(zmq.EVENTS)
    socket.close()
    context.term()


class Side:
    """Sends ``count`` numbers over a socket, as room comes, and checks those that come in."""

    def __init__(self, socket, count):
        self.socket, self.count = socket, count
        self.sent = self.got = 0
        self.calls = 0

    @property
    def done(self):
        return self.got == self.count and self.sent == self.count

    def on_change(self):
        """Act on the descriptor being readable, as event loops built on libzmq do."""
        self.calls += 1
        socket = self.socket
        while events := socket.get(zmq.EVENTS):
            moved = False
            if events & zmq.POLLIN:
                for _ in range(50):
                    try:
                        message = socket.recv(zmq.DONTWAIT)
                    except zmq.Again:
                        break
                    assert message == b"%d" % self.got
                    self.got += 1
                    moved = True
            if events & zmq.POLLOUT and self.sent < self.count:
                for _ in range(min(50, self.count - self.sent)):
                    try:
                        socket.send(b"%d" % self.sent, zmq.DONTWAIT)
                    except zmq.Again:
                        break
                    self.sent += 1
                    moved = True
            if not moved:
                return


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "inproc://fd-#"])
@pytest.mark.parametrize("hwm", [1000, 3])
def test_a_loop_with_select_misses_nothing(context, address, hwm):
    context.hwm = hwm
    count = 8000 if hwm == 1000 else 1500
    both = pairs(context, address, 3)
    far = [Side(other, count) for _, other in both]
    near = [Side(one, count) for one, _ in both]

    def run(sides):
        by_number = {side.socket.fileno(): side for side in sides}
        while not all(side.done for side in sides):
            ready, _, _ = select.select(list(by_number), [], [], seconds(10))
            assert ready, [(side.sent, side.got) for side in sides]
            for number in ready:
                by_number[number].on_change()

    thread = threading.Thread(target=run, args=(far,), daemon=True)
    thread.start()
    run(near)
    thread.join(seconds(10))
    assert not thread.is_alive()


def test_one_loop_serves_both_ends(context):
    context.hwm = 5
    sides = [Side(s, 3000) for pair in pairs(context, "tcp://127.0.0.1:*", 2) for s in pair]
    by_number = {side.socket.fileno(): side for side in sides}
    while not all(side.done for side in sides):
        ready, _, _ = select.select(list(by_number), [], [], seconds(10))
        assert ready, [(side.sent, side.got) for side in sides]
        for number in ready:
            by_number[number].on_change()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "inproc://fd-#"])
def test_asyncio_misses_nothing(context, address):
    sides = [Side(s, 5000) for pair in pairs(context, address, 2) for s in pair]

    async def run():
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def on_change(side):
            side.on_change()
            if all(side.done for side in sides) and not over.done():
                over.set_result(None)

        for side in sides:
            loop.add_reader(side.socket.fileno(), on_change, side)
            loop.call_soon(on_change, side)
        try:
            await asyncio.wait_for(over, seconds(20))
        finally:
            for side in sides:
                loop.remove_reader(side.socket.fileno())

    asyncio.run(run())
    assert all(side.done for side in sides)
