"""Answer round trips: ``local_lat BIND-TO MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

from tools.perf.arguments import two_ended
from tools.perf.common import load
from tools.perf.measured import bind, echo


def main() -> None:
    wanted = two_ended(str(__doc__), "bind-to", "roundtrip-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.linger = -1
        bind(socket, wanted.endpoint)
        echo(socket, wanted.count)


if __name__ == "__main__":
    main()
