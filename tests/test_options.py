"""The table of options: one parametrised walk over it, and the rows that are more than a number."""

from __future__ import annotations

import contextlib
import inspect
import ipaddress
import re
from typing import Any

import pytest

from zmqthread import constants, option_types
from zmqthread.constants import (
    EINVAL,
    ENOTSUP,
    ContextOption,
    ExtraContextOption,
    LimitOption,
    SecurityMechanism,
    SocketOption,
    SocketType,
    _OptType,
)
from zmqthread.errors import ZMQError
from zmqthread.option_types import OptionSet, Row
from zmqthread.options import FRAME_LIMIT, ContextOptions, Options

HUGE = (1 << 31) - 1


def type_for(row: Row[Any]) -> SocketType:
    """Return a socket type that the option is for."""
    return next(t for t in SocketType if row.types is None or t in row.types)


def options_for(row: Row[Any]) -> Options:
    options = Options(type_for(row))
    options.xpub_manual = 1  # else no XPUB takes a subscription
    return options


def refusal(call, *args) -> str:
    with pytest.raises(ZMQError) as caught:
        call(*args)
    assert caught.value.errno == EINVAL
    return str(caught.value)


@pytest.fixture
def everything(monkeypatch):
    """Enable every feature, as later work will one by one."""
    names = {row.feature for row in (*Options.ROWS, *ContextOptions.ROWS)} - {None}
    monkeypatch.setattr(option_types, "enabled_features", names)


@pytest.fixture
def bare(monkeypatch):
    """Disable every feature."""
    monkeypatch.setattr(option_types, "enabled_features", frozenset())


EVERY_ROW = [
    pytest.param(table, row, id=f"{table.__name__}.{row.name}")
    for table in (Options, ContextOptions)
    for row in table.ROWS
]


def fresh(table: type[OptionSet], row: Row[Any]) -> OptionSet:
    return options_for(row) if table is Options else ContextOptions()


@pytest.mark.parametrize(("table", "row"), EVERY_ROW)
class TestEveryRow:
    def test_number_and_names_are_those_of_the_constants(self, table, row):
        assert getattr(constants, row.name) == row.number
        assert row.attribute == row.name.lower()
        for alias in row.aliases:
            assert getattr(constants, alias) == row.number

    def test_default_is_what_the_attribute_has_and_get_gives(self, table, row):
        options = fresh(table, row)
        if row.dynamic:
            assert not hasattr(options, row.attribute)
            if row.readable:
                with pytest.raises(LookupError, match=row.name):
                    options.get(row.number)
            return
        value = getattr(options, row.attribute)
        if row.name not in {"TYPE", "XPUB_MANUAL", "LINGER"}:
            assert value == row.default
        if row.readable:
            got = options.get(row.number)
            assert got == (value if row.show is None else row.show(value))
            assert type(got) in {int, bytes}

    def test_what_cannot_be_read_or_set_says_so(self, table, row):
        options = fresh(table, row)
        shared_number = row.number == ContextOption.SOCKET_LIMIT and table is ContextOptions
        if not row.readable and not shared_number:
            assert f"option {row.name}: cannot be read" in refusal(options.get, row.number)
        if not row.writable and not shared_number:
            assert f"option {row.name}: cannot be set" in refusal(options.set, row.number, 0)

    def test_a_value_of_another_type_is_a_type_error(self, table, row, everything):
        if row.writable:
            with pytest.raises(TypeError, match=f"option {row.name}: expected"):
                fresh(table, row).set(row.number, 1.5)

    def test_a_refused_value_changes_nothing_and_is_named(self, table, row, everything):
        if not row.writable or row.kind is not int:
            return
        options = fresh(table, row)
        before = None if row.dynamic else getattr(options, row.attribute)
        text = refusal(options.set, row.number, 1 << 70)
        assert f"(option {row.name}={1 << 70}: must be " in text
        assert row.dynamic or getattr(options, row.attribute) == before

    def test_booleans_and_enum_members_are_kept_as_plain_numbers(self, table, row, everything):
        if row.writable and row.kind is int and not row.dynamic and row.store is None:
            options = fresh(table, row)
            options.set(row.number, True)
            assert type(getattr(options, row.attribute)) is int

    def test_the_wrong_socket_types_are_refused(self, table, row):
        if row.types is None:
            return
        for kind in SocketType:
            if kind not in row.types:
                options = Options(kind)
                assert f"option {row.name}" in refusal(options.get, row.number)
                if row.writable:
                    assert f"not for {kind.name}" in refusal(options.set, row.number, 1)

    def test_what_is_not_there_cannot_be_set(self, table, row, bare):
        if row.feature is None:
            return
        with pytest.raises(ZMQError, match=f"option {row.name}=") as caught:
            fresh(table, row).set(row.number, row.default)
        assert caught.value.errno == ENOTSUP

    def test_set_gives_the_row(self, table, row, everything):
        samples = (1, 100, b"X-a:b", b"127.0.0.1", b"a" * 32)
        if not row.writable:
            return
        options = fresh(table, row)
        if row.name == "THREAD_AFFINITY_CPU_REMOVE":
            options.set(constants.THREAD_AFFINITY_CPU_ADD, 1)
        given = []
        for sample in samples:
            with contextlib.suppress(ZMQError, TypeError):
                given.append(options.set(row.number, sample))
        assert given
        assert {id(each) for each in given} == {id(row)}

    def test_secrets_are_in_no_text(self, table, row, everything):
        if not row.secret:
            return
        with pytest.raises(TypeError) as caught:
            fresh(table, row).set(row.number, "sesame")
        assert "sesame" not in str(caught.value)
        if row.check is not option_types.ANY:
            assert "sesame" not in refusal(fresh(table, row).set, row.number, b"sesame" * 100)


