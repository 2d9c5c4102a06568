"""Any socket from any thread; close and term wake whoever is blocked."""

from __future__ import annotations

import ctypes
import errno
import random
import threading
import time

import pytest

import zmqthread as zmq
from tests.support import seconds

KINDS = ["recv", "recv with RCVTIMEO", "send", "poll", "Poller", "select", "proxy"]


class Call(threading.Thread):
    """Runs a function in a thread and keeps when and how it ended."""

    def __init__(self, function, *args):
        super().__init__(daemon=True)
        self.function, self.args = function, args
        self.result = self.error = None
        self.ended = 0.0
        self.start()

    def run(self):
        try:
            self.result = self.function(*self.args)
        except zmq.ZMQError as error:
            self.error = error
        self.ended = time.monotonic()

    def outcome(self):
        """Return the errno it ended with, 0 if with none."""
        self.join(seconds(10))
        assert not self.is_alive(), "still blocked"
        return 0 if self.error is None else self.error.errno


def until(condition):
    deadline = time.monotonic() + seconds(10)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.0005)


def asleep(*sockets):
    """Wait until a thread drives each of the sockets or polls it, so that its call is blocked."""
    until(lambda: all(s._core.driven or getattr(s._core, "group", None) for s in sockets))


def blocked(kind, pull, push):
    """Block on a PULL without messages or a PUSH without peers; return the call and its socket."""
    if kind == "recv":
        return Call(pull.recv), pull
    if kind == "recv with RCVTIMEO":
        pull.rcvtimeo = 60000
        return Call(pull.recv), pull
    if kind == "send":
        return Call(push.send, b"x" * 1000), push
    if kind == "poll":
        return Call(pull.poll), pull
    if kind == "select":
        return Call(zmq.select, [pull], [push], []), push
    if kind == "proxy":
        return Call(zmq.proxy, pull, push), pull
    poller = zmq.Poller()
    poller.register(pull, zmq.POLLIN)
    poller.register(push, zmq.POLLOUT)
    return Call(poller.poll), pull


@pytest.mark.parametrize("kind", KINDS)
def test_close_wakes_who_is_blocked(context, kind, record_property):
    late = []
    for _ in range(10):
        pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        pull.bind("tcp://127.0.0.1:*")
        call, socket = blocked(kind, pull, push)
        asleep(socket)
        closed = time.monotonic()
        socket.close()
        assert call.outcome() == zmq.ENOTSOCK
        late.append(call.ended - closed)
        pull.close()
        push.close()
    record_property("latency", max(late))
    assert sorted(late)[-2] < seconds(0.05), late


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ends", ["shutdown", "term"])
def test_term_wakes_who_is_blocked(kind, ends, record_property):
    late = []
    for _ in range(5):
        context = zmq.Context()
        pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        pull.bind("tcp://127.0.0.1:*")
        call, socket = blocked(kind, pull, push)
        asleep(socket)
        began = time.monotonic()
        end = Call(getattr(context, ends))
        assert call.outcome() == zmq.ETERM
        late.append(call.ended - began)
        if ends == "shutdown":
            assert end.outcome() == 0
        else:
            assert end.is_alive()  # until the sockets are closed
        pull.close()
        push.close()
        context.term()
        assert end.outcome() == 0
    record_property("latency", max(late))
    assert sorted(late)[-2] < seconds(0.05), late


@pytest.mark.parametrize("count", [2, 5])
def test_close_wakes_all_who_wait_on_one_socket(context, count):
    pull = context.socket(zmq.PULL)
    pull.bind("tcp://127.0.0.1:*")
    calls = [Call(pull.recv if n % 2 else pull.poll) for n in range(count)]
    asleep(pull)
    until(lambda: len(pull._core._followers) == count - 1)
    began = time.monotonic()
    pull.close()
    assert [call.outcome() for call in calls] == [zmq.ENOTSOCK] * count
    assert max(call.ended for call in calls) - began < seconds(0.05)


