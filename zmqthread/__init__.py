"""ZeroMQ for Python without a compiled core: blocking, thread-safe sockets that speak ZMTP.

``import zmqthread as zmq`` runs a synchronous pyzmq program unchanged.
"""

from __future__ import annotations

from zmqthread import constants
from zmqthread.api.context import Context
from zmqthread.api.functions import (
    device,
    has,
    proxy,
    proxy_steerable,
    zmq_version,
    zmq_version_info,
)
from zmqthread.api.poller import Poller, select, zmq_poll
from zmqthread.api.socket import Socket
from zmqthread.constants import *  # noqa: F403 - the flat names are the interface
from zmqthread.errors import (
    Again,
    ContextTerminated,
    DraftFDWarning,
    InterruptedSystemCall,
    NotDone,
    ZMQBaseError,
    ZMQBindError,
    ZMQError,
    ZMQVersionError,
    strerror,
    zmq_errno,
)
from zmqthread.message import COPY_THRESHOLD, Frame, Message, MessageTracker
from zmqthread.security.keys import curve_keypair, curve_public

__version__ = "0.1.0"

__all__ = [
    "COPY_THRESHOLD",
    "Again",
    "Context",
    "ContextTerminated",
    "DraftFDWarning",
    "Frame",
    "InterruptedSystemCall",
    "Message",
    "MessageTracker",
    "NotDone",
    "Poller",
    "Socket",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "curve_keypair",
    "curve_public",
    "device",
    "has",
    "proxy",
    "proxy_steerable",
    "select",
    "strerror",
    "zmq_errno",
    "zmq_poll",
    "zmq_version",
    "zmq_version_info",
]
__all__ += [name for name in vars(constants) if name[0].isalpha() and name.isupper()]
