"""PLAIN and CURVE with libzmq through pyzmq: both roles, both directions, tcp and ipc."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zmqthread
from tests.interop.world import OURS, THEIRS, World
from tests.security.worlds import FAILED, MECHANISMS, Handler, accept, curve_keys, event
from tests.support import milliseconds, monitor_name
from zmqthread.auth.thread import ThreadAuthenticator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.interop

AUTH = int(zmqthread.EVENT_HANDSHAKE_FAILED_AUTH)
UNEXPECTED = (
    int(zmqthread.EVENT_HANDSHAKE_FAILED_PROTOCOL),
    int(zmqthread.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND),
)
MESSAGES = [
    [b""],
    [b"a"],
    [b"a", b"", b"b" * 255, b"c" * 256],
    [b"d" * 8192, b"e" * 70_000],
    [b"f" * (1 << 20)],
]


@pytest.fixture
def both() -> Iterator[World]:
    """Give sockets of both libraries, which end with the test."""
    libzmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    directory = Path(tempfile.mkdtemp(prefix="zt"))
    try:
        with World(libzmq, directory) as made:
            yield made
    finally:
        shutil.rmtree(directory)


class TheirHandler:
    """pyzmq's own authenticator, which lets everybody in."""

    def __init__(self, context: Any) -> None:
        from zmq.auth.thread import ThreadAuthenticator as Theirs

        self._auth = Theirs(context)
        self._auth.start()
        self._auth.configure_plain("*", {"user": "sesame"})
        self._auth.configure_curve("*", "*")

    def close(self) -> None:
        self._auth.stop()


class Sides:
    """A server's and a client's side of a mechanism, one of them ours, the other libzmq's."""

    def __init__(self, world: World, mechanism: str, ours: str) -> None:
        self.world = world
        self.mechanism = mechanism
        self.library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
        server, client = MECHANISMS["PLAIN"] if mechanism == "PLAIN" else curve_keys()
        self._settings: dict[str, dict[str, Any]] = {"server": server, "client": client}

    def socket(self, role: str, kind: str, **more: Any) -> Any:
        return self.world.socket(self.library[role], kind, **self._settings[role], **more)

    def handler(self) -> Any:
        """A ZAP handler that lets everybody in, in the server's context."""
        if self.library["server"] == OURS:
            return contextlib.closing(Handler(self.world.context(OURS), accept))
        return contextlib.closing(TheirHandler(self.world.context(THEIRS)))


@pytest.fixture(params=["server", "client"])
def ours(request: pytest.FixtureRequest) -> str:
    """Give the side that is ours."""
    return str(request.param)


@pytest.fixture(params=["PLAIN", "CURVE"])
def sides(request: pytest.FixtureRequest, ours: str, both: World) -> Sides:
    return Sides(both, request.param, ours)


@pytest.mark.parametrize("binds", ["server", "client"])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_messages_both_ways(sides: Sides, binds: str, transport: str) -> None:
    with sides.handler():
        server, client = (sides.socket(role, "DEALER") for role in ("server", "client"))
        pair = (server, client) if binds == "server" else (client, server)
        sides.world.join(*pair, transport)
        for message in MESSAGES:
            client.send_multipart(message)
            assert server.recv_multipart() == message
            server.send_multipart(message)
            assert client.recv_multipart() == message
        # Batches: frames of one size, of many sizes, messages of several frames.
        for one in (
            lambda n: [b"%d" % (n % 7)],
            lambda n: [b"x" * (n % 700)],
            lambda n: [b"id%d" % n, b"", b"body" * (n % 90)],
        ):
            for sender, receiver in ((client, server), (server, client)):
                sent = [one(n) for n in range(500)]
                for message in sent:
                    sender.send_multipart(message)
                assert [receiver.recv_multipart() for _ in sent] == sent


