"""bind, connect, unbind, disconnect: what a socket has at which endpoint."""

from __future__ import annotations

from errno import EINVAL, ENAMETOOLONG, ENODEV, ENOENT, EPROTONOSUPPORT
from typing import TYPE_CHECKING, Any

from zmqthread.constants import ENOCOMPATPROTO, Event
from zmqthread.endpoint import Endpoint, InprocEndpoint, Use, parse
from zmqthread.errors import ZMQError, error_about, zmq_error
from zmqthread.sessions.acceptor import Acceptor, listen
from zmqthread.sessions.binding import Binding
from zmqthread.sessions.connecter import Connecter
from zmqthread.sessions.ends import UNKNOWN, Ends
from zmqthread.sessions.inproc import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.core import Core
    from zmqthread.endpoint import Use
    from zmqthread.pipes.pipe import Pipe

    _Kind = tuple[dict[str, list[Any]], Callable[[Any, float | None], None]]

#: Errors of a bind that come up before a descriptor is there that would have to be closed.
_BEFORE_THERE_IS_A_SOCKET = frozenset({EINVAL, ENAMETOOLONG, ENODEV, EPROTONOSUPPORT})
#: Errors of a bind that come up before the address is looked at.
_NO_TRY = frozenset({EPROTONOSUPPORT, ENOCOMPATPROTO})


