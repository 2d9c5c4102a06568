"""One direction of a simulated connection: packets under way, in order, late, or held by a cut."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tests.sim.task import MACHINERY

if TYPE_CHECKING:
    from tests.sim.stream import SimSocket

MACHINERY.add(__file__)

DATA, FIN, RST, SYNACK = "data", "fin", "rst", "syn-ack"


class Wire:
    """From one socket to its peer."""

    def __init__(self, sock: SimSocket) -> None:
        self.sock, self.net, self.kernel = sock, sock.net, sock.kernel
        self._packets: deque[tuple[float, str, bytes]] = deque()
        self._last_due = 0.0
        self._moving = False

    def post(self, kind: str, data: bytes = b"") -> None:
        """Send a packet, behind those under way."""
        delay = self.net.delay()
        if not delay and not self._packets and not self._cut():
            self._deliver(kind, data)
            return
        self._last_due = max(self._last_due, self.kernel.now + delay)
        self._packets.append((self._last_due, kind, data))
        if not self._moving:
            self._move_after(self._last_due - self.kernel.now)

    def _cut(self) -> bool:
        peer = self.sock.peer
        return peer is not None and self.net.is_cut(self.sock.node, peer.node)

    def _move_after(self, delay: float) -> None:
        self._moving = True
        self.kernel.after(max(0.0, delay), self._move)

    def _move(self) -> None:
        """Deliver what is due."""
        packets = self._packets
        self._moving = False
        while packets and packets[0][0] <= self.kernel.now:
            if self._cut():
                if packets[0][1] == RST:  # resets are not repeated
                    packets.clear()
                else:
                    self.net.hold(self)
                return
            _, kind, data = packets.popleft()
            self._deliver(kind, data)
        if packets and not self._moving:
            self._move_after(packets[0][0] - self.kernel.now)

    def _deliver(self, kind: str, data: bytes) -> None:
        sock, peer = self.sock, self.sock.peer
        if peer is not None:
            self.kernel.note("net", f"{sock.label} -> {peer.label} {kind} {len(data)}")
            peer.arrive(kind, data)

    def resume(self, delay: float) -> None:
        """The network is whole again: the next repetition gets through."""
        if self._packets and not self._moving:
            self._move_after(delay)

    def lose_some(self) -> None:
        """Lose the last few packets, though not the one that makes the connection."""
        packets = self._packets
        for _ in range(self.kernel.rng.randint(0, len(packets))):
            if packets[-1][1] != SYNACK:
                packets.pop()

    def clear(self) -> None:
        """Lose everything under way."""
        self._packets.clear()
