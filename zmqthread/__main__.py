"""The command line: ``python -m zmqthread COMMAND``."""

from __future__ import annotations

import argparse
import sys

from zmqthread import __version__
from zmqthread.backend import launch
from zmqthread.demo import command as demo
from zmqthread.security import keygen


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m zmqthread", description="ZeroMQ for Python without a compiled core."
    )
    parser.add_argument("--version", action="version", version=f"zmqthread {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (demo, keygen, launch):
        module.add_to(commands)
    parsed = parser.parse_args(arguments)
    status: int = parsed.run(parsed)
    return status


if __name__ == "__main__":
    sys.exit(main())
