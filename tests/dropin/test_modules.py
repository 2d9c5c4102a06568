"""pyzmq's modules around the sockets."""

from __future__ import annotations

import errno
import json
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

import zmqthread as zmq
from zmqthread import decorators, devices
from zmqthread.log.handlers import PUBHandler, TopicLogger
from zmqthread.utils import jsonapi, strtypes
from zmqthread.utils.monitor import parse_monitor_message, recv_monitor_message


def test_a_thread_proxy_hands_over_and_ends_with_the_context():
    device = devices.ThreadProxy(zmq.PULL, zmq.PUSH, zmq.PUB)
    ends = [
        f"tcp://127.0.0.1:{bind('tcp://127.0.0.1')}"
        for bind in (device.bind_in_to_random_port, device.bind_out_to_random_port)
    ]
    device.bind_mon("inproc://watch")
    # A new context, since the device uses (and this test ends) the process-wide one.
    zmq.Context.instance().term()
    device.start()
    context = zmq.Context.instance()
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.connect(ends[0])
        pull.connect(ends[1])
        pull.rcvtimeo = 10_000
        push.send_multipart([b"a", b"b"])
        assert pull.recv_multipart() == [b"a", b"b"]
    context.term()
    device.join(10)
    assert device.done


def test_a_monitored_queue_swaps_names_between_routers_and_says_where_from():
    with zmq.Context() as context:
        sockets = [context.socket(kind) for kind in (zmq.ROUTER, zmq.ROUTER, zmq.PAIR)]
        for index, socket in enumerate(sockets):
            socket.bind(f"inproc://{index}")
        left, right, watch = (context.socket(kind) for kind in (zmq.DEALER, zmq.DEALER, zmq.PAIR))
        right.routing_id = b"right"
        left.routing_id = b"left"
        for index, socket in enumerate((left, right, watch)):
            socket.rcvtimeo = 10_000
            socket.connect(f"inproc://{index}")

        ins, outs, mons = sockets

        def run() -> None:
            with pytest.raises(zmq.ZMQError):
                devices.monitored_queue(ins, outs, mons, in_prefix=b"<", out_prefix=b">")

        thread = threading.Thread(target=run)
        thread.start()
        left.send_multipart([b"right", b"hello"])
        assert right.recv_multipart() == [b"left", b"hello"]
        assert watch.recv_multipart() == [b"<", b"right", b"left", b"hello"]
        for socket in (left, right, watch, *sockets):
            socket.close(0)
        thread.join(10)
        assert not thread.is_alive()


def test_decorators_pass_contexts_and_sockets():
    @decorators.context("context")
    @decorators.socket(zmq.PUSH)
    @decorators.socket("pull", zmq.PULL)
    def function(text: Any, push: Any, *, context: Any, pull: Any) -> Any:
        assert push.context is pull.context is context
        return text, push.type, pull, push

    text, kind, pull, push = function("x")
    assert (text, kind) == ("x", zmq.PUSH)
    assert pull.closed
    assert push.closed
    with pytest.raises(TypeError, match="multiple values for argument 'pull'"):
        function("x", pull=None)


def test_log_records_are_published_under_root_level_and_topic():
    with zmq.Context() as context, context.socket(zmq.SUB) as sub:
        sub.rcvtimeo = 10_000
        sub.subscribe(b"")
        with context.socket(zmq.PUB) as pub:
            pub.bind("inproc://log")
            # The side that connects hands its subscriptions over within the call; a bound
            # SUB would do so only when it is driven next, and the first record could pass by.
            sub.connect("inproc://log")
            handler = PUBHandler(pub, root_topic="app")
            logger = TopicLogger("test")
            logger.addHandler(handler)
            logger.warning("disk", "%d %% full", 99)  # noqa: PLE1205 - the topic comes first
            topic, text = sub.recv_multipart()
            assert topic == b"app.WARNING.disk"
            assert text.startswith(b"WARNING test_modules.py:")
            assert text.endswith(b"99 % full\n")
            handler.setFormatter(logging.Formatter("plain %(message)s"), logging.INFO)
            logging.Logger.info(logger, "no topic")
            assert sub.recv_multipart() == [b"app.INFO", b"plain no topic"]


def test_monitor_messages_are_parsed():
    with (
        zmq.Context() as context,
        context.socket(zmq.REP) as rep,
        rep.get_monitor_socket() as watch,
    ):
        watch.rcvtimeo = 10_000
        port = rep.bind_to_random_port("tcp://127.0.0.1")
        event = recv_monitor_message(watch)
        assert event["event"] is zmq.Event.LISTENING
        assert event["endpoint"] == b"tcp://127.0.0.1:%d" % port
        assert event["value"] > 0
        rep.disable_monitor()
    with pytest.raises(RuntimeError, match="Invalid event message"):
        parse_monitor_message([b"123", b""])


def test_json_and_casts():
    assert jsonapi.loads(jsonapi.dumps({"é": [1, None]})) == {"é": [1, None]}
    with pytest.warns(DeprecationWarning, match="strtypes"):
        assert strtypes.cast_bytes("é") == b"\xc3\xa9"
    with pytest.warns(DeprecationWarning, match="strtypes"):
        assert strtypes.cast_unicode(b"\xc3\xa9") == "é"
    with pytest.warns(DeprecationWarning, match="strtypes"), pytest.raises(TypeError):
        strtypes.cast_unicode(5)  # type: ignore[arg-type]


def test_bind_gives_the_socket_and_unbinds_at_the_end():
    with zmq.Context() as context, context.socket(zmq.PULL) as pull:
        bound = pull.bind("inproc://here")
        assert repr(bound) == "<SocketContext(bind='inproc://here')>"
        with bound as socket:
            assert socket is pull
        with pytest.raises(zmq.ZMQError) as caught:
            pull.unbind("inproc://here")
        assert caught.value.errno == errno.ENOENT


def test_the_middle_of_a_message_is_readable():
    with (
        zmq.Context() as context,
        context.socket(zmq.PAIR) as ours,
        context.socket(zmq.PAIR) as theirs,
    ):
        ours.bind("inproc://pair")
        theirs.connect("inproc://pair")
        theirs.send_multipart([b"a", b"b"])
        assert ours.recv() == b"a"
        assert ours.poll(0) == zmq.POLLIN
        assert ours.events & zmq.POLLIN
        assert ours.recv() == b"b"
        assert ours.poll(0) == 0


def test_keys_on_the_command_line():
    pytest.importorskip("nacl")
    command = [sys.executable, "-m", "zmqthread.curve_keygen", "--json"]
    keys = json.loads(subprocess.check_output(command))
    assert zmq.curve_public(keys["secret"]).decode() == keys["public"]
    again = json.loads(subprocess.check_output([*command, "--secret", keys["secret"]]))
    assert again == keys


def test_the_two_versions():
    assert zmq.pyzmq_version_info() == (27, 3, 0)
    assert zmq.pyzmq_version() == "27.3.0" != zmq.__version__
    assert zmq.get_includes() == zmq.get_library_dirs() == []
