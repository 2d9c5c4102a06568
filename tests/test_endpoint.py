"""The grammar of endpoints, value by value."""

from __future__ import annotations

import contextlib
import errno
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zmqthread.endpoint import InprocEndpoint, IpcEndpoint, TcpEndpoint, parse
from zmqthread.errors import ZMQError


def refused(text, use, number, *words):
    """Assert that `parse` refuses `text`, naming `words`, and that it refuses for that reason."""
    with pytest.raises(ZMQError) as caught:
        parse(text, use)
    assert caught.value.errno == number, caught.value
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://127.0.0.1:5555", "127.0.0.1", 5555),
        ("tcp://127.0.0.1:0", "127.0.0.1", 0),
        ("tcp://127.0.0.1:65535", "127.0.0.1", 65535),
        ("tcp://127.0.0.1:00080", "127.0.0.1", 80),
        ("tcp://127.1:5", "127.1", 5),
        ("tcp://[::1]:5", "::1", 5),
        ("tcp://::1:5", "::1", 5),
        ("tcp://[::]:5", "::", 5),
        ("tcp://[fe80::1%eth0]:5", "fe80::1%eth0", 5),
        ("tcp://fe80::1%3:5", "fe80::1%3", 5),
        ("tcp://[::ffff:10.0.0.1]:5", "::ffff:10.0.0.1", 5),
        ("tcp://[127.0.0.1]:5", "127.0.0.1", 5),
        ("tcp://localhost:5", "localhost", 5),
        ("tcp://a-b.example.org.:5", "a-b.example.org.", 5),
        ("tcp://my_host:5", "my_host", 5),
        ("tcp://0.example:5", "0.example", 5),
        ("tcp://eth0:5", "eth0", 5),
    ],
)
def test_tcp_for_both_uses(text, use, host, port):
    assert parse(text, use) == TcpEndpoint(text, host, port)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://*:*", "*", 0),
        ("tcp://*:5555", "*", 5555),
        ("tcp://[*]:5555", "*", 5555),
        ("tcp://127.0.0.1:*", "127.0.0.1", 0),
        ("tcp://[::1]:*", "::1", 0),
        ("tcp://veth@x.1:*", "veth@x.1", 0),
    ],
)
def test_tcp_wildcards_and_interfaces_for_bind(text, host, port):
    assert parse(text, "bind") == TcpEndpoint(text, host, port)


@pytest.mark.parametrize(
    ("text", "host", "source"),
    [
        ("tcp://127.0.0.1:0;127.0.0.2:5", "127.0.0.2", ("127.0.0.1", 0)),
        ("tcp://127.0.0.1:7;127.0.0.2:5", "127.0.0.2", ("127.0.0.1", 7)),
        ("tcp://127.0.0.1:*;127.0.0.2:5", "127.0.0.2", ("127.0.0.1", 0)),
        ("tcp://127.0.0.1;127.0.0.2:5", "127.0.0.2", ("127.0.0.1", 0)),
        ("tcp://eth0:7;host:5", "host", ("eth0", 7)),
        ("tcp://eth0;[::1]:5", "::1", ("eth0", 0)),
        ("tcp://[::1];[::2]:5", "::2", ("::1", 0)),
        ("tcp://[::1]:7;[::2]:5", "::2", ("::1", 7)),
        ("tcp://::1:7;::2:5", "::2", ("::1", 7)),
    ],
)
def test_tcp_source_for_connect(text, host, source):
    assert parse(text, "connect") == TcpEndpoint(text, host, 5, source)


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tcp://127.0.0.1:99999", "'99999'"),
        ("tcp://127.0.0.1:65536", "'65536'"),
        ("tcp://:5555x", "'5555x'"),
        ("tcp://127.0.0.1:5x", "'5x'"),
        ("tcp://127.0.0.1:0x50", "'0x50'"),
        ("tcp://127.0.0.1:+5", "'+5'"),
        ("tcp://127.0.0.1:5_0", "'5_0'"),
        ("tcp://127.0.0.1: 5", "' 5'"),
        ("tcp://127.0.0.1:5 ", "'5 '"),
        ("tcp://127.0.0.1:\u0665", "'\u0665'"),
        ("tcp://127.0.0.1:" + "9" * 5000, "port '9999"),
        ("tcp://127.0.0.1:", "port ''"),
        ("tcp://127.0.0.1:5555/path", "'5555/path'"),
        ("tcp://127.0.0.1", "no port"),
        ("tcp://[::1]", "no port"),
        ("tcp://[::1", "not an IPv6 address"),
        ("tcp://[::1:5", "not an IPv6 address"),
        ("tcp://::1]:5", "not an IPv6 address"),
        ("tcp://[[::1]]:5", "not an IPv6 address"),
        ("tcp://[::1%]:5", "not an IPv6 address"),
        ("tcp://[12345::]:5", "not an IPv6 address"),
        ("tcp://1:2:3", "not an IPv6 address"),
        ("tcp://[]:5", "host is empty"),
        ("tcp://256.1.1.1:5", "'256.1.1.1' is not an IPv4 address"),
        ("tcp://1.2.3.4.5:5", "not an IPv4 address"),
        ("tcp://.:5", "not an IPv4 address"),
        ("tcp:// 127.0.0.1:5", "' 127.0.0.1'"),
        ("tcp://a b:5", "'a b'"),
        ("tcp://a/b:5", "'a/b'"),
        ("tcp://a\n:5", "not a host"),
    ],
)
def test_n1_malformed_tcp_is_einval_at_once(text, use, word):
    refused(text, use, errno.EINVAL, word, "addr='tcp://")


