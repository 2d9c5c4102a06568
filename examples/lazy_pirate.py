"""Ask a server that may be away: wait a while, ask again on a new socket, give up in the end.

    python examples/lazy_pirate.py        (and start hello_server.py when you like)

A REQ socket insists on its reply, and a request that was lost with its connection is not sent
again. So whoever cannot wait for ever closes the socket and takes a new one. The server may thus
see a request twice: this is for requests that may be repeated.
"""

import argparse
import sys

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5555")
parser.add_argument("--timeout", type=int, default=1000, help="milliseconds to wait for a reply")
parser.add_argument("--retries", type=int, default=3)
parser.add_argument("--count", type=int, default=5, help="requests")
arguments = parser.parse_args()


def ask(context, question):
    """Return the reply, or None if there is none after all retries."""
    for attempt in range(1, arguments.retries + 1):
        with context.socket(zmq.REQ) as socket:
            socket.linger = 0  # a request that was not sent by then shall not be sent later
            socket.rcvtimeo = arguments.timeout
            socket.connect(arguments.address)
            socket.send_string(question)
            try:
                return socket.recv_string()
            except zmq.Again:
                print(f"no reply, attempt {attempt} of {arguments.retries}", flush=True)
    return None


with zmq.Context() as context:
    for number in range(arguments.count):
        reply = ask(context, f"number {number}")
        if reply is None:
            sys.exit("the server seems to be away")
        print(reply, flush=True)
