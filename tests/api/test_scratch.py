"""Buffers to receive into: where they lie, and whose they are."""

from __future__ import annotations

import ctypes
import mmap
import os

import pytest

from zmqthread.api import scratch


def test_a_buffer_begins_where_a_page_begins():
    scratch.free.clear()
    buffer = scratch.take()
    address = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    assert address % mmap.PAGESIZE == 0


def test_a_buffer_given_back_is_taken_again():
    buffer = scratch.take()
    scratch.give_back(buffer)
    assert scratch.take() is buffer
    scratch.give_back(buffer)


def test_two_turns_at_once_have_a_buffer_each():
    one, other = scratch.take(), scratch.take()
    one[:3], other[:3] = b"one", b"two"
    assert bytes(one[:3]) == b"one"
    scratch.give_back(one)
    scratch.give_back(other)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which this system has not got")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_what_a_forked_child_receives_stays_with_it():
    buffer = scratch.take()
    buffer[:6] = b"parent"
    child = os.fork()
    if not child:
        buffer[:6] = b"child!"
        os._exit(0)
    os.waitpid(child, 0)
    assert bytes(buffer[:6]) == b"parent"
    scratch.give_back(buffer)
