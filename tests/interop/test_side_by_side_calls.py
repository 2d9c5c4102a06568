"""The same calls with both libraries, and the same results: endpoints, states, descriptors."""

from __future__ import annotations

import os
import socket
import tempfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.side import Side, same
from tests.interop.world import OURS, THEIRS, World
from tests.support import free_port, seconds
from zmqthread.constants import DONTWAIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_unbind_and_disconnect_are_the_same(transport, world: World):
    def scenario(side: Side) -> Any:
        found = []
        for first, second in (("unbind", "disconnect"), ("disconnect", "unbind")):
            one, other = side.sockets("DEALER", "DEALER")
            endpoint = side.join(one, other, transport)
            found += [side.failure(getattr(one, first), endpoint) for _ in range(2)]
            found += [side.failure(getattr(other, second), endpoint) for _ in range(2)]
        return found

    assert same(world, scenario) == ["", "ENOENT"] * 4


def test_difference_unbind_leaves_the_connection_to_the_same_endpoint(world: World):
    def scenario(side: Side) -> Any:
        both = side.socket("ROUTER")
        endpoint = side.bind(both, "tcp")
        both.connect(endpoint)
        return side.failure(both.unbind, endpoint), side.failure(both.disconnect, endpoint)

    assert scenario(Side(world, THEIRS)) == ("", "ENOENT")
    assert scenario(Side(world, OURS)) == ("", "")


def test_events_while_a_message_is_half_read(world: World):
    def scenario(side: Side) -> Any:
        req, rep = side.sockets("REQ", "REP")
        side.join(rep, req)
        found: list[Any] = []
        for sender, receiver in ((req, rep), (rep, req)):
            sender.send_multipart([b"1", b"2", b"3"])
            for _ in range(3):
                receiver.recv()
                found.append(side.flags(receiver))
                if found[-1] == "i":
                    found.append(side.failure(receiver.send, b"too soon"))
        return found

    assert same(world, scenario) == ["i", "EFSM", "i", "EFSM", "o"] * 2


