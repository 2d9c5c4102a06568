"""udp through whole sockets: types, endpoints, options, monitors, differences from libzmq."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import zmqthread as zmq
from tests.api.datagrams import Bench, endpoint_of, frame_for, silent, where
from tests.support import Peer, seconds
from zmqthread.api.monitor import pipes_stats
from zmqthread.constants import Event
from zmqthread.transports import udp
from zmqthread.utils.monitor import recv_monitor_message

MULTICAST = "udp://127.0.0.1;239.192.77.9:*"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as made:
        yield made


def refused(call: Any, *args: Any) -> int:
    with pytest.raises(zmq.ZMQError) as caught:
        call(*args)
    return int(caught.value.errno or 0)


# -- who may do what ---


@pytest.mark.parametrize("kind", list(zmq.SocketType))
@pytest.mark.parametrize("use", ["bind", "connect"])
def test_udp_is_for_radio_dish_and_dgram(kind: Any, use: str, bench: Bench) -> None:
    sock = bench.socket(kind)
    endpoint = "udp://127.0.0.1:*" if use == "bind" else "udp://127.0.0.1:5"
    allowed = {("DISH", "bind"), ("DGRAM", "bind"), ("RADIO", "connect")}
    if (kind.name, use) in allowed:
        getattr(sock, use)(endpoint)
    else:
        assert refused(getattr(sock, use), endpoint) == zmq.ENOCOMPATPROTO
        # Also where the address is of no use, which libzmq looks at later.
        assert refused(getattr(sock, use), "udp://nonsense") == zmq.ENOCOMPATPROTO


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:5", "ipc://@x", "inproc://x"])
def test_difference_dgram_is_for_udp(use: str, endpoint: str, bench: Bench) -> None:
    sock = bench.socket(zmq.DGRAM)
    assert refused(getattr(sock, use), endpoint) == zmq.ENOCOMPATPROTO
    assert refused(getattr(sock, use), "bogus://x") == errno.EPROTONOSUPPORT


def test_difference_dgram_bound_twice(bench: Bench) -> None:
    one, other = bench.dgram(), bench.dgram()
    assert refused(one.bind, "udp://127.0.0.1:*") == errno.EINVAL
    one.send_multipart([frame_for(other), b"as before"])
    assert other.recv_multipart() == [frame_for(one), b"as before"]
    one.unbind(endpoint_of(one))
    one.bind("udp://127.0.0.1:*")
    one.send_multipart([frame_for(other), b"from elsewhere"])
    assert other.recv_multipart() == [frame_for(one), b"from elsewhere"]


def test_a_dish_binds_where_it_likes(bench: Bench) -> None:
    dish = bench.dish("g")
    radios = [bench.radio(dish)]
    for endpoint in (MULTICAST, "udp://*:*", "tcp://127.0.0.1:*"):
        dish.bind(endpoint)
        radios.append(bench.radio(dish))
    for number, radio in enumerate(radios):
        heard = -1
        for _ in range(1000):  # the tcp one has to learn of the group
            radio.send(b"%d" % number, group="g")
            # What was sent twice before, since the dish was slow, may come as late as this.
            while heard < number and dish.poll(seconds(0.01) * 1000):
                heard = int(dish.recv())
            if heard >= number:
                break
        assert heard == number


def test_a_radio_sends_to_streams_and_datagrams(bench: Bench) -> None:
    by_udp, by_inproc = bench.dish("g"), bench.dish("g", endpoint="inproc://dish")
    radio = bench.radio(by_udp)
    radio.connect("inproc://dish")
    while not by_inproc.poll(seconds(0.01) * 1000):  # the RADIO has to learn of its group
        radio.send(b"all", group="g")
    assert by_udp.recv() == by_inproc.recv() == b"all"
    for dish in (by_udp, by_inproc):
        while not silent(dish):
            dish.recv()
    assert refused(lambda: radio.send(bytes(70000), group="g")) == errno.EMSGSIZE
    assert silent(by_inproc)
    radio.disconnect(endpoint_of(by_udp))
    radio.send(bytes(70000), group="g")
    assert len(by_inproc.recv()) == 70000


def test_rfc48_t05_groups_over_udp_match_as_a_whole(bench: Bench) -> None:
    dish = bench.dish("a", "ab")
    radio = bench.radio(dish)
    for group in ("", "b", "a", "abc", "aB", "ab"):
        radio.send(group.encode(), group=group)
    assert [dish.recv() for _ in range(2)] == [b"a", b"ab"]
    dish.leave("a")
    dish.join("abc")
    for group in ("a", "abc"):
        radio.send(group.encode(), group=group)
    assert dish.recv() == b"abc"
    assert silent(dish)


# -- endpoints ---


def test_difference_udp_last_endpoint(bench: Bench) -> None:
    """libzmq's has no scheme, and shows the wildcards that nobody can connect to."""
    for endpoint in ("udp://127.0.0.1:*", "udp://*:*", MULTICAST):
        dish = bench.dish("g", endpoint=endpoint)
        assert where(dish)[1] > 0
        radio = bench.radio(dish)
        radio.send(b"x", group="g")
        assert dish.recv() == b"x"
        radio.disconnect(endpoint_of(dish))
        dish.unbind(endpoint_of(dish))
        assert refused(dish.unbind, endpoint) == errno.ENOENT


