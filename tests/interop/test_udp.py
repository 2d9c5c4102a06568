"""udp with a libzmq that has its drafts: RADIO and DISH, DGRAM, both directions; endpoints.

libzmq does not tell what port it has bound, so where it binds a port is chosen beforehand. It binds
in the background: until then what is sent to it is lost.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest

from tests.interop.draft_pairs import GROUP, End, meet
from tests.interop.pairs import GO, body
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World
from tests.multicast import ROUTED
from tests.support import LOOPBACK

pytestmark = pytest.mark.interop

MULTICAST = "239.192.77.30"
HOSTS = [LOOPBACK, f"{LOOPBACK};{MULTICAST}", f"lo;{MULTICAST}"]
#: The same, and a group without an interface.
ALL_HOSTS = [*HOSTS, pytest.param(MULTICAST, marks=ROUTED)]
#: libzmq keeps 8192 octets for a datagram, and some of its versions overrun that.
SIZES = [0, 1, 127, 128, 255, 256, 1000, 7900]


def free_endpoint(host: str) -> str:
    """Return an endpoint whose port was free a moment ago."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return f"udp://{host}:{probe.getsockname()[1]}"


def radio_and_dish(world: World, ours: str, host: str, *groups: str) -> tuple[Any, Any]:
    """Return a RADIO and a DISH of which one is ours, once the one is heard by the other."""
    libraries = (OURS, THEIRS) if ours == "RADIO" else (THEIRS, OURS)
    radio = world.socket(libraries[0], "RADIO")
    dish = world.socket(libraries[1], "DISH")
    endpoint = free_endpoint(host)
    dish.bind(endpoint)
    for group in (GROUP, *groups):
        dish.join(group)
    radio.connect(endpoint)
    meet(End("RADIO", radio), End("DISH", dish))
    return radio, dish


@pytest.mark.parametrize("ours", ["RADIO", "DISH"])
@pytest.mark.parametrize("host", ALL_HOSTS)
def test_radio_to_dish(host: str, ours: str, draft_world: World) -> None:
    radio, dish = radio_and_dish(draft_world, ours, host)
    for size in SIZES:
        radio.send(b"for nobody", group="another group")
        radio.send(body(size), group=GROUP)
        frame = dish.recv(copy=False)
        assert (frame.group, bytes(frame.bytes)) == (GROUP, body(size))


@pytest.mark.parametrize("ours", ["RADIO", "DISH"])
def test_groups_of_every_length(ours: str, draft_world: World) -> None:
    # Some versions of libzmq take the length of a longer one that comes in for a negative number.
    most = 127 if ours == "RADIO" else 255
    groups = ["g" * size for size in (1, 2, 64, 126, most)]
    radio, dish = radio_and_dish(draft_world, ours, LOOPBACK, *groups)
    for group in groups:
        radio.send(b"body", group=group)
        frame = dish.recv(copy=False)
        assert (frame.group, bytes(frame.bytes)) == (group, b"body")


def test_dishes_of_both_libraries_in_one_multicast_group(draft_world: World) -> None:
    """Either lets the other share the port, whoever comes first."""
    host = f"{LOOPBACK};{MULTICAST}"
    for first, second in ((OURS, THEIRS), (THEIRS, OURS)):
        endpoint = free_endpoint(host)
        radio = draft_world.socket(OURS, "RADIO")
        radio.connect(endpoint)
        dishes = []
        for library in (first, second):
            dish = draft_world.socket(library, "DISH")
            dish.bind(endpoint)
            dish.join(GROUP)
            meet(End("RADIO", radio), End("DISH", dish))
            dishes.append(dish)
        while dishes[0].recv() != GO:  # it has heard what was for the second one, too
            pass
        radio.send(b"all", group=GROUP)
        assert [dish.recv() for dish in dishes] == [b"all"] * 2
        for sock in (radio, *dishes):
            sock.close()


@pytest.mark.parametrize("asks", [OURS, THEIRS])
def test_dgram_there_and_back(asks: str, draft_world: World) -> None:
    answers = THEIRS if asks == OURS else OURS
    one, other = draft_world.socket(asks, "DGRAM"), draft_world.socket(answers, "DGRAM")
    here, there = free_endpoint(LOOPBACK), free_endpoint(LOOPBACK)
    one.bind(here)
    other.bind(there)
    address = there.removeprefix("udp://").encode()
    for _ in range(2000):  # libzmq's may not be bound yet
        one.send_multipart([address, b"anybody there?"])
        if other.poll(10):
            break
    one.send_multipart([address, GO])
    while other.recv_multipart()[1] != GO:
        pass
    for size in SIZES:
        one.send_multipart([address, body(size)])
        source, question = other.recv_multipart()
        assert source.rstrip(b"\0") == here.removeprefix("udp://").encode()
        assert question == body(size)
        other.send_multipart([source, body(size)])
        back, answer = one.recv_multipart()
        assert (back.rstrip(b"\0"), answer) == (address, body(size))


