"""pyzmq's ``zmq.curve_keygen``: ``python -m zmqthread.curve_keygen [--json] [--secret SECRET]``."""

from __future__ import annotations

import argparse
import json

from zmqthread.security.keys import curve_keypair, curve_public


def _main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m zmqthread.curve_keygen", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the keys as JSON")
    parser.add_argument("--secret", help="print the public key of this one, do not make a pair")
    options = parser.parse_args(arguments)
    if options.secret:
        public, secret = curve_public(options.secret.encode()), options.secret.encode()
    else:
        public, secret = curve_keypair()
    keys = {"public": public.decode(), "secret": secret.decode()}
    if options.json:
        print(json.dumps(keys, indent=1, sort_keys=True))
    else:
        print(f"== CURVE PUBLIC KEY ==\n{keys['public']}\n")
        print(f"== CURVE SECRET KEY ==\n{keys['secret']}")


if __name__ == "__main__":
    _main()
