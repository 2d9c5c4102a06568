"""The bounds that every connection holds its peer to, and the heartbeat settings."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
GIB = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may make a connection hold. One instance serves any number of connections.

    Attributes:
        frame_size: largest body of one frame of a message, in octets (the option MAXMSGSIZE).
        message_size: largest sum of the bodies of one message, in octets.
        parts: largest number of frames in one message.
        handshake_command: largest command before the connection is established, in octets.
        topic: longest topic of a subscription, in octets.
        properties: largest number of metadata properties.
    """

    frame_size: int = GIB
    message_size: int = GIB
    parts: int = 64 * KIB
    handshake_command: int = 64 * KIB
    topic: int = 64 * KIB
    properties: int = 256

    @property
    def command(self) -> int:
        """Largest command after the handshake: the longest topic and room for the name."""
        return max(self.handshake_command, self.topic + 256)

    def allow(self, parts: int, size: int) -> bool:
        """Whether any message of so many parts of at most `size` octets is within the limits."""
        return parts <= self.parts and size <= self.frame_size and parts * size <= self.message_size


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When to send PING and how long to wait for a sign of life. All values are in seconds.

    Attributes:
        interval: time between two PINGs; 0 sends none.
        timeout: silence after a PING that ends the connection; None means the interval, 0 never.
        ttl: how long the peer shall wait for us, sent in each PING; at most 6553.5.
    """

    interval: float = 0.0
    timeout: float | None = None
    ttl: float = 0.0

    @property
    def patience(self) -> float:
        """The timeout that holds, 0 if none."""
        return self.interval if self.timeout is None else self.timeout
