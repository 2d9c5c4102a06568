"""PLAIN and CURVE with libzmq through pyzmq: both roles, both directions, tcp and ipc."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import zmqthread
from tests.interop.world import OURS, THEIRS, World
from tests.security.worlds import FAILED, Handler, accept, curve_keys, event, milliseconds
from zmqthread.auth.thread import ThreadAuthenticator

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.interop

PLAIN = {"plain_server": 1}, {"plain_username": b"user", "plain_password": b"sesame"}
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
    libzmq = pytest.importorskip("zmq")
    directory = Path(tempfile.mkdtemp(prefix="zt"))
    try:
        with World(libzmq, directory) as made:
            yield made
    finally:
        shutil.rmtree(directory)


def handler_of(world: World, library: str) -> Any:
    """A ZAP handler in the context of one library."""
    if library == OURS:
        return Handler(world.context(OURS), accept)
    return TheirHandler(world.context(THEIRS))


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


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("ours", ["server", "client"])
@pytest.mark.parametrize("binds", ["server", "client"])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_messages_both_ways(
    mechanism: str, ours: str, binds: str, transport: str, both: World
) -> None:
    settings: dict[str, dict[str, Any]] = dict(
        zip(("server", "client"), PLAIN if mechanism == "PLAIN" else curve_keys(), strict=True)
    )
    library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
    handler = handler_of(both, library["server"])
    try:
        sides = {
            role: both.socket(library[role], "DEALER", **settings[role])
            for role in ("server", "client")
        }
        other = "client" if binds == "server" else "server"
        both.join(sides[binds], sides[other], transport)
        for message in MESSAGES:
            sides["client"].send_multipart(message)
            assert sides["server"].recv_multipart() == message
            sides["server"].send_multipart(message)
            assert sides["client"].recv_multipart() == message
        for number in range(3000):
            sides["client"].send(b"%d" % (number % 7))
            if number % 500 == 499:
                for earlier in range(number - 499, number + 1):
                    assert sides["server"].recv() == b"%d" % (earlier % 7)
    finally:
        handler.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("ours", ["server", "client"])
def test_subscriptions_and_heartbeats(mechanism: str, ours: str, both: World) -> None:
    server, client = PLAIN if mechanism == "PLAIN" else curve_keys()
    library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
    handler = handler_of(both, library["server"])
    try:
        pub = both.socket(
            library["server"], "XPUB", **server, heartbeat_ivl=20, heartbeat_timeout=10_000
        )
        sub = both.socket(
            library["client"], "SUB", **client, heartbeat_ivl=20, heartbeat_timeout=10_000
        )
        sub.subscribe(b"b")
        both.join(pub, sub)
        assert pub.recv() == b"\1b"
        assert pub.poll(100) == 0  # some PINGs and PONGs go by
        pub.send(b"aa")
        pub.send(b"bb")
        assert sub.recv() == b"bb"
        sub.unsubscribe(b"b")
        assert pub.recv() == b"\0b"
    finally:
        handler.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("ours", ["server", "client"])
def test_subscriptions_are_there_again_after_a_reconnection(
    mechanism: str, ours: str, both: World
) -> None:
    server, client = PLAIN if mechanism == "PLAIN" else curve_keys()
    library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
    handler = handler_of(both, library["server"])
    try:
        sub = both.socket(library["client"], "SUB", **client, reconnect_ivl=10)
        for topic in (b"a", b"b", b"c"):
            sub.subscribe(topic)
        endpoint = both.endpoint("ipc")
        sub.connect(endpoint)
        for _ in range(2):
            pub = both.socket(library["server"], "XPUB", **server)
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
    finally:
        handler.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "CURVE"])
@pytest.mark.parametrize("ours", ["server", "client"])
def test_refusals_are_told_on_both_sides(mechanism: str, ours: str, both: World) -> None:
    server, client = PLAIN if mechanism == "PLAIN" else curve_keys()
    library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
    if library["server"] == OURS:
        authenticator: Any = ThreadAuthenticator(both.context(OURS))
    else:
        from zmq.auth.thread import ThreadAuthenticator as Theirs

        authenticator = Theirs(both.context(THEIRS))
    authenticator.start()
    pull = both.socket(library["server"], "PULL", **server)
    push = both.socket(library["client"], "PUSH", **client)
    monitors = [watched(pull), watched(push)]
    try:
        both.join(pull, push)
        assert event(monitors[0]) == (AUTH, 400)
        # libzmq's client knows ERROR only as its own server misspells it.
        unknown = mechanism == "PLAIN" and library["client"] == THEIRS
        assert event(monitors[1]) == (UNEXPECTED if unknown else (AUTH, 400))
    finally:
        authenticator.stop()
        for sock, monitor in zip((pull, push), monitors, strict=True):
            sock.disable_monitor()
            monitor.close()


def watched(sock: Any) -> Any:
    monitor = sock.get_monitor_socket(FAILED)
    monitor.rcvtimeo = milliseconds(10)
    return monitor


@pytest.mark.parametrize("ours", ["server", "client"])
def test_nothing_gets_past_a_wrong_server_key(ours: str, both: World) -> None:
    server, client = curve_keys()
    client["curve_serverkey"] = zmqthread.curve_keypair()[0]
    library = {"server": THEIRS, "client": THEIRS} | {ours: OURS}
    pull = both.socket(library["server"], "PULL", **server)
    push = both.socket(library["client"], "PUSH", **client)
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
    auth = pytest.importorskip("zmq.auth")
    from zmqthread import auth as ours

    for writer, reader in ((auth, ours), (ours, auth)):
        directory = tmp_path / writer.__name__
        directory.mkdir()
        public, secret = writer.create_certificates(str(directory), "one", {"name": "first"})
        for path in (public, secret):
            assert reader.load_certificate(path) == writer.load_certificate(path)
        assert reader.load_certificates(directory) == writer.load_certificates(directory)
