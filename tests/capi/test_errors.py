"""Every function with every error number that it is said to give."""

from __future__ import annotations

import errno
import signal
import sys
from typing import Any

import pytest

from tests.capi.support import World, fails
from zmqthread import capi as z

#: What functions.md of libzmq's manual pages lists; "send" and "recv" are spelt out.
_SENDING = "EAGAIN ENOTSUP EFSM ETERM ENOTSOCK EHOSTUNREACH"
_RECEIVING = "EAGAIN ENOTSUP EFSM ETERM ENOTSOCK"
LISTED = {
    "zmq_ctx_new": "EMFILE",
    "zmq_ctx_term": "EFAULT EINTR",
    "zmq_term": "EFAULT EINTR",
    "zmq_ctx_destroy": "EFAULT EINTR",
    "zmq_ctx_shutdown": "EFAULT",
    "zmq_ctx_set": "EINVAL EFAULT",
    "zmq_ctx_get": "EINVAL EFAULT",
    "zmq_ctx_set_ext": "EINVAL EFAULT",
    "zmq_ctx_get_ext": "EINVAL EFAULT",
    "zmq_init": "EINVAL",
    "zmq_msg_init_size": "ENOMEM",
    "zmq_msg_init_data": "ENOMEM",
    "zmq_msg_init_buffer": "ENOMEM",
    "zmq_msg_send": f"{_SENDING} EINVAL EINTR EFAULT",
    "zmq_sendmsg": f"{_SENDING} EINVAL EINTR EFAULT",
    "zmq_msg_recv": f"{_RECEIVING} EINTR EFAULT",
    "zmq_recvmsg": f"{_RECEIVING} EINTR EFAULT",
    "zmq_msg_close": "EFAULT",
    "zmq_msg_move": "EFAULT",
    "zmq_msg_copy": "EFAULT",
    "zmq_msg_get": "EINVAL",
    "zmq_msg_set": "EINVAL",
    "zmq_msg_gets": "EINVAL",
    "zmq_msg_set_routing_id": "EINVAL",
    "zmq_msg_set_group": "EINVAL",
    "zmq_socket": "EINVAL EFAULT EMFILE ETERM",
    "zmq_close": "ENOTSOCK",
    "zmq_setsockopt": "EINVAL ETERM ENOTSOCK EINTR",
    "zmq_getsockopt": "EINVAL ETERM ENOTSOCK EINTR",
    "zmq_bind": (
        "EINVAL EPROTONOSUPPORT ENOCOMPATPROTO EADDRINUSE EADDRNOTAVAIL ENODEV ETERM ENOTSOCK "
        "EMTHREAD ENAMETOOLONG ENOENT EAFNOSUPPORT EAGAIN"
    ),
    "zmq_connect": "EINVAL EPROTONOSUPPORT ENOCOMPATPROTO ETERM ENOTSOCK EMTHREAD",
    "zmq_connect_peer": (
        "EINVAL EPROTONOSUPPORT ENOCOMPATPROTO ETERM ENOTSOCK EMTHREAD ENOTSUP EFAULT"
    ),
    "zmq_disconnect_peer": "EHOSTUNREACH ENOTSUP ENOTSOCK ETERM",
    "zmq_unbind": "EINVAL ETERM ENOTSOCK ENOENT",
    "zmq_disconnect": "EINVAL ETERM ENOTSOCK ENOENT",
    "zmq_join": "EINVAL ENOTSUP ENOTSOCK",
    "zmq_leave": "EINVAL ENOTSUP ENOTSOCK",
    "zmq_send": f"{_SENDING} EINVAL EINTR",
    "zmq_send_const": f"{_SENDING} EINTR",
    "zmq_recv": f"{_RECEIVING} EINTR",
    "zmq_sendiov": f"{_SENDING} EINVAL",
    "zmq_recviov": f"{_RECEIVING} EINVAL ENOMEM",
    "zmq_socket_monitor": "ETERM EPROTONOSUPPORT EINVAL",
    "zmq_socket_monitor_versioned": "ETERM EPROTONOSUPPORT EINVAL",
    "zmq_socket_monitor_pipes_stats": "ENOTSOCK EINVAL EAGAIN",
    "zmq_socket_get_peer_state": "ENOTSUP EHOSTUNREACH ENOTSOCK",
    "zmq_poll": "ETERM EFAULT EINTR EINVAL ENOTSOCK",
    "zmq_ppoll": "ETERM EFAULT EINTR EINVAL ENOTSOCK ENOTSUP",
    "zmq_proxy": "ETERM EINTR EFAULT",
    "zmq_proxy_steerable": "ETERM EINTR EFAULT",
    "zmq_device": "ETERM EINTR EFAULT",
    "zmq_z85_encode": "EINVAL",
    "zmq_z85_decode": "EINVAL",
    "zmq_curve_keypair": "ENOTSUP",
    "zmq_curve_public": "ENOTSUP EINVAL",
    "zmq_timers_destroy": "EFAULT",
    "zmq_timers_add": "EFAULT",
    "zmq_timers_cancel": "EFAULT EINVAL",
    "zmq_timers_set_interval": "EFAULT EINVAL",
    "zmq_timers_reset": "EFAULT EINVAL",
    "zmq_timers_timeout": "EFAULT",
    "zmq_timers_execute": "EFAULT",
    "zmq_poller_destroy": "EFAULT",
    "zmq_poller_size": "EFAULT",
    "zmq_poller_add": "EFAULT ENOTSOCK EINVAL EMFILE ENOMEM",
    "zmq_poller_modify": "EFAULT ENOTSOCK EINVAL",
    "zmq_poller_remove": "EFAULT ENOTSOCK EINVAL",
    "zmq_poller_add_fd": "EFAULT EBADF EINVAL ENOMEM",
    "zmq_poller_modify_fd": "EFAULT EBADF EINVAL",
    "zmq_poller_remove_fd": "EFAULT EBADF EINVAL",
    "zmq_poller_wait": "ETERM EFAULT EINTR EAGAIN ENOMEM",
    "zmq_poller_wait_all": "ETERM EFAULT EINTR EAGAIN ENOMEM EINVAL",
    "zmq_poller_fd": "EINVAL EFAULT",
}

