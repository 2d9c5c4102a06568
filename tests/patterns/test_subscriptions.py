"""Subscriptions of many pipes: counted per pipe, forgotten in slices."""

from __future__ import annotations

from typing import Any

from zmqthread.patterns import subscriptions
from zmqthread.patterns.subscriptions import Notes, Subscriptions
from zmqthread.pipes.lane import Lane
from zmqthread.pipes.pipe import Pipe


def a_pipe():
    """Return a pipe to nowhere, with what the publisher notes on it."""
    nowhere: Any = None
    pipe = Pipe(Lane(1), Lane(1), nowhere)
    pipe.state = Notes()
    return pipe


def made():
    left = []
    return Subscriptions(lambda *event: left.append(event)), left


def test_rfc37_z45_two_subscriptions_need_two_cancels():
    subs, _ = made()
    pipe = a_pipe()
    assert [subs.add(pipe, b"A"), subs.add(pipe, b"A")] == [True, False]
    assert subs.remove(pipe, b"A") is False
    assert list(subs.index.match(b"A")) == [pipe]
    assert subs.remove(pipe, b"A") is True
    assert list(subs.index.match(b"A")) == []


def test_each_pipe_counts_for_itself():
    subs, _ = made()
    one, two = a_pipe(), a_pipe()
    assert [subs.add(one, b"A"), subs.add(two, b"A"), subs.add(two, b"A")] == [True, False, False]
    assert subs.remove(one, b"A") is False
    assert subs.remove(two, b"A") is False
    assert subs.remove(two, b"A") is True


def test_cancelling_what_a_pipe_has_not_changes_nothing():
    subs, _ = made()
    one, two = a_pipe(), a_pipe()
    subs.add(one, b"A")
    assert subs.remove(two, b"A") is None
    assert subs.remove(one, b"B") is None
    assert list(subs.index.match(b"A")) == [one]


def test_a_pipe_that_leaves_takes_its_topics_along_in_their_order():
    subs, left = made()
    one, two = a_pipe(), a_pipe()
    for topic in (b"c", b"a", b"b", b"a"):
        subs.add(one, topic)
    subs.add(two, b"a")
    subs.leave(one)
    assert left == [(one, b"c", 1, True), (one, b"a", 2, False), (one, b"b", 1, True)]
    assert list(subs.index.match(b"a")) == [two]
    assert len(subs.index) == 1
    assert not subs.forget_some()


def test_hostile_u3_many_topics_are_forgotten_in_slices(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 10)
    subs, left = made()
    pipe = a_pipe()
    for number in range(35):
        subs.add(pipe, b"%d" % number)
    subs.leave(pipe)
    assert len(left) == 10
    assert [subs.forget_some(), len(left)] == [True, 20]
    assert [subs.forget_some(), len(left)] == [True, 30]
    assert [subs.forget_some(), len(left)] == [False, 35]
    assert len(subs.index) == 0
    assert {event[1] for event in left} == {b"%d" % number for number in range(35)}


def test_a_slice_may_hold_several_pipes(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 10)
    subs, left = made()
    pipes = [a_pipe() for _ in range(3)]
    for pipe in pipes:
        for number in range(15):
            subs.add(pipe, b"%d" % number)
    for pipe in pipes:
        subs.leave(pipe)
    assert len(left) == 30
    assert subs.forget_some()
    assert not subs.forget_some()
    assert len(left) == 45
    assert sum(event[3] for event in left) == 15


def test_a_pipe_that_comes_back_finds_nothing_of_before(monkeypatch):
    monkeypatch.setattr(subscriptions, "SLICE", 10)
    subs, left = made()
    pipe = a_pipe()
    for number in range(35):
        subs.add(pipe, b"%d" % number)
    subs.leave(pipe)
    subs.join(pipe)
    assert len(left) == 35
    assert subs.add(pipe, b"1")
    assert not subs.forget_some()
    assert list(subs.index.match(b"1")) == [pipe]
