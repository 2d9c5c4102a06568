"""Send to groups: a RADIO names the group of each message, a DISH joins the groups it wants.

Unlike topics, groups are no part of the message, and match only as a whole. As with PUB, what
nobody has joined (yet) is dropped, so that a DISH misses what was sent before it came.
"""

import threading

import zmqthread as zmq


def broadcast(radio, stop):
    """Send the news of three groups, over and over."""
    number = 0
    while not stop.wait(0.01):
        number += 1
        for group in ("sports", "weather", "weather/storms"):
            radio.send(f"{group} {number}".encode(), group=group)


def receive(dish, groups):
    """Count messages until there were some of each group."""
    seen = dict.fromkeys(groups, 0)
    while not all(seen.values()):
        message = dish.recv(copy=False)  # a Frame, which knows its group
        seen[message.group] += 1
    return seen


with zmq.Context() as context, context.socket(zmq.RADIO) as radio, context.socket(zmq.DISH) as dish:
    radio.bind("tcp://127.0.0.1:*")
    dish.connect(radio.last_endpoint.decode())
    dish.join("weather")
    stop = threading.Event()
    sender = threading.Thread(target=broadcast, args=(radio, stop))
    sender.start()
    print("groups:", *receive(dish, ["weather"]), flush=True)
    dish.join("sports")  # groups may come and go at any time
    print("groups:", *receive(dish, ["weather", "sports"]), flush=True)
    dish.leave("weather")  # from here on, not even what is there already
    print("left:", dish.recv(copy=False).group, flush=True)
    stop.set()
    sender.join()
