"""Why there is no tunnel, and how long one is waited for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

#: Seconds from the first try to reach a server until it is given up.
START_TIME: Final = 60.0

if TYPE_CHECKING:

    class SSHException(Exception):
        """What all errors of tunnels have in common."""

else:
    # Here, and not where it is needed: who catches paramiko's class is to catch ours as well.
    try:
        with warnings.catch_warnings():
            # Older ones warn of ciphers that cryptography is about to drop.
            warnings.simplefilter("ignore")
            from paramiko import SSHException
    except ImportError:

        class SSHException(Exception):
            """What all errors of tunnels have in common."""


class TunnelError(SSHException, RuntimeError):
    """The tunnel has not come about; the text tells why.

    A RuntimeError as well, since that is what pyzmq raises when ssh fails.
    """


class MaxRetryExceeded(TunnelError):
    """The server did not let us in within `START_TIME`, or refused every password typed."""
