"""The rules of RFC 41, 48, 49, 51 and 52, with both libraries: the same results."""

from __future__ import annotations

import select
from typing import Any

import pytest

from tests.interop.draft_pairs import End
from tests.interop.side import Side, met, same
from tests.interop.test_heartbeats import shake_hands
from tests.interop.test_rfc_queues import (
    created_at_once,
    fair,
    full_waits,
    gone_with_its_peer,
    in_turn,
)
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World
from tests.support import RawClient, seconds

pytestmark = pytest.mark.interop

IN_TURN = [[b"0", b"3", b"6"], [b"1", b"4", b"7"], [b"2", b"5", b"8"]]
MESSAGES = [b"", b"\0", b"\1topic", b"x" * 70000]
BINARY = bytes(range(1, 256))


def tuned(side: Side, transport: str, *groups: str, **settings: Any) -> tuple[Any, Any]:
    """Return a RADIO and a DISH that is known to be in the groups, and in "ready"."""
    radio, dish = side.socket("RADIO", **settings), side.socket("DISH")
    for group in (*groups, "ready"):
        dish.join(group)
    side.join(radio, dish, transport)
    settle(radio, dish)
    return radio, dish


def settle(radio: Any, dish: Any) -> None:
    """Wait until the radio has taken in what the dish has said so far."""
    while not dish.poll(10):
        radio.send(b"?", group="ready")
    radio.send(b"!", group="ready")
    while dish.recv() != b"!":
        pass


def until_sent(radio: Any, client: RawClient, group: str, last: bytes) -> bytes:
    """Send to a group until it has come; return what came up to there."""
    last += group.encode()
    found = b""
    client.socket.settimeout(seconds(0.01))
    while last not in found:
        radio.send(last, group=group)
        try:
            found += client.socket.recv(1000)
        except TimeoutError:
            pass
    client.socket.settimeout(seconds(10))
    return found


def labels(dish: Any, count: int) -> list[tuple[str, bytes]]:
    frames = [dish.recv(copy=False) for _ in range(count)]
    return [(frame.group, bytes(frame.bytes)) for frame in frames]


def asked(side: Side, kind: str, transport: str, count: int = 1) -> tuple[Any, list[End]]:
    """Return a SERVER or PEER, and peers of it from whom it has heard, with their numbers."""
    server = side.socket(kind)
    endpoint = side.bind(server, transport)
    ends = []
    for number in range(count):
        end = End("PEER", side.socket("PEER")) if kind == "PEER" else None
        end = end or End("CLIENT", side.socket("CLIENT"))
        end.connect(endpoint)
        end.say(b"%d" % number)
        frame = server.recv(copy=False)
        assert bytes(frame.bytes) == b"%d" % number
        end.number = frame.routing_id
        ends.append(end)
    return server, ends


# -- queues ----------------------------------------------------------------------------------------


def test_rfc41_q02_a_queue_is_there_before_the_peer(draft_world: World):
    assert same(draft_world, created_at_once, "CLIENT") == 3


def test_rfc49_q02_a_queue_is_there_before_the_peer(draft_world: World):
    assert same(draft_world, created_at_once, "SCATTER") == 3


def test_rfc52_q02_a_queue_is_there_before_the_peer(draft_world: World):
    assert same(draft_world, created_at_once, "CHANNEL") == 3


def test_rfc41_q03_a_queue_goes_with_its_peer(draft_world: World):
    assert same(draft_world, gone_with_its_peer, "CLIENT", "SERVER") == (True, "EAGAIN")


def test_rfc49_q03_a_queue_goes_with_its_peer(draft_world: World):
    assert same(draft_world, gone_with_its_peer, "SCATTER", "GATHER") == (True, "EAGAIN")


def test_rfc52_q03_a_queue_goes_with_its_peer(draft_world: World):
    assert same(draft_world, gone_with_its_peer, "CHANNEL", "CHANNEL") == (True, "EAGAIN")


@pytest.mark.parametrize("kind", ["SERVER", "CLIENT"])
def test_rfc41_q05_peers_are_heard_in_turn(kind, transport, draft_world: World):
    peers = {"SERVER": "CLIENT", "CLIENT": "SERVER"}
    if kind == "CLIENT":
        same(draft_world, servers_speak_in_turn, transport)
    else:
        same(draft_world, fair, kind, peers[kind], transport)


