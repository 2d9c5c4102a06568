"""READY, ERROR and metadata: Z26 to Z40, H1 to H16."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.support import (
    MANY,
    command,
    connection,
    drain,
    established,
    frame,
    greeting,
    opening,
    properties,
    ready,
    refused,
    sent_commands,
)
from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import IncompatiblePeer, PeerRefused
from zmqthread.wire.limits import Limits

PUSH = (b"Socket-Type", b"PUSH")
METADATA = properties(PUSH)


def test_rfc37_z26_ready_goes_out_when_the_greeting_is_there_and_not_before() -> None:
    conn = connection()
    conn.data_to_send()
    drain(conn, greeting()[:63])
    assert not conn.has_output
    drain(conn, greeting()[63:])
    assert sent_commands(conn.data_to_send()) == [(b"READY", properties((b"Socket-Type", b"PULL")))]
    assert not conn.established


def test_rfc37_z27_no_message_may_be_encoded_before_ready() -> None:
    conn = connection("PUSH")
    drain(conn, greeting())
    with pytest.raises(RuntimeError):
        conn.encode([b"early"])


def test_rfc37_z27_h1_messages_in_one_segment_with_greeting_and_ready_are_taken() -> None:
    conn = connection()
    data = opening() + frame(0, b"one") + frame(1, b"two") + frame(0, b"parts")
    assert conn.receive(data, MANY, 0.0) == [b"one", (b"two", b"parts")]


def test_h1_a_limit_holds_for_messages_behind_the_handshake() -> None:
    conn = connection()
    assert conn.receive(opening() + frame(0, b"a") * 3, 2, 0.0) == [b"a"] * 2
    assert conn.pending
    assert conn.receive(b"", 2, 0.0) == [b"a"]
    assert not conn.pending


def test_rfc37_z27_a_message_before_ready_closes() -> None:
    error = refused(connection(), greeting() + frame(0, b"early"))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND


def test_rfc37_z28_h4_ready_without_the_command_bit_closes() -> None:
    refused(connection(), greeting() + frame(0, b"\x05READY" + METADATA))


def test_rfc37_z15_h4_ready_with_more_closes() -> None:
    refused(connection(), greeting() + frame(5, b"\x05READY" + METADATA))


def test_h4_ready_in_long_form_is_fine() -> None:
    conn = connection()
    drain(conn, greeting() + frame(6, b"\x05READY" + METADATA))
    assert conn.established


def test_h2_h3_ready_twice_closes() -> None:
    refused(connection(), opening() + ready())


@pytest.mark.parametrize("name", [b"HELLO", b"WIBBLE", b"PING", b"SUBSCRIBE", b"WELCOME"])
def test_h15_other_commands_before_ready_close(name: bytes) -> None:
    error = refused(connection(), greeting() + command(name, b"\0\0"))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND


@pytest.mark.parametrize("size", range(1, len(METADATA)))
def test_rfc37_z32_h5_h6_metadata_cut_anywhere_close(size: int) -> None:
    error = refused(connection(), greeting() + command(b"READY", METADATA[:size]))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA


@pytest.mark.parametrize("size", range(6))
def test_h5_ready_cut_in_its_name_closes(size: int) -> None:
    refused(connection(), greeting() + frame(4, b"\x05READY"[:size]))


def test_rfc37_z32_h7_no_socket_type_closes() -> None:
    refused(connection(), greeting() + command(b"READY"))
    refused(connection(), greeting() + command(b"READY", properties((b"X-a", b"PUSH"))))


@pytest.mark.parametrize("name", [b"socket-type", b"SOCKET-TYPE", b"sOCKET-tYPE"])
def test_rfc37_z30_h9_the_case_of_names_does_not_matter(name: bytes) -> None:
    conn = connection()
    drain(conn, greeting() + command(b"READY", properties((name, b"PUSH"))))
    assert conn.peer.socket_type == "PUSH"
    assert conn.peer.properties == {"Socket-Type": b"PUSH"}


def test_rfc37_z30_a_bad_type_is_seen_in_any_spelling() -> None:
    conn = connection(accepts={"PUSH"})
    data = command(b"READY", properties((b"socket-type", b"PUB")))
    assert isinstance(refused(conn, greeting() + data), IncompatiblePeer)


@pytest.mark.parametrize("name", [b"", b"a\0b", b"\xff", b"a\nb"])
def test_rfc37_z29_h9_improper_names_close(name: bytes) -> None:
    data = command(b"READY", properties(PUSH, (name, b"value")))
    assert refused(connection(), greeting() + data).code == (
        Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
    )


def test_h9_a_trailing_octet_closes() -> None:
    refused(connection(), greeting() + command(b"READY", METADATA + b"\0"))


@pytest.mark.parametrize("size", [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 5])
def test_rfc37_z31_h10_value_sizes_past_the_end_close(size: int) -> None:
    data = b"\x0bSocket-Type" + size.to_bytes(4) + b"PUSH"
    refused(connection(), greeting() + command(b"READY", data))


def test_h11_properties_are_counted() -> None:
    def meet(count: int) -> None:
        extra = [(b"X-%d" % i, b"") for i in range(count - 1)]
        drain(connection(), greeting() + command(b"READY", properties(PUSH, *extra)))

    meet(256)
    with pytest.raises(ProtocolError):
        meet(257)


@pytest.mark.parametrize("size", [65537, 1 << 30, 1 << 40, 1 << 63, (1 << 64) - 1])
def test_h11_h12_large_handshake_commands_close_at_the_header(size: int) -> None:
    refused(connection(), greeting() + b"\x06" + size.to_bytes(8))


def test_h12_a_handshake_command_of_64_kib_is_taken() -> None:
    extra = (b"X-a", bytes(65536 - 6 - len(METADATA) - 8))
    conn = connection()
    drain(conn, opening()[:64] + ready(b"PUSH", extra))
    assert conn.established


def test_h13_the_frame_limit_does_not_apply_to_the_handshake() -> None:
    conn = connection(limits=Limits(frame_size=3))
    assert drain(conn, opening() + frame(0, b"abc")) == [b"abc"]


@pytest.mark.parametrize("kind", [b"PUB", b"WIBBLE", b"", b"push", b"PUSH\0", b"\xff"])
def test_rfc37_z37_h8_bad_types_get_an_error_and_the_end(kind: bytes) -> None:
    conn = connection(accepts={"PUSH"})
    error = refused(conn, greeting() + ready(kind))
    assert isinstance(error, IncompatiblePeer)
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA
    sent = sent_commands(conn.data_to_send()[64:])
    assert sent[-1][0] == b"ERROR"
    assert sent[-1][1][0] == len(sent[-1][1]) - 1


def test_rfc37_z37_an_unknown_type_is_bad_even_if_all_are_accepted() -> None:
    refused(connection(accepts={"WIBBLE"}), greeting() + ready(b"WIBBLE"))


def test_h8_two_types_close() -> None:
    refused(connection(), greeting() + ready(b"PUSH", PUSH))


@pytest.mark.parametrize("value", [bytes(1), b"\0abc", b"a" * 256, b"a" * 60_000])
def test_rfc37_z38_z39_h16_bad_identities_close(value: bytes) -> None:
    data = ready(b"DEALER", (b"Identity", value))
    error = refused(connection("ROUTER"), greeting() + data)
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_INVALID_METADATA


def test_h16_two_identities_close() -> None:
    refused(connection(), greeting() + ready(b"REQ", (b"Identity", b"a"), (b"identity", b"b")))


@pytest.mark.parametrize("value", [b"", b"a", b"a" * 255, b"\xff\0"])
def test_rfc37_z38_identities_up_to_255_octets_are_known(value: bytes) -> None:
    conn = connection("ROUTER")
    drain(conn, greeting() + ready(b"DEALER", (b"Identity", value)))
    assert conn.peer.routing_id == value


@pytest.mark.parametrize("kind", [b"PUSH", b"SUB", b"REP", b"PAIR"])
def test_rfc37_z40_identity_is_ignored_from_other_types(kind: bytes) -> None:
    conn = connection()
    drain(conn, greeting() + ready(kind, (b"Identity", b"me")))
    assert conn.peer.routing_id == b""


@pytest.mark.parametrize(
    ("kind", "known"),
    [("REQ", True), ("DEALER", True), ("ROUTER", True), ("PUSH", False), ("REP", False)],
)
def test_rfc37_z40_identity_is_sent_by_the_types_that_have_one(kind: str, known: bool) -> None:
    conn = connection(kind, routing_id=b"me")
    drain(conn, greeting())
    assert (b"\x08Identity\0\0\0\x02me" in conn.data_to_send()) is known


@pytest.mark.parametrize("resource", [b"", b"a", b"service/part", b"/not of the grammar//"])
def test_rfc37_z41_any_resource_is_accepted_and_known(resource: bytes) -> None:
    conn = connection()
    drain(conn, opening(b"PUSH")[:64] + ready(b"PUSH", (b"resource", resource)))
    assert conn.established
    assert conn.peer.properties["Resource"] == resource


def test_rfc37_z36_further_metadata_goes_out_and_comes_in() -> None:
    conn = connection(metadata=[(b"X-ours", b"1")])
    drain(conn, greeting() + ready(b"PUSH", (b"X-theirs", b"2"), (b"X-theirs", b"3")))
    assert properties((b"X-ours", b"1")) in conn.data_to_send()
    assert conn.peer.properties == {"Socket-Type": b"PUSH", "X-theirs": b"2"}


@pytest.mark.parametrize(
    ("reason", "status"),
    [(b"300", 300), (b"400", 400), (b"500", 500), (b"200", None), (b"501", None),
     (b"0400", None), (b"", None), (b"no way", None), (b"\xb2\xb3\xb9", None)],
)  # fmt: skip
def test_rfc37_z33_h14_error_is_fatal_and_its_reason_known(
    reason: bytes, status: int | None
) -> None:
    data = command(b"ERROR", bytes((len(reason),)) + reason)
    for conn, before in ((connection(), greeting()), (established(), b"")):
        error = refused(conn, before + data)
        assert isinstance(error, PeerRefused)
        assert error.status == status
        if reason.isascii():
            assert error.reason == reason.decode()


@pytest.mark.parametrize("data", [b"", b"\x05abc", b"\x02abc", b"\xff"])
def test_rfc37_z34_h14_error_with_a_bad_length_closes(data: bytes) -> None:
    error = refused(connection(), greeting() + command(b"ERROR", data))
    assert error.code == Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR


def test_rfc23_a_3_0_peer_is_fully_met() -> None:
    conn = connection("DEALER", routing_id=b"us")
    drain(conn, greeting(minor=0) + ready(b"ROUTER", (b"Identity", b"them")))
    assert conn.established
    assert conn.peer.version == (3, 0)
    assert conn.peer.is_old
    assert conn.peer.routing_id == b"them"


names = st.one_of(
    st.sampled_from([b"Socket-Type", b"identity", b"Identity", b"Resource", b"X-a", b""]),
    st.binary(max_size=20),
)
values = st.one_of(st.sampled_from([b"PUSH", b"DEALER", b"PUB", b""]), st.binary(max_size=300))


@given(st.lists(st.tuples(names, values), max_size=6), st.binary(max_size=3))
def test_any_property_list_is_met_or_refused(pairs: list[tuple[bytes, bytes]], junk: bytes) -> None:
    conn = connection(accepts={"PUSH", "DEALER"})
    conn.receive(greeting(), MANY, 0.0)
    try:
        conn.receive(command(b"READY", properties(*pairs) + junk), MANY, 0.0)
    except ProtocolError:
        assert conn.failed
    else:
        assert conn.established
        folded = [name.lower() for name, _ in pairs]
        assert folded.count(b"socket-type") == 1
        assert all(folded)


@given(st.binary(max_size=400))
def test_any_octets_after_the_greeting_are_met_or_refused(data: bytes) -> None:
    conn = connection()
    try:
        conn.receive(greeting() + data, MANY, 0.0)
    except ProtocolError:
        assert conn.failed


@pytest.mark.parametrize("more", [0, 1000])
def test_the_same_metadata_is_judged_by_the_terms_of_each_connection(more: int) -> None:
    metadata = (b"X-a", bytes(more)), (b"X-b", b"1")
    generous = connection(accepts={"PUSH"})
    drain(generous, greeting() + ready(b"PUSH", *metadata))
    assert set(generous.peer.properties) == {"Socket-Type", "X-a", "X-b"}
    refused(connection(limits=Limits(properties=2)), greeting() + ready(b"PUSH", *metadata))
    with pytest.raises(IncompatiblePeer):
        drain(connection(accepts={"PAIR"}), greeting() + ready(b"PUSH", *metadata))


def test_peers_that_differ_in_what_they_say_are_kept_apart() -> None:
    conns = [connection("ROUTER") for _ in range(200)]
    for turn in range(2):
        for number, conn in enumerate(conns):
            if not turn:
                drain(conn, greeting())
                drain(conn, ready(b"DEALER", (b"Identity", b"%d" % number), (b"X", b"%d" % number)))
            assert conn.peer.routing_id == conn.peer.properties["X"] == b"%d" % number
