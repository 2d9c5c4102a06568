"""tcp: addresses, options, filters, names."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from ipaddress import ip_network

import pytest

from tests.support import free_port
from tests.transports.support import accept, dial, finish, joined, listening, options, wait
from zmqthread.endpoint import TcpEndpoint, parse
from zmqthread.errors import ZMQError
from zmqthread.transports import names, tcp
from zmqthread.transports.interface import Target

ANY = "tcp://127.0.0.1:*"
V6 = options(ipv6=True)


def target(text):
    endpoint = parse(text, "connect")
    assert isinstance(endpoint, TcpEndpoint)
    return endpoint


def port_of(text):
    return int(text.rpartition(":")[2])


@pytest.mark.parametrize(
    ("text", "ipv6", "host"),
    [
        ("tcp://*:*", False, "0.0.0.0"),
        ("tcp://*:0", False, "0.0.0.0"),
        ("tcp://127.0.0.1:*", False, "127.0.0.1"),
        ("tcp://127.1:*", False, "127.0.0.1"),
        ("tcp://lo:*", False, "127.0.0.1"),
        ("tcp://localhost:*", False, "127.0.0.1"),
        ("tcp://*:*", True, "[::]"),
        ("tcp://[::1]:*", True, "[::1]"),
        ("tcp://::1:*", True, "[::1]"),
        ("tcp://lo:*", True, "[::1]"),
        ("tcp://127.0.0.1:*", True, "[::ffff:127.0.0.1]"),
        ("tcp://0.0.0.0:*", True, "[::ffff:0.0.0.0]"),
    ],
)
def test_last_endpoint(text, ipv6, host):
    with listening(text, options(ipv6=ipv6)) as listener:
        port = listener.socket.getsockname()[1]
        assert port > 0
        assert listener.endpoint == f"tcp://{host}:{port}"


@pytest.mark.parametrize(
    ("text", "number", "word"),
    [
        ("tcp://[::1]:*", errno.ENODEV, "IPV6"),
        ("tcp://nosuchif0:*", errno.ENODEV, "nosuchif0"),
        ("tcp://name.invalid:*", errno.ENODEV, "name.invalid"),
        ("tcp://192.0.2.77:*", errno.EADDRNOTAVAIL, "192.0.2.77"),
    ],
)
def test_bind_errors_name_the_address(text, number, word, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
    with pytest.raises(ZMQError) as caught, listening(text):
        pass
    assert caught.value.errno == number
    assert word in str(caught.value)
    assert text in str(caught.value)


def test_unknown_zone_is_enodev():
    with pytest.raises(ZMQError) as caught, listening("tcp://[fe80::1%nosuchif0]:*", V6):
        pass
    assert caught.value.errno == errno.ENODEV
    assert "nosuchif0" in str(caught.value)
    endpoint = target("tcp://[fe80::1%nosuchif0]:5")
    with pytest.raises(OSError, match="nosuchif0"):
        tcp.numeric(endpoint, V6)


def test_bind_without_ipv6_in_the_kernel_falls_back():
    class Old:
        random = None

        def socket(self, family, kind):
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "no IPv6 here")
            return socket.socket(family, kind)

    with listening("tcp://*:*", V6, Old()) as listener:
        assert listener.endpoint.startswith("tcp://0.0.0.0:")


def test_dual_stack_listener_takes_both():
    with listening("tcp://*:*", V6) as listener:
        port = port_of(listener.endpoint)
        with joined(listener, f"tcp://127.0.0.1:{port}") as (*_, peer):
            assert peer == "::ffff:127.0.0.1"
        with joined(listener, f"tcp://[::1]:{port}", V6) as (*_, peer):
            assert peer == "::1"


def test_dual_stack_endpoint_serves_a_peer_without_ipv6():
    with listening(ANY, V6) as listener:
        assert "[::ffff:127.0.0.1]" in listener.endpoint
        with joined(listener, opts=options()) as (near, *_):
            assert near.family == socket.AF_INET


def test_peer_address_is_the_ip_without_port():
    with listening(ANY) as listener, joined(listener) as (near, far, peer):
        assert peer == tcp.peer_address(near) == tcp.peer_address(far) == "127.0.0.1"
    with socket.socket() as nobody:
        assert tcp.peer_address(nobody) == ""


# -- options -----------------------------------------------------------------------------------


def setting(sock, level, name):
    return sock.getsockopt(level, name)


@pytest.mark.parametrize(
    ("changes", "level", "name", "value"),
    [
        ({"sndbuf": 8192}, socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * 8192),  # Linux doubles it
        ({"rcvbuf": 8192}, socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * 8192),
        ({"tos": 0x28}, socket.IPPROTO_IP, socket.IP_TOS, 0x28),
        ({"priority": 5}, socket.SOL_SOCKET, socket.SO_PRIORITY, 5),
        ({"tcp_keepalive": 1}, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        ({"tcp_keepalive": 0}, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0),
        (
            {"tcp_keepalive": 1, "tcp_keepalive_cnt": 7},
            socket.IPPROTO_TCP,
            socket.TCP_KEEPCNT,
            7,
        ),
        (
            {"tcp_keepalive": 1, "tcp_keepalive_idle": 77},
            socket.IPPROTO_TCP,
            socket.TCP_KEEPIDLE,
            77,
        ),
        (
            {"tcp_keepalive": 1, "tcp_keepalive_intvl": 17},
            socket.IPPROTO_TCP,
            socket.TCP_KEEPINTVL,
            17,
        ),
        ({"tcp_maxrt": 4321}, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 4321),
        ({}, socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ],
)
def test_option_reaches_both_ends(changes, level, name, value):
    opts = options(**changes)
    with listening(ANY, opts) as listener, joined(listener, opts=opts) as (near, far, _):
        assert setting(near, level, name) == value
        assert setting(far, level, name) == value


def test_defaults_leave_the_system_settings_alone():
    with socket.socket() as plain, listening(ANY) as listener, joined(listener) as (near, far, _):
        for sock in (near, far):
            for name in (socket.SO_KEEPALIVE, socket.SO_PRIORITY):
                assert setting(sock, socket.SOL_SOCKET, name) == setting(
                    plain, socket.SOL_SOCKET, name
                )
            assert setting(sock, socket.IPPROTO_IP, socket.IP_TOS) == 0
            assert setting(sock, socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 0


def test_tos_is_the_traffic_class_of_ipv6():
    opts = options(ipv6=True, tos=0x28)
    with (
        listening("tcp://[::1]:*", opts) as listener,
        joined(listener, opts=opts) as (near, far, _),
    ):
        assert setting(near, socket.IPPROTO_IPV6, socket.IPV6_TCLASS) == 0x28
        assert setting(far, socket.IPPROTO_IPV6, socket.IPV6_TCLASS) == 0x28


def test_backlog_reaches_the_kernel():
    with listening(ANY, options(backlog=37)) as listener:
        info = listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
        assert struct.unpack_from("I", info, 28)[0] == 37  # tcpi_sacked: the limit, when listening


def test_listener_may_reuse_its_address():
    with listening(ANY) as listener:
        assert setting(listener.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        with joined(listener) as (_, far, _):
            far.close()  # so that TIME_WAIT stays on the listener's port
    with listening(listener.endpoint):
        pass


@pytest.mark.parametrize("device", [b"lo", "lo"])
def test_bind_to_device(device):
    opts = options(bindtodevice=device)
    with listening(ANY, opts) as listener, joined(listener, opts=opts) as (near, far, _):
        for sock in (listener.socket, near, far):
            value = sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert value.rstrip(b"\0") == b"lo"


def test_bind_to_a_device_that_is_not_there():
    opts = options(bindtodevice=b"nosuchif0")
    with pytest.raises(ZMQError) as caught, listening(ANY, opts):
        pass
    assert caught.value.errno == errno.ENODEV
    with pytest.raises(OSError, match="No such device"):
        dial("tcp://127.0.0.1:5", opts)


# -- filters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("networks", "ipv6", "admitted"),
    [
        ([], False, True),
        (["127.0.0.0/8"], False, True),
        (["127.0.0.1/32"], False, True),
        (["10.0.0.0/8"], False, False),
        (["10.0.0.0/8", "127.0.0.0/8"], False, True),
        (["::1/128"], False, False),
        (["127.0.0.0/8"], True, True),
        (["10.0.0.0/8"], True, False),
    ],
)
def test_d5_accept_filter(networks, ipv6, admitted):
    opts = options(ipv6=ipv6, tcp_accept_filter=tuple(map(ip_network, networks)))
    with listening(ANY, opts) as listener:
        text = f"tcp://127.0.0.1:{port_of(listener.endpoint)}"
        with contextlib.closing(dial(text)) as connecting:
            assert finish(connecting) is None
            accepted = accept(listener)
            assert (accepted is not None) == admitted
            if accepted is not None:
                accepted[0].close()
            else:
                wait(connecting.socket)
                assert connecting.socket.recv(1) == b""


# -- connecting --------------------------------------------------------------------------------


def test_nobody_listens():
    with contextlib.closing(dial(f"tcp://127.0.0.1:{free_port()}")) as connecting:
        assert isinstance(finish(connecting), ConnectionRefusedError)


def test_source_address_and_port():
    with listening("tcp://127.0.0.1:*") as listener:
        port = port_of(listener.endpoint)
        with joined(listener, f"tcp://127.0.0.2;127.0.0.1:{port}") as (*_, peer):
            assert peer == "127.0.0.2"


def test_one_source_port_serves_for_several_targets():
    source = f"tcp://127.0.0.1:{free_port()}"
    with listening(ANY) as one, listening(ANY) as two:
        one_text = f"{source};{one.endpoint.removeprefix('tcp://')}"
        two_text = f"{source};{two.endpoint.removeprefix('tcp://')}"
        with joined(one, one_text) as (first, *_), joined(two, two_text) as (second, *_):
            assert first.getsockname() == second.getsockname()


def test_source_by_name_has_to_be_resolved():
    with listening("tcp://127.0.0.1:*") as listener:
        text = f"tcp://lo;127.0.0.1:{port_of(listener.endpoint)}"
        endpoint = target(text)
        assert tcp.numeric(endpoint, options()) is None
        with pytest.raises(OSError, match="resolved first"):
            dial(text)
        targets = tcp.resolve(endpoint, options())
        assert targets == [Target(socket.AF_INET, ("127.0.0.1", endpoint.port), ("127.0.0.1", 0))]


def test_source_of_another_ip_version():
    endpoint = target("tcp://127.0.0.1:0;[::1]:5")
    for look in (tcp.numeric, tcp.resolve):
        with pytest.raises(OSError, match="share no IP version"):
            look(endpoint, V6)


def test_source_that_is_not_ours():
    with pytest.raises(OSError, match="Cannot assign") as caught:
        dial("tcp://192.0.2.77:0;127.0.0.1:5")
    assert caught.value.errno == errno.EADDRNOTAVAIL


def test_g14_connected_to_itself():
    port = free_port()
    with contextlib.closing(dial(f"tcp://127.0.0.1:{port};127.0.0.1:{port}")) as connecting:
        error = finish(connecting)
        assert isinstance(error, ConnectionRefusedError)
        assert "itself" in str(error)


def test_ipv6_literal_without_the_option():
    endpoint = target("tcp://[::1]:5")
    for look in (tcp.numeric, tcp.resolve):
        with pytest.raises(OSError, match="IPV6") as caught:
            look(endpoint, options())
        assert caught.value.errno == errno.ENODEV


# -- names -------------------------------------------------------------------------------------


def unresolvable(*_args, **_kwargs):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def never(*_args, **_kwargs):
    raise AssertionError("looked up")


def test_n3_numeric_addresses_are_not_looked_up(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", never)
    assert tcp.numeric(target("tcp://127.0.0.1:5"), options()) == [
        Target(socket.AF_INET, ("127.0.0.1", 5))
    ]
    assert tcp.numeric(target("tcp://[::1]:5"), V6) == [Target(socket.AF_INET6, ("::1", 5, 0, 0))]
    assert tcp.numeric(target("tcp://localhost:5"), options()) is None


def test_n3_unresolvable_name(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
    with pytest.raises(OSError, match=r"name\.invalid.*Name or service not known") as caught:
        tcp.resolve(target("tcp://name.invalid:5"), options())
    assert caught.value.errno == errno.EHOSTUNREACH


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".invalid", "x" * 255])
def test_n3_name_that_cannot_exist(name):
    with pytest.raises(OSError, match="cannot resolve"):
        tcp.resolve(target(f"tcp://{name}:5"), options())


def test_n3_name_with_20_addresses(monkeypatch):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.1.{n}", 5)) for n in range(20)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [*rows, rows[3]])
    targets = tcp.resolve(target("tcp://many:5"), options())
    assert targets == [Target(socket.AF_INET, (f"127.0.1.{n}", 5)) for n in range(20)]


def test_n3_name_with_ipv6_only(monkeypatch):
    def table(_host, _port, family, _kind):
        if family == socket.AF_INET:
            return unresolvable()
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", table)
    with listening("tcp://[::1]:*", V6) as listener:
        port = port_of(listener.endpoint)
        endpoint = target(f"tcp://six:{port}")
        targets = tcp.resolve(endpoint, V6)
        with contextlib.closing(dial(endpoint.text, V6, addresses=targets)) as connecting:
            assert finish(connecting) is None
        with pytest.raises(OSError, match="cannot resolve"):
            tcp.resolve(endpoint, options())


def test_localhost_resolves():
    with listening(ANY) as listener:
        text = f"tcp://localhost:{port_of(listener.endpoint)}"
        targets = tcp.resolve(target(text), options())
        with contextlib.closing(dial(text, addresses=targets)) as connecting:
            assert finish(connecting) is None


# -- interfaces --------------------------------------------------------------------------------

IF_INET6 = """\
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 04 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000002 05 40 20 80     eth1
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    path = tmp_path / "if_inet6"
    path.write_text(IF_INET6)
    monkeypatch.setattr(names, "_IF_INET6", str(path))
    return path


