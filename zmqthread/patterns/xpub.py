"""XPUB: a PUB whose subscriptions the application sees, and may decide about (RFC 29)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from zmqthread.constants import SocketOption
from zmqthread.patterns.notices import CHANGE, MESSAGE, REPEAT, Notices
from zmqthread.patterns.pub import Pub, Route
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


class XPub(Pub):
    """Receives 01 + topic when a topic comes up, 00 + topic when it goes, and users' messages."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        super().__init__(options, rng)
        self._notices = Notices()
        #: Whose subscription the application has read last: in manual mode it decides about that.
        self._asking: Pipe | None = None
        #: Who alone gets the next message (XPUB_MANUAL_LAST_VALUE).
        self._favoured: Pipe | None = None

    def _leave(self, pipe: Pipe) -> None:
        asked, pipe.state.asked = pipe.state.asked, {}
        self._subscriptions.later(pipe, asked, self._withdraw)
        self._notices.forget(pipe)
        if self._asking is pipe:
            self._asking = None
        if self._favoured is pipe:
            self._favoured = None
        super()._leave(pipe)

    # -- what subscribers say ----------------------------------------------------------------------

    def _wants_from(self, pipe: Pipe) -> bool:
        return self._notices.takes_from(pipe)

    def _subscribe(self, pipe: Pipe, topic: bytes) -> bool | None:
        options = self.options
        if options.xpub_manual:
            asked = pipe.state.asked
            if self._within_limit(pipe, asked, topic):
                asked[topic] = asked.get(topic, 0) + 1
                self._notices.put(pipe, b"\1" + topic, REPEAT)
            return None
        first = super()._subscribe(pipe, topic)
        if first:
            self._notices.put(pipe, b"\1" + topic, CHANGE)
        elif first is not None and (options.xpub_verbose or options.xpub_verboser):
            self._notices.put(pipe, b"\1" + topic, REPEAT)
        return first

    def _cancel(self, pipe: Pipe, topic: bytes) -> bool | None:
        asked = pipe.state.asked
        if topic in asked:
            asked[topic] -= 1
            if not asked[topic]:
                del asked[topic]
            self._notices.put(pipe, b"\0" + topic, REPEAT)
            return None
        if self.options.xpub_manual:
            return None  # of an unknown topic, U4
        last = super()._cancel(pipe, topic)
        if last:
            self._notices.put(pipe, b"\0" + topic, CHANGE)
        elif last is not None and self.options.xpub_verboser:
            self._notices.put(pipe, b"\0" + topic, REPEAT)
        return last

    def _left(self, pipe: Pipe, topic: bytes, count: int, last: bool) -> None:
        if self.options.xpub_manual:
            return  # what it got was the application's affair; see `_withdraw`
        if self.options.xpub_verboser:
            # Each subscription was told, so each end of one is: the sums come out right.
            for _ in range(count - last):
                self._notices.put(pipe, b"\0" + topic, REPEAT)
        if last:
            self._notices.put(pipe, b"\0" + topic, CHANGE)

    def _withdraw(self, pipe: Pipe, topic: bytes, count: int) -> None:
        """Tell that a peer which has asked for a topic in manual mode has gone."""
        self._notices.put(pipe, b"\0" + topic, REPEAT)

    def _user_message(self, pipe: Pipe, message: Any) -> None:
        self._notices.put(pipe, message, MESSAGE)

    # -- receiving ---------------------------------------------------------------------------------

    def recv(self) -> Any:
        """Return the next change of subscriptions or user's message."""
        notice = self._notices.get()
        if notice is None:
            return None
        pipe, message, kind = notice
        self.origin = pipe
        if kind != MESSAGE and self.options.xpub_manual:
            self._asking = pipe if pipe in self._pipes and pipe.plugged else None
            self._favoured = self._asking if self.options.xpub_manual_last_value else None
        if self._notices.resumes(pipe):
            self.read_activated(pipe)
        return message

    def can_recv(self) -> bool:
        """Return whether there is something to tell."""
        return bool(self._notices)

    # -- sending -----------------------------------------------------------------------------------

    def _gathers(self) -> bool:
        # In manual mode who gets a message may depend on what has been read last.
        return not self.options.xpub_manual and super()._gathers()

    def _targets(self, message: Any) -> tuple[Pipe, ...]:
        pipes = super()._targets(message)
        if self._favoured is not None:
            return (self._favoured,) if self._favoured in pipes else ()
        return pipes

    def send(self, message: Any, route: Any = None) -> bool:
        """See `Pub.send`; a favoured subscriber is so for one message."""
        sent = super().send(message, route)
        if sent and route is None:
            self._favoured = None
        return sent

    def begin(self, frame: Any) -> Route | None:
        """See `Pub.begin`."""
        route = super().begin(frame)
        if route is not None:
            self._favoured = None
        return route

    # -- options -----------------------------------------------------------------------------------

    def set_option(self, option: int, value: Any) -> None:
        """SUBSCRIBE, UNSUBSCRIBE: in manual mode, for the peer whose subscription was read last."""
        if option not in {SocketOption.SUBSCRIBE, SocketOption.UNSUBSCRIBE}:
            super().set_option(option, value)
        elif self._asking is None:
            return  # it has gone meanwhile
        elif option == SocketOption.SUBSCRIBE:
            self._subscriptions.add(self._asking, value)
        else:
            self._subscriptions.remove(self._asking, value)
