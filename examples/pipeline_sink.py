"""Collect results: the third of three stages, see pipeline_ventilator.py.

A PULL socket takes from everybody who has connected, in fair turns.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5560")
arguments = parser.parse_args()

with zmq.Context() as context, context.socket(zmq.PULL) as socket:
    socket.bind(arguments.address)
    print("collecting on", socket.last_endpoint.decode(), flush=True)
    expected = None
    squares = {}
    # Results may overtake the announcement of their number: they come over other connections.
    while expected is None or len(squares) < expected:
        message = socket.recv_json()
        if "count" in message:
            expected = message["count"]
        else:
            squares[message["number"]] = message["square"]
    print(f"{len(squares)} results, their sum is {sum(squares.values())}", flush=True)
