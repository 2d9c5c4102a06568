"""The exceptions: classes, texts and the number each thread saw last."""

from __future__ import annotations

import copy
import errno
import pickle
import threading

import pytest

from zmqthread import errors
from zmqthread.constants import EAGAIN, EFSM, EHOSTUNREACH, EINVAL, ETERM, Errno, Event
from zmqthread.errors import (
    Again,
    ContextTerminated,
    DraftFDWarning,
    InterruptedSystemCall,
    NotDone,
    ProtocolError,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    error_about,
    error_from_os,
    option_error,
    strerror,
    zmq_errno,
    zmq_error,
)


@pytest.mark.interop
@pytest.mark.parametrize("number", [*Errno, 0, 4, 2, 99999, -1])
def test_texts_are_those_of_libzmq(number):
    assert strerror(number) == pytest.importorskip(
        "zmq", reason="needs pyzmq, which the extra test brings"
    ).strerror(number)


@pytest.mark.interop
@pytest.mark.parametrize(
    "make",
    [
        lambda e: e.ZMQError(22),
        lambda e: e.ZMQError(22, "why"),
        lambda e: e.ZMQError("only text"),
        lambda e: e.ZMQError("text", "more text"),
        lambda e: e.Again(),
        lambda e: e.Again(5, "ignored"),
        lambda e: e.ContextTerminated(),
        lambda e: e.NotDone(),
        lambda e: e.ZMQBindError("no port"),
    ],
)
def test_errors_look_as_those_of_pyzmq(make):
    ours, theirs = (
        make(errors),
        make(pytest.importorskip("zmq.error", reason="needs pyzmq, which the extra test brings")),
    )
    assert (repr(ours), str(ours), ours.args) == (repr(theirs), str(theirs), theirs.args)
    for name in ("errno", "strerror"):
        assert getattr(ours, name, None) == getattr(theirs, name, None)


@pytest.mark.interop
@pytest.mark.parametrize("name", [
    "ZMQBaseError", "ZMQError", "Again", "ContextTerminated", "InterruptedSystemCall",
    "ZMQBindError", "NotDone", "ZMQVersionError", "DraftFDWarning",
])  # fmt: skip
def test_ancestors_are_those_of_pyzmq(name):
    theirs = getattr(
        pytest.importorskip("zmq.error", reason="needs pyzmq, which the extra test brings"), name
    )
    ours = getattr(errors, name)
    assert [c.__name__ for c in ours.__mro__] == [c.__name__ for c in theirs.__mro__]


def test_an_interrupted_call_is_both_kinds_of_error():
    error = InterruptedSystemCall()
    assert isinstance(error, ZMQError)
    assert isinstance(error, InterruptedError)
    assert (error.errno, error.strerror) == (errno.EINTR, "Interrupted system call")


@pytest.mark.parametrize(
    ("number", "cls"),
    [
        (EAGAIN, Again),
        (ETERM, ContextTerminated),
        (errno.EINTR, InterruptedSystemCall),
        (EFSM, ZMQError),
    ],
)
def test_zmq_error_picks_the_class(number, cls):
    assert type(zmq_error(number)) is cls
    assert str(zmq_error(number)) == strerror(number)
    assert (zmq_error(number, "so").errno, str(zmq_error(number, "so"))) == (number, "so")


def test_each_thread_has_its_own_last_number():
    ZMQError(EFSM)
    seen = []

    def other():
        seen.append(zmq_errno())
        ZMQError(EHOSTUNREACH)
        seen.append(zmq_errno())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [0, EHOSTUNREACH]
    assert zmq_errno() == EFSM


def test_without_a_number_the_last_one_of_the_thread_counts():
    ZMQError(EFSM)
    assert ZMQError().errno == EFSM
    ZMQError("text only")
    assert zmq_errno() == EFSM


def test_texts_name_the_values_at_fault():
    assert str(error_about(EINVAL, addr="tcp://x")) == "Invalid argument (addr='tcp://x')"
    assert str(error_about(EINVAL, a=1, b=b"2")) == "Invalid argument (a=1, b=b'2')"
    error = option_error("SNDHWM", -5, "must be >= 0")
    assert str(error) == "Invalid argument (option SNDHWM=-5: must be >= 0)"
    assert error.errno == EINVAL


@pytest.mark.parametrize("error", [Again(), InterruptedSystemCall(), error_about(EINVAL, a=1)])
def test_errors_can_be_copied_and_pickled(error):
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(other), str(other)) == (type(error), str(error))
        assert other.errno == error.errno


def test_an_error_of_the_system_keeps_its_number():
    error = error_from_os(OSError(errno.EADDRINUSE, "whatever"), addr="tcp://*:1")
    assert error.errno == Errno.EADDRINUSE
    assert str(error) == "Address already in use (addr='tcp://*:1')"
    assert str(error_from_os(OSError(errno.ENOENT, "x"))) == "No such file or directory"
    assert type(error_from_os(BlockingIOError(errno.EAGAIN, "x"))) is Again


def test_an_error_of_the_system_without_a_number():
    assert error_from_os(OSError("odd")).errno == EINVAL


def test_winsock_numbers_become_those_of_libzmq(monkeypatch):
    monkeypatch.setitem(errno.errorcode, 10048, "WSAEADDRINUSE")
    assert error_from_os(OSError(10048, "x")).errno == Errno.EADDRINUSE


def test_protocol_error_is_no_zmq_error():
    error = ProtocolError(Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA, "too long")
    assert not isinstance(error, ZMQBaseError)
    assert (error.code, error.text) == (0x10000018, "too long")
    assert str(error) == "too long (protocol error 0x10000018)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_version_error_says_what_is_there():
    error = ZMQVersionError("9.1", "Levitation")
    assert str(error) == "Levitation requires libzmq >= 9.1, have 4.3.5"
    assert repr(error) == f"ZMQVersionError('{error}')"
    assert isinstance(error, NotImplementedError)


def test_the_rest_are_plain():
    assert issubclass(DraftFDWarning, RuntimeWarning)
    assert issubclass(NotDone, ZMQBaseError)
    assert issubclass(ZMQBindError, ZMQBaseError)
