"""What every stream transport has to do, and what they share."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from typing import Any

import pytest

from tests.transports.support import (
    accept,
    dial,
    finish,
    joined,
    listening,
    no_descriptors,
    options,
    wait,
)
from zmqthread import transports
from zmqthread.endpoint import parse
from zmqthread.errors import ZMQError
from zmqthread.reactor.seams import SYSTEM
from zmqthread.transports.stream import StreamConnecting, StreamListener, start

PLACES = {
    "tcp": ("tcp://127.0.0.1:*", {}),
    "tcp6": ("tcp://[::1]:*", {"ipv6": True}),
    "dual": ("tcp://127.0.0.1:*", {"ipv6": True}),
    "path": ("ipc://socket", {}),
    "wildcard": ("ipc://*", {}),
    "abstract": (f"ipc://@zmqthread-test-{os.getpid()}", {}),
}


@pytest.fixture(params=PLACES)
def place(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("TMPDIR", "TEMPDIR", "TMP"):
        monkeypatch.delenv(name, raising=False)
    text, changes = PLACES[request.param]
    return text, options(**changes)


def test_octets_go_both_ways(place):
    with listening(*place) as listener, joined(listener, opts=place[1]) as (near, far, peer):
        assert peer
        near.send(b"there")
        wait(far)
        assert far.recv(100) == b"there"
        far.sendmsg([b"and ", b"back"])
        wait(near)
        buffer = bytearray(100)
        assert near.recv_into(buffer) == 8
        assert buffer[:8] == b"and back"


def test_close_is_seen(place):
    with listening(*place) as listener, joined(listener, opts=place[1]) as (near, far, _):
        near.shutdown(socket.SHUT_WR)
        wait(far)
        assert far.recv(1) == b""
        far.close()
        wait(near)
        assert near.recv(1) == b""


def test_nothing_blocks_and_nothing_is_inherited(place):
    with listening(*place) as listener, joined(listener, opts=place[1]) as (near, far, _):
        for sock in (listener.socket, near, far):
            assert sock.gettimeout() == 0.0
            assert not sock.get_inheritable()


def test_nobody_waits(place):
    with listening(*place) as listener:
        assert listener.accept() is None


def test_peer_that_went_away_at_once(place):
    with listening(*place) as listener:
        connecting = dial(listener.endpoint, place[1])
        assert finish(connecting) is None
        connecting.close()
        accepted = accept(listener)
        if accepted is not None:
            stream, _ = accepted
            with contextlib.closing(stream):
                wait(stream)
                assert stream.recv(1) == b""
        with joined(listener, opts=place[1]) as (near, far, _):
            near.send(b"x")
            wait(far)


def test_closed_twice_and_nobody_there_any_more(place):
    with listening(*place) as listener:
        pass
    listener.close()
    assert listener.socket.fileno() == -1
    try:
        connecting = dial(listener.endpoint, place[1])
    except OSError as caught:
        error: OSError | None = caught
    else:
        with contextlib.closing(connecting):
            error = finish(connecting)
    assert isinstance(error, (ConnectionRefusedError, FileNotFoundError))


def test_endpoint_can_be_bound_again(place):
    with listening(*place) as first:
        again = first.endpoint
    if place[0] == "ipc://*":
        again = "ipc://*"  # the directory went with it
    with listening(again, place[1]) as second, joined(second, opts=place[1]):
        pass


def test_bound_twice(place):
    if place[0] == "ipc://*":
        with listening(*place) as first, listening(*place) as second:
            assert first.endpoint != second.endpoint
        return
    with listening(*place) as listener:
        with pytest.raises(ZMQError) as caught, listening(listener.endpoint, place[1]):
            pass
        assert caught.value.errno == errno.EADDRINUSE
        assert listener.endpoint in str(caught.value)
        with joined(listener, opts=place[1]):
            pass


def test_resolve_agrees_with_numeric(place):
    with listening(*place) as listener:
        endpoint = parse(listener.endpoint, "connect")
        transport = transports.of(endpoint)
        targets = transport.numeric(endpoint, place[1])
        assert targets is not None
        assert targets == transport.resolve(endpoint, place[1])
        with contextlib.closing(dial(listener.endpoint, place[1], addresses=targets)) as connecting:
            assert finish(connecting) is None


def test_use_fd_adopts_a_listening_socket(place):
    with listening(*place) as original:
        descriptor = os.dup(original.socket.fileno())
        os.set_inheritable(descriptor, True)
        opts = place[1].copy()
        opts.use_fd = descriptor
        with listening(place[0], opts) as adopted:
            assert adopted.socket.fileno() == descriptor
            assert not os.get_inheritable(descriptor)
            if "ipc" not in place[0] or "@" in place[0]:
                assert adopted.endpoint == original.endpoint
            with joined(adopted, original.endpoint, place[1]) as (near, far, _):
                near.send(b"x")
                wait(far)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_use_fd_of_a_path_leaves_the_file(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as original:
        original.bind(path)
        original.listen()
        with listening(f"ipc://{path}", options(use_fd=os.dup(original.fileno()))) as adopted:
            assert adopted.endpoint == f"ipc://{path}"
        assert os.path.exists(path)


def test_use_fd_refuses_what_does_not_fit(place):
    family = socket.AF_UNIX if place[0].startswith("ipc") else socket.AF_INET
    other = socket.AF_INET if family == socket.AF_UNIX else socket.AF_UNIX
    with (
        socket.socket(family) as silent,
        socket.socket(family, socket.SOCK_DGRAM) as datagrams,
        socket.socket(other) as foreign,
        open(os.devnull) as file,
    ):
        if other == socket.AF_INET:
            foreign.listen()
        for wrong, word in (
            (silent.fileno(), "does not listen"),
            (datagrams.fileno(), "another kind"),
            (foreign.fileno(), "another kind"),
            (file.fileno(), "not a socket|non-socket"),
        ):
            with pytest.raises(ZMQError, match=word), listening(place[0], options(use_fd=wrong)):
                pass
            os.fstat(wrong)  # still open: it is the caller's
    with (
        pytest.raises(ZMQError, match="Bad file descriptor"),
        listening(place[0], options(use_fd=no_descriptor())),
    ):
        pass


def no_descriptor() -> int:
    """Return a number that is no descriptor."""
    number = os.dup(0)
    os.close(number)
    return number


def test_d1_descriptor_limit_at_accept(place):
    with listening(*place) as listener:
        connecting = dial(listener.endpoint, place[1])
        with contextlib.closing(connecting):
            assert finish(connecting) is None
            wait(listener.socket)
            with no_descriptors(), pytest.raises(OSError, match="Too many open files"):
                listener.accept()
            accepted = listener.accept()
            assert accepted is not None, "the connection waits until there is room"
            accepted[0].close()


def test_d3_descriptor_limit_at_connect_and_bind(place):
    with listening(*place) as listener:
        with no_descriptors(), pytest.raises(OSError, match="Too many open files") as refused:
            dial(listener.endpoint, place[1])
        assert refused.value.errno == errno.EMFILE
        with joined(listener, opts=place[1]):
            pass
    with no_descriptors(), pytest.raises(ZMQError) as caught, listening(*place):
        pass
    assert caught.value.errno == errno.EMFILE
    with listening(*place):
        pass


class Failing:
    """A listening socket that says what it is told to."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, number: int) -> None:
        self.number = number

    def accept(self) -> None:
        raise OSError(self.number, os.strerror(self.number))

    def close(self) -> None:
        pass


