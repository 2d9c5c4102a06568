"""`Device`: two sockets described in advance, made and connected where the device runs."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from zmqthread.api.context import Context
from zmqthread.api.functions import proxy
from zmqthread.api.socket import Socket
from zmqthread.constants import ENOTSOCK, ETERM, DeviceType, SocketType
from zmqthread.errors import ZMQBindError, ZMQError

__all__ = ["Device", "ProcessDevice", "ThreadDevice"]


class Plan:
    """What is to be done to a socket once it is there; options come first."""

    def __init__(self) -> None:
        self.options: list[tuple[int, Any]] = []
        self.binds: list[str] = []
        self.connects: list[str] = []

    def carry_out(self, socket: Socket) -> None:
        """Do it."""
        for option, value in self.options:
            socket.setsockopt(option, value)
        for addr in self.binds:
            socket.bind(addr)
        for addr in self.connects:
            socket.connect(addr)


class Device:
    """A proxy between two sockets that it makes when it is started.

    Args:
        device_type: ignored, for symmetry with `zmqthread.device`.
        in_type: the type of the socket that faces the clients.
        out_type: of the one that faces the services; negative: the same socket is both.
    """

    #: Makes the context.
    context_factory: ClassVar[Callable[[], Context]] = Context.instance
    #: Whether its thread or process ends with the program.
    daemon: bool
    #: Whether it has run to its end.
    done: bool

    def __init__(
        self,
        device_type: int = DeviceType.QUEUE,
        in_type: int | None = None,
        out_type: int | None = None,
    ) -> None:
        if in_type is None:
            raise TypeError("in_type must be specified")
        if out_type is None:
            raise TypeError("out_type must be specified")
        self.device_type = device_type
        self.in_type = in_type
        self.out_type = out_type
        self.daemon = True
        self.done = False
        self._in, self._out = Plan(), Plan()
        self._reserved: list[str] = []
        self._sockets: list[Socket] = []

    # -- what is to be done when it starts ---

    def bind_in(self, addr: str) -> None:
        """Have the in-socket bound."""
        self._in.binds.append(addr)

    def bind_in_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Have the in-socket bound to a port that is free now, and return it."""
        return self._bind_to_random_port(self._in, addr, *args, **kwargs)

    def connect_in(self, addr: str) -> None:
        """Have the in-socket connected."""
        self._in.connects.append(addr)

    def setsockopt_in(self, opt: int, value: Any) -> None:
        """Have an option of the in-socket set."""
        self._in.options.append((opt, value))

    def bind_out(self, addr: str) -> None:
        """Have the out-socket bound."""
        self._out.binds.append(addr)

    def bind_out_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Have the out-socket bound to a port that is free now, and return it."""
        return self._bind_to_random_port(self._out, addr, *args, **kwargs)

    def connect_out(self, addr: str) -> None:
        """Have the out-socket connected."""
        self._out.connects.append(addr)

    def setsockopt_out(self, opt: int, value: Any) -> None:
        """Have an option of the out-socket set."""
        self._out.options.append((opt, value))

    def _bind_to_random_port(self, plan: Plan, addr: str, *args: int, **kwargs: int) -> int:
        # Each try keeps its port, so that the next one finds another.
        with Context() as context, context.socket(SocketType.PUSH) as probe:
            for _ in range(5):
                port = probe.bind_to_random_port(addr, *args, **kwargs)
                found = f"{addr}:{port}"
                if found not in self._reserved:
                    self._reserved.append(found)
                    plan.binds.append(found)
                    return port
        raise ZMQBindError("Could not reserve random port.")

    # -- running ---

    def _make(self, kind: int, plan: Plan) -> Socket:
        socket = self._context.socket(kind)
        self._sockets.append(socket)
        plan.carry_out(socket)
        return socket

    def _setup_sockets(self) -> tuple[Socket, ...]:
        self._context = type(self).context_factory()
        ins = self._make(self.in_type, self._in)
        if self.out_type < 0:
            self._out.carry_out(ins)
            return ins, ins
        return ins, self._make(self.out_type, self._out)

    def run_device(self) -> None:
        """Make the sockets and hand messages over; `start` calls this."""
        ins, outs = self._setup_sockets()
        proxy(ins, outs)

    def run(self) -> None:
        """As `run_device`, until the context is terminated or a socket closed."""
        try:
            self.run_device()
        except ZMQError as error:
            if error.errno not in {ETERM, ENOTSOCK}:
                raise
        finally:
            self.done = True
            for socket in self._sockets:
                socket.close()

    def start(self) -> None:
        """Run; here in the calling thread."""
        self.run()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or for ``timeout`` seconds; here it has when `start` returns."""


class BackgroundDevice(Device):
    """What devices in threads and processes have in common."""

    #: The thread or process.
    launcher: Any = None

    def _launch(self) -> Any:
        raise NotImplementedError

    def start(self) -> None:
        """Start; returns at once."""
        self.launcher = self._launch()
        self.launcher.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or for ``timeout`` seconds."""
        self.launcher.join(timeout)


class ThreadDevice(BackgroundDevice):
    """A device in a thread of its own."""

    def _launch(self) -> threading.Thread:
        return threading.Thread(target=self.run, daemon=self.daemon)


class ProcessDevice(BackgroundDevice):
    """A device in a process of its own, with a context of its own."""

    context_factory: ClassVar[Callable[[], Context]] = Context

    def _launch(self) -> multiprocessing.Process:
        return multiprocessing.Process(target=self.run, daemon=self.daemon)
