"""The same values set and read with libzmq and with the table: what differs is listed here."""

from __future__ import annotations

import pytest

from zmqthread.constants import (
    ContextOption,
    SocketOption,
    SocketType,
    _OptType,
)
from zmqthread.errors import ZMQError
from zmqthread.options import ContextOptions, Options

pytestmark = pytest.mark.interop

STABLE_TYPES = [t for t in SocketType if t <= SocketType.STREAM]
NUMBERS = [
    -(2**31), -101, -100, -99, -5, -2, -1, 0, 1, 2, 3, 4, 5, 99, 100, 150, 255, 256,
    6553599, 6553600, 2**31 - 1,
]  # fmt: skip
WIDE_NUMBERS = [*NUMBERS, -(2**40), 2**40, 2**63 - 1, -(2**63)]
STRINGS = [
    b"", b"a", b"\0a", b"a\0b", b"X-a:b", b"X-a:", b"a:b", b"127.0.0.1", b"127.0.0.1/8", b"::1/64",
    b"127.0.0.1/33", b"a" * 15, b"a" * 16, b"a" * 17, b"a" * 32, b"a" * 40, b"a" * 255, b"a" * 256,
]  # fmt: skip

# Whole options that are not compared.
NOT_COMPARED = {
    "FD": "the number of a descriptor",
    "EVENTS": "the socket's, not the table's",
    "RCVMORE": "the socket's, not the table's",
    "LAST_ENDPOINT": "the socket's, not the table's",
    "TOPICS_COUNT": "the socket's, not the table's",
    "THREAD_SAFE": "every socket of zmqthread is thread-safe",
    "CURVE_PUBLICKEY": "pyzmq cannot read a key: it brings a buffer of another size",
    "CURVE_SECRETKEY": "pyzmq cannot read a key: it brings a buffer of another size",
    "CURVE_SERVERKEY": "pyzmq cannot read a key: it brings a buffer of another size",
} | dict.fromkeys(
    [
        *(o.name for o in SocketOption if o.name.startswith(("GSSAPI", "WSS", "NORM", "VMCI"))),
        "ROUTER_NOTIFY", "IN_BATCH_SIZE", "OUT_BATCH_SIZE", "HELLO_MSG", "DISCONNECT_MSG",
        "PRIORITY", "BUSY_POLL", "HICCUP_MSG", "XSUB_VERBOSE_UNSUBSCRIBE",
    ],
    "this build of libzmq does not have it",
)  # fmt: skip

# (option, value): why it is taken here and not there, or the other way round.
DIFFERENT_VALUES = {
    ("TCP_ACCEPT_FILTER", b""): "empty clears; in C that takes a null pointer, which pyzmq has not",
    ("TCP_ACCEPT_FILTER", b"::1/64"): "libzmq takes it only after IPV6, whatever comes later",
    ("CONNECT_ROUTING_ID", b"a" * 256): "no routing id is longer than 255",
}  # fmt: skip


@pytest.fixture
def context():
    zmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


def outcome(call, *args):
    """Return what a call gives, or the number of its error."""
    try:
        return call(*args)
    except ZMQError as error:
        return ("error", error.errno)
    except Exception as error:
        return ("error", error.errno)  # type: ignore[attr-defined]


def both(context, kind):
    theirs = context.socket(int(kind))
    return theirs, Options(kind)


COMPARED = [o for o in SocketOption if o.name not in NOT_COMPARED]


@pytest.mark.parametrize("option", COMPARED, ids=lambda option: option.name)
def test_defaults(option, context):
    for kind in STABLE_TYPES:
        theirs, ours = both(context, kind)
        with theirs:
            assert outcome(ours.get, option) == outcome(theirs.getsockopt, option), kind


def values_of(option):
    if option._opt_type is _OptType.bytes:
        return STRINGS
    return WIDE_NUMBERS if option._opt_type is _OptType.int64 else NUMBERS


@pytest.fixture
def everything(monkeypatch):
    names = {row.feature for row in Options.ROWS} - {None}
    monkeypatch.setattr("zmqthread.option_types.enabled_features", names)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("option", COMPARED, ids=lambda option: option.name)
def test_values(option, context):
    for kind in STABLE_TYPES:
        theirs, ours = both(context, kind)
        with theirs:
            for value in values_of(option):
                if (option.name, value) in DIFFERENT_VALUES:
                    continue
                taken_there = outcome(theirs.setsockopt, option, value)
                taken_here = outcome(ours.set, option, value)
                if not isinstance(taken_here, tuple):
                    taken_here = None
                assert taken_here == taken_there, (kind, value)
                shown = outcome(ours.get, option)
                # pyzmq brings a buffer of 255 octets, and a text comes with a NUL.
                if not isinstance(shown, bytes) or len(shown) < 255:
                    assert shown == outcome(theirs.getsockopt, option), (kind, value)


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(("name", "value"), DIFFERENT_VALUES)
def test_listed_differences_are_there(name, value, context):
    option = SocketOption[name]
    for kind in STABLE_TYPES:
        theirs, ours = both(context, kind)
        with theirs:
            refused_there = isinstance(outcome(theirs.setsockopt, option, value), tuple)
            refused_here = isinstance(outcome(ours.set, option, value), tuple)
            if refused_there != refused_here:
                return
    pytest.fail("no difference")


@pytest.mark.parametrize("security", ["PLAIN_SERVER", "PLAIN_USERNAME", "CURVE_SERVER"])
@pytest.mark.usefixtures("everything")
def test_mechanism_follows_the_last_option(security, context):
    theirs, ours = both(context, SocketType.DEALER)
    value = b"me" if security == "PLAIN_USERNAME" else 1
    with theirs:
        for name, given in [(security, value), ("CURVE_SECRETKEY", b"k" * 32), (security, value)]:
            theirs.setsockopt(SocketOption[name], given)
            ours.set(SocketOption[name], given)
            for asked in ("MECHANISM", "PLAIN_SERVER", "CURVE_SERVER"):
                assert ours.get(SocketOption[asked]) == theirs.get(SocketOption[asked])


# Not ZERO_COPY_RECV, which is refused here: there is nothing to switch.
CONTEXT_OPTIONS = [
    *ContextOption,
    SocketOption.IPV6,
    SocketOption.BLOCKY,
]


@pytest.mark.parametrize("option", CONTEXT_OPTIONS, ids=lambda option: option.name)
def test_context(option):
    zmq = pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    for value in NUMBERS:
        theirs, ours = zmq.Context(), ContextOptions()
        try:
            shown = outcome(ours.get, option)
            # In C the value -1 cannot be told from an error: pyzmq raises it.
            if shown != -1:
                assert shown == outcome(theirs.get, option)
            taken_here = outcome(ours.set, option, value)
            if not isinstance(taken_here, tuple):
                taken_here = None
            assert taken_here == outcome(theirs.set, option, value), value
            shown = outcome(ours.get, option)
            if shown != -1:
                assert shown == outcome(theirs.get, option), value
        finally:
            theirs.term()