def test_term_waits_for_a_close_in_another_thread(context):
    other = zmq.Context()
    socket = other.socket(zmq.PUSH)
    term = Call(other.term)
    until(lambda: other._engine._waiting)
    assert not other.closed
    began = time.monotonic()
    socket.close()
    assert term.outcome() == 0
    assert term.ended - began < seconds(0.1)
    assert other.closed


def test_term_with_a_time_out_names_what_it_waits_for():
    context = zmq.Context()
    first, second = context.socket(zmq.PUSH), context.socket(zmq.SUB)
    first.connect("tcp://127.0.0.1:1")
    for _ in range(3):
        first.send(b"never sent")
    first.close()
    began = time.monotonic()
    with pytest.raises(zmq.Again) as caught:
        context.term(timeout=0.1)
    assert 0.1 <= time.monotonic() - began < seconds(1.0)
    text = str(caught.value)
    assert "PUSH socket (tcp://127.0.0.1:1: not connected, 3 messages unsent)" in text
    assert "SUB socket (open)" in text
    second.close()
    with pytest.raises(zmq.Again, match="PUSH"):
        context.term(timeout=0)
    with first._core.lock:
        first._core.endpoints.close_all(0)
        first._core.leave()
    context.term(timeout=10)
    assert context.closed


def test_term_in_two_threads_at_once():
    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    calls = [Call(context.term) for _ in range(3)]
    until(lambda: len(context._engine._waiting) == 3)
    socket.close()
    assert [call.outcome() for call in calls] == [0, 0, 0]
    context.term()


def test_calls_on_a_closed_socket(context):
    socket = context.socket(zmq.PULL)
    socket.close()
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    calls = [
        socket.recv, socket.poll, poller.poll, lambda: zmq.select([socket], [], []),
        lambda: socket.send(b""), lambda: socket.bind("inproc://x"), lambda: socket.get(zmq.TYPE),
        lambda: socket.set(zmq.LINGER, 0), lambda: socket.get(zmq.EVENTS),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(zmq.ZMQError) as caught:
            call()
        assert caught.value.errno == zmq.ENOTSOCK
    socket.close()


def test_the_threads_have_names():
    before = {thread.name for thread in threading.enumerate()}
    context = zmq.Context(io_threads=2)
    context.socket(zmq.PUSH).close()
    started = {thread.name for thread in threading.enumerate()} - before
    context.term()
    assert started == {"ZMQbg/IO/0", "ZMQbg/IO/1"}


def send_numbers(push, me, count):
    """Send messages of one frame and of three, the latter in both ways."""
    for number in range(count):
        text = b"%d %d" % (me, number)
        if number % 3 == 0:
            push.send(text)
        elif number % 3 == 1:
            push.send_multipart([text, b"more", text])
        else:
            push.send(text, zmq.SNDMORE)
            push.send(b"more", zmq.SNDMORE)
            push.send(text)


def receive_into(pull, got, polls):
    """Append all messages up to b"end", waiting for them in ``recv`` or in ``poll``."""
    while True:
        if polls and not pull.poll(20000):
            return
        try:
            parts = pull.recv_multipart(zmq.DONTWAIT if polls else 0)
        except zmq.Again:
            continue
        if parts == [b"end"]:
            return
        got.append(parts)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:*", "inproc://shared"])
def test_sixteen_threads_share_one_pair_of_sockets(context, address):
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    pull.bind(address)
    push.connect(pull.get_string(zmq.LAST_ENDPOINT))
    count, senders, receivers = 1500, 8, 8
    got: list[bytes] = []
    receiving = [Call(receive_into, pull, got, number % 2) for number in range(receivers)]
    sending = [Call(send_numbers, push, number, count) for number in range(senders)]
    assert [call.outcome() for call in sending] == [0] * senders
    for _ in range(receivers):
        push.send(b"end")
    assert [call.outcome() for call in receiving] == [0] * receivers
    for parts in got:
        assert len(parts) == 1 or (len(parts) == 3 and parts[0] == parts[2]), parts
    firsts = [parts[0] for parts in got]
    assert len(firsts) == count * senders
    assert len(set(firsts)) == count * senders
    push.close()
    pull.close()


def for_ever(call, *args):
    while True:
        call(*args)


def test_close_at_any_time_while_many_threads_are_busy(context):
    rng = random.Random(7)
    for _ in range(15):
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.connect(f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}")
        push.linger = 0

        calls = [
            (push.send, b"x"), (push.send, b"y" * 5000), (pull.recv,), (pull.poll,),
            (pull.get, zmq.EVENTS), (push.poll, 1, zmq.POLLOUT),
        ]  # fmt: skip
        threads = [Call(for_ever, *call) for call in calls]
        time.sleep(rng.random() * 0.02)  # not to synchronise: to vary what they are at
        for socket in rng.sample([push, pull], 2):
            socket.close()
        assert [call.outcome() for call in threads] == [zmq.ENOTSOCK] * len(threads)


def test_term_at_any_time_while_many_threads_are_busy():
    rng = random.Random(8)
    for _ in range(10):
        context = zmq.Context()
        context.linger = 0

        def work(context=context):
            with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
                push.connect(f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}")
                while True:
                    push.send(b"x")
                    assert pull.recv() == b"x"

        threads = [Call(work) for _ in range(4)]
        time.sleep(rng.random() * 0.03)
        assert Call(context.term).outcome() == 0
        assert {call.outcome() for call in threads} <= {zmq.ETERM, errno.EFAULT}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_killed_io_thread_ends_every_call():
    context = zmq.Context()
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.connect(f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}")
    push.send(b"x")
    assert pull.recv() == b"x"
    waiting = Call(pull.recv)
    asleep(pull)
    loop = context._engine._loops[0][0]
    thread = loop._thread
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
    )
    began = time.monotonic()
    loop.call(lambda: None)
    assert waiting.outcome() == zmq.ETERM
    assert time.monotonic() - began < seconds(1.0)
    thread.join(seconds(10))
    for call in (pull.recv, pull.poll, lambda: push.send(b"x"), lambda: context.socket(zmq.PUSH)):
        with pytest.raises(zmq.ContextTerminated):
            call()
    push.close()
    pull.close()
    context.term(timeout=seconds(10))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_killed_io_thread_with_unsent_messages_does_not_hang_term():
    context = zmq.Context()
    push = context.socket(zmq.PUSH)
    push.connect("tcp://127.0.0.1:1")
    push.send(b"x")

    def die():
        raise SystemExit

    loop = context._engine._loops[0][0]
    loop.call(die)
    loop._thread.join(seconds(10))
    push.close()
    context.term(timeout=seconds(10))