def test_difference_udp_bind_errors(bench: Bench) -> None:
    """libzmq binds later, in the background, and tells nobody what became of it."""
    dish = bench.dish("g")
    assert refused(bench.socket(zmq.DISH).bind, endpoint_of(dish)) == errno.EADDRINUSE
    assert refused(bench.socket(zmq.DGRAM).bind, "udp://192.0.2.77:*") == errno.EADDRNOTAVAIL
    assert refused(bench.socket(zmq.DGRAM).bind, "udp://nosuchif0;239.0.0.1:*") == errno.ENODEV


@pytest.mark.parametrize(
    "security",
    [{"plain_server": 1}, {"plain_username": b"a", "plain_password": b"b"}, {"zap_domain": b"d"}],
)
def test_difference_udp_security(security: dict[str, Any], bench: Bench) -> None:
    """Datagrams are neither encrypted nor authenticated: who asks for that does not get them."""
    for kind, use in ((zmq.DISH, "bind"), (zmq.DGRAM, "bind"), (zmq.RADIO, "connect")):
        sock = bench.socket(kind, **security)
        assert refused(getattr(sock, use), "udp://127.0.0.1:5") == errno.EPROTONOSUPPORT


def test_difference_udp_names_in_the_background(bench: Bench, monkeypatch: Any) -> None:
    """N3: a name is looked up away from the caller, and again until it is found."""
    dish = bench.dish("g")
    tries = []

    def look_up(host: str, port: int, ipv6: bool) -> Any:
        tries.append(host)
        if len(tries) < 3:
            raise OSError(errno.EHOSTUNREACH, "not yet")
        return [(socket.AF_INET, ("127.0.0.1", port))]

    monkeypatch.setattr(udp, "look_up", look_up)
    radio = bench.socket(zmq.RADIO, reconnect_ivl=1)
    radio.connect(f"udp://somebody.example:{where(dish)[1]}")
    for number in range(3):
        radio.send(b"%d" % number, group="g")
    assert [dish.recv() for _ in range(3)] == [b"0", b"1", b"2"]
    assert tries == ["somebody.example"] * 3


def test_a_name_that_is_known(bench: Bench) -> None:
    dish = bench.dish("g")
    radio = bench.socket(zmq.RADIO)
    radio.connect(f"udp://localhost:{where(dish)[1]}")
    radio.send(b"x", group="g")
    assert dish.recv() == b"x"


def test_ipv6(bench: Bench) -> None:
    if not socket.has_ipv6:
        pytest.skip("needs IPv6 in the kernel")
    one, both = bench.dgram("udp://[::1]:*", ipv6=1), bench.dgram("udp://*:*", ipv6=1)
    port = where(both)[1]
    one.send_multipart([b"[::1]:%d" % port, b"six"])
    assert both.recv_multipart() == [b"[::1]:%d" % where(one)[1], b"six"]
    both.send_multipart([b"[::1]:%d" % where(one)[1], b"back"])
    assert one.recv_multipart() == [b"[::1]:%d" % port, b"back"]
    four = bench.dgram()
    four.send_multipart([b"127.0.0.1:%d" % port, b"four"])
    assert both.recv_multipart() == [frame_for(four), b"four"]
    both.send_multipart([frame_for(four), b"back"])
    assert four.recv_multipart() == [b"127.0.0.1:%d" % port, b"back"]


