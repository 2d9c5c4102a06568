"""Counters, stopwatches, threads, timers, versions, capabilities and keys."""

from __future__ import annotations

import errno
import os
import random
import threading
import time

import pytest

import zmqthread
from tests.capi.support import fails
from tests.support import seconds
from zmqthread import capi as z
from zmqthread.option_types import enabled_features

# -- numbers and texts ---


def test_ancillaries__version():
    parts = [0], bytearray(4), [0]
    assert z.zmq_version(*parts) == (4, 3, 6) == z.zmq_version()
    assert (parts[0], int.from_bytes(parts[1], "little"), parts[2]) == ([4], 3, [6])
    assert z.ZMQ_VERSION == z.ZMQ_MAKE_VERSION(4, 3, 6) == 40306


@pytest.mark.parametrize(("number", "words"), [
    (z.EFSM, "Operation cannot be accomplished in current state"),
    (z.ENOCOMPATPROTO, "The protocol is not compatible with the socket type"),
    (z.ETERM, "Context was terminated"),
    (z.EMTHREAD, "No thread available"),
    (errno.EINVAL, os.strerror(errno.EINVAL)),
])  # fmt: skip
def test_ancillaries__strerror(number, words):
    assert z.zmq_strerror(number) == words


def test_errno_is_each_threads_own():
    with fails(z.EFAULT):
        z.zmq_ctx_term(None)
    seen = []
    z.zmq_threadclose(z.zmq_threadstart(lambda _: seen.append(z.zmq_errno())))
    assert seen == [0]
    assert z.zmq_errno() == z.EFAULT


CAPABILITIES = ["ipc", "pgm", "tipc", "norm", "curve", "gssapi", "vmci", "vsock", "draft"]


@pytest.mark.parametrize("name", CAPABILITIES[1:])
def test_capabilities__as_built(name):
    was_there = name in enabled_features
    assert z.zmq_has(name) == was_there
    (enabled_features.discard if was_there else enabled_features.add)(name)
    try:
        assert z.zmq_has(name) == z.zmq_has(name.encode() + b"\0") == (not was_there)
    finally:
        (enabled_features.add if was_there else enabled_features.discard)(name)


def test_capabilities__ipc():
    assert z.zmq_has("ipc") == 1


@pytest.mark.parametrize("name", ["tcp", "inproc", "udp", "epgm", "ws", "wss", "plain", "zap", ""])
def test_capabilities__what_is_always_there_is_none(name):
    assert z.zmq_has(name) == 0


def test_every_constant_of_the_other_face_is_there():
    other = {n for n in vars(zmqthread.constants) if n[0].isalpha() and n.isupper() and n != "HWM"}
    for name in other:
        if name.startswith("E") and name in z.__all__:
            continue
        if not name.startswith("VERSION"):
            assert getattr(z, f"ZMQ_{name}") == getattr(zmqthread, name), name


# -- counters, stopwatches, threads ---


def test_atomics__arithmetic():
    counter = [z.zmq_atomic_counter_new()]
    assert z.zmq_atomic_counter_value(counter[0]) == 0
    assert [z.zmq_atomic_counter_inc(counter[0]) for _ in range(3)] == [0, 1, 2]
    assert z.zmq_atomic_counter_value(counter[0]) == 3
    assert [z.zmq_atomic_counter_dec(counter[0]) for _ in range(3)] == [1, 1, 0]
    z.zmq_atomic_counter_set(counter[0], 2)
    assert z.zmq_atomic_counter_dec(counter[0]) == 1
    assert z.zmq_atomic_counter_dec(counter[0]) == 0
    z.zmq_atomic_counter_destroy(counter)
    assert counter == [None]


def test_atomics__many_threads():
    counter = z.zmq_atomic_counter_new()

    def count(_):
        for _ in range(1000):
            z.zmq_atomic_counter_inc(counter)

    threads = [z.zmq_threadstart(count) for _ in range(4)]
    for thread in threads:
        z.zmq_threadclose(thread)
    assert z.zmq_atomic_counter_value(counter) == 4000


def test_stopwatch_measures_microseconds():
    watch = z.zmq_stopwatch_start()
    z.zmq_poll([], 0, 20)
    first = z.zmq_stopwatch_intermediate(watch)
    last = z.zmq_stopwatch_stop(watch)
    assert 20_000 <= first <= last < 20_000_000
    with fails(z.EFAULT):
        z.zmq_stopwatch_stop(watch)


def test_sleep_takes_seconds(monkeypatch):
    slept: list[int] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    z.zmq_sleep(3)
    assert slept == [3]


def test_threadclose_waits():
    begun, go, seen = threading.Event(), threading.Event(), []

    def work(argument):
        begun.set()
        assert go.wait(seconds(10))
        seen.append(argument)

    thread = z.zmq_threadstart(work, "argument")
    assert begun.wait(seconds(10))
    go.set()
    z.zmq_threadclose(thread)
    assert seen == ["argument"]
    with fails(z.EFAULT):
        z.zmq_threadclose(thread)


# -- timers ---


@pytest.fixture
def timers():
    found = [z.zmq_timers_new()]
    yield found[0]
    z.zmq_timers_destroy(found)
    assert found == [None]


def wait_and_execute(timers):
    z.zmq_poll([], 0, z.zmq_timers_timeout(timers))
    z.zmq_timers_execute(timers)


