"""Every pair of draft types, over every transport libzmq has for it, in every role, every size."""

from __future__ import annotations

import pytest

from tests.interop.draft_pairs import DRAFT_PAIRS, DraftPair, End, exchange, meet
from tests.interop.pairs import body
from tests.interop.test_matrix import SIZES
from tests.interop.world import LAST_ENDPOINT, OURS, THEIRS, World

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("binds", ["a", "b"])
@pytest.mark.parametrize("ours", ["a", "b"])
@pytest.mark.parametrize("pair", DRAFT_PAIRS, ids=str)
def test_draft_messages_of_every_size(pair: DraftPair, ours, binds, transport, draft_world: World):
    a = End(pair.a, draft_world.socket(OURS if ours == "a" else THEIRS, pair.a))
    b = End(pair.b, draft_world.socket(OURS if ours == "b" else THEIRS, pair.b))
    if pair.b == "DISH":
        b.sock.join("the group")
    if pair.a == "PEER" and binds == "a":
        a, b = b, a  # who connects speaks first
    binder, connecter = (a, b) if binds == "a" and pair.a != "PEER" else (b, a)
    binder.sock.bind(draft_world.endpoint(transport))
    connecter.connect(binder.sock.get(LAST_ENDPOINT).decode())
    meet(a, b)
    for size in SIZES:
        exchange(pair, a, b, body(size))
