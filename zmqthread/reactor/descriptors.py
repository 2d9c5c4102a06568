"""The process's table of descriptors."""

from __future__ import annotations

import os

#: Linux gives a process a table of this size to begin with.
_FIRST = 64


def expect(count: int, one: int) -> None:
    """Make room for ``count`` more descriptors; ``one`` is any that is open.

    Linux doubles a full table, and in a process with threads it first waits until no processor
    looks at the old one: 5 to 22 ms each time, measured.  Done before there are threads it is free.
    """
    if count <= _FIRST:
        return
    try:
        import fcntl
        import resource
    except ImportError:
        return  # Windows has no such table
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = one + count if most == resource.RLIM_INFINITY else min(one + count, most - 1)
    try:
        highest = fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, wanted)
    except OSError:
        return  # the limit has been reached: there is nothing to make room for
    os.close(highest)
