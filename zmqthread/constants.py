"""The numbers of ZeroMQ as enums, and as the flat names that ``import *`` gives."""

from __future__ import annotations

# Private names: ``import *`` of this module gives ZeroMQ's names and the enum classes.
import errno as _errno
import sys as _sys
from enum import Enum, IntEnum, IntFlag
from typing import Final as _Final
from typing import Self as _Self

_HAUSNUMERO: _Final = 156384712


def _posix(name: str, offset: int, windows: int) -> int:
    """Return the number of a POSIX error as libzmq, built for this platform, gives it.

    On Windows that is the number in the C run-time's ``errno.h``; the ``errno`` module has the
    Winsock numbers under the same names there. libzmq makes up what a platform lacks.
    """
    if _sys.platform == "win32":
        return windows
    return getattr(_errno, name, _HAUSNUMERO + offset)


class Errno(IntEnum):
    """Error numbers that a call can end with."""

    EAGAIN = _errno.EAGAIN
    EFAULT = _errno.EFAULT
    EINVAL = _errno.EINVAL
    ENOTSUP = _posix("ENOTSUP", 1, 129)
    EPROTONOSUPPORT = _posix("EPROTONOSUPPORT", 2, 135)
    ENOBUFS = _posix("ENOBUFS", 3, 119)
    ENETDOWN = _posix("ENETDOWN", 4, 116)
    EADDRINUSE = _posix("EADDRINUSE", 5, 100)
    EADDRNOTAVAIL = _posix("EADDRNOTAVAIL", 6, 101)
    ECONNREFUSED = _posix("ECONNREFUSED", 7, 107)
    EINPROGRESS = _posix("EINPROGRESS", 8, 112)
    ENOTSOCK = _posix("ENOTSOCK", 9, 128)
    EMSGSIZE = _posix("EMSGSIZE", 10, 115)
    EAFNOSUPPORT = _posix("EAFNOSUPPORT", 11, 102)
    ENETUNREACH = _posix("ENETUNREACH", 12, 118)
    ECONNABORTED = _posix("ECONNABORTED", 13, 106)
    ECONNRESET = _posix("ECONNRESET", 14, 108)
    ENOTCONN = _posix("ENOTCONN", 15, 126)
    ETIMEDOUT = _posix("ETIMEDOUT", 16, 138)
    EHOSTUNREACH = _posix("EHOSTUNREACH", 17, 110)
    ENETRESET = _posix("ENETRESET", 18, 117)

    # ZeroMQ's own
    EFSM = _HAUSNUMERO + 51
    ENOCOMPATPROTO = _HAUSNUMERO + 52
    ETERM = _HAUSNUMERO + 53
    EMTHREAD = _HAUSNUMERO + 54


class ContextOption(IntEnum):
    """Options of a context."""

    IO_THREADS = 1
    MAX_SOCKETS = 2
    SOCKET_LIMIT = 3
    THREAD_PRIORITY = SOCKET_LIMIT
    THREAD_SCHED_POLICY = 4
    MAX_MSGSZ = 5
    MSG_T_SIZE = 6
    THREAD_AFFINITY_CPU_ADD = 7
    THREAD_AFFINITY_CPU_REMOVE = 8
    THREAD_NAME_PREFIX = 9


class SocketType(IntEnum):
    """Kinds of sockets."""

    PAIR = 0
    PUB = 1
    SUB = 2
    REQ = 3
    REP = 4
    DEALER = 5
    ROUTER = 6
    PULL = 7
    PUSH = 8
    XPUB = 9
    XSUB = 10
    STREAM = 11

    # the names before libzmq 3.0
    XREQ = DEALER
    XREP = ROUTER

    # single-part types, draft in libzmq
    SERVER = 12
    CLIENT = 13
    RADIO = 14
    DISH = 15
    GATHER = 16
    SCATTER = 17
    DGRAM = 18
    PEER = 19
    CHANNEL = 20


class _OptType(Enum):
    """How the value of an option is passed."""

    int = "int"
    int64 = "int64"
    bytes = "bytes"
    fd = "fd"


