"""A socket's engine: its pattern, its pipes and what it owes to the threads that use it.

The faces (the pyzmq-shaped `Socket`, the flat API) hold one of these each, and several faces may
share one.  "Lock held" in a docstring is a duty of the caller; the other methods take the lock.
"""

from __future__ import annotations

from errno import EDEADLK
from typing import TYPE_CHECKING, Any

from zmqthread.api.endpoints import Endpoints
from zmqthread.api.hosting import Hosting
from zmqthread.constants import EAGAIN, EFSM, ENOTSOCK, ETERM, SocketOption
from zmqthread.errors import error_from_os, zmq_error
from zmqthread.pipes.lane import Lane
from zmqthread.reactor.selector import READ, WRITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqthread.api.engine import Engine
    from zmqthread.constants import SocketType
    from zmqthread.options import Options


_INTERRUPTED = (
    "Resource deadlock avoided (a signal handler or finalizer has interrupted its own thread "
    "in the middle of another operation on this socket)"
)


class Core(Hosting):
    """One socket: what sessions see of it (`sessions.host.Host`) and what its users do with it."""

    def __init__(self, engine: Engine, kind: SocketType, options: Options) -> None:
        super().__init__(engine, kind, options)
        self.endpoints = Endpoints(self)
        self._join_loop()

    # -- sending ---

    def settle(self, lane: Lane) -> None:
        """A small message was put in `express` while nobody was bound to look there."""
        with self.lock:
            if self.depth() > 1:
                self.post(lambda: self.settle(lane))
                return
            pipe = lane.writer
            if not lane.open or len(lane.queue) >= lane.gather:
                pipe.far.wrote(pipe)
            if self.fault:
                self.raise_fault()  # closed at the same time: the message may have come too late

    def send(self, message: Any, dontwait: bool = False) -> None:
        """Send a whole message.

        Raises:
            ZMQError: EAGAIN, ENOTSUP, EFSM, EHOSTUNREACH, ETERM, ENOTSOCK.
        """
        with self.lock:
            lane = self.express
            if lane is not None and not (self._mailbox or self.depth() > 1 or lane.full()):
                # The pattern would do the same, by and by: see `Pattern.express_out`.
                lane.writer.force(message)
                return
            if self._mailbox or self.fault or self.depth() > 1:
                self.enter()
            if self.receiving:
                self._check_turn()
            pattern = self.pattern
            if not pattern.send(message):
                self.refresh()  # a pipe once full takes nothing before its low-water mark
                self._wait_for(lambda: pattern.send(message), WRITE, dontwait)
            if self.driven or self._followers or self.signal is not None:
                self.pass_turn()
            if self.signal is not None:
                self.looked()

    def send_frame(self, frame: Any, dontwait: bool, more: bool) -> None:
        """Send one frame; the frames of a message gather with the thread that sends them."""
        me = self.seams.get_ident()
        begun = self.sending.get(me)
        if begun is None and not more:
            self.send(frame, dontwait)
            return
        with self.lock:
            self.enter()
            if begun is None:
                if self.receiving:
                    self._check_turn()
                route = self.pattern.begin(frame)
                if route is None:
                    route = self._wait_for(lambda: self.pattern.begin(frame), WRITE, dontwait)
                self.sending[me] = (route, [frame])
                self.refresh()
                return
            route, frames = begun
            frames.append(frame)
            if not more or len(frames) == self.pattern.parts:
                del self.sending[me]
                self.refresh()
                self.pattern.send(tuple(frames), route)
                self.pass_turn()
                if self.signal is not None:
                    self.looked()

    def _check_turn(self) -> None:
        """Refuse a reply to a request that this thread has not read to its end."""
        if self.row.lockstep and self.seams.get_ident() in self.receiving:
            raise zmq_error(EFSM)

    # -- receiving ---

    def recv(self, dontwait: bool = False, origin: list[Any] | None = None) -> Any:
        """Return the next whole message; ``origin`` gets the pipe it came from.

        Raises:
            ZMQError: EAGAIN, ENOTSUP, EFSM, ETERM, ENOTSOCK.
        """
        with self.lock:
            if self._mailbox or self.fault or self.depth() > 1:
                self.enter()
            message = self.pattern.recv()
            if message is None:
                message = self._wait_for(self.pattern.recv, READ, dontwait)
            if origin is not None:
                origin.append(self.pattern.origin)
            if self.driven or self._followers or self.signal is not None:
                self.pass_turn()
            if self.signal is not None:
                self.looked()
            if self.undrained:
                self.drain()  # last, see there
            return message

    def recv_traced(self, dontwait: bool = False) -> tuple[Any, dict[str, Any]]:
        """Return the next whole message and the properties of the peer it came from."""
        if not self.traced:
            with self.lock:
                self.traced = True
                self.refresh()
        origin: list[Any] = []
        message = self.recv(dontwait, origin)
        return message, {} if origin[0] is None else origin[0].peer_properties

    def take(self, mark: Any) -> None:
        """What was found in `ready` was not a message but a mark: do what it stands for."""
        with self.lock:
            if self.depth() > 1:
                self.post(mark.taken)
            else:
                mark.taken()

    # -- waiting ---

    def enter(self) -> None:
        """Begin an operation: lock held.

        Raises:
            ZMQError: EDEADLK in a signal handler or finalizer that has interrupted its own thread
                in the middle of another operation; ETERM, ENOTSOCK.
        """
        if self.fault:
            self.raise_fault()
        if self.depth() > 1:
            raise zmq_error(EDEADLK, _INTERRUPTED)
        if self._mailbox:
            self.empty_mailbox()

    def _wait_for(self, attempt: Callable[[], Any], interest: int, dontwait: bool) -> Any:
        """Repeat ``attempt`` until it gives something, as long as the options allow; lock held."""
        options = self.options
        timeout = options.rcvtimeo if interest == READ else options.sndtimeo
        if dontwait or timeout == 0:
            self.flush_scheduled()
            self.glance()
            result = attempt()
            if result is None or result is False:
                raise zmq_error(EAGAIN)
            return result
        deadline = None if timeout < 0 else self.seams.monotonic() + timeout / 1000
        try:
            if deadline is None and self._beside is not None:
                self.pair_up()
            while True:
                if self.undrained:
                    self.drain()  # which may bring what is waited for
                elif not self.wait(interest, deadline):
                    raise zmq_error(EAGAIN)
                if self.fault:
                    self.raise_fault()
                result = attempt()
                if not (result is None or result is False):  # an empty message is one
                    return result
        finally:
            self.leave()

    def pass_turn(self) -> None:
        """Where requests and replies take turns, wake who waits for this one's end; lock held."""
        if (self.driven or self._followers or self.signal is not None) and self.row.lockstep:
            self.has_changed()
            self.notify()

    def leave(self) -> None:
        """Pass on what the calling thread does not need: lock held, at the end of each wait.

        A socket that was closed meanwhile goes now.
        """
        if self._followers or self.signal is not None:
            self.notify()
        if self.lent and not (self.attended or self.driven):
            self._keeper.attend(self)
        if self.closing:
            self.release_if_done()

    def readiness(self) -> int:
        """Return READ and WRITE as far as they would not have to wait; lock held."""
        return READ | WRITE if self.fault else self.ready_for(READ | WRITE)

    def ready_for(self, interest: int) -> int:
        """Return what of ``interest`` would not have to wait; lock held."""
        pattern = self.pattern
        found = READ if interest & READ and pattern.can_recv() else 0
        if self.receiving and self.seams.get_ident() in self.receiving:
            found = READ & interest  # the rest of a message that this thread has begun to receive
            if self.row.lockstep:
                return found
        if interest & WRITE:
            if pattern.can_send():
                found |= WRITE
            elif self.express is not None:
                self.refresh()  # the pipe was found full
        return found

    def events(self) -> int:
        """Return POLLIN and POLLOUT as ZMQ_EVENTS does; clears the descriptor behind ZMQ_FD."""
        with self.lock:
            self.enter()
            self.flush_scheduled()
            if self.lent:
                self.glance()
            if self.signal is not None:
                self.watcher = self.seams.get_ident()
                self.changed = False  # whoever asks knows; nobody need set the signal for it
                self.signal.clear()
            return self.readiness()

    def descriptor(self) -> int:
        """Return the descriptor behind ZMQ_FD: readable at every change of readiness."""
        with self.lock:
            self.enter()
            if self.signal is None:
                try:
                    self.signal = self.seams.signal()
                except OSError as error:
                    raise error_from_os(error) from error
                self.refresh()
                self.signal.set()
            self.watcher = self.seams.get_ident()
            return self.signal.fileno()

    def looked(self) -> None:
        """The user has sent or received: from here on the next change counts; lock held."""
        assert self.signal is not None
        if self.watcher == self.seams.get_ident():
            self.signal.clear()
        elif self.changed:  # what we have led to is news for the thread that watches
            self.notify()
        # Looking closes the lanes, so that the next message, or the next room, makes a change.
        self.readiness()

    def notify(self) -> None:
        """See `Driven.notify`; the descriptor behind ZMQ_FD tells of changes as well."""
        super().notify()
        if self.changed:
            self.changed = False
            if self.signal is not None:
                self.signal.set()

    def raise_fault(self) -> None:
        """Say why the socket cannot be used."""
        self.engine.check()
        raise zmq_error(self.fault)

    # -- the end ---

    def stop(self) -> None:
        """The context is being terminated: every call from now on fails with ETERM."""
        with self.lock:
            if not self.fault:
                self.fault = ETERM
                if self.depth() > 1:
                    self.post(self._stopped)
                else:
                    self._stopped()

    def _stopped(self) -> None:
        self.refresh()
        self.changed = True
        self.ring_all()
        self.notify()

    def close(self, linger: Any = None) -> None:
        """Close: nobody can use the socket any more, what is queued goes out in the background.

        Args:
            linger: milliseconds for that, -1 for ever; None takes the option LINGER.

        Raises:
            ZMQError: EINVAL: a ``linger`` that the option would not take either.
            TypeError: nor this; the socket stays open.
        """
        with self.lock:
            if linger is not None and not self.closing:
                self.options.set(SocketOption.LINGER, linger)
            if self.depth() > 1:
                # In a signal handler: whom it has interrupted, or the I/O thread, closes.
                self.post(self._close)
            else:
                self._close()

    def abandon(self) -> None:
        """Close a socket that was forgotten.

        The garbage collector may call this while the very same thread holds our lock.
        """
        self.post(self._close)

    def _close(self) -> None:
        if self.closing or self.engine.forked:
            self.closing = True
            return
        try:
            self.closing = True
            self._end_all()
        except BaseException:  # an interrupt: nobody will close it again
            self.post(self._end_all)
            raise

    def _end_all(self) -> None:
        self.fault = ENOTSOCK
        self.sending.clear()
        self.receiving.clear()
        self.refresh()
        if self.loop.ended:
            self.options.linger = 0  # nobody is left who could send it
        self.flush_scheduled()
        self.empty_mailbox()
        seconds = None if self.options.linger < 0 else self.options.linger / 1000
        self.endpoints.close_all(seconds)
        for pipe in list(self.pipes):
            self.detach(pipe)
            pipe.far.end(pipe, seconds)
        self.ring_all()
        self.release_if_done()

    def give_up(self) -> None:
        """The I/O thread has died: nothing more will be sent, nobody empties the mailbox."""
        with self.lock:
            if self.loop.ended:
                self.empty_mailbox()
                if self.closing:
                    self.endpoints.close_all(0)
                    self.release_if_done()

    def abandon_after_fork(self) -> None:
        """In a child: drop what was inherited, touch nothing that is shared with the parent."""
        self._new_lock()
        self.fault = ETERM
        self.sending.clear()
        self.receiving.clear()
        self.refresh()
        self.endpoints.forget()
        self.forget()
        if self.signal is not None:
            self.signal.close()
            self.signal = None

    def gone(self, part: Any) -> None:
        """Drop a part whose last descriptor has been closed; lock held."""
        self.endpoints.parts.pop(part, None)
        self.release_if_done()

    def release_if_done(self) -> None:
        """Give the descriptors back once the last session has ended; lock held."""
        if self.closing and not self.released and not self.driven and not self.endpoints.parts:
            self.release()
            if self.monitor is not None:
                self.monitor.stop()
                self.monitor = None
            if self.signal is not None:
                self.signal.close()
            self.engine.closed(self)
