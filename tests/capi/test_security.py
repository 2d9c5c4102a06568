"""NULL, PLAIN and CURVE, with and without a ZAP handler."""

from __future__ import annotations

import pytest

from tests.capi.support import TCP, Watch, fails, recv, send, text
from tests.support import RawClient
from zmqthread import capi as z

ZAP = "inproc://zeromq.zap.01"
FAILURES = (
    z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    | z.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
)


class Zap:
    """Answers authentication requests in a thread; keeps what it was asked.

    Args:
        answer: called with (domain, address, identity, mechanism, *credentials), returns the frames
            of the reply that come after the sequence number; None: no reply.
    """

    def __init__(self, world, answer):
        self.asked = []
        self.answer = answer
        self.socket = z.zmq_socket(world.ctx, z.ZMQ_REP)
        z.zmq_setsockopt(self.socket, z.ZMQ_LINGER, 0)
        z.zmq_bind(self.socket, ZAP)
        self.stop, name = world.bound(z.ZMQ_PAIR)
        self.stopped = world.connected(z.ZMQ_PAIR, name)
        self.thread = z.zmq_threadstart(self.run)

    def run(self, _):
        items = [z.zmq_pollitem_t(s, 0, z.ZMQ_POLLIN) for s in (self.socket, self.stopped)]
        while True:
            z.zmq_poll(items, 2, -1)
            if items[1].revents:
                break
            version, sequence, *request = recv(self.socket)
            self.asked.append(request)
            reply = self.answer(*request)
            if reply is not None:
                send(self.socket, version, sequence, *reply)
        z.zmq_close(self.socket)

    def end(self):
        send(self.stop, b"stop")
        z.zmq_threadclose(self.thread)


OK = (b"200", b"OK", b"anonymous", b"")
DENIED = (b"400", b"Denied", b"", b"")


@pytest.fixture
def zap(c):
    made = []

    def start(answer):
        made.append(Zap(c, answer))
        return made[-1]

    yield start
    for handler in made:
        handler.end()


def works(c, server, client):
    send(client, b"hello")
    assert text(server) == "hello"


def refused(c, name, watch, **options):
    """Connect a client that must not get through, and return the event that tells why."""
    c.connected(z.ZMQ_DEALER, name, reconnect_ivl=-1, **options)
    return watch.until(FAILURES)


# -- NULL ---


def test_security_null__without_a_domain_nobody_is_asked(c, zap):
    handler = zap(lambda *_: DENIED)
    server, name = c.bound(z.ZMQ_DEALER, TCP)
    works(c, server, c.connected(z.ZMQ_DEALER, name))
    assert handler.asked == []


def test_security_null__without_a_domain_and_without_a_handler(c):
    server, name = c.bound(z.ZMQ_DEALER, TCP)
    works(c, server, c.connected(z.ZMQ_DEALER, name))


def test_security_null__with_a_domain_the_handler_is_asked(c, zap):
    handler = zap(lambda domain, *_: OK if domain == b"right" else DENIED)
    server, name = c.bound(z.ZMQ_DEALER, TCP, zap_domain="right")
    works(c, server, c.connected(z.ZMQ_DEALER, name))
    (request,) = handler.asked
    assert (request[0], request[1], request[3:]) == (b"right", b"127.0.0.1", [b"NULL"])


def test_security_null__a_wrong_domain_is_refused(c, zap):
    zap(lambda domain, *_: OK if domain == b"right" else DENIED)
    server, name = c.bound(z.ZMQ_DEALER, TCP, zap_domain="wrong")
    watch = Watch(c, server, FAILURES)
    assert refused(c, name, watch)[:2] == (z.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400)


def test_security_no_zap_handler__without_enforcement(c):
    """Unlike with libzmq nobody gets in: who sets a domain wants the question asked."""
    server, name = c.bound(z.ZMQ_DEALER, TCP, zap_domain="any")
    watch = Watch(c, server, FAILURES)
    assert refused(c, name, watch)[0] == z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL


def test_security_no_zap_handler__with_enforcement(c):
    server, name = c.bound(z.ZMQ_DEALER, TCP, zap_domain="any", zap_enforce_domain=1)
    watch = Watch(c, server, FAILURES)
    assert refused(c, name, watch)[0] == z.ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL


# -- PLAIN ---


def plain_server(c, **options):
    return c.bound(z.ZMQ_DEALER, TCP, plain_server=1, zap_domain="test", **options)


def accept_admin(_domain, _address, _identity, mechanism, *credentials):
    return OK if (mechanism, credentials) == (b"PLAIN", (b"admin", b"password")) else DENIED


def test_security_plain__good_credentials(c, zap):
    zap(accept_admin)
    server, name = plain_server(c)
    assert z.zmq_getsockopt(server, z.ZMQ_MECHANISM) == z.ZMQ_PLAIN
    client = c.connected(z.ZMQ_DEALER, name, plain_username="admin", plain_password="password")
    assert z.zmq_getsockopt(client, z.ZMQ_PLAIN_USERNAME) == "admin"
    works(c, server, client)


@pytest.mark.parametrize("options", [
    {"plain_username": "admin", "plain_password": "bogus"},
    {"plain_username": "wronguser", "plain_password": "wrongpass"},
    {"plain_server": 1},
    {},
])  # fmt: skip
def test_security_plain__bad_credentials_and_wrong_roles(c, zap, options):
    zap(accept_admin)
    server, name = plain_server(c)
    watch = Watch(c, server, FAILURES)
    number, value, _ = refused(c, name, watch, **options)
    if "plain_username" in options:
        assert (number, value) == (z.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400)
    else:
        assert number == z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL


@pytest.mark.parametrize("garbage", [b"", bytes(100), b"\xff" + bytes(8) + b"\x7f\3\0PLAIN"])
def test_security_plain__raw_sockets_are_dropped(c, zap, garbage):
    zap(accept_admin)
    server, name = plain_server(c, handshake_ivl=200)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        peer.send(garbage)
        peer.receive_until_closed()
    works(c, server, c.connected(
        z.ZMQ_DEALER, name, plain_username="admin", plain_password="password",
    ))  # fmt: skip


def test_security_plain__clearing_goes_back_to_null(c):
    socket = c.socket(z.ZMQ_DEALER, plain_username="admin")
    assert z.zmq_getsockopt(socket, z.ZMQ_MECHANISM) == z.ZMQ_PLAIN
    z.zmq_setsockopt(socket, z.ZMQ_PLAIN_USERNAME, None, 0)
    assert z.zmq_getsockopt(socket, z.ZMQ_MECHANISM) == z.ZMQ_NULL
    with fails(z.EINVAL):
        z.zmq_setsockopt(socket, z.ZMQ_PLAIN_USERNAME, "", 0)


# -- ZAP ---


AUTH, PROTOCOL = z.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL


@pytest.mark.parametrize(("reply", "told"), [
    ((b"300", b"Try again", b"", b""), (AUTH, 300)),
    (DENIED, (AUTH, 400)),
    ((b"500", b"Broken", b"", b""), (AUTH, 500)),
    ((b"200", b"OK", b"user"), (PROTOCOL, z.ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY)),
    ((b"200", b"OK", b"", b"", b"x"), (PROTOCOL, z.ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY)),
    ((b"123", b"OK", b"user", b""), (PROTOCOL, z.ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE)),
    ((b"2000", b"OK", b"user", b""), (PROTOCOL, z.ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE)),
    ((b"200", b"OK", b"user", b"\1"), (PROTOCOL, z.ZMQ_PROTOCOL_ERROR_ZAP_INVALID_METADATA)),
])  # fmt: skip
def test_security_zap__what_is_no_yes_is_told(c, zap, reply, told):
    zap(lambda *_: reply)
    server, name = plain_server(c)
    watch = Watch(c, server, FAILURES)
    assert refused(c, name, watch, plain_username="admin")[:2] == told


def test_security_zap__a_silent_handler_lets_nobody_in(c, zap):
    handler = zap(lambda *_: OK)
    handler.answer = lambda *_: (b"200",)
    server, name = plain_server(c, handshake_ivl=200)
    watch = Watch(c, server, FAILURES)
    assert refused(c, name, watch, plain_username="admin")[0] & FAILURES