class _TypedOption(IntEnum):
    """An option number that knows the type of its value."""

    _opt_type: _OptType

    def __new__(cls, value: int, opt_type: _OptType = _OptType.int) -> _Self:
        """Make a member from its number; the type is int where none is given."""
        member = int.__new__(cls, value)
        member._value_ = value
        member._opt_type = opt_type  # noqa: SLF001 - pyzmq's name
        return member


class SocketOption(_TypedOption):
    """Options of a socket."""

    # gone since libzmq 3.0: kept for ``Socket.hwm``, EINVAL as an option
    HWM = 1

    AFFINITY = 4, _OptType.int64
    ROUTING_ID = 5, _OptType.bytes
    SUBSCRIBE = 6, _OptType.bytes
    UNSUBSCRIBE = 7, _OptType.bytes
    RATE = 8
    RECOVERY_IVL = 9
    SNDBUF = 11
    RCVBUF = 12
    RCVMORE = 13
    FD = 14, _OptType.fd
    EVENTS = 15
    TYPE = 16
    LINGER = 17
    RECONNECT_IVL = 18
    BACKLOG = 19
    RECONNECT_IVL_MAX = 21
    MAXMSGSIZE = 22, _OptType.int64
    SNDHWM = 23
    RCVHWM = 24
    MULTICAST_HOPS = 25
    RCVTIMEO = 27
    SNDTIMEO = 28
    LAST_ENDPOINT = 32, _OptType.bytes
    ROUTER_MANDATORY = 33
    TCP_KEEPALIVE = 34
    TCP_KEEPALIVE_CNT = 35
    TCP_KEEPALIVE_IDLE = 36
    TCP_KEEPALIVE_INTVL = 37
    IMMEDIATE = 39
    XPUB_VERBOSE = 40
    ROUTER_RAW = 41
    IPV6 = 42
    MECHANISM = 43
    PLAIN_SERVER = 44
    PLAIN_USERNAME = 45, _OptType.bytes
    PLAIN_PASSWORD = 46, _OptType.bytes
    CURVE_SERVER = 47
    CURVE_PUBLICKEY = 48, _OptType.bytes
    CURVE_SECRETKEY = 49, _OptType.bytes
    CURVE_SERVERKEY = 50, _OptType.bytes
    PROBE_ROUTER = 51
    REQ_CORRELATE = 52
    REQ_RELAXED = 53
    CONFLATE = 54
    ZAP_DOMAIN = 55, _OptType.bytes
    ROUTER_HANDOVER = 56
    TOS = 57
    CONNECT_ROUTING_ID = 61, _OptType.bytes
    GSSAPI_SERVER = 62
    GSSAPI_PRINCIPAL = 63, _OptType.bytes
    GSSAPI_SERVICE_PRINCIPAL = 64, _OptType.bytes
    GSSAPI_PLAINTEXT = 65
    HANDSHAKE_IVL = 66
    SOCKS_PROXY = 68, _OptType.bytes
    XPUB_NODROP = 69
    BLOCKY = 70
    XPUB_MANUAL = 71
    XPUB_WELCOME_MSG = 72, _OptType.bytes
    STREAM_NOTIFY = 73
    INVERT_MATCHING = 74
    HEARTBEAT_IVL = 75
    HEARTBEAT_TTL = 76
    HEARTBEAT_TIMEOUT = 77
    XPUB_VERBOSER = 78
    CONNECT_TIMEOUT = 79
    TCP_MAXRT = 80
    THREAD_SAFE = 81
    MULTICAST_MAXTPDU = 84
    VMCI_BUFFER_SIZE = 85, _OptType.int64
    VMCI_BUFFER_MIN_SIZE = 86, _OptType.int64
    VMCI_BUFFER_MAX_SIZE = 87, _OptType.int64
    VMCI_CONNECT_TIMEOUT = 88
    USE_FD = 89
    GSSAPI_PRINCIPAL_NAMETYPE = 90
    GSSAPI_SERVICE_PRINCIPAL_NAMETYPE = 91
    BINDTODEVICE = 92, _OptType.bytes

    # deprecated: second names, and options of their own
    IDENTITY = ROUTING_ID
    CONNECT_RID = CONNECT_ROUTING_ID
    TCP_ACCEPT_FILTER = 38, _OptType.bytes
    IPC_FILTER_PID = 58
    IPC_FILTER_UID = 59
    IPC_FILTER_GID = 60
    IPV4ONLY = 31
    DELAY_ATTACH_ON_CONNECT = IMMEDIATE
    FAIL_UNROUTABLE = ROUTER_MANDATORY
    ROUTER_BEHAVIOR = ROUTER_MANDATORY

    # numbered in libzmq's draft section
    ZAP_ENFORCE_DOMAIN = 93
    LOOPBACK_FASTPATH = 94
    METADATA = 95, _OptType.bytes
    MULTICAST_LOOP = 96
    ROUTER_NOTIFY = 97
    XPUB_MANUAL_LAST_VALUE = 98
    SOCKS_USERNAME = 99, _OptType.bytes
    SOCKS_PASSWORD = 100, _OptType.bytes
    IN_BATCH_SIZE = 101
    OUT_BATCH_SIZE = 102
    WSS_KEY_PEM = 103, _OptType.bytes
    WSS_CERT_PEM = 104, _OptType.bytes
    WSS_TRUST_PEM = 105, _OptType.bytes
    WSS_HOSTNAME = 106, _OptType.bytes
    WSS_TRUST_SYSTEM = 107
    ONLY_FIRST_SUBSCRIBE = 108
    RECONNECT_STOP = 109
    HELLO_MSG = 110, _OptType.bytes
    DISCONNECT_MSG = 111, _OptType.bytes
    PRIORITY = 112
    BUSY_POLL = 113
    HICCUP_MSG = 114, _OptType.bytes
    XSUB_VERBOSE_UNSUBSCRIBE = 115
    TOPICS_COUNT = 116
    NORM_MODE = 117
    NORM_UNICAST_NACK = 118
    NORM_BUFFER_SIZE = 119
    NORM_SEGMENT_SIZE = 120
    NORM_BLOCK_SIZE = 121
    NORM_NUM_PARITY = 122
    NORM_NUM_AUTOPARITY = 123
    NORM_PUSH = 124


