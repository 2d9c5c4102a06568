"""DGRAM: datagrams to and from anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zmqthread.constants import EINVAL, EMSGSIZE
from zmqthread.endpoint import datagram_address
from zmqthread.errors import error_about, zmq_error
from zmqthread.patterns.pair import Pair
from zmqthread.pipes.pipe import Pipe

if TYPE_CHECKING:
    from zmqthread.options import Options


def check_datagram(octets: int, options: Options) -> None:
    """Refuse what does not fit into one datagram, before anything of it is sent: EMSGSIZE."""
    if octets > options.max_datagram:
        raise error_about(EMSGSIZE, octets=octets, MAX_DATAGRAM=options.max_datagram)


class Dgram(Pair):
    """Sends and receives (address, body) over the one endpoint that it is bound to."""

    def begin(self, frame: Any) -> Pipe | None:
        """Hold on to the endpoint; what is no address is refused at once."""
        datagram_address(bytes(frame))
        return super().begin(frame)

    def send(self, message: Any, route: Any = None) -> bool:
        """Send one datagram."""
        if message.__class__ is not tuple or len(message) != 2:
            raise zmq_error(EINVAL, "a message is an address and one more frame")
        datagram_address(bytes(message[0]))
        check_datagram(len(message[1]), self.options)
        return super().send(message, route)

    def express_out(self) -> None:
        """Each message has to be looked at."""
