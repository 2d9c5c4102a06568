"""Make the wire's side of a connection from a socket's options."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from zmqthread.constants import EINVAL, EPROTONOSUPPORT, SecurityMechanism
from zmqthread.errors import option_error, zmq_error
from zmqthread.option_types import enabled_features
from zmqthread.sessions.taking_turns import TakingTurns
from zmqthread.wire.failures import PeerRefused
from zmqthread.wire.limits import Heartbeat, Limits
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.mechanisms.plain import PlainClient, PlainServer
from zmqthread.wire.raw import RawConnection
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.terms import Terms

if TYPE_CHECKING:
    from zmqthread.options import Options
    from zmqthread.sessions.host import Host
    from zmqthread.wire.mechanisms.mechanism import Mechanism

_NO_LIMIT = 1 << 62

enabled_features.update(("plain", "zap"))
# Looked for, not imported: that takes tens of milliseconds, and few programs need it.
if find_spec("nacl") is not None and find_spec("_cffi_backend") is not None:
    enabled_features.add("curve")
if find_spec("gssapi") is not None:
    enabled_features.add("gssapi")


def new_connection(host: Host, options: Options) -> Any:
    """Return a connection that is about to send its greeting (or a raw one, for STREAM).

    Args:
        host: the socket.
        options: as they were when the endpoint was bound or connected.
    """
    if host.raw:
        return RawConnection()
    kind = TakingTurns if options.mechanism == SecurityMechanism.CURVE else Connection
    return kind(_terms(host, options), new_mechanism(options), host.seams.monotonic())


def new_mechanism(options: Options) -> Mechanism:
    """Return the security mechanism of one connection; who binds does not matter."""
    match options.mechanism:
        case SecurityMechanism.NULL:
            return Null(ask_zap=bool(options.zap_domain))
        case SecurityMechanism.PLAIN if options.as_server:
            return PlainServer()
        case SecurityMechanism.PLAIN:
            return PlainClient(options.plain_username, options.plain_password)
        case SecurityMechanism.CURVE:
            return _new_curve(options)
        case SecurityMechanism.GSSAPI:
            return _new_gssapi(options)
    raise zmq_error(EINVAL, f"no mechanism {options.mechanism}")


def _new_curve(options: Options) -> Mechanism:
    # Here, so that the library comes only with the first key.
    from zmqthread.wire.mechanisms.curve import CurveClient, CurveServer

    public, secret = options.curve_publickey, options.curve_secretkey
    if options.as_server:
        return CurveServer(public, secret)
    return CurveClient(options.curve_serverkey, public, secret)


def _new_gssapi(options: Options) -> Mechanism:
    from zmqthread.wire.mechanisms import gssapi

    plaintext = bool(options.gssapi_plaintext)
    name = options.gssapi_principal, options.gssapi_principal_nametype
    if options.as_server:
        server = gssapi.PlaintextServer if plaintext else gssapi.GssapiServer
        return server(*name)
    service = options.gssapi_service_principal, options.gssapi_service_principal_nametype
    client = gssapi.PlaintextClient if plaintext else gssapi.GssapiClient
    return client(*service, *name)


def settled(options: Options, *, datagrams: bool = False) -> Options:
    """Return the options that an endpoint keeps: what is set later is for later endpoints.

    Raises:
        ZMQError: EINVAL: security is set only in part. EPROTONOSUPPORT: it is set, and datagrams
            are neither encrypted nor authenticated.
    """
    options = options.copy()
    if datagrams and (options.mechanism != SecurityMechanism.NULL or options.zap_domain):
        raise zmq_error(EPROTONOSUPPORT, "udp has no security, and this socket asks for it")
    if options.mechanism == SecurityMechanism.CURVE:
        _settle_curve(options)
    return options


def _settle_curve(options: Options) -> None:
    from zmqthread.wire.mechanisms.sealed import public_key

    if not any(options.curve_secretkey):
        raise option_error("CURVE_SECRETKEY", "(secret)", "is needed for CURVE")
    if not options.as_server and not any(options.curve_serverkey):
        raise option_error("CURVE_SERVERKEY", options.curve_serverkey, "a client needs it")
    given, options.curve_publickey = options.curve_publickey, public_key(options.curve_secretkey)
    if any(given) and given != options.curve_publickey:
        raise option_error("CURVE_PUBLICKEY", given, "is not that of CURVE_SECRETKEY")


def is_final(reason: BaseException | None, options: Options) -> bool:
    """Whether the peer has refused our credentials: they are not tried again (C04, Z33)."""
    return isinstance(reason, PeerRefused) and options.mechanism != SecurityMechanism.NULL


def _terms(host: Host, options: Options) -> Terms:
    return _equal_terms(
        host.type_name,
        host.peer_types,
        host.takes_subscriptions,
        host.takes_joins,
        options.routing_id,
        tuple(options.metadata.items()),
        options.handshake_ivl,
        _heartbeat(options),
        options.frame_limit,
        options.max_parts,
        options.max_command,
        options.max_topic,
        options.max_properties,
    )


def _heartbeat(options: Options) -> tuple[int, int, int] | None:
    """Return interval, timeout and time to live, in milliseconds."""
    if not options.heartbeat_ivl:
        return None
    return options.heartbeat_ivl, options.heartbeat_wait, options.heartbeat_ttl


# A thousand connections have the same ones, most often: each is made in 2.3 instead of 4.6 us.
@lru_cache(64)
def _equal_terms(  # noqa: PLR0913, PLR0917 - the options that matter, as a key
    socket_type: str,
    peer_types: frozenset[str],
    takes_subscriptions: bool,
    takes_joins: bool,
    routing_id: bytes,
    metadata: tuple[tuple[str, bytes], ...],
    handshake_ivl: int,
    heartbeat: tuple[int, int, int] | None,
    frame_limit: int,
    max_parts: int,
    max_command: int,
    max_topic: int,
    max_properties: int,
) -> Terms:
    return Terms(
        socket_type,
        peer_types,
        routing_id,
        tuple((name.encode(), value) for name, value in metadata),
        Limits(
            frame_size=frame_limit,
            message_size=frame_limit,
            parts=max_parts or _NO_LIMIT,
            handshake_command=max_command or _NO_LIMIT,
            topic=max_topic or _NO_LIMIT,
            properties=max_properties or _NO_LIMIT,
        ),
        Heartbeat(*(each / 1000 for each in heartbeat)) if heartbeat else None,
        handshake_ivl / 1000,
        takes_subscriptions,
        takes_joins,
    )
