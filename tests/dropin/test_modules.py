"""pyzmq's modules around the sockets."""

from __future__ import annotations

import errno
import json
import logging
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import zmqthread as zmq
from zmqthread import decorators, devices
from zmqthread.auth.thread import ThreadAuthenticator
from zmqthread.log.handlers import PUBHandler, TopicLogger
from zmqthread.utils import jsonapi, strtypes
from zmqthread.utils.monitor import parse_monitor_message, recv_monitor_message
from zmqthread.utils.win32 import allow_interrupt


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


def test_the_end_of_a_monitor_can_be_read_from_its_socket():
    with zmq.Context() as context, context.socket(zmq.REP) as rep:
        with rep.get_monitor_socket() as watch:
            watch.rcvtimeo = 10_000
            assert rep.get_monitor_socket() is watch
            rep.disable_monitor()
            assert recv_monitor_message(watch)["event"] is zmq.Event.MONITOR_STOPPED
        with rep.get_monitor_socket() as another:
            assert another is not watch


class Numbered(zmq.Socket):
    """Has an attribute of which the class says the type only."""

    number: int

    def __init__(self, context: zmq.Context, socket_type: int, number: int = 0) -> None:
        super().__init__(context, socket_type)
        self.number = number


class Named(zmq.Context):
    name: str
    _socket_class = Numbered

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def test_derived_classes_may_announce_attributes_by_annotations():
    with Named("here") as context, context.socket(zmq.PUSH, number=5) as push:
        assert context.name == "here"
        assert isinstance(push, Numbered)
        assert push.number == 5
        with pytest.raises(AttributeError, match="Numbered has no such option: OTHER"):
            push.other = 5
        with pytest.raises(AttributeError, match="Named has no such option: OTHER"):
            context.other = 5


def test_an_authenticator_answers_in_contexts_of_other_sockets():
    class Silent(zmq.Socket):
        def recv_multipart(self, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("not the program's own sockets")

    class OfSilent(zmq.Context):
        _socket_class = Silent

    with OfSilent() as context, ThreadAuthenticator(context) as authenticator:
        authenticator.configure_plain(passwords={"admin": "secret"})
        with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
            pull.plain_server, pull.rcvtimeo = True, 10_000
            push.plain_username, push.plain_password = b"admin", b"secret"
            port = pull.bind_to_random_port("tcp://127.0.0.1")
            push.connect(f"tcp://127.0.0.1:{port}")
            push.send(b"in")
            assert pull.recv() == b"in"


def test_ctrl_c_needs_no_help_here():
    with allow_interrupt(lambda: pytest.fail("nobody has interrupted")) as allowed:
        assert isinstance(allowed, allow_interrupt)


def test_loads_run_through_the_hook_of_a_derived_class():
    class Seen(zmq.Socket):
        def _deserialize(self, recvd: Any, load: Any) -> Any:
            return "seen", super()._deserialize(recvd, load)

    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.bind("inproc://seen")
        pull: Any
        with context.socket(zmq.PULL, Seen) as pull:
            pull.connect("inproc://seen")
            push.send_string("é")
            push.send_json({"é": 1})
            push.send_pyobj([1])
            push.send_multipart([b"a", b"b"])
            assert pull.recv_string() == ("seen", "é")
            assert pull.recv_json() == ("seen", {"é": 1})
            assert pull.recv() == pickle.dumps([1], pickle.DEFAULT_PROTOCOL)
            assert pull.recv_serialized(tuple) == ("seen", (b"a", b"b"))


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
    pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    command = [sys.executable, "-m", "zmqthread.curve_keygen", "--json"]
    keys = json.loads(subprocess.check_output(command))
    assert zmq.curve_public(keys["secret"]).decode() == keys["public"]
    again = json.loads(subprocess.check_output([*command, "--secret", keys["secret"]]))
    assert again == keys


def test_the_two_versions():
    assert zmq.pyzmq_version_info() == (27, 3, 0)
    assert zmq.pyzmq_version() == "27.3.0" != zmq.__version__


def test_nothing_is_there_to_compile_against():
    package = str(Path(zmq.__file__).parent)
    assert zmq.get_includes() == [package, f"{package}{os.sep}utils"]
    assert zmq.get_library_dirs() == [str(Path(package, "alias", "zmq"))]
    assert not [*Path(package).rglob("*.h"), *Path(package).rglob("*.pxd")]
