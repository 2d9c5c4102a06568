"""``zmq`` as another name of zmqthread, in processes of its own, with no pyzmq under it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import zmqthread
from zmqthread.backend import launch

ROOT = Path(zmqthread.__file__).resolve().parents[1]


def run(code: str) -> str:
    """Run code where the alias comes before any pyzmq."""
    environment = {k: v for k, v in os.environ.items() if k != "PYZMQ_BACKEND"}
    environment["PYTHONPATH"] = os.pathsep.join((launch.ALIAS, str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_program_of_pyzmqs_runs_unchanged():
    code = (
        "import zmq\n"
        "from zmq.utils.monitor import recv_monitor_message\n"
        "import zmq.auth.thread, zmq.devices, zmq.error as error\n"
        "with zmq.Context() as context, context.socket(zmq.REQ) as req:\n"
        "    with context.socket(zmq.REP) as rep:\n"
        "        port = rep.bind_to_random_port('tcp://127.0.0.1')\n"
        "        monitor = req.get_monitor_socket(zmq.EVENT_CONNECTED)\n"
        "        req.connect(f'tcp://127.0.0.1:{port}')\n"
        "        req.send_json({'a': 1})\n"
        "        rep.send_json(rep.recv_json())\n"
        "        print(req.recv_json(), recv_monitor_message(monitor)['event'].name)\n"
        "        monitor.close()\n"
        "        try: rep.recv(zmq.DONTWAIT)\n"
        "        except error.Again as caught: print(caught)\n"
    )
    assert run(code).splitlines() == [
        "{'a': 1} CONNECTED",
        "Resource temporarily unavailable",
    ]


def test_every_module_is_one_and_the_same_by_both_names():
    code = (
        "import zmq, zmqthread, zmq.utils.z85, zmq.sugar.version, zmq.log.handlers, zmq.ssh\n"
        "import zmqthread.utils.z85\n"
        "print(zmq.utils.z85 is zmqthread.utils.z85, zmq.Socket is zmqthread.Socket)\n"
        "print(zmqthread.utils.z85.__spec__.name, zmqthread.utils.z85.__name__)\n"
        "from zmq import *\n"
        "print(PUSH, set(zmqthread.__all__) <= set(dir(zmq)))\n"
    )
    assert run(code).splitlines() == [
        "True True",
        "zmqthread.utils.z85 zmqthread.utils.z85",
        "8 True",
    ]


def test_what_a_program_sets_on_the_package_counts():
    code = (
        "import zmq, zmqthread\n"
        "zmq.COPY_THRESHOLD = 0\n"
        "print(zmqthread.COPY_THRESHOLD, zmq.Frame(b'a', copy=None).tracker)\n"
        "zmq.mine = 1\n"
        "del zmq.mine\n"
        "print(hasattr(zmqthread, 'mine'))\n"
    )
    assert run(code).split() == ["0", "None", "False"]


def test_its_version_is_that_of_the_pyzmq_it_stands_for():
    code = (
        "import zmq, zmqthread\n"
        "print(zmq.__version__ == zmq.pyzmq_version(), zmqthread.__version__)\n"
        "print(zmq.__file__)\n"
        "print(*zmq.get_library_dirs())\n"
    )
    version, file, libraries = run(code).splitlines()
    assert version == f"True {zmqthread.__version__}"
    assert file == str(Path(launch.ALIAS, "zmq", "__init__.py"))
    assert libraries == str(Path(file).parent)


@pytest.mark.parametrize("name", ["asyncio", "green", "eventloop", "backend", "api", "nothing"])
def test_what_needs_pyzmq_is_not_there(name):
    code = f"try: import zmq.{name}\nexcept ModuleNotFoundError as error: print(error.name)"
    assert run(code) == f"zmq.{name}\n"


def test_it_does_not_take_the_place_of_a_pyzmq_that_is_in_use():
    pytest.importorskip("zmq", reason="needs pyzmq, which the extra test brings")
    code = (
        "import sys\n"
        "sys.path.reverse()\n"  # now pyzmq comes first
        "import zmq, zmqthread.alias\n"
        "try: zmqthread.alias.install()\n"
        "except RuntimeError as error: print(zmq.__file__ in str(error))\n"
    )
    assert run(code) == "True\n"


def test_it_does_not_take_the_place_of_a_module_of_the_programs_own():
    code = (
        "import sys, types\n"
        "sys.modules['zmq'] = types.ModuleType('zmq')\n"
        "import zmqthread.alias\n"
        "try: zmqthread.alias.install()\n"
        "except RuntimeError as error: print(error)\n"
    )
    assert run(code) == "zmq is imported already, from elsewhere\n"


def test_a_program_and_its_children_are_run_with_it_where_no_pyzmq_is():
    code = (
        "import subprocess, sys, zmq\n"
        "print(zmq.__file__)\n"
        "child = 'import zmq; print(zmq.__file__)'\n"
        "print(subprocess.check_output([sys.executable, '-c', child], text=True), end='')\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYZMQ_BACKEND"}}
    hidden = (
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'zmq' else find(name)\n"
        f"sys.argv[1:] = ['run', '-c', {code!r}]\n"
        "import runpy; runpy.run_module('zmqthread', run_name='__main__')\n"
    )
    lines = subprocess.check_output(
        [sys.executable, "-c", hidden], cwd=ROOT, env=environment, text=True, timeout=60
    ).splitlines()
    assert lines == [str(Path(launch.ALIAS, "zmq", "__init__.py"))] * 2
