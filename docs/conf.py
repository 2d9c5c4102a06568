"""Sphinx settings. Build with warnings as errors: ``tools/check docs``."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import zmqthread  # noqa: E402 - the checkout, not an installed copy

project = "zmqthread"
author = "the zmqthread contributors"
project_copyright = "2026, the zmqthread contributors"
version = release = zmqthread.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "project_tables",
    "c_tables",
]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {
    "description": "ZeroMQ for Python without a compiled core",
    "page_width": "1240px",
    "body_max_width": "none",
}

autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False

# Sphinx resolves no names outside this documentation, and must not need the network to build.
nitpicky = False
doctest_global_setup = "import zmqthread as zmq"
