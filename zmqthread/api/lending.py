"""Sockets that the I/O thread has lent to the threads that wait, and how it gets them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zmqthread.api.driving import Driven
    from zmqthread.reactor.loop import Loop

#: How long, in seconds, a borrowed socket may be left alone before the I/O thread takes it back,
#: and the longest that a message of a burst waits for its flush.
TICK = 0.002


class TakeBack:
    """The tick of one I/O thread: takes lent sockets back that nobody drives any more."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._lent: dict[Driven, int] = {}
        self._ticking = False

    def attend(self, socket: Driven) -> None:
        """Look after a lent socket that its driver has just left; from any thread, lock held."""
        if socket not in self._lent:
            self._lent[socket] = -1
        if not self._ticking:
            self._ticking = True
            try:
                self._loop.call(self._tick)
            except BaseException:  # an interrupt: nobody else would call it
                self._loop.call(self._tick)
                raise
        socket.attended = True  # last: an interrupt may have come before

    def _tick(self) -> None:
        for socket, seen in list(self._lent.items()):
            with socket.lock:
                socket.flush_scheduled()
                if socket.turns != seen and socket.lent:
                    self._lent[socket] = socket.turns
                else:
                    socket.attended = False
                    del self._lent[socket]
                    if not socket.driven:
                        socket.take_back()
        if not list(self._lent):
            self._ticking = False
            if not list(self._lent):  # once more: see `attend`
                return
            self._ticking = True
        self._loop.call_at(self._loop.seams.monotonic() + TICK, self._tick)
