"""The command lines of the small programs, in the order that libzmq's have."""

from __future__ import annotations

import argparse

from tools.perf.common import LIBRARIES, add_library, natural, positive


def two_ended(about: str, endpoint: str, counted: str) -> argparse.Namespace:
    """Read endpoint, size and count."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("endpoint", metavar=endpoint)
    return _rest(parser, counted)


def within(about: str, endpoint: str, counted: str) -> argparse.Namespace:
    """Read size and count; both ends are at ``endpoint``."""
    parser = argparse.ArgumentParser(description=about)
    parser.set_defaults(endpoint=endpoint)
    return _rest(parser, counted)


def _rest(parser: argparse.ArgumentParser, counted: str) -> argparse.Namespace:
    parser.add_argument("size", metavar="message-size", type=natural)
    parser.add_argument("count", metavar=counted, type=positive)
    add_library(parser)
    parser.add_argument(
        "--against",
        choices=LIBRARIES,
        help="another one, afterwards, and print the ratio; where there is another end that has to"
        " be told the same",
    )
    return parser.parse_args()
