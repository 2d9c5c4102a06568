"""GSSAPI, RFC 38, in a real Kerberos realm: with itself, with libzmq, and with hostile peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import zmqthread as zmq
from tests.security import libzmq, realm
from tests.security.worlds import PATIENCE, Secured, accept, event, events
from tests.support import LOOPBACK, RawClient, milliseconds
from tests.wire.support import command, frame, greeting
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.security.realm import Realm

pytestmark = [
    pytest.mark.skipif(not zmq.has("gssapi"), reason="the extra gssapi is not installed"),
    pytest.mark.skipif(bool(realm.missing()), reason=realm.missing()),
]

AUTH = int(Event.HANDSHAKE_FAILED_AUTH)
PROTOCOL = int(Event.HANDSHAKE_FAILED_PROTOCOL)
PRINCIPAL = realm.SERVICE.encode()
SERVER = {"gssapi_server": 1, "gssapi_principal": PRINCIPAL, "gssapi_principal_nametype": 2}
CLIENT = {"gssapi_service_principal": PRINCIPAL, "gssapi_service_principal_nametype": 2}
BOTH_WAYS = pytest.mark.parametrize("plaintext", [0, 1], ids=["encrypted", "plaintext"])


@pytest.fixture(scope="module", autouse=True)
def _realm() -> Iterator[Realm]:
    with realm.Realm() as made:
        yield made


@BOTH_WAYS
@pytest.mark.parametrize("binds", ["server", "client"])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_rfc38_k01_messages_both_ways(
    plaintext: int, binds: str, transport: str, world: Secured
) -> None:
    handler = world.handler()
    server = world.socket(zmq.DEALER, **SERVER, gssapi_plaintext=plaintext)
    client = world.socket(zmq.DEALER, **CLIENT, gssapi_plaintext=plaintext)
    one, other = (server, client) if binds == "server" else (client, server)
    one.bind(f"tcp://{LOOPBACK}:*" if transport == "tcp" else "ipc://*")
    other.connect(one.get(zmq.LAST_ENDPOINT).decode())
    for message in ([b""], [b"a"], [b"a", b"", b"b" * 70_000], [b"c" * 1_000_000]):
        client.send_multipart(message)
        frames = server.recv_multipart(copy=False)
        assert [each.bytes for each in frames] == message
        assert {each["User-Id"] for each in frames} == {"joe"}
        server.send_multipart(message)
        assert client.recv_multipart() == message
    assert handler.requests[0][5:] == [b"GSSAPI", realm.CLIENT.encode()]


def test_a_service_by_host_and_the_clients_own_name(world: Secured) -> None:
    sock, port, _ = world.server(gssapi_server=1)
    # In this order, as with libzmq: GSSAPI_PRINCIPAL alone makes a server.
    client = {"gssapi_principal": b"alice", "gssapi_service_principal": b"zmq@localhost"}
    world.still_serves(sock, port, **client, gssapi_principal_nametype=1)


@BOTH_WAYS
def test_rfc38_k05_subscriptions_survive(plaintext: int, world: Secured) -> None:
    """Those of the first connection, and those of the next one, to a server that came back."""
    sub = world.socket(zmq.SUB, **CLIENT, gssapi_plaintext=plaintext, reconnect_ivl=10)
    for topic in (b"a", b"b", b"c"):
        sub.subscribe(topic)
    endpoint = f"tcp://{LOOPBACK}:*"
    for _ in range(2):
        pub = world.socket(zmq.XPUB, **SERVER, gssapi_plaintext=plaintext)
        pub.bind(endpoint)
        if endpoint.endswith("*"):
            endpoint = pub.get(zmq.LAST_ENDPOINT).decode()
            sub.connect(endpoint)
        assert sorted(pub.recv() for _ in range(3)) == [b"\1a", b"\1b", b"\1c"]
        for body in (b"xx", b"aa", b"bb", b"cc"):
            pub.send(body)
        assert [sub.recv() for _ in range(3)] == [b"aa", b"bb", b"cc"]
        pub.close()


@pytest.mark.parametrize("status", [300, 400, 500])
def test_rfc38_k04_refusals(status: int, world: Secured) -> None:
    handler = world.handler(lambda r: [b"1.0", r[1], b"%d" % status, b"no", b"", b""])
    sock, port, monitor = world.server(**SERVER)
    world.client(port, reconnect_ivl=-1, **CLIENT).send(b"bad")
    assert event(monitor) == (AUTH, status)
    handler.answer = accept
    world.still_serves(sock, port, **CLIENT)
    assert sock.poll(0) == 0


def test_a_client_without_a_ticket_comes_nowhere(
    world: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5CCNAME", "FILE:/nonexistent")
    monkeypatch.delenv("KRB5_CLIENT_KTNAME")
    sock, port, _ = world.server(**SERVER)
    client, told = world.watched(port, reconnect_ivl=-1, **CLIENT)
    client.send(b"bad")
    assert event(told)[0] == PROTOCOL
    assert sock.poll(0) == 0


def test_another_service_is_not_taken_for_the_server(world: Secured) -> None:
    _, port, _ = world.server(**SERVER)
    client = CLIENT | {"gssapi_service_principal": f"nobody@{realm.NAME}".encode()}
    _, told = world.watched(port, reconnect_ivl=-1, **client)
    assert event(told)[0] == PROTOCOL


def test_encrypted_and_plaintext_do_not_meet(world: Secured) -> None:
    sock, port, monitor = world.server(**SERVER)
    world.client(port, reconnect_ivl=-1, **CLIENT, gssapi_plaintext=1).send(b"bad")
    assert event(monitor)[0] in {PROTOCOL, int(Event.HANDSHAKE_FAILED_NO_DETAIL)}
    world.still_serves(sock, port, **CLIENT)
    assert sock.poll(0) == 0


def initiate(token: bytes, length: int | None = None) -> bytes:
    size = len(token) if length is None else length
    return command(b"INITIATE", size.to_bytes(4) + token)


@pytest.mark.parametrize(
    "octets",
    [
        initiate(b""),
        initiate(b"abc"),
        initiate(b"abc", 4),
        initiate(b"abc", 2),
        initiate(b"abc", 0xFFFFFFFF),
        command(b"INITIATE", b"\0\0"),
        command(b"READY", b""),
        frame(4, b""),
        command(b"HELLO", b"x"),
        frame(0, b"hello"),
        command(b"MESSAGE", b"\0\0\0\1a"),
    ],
)
def test_rfc38_k02_hostile_k1_what_does_not_belong_closes(octets: bytes, world: Secured) -> None:
    sock, port, monitor = world.server(**SERVER)
    with RawClient(port) as raw:
        raw.send(greeting(mechanism=b"GSSAPI") + octets)
        raw.receive_until_closed()
    assert event(monitor)[0] == PROTOCOL
    world.still_serves(sock, port, **CLIENT)
    assert sock.poll(0) == 0
    assert [found for found in events(monitor) if found[0] == PROTOCOL] == []


def contexts() -> tuple[Any, Any]:
    """Both ends of a connection's mechanisms, done."""
    from tests.wire.support import connection, shake_hands
    from zmqthread.wire.mechanisms.gssapi import GssapiClient, GssapiServer

    here = connection("PULL", mechanism=GssapiServer(PRINCIPAL, 2))
    there = connection("PUSH", mechanism=GssapiClient(PRINCIPAL, 2, b"", 0))
    shake_hands(here, there)
    return here, there


