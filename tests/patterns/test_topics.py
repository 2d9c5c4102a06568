"""Topics of one subscriber, and subscriptions in the old form."""

from __future__ import annotations

import random

import pytest

from zmqthread.message import Cancel, Frame, Subscribe
from zmqthread.patterns.topics import Topics, head_of, subscription_in

SEED = 7


def topics(*names: bytes) -> Topics:
    made = Topics()
    for name in names:
        made.add(name)
    return made


def test_a_frame_matches_a_topic_that_it_begins_with():
    wanted = topics(b"ab", b"xyz")
    assert wanted.match(b"ab")
    assert wanted.match(b"abc")
    assert not wanted.match(b"a")
    assert not wanted.match(b"xy")
    assert not wanted.match(b"")


def test_the_empty_topic_matches_everything():
    wanted = topics(b"")
    assert wanted.match(b"")
    assert wanted.match(b"anything")


def test_no_topics_match_nothing():
    assert not Topics().match(b"")


def test_topics_are_counted():
    wanted = Topics()
    assert [wanted.add(b"a"), wanted.add(b"a"), len(wanted)] == [True, False, 1]
    assert [wanted.remove(b"a"), wanted.match(b"a")] == [False, True]
    assert [wanted.remove(b"a"), wanted.match(b"a")] == [True, False]
    assert len(wanted) == 0


def test_taking_back_what_is_not_there_is_no_change():
    wanted = topics(b"a")
    assert wanted.remove(b"b") is False
    assert wanted.match(b"a")


@pytest.mark.parametrize("most", [4, 200])  # below and above where the way of matching changes
def test_any_set_of_topics_matches_as_a_search_through_all_does(most):
    rng = random.Random(SEED)
    wanted = Topics()
    model: list[bytes] = []
    for _ in range(1500):
        topic = rng.randbytes(rng.randrange(4)).translate(bytes(i % 3 for i in range(256)))
        if rng.random() < 0.6 and len(model) < most:
            wanted.add(topic)
            model.append(topic)
        elif model:
            topic = rng.choice(model)
            wanted.remove(topic)
            model.remove(topic)
        frame = bytes(rng.randrange(3) for _ in range(rng.randrange(6)))
        assert wanted.match(frame) == any(map(frame.startswith, model))
        assert len(wanted) == len(set(model))


def test_many_topics_match_too():
    wanted = topics(*(b"topic %d" % number for number in range(1000)))
    assert wanted.match(b"topic 999 and more")
    assert not wanted.match(b"topic")


def test_the_head_of_a_message_is_its_first_frame():
    assert head_of(b"abc", 2) == b"abc"
    assert head_of((b"abc", b"d"), 2) == b"abc"


def test_of_a_shared_frame_only_the_head_is_copied():
    frame = Frame.shared(bytearray(b"abcdef"))
    assert head_of(frame, 3) == b"abc"
    assert head_of((frame, b"x"), 100) == b"abcdef"


@pytest.mark.parametrize("make", [bytes, Frame, lambda octets: Frame.shared(bytearray(octets))])
def test_rfc37_z46_01_subscribes_and_00_cancels(make):
    assert subscription_in(make(b"\x01ab")) == Subscribe(b"ab")
    assert subscription_in(make(b"\x00ab")) == Cancel(b"ab")
    assert subscription_in(make(b"\x01")) == Subscribe(b"")
    assert subscription_in(make(b"\x02ab")) is None
    assert subscription_in(make(b"")) is None
