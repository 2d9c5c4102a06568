"""What a program forgets is closed, and said to be."""

from __future__ import annotations

import gc
import os
import threading
import time
import warnings
import weakref

import pytest

import zmqthread as zmq
from tests.support import Peer, seconds


@pytest.fixture
def context():
    with zmq.Context() as made:
        yield made


def until(condition):
    """Wait for what another thread is about to bring about."""
    deadline = time.monotonic() + seconds(10)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_forgotten_socket_is_closed_with_a_warning(context):
    socket = context.socket(zmq.PULL)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    shown = repr(socket)
    with pytest.warns(ResourceWarning) as caught:
        del socket  # its last reference
    assert [str(one.message) for one in caught] == [f"Unclosed socket {shown}"]
    again = context.socket(zmq.PULL)

    def free():
        try:
            again.bind(f"tcp://127.0.0.1:{port}")
        except zmq.ZMQError:
            return False
        return True

    until(free)
    again.close()


def test_a_forgotten_context_ends_with_its_threads_and_sockets():
    before = set(threading.enumerate())
    context = zmq.Context()
    socket = context.socket(zmq.PULL)
    socket.bind("tcp://127.0.0.1:*")
    threads = set(threading.enumerate()) - before
    assert threads
    texts = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # pytest.warns would keep the warnings, and with them what they are about.
        warnings.showwarning = lambda message, *_: texts.append(str(message).partition(" at ")[0])
        del socket, context
        gc.collect()
    texts.sort()
    assert texts[0].startswith("Unclosed context <zmq.Context")
    assert texts[1] == "Unclosed socket <zmq.Socket(zmq.PULL)"
    for thread in threads:
        thread.join(seconds(10))
        assert not thread.is_alive()


def test_cycles_are_collected():
    class Program:
        def __init__(self):
            self.context = zmq.Context()
            self.sockets = [self.context.socket(kind) for kind in (zmq.PUSH, zmq.PULL)]
            self.sockets[1].bind("inproc://here")
            self.sockets[0].connect("inproc://here")
            self.sockets[0].send(b"x")
            self.me = self

    program = Program()
    gone = weakref.ref(program)
    del program
    with pytest.warns(ResourceWarning):
        gc.collect()
    assert gone() is None  # the fixture sees to threads and descriptors


def test_a_closed_socket_is_forgotten_in_silence(context):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        socket = context.socket(zmq.PULL)
        pattern = weakref.ref(socket._core.pattern)  # of the core, and freed with it
        socket.close()
        del socket
        other = zmq.Context()
        other.socket(zmq.PUSH).close()
        other.term()
        del other
        gc.collect()
    # The I/O thread may still be asked to look in: then it is not garbage yet.
    until(lambda: gc.collect() is not None and pattern() is None)


def test_a_core_is_freed_after_polls(context):
    socket = context.socket(zmq.PULL)
    socket.bind("tcp://127.0.0.1:*")
    assert socket.poll(1) == 0
    pattern = weakref.ref(socket._core.pattern)  # of the core, and freed with it
    socket.close()
    del socket
    with context.socket(zmq.PULL) as other:
        other.poll(1)  # the thread lets go of what it polled before
    until(lambda: gc.collect() is not None and pattern() is None)


def test_many_forgotten_sockets_leave_nothing(context):
    keeper = context.socket(zmq.PULL)
    keeper.bind("inproc://keeper")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(200):
            socket = context.socket(zmq.PUSH)
            socket.connect("inproc://keeper")
            del socket
    until(lambda: len(context._engine.sockets) == 1)
    if before:
        until(lambda: len(os.listdir("/proc/self/fd")) <= before + 3)
    keeper.close()


def test_warnings_as_errors_do_not_keep_a_socket_open():
    code = """
import gc, warnings
warnings.simplefilter("error")
hooked = []
sys.unraisablehook = lambda info: hooked.append(type(info.exc_value).__name__)
context = zmq.Context()
socket = context.socket(zmq.PULL)
engine = context._engine
del socket, context
gc.collect()
import threading, time
end = time.monotonic() + 10
while engine.sockets and time.monotonic() < end:
    time.sleep(0.001)
say([len(engine.sockets), hooked])
"""
    with Peer("zmqthread", code) as peer:
        left, hooked = peer.hear()
    assert left == 0
    assert hooked == ["ResourceWarning"] * 2


def test_the_last_reference_may_go_in_the_io_thread(context):
    """A finalizer that runs in the I/O thread, with or without a socket's lock."""
    inner = zmq.Context()
    box = [inner.socket(zmq.PULL), inner]
    socket = context.socket(zmq.PULL)
    done = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del inner

        def forget():
            box.clear()
            gc.collect()
            done.set()

        socket._core.post(forget)
        assert done.wait(seconds(10))
        done.clear()
        own = zmq.Context()
        box += [own.socket(zmq.PUSH), own]
        post = own._engine._loops[0][0].call
        del own
        post(forget)  # in the very thread that has to end because of it
        assert done.wait(seconds(10))
    socket.close()


class Finalized:
    """Calls a function when it is collected."""

    def __init__(self, function):
        self.function = function
        self.me = self

    def __del__(self):
        self.function()


@pytest.mark.parametrize("call", ["send", "close", "recv", "poll", "set"])
def test_a_finalizer_that_uses_a_socket_whose_lock_its_thread_has(context, call):
    socket, peer = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    peer.bind("inproc://peer")
    socket.connect("inproc://peer")
    errors = []

    def use():
        try:
            match call:
                case "send":
                    socket.send(b"x" * 1000)
                case "recv":
                    socket.recv()
                case "poll":
                    socket.poll()
                case "set":
                    socket.linger = 0
                case _:
                    socket.close()
        except zmq.ZMQError as error:
            errors.append(error)

    gc.disable()  # or else another thread, which has not got the lock, may be the one to collect
    try:
        with socket._core.lock:
            Finalized(use)
            gc.collect()
    finally:
        gc.enable()
    if call == "close":
        assert not errors
        until(lambda: socket.closed)
    else:
        assert len(errors) == 1
        assert "interrupted" in str(errors[0])
        socket.send(b"still usable")
        assert peer.recv() == b"still usable"
    socket.close()
    peer.close()


def test_collections_at_any_moment_do_no_harm(context):
    """The collector runs all the time, in every thread, and closes sockets each time."""
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.connect(f"tcp://127.0.0.1:{pull.bind_to_random_port('tcp://127.0.0.1')}")
    stop = threading.Event()

    def forget():
        while not stop.is_set():
            box = [context.socket(zmq.PUSH)]
            box[0].connect(f"inproc://nobody-{len(box)}")
            box.append(box)
            stop.wait(0.002)

    thresholds = gc.get_threshold()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.set_threshold(20, 5, 5)
        thread = threading.Thread(target=forget)
        thread.start()
        try:
            for number in range(3000):
                push.send_multipart([b"%d" % number, b"x" * 300])
                assert pull.recv_multipart()[0] == b"%d" % number
        finally:
            gc.set_threshold(*thresholds)
            stop.set()
            thread.join()
        push.close()
        pull.close()
        # Another thread's collection may be under way, in which case this one does nothing.
        until(lambda: gc.collect() is not None and not context._engine.sockets)