def test_timers__fire_in_turn(timers):
    fired = []
    assert z.zmq_timers_timeout(timers) == -1
    first = z.zmq_timers_add(timers, 100_000, lambda n, arg: fired.append((n, arg)), "a")
    assert first == 1
    assert 0 <= z.zmq_timers_timeout(timers) <= 100_000
    z.zmq_timers_execute(timers)
    assert fired == []
    z.zmq_timers_set_interval(timers, first, 10)
    wait_and_execute(timers)
    assert fired == [(first, "a")]
    wait_and_execute(timers)
    assert fired == [(first, "a")] * 2


def test_timers__change_and_cancel(timers):
    fired = []
    timer = z.zmq_timers_add(timers, 100_000, lambda *_: fired.append(1), None)
    assert z.zmq_timers_timeout(timers) > 50_000
    z.zmq_timers_set_interval(timers, timer, 5)
    assert z.zmq_timers_timeout(timers) <= 5
    z.zmq_timers_reset(timers, timer)
    wait_and_execute(timers)
    assert fired == [1]
    z.zmq_timers_cancel(timers, timer)
    assert z.zmq_timers_timeout(timers) == -1
    with fails(errno.EINVAL):
        z.zmq_timers_cancel(timers, timer)


def test_timers__cancel_in_its_own_handler(timers):
    fired = []

    def handler(timer, _):
        fired.append(timer)
        z.zmq_timers_cancel(timers, timer)

    timer = z.zmq_timers_add(timers, 1, handler, None)
    wait_and_execute(timers)
    z.zmq_timers_execute(timers)
    assert fired == [timer]
    assert z.zmq_timers_timeout(timers) == -1


def test_timers__no_catching_up(timers):
    fired = []
    z.zmq_timers_add(timers, 1, lambda *_: fired.append(1), None)
    z.zmq_poll([], 0, 20)
    z.zmq_timers_execute(timers)
    assert fired == [1]


@pytest.mark.parametrize("handle", [None, "timers", []])
def test_timers__no_set(handle):
    for call, *more in (
        (z.zmq_timers_add, 1, print, None), (z.zmq_timers_cancel, 1), (z.zmq_timers_timeout,),
        (z.zmq_timers_set_interval, 1, 1), (z.zmq_timers_reset, 1), (z.zmq_timers_execute,),
        (z.zmq_timers_destroy,),
    ):  # fmt: skip
        with fails(z.EFAULT):
            call(handle, *more)


def test_timers__no_handler(timers):
    with fails(z.EFAULT):
        z.zmq_timers_add(timers, 10, None, None)


def test_timers__destroyed_twice():
    timers = z.zmq_timers_new()
    z.zmq_timers_destroy(timers)
    with fails(z.EFAULT):
        z.zmq_timers_destroy(timers)


# -- Z85 and keys ---

HELLO = bytes([0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B])
KEY = bytes.fromhex("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7")
SHOWN_KEY = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"


@pytest.mark.parametrize(("octets", "shown"), [
    (HELLO, "HelloWorld"), (KEY, SHOWN_KEY), (bytes(4), "00000"), (b"\xff" * 4, "%nSc0"),
])  # fmt: skip
def test_base85__vectors(octets, shown):
    there, back = bytearray(len(shown) + 1), bytearray(len(octets))
    assert z.zmq_z85_encode(there, octets, len(octets)) == shown
    assert there == shown.encode() + b"\0"
    assert z.zmq_z85_decode(back, there) == back == octets


@pytest.mark.parametrize("size", [1, 2, 3, 5, 42])
def test_base85__lengths_that_cannot_be_encoded(size):
    with fails(errno.EINVAL):
        z.zmq_z85_encode(bytearray(100), bytes(size), size)


@pytest.mark.parametrize("string", [
    "", "0", "01", "012", "0123", "012345", "#####0", "%nSc1", "####\0", "0000\"", "0000\x7f",
    "0000\xff", "~~~~~", "%####",
])  # fmt: skip
def test_base85__strings_that_cannot_be_decoded(string):
    with fails(errno.EINVAL):
        z.zmq_z85_decode(bytearray(100), string)


def test_z85_decode_fuzzer__any_string_is_decoded_or_refused():
    draw = random.Random(85)
    refused = set()
    for _ in range(500):
        string = bytes(draw.randrange(256) for _ in range(draw.randrange(21)))
        try:
            z.zmq_z85_decode(None, string)
        except z.ZMQError as error:
            refused.add(error.errno)
    assert refused == {errno.EINVAL}


def test_z85_needs_no_memory_for_the_result_but_what_is_given_must_do():
    assert z.zmq_z85_encode(None, HELLO) == "HelloWorld"
    assert z.zmq_z85_decode(None, "HelloWorld") == HELLO
    with fails(z.EFAULT):
        z.zmq_z85_encode(bytearray(10), HELLO, 8)
    with fails(z.EFAULT):
        z.zmq_z85_decode(bytearray(7), "HelloWorld")


def test_sodium__keypair():
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    public, secret = bytearray(41), bytearray(41)
    assert z.zmq_curve_keypair(public, secret) == (public[:40].decode(), secret[:40].decode())
    assert public[40] == secret[40] == 0
    assert len(z.zmq_z85_decode(None, public)) == 32


def test_sodium__public():
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
    public = bytearray(41)
    assert z.zmq_curve_public(public, secret) == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    assert public[:40] == b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"


def test_sodium__public_of_a_pair():
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    public, secret = z.zmq_curve_keypair()
    assert z.zmq_curve_public(None, secret) == public


@pytest.mark.parametrize("secret", ["", "short", "x" * 41, "~" * 40])
def test_sodium__no_key(secret):
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    with fails(errno.EINVAL):
        z.zmq_curve_public(bytearray(41), secret)
