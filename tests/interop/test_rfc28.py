"""Requests and replies (RFC 28), with both libraries: the same results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.side import Side, met, same
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World

pytestmark = pytest.mark.interop


def test_rfc28_r01_req_sends_and_receives_in_turn(transport, world: World):
    def scenario(side: Side) -> Any:
        rep, req = side.pair("REP", "REQ", transport)
        found: list[Any] = [side.failure(req.recv), req.poll(0, 3)]
        req.send(b"1")
        found += [side.failure(req.send, b"2"), side.failure(req.recv, 1), side.flags(req)]
        rep.send_multipart(rep.recv_multipart())
        found += [req.recv(), side.failure(req.recv), side.flags(req)]
        return found

    same(world, scenario)


def test_rfc28_r05_rep_receives_and_sends_in_turn(transport, world: World):
    def scenario(side: Side) -> Any:
        rep, req = side.pair("REP", "REQ", transport)
        found: list[Any] = [side.failure(rep.send, b"x"), side.flags(rep)]
        found.append(side.failure(rep.send_multipart, [b"x", b"y"]))
        req.send_multipart([b"1", b"2"])
        found += [rep.recv(), rep.get(side.zmq.RCVMORE), rep.recv(), rep.get(side.zmq.RCVMORE)]
        found += [side.failure(rep.recv), side.flags(rep)]
        rep.send(b"a", side.zmq.SNDMORE)
        found.append(side.failure(rep.recv))
        rep.send(b"b")
        found += [side.failure(rep.send, b"again"), req.recv_multipart()]
        return found

    same(world, scenario)


def test_rfc28_r05_the_turn_changes_when_all_parts_are_read(world: World):
    def scenario(side: Side) -> Any:
        rep, req = side.pair("REP", "REQ")
        req.send_multipart([b"1", b"2"])
        return rep.recv(), side.failure(rep.send, b"early"), rep.recv()

    same(world, scenario)


def test_rfc28_r02_req_puts_a_delimiter_first(transport, world: World):
    def scenario(side: Side) -> Any:
        router, req = side.socket("ROUTER"), side.socket("REQ", routing_id=b"r")
        side.join(router, req, transport)
        req.send_multipart([b"1", b"2"])
        found = [router.recv_multipart()]
        router.send_multipart([b"r", b"", b"answer", b"more"])
        return [*found, req.recv_multipart()]

    assert same(world, scenario)[0] == [b"r", b"", b"1", b"2"]


def test_rfc28_r03_replies_of_others_are_dropped(transport, world: World):
    def scenario(side: Side) -> Any:
        req, routers = side.socket("REQ", routing_id=b"r"), side.sockets("ROUTER", "ROUTER")
        met(side, req, routers, transport)
        req.send(b"1")
        [asked], _, _ = side.zmq.select(routers, [], [], 10)
        other = routers[1 - routers.index(asked)]
        asked.recv_multipart()
        other.send_multipart([b"r", b"", b"wrong"])
        # libzmq is ready to receive now, and then waits: it looks at replies only to receive them.
        assert not req.poll(50) or side.library == THEIRS
        asked.send_multipart([b"r", b"", b"right"])
        return req.recv_multipart()

    assert same(world, scenario) == [b"right"]


def test_rfc28_r04_a_request_without_peers_waits(world: World):
    def scenario(side: Side) -> Any:
        req, rep = side.socket("REQ", sndtimeo=20), side.socket("REP")
        found: list[Any] = [side.failure(req.send, b"x"), side.failure(req.send, b"x", 1)]
        found += [side.flags(req), side.failure(req.recv)]
        side.join(rep, req)
        req.send(b"now")
        return [*found, rep.recv()]

    same(world, scenario)


def test_rfc28_r06_rep_keeps_the_envelope(transport, world: World):
    def scenario(side: Side) -> Any:
        rep, dealer = side.pair("REP", "DEALER", transport)
        hops = [b"hop %d" % number for number in range(1000)]
        found = []
        for envelope in ([b""], [b"a", b""], [b"a", b"b", b""], [*hops, b""]):
            dealer.send_multipart([*envelope, b"body", b"", b"more"])
            found.append(rep.recv_multipart())
            rep.send_multipart([b"answer", b"", b"end"])
            assert dealer.recv_multipart() == [*envelope, b"answer", b"", b"end"]
        return found

    same(world, scenario)


def test_rfc28_r07_requests_out_of_form_are_skipped(transport, world: World):
    def scenario(side: Side) -> Any:
        rep, dealer = side.pair("REP", "DEALER", transport)
        for message in ([b"no delimiter"], [b"a", b"b"], [b""], [b"a", b""], [b"", b""]):
            dealer.send_multipart(message)
        found = [rep.recv_multipart()]
        rep.send(b"answer to the empty one")
        found.append(dealer.recv_multipart())
        dealer.send_multipart([b"", b"good"])
        found.append(rep.recv_multipart())
        rep.send(b"answer")
        return [*found, dealer.recv_multipart()]

    same(world, scenario)


def test_rfc28_r07_replies_out_of_form_are_dropped(world: World):
    def scenario(side: Side) -> Any:
        router, req = side.socket("ROUTER"), side.socket("REQ", routing_id=b"r")
        side.join(router, req)
        req.send(b"1")
        router.recv_multipart()
        for reply in ([b"r", b"no delimiter"], [b"r", b"x", b"y"], [b"r", b"", b"good"]):
            router.send_multipart(reply)
        return req.recv_multipart(), side.flags(req)

    assert same(world, scenario)[0] == [b"good"]


def test_difference_reply_without_delimiter(world: World):
    # It costs libzmq the connection; here it is dropped like any other reply that is none.
    for library in (THEIRS, OURS):
        side = Side(world, library)
        router, req = side.socket("ROUTER"), side.socket("REQ", routing_id=b"r")
        watch = side.watch(req)
        side.join(router, req, "tcp")
        req.send(b"1")
        router.recv_multipart()
        router.send_multipart([b"r", b"no delimiter", b"x"])
        if library == THEIRS:
            watch.wait("DISCONNECTED")
            assert not req.poll(0)
        else:
            router.send_multipart([b"r", b"", b"good"])
            assert req.recv() == b"good"


def test_rfc28_r08_rep_never_waits_to_send(transport, world: World):
    def scenario(side: Side) -> Any:
        rep, req = side.pair("REP", "REQ", transport)
        req.send(b"1")
        found = [rep.recv()]
        req.close(linger=0)
        rep.send(b"to nobody")
        late = side.socket("REQ")
        late.connect(rep.get(LAST_ENDPOINT).decode())
        late.send(b"2")
        found.append(rep.recv())
        rep.send(b"3")
        return [*found, late.recv()]

    same(world, scenario)


@pytest.mark.parametrize("relaxed", [0, 1])
@pytest.mark.parametrize("correlate", [0, 1])
def test_req_correlate_and_relaxed(correlate, relaxed, transport, world: World):
    def scenario(side: Side) -> Any:
        router = side.socket("ROUTER")
        req = side.socket("REQ", req_correlate=correlate, req_relaxed=relaxed, routing_id=b"r")
        side.join(router, req, transport)
        req.send(b"1")
        asked = router.recv_multipart()
        found: list[Any] = [len(asked), [len(frame) for frame in asked[1:-1]], asked[-1]]
        found.append(side.failure(req.send, b"2", side.zmq.DONTWAIT))
        if correlate:
            wrong = bytes(octet ^ 1 for octet in asked[1])
            router.send_multipart([b"r", wrong, b"", b"wrong"])
        if not relaxed:
            router.send_multipart([*asked[:-1], b"right"])
            found.append(req.recv_multipart())
        return found

    same(world, scenario)


def test_rfc28_r09_dealer_passes_everything(transport, world: World):
    def scenario(side: Side) -> Any:
        one, other = side.pair("DEALER", "DEALER", transport)
        messages = [[b""], [b"", b"x"], [b"a", b"", b"b"]]
        for message in messages:
            one.send_multipart(message)
        return [other.recv_multipart() for _ in messages]

    same(world, scenario)


@pytest.mark.parametrize("mandatory", [0, 1])
def test_rfc28_r10_router_by_name(mandatory, transport, world: World):
    def scenario(side: Side) -> Any:
        zmq = side.zmq
        router = side.socket("ROUTER", router_mandatory=mandatory)
        named, unnamed = side.socket("DEALER", routing_id=b"name"), side.socket("DEALER")
        found: list[Any] = [side.failure(router.send_multipart, [b"name", b"x"])]
        found += [side.failure(router.send, b"name"), side.flags(router)]
        endpoint = side.join(router, named, transport)
        unnamed.connect(endpoint)
        named.send(b"1")
        found.append(router.recv_multipart())
        unnamed.send(b"2")
        name, body = router.recv_multipart()
        found += [len(name), name[0], body]
        found.append(side.failure(router.send_multipart, [b"nobody", b"x"]))
        found.append(side.failure(router.send, b"nobody", zmq.SNDMORE))
        if not mandatory:
            found.append(side.failure(router.send, b"rest"))
        found.append(side.failure(router.send, b"name"))  # no body: dropped
        router.send_multipart([b"name", b"", b"answer"])
        router.send_multipart([name, b"answer"])
        return [*found, named.recv_multipart(), unnamed.recv_multipart(), side.flags(router)]

    same(world, scenario)


@pytest.mark.parametrize("handover", [0, 1])
def test_sockets_14_two_of_a_name(handover, transport, world: World):
    def scenario(side: Side) -> Any:
        router = side.socket("ROUTER", router_handover=handover)
        one, other = side.sockets("DEALER", "DEALER", routing_id=b"same", reconnect_ivl=-1)
        endpoint = side.join(router, one, transport)
        one.send(b"1")
        found = [router.recv_multipart()]
        other.connect(endpoint)
        other.send(b"2")
        found += [router.recv_multipart()] if handover else side.all(router, 0.2)
        router.send_multipart([b"same", b"to"])
        right, wrong = (other, one) if handover else (one, other)
        return [*found, right.recv_multipart(), side.all(right), side.all(wrong)]

    assert same(world, scenario)[-3:] == [[b"to"], [], []]


@pytest.mark.parametrize("kind", ["DEALER", "REQ", "ROUTER"])
def test_sockets_17_probes(kind, transport, world: World):
    def scenario(side: Side) -> Any:
        router = side.socket("ROUTER")
        prober = side.socket(kind, probe_router=1, routing_id=b"p")
        side.join(router, prober, transport)
        return router.recv_multipart(), side.all(router)

    assert same(world, scenario) == ([b"p", b""], [])


def test_sockets_16_connect_routing_id(world: World):
    def scenario(side: Side) -> Any:
        router, dealer = side.socket("ROUTER", router_mandatory=1), side.socket("DEALER")
        endpoint = side.bind(dealer, "tcp")
        router.set(side.zmq.CONNECT_ROUTING_ID, b"chosen")
        router.connect(endpoint)
        router.send_multipart([b"chosen", b"at once"])
        found = [dealer.recv_multipart()]
        dealer.send(b"back")
        return [*found, router.recv_multipart()]

    assert same(world, scenario) == [[b"at once"], [b"chosen", b"back"]]
