"""Send many messages: ``remote_thr CONNECT-TO MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.perf.arguments import two_ended
from tools.perf.measured import connected, in_turn, push

if TYPE_CHECKING:
    from argparse import Namespace


def once(zmq: Any, wanted: Namespace) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = -1
        with connected(zmq, socket, wanted):
            push(socket, wanted.size, wanted.count)


def main() -> None:
    in_turn(two_ended(str(__doc__), "connect-to", "message-count"), once)


if __name__ == "__main__":
    main()