_MEMORY = "Python raises MemoryError where the interpreter itself has none left"
#: What cannot be shown, and why.
EXCUSED = {
    ("zmq_ctx_new", "EMFILE"): "takes no descriptors: they are taken with the first socket",
    ("zmq_msg_init_data", "ENOMEM"): _MEMORY,
    ("zmq_msg_init_buffer", "ENOMEM"): _MEMORY,
    ("zmq_recviov", "ENOMEM"): _MEMORY,
    ("zmq_poller_add", "ENOMEM"): _MEMORY,
    ("zmq_poller_add_fd", "ENOMEM"): _MEMORY,
    ("zmq_poller_wait", "ENOMEM"): _MEMORY,
    ("zmq_poller_wait_all", "ENOMEM"): _MEMORY,
    ("zmq_poller_add", "EMFILE"): "takes no descriptors",
    ("zmq_bind", "EAFNOSUPPORT"): "tipc, vmci and vsock are not there: EPROTONOSUPPORT",
    ("zmq_bind", "EAGAIN"): "tipc is not there: EPROTONOSUPPORT",
}
#: Calls go on after a signal, as everywhere in Python; see tests/api/test_signals.py.
_NEVER = "EINTR"

CASES: dict[tuple[str, str], Any] = {}


def case(functions: str, number: str) -> Any:
    """Register a call that has to fail; it is given the name of the function to call."""

    def register(call: Any) -> Any:
        for function in functions.split():
            assert (function, number) not in CASES
            CASES[function, number] = call
        return call

    return register


def message(octets: bytes = b"x") -> Any:
    msg = z.zmq_msg_t()
    z.zmq_msg_init_buffer(msg, octets)
    return msg


