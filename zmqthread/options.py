"""The options of sockets and of contexts: one row each, and nothing about them anywhere else."""

from __future__ import annotations

from typing import Any, Final

from .constants import (
    IO_THREADS_DFLT,
    MAX_SOCKETS_DFLT,
    THREAD_PRIORITY_DFLT,
    THREAD_SCHED_POLICY_DFLT,
    ContextOption,
    ExtraContextOption,
    LimitOption,
    SecurityMechanism,
    SocketOption,
    SocketType,
)
from .option_types import (
    ANY,
    INT64,
    UINT64,
    Check,
    Network,
    OptionSet,
    Row,
    add_network,
    add_number,
    add_property,
    at_least,
    between,
    boolean,
    custom,
    deciseconds,
    decode_key,
    enabled_features,
    integer,
    leading_number,
    length,
    name_text,
    octets,
)

__all__ = ["FRAME_LIMIT", "ContextOptions", "OptionSet", "Options", "Row", "enabled_features"]

#: Octets that one received frame may have where MAXMSGSIZE sets no other limit.
FRAME_LIMIT: Final = 1 << 30

_NO_LINGER: Final = {SocketType.SUB, SocketType.XSUB, SocketType.DISH}

# Whom the options of a type are for. libzmq's REP is a ROUTER inside, its PUB an XPUB, and each
# takes the other's options.
_ROUTER: Final = {SocketType.ROUTER, SocketType.REP}
_XPUB: Final = {SocketType.XPUB, SocketType.PUB}
_XSUB: Final = {SocketType.XSUB}
_REQ: Final = {SocketType.REQ}
_PROBING: Final = {*_ROUTER, SocketType.DEALER, SocketType.REQ}
_NAMING: Final = {*_ROUTER, SocketType.STREAM}
_FILTERED: Final = {SocketType.SUB, SocketType.XPUB}
_COUNTING: Final = {*_XPUB, SocketType.SUB, SocketType.XSUB}
_LOSSY: Final = {*_XPUB, SocketType.RADIO}
_GREETING: Final = {
    SocketType.ROUTER,
    SocketType.DEALER,
    SocketType.CLIENT,
    SocketType.SERVER,
    SocketType.PEER,
}
_MOURNING: Final = {SocketType.ROUTER, SocketType.SERVER, SocketType.PEER}
_HICCUPING: Final = {SocketType.DEALER, SocketType.CLIENT, SocketType.PEER}

_NATURAL: Final = at_least(0)
_POSITIVE: Final = at_least(1)
_OR_NONE: Final = at_least(-1)  # -1 turns it off, or leaves it to the system
_LOOSE: Final = at_least(0)  # a switch where everything above 0 is on
_KEY: Final = Check(lambda key: len(key) in {32, 40, 41}, "must be a key: 32 octets, or 40 in Z85")


def _is_ipv6(options: Options, value: int) -> None:
    options.ipv4only = 1 - value


def _is_ipv4(options: Options, value: int) -> None:
    options.ipv6 = 1 - value


def _is_verbose(options: Options, value: int) -> None:
    options.xpub_verboser = 0


def _is_verboser(options: Options, value: int) -> None:
    options.xpub_verbose = value


def _is_manual(options: Options, value: int) -> None:
    options.xpub_manual = value


def _secured(options: Options, mechanism: SecurityMechanism, server: int) -> None:
    # The option that was set last decides; being a server is one flag for all mechanisms.
    options.mechanism, options.as_server = int(mechanism), server
    options.plain_server = int(server and mechanism is SecurityMechanism.PLAIN)
    options.curve_server = int(server and mechanism is SecurityMechanism.CURVE)
    options.gssapi_server = int(server and mechanism is SecurityMechanism.GSSAPI)


def _plain_server(options: Options, value: int) -> None:
    _secured(options, SecurityMechanism.PLAIN if value else SecurityMechanism.NULL, value)


def _plain_client(options: Options, value: bytes) -> None:
    if value:
        _secured(options, SecurityMechanism.PLAIN, 0)
    else:
        _secured(options, SecurityMechanism.NULL, options.as_server)


def _curve_server(options: Options, value: int) -> None:
    _secured(options, SecurityMechanism.CURVE if value else SecurityMechanism.NULL, value)


def _curve_key(options: Options, value: bytes) -> None:
    _secured(options, SecurityMechanism.CURVE, options.as_server)


def _curve_client(options: Options, value: bytes) -> None:
    _secured(options, SecurityMechanism.CURVE, 0)


def _gssapi_server(options: Options, value: int) -> None:
    _secured(options, SecurityMechanism.GSSAPI, value)


def _gssapi_principal(options: Options, value: bytes) -> None:
    _secured(options, SecurityMechanism.GSSAPI, 1)


