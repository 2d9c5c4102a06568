"""A certificate store: the public keys in a directory, as it is at each look."""

from __future__ import annotations

import fnmatch
import logging
import os
import threading
from typing import Final

from zmqthread.security.certificates import Certificate, StrPath

log = logging.getLogger("zmqthread")

_SECRET: Final = "_secret"
# What tells that a file is still the one that was read.
_State = tuple[int, int, int]


class CertificateStore:
    """The certificates in a directory; files that come, change or go count at once.

    Each look lists the directory and reads what has changed: a key that was removed is refused from
    the next handshake on. Files of secret keys are left alone, files that cannot be read or are no
    certificates are logged once and admit nobody. Safe to use from any number of threads.

    Args:
        directory: where the certificates are; it may come into being later.
        pattern: which files they are. pyzmq's are called ``*.key``, CZMQ's have any name (``*``).
    """

    def __init__(self, directory: StrPath, pattern: str = "*.key") -> None:
        self.directory = os.fspath(directory)
        self.pattern = pattern
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[_State, Certificate | None]] = {}
        self._by_key: dict[bytes, Certificate] = {}

    def __repr__(self) -> str:
        return f"<CertificateStore {self.directory}: {len(self._by_key)} certificates>"

    def get(self, public_key: bytes) -> Certificate | None:
        """Return the certificate with a public key (40 octets of Z85), or None."""
        with self._lock:
            self._follow()
            return self._by_key.get(public_key)

    def __len__(self) -> int:
        with self._lock:
            self._follow()
            return len(self._by_key)

    def _follow(self) -> None:
        found = self._states()
        if {name: state for name, (state, _) in self._seen.items()} == found:
            return
        before, self._seen = self._seen, {}
        for name, state in found.items():
            known = before.get(name)
            if known is None or known[0] != state:
                known = state, self._load(name)
            self._seen[name] = known
        certificates = [certificate for _, certificate in self._seen.values() if certificate]
        self._by_key = {certificate.public_key: certificate for certificate in certificates}

    def _states(self) -> dict[str, _State]:
        """Size, time and number of each file: an edit in place changes nothing of the directory."""
        found: dict[str, _State] = {}
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    if not self._is_one(entry.name):
                        continue
                    try:
                        status = entry.stat()
                    except OSError:
                        continue  # gone again
                    found[entry.name] = (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError as error:
            if self._seen:
                log.warning("no certificates from %s: %s", self.directory, error.strerror)
            return {}
        return found

    def _is_one(self, name: str) -> bool:
        hidden = name.startswith(".") or name.endswith(_SECRET)
        return not hidden and fnmatch.fnmatchcase(name, self.pattern)

    def _load(self, name: str) -> Certificate | None:
        path = os.path.join(self.directory, name)
        try:
            loaded = Certificate.load(path)
        except (OSError, ValueError) as error:
            log.warning("no certificate: %s", error)
            return None
        # A secret that lies about here is none of the store's business.
        return Certificate(loaded.public_key, None, loaded.metadata)