def broken(*_):
    raise MemoryError("injected")


@pytest.mark.parametrize("where", ["receive", "encode"])
def test_an_exception_in_a_connection_ends_only_that_connection(context, where, caplog):
    pull = context.socket(zmq.PULL)
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    good, bad = context.socket(zmq.PUSH), context.socket(zmq.PUSH)
    for socket in (good, bad):
        socket.connect(f"tcp://127.0.0.1:{port}")
        socket.send(b"hello")
    assert [pull.recv(), pull.recv()] == [b"hello"] * 2
    connecter = next(iter(bad._core.endpoints.parts))
    first = connecter.session
    if where == "encode":
        session = first
    else:
        acceptor = next(iter(pull._core.endpoints.parts))
        bad.send(b"which")
        assert pull.recv() == b"which"
        session = pull._core.pattern.origin.far
        assert session in acceptor.sessions
    connection = session.connection
    session.connection = Broken(connection, where)
    bad.send(b"lost" * 100)
    until(lambda: session.stream is None)
    for _ in range(10):
        good.send(b"fine")
        assert pull.recv() == b"fine"
    until(lambda: connecter.session is not first)  # else it is written to what the peer has closed
    bad.send(b"again")  # it has come back
    texts = {pull.recv()}
    assert texts <= {b"again", b"lost" * 100}
    good.close()
    bad.close(linger=0)
    pull.close()


class Broken:
    """A connection one of whose methods raises."""

    def __init__(self, connection, method):
        self.__dict__["_connection"] = connection
        self.__dict__[method] = broken

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def __setattr__(self, name, value):
        setattr(self._connection, name, value)
