"""Datagrams between whole sockets on the simulated kernel: nothing is lost but by the network."""

from __future__ import annotations

import errno
import logging
import socket
from typing import Any

import pytest

from tests.sessions.worlds import World, again, run
from tests.sim.datagram import BACKLOG, SimDatagramSocket
from tests.sim.faults import Faults
from zmqthread.api.core import Core
from zmqthread.api.live_options import set_option
from zmqthread.api.peers import join
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketOption, SocketType
from zmqthread.errors import ZMQError
from zmqthread.sessions.datagrams import DatagramSession

UDP = "udp://127.0.0.1:5000"
THERE = b"127.0.0.1:5000"
RADIO, DISH, DGRAM = SocketType.RADIO, SocketType.DISH, SocketType.DGRAM
#: What a correct program survives without losing anything.
ODD = Faults(again=0.2, spurious=0.2, partial=0.3, shuffle=1.0, latency=(1e-4, 5e-3))


def dish(world: World, endpoint: str = UDP, **options: Any) -> Core:
    made = world.socket(world.engine("there"), DISH, **options)
    made.endpoints.bind(endpoint)
    join(made, "g")
    return made


def radio(world: World, endpoint: str = UDP, **options: Any) -> Core:
    made = world.socket(world.engine("here"), RADIO, **options)
    made.endpoints.connect(endpoint)
    return made


def dgram(world: World, node: str, endpoint: str = "udp://127.0.0.1:*", **options: Any) -> Core:
    made = world.socket(world.engine(node), DGRAM, **options)
    made.endpoints.bind(endpoint)
    return made


def say(core: Core, body: bytes) -> None:
    Socket(None, core=core).send(body, group="g")


def session(core: Core) -> DatagramSession:
    far: Any = next(iter(core.pipes)).far
    assert isinstance(far, DatagramSession)
    return far


def system(core: Core) -> SimDatagramSocket:
    """Return the system's socket of the only endpoint."""
    sock: SimDatagramSocket = session(core).socket
    return sock


@pytest.mark.parametrize("endpoint", [UDP, "udp://239.0.0.1:5000"])
@pytest.mark.parametrize("hwm", [1, 2, 3, 1000])
def test_radio_to_dish_nothing_is_lost_or_forgotten(hwm: int, endpoint: str) -> None:
    """Bursts no larger than the system's buffer: each wakes the reader, however full its pipe."""

    def main(world: World) -> None:
        receiver = dish(world, endpoint, rcvhwm=hwm)
        sender = radio(world, endpoint)
        for burst in range(4):
            expected = [b"%d %d" % (burst, number) for number in range(BACKLOG)]
            for body in expected:
                say(sender, body)
            assert sorted(world.recv(receiver) for _ in expected) == expected  # in any order
        world.finish()

    run(main, 8, ODD)


def test_dgram_to_dgram_and_back() -> None:
    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        for number in range(20):
            world.send(one, (THERE, b"%d" % number))
            source, body = world.recv(other)
            assert body == b"%d" % number
            world.send(other, (source, b"back"))
            assert world.recv(one) == (THERE, b"back")
        world.finish()

    run(main, 10, ODD)


