"""One side is killed and started again; the other one, of the other library, carries on."""

from __future__ import annotations

import time
from typing import Any

import pytest

import zmqthread
from tests.interop.world import LAST_ENDPOINT, OURS, PATIENCE, THEIRS, World
from tests.support import Peer, free_port, milliseconds, seconds

pytestmark = [pytest.mark.interop, pytest.mark.slow]

#: Does as it is told: the test names a method of the socket and its arguments, in text.
PUPPET = """
context = zmq.Context()
sock = context.socket(getattr(zmq, args["kind"]))
sock.linger = args["patience"]
sock.sndtimeo = sock.rcvtimeo = args["patience"]
for name, value in args["options"].items():
    setattr(sock, name, value.encode() if isinstance(value, str) else value)
getattr(sock, args["use"])(args["endpoint"])
say("ready")
def send(*frames):
    sock.send_multipart([frame.encode() for frame in frames])
def recv():
    return [frame.decode("latin-1") for frame in sock.recv_multipart()]
def silent(milliseconds):
    return not sock.poll(milliseconds)
def subscribe(count):
    for number in range(count):
        sock.subscribe(b"topic %d" % number)
def subscriptions(count):
    return len({sock.recv() for _ in range(count)})
while (order := hear()) is not None:
    say(globals()[order[0]](*order[1:]))
sock.close()
context.term()
"""


class Stage:
    """A survivor in this process, and puppets of the other library that come and go."""

    def __init__(self, world: World, survivor: str, role: str) -> None:
        self.world = world
        self.survivor = survivor
        self.binds = role == "binds"
        self._endpoint = f"tcp://127.0.0.1:{free_port()}"

    def socket(self, kind: str, **options: Any) -> Any:
        """Return the survivor, at its endpoint."""
        self.sock = self.world.socket(self.survivor, kind, reconnect_ivl=10, **options)
        self.watcher = self.world.watch(self.sock)
        if self.binds:
            self.sock.bind("tcp://127.0.0.1:*")
            self._endpoint = self.sock.get(LAST_ENDPOINT).decode()
        else:
            self.sock.connect(self._endpoint)
        return self.sock

    def puppet(self, kind: str, **options: Any) -> Peer:
        """Start the other side."""
        args = {
            "kind": kind,
            "options": options,
            "use": "connect" if self.binds else "bind",
            "endpoint": self._endpoint,
            "patience": milliseconds(PATIENCE),
        }
        peer = Peer("zmq" if self.survivor == OURS else "zmqthread", PUPPET, args)
        try:
            assert peer.hear() == "ready"
            self.watcher.wait("HANDSHAKE_SUCCEEDED")
        except BaseException:
            with peer:
                peer.kill()
            raise
        return peer

    def killed(self, peer: Peer) -> None:
        """Kill the other side, and wait until the survivor knows."""
        peer.kill()
        self.watcher.wait("DISCONNECTED")


def tell(peer: Peer, order: str, *args: Any) -> Any:
    """Have the puppet do something, and return what comes of it."""
    peer.say([order, *args])
    return peer.hear()


def done(peer: Peer) -> None:
    peer.say(None)


