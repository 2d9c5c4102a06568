"""In-process connects that are cut off by a close."""

from __future__ import annotations

from tests.sessions.worlds import World, quietly, run
from zmqthread.constants import SocketType


def test_a_socket_that_is_closed_while_it_connects_goes() -> None:
    """It would wait for a binder for ever, and `Context.term` with it."""

    def main(world: World) -> None:
        engine = world.engine("here")
        dealer = world.socket(engine, SocketType.DEALER)
        connecting = world.spawn(
            engine, "connecting", quietly, lambda: dealer.endpoints.connect("inproc://x")
        )
        world.kernel.sleep(world.rng.choice([0.0, 1e-6, 5e-6, 1e-5]))
        dealer.close(0)
        assert world.kernel.wait_until(lambda: connecting.done and dealer.released, 1.0)
        world.finish()

    run(main, 100, preempt=("zmqthread.api.endpoints",), preempt_p=0.2)
