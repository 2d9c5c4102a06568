"""The same small program with both libraries: options, frames and the end of sockets."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.interop.side import KINDS, Side, same
from tests.interop.world import LAST_ENDPOINT, World
from tests.support import free_port, milliseconds, seconds

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("linger", [0, 0.5])
def test_sockets_1_term_waits_as_long_as_linger(linger, world: World):
    def scenario(side: Side) -> Any:
        context = side.zmq.Context()
        sock = context.socket(side.zmq.PUSH)
        sock.connect(f"tcp://127.0.0.1:{free_port()}")
        sock.send(b"never sent")
        start = time.monotonic()
        sock.close(linger=milliseconds(linger))
        closing = time.monotonic() - start
        context.term()
        return closing < seconds(0.1), time.monotonic() - start >= seconds(linger) * 0.99

    assert same(world, scenario) == (True, True)


def test_sockets_1_linger_defaults(world: World):
    def scenario(side: Side) -> Any:
        context = side.zmq.Context()
        found = {}
        for kind in KINDS:
            with context.socket(getattr(side.zmq, kind)) as sock:
                found[kind] = sock.get(side.zmq.LINGER)
                sock.linger = 0
        context.term()
        return found

    same(world, scenario)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_sockets_1_what_lingers_arrives(transport, world: World):
    def scenario(side: Side) -> Any:
        pull = side.socket("PULL")
        endpoint = side.bind(pull, transport)
        push = side.socket("PUSH")
        push.connect(endpoint)
        for number in range(500):
            push.send(b"%d" % number)
        push.close(linger=-1)
        return [pull.recv() for _ in range(500)]

    same(world, scenario)


def test_sockets_25_parts_and_rcvmore(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.pair("PUSH", "PULL")
        push.send(b"1", side.zmq.SNDMORE)
        result: list[Any] = [pull.poll(20), side.failure(pull.recv, side.zmq.DONTWAIT)]
        push.send(b"", side.zmq.SNDMORE)
        push.send(b"3")
        push.send(b"alone")
        for _ in range(4):
            before = pull.get(side.zmq.RCVMORE)
            result.append((before, pull.recv(), pull.get(side.zmq.RCVMORE), side.flags(pull)))
        return result

    same(world, scenario)


def test_a_message_that_is_not_finished_is_not_sent(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.pair("PUSH", "PULL", "tcp")
        push.send(b"whole")
        push.send(b"half", side.zmq.SNDMORE)
        push.close(linger=milliseconds(10))
        return pull.recv(), side.all(pull)

    same(world, scenario)


def test_recv_into_a_small_buffer(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.pair("PUSH", "PULL")
        push.send(b"too long for it")
        push.send(b"next")
        buffer = bytearray(4)
        count = side.failure(pull.recv_into, buffer), bytes(buffer)
        return count, pull.recv()

    same(world, scenario)


def test_options_of_live_sockets(world: World):
    def scenario(side: Side) -> Any:
        zmq = side.zmq
        push, pull = side.pair("PUSH", "PULL")
        result: list[Any] = []
        for name, value in (
            ("SNDHWM", 3), ("SNDTIMEO", 7), ("LINGER", 5), ("IMMEDIATE", 1), ("IMMEDIATE", 2),
            ("CONFLATE", 1), ("ROUTER_MANDATORY", 1), ("SNDHWM", -1), ("LINGER", -2),
            ("ROUTING_ID", b""), ("ROUTING_ID", b"x" * 255), ("ROUTING_ID", b"x" * 256),
            ("SUBSCRIBE", b"x"), ("UNSUBSCRIBE", b"x"), ("HANDSHAKE_IVL", -1),
            ("RECONNECT_IVL", -2), ("MAXMSGSIZE", -2), ("TYPE", 1), ("FD", 1), ("EVENTS", 1),
            ("XPUB_VERBOSE", 1), ("REQ_RELAXED", 1), ("PROBE_ROUTER", 1), ("BACKLOG", -1),
        ):  # fmt: skip
            option = getattr(zmq, name)
            result.append((name, value, side.failure(push.set, option, value)))
            result.append((name, side.failure(push.get, option)))
        result.append([side.failure(pull.set, 9999, 1), side.failure(pull.get, 9999)])
        result.append([push.get(zmq.SNDHWM), push.get(zmq.IMMEDIATE), push.get(zmq.ROUTING_ID)])
        return result

    same(world, scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_options_that_belong_to_types(kind, world: World):
    def scenario(side: Side) -> Any:
        zmq, found = side.zmq, {}
        for name, value in (
            ("SUBSCRIBE", b"x"), ("UNSUBSCRIBE", b"x"), ("XPUB_VERBOSE", 1), ("XPUB_VERBOSER", 1),
            ("XPUB_NODROP", 1), ("XPUB_MANUAL", 1), ("XPUB_WELCOME_MSG", b"x"),
            ("INVERT_MATCHING", 1), ("ROUTER_MANDATORY", 1), ("ROUTER_HANDOVER", 1),
            ("ROUTER_RAW", 1), ("PROBE_ROUTER", 1), ("REQ_CORRELATE", 1), ("REQ_RELAXED", 1),
            ("STREAM_NOTIFY", 0), ("CONNECT_ROUTING_ID", b"x"), ("CONFLATE", 1),
            ("ROUTING_ID", b"x"), ("TOPICS_COUNT", 1),
        ):  # fmt: skip
            sock = side.socket(kind)
            option = 116 if name == "TOPICS_COUNT" else getattr(zmq, name)
            found[name] = side.failure(sock.set, option, value), side.failure(sock.get, option)
        return found

    same(world, scenario)


@pytest.mark.parametrize("name", ["last_endpoint", "plain_username", "zap_domain"])
def test_attributes_have_the_same_types(name, world: World):
    def scenario(side: Side) -> Any:
        return type(getattr(side.socket("DEALER", routing_id=b"me"), name))

    same(world, scenario)


def test_hwm_may_change_while_connected(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.socket("PUSH", sndhwm=2), side.socket("PULL", rcvhwm=2)
        side.join(pull, push)
        push.send(b"1")
        push.sndhwm = 10
        push.poll(20, side.zmq.POLLOUT)
        result = [side.sends(push, 100)]
        result.append(len(side.all(pull)))
        push.sndhwm = 3
        push.poll(20, side.zmq.POLLOUT)
        return [*result, side.sends(push, 100)]

    same(world, scenario)


def test_pair_takes_one_peer(world: World):
    def scenario(side: Side) -> Any:
        binder, first, second = side.sockets("PAIR", "PAIR", "PAIR")
        endpoint = side.join(binder, first, "tcp")
        first.send(b"1")
        result = [binder.recv()]
        watch = side.watch(second)
        second.connect(endpoint)
        watch.wait("HANDSHAKE_SUCCEEDED")
        second.send(b"2")
        binder.send(b"to the first")
        first.send(b"3")
        result += [first.recv(), *side.until(binder, [b"3"])]
        return [*result, *side.all(binder), *side.all(second)]

    same(world, scenario)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_conflate_keeps_the_last(transport, world: World):
    def scenario(side: Side) -> Any:
        pull, push = side.socket("PULL", conflate=1), side.socket("PUSH")
        marker = side.socket("PUSH")
        side.join(pull, push, transport)
        marker.connect(pull.get(LAST_ENDPOINT).decode())
        for number in range(100):
            push.send(b"%d" % number)
        got = {pull.recv()}
        while b"99" not in got:
            got.add(pull.recv())
        return side.all(pull), b"99" in got

    same(world, scenario)
