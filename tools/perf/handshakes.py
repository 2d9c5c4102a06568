"""Time connections: ``handshakes MECHANISM COUNT``, one after the other, between two processes.

Each is a socket that is made, connects, asks, has its answer and is closed; the server asks its
authenticator, where the mechanism has credentials.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
from typing import Any

from tools.perf.common import add_library, bound_to, load, positive
from tools.perf.measured import show

MECHANISMS = ("NULL", "PLAIN", "CURVE")
_WARM_UP = 20


def settings(zmq: Any, mechanism: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of a server and of its clients."""
    if mechanism == "PLAIN":
        return {"plain_server": 1}, {"plain_username": b"user", "plain_password": b"word"}
    if mechanism == "CURVE":
        (public, secret), (own, own_secret) = zmq.curve_keypair(), zmq.curve_keypair()
        return (
            {"curve_server": 1, "curve_secretkey": secret, "curve_publickey": public},
            {"curve_serverkey": public, "curve_publickey": own, "curve_secretkey": own_secret},
        )
    return {}, {}


def made(zmq: Any, context: Any, kind: int, options: dict[str, Any]) -> Any:
    socket = context.socket(kind)
    socket.linger = 0
    for name, value in options.items():
        setattr(socket, name, value)
    return socket


def let_all_in(zmq: Any, context: Any, ready: threading.Event) -> None:
    """Be the authenticator, until the context ends."""
    socket = made(zmq, context, zmq.ROUTER, {})
    socket.bind("inproc://zeromq.zap.01")
    ready.set()
    try:
        while True:
            name, _, version, number, *_ = socket.recv_multipart()
            socket.send_multipart([name, b"", version, number, b"200", b"OK", b"user", b""])
    except zmq.ContextTerminated:
        socket.close()


def serve(library: str, options: dict[str, Any], count: int, line: Any) -> None:
    """Answer so many questions."""
    zmq = load(library)
    context = zmq.Context()
    ready = threading.Event()
    authenticator = threading.Thread(target=let_all_in, args=(zmq, context, ready))
    authenticator.start()
    ready.wait()
    socket = made(zmq, context, zmq.ROUTER, options)
    socket.bind("tcp://127.0.0.1:*")
    line.send(bound_to(socket))
    for _ in range(count):
        socket.send_multipart(socket.recv_multipart())
    line.recv()
    socket.close()
    context.term()
    authenticator.join()


def connect(zmq: Any, endpoint: str, options: dict[str, Any], count: int) -> None:
    """Connect, ask and close so many times."""
    with zmq.Context() as context:
        for _ in range(count):
            with made(zmq, context, zmq.REQ, options) as socket:
                socket.connect(endpoint)
                socket.send(b"x")
                socket.recv()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mechanism", choices=MECHANISMS)
    parser.add_argument("count", type=positive)
    add_library(parser)
    wanted = parser.parse_args()
    zmq = load(wanted.library)
    server, client = settings(zmq, wanted.mechanism)
    ours, theirs = multiprocessing.Pipe()
    spawn = multiprocessing.get_context("spawn")
    arguments = (wanted.library, server, wanted.count + _WARM_UP, theirs)
    process = spawn.Process(target=serve, args=arguments)
    process.start()
    endpoint = ours.recv()
    connect(zmq, endpoint, client, _WARM_UP)
    begin = time.perf_counter()
    connect(zmq, endpoint, client, wanted.count)
    taken = time.perf_counter() - begin
    ours.send("done")
    process.join()
    show("mechanism", wanted.mechanism)
    show("connections", wanted.count)
    show("mean rate", wanted.count / taken, "connections/s")


if __name__ == "__main__":
    main()
