"""Limits and heartbeat settings: the defaults that are published, and what follows from them."""

from __future__ import annotations

import pytest

from zmqthread.wire.limits import DEFAULT_LIMITS, Heartbeat, Limits


def test_the_defaults_are_those_published() -> None:
    assert DEFAULT_LIMITS.frame_size == 1 << 30
    assert DEFAULT_LIMITS.parts == 65536
    assert DEFAULT_LIMITS.handshake_command == 65536
    assert DEFAULT_LIMITS.topic == 65536
    assert DEFAULT_LIMITS.properties == 256


@pytest.mark.parametrize("topic", [0, 65536, 10_000_000])
def test_a_command_has_room_for_the_longest_topic(topic: int) -> None:
    command = Limits(topic=topic).command
    assert command >= topic + len(b"\x09SUBSCRIBE")
    assert command >= 65536


@pytest.mark.parametrize(
    ("parts", "size", "fits"),
    [(2, 10, True), (3, 10, False), (2, 11, False), (1, 11, False), (0, 0, True)],
)
def test_allow_holds_for_any_message_of_that_shape(parts: int, size: int, fits: bool) -> None:
    assert Limits(parts=2, frame_size=10, message_size=20).allow(parts, size) is fits
    assert not Limits(message_size=19).allow(2, 10)


@pytest.mark.parametrize(("timeout", "patience"), [(None, 3.0), (0.0, 0.0), (1.5, 1.5)])
def test_the_timeout_is_the_interval_where_none_is_set(
    timeout: float | None, patience: float
) -> None:
    assert Heartbeat(interval=3.0, timeout=timeout).patience == patience
