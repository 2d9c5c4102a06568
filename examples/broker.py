"""Distribute requests over servers that come and go: a broker of ROUTER and DEALER.

    python examples/broker.py
    python examples/hello_server.py --connect --address tcp://127.0.0.1:5562      (several)
    python examples/hello_client.py --address tcp://127.0.0.1:5561                (several)

A ROUTER socket puts the client's name in front of each message it receives and takes it off to find
the way back; REP servers return such names untouched. A DEALER socket hands out in turn. In between
messages are only passed on, whole. zmq.proxy(frontend, backend) does the same as the loop below,
which shows how to wait for several sockets.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--clients", default="tcp://127.0.0.1:5561", metavar="ADDRESS")
parser.add_argument("--servers", default="tcp://127.0.0.1:5562", metavar="ADDRESS")
parser.add_argument("--count", type=int, default=0, help="replies to carry; 0 is no limit")
arguments = parser.parse_args()

with (
    zmq.Context() as context,
    context.socket(zmq.ROUTER) as frontend,
    context.socket(zmq.DEALER) as backend,
):
    frontend.bind(arguments.clients)
    backend.bind(arguments.servers)
    print("clients on", frontend.last_endpoint.decode(), flush=True)
    print("servers on", backend.last_endpoint.decode(), flush=True)

    poller = zmq.Poller()
    poller.register(frontend, zmq.POLLIN)
    poller.register(backend, zmq.POLLIN)
    carried = 0
    while arguments.count == 0 or carried < arguments.count:
        ready = dict(poller.poll())
        if frontend in ready:
            backend.send_multipart(frontend.recv_multipart())
        if backend in ready:
            frontend.send_multipart(backend.recv_multipart())
            carried += 1
