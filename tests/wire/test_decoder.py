"""Decoding of frames: Z14 to Z18, Z22, F1 to F14."""

from __future__ import annotations

import random
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.support import MANY, command, drain, established, frame, in_pieces, refused
from zmqthread.errors import ProtocolError
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp.decoder import EXACT, OWN_BUFFER
from zmqthread.wire.zmtp.frames import encode


@pytest.mark.parametrize("bits", [0x08, 0x10, 0x40, 0x80, 0xF8])
def test_rfc37_z14_f5_reserved_bits_are_ignored(bits: int) -> None:
    data = frame(bits, b"a") + frame(bits | 1, b"b") + frame(bits, b"c") + frame(bits | 2, b"d")
    assert drain(established(), data) == [b"a", (b"b", b"c"), b"d"]


def test_rfc37_z15_f6_more_on_a_command_closes() -> None:
    refused(established(), frame(5, b"\x04PONG"))


def test_f6_a_command_inside_a_multipart_leaves_it_whole() -> None:
    conn = established()
    data = frame(1, b"a") + command(b"PING", b"\0\0x") + frame(1, b"b") + frame(0, b"c")
    for pieces in ([data], [data[i : i + 1] for i in range(len(data))]):
        assert in_pieces(conn, pieces) == [(b"a", b"b", b"c")]
        assert conn.data_to_send() == command(b"PONG", b"x")


@pytest.mark.parametrize("size", [1 << 63, (1 << 64) - 1])
@pytest.mark.parametrize("flags", [2, 3, 6])
def test_rfc37_z16_cve_2019_6250_size_with_top_bit_closes(flags: int, size: int) -> None:
    conn = established(limits=Limits(frame_size=1 << 70, message_size=1 << 70, topic=1 << 70))
    refused(conn, bytes((flags,)) + size.to_bytes(8) + b"data")


@pytest.mark.parametrize("power", [31, 40, 47, 48, 62])
def test_f1_sizes_over_the_default_limit_close_at_the_header(power: int) -> None:
    refused(established(), b"\x02" + (1 << power).to_bytes(8))
    refused(established(), b"\x02" + ((1 << power) - 1 + (1 << 31)).to_bytes(8) + b"data")


def test_rfc37_z16_sizes_up_to_2_to_the_63_minus_1_are_waited_for_where_allowed() -> None:
    conn = established(limits=Limits(frame_size=1 << 63, message_size=1 << 63))
    assert drain(conn, b"\x02" + ((1 << 63) - 1).to_bytes(8) + b"data") == []
    assert not conn.failed


def test_rfc37_z17_empty_frames_have_size_0() -> None:
    assert drain(established(), b"\0\0\1\0\0\0") == [b"", (b"", b"")]


@pytest.mark.parametrize("size", [0, 1, 255])
def test_rfc37_z18_long_form_with_a_small_size_is_valid(size: int) -> None:
    body = bytes(size)
    data = b"\x02" + size.to_bytes(8) + body
    assert drain(established(), data * 3) == [body] * 3
    assert drain(established(), b"\x03" + data[1:] + data) == [(body, body)]


@pytest.mark.parametrize("limit", [0, 3, 255, 256, 5000, 70_000])
def test_f3_the_frame_limit_is_exact(limit: int) -> None:
    fits, over = bytes(limit), bytes(limit + 1)
    limits = Limits(frame_size=limit)
    conn = established(limits=limits)
    assert drain(conn, frame(0, fits) + frame(1, fits) + frame(0, fits)) == [fits, (fits, fits)]
    for data in (
        frame(0, over),
        frame(0, over)[:9],
        frame(1, over),
        frame(1, b"") + frame(0, over),
    ):
        if len(data) > 9 or limit > 255:
            refused(established(limits=limits), data)


def test_f4_the_sum_of_the_parts_is_bounded() -> None:
    limits = Limits(message_size=1000)
    fits = frame(1, bytes(400)) + frame(1, bytes(200)) + frame(0, bytes(400))
    assert len(drain(established(limits=limits), fits * 5)) == 5
    refused(established(limits=limits), frame(1, bytes(400)) * 2 + frame(0, bytes(201)))
    refused(established(limits=limits), frame(0, bytes(1001)))
    refused(established(limits=Limits(message_size=20)), frame(1, bytes(15)) + frame(0, bytes(6)))


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_f10_the_number_of_parts_is_bounded(limit: int) -> None:
    limits = Limits(parts=limit)
    fits = frame(1, b"") * (limit - 1) + frame(0, b"x")
    assert len(drain(established(limits=limits), fits * 3)) == 3
    refused(established(limits=limits), frame(1, b"") * limit + frame(0, b"x"))


