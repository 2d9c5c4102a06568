"""MESSAGE of the CURVE mechanism (RFC 26): sealing and opening, one by one and in batches.

All cryptography is libsodium's, called through PyNaCl. That takes most of the time, so batches
go through it without a Python loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, chain, repeat, takewhile
from operator import add, lt, sub
from struct import Struct, iter_unpack
from typing import Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Frame
from zmqthread.wire.failures import malformed, unexpected
from zmqthread.wire.mechanisms.boxes import (
    MAC,
    close_box,
    close_boxes,
    open_alike,
    open_box,
    open_boxes,
)
from zmqthread.wire.mechanisms.mechanism import Mechanism
from zmqthread.wire.mechanisms.nonces import (
    NUMBER,
    consecutive,
    each,
    nonces,
    numbers_at,
    put_numbers,
)
from zmqthread.wire.zmtp import frames
from zmqthread.wire.zmtp.runs import alike

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
# Frames from which on opening them at once pays, the same for frames of one size and how many of
# those are opened at once, and the longest.
FEW: Final = 2
RUN: Final = 4
MOST: Final = 256
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
        # By name: without PyNaCl, where a wheel is compiled, its results have no type.
        key: bytes = sodium.crypto_box_beforenm(public, secret)
    except CryptoError:
        code = Event.PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
        raise ProtocolError(code, "a public key that makes no secret") from None
    return key


def public_key(secret: bytes) -> bytes:
    """The public key of a secret one."""
    public: bytes = sodium.crypto_scalarmult_base(secret)
    return public


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

    def _take_numbers(self, count: int) -> int:
        """Return the first of so many numbers, which nobody has used and nobody will."""
        number = self._next
        if number + count > NONCE_MAX:
            raise ConnectionAbortedError("all nonces of a CURVE connection are used up")  # C09
        self._next = number + count
        return number

    def wrap(self, flags: int, body: bytes) -> bytes:
        return bytes(self._wrapped(b"", _PLACE[flags], body))

    def _wrapped(self, header: bytes, place: bytes, body: bytes) -> bytearray:
        nonce = short_nonce(self._take_numbers(1))
        octets = bytearray().join((header, MESSAGE, nonce, place, body))
        text = len(header) + _BEFORE_THE_BOX + MAC
        close_box(octets, text, self._sending + nonce, self._key)
        return octets

    def wrap_messages(self, messages: Sequence[frames.Message]) -> list[frames.Buffer]:
        if {*map(type, messages)} == {bytes}:
            if len(messages) == 1:
                return [self._alone(messages[0])]  # type: ignore[arg-type]
            if len({*map(len, messages)}) == 1:
                return [self._boxed_alike(messages)]  # type: ignore[arg-type]
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
        count = len(bodies)
        numbers = consecutive(self._take_numbers(count), count)
        heads = list(map(_head_of, map(len, bodies)))
        # `places` may be endless.
        frame = zip(heads, each(numbers), places, bodies, strict=False)
        octets = bytearray().join(chain.from_iterable(frame))
        texts = list(map((1).__add__, map(len, bodies)))  # with the flags
        around = map((NUMBER + MAC).__add__, map(len, heads))
        starts = list(map(sub, accumulate(map(add, around, texts)), texts))
        close_boxes(octets, starts, texts, nonces(self._sending, numbers), self._key)
        return octets

    def _boxed_alike(self, bodies: Sequence[bytes]) -> bytearray:
        """`_boxed` for messages of one size: what is around each is the same, but for numbers."""
        count, size = len(bodies), len(bodies[0])
        numbers = consecutive(self._take_numbers(count), count)
        head = _head_of(size)
        around = head + bytes(NUMBER) + _LAST
        octets = bytearray(around).join((b"", *bodies))
        stride = len(around) + size
        put_numbers(octets, len(head), stride, numbers)
        texts = range(len(head) + NUMBER + MAC, len(octets), stride)
        close_boxes(octets, texts, repeat(size + 1), nonces(self._sending, numbers), self._key)
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
        boxes, size = _alike(data, pos, limit)
        if boxes:
            return self._unwrap_alike(data, pos, boxes, size)
        starts, sizes = _whole(data, pos, limit)
        if len(starts) < FEW:
            return pos, [], None
        numbers = [self._receiving + data[start - NUMBER : start] for start in starts]
        plain, ends = open_boxes(data, starts, sizes, self._newer_ones(numbers), self._key)
        begins = [0, *ends][: len(ends)]
        # Up to the one with flags that are refused.
        kinds = list(takewhile((2).__ge__, map(plain.__getitem__, begins)))
        if not kinds:
            return pos, [], None
        last = len(kinds) - 1
        (self._last,) = _number_at(data, starts[last] - NUMBER)
        bodies = map(plain.__getitem__, map(slice, map((1).__add__, begins), ends[: last + 1]))
        flags = [_OUTER[kind] for kind in kinds] if any(kinds) else None
        return starts[last] + sizes[last], list(bodies), flags

    def _unwrap_alike(
        self, data: bytes, pos: int, boxes: range, size: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        """`unwrap_run` for boxes of one size."""
        numbers = numbers_at(data, boxes[0] - NUMBER, boxes.step, len(boxes))
        newer = self._newer_ones(list(nonces(self._receiving, numbers)))
        plain = open_alike(data, boxes, size, newer, self._key)
        text = size - MAC
        kinds = plain[::text]
        count = len(kinds) - len(kinds.lstrip(b"\0\1\2"))
        if not count:
            return pos, [], None
        last = boxes[count - 1]
        (self._last,) = _number_at(data, last - NUMBER)
        bodies = chain.from_iterable(iter_unpack(f"x{text - 1}s", plain[: count * text]))
        flags = [_OUTER[kind] for kind in kinds[:count]] if kinds.count(0) < count else None
        return last + size, list(bodies), flags

    def _newer_ones(self, found: list[bytes]) -> list[bytes]:
        """Nonces up to the first that does not increase."""
        before = [self._receiving + short_nonce(self._last), *found]
        increases = list(map(lt, before, found))
        return found if all(increases) else found[: increases.index(False)]


def _alike(data: bytes, pos: int, limit: int) -> tuple[range, int]:
    """Where the boxes of MESSAGE frames of one size are, and the size; none unless RUN or more."""
    body, size = _frame_at(data, pos)
    if not SHORTEST <= size < LONGEST:
        return range(0), 0
    stride = body + size - pos
    count = min(limit, (len(data) - pos) // stride, MOST)
    first = data[pos : body + len(MESSAGE)]
    # The last one of the shortest run first: mostly there is a run or there is not.
    if count < RUN or not data.startswith(first, pos + (RUN - 1) * stride):
        return range(0), 0
    count = alike(data, pos, len(first), stride, count)
    if count < RUN or first[-len(MESSAGE) :] != MESSAGE:
        return range(0), 0
    start = body + _BEFORE_THE_BOX
    return range(start, start + count * stride, stride), size - _BEFORE_THE_BOX


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
