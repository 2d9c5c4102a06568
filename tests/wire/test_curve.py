"""The CURVE mechanism, RFC 26: C01 to C27, every command in every state, and known answers."""

from __future__ import annotations

import hashlib
import itertools
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.curve import (
    CLIENT_SECRET,
    COMMANDS,
    GREETING,
    PUSH,
    SECRET,
    C,
    S,
    Server,
    asking,
    curve,
    data_of,
    number,
    opened,
    said_by_client,
    said_by_server,
    serving,
    sodium,
)
from tests.wire.support import (
    MANY,
    command,
    connection,
    drain,
    frame,
    greeting,
    properties,
    refused,
    sent_commands,
    shake_hands,
)
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Frame, Subscribe
from zmqthread.wire.failures import AuthenticationRefused, IncompatiblePeer, PeerRefused
from zmqthread.wire.limits import Limits

boxes = pytest.importorskip(
    "zmqthread.wire.mechanisms.boxes", reason="needs PyNaCl, which the extra curve brings"
)
sealed = pytest.importorskip(
    "zmqthread.wire.mechanisms.sealed", reason="needs PyNaCl, which the extra curve brings"
)

# Of low order: what they make with any secret is zeros.
WEAK = [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]


def both(**options: Any) -> tuple[Any, Any]:
    """A server and a client, established."""
    here = connection("PULL", mechanism=curve.CurveServer(S, SECRET), **options)
    there = connection("PUSH", mechanism=curve.CurveClient(S, C, CLIENT_SECRET), **options)
    shake_hands(here, there)
    return here, there


# -- known answers -----------------------------------------------------------------------------


def test_known_answer_of_nacl() -> None:
    """The box that NaCl's own documentation gives."""
    secret = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    public = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    nonce = bytes.fromhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37")
    plain = bytes.fromhex(
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a"
        "1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057"
        "e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040"
        "e082f937763848645e0705"
    )
    key = curve.shared_key(public, secret)
    assert key.hex() == "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"
    sealed = curve.seal(plain, nonce, key)
    assert sealed.hex().startswith(
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4"
        "476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738"
    )
    assert curve.unbox(sealed, nonce, key, "it") == plain


KNOWN = {
    "HELLO": "c61f296aad17471f85e4719ce5bd44a7",
    "WELCOME": "2e9bb6906865890a1033375ef3702ddc",
    "INITIATE": "a165a3daee69d95413a7300355ed234f",
    "READY": "64028de66169f6e5a9fa9ba1d83186f0",
    "MESSAGE": "146ec20672aa44cedbf7ed1239fec60d",
}


def test_known_answers_of_a_whole_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything random fixed, each command comes out as when it was tried with libzmq."""
    seeds = itertools.count(1)
    pairs = lambda: sodium.crypto_box_seed_keypair(bytes((next(seeds),)) * 32)  # noqa: E731
    monkeypatch.setattr(curve.sodium, "crypto_box_keypair", pairs)
    monkeypatch.setattr(curve.sodium, "randombytes", lambda size: bytes((next(seeds),)) * size)
    server, secret = sodium.crypto_box_seed_keypair(b"s" * 32)
    client, client_secret = sodium.crypto_box_seed_keypair(b"c" * 32)
    here = connection("PULL", mechanism=curve.CurveServer(server, secret))
    there = connection("PUSH", mechanism=curve.CurveClient(server, client, client_secret))
    said = {}
    drain(there, here.data_to_send())
    octets = there.data_to_send()
    drain(here, octets)
    said["HELLO"] = octets[64:]
    said["WELCOME"] = here.data_to_send()
    drain(there, said["WELCOME"])
    said["INITIATE"] = there.data_to_send()
    drain(here, said["INITIATE"])
    here.zap_reply(200, "", None, b"")
    said["READY"] = here.data_to_send()
    drain(there, said["READY"])
    said["MESSAGE"] = b"".join(there.encode([b"hello"]))
    assert {name: hashlib.sha256(it).hexdigest()[:32] for name, it in said.items()} == KNOWN


# -- the good case -----------------------------------------------------------------------------


def test_messages_both_ways() -> None:
    here, there = both()
    assert here.peer.properties == {"Socket-Type": b"PUSH", "User-Id": b"joe"}
    assert there.peer.properties == {"Socket-Type": b"PULL"}
    for message in (b"", b"a", (b"a", b""), (b"", b"b" * 300, b"c" * 70_000), b"d" * 3_000_000):
        assert drain(here, b"".join(there.encode([message]))) == [message]
        assert drain(there, b"".join(here.encode([message]))) == [message]


def test_zero_copy_frames_are_taken() -> None:
    here, there = both()
    octets = b"".join(there.encode([Frame(b"one"), (Frame(b"two"), b"three")]))
    assert drain(here, octets) == [b"one", (b"two", b"three")]


@pytest.fixture(params=["1.6", "1.5"])
def _pynacl(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes as with this PyNaCl: before 1.6 it did not give the functions that need no copies."""
    if request.param == "1.5":
        monkeypatch.setattr(boxes, "_close", boxes._close_slowly)
        monkeypatch.setattr(boxes, "_open", boxes._open_slowly)


