"""Receive and time many messages: ``local_thr BIND-TO MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.perf.arguments import two_ended
from tools.perf.measured import bind, in_turn, pull

if TYPE_CHECKING:
    from argparse import Namespace


def once(zmq: Any, wanted: Namespace) -> float:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.linger = -1
        bind(socket, wanted)
        return pull(socket, wanted.size, wanted.count)


def main() -> None:
    in_turn(two_ended(str(__doc__), "bind-to", "message-count"), once)


if __name__ == "__main__":
    main()
