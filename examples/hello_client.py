"""Ask questions: a REQ socket sends a request, then takes the reply, and so on in turns.

Start it before the server if you like: connecting goes on in the background until somebody is
there.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5555")
parser.add_argument("names", nargs="*", default=["Ada", "Grace", "Barbara"])
arguments = parser.parse_args()

with zmq.Context() as context, context.socket(zmq.REQ) as socket:
    socket.connect(arguments.address)
    for name in arguments.names:
        socket.send_string(name)
        print(socket.recv_string(), flush=True)
