"""Run pyzmq's own tests on this engine and print how many pass.

Twice: with pyzmq on top of `zmqthread.backend`, and with the name ``zmq`` meaning `zmqthread`
itself (`tools/zmq_alias.py`; what is about asyncio, gevent or tornado is left out).  The tests come
out of pyzmq's source distribution, which pip fetches.  Each file gets its own process.

Run by a Python that has what `REQUIREMENTS` names, in which pyzmq is installed::

    python tools/pyzmq_suite.py --floor backend=420 --floor alias=274
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
VERSION: Final = "27.3.0"
REQUIREMENTS: Final = (
    f"pyzmq=={VERSION}",
    "PyNaCl",
    # No numpy: with it the types of three of the examples no longer fit, on stock pyzmq as well.
    "cython",
    "gevent",
    "ipykernel",
    "jupyter_client",
    "mypy",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "scikit-build-core",  # lets pip look at the source distribution without building it
    "tornado",
)
#: Fails on stock pyzmq as well, now and then.
RACY: Final = "tests/test_log.py::TestPubLog::test_blank_root_topic"
#: Of the second run: what is not synchronous, and pyzmq's own compiled engines.
ELSEWHERE: Final = {
    *("test_asyncio", "test_future", "test_ioloop", "test_zmqstream"),
    *("test_cffi_backend", "test_cython"),
}
#: Of the second run: what cannot hold for zmqthread itself; see docs/differences.rst.
INTENDED: Final = {
    "tests/test_auth.py::TestThreadAuthentication::test_null": "a ZAP domain without a handler",
}
#: Seconds for each test, pyzmq's own limit, and for each file of them.
TEST_TIME: Final = 60
FILE_TIME: Final = 600
_COUNT: Final = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")


def download(folder: Path) -> Path:
    """Have pip fetch the source distribution, and unpack it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYZMQ_BACKEND"}
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--no-binary", "pyzmq", "-d", str(folder), f"pyzmq=={VERSION}"]
    subprocess.run(command, check=True, env=environment)
    with tarfile.open(next(folder.glob("pyzmq-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"pyzmq-{VERSION}"


def fetch(folder: Path) -> Path:
    """Fetch the source distribution, and set out what the tests need."""
    source = download(folder)
    suite = folder / "suite"
    suite.mkdir()
    # Without its zmq folder, which would hide the one that is installed.
    for name in ("tests", "pytest.ini", "mypy.ini", "mypy_tests", "examples"):
        (source / name).rename(suite / name)
    return suite


def write_stubs(suite: Path) -> None:
    """Write what makes mypy, too, take zmqthread for zmq."""
    package = ROOT / "zmqthread"
    for source in sorted(package.rglob("*.py")):
        module = source.relative_to(package).with_suffix(".pyi")
        name = ".".join(("zmqthread", *module.with_suffix("").parts)).removesuffix(".__init__")
        stub = suite / "stubs" / "zmq" / module
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(f"from {name} import *\n")
    # What type checkers cannot see in a computed __all__.
    with (suite / "stubs" / "zmq" / "__init__.pyi").open("a") as file:
        file.write("from zmqthread.constants import *\n")
    settings = suite / "mypy.ini"
    if "zmqthread" not in settings.read_text():
        with settings.open("a") as file:  # the tests ask for Python 3.10
            file.write("\n[mypy-zmqthread.*]\nignore_errors = True\n")


def run_file(suite: Path, name: str, how: str) -> tuple[str, str]:
    """Run one file of tests; return its name and what pytest printed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYZMQ_BACKEND"}
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=short"]
    command += [f"--timeout={TEST_TIME}", "-p", "no:cacheprovider", "--deselect", RACY]
    if how == "backend":
        environment |= {"PYTHONPATH": str(ROOT), "PYZMQ_BACKEND": "zmqthread.backend"}
    else:
        environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "tools")))
        environment["MYPYPATH"] = os.pathsep.join((str(suite / "stubs"), str(ROOT)))
        command += ["-p", "zmq_alias"]
        for test in INTENDED:
            command += ["--deselect", test]
    command.append(f"tests/{name}.py")
    try:
        done = subprocess.run(
            command,
            cwd=suite,
            env=environment,
            capture_output=True,
            check=False,
            text=True,
            timeout=FILE_TIME,
        )
    except subprocess.TimeoutExpired:
        return name, f"FAILED {name}: no end after {FILE_TIME} s\n1 failed"
    return name, done.stdout + done.stderr


def run(suite: Path, names: list[str], how: str, verbose: bool) -> dict[str, Counter[str]]:
    """Run files of tests; return how many tests of each have passed, failed and so on."""
    found: dict[str, Counter[str]] = {}
    with ThreadPoolExecutor(2) as pool:
        for name, output in pool.map(lambda name: run_file(suite, name, how), names):
            lines = output.strip().splitlines() or ["no output"]
            print(f"{how}: {name}: {lines[-1]}", flush=True)
            for line in lines if verbose else ():
                print(f"    {line}")
            for line in lines:
                if line.startswith(("FAILED", "ERROR")):
                    print(f"    {line[:160]}")
            found[name] = Counter({what: int(n) for n, what in _COUNT.findall(lines[-1])})
    return found


def passed(suite: Path, names: list[str], how: str, floor: int, verbose: bool) -> int:
    """Return how many tests pass; below the floor, files with a failure get a second chance.

    Some of pyzmq's tests wait for 50 ms, or fill 6 GB of memory in a minute.
    """
    found = run(suite, names, how, verbose)
    total = sum(found.values(), Counter[str]())
    failing = [name for name, counts in found.items() if counts.keys() - {"passed", "skipped"}]
    if failing and total["passed"] < floor:
        print(f"{how}: again: {', '.join(failing)}", flush=True)
        for name, counts in run(suite, failing, how, verbose).items():
            found[name] = max(found[name], counts, key=lambda each: each["passed"])
    totals = sum(found.values(), Counter[str]())
    summary = ", ".join(f"{count} {what}" for what, count in totals.items())
    print(f"{how}: {summary or 'nothing ran'}", flush=True)
    return totals["passed"]


def _floor(text: str) -> tuple[str, int]:
    how, _, number = text.partition("=")
    return how, int(number)


def main() -> int:
    """Return 1 if fewer tests pass than the floor asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", help="such as test_socket; all by default")
    parser.add_argument("--how", choices=("backend", "alias"), help="only one of the two ways")
    parser.add_argument("--floor", action="append", type=_floor, default=[], metavar="HOW=NUMBER")
    parser.add_argument("--requirements", action="store_true", help="print what pip has to install")
    parser.add_argument("--suite", type=Path, help="an unpacked suite, instead of fetching one")
    parser.add_argument("-v", "--verbose", action="store_true", help="print all that pytest does")
    options = parser.parse_args()
    if options.requirements:
        print("\n".join(REQUIREMENTS))
        return 0
    floors = dict(options.floor)
    short = []
    with tempfile.TemporaryDirectory() as folder:
        suite = options.suite or fetch(Path(folder))
        write_stubs(suite)
        names = options.files or sorted(path.stem for path in suite.glob("tests/test_*.py"))
        for how in (options.how,) if options.how else ("backend", "alias"):
            chosen = [name for name in names if how == "backend" or name not in ELSEWHERE]
            floor = floors.get(how, 0)
            count = passed(suite, chosen, how, floor, options.verbose)
            if count < floor:
                short.append(f"{how}: {count} tests pass, fewer than {floor}")
    for line in short:
        print(line, file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
