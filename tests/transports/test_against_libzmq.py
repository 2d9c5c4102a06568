"""Endpoints against libzmq: the same LAST_ENDPOINT, the same error number, and connections."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from typing import Any

import pytest

from tests.support import seconds
from tests.transports.support import accept, dial, finish, listening, options, wait
from zmqthread.endpoint import parse
from zmqthread.errors import ZMQError

zmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
pytestmark = pytest.mark.interop

#: The first octets of everybody's greeting.
SIGNATURE = b"\xff"
#: An abstract name is the whole machine's, on which other tests may be running.
ABSTRACT = f"ipc://@zmqthread-libzmq-{os.getpid()}"


@pytest.fixture(scope="module")
def context():
    made = zmq.Context()
    yield made
    made.destroy(linger=0)


@pytest.fixture(autouse=True)
def leaves_nothing():
    """libzmq keeps descriptors for as long as its context lives: not counted here."""


@pytest.fixture
def theirs(context):
    def make(**settings):
        sock = context.socket(zmq.PULL)
        sock.linger = 0
        for name, value in settings.items():
            setattr(sock, name, value)
        made.append(sock)
        return sock

    made: list[Any] = []
    yield make
    for sock in made:
        sock.close()


def shape(endpoint):
    """Blot out what differs from call to call."""
    return re.sub(r":\d+$", ":PORT", re.sub(r"tmp\w{6}/", "tmpXXXXXX/", endpoint))


def our_bind(text, opts):
    try:
        with listening(text, opts) as listener:
            return shape(listener.endpoint)
    except ZMQError as error:
        return error.errno


def their_bind(sock, text):
    try:
        sock.bind(text)
    except zmq.ZMQError as error:
        return error.errno
    return shape(sock.last_endpoint.decode())


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        *("tcp://*:*", "tcp://*:0", "tcp://0.0.0.0:*", "tcp://127.0.0.1:*", "tcp://127.1:0"),
        *("tcp://lo:*", "tcp://localhost:*", "tcp://[::1]:*", "tcp://::1:*", "tcp://[::]:*"),
        *("tcp://[127.0.0.1]:*", "tcp://[::ffff:127.0.0.1]:*", "tcp://[::1%lo]:*"),
        *("tcp://nosuchif0:*", "tcp://192.0.2.77:*", "tcp://127.0.0.1", "tcp://127.0.0.1:"),
        *("tcp://127.0.0.1:abc", "tcp://127.0.0.1;127.0.0.2:0", "tcp://", "tcp:", "TCP://*:*"),
        *("bogus://x", "bogus://", "ws://127.0.0.1:0", "ipc://", "ipc://@", "inproc://"),
        *("ipc://*", ABSTRACT, "ipc://relative", "ipc:///nowhere/x"),
        *("ipc:///tmp", "ipc:///tmp/", "ipc://" + "x" * 108, "ipc://@" + "x" * 107),
    ],
)
def test_bind_gives_the_same(text, ipv6, theirs, tmp_path, monkeypatch):
    for name in ("TMPDIR", "TEMPDIR", "TMP"):
        monkeypatch.delenv(name, raising=False)
    ours, others = tmp_path / "ours", tmp_path / "others"
    for directory in (ours, others):
        directory.mkdir()
    monkeypatch.chdir(ours)
    result = our_bind(text, options(ipv6=ipv6))
    monkeypatch.chdir(others)
    assert result == their_bind(theirs(ipv6=ipv6), text)


@pytest.mark.parametrize(
    "text",
    [
        *("tcp://127.0.0.1:5555", "tcp://[::1]:5", "tcp://localhost:5", "tcp://lo:5"),
        *("tcp://a_b.c:5", "tcp://x.:5", "tcp://127.0.0.1:0", "tcp://[fe80::1%eth0]:5"),
        *("tcp://*:5", "tcp://127.0.0.1:*", "tcp://127.0.0.1:x5", "tcp://127.0.0.1:-1"),
        *("tcp://127.0.0.1", "tcp://a b:5", "tcp://a!b:5", "tcp://-x:5", "tcp://m\u00fcnchen:5"),
        *("tcp://127.0.0.1:0;127.0.0.1:5", "tcp://127.0.0.1;127.0.0.1:5"),
        *("tcp://*:0;127.0.0.1:5", "tcp://*;127.0.0.1:5", "tcp://;127.0.0.1:5"),
        *("tcp://127.0.0.1:5 ", "tcp://127.0.0.1:5/", "tcp://", "tcp://.:5", "x://y", "tcp"),
        *("ipc://@", "ipc://somewhere", "ipc://" + "x" * 107, "ipc://" + "x" * 108),
        *("ipc://@" + "x" * 106, "ipc://@" + "x" * 107, "inproc://", "vsock://1:5"),
    ],
)
def test_connect_refuses_the_same(text, theirs):
    try:
        ours: str | int | None = parse(text, "connect").text
    except ZMQError as error:
        ours = error.errno
    sock = theirs()
    try:
        sock.connect(text)
        result = sock.last_endpoint.decode()
    except zmq.ZMQError as error:
        result = error.errno
    assert ours == result


@pytest.mark.parametrize(
    ("text", "use", "theirs_is"),
    [
        # Rows of docs/differences: here this library is the stricter one, on purpose.
        ("tcp://127.0.0.1:5x", "connect", 0),
        ("tcp://127.0.0.1:70000", "connect", 0),
        ("tcp://[::1:5", "connect", 0),
        ("tcp://:5", "connect", 0),
        ("tcp://256.1.1.1:5", "connect", 0),
        ("ipc://*", "connect", 0),
        ("tcp://[::1", "bind", errno.ENODEV),
        ("tcp://256.1.1.1:5", "bind", errno.ENODEV),
        ("tcp://:0", "bind", errno.ENODEV),
        ("tcp:// 127.0.0.1:0", "bind", errno.ENODEV),
    ],
)
def test_n1_where_libzmq_is_loose(text, use, theirs_is, theirs):
    sock = theirs()
    try:
        getattr(sock, use)(text)
        result = 0
    except zmq.ZMQError as error:
        result = error.errno
    assert result == theirs_is
    with pytest.raises(ZMQError) as caught:
        parse(text, use)
    assert caught.value.errno == errno.EINVAL


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:*", "ipc://socket", ABSTRACT])
def test_libzmq_connects_to_us(text, theirs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with listening(text) as listener:
        theirs().connect(listener.endpoint)
        accepted = accept(listener)
        assert accepted is not None
        with contextlib.closing(accepted[0]) as stream:
            wait(stream)
            assert stream.recv(1) == SIGNATURE


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:*", "ipc://socket", ABSTRACT])
def test_we_connect_to_libzmq(text, theirs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sock = theirs()
    sock.bind(text)
    with contextlib.closing(dial(sock.last_endpoint.decode())) as connecting:
        assert finish(connecting) is None
        wait(connecting.socket)
        assert connecting.socket.recv(1) == SIGNATURE


def test_i3_live_libzmq_server_keeps_its_path(theirs, tmp_path):
    text = f"ipc://{tmp_path}/socket"
    sock = theirs(rcvtimeo=int(seconds(10) * 1000))
    sock.bind(text)
    assert our_bind(text, options()) == errno.EADDRINUSE
    with contextlib.closing(dial(text)) as connecting:
        assert finish(connecting) is None
