"""The ZAP handler (RFC 27): says who may come in."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from zmqthread.api.context import Context
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketType
from zmqthread.security import z85
from zmqthread.security.store import CertificateStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from zmqthread.security.certificates import StrPath

#: In place of a directory: every client that has a key may come in.
CURVE_ALLOW_ANY: Final = "*"
VERSION: Final = b"1.0"
#: The domain whose settings hold where a domain has none of its own.
EVERY_DOMAIN: Final = "*"


class Refused(Exception):
    """The client may not come in; the text goes to the server's log, not to the client."""


class _Reply(NamedTuple):
    status: bytes
    text: bytes
    user_id: bytes = b""


class Authenticator:
    """Answers the questions of all sockets of a context; what is not configured is refused.

    NULL peers (of sockets with a ZAP_DOMAIN) pass unless their address is refused, PLAIN peers with
    a name and password of `configure_plain`, CURVE peers with a key of `configure_curve`, GSSAPI
    peers by their ticket alone. The interface is pyzmq's. This class waits for nothing: receive
    from `zap_socket` and pass what comes to `handle_zap_message`, or use `ThreadAuthenticator`.

    Args:
        context: the context whose sockets ask; the process-wide one by default.
        encoding: of names and passwords on the wire.
        log: where decisions are written, names and public keys among them; never a password.
    """

    def __init__(
        self, context: Context | None = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        self.context = context or Context.instance()
        self.encoding = encoding
        self.log = log or logging.getLogger("zmqthread.auth")
        self.zap_socket: Socket | None = None
        #: By domain: names and their passwords; looked at anew for each client.
        self.passwords: dict[str, Mapping[str, str | bytes]] = {}
        #: By domain: what has a ``get`` that finds a public key in Z85; None admits every key.
        self.certs: dict[str, Any] = {}
        #: By domain: what is asked about public keys.
        self.credentials_providers: dict[str, Any] = {}
        self._allowed: set[str] = set()
        self._denied: set[str] = set()

    def __repr__(self) -> str:
        state = "stopped" if self.zap_socket is None else "started"
        return f"<{type(self).__name__} {state}>"

    @property
    def allow_any(self) -> bool:
        """Whether every CURVE key may come in, in domains without settings of their own."""
        return self.certs.get(EVERY_DOMAIN, self) is None

    def start(self) -> None:
        """Bind the ZAP endpoint.

        Raises:
            ZMQError: EADDRINUSE: the context has a ZAP handler.
        """
        # Whatever the context's own sockets are.
        socket = self.context.socket(SocketType.REP, Socket)
        try:
            socket.linger = 1
            socket.bind("inproc://zeromq.zap.01")
        except BaseException:
            socket.close()
            raise
        self.zap_socket = socket

    def stop(self) -> None:
        """Close the ZAP endpoint: from now on nobody comes in who has to be asked about."""
        socket, self.zap_socket = self.zap_socket, None
        if socket is not None:
            socket.close()

    # -- what is configured ---

    def allow(self, *addresses: str) -> None:
        """Refuse every address but these; the mechanism still decides about them.

        Raises:
            ValueError: addresses are denied already.
        """
        if self._denied:
            raise ValueError("Only use allow or deny, not both")
        self._allowed.update(addresses)

    def deny(self, *addresses: str) -> None:
        """Refuse these addresses.

        Raises:
            ValueError: addresses are allowed already.
        """
        if self._allowed:
            raise ValueError("Only use allow or deny, not both")
        self._denied.update(addresses)

    def configure_plain(
        self, domain: str = "*", passwords: Mapping[str, str | bytes] | None = None
    ) -> None:
        """Set the names and passwords of a domain, ``*`` for those without their own.

        The mapping is looked at for each client, so later changes of it count.
        """
        if passwords is not None:
            self.passwords[domain] = passwords

    def configure_curve(self, domain: str = "*", location: StrPath = ".") -> None:
        """Set which CURVE clients may come into a domain, ``*`` for those without settings.

        Args:
            domain: the ZAP_DOMAIN of the server's socket.
            location: a directory with the public certificates (``*.key``) of the clients, which is
                followed as it changes; or CURVE_ALLOW_ANY.
        """
        self.credentials_providers.pop(domain, None)
        if location == CURVE_ALLOW_ANY:
            self.certs[domain] = None
        else:
            self.certs[domain] = store = CertificateStore(location)
            self.log.debug("CURVE in %r: %r", domain, store)

    def configure_curve_callback(self, domain: str = "*", credentials_provider: Any = None) -> None:
        """Have a callback decide which CURVE clients may come into a domain.

        Args:
            domain: the ZAP_DOMAIN of the server's socket; ``*`` for those without settings.
            credentials_provider: an object with a method ``callback(domain, key)``, or a function
                like it; the key is in Z85. Only a true result admits; it may be awaitable.
        """
        if credentials_provider is None:
            self.log.error("no credentials provider given for domain %r", domain)
        else:
            self.certs.pop(domain, None)
            self.credentials_providers[domain] = credentials_provider

    def configure_gssapi(self, domain: str = "*", location: str | None = None) -> None:
        """Do nothing, as in pyzmq: who has a ticket for the server may come in."""

    def curve_user_id(self, client_public_key: bytes) -> str:
        """Return the User-Id of a CURVE client that has been let in: its key in Z85.

        For overriding; the key is 32 octets.
        """
        return z85.encode(client_public_key).decode("ascii")

    # -- requests ---

    async def handle_zap_message(self, msg: Sequence[bytes]) -> None:
        """Decide about one request from `zap_socket`, and reply."""
        frames = [bytes(frame) for frame in msg]
        if len(frames) < 2:
            self.log.error("a ZAP request of %d frames", len(frames))
            reply = _Reply(b"400", b"Not enough frames")
        else:
            reply = await self._decide(frames)
        request_id = frames[1] if len(frames) > 1 else b""
        if self.zap_socket is not None:
            user_id = reply.user_id if reply.status == b"200" else b""
            answer = [VERSION, request_id, reply.status, reply.text, user_id, b""]
            self.zap_socket.send_multipart(answer)

    async def _decide(self, frames: list[bytes]) -> _Reply:
        """Everything unforeseen refuses, too."""
        try:
            user_id = await self._admit(frames)
            return _Reply(b"200", b"OK", user_id.encode(self.encoding, "replace"))
        except Refused as refusal:
            self.log.info("refused: %s", refusal)
            return _Reply(b"400", b"NO ACCESS")
        except Exception as error:
            # Neither text nor trace: what went wrong may have a password in it.
            self.log.warning("a ZAP request failed: %s", type(error).__name__)
            return _Reply(b"500", b"Internal error")

    async def _admit(self, frames: list[bytes]) -> str:
        """Return the user id of a client that may come in."""
        if len(frames) < 6:
            raise Refused("not enough frames")
        version, _, domain, address, _, mechanism = frames[:6]
        if version != VERSION:
            raise Refused("another version of ZAP")
        self._check_address(self._text(address))
        user_id = await self._prove(mechanism, self._text(domain), frames[6:])
        self.log.info("let in: %s by %s", user_id, mechanism.decode("ascii", "replace"))
        return user_id

    async def _prove(self, mechanism: bytes, domain: str, credentials: list[bytes]) -> str:
        match mechanism:
            case b"NULL":
                return "anonymous"
            case b"PLAIN":
                return self._plain(domain, credentials)
            case b"CURVE":
                return await self._curve(domain, credentials)
            case b"GSSAPI":
                return self._gssapi(credentials)
        raise Refused(f"mechanism {mechanism[:32]!r}")

    def _text(self, octets: bytes) -> str:
        try:
            return octets.decode(self.encoding)
        except UnicodeDecodeError:
            raise Refused(f"not in {self.encoding}") from None

    def _check_address(self, address: str) -> None:
        if self._allowed and address not in self._allowed:
            raise Refused(f"address {address!r} is not allowed")
        if address in self._denied:
            raise Refused(f"address {address!r} is denied")

    def _plain(self, domain: str, credentials: list[bytes]) -> str:
        if len(credentials) != 2:
            raise Refused("malformed PLAIN credentials")
        name = self._text(credentials[0])
        passwords = self.passwords.get(domain, self.passwords.get(EVERY_DOMAIN, {}))
        expected = passwords.get(name)
        known = expected is not None
        if not isinstance(expected, bytes):
            expected = (expected or "").encode(self.encoding)
        # Compared for unknown names, too: how long it takes shall not tell them.
        if not (compare_digest(expected, credentials[1]) and known):
            raise Refused(f"user {name!r} of {domain!r}")
        return name

    async def _curve(self, domain: str, credentials: list[bytes]) -> str:
        if len(credentials) != 1 or len(credentials[0]) != 32:
            raise Refused("malformed CURVE credentials")
        key = z85.encode(credentials[0])
        if not await self._knows(domain, key):
            raise Refused(f"key {key.decode()} of {domain!r}")
        return self.curve_user_id(credentials[0])

    async def _knows(self, domain: str, key: bytes) -> bool:
        for name in (domain, EVERY_DOMAIN):
            if name in self.credentials_providers:
                provider = self.credentials_providers[name]
                found = getattr(provider, "callback", provider)(domain or EVERY_DOMAIN, key)
                return bool(await self._result(found) if inspect.isawaitable(found) else found)
            if name in self.certs:
                store = self.certs[name]
                return store is None or bool(store.get(key))
        return False

    async def _result(self, awaitable: Awaitable[Any]) -> Any:
        return await awaitable

    def _gssapi(self, credentials: list[bytes]) -> str:
        if len(credentials) != 1:
            raise Refused("malformed GSSAPI credentials")
        return self._text(credentials[0])
