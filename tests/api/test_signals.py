"""Signals: Ctrl-C ends every wait, a handler that returns does not, handlers may use sockets."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time

import pytest

from tests.api.processes import PAIR, wait_asleep
from tests.support import Peer, seconds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

# A PUSH socket without a peer blocks in send.
WAITS = {
    "recv": "pull.recv()",
    "recv with RCVTIMEO": "setattr(pull, 'rcvtimeo', 60000), pull.recv()",
    "send": "lonely.send(b'x')",
    "send with SNDTIMEO": "setattr(lonely, 'sndtimeo', 60000), lonely.send(b'x')",
    "poll": "pull.poll()",
    "poll with a time-out": "pull.poll(60000)",
    "Poller.poll": "poller.poll()",
    "Poller.poll with a time-out": "poller.poll(60000)",
    "select": "zmq.select([pull, 0], [], [])",
    "proxy": "zmq.proxy(pull, lonely)",
    "term": "other.term()",
    "term with a time-out": "other.term(60)",
}

INTERRUPTED = """
lonely = context.socket(zmq.PUSH)
other = zmq.Context()
kept_open = other.socket(zmq.PULL)
poller = zmq.Poller()
poller.register(pull, zmq.POLLIN)
poller.register(lonely, zmq.POLLOUT)
signal.signal(signal.SIGINT, signal.default_int_handler)
while (name := hear()) is not None:
    pull.rcvtimeo = lonely.sndtimeo = -1
    try:
        say(name)  # in here: what seems to sleep already may only wait for the processor
        eval(compile(args[name], name, "eval"))  # a str would make the exit status one of SIGINT
    except KeyboardInterrupt:
        ended = time.monotonic()
        say(ended)
    else:
        say(None)
    check()
kept_open.close()
other.term()
lonely.close()
push.close()
pull.close()
context.term()
say("done")
"""


def interrupted(peer, name):
    """Interrupt a wait and return how many seconds it took to end."""
    peer.say(name)
    assert peer.hear() == name
    wait_asleep(peer)
    sent = time.monotonic()
    os.kill(peer.process.pid, signal.SIGINT)
    ended = peer.hear()
    assert ended is not None, f"{name} returned"
    return ended - sent


def test_interrupt_ends_every_wait_and_leaves_the_socket_usable(record_property):
    with Peer("zmqthread", PAIR + INTERRUPTED, WAITS) as peer:
        late = {}
        for name in WAITS:
            late[name] = interrupted(peer, name)
        peer.say(None)
        assert peer.hear() == "done"
    record_property("latency", late)
    assert max(late.values()) < seconds(0.1), late


FOLLOWER = """
# The main thread follows: another one has been driving the socket since before.
def drive():
    try:
        pull.recv()
    except zmq.ZMQError as error:
        say(["driver", error.errno])
thread = threading.Thread(target=drive)
thread.start()
say(thread.native_id)
hear()
try:
    say("begin")  # as above
    pull.poll() if args else pull.recv()
except KeyboardInterrupt:
    say("interrupted")
pull.close()
thread.join()
push.close()
context.term()
"""


@pytest.mark.parametrize("polls", [False, True])
def test_interrupt_ends_the_wait_of_a_follower(polls):
    with Peer("zmqthread", PAIR + FOLLOWER, polls) as peer:
        driver = peer.hear()
        wait_asleep(peer, driver)
        peer.say("go")
        assert peer.hear() == "begin"
        wait_asleep(peer)
        os.kill(peer.process.pid, signal.SIGINT)
        assert peer.hear() == "interrupted"
        assert peer.hear()[0] == "driver"


RESUMED = """
caught = []
signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
pull.rcvtimeo = 600
poller = zmq.Poller()
poller.register(pull, zmq.POLLIN)
def drain():
    while pull.poll(0):
        pull.recv()
for name in args:
    caught.clear()
    say(name)
    began = time.monotonic()
    try:
        result = eval(args[name])
    except zmq.Again:
        result = []
    took = time.monotonic() - began
    say([len(caught), took, not result])