def wrapped(token: bytes) -> bytes:
    return frame(0, b"\x07MESSAGE" + len(token).to_bytes(4) + token)


def test_rfc38_k03_hostile_k1_tokens_without_confidentiality_and_empty_ones() -> None:
    for plain, encrypt in ((b"\0hello", False), (b"", True)):
        here, there = contexts()
        token = there.mechanism._context.wrap(plain, encrypt=encrypt).message
        with pytest.raises(ProtocolError):
            here.receive(wrapped(token), 10, 0.0)
        assert here.salvage() == []


@pytest.mark.parametrize(("plain", "encrypt"), [(b"\0hello", False), (b"", True)])
def test_hostile_k1_such_tokens_end_their_connection_only(
    plain: bytes, encrypt: bool, world: Secured
) -> None:
    from tests.wire.support import connection, drain
    from zmqthread.wire.mechanisms.gssapi import GssapiClient

    sock, port, _ = world.server(**SERVER)
    peer = connection("PUSH", mechanism=GssapiClient(PRINCIPAL, 2, b"", 0))
    with RawClient(port) as raw:
        while not peer.established:
            raw.send(peer.data_to_send())
            drain(peer, raw.socket.recv(65536))
        context: Any = peer.mechanism
        token = context._context.wrap(plain, encrypt=encrypt).message
        raw.send(wrapped(token))
        raw.receive_until_closed()
    world.still_serves(sock, port, **CLIENT)
    assert sock.poll(0) == 0


