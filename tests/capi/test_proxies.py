"""zmq_proxy, zmq_proxy_steerable and zmq_device."""

from __future__ import annotations

import struct

import pytest

from tests.capi.support import PATIENCE, fails, recv, send, text, wait_for
from zmqthread import capi as z


class Running:
    """A proxy in a thread, and the errno that it ended with (0: it returned)."""

    def __init__(self, call, *sockets):
        self.ended: list[int] = []
        self.thread = z.zmq_threadstart(self._run, (call, sockets))

    def _run(self, argument):
        call, sockets = argument
        try:
            self.ended.append(call(*sockets))
        except z.ZMQError as error:
            self.ended.append(error.errno or -1)

    def wait(self):
        z.zmq_threadclose(self.thread)
        (number,) = self.ended
        return number


@pytest.fixture
def ends(c):
    """Give a ROUTER and a DEALER, and their endpoints."""
    frontend, front = c.bound(z.ZMQ_ROUTER)
    backend, back = c.bound(z.ZMQ_DEALER)
    return frontend, backend, front, back


def shut(c):
    z.zmq_ctx_shutdown(c.ctx)


def test_proxy__many_clients_and_workers(c, ends):
    frontend, backend, front, back = ends
    clients = [c.connected(z.ZMQ_DEALER, front, routing_id=b"client%d" % n) for n in range(5)]
    workers = [c.connected(z.ZMQ_DEALER, back) for _ in range(3)]
    running = Running(z.zmq_proxy, frontend, backend, None)
    for number in range(10):
        for client in clients:
            send(client, b"request #%03d" % number)
    for _ in range(50):
        items = [z.zmq_pollitem_t(worker, 0, z.ZMQ_POLLIN) for worker in workers]
        assert z.zmq_poll(items, 3, PATIENCE) > 0
        worker = next(w for w, found in zip(workers, items, strict=True) if found.revents)
        name, body = recv(worker)
        send(worker, name, b"reply to " + body)
    for client in clients:
        replies = sorted(text(client) for _ in range(10))
        assert replies == [f"reply to request #{n:03}" for n in range(10)]
    shut(c)
    assert running.wait() == z.ETERM


def test_proxy__capture(c, ends):
    frontend, backend, front, back = ends
    capture, name = c.bound(z.ZMQ_PUSH)
    seen = c.connected(z.ZMQ_PULL, name)
    client, server = c.connected(z.ZMQ_REQ, front), c.connected(z.ZMQ_REP, back)
    running = Running(z.zmq_proxy, frontend, backend, capture)
    send(client, b"there")
    assert text(server) == "there"
    send(server, b"back")
    assert text(client) == "back"
    assert [recv(seen)[-1], recv(seen)[-1]] == [b"there", b"back"]
    shut(c)
    assert running.wait() == z.ETERM


@pytest.mark.parametrize("type_", [z.ZMQ_QUEUE, z.ZMQ_FORWARDER, z.ZMQ_STREAMER, 99])
def test_device_is_a_proxy_of_any_type(c, ends, type_):
    frontend, backend, front, back = ends
    client, server = c.connected(z.ZMQ_REQ, front), c.connected(z.ZMQ_REP, back)
    running = Running(z.zmq_device, type_, frontend, backend)
    send(client, b"there")
    assert text(server) == "there"
    shut(c)
    assert running.wait() == z.ETERM


def test_proxy_of_something_else(c):
    router = c.socket(z.ZMQ_ROUTER)
    for call in (z.zmq_proxy, z.zmq_proxy_steerable):
        with fails(z.EFAULT):
            call(None, router, None)
        with fails(z.ENOTSOCK):
            call(router, "no socket", None)
        with fails(z.ENOTSOCK):
            call(router, router, "no socket")


def test_proxy_hwm__nothing_is_lost(c):
    """The publisher waits, as XPUB_NODROP says; a full subscriber loses nothing."""
    xsub, front = c.bound(z.ZMQ_XSUB, "", rcvhwm=5)
    xpub, back = c.bound(z.ZMQ_XPUB, "", sndhwm=5, xpub_nodrop=1)
    running = Running(z.zmq_proxy, xsub, xpub, None)
    sub = c.connected(z.ZMQ_SUB, back, rcvhwm=5, subscribe=b"")
    pub = c.connected(z.ZMQ_XPUB, front, sndhwm=5, xpub_nodrop=1)
    assert recv(pub) == [b"\1"]

    def publish(_):
        for number in range(200):
            send(pub, b"%d" % number)

    publisher = z.zmq_threadstart(publish)
    assert [text(sub) for _ in range(200)] == [str(n) for n in range(200)]
    z.zmq_threadclose(publisher)
    shut(c)
    assert running.wait() == z.ETERM