@pytest.mark.usefixtures("_pynacl")
def test_batches_and_single_messages_with_either_pynacl() -> None:
    here, there = both()
    batch = [b"", b"a" * 300, (b"id", b"", b"b" * 3000), *[b"c" * 10] * 9, Frame(b"d")]
    assert drain(here, b"".join(there.encode(batch))) == [*batch[:-1], b"d"]
    assert drain(here, b"".join(there.encode([b"alone"]))) == [b"alone"]
    octets = [bytearray(b"".join(there.encode([b"%d" % n]))) for n in range(9)]
    octets[7][-1] ^= 1
    with pytest.raises(ProtocolError):
        drain(here, b"".join(octets))
    assert here.salvage() == [b"%d" % n for n in range(7)]


def test_batches_make_the_boxes_of_nacl() -> None:
    _, there = both()
    mechanism = there.mechanism
    batches: list[list[Any]] = [[b"one"], [b"one", b"three", b"", b"x" * 400], [(b"a", b"b"), b"c"]]
    batches += [[bytes((n,)) * size for n in range(7)] for size in (0, 1, 222, 223, 400)]
    for messages in batches:
        first = mechanism._next
        octets = b"".join(there.encode(messages))
        parts = [it if isinstance(it, tuple) else (it,) for it in messages]
        plain = [p for it in parts for p in (*(b"\1" + q for q in it[:-1]), b"\0" + it[-1])]
        for nonce, text in enumerate(plain, first):
            prefix = b"CurveZMQMESSAGEC" + number(nonce)
            sealed = sodium.crypto_box_afternm(text, prefix, mechanism._key)
            whole = frame(0, b"\x07MESSAGE" + number(nonce) + sealed)
            assert octets.startswith(whole)
            octets = octets[len(whole) :]
        assert octets == b""


def test_nothing_of_a_message_is_in_clear() -> None:
    _, there = both()
    assert b"sesame" not in b"".join(there.encode([b"sesame", (b"sesame", b"sesame" * 99)]))


def test_rfc26_c05_c10_c15_c20_sizes_on_the_wire() -> None:
    conn, peer, hello = asking()
    assert len(data_of(hello, b"HELLO")) + 6 == 200
    server, client = serving()
    drain(server, client.hello())
    assert len(server.data_to_send()) == 2 + 168
    drain(conn, peer.welcome(hello))
    assert len(data_of(conn.data_to_send(), b"INITIATE")) + 9 == 257 + len(PUSH)


def test_rfc26_c15_c16_what_a_client_vouches_for() -> None:
    conn, peer, hello = asking()
    drain(conn, peer.welcome(hello))
    data = data_of(conn.data_to_send(), b"INITIATE")
    assert data[96:104] == number(2)
    plain = opened(data[104:], b"CurveZMQINITIATE" + number(2), peer.client, peer.secret)
    assert plain[:32] == C
    vouch = opened(plain[48:128], b"VOUCH---" + plain[32:48], C, peer.secret)
    assert vouch == peer.client + S


def test_rfc26_c02_c11_c12_nothing_is_used_twice() -> None:
    hellos = {data_of(asking()[2], b"HELLO")[74:106] for _ in range(3)}
    assert len(hellos) == 3
    server, client = serving()
    drain(server, client.hello())
    one = server.data_to_send()
    server, _ = serving()
    drain(server, client.hello())
    assert data_of(one, b"WELCOME")[:16] != data_of(server.data_to_send(), b"WELCOME")[:16]