def test_replayed_tampered_and_clear_messages_close() -> None:
    here, there = contexts()
    octets = b"".join(there.encode([b"a"]))
    assert here.receive(octets, 10, 0.0) == [b"a"]
    with pytest.raises(ProtocolError):
        here.receive(octets, 10, 0.0)
    here, there = contexts()
    octets = b"".join(there.encode([b"a"]))
    with pytest.raises(ProtocolError):
        here.receive(octets[:-1] + bytes((octets[-1] ^ 1,)), 10, 0.0)
    for clear in (frame(0, b"hello"), command(b"PING", b"\0\0"), wrapped(b"")):
        here, _ = contexts()
        with pytest.raises(ProtocolError):
            here.receive(clear, 10, 0.0)


def test_rfc38_k05_the_flags_of_newer_libzmqs() -> None:
    from zmqthread.message import Cancel, Subscribe

    here, there = contexts()
    here._takes_subscriptions = True
    for kind, expected in ((4, Subscribe(b"a")), (6, Subscribe(b"a")), (8, Cancel(b"a"))):
        token = there.mechanism._context.wrap(bytes((kind,)) + b"a", encrypt=True).message
        assert here.receive(wrapped(token), 10, 0.0) == [expected]
    token = there.mechanism._context.wrap(b"\x40a", encrypt=True).message
    with pytest.raises(ProtocolError):
        here.receive(wrapped(token), 10, 0.0)


# -- libzmq ------------------------------------------------------------------------------------


@pytest.mark.interop
@BOTH_WAYS
@pytest.mark.parametrize("ours", ["server", "client"])
@pytest.mark.parametrize("binds", ["ours", "theirs"])
@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_interop_with_libzmq(
    plaintext: int, ours: str, binds: str, transport: str, world: Secured, tmp_path: Any
) -> None:
    library = libzmq.load()
    if library is None:
        pytest.skip("no libzmq with GSSAPI (Debian's libzmq5) on this system")
    settings: dict[str, dict[str, Any]] = {"server": SERVER, "client": CLIENT}
    theirs = "client" if ours == "server" else "server"
    mine = world.socket(zmq.DEALER, **settings[ours], gssapi_plaintext=plaintext)
    with libzmq.Socket(library, zmq.DEALER, milliseconds(PATIENCE)) as other:
        for name, value in {**settings[theirs], "gssapi_plaintext": plaintext}.items():
            other.set(getattr(zmq, name.upper()), value)
        endpoint = f"tcp://{LOOPBACK}:*" if transport == "tcp" else f"ipc://{tmp_path}/s"
        if binds == "ours":
            mine.bind(endpoint)
            other.connect(mine.get(zmq.LAST_ENDPOINT).decode())
        else:
            mine.connect(other.bind(endpoint))
        for body in (b"", b"a", b"b" * 300, b"c" * 100_000):
            other.send(body, more=True)
            other.send(b"end")
            assert mine.recv_multipart() == [body, b"end"]
            mine.send_multipart([body, b"end"])
            assert [other.recv(), other.recv()] == [body, b"end"]