def test_proxy_single_socket__is_an_echo(c):
    rep, name = c.bound(z.ZMQ_REP)
    req = c.connected(z.ZMQ_REQ, name)
    control, steer = c.bound(z.ZMQ_REP)
    running = Running(z.zmq_proxy_steerable, rep, rep, None, control)
    for body in (b"msg1", b"msg22"):
        send(req, body)
        assert text(req) == body.decode()
    steering = c.connected(z.ZMQ_REQ, steer)
    send(steering, b"TERMINATE")
    assert text(steering) == ""
    assert running.wait() == 0


# -- steering ---


@pytest.fixture
def steered(c, ends):
    """Give a client, a server, the steering socket and the proxy."""
    frontend, backend, front, back = ends
    control, name = c.bound(z.ZMQ_REP)
    steering = c.connected(z.ZMQ_REQ, name)
    running = Running(z.zmq_proxy_steerable, frontend, backend, None, control)
    return c.connected(z.ZMQ_REQ, front), c.connected(z.ZMQ_REP, back), steering, running


def steer(steering, command):
    send(steering, command)
    return recv(steering)


def numbers(steering):
    return [struct.unpack("=Q", frame)[0] for frame in steer(steering, b"STATISTICS")]


def test_proxy_steerable__statistics(steered):
    client, server, steering, running = steered
    assert numbers(steering) == [0] * 8
    for size in (10, 20):
        send(client, bytes(size))
        send(server, recv(server)[0] * 2)
        recv(client)
    found = numbers(steering)
    # Messages there and back; the octets count the frames of the envelope as well.
    assert found[0::2] == [2, 2, 2, 2]
    assert found[5] - found[1] == found[3] - found[7] == 30
    assert steer(steering, b"TERMINATE") == [b""]
    assert running.wait() == 0


def test_proxy_steerable__pause_and_resume(steered):
    client, server, steering, running = steered
    send(client, b"one")
    assert text(server) == "one"
    assert steer(steering, b"PAUSE") == [b""]
    send(server, b"reply")
    assert z.zmq_poll([z.zmq_pollitem_t(client, 0, z.ZMQ_POLLIN)], 1, 50) == 0
    assert steer(steering, b"RESUME") == [b""]
    assert text(client) == "reply"
    assert steer(steering, b"TERMINATE") == [b""]
    assert running.wait() == 0


def test_proxy_steerable__unknown_commands_are_ignored(steered):
    client, server, steering, running = steered
    assert steer(steering, b"DANCE") == [b""]
    send(client, b"one")
    assert text(server) == "one"
    steer(steering, b"TERMINATE")
    assert running.wait() == 0


def test_proxy_terminate__although_nobody_takes_anything(c):
    """The backend has no peer at all, and the frontend messages without an end."""
    pull, front = c.bound(z.ZMQ_PULL)
    push, _ = c.bound(z.ZMQ_PUSH)
    sender = c.connected(z.ZMQ_PUSH, front)
    control, name = c.bound(z.ZMQ_PULL)
    running = Running(z.zmq_proxy_steerable, pull, push, None, control)
    for _ in range(10):
        send(sender, b"x")
    steering = c.connected(z.ZMQ_PUSH, name)
    send(steering, b"TERMINATE")
    assert running.wait() == 0


def test_proxy_ends_when_a_socket_is_closed(c, ends):
    frontend, backend, *_ = ends
    running = Running(z.zmq_proxy, frontend, backend, None)
    # Closed before the proxy has begun or while it waits: the outcome is the same.
    c.close(backend)
    assert running.wait() == z.ENOTSOCK


def test_proxy_passes_multiparts_whole(c, ends):
    frontend, backend, front, back = ends
    client, server = c.connected(z.ZMQ_DEALER, front), c.connected(z.ZMQ_DEALER, back)
    running = Running(z.zmq_proxy, frontend, backend, None)
    send(client, *[b"frame"] * 50)
    wait_for(server)
    name, *frames = recv(server)
    assert frames == [b"frame"] * 50
    send(server, name, b"a", b"b")
    assert recv(client) == [b"a", b"b"]
    shut(c)
    assert running.wait() == z.ETERM
