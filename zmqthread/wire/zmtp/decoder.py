"""ZMTP 3.x framing (RFC 37, "Framing"), the receiving half: from octets to whole messages.

The loops are laid out for speed; the comments give what was measured. Sizes are checked against the
limits at the header, before anything is allocated.
"""

from __future__ import annotations

from itertools import repeat
from struct import Struct
from typing import Any, Final, Protocol

from zmqthread.constants import Event
from zmqthread.errors import ProtocolError
from zmqthread.wire.failures import malformed
from zmqthread.wire.limits import Limits
from zmqthread.wire.zmtp.frames import COMMAND, LARGE, MAX_SIZE, MORE
from zmqthread.wire.zmtp.large import LargeBody
from zmqthread.wire.zmtp.runs import (
    ALIKE,
    FEW,
    take_alike,
    take_long,
    take_only,
    take_parts,
    take_run,
)

Input = bytes | bytearray | memoryview

# A frame of at least this size that is not wholly there gets a buffer of its own.
OWN_BUFFER: Final = 2 * 1024
# Below this much missing, a frame's own buffer is filled from the common one: a system call for
# the little that is left would cost more than the copy. Frames of EXACT and more are always read
# exactly, which keeps the next large frame out of the common buffer.
WORTH_A_CALL: Final = 16 * 1024
EXACT: Final = 256 * 1024

_WINDOW: Final = 64 * 1024
_SMALL_WINDOW: Final = 4 * 1024
#: Frames before a large one that are looked past: names and the empty one, with some to spare.
_ENVELOPE: Final = 8
_FLAGS: Final = MORE | LARGE | COMMAND
_size_of = Struct(">Q").unpack_from

# What CURVE (33 octets with the name and nonce) and GSSAPI (a few dozen) put around a frame.
_WRAPPING: Final = 512


class FrameOwner(Protocol):
    """Who gets what is not a plain message."""

    def on_command(self, body: bytes) -> object | None:
        """Take a command; the result, if any, joins the messages."""

    def on_frame(self, flags: int, body: bytes) -> tuple[int, bytes]:
        """Unwrap a frame of a mechanism that transforms: return the inner flags and body."""

    def on_run(
        self, data: bytes, pos: int, limit: int
    ) -> tuple[int, list[bytes], list[int] | None]:
        """Unwrap up to `limit` frames at once; return where they end, the bodies and the flags.

        No bodies if there is no run there; no flags if none is set.
        """


def oversized(text: str) -> ProtocolError:
    """The error for a frame or message over a limit."""
    return ProtocolError(Event.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE, text)