def _gssapi_client(options: Options, value: bytes) -> None:
    _secured(options, SecurityMechanism.GSSAPI, 0)


class Options(OptionSet, enums=(SocketOption, LimitOption)):
    """The options of one socket.

    Args:
        socket_type: a SocketType.
        context: where new sockets take their IPV6, LINGER (by BLOCKY) and ACCEPT_OLD_ZMTP from.
    """

    # What the socket keeps or does itself.
    subscribe = octets(types=_FILTERED, readable=False, live=True, dynamic=True)
    unsubscribe = octets(types=_FILTERED, readable=False, live=True, dynamic=True)
    rcvmore = integer(writable=False, dynamic=True)
    fd = integer(writable=False, dynamic=True)
    events = integer(writable=False, dynamic=True)
    last_endpoint = octets(writable=False, dynamic=True)
    topics_count = integer(writable=False, dynamic=True, types=_COUNTING)
    # What cannot be changed. Every socket is thread-safe.
    thread_safe = integer(1, writable=False)
    mechanism = integer(SecurityMechanism.NULL.value, writable=False)

    # Queues and waiting.
    affinity = integer(0, limits=UINT64)
    linger = integer(-1, _OR_NONE, live=True)
    sndhwm = integer(1000, _NATURAL, live=True)
    rcvhwm = integer(1000, _NATURAL, live=True)
    sndtimeo = integer(-1, _OR_NONE, live=True)
    rcvtimeo = integer(-1, _OR_NONE, live=True)
    immediate = boolean()
    conflate = boolean()
    # A negative one, the default, is the frame limit of 1 GiB; so much more has to be said.
    maxmsgsize = integer(-1, limits=INT64)
    # Batches are as large as there is to read or write, up to 64 KiB.
    in_batch_size = integer(8192, _POSITIVE, feature="batch size")
    out_batch_size = integer(8192, _POSITIVE, feature="batch size")

    # Connections.
    backlog = integer(100, _NATURAL)
    reconnect_ivl = integer(100, _OR_NONE)
    reconnect_ivl_max = integer(0, _NATURAL)
    reconnect_stop = integer(0)
    connect_timeout = integer(0, _NATURAL)
    handshake_ivl = integer(30000, _NATURAL)
    heartbeat_ivl = integer(0, _NATURAL)
    heartbeat_ttl = integer(0, store=deciseconds)
    heartbeat_timeout = integer(-1, _NATURAL)
    metadata = custom(dict[str, bytes](), bytes, readable=False, store=add_property)

    # The system's sockets.
    ipv6 = boolean(then=_is_ipv6)
    ipv4only = boolean(1, then=_is_ipv4)
    sndbuf = integer(-1, _OR_NONE)
    rcvbuf = integer(-1, _OR_NONE)
    tos = integer(0, _NATURAL)
    priority = integer(0, _POSITIVE)
    busy_poll = boolean(readable=False)
    bindtodevice = octets(check=length(1, 16), clears=True)
    use_fd = integer(-1, _OR_NONE)
    tcp_keepalive = integer(-1, between(-1, 1))
    tcp_keepalive_cnt = integer(-1, _OR_NONE)
    tcp_keepalive_idle = integer(-1, _OR_NONE)
    tcp_keepalive_intvl = integer(-1, _OR_NONE)
    tcp_maxrt = integer(0, _NATURAL)
    loopback_fastpath = boolean(0, ANY)  # only Windows has one
    tcp_accept_filter = custom(
        tuple[Network, ...](), bytes, readable=False, clears=True, store=add_network
    )
    ipc_filter_pid = custom(frozenset[int](), int, readable=False, store=add_number)
    ipc_filter_uid = custom(frozenset[int](), int, readable=False, store=add_number)
    ipc_filter_gid = custom(frozenset[int](), int, readable=False, store=add_number)

    # Routing.
    routing_id = octets(check=length(1, 255))
    connect_routing_id = octets(check=length(1, 255), readable=False, types=_NAMING)
    router_mandatory = boolean(0, _LOOSE, readable=False, live=True, types=_ROUTER)
    router_handover = boolean(0, _LOOSE, readable=False, live=True, types=_ROUTER)
    router_raw = boolean(0, _LOOSE, readable=False, types=_ROUTER)
    router_notify = integer(0, between(0, 3), types={SocketType.ROUTER})
    probe_router = boolean(0, _LOOSE, readable=False, live=True, types=_PROBING)
    req_correlate = boolean(0, _LOOSE, readable=False, live=True, types=_REQ)
    req_relaxed = boolean(0, _LOOSE, readable=False, live=True, types=_REQ)
    stream_notify = boolean(1, readable=False, types={SocketType.STREAM})
    hello_msg = octets(readable=False, clears=True, types=_GREETING)
    disconnect_msg = octets(readable=False, clears=True, types=_MOURNING)
    hiccup_msg = octets(readable=False, clears=True, types=_HICCUPING)

    # Publishing.
    xpub_verbose = boolean(0, _LOOSE, readable=False, live=True, types=_XPUB, then=_is_verbose)
    xpub_verboser = boolean(0, _LOOSE, readable=False, live=True, types=_XPUB, then=_is_verboser)
    xpub_manual = boolean(0, _LOOSE, readable=False, live=True, types=_XPUB)
    xpub_manual_last_value = boolean(
        0, _LOOSE, readable=False, live=True, types=_XPUB, then=_is_manual
    )
    xpub_nodrop = boolean(0, _LOOSE, readable=False, live=True, types=_LOSSY)
    xpub_welcome_msg = octets(readable=False, clears=True, types=_XPUB)
    only_first_subscribe = boolean(0, _LOOSE, readable=False, types={*_XPUB, *_XSUB})
    xsub_verbose_unsubscribe = boolean(0, _LOOSE, readable=False, types=_XSUB)
    invert_matching = boolean(0, ANY)

    # Security.
    zap_domain = octets(check=length(1, 255), feature="zap")
    zap_enforce_domain = boolean(0, ANY, feature="zap")
    plain_server = boolean(feature="plain", then=_plain_server)
    plain_username = octets(check=length(1, 255), clears=True, feature="plain", then=_plain_client)
    plain_password = octets(
        check=length(1, 255), clears=True, secret=True, feature="plain", then=_plain_client
    )
    curve_server = boolean(feature="curve", then=_curve_server)
    curve_publickey = octets(bytes(32), _KEY, store=decode_key, feature="curve", then=_curve_key)
    curve_secretkey = octets(
        bytes(32), _KEY, store=decode_key, secret=True, feature="curve", then=_curve_key
    )
    curve_serverkey = octets(bytes(32), _KEY, store=decode_key, feature="curve", then=_curve_client)
    gssapi_server = boolean(feature="gssapi", then=_gssapi_server)
    gssapi_plaintext = boolean(feature="gssapi")
    gssapi_principal = octets(check=length(1, 255), feature="gssapi", then=_gssapi_principal)
    gssapi_service_principal = octets(check=length(1, 255), feature="gssapi", then=_gssapi_client)
    gssapi_principal_nametype = integer(0, between(0, 2), feature="gssapi")
    gssapi_service_principal_nametype = integer(0, between(0, 2), feature="gssapi")
    socks_proxy = octets(check=length(1, 1 << 20), clears=True, feature="socks")
    socks_username = octets(check=length(0, 255), clears=True, feature="socks")
    socks_password = octets(check=length(0, 255), clears=True, secret=True, feature="socks")
    wss_key_pem = octets(readable=False, secret=True, feature="ws")
    wss_cert_pem = octets(readable=False, feature="ws")
    wss_trust_pem = octets(readable=False, feature="ws")
    wss_hostname = octets(readable=False, feature="ws")
    wss_trust_system = boolean(readable=False, feature="ws")

    # Multicast and virtual machines.
    rate = integer(100, _POSITIVE, feature="multicast")
    recovery_ivl = integer(10000, _NATURAL, feature="multicast")
    multicast_hops = integer(1, _POSITIVE)
    multicast_maxtpdu = integer(1500, _POSITIVE, feature="multicast")
    multicast_loop = boolean(1, ANY)
    norm_mode = integer(1, between(0, 4), feature="norm")
    norm_unicast_nack = boolean(feature="norm")
    norm_buffer_size = integer(2048, _POSITIVE, feature="norm")
    norm_segment_size = integer(1400, _POSITIVE, feature="norm")
    norm_block_size = integer(16, between(1, 255), feature="norm")
    norm_num_parity = integer(4, between(0, 254), feature="norm")
    norm_num_autoparity = integer(0, between(0, 254), feature="norm")
    norm_push = boolean(feature="norm")
    vmci_buffer_size = integer(0, _NATURAL, limits=UINT64, readable=False, feature="vmci")
    vmci_buffer_min_size = integer(0, _NATURAL, limits=UINT64, readable=False, feature="vmci")
    vmci_buffer_max_size = integer(0, _NATURAL, limits=UINT64, readable=False, feature="vmci")
    vmci_connect_timeout = integer(-1, _OR_NONE, readable=False, feature="vmci")

    # zmqthread's own limits; 0 means that there is none. Octets, where not said otherwise.
    max_parts = integer(65536, _NATURAL)  # frames of one received message
    max_topic = integer(65536, _NATURAL)  # of one subscription of a peer
    max_subscriptions = integer(0, _NATURAL)  # subscriptions of one peer
    pipe_bytes = integer(1 << 26, _NATURAL, limits=INT64)  # queued in one pipe, beside the HWM
    max_handshakes = integer(1000, _NATURAL)  # accepted connections that are not ready yet
    max_command = integer(65536, _NATURAL)  # of one command of a peer that is not ready yet
    max_properties = integer(256, _NATURAL)  # metadata properties of one peer
    max_pongs = integer(1, writable=False)  # answers to PINGs that wait to be written
    monitor_hwm = integer(1000, _NATURAL)  # monitor events that wait to be read
    ipc_mode = integer(0o700, between(0, 0o777))  # of the file of a bound ipc endpoint
    max_datagram = integer(65507, between(1, 65507))
    max_ws_handshake = integer(16384, _NATURAL, feature="ws")
    max_ws_headers = integer(100, _NATURAL, feature="ws")  # header lines of one handshake
    max_pgm_sources = integer(1024, _NATURAL, feature="multicast")

    type = integer(writable=False)

    def __init__(self, socket_type: int, context: ContextOptions | None = None) -> None:
        """Start with the defaults of the type and the context."""
        self.type = int(socket_type)
        if socket_type in _NO_LINGER:
            self.linger = 0
        if context is not None:
            if context.accept_old_zmtp:
                self.accept_old_zmtp = context.accept_old_zmtp
            if context.ipv6:
                self.ipv6, self.ipv4only = 1, 0
            if not context.blocky:
                self.linger = 0

    @property
    def type_name(self) -> str:
        """The socket type as it is called, and as it stands in READY."""
        return SocketType(self.type).name

    #: Set in the context only.
    accept_old_zmtp = 0
    #: One flag for all mechanisms, see `_secured`.
    as_server = 0
    #: `frame_limit` where MAXMSGSIZE is -1.
    default_frame_limit = FRAME_LIMIT

    @property
    def frame_limit(self) -> int:
        """Octets that one received frame, or all frames of one message, may have."""
        return self.default_frame_limit if self.maxmsgsize < 0 else self.maxmsgsize

    @property
    def heartbeat_wait(self) -> int:
        """Milliseconds to wait for an answer to a PING: HEARTBEAT_TIMEOUT, else HEARTBEAT_IVL."""
        return self.heartbeat_ivl if self.heartbeat_timeout < 0 else self.heartbeat_timeout

    def objection(self, row: Row[Any]) -> str | None:
        """Say why an option is not for this socket's type, or None if it is."""
        if row.types is not None and self.type not in row.types:
            return f"not for {self.type_name} sockets"
        if row.types is _FILTERED and self.type == SocketType.XPUB and not self.xpub_manual:
            return "an XPUB needs XPUB_MANUAL for it"
        return None


