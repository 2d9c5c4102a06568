"""Finding and building the libzmq with drafts; what is built is tested where it is used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT
from tools import draft_peer


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.delenv(draft_peer.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def interpreter(path: Path, *, drafts: bool) -> Path:
    """Make something that says whether it has the drafts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {int(not drafts)}\n", encoding="ascii")
    path.chmod(0o755)
    return path


def test_it_is_looked_for_in_the_users_cache(home):
    assert draft_peer.find() is None
    assert draft_peer.cache().parent.parent == home
    there = interpreter(draft_peer.cache() / "bin" / "python", drafts=True)
    assert draft_peer.find() == there
    assert draft_peer.build() == there


def test_one_that_has_no_drafts_is_none(home):
    interpreter(draft_peer.cache() / "bin" / "python", drafts=False)
    assert draft_peer.find() is None


def test_the_variable_goes_first(home, monkeypatch):
    interpreter(draft_peer.cache() / "bin" / "python", drafts=True)
    monkeypatch.setenv(draft_peer.VARIABLE, str(home / "nowhere"))
    assert draft_peer.find() is None
    named = interpreter(home / "python", drafts=True)
    monkeypatch.setenv(draft_peer.VARIABLE, str(named))
    assert draft_peer.find() == named


def test_a_build_that_fails_leaves_nothing(home, monkeypatch):
    def run(command, **options):
        if "pip" in command:
            raise subprocess.CalledProcessError(1, command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("venv.create", lambda path, **_: None)
    monkeypatch.setattr("subprocess.run", run)
    with pytest.raises(subprocess.CalledProcessError):
        draft_peer.build()
    assert list((home / "zmqthread").iterdir()) == []


def test_the_command_that_tests_name_is_there():
    python, script = draft_peer.COMMAND.split()
    assert python == "python"
    assert ROOT / script == Path(draft_peer.__file__)
