"""Publishers and subscribers (RFC 29), with both libraries: the same results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.side import Side, met, same
from tests.interop.world import OURS, THEIRS, World

pytestmark = pytest.mark.interop


def published(side: Side, pub: str, sub: str, transport: str, *topics: bytes) -> tuple[Any, Any]:
    """Return a publisher and a subscriber that is known to have subscribed."""
    publisher, subscriber = side.socket(pub), side.socket(sub)
    side.join(publisher, subscriber, transport)
    for topic in topics:
        subscribe(side, subscriber, topic)
        if pub == "XPUB":
            assert publisher.recv() == b"\1" + topic
    if pub == "PUB":
        for _ in range(2000):
            publisher.send(topics[-1])
            if subscriber.poll(10):
                break
        publisher.send(topics[-1] + b"go")
        while subscriber.recv() != topics[-1] + b"go":
            pass
    return publisher, subscriber


def subscribe(side: Side, sock: Any, topic: bytes, yes: bool = True) -> None:
    if sock.get(side.zmq.TYPE) == side.zmq.SUB:
        sock.set(side.zmq.SUBSCRIBE if yes else side.zmq.UNSUBSCRIBE, topic)
    else:
        sock.send((b"\1" if yes else b"\0") + topic)


@pytest.mark.parametrize("sub", ["SUB", "XSUB"])
@pytest.mark.parametrize("pub", ["PUB", "XPUB"])
def test_rfc29_s01_topics_are_beginnings_of_the_first_frame(pub, sub, transport, world: World):
    def scenario(side: Side) -> Any:
        publisher, subscriber = published(side, pub, sub, transport, b"a", b"ab", b"\0\xff", b"z")
        for first in (b"", b"a", b"abc", b"b", b"\0", b"\0\xff\0", b"A", b"end", b"z"):
            publisher.send_multipart([first, b"a body", b"z"])
        return side.until(subscriber, [b"z", b"a body", b"z"])

    found = same(world, scenario)
    assert [first for first, *_ in found] == [b"a", b"abc", b"\0\xff\0"]


def test_rfc29_s01_pub_sends_only(world: World):
    def scenario(side: Side) -> Any:
        pub, xsub = published(side, "PUB", "XSUB", "tcp", b"x")
        xsub.send(b"not a subscription")
        found = [side.failure(pub.recv, side.zmq.DONTWAIT), side.failure(pub.recv), pub.poll(20)]
        pub.send(b"x")
        return [*found, xsub.recv()]

    same(world, scenario)


@pytest.mark.parametrize(
    "options", [{}, {"xpub_verbose": 1}, {"xpub_verboser": 1},
                {"xpub_verboser": 1, "xpub_verbose": 1}, {"xpub_verboser": 1, "xpub_verbose": 0}]
)  # fmt: skip
def test_rfc29_s02_what_xpub_tells(options, world: World):
    def scenario(side: Side) -> Any:
        xpub, one, other = side.socket("XPUB", **options), *side.sockets("SUB", "SUB")
        endpoint = side.join(xpub, one)
        other.connect(endpoint)
        found = []
        for sock, topic, yes in (
            (one, b"a", True), (other, b"a", True), (one, b"", True), (one, b"a", False),
            (other, b"a", False), (other, b"a", False), (other, b"b", True),
        ):  # fmt: skip
            subscribe(side, sock, topic, yes)
            found.append(side.all(xpub, 0.02))
        # It takes libzmq a while to close; all that is left of each is one topic.
        other.close()
        found.append([*side.until(xpub, [b"\0b"]), *side.all(xpub, 0.02)])
        one.close()
        return [*found, *side.until(xpub, [b"\0"]), *side.all(xpub, 0.02)]

    same(world, scenario)


def test_rfc29_s02_xpub_hears_other_messages(transport, world: World):
    def scenario(side: Side) -> Any:
        xpub, xsub = published(side, "XPUB", "XSUB", transport, b"")
        for message in ([b"\2x"], [b""], [b"up", b"stream"], [b"x"]):
            xsub.send_multipart(message)
        return side.until(xpub, [b"x"])

    same(world, scenario)


def test_rfc29_s03_sub_receives_only(world: World):
    def scenario(side: Side) -> Any:
        pub, sub = side.pair("XPUB", "SUB")
        zmq = side.zmq
        found = [side.failure(sub.send, b"x"), side.failure(sub.send, b"x", zmq.SNDMORE)]
        found += [side.failure(sub.send_multipart, [b"\1x", b"y"]), side.flags(sub)]
        found.append(side.failure(sub.set, zmq.UNSUBSCRIBE, b"unknown"))
        return [*found, side.all(pub)]

    same(world, scenario)


def test_rfc29_s04_xsub_passes_subscriptions_to_all(transport, world: World):
    def scenario(side: Side) -> Any:
        xsub, pubs = side.socket("XSUB"), side.sockets("XPUB", "XPUB", xpub_verboser=1)
        for pub in pubs:
            met(side, pub, [xsub], transport)
        xsub.poll(20, side.zmq.POLLIN)  # its own end of the handshake
        found: list[Any] = []
        for message in (b"\1a", b"\0b", b"\0a", b"\0a", b"\2end"):
            xsub.send(message)
        found += [side.until(pub, [b"\2end"]) for pub in pubs]
        xsub.send(b"\1c")
        found += [[pub.recv()] for pub in pubs]
        xsub.close()
        return [*found, *[[pub.recv()] for pub in pubs]]

    same(world, scenario)


def test_difference_equal_subscriptions_of_one_sub(world: World):
    def scenario(side: Side) -> Any:
        xpub, sub = side.socket("XPUB", xpub_verbose=1), side.socket("SUB")
        side.join(xpub, sub)
        for _ in range(3):
            sub.subscribe(b"a")
        sub.subscribe(b"end")
        return side.until(xpub, [b"\1end"])

    # Told once: who counts (Z45) would otherwise have to be told of each unsubscription as well.
    assert scenario(Side(world, OURS)) == [[b"\1a"]]
    assert scenario(Side(world, THEIRS)) == [[b"\1a"]] * 3


def test_difference_libzmq_that_subscribed_twice(world: World):
    """libzmq's SUB sends each SUBSCRIBE but only the last CANCEL; who counts them waits for more.

    Nothing is lost by it: the SUB filters what still comes, and its end is its unsubscription.
    """
    xpub, sub = world.socket(OURS, "XPUB"), world.socket(THEIRS, "SUB")
    world.join(xpub, sub)
    for _ in range(2):
        sub.subscribe(b"a")
    for _ in range(2):
        sub.unsubscribe(b"a")
    sub.subscribe(b"end")
    found = [xpub.recv()]
    while found[-1] != b"\1end":
        found.append(xpub.recv())
    assert found == [b"\1a", b"\1end"]
    sub.close()
    assert sorted(xpub.recv() for _ in range(2)) == [b"\0a", b"\0end"]


def test_xpub_manual(transport, world: World):
    def scenario(side: Side) -> Any:
        zmq = side.zmq
        xpub, sub = side.socket("XPUB", xpub_manual=1), side.socket("SUB")
        side.join(xpub, sub, transport)
        sub.subscribe(b"")
        found = [xpub.recv()]
        xpub.set(zmq.SUBSCRIBE, b"other")
        for text in (b"asked", b"other 1"):
            xpub.send(text)
        found.append(sub.recv())
        sub.unsubscribe(b"")
        found.append(xpub.recv())
        xpub.set(zmq.UNSUBSCRIBE, b"other")
        sub.subscribe(b"x")
        found.append(xpub.recv())
        xpub.set(zmq.SUBSCRIBE, b"x")
        xpub.send(b"other 2")
        xpub.send(b"x")
        found.append(sub.recv())
        sub.close()
        return [*found, xpub.recv(), *side.all(xpub)]

    same(world, scenario)


def test_xpub_welcome(transport, world: World):
    def scenario(side: Side) -> Any:
        xpub = side.socket("XPUB", xpub_welcome_msg=b"W hello")
        sub, deaf = side.sockets("SUB", "SUB")
        sub.subscribe(b"W")
        deaf.subscribe(b"x")
        endpoint = side.join(xpub, sub, transport)
        xpub.poll(1000)
        deaf.connect(endpoint)
        xpub.poll(100)
        return sub.recv(), side.all(sub), side.all(deaf)

    assert same(world, scenario) == (b"W hello", [], [])


@pytest.mark.parametrize("kind", ["PUB", "XPUB"])
def test_xpub_nodrop(kind, world: World):
    def scenario(side: Side) -> Any:
        pub = side.socket(kind, xpub_nodrop=1, sndhwm=2, sndtimeo=20)
        sub = side.socket("SUB", rcvhwm=2)
        side.join(pub, sub)
        sub.subscribe(b"")
        pub.poll(20, side.zmq.POLLOUT)
        found: list[Any] = [side.sends(pub, 50), side.failure(pub.send, b"x"), side.flags(pub)]
        return [*found, len(side.all(sub))]

    same(world, scenario)


@pytest.mark.parametrize("transport", ["tcp"])
def test_invert_matching(transport, world: World):
    def scenario(side: Side) -> Any:
        pub, sub = side.socket("XPUB", invert_matching=1), side.socket("SUB", invert_matching=1)
        side.join(pub, sub, transport)
        sub.subscribe(b"a")
        found = [pub.recv()]
        for text in (b"a1", b"b", b"", b"a", b"end"):
            pub.send(text)
        return [*found, *side.until(sub, [b"end"])]

    same(world, scenario)


def test_topics_count(world: World):
    def scenario(side: Side) -> Any:
        count = 116  # the name is a draft in libzmq, the option is there
        xpub, sub = side.socket("XPUB"), side.socket("SUB")
        side.join(xpub, sub)
        found = [sub.get(count), xpub.get(count)]
        for topic, yes in ((b"a", True), (b"a", True), (b"ab", True), (b"a", False), (b"a", False)):
            subscribe(side, sub, topic, yes)
            side.all(xpub, 0.02)
            found += [sub.get(count), xpub.get(count)]
        return found

    same(world, scenario)
