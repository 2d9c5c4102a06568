"""ROUTER: how peers get their names, and two of one name (RFC 28, hostile peers H17)."""

from __future__ import annotations

import errno

import pytest

from tests.patterns.support import FakeSocket
from zmqthread.constants import SocketType
from zmqthread.errors import ZMQError
from zmqthread.message import Frame


def router(**options):
    return FakeSocket(SocketType.ROUTER, **options)


def fails(number, function, *args):
    with pytest.raises(ZMQError) as caught:
        function(*args)
    assert caught.value.errno == number


# -- names ---------------------------------------------------------------------------------------


def test_r10_puts_the_name_of_the_sender_before_each_message():
    socket = router()
    a, b = socket.accept(b"A"), socket.accept(b"B")
    a.send(b"1", (b"", b"2"))
    b.send(b"")
    assert socket.received() == [(b"A", b"1"), (b"B", b""), (b"A", b"", b"2")]


def test_r10_takes_the_name_off_and_sends_the_rest_there():
    socket = router()
    a, b = socket.accept(b"A"), socket.accept(b"B")
    assert socket.pattern.send((b"A", b"1"))
    assert socket.pattern.send((b"B", b"", b"2"))
    assert (a.got(), b.got()) == ([b"1"], [(b"", b"2")])


def test_a_name_may_come_in_a_zero_copy_frame():
    socket = router()
    peer = socket.accept(b"A")
    frame = Frame(b"A", copy=False)
    assert socket.pattern.send((frame, b"1"))
    assert socket.pattern.send((frame, b"2"), socket.pattern.begin(frame))
    assert peer.got() == [b"1", b"2"]


def test_names_that_are_made_are_a_zero_and_a_counter_from_somewhere():
    socket = router()
    names = []
    for _ in range(3):
        socket.accept().send(b"x")
        names.append(socket.pattern.recv()[0])
    numbers = [int.from_bytes(name[1:], "big") for name in names]
    assert all(len(name) == 5 and name[0] == 0 for name in names)
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert numbers[0] != 0


def test_names_that_are_made_wrap_around_and_pass_over_those_in_use():
    socket = router()
    socket.pattern._next_id = 0xFFFFFFFF
    socket.connect(b"\0\0\0\0\0")
    for expected in (b"\0\xff\xff\xff\xff", b"\0\0\0\0\1"):
        socket.accept().send(b"x")
        assert socket.pattern.recv()[0] == expected


def test_a_peer_that_is_connected_to_has_no_name_before_it_is_there():
    socket = router(router_mandatory=1)
    peer = socket.connect()
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"A", b"x"))
    peer.send(b"early")
    assert socket.pattern.recv() is None
    peer.plug(b"A")
    assert socket.pattern.recv() == (b"A", b"early")
    assert socket.pattern.send((b"A", b"x"))
    assert peer.got() == [b"x"]


def test_a_peer_keeps_its_name_over_a_reconnection():
    socket = router()
    named, unnamed = socket.connect(), socket.connect()
    named.plug(b"A")
    unnamed.plug()
    unnamed.send(b"x")
    before = socket.pattern.recv()
    for peer, identity in ((named, b"A"), (unnamed, b"")):
        peer.unplug()
        socket.pattern.send((identity or before[0], b"kept"))
        peer.plug(identity)
    assert (named.got(), unnamed.got()) == ([b"kept"], [b"kept"])
    unnamed.send(b"x")
    assert socket.pattern.recv() == before


@pytest.mark.parametrize(("old", "new"), [(b"A", b"B"), (b"", b"B"), (b"A", b"")])
def test_another_peer_after_a_reconnection_has_another_name(old, new):
    socket = router()
    peer = socket.connect()
    peer.plug(old)
    peer.send(b"1", b"2")
    first = socket.pattern.recv()
    peer.unplug()
    assert socket.pattern.send((first[0], b"for the old one"))
    peer.plug(new)
    peer.send(b"3")
    second, third = socket.received()
    assert second == (first[0], b"2"), "sent under the old name"
    assert third[0] != first[0]
    assert third[0] == new or not new
    assert peer.got() == [], "what was for the old peer is not for the new one"
    assert peer.pipe.dropped == socket.pattern.dropped == 1
    assert socket.pattern.send((third[0], b"x"))
    assert peer.got() == [b"x"]
    fails(errno.EHOSTUNREACH, socket.pattern.peer_state, first[0])


