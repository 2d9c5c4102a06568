"""Connect two threads: a PAIR of sockets over inproc, both ways, without any network.

Messages within a process are handed over as they are, not copied. Everything that blocks can be
ended from outside: here the context is shut down, and the waiting thread gets ContextTerminated.
"""

import threading

import zmqthread as zmq


def work(context):
    """Answer on the other end until the context ends."""
    with context.socket(zmq.PAIR) as socket:
        socket.connect("inproc://work")
        try:
            while True:
                number = int.from_bytes(socket.recv(), "big")
                socket.send(f"{number} squared is {number * number}".encode())
        except zmq.ContextTerminated:
            print("the worker ends", flush=True)


context = zmq.Context()
with context.socket(zmq.PAIR) as socket:
    socket.bind("inproc://work")
    worker = threading.Thread(target=work, args=(context,))
    worker.start()
    for number in range(5):
        socket.send(number.to_bytes(4, "big"))
        print(socket.recv().decode(), flush=True)
context.term()
worker.join()
