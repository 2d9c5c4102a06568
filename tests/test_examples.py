"""Every example, run as a user runs it: programs in processes of their own, on loopback."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import LOOPBACK, ROOT, free_port, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = ROOT / "examples"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
ANY_PORT = f"tcp://{LOOPBACK}:*"

pytestmark = pytest.mark.slow


class Program:
    """A running example."""

    def __init__(self, name: str, *arguments: str) -> None:
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
        )

    def read_until(self, pattern: str) -> str:
        """Return the last group of the pattern once it has been printed."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while not (found := re.search(pattern, self.output)):
            assert select.select([descriptor], [], [], seconds(20))[0], self.output
            chunk = os.read(descriptor, 65536)
            assert chunk, f"it ended: {self.output}"
            self.output += chunk.decode()
        return found[found.lastindex or 0]

    def address(self, what: str = "on") -> str:
        """Return the address that it says it has bound."""
        return self.read_until(rf"{what} ((?:tcp|udp)://\S+)\n")

    def finish(self, status: int = 0) -> str:
        """Wait for its end and return all that it has printed."""
        rest, _ = self.process.communicate(timeout=seconds(30))
        self.output += rest.decode()
        assert self.process.returncode == status, self.output
        return self.output


@pytest.fixture
def start() -> Iterator[type[Program]]:
    """Give what starts examples; none outlives the test."""
    programs: list[Program] = []

    class Started(Program):
        def __init__(self, name: str, *arguments: str) -> None:
            super().__init__(name, *arguments)
            programs.append(self)

    yield Started
    for program in programs:
        with program.process:
            program.process.kill()


def test_hello(start):
    server = start("hello_server.py", "--address", ANY_PORT, "--count", "3")
    client = start("hello_client.py", "--address", server.address())
    assert client.finish() == "Hello, Ada!\nHello, Grace!\nHello, Barbara!\n"
    server.finish()


def test_weather(start):
    server = start("weather_server.py", "--address", ANY_PORT, "--interval", "0.02")
    client = start("weather_client.py", "--address", server.address(), "--count", "3")
    lines = client.finish().splitlines()
    assert len(lines) == 3
    assert all(re.fullmatch(r"bergen -?\d+\.\d °C", line) for line in lines)


def test_weather_through_the_forwarder(start):
    forwarder = start("forwarder.py", "--publishers", ANY_PORT, "--subscribers", ANY_PORT)
    inside, outside = forwarder.address("publishers on"), forwarder.address("subscribers on")
    start("weather_server.py", "--connect", "--address", inside, "--interval", "0.02")
    client = start("weather_client.py", "--address", outside, "--station", "c", "--count", "3")
    assert re.fullmatch(r"(cairo -?\d+\.\d °C\n){3}", client.finish())
    forwarder.process.send_signal(signal.SIGINT)
    assert forwarder.finish().endswith("stopped\n")


def test_pipeline(start):
    sink = start("pipeline_sink.py", "--address", ANY_PORT)
    results = sink.address()
    ventilator = start(
        "pipeline_ventilator.py",
        *("--address", ANY_PORT, "--sink", results, "--workers", "2", "--count", "50"),
    )
    addresses = ["--ventilator", ventilator.address(), "--sink", results]
    workers = [start("pipeline_worker.py", *addresses) for _ in range(2)]
    assert sink.finish().endswith(f"50 results, their sum is {sum(n * n for n in range(50))}\n")
    ventilator.finish()
    assert all(worker.process.poll() is None for worker in workers)  # they wait for more


def test_a_worker_without_work_ends_if_it_is_told_to(start):
    nowhere = f"tcp://{LOOPBACK}:{free_port()}"
    worker = start(
        "pipeline_worker.py", "--ventilator", nowhere, "--sink", nowhere, "--idle", "0.1"
    )
    assert worker.finish() == "no more work\n"


def test_broker(start):
    broker = start("broker.py", "--clients", ANY_PORT, "--servers", ANY_PORT, "--count", "6")
    clients, servers = broker.address("clients on"), broker.address("servers on")
    for _ in range(2):
        start("hello_server.py", "--connect", "--address", servers)
    asking = [start("hello_client.py", "--address", clients) for _ in range(2)]
    for client in asking:
        assert client.finish() == "Hello, Ada!\nHello, Grace!\nHello, Barbara!\n"
    broker.finish()


def test_lazy_pirate_gives_up(start):
    address = f"tcp://{LOOPBACK}:{free_port()}"
    options = ("--address", address, "--timeout", "100", "--retries", "2")
    assert start("lazy_pirate.py", *options).finish(1) == (
        "no reply, attempt 1 of 2\nno reply, attempt 2 of 2\nthe server seems to be away\n"
    )


def test_lazy_pirate_finds_a_server_that_comes_late(start):
    address = f"tcp://{LOOPBACK}:{free_port()}"
    client = start(
        "lazy_pirate.py",
        *("--address", address, "--timeout", "500", "--retries", "50", "--count", "2"),
    )
    client.read_until("attempt 1 of 50")
    start("hello_server.py", "--address", address)
    assert "Hello, number 0!\n" in client.finish()
    assert client.output.endswith("Hello, number 1!\n")