def test_rfc26_c12_c13_the_server_keeps_the_cookies_key_only_until_initiate() -> None:
    conn, peer = serving("hello")
    mechanism = conn.mechanism
    kept = [
        getattr(mechanism, s)
        for cls in type(mechanism).__mro__
        for s in getattr(cls, "__slots__", ())
        if hasattr(mechanism, s)
    ]
    plain = sodium.crypto_secretbox_open(
        peer.cookie[16:], b"COOKIE--" + peer.cookie[:16], mechanism._cookie_key
    )
    assert plain[:32] == peer.public
    assert plain[32:] not in kept
    drain(conn, peer.initiate())
    assert mechanism._cookie_key == b""


# -- every command in every state --------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("state", ["", "hello", "initiate", "done"])
def test_rfc26_c21_hostile_c12_every_command_in_every_state_of_a_server(
    state: str, name: str
) -> None:
    due = {"": "HELLO", "hello": "INITIATE", "done": "MESSAGE"}
    conn, peer = serving(state)
    octets = said_by_client(peer, name)
    if name == due.get(state):
        drain(conn, octets)
        assert not conn.failed
        return
    if state == "initiate":
        drain(conn, octets)  # waits for the authenticator
        conn.zap_reply(200, "", b"joe", b"")
        if name == "MESSAGE":
            return
        octets = b""
    refused_soon(conn, octets)


def refused_soon(conn: Any, octets: bytes) -> ProtocolError:
    """Refused, with nothing delivered; ``octets`` may be empty for what was held."""
    with pytest.raises(ProtocolError) as caught:
        conn.receive(octets, MANY, 0.0)
    assert conn.failed
    assert not conn.established
    assert conn.salvage() == []
    return caught.value


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("state", ["", "welcome", "done"])
def test_rfc26_c21_hostile_c12_every_command_in_every_state_of_a_client(
    state: str, name: str
) -> None:
    due = {"": "WELCOME", "welcome": "READY", "done": "MESSAGE"}
    conn, peer, hello = asking(state)
    octets = said_by_server(peer, peer.welcome(hello), name)
    if name == due[state]:
        drain(conn, octets)
        assert not conn.failed
        return
    error = refused(conn, octets)
    # ERROR is the server's word until READY; in clear after it, it is nobody's.
    assert isinstance(error, PeerRefused) == (name == "ERROR" and state != "done")


def test_a_command_out_of_turn_costs_no_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    for state in ("", "hello"):
        conn, _ = serving(state)
        with monkeypatch.context() as patch:
            for name in ("shared_key", "unbox"):
                patch.setattr(curve, name, lambda *_: pytest.fail("decrypted"))
            refused(conn, command(b"READY", bytes(200)))


# -- HELLO -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 73, 74, 193, 195, 249, 1024, 64 * 1024 - 6])
def test_rfc26_c05_hostile_c1_hello_of_another_size(size: int) -> None:
    conn, _ = serving()
    error = refused(
        conn, command(b"HELLO", bytes(size)) if size < 240 else frame(4, b"\5HELLO" + bytes(size))
    )
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO


@pytest.mark.parametrize("version", [b"\0\0", b"\1\1", b"\2\0"])
def test_rfc26_c07_hostile_c1_hello_of_another_version(version: bytes) -> None:
    conn, peer = serving()
    refused(conn, peer.hello(version=version))


@pytest.mark.parametrize("at", [0, 35, 71])
def test_rfc26_c07_hostile_c2_padding_of_hello(at: int) -> None:
    conn, peer = serving()
    padding = bytes(at) + b"\1" + bytes(71 - at)
    refused(conn, peer.hello(padding=padding))


@pytest.mark.parametrize("at", [0, 63])
def test_rfc26_c07_hostile_c2_contents_of_hellos_box(at: int) -> None:
    conn, peer = serving()
    refused(conn, peer.hello(plain=bytes(at) + b"\1" + bytes(63 - at)))


def test_rfc26_c06_hello_with_another_prefix_of_its_nonce() -> None:
    conn, peer = serving()
    refused(conn, peer.hello(prefix=b"CurveZMQHELLO--x"))


def test_rfc26_c01_hostile_c1_hello_to_another_server() -> None:
    conn, peer = serving()
    error = refused(conn, peer.hello(to=sodium.crypto_box_keypair()[0]))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC


@pytest.mark.parametrize("key", WEAK)
def test_hostile_c14_a_public_key_that_makes_no_secret(key: bytes) -> None:
    conn, peer = serving()
    error = refused(conn, peer.hello(public=key))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
    client, server, hello = asking()
    error = refused(client, server.welcome(hello, key))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE


# -- WELCOME, INITIATE, READY ------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 15, 16, 159, 161, 200])
def test_rfc26_c14_hostile_c13_welcome_of_another_size(size: int) -> None:
    conn, _, _ = asking()
    error = refused(conn, command(b"WELCOME", bytes(size)))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME


def test_rfc26_c14_hostile_c13_garbage_as_welcome() -> None:
    conn, _, _ = asking()
    error = refused(conn, command(b"WELCOME", bytes(160)))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC


@pytest.mark.parametrize("octets", [greeting(), greeting(mechanism=b"PLAIN"), b"\x01\x00"])
def test_hostile_c13_g11_a_server_without_curve(octets: bytes) -> None:
    conn = connection(mechanism=curve.CurveClient(S, C, CLIENT_SECRET))
    refused(conn, octets)


@pytest.mark.parametrize("size", [0, 95, 96, 103, 104, 247])
def test_rfc26_c15_hostile_c3_a_short_initiate(size: int) -> None:
    conn, _ = serving("hello")
    error = refused(
        conn,
        command(b"INITIATE", bytes(size))
        if size < 240
        else frame(4, b"\x08INITIATE" + bytes(size)),
    )
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE


def test_rfc26_c17_hostile_c3_bad_cookies() -> None:
    _, other = serving("hello")
    for cookie in (bytes(96), other.cookie):
        conn, peer = serving("hello")
        error = refused(conn, peer.initiate(cookie=cookie))
        assert error.code == Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC


def test_rfc26_c17_hostile_c4_vouch_of_another_key() -> None:
    conn, peer = serving("hello")
    refused(conn, peer.initiate(key=sodium.crypto_box_keypair()[1]))


def test_rfc26_c17_hostile_c4_c5_vouch_for_other_keys() -> None:
    other = sodium.crypto_box_keypair()[0]
    conn, peer = serving("hello")
    error = refused(conn, peer.initiate(vouched=other + S))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
    conn, peer = serving("hello")
    error = refused(conn, peer.initiate(vouched=peer.public + other))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE


@pytest.mark.parametrize("value", [0, 6, 7])
def test_rfc26_c08_hostile_c6_initiate_with_an_old_nonce(value: int) -> None:
    conn, peer = serving()
    drain(conn, peer.hello(number=7))
    peer.welcome(conn.data_to_send())
    error = refused(conn, peer.initiate(number=value))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE


@pytest.mark.parametrize("metadata", [b"", b"\1", properties((b"X-a", b"b")), PUSH + b"\0"])
def test_rfc26_c18_hostile_c7_bad_metadata_in_initiate(metadata: bytes) -> None:
    conn, peer = serving("hello")
    drain(conn, peer.initiate(metadata=metadata))
    with pytest.raises(ProtocolError) as caught:
        conn.zap_reply(200, "", b"", b"")
    assert caught.value.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
    assert not conn.has_output


def test_cve_2019_13132_metadata_of_any_size_is_taken_or_refused() -> None:
    """A kilobyte is fine; above the limit before authentication it ends at the header."""
    big = PUSH + properties((b"X-big", bytes(1024)))
    conn, peer = serving("hello")
    drain(conn, peer.initiate(metadata=big))
    conn.zap_reply(200, "", b"joe", b"")
    assert conn.peer.properties["X-big"] == bytes(1024)
    client, server, _ = asking("welcome")
    drain(client, server.ready(metadata=big))
    assert client.established
    for size in (64 * 1024, 10_000_000):
        conn, peer = serving("hello")
        header = peer.initiate(metadata=PUSH + properties((b"X-big", bytes(size))))[:9]
        refused(conn, header)
        client, server, _ = asking("welcome")
        refused(client, server.ready(metadata=PUSH + properties((b"X-big", bytes(size))))[:9])


@pytest.mark.parametrize("size", [0, 7, 8, 23])
def test_rfc26_c20_a_short_ready(size: int) -> None:
    conn, _, _ = asking("welcome")
    error = refused(conn, command(b"READY", bytes(size)))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY


def test_rfc26_c21_a_forged_ready() -> None:
    conn, _, _ = asking("welcome")
    assert refused(conn, command(b"READY", bytes(50))).code == (
        Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
    )