def test_interface_prefers_the_wider_scope(table):
    found = names.interface_addresses("eth0", 5, True)
    assert [row for row in found if row[0] == socket.AF_INET6] == [
        (socket.AF_INET6, ("fd00::2", 5, 0, 0)),
        (socket.AF_INET6, ("fe80::fc:ff:fe00:1", 5, 0, 4)),
    ]


def test_interface_with_link_local_addresses_only(table):
    assert names.interface_addresses("eth1", 5, True)[0] == (
        socket.AF_INET6,
        ("fe80::fc:ff:fe00:2", 5, 0, 5),
    )


def test_interface_without_ipv6():
    assert names.interface_addresses("lo", 5, False) == [(socket.AF_INET, ("127.0.0.1", 5))]


def test_interface_table_of_a_kernel_without_ipv6(table):
    table.unlink()
    assert names.interface_addresses("lo", 5, True) == [(socket.AF_INET, ("127.0.0.1", 5))]


@pytest.mark.parametrize("name", ["nosuchif0", "a-name-longer-than-any-interface", "lo\udcff"])
def test_no_such_interface(name):
    assert names.interface_addresses(name, 5, True) == []


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 5), "127.0.0.1"),
        (("::1", 5, 0, 0), "::1"),
        (("fe80::1", 5, 0, 1), "fe80::1%lo"),
        (("fe80::1%lo", 5, 0, 1), "fe80::1%lo"),
        (("fe80::1", 5, 0, 987654), "fe80::1%987654"),
    ],
)
def test_shown_address(address, text):
    assert names.show(address) == text