def _remove_cpu(options: ContextOptions, cpu: int) -> None:
    if cpu not in options.thread_affinity_cpu_add:
        raise ValueError("was not added before")
    options.thread_affinity_cpu_add -= {cpu}


class ContextOptions(OptionSet, enums=(ContextOption, ExtraContextOption, SocketOption)):
    """The options of one context."""

    io_threads = integer(IO_THREADS_DFLT, _NATURAL)
    max_sockets = integer(MAX_SOCKETS_DFLT, _POSITIVE)
    # These two have one number: reading it gives the first, setting it sets the second.
    socket_limit = integer(65535, writable=False)
    thread_priority = integer(THREAD_PRIORITY_DFLT, _NATURAL, readable=False)
    thread_sched_policy = integer(THREAD_SCHED_POLICY_DFLT, _NATURAL)
    max_msgsz = integer((1 << 31) - 1, _NATURAL)
    msg_t_size = integer(64, writable=False)
    thread_affinity_cpu_add = custom(
        frozenset[int](), int, _NATURAL, readable=False, store=add_number
    )
    thread_affinity_cpu_remove = integer(
        check=_NATURAL, readable=False, dynamic=True, then=_remove_cpu
    )
    thread_name_prefix = custom("", (int, str, bytes), store=name_text, show=leading_number)
    # Small messages are copied out of the common buffer, large ones never are.
    zero_copy_recv = boolean(1, _LOOSE, feature="zero-copy switch")
    ipv6 = boolean(0, _LOOSE)
    blocky = boolean(1, _LOOSE)
    accept_old_zmtp = boolean(
        feature="ZMTP 1.0/2.0"
    )  # ZMTP 1.0 and 2.0, for sockets made later and without security

    @property
    def thread_affinity(self) -> frozenset[int]:
        """The processors that I/O threads may run on; none means all."""
        return self.thread_affinity_cpu_add
