"""The authenticators: pyzmq's interface, what they let in, and what they never say."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

import zmqthread as zmq
from tests.security.worlds import Secured, curve_keys, event
from tests.support import seconds
from zmqthread.auth import CURVE_ALLOW_ANY
from zmqthread.auth.thread import ThreadAuthenticator
from zmqthread.constants import Event
from zmqthread.security import Authenticator, Certificate, z85

AUTH = int(Event.HANDSHAKE_FAILED_AUTH)
KEY = bytes(range(32))
ADDRESS = b"127.0.0.1"


class Asked(Authenticator):
    """One that is asked without sockets."""

    def __init__(self) -> None:
        super().__init__(context=object())  # type: ignore[arg-type]
        self.sent: list[list[bytes]] = []
        self.zap_socket = self  # type: ignore[assignment]

    def send_multipart(self, frames: list[bytes]) -> None:
        self.sent.append(frames)

    def ask(self, mechanism: bytes, *credentials: bytes, domain: bytes = b"") -> list[bytes]:
        frames = [b"1.0", b"7", domain, ADDRESS, b"", mechanism, *credentials]
        return self.raw(frames)

    def raw(self, frames: list[bytes]) -> list[bytes]:
        asyncio.run(self.handle_zap_message(frames))
        reply = self.sent.pop()
        assert len(reply) == 6
        assert reply[0] == b"1.0"
        return reply[1:]

    def lets_in(self, *args: Any, **more: Any) -> bool:
        return self.ask(*args, **more)[1] == b"200"


def test_null_is_let_in_unless_its_address_is_refused() -> None:
    assert Asked().ask(b"NULL") == [b"7", b"200", b"OK", b"anonymous", b""]
    auth = Asked()
    auth.deny("127.0.0.1")
    assert auth.ask(b"NULL") == [b"7", b"400", b"NO ACCESS", b"", b""]
    auth = Asked()
    auth.allow("10.0.0.1")
    assert not auth.lets_in(b"NULL")
    auth.allow("127.0.0.1")
    assert auth.lets_in(b"NULL")
    with pytest.raises(ValueError, match="not both"):
        auth.deny("10.0.0.2")
    auth = Asked()
    auth.deny("10.0.0.2")
    with pytest.raises(ValueError, match="not both"):
        auth.allow("10.0.0.2")


def test_nothing_is_let_in_that_was_not_configured() -> None:
    auth = Asked()
    auth.allow("127.0.0.1")
    assert not auth.lets_in(b"PLAIN", b"", b"")
    assert not auth.lets_in(b"CURVE", KEY)
    assert not auth.lets_in(b"WIBBLE")
    assert auth.ask(b"GSSAPI", b"alice@ZMQ.TEST")[3] == b"alice@ZMQ.TEST"


def test_plain() -> None:
    auth = Asked()
    passwords: dict[str, str | bytes] = {"admin": "sesame", "joe": b"\xff\x00"}
    auth.configure_plain("home", passwords)
    assert auth.ask(b"PLAIN", b"admin", b"sesame", domain=b"home")[1:4] == [b"200", b"OK", b"admin"]
    assert auth.lets_in(b"PLAIN", b"joe", b"\xff\x00", domain=b"home")
    for user, password in (
        (b"admin", b""), (b"admin", b"sesam"), (b"admin", b"sesame\0"), (b"", b""),
        (b"nobody", b""), (b"nobody", b"sesame"), (b"\xff", b"sesame"), (b"ADMIN", b"sesame"),
    ):  # fmt: skip
        assert not auth.lets_in(b"PLAIN", user, password, domain=b"home")
    assert not auth.lets_in(b"PLAIN", b"admin", b"sesame")
    assert not auth.lets_in(b"PLAIN", b"admin", domain=b"home")
    assert not auth.lets_in(b"PLAIN", b"admin", b"sesame", b"", domain=b"home")
    passwords["new"] = "one"
    assert auth.lets_in(b"PLAIN", b"new", b"one", domain=b"home")
    auth.configure_plain(passwords={"all": "over"})
    assert auth.lets_in(b"PLAIN", b"all", b"over", domain=b"elsewhere")
    assert not auth.lets_in(b"PLAIN", b"all", b"over", domain=b"home")


def test_hostile_p3_passwords_are_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from zmqthread.security import authenticator

    seen: list[tuple[bytes, bytes]] = []

    def spy(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return one == other

    monkeypatch.setattr(authenticator, "compare_digest", spy)
    auth = Asked()
    auth.configure_plain(passwords={"admin": "sesame"})
    for user in (b"admin", b"nobody"):
        auth.ask(b"PLAIN", user, b"guess")
    assert seen == [(b"sesame", b"guess"), (b"", b"guess")]


def test_curve_by_directory(tmp_path: Path) -> None:
    auth = Asked()
    auth.configure_curve("*", tmp_path)
    assert not auth.lets_in(b"CURVE", KEY)
    Certificate(z85.encode(KEY)).save(tmp_path / "joe.key")
    assert auth.ask(b"CURVE", KEY)[3] == z85.encode(KEY)
    assert auth.lets_in(b"CURVE", KEY, domain=b"anywhere")
    auth.configure_curve("closed", tmp_path / "nothing")
    assert not auth.lets_in(b"CURVE", KEY, domain=b"closed")
    for wrong in (KEY[:31], KEY + b"\0", b""):
        assert not auth.lets_in(b"CURVE", wrong)
    assert not auth.lets_in(b"CURVE")


def test_curve_for_any_is_for_its_domain_only() -> None:
    auth = Asked()
    auth.configure_curve("open", CURVE_ALLOW_ANY)
    assert auth.lets_in(b"CURVE", KEY, domain=b"open")
    assert not auth.lets_in(b"CURVE", KEY, domain=b"other")
    everywhere = auth.allow_any
    assert not everywhere
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    assert auth.allow_any
    assert auth.lets_in(b"CURVE", KEY, domain=b"other")


class Provider:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, bytes]] = []

    def callback(self, domain: str, key: bytes) -> Any:
        self.asked.append((domain, key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_curve_by_callback() -> None:
    auth = Asked()
    provider = Provider(True)
    auth.configure_curve_callback("*", provider)
    assert auth.lets_in(b"CURVE", KEY)
    assert provider.asked == [("*", z85.encode(KEY))]
    auth.configure_curve_callback("*", Provider(False))
    assert not auth.lets_in(b"CURVE", KEY)
    auth.configure_curve_callback("*", lambda domain, key: key == z85.encode(KEY))
    assert auth.lets_in(b"CURVE", KEY)

    async def later() -> bool:
        await asyncio.sleep(0)
        return True

    auth.configure_curve_callback("*", Provider(later()))
    assert auth.lets_in(b"CURVE", KEY)
    auth.configure_curve_callback("*", Provider(ValueError("sesame")))
    assert auth.ask(b"CURVE", KEY)[1:3] == [b"500", b"Internal error"]


@pytest.mark.parametrize("count", range(6))
def test_requests_of_too_few_frames(count: int) -> None:
    auth = Asked()
    frames = [b"1.0", b"7", b"", ADDRESS, b"", b"NULL"][:count]
    assert auth.raw(frames)[1] == b"400"


def test_another_version_is_refused() -> None:
    assert Asked().raw([b"2.0", b"7", b"", ADDRESS, b"", b"NULL"])[1] == b"400"


def test_no_password_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    auth = Asked()
    auth.configure_plain(passwords={"admin": "sesame"})
    auth.ask(b"PLAIN", b"admin", b"sesame")
    auth.ask(b"PLAIN", b"admin", b"pass\xffword")
    auth.ask(b"PLAIN", b"x", b"password")
    auth.configure_curve_callback("*", Provider(ValueError("sesame")))
    auth.ask(b"CURVE", KEY)
    assert "admin" in caplog.text
    assert "sesame" not in caplog.text
    assert "password" not in caplog.text
    assert "sesame" not in repr(auth)


# -- with sockets ------------------------------------------------------------------------------


def test_a_thread_answers_while_it_runs(world: Secured, tmp_path: Path) -> None:
    server, client = curve_keys()
    Certificate(client["curve_publickey"]).save(tmp_path / "joe.key")
    auth = ThreadAuthenticator(world.context)
    assert not auth.is_alive()
    auth.start()
    assert auth.is_alive()
    auth.configure_curve("*", tmp_path)
    sock, port, monitor = world.server(**server, zap_domain=b"home")
    frame = world.still_serves(sock, port, **client)
    assert frame["User-Id"] == client["curve_publickey"].decode()
    (tmp_path / "joe.key").unlink()
    assert event(monitor)[0] == zmq.EVENT_HANDSHAKE_SUCCEEDED
    world.client(port, **client)
    assert event(monitor) == (AUTH, 400)
    auth.stop()
    assert not auth.is_alive()
    world.client(port, **client)
    assert event(monitor)[0] == int(Event.HANDSHAKE_FAILED_NO_DETAIL)
    auth.stop()
    with auth:
        assert auth.is_alive()


def test_asynchronous_callbacks_have_a_loop(world: Secured) -> None:
    async def callback(domain: str, key: bytes) -> bool:
        await asyncio.sleep(0.001)
        return True

    server, client = curve_keys()
    with ThreadAuthenticator(world.context) as auth:
        auth.configure_curve_callback("*", callback)
        sock, port, _ = world.server(**server)
        for _ in range(2):
            world.still_serves(sock, port, **client)


def test_a_callback_that_is_cancelled_refuses_its_client_only(world: Secured) -> None:
    asked = []

    async def callback(domain: str, key: bytes) -> bool:
        asked.append(key)
        if len(asked) == 1:
            raise asyncio.CancelledError
        return True

    server, client = curve_keys()
    with ThreadAuthenticator(world.context) as auth:
        auth.configure_curve_callback("*", callback)
        sock, port, monitor = world.server(**server)
        world.client(port, reconnect_ivl=-1, **client)
        assert event(monitor)[0] == AUTH
        world.still_serves(sock, port, **client)


def test_a_context_has_one_authenticator(world: Secured) -> None:
    with ThreadAuthenticator(world.context):
        other = ThreadAuthenticator(world.context)
        with pytest.raises(zmq.ZMQError) as caught:
            other.start()
        assert caught.value.errno == zmq.EADDRINUSE


def test_terminating_the_context_ends_the_thread() -> None:
    context = zmq.Context()
    auth = ThreadAuthenticator(context)
    auth.start()
    thread = auth.thread
    assert thread is not None
    context.term()
    thread.join(seconds(10))
    assert not thread.is_alive()