def transfer(function: str, socket: Any, flags: int = 0) -> None:
    """Send or receive something by one of the functions that do so."""
    call = getattr(z, function)
    if function in {"zmq_msg_send", "zmq_msg_recv"}:
        call(message(), socket, flags)
    elif function in {"zmq_sendmsg", "zmq_recvmsg"}:
        call(socket, message(), flags)
    elif function == "zmq_sendiov":
        call(socket, [b"x", b"y"], 2, flags | z.ZMQ_SNDMORE)
    elif function == "zmq_recviov":
        call(socket, [z.iovec()], 1, flags)
    else:
        call(socket, bytearray(1), 1, flags)


SENDING = "zmq_send zmq_send_const zmq_msg_send zmq_sendmsg zmq_sendiov"
RECEIVING = "zmq_recv zmq_msg_recv zmq_recvmsg zmq_recviov"


@case(SENDING, "EAGAIN")
def send_without_a_peer(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_PUSH), z.ZMQ_DONTWAIT)


@case(RECEIVING, "EAGAIN")
def receive_nothing(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_PULL), z.ZMQ_DONTWAIT)


@case(SENDING, "ENOTSUP")
def send_on_a_pull(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_PULL))


@case(RECEIVING, "ENOTSUP")
def receive_on_a_push(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_PUSH))


@case(SENDING, "EFSM")
def reply_before_the_request(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_REP))


@case(RECEIVING, "EFSM")
def receive_before_the_request(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_REQ))


@case(f"{SENDING} {RECEIVING}", "ETERM")
def transfer_after_shutdown(c: World, f: str) -> None:
    socket = c.socket(z.ZMQ_DEALER)
    z.zmq_ctx_shutdown(c.ctx)
    transfer(f, socket)


@case(f"{SENDING} {RECEIVING}", "ENOTSOCK")
def transfer_without_a_socket(_c: World, f: str) -> None:
    transfer(f, None)


@case(SENDING, "EHOSTUNREACH")
def send_to_nobody(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_ROUTER, router_mandatory=1), z.ZMQ_SNDMORE)


@case("zmq_send zmq_msg_send zmq_sendmsg", "EINVAL")
def send_half_a_message(c: World, f: str) -> None:
    transfer(f, c.socket(z.ZMQ_STREAM))


@case("zmq_sendiov", "EINVAL")
def send_no_buffers(c: World, _f: str) -> None:
    z.zmq_sendiov(c.socket(z.ZMQ_PUSH), [b"x"], 0, 0)


@case("zmq_recviov", "EINVAL")
def receive_no_buffers(c: World, _f: str) -> None:
    z.zmq_recviov(c.socket(z.ZMQ_PULL), [z.iovec()], 0, 0)


@case("zmq_msg_send zmq_sendmsg zmq_msg_recv zmq_recvmsg", "EFAULT")
def transfer_no_message(c: World, f: str) -> None:
    socket, msg = c.socket(z.ZMQ_DEALER), z.zmq_msg_t()
    getattr(z, f)(*((msg, socket) if "msg_" in f else (socket, msg)), z.ZMQ_DONTWAIT)


# -- contexts ---


@case("zmq_ctx_term zmq_term zmq_ctx_destroy zmq_ctx_shutdown", "EFAULT")
def no_context(_c: World, f: str) -> None:
    getattr(z, f)(None)


@case("zmq_ctx_set zmq_ctx_set_ext", "EFAULT")
def set_in_no_context(_c: World, f: str) -> None:
    getattr(z, f)(None, z.ZMQ_IO_THREADS, 1)


@case("zmq_ctx_get zmq_ctx_get_ext", "EFAULT")
def get_of_no_context(_c: World, f: str) -> None:
    getattr(z, f)(None, z.ZMQ_IO_THREADS)


@case("zmq_ctx_set zmq_ctx_set_ext", "EINVAL")
def set_an_unknown_option(c: World, f: str) -> None:
    getattr(z, f)(c.ctx, -1, 0)


@case("zmq_ctx_get zmq_ctx_get_ext", "EINVAL")
def get_an_unknown_option(c: World, f: str) -> None:
    getattr(z, f)(c.ctx, -1)


@case("zmq_init", "EINVAL")
def less_than_no_threads(_c: World, _f: str) -> None:
    z.zmq_init(-1)


