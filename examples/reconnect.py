"""Survive the other side: heartbeats notice a silent peer, and a lost connection is made again.

The program is both sides. Its server goes away and comes back at the same address; the client does
nothing about it. What it sends meanwhile waits in its queue.
"""

import struct

import zmqthread as zmq


def next_event(monitor):
    """Return the name of what happened next."""
    head, _ = monitor.recv_multipart()
    return zmq.Event(struct.unpack("=HI", head)[0]).name


def start_server(context, address):
    """Return a new server socket at the address."""
    server = context.socket(zmq.PULL)
    server.bind(address)
    return server


with zmq.Context() as context, context.socket(zmq.PUSH) as client:
    # A PING each second, and a connection without any sign of life for three is given up. Without
    # this a peer whose cable is cut is not missed until the system notices, which can take hours.
    client.heartbeat_ivl = 1000
    client.heartbeat_timeout = 3000
    # The first attempt after 50 ms, then after twice the time, up to a second.
    client.reconnect_ivl = 50
    client.reconnect_ivl_max = 1000
    monitor = client.get_monitor_socket(
        zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED
    )

    server = start_server(context, "tcp://127.0.0.1:*")
    address = server.last_endpoint.decode()
    client.connect(address)
    print(next_event(monitor), flush=True)
    client.send(b"before")
    print(server.recv().decode(), flush=True)

    server.close()
    print(next_event(monitor), flush=True)
    client.send(b"meanwhile")  # nobody is there

    server = start_server(context, address)
    while (event := next_event(monitor)) != "HANDSHAKE_SUCCEEDED":
        print(event, flush=True)
    print(event, flush=True)
    print(server.recv().decode(), flush=True)
    server.close()
    client.disable_monitor()
    monitor.close()