def test_secrets_are_not_shown_where_there_is_no_support_either(bare):
    with pytest.raises(ZMQError) as caught:
        Options(SocketType.PAIR).set(constants.PLAIN_PASSWORD, b"sesame")
    assert caught.value.errno == ENOTSUP
    assert "sesame" not in str(caught.value)


def test_every_option_of_pyzmq_has_a_row_and_no_row_is_there_twice():
    numbers = [row.number for row in Options.ROWS]
    assert len(numbers) == len(set(numbers))
    absent = {SocketOption.HWM, SocketOption.BLOCKY}  # gone since 3.0; an option of contexts
    assert set(numbers) == ({*SocketOption, *LimitOption} - absent)
    context = {row.name for row in ContextOptions.ROWS}
    assert context == {*ContextOption.__members__, *ExtraContextOption.__members__} | {
        "IPV6",
        "BLOCKY",
    }


def test_rows_have_the_type_that_pyzmq_passes():
    for row in Options.ROWS:
        option = next(e[row.name] for e in (SocketOption, LimitOption) if row.name in e.__members__)
        kind = option._opt_type
        assert (row.kind is bytes) == (kind is _OptType.bytes), row.name
        if row.limits is not option_types.ANY and row.name != "FD":
            assert (row.limits is not option_types.INT) == (kind is _OptType.int64), row.name


@pytest.mark.parametrize("number", [0, 1, 3, 10, 20, 999, 20000, -1])
def test_unknown_numbers(number):
    options = Options(SocketType.PAIR)
    for text in (refusal(options.get, number), refusal(options.set, number, 1)):
        assert f"option {number}" in text or "HWM" in text
    refusal(options.row, number)


def test_second_names():
    row = Options(SocketType.PAIR).row
    assert row(constants.IDENTITY).aliases == ("IDENTITY",)
    assert set(row(constants.FAIL_UNROUTABLE).aliases) == {"FAIL_UNROUTABLE", "ROUTER_BEHAVIOR"}


@pytest.mark.parametrize("kind", SocketType)
def test_linger_by_type_and_context(kind):
    context = ContextOptions()
    none = kind in {SocketType.SUB, SocketType.XSUB, SocketType.DISH}
    assert Options(kind).linger == Options(kind, context).linger == (0 if none else -1)
    context.set(constants.BLOCKY, 0)
    assert Options(kind, context).linger == 0


