"""Runs of frames alike: the short ways of the decoder give what the long way gives."""

from __future__ import annotations

import gc
import random
from typing import Any

import pytest

from tests.wire.support import drain, established, frame, refused
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp.frames import encode
from zmqthread.wire.zmtp.runs import ALIKE, take_alike, take_long, take_only, take_parts, take_run


@pytest.mark.parametrize("size", [0, 1, 16, 255])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 72, 200, 1000, 6000])
def test_a_run_of_any_length_is_taken_whole(size: int, count: int) -> None:
    pick = random.Random(count)
    messages = [pick.randbytes(size) for _ in range(count)]
    assert drain(established(), b"".join(encode(messages))) == messages


def test_a_run_ends_where_the_headers_change() -> None:
    for other in (frame(0, b"other size"), frame(1, b"12345678") + frame(0, b""), frame(4, b"\1X")):
        for at in (0, 1, 8, 15, 16, 17, 64, 70, 100):
            data = frame(0, b"abcdefgh") * at + other + frame(0, b"ABCDEFGH") * (200 - at)
            out = [m for m in drain(established(), data) if m in {b"abcdefgh", b"ABCDEFGH"}]
            assert out == [b"abcdefgh"] * at + [b"ABCDEFGH"] * (200 - at)


def test_bodies_that_look_like_headers_do_not_make_a_run() -> None:
    messages = [b"\0\4\0\4", b"\0\4\0\4", b"\0\4"] * 100
    assert drain(established(), b"".join(encode(messages))) == messages


def test_take_run_counts_what_it_takes() -> None:
    data = frame(0, b"ab") * 20 + frame(0, b"abc")
    out: list[Any] = []
    assert take_run(data, 0, 2, 1000, out) == 20
    assert out == [b"ab"] * 20
    assert take_run(data, 0, 2, 11, out) == 11
    assert take_run(data, 4, 2, ALIKE - 1, out) == 0
    assert len(out) == 31


@pytest.mark.parametrize("count", [1, 7, 8, 9, 10, 256, 257, 258, 1000, 4000])
@pytest.mark.parametrize("sizes", [(0, 1), (64, 64, 64), (5, 0, 255), (1,) * 15, (1,) * 20])
def test_multi_part_messages_alike_are_taken_whole(sizes: tuple[int, ...], count: int) -> None:
    pick = random.Random(count)
    messages: list[Any] = [tuple(pick.randbytes(n) for n in sizes) for _ in range(count)]
    data = b"".join(encode(messages))
    assert drain(established(), data) == messages
    assert drain(established(), data, limit=10) == messages
    assert drain(established(), data[:-1]) == messages[:-1]


def test_messages_alike_end_where_a_header_changes() -> None:
    alike = frame(1, b"abc") + frame(1, b"") + frame(0, b"de")
    others: list[tuple[bytes, list[Any]]] = [
        (frame(1, b"abc") + frame(1, b"") + frame(0, b"def"), [(b"abc", b"", b"def")]),
        (frame(1, b"abc") + frame(1, b"x") + frame(0, b"d"), [(b"abc", b"x", b"d")]),
        (frame(1, b"abc") + frame(0, b"") + frame(0, b"de"), [(b"abc", b""), b"de"]),
        (frame(1, b"abc") + frame(9, b"") + frame(0, b"de"), [(b"abc", b"", b"de")]),
        (frame(1, b"abc") + frame(4, b"\1X") + frame(0, b"d"), [(b"abc", b"d")]),
        (frame(0, b"abc") + frame(1, b"") + frame(0, b"de"), [b"abc", (b"", b"de")]),
    ]
    message = (b"abc", b"", b"de")
    for data, means in others:
        for at in (0, 1, 7, 8, 9, 15, 100, 256, 257):
            out = drain(established(), alike * at + data + alike * (300 - at))
            assert out == [message] * at + means + [message] * (300 - at)


def test_take_alike_counts_octets_and_keeps_to_the_limit() -> None:
    alike = frame(1, b"a") + frame(0, b"b")
    for limit, taken in ((7, 0), (8, 8), (19, 19), (1000, 19)):
        out: list[Any] = [(b"a", b"b")]
        assert take_alike(alike * 20, 0, len(alike), limit, out) == taken * len(alike)
        assert out == [(b"a", b"b")] * (taken + 1)


def test_take_parts_takes_whole_messages_only() -> None:
    out: list[Any] = []
    whole = frame(1, b"a") + frame(0, b"b")
    assert take_parts(whole + b"\0", 0, out) == len(whole)
    for data in (whole[:-1], frame(1, b"a"), frame(1, b"a") + frame(4, b""), frame(1, b"") * 100):
        assert take_parts(data, 0, out) == 0
    assert out == [(b"a", b"b")]


def test_take_only_takes_a_single_message_and_nothing_else() -> None:
    out: list[Any] = []
    assert take_only(frame(0, b"a"), out)
    assert take_only(memoryview(frame(1, b"") + frame(0, b"b")), out)
    for parts in ((b"a", b""), (b"", b""), (b"", b"", b""), (b"a" * 255, b"b" * 255)):
        assert take_only(b"".join(encode([parts])), out)
        assert out.pop() == parts
        assert not take_only(b"".join(encode([parts]))[:-1], out)
    assert out == [b"a", (b"", b"b")]
    two = frame(1, b"") + frame(0, b"b") + frame(0, b"c")
    for data in (b"", b"\0", frame(0, b"ab")[:-1], frame(0, b"a") + b"\0", two, frame(4, b"\1X")):
        assert not take_only(data, out)
    assert len(out) == 2


def test_short_frames_obey_a_small_frame_limit() -> None:
    limits = Limits(frame_size=10)
    assert drain(established(limits=limits), frame(0, bytes(10)) * 50) == [bytes(10)] * 50
    conn = established(limits=limits)
    refused(conn, frame(0, bytes(10)) * 50 + frame(0, bytes(11)) * 50)
    assert len(conn.salvage()) == 50


def test_an_interrupted_run_leaves_no_view_to_the_collector() -> None:
    # CPython 3.11 and 3.12 crash when they collect a view in a cycle with an iterator over it.
    class Interrupting(list[Any]):
        def extend(self, items: Any) -> None:
            raise KeyboardInterrupt

    def interrupted(number: int) -> None:
        frames = memoryview((b"\x02" + (300).to_bytes(8, "big") + b"x" * 300) * 3)
        with pytest.raises(KeyboardInterrupt) as caught:
            take_long(frames, 0, 10, Interrupting())
        held = [value for entry in caught.traceback for value in entry.frame.f_locals.values()]
        assert "unpack_iterator" not in {type(value).__name__ for value in held}
        caught.value.args = (caught, held, number)  # a cycle

    for number in range(10):
        interrupted(number)
        gc.collect()
