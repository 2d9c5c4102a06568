"""The file of a local socket: put in place without robbing a live server, removed if still ours.

A path that exists must never lead to a socket that does not listen yet, or another process would
take it for a dead server's. So the socket is bound to a name of its own beside the path, made to
listen there, and only then linked to the path.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from typing import Any, Self

from zmqthread.endpoint import IPC_PATH_MAX

# Not on Windows, where the socket module does without.
AF_UNIX: int = getattr(socket, "AF_UNIX", -1)

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# What link(2) says on file systems that have local sockets, but no hard links to them.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.ENOTSUP})


def make_directory(random: Any) -> str:
    """Make a directory of an unpredictable name that only this user may enter; return its path."""
    candidates = filter(None, map(os.environ.get, ("TMPDIR", "TEMPDIR", "TMP")))
    parent = next(filter(os.path.isdir, candidates), "")
    for _ in range(100):
        name = "tmp" + "".join(_LETTERS[random.getrandbits(30) % 62] for _ in range(6))
        path = os.path.join(parent, name)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(errno.EEXIST, "no free name for a directory", parent or ".")


def short_enough(path: str) -> str:
    """Return `path`, unless it is longer than the address of a local socket may be."""
    length = len(os.fsencode(path))
    if length > IPC_PATH_MAX:
        why = f"{path!r} has {length} octets, the limit is {IPC_PATH_MAX}"
        raise OSError(errno.ENAMETOOLONG, why)
    return path


class SocketFile:
    """A listening local socket and the file that leads to it.

    Args:
        sock: an unbound local socket; closed if this fails.
        path: where to bind.
        options: `backlog`, and `ipc_mode`: the permissions of the file.
        seams: makes the socket that asks whether the path is alive, and random names.
        directory: removed along with the file, if given.
    """

    __slots__ = ("_absolute", "_directory", "_identity", "_pid", "path", "socket")

    def __init__(
        self, sock: Any, path: str, options: Any, seams: Any, directory: str | None = None
    ) -> None:
        self.socket = sock
        self.path = path
        # The working directory may be another one when the file is to be removed.
        self._absolute = os.path.abspath(path)
        self._directory = directory and os.path.abspath(directory)
        self._pid = os.getpid()
        try:
            with _Place(path, seams) as place:
                place.clear()
                self._identity = place.put(sock, options.ipc_mode, options.backlog)
        except BaseException:
            sock.close()
            raise

    def remove(self) -> None:
        """Remove the file if it still is ours: another server may have taken the path over.

        To be called before the socket is closed: until then no other file gets its inode number.
        """
        if os.getpid() != self._pid:
            return  # a child that closes what it inherited; the parent still listens
        with contextlib.suppress(OSError):
            if _identity(os.lstat(self._absolute)) == self._identity:
                os.unlink(self._absolute)
        if self._directory:
            with contextlib.suppress(OSError):
                os.rmdir(self._directory)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


class _Place:
    """A path to bind to, seen from its directory, so that the directory cannot be exchanged."""

    def __init__(self, path: str, seams: Any) -> None:
        self._parent, self._name = os.path.split(path)
        self._seams = seams
        self._aside = f".{self._name[:40]}.{seams.random.getrandbits(64):016x}"
        flags = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
        self._directory = os.open(self._parent or ".", flags)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._directory)

    def clear(self) -> None:
        """Remove what a dead server left at the path.

        It is moved aside first, which is atomic, and looked at once more there: of two servers
        that found the same dead socket neither removes the other's fresh one. Inode numbers would
        not tell the two apart, they are given out again at once.

        Raises:
            OSError: EADDRINUSE if there is anything else.
        """
        if not self._dead(self._name):
            return
        try:
            os.rename(self._name, self._aside, **self._both)
        except FileNotFoundError:
            return
        try:
            self._dead(self._aside)
        except OSError:
            self._link()
            raise
        finally:
            self._drop_aside()

    def put(self, sock: Any, mode: int, backlog: int) -> tuple[int, int]:
        """Bind, listen and make the path lead there; return what tells the file from others."""
        # On Linux the file starts out with the socket's own mode, less the umask: never wider
        # than asked for, not even for a moment.
        with contextlib.suppress(OSError):
            os.fchmod(sock.fileno(), mode)
        sock.bind(self._address(self._aside))
        try:
            status = os.lstat(self._aside, dir_fd=self._directory)
            if stat.S_IMODE(status.st_mode) != mode:
                self._chmod(mode)
            sock.listen(backlog)
            self._link()
        finally:
            self._drop_aside()
        now = self._status(self._name)
        if now is None or _identity(now) != _identity(status):
            raise _taken("somebody else changes it at this moment")
        return _identity(status)

    def _dead(self, name: str) -> bool:
        """Return whether a dead server's socket is there; False if nothing is.

        Raises:
            OSError: EADDRINUSE if it is anything else, or not ours to remove.
        """
        status = self._status(name)
        if status is None:
            return False
        if not stat.S_ISSOCK(status.st_mode):
            raise _taken("there is a file that is not a socket")
        if os.geteuid() not in (0, status.st_uid):
            raise _taken(f"the socket there belongs to user {status.st_uid}")
        if self._answers(name):
            raise _taken("a server answers there")
        return True

    def _status(self, name: str) -> os.stat_result | None:
        try:
            # With a trailing '/' in the path there is no name, and what is meant is the directory.
            return os.lstat(name or ".", dir_fd=self._directory)
        except FileNotFoundError:
            return None

    def _drop_aside(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._aside, dir_fd=self._directory)

    def _address(self, name: str) -> bytes:
        path = os.fsencode(os.path.join(self._parent, name))
        if len(path) > IPC_PATH_MAX:
            path = os.fsencode(f"/proc/self/fd/{self._directory}/{name}")
        return path

    def _answers(self, name: str) -> bool:
        """Ask whether somebody listens, by connecting; the server sees a peer that goes away."""
        probe = self._seams.socket(AF_UNIX, socket.SOCK_STREAM)
        try:
            number = probe.connect_ex(self._address(name))
        finally:
            probe.close()
        # Everything else speaks for somebody: EAGAIN for a full backlog, EPROTOTYPE for another
        # kind of server, EACCES for one that is not for us.
        return number not in (errno.ECONNREFUSED, errno.ENOENT)

    def _link(self) -> None:
        """Make the path lead to what is aside, unless there is something at the path."""
        try:
            os.link(self._aside, self._name, follow_symlinks=False, **self._both)
        except FileExistsError as error:
            raise _taken("another server came first") from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            os.rename(self._aside, self._name, **self._both)

    @property
    def _both(self) -> dict[str, int]:
        return {"src_dir_fd": self._directory, "dst_dir_fd": self._directory}

    def _chmod(self, mode: int) -> None:
        """Widen the mode past the umask, without following a link that is put there."""
        if not hasattr(os, "O_PATH"):
            os.chmod(self._aside, mode, dir_fd=self._directory, follow_symlinks=False)
            return
        file = os.open(
            self._aside, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._directory
        )
        try:
            os.chmod(f"/proc/self/fd/{file}", mode)
        finally:
            os.close(file)


def _taken(why: str) -> OSError:
    return OSError(errno.EADDRINUSE, why)
