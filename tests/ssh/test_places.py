"""What is checked before any program or server sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zmqthread import ssh
from zmqthread.ssh import tunnel
from zmqthread.ssh.openssh import Login
from zmqthread.ssh.places import Server, Target, make_target, parse_address, parse_server


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("host", Server("host")),
        ("host:22", Server("host", None, 22)),
        ("me@host", Server("host", "me")),
        ("me@host:2222", Server("host", "me", 2222)),
        ("me@corp.example@host", Server("host", "me@corp.example")),
        ("CORP\\me@host", Server("host", "CORP\\me")),
        ("[::1]", Server("::1")),
        ("me@[fe80::1%eth0]:2222", Server("fe80::1%eth0", "me", 2222)),
        ("192.0.2.1:22", Server("192.0.2.1", None, 22)),
    ],
)
def test_servers(text, meant):
    assert parse_server(text) == meant


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("-oProxyCommand=evil", "looks like an option"),
        ("me@-oProxyCommand=evil", "looks like an option"),
        ("-me@host", "looks like an option"),
        ("", "'' is not a host"),
        ("me@", "'' is not a host"),
        ("@host", "'' is not a user"),
        ("two words@host", "'two words' is not a user"),
        ("$(evil)@host", "is not a user"),
        ("host name", "'host name' is not a host"),
        ("`evil`", "is not a host"),
        ("ssh://host", "port '//host'"),
        ("host\n", "is not a host"),
        ("host:", "port ''"),
        ("host:0", "port '0'"),
        ("host:65536", "port '65536'"),
        ("host:22x", "port '22x'"),
        ("::1", r"needs brackets: \[::1\]"),
        ("[::1", "needs brackets"),
        ("[::g]:22", "'::g' is not an IPv6 address"),
        ("[host]:22", "'host' is not an IPv6 address"),
        ("[fe80::1%$(evil)]", "is not a host"),
    ],
)
def test_servers_that_cannot_be_meant(text, fault):
    with pytest.raises(ValueError, match=fault) as caught:
        parse_server(text)
    assert repr(text) in str(caught.value)


def test_a_password_in_the_server_is_not_repeated():
    with pytest.raises(ValueError, match="an argument of its own") as caught:
        parse_server("me:secret@host")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("addr", "meant"),
    [
        ("tcp://127.0.0.1:5555", Target("127.0.0.1", 5555)),
        ("tcp://[::1]:5555", Target("::1", 5555)),
        ("tcp://inner.example:65535", Target("inner.example", 65535)),
    ],
)
def test_addresses(addr, meant):
    assert parse_address(addr) == meant
    assert f"tcp://{meant.text}" == addr


@pytest.mark.parametrize(
    ("addr", "fault"),
    [
        ("ipc:///tmp/x", "only tcp"),
        ("inproc://x", "only tcp"),
        ("udp://127.0.0.1:5555", "only tcp"),
        ("127.0.0.1:5555", "no '://'"),
        ("tcp://127.0.0.1", "no port"),
        ("tcp://*:5555", "for bind only"),
        ("tcp://host:*", "not a number"),
        ("tcp://host:0", "port 0"),
        ("tcp://host:65536", "65536"),
        ("tcp://::x:5555", "not an IPv6 address"),
        ("tcp://a b:5555", "not a host"),
        ("tcp://127.0.0.1:1;127.0.0.1:2", "source address"),
    ],
)
@pytest.mark.parametrize("paramiko", [True, False])
def test_addresses_that_cannot_be_meant(addr, fault, paramiko):
    with pytest.raises(ValueError, match=fault) as caught:
        tunnel.open_tunnel(addr, "host", paramiko=paramiko)
    assert repr(addr) in str(caught.value)


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_a_target_with_brackets_and_without(host):
    assert make_target(host, 1).text == "[::1]:1"


@pytest.mark.parametrize("make", [tunnel.openssh_tunnel, tunnel.paramiko_tunnel])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"server": "-v"}, "server='-v'"),
        ({"keyfile": "-v"}, "keyfile='-v'"),
        ({"remoteip": "-v"}, "remoteip='-v'"),
        ({"remoteip": "1:2"}, "remoteip='1:2'"),
        ({"lport": 0}, "lport=0"),
        ({"lport": "5555"}, "lport='5555'"),
        ({"rport": 65536}, "rport=65536"),
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": "1; evil"}, "timeout='1; evil'"),
        ({"timeout": float("nan")}, "timeout=nan"),
    ],
)
def test_arguments_that_cannot_be_meant(make, arguments, named):
    with pytest.raises(ValueError, match=r".") as caught:
        make(**{"lport": 1, "rport": 1, "server": "host"} | arguments)
    assert named in str(caught.value)


def test_a_command_line_is_a_list_with_the_server_behind_the_options():
    command = Login.parse("me@[::1]:2222", "/a key").command("-f", run=("sleep", "60"))
    assert command[0] == "ssh"
    assert command[-9:] == ["-f", "-i", "/a key", "-p", "2222", "--", "me@::1", "sleep", "60"]


def test_random_ports_are_different_and_free():
    ports = tunnel.select_random_ports(50)
    assert len(set(ports)) == 50
    assert all(0 < port < 65536 for port in ports)
    assert tunnel.select_random_ports(0) == []


def test_the_package_has_the_names_of_the_module():
    assert set(ssh.__all__) == set(tunnel.__all__)
    assert all(getattr(ssh, name) is getattr(tunnel, name) for name in tunnel.__all__)


WITHOUT = """
import sys
sys.modules["paramiko"] = sys.modules["pexpect"] = None  # cannot be imported
from zmqthread import ssh
from zmqthread.ssh import forward, tunnel
assert issubclass(tunnel.MaxRetryExceeded, ssh.SSHException)
for call in (
    lambda: tunnel.open_tunnel("tcp://127.0.0.1:1", "host", password="secret", paramiko=True),
    lambda: tunnel.try_passwordless_ssh("host", None, paramiko=True),
):
    try:
        call()
    except ImportError as error:
        print(error)
"""


def test_without_the_extra_it_can_be_imported_and_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.count("pip install 'zmqthread[ssh]'") == 2
    assert "secret" not in done.stdout + done.stderr
