"""Certificates: key pairs with metadata in the files that CZMQ and pyzmq read and write.

A certificate is two files: ``NAME.key`` with the public key, which may be given away, and
``NAME.key_secret`` with both keys, which only its owner may read.
"""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from zmqthread.security import z85
from zmqthread.security.keys import curve_keypair

StrPath = str | os.PathLike[str]

#: Octets of a file that may be a certificate.
SIZE_MAX: Final = 64 * 1024
_PUBLIC: Final = "This is a public certificate: exchange it by a way that others cannot change."
_SECRET: Final = "This is a SECRET certificate: show it to nobody, keep its permissions."


class Certificate:
    """A key pair, or the public half of one, with what is noted about it.

    Args:
        public_key: 40 octets of Z85.
        secret_key: the same, or None.
        metadata: names and values.

    Raises:
        ValueError: a key is not a key.
    """

    __slots__ = ("_secret_key", "metadata", "public_key")

    def __init__(
        self,
        public_key: bytes,
        secret_key: bytes | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        for key in (public_key, secret_key or public_key):
            if len(key) != 40:
                raise ValueError(f"a key has 40 characters of Z85, not {len(key)}")
            z85.decode(key)
        self.public_key = bytes(public_key)
        self._secret_key = None if secret_key is None else bytes(secret_key)
        self.metadata = dict(metadata or {})

    @classmethod
    def new(cls, metadata: Mapping[str, str] | None = None) -> Certificate:
        """Make one with a new key pair."""
        public, secret = curve_keypair()
        return cls(public, secret, metadata)

    @property
    def secret_key(self) -> bytes | None:
        """The secret key in Z85, if it is known."""
        return self._secret_key

    def __repr__(self) -> str:
        secret = "" if self._secret_key is None else ", with its secret key"
        return f"<Certificate {self.public_key.decode()}{secret}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("certificates are not for pickling: use save()")

    def save(self, filename: StrPath) -> tuple[str, str | None]:
        """Write ``filename`` and, with mode 0600, ``filename`` + "_secret" if there is a secret.

        Returns:
            The names of both files; None for a secret one that was not written.
        """
        public = os.fspath(filename)
        _write(public, self._text(_PUBLIC, None), 0o644)
        if self._secret_key is None:
            return public, None
        _write(f"{public}_secret", self._text(_SECRET, self._secret_key), 0o600)
        return public, f"{public}_secret"

    def _text(self, banner: str, secret_key: bytes | None) -> str:
        now = datetime.datetime.now().isoformat(" ", "seconds")
        lines = [f"#   Generated on {now} by zmqthread", f"#   {banner}", "", "metadata"]
        lines += [f'    {_plain(name)} = "{_plain(text)}"' for name, text in self.metadata.items()]
        lines += ["curve", f'    public-key = "{self.public_key.decode()}"']
        if secret_key is not None:
            lines.append(f'    secret-key = "{secret_key.decode()}"')
        return "\n".join(lines) + "\n"

    @classmethod
    def load(cls, filename: StrPath) -> Certificate:
        """Read a certificate from a file of either kind.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no certificate; the text names the file and shows nothing of it.
        """
        with open(filename, "rb") as file:
            data = file.read(SIZE_MAX + 1)
        if len(data) > SIZE_MAX:
            raise ValueError(f"too large for a certificate: {os.fspath(filename)}")
        values, metadata = _parse(data.decode("utf-8", "replace"))
        if "public-key" not in values:
            raise ValueError(f"No public key found in {os.fspath(filename)}")
        secret = values.get("secret-key")
        try:
            return cls(
                values["public-key"].encode(), None if secret is None else secret.encode(), metadata
            )
        except ValueError as error:
            raise ValueError(f"{os.fspath(filename)}: {error}") from None


def _plain(text: str) -> str:
    """Refuse what would break out of its line in the file."""
    if any(character in text for character in '"\n\r'):
        raise ValueError("metadata cannot have quotes or line breaks")
    return text


def _write(path: str, text: str, mode: int) -> None:
    """Write a file that is whole and has its mode from the first moment on."""
    directory, name = os.path.split(path)
    # mkstemp makes files that only their owner can read, and follows no link.
    number, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory or ".")
    try:
        with open(number, "w", encoding="utf-8") as file:
            os.chmod(temporary, mode)
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _parse(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The keys, and the metadata; the format is CZMQ's ZPL: sections, indented ``name = value``."""
    keys: dict[str, str] = {}
    metadata: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        name = name.strip()
        if not name or name.startswith("#"):
            continue
        if not equals:
            section = name
        elif name in {"public-key", "secret-key"}:
            keys.setdefault(name, _unquoted(value))
        elif section == "metadata":
            metadata[name] = _unquoted(value)
    return keys, metadata


def _unquoted(value: str) -> str:
    value = value.strip()
    if value[:1] in {'"', "'"}:
        return value[1:].partition(value[0])[0]
    return value


# -- as pyzmq has them -------------------------------------------------------------------------


def create_certificates(
    key_dir: StrPath, name: str, metadata: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Make a new key pair and write ``name.key`` and ``name.key_secret`` into a directory.

    Returns:
        The names of the public and the secret file.
    """
    path = os.path.join(os.fspath(key_dir), f"{name}.key")
    public, secret = Certificate.new(metadata).save(path)
    assert secret is not None
    return public, secret


def load_certificate(filename: StrPath) -> tuple[bytes, bytes | None]:
    """Return the public key and, if it is in the file, the secret key, both in Z85.

    Raises:
        OSError: there is no such file.
        ValueError: it is no certificate.
    """
    if not os.path.exists(filename):
        raise OSError(f"Invalid certificate file: {os.fspath(filename)}")
    found = Certificate.load(filename)
    return found.public_key, found.secret_key


def load_certificates(directory: StrPath = ".") -> dict[bytes, bool]:
    """Return the public keys of all ``*.key`` files in a directory, each with True.

    Raises:
        OSError: there is no such directory.
        ValueError: one of the files is no certificate.
    """
    if not os.path.isdir(directory):
        raise OSError(f"Invalid certificate directory: {os.fspath(directory)}")
    paths = sorted(Path(directory).glob("*.key"))
    return {load_certificate(path)[0]: True for path in paths}