def servers_speak_in_turn(side: Side, transport: str) -> Any:
    client, servers = side.socket("CLIENT"), side.sockets("SERVER", "SERVER")
    met(side, client, servers, transport)
    for _ in servers:
        client.send(b"go")
    for name, server in zip((b"1", b"2"), servers, strict=True):
        number = server.recv(copy=False).routing_id
        for index in range(10):
            server.send(name + b":%d" % index, routing_id=number)
    found = [client.recv() for _ in range(20)]
    return [[m for m in found if m.startswith(name)] for name in (b"1", b"2")]


def test_rfc48_q05_radios_are_heard_in_turn(transport, draft_world: World):
    def scenario(side: Side) -> Any:
        dish, radios = side.socket("DISH"), side.sockets("RADIO", "RADIO")
        endpoint = side.bind(dish, transport)
        dish.join("ready")
        for radio in radios:
            radio.connect(endpoint)
            settle(radio, dish)
        for index in range(10):
            for radio in radios:
                radio.send(b"%d" % index, group="ready")
        return sorted(dish.recv() for _ in range(20))

    same(draft_world, scenario)


def test_rfc49_q05_peers_are_heard_in_turn(transport, draft_world: World):
    same(draft_world, fair, "GATHER", "SCATTER", transport)


def test_rfc51_q05_peers_are_heard_in_turn(transport, draft_world: World):
    def scenario(side: Side) -> Any:
        hub, ends = asked(side, "PEER", transport, 2)
        for index in range(10):
            for end in ends:
                end.say(b"%d" % index)
        frames = [hub.recv(copy=False) for _ in range(20)]
        return [
            [bytes(frame.bytes) for frame in frames if frame.routing_id == end.number]
            for end in ends
        ]

    assert same(draft_world, scenario) == [[b"%d" % index for index in range(10)]] * 2


def test_rfc41_q06_servers_are_served_in_turn(transport, draft_world: World):
    assert same(draft_world, in_turn, "CLIENT", "SERVER", transport) == IN_TURN


def test_rfc49_q06_gathers_are_served_in_turn(transport, draft_world: World):
    assert same(draft_world, in_turn, "SCATTER", "GATHER", transport) == IN_TURN


def test_rfc41_q07_without_room_client_waits(draft_world: World):
    assert same(draft_world, full_waits, "CLIENT", "SERVER")[1] == 4


def test_rfc49_q07_without_room_scatter_waits(draft_world: World):
    assert same(draft_world, full_waits, "SCATTER", "GATHER")[1] == 4


def test_rfc52_q07_without_room_channel_waits(draft_world: World):
    assert same(draft_world, full_waits, "CHANNEL", "CHANNEL")[1] == 4


def full_peer_waits(side: Side, kind: str, peer_kind: str) -> Any:
    """A message to a peer whose queue is full waits, and goes when there is room."""
    sock, peer = side.socket(kind, sndhwm=2, sndtimeo=20), side.socket(peer_kind, rcvhwm=2)
    end = End(peer_kind, peer)
    sock.bind(side.world.endpoint("inproc"))
    end.connect(sock.get(LAST_ENDPOINT).decode())
    end.say(b"request")
    number = sock.recv(copy=False).routing_id
    sent = 0
    while not side.failure(sock.send, b"%d" % sent, side.zmq.DONTWAIT, routing_id=number):
        sent += 1
    blocked = side.failure(sock.send, b"x", routing_id=number), side.flags(sock)
    found = [peer.recv() for _ in range(sent)]
    return sent, blocked, found, side.failure(sock.send, b"y", routing_id=number), peer.recv()


def test_rfc41_q07_without_room_at_a_client_server_waits(draft_world: World):
    sent, *_ = same(draft_world, full_peer_waits, "SERVER", "CLIENT")
    assert sent == 4


def test_rfc51_q07_without_room_at_a_peer_it_waits(draft_world: World):
    sent, *_ = same(draft_world, full_peer_waits, "PEER", "PEER")
    assert sent == 4


def test_rfc48_q08_without_room_radio_drops(draft_world: World):
    def scenario(side: Side) -> Any:
        radio, dish = side.socket("RADIO", sndhwm=2), side.socket("DISH", rcvhwm=2)
        dish.join("g")
        side.join(radio, dish)
        radio.poll(20)
        for index in range(100):
            radio.send(b"%d" % index, group="g")
        found = [dish.recv() for _ in range(4)]
        return found, side.all(dish)

    assert same(draft_world, scenario) == ([b"0", b"1", b"2", b"3"], [])


