"""``python -m zmqthread curve-keygen``: makes CURVE keys, in files or on the terminal."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from zmqthread.errors import ZMQError
from zmqthread.security.certificates import Certificate
from zmqthread.security.keys import curve_public

DESCRIPTION = """
Makes a CURVE key pair. With NAME it is written as a certificate, which CZMQ and pyzmq can read:
NAME.key to give away and NAME.key_secret, which only you can read. Without, it is printed.
"""


def add_to(commands: Any) -> None:
    """Add this command to the command line."""
    parser = commands.add_parser("curve-keygen", help="make CURVE keys", description=DESCRIPTION)
    parser.add_argument("name", nargs="?", metavar="NAME", help="where to write, without .key")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument(
        "--metadata",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="what to note in the certificate; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print the keys as JSON")
    parser.add_argument(
        "--secret",
        action="store_true",
        help="read a secret key from the standard input instead of making one",
    )
    parser.set_defaults(run=run)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name, value


def run(arguments: argparse.Namespace) -> int:
    """Make the keys and return the exit status."""
    try:
        certificate = _certificate(arguments)
        if arguments.name:
            return _write(certificate, f"{arguments.name}.key", arguments.force)
    except (ValueError, ZMQError, OSError) as error:
        print(f"curve-keygen: {error}", file=sys.stderr)
        return 1
    _show(certificate, arguments.json)
    return 0


def _certificate(arguments: argparse.Namespace) -> Certificate:
    metadata = dict(arguments.metadata)
    if not arguments.secret:
        return Certificate.new(metadata)
    secret = sys.stdin.readline().strip().encode("ascii", "replace")
    return Certificate(curve_public(secret), secret, metadata)


def _write(certificate: Certificate, path: str, force: bool) -> int:
    present = [name for name in (path, f"{path}_secret") if os.path.lexists(name)]
    if present and not force:
        print(f"curve-keygen: {present[0]} is there already", file=sys.stderr)
        return 1
    for name in certificate.save(path):
        print(name)
    return 0


def _show(certificate: Certificate, as_json: bool) -> None:
    public, secret = certificate.public_key.decode(), (certificate.secret_key or b"").decode()
    if as_json:
        print(json.dumps({"public": public, "secret": secret}, indent=1))
    else:
        print(f"== CURVE PUBLIC KEY ==\n{public}\n\n== CURVE SECRET KEY ==\n{secret}")
