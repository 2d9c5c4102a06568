"""Numbers of MESSAGE commands in columns, against `struct` one by one."""

from __future__ import annotations

import struct

import pytest

from zmqthread.wire.mechanisms.nonces import consecutive, each, nonces, numbers_at, put_numbers


@pytest.mark.parametrize("first", [1, 255, 2**32 - 2, 2**64 - 9])
def test_numbers_are_big_endian(first: int) -> None:
    expected = [struct.pack(">Q", first + n) for n in range(8)]
    numbers = consecutive(first, 8)
    assert numbers == b"".join(expected)
    assert list(each(numbers)) == expected
    assert list(nonces(b"CurveZMQMESSAGEC", numbers)) == [b"CurveZMQMESSAGEC" + n for n in expected]


def test_what_is_put_into_a_row_of_frames_is_found_there_again() -> None:
    octets = bytearray(b"x" * 60)
    numbers = consecutive(2**40 - 1, 5)
    put_numbers(octets, 3, 12, numbers)
    assert octets[:3] + octets[11:15] == b"x" * 7
    assert octets[-1:] == b"x"
    assert numbers_at(bytes(octets), 3, 12, 5) == numbers
    assert numbers_at(bytes(octets), 15, 12, 2) == numbers[8:24]


def test_nothing_is_no_number() -> None:
    assert consecutive(7, 0) == b""
    assert list(nonces(b"CurveZMQMESSAGEC", b"")) == []