@case("zmq_socket", "EINVAL")
def an_unknown_type(c: World, _f: str) -> None:
    z.zmq_socket(c.ctx, 99)


@case("zmq_socket", "EFAULT")
def a_socket_of_nothing(_c: World, _f: str) -> None:
    z.zmq_socket(None, z.ZMQ_PAIR)


@case("zmq_socket", "EMFILE")
def too_many_sockets(c: World, _f: str) -> None:
    z.zmq_ctx_set(c.ctx, z.ZMQ_MAX_SOCKETS, 1)
    c.socket(z.ZMQ_PAIR)
    z.zmq_socket(c.ctx, z.ZMQ_PAIR)


@case("zmq_socket", "ETERM")
def a_socket_after_shutdown(c: World, _f: str) -> None:
    z.zmq_ctx_shutdown(c.ctx)
    z.zmq_socket(c.ctx, z.ZMQ_PAIR)


# -- messages ---


@case("zmq_msg_init_size", "ENOMEM")
def a_huge_message(_c: World, _f: str) -> None:
    z.zmq_msg_init_size(z.zmq_msg_t(), 1 << 62)


@case("zmq_msg_close", "EFAULT")
def close_twice(_c: World, _f: str) -> None:
    msg = message()
    assert z.zmq_msg_close(msg) == 0
    z.zmq_msg_close(msg)


@case("zmq_msg_move zmq_msg_copy", "EFAULT")
def no_source(_c: World, f: str) -> None:
    getattr(z, f)(message(), z.zmq_msg_t())


@case("zmq_msg_get", "EINVAL")
def an_unknown_property(_c: World, _f: str) -> None:
    z.zmq_msg_get(message(), 4)


@case("zmq_msg_set", "EINVAL")
def set_a_property(_c: World, _f: str) -> None:
    z.zmq_msg_set(message(), z.ZMQ_MORE, 1)


@case("zmq_msg_gets", "EINVAL")
def an_absent_property(_c: World, _f: str) -> None:
    z.zmq_msg_gets(message(), "User-Id")


@case("zmq_msg_set_routing_id", "EINVAL")
def the_routing_id_of_nobody(_c: World, _f: str) -> None:
    z.zmq_msg_set_routing_id(message(), 0)


@case("zmq_msg_set_group", "EINVAL")
def a_long_group(_c: World, _f: str) -> None:
    z.zmq_msg_set_group(message(), "x" * 256)


# -- sockets ---


@case("zmq_close zmq_socket_monitor_pipes_stats", "ENOTSOCK")
def no_socket(_c: World, f: str) -> None:
    getattr(z, f)(None)


@case("zmq_setsockopt", "ENOTSOCK")
def set_of_no_socket(_c: World, _f: str) -> None:
    z.zmq_setsockopt(None, z.ZMQ_LINGER, 0)


@case("zmq_getsockopt", "ENOTSOCK")
def get_of_no_socket(_c: World, _f: str) -> None:
    z.zmq_getsockopt(None, z.ZMQ_LINGER)


@case("zmq_setsockopt", "EINVAL")
def set_an_unknown_socket_option(c: World, _f: str) -> None:
    z.zmq_setsockopt(c.socket(z.ZMQ_PAIR), 9999, 0)


@case("zmq_getsockopt", "EINVAL")
def get_an_unknown_socket_option(c: World, _f: str) -> None:
    z.zmq_getsockopt(c.socket(z.ZMQ_PAIR), 9999)


