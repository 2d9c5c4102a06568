"""Subscribe to one station of weather_server.py and print its measurements.

A subscription is a prefix: an empty one gets everything, and "b" every station that begins with b.
What was published before the subscription has arrived is not sent again.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5556")
parser.add_argument("--station", default="bergen")
parser.add_argument("--count", type=int, default=10, help="measurements to wait for")
arguments = parser.parse_args()

with zmq.Context() as context, context.socket(zmq.SUB) as socket:
    socket.subscribe(arguments.station)
    socket.connect(arguments.address)
    for _ in range(arguments.count):
        station, measurement = socket.recv_multipart()
        print(station.decode(), measurement.decode(), flush=True)
