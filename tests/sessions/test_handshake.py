"""What of a socket's options comes into its handshakes, and what connections share of it."""

from __future__ import annotations

from typing import Any

import pytest

from zmqthread.constants import SecurityMechanism, SocketType
from zmqthread.options import Options
from zmqthread.patterns.registry import ROWS
from zmqthread.reactor.seams import SYSTEM
from zmqthread.sessions.handshake import new_connection, settled


class Host:
    """What a connection needs of a socket."""

    raw = False
    seams = SYSTEM

    def __init__(self, kind: SocketType) -> None:
        row = ROWS[kind]
        self.type_name = row.name
        self.peer_types = row.peers
        self.takes_subscriptions = row.takes_subscriptions
        self.takes_joins = row.takes_joins


def terms(kind: SocketType, **changes: Any) -> Any:
    options = Options(kind)
    for name, value in changes.items():
        setattr(options, name, value)
    return new_connection(Host(kind), settled(options))._setup.terms  # type: ignore[arg-type]


def changed(**changes: Any) -> Options:
    """Return the options of a DEALER."""
    options = Options(SocketType.DEALER)
    for name, value in changes.items():
        setattr(options, name, value)
    return options


def test_connections_with_equal_options_share_their_terms() -> None:
    assert terms(SocketType.DEALER) is terms(SocketType.DEALER)
    assert terms(SocketType.DEALER, linger=7) is terms(SocketType.DEALER, linger=7)


def test_endpoints_of_sockets_with_equal_options_share_them() -> None:
    assert settled(changed(max_parts=3)) is settled(changed(max_parts=3))
    assert settled(changed(max_parts=3)) is not settled(changed(max_parts=4))


def test_what_is_set_later_is_for_later_endpoints() -> None:
    options = changed(max_parts=3)
    kept = settled(options)
    options.max_parts = 4
    assert (kept.options.max_parts, settled(options).options.max_parts) == (3, 4)


def test_options_with_a_password_are_not_kept_for_others() -> None:
    options = changed(
        mechanism=SecurityMechanism.PLAIN, plain_username=b"me", plain_password=b"secret"
    )
    kept = settled(options)
    assert kept is not settled(options)
    assert kept.options.plain_password == b"secret"


@pytest.mark.parametrize(
    ("option", "value", "where", "expected"),
    [
        ("maxmsgsize", 7, "limits.frame_size", 7),
        ("maxmsgsize", 7, "limits.message_size", 7),
        ("max_parts", 3, "limits.parts", 3),
        ("max_command", 300, "limits.handshake_command", 300),
        ("max_topic", 30, "limits.topic", 30),
        ("max_properties", 5, "limits.properties", 5),
        ("max_properties", 0, "limits.properties", 1 << 62),
        ("handshake_ivl", 1500, "handshake_timeout", 1.5),
        ("handshake_ivl", 0, "handshake_timeout", 0.0),
        ("routing_id", b"me", "routing_id", b"me"),
        ("metadata", {"X-a": b"1"}, "metadata", ((b"X-a", b"1"),)),
    ],
)
def test_what_an_option_says_is_in_the_terms(
    option: str, value: Any, where: str, expected: Any
) -> None:
    found = terms(SocketType.DEALER, **{option: value})
    assert found is not terms(SocketType.DEALER)
    for name in where.split("."):
        found = getattr(found, name)
    assert found == expected


def test_heartbeats_are_in_the_terms_if_there_are_any() -> None:
    assert terms(SocketType.PUSH, heartbeat_ttl=500, heartbeat_timeout=7).heartbeat is None
    heartbeat = terms(SocketType.PUSH, heartbeat_ivl=250, heartbeat_ttl=500).heartbeat
    assert (heartbeat.interval, heartbeat.timeout, heartbeat.ttl) == (0.25, 0.25, 0.5)
    heartbeat = terms(SocketType.PUSH, heartbeat_ivl=250, heartbeat_timeout=0).heartbeat
    assert (heartbeat.interval, heartbeat.timeout, heartbeat.ttl) == (0.25, 0.0, 0.0)


def test_each_type_has_terms_of_its_own() -> None:
    found = {kind: terms(kind) for kind in (SocketType.PUB, SocketType.RADIO, SocketType.PULL)}
    assert [each.takes_subscriptions for each in found.values()] == [True, False, False]
    assert [each.takes_joins for each in found.values()] == [False, True, False]
    assert [each.socket_type for each in found.values()] == ["PUB", "RADIO", "PULL"]
    assert found[SocketType.PULL].accepts == {"PUSH"}
    assert b"PULL" in found[SocketType.PULL].properties


def test_options_that_cannot_be_compared_are_kept_all_the_same() -> None:
    options = changed(metadata={"X-a": b"1"})
    kept = settled(options)
    assert kept is not settled(options)
    assert kept.options.metadata == {"X-a": b"1"}