def test_subscriptions_and_heartbeats(sides: Sides) -> None:
    beats = {"heartbeat_ivl": 20, "heartbeat_timeout": 10_000}
    with sides.handler():
        pub, sub = sides.socket("server", "XPUB", **beats), sides.socket("client", "SUB", **beats)
        sub.subscribe(b"b")
        sides.world.join(pub, sub)
        assert pub.recv() == b"\1b"
        assert pub.poll(100) == 0  # some PINGs and PONGs go by
        pub.send(b"aa")
        pub.send(b"bb")
        assert sub.recv() == b"bb"
        sub.unsubscribe(b"b")
        assert pub.recv() == b"\0b"


def test_subscriptions_are_there_again_after_a_reconnection(sides: Sides) -> None:
    with sides.handler():
        sub = sides.socket("client", "SUB", reconnect_ivl=10)
        for topic in (b"a", b"b", b"c"):
            sub.subscribe(topic)
        endpoint = sides.world.endpoint("ipc")
        sub.connect(endpoint)
        for _ in range(2):
            pub = sides.socket("server", "XPUB")
            pub.bind(endpoint)
            found: list[bytes] = []
            while len(found) < 3:
                sub.poll(0)  # libzmq's says them again only when it is called
                if pub.poll(20):
                    found.append(pub.recv())
            assert sorted(found) == [b"\1a", b"\1b", b"\1c"]
            for body in (b"xx", b"aa", b"bb", b"cc"):
                pub.send(body)
            assert [sub.recv() for _ in range(3)] == [b"aa", b"bb", b"cc"]
            pub.close()


def test_refusals_are_told_on_both_sides(sides: Sides) -> None:
    if sides.library["server"] == OURS:
        authenticator: Any = ThreadAuthenticator(sides.world.context(OURS))
    else:
        from zmq.auth.thread import ThreadAuthenticator as Theirs

        authenticator = Theirs(sides.world.context(THEIRS))
    authenticator.start()
    pull, push = sides.socket("server", "PULL"), sides.socket("client", "PUSH")
    monitors = [watched(pull), watched(push)]
    try:
        sides.world.join(pull, push)
        assert event(monitors[0]) == (AUTH, 400)
        # libzmq's client knows ERROR only as its own server misspells it.
        unknown = sides.mechanism == "PLAIN" and sides.library["client"] == THEIRS
        assert event(monitors[1]) == (UNEXPECTED if unknown else (AUTH, 400))
    finally:
        authenticator.stop()
        for sock, monitor in zip((pull, push), monitors, strict=True):
            sock.disable_monitor()
            monitor.close()


def watched(sock: Any) -> Any:
    monitor = sock.get_monitor_socket(FAILED, addr=monitor_name())
    monitor.rcvtimeo = milliseconds(10)
    return monitor


def test_nothing_gets_past_a_wrong_server_key(ours: str, both: World) -> None:
    sides = Sides(both, "CURVE", ours)
    pull, push = sides.socket("server", "PULL"), sides.socket("client", "PUSH")
    push.curve_serverkey = zmqthread.curve_keypair()[0]
    monitor = watched(pull)
    try:
        both.join(pull, push)
        assert event(monitor) == (
            int(zmqthread.EVENT_HANDSHAKE_FAILED_PROTOCOL),
            int(zmqthread.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC),
        )
        assert pull.poll(0) == 0
    finally:
        pull.disable_monitor()
        monitor.close()


def test_certificates_are_the_same_files(tmp_path: Path) -> None:
    auth = pytest.importorskip("zmq.auth", reason="needs pyzmq, which the extra test brings")
    from zmqthread import auth as ours

    for writer, reader in ((auth, ours), (ours, auth)):
        directory = tmp_path / writer.__name__
        directory.mkdir()
        public, secret = writer.create_certificates(str(directory), "one", {"name": "first"})
        for path in (public, secret):
            assert reader.load_certificate(path) == writer.load_certificate(path)
        assert reader.load_certificates(directory) == writer.load_certificates(directory)