def test_several_threads_on_one_dgram() -> None:
    """Whoever receives first gets it, and each datagram is got once."""

    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        got: list[bytes] = []

        def receive() -> None:
            got.extend(world.recv(other)[1] for _ in range(4))

        readers = [world.spawn(other.engine, f"reader {n}", receive) for n in range(2)]

        def send(name: int) -> None:
            for number in range(4):
                world.send(one, (THERE, b"%d %d" % (name, number)))

        for name in range(2):
            world.spawn(one.engine, f"sender {name}", send, name)
        assert world.kernel.wait_until(lambda: all(task.done for task in readers), 10.0), got
        assert sorted(got) == [b"%d %d" % (n // 4, n % 4) for n in range(8)]
        world.finish()

    run(main, 10, Faults(again=0.2, partial=0.3, shuffle=1.0))


def test_q8_a_radio_never_waits_and_drops_past_its_mark() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world, sndhwm=3)
        system(sender).room = 2
        for number in range(9):
            say(sender, b"%d" % number)  # 2 go out, one waits at the system, 3 in the pipe
        system(sender).drain()
        assert [world.recv(receiver) for _ in range(6)] == [b"%d" % n for n in range(6)]
        assert sender.pattern.dropped == 3
        say(sender, b"on it goes")
        assert world.recv(receiver) == b"on it goes"
        world.finish()

    run(main)


def test_a_dgram_waits_for_room() -> None:
    def main(world: World) -> None:
        one, other = dgram(world, "here", sndhwm=2), dgram(world, "there", UDP)
        system(one).room = 1
        done = []

        def send() -> None:
            for number in range(7):
                world.send(one, (THERE, b"%d" % number))
                done.append(number)

        task = world.spawn(one.engine, "sender", send)
        assert world.kernel.wait_until(lambda: len(done) == 4, 1.0)
        world.kernel.sleep(1.0)
        assert done == [0, 1, 2, 3]
        assert not again(lambda: world.send(one, (THERE, b"now"), 1))
        for _ in range(7):
            system(one).drain(1)
            world.kernel.sleep(0.1)
        assert task.done
        assert [world.recv(other)[1] for _ in range(7)] == [b"%d" % n for n in range(7)]
        world.finish()

    run(main)


def test_hostile_d4_no_buffers_left_is_not_the_end() -> None:
    """Some systems call such a socket writable: it is left alone for a while, not asked again."""

    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world)
        system(sender).send_failures.extend([errno.ENOBUFS, errno.ENOMEM])
        say(sender, b"first")
        say(sender, b"second")
        assert len(system(sender).send_failures) == 1
        began = world.kernel.now
        assert [world.recv(receiver) for _ in range(2)] == [b"first", b"second"]
        assert world.kernel.now - began >= 0.2
        system(receiver).receive_failures.extend([errno.ENOMEM, errno.ENOBUFS])
        system(receiver).poke()
        began = world.kernel.now
        say(sender, b"third")
        assert world.recv(receiver) == b"third"
        assert world.kernel.now - began >= 0.2
        world.finish()

    run(main)


def test_that_nobody_wanted_a_datagram_does_not_hold_up_the_others() -> None:
    """Windows has the next call of recvfrom fail after a port was found closed."""

    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        system(other).receive_failures.extend([errno.ECONNRESET, errno.ECONNREFUSED])
        began = world.kernel.now
        world.send(one, (THERE, b"x"))
        assert world.recv(other)[1] == b"x"
        assert world.kernel.now - began < 0.05
        world.finish()

    run(main)


def test_what_a_radio_cannot_send_is_counted_and_logged_once(caplog: Any) -> None:
    def main(world: World) -> None:
        caplog.clear()
        receiver, sender = dish(world), radio(world)
        system(sender).send_failures.extend([errno.ENETUNREACH] * 3)
        for number in range(4):
            say(sender, b"%d" % number)
        assert world.recv(receiver) == b"3"
        (pipe,) = sender.pipes
        assert pipe.dropped == 3
        assert len([r for r in caplog.records if "could not be sent" in r.message]) == 1
        world.finish()

    with caplog.at_level(logging.WARNING, "zmqthread"):
        run(main)


def test_what_a_dgram_cannot_send_raises() -> None:
    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        system(one).send_failures.append(errno.ENETUNREACH)
        with pytest.raises(ZMQError) as caught:
            world.send(one, (THERE, b"x"))
        assert caught.value.errno == errno.ENETUNREACH
        world.send(one, (THERE, b"y"))
        assert world.recv(other)[1] == b"y"
        world.finish()

    run(main)


def test_a_dgram_is_not_blamed_for_what_waited(caplog: Any) -> None:
    """What fails after its call has returned is logged; the next call is about another datagram."""

    def main(world: World) -> None:
        caplog.clear()
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        system(one).room = 0
        world.send(one, (THERE, b"waits"))
        system(one).send_failures.append(errno.ENETUNREACH)
        system(one).drain()
        world.kernel.sleep(0.1)
        world.send(one, (THERE, b"y"))
        assert world.recv(other)[1] == b"y"
        assert len([r for r in caplog.records if "could not be sent" in r.message]) == 1
        world.finish()

    with caplog.at_level(logging.WARNING, "zmqthread"):
        run(main)