@case("zmq_setsockopt", "ETERM")
def set_after_shutdown(c: World, _f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    z.zmq_setsockopt(socket, z.ZMQ_LINGER, 0)


@case("zmq_getsockopt", "ETERM")
def get_after_shutdown(c: World, _f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    z.zmq_getsockopt(socket, z.ZMQ_LINGER)


ENDPOINTS = "zmq_bind zmq_connect zmq_unbind zmq_disconnect"


@case(ENDPOINTS, "EINVAL")
def a_malformed_endpoint(c: World, f: str) -> None:
    getattr(z, f)(c.socket(z.ZMQ_PAIR), "no endpoint")


@case(f"{ENDPOINTS} zmq_connect_peer", "ENOTSOCK")
def an_endpoint_of_no_socket(_c: World, f: str) -> None:
    getattr(z, f)(None, "inproc://a")


@case(f"{ENDPOINTS} zmq_connect_peer", "ETERM")
def an_endpoint_after_shutdown(c: World, f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    getattr(z, f)(socket, "inproc://a")


@case("zmq_bind zmq_connect", "EPROTONOSUPPORT")
def an_unknown_transport(c: World, f: str) -> None:
    getattr(z, f)(c.socket(z.ZMQ_PAIR), "pigeon://a")


@case("zmq_bind zmq_connect", "EMTHREAD")
def no_thread(c: World, f: str) -> None:
    z.zmq_ctx_set(c.ctx, z.ZMQ_IO_THREADS, 0)
    getattr(z, f)(c.socket(z.ZMQ_PAIR), "tcp://127.0.0.1:5555")


@case("zmq_unbind zmq_disconnect", "ENOENT")
def an_endpoint_that_is_not_there(c: World, f: str) -> None:
    getattr(z, f)(c.socket(z.ZMQ_PAIR), "inproc://a")


@case("zmq_bind", "EADDRINUSE")
def an_endpoint_twice(c: World, _f: str) -> None:
    _, name = c.bound(z.ZMQ_PAIR, "tcp://127.0.0.1:*")
    z.zmq_bind(c.socket(z.ZMQ_PAIR), name)


@case("zmq_bind", "EADDRNOTAVAIL")
def the_address_of_somebody_else(c: World, _f: str) -> None:
    z.zmq_bind(c.socket(z.ZMQ_PAIR), "tcp://192.0.2.1:5555")


@case("zmq_bind", "ENODEV")
def an_interface_that_is_not_there(c: World, _f: str) -> None:
    z.zmq_bind(c.socket(z.ZMQ_PAIR), "tcp://no!device:5555")


@case("zmq_bind", "ENAMETOOLONG")
def a_long_path(c: World, _f: str) -> None:
    z.zmq_bind(c.socket(z.ZMQ_PAIR), "ipc:///" + "x" * 200)


@case("zmq_bind", "ENOENT")
def a_path_to_nowhere(c: World, _f: str) -> None:
    z.zmq_bind(c.socket(z.ZMQ_PAIR), "ipc:///no/such/directory/socket")


@case("zmq_connect_peer", "ENOTSUP")
def not_a_peer(c: World, _f: str) -> None:
    z.zmq_connect_peer(c.socket(z.ZMQ_DEALER), "tcp://127.0.0.1:5555")


@case("zmq_connect_peer", "EINVAL")
def a_peer_without_an_address(c: World, _f: str) -> None:
    z.zmq_connect_peer(c.socket(z.ZMQ_PEER), "tcp://")


@case("zmq_connect_peer", "EPROTONOSUPPORT")
def a_peer_by_an_unknown_transport(c: World, _f: str) -> None:
    z.zmq_connect_peer(c.socket(z.ZMQ_PEER), "pigeon://a")


@case("zmq_bind zmq_connect", "ENOCOMPATPROTO")
def a_transport_of_other_types(c: World, f: str) -> None:
    getattr(z, f)(c.socket(z.ZMQ_PUSH), "udp://127.0.0.1:5555")


@case("zmq_connect_peer", "ENOCOMPATPROTO")
def a_peer_by_datagrams(c: World, _f: str) -> None:
    z.zmq_connect_peer(c.socket(z.ZMQ_PEER), "udp://127.0.0.1:5555")


@case("zmq_connect_peer", "EMTHREAD")
def a_peer_without_a_thread(c: World, _f: str) -> None:
    z.zmq_ctx_set(c.ctx, z.ZMQ_IO_THREADS, 0)
    z.zmq_connect_peer(c.socket(z.ZMQ_PEER), "tcp://127.0.0.1:5555")


@case("zmq_connect_peer", "EFAULT")
def a_peer_that_has_to_be_there(c: World, _f: str) -> None:
    z.zmq_connect_peer(c.socket(z.ZMQ_PEER, immediate=1), "tcp://127.0.0.1:5555")


@case("zmq_join", "EINVAL")
def a_group_twice(c: World, _f: str) -> None:
    dish = c.socket(z.ZMQ_DISH)
    z.zmq_join(dish, "group")
    z.zmq_join(dish, "group")


@case("zmq_leave", "EINVAL")
def a_group_that_was_not_joined(c: World, _f: str) -> None:
    z.zmq_leave(c.socket(z.ZMQ_DISH), "group")


@case("zmq_join zmq_leave", "ENOTSUP")
def not_a_dish(c: World, f: str) -> None:
    getattr(z, f)(c.socket(z.ZMQ_SUB), "group")


@case("zmq_join zmq_leave", "ENOTSOCK")
def the_group_of_no_socket(_c: World, f: str) -> None:
    getattr(z, f)(None, "group")


@case("zmq_disconnect_peer", "ENOTSUP")
def not_a_server(c: World, _f: str) -> None:
    z.zmq_disconnect_peer(c.socket(z.ZMQ_ROUTER), 1)


@case("zmq_disconnect_peer", "EHOSTUNREACH")
def a_peer_that_is_not_there(c: World, _f: str) -> None:
    z.zmq_disconnect_peer(c.socket(z.ZMQ_SERVER), 1)


@case("zmq_disconnect_peer", "ENOTSOCK")
def the_peer_of_no_socket(_c: World, _f: str) -> None:
    z.zmq_disconnect_peer(None, 1)


@case("zmq_disconnect_peer", "ETERM")
def a_peer_after_shutdown(c: World, _f: str) -> None:
    socket = c.socket(z.ZMQ_ROUTER)
    z.zmq_ctx_shutdown(c.ctx)
    z.zmq_disconnect_peer(socket, 1)


@case("zmq_socket_get_peer_state", "ENOTSUP")
def the_peer_of_a_dealer(c: World, _f: str) -> None:
    z.zmq_socket_get_peer_state(c.socket(z.ZMQ_DEALER), b"a", 1)


@case("zmq_socket_get_peer_state", "EHOSTUNREACH")
def an_unknown_peer(c: World, _f: str) -> None:
    z.zmq_socket_get_peer_state(c.socket(z.ZMQ_ROUTER), b"a", 1)


@case("zmq_socket_get_peer_state", "ENOTSOCK")
def the_state_of_no_socket(_c: World, _f: str) -> None:
    z.zmq_socket_get_peer_state(None, b"a", 1)


# -- monitors ---


def monitor(function: str, socket: Any, addr: str, events: int = z.ZMQ_EVENT_ALL) -> None:
    more = (1, z.ZMQ_PAIR) if function.endswith("versioned") else ()
    getattr(z, function)(socket, addr, events, *more)


MONITORS = "zmq_socket_monitor zmq_socket_monitor_versioned"


@case(MONITORS, "ETERM")
def monitor_after_shutdown(c: World, f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    monitor(f, socket, "inproc://a")


@case(MONITORS, "EPROTONOSUPPORT")
def monitor_over_a_network(c: World, f: str) -> None:
    monitor(f, c.socket(z.ZMQ_PAIR), "tcp://127.0.0.1:*")


@case(MONITORS, "EINVAL")
def monitor_events_of_version_2(c: World, f: str) -> None:
    monitor(f, c.socket(z.ZMQ_PAIR), "inproc://a", z.ZMQ_EVENT_PIPES_STATS)


@case("zmq_socket_monitor_pipes_stats", "EINVAL")
def statistics_that_nobody_wants(c: World, _f: str) -> None:
    z.zmq_socket_monitor_pipes_stats(c.socket(z.ZMQ_PAIR))


@case("zmq_socket_monitor_pipes_stats", "EAGAIN")
def statistics_of_no_pipes(c: World, _f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_socket_monitor_versioned(socket, "inproc://a", z.ZMQ_EVENT_ALL_V2, 2, z.ZMQ_PAIR)
    z.zmq_socket_monitor_pipes_stats(socket)


# -- polling ---

POLLS = "zmq_poll zmq_ppoll"


@case(POLLS, "ETERM")
def poll_after_shutdown(c: World, f: str) -> None:
    socket = c.socket(z.ZMQ_PAIR)
    z.zmq_ctx_shutdown(c.ctx)
    getattr(z, f)([z.zmq_pollitem_t(socket, 0, z.ZMQ_POLLIN)], 1, -1)


@case(POLLS, "EFAULT")
def poll_no_items(_c: World, f: str) -> None:
    getattr(z, f)(None, 1, 0)


@case(POLLS, "EINVAL")
def poll_less_than_no_items(_c: World, f: str) -> None:
    getattr(z, f)([], -1, 0)


@case(POLLS, "ENOTSOCK")
def poll_something_else(_c: World, f: str) -> None:
    getattr(z, f)([z.zmq_pollitem_t(object(), 0, z.ZMQ_POLLIN)], 1, 0)


@case("zmq_ppoll", "ENOTSUP")
def poll_without_signal_masks(_c: World, _f: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(signal, "pthread_sigmask")
        z.zmq_ppoll([], 0, 0, {signal.SIGTERM})


def arguments(function: str, poller: Any, item: Any, events: int = z.ZMQ_POLLIN) -> tuple[Any, ...]:
    name = function.removesuffix("_fd")
    if name.endswith("_add"):
        return poller, item, None, events
    return (poller, item, events) if name.endswith("_modify") else (poller, item)


BY_SOCKET = "zmq_poller_add zmq_poller_modify zmq_poller_remove"
BY_FD = "zmq_poller_add_fd zmq_poller_modify_fd zmq_poller_remove_fd"


@case("zmq_poller_destroy zmq_poller_size zmq_poller_fd", "EFAULT")
def no_poller(_c: World, f: str) -> None:
    getattr(z, f)(None)


@case(f"{BY_SOCKET} {BY_FD}", "EFAULT")
def registered_nowhere(c: World, f: str) -> None:
    item = 0 if f.endswith("_fd") else c.socket(z.ZMQ_PAIR)
    getattr(z, f)(*arguments(f, None, item))


@case(BY_SOCKET, "ENOTSOCK")
def register_no_socket(_c: World, f: str) -> None:
    getattr(z, f)(*arguments(f, z.zmq_poller_new(), None))


@case("zmq_poller_modify zmq_poller_remove", "EINVAL")
def a_socket_that_is_not_registered(c: World, f: str) -> None:
    getattr(z, f)(*arguments(f, z.zmq_poller_new(), c.socket(z.ZMQ_PAIR)))


@case("zmq_poller_add", "EINVAL")
def a_socket_twice(c: World, _f: str) -> None:
    poller, socket = z.zmq_poller_new(), c.socket(z.ZMQ_PAIR)
    z.zmq_poller_add(poller, socket, None, z.ZMQ_POLLIN)
    z.zmq_poller_add(poller, socket, None, z.ZMQ_POLLIN)


@case(BY_FD, "EBADF")
def no_descriptor(_c: World, f: str) -> None:
    getattr(z, f)(*arguments(f, z.zmq_poller_new(), -1))


@case("zmq_poller_modify_fd zmq_poller_remove_fd", "EINVAL")
def a_descriptor_that_is_not_registered(_c: World, f: str) -> None:
    getattr(z, f)(*arguments(f, z.zmq_poller_new(), 0))


@case("zmq_poller_add_fd", "EINVAL")
def a_descriptor_twice(_c: World, _f: str) -> None:
    poller = z.zmq_poller_new()
    z.zmq_poller_add_fd(poller, 0, None, z.ZMQ_POLLIN)
    z.zmq_poller_add_fd(poller, 0, None, z.ZMQ_POLLIN)


def wait(function: str, poller: Any, timeout: int) -> None:
    event = z.zmq_poller_event_t()
    if function == "zmq_poller_wait":
        z.zmq_poller_wait(poller, event, timeout)
    else:
        z.zmq_poller_wait_all(poller, [event], 1, timeout)


WAITS = "zmq_poller_wait zmq_poller_wait_all"


@case(WAITS, "EFAULT")
def wait_for_nothing_for_ever(_c: World, f: str) -> None:
    wait(f, z.zmq_poller_new(), -1)


@case(WAITS, "EAGAIN")
def wait_in_vain(c: World, f: str) -> None:
    poller = z.zmq_poller_new()
    z.zmq_poller_add(poller, c.socket(z.ZMQ_PAIR), None, z.ZMQ_POLLIN)
    wait(f, poller, 0)


@case(WAITS, "ETERM")
def wait_after_shutdown(c: World, f: str) -> None:
    poller = z.zmq_poller_new()
    z.zmq_poller_add(poller, c.socket(z.ZMQ_PAIR), None, z.ZMQ_POLLIN)
    z.zmq_ctx_shutdown(c.ctx)
    wait(f, poller, -1)


@case("zmq_poller_wait_all", "EINVAL")
def wait_for_less_than_no_events(_c: World, _f: str) -> None:
    z.zmq_poller_wait_all(z.zmq_poller_new(), [], -1, 0)


@case("zmq_poller_fd", "EINVAL")
def the_descriptor_of_no_sockets(_c: World, _f: str) -> None:
    z.zmq_poller_fd(z.zmq_poller_new())


# -- proxies ---


def run_proxy(function: str, frontend: Any, backend: Any) -> None:
    first = (z.ZMQ_QUEUE,) if function == "zmq_device" else ()
    getattr(z, function)(*first, frontend, backend)


PROXIES = "zmq_proxy zmq_proxy_steerable zmq_device"


@case(PROXIES, "ETERM")
def a_proxy_after_shutdown(c: World, f: str) -> None:
    frontend, backend = c.socket(z.ZMQ_PULL), c.socket(z.ZMQ_PUSH)
    z.zmq_ctx_shutdown(c.ctx)
    run_proxy(f, frontend, backend)


@case(PROXIES, "EFAULT")
def half_a_proxy(c: World, f: str) -> None:
    run_proxy(f, c.socket(z.ZMQ_PULL), None)


# -- timers ---

TIMERS = (
    "zmq_timers_destroy zmq_timers_add zmq_timers_cancel zmq_timers_set_interval zmq_timers_reset "
    "zmq_timers_timeout zmq_timers_execute"
)
_MORE = {"add": (1, print, None), "cancel": (1,), "set_interval": (1, 1), "reset": (1,)}


@case(TIMERS, "EFAULT")
def no_timers(_c: World, f: str) -> None:
    getattr(z, f)(None, *_MORE.get(f.removeprefix("zmq_timers_"), ()))


@case("zmq_timers_cancel zmq_timers_set_interval zmq_timers_reset", "EINVAL")
def an_unknown_timer(_c: World, f: str) -> None:
    getattr(z, f)(z.zmq_timers_new(), *_MORE[f.removeprefix("zmq_timers_")])


# -- keys ---


@case("zmq_z85_encode", "EINVAL")
def encode_an_odd_length(_c: World, _f: str) -> None:
    z.zmq_z85_encode(bytearray(10), b"abc", 3)


@case("zmq_z85_decode", "EINVAL")
def decode_an_odd_length(_c: World, _f: str) -> None:
    z.zmq_z85_decode(bytearray(10), "abcd")


@case("zmq_curve_keypair zmq_curve_public", "ENOTSUP")
def keys_without_the_extra(_c: World, f: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "nacl.bindings", None)
        getattr(z, f)(bytearray(41), "0" * 40)


@case("zmq_curve_public", "EINVAL")
def the_public_key_of_no_key(_c: World, _f: str) -> None:
    z.zmq_curve_public(bytearray(41), "~" * 40)


@pytest.mark.parametrize(("function", "number"), CASES, ids=lambda text: text)
def test_errno(c, function, number):
    with fails(getattr(errno, number, None) or getattr(z, number)):
        CASES[function, number](c, function)


def test_every_error_that_is_listed_is_shown_or_excused():
    listed = {(f, n) for f, numbers in LISTED.items() for n in numbers.split() if n != _NEVER}
    assert listed == CASES.keys() | EXCUSED.keys()
    assert not CASES.keys() & EXCUSED.keys()
