"""The subscription index: which pipes want which topics."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest

from zmqthread.message import Frame
from zmqthread.patterns.index import Index
from zmqthread.patterns.topics import head_of
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe

SEED = 7


def a_pipe() -> Pipe:
    """Return a pipe to nowhere; what counts is that it is one of a kind."""
    nowhere: Any = None
    return Pipe(Lane(1), Lane(1), nowhere)


def matching(index, frame):
    return set(index.match(frame))


def test_one_subscriber_of_a_topic():
    index, pipe = Index(), a_pipe()
    assert index.add(b"ab", pipe)
    assert matching(index, b"abc") == {pipe}
    assert matching(index, b"a") == set()
    assert index.remove(b"ab", pipe)
    assert matching(index, b"abc") == set()


def test_several_subscribers_of_a_topic():
    index, one, two, three = Index(), a_pipe(), a_pipe(), a_pipe()
    assert [index.add(b"a", pipe) for pipe in (one, two, three)] == [True, False, False]
    assert matching(index, b"a") == {one, two, three}
    assert not index.remove(b"a", two)
    assert matching(index, b"a") == {one, three}
    assert not index.remove(b"a", one)
    assert matching(index, b"a") == {three}
    assert index.add(b"a", one) is False
    assert not index.remove(b"a", one)
    assert index.remove(b"a", three)
    assert len(index) == 0


def test_a_pipe_matched_by_several_topics_is_there_once():
    index, one, two = Index(), a_pipe(), a_pipe()
    for topic in (b"", b"a", b"ab"):
        index.add(topic, one)
    index.add(b"a", two)
    assert sorted(map(id, index.match(b"abc"))) == sorted(map(id, (one, two)))
    assert list(index.match(b"x")) == [one]


def test_matching_changes_nothing():
    index, one, two = Index(), a_pipe(), a_pipe()
    index.add(b"", one)
    index.add(b"", two)
    index.add(b"a", one)
    index.match(b"a")
    index.match(b"a")
    assert matching(index, b"x") == {one, two}
    assert matching(index, b"a") == {one, two}


def test_it_counts_topics_not_pipes():
    index = Index()
    for pipe in (a_pipe(), a_pipe()):
        index.add(b"a", pipe)
        index.add(b"ab", pipe)
    assert len(index) == 2


def test_any_subscriptions_match_as_a_search_through_all_does():
    rng = random.Random(SEED)
    index, pipes = Index(), [a_pipe() for _ in range(5)]
    model: set[tuple[bytes, Any]] = set()
    for _ in range(3000):
        topic = bytes(rng.randrange(3) for _ in range(rng.randrange(5)))
        pipe = rng.choice(pipes)
        others = any(name == topic and owner is not pipe for name, owner in model)
        if (topic, pipe) in model:
            assert index.remove(topic, pipe) is not others
            model.discard((topic, pipe))
        else:
            assert index.add(topic, pipe) is not others
            model.add((topic, pipe))
        frame = bytes(rng.randrange(3) for _ in range(rng.randrange(7)))
        found = index.match(frame)
        assert len(set(found)) == len(found)
        assert set(found) == {owner for name, owner in model if frame.startswith(name)}
        assert len(index) == len({name for name, _ in model})


def test_one_look_up_for_each_length_whatever_the_number_of_topics():
    class Counting(dict[bytes, Any]):
        looked = 0

        def get(self, key, default=None):
            Counting.looked += 1
            return super().get(key, default)

    index, pipe = Index(), a_pipe()
    for number in range(2000):
        index.add(b"%04d" % number, pipe)
        index.add(b"long %06d" % number, pipe)
    index.values = Counting(index.values)
    index.match(b"x" * 100)
    assert Counting.looked == 2
    index.match(b"short")
    assert Counting.looked == 3  # those that are too long are passed over
    for number in range(2000):
        index.remove(b"%04d" % number, pipe)
    index.match(b"x" * 100)
    assert Counting.looked == 4


def test_a_topic_longer_than_any_frame_costs_no_recursion():
    index, pipe = Index(), a_pipe()
    topic = b"x" * 1_000_000
    index.add(topic, pipe)
    assert list(index.match(topic + b"y")) == [pipe]
    assert list(index.match(topic[:-1])) == []
    assert index.remove(topic, pipe)


@pytest.mark.slow
def test_hostile_u2_a_topic_of_16_octets_costs_no_more_than_250():
    rng = random.Random(SEED)
    index, pipe = Index(), a_pipe()
    count = 200_000
    tracemalloc.start()
    try:
        own = {}
        for _ in range(count):
            topic = rng.randbytes(16)
            index.add(topic, pipe)
            own[topic] = 1  # what is counted for each pipe
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size / count <= 250


def test_an_index_that_has_become_empty_gives_its_memory_back():
    index, pipe = Index(), a_pipe()
    topics = [b"%d" % number for number in range(5000)]
    for topic in topics:
        index.add(topic, pipe)
    full = index.values.__sizeof__()
    for topic in topics:
        index.remove(topic, pipe)
    assert index.values.__sizeof__() < full / 100
    assert index.lengths == ()


@pytest.mark.parametrize(
    "topics", [(), (b"",), (b"", b"a"), (b"aa", b"bb", b"cc"), (b"a", b"abc", b"b" * 40)]
)
def test_many_messages_are_sorted_as_each_is_matched(topics):
    index, one, two = Index(), a_pipe(), a_pipe()
    for number, topic in enumerate(topics):
        index.add(topic, one)
        if number % 2:
            index.add(topic, two)
    frames = [b"", b"a", b"aax", b"bb", b"bbb", b"abcd", b"b" * 41, b"c", b"ccc", b"ccd"]
    messages = [*frames, (b"abcdef", b"x"), Frame(b"aay"), (Frame(b"bbx"), b"y"), b"", *frames]
    for batch in (messages, frames, frames[-1:]):
        expected: dict[Any, list[Any]] = {one: [], two: []}
        for message in batch:
            for pipe in index.match(head_of(message, 40)):
                expected[pipe].append(message)
        found: dict[Any, list[Any]] = {one: [], two: []}
        for pipes, run in index.sort(batch):
            assert run
            for pipe in pipes:
                found[pipe] += run
        assert found == expected


def test_neighbours_with_the_same_readers_stay_together():
    index, one, two = Index(), a_pipe(), a_pipe()
    for pipe in (one, two):
        index.add(b"a", pipe)
    index.add(b"b", one)
    runs = [
        (list(pipes), run) for pipes, run in index.sort([b"a1", b"c", b"a2", b"b1", b"a3", b"a4"])
    ]
    assert runs == [([one, two], [b"a1", b"a2"]), ([one], [b"b1"]), ([one, two], [b"a3", b"a4"])]
