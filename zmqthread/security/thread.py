"""An authenticator with a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any, Self

from zmqthread.errors import ZMQError
from zmqthread.security.authenticator import Authenticator

if TYPE_CHECKING:
    import asyncio

    from zmqthread.api.context import Context
    from zmqthread.api.socket import Socket


class ThreadAuthenticator(Authenticator):
    """Answers in the background, from `start` until `stop` or until the context is terminated.

    It can be used in a ``with`` statement. Callbacks run in its thread; while one of them takes its
    time, other clients wait, and those whose handshake time is over are refused.
    """

    thread: threading.Thread | None = None

    def __init__(
        self, context: Context | None = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        super().__init__(context, encoding, log)
        self._runner: asyncio.Runner | None = None

    def start(self) -> None:
        """Bind the ZAP endpoint and start the thread."""
        super().start()
        assert self.zap_socket is not None
        self.thread = threading.Thread(
            target=self._run, args=(self.zap_socket,), name="ZAP", daemon=True
        )
        self.thread.start()

    def stop(self) -> None:
        """Close the ZAP endpoint and wait until the thread has ended."""
        # The thread waits in recv, which closing ends.
        super().stop()
        thread, self.thread = self.thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def is_alive(self) -> bool:
        """Whether the thread is running."""
        return self.thread is not None and self.thread.is_alive()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, socket: Socket) -> None:
        try:
            while True:
                self._step(self.handle_zap_message(socket.recv_multipart()))
        except ZMQError:
            pass  # closed, or the context is being terminated
        finally:
            socket.close()
            if self._runner is not None:
                self._runner.close()
                self._runner = None

    @staticmethod
    def _step(coroutine: Coroutine[Any, Any, None]) -> None:
        """Run to the end what never waits for anything but `_result`."""
        try:
            coroutine.send(None)
        except StopIteration:
            return
        coroutine.close()
        raise RuntimeError("handle_zap_message may only await what _result awaits")

    async def _result(self, awaitable: Awaitable[Any]) -> Any:
        """Wait for an asynchronous callback in an event loop that only they need."""
        import asyncio

        async def whole() -> Any:
            return await awaitable

        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            return self._runner.run(whole())
        except asyncio.CancelledError:
            # No Exception, so it would end the thread, and nobody could come in any more.
            raise RuntimeError("the callback was cancelled") from None
