"""udp: addresses, groups, interfaces, options, what LAST_ENDPOINT says."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import sys

import pytest

from tests.multicast import ROUTED
from tests.support import seconds
from tests.transports.support import dial, listening, options, wait
from zmqthread.endpoint import UdpEndpoint, parse
from zmqthread.errors import ZMQError
from zmqthread.reactor.seams import SYSTEM, Seams
from zmqthread.transports import udp
from zmqthread.transports.interface import Target
from zmqthread.transports.names import interface_addresses

V6 = options(ipv6=True)
GROUP = "239.192.77.1"
ANYWHERE = "udp://127.0.0.1:5"
#: Short, for what must not come: on loopback it would be there already.
NEVER = 0.05
#: The number of <linux/in.h>, which the module does not have.
IP_RECVTTL = 12

has_v6 = pytest.mark.skipif(
    not socket.has_ipv6 or not any(name == "eth0" for _, name in socket.if_nameindex()),
    reason="needs an interface eth0 with IPv6 multicast: the loopback has no route for it",
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs a Linux to run on")


@contextlib.contextmanager
def sending(text, opts=None):
    with contextlib.closing(dial(text, opts)) as opened:
        yield opened


def take(listener):
    wait(listener.socket)
    return listener.socket.recvfrom(100)


def silent(listener):
    return not select.select([listener.socket], [], [], seconds(NEVER))[0]


def port_of(listener):
    return listener.socket.getsockname()[1]


@pytest.mark.parametrize(
    ("text", "ipv6", "shown"),
    [
        ("udp://*:*", False, "udp://0.0.0.0:"),
        ("udp://*:0", False, "udp://0.0.0.0:"),
        ("udp://127.0.0.1:*", False, "udp://127.0.0.1:"),
        ("udp://127.1:*", False, "udp://127.0.0.1:"),
        ("udp://lo:*", False, "udp://127.0.0.1:"),
        ("udp://localhost:*", False, "udp://127.0.0.1:"),
        ("udp://*:*", True, "udp://[::]:"),
        ("udp://[::1]:*", True, "udp://[::1]:"),
        ("udp://127.0.0.1:*", True, "udp://127.0.0.1:"),
        pytest.param(f"udp://{GROUP}:*", False, f"udp://{GROUP}:", marks=ROUTED),
        (f"udp://lo;{GROUP}:*", False, f"udp://lo;{GROUP}:"),
        (f"udp://127.0.0.1;{GROUP}:*", True, f"udp://127.0.0.1;{GROUP}:"),
        pytest.param(f"udp://*;{GROUP}:*", False, f"udp://*;{GROUP}:", marks=ROUTED),
    ],
)
def test_last_endpoint_has_the_scheme_and_the_port(text, ipv6, shown):
    with listening(text, options(ipv6=ipv6)) as listener:
        assert port_of(listener) > 0
        assert listener.endpoint == f"{shown}{port_of(listener)}"


@pytest.mark.parametrize(
    ("text", "number", "word"),
    [
        ("udp://[::1]:*", errno.ENODEV, "IPV6"),
        ("udp://nosuchif0:*", errno.ENODEV, "nosuchif0"),
        ("udp://192.0.2.77:*", errno.EADDRNOTAVAIL, "192.0.2.77"),
        (f"udp://nosuchif0;{GROUP}:*", errno.ENODEV, "nosuchif0"),
        (f"udp://192.0.2.77;{GROUP}:*", errno.EADDRNOTAVAIL, "192.0.2.77"),
        (f"udp://[::1];{GROUP}:*", errno.ENODEV, "::1"),
        ("udp://[ff02::1]:*", errno.ENODEV, "IPV6"),
    ],
)
def test_errors_of_bind_name_the_address(text, number, word, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
    with pytest.raises(ZMQError) as caught, listening(text):
        pass
    assert caught.value.errno == number, caught.value
    assert word in str(caught.value)


def unresolvable(*_args):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("text", ["udp://nosuchif0;[ff02::1]:*", "udp://[::1];[ff02::1]:*"])
def test_ipv6_groups_need_an_interface_that_has_a_number(text):
    with pytest.raises(ZMQError) as caught, listening(text, V6):
        pass
    assert caught.value.errno == errno.ENODEV


def test_a_port_that_is_taken_is_eaddrinuse():
    with listening("udp://127.0.0.1:*") as first:
        with pytest.raises(ZMQError) as caught, listening(first.endpoint):
            pass
        assert caught.value.errno == errno.EADDRINUSE
        with pytest.raises(ZMQError) as caught, listening(f"udp://*:{port_of(first)}"):
            pass
        assert caught.value.errno == errno.EADDRINUSE


@linux
def test_difference_nobody_takes_a_port_from_us():
    """libzmq sets SO_REUSEADDR, so that the second to bind gets what was for the first."""
    with listening("udp://127.0.0.1:*") as first, socket.socket(type=socket.SOCK_DGRAM) as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(first.socket.getsockname())


def test_several_programs_receive_from_one_group():
    with listening(f"udp://127.0.0.1;{GROUP}:*") as one:
        text = one.endpoint
        with listening(text) as other, sending(text) as sender:
            sender.socket.sendto(b"all", sender.address)
            assert take(one)[0] == take(other)[0] == b"all"


@linux
def test_difference_multicast_groups_apart():
    """Linux hands out groups that any socket of the machine has joined, unless told not to."""
    with listening(f"udp://127.0.0.1;{GROUP}:*") as one:
        port = port_of(one)
        with (
            listening(f"udp://127.0.0.1;239.192.77.2:{port}") as other,
            sending(f"udp://127.0.0.1;239.192.77.2:{port}") as sender,
        ):
            sender.socket.sendto(b"for the other", sender.address)
            assert take(other)[0] == b"for the other"
            assert silent(one)


@pytest.mark.parametrize(
    "interface",
    [pytest.param("", marks=ROUTED), pytest.param("*;", marks=ROUTED), "lo;", "127.0.0.1;"],
)
def test_a_group_is_heard_over_its_interface(interface):
    with listening(f"udp://{interface}{GROUP}:*") as listener:
        with sending(listener.endpoint) as sender:
            sender.socket.sendto(b"x", sender.address)
            _, source = take(listener)
        # Over the loopback the sender has its address; by default it has that of the route.
        assert source[0] == "127.0.0.1" or interface in {"", "*;"}


@linux
def test_a_group_is_not_heard_over_another_interface():
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    usable = [name for name in others if interface_addresses(name, 0, ipv6=False)]
    if not usable:
        pytest.skip("needs a second interface with an IPv4 address")
    with listening(f"udp://lo;{GROUP}:*") as listener:
        port = port_of(listener)
        with sending(f"udp://{usable[0]};{GROUP}:{port}") as sender:
            sender.socket.sendto(b"elsewhere", sender.address)
            assert silent(listener)
        with sending(f"udp://lo;{GROUP}:{port}") as sender:
            sender.socket.sendto(b"here", sender.address)
            assert take(listener)[0] == b"here"


@has_v6
@pytest.mark.parametrize("text", ["udp://eth0;[ff02::7777]:*", "udp://[ff02::7777%eth0]:*"])
def test_ipv6_groups(text):
    with listening(text, V6) as listener:
        with sending(listener.endpoint, V6) as sender:
            sender.socket.sendto(b"six", sender.address)
        data, source = take(listener)
        assert data == b"six"
        assert udp.frame_of(source).startswith(b"[fe80::")


@ROUTED
@pytest.mark.parametrize("loop", [0, 1])
@pytest.mark.parametrize("role", ["dial", "listen"])
def test_multicast_loop(loop, role):
    """Over the route of the machine: the loopback itself cannot but loop."""
    opts = options(multicast_loop=loop)
    with listening(f"udp://{GROUP}:*", opts) as listener:
        with sending(listener.endpoint, opts) as sender:
            sock = sender.socket if role == "dial" else listener.socket
            sock.sendto(b"x", (GROUP, port_of(listener)))
        assert silent(listener) != bool(loop)


@pytest.mark.parametrize("hops", [1, 7, 255, 256])
def test_multicast_hops(hops):
    opts = options(multicast_hops=hops)
    text = f"udp://127.0.0.1;{GROUP}:5"
    with listening(text[:-1] + "*", opts) as listener, sending(text, opts) as sender:
        for sock in (sender.socket, listener.socket):
            found = sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL)
            assert found == min(hops, 255)


@linux
def test_multicast_hops_are_on_the_packets():
    """The receiver's kernel tells what TTL a packet came with."""
    with listening(f"udp://127.0.0.1;{GROUP}:*") as listener:
        listener.socket.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        with sending(listener.endpoint, options(multicast_hops=9)) as sender:
            sender.socket.sendto(b"x", sender.address)
        wait(listener.socket)
        _, ancillary, _, _ = listener.socket.recvmsg(10, 100)
        assert [struct.unpack("i", data)[0] for _, _, data in ancillary] == [9]


