"""Time round trips: ``remote_lat CONNECT-TO MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.perf.arguments import two_ended
from tools.perf.measured import ask, connected, in_turn

if TYPE_CHECKING:
    from argparse import Namespace


def once(zmq: Any, wanted: Namespace) -> float:
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = -1
        with connected(zmq, socket, wanted):
            return ask(socket, wanted.size, wanted.count)


def main() -> None:
    in_turn(two_ended(str(__doc__), "connect-to", "roundtrip-count"), once)


if __name__ == "__main__":
    main()
