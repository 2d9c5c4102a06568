"""The C program "hello world", line by line: a server thread that answers, and a client that asks.

    python examples/c/hello_world.py

What differs from C: a failing call raises instead of returning -1, the address of a variable is a
list or a buffer, and `assert (rc == 0)` has nothing left to check.
"""

from zmqthread.capi import *


def server(context):
    #  Socket to talk to clients
    responder = zmq_socket(context, ZMQ_REP)
    rc = zmq_bind(responder, "inproc://hello")
    assert rc == 0

    for _ in range(3):
        buffer = bytearray(10)
        size = zmq_recv(responder, buffer, 10, 0)
        print("Received", buffer[:size].decode())
        zmq_send(responder, "World", 5, 0)

    zmq_close(responder)


def main():
    context = zmq_ctx_new()
    thread = zmq_threadstart(server, context)

    #  Socket to talk to the server
    print("Connecting to hello world server...")
    requester = zmq_socket(context, ZMQ_REQ)
    zmq_connect(requester, "inproc://hello")

    for request_nbr in range(3):
        buffer = bytearray(10)
        print(f"Sending Hello {request_nbr}...")
        zmq_send(requester, "Hello", 5, 0)
        zmq_recv(requester, buffer, 10, 0)
        print(f"Received World {request_nbr}")

    zmq_threadclose(thread)
    zmq_close(requester)
    zmq_ctx_term(context)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
