"""The memory of look-ups: addresses in turn, failures held back."""

from __future__ import annotations

import errno
import socket

import pytest

from zmqthread.transports.interface import Target
from zmqthread.transports.resolve import FIRST_HOLD, KEEP, LAST_HOLD, Lookups

A, B, C = (Target(socket.AF_INET, (f"127.0.0.{n}", 5)) for n in range(1, 4))
FAILURE = OSError(errno.EHOSTUNREACH, "cannot resolve")


def test_unknown_name_has_to_be_looked_up():
    assert Lookups().take("name", 0.0) is None


def test_n3_each_address_has_its_turn_before_the_next_look_up():
    lookups = Lookups()
    lookups.found("name", [A, B, C], 0.0)
    assert lookups.take("name", 1.0) == [A, B, C]
    assert lookups.take("name", 1.0) == [B, C, A]
    assert lookups.take("name", 1.0) == [C, A, B]
    assert lookups.take("name", 1.0) is None


def test_n3_changed_result_is_seen_at_the_next_look_up():
    lookups = Lookups()
    lookups.found("name", [A], 0.0)
    assert lookups.take("name", 0.0) == [A]
    assert lookups.take("name", 0.0) is None
    lookups.found("name", [B], 0.0)
    assert lookups.take("name", 0.0) == [B]


def test_n3_result_grows_old():
    lookups = Lookups()
    lookups.found("name", [A, B, C], 100.0)
    assert lookups.take("name", 100.0 + KEEP - 0.1) == [A, B, C]
    assert lookups.take("name", 100.0 + KEEP) is None


def test_n3_cached_failure_with_back_off():
    lookups, now, holds = Lookups(), 0.0, []
    for _ in range(40):
        hold = lookups.failed("name", FAILURE, now)
        for early in (now, now + hold - 0.01):
            with pytest.raises(OSError, match="cannot resolve") as caught:
                lookups.take("name", early)
            assert caught.value.errno == errno.EHOSTUNREACH
        now += hold
        assert lookups.take("name", now) is None
        holds.append(hold)
    assert holds[:7] == [FIRST_HOLD * 2**n for n in range(6)] + [LAST_HOLD]
    assert set(holds[6:]) == {LAST_HOLD}


def test_success_ends_the_back_off():
    lookups = Lookups()
    lookups.failed("name", FAILURE, 0.0)
    lookups.failed("name", FAILURE, 1.0)
    lookups.found("name", [A], 2.0)
    assert lookups.take("name", 2.0) == [A]
    assert lookups.failed("name", FAILURE, 3.0) == FIRST_HOLD


def test_names_do_not_mix_and_can_be_forgotten():
    lookups = Lookups()
    lookups.found("one", [A], 0.0)
    lookups.failed("two", FAILURE, 0.0)
    assert lookups.take("one", 0.0) == [A]
    lookups.forget("two")
    lookups.forget("never heard of")
    assert lookups.take("two", 0.0) is None
    assert lookups.failed("two", FAILURE, 0.0) == FIRST_HOLD


def test_raised_failures_do_not_pile_up_tracebacks():
    lookups = Lookups()
    lookups.failed("name", FAILURE, 0.0)
    seen = []
    for _ in range(3):
        with pytest.raises(OSError, match="cannot resolve") as caught:
            lookups.take("name", 0.0)
        seen.append(len(caught.traceback))
    assert len(set(seen)) == 1
