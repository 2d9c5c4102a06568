"""Serve from several threads on one socket, which libzmq's sockets do not allow.

    python examples/shared_server.py
    python examples/hello_client.py --address tcp://127.0.0.1:5563      (several)

With libzmq a server with threads needs a second address inside the process and a proxy in between.
Here every thread simply receives and sends: each message goes to one of those who wait, and frames
of two threads never mix. The socket is a ROUTER since a REP socket can only work on one request at
a time: its reply goes to whoever asked last.
"""

import argparse
import threading
from concurrent.futures import ThreadPoolExecutor

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5563")
parser.add_argument("--threads", type=int, default=4)
parser.add_argument(
    "--count", type=int, default=0, help="requests each thread answers; 0: no limit"
)
arguments = parser.parse_args()


def serve(socket):
    """Answer requests, as every thread does."""
    answered = 0
    while arguments.count == 0 or answered < arguments.count:
        client, empty, name = socket.recv_multipart()
        reply = f"Hello, {name.decode()}, from {threading.current_thread().name}!"
        socket.send_multipart([client, empty, reply.encode()])
        answered += 1


with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
    socket.bind(arguments.address)
    print("listening on", socket.last_endpoint.decode(), flush=True)
    with ThreadPoolExecutor(arguments.threads, thread_name_prefix="thread") as pool:
        threads = [pool.submit(serve, socket) for _ in range(arguments.threads)]
        try:
            for thread in threads:
                thread.result()
        finally:
            context.shutdown()  # ends the others, too, wherever they wait