sys.stdin.read()  # a late signal would kill an interpreter that is about to end
"""


def test_a_handler_that_returns_leaves_the_remaining_time_out():
    calls = {
        "recv": "pull.recv()",
        "poll": "pull.poll(600)",
        "poller": "poller.poll(600)",
        "select": "zmq.select([pull], [], [], 0.6)[0]",
    }
    with Peer("zmqthread", PAIR + RESUMED, calls) as peer:
        for name in calls:
            assert peer.hear() == name
            # One signal a millisecond, for as long as the call may take and a little longer.
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                os.kill(peer.process.pid, signal.SIGUSR1)
                time.sleep(0.001)
            count, took, empty = peer.hear()
            assert empty
            assert count > 10
            assert 0.6 <= took < 0.6 + seconds(0.3), (name, took)


HANDLER = """
def handler(*_):
    try:
        result = eval(args["handler"])
        said.append(result if isinstance(result, (int, type(None))) else result.decode())
    except zmq.ZMQError as error:
        said.append(-error.errno)
said = []
signal.signal(signal.SIGUSR1, handler)
pull.rcvtimeo = 20000
say("begin")
try:
    result = eval(args["call"])
    result = result.decode() if isinstance(result, bytes) else bool(result)
except zmq.ZMQError as error:
    result = -error.errno
say([said, result])
if not pull.closed:
    check()
push.close()
pull.close()
context.term()
"""


def run_handler(call, handler):
    with Peer("zmqthread", PAIR + HANDLER, {"call": call, "handler": handler}) as peer:
        assert peer.hear() == "begin"
        wait_asleep(peer)
        os.kill(peer.process.pid, signal.SIGUSR1)
        return peer.hear()


@pytest.mark.parametrize("call", ["pull.recv()", "pull.poll(20000) and pull.recv()"])
def test_a_handler_sends_what_the_interrupted_call_waits_for(call):
    assert run_handler(call, "push.send(b'from the handler')") == [[None], "from the handler"]


@pytest.mark.parametrize("call", ["pull.recv()", "pull.poll(20000) and pull.recv()"])
def test_a_handler_receives_from_the_socket_that_is_being_waited_for(call):
    both = "push.send(b'1') or push.send(b'2') or pull.recv()"
    assert run_handler(call, both) == [["1"], "2"]


def test_a_handler_polls_the_socket_that_is_being_polled():
    both = "push.send(b'1') or push.send(b'2') or (pull.poll(20000) and pull.recv())"
    assert run_handler("pull.poll(20000) and pull.recv()", both) == [["1"], "2"]


@pytest.mark.parametrize("call", ["pull.recv()", "pull.poll(20000)"])
def test_a_handler_closes_the_socket_that_is_being_waited_for(call):
    said, result = run_handler(call, "pull.close()")
    assert said == [None]
    assert result < 0


STORM = """
import collections, errno
outcomes = collections.Counter()
depth = []
def handler(*_):
    if depth:
        return
    depth.append(1)
    try:
        push.send(b"h", zmq.DONTWAIT)
        outcomes["sent"] += 1
        pull.recv(zmq.DONTWAIT)
        outcomes["received"] += 1
    except zmq.ZMQError as error:
        outcomes["EDEADLK" if error.errno == errno.EDEADLK else error.strerror] += 1
    finally:
        depth.clear()
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
big = b"b" * args  # too large for the short cut: these calls hold the lock
pull.rcvtimeo = 10000
count = got = 0
end = time.monotonic() + 1.5
while time.monotonic() < end or count <= 10 or not outcomes["sent"]:
    try:
        push.send(big)
        count += 1
        if pull.recv() == big:
            got += 1
    except zmq.Again:
        break  # the handlers have taken it, which they may
signal.setitimer(signal.ITIMER_REAL, 0)
say([count, dict(outcomes)])
push.send(b"last")
while pull.recv() != b"last":
    pass
check()
push.close()
pull.close()
context.term()
say("done")
"""


@pytest.mark.parametrize("size", [10, 1000])
def test_a_storm_of_handlers_that_use_the_same_sockets(size):
    with Peer("zmqthread", PAIR + STORM, size) as peer:
        count, outcomes = peer.hear()
        assert count > 10
        assert outcomes.get("sent", 0) > 0
        # What a handler may meet: it came while the very same thread was inside the socket.
        assert set(outcomes) <= {"sent", "received", "EDEADLK", os.strerror(errno.EAGAIN)}
        assert peer.hear() == "done"


INTERRUPT_STORM = """
big = b"b" * 1000
rounds = interrupted = 0
armed = False
def handler(*_):
    # One at a time: who presses Ctrl-C twice within microseconds?
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt
def interrupt():
    while not over.wait(0.07):
        signal.pthread_kill(main, signal.SIGINT)
