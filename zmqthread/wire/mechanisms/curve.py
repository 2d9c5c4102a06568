"""The CURVE mechanism (RFC 26, binding RFC 25): every connection has keys of its own.

All cryptography is libsodium's, called through PyNaCl; keys of pairs are computed once per
connection (``crypto_box_beforenm``), which also refuses keys that would make a shared key of zeros.

    client   HELLO ►           INITIATE ►          MESSAGE ◄►
    server           ◄ WELCOME           ◄ READY

C, c are the client's permanent keys, S, s the server's; C', c', S', s' those of the connection.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import unexpected
from zmqthread.wire.mechanisms.mechanism import Command, ZapRequest
from zmqthread.wire.mechanisms.sealed import (
    Sealed,
    forged,
    replayed,
    seal,
    shared_key,
    short_nonce,
    unbox,
)
from zmqthread.wire.zmtp import commands
from zmqthread.wire.zmtp.commands import ERROR, READY

HELLO: Final = b"HELLO"
WELCOME: Final = b"WELCOME"
INITIATE: Final = b"INITIATE"

KEY: Final = 32
LONG_NONCE: Final = 16


class Curve(Sealed):
    """What both sides have in common: whose turn it is, and the keys."""

    __slots__ = (
        "_awaited",
        "_due",
        "_own",
        "_public",
        "_secret",
    )

    name = b"CURVE"
    handshake_names = frozenset((HELLO, WELCOME, INITIATE, READY, ERROR))

    def __init__(self, as_server: bool, public: bytes, secret: bytes) -> None:
        super().__init__(as_server)
        self._public = public
        self._secret = secret
        self._own = b""
        self._due: list[Command] = []
        self._awaited = b""

    def _check(self, name: bytes, data: bytes, sizes: range, code: int) -> None:
        """Refuse a command that is not due (C21), or has the wrong size, before any decryption."""
        if name != self._awaited:
            raise unexpected(f"{name[:32]!r} where {self._awaited!r} was due")
        if len(data) not in sizes:
            raise ProtocolError(code, f"{name!r} with {len(data)} octets")

    def _newer(self, nonce: bytes, what: str) -> int:
        number = int.from_bytes(nonce)
        if number <= self._last:
            raise replayed(what)
        return number

    def commands(self) -> list[Command]:
        due, self._due = self._due, []
        return due


class CurveClient(Curve):
    """The side that knows the other's key beforehand.

    Args:
        server_key: S, 32 octets.
        public: C, 32 octets.
        secret: c, 32 octets.
    """

    __slots__ = ("_server_key", "_short_public", "_short_secret")

    def __init__(self, server_key: bytes, public: bytes, secret: bytes) -> None:
        super().__init__(False, public, secret)
        self._server_key = server_key
        self._short_public = b""
        self._short_secret = b""

    def begin(self, metadata: bytes) -> None:
        self._own = metadata
        self._short_public, self._short_secret = sodium.crypto_box_keypair()
        self._key = shared_key(self._server_key, self._short_secret)  # of C' and S, for now
        nonce = short_nonce(self._take_numbers(1))
        box = seal(bytes(64), b"CurveZMQHELLO---" + nonce, self._key)
        hello = b"\x01\x00" + bytes(72) + self._short_public + nonce + box
        self._due = [(HELLO, hello)]
        self._awaited = WELCOME

    def receive(self, name: bytes, data: bytes) -> None:
        if name == ERROR and self._awaited:
            raise commands.parse_error(data)
        if self._awaited == WELCOME:
            self._welcome(name, data)
        else:
            self._ready(name, data)

    def _welcome(self, name: bytes, data: bytes) -> None:
        code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME
        self._check(name, data, range(160, 161), code)
        plain = unbox(data[16:], b"WELCOME-" + data[:16], self._key, "WELCOME")
        server, cookie = plain[:KEY], plain[KEY:]
        self._key = shared_key(server, self._short_secret)
        vouch_nonce = sodium.randombytes(LONG_NONCE)
        vouch = seal(
            self._short_public + self._server_key,
            b"VOUCH---" + vouch_nonce,
            shared_key(server, self._secret),
        )
        self._secret = self._short_secret = b""
        nonce = short_nonce(self._take_numbers(1))
        plain = self._public + vouch_nonce + vouch + self._own
        box = seal(plain, b"CurveZMQINITIATE" + nonce, self._key)
        self._due = [(INITIATE, cookie + nonce + box)]
        self._awaited = READY

    def _ready(self, name: bytes, data: bytes) -> None:
        code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY
        self._check(name, data, range(24, len(data) + 1), code)
        nonce = data[:8]
        number = self._newer(nonce, "READY")
        self.metadata = unbox(data[8:], b"CurveZMQREADY---" + nonce, self._key, "READY")
        self._last = number
        self._awaited = b""
        self.complete = True

    def zap_reply(self, status: int) -> None:
        """A client asks nobody."""


class CurveServer(Curve):
    """The side whose key the other knows beforehand.

    Between WELCOME and INITIATE it holds one key, of the cookie, in which the client brings back
    C' and s' (C12, C13); the handshake's time limit is the cookie's.

    Args:
        public: S, 32 octets.
        secret: s, 32 octets.
    """

    __slots__ = ("_cookie_key", "_theirs")

    def __init__(self, public: bytes, secret: bytes) -> None:
        super().__init__(True, public, secret)
        self._cookie_key = b""
        self._theirs = b""  # the client's metadata, until the authenticator has let it in

    def begin(self, metadata: bytes) -> None:
        self._own = metadata
        self._awaited = HELLO

    def receive(self, name: bytes, data: bytes) -> None:
        if self._awaited == HELLO:
            self._hello(name, data)
        else:
            self._initiate(name, data)

    def _hello(self, name: bytes, data: bytes) -> None:
        code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO
        self._check(name, data, range(194, 195), code)
        if data[:2] != b"\x01\x00" or any(data[2:74]):
            raise ProtocolError(code, "HELLO of another version, or with something in its padding")
        client, nonce = data[74:106], data[106:114]
        key = shared_key(client, self._secret)
        plain = unbox(data[114:], b"CurveZMQHELLO---" + nonce, key, "HELLO")
        if any(plain):
            raise ProtocolError(code, "HELLO with something in its box")
        self._last = int.from_bytes(nonce)
        self._due = [(WELCOME, self._new_welcome(client, key))]
        self._awaited = INITIATE

    def _new_welcome(self, client: bytes, key: bytes) -> bytes:
        public, secret = sodium.crypto_box_keypair()
        self._cookie_key = sodium.randombytes(KEY)
        nonce = sodium.randombytes(LONG_NONCE)
        box = sodium.crypto_secretbox(client + secret, b"COOKIE--" + nonce, self._cookie_key)
        cookie = nonce + box
        nonce = sodium.randombytes(LONG_NONCE)
        welcome: bytes = nonce + seal(public + cookie, b"WELCOME-" + nonce, key)
        return welcome

    def _open_cookie(self, cookie: bytes) -> tuple[bytes, bytes]:
        key, self._cookie_key = self._cookie_key, b""
        try:
            plain = sodium.crypto_secretbox_open(cookie[16:], b"COOKIE--" + cookie[:16], key)
        except CryptoError:
            raise forged("the cookie") from None
        return plain[:KEY], plain[KEY:]

    def _initiate(self, name: bytes, data: bytes) -> None:
        code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE
        self._check(name, data, range(248, len(data) + 1), code)
        nonce = data[96:104]
        number = self._newer(nonce, "INITIATE")
        short, secret = self._open_cookie(data[:96])
        self._key = shared_key(short, secret)
        plain = unbox(data[104:], b"CurveZMQINITIATE" + nonce, self._key, "INITIATE")
        permanent, vouch_nonce, vouch = plain[:32], plain[32:48], plain[48:128]
        key = shared_key(permanent, secret)
        vouched = unbox(vouch, b"VOUCH---" + vouch_nonce, key, "the vouch")
        if not compare_digest(vouched, short + self._public):  # C17: both of them
            code = Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
            raise ProtocolError(code, "a vouch for other keys")
        self._secret = b""
        self._last = number
        self._theirs = plain[128:]
        self._awaited = b""
        self.zap_request = ZapRequest("CURVE", (permanent,))

    def zap_reply(self, status: int) -> None:
        self.zap_request = None
        if status == 200:
            nonce = short_nonce(self._take_numbers(1))
            box = seal(self._own, b"CurveZMQREADY---" + nonce, self._key)
            self._due = [(READY, nonce + box)]
            self.metadata = self._theirs
            self.complete = True
        elif status >= 400:
            self._due = [commands.encode_error(str(status))]
