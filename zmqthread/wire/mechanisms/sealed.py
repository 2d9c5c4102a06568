"""MESSAGE of the CURVE mechanism (RFC 26): sealing and opening, one by one and in batches.

All cryptography is libsodium's, called through PyNaCl. That takes most of the time, so batches
go through it without a Python loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat, takewhile
from operator import itemgetter, lt
from struct import Struct, iter_unpack
from typing import Final

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.message import Frame
from zmqthread.wire.failures import malformed, unexpected
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
_last_part = _INNER[0].__add__
_first_of = itemgetter(0)
_rest_of = itemgetter(slice(1, None))
# Frames from which on unwrapping them at once pays, and the longest of them.
RUN: Final = 3
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
    """Header and command name of MESSAGE by the length of the box: a look-up at C speed."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__((size, self.__missing__(size)) for size in range(1024))

    def __missing__(self, size: int) -> bytes:
        # Not stored: a peer's choice of sizes must not make a table grow.
        return frames.header(0, _BEFORE_THE_BOX + size) + MESSAGE


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
        nonce = short_nonce(self._take_number())
        return MESSAGE + nonce + seal(_INNER[flags] + body, self._sending + nonce, self._key)

    def wrap_messages(self, messages: Sequence[frames.Message]) -> list[bytes]:
        if {*map(type, messages)} == {bytes}:
            plain = map(_last_part, messages)  # type: ignore[arg-type]
            return [self._boxed(plain, len(messages))]
        parts: list[bytes] = []
        for message in messages:
            *more, last = message if isinstance(message, tuple) else (message,)
            parts += [b"\1" + _octets(part) for part in more]
            parts.append(b"\0" + _octets(last))
        return [self._boxed(parts, len(parts))]

    def _boxed(self, plain: Iterable[bytes], count: int) -> bytes:
        """Whole frames of a batch, without a Python loop over it."""
        first = self._next
        if first + count > NONCE_MAX:
            raise ConnectionAbortedError("all nonces of a CURVE connection are used up")  # C09
        self._next = first + count
        nonces = list(map(short_nonce, range(first, first + count)))
        boxes = list(map(seal, plain, map(self._sending.__add__, nonces), repeat(self._key)))
        heads = map(_head_of, map(len, boxes))
        return b"".join(chain.from_iterable(zip(heads, nonces, boxes, strict=True)))

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
        nonce = self._receiving + body[8:16]
        try:
            plain = _unseal(body[16:], nonce, self._key)
        except CryptoError:
            raise forged("MESSAGE") from None
        self._last = number
        inner = plain[0]
        if inner > 2:
            raise malformed(f"reserved flags 0x{inner:02x} inside a box")
        return _OUTER[inner], plain[1:]

    def unwrap_run(
        self, data: bytes, pos: int, limit: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        head, box = _sizes(data, pos)
        total = head + 8 + box
        count = _alike(data, pos, head, total, limit)
        if count < RUN:
            return pos, [], None
        run = memoryview(data)[pos : pos + count * total]
        nonces, boxes = zip(*iter_unpack(f"{head}x8s{box}s", run), strict=True)
        plain = self._unboxed(nonces, boxes)
        kinds = list(map(_first_of, plain))
        if plain and max(kinds) > 2:
            # Up to the one that is refused.
            kinds = list(takewhile((2).__ge__, kinds))
            del plain[len(kinds) :]
        if not plain:
            return pos, [], None
        (self._last,) = _number_at(nonces[len(plain) - 1])
        flags = [_OUTER[kind] for kind in kinds] if any(kinds) else None
        return pos + len(plain) * total, list(map(_rest_of, plain)), flags

    def _unboxed(self, nonces: tuple[bytes, ...], boxes: tuple[bytes, ...]) -> list[bytes]:
        """Open boxes up to the first that does not open, or whose nonce does not increase."""
        before = (short_nonce(self._last), *nonces)
        if not all(map(lt, before, nonces)):
            nonces = nonces[: [*map(lt, before, nonces)].index(False)]
        numbers = list(map(self._receiving.__add__, nonces))
        try:
            return list(map(_unseal, boxes, numbers, repeat(self._key)))
        except CryptoError:
            pass  # once more, for those before the forged one
        opened: list[bytes] = []
        for box, number in zip(boxes, numbers, strict=False):
            try:
                opened.append(_unseal(box, number, self._key))
            except CryptoError:
                break
        return opened


def _sizes(data: bytes, pos: int) -> tuple[int, int]:
    """Octets of header and name, and of the box, of the frame at `pos`; its nonce is between."""
    flags = data[pos]
    if flags == 0:
        return 2 + len(MESSAGE), data[pos + 1] - _BEFORE_THE_BOX
    if flags == frames.LARGE and len(data) - pos >= 9:
        (size,) = _number_at(data, pos + 1)
        return 9 + len(MESSAGE), size - _BEFORE_THE_BOX
    return 0, 0


def _alike(data: bytes, pos: int, head: int, total: int, limit: int) -> int:
    """How many whole frames from `pos` on have the same size and are MESSAGE."""
    first = data[pos : pos + head]
    if not first.endswith(MESSAGE) or not SHORTEST <= total - head + 8 < LONGEST:
        return 0
    most = min(limit, (len(data) - pos) // total)
    count = 0
    # 70 ns each: looking further than the run goes would be quadratic in bad cases.
    while count < most and data.startswith(first, pos):
        count += 1
        pos += total
    return count
