"""What the processes of the demo do. A role uses whatever library its part was given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from zmqthread.demo.part import WIDTH, Leaving, Part, Tally, Wrong

HELLO = b"hello"
NEWS = b"news "
WORK = b"work "
ANSWER = b"answer "


def number_in(message: bytes) -> int:
    """Return the number at the end of a message."""
    return int.from_bytes(message[-WIDTH:], "big")


def expect(number: int, expected: int) -> None:
    """Check that a message is the next one.

    Raises:
        Wrong: it is not.
    """
    if number != expected:
        raise Wrong(f"number {number} came where {expected} was expected")


# -- questions: REQ and REP ------------------------------------------------------------------------


def client(part: Part) -> None:
    """Ask, and check each answer."""
    with part.socket("REQ") as socket:
        socket.connect(part.order["address"])
        tally = part.tally()
        part.wait_to_go()
        ask(part, socket, tally)
        part.stay()


def ask(part: Part, socket: Any, tally: Tally) -> None:
    """Ask one question after the other until the end comes."""
    while not part.finishing:
        number = tally.sent
        part.send(socket, number.to_bytes(WIDTH, "big"))
        tally.sent += 1
        expect(number_in(part.receive(socket)), number)
        tally.total += number
        tally.received += 1


def server(part: Part) -> None:
    """Answer."""
    with part.socket("REP") as socket:
        part.bind(socket, part.order["address"])
        part.ready = True
        while True:
            part.send(socket, ANSWER + part.receive(socket))


# -- news: PUB and SUB -----------------------------------------------------------------------------


def publisher(part: Part) -> None:
    """Say hello until all subscribers have heard it, then publish the news."""
    with part.socket("PUB") as socket:
        # Without this option a publisher drops what a slow subscriber has no room for.
        socket.setsockopt(part.zmq.XPUB_NODROP, 1)
        part.bind(socket, part.order["address"])
        tally = part.tally()
        part.ready = True
        while not part.going:
            part.send(socket, HELLO)
            part.pause()
        part.stream(socket, NEWS, tally)
        part.stay()


def subscriber(part: Part) -> None:
    """Check that no news is missing."""
    with part.socket("SUB") as socket:
        socket.subscribe(b"")
        socket.connect(part.order["address"])
        tally = part.tally()
        while part.receive(socket) != HELLO:
            pass
        part.ready = True
        while True:
            message = part.receive(socket)
            if message != HELLO:
                number = number_in(message)
                expect(number, tally.received)
                tally.total += number
                tally.received += 1


# -- a pipeline: PUSH, a proxy, and PULL -----------------------------------------------------------


def ventilator(part: Part) -> None:
    """Hand out the work."""
    with part.socket("PUSH") as socket:
        socket.connect(part.order["address"])
        tally = part.tally()
        part.wait_to_go()
        part.stream(socket, WORK, tally)
        part.stay()


def proxy(part: Part) -> None:
    """Pass the work on, until the context ends."""
    with part.socket("PULL") as frontend, part.socket("PUSH") as backend:
        backend.sndtimeo = frontend.rcvtimeo = -1  # it ends with the context
        part.bind(frontend, part.order["address"])
        part.bind(backend, part.order["backend"])
        part.at_the_end = part.context.shutdown
        part.ready = True
        try:
            part.zmq.proxy(frontend, backend)
        except part.zmq.ContextTerminated:
            raise Leaving from None


def worker(part: Part) -> None:
    """Do the work: pass it on with a word added."""
    with part.socket("PULL") as source, part.socket("PUSH") as sink:
        sink.connect(part.order["sink"])
        source.connect(part.order["address"])
        part.ready = True
        while True:
            part.send(sink, b"done " + part.receive(source))


def sink(part: Part) -> None:
    """Collect what the workers have done."""
    with part.socket("PULL") as socket:
        part.bind(socket, part.order["address"])
        tally = part.tally()
        part.ready = True
        while True:
            tally.total += number_in(part.receive(socket))
            tally.received += 1


# -- threads that share a socket -------------------------------------------------------------------

CLIENTS = 2
SERVERS = 3


def threads(part: Part) -> None:
    """Let several threads answer on one and the same socket, each asked by several clients."""
    with part.socket("ROUTER") as router:
        part.bind(router, part.order["address"])
        tallies = [part.tally() for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS + SERVERS) as pool:
            asking = [pool.submit(ask_inside, part, tally) for tally in tallies]
            answering = [pool.submit(answer_inside, part, router) for _ in range(SERVERS)]
            try:
                for thread in as_completed(asking + answering):
                    thread.result()
                    part.finished = all(client.done() for client in asking)
            finally:
                part.leaving = True  # when one of them fails, all shall end


def ask_inside(part: Part, tally: Tally) -> None:
    """Be one of the clients."""
    with part.socket("REQ") as socket:
        socket.connect(part.order["address"])
        part.wait_to_go()
        ask(part, socket, tally)


def answer_inside(part: Part, router: Any) -> None:
    """Be one of the threads that share the server's socket."""
    while True:
        client, empty, question = part.receive_multipart(router)
        router.send_multipart([client, empty, ANSWER + question])


ROLES: dict[str, Callable[[Part], None]] = {
    role.__name__: role
    for role in (client, server, publisher, subscriber, ventilator, proxy, worker, sink, threads)
}
