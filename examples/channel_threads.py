"""Connect two groups of threads: a CHANNEL is a PAIR whose messages have one frame.

On this side one thread sends and another one receives, on the other side several do both: with
messages that cannot come apart nobody has to wait for anybody's turn.
"""

import threading

import zmqthread as zmq

COUNT, WORKERS = 30, 3


def work(channel):
    """Turn words around until an empty one comes."""
    while word := channel.recv():
        channel.send(word[::-1])


def feed(channel):
    """Send the work."""
    for number in range(COUNT):
        channel.send(f"word {number:02}".encode())
    for _ in range(WORKERS):
        channel.send(b"")


with (
    zmq.Context() as context,
    context.socket(zmq.CHANNEL) as one,
    context.socket(zmq.CHANNEL) as other,
):
    one.bind("inproc://words")
    other.connect("inproc://words")
    threads = [threading.Thread(target=feed, args=(one,))]
    threads += [threading.Thread(target=work, args=(other,)) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    words = sorted(one.recv() for _ in range(COUNT))
    print(f"{len(words)} words, from {words[0].decode()} to {words[-1].decode()}", flush=True)
    for thread in threads:
        thread.join()
