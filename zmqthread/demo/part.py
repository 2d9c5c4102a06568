"""What every process of the demo has: its sockets, its counts, its line to the main process.

Commands come in on standard input, one letter each. Its end means "leave": it also comes when the
main process is gone, so that nobody stays behind. Counts go out as JSON on a PUSH socket.
"""

from __future__ import annotations

import faulthandler
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

GO = b"g"
FINISH = b"f"

#: Octets of a number in a message.
WIDTH = 8
#: Seconds between two reports.
INTERVAL = 0.2
#: The longest wait of any call, in milliseconds: how soon a command is heard.
SLICE = 50
#: Octets of the system's buffers. With its own idea of them, half a million messages are on their
#: way when the end comes.
BUFFER = 1 << 16
#: After this many messages a stream pauses, since questions wait for a processor, too.
BURST = 256
#: Seconds that a process which has been told to leave may take before it is ended.
GRACE = 5.0


class Leaving(Exception):
    """The main process wants this one to end."""


class Wrong(Exception):
    """A message came that should not have come now."""


class Tally:
    """What one thread has sent and received; the messages are numbered from 0."""

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        #: The sum of the received numbers: tells a message that came twice from one that is lost.
        self.total = 0


class Part:
    """One process of the demo.

    Args:
        zmq: the library it uses: zmqthread or pyzmq.
        context: of that library.
        order: what the main process wants: role, reports, and the addresses of the role.
    """

    def __init__(self, zmq: Any, context: Any, order: dict[str, Any]) -> None:
        self.zmq = zmq
        self.context = context
        self.order = order
        self.tallies: list[Tally] = []
        #: The endpoints that were bound, for the processes that connect to them.
        self.bound: list[str] = []
        self.ready = False
        #: Nothing more will be sent.
        self.finished = False
        self.going = False
        self.finishing = False
        self.leaving = False
        #: Called when the time to leave has come, to end a call that has no time-out.
        self.at_the_end: Callable[[], None] = lambda: None
        self._fault: Exception | None = None
        self._service = threading.Thread(target=self._serve, name="reports", daemon=True)

    @contextmanager
    def in_touch(self) -> Iterator[None]:
        """Be in contact with the main process meanwhile; ends quietly when told to leave."""
        self._service.start()
        try:
            yield
        except Leaving:
            pass
        finally:
            self.leaving = True
            self._service.join()
        if self._fault is not None:
            raise self._fault

    # -- for the roles -----------------------------------------------------------------------------

    def tally(self) -> Tally:
        """Return a tally that goes into the reports."""
        self.tallies.append(Tally())
        return self.tallies[-1]

    def socket(self, kind: str) -> Any:
        """Make a socket whose calls do not wait long."""
        socket = self.context.socket(getattr(self.zmq, kind))
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = SLICE
        socket.rcvbuf = socket.sndbuf = BUFFER
        return socket

    def bind(self, socket: Any, address: str) -> None:
        """Bind, and tell where."""
        socket.bind(address)
        self.bound.append(socket.getsockopt_string(self.zmq.LAST_ENDPOINT).rstrip("\0"))

    def send(self, socket: Any, message: bytes) -> None:
        """Send as soon as there is room."""
        while not self.leaving:
            try:
                socket.send(message)
            except self.zmq.Again:
                continue
            return
        raise Leaving

    def receive(self, socket: Any) -> bytes:
        """Return the next message."""
        message: bytes = self._patiently(socket.recv)
        return message

    def receive_multipart(self, socket: Any) -> list[bytes]:
        """Return the frames of the next message."""
        frames: list[bytes] = self._patiently(socket.recv_multipart)
        return frames

    def _patiently(self, call: Callable[[], Any]) -> Any:
        while not self.leaving:
            try:
                return call()
            except self.zmq.Again:
                continue
        raise Leaving

    def stream(self, socket: Any, start: bytes, tally: Tally) -> None:
        """Send numbered messages until the end comes."""
        while not self.finishing:
            for _ in range(BURST):
                self.send(socket, start + tally.sent.to_bytes(WIDTH, "big"))
                tally.sent += 1
            time.sleep(0.001)

    def pause(self) -> None:
        """Wait a moment."""
        time.sleep(0.01)

    def wait_to_go(self) -> None:
        """Wait until everybody is ready."""
        self.ready = True
        self._wait_for("going")

    def stay(self) -> None:
        """Keep the sockets open until everybody has got everything."""
        self.ready = self.finished = True
        self._wait_for("leaving")

    def _wait_for(self, what: str) -> None:
        while not getattr(self, what):
            if self.leaving:
                raise Leaving
            self.pause()

    # -- the line to the main process --------------------------------------------------------------

    def _serve(self) -> None:
        try:
            with self.context.socket(self.zmq.PUSH) as reports:
                reports.linger = 0
                reports.connect(self.order["reports"])
                self._talk(reports)
        except Exception as error:
            self._fault = error
        finally:
            self.leaving = True

    def _talk(self, reports: Any) -> None:
        commands = self.zmq.Poller()
        commands.register(0, self.zmq.POLLIN)
        while not self.leaving:
            reports.send_json(self._report())
            if commands.poll(1000 * (INTERVAL if self.ready else INTERVAL / 10)):
                self._obey(os.read(0, 100))

    def _obey(self, commands: bytes) -> None:
        if not commands:
            self.leaving = True
            faulthandler.dump_traceback_later(GRACE, exit=True)
            self.at_the_end()
        if GO in commands:
            self.going = True
        if FINISH in commands:
            self.finishing = True

    def _report(self) -> dict[str, Any]:
        # "finished" is read first: counts that are read after it are final.
        return {
            "name": self.order["name"],
            "ready": self.ready,
            "finished": self.finished,
            "bound": self.bound,
            "sent": sum(tally.sent for tally in self.tallies),
            "received": sum(tally.received for tally in self.tallies),
            "totals": [(tally.received, tally.total) for tally in self.tallies],
        }