def test_metadata__of_the_handler_comes_with_every_message(c, zap):
    zap(lambda *_: (b"200", b"OK", b"anonymous", b"\5Hello\0\0\0\5World"))
    server, name = c.bound(z.ZMQ_DEALER, TCP, zap_domain="domain")
    send(c.connected(z.ZMQ_DEALER, name), b"x")
    msg = z.zmq_msg_t()
    z.zmq_msg_init(msg)
    z.zmq_msg_recv(msg, server, 0)
    assert z.zmq_msg_gets(msg, "Hello") == "World"
    assert z.zmq_msg_gets(msg, z.ZMQ_MSG_PROPERTY_USER_ID) == "anonymous"
    assert z.zmq_msg_gets(msg, "Socket-Type") == "DEALER"


# -- CURVE ---


@pytest.fixture
def keys():
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    return z.zmq_curve_keypair(), z.zmq_curve_keypair()


def curve_server(c, keys):
    return c.bound(z.ZMQ_DEALER, TCP, curve_server=1, curve_secretkey=keys[0][1])


def client_options(keys):
    (server, _), (public, secret) = keys
    return {"curve_serverkey": server, "curve_publickey": public, "curve_secretkey": secret}


def test_security_curve__valid_credentials(c, keys):
    server, name = curve_server(c, keys)
    client = c.connected(z.ZMQ_DEALER, name, **client_options(keys))
    works(c, server, client)
    send(server, bytes(100_000))
    assert recv(client) == [bytes(100_000)]
    assert z.zmq_getsockopt(client, z.ZMQ_MECHANISM) == z.ZMQ_CURVE


def test_security_curve__the_handler_is_told_the_key(c, zap, keys):
    handler = zap(lambda *_: OK)
    server, name = curve_server(c, keys)
    works(c, server, c.connected(z.ZMQ_DEALER, name, **client_options(keys)))
    assert handler.asked[0][3:] == [b"CURVE", z.zmq_z85_decode(None, keys[1][0])]


def test_security_curve__the_key_of_another_server(c, keys):
    server, name = curve_server(c, keys)
    watch = Watch(c, server, FAILURES)
    options = client_options(keys) | {"curve_serverkey": z.zmq_curve_keypair()[0]}
    assert refused(c, name, watch, **options)[0] == z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL


@pytest.mark.parametrize("wrong", ["curve_publickey", "curve_secretkey"])
def test_security_curve__keys_that_are_no_pair(c, keys, wrong):
    """Unlike with libzmq this is an error of the call, and not a handshake that never succeeds."""
    options = client_options(keys)
    options[wrong] = z.zmq_curve_keypair()[wrong == "curve_secretkey"]
    client = c.socket(z.ZMQ_DEALER, **options)
    with fails(z.EINVAL):
        z.zmq_connect(client, "tcp://127.0.0.1:1")


def test_security_curve__a_refused_key(c, zap, keys):
    zap(lambda *_: DENIED)
    server, name = curve_server(c, keys)
    watch = Watch(c, server, FAILURES)
    found = refused(c, name, watch, **client_options(keys))
    assert found[:2] == (z.ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400)


@pytest.mark.parametrize("options", [{}, {"plain_username": "admin"}])
def test_security_curve__other_mechanisms(c, keys, options):
    server, name = curve_server(c, keys)
    watch = Watch(c, server, FAILURES)
    found = refused(c, name, watch, **options)
    assert found[0] == z.ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
    assert found[1] == z.ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH


@pytest.mark.parametrize("garbage", [
    b"", bytes(64), b"\4\xc8\5HELLO" + bytes(194), b"\4\x0a\5HELLO1234", b"\0\1x", b"\4\1\5",
])  # fmt: skip
def test_security_curve__malformed_hello(c, keys, garbage):
    server, name = curve_server(c, keys)
    greeting = b"\xff" + bytes(8) + b"\x7f\3\0" + b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31)
    with RawClient(int(name.rpartition(":")[2])) as peer:
        peer.send(greeting + garbage)
        peer.receive(64)
        if len(garbage) > 1:
            peer.receive_until_closed()
    works(c, server, c.connected(z.ZMQ_DEALER, name, **client_options(keys)))