def test_hops_and_loop_hold_for_both_families_of_a_dual_stack_socket():
    opts = options(ipv6=True, multicast_hops=3, multicast_loop=0)
    with listening("udp://*:*", opts) as listener:
        sock = listener.socket
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS) == 3
        assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP) == 0
        if sys.platform == "linux":
            assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 3
            assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP) == 0


def test_the_systems_options_are_applied():
    opts = options(sndbuf=30000, rcvbuf=40000, tos=0x28)
    with listening("udp://127.0.0.1:*", opts) as listener, sending(ANYWHERE, opts) as sender:
        for sock in (sender.socket, listener.socket):
            # Linux doubles what it is asked for.
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) in {30000, 60000}
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) in {40000, 80000}
            assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 0x28


@linux
@pytest.mark.parametrize("device", [b"lo", b"nosuchif0"])
def test_bind_to_device(device):
    opts = options(bindtodevice=device)
    if device == b"lo":
        with listening("udp://127.0.0.1:*", opts) as listener:
            found = listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert found.rstrip(b"\0") == device
        return
    with pytest.raises(ZMQError) as caught, listening("udp://127.0.0.1:*", opts):
        pass
    assert caught.value.errno == errno.ENODEV


def test_use_fd_is_for_streams():
    with pytest.raises(ZMQError) as caught, listening("udp://127.0.0.1:*", options(use_fd=0)):
        pass
    assert caught.value.errno == errno.EINVAL


