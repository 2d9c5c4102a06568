"""pyzmq's ``zmq.sugar.attrsettr``; the real place is `zmqthread.api.attributes`."""

from __future__ import annotations

from zmqthread.api.attributes import OptionAttributes as AttributeSetter

__all__ = [
    "AttributeSetter",
]