@pytest.mark.parametrize(
    "text", ["tcp://a!b:5", "tcp://-x:5", "tcp://m\u00fcnchen:5", "tcp://a@b:5"]
)
def test_n1_connect_takes_host_names_only(text):
    refused(text, "connect", errno.EINVAL, "not a host", text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp://*:5555",
        "tcp://[*]:5555",
        "tcp://127.0.0.1:*",
        "tcp://*:*",
        "tcp://*:0;127.0.0.1:5",
        "tcp://*;127.0.0.1:5",
        "tcp://127.0.0.1:0;*:5",
        "tcp://127.0.0.1:0;127.0.0.1:*",
        "ipc://*",
        "ipc://*anything",
    ],
)
def test_n2_wildcard_in_connect(text):
    refused(text, "connect", errno.EINVAL, "'*'", text)


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize(
    "text",
    ["", "tcp", "tcp:", "tcp:/", "tcp://", "ipc://", "inproc://", "bogus://", "127.0.0.1:5", "://"],
)
def test_n2_empty(text, use):
    refused(text, use, errno.EINVAL, repr(text))


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize("text", ["tcp://:5555", "tcp://:0", "tcp://;127.0.0.1:5"])
def test_n2_empty_host(text, use):
    refused(text, use, errno.EINVAL, text)


@pytest.mark.parametrize("use", ["bind", "connect"])
def test_n2_negative_port(use):
    refused("tcp://127.0.0.1:-1", use, errno.EINVAL, "'-1'")


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize("scheme", ["TCP", "Tcp", "bogus", "", " tcp", "tcp ", "http"])
def test_n2_unknown_scheme(scheme, use):
    refused(f"{scheme}://127.0.0.1:5", use, errno.EPROTONOSUPPORT, repr(scheme), "not a transport")


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize("scheme", ["ws", "wss", "pgm", "epgm", "norm", "tipc", "vmci", "vsock"])
def test_known_scheme_that_is_not_available_says_so(scheme, use):
    refused(f"{scheme}://127.0.0.1:5", use, errno.EPROTONOSUPPORT, repr(scheme), "not available")


@pytest.mark.parametrize(
    "text", ["tcp://127.0.0.1:0;127.0.0.1:5", "tcp://;127.0.0.1:5", "tcp://127.0.0.1;127.0.0.2:0"]
)
def test_source_in_bind(text):
    refused(text, "bind", errno.EINVAL, "connect only", text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp://127.0.0.1:0;127.0.0.2:0;127.0.0.3:5",
        "tcp://127.0.0.1:0;",
        "tcp://127.0.0.1:99999;127.0.0.1:5",
        "tcp://[::1;127.0.0.1:5",
        "tcp://a b;127.0.0.1:5",
    ],
)
def test_n1_malformed_source(text):
    refused(text, "connect", errno.EINVAL, text)


