"""ZeroMQ for Python without a compiled core: blocking, thread-safe sockets that speak ZMTP.

``import zmqthread as zmq`` runs a synchronous pyzmq program unchanged.
"""

from __future__ import annotations

from zmqthread import constants, error, sugar, utils
from zmqthread.api.context import Context, SyncContext
from zmqthread.api.functions import (
    device,
    has,
    proxy,
    proxy_steerable,
    zmq_version,
    zmq_version_info,
)
from zmqthread.api.poller import Poller, select, zmq_poll
from zmqthread.api.pyzmq import (
    Stopwatch,
    get_includes,
    get_library_dirs,
    pyzmq_version,
    pyzmq_version_info,
)
from zmqthread.api.socket import Socket, SyncSocket
from zmqthread.backend.launch import install_as_pyzmq_backend
from zmqthread.constants import *  # noqa: F403 - the flat names are the interface
from zmqthread.endpoint import IPC_PATH_MAX as IPC_PATH_MAX_LEN
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
from zmqthread.message import (
    _FINISHED_TRACKER,
    COPY_THRESHOLD,
    Frame,
    Message,
    MessageTracker,
)
from zmqthread.security.keys import curve_keypair, curve_public

__version__ = "0.1.0"
__revision__ = ""

#: Whether there are draft sockets.
DRAFT_API = PYZMQ_DRAFT_API = has("draft")

__all__ = [
    "COPY_THRESHOLD",
    "DRAFT_API",
    "IPC_PATH_MAX_LEN",
    "PYZMQ_DRAFT_API",
    "_FINISHED_TRACKER",
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
    "Stopwatch",
    "SyncContext",
    "SyncSocket",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "__revision__",
    "__version__",
    "constants",
    "curve_keypair",
    "curve_public",
    "device",
    "error",
    "get_includes",
    "get_library_dirs",
    "has",
    "install_as_pyzmq_backend",
    "proxy",
    "proxy_steerable",
    "pyzmq_version",
    "pyzmq_version_info",
    "select",
    "strerror",
    "sugar",
    "utils",
    "zmq_errno",
    "zmq_poll",
    "zmq_version",
    "zmq_version_info",
]
__all__ += [name for name in vars(constants) if name[0].isalpha() and name != "annotations"]
