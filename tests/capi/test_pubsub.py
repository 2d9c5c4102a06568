"""PUB, SUB, XPUB and XSUB, and CONFLATE."""

from __future__ import annotations

import pytest

from tests.capi.support import (
    PATIENCE,
    TCP,
    events,
    fails,
    last_endpoint,
    recv,
    send,
    silent,
    text,
    wait_for,
)
from zmqthread import capi as z


def topics(socket):
    return z.zmq_getsockopt(socket, z.ZMQ_TOPICS_COUNT)


def subscribed(c, endpoint="", topic=b"", pub=z.ZMQ_XPUB, **options):
    """Give a publisher that knows of its subscriber."""
    xpub, name = c.bound(pub, endpoint, **options)
    sub = c.connected(z.ZMQ_SUB, name, subscribe=topic)
    if pub == z.ZMQ_XPUB:
        assert recv(xpub) == [b"\1" + topic]
    else:
        await_topics(xpub, 1)
    return xpub, sub


def await_topics(socket, count):
    for _ in range(PATIENCE):
        if topics(socket) == count:
            return
        z.zmq_poll([], 0, 1)
    raise AssertionError(f"{topics(socket)} topics, and not {count}")


def test_pubsub_delivers_what_was_subscribed_to(c, endpoint):
    pub, sub = subscribed(c, endpoint, b"topic", z.ZMQ_PUB)
    send(pub, b"other")
    send(pub, b"topic1", b"body")
    assert recv(sub) == [b"topic1", b"body"]
    with fails(z.ENOTSUP):
        recv(pub)
    with fails(z.ENOTSUP):
        send(sub, b"x")


def test_pub_invert_matching__delivers_what_does_not_match(c):
    pub, name = c.bound(z.ZMQ_PUB, "", invert_matching=1)
    plain = [c.connected(z.ZMQ_SUB, name, invert_matching=1) for _ in range(2)]
    z.zmq_setsockopt(plain[0], z.ZMQ_SUBSCRIBE, b"prefix1", 7)
    z.zmq_setsockopt(plain[1], z.ZMQ_SUBSCRIBE, b"p2", 2)
    await_topics(pub, 2)
    send(pub, b"prefix1")
    assert text(plain[1]) == "prefix1"
    send(pub, b"p2")
    assert text(plain[0]) == "p2"
    assert not events(plain[0]) & z.ZMQ_POLLIN
    assert not events(plain[1]) & z.ZMQ_POLLIN


def test_pubsub_topics_count__independent_prefixes(c):
    pub, name = c.bound(z.ZMQ_XPUB)
    sub = c.connected(z.ZMQ_SUB, name)
    assert topics(pub) == topics(sub) == 0
    for count, topic in enumerate((b"A", b"B", b"C"), 1):
        z.zmq_setsockopt(sub, z.ZMQ_SUBSCRIBE, topic, 1)
        recv(pub)
        assert topics(pub) == topics(sub) == count
    for count, topic in ((2, b"A"), (1, b"B"), (0, b"C")):
        z.zmq_setsockopt(sub, z.ZMQ_UNSUBSCRIBE, topic, 1)
        recv(pub)
        assert topics(pub) == topics(sub) == count


def test_pubsub_topics_count__nested_prefixes(c):
    pub, name = c.bound(z.ZMQ_XPUB)
    sub = c.connected(z.ZMQ_SUB, name)
    for count, topic in enumerate((b"A", b"AB", b"ABC"), 1):
        z.zmq_setsockopt(sub, z.ZMQ_SUBSCRIBE, topic, len(topic))
        recv(pub)
        assert topics(pub) == topics(sub) == count
    z.zmq_setsockopt(sub, z.ZMQ_UNSUBSCRIBE, b"A", 1)
    recv(pub)
    assert topics(pub) == topics(sub) == 2
    send(pub, b"A")
    send(pub, b"ABCD")
    assert text(sub) == "ABCD"