@pytest.mark.parametrize("pair", ["CLIENT-SERVER", "SCATTER-GATHER", "CHANNEL-CHANNEL"])
def test_rfc41_q09_q10_messages_are_not_changed(pair, transport, draft_world: World):
    def scenario(side: Side) -> Any:
        sender, receiver = side.pair(pair.split("-")[0], pair.split("-")[1], transport)
        for message in MESSAGES:
            sender.send(message)
        return [receiver.recv() for _ in MESSAGES]

    assert same(draft_world, scenario) == MESSAGES


# -- several threads, single frames ----------------------------------------------------------------


def refused(side: Side, kind: str) -> Any:
    """A message of several frames is not sent."""
    sock = side.socket(kind)
    return (
        side.failure(sock.send, b"x", side.zmq.SNDMORE),
        side.failure(sock.send_multipart, [b"x", b"y"]),
    )


def dropped(side: Side, kind: str, peer: bytes) -> Any:
    """A message of several frames is not received, and the next one is."""
    sock = side.socket(kind)
    port = int(side.bind(sock, "tcp").rpartition(":")[2])
    with RawClient(port) as client:
        shake_hands(client, peer)
        client.send(b"\0\1a" + b"\1\1b\0\1c" + b"\1\1d\1\1e\0\1f" * 20 + b"\0\1g")
        return [sock.recv(), sock.recv()], side.all(sock)


def single(world: World, sender: str, receiver: str) -> None:
    assert same(world, refused, sender) == ("EINVAL", "EINVAL")
    assert same(world, dropped, receiver, sender.encode()) == ([b"a", b"g"], [])


def test_rfc41_t02_messages_of_several_frames_are_none(draft_world: World):
    single(draft_world, "CLIENT", "SERVER")
    single(draft_world, "SERVER", "CLIENT")


def test_rfc48_t02_messages_of_several_frames_are_not_sent(draft_world: World):
    assert same(draft_world, refused, "RADIO") == ("EINVAL", "EINVAL")


def test_rfc49_t02_messages_of_several_frames_are_none(draft_world: World):
    single(draft_world, "SCATTER", "GATHER")


def test_rfc51_t02_messages_of_several_frames_are_none(draft_world: World):
    single(draft_world, "PEER", "PEER")


def test_rfc52_t02_messages_of_several_frames_are_none(draft_world: World):
    single(draft_world, "CHANNEL", "CHANNEL")


# -- RFC 41 and 51 ---------------------------------------------------------------------------------


def numbers_of_peers(side: Side, kind: str, transport: str) -> Any:
    server, ends = asked(side, kind, transport, 3)
    numbers = {end.number for end in ends}
    for end in ends:
        server.send(b"to %d" % end.number, routing_id=end.number)
    answers = [end.sock.recv() == b"to %d" % end.number for end in ends]
    unknown = next(n for n in range(1, 9) if n not in numbers)
    return (
        len(numbers),
        all(0 < number < 1 << 32 for number in numbers),
        answers,
        side.failure(server.send, b"x", routing_id=unknown),
        side.failure(server.send, b"x"),
        side.flags(server),
    )


def test_rfc41_t03_numbers_of_clients(transport, draft_world: World):
    found = same(draft_world, numbers_of_peers, "SERVER", transport)
    assert found == (3, True, [True] * 3, "EHOSTUNREACH", "EHOSTUNREACH", "o")


def test_rfc51_t03_numbers_of_peers(transport, draft_world: World):
    found = same(draft_world, numbers_of_peers, "PEER", transport)
    assert found == (3, True, [True] * 3, "EHOSTUNREACH", "EHOSTUNREACH", "o")


def test_rfc41_t03_a_client_that_has_gone_is_no_more(draft_world: World):
    def scenario(side: Side) -> Any:
        server, (end,) = asked(side, "SERVER", "tcp")
        watch = side.watch(server)
        end.sock.close(linger=0)
        watch.wait("DISCONNECTED")
        for _ in range(200):  # libzmq tells of it before it has let go
            server.poll(50)
            if found := side.failure(server.send, b"x", side.zmq.DONTWAIT, routing_id=end.number):
                return found
        return "still there"

    assert same(draft_world, scenario) == "EHOSTUNREACH"