class MessageOption(IntEnum):
    """Integer properties of a frame."""

    MORE = 1
    SHARED = 3
    SRCFD = 2


class Flag(IntFlag):
    """Flags of send and recv."""

    DONTWAIT = 1
    SNDMORE = 2
    NOBLOCK = DONTWAIT


class RouterNotify(IntEnum):
    """Bits of the option ROUTER_NOTIFY; the flat names begin with ``NOTIFY_``."""

    CONNECT = 1
    DISCONNECT = 2


class NormMode(IntEnum):
    """Values of the option NORM_MODE; the flat names begin with ``NORM_``."""

    FIXED = 0
    CC = 1
    CCL = 2
    CCE = 3
    CCE_ECNONLY = 4


class SecurityMechanism(IntEnum):
    """Values of the option MECHANISM."""

    NULL = 0
    PLAIN = 1
    CURVE = 2
    GSSAPI = 3


class ReconnectStop(IntEnum):
    """Bits of the option RECONNECT_STOP; the flat names begin with ``RECONNECT_STOP_``."""

    CONN_REFUSED = 1
    HANDSHAKE_FAILED = 2
    AFTER_DISCONNECT = 4


class Event(IntFlag):
    """Monitor events, and the protocol error codes that are the value of some of them.

    The flat names of the events begin with ``EVENT_``.
    """

    PROTOCOL_ERROR_WS_UNSPECIFIED = 0x30000000
    PROTOCOL_ERROR_ZMTP_UNSPECIFIED = 0x10000000
    PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND = 0x10000001
    PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE = 0x10000002
    PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE = 0x10000003
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED = 0x10000011
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE = 0x10000012
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO = 0x10000013
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE = 0x10000014
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR = 0x10000015
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY = 0x10000016
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME = 0x10000017
    PROTOCOL_ERROR_ZMTP_INVALID_METADATA = 0x10000018
    PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC = 0x11000001
    PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH = 0x11000002
    PROTOCOL_ERROR_ZAP_UNSPECIFIED = 0x20000000
    PROTOCOL_ERROR_ZAP_MALFORMED_REPLY = 0x20000001
    PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID = 0x20000002
    PROTOCOL_ERROR_ZAP_BAD_VERSION = 0x20000003
    PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE = 0x20000004
    PROTOCOL_ERROR_ZAP_INVALID_METADATA = 0x20000005

    # after the codes: an event that is also a bit of a code keeps its own name
    CONNECTED = 0x0001
    CONNECT_DELAYED = 0x0002
    CONNECT_RETRIED = 0x0004
    LISTENING = 0x0008
    BIND_FAILED = 0x0010
    ACCEPTED = 0x0020
    ACCEPT_FAILED = 0x0040
    CLOSED = 0x0080
    CLOSE_FAILED = 0x0100
    DISCONNECTED = 0x0200
    MONITOR_STOPPED = 0x0400
    HANDSHAKE_FAILED_NO_DETAIL = 0x0800
    HANDSHAKE_SUCCEEDED = 0x1000
    HANDSHAKE_FAILED_PROTOCOL = 0x2000
    HANDSHAKE_FAILED_AUTH = 0x4000
    ALL_V1 = 0xFFFF
    ALL = ALL_V1

    # second version of the monitor only
    PIPES_STATS = 0x10000
    ALL_V2 = ALL_V1 | PIPES_STATS


