"""The rules of queues (RFC 28 to 31), with both libraries: the same results."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.interop.side import Side, met, same
from tests.interop.world import World
from tests.support import free_port

pytestmark = pytest.mark.interop


def created_at_once(side: Side, kind: str) -> Any:
    sock = side.socket(kind, sndhwm=3)
    sock.connect(f"tcp://127.0.0.1:{free_port()}")
    return side.sends(sock, 10)


def gone_with_its_peer(side: Side, kind: str, peer_kind: str) -> Any:
    """A queue of a peer that came in goes with that peer; what is in it is gone as well."""
    sock, peer = side.socket(kind), side.socket(peer_kind)
    watch = side.watch(sock)
    endpoint = side.bind(sock, "tcp")
    peer.connect(endpoint)
    watch.wait("HANDSHAKE_SUCCEEDED")
    ready = sock.poll(1000, side.zmq.POLLOUT)
    peer.close(linger=0)
    watch.wait("DISCONNECTED")
    sock.poll(20)
    while sock.poll(20, side.zmq.POLLOUT) and side.library != "zmqthread":
        pass
    return bool(ready), side.failure(sock.send, b"x", side.zmq.DONTWAIT)


def fair(side: Side, kind: str, peer_kind: str, transport: str) -> Any:
    """Two peers that have much to say are heard in turn."""
    sock, one, other = side.socket(kind), side.socket(peer_kind), side.socket(peer_kind)
    met(side, sock, [one, other], transport)
    for number in range(20):
        one.send(b"1:%d" % number)
        other.send(b"2:%d" % number)
    marks = {b"1": 0, b"2": 0}
    for _ in range(40):
        body = sock.recv_multipart()[-1]
        who, _, number = body.partition(b":")
        assert int(number) == marks[who]
        marks[who] += 1
    return marks


def in_turn(side: Side, kind: str, peer_kind: str, transport: str) -> Any:
    """What is sent goes to the peers in turn."""
    sock, peers = side.socket(kind), side.sockets(*[peer_kind] * 3)
    met(side, sock, peers, transport)
    for number in range(9):
        sock.send(b"%d" % number)
    return sorted([peer.recv_multipart()[-1] for _ in range(3)] for peer in peers)


def full_waits(side: Side, kind: str, peer_kind: str) -> Any:
    sock, peer = side.socket(kind, sndhwm=2, sndtimeo=20), side.socket(peer_kind, rcvhwm=2)
    nobody = side.failure(sock.send, b"x"), side.failure(sock.send, b"x", side.zmq.DONTWAIT)
    side.join(peer, sock)
    sent = side.sends(sock, 10)
    blocked = side.failure(sock.send, b"x"), side.flags(sock)
    return nobody, sent, blocked, len(side.all(peer))


def full_drops(side: Side, kind: str, peer_kind: str) -> Any:
    sock, peer = side.socket(kind, sndhwm=2, sndtimeo=20), side.socket(peer_kind, rcvhwm=2)
    side.join(sock, peer)
    peer.subscribe(b"")
    sock.poll(20)
    sent = side.sends(sock, 100)
    found = side.all(peer)
    sock.send(b"after")
    return sent, found, peer.recv()


def test_rfc28_q02_a_queue_is_there_before_the_peer(world: World):
    assert same(world, created_at_once, "DEALER") == 3
    assert same(world, created_at_once, "REQ") == 1


def test_rfc30_q02_a_queue_is_there_before_the_peer(world: World):
    assert same(world, created_at_once, "PUSH") == 3


def test_rfc31_q02_a_queue_is_there_before_the_peer(world: World):
    assert same(world, created_at_once, "PAIR") == 3


def test_rfc28_q03_a_queue_goes_with_its_peer(world: World):
    assert same(world, gone_with_its_peer, "DEALER", "DEALER") == (True, "EAGAIN")


def test_rfc30_q03_a_queue_goes_with_its_peer(world: World):
    assert same(world, gone_with_its_peer, "PUSH", "PULL") == (True, "EAGAIN")


def test_rfc31_q03_a_queue_goes_with_its_peer(world: World):
    assert same(world, gone_with_its_peer, "PAIR", "PAIR") == (True, "EAGAIN")


@pytest.mark.parametrize("pair", ["ROUTER-DEALER", "DEALER-DEALER"])
def test_rfc28_q05_peers_are_heard_in_turn(pair, transport, world: World):
    same(world, fair, *pair.split("-"), transport)


def test_rfc29_q05_publishers_are_heard_in_turn(transport, world: World):
    def scenario(side: Side) -> Any:
        sub, pubs = side.socket("SUB"), side.sockets("XPUB", "XPUB")
        sub.subscribe(b"")
        met(side, sub, pubs, transport)
        for pub in pubs:
            while not pub.poll(10):
                sub.poll(0)
            assert pub.recv() == b"\1"
        for number in range(20):
            for pub in pubs:
                pub.send(b"%d" % number)
        return sorted(sub.recv() for _ in range(40))

    same(world, scenario)


def test_rfc30_q05_peers_are_heard_in_turn(transport, world: World):
    same(world, fair, "PULL", "PUSH", transport)


@pytest.mark.parametrize("pair", ["DEALER-DEALER", "DEALER-ROUTER"])
def test_rfc28_q06_peers_are_served_in_turn(pair, transport, world: World):
    found = same(world, in_turn, *pair.split("-"), transport)
    assert found == [[b"0", b"3", b"6"], [b"1", b"4", b"7"], [b"2", b"5", b"8"]]


def test_rfc30_q06_peers_are_served_in_turn(transport, world: World):
    found = same(world, in_turn, "PUSH", "PULL", transport)
    assert found == [[b"0", b"3", b"6"], [b"1", b"4", b"7"], [b"2", b"5", b"8"]]


def test_rfc28_q06_requests_go_round(transport, world: World):
    def scenario(side: Side) -> Any:
        req, reps = side.socket("REQ"), side.sockets("REP", "REP")
        met(side, req, reps, transport)
        served = []
        for number in range(6):
            req.send(b"%d" % number)
            [(rep, _)] = [*zip(*side.zmq.select(reps, [], [], 10)[:1], [0], strict=False)]
            served.append(reps.index(rep))
            assert rep.recv() == b"%d" % number
            rep.send(b"answer")
            req.recv()
        return {(first, second) for first, second in itertools.pairwise(served)}

    assert same(world, scenario) == {(0, 1), (1, 0)}


def test_rfc28_q07_without_room_dealer_waits(world: World):
    assert same(world, full_waits, "DEALER", "DEALER")[1] == 4


def test_rfc30_q07_without_room_push_waits(world: World):
    assert same(world, full_waits, "PUSH", "PULL")[1] == 4


def test_rfc31_q07_without_room_pair_waits(world: World):
    assert same(world, full_waits, "PAIR", "PAIR")[1] == 4


@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
def test_rfc29_q08_without_room_publishers_drop(kind, world: World):
    sent, found, _ = same(world, full_drops, kind, "SUB")
    assert (sent, len(found)) == (100, 4)


@pytest.mark.parametrize("mandatory", [0, 1])
def test_rfc28_q08_without_room_router_drops_or_waits(mandatory, world: World):
    def scenario(side: Side) -> Any:
        router = side.socket("ROUTER", sndhwm=1, router_mandatory=mandatory)
        dealer = side.socket("DEALER", rcvhwm=1, routing_id=b"d")
        side.join(router, dealer)
        router.poll(20)
        return side.sends(router, 50, (b"d", b"x")), len(side.all(dealer))

    assert same(world, scenario) == (2 if mandatory else 50, 2)


@pytest.mark.parametrize("pair", ["PUSH-PULL", "PAIR-PAIR", "DEALER-DEALER"])
def test_rfc30_q09_q10_messages_are_not_changed(pair, transport, world: World):
    messages = [[b""], [b"", b""], [b"\0\1"], [b"\1topic", b"", b"\0"], [b"x" * 70000, b"y"]]

    def scenario(side: Side) -> Any:
        sender, receiver = side.pair(pair.split("-")[0], pair.split("-")[1], transport)
        for message in messages:
            sender.send_multipart(message)
        return [receiver.recv_multipart() for _ in messages]

    assert same(world, scenario) == messages


def test_rfc30_l01_one_way_only(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.pair("PUSH", "PULL")
        zmq = side.zmq
        return [
            side.failure(push.recv), side.failure(push.recv, zmq.DONTWAIT), push.poll(10),
            side.failure(pull.send, b"x"), side.failure(pull.send, b"x", zmq.SNDMORE),
            pull.poll(10, zmq.POLLOUT),
        ]  # fmt: skip

    same(world, scenario)


def test_rfc31_e01_a_second_peer_is_refused_without_hurting_the_first(transport, world: World):
    def scenario(side: Side) -> Any:
        binder, one, other = side.sockets("PAIR", "PAIR", "PAIR")
        endpoint = side.join(binder, one, transport)
        one.send(b"1")
        found = [binder.recv()]
        other.connect(endpoint)
        if transport == "tcp":
            other.send(b"2", side.zmq.DONTWAIT)
        found.append(side.all(binder))
        binder.send(b"3")
        found += [one.recv(), side.all(other)]
        one.send(b"4")
        return [*found, binder.recv()]

    same(world, scenario)


@pytest.mark.parametrize("kind", ["PUSH", "PULL", "DEALER", "ROUTER", "PUB", "SUB", "REP", "XPUB"])
def test_rfc37_z42_bind_and_connect_any_number_of_times(kind, world: World):
    peers = {"PUSH": "PULL", "PULL": "PUSH", "DEALER": "DEALER", "ROUTER": "DEALER",
             "PUB": "SUB", "SUB": "PUB", "REP": "REQ", "XPUB": "SUB"}  # fmt: skip

    def scenario(side: Side) -> Any:
        sock = side.socket(kind)
        watch = side.watch(sock)
        for transport in ("tcp", "ipc", "tcp"):
            endpoint = side.bind(sock, transport)
            side.socket(peers[kind]).connect(endpoint)
            watch.wait("HANDSHAKE_SUCCEEDED")
            peer = side.socket(peers[kind])
            sock.connect(side.bind(peer, transport))
            watch.wait("HANDSHAKE_SUCCEEDED")
        return "all of them"

    same(world, scenario)


@pytest.mark.parametrize("kind", ["PUSH", "DEALER", "REQ", "PAIR"])
def test_rfc37_z43_connecting_goes_on_until_somebody_listens(kind, world: World):
    peers = {"PUSH": "PULL", "DEALER": "DEALER", "REQ": "REP", "PAIR": "PAIR"}

    def scenario(side: Side) -> Any:
        sock = side.socket(kind, reconnect_ivl=10)
        watch = side.watch(sock)
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        sock.connect(endpoint)
        sock.send(b"sent before")
        watch.wait("CONNECT_RETRIED")
        watch.wait("CONNECT_RETRIED")
        peer = side.socket(peers[kind])
        peer.bind(endpoint)
        return peer.recv()

    same(world, scenario)


def test_rfc37_z19_a_message_is_all_its_frames_or_none(world: World):
    def scenario(side: Side) -> Any:
        pull, push, other = side.sockets("PULL", "PUSH", "PUSH")
        endpoint = side.join(pull, push, "tcp")
        push.send(b"half", side.zmq.SNDMORE)
        push.send(b"of it", side.zmq.SNDMORE)
        assert not pull.poll(20)
        push.close(linger=1000)
        other.connect(endpoint)
        other.send_multipart([b"whole", b"message"])
        return pull.recv_multipart(), side.all(pull)

    assert same(world, scenario) == ([b"whole", b"message"], [])