@pytest.fixture(params=["binds", "connects"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[OURS, THEIRS])
def stage(request: pytest.FixtureRequest, role: str, world: World) -> Stage:
    """The survivor is of either library, the other side of the other one, in either role."""
    return Stage(world, request.param, role)


def text(frames: list[bytes]) -> list[str]:
    return [frame.decode() for frame in frames]


def test_push_keeps_its_queue_where_it_connects(stage: Stage):
    push = stage.socket("PUSH")
    with stage.puppet("PULL") as peer:
        push.send(b"first")
        assert tell(peer, "recv") == ["first"]
        stage.killed(peer)
    if stage.binds:  # the queue went with the peer
        deadline = time.monotonic() + seconds(10)
        while push.poll(0, zmqthread.POLLOUT):  # until it has noticed
            assert time.monotonic() < deadline
        assert stage.world.errno_of(push.send, b"nobody", zmqthread.DONTWAIT) == zmqthread.EAGAIN
        assert not push.poll(0, zmqthread.POLLOUT)
    else:
        for number in range(100):
            push.send(b"meanwhile %d" % number)
    with stage.puppet("PULL") as peer:
        if not stage.binds:
            assert [tell(peer, "recv") for _ in range(100)] == [
                [f"meanwhile {number}"] for number in range(100)
            ]
        push.send(b"last")
        assert tell(peer, "recv") == ["last"]
        done(peer)


def test_pull_keeps_what_has_come_in(stage: Stage):
    pull = stage.socket("PULL")
    with stage.puppet("PUSH") as peer:
        for number in range(10):
            tell(peer, "send", str(number), "x" * number)
        done(peer)
    stage.watcher.wait("DISCONNECTED")
    for number in range(5):
        assert text(pull.recv_multipart()) == [str(number), "x" * number]
    with stage.puppet("PUSH") as peer:
        tell(peer, "send", "from the second")
        found = [text(pull.recv_multipart()) for _ in range(6)]
        assert found[:1] == [["5", "xxxxx"]] or found[:1] == [["from the second"]]
        assert [m for m in found if len(m) == 2] == [[str(n), "x" * n] for n in range(5, 10)]
        assert [m for m in found if len(m) == 1] == [["from the second"]]
        stage.killed(peer)
    with stage.puppet("PUSH") as peer:
        tell(peer, "send", "from the third")
        assert pull.recv() == b"from the third"
        done(peer)


def test_rfc28_r03_a_request_lost_with_its_connection_is_not_sent_again(stage: Stage):
    req = stage.socket("REQ", req_relaxed=1, req_correlate=1)
    with stage.puppet("REP") as peer:
        req.send(b"lost")
        assert tell(peer, "recv") == ["lost"]
        stage.killed(peer)
    with stage.puppet("REP") as peer:
        assert tell(peer, "silent", 100)
        assert stage.world.errno_of(req.recv, zmqthread.DONTWAIT) == zmqthread.EAGAIN
        req.send(b"again")
        assert tell(peer, "recv") == ["again"]
        tell(peer, "send", "answer")
        assert req.recv() == b"answer"
        done(peer)


def test_sockets_12_a_strict_req_waits_for_ever(stage: Stage):
    req = stage.socket("REQ")
    with stage.puppet("REP") as peer:
        req.send(b"lost")
        assert tell(peer, "recv") == ["lost"]
        stage.killed(peer)
    with stage.puppet("REP") as peer:
        assert tell(peer, "silent", 100)
        assert stage.world.errno_of(req.send, b"x") == zmqthread.EFSM
        assert not req.poll(0)
        done(peer)


def test_rfc28_r08_a_reply_to_a_peer_that_has_gone_is_dropped(stage: Stage):
    rep = stage.socket("REP")
    with stage.puppet("REQ", req_correlate=1) as peer:
        tell(peer, "send", "and gone")
        assert rep.recv() == b"and gone"
        stage.killed(peer)
    # Where libzmq connects, this waits for the next peer: hence the numbers of REQ_CORRELATE.
    rep.send(b"to nobody")
    with stage.puppet("REQ", req_correlate=1) as peer:
        tell(peer, "send", "here")
        assert rep.recv() == b"here"
        rep.send(b"there")
        assert tell(peer, "recv") == ["there"]
        done(peer)


def test_dealer_and_router(stage: Stage):
    dealer = stage.socket("DEALER", routing_id=b"me")
    for number in range(3):
        with stage.puppet("ROUTER") as peer:
            dealer.send(b"%d" % number)
            assert tell(peer, "recv") == ["me", str(number)]
            tell(peer, "send", "me", "answer")
            assert dealer.recv() == b"answer"
            stage.killed(peer)


def test_rfc28_r10_router_forgets_who_has_gone(stage: Stage):
    router = stage.socket("ROUTER", router_mandatory=1)
    for number in range(3):
        with stage.puppet("DEALER", routing_id="you") as peer:
            tell(peer, "send", str(number))
            assert text(router.recv_multipart()) == ["you", str(number)]
            router.send_multipart([b"you", b"answer"])
            assert tell(peer, "recv") == ["answer"]
            stage.killed(peer)
        if stage.survivor == THEIRS:
            # libzmq lets go of the name only when it is called to receive, and a peer that comes
            # with the same name before that is never heard.
            assert not router.poll(milliseconds(0.1))
        error = stage.world.errno_of(router.send_multipart, [b"you", b"meanwhile"])
        if stage.binds:
            assert error == zmqthread.EHOSTUNREACH
        else:  # its queue waits for the peer, and so does what is in it
            assert not error
            with stage.puppet("DEALER", routing_id="you") as peer:
                assert tell(peer, "recv") == ["meanwhile"]
                stage.killed(peer)


def test_sub_sends_its_subscriptions_again(stage: Stage):
    count = 10_000
    sub = stage.socket("SUB", sndhwm=0, rcvhwm=0)
    for number in range(count):
        sub.subscribe(b"topic %d" % number)
    for life in range(2):
        with stage.puppet("XPUB", rcvhwm=0) as peer:
            sub.poll(0)  # libzmq sends them when it is called
            assert tell(peer, "subscriptions", count) == count
            tell(peer, "send", "not a topic")
            tell(peer, "send", f"topic {count - 1}", str(life))
            assert text(sub.recv_multipart()) == [f"topic {count - 1}", str(life)]
            sub.unsubscribe(b"topic 0")
            assert tell(peer, "recv") == ["\0topic 0"]
            sub.subscribe(b"topic 0")
            assert tell(peer, "recv") == ["\1topic 0"]
            stage.killed(peer)


def test_rfc29_s02_xpub_tells_of_the_topics_of_who_has_gone(stage: Stage):
    if not stage.binds:
        pytest.skip("where it connects, the queue and its subscriptions wait for the peer")
    count = 10_000
    xpub = stage.socket("XPUB", sndhwm=0, rcvhwm=0)
    for _ in range(2):
        with stage.puppet("SUB", sndhwm=0) as peer:
            peer.say(["subscribe", count])
            told = {xpub.recv() for _ in range(count)}
            assert told == {b"\1topic %d" % number for number in range(count)}
            assert peer.hear() is None
            xpub.send(b"topic 77")
            assert tell(peer, "recv") == ["topic 77"]
            stage.killed(peer)
        assert {xpub.recv() for _ in range(count)} == {
            b"\0topic %d" % number for number in range(count)
        }