@pytest.mark.parametrize("last", [5, 4, 0])
def test_rfc26_c22_hostile_c8_a_client_sees_that_the_servers_nonces_increase(last: int) -> None:
    conn, peer, _ = asking("welcome")
    drain(conn, peer.ready(3))
    assert drain(conn, peer.message(4) + peer.message(5)) == [b"a"] * 2
    error = refused(conn, peer.message(last))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE


def test_rfc26_c22_a_message_may_not_have_the_nonce_of_ready() -> None:
    conn, peer, _ = asking("welcome")
    drain(conn, peer.ready(3))
    refused(conn, peer.message(3))


@pytest.mark.parametrize(("reason", "status"), [(b"", None), (b"400", 400), (b"x" * 255, None)])
def test_rfc26_c26_a_reason_has_up_to_255_octets(reason: bytes, status: int | None) -> None:
    conn, _, _ = asking()
    error = refused(conn, command(b"ERROR", bytes((len(reason),)) + reason))
    assert isinstance(error, PeerRefused)
    assert error.status == status


@pytest.mark.parametrize("data", [b"", b"\1", b"\2a", b"\0a"])
def test_rfc26_c26_a_malformed_error(data: bytes) -> None:
    conn, _, _ = asking()
    error = refused(conn, command(b"ERROR", data))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR


def test_rfc26_c03_a_client_says_nothing_to_a_server_of_the_wrong_type() -> None:
    conn, peer, _ = asking("welcome", accepts=frozenset())
    with pytest.raises(IncompatiblePeer):
        conn.receive(peer.ready(), MANY, 0.0)
    assert not conn.has_output


# -- the authenticator -------------------------------------------------------------------------


def test_rfc27_a10_the_authenticator_sees_the_permanent_key() -> None:
    conn, _ = serving("initiate")
    assert conn.zap_request == ("CURVE", (C,))
    assert not conn.has_output


@pytest.mark.parametrize("status", [300, 400, 500])
def test_rfc26_c19_refused_by_the_authenticator(status: int) -> None:
    conn, _ = serving("initiate")
    if status == 300:
        conn.zap_reply(status, "", b"", b"")
        assert not conn.has_output
    else:
        with pytest.raises(AuthenticationRefused):
            conn.zap_reply(status, "", b"", b"")
        assert sent_commands(conn.data_to_send()) == [(b"ERROR", b"\x03%d" % status)]
    assert not conn.established


# -- MESSAGE -----------------------------------------------------------------------------------


def test_rfc26_c25_hostile_c8_replayed_and_reordered_messages() -> None:
    for numbers in ((10, 10), (10, 9), (3, 4, 5, 6, 7, 7), (3, 4, 5, 9, 8, 10)):
        conn, peer = serving("done")
        octets = b"".join(peer.message(n, b"%d" % n) for n in numbers)
        with pytest.raises(ProtocolError) as caught:
            drain(conn, octets)
        assert caught.value.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE
        good = next(i for i, n in enumerate(numbers) if i and n <= numbers[i - 1])
        assert conn.salvage() == [b"%d" % n for n in numbers[:good]]


@pytest.mark.parametrize("at", [2, 9, 10, 17, 18, 40, -1])
@pytest.mark.parametrize("count", [1, 6])
def test_rfc26_c25_hostile_c8_tampered_messages(at: int, count: int) -> None:
    conn, peer = serving("done")
    messages = [bytearray(peer.message(n + 3, b"%02d" % n * 10)) for n in range(count)]
    messages[-1][at] ^= 0x40
    with pytest.raises(ProtocolError):
        drain(conn, b"".join(messages))
    assert conn.salvage() == [b"%02d" % n * 10 for n in range(count - 1)]
    assert conn.failed


@pytest.mark.parametrize("size", range(8, 33))
def test_rfc26_c23_hostile_c8_short_messages(size: int) -> None:
    conn, _ = serving("done")
    error = refused(conn, frame(0, (b"\x07MESSAGE" + bytes(40))[:size]))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE


@pytest.mark.parametrize("flags", [0, 1, 2, 4])
def test_rfc26_c27_hostile_c8_nothing_in_clear_after_the_handshake(flags: int) -> None:
    for body in (b"", b"hello", b"\4PING\0\0", b"\5ERROR\0", b"x" * 100):
        conn, _ = serving("done")
        refused(conn, frame(flags, body))


