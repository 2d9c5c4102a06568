"""Messages through a real sshd, by the program ssh and by paramiko."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path

import pytest

import zmqthread as zmq
from tests.ssh.server import PASSPHRASE
from tests.support import LOOPBACK, Peer, free_port, listening, patient, seconds
from zmqthread.ssh import openssh, tunnel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no sshd of our own there"),
    # To fork beside threads, which multiprocessing and pexpect do.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

#: How a tunnel is made, and what this takes.
WAYS = [False, True]
STAY = 20  # seconds for which an unused tunnel stays, should a test not end it


@pytest.fixture(params=WAYS, ids=["openssh", "paramiko"])
def paramiko(request):
    if request.param:
        pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
    return request.param


@pytest.fixture
def pexpect():
    return pytest.importorskip("pexpect", reason="needs pexpect, which the extra ssh brings")


def runs(pid):
    """Whether a process runs; one that is dead may have nobody who asks for its status."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


def ended(pid):
    """Tell a process to end, and return whether it has.

    Told once is not enough: ssh overlooks a signal that comes just before it begins to wait.
    """
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    return not runs(pid)


def wait_until(holds):
    deadline = time.monotonic() + seconds(20)
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


@contextmanager
def ending(made):
    """End a tunnel, and wait until it has."""
    try:
        yield made
    finally:
        if isinstance(made, Process):
            made.terminate()
            made.join(seconds(20))
            assert made.exitcode == -signal.SIGTERM
            made.close()
        else:
            wait_until(lambda: ended(made))


def opened(sshd, port, paramiko, key="good", **more):
    return tunnel.open_tunnel(
        f"tcp://{LOOPBACK}:{port}",
        sshd.server,
        keyfile=sshd.key(key),
        paramiko=paramiko,
        timeout=STAY,
        **more,
    )


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0


ECHO = """
context = zmq.Context()
rep = context.socket(zmq.REP)
rep.linger = 0
say(rep.bind_to_random_port("tcp://127.0.0.1"))
while (message := rep.recv()) != b"end":
    rep.send(message[::-1])
rep.close()
context.term()
"""


def test_messages_go_both_ways(sshd, paramiko):
    with (
        Peer("zmqthread", ECHO) as peer,
        zmq.Context() as context,
        patient(context.socket(zmq.REQ), 30.0) as req,
        ending(
            tunnel.tunnel_connection(
                req,
                f"tcp://{LOOPBACK}:{peer.hear()}",
                sshd.server,
                keyfile=sshd.key("good"),
                paramiko=paramiko,
                timeout=STAY,
            )
        ) as made,
    ):
        assert isinstance(made, Process if paramiko else int)
        for message in (b"hello", os.urandom(3_000_000), b""):
            req.send(message)
            assert req.recv() == message[::-1]
        req.send(b"end")
        assert peer.process.wait(seconds(20)) == 0


def test_both_ways_at_once_and_more_than_any_buffer_holds(sshd, paramiko):
    """Neither way waits for the other."""
    with (
        zmq.Context() as context,
        patient(context.socket(zmq.PAIR), 30.0) as near,
        patient(context.socket(zmq.PAIR), 30.0) as far,
    ):
        far.bind(f"tcp://{LOOPBACK}:*")
        url, made = opened(sshd, far.last_endpoint.decode().rpartition(":")[2], paramiko)
        with ending(made):
            near.connect(url)
            bulk = bytes(8_000_000)
            near.send(bulk)
            far.send(bulk)
            assert near.recv() == far.recv() == bulk


def test_a_tunnel_that_is_ended_is_gone(sshd, paramiko):
    url, made = opened(sshd, free_port(), paramiko)
    port = int(url.rpartition(":")[2])
    with ending(made):
        assert not refuses(port)
    assert refuses(port)


def test_what_nobody_listens_to_is_closed_and_the_tunnel_stays(sshd, paramiko):
    url, made = opened(sshd, free_port(), paramiko)
    with ending(made):
        for _ in range(2):
            with socket.create_connection((LOOPBACK, int(url.rpartition(":")[2]))) as client:
                client.settimeout(seconds(20))
                try:
                    assert client.recv(1) == b""
                except ConnectionResetError:
                    pass


def test_a_host_whose_key_is_not_known_is_refused(sshd, paramiko):
    sshd.distrust()
    with pytest.raises(tunnel.SSHException, match=r"known|verification"):
        opened(sshd, free_port(), paramiko)
    with pytest.raises(tunnel.SSHException, match=r"known|verification"):
        tunnel.try_passwordless_ssh(sshd.server, sshd.key("good"), paramiko)


