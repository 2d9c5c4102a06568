"""A CURVE peer that can be made to say anything, for tests: RFC 26 once more, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.support import command, connection, drain, frame, greeting, properties

sodium = pytest.importorskip("nacl.bindings", reason="needs PyNaCl, which the extra curve brings")
curve = pytest.importorskip(
    "zmqthread.wire.mechanisms.curve", reason="needs PyNaCl, which the extra curve brings"
)

S, SECRET = sodium.crypto_box_keypair()
C, CLIENT_SECRET = sodium.crypto_box_keypair()
PUSH = properties((b"Socket-Type", b"PUSH"))
GREETING = greeting(mechanism=b"CURVE")
ERROR = command(b"ERROR", b"\x03400")
COMMANDS = ["HELLO", "WELCOME", "INITIATE", "READY", "MESSAGE", "ERROR", "PING", "plain", "WIBBLE"]


def box(plain: bytes, nonce: bytes, public: bytes, secret: bytes) -> bytes:
    return sodium.crypto_box(plain, nonce, public, secret)  # type: ignore[no-any-return]


def opened(sealed: bytes, nonce: bytes, public: bytes, secret: bytes) -> bytes:
    return sodium.crypto_box_open(sealed, nonce, public, secret)  # type: ignore[no-any-return]


def number(value: int) -> bytes:
    return value.to_bytes(8)


def data_of(octets: bytes, name: bytes) -> bytes:
    """The data of the one handshake command in what was sent."""
    start = 2 if octets[0] == 4 else 9
    body = octets[start:]
    assert body[0] == len(name)
    assert body[1 : 1 + len(name)] == name
    return body[1 + len(name) :]


class Client:
    """A client, to a server's `Connection`."""

    def __init__(self) -> None:
        self.public, self.secret = sodium.crypto_box_keypair()
        self.server = self.cookie = b""

    def hello(self, **but: Any) -> bytes:
        """HELLO; `but` replaces fields."""
        nonce = number(but.get("number", 1))
        public = but.get("public", self.public)
        prefix = but.get("prefix", b"CurveZMQHELLO---")
        sealed = box(but.get("plain", bytes(64)), prefix + nonce, but.get("to", S), self.secret)
        version, padding = but.get("version", b"\1\0"), but.get("padding", bytes(72))
        return command(b"HELLO", version + padding + public + nonce + sealed)

    def welcome(self, octets: bytes) -> None:
        """Take the server's WELCOME."""
        data = data_of(octets, b"WELCOME")
        assert len(data) == 160
        plain = opened(data[16:], b"WELCOME-" + data[:16], S, self.secret)
        self.server, self.cookie = plain[:32], plain[32:]

    def initiate(self, **but: Any) -> bytes:
        """INITIATE; `but` replaces fields."""
        nonce = number(but.get("number", 2))
        vouched = but.get("vouched", self.public + S)
        vouch = box(vouched, b"VOUCH---" + bytes(16), self.server, but.get("key", CLIENT_SECRET))
        plain = C + bytes(16) + vouch + but.get("metadata", PUSH)
        sealed = box(plain, b"CurveZMQINITIATE" + nonce, self.server, self.secret)
        return command(b"INITIATE", but.get("cookie", self.cookie) + nonce + sealed)

    def message(self, value: int, body: bytes = b"a", kind: bytes = b"\0", flags: int = 0) -> bytes:
        nonce = number(value)
        sealed = box(kind + body, b"CurveZMQMESSAGEC" + nonce, self.server, self.secret)
        return frame(flags, b"\x07MESSAGE" + nonce + sealed)


class Server:
    """A server, to a client's `Connection`."""

    def __init__(self) -> None:
        self.public, self.secret = sodium.crypto_box_keypair()
        self.client = b""

    def welcome(self, octets: bytes, key: bytes = b"") -> bytes:
        """The answer to a client's HELLO, with another key than our own if one is given."""
        data = data_of(octets, b"HELLO")
        self.client = data[74:106]
        plain = (key or self.public) + bytes(96)
        return command(
            b"WELCOME", bytes(16) + box(plain, b"WELCOME-" + bytes(16), self.client, SECRET)
        )

    def ready(self, value: int = 1, metadata: bytes = PUSH) -> bytes:
        nonce = number(value)
        sealed = box(metadata, b"CurveZMQREADY---" + nonce, self.client, self.secret)
        return command(b"READY", nonce + sealed)

    def message(self, value: int, body: bytes = b"a", kind: bytes = b"\0") -> bytes:
        nonce = number(value)
        sealed = box(kind + body, b"CurveZMQMESSAGES" + nonce, self.client, self.secret)
        return frame(0, b"\x07MESSAGE" + nonce + sealed)


def serving(state: str = "", **options: Any) -> tuple[Any, Client]:
    """A server's connection in a state ("", "hello", "initiate", "done"), and its peer."""
    conn = connection(mechanism=curve.CurveServer(S, SECRET), **options)
    peer = Client()
    drain(conn, GREETING)
    conn.data_to_send()
    if state:
        drain(conn, peer.hello())
        peer.welcome(conn.data_to_send())
    if state in {"initiate", "done"}:
        drain(conn, peer.initiate())
    if state == "done":
        conn.zap_reply(200, "", b"joe", b"")
        conn.data_to_send()
    return conn, peer


def asking(state: str = "", **options: Any) -> tuple[Any, Server, bytes]:
    """A client's connection in a state ("", "welcome", "done"), its peer, and HELLO."""
    conn = connection(mechanism=curve.CurveClient(S, C, CLIENT_SECRET), **options)
    peer = Server()
    drain(conn, GREETING)
    hello = conn.data_to_send()[64:]
    if state:
        drain(conn, peer.welcome(hello))
    if state == "done":
        drain(conn, peer.ready())
    conn.data_to_send()
    return conn, peer, hello


def said_by_client(peer: Client, name: str) -> bytes:
    """What a client, or somebody confused, may say, as well made as possible."""
    other = Server()
    other.client = peer.public
    peer.server = peer.server or S
    peer.cookie = peer.cookie or bytes(96)
    return {
        "HELLO": lambda: peer.hello(number=9),
        "INITIATE": lambda: peer.initiate(number=9),
        "MESSAGE": lambda: peer.message(9),
        "WELCOME": lambda: command(b"WELCOME", bytes(160)),
        "READY": other.ready,
        "ERROR": lambda: ERROR,
        "PING": lambda: command(b"PING", b"\0\0"),
        "plain": lambda: frame(0, b"hello"),
        "WIBBLE": lambda: command(b"WIBBLE"),
    }[name]()


def said_by_server(peer: Server, welcome: bytes, name: str) -> bytes:
    """What a server, or somebody confused, may say to the client that `welcome` is for."""
    return {
        "WELCOME": lambda: welcome,
        "READY": lambda: peer.ready(9),
        "MESSAGE": lambda: peer.message(9),
        "HELLO": lambda: Client().hello(),
        "INITIATE": lambda: command(b"INITIATE", bytes(300)),
        "ERROR": lambda: ERROR,
        "PING": lambda: command(b"PING", b"\0\0"),
        "plain": lambda: frame(0, b"hello"),
        "WIBBLE": lambda: command(b"WIBBLE"),
    }[name]()