@pytest.mark.parametrize("name", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EBADF", "EINVAL"])
def test_d4_shortage_at_accept_goes_to_the_acceptor(name):
    listener = StreamListener(Failing(getattr(errno, name)), "", lambda *_: "peer")
    with pytest.raises(OSError, match=os.strerror(getattr(errno, name))) as caught:
        listener.accept()
    assert caught.value.errno == getattr(errno, name)


@pytest.mark.parametrize(
    "name", ["EAGAIN", "EINTR", "ECONNABORTED", "EPROTO", "ENETDOWN", "EHOSTUNREACH", "EPERM"]
)
def test_error_of_one_connection_is_nothing(name):
    assert StreamListener(Failing(getattr(errno, name)), "", lambda *_: "peer").accept() is None


@pytest.mark.parametrize("outcome", [None, OSError(errno.EINVAL, "reset meanwhile")])
def test_connection_that_is_not_admitted_is_closed(outcome):
    def admit(connection, _address):
        admitted.append(connection)
        if outcome is not None:
            raise outcome

    admitted: list[socket.socket] = []
    with listening("tcp://127.0.0.1:*") as real:
        listener = StreamListener(real.socket, real.endpoint, admit)
        with contextlib.closing(dial(real.endpoint)) as connecting:
            assert finish(connecting) is None
            assert accept(listener) is None
            assert admitted[0].fileno() == -1
            wait(connecting.socket)
            assert connecting.socket.recv(1) == b""


def test_start_goes_on_to_an_address_that_does_not_fail_at_once():
    def prepare(target):
        if target.address is None:
            raise OSError(errno.EAFNOSUPPORT, "no such family")
        sock = SYSTEM.socket(target.family, socket.SOCK_STREAM)
        made.append(sock)
        return sock

    made: list[Any] = []
    with listening("tcp://127.0.0.1:*") as listener:
        good = transports.interface.Target(socket.AF_INET, listener.socket.getsockname())
        # A link-local address without a zone leads nowhere: EINVAL at once.
        bad = good._replace(family=socket.AF_INET6, address=("fe80::1", 5, 0, 0))
        none = good._replace(address=None)
        with contextlib.closing(start([none, bad, good], prepare)) as connecting:
            assert finish(connecting) is None
            assert connecting.socket is made[-1]
        with pytest.raises(OSError, match="Invalid argument"):
            start([none, bad], prepare)
        with pytest.raises(OSError, match="no such family"):
            start([none], prepare)
        with pytest.raises(OSError, match="no address"):
            start([], prepare)
    assert len(made) == 3
    assert all(sock.fileno() == -1 for sock in made)


def test_done_returns_what_verification_says():
    def verify(_near, _far):
        raise ConnectionRefusedError(errno.ECONNREFUSED, "not this one")

    with contextlib.ExitStack() as stack:
        near, far = map(stack.enter_context, socket.socketpair())
        connecting = StreamConnecting(near, True, verify)
        assert isinstance(connecting.done(), ConnectionRefusedError)
        assert not connecting.pending
        assert near.fileno() >= 0, "closed by whoever takes it out of the selector first"
        assert far.fileno() >= 0
