"""Make the wire's side of a connection from a socket's options."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from zmqthread.constants import EINVAL, EPROTONOSUPPORT, SecurityMechanism
from zmqthread.errors import option_error, zmq_error
from zmqthread.option_types import enabled_features
from zmqthread.options import Options
from zmqthread.sessions.taking_turns import TakingTurns
from zmqthread.wire.failures import PeerRefused
from zmqthread.wire.limits import Heartbeat, Limits
from zmqthread.wire.mechanisms.null import Null
from zmqthread.wire.mechanisms.plain import PlainClient, PlainServer
from zmqthread.wire.raw import RawConnection
from zmqthread.wire.zmtp.connection import Connection
from zmqthread.wire.zmtp.terms import Terms

if TYPE_CHECKING:
    from zmqthread.sessions.host import Host
    from zmqthread.wire.mechanisms.mechanism import Mechanism

_NO_LIMIT = 1 << 62

enabled_features.update(("plain", "zap"))
# Looked for, not imported: that takes tens of milliseconds, and few programs need it.
if find_spec("nacl") is not None and find_spec("_cffi_backend") is not None:
    enabled_features.add("curve")
if find_spec("gssapi") is not None:
    enabled_features.add("gssapi")


def new_connection(host: Host, kept: Settled) -> Any:
    """Return a connection that is about to send its greeting (or a raw one, for STREAM).

    Args:
        host: the socket.
        kept: of the options, when the endpoint was bound or connected.
    """
    if host.raw:
        return RawConnection()
    options = kept.options
    kind = TakingTurns if options.mechanism == SecurityMechanism.CURVE else Connection
    return kind(_terms(host, kept), new_mechanism(options), host.seams.monotonic())


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


class Settled:
    """What an endpoint keeps of its socket's options: what is set later is for later endpoints."""

    __slots__ = ("options", "terms")

    def __init__(self, options: Options) -> None:
        self.options = options
        #: What all its connections bring into their handshakes, once there has been one.
        self.terms: Terms | None = None


def settled(options: Options, *, datagrams: bool = False) -> Settled:
    """Return what an endpoint keeps of these options.

    Raises:
        ZMQError: EINVAL: security is set only in part. EPROTONOSUPPORT: it is set, and datagrams
            are neither encrypted nor authenticated.
    """
    if datagrams and (options.mechanism != SecurityMechanism.NULL or options.zap_domain):
        raise zmq_error(EPROTONOSUPPORT, "udp has no security, and this socket asks for it")
    encrypts = options.mechanism == SecurityMechanism.CURVE
    changed = None if encrypts else options.changed()
    if changed is not None:
        try:
            return _shared(changed)
        except TypeError:
            pass  # METADATA is a dictionary
    options = options.copy()
    if encrypts:
        _settle_curve(options)
    return Settled(options)


# A thousand sockets have equal options, most often, and what follows from them is made once.
@lru_cache(64)
def _shared(changed: tuple[tuple[str, Any], ...]) -> Settled:
    return Settled(Options.made_of(changed))


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


def _terms(host: Host, kept: Settled) -> Terms:
    if kept.terms is None:
        kept.terms = _new_terms(host, kept.options)
    return kept.terms


def _new_terms(host: Host, options: Options) -> Terms:
    return Terms(
        host.type_name,
        host.peer_types,
        options.routing_id,
        tuple((name.encode(), value) for name, value in options.metadata.items()),
        Limits(
            frame_size=options.frame_limit,
            message_size=options.frame_limit,
            parts=options.max_parts or _NO_LIMIT,
            handshake_command=options.max_command or _NO_LIMIT,
            topic=options.max_topic or _NO_LIMIT,
            properties=options.max_properties or _NO_LIMIT,
        ),
        _heartbeat(options),
        options.handshake_ivl / 1000,
        host.takes_subscriptions,
        host.takes_joins,
    )


def _heartbeat(options: Options) -> Heartbeat | None:
    if not options.heartbeat_ivl:
        return None
    times = options.heartbeat_ivl, options.heartbeat_wait, options.heartbeat_ttl
    return Heartbeat(*(milliseconds / 1000 for milliseconds in times))
