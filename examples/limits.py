"""Queues, time-outs and limits: what a program should decide before it meets the world."""

import zmqthread as zmq

with zmq.Context() as context:
    # Options of the context are defaults for the sockets that are made later.
    context.linger = 0

    # A queue to a peer takes SNDHWM messages, 1000 unless set. Then PUSH waits, for SNDTIMEO.
    with context.socket(zmq.PUSH) as push:
        push.sndhwm = 10
        push.sndtimeo = 50  # milliseconds
        push.connect("tcp://127.0.0.1:9")  # nobody there: the queue is all there is
        sent = 0
        try:
            while True:
                push.send(b"work")
                sent += 1
        except zmq.Again:
            print(f"{sent} messages fit in the queue")

    # A publisher never waits: it drops. DONTWAIT never waits either: it raises Again.
    with context.socket(zmq.PULL) as pull:
        pull.bind("inproc://empty")
        try:
            pull.recv(zmq.DONTWAIT)
        except zmq.Again:
            print("there is nothing to receive")

    # A peer that sends more than MAXMSGSIZE octets loses its connection; the program sees nothing.
    with context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
        pull.maxmsgsize = 1000
        pull.rcvtimeo = 5000
        pull.bind("tcp://127.0.0.1:*")
        push.connect(pull.last_endpoint.decode())
        push.send(bytes(1000))
        print(f"a message of {len(pull.recv())} octets is let through")
        monitor = pull.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        push.send(bytes(1001))
        monitor.recv_multipart()
        print("the sender of 1001 octets was disconnected")
        pull.disable_monitor()
        monitor.close()

    # An address that makes no sense is an error at once, not a connection that never comes.
    with context.socket(zmq.REQ) as request:
        try:
            request.connect("tcp://127.0.0.1:99999")
        except zmq.ZMQError as error:
            print(error)

# Ending a context waits until its sockets are closed and their messages sent. With a time to wait
# it tells what it still waits for.
context = zmq.Context()
push = context.socket(zmq.PUSH)
push.connect("tcp://127.0.0.1:9")
push.send(b"never to arrive")
try:
    context.term(timeout=0.1)
except zmq.Again as error:
    print(error)
push.close(
    linger=0
)  # with LINGER -1, the default, the context would wait for that message for ever
context.term()