def test_what_a_socket_takes_from_its_context(everything):
    context = ContextOptions()
    context.set(constants.IPV6, 1)
    context.set(constants.ACCEPT_OLD_ZMTP, 1)
    options = Options(SocketType.PAIR, context)
    assert (options.ipv6, options.ipv4only, options.accept_old_zmtp) == (1, 0, 1)
    assert Options(SocketType.PAIR).accept_old_zmtp == 0


def test_type():
    options = Options(SocketType.ROUTER)
    assert options.get(constants.TYPE) == SocketType.ROUTER
    assert options.type_name == "ROUTER"
    assert type(options.type) is int


def test_ipv4only_is_the_inverse_of_ipv6():
    options = Options(SocketType.PAIR)
    options.set(constants.IPV6, 1)
    assert options.get(constants.IPV4ONLY) == 0
    options.set(constants.IPV4ONLY, 1)
    assert (options.ipv6, options.ipv4only) == (0, 1)


def test_a_copy_is_independent():
    options = Options(SocketType.DEALER)
    options.set(constants.METADATA, b"X-a:1")
    other = options.copy()
    for each, size in ((options, 5), (other, 6)):
        each.set(constants.SNDHWM, size)
        each.set(constants.METADATA, b"X-b:%d" % size)
        each.set(constants.IPC_FILTER_UID, size)
    assert (options.sndhwm, other.sndhwm) == (5, 6)
    assert options.metadata == {"X-a": b"1", "X-b": b"5"}
    assert other.metadata == {"X-a": b"1", "X-b": b"6"}
    assert (list(options.ipc_filter_uid), list(other.ipc_filter_uid)) == ([5], [6])
    assert other.type_name == "DEALER"


def test_defaults_are_shared_by_nobody():
    Options(SocketType.PAIR).set(constants.METADATA, b"X-a:1")
    assert Options(SocketType.PAIR).metadata == {}


@pytest.mark.parametrize(
    ("given", "kept"),
    [(-99, 0), (-1, 0), (0, 0), (99, 0), (100, 100), (199, 100), (6553599, 6553500)],
)
def test_heartbeat_ttl_is_kept_in_tenths_of_a_second(given, kept):
    options = Options(SocketType.PAIR)
    options.set(constants.HEARTBEAT_TTL, given)
    assert options.heartbeat_ttl == options.get(constants.HEARTBEAT_TTL) == kept


@pytest.mark.parametrize("given", [-100, 6553600, HUGE])
def test_heartbeat_ttl_has_16_bits(given):
    assert "0 to 6553599" in refusal(Options(SocketType.PAIR).set, constants.HEARTBEAT_TTL, given)


def test_heartbeat_timeout_is_the_interval_unless_set():
    options = Options(SocketType.PAIR)
    options.set(constants.HEARTBEAT_IVL, 500)
    assert (options.heartbeat_timeout, options.heartbeat_wait) == (-1, 500)
    options.set(constants.HEARTBEAT_TIMEOUT, 0)
    assert options.heartbeat_wait == 0


def test_frame_limit():
    options = Options(SocketType.PAIR)
    assert (options.get(constants.MAXMSGSIZE), options.frame_limit) == (-1, FRAME_LIMIT)
    options.set(constants.MAXMSGSIZE, 0)
    assert options.frame_limit == 0
    options.set(constants.MAXMSGSIZE, 1 << 40)
    assert options.frame_limit == 1 << 40
    assert FRAME_LIMIT == 1 << 30


def test_first_property_of_a_name_stays():
    options = Options(SocketType.PAIR)
    for text in (b"X-a:1", b"X-a:2", b"X-b::", b"X-:c"):
        options.set(constants.METADATA, text)
    assert options.metadata == {"X-a": b"1", "X-b": b":", "X-": b"c"}


@pytest.mark.parametrize(
    "text", [b"", b"X-a", b"X-a:", b"a:b", b":b", b"X-\xff:b", b"X-" + b"a" * 254 + b":b"]
)
def test_bad_properties(text):
    refusal(Options(SocketType.PAIR).set, constants.METADATA, text)


