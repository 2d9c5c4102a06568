"""The numbers: equal to pyzmq's, and free of what ``import *`` should not give."""

from __future__ import annotations

import enum
import errno

import pytest

from zmqthread import constants
from zmqthread.constants import (
    Errno,
    Event,
    ExtraContextOption,
    LimitOption,
    SocketOption,
    SocketType,
    _OptType,
)

ENUMS = [
    "SocketType", "SocketOption", "ContextOption", "Event", "Flag", "MessageOption", "NormMode",
    "PollEvent", "ReconnectStop", "RouterNotify", "SecurityMechanism", "DeviceType", "Errno",
]  # fmt: skip


@pytest.fixture(scope="module")
def theirs():
    return pytest.importorskip("zmq.constants", reason="needs pyzmq, which the extra test brings")


@pytest.mark.interop
@pytest.mark.parametrize("name", ENUMS)
def test_enum_has_the_members_of_pyzmq(name, theirs):
    ours, other = getattr(constants, name), getattr(theirs, name)
    assert [(n, m.name, int(m)) for n, m in ours.__members__.items()] == [
        (n, m.name, int(m)) for n, m in other.__members__.items()
    ]
    assert issubclass(ours, enum.IntFlag) == issubclass(other, enum.IntFlag)


@pytest.mark.interop
def test_option_types_are_those_of_pyzmq(theirs):
    assert {o.name: o._opt_type.value for o in SocketOption} == {
        o.name: o._opt_type.value for o in theirs.SocketOption
    }
    assert {m.name: m.value for m in _OptType} == {m.name: m.value for m in theirs._OptType}


@pytest.mark.interop
def test_star_import_gives_all_names_of_pyzmq_with_their_values(theirs):
    names: dict[str, object] = {}
    exec("from zmqthread.constants import *", names)
    for name in theirs.__all__:
        value = getattr(theirs, name)
        if isinstance(value, int):
            assert names[name] == value, name
            assert type(names[name]).__name__ == type(value).__name__, name
            assert names[name].name == value.name, name  # type: ignore[attr-defined]
        else:
            assert name in names


def test_star_import_gives_no_modules():
    names: dict[str, object] = {}
    exec("from zmqthread.constants import *", names)
    assert not {"sys", "errno", "Final", "Self"} & set(names)


@pytest.mark.parametrize("enumeration", [SocketType, SocketOption, Errno, LimitOption])
def test_flat_names_are_the_members_of_that_name(enumeration):
    for name, member in enumeration.__members__.items():
        assert getattr(constants, name) is member


def test_prefixed_flat_names():
    assert constants.EVENT_CONNECTED is Event.CONNECTED
    assert constants.PROTOCOL_ERROR_ZAP_BAD_VERSION is Event.PROTOCOL_ERROR_ZAP_BAD_VERSION
    assert constants.NOTIFY_DISCONNECT is constants.RouterNotify.DISCONNECT
    assert constants.NORM_CCE is constants.NormMode.CCE
    assert constants.RECONNECT_STOP_AFTER_DISCONNECT == 4


def test_own_numbers_cannot_meet_those_of_libzmq():
    assert all(option >= 10000 for option in LimitOption)
    assert len(LimitOption) == len(LimitOption.__members__)
    assert ExtraContextOption.ACCEPT_OLD_ZMTP >= 10000


def test_native_errors_are_hausnumero_and_more():
    assert (Errno.EFSM, Errno.EMTHREAD) == (156384763, 156384766)


def test_missing_posix_errors_get_made_up_numbers(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delattr("errno.ENOTSUP")
    assert constants._posix("ENOTSUP", 1, 129) == 156384713
    assert constants._posix("EADDRINUSE", 5, 100) == errno.EADDRINUSE


def test_windows_numbers_are_those_of_the_c_run_time(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    assert constants._posix("EADDRINUSE", 5, 100) == 100


def test_version_is_the_one_measured():
    assert constants.VERSION == 40305
