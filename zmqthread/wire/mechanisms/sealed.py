"""MESSAGE of the CURVE mechanism (RFC 26): sealing and opening, one by one and in batches.

All cryptography is libsodium's, called through PyNaCl. That takes most of the time, so batches
go through it without a Python loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, repeat, takewhile
from operator import add, lt, sub
from struct import Struct
from typing import Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Frame
from zmqthread.wire.failures import malformed, unexpected
from zmqthread.wire.mechanisms.boxes import MAC, close_box, close_boxes, open_box, open_boxes
from zmqthread.wire.mechanisms.mechanism import Mechanism
from zmqthread.wire.zmtp import frames

MESSAGE: Final = b"\x07MESSAGE"
NONCE_MAX: Final = 2**64 - 1
_SHORT = Struct(">Q")
short_nonce = _SHORT.pack
_number_at = _SHORT.unpack_from

_Crypt = Callable[[bytes, bytes, bytes], bytes]
# The "easy" ones make the same boxes; PyNaCl's wrapping makes them the slower ones: for 257 octets
# 4.3 against 3.2 us to close, 6.2 against 3.2 us to open.
seal: Final[_Crypt] = sodium.crypto_box_afternm
_unseal: Final[_Crypt] = sodium.crypto_box_open_afternm

# Flags of a frame outside, and inside the box (the command bit is libzmq's: C24).
_INNER: Final = {0: b"\0", frames.MORE: b"\1", frames.COMMAND: b"\2"}
_OUTER: Final = (0, frames.MORE, frames.COMMAND)
# MESSAGE, nonce, and what a box adds.
SHORTEST: Final = 33
_BEFORE_THE_BOX: Final = 16
# The place of a box's authenticator, and the flags inside.
_PLACE: Final = {flags: bytes(MAC) + inner for flags, inner in _INNER.items()}
_LAST: Final = _PLACE[0]
_MORE: Final = _PLACE[frames.MORE]
# Frames from which on opening them at once pays, the same for frames of one size, and the longest.
FEW: Final = 2
RUN: Final = 4
LONGEST: Final = 2048


def forged(what: str) -> ProtocolError:
    """The error for a box that does not open."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC, f"{what} is not authentic")


def replayed(what: str) -> ProtocolError:
    """The error for a nonce that does not increase (C08, C22, C25)."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE, f"{what} with an old nonce")


def unbox(box: bytes, nonce: bytes, key: bytes, what: str) -> bytes:
    """Open a box.

    Raises:
        ProtocolError: it was not made with this key and nonce.
    """
    try:
        return _unseal(box, nonce, key)
    except CryptoError:
        raise forged(what) from None


def shared_key(public: bytes, secret: bytes) -> bytes:
    """The key that two pairs have in common.

    Raises:
        ProtocolError: the public key is of low order: the result would be known to anybody (C14).
    """
    try:
        return sodium.crypto_box_beforenm(public, secret)
    except CryptoError:
        code = Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
        raise ProtocolError(code, "a public key that makes no secret") from None


def public_key(secret: bytes) -> bytes:
    """The public key of a secret one."""
    return sodium.crypto_scalarmult_base(secret)


def _octets(part: bytes | Frame) -> bytes:
    return part if isinstance(part, bytes) else bytes(part.buffer)


class _Heads(dict[int, bytes]):
    """Header and command name of MESSAGE by the length of what is inside: a look-up at C speed."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__((size, self.__missing__(size)) for size in range(1024))

    def __missing__(self, size: int) -> bytes:
        # Not stored: a peer's choice of sizes must not make a table grow.
        return frames.header(0, SHORTEST + size) + MESSAGE


_head_of = _Heads().__getitem__


