"""ipc: files that are ours and files that are not, modes, filters."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat

import pytest

from tests.support import Peer
from tests.transports.support import accept, dial, finish, joined, listening, options, wait
from zmqthread.endpoint import IpcEndpoint
from zmqthread.errors import ZMQError
from zmqthread.reactor.seams import SYSTEM, Seams
from zmqthread.transports import ipc, ipc_file
from zmqthread.transports.ipc_file import SocketFile

UMASK = 0o022


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "socket")


@pytest.fixture(autouse=True)
def umask():
    before = os.umask(UMASK)
    yield
    assert os.umask(before) == UMASK, "the mask is the whole process's: hands off"


def make_stale(path):
    """Leave the file of a server that died; return its inode."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
        dead.listen()
    return os.lstat(path).st_ino


def refused(text, number, *words, opts=None):
    with pytest.raises(ZMQError) as caught, listening(text, opts):
        pass
    assert caught.value.errno == number, caught.value
    for word in (text, *words):
        assert word in str(caught.value)


def tidy(path):
    """Assert that nothing lies about beside the path."""
    directory, name = os.path.split(path)
    assert set(os.listdir(directory)) <= {name}


# -- the path ----------------------------------------------------------------------------------


def test_i3_live_server_keeps_its_path(path):
    with listening(f"ipc://{path}") as first:
        inode = os.lstat(path).st_ino
        refused(f"ipc://{path}", errno.EADDRINUSE, "answers")
        assert os.lstat(path).st_ino == inode
        probe = accept(first)  # the one that asked, gone again
        assert probe is not None
        wait(probe[0])
        assert probe[0].recv(1) == b""
        probe[0].close()
        with joined(first):
            pass
    tidy(path)


def test_i3_live_server_with_a_full_backlog_keeps_its_path(path):
    with listening(f"ipc://{path}", options(backlog=1)), contextlib.ExitStack() as waiting:
        full = None
        while full is None:
            try:
                waiting.callback(dial(f"ipc://{path}").close)
            except BlockingIOError as error:
                full = error
        refused(f"ipc://{path}", errno.EADDRINUSE, "answers")


