"""Receive and time many messages: ``local_thr BIND-TO MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

from tools.perf.arguments import two_ended
from tools.perf.common import load
from tools.perf.measured import bind, pull


def main() -> None:
    wanted = two_ended(str(__doc__), "bind-to", "message-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        socket.linger = -1
        bind(socket, wanted.endpoint)
        pull(socket, wanted.size, wanted.count)


if __name__ == "__main__":
    main()
