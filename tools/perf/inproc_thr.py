"""Time many messages between two threads: ``inproc_thr MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

import threading
from typing import Any

from tools.perf.arguments import within
from tools.perf.common import load
from tools.perf.measured import bind, pull, push

ENDPOINT = "inproc://perf"


def other_end(zmq: Any, context: Any, size: int, count: int) -> None:
    with context.socket(zmq.PUSH) as socket:
        socket.linger = -1
        socket.connect(ENDPOINT)
        push(socket, size, count)


def main() -> None:
    wanted = within(str(__doc__), "message-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        bind(socket, ENDPOINT)
        arguments = (zmq, context, wanted.size, wanted.count)
        thread = threading.Thread(target=other_end, args=arguments)
        thread.start()
        pull(socket, wanted.size, wanted.count)
        thread.join()


if __name__ == "__main__":
    main()
