"""Time many messages between two threads: ``inproc_thr MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tools.perf.arguments import within
from tools.perf.measured import bind, in_turn, pull, push

if TYPE_CHECKING:
    from argparse import Namespace


ENDPOINT = "inproc://perf"


def other_end(zmq: Any, context: Any, size: int, count: int) -> None:
    with context.socket(zmq.PUSH) as socket:
        socket.linger = -1
        socket.connect(ENDPOINT)
        push(socket, size, count)


def once(zmq: Any, wanted: Namespace) -> float:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        bind(socket, wanted)
        arguments = (zmq, context, wanted.size, wanted.count)
        thread = threading.Thread(target=other_end, args=arguments)
        thread.start()
        figure = pull(socket, wanted.size, wanted.count)
        thread.join()
        return figure


def main() -> None:
    in_turn(within(str(__doc__), ENDPOINT, "message-count"), once)


if __name__ == "__main__":
    main()