def test_sub_forward__through_a_device(c):
    xpub, up = c.bound(z.ZMQ_XPUB, TCP)
    xsub, down = c.bound(z.ZMQ_XSUB, TCP)
    pub, sub = c.connected(z.ZMQ_PUB, down), c.connected(z.ZMQ_SUB, up, subscribe=b"")
    send(xsub, *recv(xpub))
    await_topics(pub, 1)
    send(pub, b"")
    send(xpub, *recv(xsub))
    assert recv(sub) == [b""]


# -- XPUB's options ---


@pytest.fixture(params=["xpub_manual", "xpub_manual_last_value"])
def manual(request, c):
    """Give a publisher whose program subscribes, one subscriber, and the name."""
    pub, name = c.bound(z.ZMQ_XPUB, "", **{request.param: 1})
    return pub, c.connected(z.ZMQ_XSUB, name), name


def test_xpub_manual__the_program_chooses(manual):
    pub, sub, _ = manual
    send(sub, b"\1A")
    assert recv(pub) == [b"\1A"]
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"XA", 2)
    send(pub, b"A")
    send(pub, b"XA")
    assert text(sub) == "XA"
    assert silent(sub)


def test_xpub_manual__unsubscribe(manual):
    pub, sub, _ = manual
    for topic in (b"A", b"B"):
        send(sub, b"\1" + topic)
        assert recv(pub) == [b"\1" + topic]
        z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"X" + topic, 2)
    send(sub, b"\0A")
    assert recv(pub) == [b"\0A"]
    z.zmq_setsockopt(pub, z.ZMQ_UNSUBSCRIBE, b"XA", 2)
    send(pub, b"XA")
    send(pub, b"XB")
    assert text(sub) == "XB"
    assert silent(sub)


def test_xpub_manual__one_subscriber_goes(c, manual):
    pub, one, name = manual
    other = c.connected(z.ZMQ_XSUB, name)
    for sub, topic in ((one, b"A"), (other, b"B")):
        send(sub, b"\1" + topic)
        assert recv(pub) == [b"\1" + topic]
        z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"X" + topic, 2)
    c.close(one)
    wait_for(pub)
    assert recv(pub) in ([b"\0A"], [b"\0XA"])
    send(pub, b"XA")
    send(pub, b"XB")
    assert text(other) == "XB"


def test_xpub_manual__two_subscribers_behind_a_proxy(c, manual):
    """Each has its own topics, and what one gives up stays with the other."""
    pub, one, name = manual
    other = c.connected(z.ZMQ_XSUB, name)
    for sub in (one, other):
        send(sub, b"\1A")
        while recv(pub) != [b"\1A"]:
            pass
        z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"A", 1)
    c.close(one)
    send(other, b"\1B")
    while recv(pub) != [b"\1B"]:
        pass
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"B", 1)
    for body in (b"A1", b"B1", b"C1"):
        send(pub, body)
    assert [text(other), text(other)] == ["A1", "B1"]
    assert silent(other)


def test_xpub_manual__user_messages_come_through(manual):
    pub, sub, _ = manual
    for frames in ([b"\2A"], [b""], [b"user", b"message"]):
        send(sub, *frames)
        assert recv(pub) == frames


def test_xpub_manual__not_without_the_option(c):
    with fails(z.EINVAL):
        z.zmq_setsockopt(c.socket(z.ZMQ_XPUB), z.ZMQ_SUBSCRIBE, b"A", 1)


def test_xpub_manual__a_subscription_of_a_subscriber_that_has_gone(c, manual):
    pub, sub, name = manual
    send(sub, b"\1A")
    wait_for(pub)
    c.close(sub)
    assert recv(pub) == [b"\1A"]
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"B", 1)
    other = c.connected(z.ZMQ_SUB, name, subscribe=b"C")
    while recv(pub) != [b"\1C"]:
        pass
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"C", 1)
    send(pub, b"B")
    send(pub, b"C")
    assert text(other) == "C"


