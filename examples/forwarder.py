"""Stand between publishers and subscribers, so that neither side has to know the other's addresses.

    python examples/forwarder.py
    python examples/weather_server.py --connect --address tcp://127.0.0.1:5557
    python examples/weather_client.py --address tcp://127.0.0.1:5558

Publishers connect to an XSUB socket, subscribers to an XPUB socket. The proxy carries messages one
way and subscriptions the other way, so that a publisher still sends only what somebody wants.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--publishers", default="tcp://127.0.0.1:5557", metavar="ADDRESS")
parser.add_argument("--subscribers", default="tcp://127.0.0.1:5558", metavar="ADDRESS")
arguments = parser.parse_args()

with (
    zmq.Context() as context,
    context.socket(zmq.XSUB) as frontend,
    context.socket(zmq.XPUB) as backend,
):
    frontend.bind(arguments.publishers)
    backend.bind(arguments.subscribers)
    print("publishers on", frontend.last_endpoint.decode(), flush=True)
    print("subscribers on", backend.last_endpoint.decode(), flush=True)
    try:
        zmq.proxy(frontend, backend)
    except KeyboardInterrupt:
        print("stopped")