def test_difference_dgram_address(bench: Bench) -> None:
    """libzmq's frame has a NUL at its end; one that was written for that is taken here."""
    one, other = bench.dgram(), bench.dgram()
    one.send_multipart([frame_for(other) + b"\0", b"x"])
    assert other.recv_multipart() == [frame_for(one), b"x"]


# -- options ---


def descriptor(sock: Any) -> socket.socket:
    """Return the system's socket behind a socket with one endpoint; detach it."""
    (pipe,) = sock._core.pipes
    return socket.socket(fileno=int(pipe.peer_properties["__fd"]))


def test_difference_dgram_multicast_options(bench: Bench) -> None:
    """libzmq applies them for RADIO only."""
    dish = bench.dish("g")
    for sock in (
        bench.dgram(multicast_hops=7, multicast_loop=0),
        bench.radio(dish, multicast_hops=7, multicast_loop=0),
    ):
        inner = descriptor(sock)
        try:
            assert inner.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 7
            assert inner.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 0
        finally:
            inner.detach()


def test_options_are_for_later_endpoints(bench: Bench) -> None:
    sock = bench.dgram(multicast_hops=7)
    sock.multicast_hops = 9
    inner = descriptor(sock)
    try:
        assert inner.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 7
    finally:
        inner.detach()
    assert sock.multicast_hops == 9


@pytest.mark.parametrize("endpoint", ["udp://127.0.0.1:*", MULTICAST])
def test_several_receivers_of_one_radio(endpoint: str, bench: Bench) -> None:
    dishes = [bench.dish("g", endpoint=endpoint)]
    if endpoint == MULTICAST:
        dishes.append(bench.dish("g", endpoint=endpoint_of(dishes[0])))
        radios = [bench.radio(dishes[0])]
    else:
        dishes.append(bench.dish("g", endpoint=endpoint))
        radios = [bench.radio(dishes[0])]
        radios[0].connect(endpoint_of(dishes[1]))
    for number in range(20):
        radios[0].send(b"%d" % number, group="g")
        assert [dish.recv() for dish in dishes] == [b"%d" % number] * 2


# -- monitors, pollers, proxies, properties ---


def test_monitor(bench: Bench) -> None:
    dish = bench.socket(zmq.DISH)
    reader = dish.get_monitor_socket()
    reader.rcvtimeo = int(seconds(10) * 1000)
    dish.bind("udp://127.0.0.1:*")
    endpoint = endpoint_of(dish)
    radio = bench.socket(zmq.RADIO)
    sender = radio.get_monitor_socket()
    sender.rcvtimeo = int(seconds(10) * 1000)
    radio.connect(endpoint)
    assert refused(dish.bind, endpoint) == errno.EADDRINUSE
    dish.unbind(endpoint)
    found = [recv_monitor_message(reader) for _ in range(4)]
    numbers = [Event(one["event"]).name for one in found]
    assert numbers == ["LISTENING", "CLOSED", "BIND_FAILED", "CLOSED"]
    assert found[0]["endpoint"] == found[3]["endpoint"] == endpoint.encode()
    assert found[0]["value"] == found[3]["value"]
    connected = recv_monitor_message(sender)
    assert Event(connected["event"]).name == "CONNECTED"
    assert connected["endpoint"] == endpoint.encode()
    for sock, monitor in ((dish, reader), (radio, sender)):
        sock.disable_monitor()
        monitor.close()


def test_pipes_stats(bench: Bench) -> None:
    dish = bench.dish("g")
    name = "inproc://stats"
    zmq.api.monitor.monitor(dish._core, name, 0xFFFFFFFF, 2)
    reader = bench.socket(zmq.PAIR)
    reader.connect(name)
    radio = bench.radio(dish)
    for _ in range(3):
        radio.send(b"x", group="g")
    for _ in range(1000):
        if len(next(iter(dish._core.pipes)).incoming) == 3:
            break
        threading.Event().wait(seconds(0.01))
    pipes_stats(dish._core)
    frames = reader.recv_multipart()
    assert [struct.unpack("=Q", frame)[0] for frame in frames[2:4]] == [0, 3]
    assert frames[-2] == endpoint_of(dish).encode()


