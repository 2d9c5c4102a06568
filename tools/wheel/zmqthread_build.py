"""The build backend: setuptools', which on request compiles the hot modules of the wheel.

Without the switch every hook is `setuptools.build_meta`'s own, and the wheel is pure Python.  With
it mypyc compiles the same sources; the wheel is for one version of CPython on one platform then::

    ZMQTHREAD_COMPILED=1 python -m pip install .

An editable install is never compiled: it is there for sources that change.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import setuptools
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

SWITCH: Final = "ZMQTHREAD_COMPILED"
#: The one that checks the types: another might find faults in them, which mypyc does not forgive.
MYPY: Final = "mypy>=2.4,<2.5"
#: A wheel is built from a source distribution with this very file.
_BACKEND: Final = "tools/wheel/zmqthread_build.py"

_HOT: Final = """
    api/core api/driving api/hosting api/lending api/lodging api/mailbox api/monitor api/pairing
    api/waiting
    patterns/distributor patterns/fair_queue patterns/gathering patterns/index
    patterns/load_balancer patterns/subscriptions patterns/topics
    pipes/batch pipes/conflate pipes/lane pipes/pipe
    reactor/selector
    sessions/admission sessions/inproc sessions/reading sessions/session sessions/taking_turns
    sessions/writing
    wire/zmtp/connection wire/zmtp/decoder wire/zmtp/frames wire/zmtp/heartbeat wire/zmtp/large
    wire/zmtp/runs wire/zmtp/traffic
"""
#: What a message passes through.  A class in here can have no subclass that is not, nor a second
#: base class that is not.  `reactor.vigil` stays out, and the loop with it: compiled code lets no
#: other thread have the interpreter, nor a signal handler run, before it calls something that does.
MODULES: Final = tuple(f"zmqthread/{name}.py" for name in _HOT.split())


def compiled() -> bool:
    """Return whether the wheel is to be compiled."""
    return os.environ.get(SWITCH, "0") not in {"", "0"}


def _setup(**more: Any) -> Any:
    """Have the `setup()` that a hook calls take ``more``: there is no setup.py to say it in."""
    return patch.object(setuptools, "setup", partial(setuptools.setup, **more))


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what a front end has to install first."""
    needed = list(build_meta.get_requires_for_build_wheel(config_settings))
    return [*needed, MYPY] if compiled() else needed


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Build a wheel, compiled or not, and return its name."""
    if not compiled():
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))
    from mypyc.build import mypycify  # there is none in the environment of a pure build

    extensions = mypycify(list(MODULES), opt_level="3", debug_level="0", group_name="zmqthread")
    with _setup(ext_modules=extensions):
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Build a source distribution, this file included, and return its name."""
    # As data files, which setuptools packs by itself. Wheels have none, so it is installed nowhere.
    with _setup(data_files=[("", [_BACKEND])]):
        return str(build_meta.build_sdist(sdist_directory, config_settings))