def test_rfc51_t04_connecting_tells_the_number(transport, draft_world: World):
    def scenario(side: Side) -> Any:
        hub, peer = side.sockets("PEER", "PEER")
        first, second = (peer.connect_peer(side.bind(hub, transport)) for _ in range(2))
        peer.send(b"1", routing_id=first)
        peer.send(b"2", routing_id=second)
        frames = [hub.recv(copy=False) for _ in range(2)]
        for frame in frames:
            hub.send(b"back " + bytes(frame.bytes), routing_id=frame.routing_id)
        back = [peer.recv(copy=False) for _ in range(2)]
        return first != second, {
            bytes(frame.bytes): [first, second].index(frame.routing_id) for frame in back
        }

    assert same(draft_world, scenario) == (True, {b"back 1": 0, b"back 2": 1})


# -- RFC 48 ----------------------------------------------------------------------------------------


def test_rfc48_t05_groups_match_as_a_whole(transport, draft_world: World):
    def scenario(side: Side) -> Any:
        radio, dish = tuned(side, transport, "a", "")
        for group in ("b", "ab", "a", "", "A"):
            radio.send(b"to " + group.encode(), group=group)
        radio.send(b"without")
        return labels(dish, 3), side.all(dish)

    assert same(draft_world, scenario) == ([("a", b"to a"), ("", b"to "), ("", b"without")], [])


def test_rfc48_t05_radio_sends_only(draft_world: World):
    def scenario(side: Side) -> Any:
        radio = side.socket("RADIO")
        return side.failure(radio.recv), side.flags(radio), side.failure(radio.join, "g")

    assert same(draft_world, scenario)[0] == "ENOTSUP"


def test_rfc48_t05_what_dishes_send_is_dropped(draft_world: World):
    def scenario(side: Side) -> Any:
        radio = side.socket("RADIO")
        port = int(side.bind(radio, "tcp").rpartition(":")[2])
        with RawClient(port) as client:
            shake_hands(client, b"DISH")
            client.send(b"\4\6\4JOINg" + b"\0\5hello" + b"\4\6\4JOINh")
            until_sent(radio, client, "h", b"last")
            return side.flags(radio)

    assert same(draft_world, scenario) == "o"


def test_rfc48_t06_dish_receives_only(draft_world: World):
    def scenario(side: Side) -> Any:
        dish = side.socket("DISH")
        return side.failure(dish.send, b"x"), side.failure(dish.send, b"x", side.zmq.SNDMORE)

    assert same(draft_world, scenario)[0] == "ENOTSUP"


def test_difference_dish_is_not_ready_to_send(draft_world: World):
    def scenario(side: Side) -> Any:
        dish = side.socket("DISH")
        return side.flags(dish), side.failure(dish.send, b"x", side.zmq.DONTWAIT)

    assert scenario(Side(draft_world, THEIRS)) == ("o", "ENOTSUP")
    assert scenario(Side(draft_world, OURS)) == ("", "ENOTSUP")


def test_rfc48_t07_names_of_groups(transport, draft_world: World):
    longest = "g" * 255

    def scenario(side: Side) -> Any:
        radio, dish = tuned(side, transport, longest)
        radio.send(b"x", group=longest)
        return labels(dish, 1), side.failure(dish.join, "g" * 256), side.failure(dish.join, longest)

    assert same(draft_world, scenario) == ([(longest, b"x")], "EINVAL", "EINVAL")


def test_rfc48_t07_names_of_groups_from_the_wire(draft_world: World):
    """A name that cannot be one ends the connection, and hurts nobody else."""
    radio, dish = tuned(Side(draft_world, OURS), "tcp", "g")
    port = int(radio.get(LAST_ENDPOINT).rpartition(b":")[2])
    for name in (b"x" * 256, b"x\0y"):
        body = b"\4JOIN" + name
        with RawClient(port) as client:
            shake_hands(client, b"DISH")
            head = b"\4" + bytes([len(body)]) if len(body) < 256 else b"\6" + len(body).to_bytes(8)
            client.send(head + body)
            assert client.receive_until_closed() == b""
    radio.send(b"still there", group="g")
    assert dish.recv() == b"still there"


