"""Be among equals: every PEER listens, connects to others, and may speak first to any of them.

connect_peer returns the number of the new peer, so that it can be spoken to at once; one that has
connected to us makes its number known with what it sends.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import zmqthread as zmq

NAMES = ["Ada", "Grace", "Barbara"]


def take_part(context, name, known, met):
    """Greet everybody who is known, answer every greeting, and listen until all have been met."""
    with context.socket(zmq.PEER) as socket:
        socket.bind(f"inproc://{name}")
        for other in known:
            number = socket.connect_peer(f"inproc://{other}")
            socket.send(f"hello from {name}".encode(), routing_id=number)
        friends = set()
        while len(friends) < len(NAMES) - 1:
            message = socket.recv(copy=False)
            word, _, other = message.bytes.decode().partition(" from ")
            friends.add(other)
            if word == "hello":
                socket.send(f"welcome from {name}".encode(), routing_id=message.routing_id)
        met.wait()  # the others may still have to hear from us
        return f"{name} has met {' and '.join(sorted(friends))}"


with zmq.Context() as context, ThreadPoolExecutor(len(NAMES)) as pool:
    met = threading.Barrier(len(NAMES))
    parts = [
        pool.submit(take_part, context, name, NAMES[:index], met)
        for index, name in enumerate(NAMES)
    ]
    for part in parts:
        print(part.result(), flush=True)
