"""Use a socket in an event loop, here asyncio's, by its descriptor.

    python examples/event_loop.py
    python examples/hello_client.py --address tcp://127.0.0.1:5564

The descriptor of a socket becomes readable when the socket's readiness may have changed, not for
each message. So whoever is called has to go on until EVENTS says that there is nothing more, and to
look again after sending, since that may take the signal away.
"""

import argparse
import asyncio

import zmqthread as zmq

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--address", default="tcp://127.0.0.1:5564")
parser.add_argument("--count", type=int, default=0, help="requests to answer; 0 is no limit")
arguments = parser.parse_args()


async def serve(socket):
    """Answer requests while the loop does other things."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    answered = 0

    def on_change():
        nonlocal answered
        while socket.events & zmq.POLLIN and not done.done():
            name = socket.recv_string(zmq.DONTWAIT)
            socket.send_string(f"Hello, {name}!", zmq.DONTWAIT)
            answered += 1
            if answered == arguments.count:
                done.set_result(None)

    loop.add_reader(socket.fileno(), on_change)
    loop.call_soon(on_change)  # what was there before nobody will be told about
    ticker = asyncio.create_task(tick())
    try:
        await done
    finally:
        ticker.cancel()
        loop.remove_reader(socket.fileno())
    print(f"{answered} requests answered", flush=True)


async def tick():
    """Stand for everything else that a program does."""
    while True:
        await asyncio.sleep(1)


with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind(arguments.address)
    print("listening on", socket.last_endpoint.decode(), flush=True)
    asyncio.run(serve(socket))
