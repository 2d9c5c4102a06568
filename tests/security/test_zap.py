"""The ZAP client, RFC 27: what is asked, strict answers, and that it fails closed."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import zmqthread as zmq
from tests.security.worlds import (
    PLAIN_CLIENT,
    Handler,
    Request,
    Secured,
    accept,
    curve_keys,
    event,
    events,
)
from tests.support import LOOPBACK, RawClient, milliseconds, seconds
from tests.wire.support import greeting
from zmqthread.constants import EFAULT, ETIMEDOUT, Event

PLAIN_SERVER = {"plain_server": 1, "zap_domain": b"home"}
NULL_SERVER = {"zap_domain": b"home"}
AUTH = int(Event.HANDSHAKE_FAILED_AUTH)
NO_DETAIL = int(Event.HANDSHAKE_FAILED_NO_DETAIL)
PROTOCOL = int(Event.HANDSHAKE_FAILED_PROTOCOL)


def test_rfc27_a01_a02_a05_a06_a10_what_is_asked(world: Secured) -> None:
    handler = world.handler()
    curve_server, curve_client = curve_keys()
    for server, client in (
        (NULL_SERVER, {}),
        (PLAIN_SERVER, PLAIN_CLIENT),
        (curve_server | {"routing_id": b"me"}, curve_client | {"routing_id": b"you"}),
    ):
        sock, port, _ = world.server(**server)
        world.still_serves(sock, port, **client)
    key = zmq.Socket.get  # the key as octets is what the option gives
    asked = handler.requests
    here = LOOPBACK.encode()
    assert asked[0] == [b"1.0", b"1", b"home", here, b"", b"NULL"]
    assert asked[1] == [b"1.0", b"1", b"home", here, b"", b"PLAIN", b"user", b"sesame"]
    assert asked[2][:6] == [b"1.0", b"1", b"", here, b"me", b"CURVE"]
    client = world.socket(zmq.PUSH, **curve_client)
    assert asked[2][6:] == [key(client, zmq.CURVE_PUBLICKEY)]


def test_rfc27_a06_addresses_of_ipv6_are_canonical(world: Secured) -> None:
    handler = world.handler()
    sock = world.socket(zmq.PULL, **PLAIN_SERVER, ipv6=1)
    try:
        port = sock.bind_to_random_port("tcp://[::1]")
    except zmq.ZMQError:
        pytest.skip("there is no IPv6 here")
    client = world.socket(zmq.PUSH, **PLAIN_CLIENT, ipv6=1)
    client.connect(f"tcp://[0:0:0:0:0:0:0:1]:{port}")
    client.send(b"a")
    assert sock.recv(copy=False)["Peer-Address"] == "::1"
    assert handler.requests[0][3] == b"::1"


def test_rfc27_a12_a_handler_may_pass_the_whole_message_on(world: Secured) -> None:
    """A ROUTER in front and a REP behind: the envelope comes back as it went."""
    front, back = world.socket(zmq.ROUTER), world.socket(zmq.DEALER)
    front.bind("inproc://zeromq.zap.01")
    back.bind("inproc://behind")
    terminal = world.socket(zmq.REP)
    terminal.connect("inproc://behind")
    sock, port, _ = world.server(**PLAIN_SERVER)
    client = world.client(port, **PLAIN_CLIENT)
    client.send(b"good")
    asked = front.recv_multipart()
    back.send_multipart(asked)
    request = terminal.recv_multipart()
    assert request == asked[2:]
    terminal.send_multipart(accept(request))
    front.send_multipart(back.recv_multipart())
    assert sock.recv(copy=False)["User-Id"] == "joe"


def test_rfc24_p06_plain_in_public_is_warned_about(
    world: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    for settings, endpoint, count in (
        (PLAIN_SERVER, f"tcp://{LOOPBACK}:*", 0),
        (PLAIN_SERVER, "ipc://*", 0),
        ({}, "tcp://0.0.0.0:*", 0),
        (curve_keys()[0], "tcp://0.0.0.0:*", 0),
        (PLAIN_SERVER, "tcp://0.0.0.0:*", 1),
        (PLAIN_CLIENT, "tcp://0.0.0.0:*", 2),
    ):
        world.socket(zmq.PULL, **settings).bind(endpoint)
        said = [each.levelname for each in caplog.records if "PLAIN" in each.getMessage()]
        assert said == ["WARNING"] * count
    assert "sesame" not in caplog.text


def test_null_without_a_domain_is_not_asked_about(world: Secured) -> None:
    handler = world.handler()
    sock, port, _ = world.server()
    world.still_serves(sock, port)
    assert handler.requests == []


def test_rfc27_a08_user_id_and_metadata_are_on_every_frame(world: Secured) -> None:
    more = b"\x05X-one\0\0\0\x01a" + b"\x07User-Id\0\0\0\x04root"
    world.handler(lambda request: [b"1.0", request[1], b"200", b"OK", b"joe", more])
    sock, port, _ = world.server(**PLAIN_SERVER)
    client = world.client(port, **PLAIN_CLIENT, metadata=b"X-one:b")
    for _ in range(3):
        client.send_multipart([b"a", b"b"])
    for _ in range(3):
        for frame in sock.recv_multipart(copy=False):
            assert frame["User-Id"] == "joe"
            assert frame["X-one"] == "a"
            assert frame["Peer-Address"] == LOOPBACK


def test_a_peer_cannot_call_itself_somebody(world: Secured) -> None:
    sock, port, _ = world.server()
    with RawClient(port) as raw:
        names = [(b"Socket-Type", b"PUSH"), (b"User-Id", b"root"), (b"peer-address", b"10.0.0.1")]
        metadata = b"".join(bytes((len(n),)) + n + len(v).to_bytes(4) + v for n, v in names)
        body = b"\x05READY" + metadata
        raw.send(greeting() + bytes((4, len(body))) + body)
        raw.receive(64)
        raw.send(b"\0\1a")
        frame = sock.recv(copy=False)
        with pytest.raises(zmq.ZMQError):
            frame["User-Id"]
        assert frame["Peer-Address"] == LOOPBACK


@pytest.mark.parametrize("status", [300, 400, 500])
@pytest.mark.parametrize(
    ("server", "client"),
    [(NULL_SERVER, {}), (PLAIN_SERVER, PLAIN_CLIENT), curve_keys()],
    ids=["NULL", "PLAIN", "CURVE"],
)
def test_rfc27_a08_hostile_z1_refusals(
    status: int, server: Any, client: Any, world: Secured
) -> None:
    handler = world.handler(lambda r: [b"1.0", r[1], b"%d" % status, b"no", b"", b""])
    # 300 is told to the monitor only: nothing but the time that is over ends the connection.
    ivl = milliseconds(0.8 if status == 300 else 30)
    sock, port, monitor = world.server(**server, handshake_ivl=ivl)
    bad, told = world.watched(port, reconnect_ivl=-1, **client)
    bad.send(b"bad")
    assert event(monitor) == (AUTH, status)
    if status == 300:
        assert event(told)[0] == NO_DETAIL  # closed when its time was over, without a word
    else:
        assert event(told) == (AUTH, status)
    assert [value for value in events(monitor) if value[0] != NO_DETAIL] == []
    handler.answer = accept
    world.still_serves(sock, port, **client)
    assert sock.poll(0) == 0


GOOD = [b"1.0", b"1", b"200", b"OK", b"joe", b""]
MALFORMED = {
    "status 999": ([*GOOD[:2], b"999", *GOOD[3:]], 4),
    "status 201": ([*GOOD[:2], b"201", *GOOD[3:]], 4),
    "status empty": ([*GOOD[:2], b"", *GOOD[3:]], 4),
    "status long": ([*GOOD[:2], b"2000", *GOOD[3:]], 4),
    "version 2.0": ([b"2.0", *GOOD[1:]], 3),
    "version empty": ([b"", *GOOD[1:]], 3),
    "id 77": ([b"1.0", b"77", *GOOD[2:]], 2),
    "4 frames": (GOOD[:4], 1),
    "no metadata": (GOOD[:5], 1),
    "one more": ([*GOOD, b""], 1),
    "metadata cut": ([*GOOD[:5], b"\x05X-one\0\0\0\x09a"], 5),
    "metadata junk": ([*GOOD[:5], b"\xff"], 5),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_rfc27_a03_a04_a07_a09_hostile_z2_malformed_replies(case: str, world: Secured) -> None:
    frames, code = MALFORMED[case]
    handler = world.handler(lambda _: frames)
    sock, port, monitor = world.server(**PLAIN_SERVER)
    bad = world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT)
    bad.send(b"bad")
    assert event(monitor) == (PROTOCOL, 0x20000000 + code)
    handler.answer = accept
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


@pytest.mark.parametrize("extra", [b"x", None])
def test_hostile_z2_a_bad_delimiter(extra: bytes | None, world: Secured) -> None:
    router = world.socket(zmq.ROUTER)
    router.bind("inproc://zeromq.zap.01")
    sock, port, monitor = world.server(**PLAIN_SERVER)
    world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT)
    name = router.recv_multipart()[0]
    router.send_multipart([name, *([] if extra is None else [extra]), *GOOD])
    assert event(monitor) == (PROTOCOL, 0x20000000 if extra else 0x20000001)
    router.close()
    world.handler()
    world.still_serves(sock, port, **PLAIN_CLIENT)


def test_rfc27_a11_hostile_z3_a_silent_handler(world: Secured) -> None:
    handler = world.handler(lambda _: None)
    sock, port, monitor = world.server(**PLAIN_SERVER, handshake_ivl=milliseconds(0.2))
    world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT).send(b"bad")
    assert event(monitor) == (NO_DETAIL, ETIMEDOUT)
    handler.answer = accept
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


def test_hostile_z4_the_peer_goes_while_it_is_asked_about(world: Secured) -> None:
    asked, go = threading.Event(), threading.Event()

    def slow(request: Request) -> list[bytes] | None:
        if not asked.is_set():
            asked.set()
            go.wait(seconds(10))
        return accept(request)

    world.handler(slow)
    sock, port, monitor = world.server(**PLAIN_SERVER, handshake_ivl=milliseconds(0.8))
    gone = world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT)
    gone.send(b"gone")
    assert asked.wait(seconds(10))
    gone.close()
    assert event(monitor)[0] == NO_DETAIL
    go.set()
    world.still_serves(sock, port, **PLAIN_CLIENT)


def test_hostile_z4_the_handler_goes_without_an_answer(world: Secured) -> None:
    router = world.socket(zmq.ROUTER)
    router.bind("inproc://zeromq.zap.01")
    sock, port, monitor = world.server(**PLAIN_SERVER)
    world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT).send(b"bad")
    router.recv_multipart()
    router.close()
    assert event(monitor) == (NO_DETAIL, EFAULT)
    world.handler()
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


def test_hostile_z4_a_second_reply_and_a_late_one_are_dropped(world: Secured) -> None:
    router = world.socket(zmq.ROUTER)
    router.bind("inproc://zeromq.zap.01")
    sock, port, _ = world.server(**PLAIN_SERVER)
    client = world.client(port, **PLAIN_CLIENT)
    client.send(b"one")
    name = router.recv_multipart()[0]
    router.send_multipart([name, b"", *GOOD])
    router.send_multipart([name, b"", b"1.0", b"1", b"400", b"no", b"", b""])
    assert sock.recv() == b"one"
    client.send(b"two")
    assert sock.recv() == b"two"


def test_hostile_p4_plain_without_a_handler_closes_at_once(world: Secured) -> None:
    sock, port, monitor = world.server(plain_server=1)
    world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT).send(b"bad")
    assert event(monitor) == (NO_DETAIL, EFAULT)
    world.handler()
    world.still_serves(sock, port, **PLAIN_CLIENT)
    assert sock.poll(0) == 0


def test_rfc27_a11_hostile_z5_a_domain_without_a_handler_fails_closed(world: Secured) -> None:
    server, client = curve_keys()
    for settings, whose in (
        (NULL_SERVER, {}),
        (server | NULL_SERVER, client),
        (server | {"zap_enforce_domain": 1}, client),
    ):
        sock, port, monitor = world.server(**settings)
        world.client(port, reconnect_ivl=-1, **whose).send(b"bad")
        assert event(monitor) == (NO_DETAIL, EFAULT)
        handler = Handler(world.context)
        world.still_serves(sock, port, **whose)
        handler.close()
        assert sock.poll(0) == 0
    sock, port, _ = world.server(**server)
    frame = world.still_serves(sock, port, **client)  # nobody wanted to be asked
    with pytest.raises(zmq.ZMQError):
        frame["User-Id"]


def test_a_handler_of_a_wrong_type_is_none(world: Secured) -> None:
    world.socket(zmq.PULL).bind("inproc://zeromq.zap.01")
    _, port, monitor = world.server(**PLAIN_SERVER)
    world.client(port, reconnect_ivl=-1, **PLAIN_CLIENT)
    assert event(monitor) == (NO_DETAIL, EFAULT)


def test_hostile_g10_g11_another_mechanism_closes(world: Secured) -> None:
    world.handler()
    server, client = curve_keys()
    for settings, good, others in (
        ({}, {}, [PLAIN_CLIENT, client]),
        (PLAIN_SERVER, PLAIN_CLIENT, [{}, client]),
        (server, client, [{}, PLAIN_CLIENT]),
    ):
        sock, port, monitor = world.server(**settings)
        for whose in others:
            bad, told = world.watched(port, reconnect_ivl=-1, **whose)
            bad.send(b"bad")
            assert event(monitor) == (PROTOCOL, Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
            assert event(told)[0] in {PROTOCOL, NO_DETAIL}
            world.still_serves(sock, port, **good)
            assert event(monitor)[0] == zmq.EVENT_HANDSHAKE_SUCCEEDED
        assert sock.poll(0) == 0


def test_the_roles_do_not_depend_on_who_binds(world: Secured) -> None:
    handler = world.handler()
    server, client = curve_keys()
    for settings, whose in ((PLAIN_SERVER, PLAIN_CLIENT), (server, client)):
        push = world.socket(zmq.PUSH, **whose)
        port = push.bind_to_random_port(f"tcp://{LOOPBACK}")
        pull = world.socket(zmq.PULL, **settings)
        pull.connect(f"tcp://{LOOPBACK}:{port}")
        push.send(b"a")
        assert pull.recv(copy=False)["User-Id"] == "joe"
    # A server that connects and refuses: libzmq#3059.
    handler.answer = lambda r: [b"1.0", r[1], b"400", b"no", b"", b""]
    push = world.socket(zmq.PUSH, **client)
    port = push.bind_to_random_port(f"tcp://{LOOPBACK}")
    pull = world.socket(zmq.PULL, **server, reconnect_ivl=-1)
    monitor = world.watch(pull)
    pull.connect(f"tcp://{LOOPBACK}:{port}")
    assert event(monitor) == (AUTH, 400)


@pytest.mark.parametrize("refusal", [400, 500])
def test_rfc26_c04_hostile_c13_the_same_credentials_are_not_tried_again(
    refusal: int, world: Secured
) -> None:
    handler = world.handler(lambda r: [b"1.0", r[1], b"%d" % refusal, b"no", b"", b""])
    server, client = curve_keys()
    _, port, _ = world.server(**server)
    _, told = world.watched(port, reconnect_ivl=10, **client)
    assert event(told) == (AUTH, refusal)
    assert events(told, 0.15) == []
    assert len(handler.requests) == 1


def test_a_plain_close_is_tried_again(world: Secured) -> None:
    handler = world.handler(lambda _: [b"nonsense"])
    sock, port, monitor = world.server(**PLAIN_SERVER)
    client = world.client(port, **PLAIN_CLIENT)
    client.send(b"a")
    assert event(monitor)[0] == PROTOCOL
    handler.answer = accept
    assert sock.recv() == b"a"


def test_what_is_set_after_bind_is_for_later_endpoints(world: Secured) -> None:
    """A socket that goes on to use another mechanism does not open the doors it had locked."""
    world.handler()
    sock, port, monitor = world.server(**PLAIN_SERVER)
    sock.plain_server = 0
    world.client(port, reconnect_ivl=-1).send(b"bad")
    assert event(monitor) == (PROTOCOL, Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    world.still_serves(sock, port, **PLAIN_CLIENT)


def test_ipc_peers_have_an_address_too(world: Secured, tmp_path: Any) -> None:
    handler = world.handler()
    sock = world.socket(zmq.PULL, **PLAIN_SERVER)
    sock.bind("ipc://*")
    client = world.socket(zmq.PUSH, **PLAIN_CLIENT)
    client.connect(sock.get(zmq.LAST_ENDPOINT).decode())
    client.send(b"a")
    assert sock.recv(copy=False)["User-Id"] == "joe"
    assert handler.requests[0][3].startswith(b"localhost:")


def test_curve_wants_all_its_keys(world: Secured) -> None:
    server, client = curve_keys()
    for missing in ("curve_secretkey",):
        sock = world.socket(zmq.PULL, **{k: v for k, v in server.items() if k != missing})
        with pytest.raises(zmq.ZMQError, match="CURVE_SECRETKEY"):
            sock.bind(f"tcp://{LOOPBACK}:*")
    for missing in ("curve_secretkey", "curve_serverkey"):
        sock = world.socket(zmq.PUSH, **{k: v for k, v in client.items() if k != missing})
        with pytest.raises(zmq.ZMQError, match=missing.upper()) as caught:
            sock.connect(f"tcp://{LOOPBACK}:1")
        assert client["curve_secretkey"].decode() not in str(caught.value)
    sock = world.socket(zmq.PULL, **server | {"curve_publickey": client["curve_publickey"]})
    with pytest.raises(zmq.ZMQError, match="CURVE_PUBLICKEY"):
        sock.bind(f"tcp://{LOOPBACK}:*")
