"""Time round trips between two threads: ``inproc_lat MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

import threading
from typing import Any

from tools.perf.arguments import within
from tools.perf.common import load
from tools.perf.measured import ask, bind, echo

ENDPOINT = "inproc://perf"


def other_end(zmq: Any, context: Any, count: int) -> None:
    with context.socket(zmq.REP) as socket:
        socket.linger = -1
        socket.connect(ENDPOINT)
        echo(socket, count)


def main() -> None:
    wanted = within(str(__doc__), "roundtrip-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        bind(socket, ENDPOINT)
        arguments = (zmq, context, wanted.count)
        thread = threading.Thread(target=other_end, args=arguments)
        thread.start()
        ask(socket, wanted.size, wanted.count)
        thread.join()


if __name__ == "__main__":
    main()
