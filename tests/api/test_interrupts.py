"""An interrupt at every step: an exception between any two calls leaves the sockets usable.

A signal handler that raises does so when a call returns or a function begins.  A profiler's hook
can raise at the very same places, at one after the other and without a storm of signals.
"""

from __future__ import annotations

import sys

import pytest

from tests.support import Peer, seconds

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="epoll only")]

STEPS = """
import os, threading, time
root = os.path.dirname(zmq.__file__)
context = zmq.Context()

def arm(countdown):
    def hook(frame, event, arg):
        nonlocal countdown
        back = frame.f_back
        if event not in ("c_return", "call"):
            return
        if "__del__" in (frame.f_code.co_name, back and back.f_code.co_name):
            return  # Python swallows what is raised there
        if root in frame.f_code.co_filename or (back and root in back.f_code.co_filename):
            countdown -= 1
            if countdown < 0:
                sys.setprofile(None)
                raise KeyboardInterrupt
    sys.setprofile(hook)

def usable(push, pull):
    # What was under way may be lost, a connection too; it comes back.
    end = time.monotonic() + args["patience"]
    pull.rcvtimeo = 20
    while time.monotonic() < end:
        try:
            push.send(b"last", zmq.DONTWAIT)
            while pull.recv_multipart() != [b"last"]:
                pass
            break
        except zmq.Again:
            pass
    else:
        return "lost"
    helped = threading.Event()
    thread = threading.Thread(target=lambda: (push.send(b"helped"), helped.set()), daemon=True)
    thread.start()
    thread.join(args["patience"])
    return None if helped.is_set() else "not driven"

def run(step):
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.linger = 0
    push.reconnect_ivl = 5
    if args["transport"] == "tcp":
        port = pull.bind_to_random_port("tcp://127.0.0.1")
        endpoint = f"tcp://127.0.0.1:{port}"
    else:
        pull.bind(endpoint := "inproc://steps")
    # Large enough to have no short cut.
    message = b"m" * 1000
    interrupted, lost = False, False
    scenario = compile(args["scenario"], "scenario", "exec")
    try:
        if args["connected"]:
            push.connect(endpoint)
            push.send(message)
            pull.recv()
        arm(step)
        exec(scenario)
    except KeyboardInterrupt:
        interrupted = True
    except zmq.Again:
        lost = True
    finally:
        sys.setprofile(None)
    if interrupted and not args["connected"] and not push._core.endpoints._connected:
        push.connect(endpoint)
    fault = usable(push, pull)
    push.close()
    pull.close()
    return interrupted, lost, fault

descriptors = None
faults, step = [], 0
while True:
    interrupted, lost, fault = run(step)
    if fault:
        faults.append([step, fault])
    if lost and not fault:
        continue  # the machine was slow: this step has not been reached yet
    if not interrupted or len(faults) > 3:
        break
    step += args["stride"]
    if descriptors is None and step > 5 * args["stride"]:
        descriptors = len(os.listdir("/proc/self/fd"))
end = time.monotonic() + args["patience"]
while (left := len(os.listdir("/proc/self/fd"))) > descriptors and time.monotonic() < end:
    time.sleep(0.01)
say([step, faults, left - descriptors])
context.term(args["patience"])
"""

CONNECT = "push.connect(endpoint), push.send(message), pull.poll(1000), pull.recv(zmq.DONTWAIT)"
TRAFFIC = """
push.send(message), pull.poll(1000), pull.recv(zmq.DONTWAIT)
push.send(message), push.send(message, zmq.DONTWAIT), pull.recv(), pull.recv()
"""
MULTIPART = """
push.send_multipart([b"a", message]), pull.recv_multipart()
push.send(b"a", zmq.SNDMORE), push.send(b"b"), pull.recv(), pull.recv()
"""
PAIRED = """
pull._core.meet(push._core)
timer = threading.Timer(0.01, push.send, (message,))
timer.start()
try:
    pull.recv()
finally:
    timer.join()
"""
CUT = """
acceptor = next(iter(pull._core.endpoints.parts))
with pull._core.lock:
    next(iter(acceptor.sessions)).close(ConnectionResetError("cut"))
push.poll(5, zmq.POLLIN), pull.poll(15), push.poll(15, zmq.POLLIN), pull.poll(15)
push.send(message), pull.poll(1000), pull.recv(zmq.DONTWAIT)
"""


@pytest.mark.parametrize(
    ("transport", "scenario", "connected", "stride"),
    [
        pytest.param("tcp", CONNECT, False, 3, id="connect"),
        pytest.param("tcp", TRAFFIC, True, 6, id="traffic"),
        pytest.param("tcp", MULTIPART, True, 4, id="multipart"),
        pytest.param("tcp", CUT, True, 8, id="cut"),
        pytest.param("inproc", TRAFFIC, True, 1, id="inproc"),
        pytest.param("inproc", CONNECT, False, 1, id="inproc connect"),
        pytest.param("inproc", PAIRED, True, 1, id="paired"),
    ],
)
@pytest.mark.timeout(seconds(120))
def test_an_interrupt_at_any_step_leaves_the_sockets_usable(transport, scenario, connected, stride):
    case = {"transport": transport, "scenario": scenario, "connected": connected}
    case |= {"stride": stride, "patience": seconds(3)}
    with Peer("zmqthread", STEPS, case) as peer:
        last, faults, descriptors = peer.hear(100)
    assert not faults
    assert last > 20
    assert descriptors <= 8  # a step may cost an eventfd that has no owner yet