class PollEvent(IntFlag):
    """What to poll for."""

    POLLIN = 1
    POLLOUT = 2
    POLLERR = 4
    POLLPRI = 8


class DeviceType(IntEnum):
    """Kinds of devices: all of them are proxies."""

    STREAMER = 1
    FORWARDER = 2
    QUEUE = 3


class LimitOption(_TypedOption):
    """Options of a socket that only zmqthread has; no libzmq number comes near."""

    MAX_PARTS = 10001
    MAX_TOPIC = 10002
    MAX_SUBSCRIPTIONS = 10003
    PIPE_BYTES = 10004, _OptType.int64
    MAX_HANDSHAKES = 10005
    MAX_COMMAND = 10006
    MAX_PROPERTIES = 10007
    MAX_PONGS = 10008
    MONITOR_HWM = 10009
    IPC_MODE = 10010
    MAX_DATAGRAM = 10011
    MAX_WS_HANDSHAKE = 10012
    MAX_WS_HEADERS = 10013
    MAX_PGM_SOURCES = 10014


class ExtraContextOption(IntEnum):
    """Options of a context that pyzmq has no name for, or that only zmqthread has (>= 10000)."""

    ZERO_COPY_RECV = 10
    ACCEPT_OLD_ZMTP = 10101


# The flat names, in the order of the members. IPV6 and BLOCKY are options of sockets and of
# contexts with one number, so that the socket's name serves for both.
# fmt: off
(
    EAGAIN, EFAULT, EINVAL, ENOTSUP, EPROTONOSUPPORT, ENOBUFS, ENETDOWN, EADDRINUSE,
    EADDRNOTAVAIL, ECONNREFUSED, EINPROGRESS, ENOTSOCK, EMSGSIZE, EAFNOSUPPORT, ENETUNREACH,
    ECONNABORTED, ECONNRESET, ENOTCONN, ETIMEDOUT, EHOSTUNREACH, ENETRESET, EFSM, ENOCOMPATPROTO,
    ETERM, EMTHREAD,
) = Errno.__members__.values()
(
    IO_THREADS, MAX_SOCKETS, SOCKET_LIMIT, THREAD_PRIORITY, THREAD_SCHED_POLICY, MAX_MSGSZ,
    MSG_T_SIZE, THREAD_AFFINITY_CPU_ADD, THREAD_AFFINITY_CPU_REMOVE, THREAD_NAME_PREFIX,
) = ContextOption.__members__.values()
(
    PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM, XREQ, XREP, SERVER,
    CLIENT, RADIO, DISH, GATHER, SCATTER, DGRAM, PEER, CHANNEL,
) = SocketType.__members__.values()
(
    HWM, AFFINITY, ROUTING_ID, SUBSCRIBE, UNSUBSCRIBE, RATE, RECOVERY_IVL, SNDBUF, RCVBUF,
    RCVMORE, FD, EVENTS, TYPE, LINGER, RECONNECT_IVL, BACKLOG, RECONNECT_IVL_MAX, MAXMSGSIZE,
    SNDHWM, RCVHWM, MULTICAST_HOPS, RCVTIMEO, SNDTIMEO, LAST_ENDPOINT, ROUTER_MANDATORY,
    TCP_KEEPALIVE, TCP_KEEPALIVE_CNT, TCP_KEEPALIVE_IDLE, TCP_KEEPALIVE_INTVL, IMMEDIATE,
    XPUB_VERBOSE, ROUTER_RAW, IPV6, MECHANISM, PLAIN_SERVER, PLAIN_USERNAME, PLAIN_PASSWORD,
    CURVE_SERVER, CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY, PROBE_ROUTER, REQ_CORRELATE,
    REQ_RELAXED, CONFLATE, ZAP_DOMAIN, ROUTER_HANDOVER, TOS, CONNECT_ROUTING_ID, GSSAPI_SERVER,
    GSSAPI_PRINCIPAL, GSSAPI_SERVICE_PRINCIPAL, GSSAPI_PLAINTEXT, HANDSHAKE_IVL, SOCKS_PROXY,
    XPUB_NODROP, BLOCKY, XPUB_MANUAL, XPUB_WELCOME_MSG, STREAM_NOTIFY, INVERT_MATCHING,
    HEARTBEAT_IVL, HEARTBEAT_TTL, HEARTBEAT_TIMEOUT, XPUB_VERBOSER, CONNECT_TIMEOUT, TCP_MAXRT,
    THREAD_SAFE, MULTICAST_MAXTPDU, VMCI_BUFFER_SIZE, VMCI_BUFFER_MIN_SIZE, VMCI_BUFFER_MAX_SIZE,
    VMCI_CONNECT_TIMEOUT, USE_FD, GSSAPI_PRINCIPAL_NAMETYPE, GSSAPI_SERVICE_PRINCIPAL_NAMETYPE,
    BINDTODEVICE, IDENTITY, CONNECT_RID, TCP_ACCEPT_FILTER, IPC_FILTER_PID, IPC_FILTER_UID,
    IPC_FILTER_GID, IPV4ONLY, DELAY_ATTACH_ON_CONNECT, FAIL_UNROUTABLE, ROUTER_BEHAVIOR,
    ZAP_ENFORCE_DOMAIN, LOOPBACK_FASTPATH, METADATA, MULTICAST_LOOP, ROUTER_NOTIFY,
    XPUB_MANUAL_LAST_VALUE, SOCKS_USERNAME, SOCKS_PASSWORD, IN_BATCH_SIZE, OUT_BATCH_SIZE,
    WSS_KEY_PEM, WSS_CERT_PEM, WSS_TRUST_PEM, WSS_HOSTNAME, WSS_TRUST_SYSTEM,
    ONLY_FIRST_SUBSCRIBE, RECONNECT_STOP, HELLO_MSG, DISCONNECT_MSG, PRIORITY, BUSY_POLL,
    HICCUP_MSG, XSUB_VERBOSE_UNSUBSCRIBE, TOPICS_COUNT, NORM_MODE, NORM_UNICAST_NACK,
    NORM_BUFFER_SIZE, NORM_SEGMENT_SIZE, NORM_BLOCK_SIZE, NORM_NUM_PARITY, NORM_NUM_AUTOPARITY,
    NORM_PUSH,
) = SocketOption.__members__.values()
(
    MORE, SHARED, SRCFD,
) = MessageOption.__members__.values()
(
    DONTWAIT, SNDMORE, NOBLOCK,
) = Flag.__members__.values()
(
    NOTIFY_CONNECT, NOTIFY_DISCONNECT,
) = RouterNotify.__members__.values()
(
    NORM_FIXED, NORM_CC, NORM_CCL, NORM_CCE, NORM_CCE_ECNONLY,
) = NormMode.__members__.values()
(
    NULL, PLAIN, CURVE, GSSAPI,
) = SecurityMechanism.__members__.values()
(
    RECONNECT_STOP_CONN_REFUSED, RECONNECT_STOP_HANDSHAKE_FAILED, RECONNECT_STOP_AFTER_DISCONNECT,
) = ReconnectStop.__members__.values()
(
    PROTOCOL_ERROR_WS_UNSPECIFIED, PROTOCOL_ERROR_ZMTP_UNSPECIFIED,
    PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND, PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE,
    PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE, PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED,
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE, PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO,
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE, PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR,
    PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY, PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME,
    PROTOCOL_ERROR_ZMTP_INVALID_METADATA, PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC,
    PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH, PROTOCOL_ERROR_ZAP_UNSPECIFIED,
    PROTOCOL_ERROR_ZAP_MALFORMED_REPLY, PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID,
    PROTOCOL_ERROR_ZAP_BAD_VERSION, PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE,
    PROTOCOL_ERROR_ZAP_INVALID_METADATA, EVENT_CONNECTED, EVENT_CONNECT_DELAYED,
    EVENT_CONNECT_RETRIED, EVENT_LISTENING, EVENT_BIND_FAILED, EVENT_ACCEPTED,
    EVENT_ACCEPT_FAILED, EVENT_CLOSED, EVENT_CLOSE_FAILED, EVENT_DISCONNECTED,
    EVENT_MONITOR_STOPPED, EVENT_HANDSHAKE_FAILED_NO_DETAIL, EVENT_HANDSHAKE_SUCCEEDED,
    EVENT_HANDSHAKE_FAILED_PROTOCOL, EVENT_HANDSHAKE_FAILED_AUTH, EVENT_ALL_V1, EVENT_ALL,
    EVENT_PIPES_STATS, EVENT_ALL_V2,
) = Event.__members__.values()
(
    POLLIN, POLLOUT, POLLERR, POLLPRI,
) = PollEvent.__members__.values()
(
    STREAMER, FORWARDER, QUEUE,
) = DeviceType.__members__.values()
(
    MAX_PARTS, MAX_TOPIC, MAX_SUBSCRIPTIONS, PIPE_BYTES, MAX_HANDSHAKES, MAX_COMMAND,
    MAX_PROPERTIES, MAX_PONGS, MONITOR_HWM, IPC_MODE, MAX_DATAGRAM, MAX_WS_HANDSHAKE,
    MAX_WS_HEADERS, MAX_PGM_SOURCES,
) = LimitOption.__members__.values()
ZERO_COPY_RECV, ACCEPT_OLD_ZMTP = ExtraContextOption.__members__.values()
# fmt: on