def test_i3_live_datagram_server_keeps_its_path(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(path)
        refused(f"ipc://{path}", errno.EADDRINUSE, "answers")
        assert os.path.exists(path)


def test_i4_dead_socket_is_replaced(path):
    make_stale(path)
    with listening(f"ipc://{path}") as listener, joined(listener):
        tidy(path)
    assert not os.path.lexists(path)


def test_i4_dead_socket_of_a_killed_process_is_replaced(path):
    code = (
        "import socket; s = socket.socket(socket.AF_UNIX); s.bind(args); s.listen(); say(1); hear()"
    )
    with Peer("zmqthread", code, path) as peer:
        assert peer.hear() == 1
        refused(f"ipc://{path}", errno.EADDRINUSE, "answers")
        peer.kill()
        with listening(f"ipc://{path}") as listener, joined(listener):
            pass


def test_i4_dead_socket_of_another_user_is_not_ours_to_remove(path, monkeypatch):
    inode = make_stale(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.lstat(path).st_uid + 1)
    refused(f"ipc://{path}", errno.EADDRINUSE, "belongs to user")
    assert os.lstat(path).st_ino == inode
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with listening(f"ipc://{path}"):
        pass


@pytest.mark.parametrize("kind", ["file", "directory", "fifo"])
def test_i5_what_is_no_socket_is_never_removed(path, kind):
    make = {
        "file": lambda: os.close(os.open(path, os.O_CREAT)),
        "directory": lambda: os.mkdir(path),
        "fifo": lambda: os.mkfifo(path),
    }
    make[kind]()
    inode = os.lstat(path).st_ino
    refused(f"ipc://{path}", errno.EADDRINUSE, "not a socket")
    assert os.lstat(path).st_ino == inode
    tidy(path)


@pytest.mark.parametrize("target", ["missing", "stale"])
def test_i6_symlink_is_not_followed(path, tmp_path, target):
    elsewhere = str(tmp_path / "elsewhere")
    if target == "stale":
        make_stale(elsewhere)
    os.symlink(elsewhere, path)
    refused(f"ipc://{path}", errno.EADDRINUSE, "not a socket")
    assert os.readlink(path) == elsewhere
    assert os.path.lexists(elsewhere) == (target == "stale")


def test_i6_path_never_leads_to_a_socket_that_does_not_listen(path):
    class Watched(socket.socket):
        def bind(self, address):
            super().bind(address)
            seen.append(("bound", os.path.lexists(path)))

        def listen(self, *args):
            super().listen(*args)
            seen.append(("listens", os.path.lexists(path)))

    class Watching(Seams):
        def socket(self, family, kind, proto=0):
            sock = Watched(family, kind, proto)
            sock.setblocking(False)
            return sock

    seen: list[tuple[str, bool]] = []
    with listening(f"ipc://{path}", seams=Watching()):
        assert seen == [("bound", False), ("listens", False)]
        assert os.path.exists(path)


def overtaken(monkeypatch, after_probe):
    """Let `after_probe` run right after the first question whether the path is alive."""

    def answers(place, name):
        answer = real(place, name)
        monkeypatch.setattr(ipc_file._Place, "_answers", real)
        after_probe()
        return answer

    real = ipc_file._Place._answers
    monkeypatch.setattr(ipc_file._Place, "_answers", answers)


def test_i6_server_that_came_between_probe_and_removal_is_put_back(path, monkeypatch):
    def come():
        os.unlink(path)
        other.bind(path)
        other.listen()

    make_stale(path)
    overtaken(monkeypatch, come)
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        refused(f"ipc://{path}", errno.EADDRINUSE, "answers")
        client.connect(path)
        tidy(path)


def test_i6_file_that_came_between_probe_and_removal_is_put_back(path, monkeypatch):
    def come():
        os.unlink(path)
        os.close(os.open(path, os.O_CREAT))

    make_stale(path)
    overtaken(monkeypatch, come)
    refused(f"ipc://{path}", errno.EADDRINUSE, "not a socket")
    assert stat.S_ISREG(os.lstat(path).st_mode)
    tidy(path)


def test_i6_dead_socket_that_somebody_else_removed(path, monkeypatch):
    make_stale(path)
    overtaken(monkeypatch, lambda: os.unlink(path))
    with listening(f"ipc://{path}") as listener, joined(listener):
        pass


def test_i6_server_that_came_between_removal_and_bind_keeps_its_path(path, monkeypatch):
    with listening(f"ipc://{path}") as first:
        monkeypatch.setattr(ipc_file._Place, "clear", lambda place: None)
        refused(f"ipc://{path}", errno.EADDRINUSE, "came first")
        tidy(path)
        with joined(first):
            pass


def test_i6_file_that_is_exchanged_at_once_is_an_error(path, monkeypatch):
    def exchanging(*args, **kwargs):
        link(*args, **kwargs)
        os.unlink(path)
        other.bind(path)

    link = os.link
    monkeypatch.setattr(os, "link", exchanging)
    with socket.socket(socket.AF_UNIX) as other:
        refused(f"ipc://{path}", errno.EADDRINUSE, "changes it")
        assert os.path.exists(path)


def test_i6_file_system_without_hard_links(path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    make_stale(path)
    with listening(f"ipc://{path}") as listener, joined(listener):
        tidy(path)
    assert not os.path.lexists(path)


def test_other_errors_of_link_are_reported(path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "link", refuse)
    refused(f"ipc://{path}", errno.ENOSPC)
    assert os.listdir(os.path.dirname(path)) == []


# -- closing -----------------------------------------------------------------------------------


def test_i7_file_is_removed_at_close(path):
    with listening(f"ipc://{path}"):
        assert stat.S_ISSOCK(os.lstat(path).st_mode)
    assert not os.path.lexists(path)


def test_i7_only_the_own_inode_is_removed(path):
    with listening(f"ipc://{path}"):
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            inode = os.lstat(path).st_ino
    assert os.lstat(path).st_ino == inode


def test_i7_file_that_is_gone_already(path):
    with listening(f"ipc://{path}"):
        os.unlink(path)
    assert not os.path.lexists(path)


def test_i7_relative_path_is_found_after_a_change_of_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with listening("ipc://socket") as listener:
        assert listener.endpoint == "ipc://socket"
        with joined(listener):
            pass
        monkeypatch.chdir("/")
    assert os.listdir(tmp_path) == []


def test_i7_child_process_leaves_the_parents_file(path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as sock:
        file = SocketFile(sock, path, options(), SYSTEM)
        parent = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: parent + 1)
        file.remove()
        assert os.path.exists(path)
        monkeypatch.undo()
        file.remove()
        assert not os.path.exists(path)


# -- the mode ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o700, 0o600, 0o660, 0o777, 0o666])
def test_i7_mode_is_an_option(path, mode):
    assert options().ipc_mode == 0o700
    with listening(f"ipc://{path}", options(ipc_mode=mode)) as listener, joined(listener):
        assert stat.S_IMODE(os.lstat(path).st_mode) == mode


@pytest.mark.parametrize("mode", [0o700, 0o600, 0o777])
def test_i7_mode_is_never_wider_than_asked_for(path, mode):
    class Watched(socket.socket):
        def bind(self, address):
            super().bind(address)
            modes.append(stat.S_IMODE(os.stat(address).st_mode))

    class Watching(Seams):
        def socket(self, family, kind, proto=0):
            return Watched(family, kind, proto)

    modes: list[int] = []
    os.umask(0)
    try:
        with listening(f"ipc://{path}", options(ipc_mode=mode), Watching()):
            assert modes == [mode]
    finally:
        os.umask(UMASK)


# -- names -------------------------------------------------------------------------------------


def test_i8_longest_path(tmp_path):
    path = str(tmp_path / "x").ljust(107, "x")
    with listening(f"ipc://{path}") as listener, joined(listener):
        assert listener.endpoint == f"ipc://{path}"
        tidy(path)
    make_stale(path)
    with listening(f"ipc://{path}") as listener, joined(listener):
        pass
    assert os.listdir(tmp_path) == []


def test_path_of_octets_that_are_no_text(tmp_path):
    path = f"{tmp_path}/\udcff"
    with listening(f"ipc://{path}") as listener, joined(listener):
        assert os.listdir(os.fsencode(tmp_path)) == [b"\xff"]


@pytest.mark.parametrize("tail", ["missing/socket", "missing/"])
def test_missing_directory(tmp_path, tail):
    refused(f"ipc://{tmp_path}/{tail}", errno.ENOENT)


def test_trailing_slash(tmp_path):
    refused(f"ipc://{tmp_path}/", errno.EADDRINUSE)


def test_directory_that_is_a_file(path):
    os.close(os.open(path, os.O_CREAT))
    refused(f"ipc://{path}/socket", errno.ENOTDIR)


def test_i8_abstract_name():
    text = f"ipc://@zmqthread-{os.getpid()}"
    with listening(text) as listener:
        assert listener.endpoint == text
        assert listener.socket.getsockname() == b"\0" + text[7:].encode()
        refused(text, errno.EADDRINUSE)
        with joined(listener):
            pass
    with listening(text):  # nothing stays behind
        pass


@pytest.mark.parametrize("variable", ["TMPDIR", "TEMPDIR", "TMP", None])
def test_wildcard(tmp_path, monkeypatch, variable):
    for name in ("TMPDIR", "TEMPDIR", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "missing"))
    monkeypatch.chdir(tmp_path)
    if variable is not None:
        monkeypatch.setenv(variable, str(tmp_path))
    with listening("ipc://*") as listener, joined(listener):
        (directory,) = os.listdir(tmp_path)
        parent = f"{tmp_path}/" if variable else ""
        assert listener.endpoint == f"ipc://{parent}{directory}/socket"
        assert directory.startswith("tmp")
        assert len(directory) == 9
        assert stat.S_IMODE(os.stat(tmp_path / directory).st_mode) == 0o700
        monkeypatch.chdir("/") if variable else None
    assert os.listdir(tmp_path) == []


def test_wildcard_leaves_a_directory_that_others_use(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with listening("ipc://*") as listener:
        directory = os.path.dirname(listener.endpoint.removeprefix("ipc://"))
        os.mkdir(f"{directory}/other")
    assert os.listdir(directory) == ["other"]


def test_wildcard_whose_path_is_too_long(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    refused("ipc://*", errno.ENAMETOOLONG, "107")
    assert os.listdir(deep) == []


def test_wildcard_takes_another_name_if_one_is_taken(tmp_path, monkeypatch):
    class Stuck:
        bits = iter([0] * 12 + [1] * 6)

        def getrandbits(self, count):
            return next(self.bits)

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    stuck = Stuck()
    assert ipc_file.make_directory(stuck) == f"{tmp_path}/tmpaaaaaa"
    assert ipc_file.make_directory(stuck) == f"{tmp_path}/tmpbbbbbb"
    stuck.bits = iter([0] * 600)
    with pytest.raises(FileExistsError):
        ipc_file.make_directory(stuck)


# -- connecting --------------------------------------------------------------------------------


def test_attempt_is_over_at_once(path):
    with pytest.raises(FileNotFoundError):
        dial(f"ipc://{path}")
    make_stale(path)
    with pytest.raises(ConnectionRefusedError):
        dial(f"ipc://{path}")
    os.unlink(path)
    with listening(f"ipc://{path}"), contextlib.closing(dial(f"ipc://{path}")) as connecting:
        assert not connecting.pending
        assert finish(connecting) is None


def test_libzmq_finds_the_file_it_expects(path):
    """A plain client connects by path, whatever name the socket was bound to."""
    with listening(f"ipc://{path}") as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        accepted = accept(listener)
        assert accepted is not None
        accepted[0].close()


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"sndbuf": 8192}, socket.SO_SNDBUF, 2 * 8192),  # Linux doubles it
        ({"rcvbuf": 8192}, socket.SO_RCVBUF, 2 * 8192),
        ({"priority": 5}, socket.SO_PRIORITY, 5),
    ],
)
def test_option_reaches_both_ends(path, changes, name, value):
    opts = options(**changes)
    with listening(f"ipc://{path}", opts) as listener, joined(listener, opts=opts) as ends:
        for sock in (listener.socket, *ends[:2]):
            assert sock.getsockopt(socket.SOL_SOCKET, name) == value


