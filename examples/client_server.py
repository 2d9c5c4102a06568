"""Share sockets between threads: many on one CLIENT, several on one SERVER, no envelope, no turns.

Each request comes with a number for its CLIENT, which goes on the reply. A reply goes to whichever
thread of the CLIENT receives first: fine where any thread may take up any reply. A thread that
wants a conversation of its own has a CLIENT of its own, which costs a connection.
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import zmqthread as zmq

THREADS, REQUESTS = 8, 25


def serve(server):
    """Answer requests until the context ends, as every thread of the server does."""
    try:
        while True:
            request = server.recv(copy=False)
            server.send(b"re: " + request.bytes, routing_id=request.routing_id)
    except zmq.ContextTerminated:
        pass


def ask(client, name):
    """Ask, and take up as many replies, whosoever they are."""
    for number in range(REQUESTS):
        client.send(f"{name}.{number}".encode())
    return Counter(client.recv() for _ in range(REQUESTS))


def talk(context, address):
    """Have a conversation of one's own."""
    with context.socket(zmq.CLIENT) as client:
        client.connect(address)
        for number in range(3):
            client.send(f"mine.{number}".encode())
            print(client.recv().decode(), flush=True)


context = zmq.Context()
server, client = context.socket(zmq.SERVER), context.socket(zmq.CLIENT)
server.bind("tcp://127.0.0.1:*")
address = server.last_endpoint.decode()
client.connect(address)
servers = [threading.Thread(target=serve, args=(server,)) for _ in range(3)]
for thread in servers:
    thread.start()

with ThreadPoolExecutor(THREADS) as pool:
    replies = sum(pool.map(ask, [client] * THREADS, range(THREADS)), Counter())
print(f"{replies.total()} replies, {len(replies)} of them different", flush=True)
talk(context, address)

context.shutdown()
for thread in servers:
    thread.join()
context.destroy(linger=0)