def test_property_of_four_octets_and_longest_name():
    options = Options(SocketType.PAIR)
    options.set(constants.METADATA, b"X-:a")  # libzmq takes the length for that of an int
    options.set(constants.METADATA, b"X-" + b"a" * 253 + b":b")
    assert len(options.metadata) == 2


def test_accept_filters_gather_until_cleared():
    options = Options(SocketType.PAIR)
    for text in (b"127.0.0.1", b"10.1.2.3/8", b"::1/128", b"[fe80::1]/64", b"0.0.0.0/0"):
        options.set(constants.TCP_ACCEPT_FILTER, text)
    assert options.tcp_accept_filter == tuple(
        ipaddress.ip_network(n)
        for n in ("127.0.0.1", "10.0.0.0/8", "::1/128", "fe80::/64", "0.0.0.0/0")
    )
    options.set(constants.TCP_ACCEPT_FILTER, b"")
    assert options.tcp_accept_filter == ()
    options.set(constants.TCP_ACCEPT_FILTER, b"::1")
    options.set(constants.TCP_ACCEPT_FILTER, None)
    assert options.tcp_accept_filter == ()


@pytest.mark.parametrize(
    "text", [b"host", b"127.0.0.1/33", b"127.0.0.1/x", b"1.2.3", b"10.0.0.0/255.0.0.0", b"a\0b"]
)
def test_bad_accept_filters(text):
    assert "192.0.2.0/24" in refusal(
        Options(SocketType.PAIR).set, constants.TCP_ACCEPT_FILTER, text
    )


def test_ipc_filters_gather():
    options = Options(SocketType.PAIR)
    for number in (5, 7, 5):
        options.set(constants.IPC_FILTER_GID, number)
    assert options.ipc_filter_gid == {5, 7}


def test_verbosity_of_an_xpub():
    options = Options(SocketType.XPUB)
    options.set(constants.XPUB_VERBOSER, 5)
    assert (options.xpub_verbose, options.xpub_verboser) == (1, 1)
    options.set(constants.XPUB_VERBOSE, 1)
    assert (options.xpub_verbose, options.xpub_verboser) == (1, 0)
    options.set(constants.XPUB_VERBOSER, 0)
    assert (options.xpub_verbose, options.xpub_verboser) == (0, 0)


def test_last_value_is_manual():
    options = Options(SocketType.XPUB)
    options.set(constants.XPUB_MANUAL_LAST_VALUE, 1)
    assert (options.xpub_manual, options.xpub_manual_last_value) == (1, 1)


def test_an_xpub_subscribes_peers_only_by_hand():
    options = Options(SocketType.XPUB)
    assert "XPUB_MANUAL" in refusal(options.set, constants.SUBSCRIBE, b"a")
    options.set(constants.XPUB_MANUAL, 1)
    assert options.set(constants.SUBSCRIBE, b"a").dynamic


def test_none_clears_what_can_be_cleared():
    options = Options(SocketType.XPUB)
    options.set(constants.XPUB_WELCOME_MSG, b"hello")
    options.set(constants.XPUB_WELCOME_MSG, None)
    assert options.xpub_welcome_msg == b""
    with pytest.raises(TypeError):
        options.set(constants.ROUTING_ID, None)


