"""The command lines of the small programs, in the order that libzmq's have."""

from __future__ import annotations

import argparse

from tools.perf.common import add_library, natural, positive


def two_ended(about: str, endpoint: str, counted: str) -> argparse.Namespace:
    """Read endpoint, size and count."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("endpoint", metavar=endpoint)
    return _rest(parser, counted)


def within(about: str, counted: str) -> argparse.Namespace:
    """Read size and count."""
    return _rest(argparse.ArgumentParser(description=about), counted)


def _rest(parser: argparse.ArgumentParser, counted: str) -> argparse.Namespace:
    parser.add_argument("size", metavar="message-size", type=natural)
    parser.add_argument("count", metavar=counted, type=positive)
    add_library(parser)
    return parser.parse_args()
