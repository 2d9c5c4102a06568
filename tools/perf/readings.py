"""What Linux says of a process: memory, processor time, how often its threads have slept."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

AVAILABLE = Path("/proc/self/status").exists()
_NANOSECONDS = 1e-9


def _field(path: Path, name: str) -> int:
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(f"no {name} in {path}")


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def resident(pid: int) -> int:
    """Return the octets in memory; exact, where ``status`` lags behind by some pages a thread."""
    return 1024 * _field(Path(f"/proc/{pid}/smaps_rollup"), "Rss")


def peak(pid: int) -> int:
    """Return the most octets that have been in memory since `reset_peak`."""
    return 1024 * _field(Path(f"/proc/{pid}/status"), "VmHWM")


def reset_peak(pid: int) -> None:
    """Let `peak` begin anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def wakeups(pid: int) -> int:
    """Return how often the threads have slept so far: each time, something has to wake them."""
    total = 0
    for task in _tasks(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            total += _field(task / "status", "voluntary_ctxt_switches")
    return total


def processor_seconds(pid: int) -> float:
    """Return the time that the threads have run so far."""
    total = 0
    for task in _tasks(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total * _NANOSECONDS


def raise_file_limit() -> int:
    """Let this process, and those it starts, open as many files as it may; return how many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return 1 << 20 if most == resource.RLIM_INFINITY else most