def test_xpub_manual__what_was_missed_is_still_there_to_read(c, manual):
    """Subscriptions that nobody has read yet outlive those of other peers."""
    pub, one, name = manual
    other = c.connected(z.ZMQ_XSUB, name)
    for sub, topic in ((one, b"A"), (other, b"B")):
        send(sub, b"\1" + topic)
    found = {}
    for _ in range(2):
        (frame,) = recv(pub)
        z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, frame[1:], 1)
        found[frame] = True
        send(pub, frame[1:])
    assert found.keys() == {b"\1A", b"\1B"}
    assert [text(one), text(other)] == ["A", "B"]


def test_xpub_manual_last_value__goes_to_the_last_subscriber(c):
    pub, name = c.bound(z.ZMQ_XPUB, "", xpub_manual_last_value=1)
    one = c.connected(z.ZMQ_SUB, name, subscribe=b"A")
    assert recv(pub) == [b"\1A"]
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"A", 1)
    send(pub, b"A1")
    assert text(one) == "A1"
    other = c.connected(z.ZMQ_SUB, name, subscribe=b"A")
    assert recv(pub) == [b"\1A"]
    z.zmq_setsockopt(pub, z.ZMQ_SUBSCRIBE, b"A", 1)
    send(pub, b"A2")
    assert text(other) == "A2"
    assert silent(one)


def test_xpub_nodrop__a_full_subscriber_is_waited_for(c):
    pub, sub = subscribed(c, "", b"", sndhwm=10, xpub_nodrop=1)
    sent = 0
    with fails(z.EAGAIN):
        for _ in range(100_000):
            z.zmq_send(pub, b"%d" % sent, flags=z.ZMQ_DONTWAIT)
            sent += 1
    assert [text(sub) for _ in range(sent)] == [str(n) for n in range(sent)]


@pytest.mark.parametrize("length", [10, 254, 255, 256, 300, 65535])
def test_xpub_topic__of_any_length(c, length):
    xpub, name = c.bound(z.ZMQ_XPUB, TCP)
    topic = b"t" * length
    sub = c.connected(z.ZMQ_SUB, name, subscribe=topic)
    assert recv(xpub) == [b"\1" + topic]
    send(xpub, topic + b"body")
    assert recv(sub) == [topic + b"body"]


def verbosely(c, **options):
    pub, name = c.bound(z.ZMQ_XPUB, "", **options)
    return pub, [c.connected(z.ZMQ_SUB, name) for _ in range(2)]


def subscribe(sub, topic=b"topic"):
    z.zmq_setsockopt(sub, z.ZMQ_SUBSCRIBE, topic, len(topic))


def unsubscribe(sub, topic=b"topic"):
    z.zmq_setsockopt(sub, z.ZMQ_UNSUBSCRIBE, topic, len(topic))


def test_xpub_verbose__not_set(c):
    pub, (one, other) = verbosely(c)
    subscribe(one)
    assert recv(pub) == [b"\1topic"]
    subscribe(other)
    unsubscribe(one)
    subscribe(other, b"else")
    assert recv(pub) == [b"\1else"]
    unsubscribe(other)
    assert recv(pub) == [b"\0topic"]


def test_xpub_verbose__every_subscription(c):
    pub, (one, other) = verbosely(c, xpub_verbose=1)
    for sub in (one, other):
        subscribe(sub)
        assert recv(pub) == [b"\1topic"]
    unsubscribe(one)
    subscribe(one, b"else")
    assert recv(pub) == [b"\1else"]
    unsubscribe(other)
    assert recv(pub) == [b"\0topic"]


def test_xpub_verbose__every_unsubscription_too(c):
    pub, (one, other) = verbosely(c, xpub_verboser=1)
    for sub in (one, other):
        subscribe(sub)
        assert recv(pub) == [b"\1topic"]
    for sub in (one, other):
        unsubscribe(sub)
        assert recv(pub) == [b"\0topic"]