def test_a_host_whose_key_is_not_known_gets_no_password(sshd, paramiko, pexpect):
    sshd.distrust()
    with pytest.raises(tunnel.SSHException, match="known"):
        opened(sshd, free_port(), paramiko, "locked", password=PASSPHRASE)


def test_a_host_with_another_key_is_refused(sshd, paramiko):
    public = Path(sshd.key("wrong.pub")).read_text()
    sshd.known_hosts.write_text(f"[{LOOPBACK}]:{sshd.port} {public}")
    with pytest.raises(tunnel.SSHException, match=r"match|verification"):
        opened(sshd, free_port(), paramiko)


def test_a_wrong_key_is_refused(sshd, paramiko, monkeypatch):
    asked = iter("x")
    monkeypatch.setattr("zmqthread.ssh.process.getpass", lambda _: next(asked))
    begun = time.monotonic()
    if not paramiko:
        pytest.importorskip("pexpect", reason="needs pexpect, which the extra ssh brings")
    with pytest.raises(tunnel.SSHException, match=r"[Dd]enied|Authentication|authentication"):
        opened(sshd, free_port(), paramiko, "wrong")
    assert time.monotonic() - begun < seconds(20)


def test_whether_a_key_is_enough(sshd, paramiko):
    assert tunnel.try_passwordless_ssh(sshd.server, sshd.key("good"), paramiko)
    assert not tunnel.try_passwordless_ssh(sshd.server, sshd.key("wrong"), paramiko)
    assert not tunnel.try_passwordless_ssh(sshd.server, sshd.key("locked"), paramiko)
    assert not tunnel.try_passwordless_ssh(sshd.server, None, paramiko)


def test_a_server_that_does_not_listen(sshd, paramiko):
    with pytest.raises(tunnel.SSHException, match=r"refused|connect"):
        tunnel.try_passwordless_ssh(f"{LOOPBACK}:{free_port()}", None, paramiko)
    with pytest.raises(RuntimeError, match=r"refused|connect"):
        tunnel.open_tunnel("tcp://127.0.0.1:1", f"{LOOPBACK}:{free_port()}", paramiko=paramiko)


def test_a_password_for_a_server_that_does_not_listen(sshd, paramiko, pexpect):
    with pytest.raises(RuntimeError, match=r"refused|connect"):
        tunnel.open_tunnel(
            "tcp://127.0.0.1:1", f"{LOOPBACK}:{free_port()}", password="x", paramiko=paramiko
        )


def test_a_server_that_says_nothing(sshd, paramiko, monkeypatch):
    monkeypatch.setattr("zmqthread.ssh.process.STEP_TIME", 0.5)
    run = openssh._run
    monkeypatch.setattr("zmqthread.ssh.openssh._run", lambda command: run(command, 0.5))
    with (
        listening() as silent,
        pytest.raises(tunnel.SSHException, match=r"banner|not done after 0.5 s"),
    ):
        tunnel.try_passwordless_ssh(f"{LOOPBACK}:{silent.getsockname()[1]}", None, paramiko)


def test_a_port_that_is_taken(sshd, paramiko):
    make = tunnel.paramiko_tunnel if paramiko else tunnel.openssh_tunnel
    with (
        socket.create_server((LOOPBACK, 0)) as taken,
        pytest.raises((OSError, tunnel.SSHException), match=r"in use|forwarding"),
    ):
        make(taken.getsockname()[1], 1, sshd.server, keyfile=sshd.key("good"), timeout=STAY)


def test_a_key_with_a_passphrase(sshd, paramiko, pexpect, caplog, capfd):
    caplog.set_level("DEBUG")
    _, made = opened(sshd, free_port(), paramiko, "locked", password=PASSPHRASE)
    with ending(made):
        command = Path(f"/proc/{made if isinstance(made, int) else made.pid}/cmdline")
        assert PASSPHRASE not in command.read_text() + repr(made)
    with pytest.raises(tunnel.SSHException) as caught:
        opened(sshd, free_port(), paramiko, "locked", password="not " + PASSPHRASE)
    assert PASSPHRASE not in f"{caught.value!r}{caplog.text}{capfd.readouterr()}{sshd.said()}"


def test_a_password_that_is_typed(sshd, paramiko, pexpect, monkeypatch):
    typed = []
    words = iter(["mistyped", PASSPHRASE])

    def getpass(prompt):
        typed.append(prompt)
        return PASSPHRASE if paramiko else next(words)

    monkeypatch.setattr("zmqthread.ssh.process.getpass", getpass)
    monkeypatch.setattr("zmqthread.ssh.openssh.getpass", getpass)
    _, made = opened(sshd, free_port(), paramiko, "locked")
    with ending(made):
        assert len(typed) == (1 if paramiko else 2)
        assert all("pass" in prompt for prompt in typed)


