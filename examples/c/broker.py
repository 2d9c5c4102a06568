"""The C program "request-reply broker", line by line: a ROUTER and a DEALER on zmq_poll.

    python examples/c/broker.py
    python examples/hello_server.py --connect --address tcp://127.0.0.1:5560
    python examples/hello_client.py --address tcp://127.0.0.1:5559

Every frame is a zmq_msg_t that is received from one side and sent to the other.
"""

import sys

from zmqthread.capi import *


def pass_on(source, target):
    """Pass all frames of one message on."""
    while True:
        message = zmq_msg_t()
        zmq_msg_init(message)
        zmq_msg_recv(message, source, 0)
        more = zmq_msg_more(message)
        zmq_msg_send(message, target, ZMQ_SNDMORE if more else 0)
        zmq_msg_close(message)
        if not more:
            break  # Last message part


def main(argv):
    front, back = argv[1:3] if len(argv) > 2 else ("tcp://127.0.0.1:5559", "tcp://127.0.0.1:5560")
    count = int(argv[3]) if len(argv) > 3 else -1

    #  Prepare our context and sockets
    context = zmq_ctx_new()
    frontend = zmq_socket(context, ZMQ_ROUTER)
    backend = zmq_socket(context, ZMQ_DEALER)
    zmq_bind(frontend, front)
    zmq_bind(backend, back)
    print("clients on", zmq_getsockopt(frontend, ZMQ_LAST_ENDPOINT), flush=True)
    print("servers on", zmq_getsockopt(backend, ZMQ_LAST_ENDPOINT), flush=True)

    #  Initialize poll set
    items = [
        zmq_pollitem_t(frontend, 0, ZMQ_POLLIN, 0),
        zmq_pollitem_t(backend, 0, ZMQ_POLLIN, 0),
    ]

    #  Switch messages between sockets
    replies = 0
    while replies != count:
        zmq_poll(items, 2, -1)
        if items[0].revents & ZMQ_POLLIN:
            pass_on(frontend, backend)
        if items[1].revents & ZMQ_POLLIN:
            pass_on(backend, frontend)
            replies += 1

    zmq_close(frontend)
    zmq_close(backend)
    zmq_ctx_term(context)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
