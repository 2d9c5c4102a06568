"""What an XPUB has to tell: order, and an end to growth."""

from __future__ import annotations

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.patterns.notices import CHANGE, MANY, MESSAGE, REPEAT, Notices


def a_pipe(hwm=1000):
    return FakeSocket(SocketType.XPUB).accept(hwm=hwm).pipe


def messages(notices):
    return [message for _, message, _ in iter(notices.get, None)]


def test_notices_come_in_order():
    notices, pipe = Notices(), a_pipe()
    notices.put(pipe, b"\1a", CHANGE)
    notices.put(pipe, b"x", MESSAGE)
    notices.put(pipe, b"\1a", REPEAT)
    assert len(notices) == 3
    assert messages(notices) == [b"\1a", b"x", b"\1a"]
    assert notices.get() is None


def test_hostile_u8_changes_that_undo_each_other_do_not_pile_up():
    notices, pipe = Notices(), a_pipe()
    notices.put(pipe, b"\1stays", CHANGE)
    notices.put(pipe, b"user", MESSAGE)
    for number in range(5 * MANY):
        notices.put(pipe, b"\1A" if number % 2 == 0 else b"\0A", CHANGE)
        assert len(notices) <= MANY
    notices.put(pipe, b"\1A", CHANGE)
    left = messages(notices)
    assert left[:2] == [b"\1stays", b"user"]
    about_a = left[2:]
    assert len(about_a) % 2 == 1  # the application ends up with what is so
    assert about_a == [b"\1A", b"\0A"] * (len(about_a) // 2) + [b"\1A"]


def test_few_changes_are_told_even_if_they_undo_each_other():
    notices, pipe = Notices(), a_pipe()
    for _ in range(100):
        notices.put(pipe, b"\1A", CHANGE)
        notices.put(pipe, b"\0A", CHANGE)
    assert len(notices) == 200


def test_many_topics_are_all_told():
    notices, pipe = Notices(), a_pipe()
    for number in range(5 * MANY):
        notices.put(pipe, b"\1%d" % number, CHANGE)
    assert len(notices) == 5 * MANY
    assert messages(notices)[-1] == b"\1%d" % (5 * MANY - 1)


def test_topics_the_application_knows_already_are_settled_the_other_way():
    notices, pipe = Notices(), a_pipe()
    for number in range(2 * MANY + 1):
        notices.put(pipe, b"\0A" if number % 2 == 0 else b"\1A", CHANGE)
    left = messages(notices)
    assert left[0] == left[-1] == b"\0A"
    assert len(left) <= MANY


def test_a_pipe_with_too_much_unread_is_held_back_until_half_is_read():
    notices, pipe = Notices(), a_pipe(hwm=4)
    for number in range(4):
        assert notices.takes_from(pipe)
        notices.put(pipe, b"%d" % number, MESSAGE)
    assert not notices.takes_from(pipe)
    notices.get()
    assert not notices.resumes(pipe)
    notices.get()
    assert notices.resumes(pipe)
    assert not notices.resumes(pipe)
    assert notices.takes_from(pipe)


def test_changes_do_not_hold_a_pipe_back():
    notices, pipe = Notices(), a_pipe(hwm=1)
    for number in range(100):
        notices.put(pipe, b"\1%d" % number, CHANGE)
    assert notices.takes_from(pipe)


def test_a_pipe_that_has_gone_does_not_resume():
    notices, pipe = Notices(), a_pipe(hwm=1)
    notices.put(pipe, b"x", MESSAGE)
    assert not notices.takes_from(pipe)
    notices.forget(pipe)
    notices.get()
    assert not notices.resumes(pipe)