# What zmq.h has besides: the version whose behaviour is matched, defaults, names.
VERSION_MAJOR: _Final = 4
VERSION_MINOR: _Final = 3
VERSION_PATCH: _Final = 5
VERSION: _Final = VERSION_MAJOR * 10000 + VERSION_MINOR * 100 + VERSION_PATCH
IO_THREADS_DFLT: _Final = 1
MAX_SOCKETS_DFLT: _Final = 1023
THREAD_PRIORITY_DFLT: _Final = -1
THREAD_SCHED_POLICY_DFLT: _Final = -1
POLLITEMS_DFLT: _Final = 16
GROUP_MAX_LENGTH: _Final = 255
HAS_CAPABILITIES: _Final = 1
CURRENT_EVENT_VERSION: _Final = 1
CURRENT_EVENT_VERSION_DRAFT: _Final = 2
GSSAPI_NT_HOSTBASED: _Final = 0
GSSAPI_NT_USER_NAME: _Final = 1
GSSAPI_NT_KRB5_PRINCIPAL: _Final = 2
MSG_PROPERTY_ROUTING_ID: _Final = "Routing-Id"
MSG_PROPERTY_SOCKET_TYPE: _Final = "Socket-Type"
MSG_PROPERTY_USER_ID: _Final = "User-Id"
MSG_PROPERTY_PEER_ADDRESS: _Final = "Peer-Address"

# Not as a plain list: type checkers would believe that it is empty.
globals()["__all__"] = [
    _name for _name in globals() if _name[0].isalpha() and _name != "annotations"
]
