"""The same small program with both libraries, and the same result: sockets and queues."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.interop.side import KINDS, Side, same
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World
from tests.support import free_port, seconds

pytestmark = pytest.mark.interop

JOINS = [("PUSH", "PULL"), ("PAIR", "PAIR"), ("DEALER", "DEALER"), ("DEALER", "ROUTER"),
         ("PUB", "SUB"), ("XPUB", "XSUB"), ("REQ", "REP"), ("REQ", "ROUTER")]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_fresh_sockets_are_ready_for_the_same(kind, world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket(kind)
        return side.flags(sock), sock.poll(0, 3), sock.get(side.zmq.TYPE)

    same(world, scenario)


@pytest.mark.parametrize("kind", KINDS)
def test_calls_on_fresh_sockets_fail_the_same(kind, world: World):
    def scenario(side: Side) -> Any:
        zmq, results = side.zmq, []
        for call, args in (
            *([("send", (b"x", zmq.DONTWAIT))] if kind != "STREAM" else []),
            ("recv", (zmq.DONTWAIT,)),
            ("send_multipart", ([b"x", b"y"], zmq.DONTWAIT)),
            ("recv_multipart", (zmq.DONTWAIT,)),
            ("unbind", ("tcp://127.0.0.1:5",)),
            ("disconnect", ("tcp://127.0.0.1:5",)),
            ("unbind", ("inproc://nothing",)),
            ("disconnect", ("inproc://nothing",)),
            ("unbind", ("nonsense",)),
            ("disconnect", ("nonsense",)),
        ):
            results.append((call, side.failure(getattr(side.socket(kind), call), *args)))
        sock = side.socket(kind, sndtimeo=20, rcvtimeo=20)
        if kind != "STREAM":
            results.append(("waits", side.failure(sock.send, b"x")))
        results.append(("waits", side.failure(sock.recv)))
        return results

    same(world, scenario)


def test_difference_stream_name_alone(world: World):
    # libzmq drops it, and takes the next frame for the chunk that belongs to it.
    found = {}
    for library in (OURS, THEIRS):
        side = Side(world, library)
        found[library] = side.failure(side.socket("STREAM").send, b"alone")
    assert found == {OURS: "EINVAL", THEIRS: ""}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["closed", "shutdown"])
def test_dead_sockets_fail_the_same(how, kind, world: World):
    def scenario(side: Side) -> Any:
        zmq = side.zmq
        context = zmq.Context()
        sock = context.socket(getattr(zmq, kind))
        sock.linger = 0
        ending = threading.Thread(target=context.term)
        if how == "closed":
            sock.close()
        else:
            ending.start()
            while side.failure(sock.get, zmq.EVENTS) != "ETERM":
                time.sleep(0.001)
        results = [
            side.failure(sock.send, b"x", zmq.DONTWAIT),
            side.failure(sock.recv, zmq.DONTWAIT),
            side.failure(sock.get, zmq.EVENTS),
            side.failure(sock.get, zmq.LINGER),
            side.failure(sock.set, zmq.LINGER, 5),
            side.failure(sock.bind, "inproc://x"),
            side.failure(sock.connect, "inproc://y"),
            side.failure(sock.unbind, "inproc://x"),
            side.failure(sock.disconnect, "inproc://y"),
        ]
        if how == "shutdown":
            results.append(side.failure(sock.poll, 0))
            results.append(side.failure(context.socket, zmq.PAIR))
            sock.close()
            ending.join()
        context.term()
        return results

    same(world, scenario)


@pytest.mark.parametrize("transport", ["inproc", "tcp", "ipc"])
@pytest.mark.parametrize(("one", "other"), JOINS)
def test_joined_sockets_become_ready_for_the_same(one, other, transport, world: World):
    def scenario(side: Side) -> Any:
        binder, connecter = side.socket(one), side.socket(other)
        if other == "SUB":
            connecter.subscribe(b"")
        if transport == "inproc":
            side.join(binder, connecter)
        else:
            watch = side.watch(binder)
            seen = side.watch(connecter)
            side.join(binder, connecter, transport)
            watch.wait("HANDSHAKE_SUCCEEDED")
            seen.wait("HANDSHAKE_SUCCEEDED")
        before = [side.flags(binder), side.flags(connecter)]
        if before[0] in {"", "o"} and one != "XPUB":
            binder.poll(1000, side.zmq.POLLOUT)
        return side.flags(binder), side.flags(connecter)

    same(world, scenario)


@pytest.mark.parametrize(("sndhwm", "rcvhwm"), [(1, 1), (2, 3), (5, 1), (1, 5), (0, 3), (3, 0)])
@pytest.mark.parametrize(("one", "other"), [("PUSH", "PULL"), ("DEALER", "DEALER")])
def test_sockets_3_room_of_inproc_is_the_sum(one, other, sndhwm, rcvhwm, world: World):
    def scenario(side: Side) -> Any:
        results = []
        for order in ("bind first", "connect first"):
            for frames in ((b"x",), (b"x", b"y", b"z")):
                sender, receiver = side.socket(one, sndhwm=sndhwm), side.socket(other)
                receiver.rcvhwm = rcvhwm
                endpoint = side.world.endpoint("inproc")
                if order == "bind first":
                    receiver.bind(endpoint)
                    sender.connect(endpoint)
                    results.append(side.sends(sender, 50, frames))
                else:
                    sender.connect(endpoint)
                    results.append(side.sends(sender, 50, frames))
                    receiver.bind(endpoint)
                    sender.poll(20, side.zmq.POLLOUT)  # libzmq looks at the clock before it looks
                    results.append(side.sends(sender, 50, frames))
                results.append(len(side.all(receiver, 0.001)))
        return results

    same(world, scenario)


@pytest.mark.parametrize("hwm", range(1, 8))
def test_sockets_4_a_full_queue_has_room_again_after_the_same_number(hwm, world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.socket("PUSH", sndhwm=hwm), side.socket("PULL", rcvhwm=hwm)
        side.join(pull, push)
        results = [side.sends(push, 100)]
        for _ in range(6):
            taken = 0
            while not push.poll(0, side.zmq.POLLOUT):
                pull.recv()
                taken += 1
            results.append(taken)
            results.append(side.sends(push, 100))
        return results

    same(world, scenario)


def test_sockets_4_a_multipart_begun_below_the_mark_is_completed(world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.socket("PUSH", sndhwm=1), side.socket("PULL", rcvhwm=1)
        side.join(pull, push)
        flags = side.zmq.DONTWAIT | side.zmq.SNDMORE
        push.send(b"1")
        errors = [side.failure(push.send, b"%d" % n, flags) for n in range(20)]
        errors.append(side.failure(push.send, b"end", side.zmq.DONTWAIT))
        errors.append(side.failure(push.send, b"full", side.zmq.DONTWAIT))
        return errors, side.all(pull, 0.001)

    same(world, scenario)


def test_sockets_5_immediate(world: World):
    def scenario(side: Side) -> Any:
        results = []
        for immediate in (0, 1):
            push = side.socket("PUSH", immediate=immediate)
            push.connect(f"tcp://127.0.0.1:{free_port()}")
            results.append((side.flags(push), side.sends(push, 5)))
        return results

    assert same(world, scenario) == [("o", 5), ("", 0)]


@pytest.mark.parametrize("kind", ["PUSH", "DEALER", "PAIR", "PUB", "REQ", "ROUTER"])
def test_sends_before_anybody_listens(kind, world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket(kind, sndhwm=4)
        sock.connect(f"tcp://127.0.0.1:{free_port()}")
        return side.flags(sock), side.sends(sock, 20), side.flags(sock)

    same(world, scenario)


@pytest.mark.parametrize("transport", ["tcp", "inproc"])
def test_sockets_7_disconnect_discards_what_is_unread(transport, world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.sockets("PUSH", "PULL")
        endpoint = side.join(push, pull, transport)
        push.send(b"1")
        push.send(b"2")
        assert pull.recv() == b"1"
        pull.poll(100)
        pull.disconnect(endpoint)
        return side.all(pull), side.failure(pull.disconnect, endpoint)

    assert same(world, scenario) == ([], "ENOENT")


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_sockets_7_what_a_closed_peer_sent_can_be_read(transport, world: World):
    def scenario(side: Side) -> Any:
        push, pull = side.pair("PUSH", "PULL", transport)
        for number in range(10):
            push.send(b"%d" % number)
        push.close(linger=int(seconds(10) * 1000))
        return [pull.recv() for _ in range(10)], side.all(pull)

    same(world, scenario)


@pytest.mark.parametrize("transport", ["tcp", "ipc", "inproc"])
def test_sockets_8_unbind(transport, world: World):
    def scenario(side: Side) -> Any:
        pull, push = side.sockets("PULL", "PUSH", reconnect_ivl=-1)
        watch = side.watch(push)
        endpoint = side.join(pull, push, transport)
        push.send(b"1")
        result: list[Any] = [pull.recv()]
        pull.unbind(endpoint)
        result.append(side.failure(pull.unbind, endpoint))
        if transport == "inproc":  # the connection stays
            push.send(b"2")
            result.append(pull.recv())
            late = side.socket("PUSH")
            late.connect(endpoint)  # as if nobody had ever been there
            result.append(side.sends(late, 3))
            again = side.socket("PULL")
            again.bind(endpoint)
            result.append(side.all(again))
        else:
            watch.wait("DISCONNECTED", pull)  # libzmq ends the connection when it is called
            again = side.socket("PULL")
            again.bind(endpoint)
        return result

    same(world, scenario)


def test_wildcards_are_unbound_by_their_last_endpoint(world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket("PULL")
        sock.bind("tcp://127.0.0.1:*")
        result = [side.failure(sock.unbind, "tcp://127.0.0.1:*")]
        return [*result, side.failure(sock.unbind, sock.get(LAST_ENDPOINT).decode())]

    same(world, scenario)


def test_last_endpoint_follows(world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket("DEALER")
        found = [sock.get(LAST_ENDPOINT)]
        port = free_port()
        for call, text in (
            ("bind", "inproc://side"),
            ("connect", f"tcp://localhost:{port}"),
            ("bind", f"tcp://*:{port}"),
            ("connect", "inproc://elsewhere"),
            ("bind", f"ipc://{side.world.directory}/{side.library}"),
            ("connect", f"tcp://127.0.0.1:{port}"),
        ):
            getattr(sock, call)(text)
            told = sock.get(LAST_ENDPOINT).replace(b"%d" % port, b"PORT")
            found.append(told.replace(side.library.encode(), b"NAME"))
        sock.close()
        return found

    same(world, scenario)


@pytest.mark.parametrize("kind", ["DEALER", "REQ", "SUB", "PUB", "PUSH", "PULL", "ROUTER", "PAIR"])
def test_sockets_23_connecting_twice(kind, world: World):
    peers = {"DEALER": "ROUTER", "REQ": "ROUTER", "SUB": "XPUB", "PUB": "SUB", "PUSH": "PULL",
             "PULL": "PUSH", "ROUTER": "ROUTER", "PAIR": "PAIR"}  # fmt: skip

    def scenario(side: Side) -> Any:
        sock, peer = side.socket(kind), side.socket(peers[kind])
        endpoint = side.bind(peer, "tcp")
        sock.connect(endpoint)
        sock.connect(endpoint)
        return [side.failure(sock.disconnect, endpoint) for _ in range(3)]

    same(world, scenario)
