"""Watch the log records that a `PUBHandler` publishes: ``python -m zmqthread.log URL``."""

from __future__ import annotations

import argparse
import sys
import time

from zmqthread.api.context import Context
from zmqthread.constants import SocketType

_COLORS = {"DEBUG": 96, "INFO": 97, "WARNING": 93, "ERROR": 91, "CRITICAL": 31}


def main(arguments: list[str] | None = None) -> int:
    """Print records until interrupted."""
    parser = argparse.ArgumentParser("python -m zmqthread.log", description=__doc__)
    parser.add_argument("zmq_pub_url", help="the endpoint of the publisher")
    parser.add_argument("-t", "--topic", default="", help="only topics that begin so")
    parser.add_argument("--timestamp", action="store_true", help="print the local time")
    parser.add_argument("--dateformat", default="%Y-%m-%d %H:%M", help="how to print it")
    parser.add_argument("--separator", default=" | ", help="what to print between the columns")
    parser.add_argument("--align", action="store_true", help="align the texts")
    parser.add_argument("--color", action="store_true", help="color by the level")
    options = parser.parse_args(arguments)
    width = 0
    with Context() as context, context.socket(SocketType.SUB) as socket:
        socket.subscribe(options.topic)
        socket.connect(options.zmq_pub_url)
        try:
            while True:
                topic, text = (part.decode("utf-8", "replace") for part in socket.recv_multipart())
                width = max(width, len(topic)) if options.align else 0
                color = next((_COLORS[level] for level in topic.split(".") if level in _COLORS), 0)
                fields = [f"{topic:<{width}}", text.rstrip("\n")]
                if options.timestamp:
                    fields.insert(0, time.strftime(options.dateformat))
                line = options.separator.join(fields)
                print(f"\x1b[{color}m{line}\x1b[0m" if options.color else line, flush=True)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())