@pytest.mark.usefixtures("everything")
class TestMechanism:
    """MECHANISM is what the security option that was set last says."""

    @pytest.mark.parametrize(
        ("settings", "mechanism", "servers"),
        [
            ([("PLAIN_SERVER", 1)], "PLAIN", "plain"),
            ([("PLAIN_SERVER", 1), ("PLAIN_SERVER", 0)], "NULL", ""),
            ([("PLAIN_SERVER", 1), ("PLAIN_USERNAME", b"me")], "PLAIN", ""),
            ([("PLAIN_USERNAME", b"me"), ("PLAIN_PASSWORD", None)], "NULL", ""),
            ([("CURVE_SERVER", 1)], "CURVE", "curve"),
            ([("CURVE_SERVER", 1), ("CURVE_SECRETKEY", b"k" * 32)], "CURVE", "curve"),
            ([("CURVE_SERVER", 1), ("CURVE_SERVERKEY", b"k" * 32)], "CURVE", ""),
            ([("CURVE_SERVER", 1), ("PLAIN_SERVER", 1)], "PLAIN", "plain"),
            ([("CURVE_SERVER", 1), ("CURVE_SERVER", 0)], "NULL", ""),
            ([("GSSAPI_SERVER", 1)], "GSSAPI", "gssapi"),
            ([("GSSAPI_PRINCIPAL", b"p")], "GSSAPI", "gssapi"),
            ([("GSSAPI_SERVICE_PRINCIPAL", b"p")], "GSSAPI", ""),
            ([("ZAP_DOMAIN", b"d")], "NULL", ""),
            ([("PLAIN_SERVER", 1), ("CURVE_SECRETKEY", b"k" * 32)], "CURVE", "curve"),
        ],
    )
    def test_settings(self, settings, mechanism, servers):
        options = Options(SocketType.PAIR)
        for name, value in settings:
            options.set(getattr(constants, name), value)
        assert options.get(constants.MECHANISM) == SecurityMechanism[mechanism]
        for name in ("plain", "curve", "gssapi"):
            assert getattr(options, f"{name}_server") == int(name == servers)
        assert options.as_server == int(servers != "")

    def test_keys_in_z85(self):
        options = Options(SocketType.PAIR)
        # The test vector of RFC 32, four times its 8 octets.
        octets, text = bytes.fromhex("864fd26fb559f75b") * 4, b"HelloWorld" * 4
        for key in (octets, text, text + b"\0"):
            options.set(constants.CURVE_PUBLICKEY, key)
            assert options.curve_publickey == octets

    @pytest.mark.parametrize("key", [b"", b"a" * 31, b"#" * 40, b"~" * 40, b"a" * 42])
    def test_bad_keys(self, key):
        options = Options(SocketType.PAIR)
        refusal(options.set, constants.CURVE_SERVERKEY, key)
        assert options.mechanism == SecurityMechanism.NULL


class TestContext:
    def test_one_number_for_two_options(self):
        options = ContextOptions()
        options.set(constants.THREAD_PRIORITY, 7)
        assert options.thread_priority == 7
        assert options.get(constants.THREAD_PRIORITY) == 65535

    def test_affinity(self):
        options = ContextOptions()
        for cpu in (1, 3):
            options.set(constants.THREAD_AFFINITY_CPU_ADD, cpu)
        options.set(constants.THREAD_AFFINITY_CPU_REMOVE, 1)
        assert options.thread_affinity == {3}
        assert "CPU_REMOVE=1" in refusal(options.set, constants.THREAD_AFFINITY_CPU_REMOVE, 1)

    @pytest.mark.parametrize(
        ("given", "kept", "shown"),
        [(5, "5", 5), (-5, "-5", -5), ("w", "w", 0), (b"4x", "4x", 4), ("a" * 16, "a" * 16, 0)],
    )
    def test_thread_name_prefix(self, given, kept, shown):
        options = ContextOptions()
        options.set(constants.THREAD_NAME_PREFIX, given)
        assert options.thread_name_prefix == kept
        assert options.get(constants.THREAD_NAME_PREFIX) == shown

    @pytest.mark.parametrize("given", ["", "a" * 17, "ü" * 9])
    def test_bad_prefixes(self, given):
        refusal(ContextOptions().set, constants.THREAD_NAME_PREFIX, given)

    def test_switches_are_loose(self):
        options = ContextOptions()
        options.set(constants.IPV6, 5)
        assert options.get(constants.IPV6) == 1


def test_annotated_as_what_is_there():
    # The rows pass as values for the type checker: each has to be of the type it claims.
    makers = {"integer": int, "boolean": int, "octets": bytes}
    for table in (Options, ContextOptions):
        for name, maker in re.findall(
            r"^    (\w+) = (\w+)\(", inspect.getsource(table), re.MULTILINE
        ):
            default = next(row.default for row in table.ROWS if row.attribute == name)
            assert isinstance(default, makers.get(maker, object)), name
