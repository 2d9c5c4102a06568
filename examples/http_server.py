"""Speak to programs that know nothing of ZeroMQ: a STREAM socket is plain TCP.

    python examples/http_server.py
    curl http://127.0.0.1:8080/

Each message has two frames, the connection's name and some octets as they came: where a request
ends is for the program to find out. An empty second frame says that the connection has come or
gone, and sending one closes it.
"""

import argparse

import zmqthread as zmq

LONGEST_REQUEST = 16_384

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:8080")
parser.add_argument("--count", type=int, default=0, help="requests to answer; 0 is no limit")
arguments = parser.parse_args()


def respond(request):
    """Return the answer to a request."""
    line = request.partition(b"\r\n")[0].decode("ascii", "replace")
    body = f"You asked: {line}\n".encode()
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


with zmq.Context() as context, context.socket(zmq.STREAM) as socket:
    socket.bind(arguments.address)
    print("listening on", socket.last_endpoint.decode(), flush=True)
    requests = {}  # by connection: what has come so far
    answered = 0
    while arguments.count == 0 or answered < arguments.count:
        connection, octets = socket.recv_multipart()
        if not octets:
            if connection in requests:
                del requests[connection]  # gone
            else:
                requests[connection] = b""  # come
            continue
        if connection not in requests:
            continue  # already answered
        requests[connection] += octets
        if b"\r\n\r\n" in requests[connection] or len(requests[connection]) > LONGEST_REQUEST:
            try:
                socket.send_multipart([connection, respond(requests[connection])])
                socket.send_multipart([connection, b""])
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH:  # it has gone meanwhile
                    raise
            answered += 1