def test_connect_routing_id_names_the_peer_at_once_and_for_good():
    socket = router(router_mandatory=1)
    peer = socket.connect(b"mine")
    assert socket.pattern.send((b"mine", b"x"))
    peer.plug(b"its own")
    peer.send(b"y")
    assert socket.pattern.recv() == (b"mine", b"y")
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"its own", b"x"))


def test_connect_routing_id_in_use_is_an_error_to_the_caller():
    socket = router()
    socket.accept(b"A")
    fails(errno.EINVAL, socket.pattern.check_name, b"A")
    socket.pattern.check_name(b"B")


def test_a_pipe_that_comes_with_a_name_in_use_is_ignored():
    socket = router(router_handover=1)
    holder = socket.accept(b"A")
    other = socket.connect(b"A")
    other.plug(b"x")
    other.send(b"lost")
    assert socket.pattern.recv() is None
    socket.pattern.send((b"A", b"x"))
    assert (holder.got(), other.got()) == ([b"x"], [])


# -- two peers of one name -----------------------------------------------------------------------


def test_h17_a_second_peer_of_one_name_is_ignored_and_piles_up_nothing():
    socket = router()
    first = socket.accept(b"A")
    second = socket.accept(b"A")
    second.held_back = [b"0"]
    for _ in range(5):
        second.send(b"lost", (b"lost", b"too"))
        assert len(second.pipe.incoming) == 0
    assert second.pipe.dropped == socket.pattern.dropped == 11
    assert socket.pattern.recv() is None
    assert not second.cut
    first.send(b"x")
    assert socket.pattern.recv() == (b"A", b"x")
    socket.pattern.send((b"A", b"y"))
    assert (first.got(), second.got()) == ([b"y"], [])


def test_h17_a_refused_peer_does_not_take_over_when_the_first_leaves():
    socket = router(router_mandatory=1)
    first, second = socket.accept(b"A"), socket.accept(b"A")
    first.leave()
    second.send(b"x")
    assert socket.pattern.recv() is None
    fails(errno.EHOSTUNREACH, socket.pattern.send, (b"A", b"x"))
    third = socket.accept(b"A")
    assert socket.pattern.send((b"A", b"x"))
    assert third.got() == [b"x"]
    second.send(b"still lost")
    second.leave()
    assert socket.pattern.recv() is None


def test_a_name_is_free_as_soon_as_its_peer_has_gone_though_not_all_is_read():
    socket = router()
    first = socket.accept(b"A")
    first.send(b"old")
    first.leave()
    second = socket.accept(b"A")
    second.send(b"new")
    assert socket.received() == [(b"A", b"old"), (b"A", b"new")]
    socket.pattern.send((b"A", b"x"))
    assert second.got() == [b"x"]


def test_handover_cuts_the_old_peer_and_gives_the_name_to_the_new_one():
    socket = router(router_handover=1)
    old = socket.accept(b"A")
    old.send(b"unread")
    new = socket.accept(b"A")
    assert old.cut
    old.send(b"late")
    new.send(b"x")
    assert socket.received() == [(b"A", b"x")]
    assert old.pipe.dropped == 2
    old.leave()
    assert socket.pattern.send((b"A", b"y"))
    assert (old.got(), new.got()) == ([], [b"y"])


def test_handover_survives_a_pipe_that_takes_the_place_of_the_one_cut():
    # What a connecter does when its pipe is dropped.
    socket = router(router_handover=1)
    old = socket.connect(b"A")
    replacements = []

    def drop(pipe):
        old.detach()
        replacements.append(socket.connect(b"A"))

    socket.drop_pipe = drop
    new = socket.accept(b"A")
    assert len(replacements) == 1
    socket.pattern.send((b"A", b"x"))
    assert (new.got(), replacements[0].got()) == ([b"x"], [])
