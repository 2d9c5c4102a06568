"""Square numbers: the second of three stages, see pipeline_ventilator.py."""

import argparse

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--ventilator", default="tcp://127.0.0.1:5559", metavar="ADDRESS")
parser.add_argument("--sink", default="tcp://127.0.0.1:5560", metavar="ADDRESS")
parser.add_argument("--idle", type=float, default=-1, help="seconds without work until it ends")
arguments = parser.parse_args()

with (
    zmq.Context() as context,
    context.socket(zmq.PULL) as work,
    context.socket(zmq.PUSH) as sink,
):
    sink.connect(arguments.sink)
    work.connect(arguments.ventilator)
    work.rcvtimeo = -1 if arguments.idle < 0 else int(arguments.idle * 1000)
    try:
        while True:
            number = work.recv_json()["number"]
            sink.send_json({"number": number, "square": number * number})
    except zmq.Again:
        print("no more work", flush=True)
