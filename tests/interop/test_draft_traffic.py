"""Many messages between threads of ours and a libzmq with drafts."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from tests.api.test_conversations import converse, expected, serving
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World

pytestmark = pytest.mark.interop

COUNT = 2000


@pytest.mark.parametrize("binds", [OURS, THEIRS])
def test_eight_threads_ask_a_server_of_libzmq(binds, draft_world: World):
    server, client = draft_world.socket(THEIRS, "SERVER"), draft_world.socket(OURS, "CLIENT")
    draft_world.join(*((client, server) if binds == OURS else (server, client)))
    thread = threading.Thread(target=server.serve, args=(COUNT,))
    thread.start()
    assert converse(client, 8, COUNT // 8, ahead=5) == expected(8, COUNT // 8)
    thread.join()


@pytest.mark.parametrize("binds", [OURS, THEIRS])
@pytest.mark.parametrize("hwm", [5, 0])
def test_four_threads_serve_a_client_of_libzmq(binds, hwm, draft_world: World):
    settings = {"sndhwm": hwm, "rcvhwm": hwm}
    server, client = (
        draft_world.socket(OURS, "SERVER", **settings),
        draft_world.socket(THEIRS, "CLIENT", sndhwm=0, rcvhwm=0),
    )
    draft_world.join(*((server, client) if binds == OURS else (client, server)))
    with serving(server, 4):
        replies = Counter(client.ask(COUNT))
        for _ in range(4):
            client.send(b"stop")
        assert [client.recv() for _ in range(4)] == [b"stop"] * 4
    assert replies == Counter(b"re:%d:" % n + b"." * (n % 300) for n in range(COUNT))


def test_a_peer_of_libzmq_answers_everything(draft_world: World):
    ours, theirs = draft_world.socket(OURS, "PEER"), draft_world.socket(THEIRS, "PEER")
    theirs.bind(draft_world.endpoint("tcp"))
    number = ours.connect_peer(theirs.get(LAST_ENDPOINT).decode())
    thread = threading.Thread(target=theirs.serve, args=(COUNT,))
    thread.start()
    for index in range(COUNT):
        ours.send(b"%d" % index, routing_id=number)
    assert [ours.recv() for _ in range(COUNT)] == [b"re:%d" % index for index in range(COUNT)]
    thread.join()
