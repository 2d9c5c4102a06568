"""Socket options that the kernel does not grant, or not show, to everybody: what is asked of it."""

from __future__ import annotations

import socket

import pytest

from tests.transports.support import options
from zmqthread.transports.tuning import SO_BUSY_POLL, SO_PRIORITY, bind_to_device, tune, tune_tcp


class Recorder:
    """Notes what is set."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, int | bytes]] = []

    def setsockopt(self, level, name, value):
        self.calls.append((level, name, value))


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [({"busy_poll": 1}, SO_BUSY_POLL, 1), ({"priority": 7}, SO_PRIORITY, 7)],
)
def test_privileged_option_is_asked_for(changes, name, value):
    sock = Recorder()
    tune(sock, options(**changes))
    assert sock.calls == [(socket.SOL_SOCKET, name, value)]


def test_defaults_ask_for_nothing_but_no_delay():
    sock = Recorder()
    tune_tcp(sock, socket.AF_INET, options())
    bind_to_device(sock, options())
    assert sock.calls == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


def test_keepalive_details_need_keepalive():
    sock = Recorder()
    tune_tcp(sock, socket.AF_INET, options(tcp_keepalive_cnt=3, tcp_keepalive_idle=3))
    assert sock.calls == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


def test_what_is_looked_at_on_a_changed_socket_is_what_counts_as_a_change():
    class Watched:
        """Options that are not those of a new socket, and note what they are asked for."""

        def __init__(self):
            self.asked: set[str] = set()

        def lacks(self, names):
            self.names = names
            return False

        def __getattr__(self, name):
            self.asked.add(name)
            return getattr(options(), name)

    watched = Watched()
    tune_tcp(Recorder(), socket.AF_INET, watched)
    assert watched.asked == watched.names


@pytest.mark.parametrize("name", ["sndbuf", "rcvbuf", "tos", "tcp_keepalive"])
def test_one_option_is_enough_for_a_changed_socket(name):
    sock = Recorder()
    tune_tcp(sock, socket.AF_INET, options(**{name: 1}))
    assert len(sock.calls) == 2
