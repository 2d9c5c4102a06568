"""Publish measurements: everybody who has subscribed to a station gets its weather.

    python examples/weather_server.py
    python examples/weather_client.py --station bergen

A PUB socket does not wait. Without subscribers it drops what is sent, and it drops what a
subscriber is too slow for: each of them has a queue of SNDHWM messages. With --connect it publishes
through a forwarder: see forwarder.py.
"""

import argparse
import random
import time

import zmqthread as zmq

STATIONS = ("bergen", "cairo", "lima", "quito")

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5556")
parser.add_argument("--connect", action="store_true", help="connect to a forwarder instead")
parser.add_argument("--interval", type=float, default=0.1, help="seconds between two rounds")
parser.add_argument("--count", type=int, default=0, help="rounds; 0 is no limit")
arguments = parser.parse_args()

with zmq.Context() as context, context.socket(zmq.PUB) as socket:
    if arguments.connect:
        socket.connect(arguments.address)
    else:
        socket.bind(arguments.address)
    print("publishing on", socket.last_endpoint.decode(), flush=True)
    rounds = 0
    while arguments.count == 0 or rounds < arguments.count:
        for station in STATIONS:
            # Subscriptions match the beginning of the first frame. Giving the topic a frame of its
            # own keeps it apart from the data.
            degrees = round(random.gauss(15, 8), 1)
            socket.send_multipart([station.encode(), f"{degrees} °C".encode()])
        rounds += 1
        time.sleep(arguments.interval)
