"""Tell everybody on the network where a service is, and hear of the services of others.

    python examples/beacon.py
    python examples/beacon.py --listen

A RADIO sends each message to a multicast group of the network once, however many DISH sockets
listen. A DISH takes the messages of the groups that it has joined: here one for each kind of
service. Datagrams may get lost, so what matters is said again and again; and they can be forged, so
that a service that was found this way still has to prove what it is (CURVE does).

The default address stays on this machine: 127.0.0.1 is the interface, 239.192.77.20 the group.
"""

import argparse
import time

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="udp://127.0.0.1;239.192.77.20:5670")
parser.add_argument("--kind", default="printer", help="the kind of service")
parser.add_argument("--service", default="tcp://127.0.0.1:5555", help="where it is")
parser.add_argument("--listen", action="store_true", help="hear of services of that kind")
parser.add_argument("--interval", type=float, default=1.0, help="seconds between two beacons")
parser.add_argument("--count", type=int, default=0, help="beacons; 0 is no limit")
arguments = parser.parse_args()


def listen(context: zmq.Context) -> None:
    """Print what is new."""
    known = set()
    with context.socket(zmq.DISH) as dish:
        dish.bind(arguments.address)
        dish.join(arguments.kind)
        print("listening on", dish.last_endpoint.decode(), flush=True)
        heard = 0
        while arguments.count == 0 or heard < arguments.count:
            beacon = dish.recv(copy=False)
            if beacon.bytes not in known and len(known) < 1000:
                known.add(beacon.bytes)
                print(beacon.group, "at", beacon.bytes.decode(errors="replace"), flush=True)
            heard += 1


def announce(context: zmq.Context) -> None:
    """Say where the service is, for as long as it is there."""
    with context.socket(zmq.RADIO) as radio:
        # Farther than this network only if the administrators want it: MULTICAST_HOPS is 1.
        radio.connect(arguments.address)
        sent = 0
        while arguments.count == 0 or sent < arguments.count:
            radio.send(arguments.service.encode(), group=arguments.kind)
            sent += 1
            time.sleep(arguments.interval)


with zmq.Context() as context:
    (listen if arguments.listen else announce)(context)