main, over = threading.main_thread().ident, threading.Event()
signal.signal(signal.SIGINT, handler)
storm = threading.Thread(target=interrupt, daemon=True)
storm.start()
end = time.monotonic() + 1.5
while time.monotonic() < end or interrupted <= 5:
    try:
        try:
            armed = True
            push.send(big, zmq.DONTWAIT)
            if pull.poll(args["timeout"]):
                pull.recv()
            rounds += 1
        except zmq.Again:
            pass
        armed = False  # in here: until now one may come between any two lines
    except KeyboardInterrupt:
        interrupted += 1
over.set()
storm.join()
say([rounds, interrupted])
# An interrupt may have cost a connection, which comes back, and the messages on their way.
end, got = time.monotonic() + args["patience"], None
while got != b"last" and time.monotonic() < end:
    try:
        push.send(b"last", zmq.DONTWAIT)
    except zmq.Again:
        pass
    while got != b"last" and pull.poll(200):  # thousands may have gathered
        got = pull.recv()
say("usable" if got == b"last" else "lost")
helped = []
def other():
    push.send(b"from another thread")
    helped.append(True)
thread = threading.Thread(target=other, daemon=True)
thread.start()
thread.join(args["patience"])
say(helped)
push.close()
pull.close()
context.term(args["patience"])
say("done")
"""


@pytest.mark.parametrize("timeout", [0, 100])
def test_a_storm_of_interrupts_leaves_the_sockets_usable(timeout):
    case = {"timeout": timeout, "patience": seconds(15)}
    with Peer("zmqthread", PAIR + INTERRUPT_STORM, case) as peer:
        _, interrupted = peer.hear()
        assert interrupted > 5
        assert peer.hear() == "usable"
        assert peer.hear() == [True]
        assert peer.hear() == "done"


CUT = """
damaged, got = [], []
def receive():
    while True:
        try:
            parts = pull.recv_multipart()
        except zmq.ZMQError:
            return
        got.append(parts[0])
        if len(parts) != 2 or parts[1] != parts[0] * args:
            damaged.append([len(part) for part in parts])
receiver = threading.Thread(target=receive)
receiver.start()
def interrupt():
    while not over.wait(0.0041):
        signal.pthread_kill(main, signal.SIGINT)
main, over, hits, armed = threading.main_thread().ident, threading.Event(), 0, False
def handler(*_):
    global armed
    if armed:
        armed = False
        raise KeyboardInterrupt
def more():
    return time.monotonic() < end or len(got) <= 10 or hits <= 10
signal.signal(signal.SIGINT, handler)
storm = threading.Thread(target=interrupt, daemon=True)
storm.start()
end, number = time.monotonic() + 1.5, 0
def send():
    # A function: in 3.13 the jump at the end of a loop is in no `try` that is around it.
    global number
    while more():
        number += 1
        digit = b"%d" % (number % 10)
        push.send_multipart([digit, digit * args])
while more():
    try:
        armed = True
        send()
        armed = False
    except KeyboardInterrupt:
        hits += 1
over.set()
storm.join()
push.close()
while pull.poll(0):
    time.sleep(0.01)
pull.close()
receiver.join()
context.term(10)
say([len(got), hits, damaged])
"""


def test_interrupts_in_the_middle_of_writes_damage_no_message():
    with Peer("zmqthread", PAIR + CUT, 300_000) as peer:
        got, hits, damaged = peer.hear()
    assert got > 10
    assert hits > 10
    assert damaged == []


ALARM = """
class Alarm(TimeoutError):
    pass
def handler(*_):
    global armed
    if armed:
        armed = False
        raised.append(1)
        raise Alarm
raised, caught, armed = [], 0, False
signal.signal(signal.SIGALRM, handler)
push.sndtimeo = pull.rcvtimeo = 300
end = time.monotonic() + 1.5
def more():
    return time.monotonic() < end or caught <= 3
def exchange():  # see `send` above
    while more():
        push.send(b"x" * 1000)
        pull.recv()
while more():
    try:
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, 0.0011)
            exchange()
        except zmq.Again:
            pass  # lost with the connection that was cut
        armed = False  # in here: until now it may come between any two lines
    except Alarm:
        caught += 1
say([len(raised), caught])
"""


def test_what_a_handler_raises_reaches_the_program():
    with Peer("zmqthread", PAIR + ALARM + "os._exit(0)") as peer:
        raised, caught = peer.hear()
    # In a finalizer Python itself drops what is raised.
    assert raised - 1 <= caught <= raised
    assert caught > 3
