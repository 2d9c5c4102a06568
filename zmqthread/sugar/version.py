"""pyzmq's ``zmq.sugar.version``: the pyzmq whose interface this is, and the libzmq."""

from __future__ import annotations

from zmqthread.api.functions import zmq_version, zmq_version_info
from zmqthread.api.pyzmq import pyzmq_version, pyzmq_version_info

__version__ = pyzmq_version()
__revision__ = ""
version_info = pyzmq_version_info()
VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH = version_info
#: What follows the three numbers of a version that is not released.
VERSION_EXTRA = ""

__all__ = [
    "__revision__",
    "__version__",
    "pyzmq_version",
    "pyzmq_version_info",
    "zmq_version",
    "zmq_version_info",
]
