"""Send many messages: ``remote_thr CONNECT-TO MESSAGE-SIZE MESSAGE-COUNT``."""

from __future__ import annotations

from tools.perf.arguments import two_ended
from tools.perf.common import load
from tools.perf.measured import push


def main() -> None:
    wanted = two_ended(str(__doc__), "connect-to", "message-count")
    zmq = load(wanted.library)
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.linger = -1
        socket.connect(wanted.endpoint)
        push(socket, wanted.size, wanted.count)


if __name__ == "__main__":
    main()
