"""Encoding of frames and batches: Z14 to Z18 on the sending side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.support import drain, established
from zmqthread.message import Frame
from zmqthread.wire.zmtp.frames import SEPARATE, Message, encode, header


def plainly(messages: Sequence[Any]) -> bytes:
    """The encoding, written down the simple way."""
    out = b""
    for message in messages:
        parts = message if isinstance(message, tuple) else (message,)
        for index, part in enumerate(parts):
            body = part if isinstance(part, bytes) else bytes(part.buffer)
            more = int(index < len(parts) - 1)
            if len(body) < 256:
                out += bytes((more, len(body))) + body
            else:
                out += bytes((more | 2,)) + len(body).to_bytes(8) + body
    return out


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, b"\0\0"),
        (255, b"\0\xff"),
        (256, b"\2" + (256).to_bytes(8)),
        (2**63 - 1, b"\2\x7f" + b"\xff" * 7),
    ],
)
def test_rfc37_z16_z17_z18_headers_take_the_shortest_form(size: int, expected: bytes) -> None:
    assert header(0, size) == expected


BATCHES: list[list[Message]] = [
    [],
    [b""],
    [b"one"],
    [bytes(255)],
    [bytes(256)],
    [b"a"] * 3,
    [bytes(300)] * 3,
    [b"a", b"bc", b""],
    [b"a", bytes(256), b"c"],
    [(b"a", b"b")],
    [(b"", b"b", b"")] * 20,
    [(b"a" * (i % 300), b"b" * i) for i in range(400)],
    [(b"a", b"b"), (b"c", b"d", b"e")] * 5,
    [b"single", (b"two", b"parts")],
    [(b"two", b"parts"), b"single"],
    [bytes(SEPARATE)],
    [bytes(SEPARATE - 1)],
    [b"before", bytes(SEPARATE), b"after"],
    [bytes(SEPARATE)] * 3,
    [(b"head", bytes(SEPARATE), b"tail")],
    [(b"head", bytes(SEPARATE))] * 10,
    [(b"a",) * 70_000],
    [Frame(b"small")],
    [b"same5", Frame(b"small"), b"same5"],
    [b"x", Frame(b"small"), (b"y", Frame(b"z"))],
    [(Frame(b"a"), b"b")] * 10,
    [(Frame(b"a"), b"b")],
    [(b"a", Frame.shared(b"b"))],
    [(b"a", bytes(SEPARATE))],
    [(b"a", bytes(300), b"c")],
    [(b"a", b"b" * i) for i in range(20)],
    [Frame.shared(b"seven77")] * 3,
    [b"seven77", Frame.shared(b"SEVEN77")],
    [b"x", Frame.shared(b"shared"), (Frame.shared(b"part"), b"")],
    [(Frame.shared(b"part"), b"")] * 10,
    [Frame(bytes(SEPARATE), copy=False)],
]


@pytest.mark.parametrize("batch", BATCHES, ids=range(len(BATCHES)))
def test_batches_come_out_in_order_and_whole(batch: list[Message]) -> None:
    assert b"".join(encode(batch)) == plainly(batch)


def test_large_bodies_are_not_copied() -> None:
    body = bytes(SEPARATE)
    for batch in ([body], [b"x", body, b"y"], [(b"x", body)]):
        assert any(buffer is body for buffer in encode(batch))


def test_a_zero_copy_frame_comes_out_as_a_view_of_its_memory() -> None:
    memory = bytearray(SEPARATE)
    (_, view) = encode([Frame(memory, copy=False)])
    memory[5] = 77
    assert view[5] == 77


parts = st.one_of(st.binary(max_size=20), st.sampled_from([bytes(255), bytes(256), bytes(3000)]))
message = st.one_of(parts, st.lists(parts, min_size=2, max_size=5).map(tuple))


@given(st.lists(message, max_size=30))
def test_rfc37_z14_z18_any_batch_is_what_it_should_be_and_decodes_to_itself(
    batch: list[Any],
) -> None:
    data = b"".join(encode(batch))
    assert data == plainly(batch)
    assert drain(established(), data) == batch
