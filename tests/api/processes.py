"""Watching another process: whether its main thread sleeps, and which descriptors it holds."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.support import Peer, PeerError, seconds

#: Prelude of the peers' code: a connected pair over tcp, and a check that it still works.
PAIR = """
import os, signal, threading, time
context = zmq.Context()
push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
push.linger = 0
port = pull.bind_to_random_port("tcp://127.0.0.1")
push.connect(f"tcp://127.0.0.1:{port}")
def check(text=b"still there"):
    push.send(text)
    assert pull.poll(10000) == zmq.POLLIN, "lost"
    assert pull.recv() == text
check()
"""


def wait_asleep(peer: Peer, thread: int | None = None) -> None:
    """Wait until a thread of the peer (its main thread if None) sleeps in the kernel.

    Several looks in a row have to agree: a thread also sleeps for moments while it waits for the
    interpreter's lock.
    """
    pid = peer.process.pid
    stat = Path(f"/proc/{pid}/task/{thread or pid}/stat")
    deadline = time.monotonic() + seconds(10)
    seen: list[str] = []
    while time.monotonic() < deadline:
        fields = stat.read_text().rpartition(") ")[2].split()
        switches = Path(f"/proc/{pid}/task/{thread or pid}/status").read_text()
        voluntary = switches.rpartition("\nvoluntary_ctxt_switches:")[2].split()[0]
        seen.append(f"{fields[0]} {fields[11]} {fields[12]} {voluntary}")
        if len(seen) > 5 and len(set(seen[-6:])) == 1 and fields[0] == "S":
            return
        os.sched_yield()
        time.sleep(0.002)
    raise PeerError(f"thread {thread or pid} does not sleep: {seen[-1]}\n{peer.errors()}")
