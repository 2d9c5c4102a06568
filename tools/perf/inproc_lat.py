"""Time round trips between two threads: ``inproc_lat MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tools.perf.arguments import within
from tools.perf.measured import ask, bind, echo, in_turn

if TYPE_CHECKING:
    from argparse import Namespace


ENDPOINT = "inproc://perf"


def other_end(zmq: Any, context: Any, count: int) -> None:
    with context.socket(zmq.REP) as socket:
        socket.linger = -1
        socket.connect(ENDPOINT)
        echo(socket, count)


def once(zmq: Any, wanted: Namespace) -> float:
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        bind(socket, wanted)
        arguments = (zmq, context, wanted.count)
        thread = threading.Thread(target=other_end, args=arguments)
        thread.start()
        figure = ask(socket, wanted.size, wanted.count)
        thread.join()
        return figure


def main() -> None:
    in_turn(within(str(__doc__), ENDPOINT, "roundtrip-count"), once)


if __name__ == "__main__":
    main()