def test_a_password_that_is_never_right(sshd, pexpect, monkeypatch):
    monkeypatch.setattr("zmqthread.ssh.openssh.getpass", lambda _: "mistyped")
    with pytest.raises(tunnel.MaxRetryExceeded, match="refused 3 passwords"):
        opened(sshd, free_port(), False, "locked")


def test_openssh_says_what_a_password_takes(sshd, monkeypatch):
    monkeypatch.setitem(sys.modules, "pexpect", None)
    with pytest.raises(ImportError, match=r"zmqthread\[ssh\]"):
        opened(sshd, free_port(), False, "wrong")
    with pytest.raises(ImportError, match=r"zmqthread\[ssh\]"):
        opened(sshd, free_port(), False, "locked", password=PASSPHRASE)
    _, made = opened(sshd, free_port(), False)
    with ending(made):
        pass


def test_an_unused_tunnel_of_openssh_ends_by_itself(sshd):
    made = tunnel.openssh_tunnel(
        tunnel.select_random_ports(1)[0], 1, sshd.server, keyfile=sshd.key("good"), timeout=1
    )
    wait_until(lambda: not runs(made))


def test_an_alias_of_the_configuration(sshd):
    assert tunnel.try_passwordless_ssh("alias", sshd.key("good"), False)


def test_a_shared_connection_is_used_and_left(sshd):
    """With a ControlMaster nobody has to log in again."""
    with (sshd.directory / "ssh_config").open("r+") as config:
        before = config.read()
        config.write(f"    ControlPath {sshd.directory}/shared\n")
    try:
        _, master = opened(sshd, free_port(), False)
        with ending(master):
            pass
        login = openssh.Login.parse(sshd.server, sshd.key("good"))
        assert openssh._run(login.command("-f", "-N", "-M"))[0] == 0
        url, made = opened(sshd, free_port(), False, "wrong")
        assert not refuses(int(url.rpartition(":")[2]))
        with ending(made):
            assert opened(sshd, free_port(), False, "wrong")[1] == made
    finally:
        (sshd.directory / "ssh_config").write_text(before)


@pytest.mark.parametrize(
    ("policy", "kept"), [("AutoAdd", True), ("Warning", False)], ids=["add", "warn"]
)
@pytest.mark.filterwarnings("ignore:Unknown ssh-ed25519 host key")
def test_paramiko_may_be_told_to_take_unknown_hosts(sshd, monkeypatch, policy, kept):
    pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
    sshd.distrust()
    monkeypatch.setenv("PYZMQ_PARAMIKO_HOST_KEY_POLICY", policy)
    assert tunnel.try_passwordless_ssh(sshd.server, sshd.key("good"), paramiko=True)
    assert bool(sshd.known_hosts.read_text()) == kept


@pytest.mark.parametrize("policy", ["MissingHostKey", "Yes"])
def test_other_policies_are_none(sshd, monkeypatch, policy):
    pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
    monkeypatch.setenv("PYZMQ_PARAMIKO_HOST_KEY_POLICY", policy)
    with pytest.raises(ValueError, match=policy):
        tunnel.try_passwordless_ssh(sshd.server, sshd.key("good"), paramiko=True)


PROGRAM = """
import multiprocessing
multiprocessing.set_start_method(args["method"])
from zmqthread.ssh import tunnel
url, made = tunnel.open_tunnel(
    "tcp://127.0.0.1:1", args["server"], keyfile=args["key"], paramiko=True)
say(made.pid)
hear()
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("killed", [False, True])
def test_the_process_of_paramiko_ends_with_the_program(sshd, killed, method):
    pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
    args = {"server": sshd.server, "key": sshd.key("good"), "method": method}
    with Peer("zmqthread", PROGRAM, args) as peer:
        pid = peer.hear(40.0)
        assert runs(pid)
        if killed:
            peer.kill()
        else:
            peer.say("end")
            peer.process.wait(seconds(20))
        wait_until(lambda: not runs(pid))


def test_the_process_of_paramiko_ends_with_the_connection(sshd):
    pytest.importorskip("paramiko", reason="needs paramiko, which the extra ssh brings")
    _, made = opened(sshd, free_port(), True)
    try:
        # sshd's own process for this connection: the one that holds its far end.
        sshd.end_connections()
        made.join(seconds(20))
        assert made.exitcode == 1
    finally:
        made.kill()
        made.join()
        made.close()
