"""Fairness: a peer that has much to say does not keep the others from being heard."""

from __future__ import annotations

import struct
import time
from collections import Counter
from typing import Any

import pytest

from tests.support import Peer, patient, seconds
from zmqthread import Context
from zmqthread import constants as zmq

LIBRARIES = ["zmqthread", pytest.param("zmq", marks=pytest.mark.interop)]
TRANSPORTS = ["tcp://127.0.0.1:*", "ipc://*"]
PAIRS = [("PULL", "PUSH"), ("ROUTER", "DEALER"), ("DEALER", "DEALER"), ("SUB", "PUB")]
SLOW = range(1, 10)

FAST_ONE = """
context = zmq.Context()
fast = context.socket(getattr(zmq, args[0]))
fast.linger, fast.sndtimeo = 0, 1000
fast.connect(args[1])
try:
    while True:
        for _ in range(100):
            fast.send(bytes(64))
except zmq.Again:
    pass
fast.close()
context.term()
"""

# Each says something every few milliseconds: who it is, a number, and when.
NINE_SLOW = """
import struct, time
context = zmq.Context()
slow = [context.socket(getattr(zmq, args[0])) for _ in range(9)]
for socket in slow:
    socket.connect(args[1])
hear()
for number in range(100):
    for who, socket in enumerate(slow, 1):
        socket.send(struct.pack("=BId", who, number, time.monotonic()))
    time.sleep(0.005)
for socket in slow:
    socket.close()
context.term()
"""


@pytest.mark.parametrize("endpoint", TRANSPORTS)
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("kind", "peer_kind"), PAIRS[:2])
def test_nine_slow_peers_are_heard_beside_a_fast_one(
    library: str, kind: str, peer_kind: str, endpoint: str
) -> None:
    with Context() as context, patient(context.socket(getattr(zmq, kind)), 10) as sock:
        sock.bind(endpoint)
        arguments = [peer_kind, sock.last_endpoint.decode().rstrip("\0")]
        with Peer(library, FAST_ONE, arguments), Peer(library, NINE_SLOW, arguments) as nine:
            assert len(sock.recv_multipart()[-1]) == 64
            nine.say("go")
            heard: Counter[int] = Counter()
            longest = 0.0
            deadline = time.monotonic() + seconds(20)
            while sum(heard[who] for who in SLOW) < 900:
                message = sock.recv_multipart()[-1]
                assert time.monotonic() < deadline, f"only these were heard: {heard}"
                if len(message) == 64:
                    heard[0] += 1
                    continue
                who, number, sent = struct.unpack("=BId", message)
                assert number == heard[who]
                heard[who] += 1
                longest = max(longest, time.monotonic() - sent)
            sock.close()
    assert heard[0] > 900
    assert longest < seconds(2)  # 10 to 15 ms are usual


@pytest.mark.parametrize(("kind", "peer_kind"), PAIRS)
def test_of_what_has_come_in_each_peer_gets_one_message_in_turn(kind: str, peer_kind: str) -> None:
    context = Context()
    sock = patient(context.socket(getattr(zmq, kind)), 10)
    peers = [patient(context.socket(getattr(zmq, peer_kind)), 10) for _ in range(10)]
    if kind == "SUB":
        sock.subscribe(b"")
    connect(kind, sock, peers)
    for number in range(500):
        peers[0].send(b"0:%d" % number)
    for number in range(20):
        for who in SLOW:
            peers[who].send(b"%d:%d" % (who, number))
    deadline = time.monotonic() + seconds(10)
    while sum(len(pipe.incoming) for pipe in sock._core.pipes) < 680:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    heard: Counter[int] = Counter()
    for _ in range(680):
        who, _, number = sock.recv_multipart()[-1].partition(b":")
        assert int(number) == heard[int(who)]
        heard[int(who)] += 1
        if sum(heard.values()) <= 200:
            assert max(heard.values()) - min(heard[each] for each in range(10)) <= 1
    context.destroy(linger=0)


def connect(kind: str, sock: Any, peers: list[Any]) -> None:
    """Join them; publishers have to be known to have their subscriptions."""
    if kind != "SUB":
        sock.bind("tcp://127.0.0.1:*")
        for peer in peers:
            peer.connect(sock.last_endpoint)
        return
    for peer in peers:
        peer.bind("tcp://127.0.0.1:*")
        sock.connect(peer.last_endpoint)
    deadline = time.monotonic() + seconds(10)
    while not all(peer.topics_count for peer in peers):
        assert time.monotonic() < deadline
        time.sleep(0.001)
