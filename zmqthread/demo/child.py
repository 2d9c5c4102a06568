"""The entry of a child process: ``python -m zmqthread.demo.child ORDER``, the order in JSON."""

from __future__ import annotations

import importlib
import json
import sys

from zmqthread.demo.part import Part
from zmqthread.demo.roles import ROLES


def main() -> None:
    """Do what the order says until standard input ends."""
    order = json.loads(sys.argv[1])
    zmq = importlib.import_module(order["library"])
    with zmq.Context() as context:
        part = Part(zmq, context, order)
        with part.in_touch():
            ROLES[order["role"]](part)


if __name__ == "__main__":
    main()
