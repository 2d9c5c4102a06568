"""Who talks to whom in the demo: one row per conversation."""

from __future__ import annotations

from typing import NamedTuple

from zmqthread.demo.crew import Crew, Failed

ANY_PORT = "tcp://127.0.0.1:*"


class Conversation(NamedTuple):
    """One line of the table."""

    name: str
    pattern: str
    transport: str
    #: The process whose messages are counted.
    source: str
    #: The processes each of which has to get every one of them.
    targets: tuple[str, ...]


CONVERSATIONS = (
    Conversation("questions", "REQ <-> REP", "ipc", "client", ("client",)),
    Conversation("news", "PUB -> 2 SUB", "tcp", "publisher", ("subscriber 1", "subscriber 2")),
    Conversation("pipeline", "PUSH -> proxy -> 2 PULL", "tcp+ipc", "ventilator", ("sink",)),
    Conversation("threads", "2 REQ <-> ROUTER of 3", "inproc", "threads", ("threads",)),
)


def start_first(crew: Crew, ours: str, theirs: str) -> None:
    """Start those that bind."""
    crew.start("server", "server", theirs, address=crew.address("questions"))
    crew.start("publisher", "publisher", ours, address=ANY_PORT)
    crew.start("proxy", "proxy", ours, address=ANY_PORT, backend=crew.address("work"))
    crew.start("sink", "sink", ours, address=ANY_PORT)
    crew.start("threads", "threads", ours, address="inproc://questions")


def start_others(crew: Crew, ours: str, theirs: str) -> None:
    """Start those that connect to them."""
    crew.start("client", "client", ours, address=crew.bound("server"))
    crew.start("ventilator", "ventilator", ours, address=crew.bound("proxy"))
    for number in (1, 2):
        crew.start(f"subscriber {number}", "subscriber", theirs, address=crew.bound("publisher"))
        crew.start(
            f"worker {number}",
            "worker",
            theirs,
            address=crew.bound("proxy", 1),
            sink=crew.bound("sink"),
        )


def received(crew: Crew, conversation: Conversation) -> int:
    """Return how many messages have arrived."""
    return sum(crew.children[name].report["received"] for name in conversation.targets)


def missing(crew: Crew, conversation: Conversation) -> int:
    """Return how many messages have been sent and not arrived."""
    sent: int = crew.children[conversation.source].report["sent"]
    return sent * len(conversation.targets) - received(crew, conversation)


def settled(crew: Crew) -> bool:
    """Tell whether nothing more is sent and all has arrived."""
    return all(
        crew.children[conversation.source].report["finished"] and missing(crew, conversation) == 0
        for conversation in CONVERSATIONS
    )


def verify(crew: Crew) -> None:
    """Check the sums of what has arrived.

    Raises:
        Failed: some messages came twice and others not at all.
    """
    for conversation in CONVERSATIONS:
        for name in conversation.targets:
            for count, total in crew.children[name].report["totals"]:
                if total != count * (count - 1) // 2:
                    raise Failed(f"{conversation.name}: {name} got some messages twice")