class Sealed(Mechanism):
    """A mechanism whose frames are boxes, once the handshake has found the key."""

    __slots__ = ("_key", "_last", "_next", "_receiving", "_sending")

    transforms = True

    def __init__(self, as_server: bool) -> None:
        super().__init__(as_server)
        self._key = b""  # of C' and S'
        self._next = 1
        self._last = -1  # the peer's
        side, other = (b"S", b"C") if as_server else (b"C", b"S")
        self._sending = b"CurveZMQMESSAGE" + side
        self._receiving = b"CurveZMQMESSAGE" + other

    def _take_number(self) -> int:
        number = self._next
        if number >= NONCE_MAX:
            raise ConnectionAbortedError("all nonces of a CURVE connection are used up")  # C09
        self._next = number + 1
        return number

    def wrap(self, flags: int, body: bytes) -> bytes:
        return bytes(self._wrapped(b"", _PLACE[flags], body))

    def _wrapped(self, header: bytes, place: bytes, body: bytes) -> bytearray:
        nonce = short_nonce(self._take_number())
        octets = bytearray().join((header, MESSAGE, nonce, place, body))
        text = len(header) + _BEFORE_THE_BOX + MAC
        close_box(octets, text, self._sending + nonce, self._key)
        return octets

    def wrap_messages(self, messages: Sequence[frames.Message]) -> list[frames.Buffer]:
        if {*map(type, messages)} == {bytes}:
            if len(messages) == 1:
                return [self._alone(messages[0])]  # type: ignore[arg-type]
            return [self._boxed(messages, repeat(_LAST))]  # type: ignore[arg-type]
        bodies: list[bytes] = []
        kinds: list[bytes] = []
        for message in messages:
            parts = message if isinstance(message, tuple) else (message,)
            bodies += map(_octets, parts)
            kinds += [_MORE] * (len(parts) - 1)
            kinds.append(_LAST)
        return [self._boxed(bodies, kinds)]

    def _alone(self, body: bytes) -> bytearray:
        """The whole frame of a message: a batch of one would take twice as long."""
        return self._wrapped(frames.header(0, SHORTEST + len(body)), _LAST, body)

    def _boxed(self, bodies: Sequence[bytes], places: Iterable[bytes]) -> bytearray:
        """Whole frames of a batch, without a Python loop over it."""
        first, count = self._next, len(bodies)
        if first + count > NONCE_MAX:
            raise ConnectionAbortedError("all nonces of a CURVE connection are used up")  # C09
        self._next = first + count
        nonces = list(map(short_nonce, range(first, first + count)))
        heads = list(map(_head_of, map(len, bodies)))
        # `places` may be endless.
        frame = zip(heads, nonces, places, bodies, strict=False)
        octets = bytearray().join(chain.from_iterable(frame))
        texts = list(map((1).__add__, map(len, bodies)))  # with the flags
        around = map((len(nonces[0]) + MAC).__add__, map(len, heads))
        starts = list(map(sub, accumulate(map(add, around, texts)), texts))
        numbers = map(self._sending.__add__, nonces)
        close_boxes(octets, starts, texts, numbers, self._key)
        return octets

    def unwrap(self, flags: int, body: bytes) -> tuple[int, bytes]:
        # The RFC asks for the command bit, libzmq for its absence (Z24).
        if flags & frames.MORE or not body.startswith(MESSAGE):
            raise unexpected("something in clear after the handshake")  # C27
        if len(body) < SHORTEST:
            code = Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE
            raise ProtocolError(code, f"MESSAGE of {len(body)} octets")
        (number,) = _number_at(body, 8)
        if number <= self._last:
            raise replayed("MESSAGE")
        plain = open_box(body, _BEFORE_THE_BOX, self._receiving + body[8:16], self._key)
        if plain is None:
            raise forged("MESSAGE")
        self._last = number
        inner = plain[0]
        if inner > 2:
            raise malformed(f"reserved flags 0x{inner:02x} inside a box")
        return _OUTER[inner], bytes(plain[1:])

    def unwrap_run(
        self, data: bytes, pos: int, limit: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        starts, sizes = _alike(data, pos, limit) or _whole(data, pos, limit)
        if len(starts) < FEW:
            return pos, [], None
        nonces = self._newer_ones([data[start - 8 : start] for start in starts])
        numbers = map(self._receiving.__add__, nonces)
        plain, ends = open_boxes(data, starts, sizes, numbers, self._key)
        begins = [0, *ends][: len(ends)]
        # Up to the one with flags that are refused.
        kinds = list(takewhile((2).__ge__, map(plain.__getitem__, begins)))
        if not kinds:
            return pos, [], None
        last = len(kinds) - 1
        (self._last,) = _number_at(nonces[last])
        bodies = map(plain.__getitem__, map(slice, map((1).__add__, begins), ends[: last + 1]))
        flags = [_OUTER[kind] for kind in kinds] if any(kinds) else None
        return starts[last] + sizes[last], list(bodies), flags

    def _newer_ones(self, nonces: list[bytes]) -> list[bytes]:
        """Nonces up to the first that does not increase."""
        found = [short_nonce(self._last), *nonces]
        increases = list(map(lt, found, found[1:]))
        if not all(increases):
            del found[increases.index(False) + 1 :]
        return found[1:]


def _alike(data: bytes, pos: int, limit: int) -> tuple[Sequence[int], Sequence[int]] | None:
    """Where the boxes of MESSAGE frames are, and their sizes, if at least RUN are of one size."""
    body, size = _frame_at(data, pos)
    total = body + size - pos
    first = data[pos : body + len(MESSAGE)]
    if not SHORTEST <= size < LONGEST:
        return None
    most = min(limit, (len(data) - pos) // total)
    count = 0
    at = pos
    # 70 ns each: looking further than the run goes would be quadratic in bad cases.
    while count < most and data.startswith(first, at):
        count += 1
        at += total
    if count < RUN:
        return None
    start = body + _BEFORE_THE_BOX
    return range(start, start + count * total, total), [size - _BEFORE_THE_BOX] * count


def _whole(data: bytes, pos: int, limit: int) -> tuple[list[int], list[int]]:
    """Where the boxes of whole MESSAGE frames are, and their sizes."""
    starts: list[int] = []
    sizes: list[int] = []
    for _ in range(limit):
        body, size = _frame_at(data, pos)
        pos = body + size
        if not SHORTEST <= size < LONGEST or pos > len(data) or not data.startswith(MESSAGE, body):
            break
        starts.append(body + _BEFORE_THE_BOX)
        sizes.append(size - _BEFORE_THE_BOX)
    return starts, sizes


def _frame_at(data: bytes, pos: int) -> tuple[int, int]:
    """Where the body of the frame at `pos` begins, and its size; 0 if it cannot be MESSAGE."""
    left = len(data) - pos
    if left > SHORTEST:
        flags = data[pos]
        if flags == 0:
            return pos + 2, data[pos + 1]
        if flags == frames.LARGE:
            (size,) = _number_at(data, pos + 1)
            return pos + 9, size
    return pos, 0
