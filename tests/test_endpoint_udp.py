"""The grammar of udp endpoints and of the addresses that DGRAM sockets use."""

from __future__ import annotations

import contextlib
import errno
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmqthread.endpoint import UdpEndpoint, datagram_address, parse
from zmqthread.errors import ZMQError

USES = ["bind", "connect"]


def refused(call, *args):
    with pytest.raises(ZMQError) as caught:
        call(*args)
    assert caught.value.errno == errno.EINVAL, caught.value
    return str(caught.value)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("text", "host", "port", "interface", "multicast"),
    [
        ("udp://127.0.0.1:5555", "127.0.0.1", 5555, "", False),
        ("udp://127.1:5", "127.1", 5, "", False),
        ("udp://[::1]:5", "::1", 5, "", False),
        ("udp://host.example:5", "host.example", 5, "", False),
        ("udp://224.0.0.0:5", "224.0.0.0", 5, "", True),
        ("udp://239.255.255.255:5", "239.255.255.255", 5, "", True),
        ("udp://223.255.255.255:5", "223.255.255.255", 5, "", False),
        ("udp://240.0.0.0:5", "240.0.0.0", 5, "", False),
        ("udp://[ff02::1]:5", "ff02::1", 5, "", True),
        ("udp://[ff02::1%eth0]:5", "ff02::1%eth0", 5, "", True),
        ("udp://[::ffff:239.0.0.1]:5", "::ffff:239.0.0.1", 5, "", True),
        ("udp://eth0;239.0.0.1:5", "239.0.0.1", 5, "eth0", True),
        ("udp://127.0.0.1;239.0.0.1:5", "239.0.0.1", 5, "127.0.0.1", True),
        ("udp://*;239.0.0.1:5", "239.0.0.1", 5, "", True),
        ("udp://lo;[ff02::1]:5", "ff02::1", 5, "lo", True),
        ("udp://[::1];[ff02::1]:5", "ff02::1", 5, "::1", True),
    ],
)
def test_hosts_groups_and_interfaces(text, host, port, interface, multicast, use):
    endpoint = parse(text, use)
    assert endpoint == UdpEndpoint(text, host, port, interface)
    assert endpoint.multicast is multicast
    assert endpoint.scheme == "udp"


@pytest.mark.parametrize("text", ["udp://*:*", "udp://*:0", "udp://lo:*", "udp://239.0.0.1:*"])
def test_wildcards_are_for_bind(text):
    endpoint = parse(text, "bind")
    assert isinstance(endpoint, UdpEndpoint)
    assert endpoint.port == 0
    refused(parse, text, "connect")


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("udp://127.0.0.1", "no port"),
        ("udp://127.0.0.1:", "port"),
        ("udp://127.0.0.1:abc", "'abc'"),
        ("udp://127.0.0.1:65536", "65536"),
        ("udp://127.0.0.1:-1", "'-1'"),
        ("udp://[::1:5", "'[::1'"),
        ("udp://:5", "host is empty"),
        ("udp://;239.0.0.1:5", "host is empty"),
        ("udp://127.0.0.1;127.0.0.1:5", "for multicast groups"),
        ("udp://eth0;host.example:5", "for multicast groups"),
        ("udp://239.0.0.2;239.0.0.1:5", "not an interface"),
        ("udp://127.0.0.1:5;239.0.0.1:5", "127.0.0.1:5"),
        ("udp://a b;239.0.0.1:5", "'a b'"),
        ("udp://1.2.3.4.5:5", "1.2.3.4.5"),
    ],
)
def test_hostile_n1_malformed_udp_endpoint(text, word, use):
    assert word in refused(parse, text, use)


def test_nothing_can_be_sent_to_port_0():
    assert "port 0" in refused(parse, "udp://127.0.0.1:0", "connect")


@given(st.text(string.digits + ":;*[]%.fo-", max_size=24), st.sampled_from(USES))
def test_what_parses_as_udp_is_well_formed(address, use):
    with contextlib.suppress(ZMQError):
        endpoint = parse("udp://" + address, use)
        assert isinstance(endpoint, UdpEndpoint)
        assert 0 <= endpoint.port <= 65535
        assert endpoint.host
        assert not set("[];") & set(endpoint.host + endpoint.interface)
        assert endpoint.multicast or not endpoint.interface
        if use == "connect":
            assert endpoint.port
            assert endpoint.host != "*"


@pytest.mark.parametrize(
    ("frame", "host", "port"),
    [
        (b"127.0.0.1:5", "127.0.0.1", 5),
        (b"239.0.0.1:65535", "239.0.0.1", 65535),
        (b"[::1]:5", "::1", 5),
        (b"[fe80::1%eth0]:5", "fe80::1%eth0", 5),
        (b"127.0.0.1:5\0", "127.0.0.1", 5),
    ],
)
def test_address_of_a_datagram(frame, host, port):
    assert datagram_address(frame) == (host, port)


@pytest.mark.parametrize(
    "frame",
    [
        *(b"", b":", b":5", b"127.0.0.1", b"127.0.0.1:", b"127.0.0.1:0", b"127.0.0.1:65536"),
        *(b"127.0.0.1:-1", b"127.0.0.1:5 ", b" 127.0.0.1:5", b"127.0.0.1:5\0\0", b"host:5"),
        *(b"*:5", b"127.0.0.1:*", b"::1:5", b"[127.0.0.1]:5", b"[::1:5", b"[]:5", b"lo:5"),
        *(b"127.0.0.256:5", b"\xff\xfe:5", b"\0", b"[::1]5", b"udp://127.0.0.1:5"),
        "\u0663\u0663.0.0.1:5".encode(),
    ],
)
def test_hostile_x2_no_address(frame):
    refused(datagram_address, frame)


@given(st.binary(max_size=40))
def test_any_frame_is_an_address_or_an_error(frame):
    with contextlib.suppress(ZMQError):
        host, port = datagram_address(frame)
        assert host
        assert 0 < port <= 65535
