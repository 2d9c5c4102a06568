"""Every pair of types, over every transport both libraries have, in every role, with every size."""

from __future__ import annotations

import pytest

from tests.interop.pairs import PAIRS, Pair, body, exchange, meet, prepare
from tests.interop.world import OURS, THEIRS, World

pytestmark = pytest.mark.interop

TRANSPORTS = ["tcp", "ipc"]
# Around the limit of the short frame header, around libzmq's batch, and one that takes many reads.
SIZES = [0, 1, 255, 256, 8191, 8192, 8193, 1 << 20]
MESSAGES = [
    *([body(size)] for size in SIZES),
    *([body(size), b"", body(size + 1)] for size in SIZES),
    [b"", b""],
    [b"", body(300), b""],
    [body(size) for size in range(100)],
]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("binds", ["a", "b"])
@pytest.mark.parametrize("ours", ["a", "b"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_messages_of_every_size(pair: Pair, ours, binds, transport, world: World):
    a = world.socket(OURS if ours == "a" else THEIRS, pair.a)
    b = world.socket(OURS if ours == "b" else THEIRS, pair.b)
    prepare(pair, a, b)
    world.join(*((a, b) if binds == "a" else (b, a)), transport)
    meet(pair, a, b)
    for message in MESSAGES:
        exchange(pair, a, b, message)


@pytest.mark.parametrize("binds", ["ours", "theirs"])
def test_streams_of_every_size(binds, world: World):
    ours, theirs = world.socket(OURS, "STREAM"), world.socket(THEIRS, "STREAM")
    world.join(*((ours, theirs) if binds == "ours" else (theirs, ours)))
    names = {}
    for sock in (ours, theirs):
        names[sock], nothing = sock.recv_multipart()
        assert nothing == b""
        assert len(names[sock]) == 5
    for sender, receiver in ((ours, theirs), (theirs, ours)):
        for size in SIZES[1:]:
            sender.send_multipart([names[sender], body(size)])
            octets = b""
            while len(octets) < size:
                name, chunk = receiver.recv_multipart()
                assert name == names[receiver]
                octets += chunk
            assert octets == body(size)
    ours.send_multipart([names[ours], b""])
    assert theirs.recv_multipart() == [names[theirs], b""]
