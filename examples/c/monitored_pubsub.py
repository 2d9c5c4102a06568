"""A publisher and a subscriber, and a thread that prints what happens to their connection.

    python examples/c/monitored_pubsub.py

Line by line as in C: events are structures in native byte order, times come from a stopwatch, and a
counter is shared by two threads.
"""

import struct

from zmqthread.capi import *

NAMES = {
    ZMQ_EVENT_LISTENING: "listening",
    ZMQ_EVENT_ACCEPTED: "accepted",
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED: "handshake succeeded",
    ZMQ_EVENT_DISCONNECTED: "disconnected",
    ZMQ_EVENT_CLOSED: "closed",
    ZMQ_EVENT_MONITOR_STOPPED: "monitor stopped",
}


def get_monitor_event(monitor):
    """Read one event; return its number, its value and the address."""
    #  First frame in message contains event number and value
    msg = zmq_msg_t()
    zmq_msg_init(msg)
    zmq_msg_recv(msg, monitor, 0)
    assert zmq_msg_more(msg)
    event, value = struct.unpack("=HI", zmq_msg_data(msg))

    #  Second frame in message contains event address
    zmq_msg_recv(msg, monitor, 0)
    assert not zmq_msg_more(msg)
    address = bytes(zmq_msg_data(msg)).decode()
    zmq_msg_close(msg)
    return event, value, address


def socket_monitor(args):
    monitor, counter = args
    while True:
        event, _value, address = get_monitor_event(monitor)
        zmq_atomic_counter_inc(counter)
        print(f"event: {NAMES.get(event, event)} {address}", flush=True)
        if event == ZMQ_EVENT_MONITOR_STOPPED:
            break
    zmq_close(monitor)


def main():
    context = zmq_ctx_new()
    counter_p = [zmq_atomic_counter_new()]

    #  Publisher, and the thread that watches it
    publisher = zmq_socket(context, ZMQ_XPUB)
    zmq_socket_monitor(publisher, "inproc://monitor.pub", ZMQ_EVENT_ALL)
    monitor = zmq_socket(context, ZMQ_PAIR)
    zmq_connect(monitor, "inproc://monitor.pub")
    thread = zmq_threadstart(socket_monitor, (monitor, counter_p[0]))
    zmq_bind(publisher, "tcp://127.0.0.1:*")
    endpoint = bytearray(256)
    size = [256]
    zmq_getsockopt(publisher, ZMQ_LAST_ENDPOINT, endpoint, size)

    #  Subscriber, which asks for one topic
    subscriber = zmq_socket(context, ZMQ_SUB)
    zmq_setsockopt(subscriber, ZMQ_SUBSCRIBE, "10001", 5)
    zmq_connect(subscriber, endpoint)
    subscription = bytearray(64)
    length = zmq_recv(publisher, subscription, 64, 0)
    print(f"subscribed to {subscription[1:length].decode()}")

    #  Publish, and wait for what was asked for
    watch = zmq_stopwatch_start()
    for zipcode in range(10000, 10003):
        update = f"{zipcode} 20 50"
        zmq_send(publisher, update, len(update), 0)
    string = bytearray(256)
    length = zmq_recv(subscriber, string, 255, 0)
    print(f"received {string[:length].decode()}")
    assert zmq_stopwatch_stop(watch) > 0

    zmq_close(subscriber)
    zmq_close(publisher)
    zmq_threadclose(thread)
    assert zmq_atomic_counter_value(counter_p[0]) >= 4
    zmq_atomic_counter_destroy(counter_p)
    zmq_ctx_term(context)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
