"""The threads of a process encrypt in turn; none waits for one that a fork has left behind."""

from __future__ import annotations

import sys

import pytest

from tests.support import Peer

pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")

SECURE = """
import os, threading
from zmqthread.sessions import taking_turns
def joined():
    context = zmq.Context()
    pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    public, secret = zmq.curve_keypair()
    pull.curve_server, pull.curve_secretkey = 1, secret
    push.curve_serverkey = public
    push.curve_publickey, push.curve_secretkey = zmq.curve_keypair()
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    push.connect(f"tcp://127.0.0.1:{port}")
    push.send(b"first")
    assert pull.recv() == b"first"
    return context, push, pull
"""

COUNTED = """
class Counted:
    entered = 0
    def __enter__(self):
        self.entered += 1
        lock.acquire()
    def __exit__(self, *_):
        lock.release()
lock = taking_turns._turn.lock
context, push, pull = joined()
taking_turns._turn.lock = counted = Counted()
def send():
    for number in range(5000):
        push.send(b"%d" % number)
sender = threading.Thread(target=send)
sender.start()
assert [pull.recv() for _ in range(5000)] == [b"%d" % number for number in range(5000)]
sender.join()
batches = counted.entered
push.send(bytes(300_000))  # from 256 KiB on the rest is read exactly, however it comes
pull.recv()
say([batches, counted.entered - batches])
push.close()
pull.close()
context.term()
"""


def test_a_batch_of_small_messages_is_encrypted_while_no_other_thread_does() -> None:
    with Peer("zmqthread", SECURE + COUNTED) as peer:
        batches, for_a_large_one = peer.hear()
    assert 1 < batches < 10_000
    assert for_a_large_one <= 1  # only the octets that came together with its beginning


FORKED = """
taken, over = threading.Event(), threading.Event()
def hold():
    with taking_turns._turn.lock:
        taken.set()
        over.wait()
holder = threading.Thread(target=hold)
holder.start()
taken.wait()
child = os.fork()
if not child:
    context, push, pull = joined()
    for _ in range(100):
        push.send(b"x")
    for _ in range(100):
        pull.recv()
    os._exit(0)
say(os.waitpid(child, 0)[1])
over.set()
holder.join()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_has_not() -> None:
    with Peer("zmqthread", SECURE + FORKED) as peer:
        assert peer.hear() == 0