def test_a_send_buffer_holds_more_than_a_unix_socket_gives_by_itself(path):
    with socket.socket(socket.AF_UNIX) as untouched:
        usual = untouched.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    with listening(f"ipc://{path}") as listener, joined(listener) as (near, far, _):
        for sock in (near, far):
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) > usual


# -- peers -------------------------------------------------------------------------------------

UID, GID, PID = os.geteuid(), os.getegid(), os.getpid()
# What no process has: the highest pid of Linux is 2**22, and -1 cast to an id is "no change".
NOBODY = 2**31 - 2


def test_peer_address(path):
    with listening(f"ipc://{path}") as listener, joined(listener) as (near, far, peer):
        assert peer == f"localhost:{UID}:{GID}:{PID}"
        assert ipc.peer_address(near) == ipc.peer_address(far) == peer


@pytest.mark.parametrize(
    ("changes", "admitted"),
    [
        ({}, True),
        ({"ipc_filter_uid": (UID,)}, True),
        ({"ipc_filter_gid": (GID,)}, True),
        ({"ipc_filter_pid": (PID,)}, True),
        ({"ipc_filter_uid": (NOBODY,)}, False),
        ({"ipc_filter_gid": (NOBODY,)}, False),
        ({"ipc_filter_pid": (NOBODY,)}, False),
        ({"ipc_filter_uid": (NOBODY, UID)}, True),
        ({"ipc_filter_uid": (NOBODY,), "ipc_filter_pid": (PID,)}, True),
        ({"ipc_filter_uid": (NOBODY,), "ipc_filter_gid": (GID,)}, True),
        ({"ipc_filter_uid": (NOBODY,), "ipc_filter_gid": (NOBODY,)}, False),
    ],
)
def test_i9_any_match_admits(path, changes, admitted):
    with (
        listening(f"ipc://{path}", options(**changes)) as listener,
        contextlib.closing(dial(f"ipc://{path}")) as connecting,
    ):
        assert finish(connecting) is None
        accepted = accept(listener)
        assert (accepted is not None) == admitted
        if accepted is not None:
            accepted[0].close()
        else:
            wait(connecting.socket)
            assert connecting.socket.recv(1) == b""


