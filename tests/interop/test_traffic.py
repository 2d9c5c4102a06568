"""Ten thousand messages each way between the two libraries: all of them, once, in order."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.interop.pairs import PAIRS, Pair, body, meet, prepare
from tests.interop.world import LAST_ENDPOINT, OURS, PATIENCE, THEIRS, World
from tests.support import Peer, milliseconds

pytestmark = [pytest.mark.interop, pytest.mark.slow]

COUNT = 10_000
LOCKSTEP = {"REQ-REP", "REQ-ROUTER", "DEALER-REP"}
ONE_BY_ONE = [pair for pair in PAIRS if str(pair) in LOCKSTEP]
STREAMING = [pair for pair in PAIRS if str(pair) not in LOCKSTEP]
# Where nothing is dropped: a full queue makes the sender wait.
LOSSLESS = [pair for pair in STREAMING if "PUB" not in pair.a and pair.a != "ROUTER"]


def numbered(number: int) -> list[bytes]:
    """Return a message of its own length: every fifth one has three frames."""
    text = b"%d" % number + b"." * (number % 97)
    return [text, b"", text] if number % 5 == 0 else [text]


def send_all(sock: Any, shape: Any) -> None:
    for number in range(COUNT):
        sock.send_multipart(shape(numbered(number)))


def receive_all(sock: Any, shape: Any) -> None:
    for number in range(COUNT):
        assert sock.recv_multipart() == shape(numbered(number))


def joined(world: World, pair: Pair, ours: str, binds: str, **settings: int) -> tuple[Any, Any]:
    a = world.socket(OURS if ours == "a" else THEIRS, pair.a, **settings)
    b = world.socket(OURS if ours == "b" else THEIRS, pair.b, **settings)
    prepare(pair, a, b)
    world.join(*((a, b) if binds == "a" else (b, a)))
    meet(pair, a, b)
    return a, b


@pytest.mark.parametrize("ours", ["a", "b"])
@pytest.mark.parametrize("pair", STREAMING, ids=str)
def test_rfc37_z20_z21_all_arrive_once_and_in_order(pair: Pair, ours, world: World):
    a, b = joined(world, pair, ours, "a", sndhwm=0, rcvhwm=0)
    send_all(a, pair.sent)
    receive_all(b, pair.seen)
    if pair.answered is not None:
        send_all(b, pair.answered)
        receive_all(a, pair.heard)


@pytest.mark.parametrize("ours", ["a", "b"])
@pytest.mark.parametrize("pair", ONE_BY_ONE, ids=str)
def test_requests_one_by_one(pair: Pair, ours, world: World):
    assert pair.answered is not None
    a, b = joined(world, pair, ours, "b")
    for number in range(COUNT):
        message = numbered(number)
        a.send_multipart(pair.sent(message))
        assert b.recv_multipart() == pair.seen(message)
        b.send_multipart(pair.answered(message))
        assert a.recv_multipart() == pair.heard(message)


@pytest.mark.parametrize("binds", ["a", "b"])
@pytest.mark.parametrize("ours", ["a", "b"])
@pytest.mark.parametrize("pair", LOSSLESS, ids=str)
def test_small_queues_lose_nothing(pair: Pair, ours, binds, world: World):
    # Kernel buffers as small as they get, so that the marks are reached again and again.
    a, b = joined(world, pair, ours, binds, sndhwm=7, rcvhwm=5, sndbuf=4096, rcvbuf=4096)
    sender = threading.Thread(target=send_all, args=(a, pair.sent))
    sender.start()
    try:
        receive_all(b, pair.seen)
    finally:
        sender.join()


@pytest.mark.parametrize("pair", [p for p in LOSSLESS if p.answered], ids=str)
def test_both_ways_at_once(pair: Pair, world: World):
    a, b = joined(world, pair, "a", "b", sndhwm=0, rcvhwm=0)
    if pair.b == "ROUTER":  # it has to have heard of a peer before it can speak
        a.send_multipart(pair.sent([b"hello"]))
        assert b.recv_multipart() == pair.seen([b"hello"])
    speaker = threading.Thread(target=send_all, args=(a, pair.sent))
    speaker.start()
    try:
        send_all(b, pair.answered)
        receive_all(b, pair.seen)
    finally:
        speaker.join()
    receive_all(a, pair.heard)


#: The second type of a pair, in a process of its own.
FLOW = """
from tests.interop.pairs import PAIRS, body, prepare
pair = next(pair for pair in PAIRS if str(pair) == args["pair"])
context = zmq.Context()
sock = context.socket(getattr(zmq, pair.b))
sock.linger = 0
sock.rcvtimeo = sock.sndtimeo = args["patience"]
prepare(pair, None, sock)
if args["endpoint"]:
    sock.connect(args["endpoint"])
else:
    sock.bind("tcp://127.0.0.1:*")
say(sock.get(zmq.LAST_ENDPOINT).decode())
for size in args["sizes"]:
    message = [body(size), b"", body(size + 1)]
    assert sock.recv_multipart() == pair.seen(message), size
    if pair.answered is not None:
        sock.send_multipart(pair.answered(message))
    else:
        say(size)
hear()
sock.close()
context.term()
"""
SIZES = [0, 1, 255, 256, 8192, 100_000, 1 << 20, 5 << 20]


@pytest.mark.parametrize("binds", ["ours", "theirs"])
@pytest.mark.parametrize(
    "name", ["PAIR-PAIR", "XPUB-SUB", "PUSH-PULL", "REQ-REP", "DEALER-REP", "DEALER-ROUTER"]
)
def test_libzmq_in_a_process_of_its_own(name, binds, world: World):
    pair = next(pair for pair in PAIRS if str(pair) == name)
    sock = world.socket(OURS, pair.a)
    prepare(pair, sock, None)
    endpoint = ""
    if binds == "ours":
        sock.bind(world.endpoint("tcp"))
        endpoint = sock.get(LAST_ENDPOINT).decode()
    args = {"pair": name, "endpoint": endpoint, "sizes": SIZES}
    with Peer("zmq", FLOW, args | {"patience": milliseconds(PATIENCE)}) as peer:
        told = peer.hear()
        if binds == "theirs":
            sock.connect(told)
        if pair.a == "XPUB":
            assert sock.recv() == b"\x01"
        for size in SIZES:
            message = [body(size), b"", body(size + 1)]
            sock.send_multipart(pair.sent(message))
            if pair.answered is None:
                assert peer.hear() == size
            else:
                assert sock.recv_multipart() == pair.heard(message)
        peer.say("done")
