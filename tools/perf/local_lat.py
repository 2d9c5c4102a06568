"""Answer round trips: ``local_lat BIND-TO MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.perf.arguments import two_ended
from tools.perf.measured import bind, echo, in_turn

if TYPE_CHECKING:
    from argparse import Namespace


def once(zmq: Any, wanted: Namespace) -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.linger = -1
        bind(socket, wanted)
        echo(socket, wanted.count)


def main() -> None:
    in_turn(two_ended(str(__doc__), "bind-to", "roundtrip-count"), once)


if __name__ == "__main__":
    main()