def target(text):
    endpoint = parse(text, "connect")
    assert isinstance(endpoint, UdpEndpoint)
    return endpoint


def test_dial_needs_addresses_for_a_name():
    with pytest.raises(OSError, match="no address"):
        dial("udp://localhost:5")
    endpoint = target("udp://localhost:5")
    assert udp.numeric(endpoint, options()) is None
    assert Target(socket.AF_INET, ("127.0.0.1", 5)) in udp.resolve(endpoint, options())
    literal = target("udp://127.1:5")
    assert udp.resolve(literal, options()) == [Target(socket.AF_INET, ("127.0.0.1", 5))]
    with contextlib.closing(
        udp.dial(endpoint, options(), SYSTEM, udp.resolve(endpoint, options()))
    ) as opened:
        assert opened.address == ("127.0.0.1", 5)


def test_a_socket_that_cannot_be_opened_leaves_nothing_behind(monkeypatch):
    """The fixture counts descriptors."""
    monkeypatch.setattr(udp, "tune", failing)
    with pytest.raises(ZMQError), listening("udp://127.0.0.1:*"):
        pass
    with pytest.raises(OSError, match="on purpose"):
        dial("udp://127.0.0.1:5")
    monkeypatch.undo()
    monkeypatch.setattr(udp, "_choose_interface", failing)
    with pytest.raises(ZMQError), listening(f"udp://{GROUP}:*"):
        pass
    with pytest.raises(OSError, match="on purpose"):
        dial(f"udp://{GROUP}:5")


def failing(*_args):
    raise OSError(errno.ENOMEM, "on purpose")


def test_without_ipv6_in_the_kernel_a_wildcard_is_ipv4():
    class Old(Seams):
        def socket(self, family, kind, proto=0):
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "no IPv6")
            return super().socket(family, kind, proto)

    with listening("udp://*:*", V6, Old()) as listener:
        assert listener.endpoint.startswith("udp://0.0.0.0:")


def test_closing_twice_and_what_there_is_not():
    opened = dial("udp://127.0.0.1:5")
    assert opened.done() is None
    assert not opened.pending
    assert udp.peer_address(opened.socket) == ""
    opened.close()
    opened.close()


@pytest.mark.parametrize(
    ("address", "frame"),
    [
        (("127.0.0.1", 5), b"127.0.0.1:5"),
        (("::1", 5, 0, 0), b"[::1]:5"),
        (("::ffff:127.0.0.1", 5, 0, 0), b"127.0.0.1:5"),
        (("fe80::1", 5, 0, 1), b"[fe80::1%lo]:5"),
    ],
)
def test_the_address_of_a_sender(address, frame):
    assert udp.frame_of(address) == frame


def test_an_address_in_the_form_of_its_socket():
    assert udp.address_of(b"127.0.0.1:5", socket.AF_INET) == ("127.0.0.1", 5)
    mapped = ("::ffff:127.0.0.1", 5, 0, 0)
    assert udp.address_of(b"127.0.0.1:5", socket.AF_INET6) == mapped
    assert udp.address_of(b"[::1]:5", socket.AF_INET6) == ("::1", 5, 0, 0)


@pytest.mark.parametrize(
    ("frame", "number"),
    [(b"[::1]:5", errno.EAFNOSUPPORT), (b"[fe80::1%nosuchif0]:5", errno.ENODEV)],
)
def test_hostile_x2_an_address_that_the_socket_cannot_reach(frame, number):
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
        udp.address_of(frame, socket.AF_INET)
    assert caught.value.errno == number