@pytest.mark.parametrize("linger", [-1, 1000, 100, 0])
def test_linger(linger: int) -> None:
    arrives = linger in {-1, 1000}

    def main(world: World) -> None:
        receiver, sender = dish(world, rcvtimeo=2000), radio(world)
        sock = system(sender)
        sock.room = 0
        say(sender, b"late")
        sender.close(linger)
        assert bool(sock.closed) == (not linger)
        world.kernel.sleep(0.5)
        assert sock.closed == (not arrives)
        sock.drain()
        if arrives:
            assert world.recv(receiver) == b"late"
        assert world.kernel.wait_until(lambda: sender.released, 1.0)
        world.finish()

    run(main)


def test_unbind_leaves_what_has_come_and_frees_the_port() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world)
        say(sender, b"before")
        assert world.poll([(receiver, 1)], 1.0) == [1]
        receiver.endpoints.unbind(UDP)
        assert world.recv(receiver) == b"before"
        assert not receiver.pipes
        receiver.endpoints.bind(UDP)
        say(sender, b"again")
        assert world.recv(receiver) == b"again"
        world.finish()

    run(main)


def test_disconnect_and_immediate() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world, immediate=1)
        say(sender, b"one")
        assert world.recv(receiver) == b"one"
        sender.endpoints.disconnect(UDP)
        say(sender, b"to nobody")
        sender.endpoints.connect(UDP)
        say(sender, b"two")
        assert world.recv(receiver) == b"two"
        world.finish()

    run(main)


def test_a_dish_that_lets_everything_pile_up_holds_no_more_than_its_mark() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world, rcvhwm=5), radio(world)
        for number in range(100):
            say(sender, b"%d" % number)
            world.kernel.sleep(0.01)
        (pipe,) = receiver.pipes
        assert len(pipe.incoming) == 5
        # Reading goes on at the low-water mark, with what the system has kept.
        assert [world.recv(receiver) for _ in range(4)] == [b"%d" % n for n in range(4)]
        world.kernel.sleep(0.1)
        assert len(pipe.incoming) == 5
        assert [world.recv(receiver) for _ in range(5)] == [b"%d" % n for n in range(4, 9)]
        world.finish()

    run(main)


@pytest.mark.parametrize("where", ["_deliver", "_decode"])
def test_an_interrupt_leaves_nothing_unseen(where: str, monkeypatch: Any) -> None:
    """Ctrl-C in the middle of a turn: what has come in is found all the same."""
    original = getattr(DatagramSession, where)
    interrupts: list[int] = []

    def interrupted(self: Any, *args: Any) -> Any:
        result = None
        if where == "_decode":
            result = original(self, *args)
        if self.host.seams.get_ident() in interrupts:  # handlers run in one thread only
            interrupts.clear()
            if where == "_deliver":
                args[0].incoming.extend(args[1])  # and nobody is told
            raise KeyboardInterrupt
        return result if where == "_decode" else original(self, *args)

    monkeypatch.setattr(DatagramSession, where, interrupted)

    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world)
        interrupts.append(receiver.seams.get_ident())
        say(sender, b"one")
        try:
            first = world.recv(receiver)
        except KeyboardInterrupt:
            if where == "_decode":  # that one is lost, as any datagram may be
                say(sender, b"one")
            first = world.recv(receiver)
        assert first == b"one"
        world.finish()

    run(main, 5)


@pytest.mark.parametrize("endpoint", [UDP, "inproc://name"])
def test_a_reader_that_waits_gets_an_empty_message(endpoint: str) -> None:
    """A message of no octets is a message, whatever Python thinks of its truth."""

    def main(world: World) -> None:
        engine = world.engine("here")
        receiver, sender = world.socket(engine, DISH), world.socket(engine, RADIO)
        receiver.endpoints.bind(endpoint)
        join(receiver, "g")
        sender.endpoints.connect(endpoint)
        got: list[bytes] = []
        reader = world.spawn(engine, "reader", lambda: got.append(world.recv(receiver)))
        assert world.kernel.wait_until(lambda: receiver.driven != 0, 1.0)
        world.kernel.sleep(0.1)
        say(sender, b"")
        assert world.kernel.wait_until(lambda: reader.done, 1.0)
        assert got == [b""]
        world.finish()

    run(main)