@pytest.mark.parametrize("use", ["bind", "connect"])
def test_i8_ipc_path_limit_is_named(use):
    assert parse("ipc://" + "x" * 107, use) == IpcEndpoint("ipc://" + "x" * 107, "x" * 107)
    refused("ipc://" + "x" * 108, use, errno.ENAMETOOLONG, "108", "107")
    # Octets count, not characters.
    refused("ipc://" + "\u00fc" * 54, use, errno.ENAMETOOLONG, "108", "107")


@pytest.mark.parametrize("use", ["bind", "connect"])
def test_i8_abstract_name(use):
    endpoint = parse("ipc://@name", use)
    assert endpoint == IpcEndpoint("ipc://@name", "@name")
    assert endpoint.abstract
    assert not endpoint.wildcard
    parse("ipc://@" + "x" * 106, use)
    refused("ipc://@" + "x" * 107, use, errno.ENAMETOOLONG, "107")
    refused("ipc://@", use, errno.EINVAL, "'@'")


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize(
    "text", ["ipc://a\0b", "tcp://127.0.0.1\0:5", "inproc://a\0", "tcp://h:5\0"]
)
def test_i8_nul_inside(text, use):
    refused(text, use, errno.EINVAL, "NUL")


@pytest.mark.parametrize("text", ["ipc://*", "ipc://*ignored"])
def test_ipc_wildcard_for_bind(text):
    endpoint = parse(text, "bind")
    assert endpoint == IpcEndpoint(text, "*")
    assert endpoint.wildcard
    assert not endpoint.abstract


@pytest.mark.parametrize("path", ["/tmp/x", "rel/x", "x", "/tmp/with space", "a*", "a@b", "://"])
def test_ipc_path_is_taken_as_it_is(path):
    endpoint = parse("ipc://" + path, "connect")
    assert endpoint == IpcEndpoint("ipc://" + path, path)
    assert not endpoint.abstract
    assert not endpoint.wildcard


@pytest.mark.parametrize("use", ["bind", "connect"])
@pytest.mark.parametrize(
    "name", ["a", "a/b", "*", "tcp://x", "x" * 255, "x" * 256, "x" * 1_000_000]
)
def test_i1_inproc_name_of_any_length(name, use):
    assert parse("inproc://" + name, use) == InprocEndpoint("inproc://" + name, name)


def test_i1_error_about_a_huge_endpoint_is_short():
    with pytest.raises(ZMQError) as caught:
        parse("tcp://" + "[" * 1_000_000, "bind")
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("scheme", ["tcp", "ipc", "inproc"])
def test_text_that_the_system_cannot_encode(scheme):
    refused(f"{scheme}://\ud800:5", "bind", errno.EINVAL, "encoded")


def test_ipc_path_of_octets_that_are_no_text():
    assert parse("ipc:///tmp/\udcff", "bind") == IpcEndpoint("ipc:///tmp/\udcff", "/tmp/\udcff")


@given(st.text(), st.sampled_from(["bind", "connect"]))
def test_any_text_parses_or_is_a_zmq_error(text, use):
    for candidate in (text, "tcp://" + text, "ipc://" + text, f"tcp://{text}:5", f"tcp://h:{text}"):
        with contextlib.suppress(ZMQError):
            assert parse(candidate, use).text == candidate


@given(
    st.text(string.digits + ":;*[]%.-x", max_size=24),
    st.sampled_from(["bind", "connect"]),
)
def test_what_parses_as_tcp_is_well_formed(address, use):
    try:
        endpoint = parse("tcp://" + address, use)
    except ZMQError:
        return
    assert isinstance(endpoint, TcpEndpoint)
    assert 0 <= endpoint.port <= 65535
    assert endpoint.host
    assert not set("[];") & set(endpoint.host)
    if use == "bind":
        assert endpoint.source is None
    else:
        assert "*" not in (endpoint.host, endpoint.source and endpoint.source[0])