def test_f10_endless_empty_parts_close_at_64_k() -> None:
    conn = established()
    chunk = frame(1, b"") * 8192
    for _ in range(8):
        assert drain(conn, chunk) == []
    refused(conn, chunk)


@pytest.mark.parametrize("body", [b"", b"\0", b"\0abc", b"\x05PONG", b"\xffPONG"])
def test_rfc37_z22_f7_malformed_commands_close(body: bytes) -> None:
    refused(established(), frame(4, body))


def test_rfc37_z23_f7_unknown_commands_are_dropped_and_counted() -> None:
    conn = established()
    assert drain(conn, command(b"WIBBLE", b"x") + frame(0, b"a") + command(b"\xff")) == [b"a"]
    assert conn.dropped_commands == 2
    assert not conn.has_output


def test_commands_over_the_limit_close_at_the_header() -> None:
    refused(established(), b"\x06" + (1 << 20).to_bytes(8))


def test_f13_a_partial_message_gives_nothing() -> None:
    conn = established()
    assert drain(conn, frame(1, b"a") + frame(1, bytes(70_000)) + frame(0, b"abc")[:-1]) == []
    assert conn.salvage() == []


def test_refuse_and_stop_what_came_before_is_salvaged_what_comes_after_is_not_read() -> None:
    conn = established()
    data = frame(0, b"a") + frame(1, b"b") + frame(0, b"c") + frame(5, b"") + frame(0, b"d")
    refused(conn, data)
    assert conn.salvage() == [b"a", (b"b", b"c")]
    assert conn.salvage() == []


BODIES = [0, 1, 2, 8, 255, 256, 1023, OWN_BUFFER - 1, OWN_BUFFER, 40_000, EXACT + 1]


def stream(seed: int) -> tuple[bytes, list[Any]]:
    """A valid stream of everything, and what it means."""
    pick = random.Random(seed)
    messages: list[Any] = []
    data = b""
    for _ in range(30):
        kind = pick.randrange(5)
        if kind == 0:
            message: Any = bytes([pick.randrange(256)]) * pick.choice(BODIES)
        elif kind == 1:
            message = tuple(pick.randbytes(pick.choice(BODIES[:-2])) for _ in range(3))
        elif kind == 2:
            data += command(b"PING", b"\0\0") + command(b"X")
            continue
        else:
            size = pick.choice(BODIES[:5])
            run = [pick.randbytes(size) for _ in range(pick.choice((1, 9, 65, 300)))]
            messages += run
            data += b"".join(encode(run))
            continue
        messages.append(message)
        data += b"".join(encode([message]))
    return data, messages


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size", [7, 1000, 8192, 65536, 262_144])
def test_f14_segments_of_any_size_give_the_same(seed: int, size: int) -> None:
    data, messages = stream(seed)
    if size < 100:
        data, messages = data[:0] + b"".join(encode(messages[:40])), messages[:40]
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert in_pieces(established(), pieces) == messages
    assert in_pieces(established(), pieces, limit=3) == messages


@pytest.mark.parametrize("seed", range(4))
def test_f14_random_splits_give_the_same_however_large_frames_are_filled(seed: int) -> None:
    data, messages = stream(seed)
    pick = random.Random(seed)
    conn = established()
    out: list[Any] = []
    pos = 0
    while pos < len(data):
        free = conn.large
        if free is not None and pick.random() < 0.8:
            count = min(len(free), len(data) - pos, pick.choice((1, 500, 100_000)))
            free[:count] = data[pos : pos + count]
            out += conn.large_filled(count, MANY, 0.0)
        else:
            count = pick.choice((1, 2, 9, 300, 5000, 100_000))
            out += drain(conn, data[pos : pos + count], limit=pick.choice((1, 10, MANY)))
        pos += count
    assert out == messages