def test_rfc26_c23_a_message_of_the_wrong_side() -> None:
    conn, peer = serving("done")
    mirror = Server()
    mirror.public, mirror.secret = peer.public, peer.secret
    mirror.client = peer.server
    refused(conn, mirror.message(3))


def test_rfc26_c09_hostile_c9_gaps_are_fine_and_the_end_is_the_end() -> None:
    conn, peer = serving("done")
    assert drain(conn, peer.message(3) + peer.message(1000) + peer.message(2**64 - 1)) == [b"a"] * 3
    for value in (0, 2**64 - 1):
        conn, peer = serving("done")
        drain(conn, peer.message(2**64 - 1))
        refused(conn, peer.message(value))
    here, there = both()
    there.mechanism._next = 2**64 - 2
    there.encode([b"a"])
    with pytest.raises(ConnectionAbortedError):
        there.encode([b"b"])
    with pytest.raises(ConnectionAbortedError):
        there.mechanism.wrap(0, b"b")
    assert not here.failed


def test_rfc37_z24_hostile_c10_the_command_bit_outside_is_accepted() -> None:
    conn, peer = serving("done")
    assert drain(conn, peer.message(3, flags=4) + peer.message(4, b"b" * 300, flags=4)) == [
        b"a",
        b"b" * 300,
    ]
    large = peer.message(5, bytes(100_000), flags=4)
    assert drain(conn, large) == [bytes(100_000)]
    _, there = both()
    assert there.encode([b"a"])[0][0] == 0


def test_more_outside_closes() -> None:
    conn, peer = serving("done")
    refused(conn, peer.message(3, flags=1))


@pytest.mark.parametrize("kind", [4, 0xFC, 3, 0x80])
@pytest.mark.parametrize("before", [0, 5])
def test_rfc26_c24_hostile_c11_reserved_flags_inside(kind: int, before: int) -> None:
    conn, peer = serving("done")
    good = b"".join(peer.message(n + 3) for n in range(before))
    with pytest.raises(ProtocolError):
        drain(conn, good + peer.message(50, kind=bytes((kind,))) + peer.message(51))
    assert conn.salvage() == [b"a"] * before


def test_commands_inside_are_commands() -> None:
    conn, peer = serving("done", takes_subscriptions=True)
    octets = b"".join(
        peer.message(n, b"\x09SUBSCRIBEa", b"\2") for n in range(3, 9)
    ) + peer.message(9, b"\4PING\0\0", b"\2")
    assert drain(conn, octets) == [Subscribe(b"a")] * 6
    out = conn.data_to_send()
    assert b"PONG" not in out
    assert out[2:10] == b"\x07MESSAGE"


def test_parts_in_runs_of_one_size() -> None:
    conn, peer = serving("done")
    kinds = b"\1\0\1\1\0\0\1"
    octets = b"".join(
        peer.message(n + 3, b"%d" % n, kinds[n : n + 1]) for n in range(7)
    ) + peer.message(20, b"z")
    assert drain(conn, octets) == [(b"0", b"1"), (b"2", b"3", b"4"), b"5", (b"6", b"z")]


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
@pytest.mark.parametrize("step", [1, 7, 100, 5000])
def test_the_same_messages_in_any_portions(limit: int, step: int) -> None:
    here, there = both()
    messages: list[Any] = [bytes(size) for size in (0, 1, 5, 5, 5, 5, 300, 300, 300, 300, 3000)]
    messages += [(b"a", b"b")] * 5 + [b"c"] * 20
    octets = b"".join(there.encode(messages[:7]) + there.encode(messages[7:]))
    got: list[Any] = []
    for start in range(0, len(octets), step):
        got += drain(here, octets[start : start + step], limit)
    assert got == messages


