"""A publisher in a burst: batches go to several connections at once."""

from __future__ import annotations

from typing import Any

from tests.support import seconds
from zmqthread import Context
from zmqthread import constants as zmq

#: Small ones, some that count in octets, and one that is written from where it is.
SIZES = [0, 1, 32, 255, 256, 257, 5000, 70000]


def messages(count: int) -> list[list[bytes]]:
    """Make messages of one and of several frames, told apart by a number."""
    return [
        [b"a%06d" % number + bytes(SIZES[number % len(SIZES)]), *[b"part"] * (number % 3)]
        for number in range(count)
    ]


def subscriber(context: Context[Any], publisher: Any, **options: int) -> Any:
    sub = context.socket(zmq.SUB)
    sub.rcvtimeo = int(seconds(10) * 1000)
    for name, value in options.items():
        setattr(sub, name, value)
    sub.subscribe(b"a")
    sub.connect(publisher.last_endpoint)
    assert publisher.recv() == b"\1a"
    return sub


def test_all_connections_get_all_messages_in_order() -> None:
    with Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.sndhwm = 0
        publisher.xpub_verbose = 1
        publisher.bind("tcp://127.0.0.1:*")
        subs = [subscriber(context, publisher, rcvhwm=0) for _ in range(3)]
        sent = messages(2000)
        for frames in sent:
            if len(frames) == 1:
                publisher.send(frames[0])
            else:
                publisher.send_multipart(frames)
        for sub in subs:
            assert [sub.recv_multipart() for _ in sent] == sent
            sub.close()


def test_q8_one_that_does_not_read_holds_nobody_up_and_misses_messages() -> None:
    with Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.sndhwm = 10
        publisher.xpub_verbose = 1
        publisher.bind("tcp://127.0.0.1:*")
        slow = subscriber(context, publisher, rcvhwm=1, rcvbuf=4096)
        quick = subscriber(context, publisher, rcvhwm=0)
        sent = messages(3000)
        for number in range(0, len(sent), 5):
            # No more than its mark holds at a time, so that this one misses none.
            for frames in sent[number : number + 5]:
                publisher.send_multipart(frames)
            assert [quick.recv_multipart() for _ in range(5)] == sent[number : number + 5]
        patience = int(seconds(0.5) * 1000)
        got = []
        while slow.poll(patience):
            got.append(slow.recv_multipart())
        assert 0 < len(got) < len(sent)
        rest = iter(sent)
        assert all(frames in rest for frames in got)  # whole, and in order
        slow.close()
        quick.close()
