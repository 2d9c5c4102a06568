"""ZeroMQ for Python without a compiled core: blocking, thread-safe sockets that speak ZMTP."""

from __future__ import annotations

__version__ = "0.1.0"