BODIES = st.one_of(st.binary(max_size=40), st.binary(max_size=40).map(lambda octets: octets * 60))
PARTS = st.lists(BODIES, min_size=1, max_size=4).map(lambda p: tuple(p) if p[1:] else p[0])
ALIKE = st.integers(0, 300).flatmap(
    lambda size: st.lists(st.binary(min_size=size, max_size=size), min_size=2, max_size=30)
)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(PARTS, min_size=1, max_size=30), ALIKE), st.data())
def test_hostile_c8_whatever_is_tampered_with_what_came_before_is_delivered(
    messages: list[Any], data: st.DataObject
) -> None:
    """In batches, one by one, in any portions: up to the frame with the fault, and no further."""
    here, there = both()
    split = data.draw(st.integers(0, len(messages)))
    octets = [b"".join(there.encode([message])) for message in messages[:split]]
    octets.append(b"".join(there.encode(messages[split:])) if messages[split:] else b"")
    whole = bytearray(b"".join(octets))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    frames_of = [m if isinstance(m, tuple) else (m,) for m in messages]
    end, good = 0, 0
    for parts in frames_of:
        end += sum(len(p) + 33 + (2 if len(p) + 33 < 256 else 9) for p in parts)
        if end > at:
            break
        good += 1
    got: list[Any] = []
    try:
        step = data.draw(st.sampled_from([1, 7, 300, 65_536]))
        for start in range(0, len(whole), step):
            got += drain(here, bytes(whole[start : start + step]))
    except ProtocolError:
        got += here.salvage()
    assert got[:good] == messages[:good]
    # A flags octet has bits that mean nothing: then nothing is wrong, and all of it comes.
    assert got in (messages[:good], messages)


def test_longer_runs_than_are_opened_at_once_come_whole() -> None:
    here, there = both()
    batch = [b"%04d" % n for n in range(3 * sealed.MOST + 5)]
    octets = b"".join(there.encode(batch))
    assert drain(here, octets) == batch
    # A frame of its own size in each place where one run of the next round may end.
    for place in (sealed.RUN - 1, sealed.RUN, sealed.MOST - 1, sealed.MOST, sealed.MOST + 1):
        other = [*batch[:place], b"longer than they", *batch[place:]]
        assert drain(here, b"".join(there.encode(other))) == other


def test_rfc26_c25_a_run_of_one_size_ends_before_the_first_old_nonce() -> None:
    conn, peer = serving("done")
    values = [3, 4, 5, 6, 7, 9, 8, 10]
    with pytest.raises(ProtocolError, match="old nonce"):
        drain(conn, b"".join(peer.message(n, b"%d" % n) for n in values))
    assert conn.salvage() == [b"3", b"4", b"5", b"6", b"7", b"9"]


def test_limits_hold_inside() -> None:
    here, there = both(limits=Limits(frame_size=100, parts=3))
    assert drain(here, b"".join(there.encode([bytes(100)] * 9))) == [bytes(100)] * 9
    refused(here, b"".join(there.encode([bytes(101)] * 9)))
    here, there = both(limits=Limits(parts=3))
    refused(here, b"".join(there.encode([(b"a",) * 4])))


@pytest.mark.parametrize("as_server", [0, 1])
def test_roles(as_server: int) -> None:
    """Two servers close at the greeting, two clients at HELLO (P5)."""
    conn = connection(mechanism=curve.CurveServer(S, SECRET))
    octets = greeting(mechanism=b"CURVE", as_server=as_server)
    if as_server:
        refused(conn, octets)
    else:
        drain(conn, octets)
        client, _, hello = asking()
        refused(client, hello)


def test_keys_are_in_no_repr_and_in_no_pickle() -> None:
    for mechanism in (curve.CurveServer(S, SECRET), curve.CurveClient(S, C, CLIENT_SECRET)):
        assert SECRET.hex() not in repr(mechanism)
        with pytest.raises(TypeError):
            pickle.dumps(mechanism)


def test_keys_are_in_no_error() -> None:
    conn, peer = serving()
    error = refused(conn, peer.hello(plain=b"\1" * 64))
    seen: BaseException | None = error
    while seen is not None:
        assert repr(SECRET)[2:20] not in repr(seen) + str(seen)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def test_secrets_are_forgotten_once_they_have_done_their_work() -> None:
    conn, _ = serving("done")
    client, _, _ = asking("done")
    for mechanism, secret in ((conn.mechanism, SECRET), (client.mechanism, CLIENT_SECRET)):
        slots = [s for cls in type(mechanism).__mro__ for s in getattr(cls, "__slots__", ())]
        assert secret not in [getattr(mechanism, slot, None) for slot in slots]


def test_the_greeting_tells_the_role() -> None:
    assert connection(mechanism=curve.CurveServer(S, SECRET)).data_to_send()[32] == 1
    assert connection(mechanism=curve.CurveClient(S, C, CLIENT_SECRET)).data_to_send()[32] == 0
    assert GREETING[12:17] == b"CURVE"
