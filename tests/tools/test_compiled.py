"""The build backend: what it asks for, what it builds, and that a compiled wheel works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from configparser import ConfigParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support import ROOT, seconds

pytest.importorskip("setuptools", reason="needs setuptools: pip install 'setuptools>=68'")

import setuptools
from setuptools import build_meta

from tools.wheel import zmqthread_build as backend

#: Runs a hook where the sources are, and prints what it returns.
HOOK = "import sys, zmqthread_build as b; print(getattr(b, sys.argv[1])(*sys.argv[2:]))"
#: A message of a short and a long frame, there and back, in what has just been built.
TALK = """
import zmqthread as zmq
from zmqthread.wire.zmtp import decoder
assert not decoder.__file__.endswith(".py"), decoder.__file__
with zmq.Context() as context, context.socket(zmq.REP) as rep, context.socket(zmq.REQ) as req:
    req.connect(f"tcp://127.0.0.1:{rep.bind_to_random_port('tcp://127.0.0.1')}")
    req.rcvtimeo = rep.rcvtimeo = 10_000
    for size in (1, 300, 65536):
        req.send(b"x" * size)
        rep.send(rep.recv())
        assert req.recv() == b"x" * size
"""


@pytest.fixture
def sources(tmp_path):
    """Return a copy of what a build reads, since builds leave files behind."""
    copy = tmp_path / "sources"
    copy.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("zmqthread", "tools"):
        left_out = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
        shutil.copytree(ROOT / name, copy / name, ignore=left_out)
    return copy


def call(hook: str, *arguments: object, sources: Path, compiled: bool = False) -> str:
    """Call a hook as a front end does: in a process, and with the directory, of its own."""
    environment = {k: v for k, v in os.environ.items() if k != backend.SWITCH}
    environment["PYTHONPATH"] = str(sources / "tools" / "wheel")
    if compiled:
        environment[backend.SWITCH] = "1"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HOOK, hook, *map(str, arguments)],
        cwd=sources,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_mypy_is_asked_for_with_the_switch_only(monkeypatch):
    monkeypatch.setattr(build_meta, "get_requires_for_build_wheel", lambda _: ["one"])
    for off in (None, "", "0"):
        monkeypatch.delenv(backend.SWITCH, raising=False)
        if off is not None:
            monkeypatch.setenv(backend.SWITCH, off)
        assert backend.get_requires_for_build_wheel() == ["one"]
    monkeypatch.setenv(backend.SWITCH, "1")
    assert backend.get_requires_for_build_wheel() == ["one", backend.MYPY]


def test_it_compiles_with_the_mypy_that_checks_the_types():
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert backend.MYPY in config["options.extras_require"]["dev"].splitlines()


def test_every_hot_module_exists_once():
    assert [name for name in backend.MODULES if not (ROOT / name).is_file()] == []
    assert len(set(backend.MODULES)) == len(backend.MODULES)


def test_what_derives_from_a_compiled_class_is_compiled_too():
    import_module("zmqthread.capi")
    hot = {name.removesuffix(".py").replace("/", ".") for name in backend.MODULES}
    for name in hot:
        for item in vars(import_module(name)).values():
            if isinstance(item, type) and item.__module__ == name:
                derived: list[type] = type.__subclasses__(item)
                modules = {each.__module__ for each in derived}
                assert {each for each in modules if each.startswith("zmqthread.")} <= hot, item


def test_every_hook_of_setuptools_is_there():
    hooks = {name for name in build_meta.__all__ if name.islower() and name[0] != "_"}
    assert hooks == set(backend.__all__)


def test_the_plain_wheel_is_pure(sources, tmp_path, monkeypatch):
    pytest.importorskip(
        "wheel", reason="this setuptools needs wheel to build one: pip install wheel"
    )
    name = call("build_wheel", tmp_path, sources=sources)
    assert name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(tmp_path / name) as wheel:
        files = wheel.namelist()
    assert set(backend.MODULES) <= set(files)
    assert [file for file in files if file.startswith("tools")] == []


def test_a_source_distribution_has_its_backend(sources, tmp_path):
    name = call("build_sdist", tmp_path, sources=sources)
    with tarfile.open(tmp_path / name) as archive:
        files = {file.partition("/")[2] for file in archive.getnames()}
    assert {"tools/wheel/zmqthread_build.py", "pyproject.toml", "setup.cfg"} <= files


@pytest.mark.slow
@pytest.mark.timeout(seconds(600))
@pytest.mark.skipif(
    find_spec("wheel") is None and [*map(int, setuptools.__version__.split(".")[:2])] < [70, 1],
    reason="needs setuptools that make wheels: pip install 'setuptools>=70.1'",
)
@pytest.mark.skipif(find_spec("mypyc") is None, reason=f"needs mypyc: pip install '{backend.MYPY}'")
@pytest.mark.skipif(
    shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) is None,
    reason="needs the C compiler that Python was built with: install gcc or clang",
)
def test_a_compiled_wheel_works(sources, tmp_path):
    name = call("build_wheel", tmp_path, sources=sources, compiled=True)
    assert "-none-any" not in name
    with zipfile.ZipFile(tmp_path / name) as wheel:
        wheel.extractall(tmp_path / "site")
    subprocess.run(
        [sys.executable, "-c", TALK], cwd=tmp_path / "site", check=True, timeout=seconds(60)
    )
