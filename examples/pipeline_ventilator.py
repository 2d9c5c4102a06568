"""Hand out work: the first of three stages.

    python examples/pipeline_sink.py
    python examples/pipeline_worker.py        (as many as you like)
    python examples/pipeline_ventilator.py

A PUSH socket gives each message to one of the workers in turn, leaves out those whose queues are
full, and waits when all are. The work is not handed out before --workers of them are there, since
the first to come would get it all.
"""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5559")
parser.add_argument("--sink", default="tcp://127.0.0.1:5560", metavar="ADDRESS")
parser.add_argument("--workers", type=int, default=1, help="how many to wait for")
parser.add_argument("--count", type=int, default=100, help="numbers to work on")
arguments = parser.parse_args()

with (
    zmq.Context() as context,
    context.socket(zmq.PUSH) as work,
    context.socket(zmq.PUSH) as sink,
):
    sink.connect(arguments.sink)
    # The monitor tells what happens to a socket's connections, here which have come about.
    monitor = work.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    work.bind(arguments.address)
    print("handing out on", work.last_endpoint.decode(), flush=True)
    for _ in range(arguments.workers):
        monitor.recv_multipart()
    work.disable_monitor()
    monitor.close()

    sink.send_json({"count": arguments.count})  # so that the sink knows when it has all
    for number in range(arguments.count):
        work.send_json({"number": number})
    # Leaving the context waits until the messages are out: LINGER is -1 by default.
