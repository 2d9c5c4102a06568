"""The measuring programs, in configurations that take a moment, run as users run them."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.support import LOOPBACK, ROOT, free_port, listening, seconds
from tools.perf import common, readings, tables

ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    "PYTHONIOENCODING": "utf-8",
}
LAT = ["message size: 16 [B]", "roundtrip count: 30", "average latency: N [us]"]
LAT += ["median roundtrip: N [us]", "99% of roundtrips: N [us]"]
THR = ["message size: 16 [B]", "message count: 30"]
THR += ["mean throughput: N [msg/s]", "mean throughput: N [Mb/s]"]
PARTS = ("Python", "the system")
needs_proc = pytest.mark.skipif(not readings.AVAILABLE, reason="reads Linux's /proc")


def begin(program: str, *arguments: str, stderr: int | None = None) -> subprocess.Popen[str]:
    """Start a program as a user does."""
    command = [sys.executable, "-W", "error", "-m", f"tools.perf.{program}", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=stderr, text=True, env=ENVIRONMENT)


def result_of(process: subprocess.Popen[str]) -> str:
    """Return what a program has still to print before it ends as it should."""
    try:
        printed, _ = process.communicate(timeout=seconds(20))
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    return printed


@pytest.fixture
def run(monkeypatch, capsys):
    """Give what runs a program and returns what it prints; here, since processes take long."""

    def run(program: str, *arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", [program, *arguments])
        code: object = 0
        capsys.readouterr()
        try:
            importlib.import_module(f"tools.perf.{program}").main()
        except SystemExit as end:
            code = end.code
        if isinstance(code, str):  # what Python itself does with it
            print(code, file=sys.stderr)
            code = 1
        printed = capsys.readouterr()
        assert code == status, printed.err
        return str(printed.err if status else printed.out)

    return run


def lines(printed: str) -> list[str]:
    """Return the lines with the numbers that differ from run to run taken out."""
    return re.sub(r"\d+\.\d{3}", "N", printed).splitlines()


def pair(local: str, remote: str, library: str = "zmqthread") -> tuple[list[str], list[str]]:
    """Run two small programs against each other."""
    started = begin(local, f"tcp://{LOOPBACK}:*", "16", "30")
    try:
        assert started.stdout is not None
        endpoint = started.stdout.readline().removeprefix("endpoint: ").rstrip()
        there = result_of(begin(remote, endpoint, "16", "30", "--library", library))
        here = result_of(started)
    finally:
        started.kill()
        started.communicate()
    return lines(here), lines(there)


def test_latency_of_two_processes():
    assert pair("local_lat", "remote_lat") == ([], LAT)


def test_throughput_of_two_processes():
    assert pair("local_thr", "remote_thr") == (THR, [])


@pytest.mark.interop
@pytest.mark.parametrize(
    ("local", "remote", "printed"),
    [("local_lat", "remote_lat", ([], LAT)), ("local_thr", "remote_thr", (THR, []))],
)
def test_the_other_end_may_be_the_other_library(local, remote, printed):
    assert pair(local, remote, "pyzmq") == printed


@pytest.mark.interop
@pytest.mark.parametrize(
    ("local", "remote", "printed"),
    [("local_lat", "remote_lat", ([], LAT)), ("local_thr", "remote_thr", (THR, []))],
)
def test_two_processes_measure_one_library_against_the_other(local, remote, printed):
    endpoint = f"tcp://{LOOPBACK}:{free_port()}"
    ends = [begin(each, endpoint, "16", "30", "--against", "pyzmq") for each in (local, remote)]
    try:
        found = [lines(result_of(end)) for end in ends]
    finally:
        for end in ends:
            end.kill()
            end.communicate()
    bound = [f"endpoint: {endpoint}"]
    for output, place, one in zip(found, (bound, []), printed, strict=True):
        both = ["library: zmqthread", *place, *one, "library: pyzmq", *place, *one]
        assert output == [*both, *(["ratio: N"] if one else [])]


@pytest.mark.interop
@pytest.mark.parametrize("library", ["zmqthread", "pyzmq"])
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals on Windows")
@pytest.mark.parametrize("more", [[], ["--against", "zmqthread"]])
@pytest.mark.parametrize("program", ["remote_lat", "remote_thr"])
def test_ctrl_c_ends_a_program_whose_other_end_never_speaks(program, more, library):
    arguments = ["16", "100000", "--library", library, *more]
    with listening() as listener:
        endpoint = f"tcp://{LOOPBACK}:{listener.getsockname()[1]}"
        process = begin(program, endpoint, *arguments, stderr=subprocess.PIPE)
        try:
            listener.settimeout(seconds(20))
            silent, _ = listener.accept()
            time.sleep(seconds(0.2))  # by now it waits, with messages queued
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=seconds(10))
            silent.close()
        finally:
            process.kill()
            process.communicate()
    assert "KeyboardInterrupt" in errors
    assert process.returncode == -signal.SIGINT


@pytest.mark.interop
@pytest.mark.parametrize(("program", "printed"), [("inproc_lat", LAT), ("inproc_thr", THR)])
def test_a_process_measures_one_library_against_the_other(program, printed):
    output = result_of(begin(program, "16", "30", "--library", "pyzmq", "--against", "zmqthread"))
    each = ["endpoint: inproc://perf", *printed]
    assert lines(output) == ["library: pyzmq", *each, "library: zmqthread", *each, "ratio: N"]
    rates = [
        float(value) for value in re.findall(r"(?:throughput|median roundtrip): ([\d.]+)", output)
    ]
    one, other = rates[0], rates[len(rates) // 2]
    ratio = float(output.split()[-1])
    assert ratio == pytest.approx(other / one if printed == LAT else one / other, abs=0.002)


@pytest.mark.parametrize(("program", "printed"), [("inproc_lat", LAT), ("inproc_thr", THR)])
def test_within_a_process(program, printed):
    assert lines(result_of(begin(program, "16", "30"))) == ["endpoint: inproc://perf", *printed]


@pytest.mark.parametrize("mechanism", ["NULL", "PLAIN", "CURVE"])
def test_handshakes(mechanism):
    if mechanism == "CURVE":
        pytest.importorskip("nacl.bindings", reason="the extra curve is not installed")
    printed = lines(result_of(begin("handshakes", mechanism, "5")))
    rate = "mean rate: N [connections/s]"
    assert printed == [f"mechanism: {mechanism}", "connections: 5", rate]


def test_threads():
    printed = lines(result_of(begin("threads", "3", "30")))
    rates = ["one CLIENT: N [requests/s]", "a REQ for each thread: N [requests/s]", "ratio: N"]
    assert printed == ["threads: 3", "requests: 30", *rates]


def test_what_handing_over_takes_without_a_library():
    printed = lines(result_of(begin("bare_handover", "5", "30")))
    taken = ["median roundtrip: N [us]", "median roundtrip over a socket pair: N [us]"]
    if hasattr(os, "sched_setaffinity"):
        taken.append("median roundtrip on one processor: N [us]")
    assert printed == ["computing at each end: 5 [us]", *taken]


BARE = [f"{end}, in {where}: N [us]" for end in ("connecting", "accepting") for where in PARTS]


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
def test_what_connections_take_without_a_library():
    printed = lines(result_of(begin("bare_connects", "30")))
    assert printed == ["connections: 30", "connections: N [1/s]", *BARE]


@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
def test_connections_without_a_library_end_when_no_more_can_be_made():
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))"
    code = f"{limit}; from tools.perf import bare_connects; bare_connects.main()"
    command = [sys.executable, "-c", code, "300"]
    ended = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, timeout=seconds(20), check=False
    )
    assert ended.returncode == 1
    assert b"Too many open files" in ended.stderr


@pytest.mark.interop
@pytest.mark.skipif(not hasattr(select, "epoll"), reason="needs epoll")
def test_connections_without_a_library_are_good_enough_for_libzmq():
    zmq = pytest.importorskip("zmq")
    bare_connects = importlib.import_module("tools.perf.bare_connects")  # not on Windows
    near, far = multiprocessing.Pipe()
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        port = router.bind_to_random_port(f"tcp://{LOOPBACK}")
        thread = threading.Thread(target=bare_connects.connect, args=(port, 3, far))
        thread.start()
        router.rcvtimeo = 10_000
        heard = [router.recv_multipart() for _ in range(3)]
        near.send(None)
        thread.join()
    assert [message for _, message in heard] == [b"hi"] * 3
    assert len({name for name, _ in heard}) == 3


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("local_lat", ["tcp://127.0.0.1:*", "16"]),
        ("remote_lat", ["tcp://127.0.0.1:1", "16", "none"]),
        ("local_thr", ["tcp://127.0.0.1:*", "-1", "30"]),
        ("remote_thr", ["tcp://127.0.0.1:1", "16", "0"]),
        ("inproc_lat", ["16", "30", "--library", "nng"]),
        ("inproc_thr", ["16", "30", "40"]),
        ("inproc_thr", ["16", "30", "--against", "nng"]),
        ("handshakes", ["TLS", "10"]),
        ("threads", ["8"]),
        ("bare_handover", ["-1", "30"]),
        ("bare_connects", ["0"]),
        ("compare", ["--only", "thr-pigeon-1"]),
        ("compare", ["--against", "nng"]),
        ("growth", ["--only", "topics,hats"]),
        ("growth", ["--topics", "100,10"]),
        ("growth", ["--limit", "-1"]),
        ("plot", ["--json", "there-is-none.json"]),
        ("tables", ["there-are-no-arguments"]),
    ],
)
def test_wrong_arguments_are_answered_with_the_usage(run, program, arguments):
    printed = run(program, *arguments, status=2)
    assert printed.startswith("usage: ")
    assert "Traceback" not in printed


@pytest.mark.interop
@pytest.mark.slow
def test_comparison(run, tmp_path):
    path = tmp_path / "figures.json"
    cases = "lat-ipc-1,thr-inproc-16"
    arguments = ["--quick", "--against", "pyzmq", "--only", cases, "--json", str(path)]
    printed = run("compare", *arguments).splitlines()
    number = r"[\d,.]+"
    for line, case in zip(printed, cases.split(","), strict=True):
        spread = rf"ratio {number} \({number}-{number}\)"
        assert re.fullmatch(rf"{case} +zmqthread +{number} +pyzmq +{number} \S+ +{spread}", line)
    rows = json.loads(path.read_text())["compare"]["rows"]
    (ratio, least, most) = (rows[0]["advantage"][key] for key in ("ratio", "least", "most"))
    latency = rows[0]["median"]
    assert ratio == least == most == pytest.approx(latency["pyzmq"] / latency["zmqthread"])
    assert rows[1]["advantage"]["ratio"] == pytest.approx(
        rows[1]["median"]["zmqthread"] / rows[1]["median"]["pyzmq"]
    )


def test_comparison_of_one_library_says_what_failed(run):
    printed = run("compare", "--only", "thr-inproc-16", "--limit", "0.001", status=1)
    assert printed == "not measured: thr-inproc-16\n"


SMALL = {"topics": "50", "peers": "10", "sizes": "1,70000", "subscribers": "3"}


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("name", [*SMALL, "idle"])
def test_growth(run, name, tmp_path):
    path = tmp_path / "figures.json"
    path.write_text('{"compare": "kept"}')
    points = [f"--{name}", SMALL[name]] if name in SMALL else []
    quick = ["--quick", "--rounds", "1", "--window", "0.1", "--limit", str(seconds(20))]
    result = json.loads(run("growth", "--only", name, *quick, *points, "--json", str(path)))
    assert json.loads(path.read_text()) == {"compare": "kept", "growth": result}
    rows = result["figures"][name]["zmqthread"]
    columns = tables.COLUMNS[name]
    if points:
        assert [row[columns[0].key] for row in rows] == [int(n) for n in points[1].split(",")]
    else:
        # None on a quiet machine; a tick of 2 ms would make 50.
        assert [row["wakeups"] < 10 for row in rows] == [True] * 4
    text = tables.render({"growth": result}, tmp_path)
    assert tables.QUICK in text
    assert all(tables.cell(row, column) in text for row in rows for column in columns)


@needs_proc
def test_growth_is_bounded_in_time(run, tmp_path):
    path = tmp_path / "figures.json"
    quick = ["--quick", "--only", "idle", "--limit", "0.05", "--json", str(path)]
    printed = run("growth", *quick, status=1)
    assert printed.splitlines()[-1] == "not measured: idle"
    text = tables.render(json.loads(path.read_text()), tmp_path)
    assert "No more has been measured: a point took more than 0.05 s." in text


@needs_proc
def test_readings_of_a_process():
    begin, run_before = readings.wakeups(os.getpid()), readings.processor_seconds(os.getpid())
    ended = threading.Event()

    def sleeper() -> None:
        for _ in range(20):
            time.sleep(0.001)
        ended.wait()  # the counts of a thread go with it

    thread = threading.Thread(target=sleeper)
    thread.start()
    try:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        while readings.wakeups(os.getpid()) < begin + 20:
            time.sleep(0.001)
    finally:
        ended.set()
        thread.join()
    assert readings.processor_seconds(os.getpid()) - run_before >= 0.01
    readings.reset_peak(os.getpid())
    before = readings.resident(os.getpid())
    block = b"x" * (32 << 20)
    assert readings.resident(os.getpid()) - before > len(block) / 2
    del block
    assert readings.peak(os.getpid()) - before > 16 << 20


def test_ratios_are_taken_round_by_round():
    assert common.ratios([2.0, 9.0, 8.0], [1.0, 3.0, 2.0]) == {
        "ratio": 3.0,
        "least": 2.0,
        "most": 4.0,
    }


def test_the_page_shows_the_figures_that_there_are(run, tmp_path):
    path = tmp_path / "tables"
    assert "there is no none.json" in run("tables", "--json", "none.json", "--to", str(path))
    assert path.read_text() == tables.NOTHING
    run("tables", "--to", str(path))
    expected = tables.TABLES.read_text(encoding="utf-8")
    pictures = re.sub(r"\.\. image::.*\n.*\n\n", "", expected)  # there are none beside this copy
    assert path.read_text(encoding="utf-8") == pictures, "run python -m tools.perf.tables"


@needs_proc
@pytest.mark.slow
def test_plots(tmp_path):
    pytest.importorskip("matplotlib", reason="needs matplotlib, which the extra docs brings")
    spread = {"ratio": 1.0, "least": 0.9, "most": 1.5}
    rows = [{"size": size, "roundtrip_to_base": spread} for size in (1, 100)]
    figures = {"sizes": {"zmqthread": rows, "pyzmq": [{"error": "none"}]}}
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"growth": {"figures": figures}}))
    plot = begin("plot", "--json", str(path), "--to", str(tmp_path))  # it keeps its fonts open
    assert result_of(plot) == "drew performance_sizes.svg\n"
    assert "<svg" in (tmp_path / "performance_sizes.svg").read_text()
