"""Labels: what stands outside a message of one frame, the number of a peer or a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from .constants import EINVAL, GROUP_MAX_LENGTH
from .errors import error_about

if TYPE_CHECKING:
    from .message import Frame

__all__ = ["Labelled", "group_octets", "routing_number", "text_of"]

# Inside Labelled, ``bytes`` in an annotation would be its property.
Octets: TypeAlias = bytes


class Labelled:
    """A message of one frame with what stands outside it: the peer's number, or the group.

    What SERVER, PEER, RADIO and DISH sockets take and give. It can be in a pipe like a Frame.
    """

    __slots__ = ("frame", "group", "routing_id")

    def __init__(self, frame: Octets | Frame, routing_id: int = 0, group: Octets = b"") -> None:
        self.frame = frame
        self.routing_id = routing_id
        self.group = group

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def bytes(self) -> Octets:
        """The contents."""
        return self.frame if isinstance(self.frame, Octets) else self.frame.bytes

    @property
    def data(self) -> Octets | memoryview:
        """What is sent."""
        return self.frame if isinstance(self.frame, Octets) else self.frame.data

    @property
    def buffer(self) -> memoryview:
        """A view of the contents."""
        return memoryview(self.data)


def routing_number(value: object) -> int:
    """Return the number of a peer.

    Raises:
        ZMQError: EINVAL: not from 1 to 2**32-1.
        TypeError: no number at all.
    """
    if not isinstance(value, int):
        raise TypeError(f"expected int, got: {value!r}")
    if not 0 < value < 1 << 32:
        raise error_about(EINVAL, routing_id=value)
    return value


def group_octets(group: object) -> bytes:
    """Return the name of a group as it goes over the wire.

    Raises:
        ZMQError: EINVAL: longer than GROUP_MAX_LENGTH octets, or a zero among them.
        TypeError: neither text nor bytes.
    """
    octets = (
        group if isinstance(group, bytes) else text_of(group).encode("utf-8", "surrogateescape")
    )
    if len(octets) > GROUP_MAX_LENGTH or 0 in octets:
        raise error_about(EINVAL, group=group)
    return octets


def text_of(name: object) -> str:
    """Return a name as text.

    Raises:
        TypeError: it is neither text nor bytes.
    """
    if isinstance(name, bytes):
        # Any octets may come and go; only valid UTF-8 looks like what was meant.
        return name.decode("utf-8", "surrogateescape")
    if not isinstance(name, str):
        raise TypeError(f"expected str, got: {name!r}")
    return name
