"""pyzmq's ``zmq.sugar``, whose names programs import as well as those of `zmqthread` itself."""

# ruff: noqa: F403 - a package of names from elsewhere

from __future__ import annotations

from zmqthread import error
from zmqthread.api.functions import device
from zmqthread.error import *
from zmqthread.sugar import attrsettr, context, frame, poll, socket, stopwatch, tracker, version
from zmqthread.sugar.context import *
from zmqthread.sugar.frame import *
from zmqthread.sugar.poll import *
from zmqthread.sugar.socket import *
from zmqthread.sugar.stopwatch import *
from zmqthread.sugar.tracker import *
from zmqthread.sugar.version import *

__all__ = ["attrsettr", "device"]
__all__ += error.__all__
__all__ += context.__all__
__all__ += frame.__all__
__all__ += poll.__all__
__all__ += socket.__all__
__all__ += stopwatch.__all__
__all__ += tracker.__all__
__all__ += version.__all__