def test_f14_single_octets_give_the_same() -> None:
    messages: list[Any] = [b"", b"a" * 300, (b"", b"x", b"y" * 256), b"b" * 3000, b"c"]
    data = b"".join(encode(messages))
    assert in_pieces(established(), (data[i : i + 1] for i in range(len(data)))) == messages


def test_a_limit_is_never_exceeded_and_nothing_is_lost() -> None:
    data, messages = stream(1)
    conn = established()
    for limit in (1, 7, 64, 100, 5000):
        out = conn.receive(data, limit, 0.0)
        while conn.pending:
            more = conn.receive(b"", limit, 0.0)
            assert 0 < len(more) <= limit or not conn.pending
            out += more
        assert out == messages


def test_pending_tells_how_many_octets_a_limit_has_left() -> None:
    conn = established()
    conn.receive(frame(0, b"12345678") * 7 + b"\0", 4, 0.0)
    assert conn.pending == 3 * 10 + 1
    conn.receive(b"", 2, 0.0)
    assert conn.pending == 10 + 1
    conn.receive(b"", 5, 0.0)
    assert not conn.pending  # no limit has left the beginning of a frame


def test_a_limit_of_none_keeps_everything() -> None:
    conn = established()
    assert conn.receive(frame(0, b"a") * 2, 0, 0.0) == []
    assert conn.pending
    assert conn.receive(frame(0, b"b"), 10, 0.0) == [b"a", b"a", b"b"]


def test_a_long_rest_is_taken_in_small_portions_without_copies() -> None:
    """With a copy of the rest for each portion this would move 16 GB."""
    conn = established()
    count = 60_000
    out = conn.receive(frame(0, b"12345678") * count, 1, 0.0)
    while conn.pending:
        out += conn.receive(b"", 1, 0.0)
    assert len(out) == count


@pytest.mark.parametrize("before", [(), (b"",), (b"client", b"")])
def test_a_large_body_is_copied_once_whatever_comes_before_it(before: tuple[bytes, ...]) -> None:
    size = 1 << 16
    data = b"".join(encode([(*before, bytes(size))]))
    conn = established()
    tracemalloc.start()
    message = conn.receive(memoryview(data), 9, 0.0)[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert message == ((*before, bytes(size)) if before else bytes(size))
    assert peak < 1.1 * size


def test_f2_memory_grows_with_the_data_not_by_announcement() -> None:
    connections = [established() for _ in range(20)]
    tracemalloc.start()
    try:
        for conn in connections:
            drain(conn, b"\x02" + (1 << 30).to_bytes(8) + b"few")
            assert conn.large is not None
        # Reserved, not touched: zero pages.
        assert tracemalloc.get_traced_memory()[1] < 20 * (9 << 20)
    finally:
        tracemalloc.stop()


flags = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 6, 5, 8, 0xF8, 7])
bodies = st.one_of(
    st.binary(max_size=10),
    st.sampled_from([b"\x04PING\0\0", b"\x05READY", b"\x01X", bytes(300), bytes(2100)]),
)


@st.composite
def frames(draw: Any) -> bytes:
    """A few frames, some of them cut short or of a size that is a lie."""
    data = b""
    for bits, body in draw(st.lists(st.tuples(flags, bodies), max_size=12)):
        data += frame(bits, body)
    tail: bytes = draw(st.binary(max_size=4))
    return data[: len(data) - draw(st.integers(0, 3))] + tail


def outcome(pieces: list[bytes], limits: Limits) -> tuple[list[Any], bool]:
    conn = established(limits=limits)
    out: list[Any] = []
    try:
        for piece in pieces:
            out += drain(conn, piece)
    except ProtocolError:
        return out + conn.salvage(), True
    return out, False


@given(frames(), st.lists(st.integers(0, 2500), max_size=8), st.sampled_from([3, 300, 1 << 20]))
def test_any_frames_give_the_same_in_any_pieces(data: bytes, cuts: list[int], size: int) -> None:
    limits = Limits(frame_size=size, parts=3, message_size=2 * size)
    places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
    pieces = [data[a:b] for a, b in pairwise(places)]
    whole = outcome([data], limits)
    assert outcome(pieces, limits) == whole
    if len(data) < 200:
        assert outcome([data[i : i + 1] for i in range(len(data))], limits) == whole
