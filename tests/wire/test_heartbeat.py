"""Heartbeats: Z49, Z52, Z53, B3 to B5, B8."""

from __future__ import annotations

import pytest

from tests.wire.support import MANY, command, established, frame
from zmqthread.wire.failures import HeartbeatTimeout
from zmqthread.wire.limits import Heartbeat
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.heartbeat import UNANSWERED_MAX


def ping(ttl: float = 0.0) -> bytes:
    return command(b"PING", round(ttl * 10).to_bytes(2))


def beating(minor: int = 1, **settings: float) -> Connection:
    """A connection established at time 0."""
    return established(heartbeat=Heartbeat(**settings), minor=minor)


def run(conn: Connection, until: float) -> None:
    """Serve the timers of a connection to which nothing comes."""
    while (due := conn.next_timer()) is not None and due <= until:
        conn.handle_timer(due)


def test_a_ping_goes_out_each_interval_with_our_ttl() -> None:
    conn = beating(interval=2.0, timeout=100.0, ttl=2.5)
    assert conn.next_timer() == 2.0
    conn.handle_timer(1.9)
    assert not conn.has_output
    conn.handle_timer(2.0)
    assert conn.data_to_send() == b"\x04\x07\x04PING\x00\x19"
    assert conn.next_timer() == 4.0


def test_no_interval_means_no_pings_and_no_timer() -> None:
    assert beating(interval=0.0, timeout=1.0).next_timer() is None
    assert established().next_timer() is None


def test_rfc23_peers_of_3_0_know_no_ping_and_get_none() -> None:
    assert beating(minor=0, interval=1.0).next_timer() is None


def test_b8_the_timeout_is_the_interval_where_none_is_set() -> None:
    conn = beating(interval=1.0)
    run(conn, 1.0)
    assert conn.next_timer() == 2.0
    with pytest.raises(HeartbeatTimeout):
        conn.handle_timer(2.0)
    assert conn.failed


def test_b8_silence_ends_at_interval_and_timeout() -> None:
    conn = beating(interval=1.0, timeout=3.5)
    run(conn, 4.4)
    with pytest.raises(HeartbeatTimeout):
        run(conn, 4.5)


def test_a_timeout_of_0_never_ends_a_connection() -> None:
    conn = beating(interval=1.0, timeout=0.0)
    run(conn, 500.0)
    assert conn.established


@pytest.mark.parametrize("sign", [b"\0\0", b"\0", command(b"PONG"), command(b"X"), ping()])
def test_rfc37_z52_any_octets_are_a_sign_of_life(sign: bytes) -> None:
    conn = beating(interval=1.0, timeout=0.5)
    run(conn, 1.0)
    conn.receive(sign, MANY, 1.4)
    assert conn.next_timer() == 2.0
    run(conn, 2.4)
    assert conn.established
    with pytest.raises(HeartbeatTimeout):
        run(conn, 2.5)


def test_rfc37_z52_a_sign_at_the_very_time_of_the_ping_counts() -> None:
    conn = beating(interval=1.0, timeout=0.5)
    run(conn, 1.0)
    conn.receive(command(b"PONG"), MANY, 1.0)
    conn.handle_timer(1.5)
    assert conn.established


def test_rfc37_z52_octets_of_a_large_frame_are_a_sign_of_life() -> None:
    conn = beating(interval=1.0, timeout=0.5)
    conn.receive(frame(0, bytes(500_000))[:100], MANY, 0.0)
    run(conn, 1.0)
    assert conn.large is not None
    conn.large_filled(10, MANY, 1.2)
    assert conn.next_timer() == 2.0


def test_touch_counts_as_life_for_a_session_that_does_not_read() -> None:
    conn = beating(interval=1.0, timeout=0.5)
    run(conn, 1.0)
    conn.touch(1.2)
    assert conn.next_timer() == 2.0
    established().touch(1.0)


def test_rfc37_z53_few_pings_go_out_without_an_answer() -> None:
    conn = beating(interval=1.0, timeout=100.0)
    run(conn, 50.0)
    assert conn.data_to_send() == ping() * UNANSWERED_MAX
    conn.receive(command(b"PONG"), MANY, 50.0)
    run(conn, 51.0)
    assert conn.data_to_send() == ping()


def test_a_late_timer_makes_one_ping_not_many() -> None:
    conn = beating(interval=1.0, timeout=100.0)
    conn.handle_timer(10.5)
    assert conn.data_to_send() == ping()
    assert conn.next_timer() == 11.5


@pytest.mark.parametrize(("ttl", "end"), [(0.5, 0.5), (65.6, 65.6), (6553.5, 6553.5)])
def test_rfc37_z49_z52_b3_b4_b5_the_peers_ttl_is_how_long_we_wait(ttl: float, end: float) -> None:
    conn = established()
    conn.receive(ping(ttl), MANY, 100.0)
    assert conn.next_timer() == pytest.approx(100.0 + end)
    conn.handle_timer(100.0 + end - 0.01)
    with pytest.raises(HeartbeatTimeout):
        conn.handle_timer(100.0 + end + 0.001)


def test_any_traffic_moves_the_end_of_the_ttl() -> None:
    conn = established()
    conn.receive(ping(0.5), MANY, 100.0)
    conn.receive(frame(0, b"a"), MANY, 100.4)
    assert conn.next_timer() == pytest.approx(100.9)


def test_the_latest_ttl_holds_and_0_lifts_it() -> None:
    conn = established()
    conn.receive(ping(0.5), MANY, 1.0)
    conn.receive(ping(5), MANY, 1.0)
    assert conn.next_timer() == 6.0
    conn.receive(ping(0), MANY, 1.0)
    assert conn.next_timer() is None


def test_our_own_heartbeat_and_the_peers_ttl_go_together() -> None:
    conn = beating(interval=1.0, timeout=5.0)
    conn.receive(ping(0.7), MANY, 0.1)
    assert conn.next_timer() == pytest.approx(0.8)
    with pytest.raises(HeartbeatTimeout):
        conn.handle_timer(0.9)
    patient = beating(interval=1.0, timeout=5.0)
    patient.receive(ping(60), MANY, 0.1)
    assert patient.next_timer() == 1.0
    with pytest.raises(HeartbeatTimeout):
        run(patient, 6.0)


def test_a_ping_in_what_a_limit_left_counts_from_when_it_is_read() -> None:
    conn = established()
    assert conn.receive(frame(0, b"a") * 2 + ping(0.5), 1, 100.0) == [b"a"]
    assert conn.receive(b"", 1, 150.0) == [b"a"]
    assert conn.receive(b"", 1, 160.0) == []
    assert conn.next_timer() == pytest.approx(160.5)
