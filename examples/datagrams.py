"""Answer questions that come as datagrams, from any program that can send one.

    python examples/datagrams.py
    python examples/datagrams.py --ask "what time is it?"

A DGRAM socket sends and receives two frames: the address of the other side and the contents of one
datagram. Nobody connects, nothing is sent again, and nothing proves who has sent what: the asker
waits for a while and asks anew.
"""

import argparse
import time

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="127.0.0.1:5670")
parser.add_argument("--ask", metavar="QUESTION", help="ask instead of answering")
parser.add_argument("--count", type=int, default=0, help="questions to answer; 0 is no limit")
arguments = parser.parse_args()


def answer(socket: zmq.Socket) -> None:
    """Answer one question, whoever asks."""
    address, question = socket.recv_multipart()
    print(address.decode(), "asks", question.decode(errors="replace"), flush=True)
    # Never more than was asked with: else somebody who writes a false address into his datagrams
    # could have us flood it.
    now = time.strftime("%H:%M:%S").encode()
    socket.send_multipart([address, now[: len(question)]])


def ask(socket: zmq.Socket) -> None:
    """Ask up to three times."""
    for _ in range(3):
        socket.send_multipart([arguments.address.encode(), arguments.ask.encode()])
        # Anybody may send us something: only what comes from there is the answer.
        while socket.poll(1000):
            address, reply = socket.recv_multipart()
            if address == arguments.address.encode():
                print(reply.decode(), flush=True)
                return
    print("no answer", flush=True)


with zmq.Context() as context, context.socket(zmq.DGRAM) as socket:
    if arguments.ask:
        socket.bind("udp://127.0.0.1:*")
        ask(socket)
    else:
        socket.bind(f"udp://{arguments.address}")
        print("answering on", socket.last_endpoint.decode(), flush=True)
        answered = 0
        while arguments.count == 0 or answered < arguments.count:
            answer(socket)
            answered += 1