def test_i9_supplementary_groups_count(path, monkeypatch):
    assert ipc.groups_of(PID) == frozenset(os.getgroups())
    assert ipc.groups_of(NOBODY) == frozenset()
    monkeypatch.setattr(ipc, "groups_of", lambda pid: {PID: frozenset({4242})}[pid])
    opts = options(ipc_filter_gid=(4242,))
    with listening(f"ipc://{path}", opts) as listener, joined(listener):
        pass


def test_i9_without_credentials_a_filter_admits_nobody(path, monkeypatch):
    monkeypatch.delattr(socket, "SO_PEERCRED")
    with listening(f"ipc://{path}") as listener, joined(listener) as (*_, peer):
        assert peer == "localhost"
    with (
        listening(f"ipc://{path}", options(ipc_filter_uid=(UID,))) as listener,
        contextlib.closing(dial(f"ipc://{path}")),
    ):
        assert accept(listener) is None


# -- other systems -----------------------------------------------------------------------------


def test_without_local_sockets(monkeypatch):
    monkeypatch.setattr(ipc, "AF_UNIX", -1)
    with pytest.raises(ZMQError) as caught:
        ipc.listen(IpcEndpoint("ipc://x", "x"), options(), SYSTEM)
    assert caught.value.errno == errno.EPROTONOSUPPORT


def test_abstract_name_elsewhere(monkeypatch):
    monkeypatch.setattr(ipc, "sys", type("System", (), {"platform": "darwin"}))
    refused("ipc://@name", errno.EINVAL, "Linux")


def test_mode_without_o_path(path, monkeypatch):
    """As on macOS, whose chmod need not follow links."""
    monkeypatch.delattr(os, "O_PATH")
    real = os.chmod

    def chmod(name, mode, *, dir_fd, follow_symlinks):
        assert not follow_symlinks
        real(name, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "chmod", chmod)
    with listening(f"ipc://{path}", options(ipc_mode=0o777)):
        assert stat.S_IMODE(os.lstat(path).st_mode) == 0o777