def test_pair_threads(start):
    output = start("pair_threads.py").finish()
    assert output.startswith("0 squared is 0\n1 squared is 1\n")
    assert output.endswith("4 squared is 16\nthe worker ends\n")


def test_datagrams(start):
    server = start("datagrams.py", "--address", f"{LOOPBACK}:*", "--count", "1")
    address = server.address().removeprefix("udp://")
    client = start("datagrams.py", "--address", address, "--ask", "what time is it?")
    assert re.fullmatch(r"\d\d:\d\d:\d\d\n", client.finish())
    assert server.finish().endswith("asks what time is it?\n")


def test_beacon(start):
    kind = ("--kind", "printer")
    group = f"udp://{LOOPBACK};239.192.77.21:*"
    listener = start("beacon.py", "--listen", "--address", group, "--count", "3", *kind)
    address = listener.address()
    quick = ("--address", address, "--interval", "0.02")
    start("beacon.py", *quick, "--kind", "scanner")
    start("beacon.py", *quick, *kind, "--service", "tcp://127.0.0.1:5555")
    assert listener.finish().endswith("printer at tcp://127.0.0.1:5555\n")
    assert "scanner" not in listener.output


def test_shared_server(start):
    server = start("shared_server.py", "--address", ANY_PORT, "--threads", "3", "--count", "2")
    names = ["a", "b", "c", "d", "e", "f"]
    client = start("hello_client.py", "--address", server.address(), *names)
    lines = client.finish().splitlines()
    server.finish()
    assert [re.sub(r", from thread_\d!", "", line) for line in lines] == [
        f"Hello, {name}" for name in names
    ]
    # Each thread answers two and leaves the others to the others.
    assert sorted(re.findall(r"thread_(\d)!", client.output)) == ["0", "0", "1", "1", "2", "2"]


def test_monitor(start):
    server = start("monitor.py", "--address", ANY_PORT, "--count", "3")
    start("hello_client.py", "--address", server.address()).finish()
    events = re.findall(r"^([A-Z_]+) ", server.finish(), re.MULTILINE)
    assert events[:3] == ["LISTENING", "ACCEPTED", "HANDSHAKE_SUCCEEDED"]
    assert events[-1] == "MONITOR_STOPPED"


@pytest.mark.parametrize("cut", [None, 3, 30])
def test_http_server(start, cut):
    server = start("http_server.py", "--address", ANY_PORT, "--count", "1")
    port = int(server.address().rpartition(":")[2])
    request = b"GET /weather HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = b""
    with contextlib.closing(socket.create_connection((LOOPBACK, port), seconds(10))) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(request[:cut])
        client.sendall(request[cut or len(request) :])
        while chunk := client.recv(1000):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert body == b"You asked: GET /weather HTTP/1.1\n"
    server.finish()


def test_event_loop(start):
    server = start("event_loop.py", "--address", ANY_PORT, "--count", "3")
    client = start("hello_client.py", "--address", server.address())
    assert client.finish() == "Hello, Ada!\nHello, Grace!\nHello, Barbara!\n"
    assert server.finish().endswith("3 requests answered\n")


def test_reconnect(start):
    lines = start("reconnect.py").finish().splitlines()
    assert lines[:3] == ["HANDSHAKE_SUCCEEDED", "before", "DISCONNECTED"]
    assert lines[-2:] == ["HANDSHAKE_SUCCEEDED", "meanwhile"]
    assert set(lines[3:-2]) <= {"CONNECT_RETRIED", "DISCONNECTED"}


def test_limits(start):
    lines = start("limits.py").finish().splitlines()
    assert lines[:4] == [
        "10 messages fit in the queue",
        "there is nothing to receive",
        "a message of 1000 octets is let through",
        "the sender of 1001 octets was disconnected",
    ]
    assert "99999" in lines[4]
    assert "PUSH socket" in lines[5]


def test_client_and_server(start):
    lines = start("client_server.py").finish().splitlines()
    assert lines[0] == "200 replies, 200 of them different"
    assert lines[1:] == [f"re: mine.{number}" for number in range(3)]


def test_radio_and_dish(start):
    lines = start("radio_dish.py").finish().splitlines()
    assert lines == ["groups: weather", "groups: weather sports", "left: sports"]


def test_scatter_and_gather(start):
    assert start("scatter_gather.py").finish() == "the sum of 100 squares is 328350\n"


def test_peers(start):
    assert start("peers.py").finish().splitlines() == [
        "Ada has met Barbara and Grace",
        "Grace has met Ada and Barbara",
        "Barbara has met Ada and Grace",
    ]


def test_channel_threads(start):
    output = start("channel_threads.py").finish()
    assert output == "30 words, from 00 drow to 92 drow\n"


def test_every_example_is_run_here():
    text = (ROOT / "tests" / "test_examples.py").read_text(encoding="utf-8")
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names
    assert names == set(re.findall(r'"(\w+\.py)"', text)) - {"test_examples.py"}


def test_examples_stay_on_this_machine():
    for path in EXAMPLES.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "pyobj" not in text
        assert "pickle" not in text
        assert set(re.findall(r"(?:tcp|udp)://([^:;{]+)", text)) <= {LOOPBACK}, path.name
