"""Answer questions: a REP socket takes a request, then sends its reply, and so on in turns.

    python examples/hello_server.py
    python examples/hello_client.py

With --connect it does not wait for clients itself but works for a broker: see broker.py.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5555")
parser.add_argument("--connect", action="store_true", help="connect to a broker instead")
parser.add_argument("--count", type=int, default=0, help="requests to answer; 0 is no limit")
arguments = parser.parse_args()

with zmq.Context() as context, context.socket(zmq.REP) as socket:
    if arguments.connect:
        socket.connect(arguments.address)
    else:
        socket.bind(arguments.address)
    # What a bind came to: with port 0 the system has chosen one.
    print("listening on", socket.last_endpoint.decode(), flush=True)
    answered = 0
    while arguments.count == 0 or answered < arguments.count:
        name = socket.recv_string()
        socket.send_string(f"Hello, {name}!")
        answered += 1
