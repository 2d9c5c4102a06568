"""Build a libzmq with its draft socket types, for the tests that need one as a peer.

In a virtual environment of its own, under the user's cache directory, where it stays: the tests
find it there, or where the environment variable says.  Needs a C++ compiler, and some two minutes
the first time; afterwards it only looks.  Prints the interpreter that has it::

    python tools/draft_peer.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import Final

#: Names an interpreter whose pyzmq has the drafts.
VARIABLE: Final = "ZMQTHREAD_DRAFT_PYTHON"
COMMAND: Final = "python tools/draft_peer.py"
#: The last one that takes its libzmq along in a form that compiles without CMake.
PYZMQ: Final = "pyzmq==25.1.2"
_PROBE: Final = "import sys, zmq; sys.exit(not zmq.DRAFT_API)"


def cache() -> Path:
    """Return the directory of the virtual environment, whether it is there or not."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "zmqthread" / f"{PYZMQ.replace('==', '-')}-drafts"


def find() -> Path | None:
    """Return the interpreter with the drafts, None if there is none that works."""
    named = os.environ.get(VARIABLE)
    python = Path(named) if named else cache() / "bin" / "python"
    if not python.exists():
        return None
    probe = subprocess.run([python, "-c", _PROBE], capture_output=True, check=False)
    return python if probe.returncode == 0 else None


def build() -> Path:
    """Build it, unless it is there.

    Raises:
        CalledProcessError: it does not build.
    """
    found = find()
    if found is not None:
        return found
    home = cache()
    home.parent.mkdir(parents=True, exist_ok=True)
    # Under another name until it is whole: two may be at it, and either may be interrupted.
    work = Path(tempfile.mkdtemp(prefix="building-", dir=home.parent))
    try:
        venv.create(work, with_pip=True)
        python = work / "bin" / "python"
        environment = {**os.environ, "ZMQ_DRAFT_API": "1", "ZMQ_PREFIX": "bundled"}
        command = [str(python), "-m", "pip", "install", "-q", "--no-binary", "pyzmq", PYZMQ]
        subprocess.run(command, check=True, env=environment)
        shutil.rmtree(home, ignore_errors=True)  # one that does not work any more
        try:
            work.rename(home)
        except OSError:  # somebody else was as far between the two
            if find() is None:
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return home / "bin" / "python"


if __name__ == "__main__":
    print(build())