class Decoder:
    """Takes octets in any portions, gives whole messages.

    Attributes:
        pending: how many octets are left where a limit ended the last call; they may hold a whole
            message.
        body: the large frame being received, or None.
    """

    __slots__ = (
        "_limits",
        "_parts",
        "_pos",
        "_quick",
        "_rest",
        "_runs",
        "_total",
        "_wrapped",
        "body",
        "pending",
    )

    def __init__(self, limits: Limits, wrapped: bool = False) -> None:
        self._limits = limits
        self._wrapped = wrapped  # each frame goes through owner.on_frame
        # No message that take_parts takes can break a limit.
        self._quick = not wrapped and limits.allow(FEW, 255)
        self._runs = wrapped and limits.allow(1, OWN_BUFFER)
        self._rest = b""
        self._pos = 0
        self._parts: list[bytes] | None = None
        self._total = 0
        self.pending = 0
        self.body: LargeBody | None = None

    @property
    def large(self) -> memoryview | None:
        """The free part of a large frame's own buffer, when reading into it pays."""
        body = self.body
        if body is None or (body.missing < WORTH_A_CALL and body.size < EXACT):
            return None
        return body.free

    def filled(self, count: int, out: list[Any], owner: FrameOwner) -> None:
        """Go on after `count` octets were read into `large`."""
        body = self.body
        if body is None:
            raise RuntimeError("no large frame is being received")
        body.filled(count)
        if not body.missing:
            self.body = None
            self._take(body.flags, body.value(), out, owner)

    def decode(self, data: Input, limit: int, out: list[Any], owner: FrameOwner) -> None:
        """Take octets, add at most `limit` messages to `out`.

        Raises:
            ProtocolError: the peer broke the framing. What is in `out` came before that.
        """
        if self.body is not None:
            data = self._fill(self.body, data, out, owner)
            limit -= len(out)
        rest = self._rest
        start = 0
        quick = self._quick and self._parts is None and limit > 0
        if not rest:
            if quick and take_only(data, out):
                return
            # Frame by frame, bytes are cheaper to look at; see also _walk.
            data = memoryview(data) if self._quick else bytes(data)
        elif data:
            data = rest[self._pos :] + data
        elif quick and not self._pos and take_only(rest, out):
            # What came with the end of a handshake is one message, most often.
            self._rest, self.pending = b"", 0
            return
        else:
            data, start = rest, self._pos
        room = limit + len(out)
        stop = self._walk(data, start, room, out, owner)
        self._keep(data, stop, len(out) >= room)

    def _fill(self, body: LargeBody, data: Input, out: list[Any], owner: FrameOwner) -> Input:
        """Go on with a large frame; return what follows it."""
        view = memoryview(data)
        taken = body.feed(view)
        if not body.missing:
            self.body = None
            self._take(body.flags, body.value(), out, owner)
        return view[taken:]

    def close(self) -> None:
        """Give up a large frame that is under way; nothing is decoded afterwards."""
        body, self.body = self.body, None
        if body is not None:
            body.abandon()

    def hold(self, data: bytes) -> None:
        """Keep octets that came early for the next `decode`."""
        self._rest, self._pos = data, 0
        self.pending = len(data)

    def _walk(self, data: Input, pos: int, room: int, out: list[Any], owner: FrameOwner) -> int:
        """Decode until `out` holds `room` messages or more octets are needed; return where."""
        # Long frames are copied once, out of the caller's buffer. Short ones are copied window by
        # window first (0.6 ns per 16 octets): looking at bytes and slicing them is that much
        # cheaper. After a long frame the window is small: there may be another one close by.
        end = len(data)
        window = _WINDOW
        while end - pos >= 2 and len(out) < room:
            if self._runs and (stop := self._run(data, pos, room - len(out), out, owner)) != pos:
                pos = stop
                continue
            if not self._quick or (data[pos] & (LARGE | MORE) and _is_large(data, pos)):
                stop = self._frames(data, pos, out, owner, False)
                if stop - pos > OWN_BUFFER and self._quick and self._parts is None:
                    again = data[stop : stop + 9]
                    if again == data[pos : pos + 9] and len(again) == 9 and again[0] == LARGE:
                        stop = take_long(data, stop, room - len(out), out)
                window = _SMALL_WINDOW
            else:
                if end - pos <= window and not pos:
                    buf = bytes(data)
                else:
                    buf = bytes(data[pos : pos + window])
                stop = pos + self._loop(buf, room, out, owner)
                window = min(2 * window, _WINDOW)
            if stop == pos:
                break
            pos = stop
        return pos

    def _loop(self, buf: bytes, room: int, out: list[Any], owner: FrameOwner) -> int:
        """Decode frames up to the first one that is long or not wholly there; return its place."""
        # Not `is not None`: a type checker would take them for None below as well, where _other
        # may have begun a message, and a compiler would rely on it.
        if self._parts:
            return self._frames(buf, 0, out, owner, True)
        pos = 0
        last = len(buf) - 2
        limit = room - len(out)
        before = buf[1]
        alike = ALIKE  # try a run at once
        while limit > 0 and pos <= last:
            flags = buf[pos]
            size = buf[pos + 1]
            if flags == 0:
                stop = pos + 2 + size
                if size != before:
                    before, alike = size, 0
                elif alike < ALIKE:
                    alike += 1
                else:
                    alike = 0
                    if count := take_run(buf, pos, size, limit, out):
                        pos += count * (size + 2)
                        limit -= count
                        continue
                if stop - 2 > last:
                    break
                out.append(buf[pos + 2 : stop])
                limit -= 1
            else:
                stop = self._other(buf, pos, limit, out, owner)
                if stop == pos or self._parts is not None:
                    return stop
                limit = room - len(out)
            pos = stop
        return pos

    def _other(self, buf: bytes, pos: int, limit: int, out: list[Any], owner: FrameOwner) -> int:
        """Decode what is no single short message; return its end, or `pos` if it is not whole."""
        flags = buf[pos]
        if flags == MORE:
            stop = take_parts(buf, pos, out)
            if stop != pos:
                return stop + take_alike(buf, pos, stop, limit - 1, out)
        elif flags == LARGE:
            body = pos + 9
            if body > len(buf):
                return pos
            size: int = _size_of(buf, pos + 1)[0]
            stop = body + size
            if size < OWN_BUFFER and stop <= len(buf) and size <= self._limits.frame_size:
                return take_long(buf, pos, limit, out)
        return self._frames(buf, pos, out, owner, True)

    def _frames(self, buf: Input, pos: int, out: list[Any], owner: FrameOwner, window: bool) -> int:
        """Decode one frame of any kind, or on to the end of its message; return where it ended.

        When more octets are needed the result is where they are needed, which is `pos` unless a
        part of a message was taken. In a `window`, a copy, large frames are left for later.
        """
        end = len(buf)
        while end - pos >= 2:
            flags = buf[pos] & _FLAGS
            if flags & LARGE:
                if end - pos < 9:
                    break
                (size,) = _size_of(buf, pos + 1)
                body = pos + 9
            else:
                size = buf[pos + 1]
                body = pos + 2
            # What a mechanism puts around a frame does not count.
            if self._wrapped:
                self._check(flags & ~COMMAND, size, _WRAPPING)
            else:
                self._check(flags, size)
            if window and size >= OWN_BUFFER:
                break
            stop = body + size
            if stop > end:
                if size >= OWN_BUFFER:
                    self.body = LargeBody(flags, size)
                    self.body.feed(memoryview(buf)[body:])
                    return end
                break
            self._take(flags, bytes(buf[body:stop]), out, owner)
            pos = stop
            if self._parts is None:
                break
        return pos

    def _run(self, data: Input, pos: int, limit: int, out: list[Any], owner: FrameOwner) -> int:
        """Take wrapped frames of one size that follow one another."""
        assert isinstance(data, bytes)
        stop, bodies, kinds = owner.on_run(data, pos, limit)
        if kinds is None and self._parts is None:
            out += bodies
        else:
            for flags, body in zip(kinds or repeat(0), bodies, strict=False):
                self._check(flags, len(body))
                self._take_inner(flags, body, out, owner)
        return stop

    def _check(self, flags: int, size: int, slack: int = 0) -> None:
        """Refuse a frame at its header (Z15, Z16 and the limits)."""
        limits = self._limits
        if size > MAX_SIZE:
            raise oversized("a size with the top bit set")
        if flags & COMMAND:
            if flags & MORE:
                raise malformed("MORE on a command")
            if size > limits.command:
                raise oversized(f"a command of {size} octets, allowed are {limits.command}")
            return
        if size > limits.frame_size + slack:
            raise oversized(f"a frame of {size} octets, allowed are {limits.frame_size}")
        if flags & MORE or self._parts is not None:
            count = 1 if self._parts is None else len(self._parts) + 1
            if count > limits.parts:
                raise oversized(f"a message of more than {limits.parts} parts")
        if self._total + size > limits.message_size + slack:
            raise oversized(f"a message of more than {limits.message_size} octets")

    def _take(self, flags: int, body: bytes, out: list[Any], owner: FrameOwner) -> None:
        """Take one whole frame."""
        if self._wrapped:
            flags, body = owner.on_frame(flags, body)
            self._check(flags, len(body))
        self._take_inner(flags, body, out, owner)

    def _take_inner(self, flags: int, body: bytes, out: list[Any], owner: FrameOwner) -> None:
        """Take a frame that is not wrapped any more."""
        if flags & COMMAND:
            item = owner.on_command(body)
            if item is not None:
                out.append(item)
        elif flags & MORE:
            if self._parts is None:
                self._parts = []
            self._parts.append(body)
            self._total += len(body)
        elif self._parts is None:
            out.append(body)
        else:
            out.append((*self._parts, body))
            self._parts = None
            self._total = 0

    def _keep(self, buf: Input, pos: int, limited: bool) -> None:
        """Keep what is not decoded.

        A long rest stays where it is until half of it is gone: taking it in small portions must
        not copy it each time.
        """
        left = len(buf) - pos
        self.pending = left if limited else 0
        if not left:
            self._rest, self._pos = b"", 0
        elif type(buf) is not bytes or pos > left or left < OWN_BUFFER:
            self._rest, self._pos = bytes(buf[pos:]), 0
        else:
            self._rest, self._pos = buf, pos


def _is_large(data: Input, pos: int) -> bool:
    """Whether the header of a long frame is there and shows a body that is not to be copied.

    It may come after a few short frames of the same message, like the empty one of a request.
    """
    for _ in range(_ENVELOPE):
        if len(data) - pos < 9:
            break
        flags = data[pos]
        if flags & LARGE:
            return bool(_size_of(data, pos + 1)[0] >= OWN_BUFFER)
        if flags != MORE:
            break
        pos += 2 + data[pos + 1]
    return False