def test_xpub_verbose__a_subscriber_repeats_itself_for_itself_only(c):
    pub, (one, _) = verbosely(c, xpub_verbose=1)
    subscribe(one)
    subscribe(one)
    assert recv(pub) == [b"\1topic"]
    unsubscribe(one)
    subscribe(one, b"else")
    assert recv(pub) == [b"\1else"]


def test_xpub_welcome_msg__to_every_subscriber(c, endpoint):
    pub, name = c.bound(z.ZMQ_XPUB, endpoint, xpub_welcome_msg=b"W")
    sub = c.connected(z.ZMQ_SUB, name, subscribe=b"W")
    assert recv(pub) == [b"\1W"]
    assert text(sub) == "W"


def test_xsub_verbose__every_unsubscription_goes_upstream(c):
    pub, name = c.bound(z.ZMQ_XPUB, "", xpub_verboser=1)
    sub = c.connected(z.ZMQ_XSUB, name, xsub_verbose_unsubscribe=1)
    for command in (b"\1A", b"\1A", b"\0A", b"\0A"):
        send(sub, command)
        assert recv(pub) == [command]


# -- queues ---


def test_hwm_pubsub__beyond_the_mark_is_dropped(c):
    pub, sub = subscribed(c, "", b"", z.ZMQ_PUB, sndhwm=5)
    z.zmq_setsockopt(sub, z.ZMQ_RCVHWM, 5)
    for number in range(2000):
        send(pub, b"%d" % number)
    taken = 0
    while events(sub) & z.ZMQ_POLLIN:
        assert text(sub) == str(taken)
        taken += 1
    assert 5 <= taken < 2000
    send(pub, b"again")
    assert text(sub) == "again"


def test_hwm_pubsub__a_publisher_that_drops_nothing_waits(c):
    pub, sub = subscribed(c, "", b"", sndhwm=5, xpub_nodrop=1, sndtimeo=20)
    z.zmq_setsockopt(sub, z.ZMQ_RCVHWM, 5)
    sent = 0
    with fails(z.EAGAIN):
        for _ in range(100_000):
            z.zmq_send(pub, b"%d" % sent)
            sent += 1
    assert sent >= 10
    assert [text(sub) for _ in range(sent)] == [str(n) for n in range(sent)]
    send(pub, b"again")
    assert text(sub) == "again"


def test_hwm_pubsub__none_is_lost_below_the_mark(c):
    pub, sub = subscribed(c, TCP, b"", z.ZMQ_PUB)
    for number in range(1000):
        send(pub, b"%d" % number)
    assert [text(sub) for _ in range(1000)] == [str(n) for n in range(1000)]


def test_hwm_pubsub__goes_on_after_it_was_full(c):
    pub, sub = subscribed(c, TCP, b"", z.ZMQ_PUB, sndhwm=11)
    for _ in range(3):
        for number in range(10):
            send(pub, b"%d" % number)
        assert [text(sub) for _ in range(10)] == list("0123456789")


def test_conflate__the_last_message_only(c):
    push, name = c.bound(z.ZMQ_PUSH, TCP)
    pull = c.connected(z.ZMQ_PULL, name, conflate=1)
    for number in range(20):
        send(push, b"%d" % number)
    while (found := text(pull)) != "19":
        assert 0 <= int(found) < 19
    assert silent(pull)


def test_disconnect_inproc__cuts_the_publications(c):
    pub, name = c.bound(z.ZMQ_XPUB)
    sub = c.connected(z.ZMQ_SUB, name, subscribe=b"foo")
    assert recv(pub) == [b"\1foo"]
    send(pub, b"foo", b"this is foo!")
    assert recv(sub) == [b"foo", b"this is foo!"]
    z.zmq_disconnect(sub, name)
    assert recv(pub) == [b"\0foo"]
    send(pub, b"foo", b"this is foo!")
    assert silent(sub)
    z.zmq_connect(sub, name)
    assert recv(pub) == [b"\1foo"]
    assert last_endpoint(sub) == name
