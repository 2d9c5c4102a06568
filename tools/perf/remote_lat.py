"""Time round trips: ``remote_lat CONNECT-TO MESSAGE-SIZE ROUNDTRIP-COUNT``."""

from __future__ import annotations

from tools.perf.arguments import two_ended
from tools.perf.common import load
from tools.perf.measured import ask


def main() -> None:
    wanted = two_ended(str(__doc__), "connect-to", "roundtrip-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = -1
        socket.connect(wanted.endpoint)
        ask(socket, wanted.size, wanted.count)


if __name__ == "__main__":
    main()