def test_difference_radio_messages_of_another_shape(draft_world: World):
    def scenario(side: Side) -> Any:
        dish = side.socket("DISH")
        dish.join("g")
        port = int(side.bind(dish, "tcp").rpartition(":")[2])
        with RawClient(port) as client:
            shake_hands(client, b"RADIO")
            while not select.select([client.socket], [], [], 0.01)[0]:
                dish.poll(0)  # libzmq joins when it is called
            assert client.receive(8) == b"\4\6\4JOINg"
            client.send(b"\1\1g\0\1a" + b"\0\1g" + b"\1\1g\1\1b\0\1c")
            found = [dish.recv()]
            client.socket.settimeout(seconds(0.2 if side.library == OURS else 10))
            try:
                return [*found, "closed" if not client.socket.recv(1) else "?"]
            except ConnectionError:
                return [*found, "closed"]
            except TimeoutError:
                client.send(b"\1\1g\0\1d")
                return [*found, dish.recv()]

    assert scenario(Side(draft_world, THEIRS)) == [b"a", "closed"]
    assert scenario(Side(draft_world, OURS)) == [b"a", b"d"]


def test_rfc48_t05_memberships_add_up(draft_world: World):
    def scenario(side: Side) -> Any:
        radio = side.socket("RADIO")
        port = int(side.bind(radio, "tcp").rpartition(":")[2])
        found = []
        with RawClient(port) as client:
            shake_hands(client, b"DISH")
            leave = b"\4\7\5LEAVEg"
            for group, commands in (("1", b"\4\6\4JOINg" * 2), ("2", leave), ("3", leave)):
                client.send(commands + b"\4\6\4JOIN" + group.encode())
                until_sent(radio, client, group, b"last")
                radio.send(b"to g", group="g")
                found.append(until_sent(radio, client, group, b"end").count(b"to g"))
        return found

    assert same(draft_world, scenario) == [1, 1, 0]


def test_rfc48_t06_leaving(transport, draft_world: World):
    def scenario(side: Side) -> Any:
        radio, dish = tuned(side, transport, "g", "h")
        dish.leave("g")
        settle(radio, dish)
        for group in ("g", "h"):
            radio.send(b"to " + group.encode(), group=group)
        return labels(dish, 1), side.all(dish), side.failure(dish.leave, "g")

    assert same(draft_world, scenario) == ([("h", b"to h")], [], "EINVAL")


# -- RFC 49 and 52 ---------------------------------------------------------------------------------


def test_rfc49_t08_one_way_only(draft_world: World):
    def scenario(side: Side) -> Any:
        scatter, gather = side.pair("SCATTER", "GATHER")
        zmq = side.zmq
        return (
            side.failure(scatter.recv, zmq.DONTWAIT),
            side.failure(gather.send, b"x", zmq.DONTWAIT),
            gather.poll(10, zmq.POLLOUT),
        )

    assert same(draft_world, scenario) == ("ENOTSUP", "ENOTSUP", 0)


def test_rfc52_t09_a_second_peer_is_refused_without_hurting_the_first(
    transport, draft_world: World
):
    def scenario(side: Side) -> Any:
        binder, one, other = side.sockets("CHANNEL", "CHANNEL", "CHANNEL")
        endpoint = side.join(binder, one, transport)
        one.send(b"1")
        found = [binder.recv()]
        other.connect(endpoint)
        found.append(side.all(binder))
        binder.send(b"2")
        return [*found, one.recv(), side.all(other)]

    assert same(draft_world, scenario) == [b"1", [], b"2", []]


# -- the rest of what sockets do -------------------------------------------------------------------

KINDS = ["SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "PEER", "CHANNEL"]


@pytest.mark.parametrize("kind", KINDS)
def test_draft_sockets_when_fresh(kind, draft_world: World):
    def scenario(side: Side) -> Any:
        sock = side.socket(kind)
        zmq = side.zmq
        return (
            side.flags(sock).replace("o", "" if kind == "DISH" else "o"),
            sock.get(zmq.TYPE),
            side.failure(sock.send, b"x", zmq.DONTWAIT),
            side.failure(sock.recv, zmq.DONTWAIT),
            side.failure(sock.join, "g"),
            side.failure(sock.leave, "g"),
        )

    same(draft_world, scenario)


def test_draft_hello_and_disconnect_messages(draft_world: World):
    def scenario(side: Side) -> Any:
        server = side.socket("SERVER", hello_msg=b"hello", disconnect_msg=b"bye")
        client = side.socket("CLIENT")
        endpoint = side.bind(server, "tcp")
        client.connect(endpoint)
        found = [client.recv()]
        client.send(b"request")
        number = server.recv(copy=False).routing_id
        other = side.socket("CLIENT")
        other.connect(endpoint)
        found.append(other.recv())
        other.close(linger=0)
        lost = server.recv(copy=False)
        return [*found, bytes(lost.bytes), lost.routing_id not in {0, number}]

    assert same(draft_world, scenario) == [b"hello", b"hello", b"bye", True]