@pytest.mark.parametrize("kind", ["PUB", "DEALER"])
def test_events_are_plain_numbers(kind, world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket(kind)
        found = sock.get(side.zmq.EVENTS), sock.events, sock.poll(0, side.zmq.POLLOUT)
        return [(type(value), str(value)) for value in found]

    same(world, scenario)


@pytest.fixture
def descriptors() -> Iterator[dict[str, int]]:
    """Give plain descriptors in all states of health."""
    with tempfile.TemporaryFile() as regular, socket.socket() as unconnected:
        near, far = socket.socketpair()
        made = {name: os.pipe() for name in ("idle", "ended", "full", "unread")}
        os.write(made["full"][1], b"x")
        os.close(made["ended"].__getitem__(1))
        os.close(made["unread"][0])
        far.close()
        yield {
            "idle": made["idle"][0],
            "ended": made["ended"][0],
            "readable": made["full"][0],
            "writable": made["idle"][1],
            "unread": made["unread"][1],
            "regular": regular.fileno(),
            "unconnected": unconnected.fileno(),
            "hung up": near.fileno(),
            "closed": 9999,
            "negative": -1,
        }
        near.close()
        for number in (*made["idle"], *made["full"], made["ended"][0], made["unread"][1]):
            os.close(number)


@pytest.mark.parametrize("events", range(16))
def test_what_poll_says_of_plain_descriptors(events, world: World, descriptors):
    def scenario(side: Side) -> Any:
        return {
            name: [flags for _, flags in side.zmq.zmq_poll([(number, events)], 1)]
            for name, number in descriptors.items()
        }

    same(world, scenario)


@pytest.mark.parametrize("kind", ["DEALER", "SUB"])
def test_closed_sockets_have_no_options(kind, world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket(kind)
        sock.close()
        return [
            side.failure(sock.get, getattr(side.zmq, name))
            for name in ("RCVMORE", "TYPE", "LAST_ENDPOINT", "EVENTS", "FD")
        ]

    same(world, scenario)


def errors(*calls: Callable[[], Any]) -> list[str]:
    """Return the class of what each call raises."""
    found = []
    for call in calls:
        try:
            call()
        except Exception as error:
            found.append(type(error).__name__)
        else:
            found.append("")
    return found


def test_arguments_of_the_wrong_type(world: World):
    def scenario(side: Side) -> Any:
        zmq, sock = side.zmq, side.socket("DEALER")
        context = world.context(side.library)
        return errors(
            lambda: sock.get("LINGER"),
            lambda: sock.set(None, 1),
            lambda: context.get("IO_THREADS"),
            lambda: context.set(None, 1),
            lambda: sock.monitor(5),
            lambda: sock.monitor(b"inproc://octets"),
            lambda: sock.close("x"),
            lambda: zmq.proxy(None, sock),
            lambda: zmq.proxy(sock, 5),
            lambda: zmq.Socket(5, zmq.PUSH),
            lambda: sock.bind(5),
        )

    same(world, scenario)


def test_a_bad_linger_leaves_the_socket_open(world: World):
    sock = world.socket(OURS, "DEALER")
    assert world.errno_of(sock.close, -5) == world.modules[OURS].EINVAL
    with pytest.raises(TypeError, match="LINGER"):
        sock.close("x")
    assert not sock.closed
    sock.close(0)  # else the context would wait for it for ever


@pytest.mark.parametrize(
    "text", ["tcp://127.0.0.1", "foo://x", "tcp://1.2.3.4:1", "ipc:///no/dir/x"]
)
def test_errors_name_the_endpoint_as_pyzmqs_do(text, world: World):
    for library in (OURS, THEIRS):
        side = Side(world, library)
        with pytest.raises(side.zmq.ZMQError, match=rf"\(addr='{text}'\)"):
            side.socket("PUSH").bind(text)


def test_hostile_n1_unbind_and_disconnect_read_endpoints_as_strictly(world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket("DEALER")
        texts = ["tcp://127.0.0.1:99999", "tcp://127.0.0.1:5x", "tcp://[::1:5", "inproc://a\0b"]
        return [
            side.failure(call, text) for call in (sock.unbind, sock.disconnect) for text in texts
        ]

    assert set(scenario(Side(world, OURS))) == {"EINVAL"}
    assert set(scenario(Side(world, THEIRS))) <= {"ENOENT"}
    assert (
        Side(world, OURS).failure(
            world.socket(OURS, "PUSH").disconnect, f"tcp://127.0.0.1:{free_port()}"
        )
        == "ENOENT"
    )


def both(world: World, scenario: Callable[[Side], Any]) -> tuple[Any, Any]:
    """Run a scenario with each library; return our result and theirs."""
    return scenario(Side(world, OURS)), scenario(Side(world, THEIRS))


def test_difference_long_names_can_be_read(world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket("PUSH")
        sock.bind("inproc://" + "x" * 300)
        return side.failure(sock.get, side.zmq.LAST_ENDPOINT)

    assert both(world, scenario) == ("", "EINVAL")


def test_difference_stream_of_three_frames(world: World):
    def scenario(side: Side) -> Any:
        return side.failure(side.socket("STREAM").send_multipart, [b"1", b"2", b"3"])

    assert both(world, scenario) == ("EINVAL", "EHOSTUNREACH")


def test_difference_closed_sockets_and_contexts(world: World):
    def scenario(side: Side) -> Any:
        zmq = side.zmq
        context = zmq.Context()
        sock = context.socket(zmq.PUSH)
        sock.close()
        context.term()
        return [
            side.failure(sock.poll, 0),
            side.failure(context.socket, zmq.PUSH),
            side.failure(zmq.zmq_poll, [(sock, zmq.POLLIN)], 0),
        ]

    assert both(world, scenario) == (["ENOTSOCK", "EFAULT", "ENOTSOCK"], ["ENOTSUP", "ENOTSUP", ""])


def test_difference_numbers_out_of_range(world: World):
    def scenario(side: Side) -> Any:
        zmq, sock = side.zmq, side.socket("DEALER")
        numbers = errors(
            lambda: sock.set(zmq.SNDHWM, 1 << 31),
            lambda: sock.get(1 << 31),
            lambda: world.context(side.library).set(zmq.IO_THREADS, 1 << 40),
        )
        return [*numbers, *errors(lambda: sock.close(1.5))]

    assert both(world, scenario) == (["ZMQError"] * 3 + ["TypeError"], ["OverflowError"] * 3 + [""])


def test_difference_options_that_can_be_used(world: World):
    def scenario(side: Side) -> Any:
        zmq, sock = side.zmq, side.socket("DEALER")
        sock.plain_username = b"x" * 255
        return errors(
            lambda: sock.set(1, 5),
            lambda: sock.get(1),
            lambda: setattr(sock, "routing_id", "text"),
            lambda: sock.get(zmq.PLAIN_USERNAME),
            lambda: sock.get(zmq.CURVE_SERVERKEY),
        )

    ours, theirs = both(world, scenario)
    assert ours == [""] * 5
    assert all(theirs)


def test_difference_options_without_their_feature(world: World):
    def scenario(side: Side) -> Any:
        zmq, sock = side.zmq, side.socket("ROUTER")
        return [
            side.failure(sock.set, zmq.ROUTER_NOTIFY, 1),
            side.failure(sock.set, zmq.PRIORITY, 1),
            side.failure(sock.set, zmq.RATE, 5),
            side.failure(sock.set, zmq.SOCKS_PROXY, b"localhost:1"),
        ]

    assert both(world, scenario) == (["", "", "ENOTSUP", "ENOTSUP"], ["EINVAL", "EINVAL", "", ""])


def test_difference_bound_sub(world: World):
    def scenario(side: Side) -> Any:
        sub, xpub = side.socket("SUB"), side.socket("XPUB")
        sub.subscribe(b"topic")
        side.join(sub, xpub, "tcp")
        patience = 10 if side.library == OURS else 0.5
        return xpub.poll(int(seconds(patience) * 1000))  # nobody calls into the SUB

    assert both(world, scenario) == (1, 0)


def test_difference_subscriptions_over_hwm(world: World):
    sub, xpub = world.socket(OURS, "SUB", sndhwm=1), world.socket(OURS, "XPUB")
    topics = {b"%d" % number for number in range(100)}
    for topic in topics:
        sub.subscribe(topic)
    world.join(xpub, sub)
    assert {xpub.recv()[1:] for _ in topics} == topics


def test_difference_dontwait_sees_room(world: World):
    push, pull = world.socket(OURS, "PUSH", sndhwm=1), world.socket(OURS, "PULL", rcvhwm=1)
    world.join(pull, push, "inproc")
    for _ in range(200):
        sent = 0
        while not world.errno_of(push.send, b"x", DONTWAIT):
            sent += 1
        assert sent == 2
        assert [pull.recv() for _ in range(sent)] == [b"x"] * sent