def test_poller_and_descriptor(bench: Bench) -> None:
    one, other = bench.dgram(), bench.dgram()
    poller = zmq.Poller()
    poller.register(one, zmq.POLLIN | zmq.POLLOUT)
    poller.register(other, zmq.POLLIN)
    assert dict(poller.poll(0)) == {one: zmq.POLLOUT}
    fd = other.fileno()
    assert not other.events & zmq.POLLIN
    one.send_multipart([frame_for(other), b"x"])
    plain = zmq.Poller()
    plain.register(fd, zmq.POLLIN)
    assert plain.poll(seconds(10) * 1000)
    assert other.events & zmq.POLLIN
    assert dict(poller.poll(seconds(10) * 1000))[other] == zmq.POLLIN
    assert other.recv_multipart() == [frame_for(one), b"x"]


def test_a_proxy_between_datagrams_and_workers(bench: Bench) -> None:
    front = bench.dgram()
    back = bench.socket(zmq.DEALER)
    back.bind("inproc://workers")
    control = bench.socket(zmq.PAIR)
    control.bind("inproc://control")
    worker = bench.socket(zmq.DEALER)
    worker.connect("inproc://workers")
    steering = bench.socket(zmq.PAIR)
    steering.connect("inproc://control")
    thread = threading.Thread(target=zmq.proxy_steerable, args=(front, back, None, control))
    thread.start()
    try:
        client = bench.dgram()
        client.send_multipart([frame_for(front), b"question"])
        address, question = worker.recv_multipart()
        worker.send_multipart([address, question + b" answered"])
        assert client.recv_multipart() == [frame_for(front), b"question answered"]
    finally:
        steering.send(b"TERMINATE")
        thread.join(seconds(10))
    assert not thread.is_alive()


def test_frames_have_their_group_and_descriptor(bench: Bench) -> None:
    dish = bench.dish("g")
    radio = bench.radio(dish)
    radio.send(b"x", group="g")
    frame = dish.recv(copy=False)
    assert frame.group == "g"
    assert os.fstat(frame.get(zmq.SRCFD))
    with pytest.raises(zmq.ZMQError):
        frame.get("Peer-Address")  # many may send to one socket


def test_large_bodies_without_a_copy(bench: Bench) -> None:
    dish = bench.dish("g")
    radio = bench.radio(dish)
    memory = bytearray(b"x" * 60000)
    tracker = radio.send(memory, group="g", copy=False, track=True)
    tracker.wait(seconds(10))
    assert dish.recv() == b"x" * 60000


# -- ends ---


def test_a_thread_that_waits_is_woken_by_term(bench: Bench) -> None:
    with zmq.Context() as context:
        sock = context.socket(zmq.DGRAM)
        failures = []

        def wait() -> None:
            try:
                sock.recv()
            except zmq.ZMQError as error:
                failures.append(error.errno)
            sock.close()

        thread = threading.Thread(target=wait)
        sock.bind("udp://127.0.0.1:*")
        thread.start()
        context.term()
        thread.join(seconds(10))
    assert failures == [zmq.ETERM]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_leaves_the_sockets_to_its_parent() -> None:
    code = """
import os, signal, warnings
warnings.filterwarnings("ignore", "This process", DeprecationWarning)
context = zmq.Context()
dish, radio = context.socket(zmq.DISH), context.socket(zmq.RADIO)
dish.bind("udp://127.0.0.1:*")
dish.join("g")
radio.connect(dish.last_endpoint.decode())
pid = os.fork()
if not pid:
    signal.alarm(10)
    failures = []
    for call in (lambda: dish.recv(zmq.DONTWAIT), lambda: radio.send(b"child", group="g")):
        try:
            call()
        except zmq.ZMQError as error:
            failures.append(error.errno == zmq.ETERM)
    os._exit(0 if failures == [True, True] else 1)
status = os.waitpid(pid, 0)[1]
radio.send(b"parent", group="g")
say([status, dish.recv().decode()])
context.destroy(0)
"""
    with Peer("zmqthread", code) as peer:
        assert peer.hear() == [0, "parent"]
