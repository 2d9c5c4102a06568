"""JSON in UTF-8, as ``send_json`` writes it and ``recv_json`` reads it."""

from __future__ import annotations

import json
from typing import Any

jsonmod = json

__all__ = ["dumps", "loads"]


def dumps(o: Any, **kwargs: Any) -> bytes:
    """Return an object as JSON; ``kwargs`` go to ``json.dumps``."""
    return json.dumps(o, **kwargs).encode("utf-8")


def loads(s: bytes | str, **kwargs: Any) -> Any:
    """Return the object that JSON stands for; ``kwargs`` go to ``json.loads``."""
    return json.loads(s.decode("utf-8") if isinstance(s, bytes) else s, **kwargs)