@pytest.mark.parametrize("where", ["_watch", "_send"])
def test_an_interrupted_send_holds_nothing_up(where: str, monkeypatch: Any) -> None:
    """Ctrl-C while a message has to wait for room, or is being sent: that one may be lost."""
    original = getattr(DatagramSession, where)
    interrupts: list[int] = []

    def interrupted(self: Any, *args: Any) -> Any:
        if self.host.seams.get_ident() in interrupts and self._sends:
            interrupts.clear()
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(DatagramSession, where, interrupted)

    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        system(one).room = 0 if where == "_watch" else 10
        interrupts.append(one.seams.get_ident())
        with pytest.raises(KeyboardInterrupt):
            world.send(one, (THERE, b"first"))
        system(one).drain()
        world.send(one, (THERE, b"second"))
        received = world.recv(other)[1]
        assert received in {b"first", b"second"}
        if received == b"first":
            assert world.recv(other)[1] == b"second"
        world.finish()

    run(main, 5)


def test_what_makes_no_sense_is_counted_and_dropped() -> None:
    def main(world: World) -> None:
        receiver = dish(world, max_datagram=50, maxmsgsize=40)
        plain = world.node("elsewhere").socket(socket.AF_INET, socket.SOCK_DGRAM)
        for datagram in (b"", b"\xff", b"\x01g" + bytes(41), b"\x05ggggg" + bytes(45)):
            plain.sendto(datagram, ("127.0.0.1", 5000))
        plain.sendto(b"\x01g" + bytes(40), ("127.0.0.1", 5000))
        plain.close()
        assert world.recv(receiver) == bytes(40)
        assert session(receiver).malformed == 4
        world.finish()

    run(main)


@pytest.mark.parametrize("size", [300, 30_000, 65_505])
def test_octets_count_as_well_as_messages(size: int) -> None:
    """A pipe of 64 KiB takes what fits, and one more; the rest waits in the system."""

    def main(world: World) -> None:
        receiver, sender = dish(world, pipe_bytes=1 << 16), radio(world)
        for number in range(BACKLOG):
            say(sender, b"%d" % number + bytes(size - 1))
        world.kernel.sleep(0.1)
        (pipe,) = receiver.pipes
        assert len(pipe.incoming) == {300: BACKLOG, 30_000: 3, 65_505: 2}[size]
        got = [world.recv(receiver) for _ in range(BACKLOG)]
        assert [body[:1] for body in got] == [b"%d" % number for number in range(BACKLOG)]
        assert {len(body) for body in got} == {size}
        world.finish()

    run(main)


def test_high_water_marks_can_be_changed() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world, rcvhwm=1), radio(world, sndhwm=1)
        set_option(receiver, SocketOption.RCVHWM, 4)
        set_option(sender, SocketOption.SNDHWM, 4)
        system(sender).room = 0
        for number in range(9):
            say(sender, b"%d" % number)  # one waits at the system, 4 in the pipe
        assert sender.pattern.dropped == 4
        system(sender).drain()
        world.kernel.sleep(0.1)
        (pipe,) = receiver.pipes
        assert len(pipe.incoming) == 4
        assert [world.recv(receiver) for _ in range(5)] == [b"%d" % n for n in range(5)]
        world.finish()

    run(main)


def test_a_second_bind_of_a_dgram_leaves_nothing_open() -> None:
    def main(world: World) -> None:
        one, other = dgram(world, "here"), dgram(world, "there", UDP)
        with pytest.raises(ZMQError) as caught:
            one.endpoints.bind("udp://127.0.0.1:*")
        assert caught.value.errno == errno.EINVAL
        assert len(world.net.datagrams) == 2
        world.send(one, (THERE, b"x"))
        assert world.recv(other)[1] == b"x"
        assert one.endpoints.pending() == ["udp://127.0.0.1:49152: 0 messages unsent"]
        world.finish()

    run(main)


def test_a_radio_that_must_not_drop_waits_for_room() -> None:
    def main(world: World) -> None:
        receiver, sender = dish(world), radio(world, sndhwm=2, xpub_nodrop=1)
        system(sender).room = 0
        sent: list[int] = []

        def send() -> None:
            for number in range(6):
                say(sender, b"%d" % number)
                sent.append(number)

        task = world.spawn(sender.engine, "sender", send)
        world.kernel.sleep(0.1)
        assert sent == [0, 1, 2]  # one waits at the system, two in the pipe
        system(sender).drain()
        assert [world.recv(receiver) for _ in range(6)] == [b"%d" % n for n in range(6)]
        assert world.kernel.wait_until(lambda: task.done, 1.0)
        world.finish()

    run(main)
