"""Whether this machine has a way to multicast groups beside its loopback interface."""

from __future__ import annotations

import socket

import pytest

_PROBE = "239.192.77.99"


def has_route() -> bool:
    """Return whether a group can be joined, and sent to, without naming an interface."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        try:
            request = socket.inet_aton(_PROBE) + bytes(4)
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
            probe.sendto(b"", (_PROBE, 9))
        except OSError:
            return False
    return True


#: For tests of groups without an interface.
ROUTED = pytest.mark.skipif(
    not has_route(), reason="needs a route: ip route add 224.0.0.0/4 dev INTERFACE"
)