def outcome(world: World, library: str, kind: str, use: str, text: str, **settings: Any) -> int:
    """Return the number of the error, 0 if there is none."""
    sock = world.socket(library, kind, **settings)
    try:
        return world.errno_of(getattr(sock, use), text)
    finally:
        sock.close()


@pytest.mark.parametrize(
    ("kind", "use", "text"),
    [
        *(("DISH", "bind", f"udp://{host}:*") for host in HOSTS),
        *(("DISH", "bind", f"udp://{host}:0") for host in ("*", "127.1", "lo")),
        pytest.param("DISH", "bind", f"udp://{MULTICAST}:*", marks=ROUTED),
        pytest.param("DISH", "bind", f"udp://*;{MULTICAST}:*", marks=ROUTED),
        *(("DISH", "bind", f"udp://{host}:5") for host in ("nosuchif0", "name.invalid", "[::1]")),
        ("DISH", "bind", f"udp://nosuchif0;{MULTICAST}:5"),
        ("DISH", "bind", f"udp://{LOOPBACK};{LOOPBACK}:5"),
        ("DISH", "bind", f"udp://239.0.0.2;{MULTICAST}:5"),
        *(("DISH", "bind", f"udp://{LOOPBACK}{port}") for port in ("", ":", ":x")),
        ("DISH", "bind", "udp://"),
        *(("RADIO", "connect", f"udp://{host}:5") for host in ("localhost", *HOSTS)),
        *(("RADIO", "connect", f"udp://{text}") for text in ("*:5", f"{LOOPBACK}:*", LOOPBACK)),
        ("RADIO", "connect", f"udp://lo;{LOOPBACK}:5"),
        ("RADIO", "connect", "udp://lo;localhost:5"),
        *(("RADIO", "bind", text) for text in ("udp://x", f"udp://{LOOPBACK}:5", "udp://")),
        *(("DISH", "connect", text) for text in ("udp://x", "udp://*:5", f"udp://{LOOPBACK}:5")),
        *(("DGRAM", "connect", text) for text in ("udp://x", f"udp://{LOOPBACK}:5")),
        ("DGRAM", "bind", f"udp://{LOOPBACK}:*"),
        ("DGRAM", "bind", "bogus://x"),
        *((kind, "bind", f"udp://{LOOPBACK}:5") for kind in ("PUSH", "SERVER", "PAIR")),
        *((kind, "connect", f"udp://{LOOPBACK}:5") for kind in ("SUB", "CLIENT", "GATHER")),
    ],
)
def test_endpoints_are_refused_for_the_same_reason(
    kind: str, use: str, text: str, draft_world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)
    ours = outcome(draft_world, OURS, kind, use, text)
    assert ours == outcome(draft_world, THEIRS, kind, use, text)


def unresolvable(*_args: Any) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("kind", "use", "text", "here", "there"),
    [
        # N1: at once, and never another port than the one that was written.
        ("DISH", "bind", f"udp://{LOOPBACK}:99999", errno.EINVAL, 0),
        ("DISH", "bind", f"udp://;{MULTICAST}:5", errno.EINVAL, errno.ENODEV),
        ("DISH", "bind", "udp://[::1", errno.EINVAL, errno.ENODEV),
        ("RADIO", "connect", f"udp://{LOOPBACK}:0", errno.EINVAL, 0),
        # (An address that is not ours libzmq finds out later, and then never ends its context.)
        # Names of hosts and interfaces are looked up in the background.
        ("RADIO", "connect", "udp://name.invalid:5", 0, errno.EINVAL),
        ("RADIO", "connect", f"udp://nosuchif0;{MULTICAST}:5", 0, errno.ENODEV),
        ("RADIO", "connect", "udp://[::1]:5", 0, errno.EINVAL),
    ],
)
def test_listed_differences_of_endpoints_are_there(
    kind: str, use: str, text: str, here: int, there: int, draft_world: World
) -> None:
    assert outcome(draft_world, OURS, kind, use, text) == here
    assert outcome(draft_world, THEIRS, kind, use, text) == there


def test_last_endpoint_is_one_here(draft_world: World) -> None:
    found = []
    for library in (OURS, THEIRS):
        dish = draft_world.socket(library, "DISH")
        dish.bind(f"udp://{LOOPBACK}:*")
        found.append(dish.get(LAST_ENDPOINT).decode())
    assert found[0].startswith(f"udp://{LOOPBACK}:")
    assert found[0] != f"udp://{LOOPBACK}:*"
    assert found[1] == f"{LOOPBACK}:*"
