"""The test kit itself: it must see what it is there to see."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from tests.conftest import leftovers, open_descriptors
from tests.support import ROOT, SCALE_VARIABLE, Peer, PeerError, RawClient, listening

ECHO = """
for number in range(args["count"]):
    say([zmq.__name__, hear()])
"""


def test_a_left_thread_and_descriptor_are_named():
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    release = threading.Event()
    straggler = threading.Thread(target=release.wait, name="straggler")
    straggler.start()
    with socket.socket():
        left = leftovers(threads, descriptors)
    release.set()
    straggler.join()
    assert left[0] == "thread straggler"
    assert left[1].startswith("descriptor ")
    assert leftovers(threads, descriptors) == []


LEAK = """
import os, threading
def test_leak():
    os.pipe()
def test_clean():
    pass
"""


def test_a_test_that_leaves_a_descriptor_fails(tmp_path):
    tmp_path.joinpath("test_leak.py").write_text(LEAK)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, SCALE_VARIABLE: "0.01"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "left behind: descriptor" in run.stdout
    assert "2 passed, 1 error" in run.stdout


def test_a_peer_talks_in_both_directions():
    with Peer("zmqthread", ECHO, {"count": 2}) as peer:
        for word in ("one", ["two", 2]):
            peer.say(word)
            assert peer.hear() == ["zmqthread", word]


@pytest.mark.interop
def test_a_peer_can_be_libzmq():
    with Peer("zmq", "say(zmq.zmq_version_info()[0])") as peer:
        assert peer.hear() == 4


def test_a_peer_that_fails_fails_the_test():
    with (
        pytest.raises(PeerError, match=r"status 1(.|\n)*ZeroDivisionError"),
        Peer("zmqthread", "1 / 0"),
    ):
        pass


def test_a_silent_peer_is_not_waited_for_forever():
    with Peer("zmqthread", "hear()") as peer:
        with pytest.raises(PeerError, match="nothing in time"):
            peer.hear(timeout=0.05)
        peer.say(None)


def test_a_killed_peer_is_no_failure():
    with Peer("zmqthread", "say('up'); hear()") as peer:
        assert peer.hear() == "up"
        peer.kill()
    assert peer.process.returncode < 0


def test_a_raw_client_reads_exactly_and_to_the_end():
    with listening() as listener, RawClient(listener.getsockname()[1]) as client:
        connection, _ = listener.accept()
        with connection:
            client.send_split(b"abc")
            assert connection.recv(1) == b"a"
            connection.sendall(b"12345")
            assert client.receive(2) == b"12"
            connection.shutdown(socket.SHUT_WR)
            assert client.receive_until_closed() == b"345"
            with pytest.raises(EOFError, match="0 of 1"):
                client.receive(1)


def test_a_reset_is_seen_as_one():
    with listening() as listener:
        client = RawClient(listener.getsockname()[1])
        connection, _ = listener.accept()
        with connection:
            client.reset()
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
