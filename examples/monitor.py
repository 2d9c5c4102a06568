"""Watch what happens to a socket's connections.

    python examples/monitor.py
    python examples/hello_client.py        (and stop it, and start it again)

Events come on a PAIR socket in two frames: a number and a value of 16 and 32 bits, then an address.
"""

import argparse
import struct
import threading

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5555")
parser.add_argument("--count", type=int, default=0, help="requests to answer; 0 is no limit")
arguments = parser.parse_args()


def watch(monitor):
    """Print events until the monitor stops."""
    while True:
        head, address = monitor.recv_multipart()
        number, value = struct.unpack("=HI", head)
        print(f"{zmq.Event(number).name} {address.decode()} ({value})", flush=True)
        if number == zmq.EVENT_MONITOR_STOPPED:
            return


with zmq.Context() as context, context.socket(zmq.REP) as socket:
    monitor = socket.get_monitor_socket()
    socket.bind(arguments.address)
    print("listening on", socket.last_endpoint.decode(), flush=True)
    # Events since the monitor was made are waiting for it.
    watcher = threading.Thread(target=watch, args=(monitor,))
    watcher.start()
    answered = 0
    while arguments.count == 0 or answered < arguments.count:
        socket.send(b"Hello, " + socket.recv())
        answered += 1
    socket.monitor(None)
    watcher.join()
    monitor.close()
