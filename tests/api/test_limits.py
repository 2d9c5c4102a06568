"""Running out: descriptors, sockets; and contexts with few or many I/O threads."""

from __future__ import annotations

import errno
import sys

import pytest

import zmqthread as zmq
from tests.support import Peer, seconds

LIMIT = """
import errno, gc, os, resource, socket as plain, time
def used():
    return len(os.listdir("/proc/self/fd")) - 1
def limit(more):
    highest = max(map(int, os.listdir("/proc/self/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + more, hard))
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
def fill():
    filled = []
    try:
        while True:
            filled.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return filled
def spill(filled):
    for number in filled:
        os.close(number)
    filled.clear()
context = zmq.Context()
push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
push.linger = 0
port = pull.bind_to_random_port("tcp://127.0.0.1")
push.connect(f"tcp://127.0.0.1:{port}")
def check():
    push.send(b"x")
    assert pull.poll(10000)
    assert pull.recv() == b"x"
check()
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_NOFILE and /proc")


def run(code, args=None):
    with Peer("zmqthread", LIMIT + code, args) as peer:
        result = peer.hear()
        assert not peer.errors(), peer.errors()
        return result


def test_descriptors_run_out_at_socket():
    result = run("""
limit(40)
before = used()
made = []
try:
    while True:
        made.append(context.socket(zmq.PULL))
        made[-1].poll(0)  # from here on it has descriptors of its own
except zmq.ZMQError as error:
    failure = errno.errorcode[error.errno]
for one in made:
    one.close()
end = time.monotonic() + 10
while used() > before and time.monotonic() < end:
    gc.collect()
    time.sleep(0.001)
with context.socket(zmq.PULL):
    check()
say([len(made) > 3, failure, used() - before <= 4])
""")
    assert result == [True, "EMFILE", True]


def test_descriptors_run_out_at_the_first_socket():
    result = run("""
limit(20)
filled = fill()
other = zmq.Context()
failures = []
for room in range(6):
    try:
        other.socket(zmq.PULL).close()
    except zmq.ZMQError as error:
        failures.append(errno.errorcode[error.errno])
    else:
        failures.append("none")
    os.close(filled.pop())
spill(filled)
with other.socket(zmq.PULL) as socket:
    socket.bind("tcp://127.0.0.1:*")
other.term()
check()
say([failures[0], set(failures) <= {"EMFILE", "none"}])
""")
    assert result == ["EMFILE", True]


def test_descriptors_run_out_at_bind_and_at_the_first_wait():
    result = run("""
import threading
limit(20)
extra = context.socket(zmq.PULL)
filled = fill()
try:
    extra.bind("tcp://127.0.0.1:*")
except zmq.ZMQError as error:
    failures = [errno.errorcode[error.errno]]
def wait():
    # A thread needs descriptors of its own for its first wait on several sockets.
    try:
        zmq.select([pull, extra], [], [], 0.01)
    except zmq.ZMQError as error:
        failures.append(errno.errorcode[error.errno])
thread = threading.Thread(target=wait)
thread.start()
thread.join()
check()
spill(filled)
extra.bind("tcp://127.0.0.1:*")
extra.close()
check()
say(failures)
""")
    assert result == ["EMFILE", "EMFILE"]


ACCEPT = """
limit(20)
check()
filled = fill()
say(port)
# The client connects to the listener's queue, but cannot be accepted.
acceptor = next(iter(pull._core.endpoints.parts))
end = time.monotonic() + 10
while acceptor._pause < 0.15 and time.monotonic() < end:
    check()
paused = acceptor._pause
busy = time.process_time()
time.sleep(0.5)  # the time over which the cost is measured
busy = time.process_time() - busy
check()
spill(filled)
assert pull.poll(10000)
text = pull.recv().decode()
check()
say([text, busy, paused])
"""
CLIENT = """
port = hear()
with zmq.Context() as context, context.socket(zmq.PUSH) as push:
    push.connect(f"tcp://127.0.0.1:{port}")
    push.send(b"from far away")
"""


def test_descriptors_run_out_at_accept():
    with Peer("zmqthread", LIMIT + ACCEPT) as server, Peer("zmqthread", CLIENT) as client:
        client.say(server.hear())
        text, busy, paused = server.hear()
        assert text == "from far away"
        assert paused > 0.15
        assert busy < 0.25  # seconds of the processor in half a second: it does not spin
        assert not server.errors(), server.errors()


def test_descriptors_run_out_at_connect():
    result = run("""
limit(20)
late = context.socket(zmq.PUSH)
late.setsockopt(zmq.RECONNECT_IVL, 10)
filled = fill()
late.connect(f"tcp://127.0.0.1:{port}")
late.send(b"late")
check()
nothing = pull.poll(100)
spill(filled)
assert pull.poll(10000)
text = pull.recv().decode()
late.close()
say([nothing, text])
""")
    assert result == [0, "late"]


def test_max_sockets():
    with zmq.Context() as context:
        context.max_sockets = 3
        made = [context.socket(zmq.PULL) for _ in range(3)]
        with pytest.raises(zmq.ZMQError) as caught:
            context.socket(zmq.PULL)
        assert caught.value.errno == errno.EMFILE
        made.pop().close()
        made.append(context.socket(zmq.PULL))
        for one in made:
            one.close()


def exchange(context, address):
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    pull.bind(address)
    push.connect(pull.get_string(zmq.LAST_ENDPOINT))
    for number in range(100):
        push.send(b"%d" % number)
        assert pull.poll(seconds(10) * 1000)
        assert pull.recv() == b"%d" % number
    push.close()
    pull.close()


@pytest.mark.parametrize("count", [1, 2, 4])
def test_io_threads(count):
    with zmq.Context(io_threads=count) as context:
        assert context.get(zmq.IO_THREADS) == count
        for address in ("tcp://127.0.0.1:*", "inproc://x"):
            exchange(context, address)


def test_without_io_threads_there_is_inproc_only():
    with zmq.Context(io_threads=0) as context:
        assert context.get(zmq.IO_THREADS) == 0
        exchange(context, "inproc://x")
        with context.socket(zmq.PUSH) as socket:
            for call in (socket.bind, socket.connect):
                with pytest.raises(zmq.ZMQError) as caught:
                    call("tcp://127.0.0.1:5555")
                assert caught.value.errno == zmq.EMTHREAD


def test_affinity_chooses_among_the_threads():
    with zmq.Context(io_threads=4) as context:
        loops = {}
        for index in range(4):
            with context.socket(zmq.PULL) as socket, context.socket(zmq.PUSH) as push:
                socket.set(zmq.AFFINITY, 1 << index)
                assert socket.get(zmq.AFFINITY) == 1 << index
                loops[index] = socket._core.loop.name
                push.connect(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}")
                push.send(b"x")
                assert socket.recv() == b"x"
                socket.set(zmq.AFFINITY, 0)  # too late: what is bound stays where it is
                assert socket._core.loop.name == loops[index]
        assert list(loops.values()) == [f"ZMQbg/IO/{index}" for index in range(4)]


def test_sockets_spread_over_the_threads():
    with zmq.Context(io_threads=2) as context:
        made = [context.socket(zmq.PULL) for _ in range(6)]
        names = [socket._core.loop.name for socket in made]
        assert sorted(names.count(name) for name in set(names)) == [3, 3]
        for socket in made:
            socket.close()