class Endpoints:
    """The acceptors, connecters and in-process names of one socket, by endpoint."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: What LAST_ENDPOINT gives.
        self.last = ""
        #: Everything that keeps descriptors or unsent messages.
        self.parts: dict[Any, None] = {}
        self._bound: dict[str, list[Any]] = {}
        self._connected: dict[str, list[Any]] = {}

    def bind(self, text: str) -> None:
        """Listen on ``text``; see `Socket.bind`."""
        core = self._core
        if core.fault:
            core.raise_fault()
        try:
            endpoint = self._parse(text, "bind")
        except ZMQError as error:
            scheme, _, address = text.partition("://")
            # libzmq's transports read their addresses themselves: that counts as a try.
            if address and scheme != "inproc" and error.errno not in _NO_TRY:
                with core.lock:
                    self._bind_failed(text, error.errno or 0)
            raise
        if isinstance(endpoint, InprocEndpoint):
            self._bind_inproc(endpoint)
            return
        core.engine.need_io(text)
        try:
            listener = listen(endpoint, core.options, core.seams)
        except ZMQError as error:
            with core.lock:
                self._bind_failed(text, error.errno or 0)
            raise
        with core.lock:
            try:
                core.enter()
            except ZMQError:
                listener.close()
                raise
            core.goes_outside()
            kind: Any = Binding if endpoint.datagrams else Acceptor
            part = kind(core, listener)
            self.parts[part] = None
            part.start()
            self._bound.setdefault(part.endpoint, []).append(part)
            self.last = part.endpoint
            core.leave()

    def _parse(self, text: str, use: Use) -> Endpoint:
        """Return what `text` means; ENOCOMPATPROTO: that transport is not for this socket type."""
        row = self._core.row
        scheme, _, address = text.partition("://")
        if scheme == "udp" and address and row.udp != use:
            raise zmq_error(ENOCOMPATPROTO, f"{row.name} sockets do not {use} to udp ({text!r})")
        endpoint = parse(text, use)
        if row.udp_only and not endpoint.datagrams:
            raise zmq_error(ENOCOMPATPROTO, f"{row.name} sockets know udp only ({text!r})")
        return endpoint

    def _bind_failed(self, text: str, number: int) -> None:
        scheme, _, address = text.partition("://")
        if number not in _BEFORE_THERE_IS_A_SOCKET:
            # libzmq's tcp listener does not know its endpoint until it is bound.
            local = "" if scheme == "tcp" else text
            self._core.event(Event.CLOSED, UNKNOWN, Ends(local, bound=True))
        self._core.event(Event.BIND_FAILED, number, Ends(address, bound=True))

    def _bind_inproc(self, endpoint: InprocEndpoint) -> None:
        core = self._core
        with core.lock:
            core.enter()
            core.goes_in_process()
        waiting = core.engine.names.bind(endpoint.name, core)
        with core.lock:
            if core.closing:
                core.engine.names.unbind(endpoint.name)
            else:
                self._bound.setdefault(endpoint.text, []).append(endpoint)
                self.last = endpoint.text
        for connect in waiting:
            connect.join(core)  # even to a closed one: that tells them so
        with core.lock:
            core.enter()
            core.leave()

    def connect(self, text: str) -> Pipe | None:
        """Begin to keep up a connection to ``text``; see `Socket.connect`.

        Returns its pipe, if it has one already.
        """
        core = self._core
        if core.fault:
            core.raise_fault()
        endpoint = self._parse(text, "connect")
        if isinstance(endpoint, InprocEndpoint):
            return self._connect_inproc(endpoint)
        core.engine.need_io(text)
        with core.lock:
            core.enter()
            self.last = text
            if core.row.connects_once and text in self._connected:
                return None
            self._check_next_name()
            core.goes_outside()
            connecter = Connecter(core, endpoint)
            self.parts[connecter] = None
            try:
                connecter.start()
                self._connected.setdefault(text, []).append(connecter)
            except ZMQError:  # the pattern does not want that peer (CONNECT_ROUTING_ID twice)
                self.parts.pop(connecter, None)
                raise
            except BaseException:  # an interrupt: the caller will think that nothing is connected
                self._take_back(text, connecter)
                raise
            core.leave()
            return connecter.pipe

    def _connect_inproc(self, endpoint: InprocEndpoint) -> Pipe:
        core = self._core
        waiting = None
        try:
            with core.lock:
                core.enter()
                core.goes_in_process()
                self.last = endpoint.text
                self._check_next_name()
                waiting = Waiting(core, endpoint.name, endpoint.text, core.engine.names)
                self._name_next_peer(waiting.pipe)
                self.parts[waiting] = None
                core.attach(waiting.pipe)
                self._connected.setdefault(endpoint.text, []).append(waiting)
                # With the lock: closed before this, it would wait here for ever.
                binder = core.engine.names.connect(waiting)
            if binder is not None:
                waiting.join(binder)
        except BaseException:
            if waiting is not None:  # an interrupt: as above
                with core.lock:
                    waiting.give_up()
                    self._take_back(endpoint.text, waiting)
            raise
        with core.lock:
            core.enter()
            core.leave()  # room to send is news
        return waiting.pipe

    def _take_back(self, text: str, part: Any) -> None:
        """Undo a connect that has not come to its end; lock held."""
        others = [other for other in self._connected.pop(text, ()) if other is not part]
        if others:
            self._connected[text] = others
        self._cut(part, 0)
        self.parts.pop(part, None)

    def _check_next_name(self) -> None:
        if self._core.options.connect_routing_id:
            self._core.pattern.check_name(self._core.options.connect_routing_id)

    def _name_next_peer(self, pipe: Any) -> None:
        options = self._core.options
        pipe.routing_id, options.connect_routing_id = options.connect_routing_id, b""

    def unbind(self, text: str) -> None:
        """Stop listening on ``text``; see `Socket.unbind`."""
        self._undo(text, "bind", (self._bound, self._give_up), (self._connected, self._cut))

    def disconnect(self, text: str) -> None:
        """Give up the connections to ``text``; see `Socket.disconnect`."""
        self._undo(text, "connect", (self._connected, self._cut), (self._bound, self._give_up))

    def _undo(self, text: str, use: Use, *kinds: _Kind) -> None:
        """End what is at ``text``; of the second kind if there is none of the first.

        To libzmq unbind and disconnect are the same.
        """
        core = self._core
        with core.lock:
            core.enter()
            linger = self._linger()
            for parts, end in kinds:
                if text in parts:
                    for part in parts.pop(text):
                        end(part, linger)
                    break
            else:
                parse(text, use)
                raise error_about(ENOENT, addr=text)
            core.leave()

    def _give_up(self, part: Any, linger: float | None) -> None:
        if isinstance(part, InprocEndpoint):
            self._core.engine.names.unbind(part.name)
        else:
            part.close(linger)

    def _cut(self, part: Any, linger: float | None) -> None:
        pipe = _pipe_of(part)
        if pipe is not None:
            self._core.detach(pipe)
        part.close(linger)

    def drop(self, pipe: Pipe) -> None:
        """Part with the peer of a pipe, and do not connect to it again; lock held."""
        self._core.detach(pipe)
        for text, parts in self._connected.items():
            for part in parts:
                if _pipe_of(part) is pipe:
                    parts.remove(part)
                    if not parts:
                        del self._connected[text]
                    part.close(self._linger())
                    return
        pipe.far.drop(pipe)

    def _linger(self) -> float | None:
        milliseconds = self._core.options.linger
        return None if milliseconds < 0 else milliseconds / 1000

    def close_all(self, linger: float | None) -> None:
        """End everything; lock held."""
        core = self._core
        for parts in self._bound.values():
            for part in parts:
                if isinstance(part, InprocEndpoint):
                    core.engine.names.unbind(part.name)
        self._bound.clear()
        self._connected.clear()
        for part in list(self.parts):
            part.close(linger)

    def forget(self) -> None:
        """In a forked child: close inherited descriptors, which the parent keeps open."""
        for part in self.parts:
            part.forget()

    def pending(self) -> list[str]:
        """Return what still keeps the socket, for people; lock held."""
        return [str(part) for part in self.parts]


def _pipe_of(part: Any) -> Pipe | None:
    """Return the pipe of a connection that is kept up."""
    return part.pipe or (part.session.pipe if part.session else None)
