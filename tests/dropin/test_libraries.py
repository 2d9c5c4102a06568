"""Libraries that stand on pyzmq, on this engine: gevent, tornado, Jupyter.

Each is skipped where it is not installed; what ``tools/pyzmq_suite.py --requirements`` names brings
them all.
"""

from __future__ import annotations

import pytest

from tests.dropin.test_backend import run

pytestmark = pytest.mark.interop

GREEN = """
import gevent, zmq.green as zmq
context = zmq.Context()
rep, req = context.socket(zmq.REP), context.socket(zmq.REQ)
req.connect(f"tcp://127.0.0.1:{rep.bind_to_random_port('tcp://127.0.0.1')}")
push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
pull.bind("inproc://way"); push.connect("inproc://way")
ticks = []
def tick():
    while True:
        ticks.append(1); gevent.sleep(0.01)
def serve():
    for _ in range(100): rep.send(rep.recv() + b"!")
def ask():
    for number in range(100):
        req.send(b"%d" % number)
        assert req.recv() == b"%d!" % number
def fill():
    for number in range(5000): push.send(b"%d" % number)  # more than fits
def drain():
    gevent.sleep(0.05)
    assert [pull.recv() for _ in range(5000)] == [b"%d" % number for number in range(5000)]
def wait():
    poller = zmq.Poller(); poller.register(req, zmq.POLLIN)
    before = len(ticks)
    assert poller.poll(300) == []
    assert len(ticks) > before + 3  # others ran meanwhile
ticker = gevent.spawn(tick)
gevent.joinall([gevent.spawn(one) for one in (serve, ask, fill, drain)], raise_error=True)
gevent.joinall([gevent.spawn(wait)], raise_error=True)
ticker.kill()
for socket in (rep, req, push, pull): socket.close(0)
context.term()
print("done")
"""


PATCH = "from gevent import monkey; monkey.patch_all()\n"


@pytest.mark.parametrize("before", ["", PATCH, f"import zmqthread\n{PATCH}"])
def test_greenlets_wait_without_stopping_others(before):
    pytest.importorskip("gevent", reason="needs gevent, which pip brings")
    assert run(before + GREEN, warnings="default") == "done\n"


TORNADO = """
import asyncio, zmq
from tornado.ioloop import IOLoop
from zmq.eventloop.zmqstream import ZMQStream
context = zmq.Context()
async def main():
    server, client = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
    client.connect(f"tcp://127.0.0.1:{server.bind_to_random_port('tcp://127.0.0.1')}")
    streams = ZMQStream(server), ZMQStream(client)
    streams[0].on_recv(lambda parts: streams[0].send_multipart([*parts[:-1], parts[-1] + b"!"]))
    got, sent, over = [], [], asyncio.Event()
    def received(parts):
        got.append(parts)
        if len(got) == 300: over.set()
    streams[1].on_recv(received)
    streams[1].on_send(lambda parts, status: sent.append(parts))
    for number in range(300):
        streams[1].send_multipart([b"%d" % number, b"x" * 1000])
    await asyncio.wait_for(over.wait(), 30)
    assert [parts[0] for parts in got] == [b"%d" % number for number in range(300)]
    assert all(parts[1] == b"x" * 1000 + b"!" for parts in got)
    assert len(sent) == 300
    for stream in streams: stream.close(0)
    assert server.closed and client.closed
asyncio.run(main())
context.term()
print("done")
"""


def test_tornados_streams_call_back():
    pytest.importorskip("tornado", reason="needs tornado, which pip brings")
    assert run(TORNADO, warnings="default") == "done\n"


JUPYTER = """
import time
from jupyter_client import KernelManager
manager = KernelManager(transport=TRANSPORT, transport_encryption=ENCRYPTION)
manager.start_kernel(extra_arguments=["--HistoryManager.enabled=False"])
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
seen = []
def execute(code):
    return client.execute_interactive(code, timeout=20, output_hook=seen.append)["content"]
def outputs(kind): return [one["content"] for one in seen if one["msg_type"] == kind]
assert execute("import zmq; zmq.backend.Socket.__module__")["status"] == "ok"
print(outputs("execute_result")[0]["data"]["text/plain"])
assert execute("1 / 0")["ename"] == "ZeroDivisionError"
assert execute("for _ in range(2000): print('y' * 99)")["status"] == "ok"
print(sum(len(one["text"]) for one in outputs("stream")))
asked = client.execute("print('begun')\\nimport time\\nwhile True: time.sleep(0.01)")
while client.get_iopub_msg(timeout=20)["content"].get("text") != "begun\\n": pass
def beats():
    # A beat in which the kernel was still starting counts as none, for the second that it lasts.
    end = time.monotonic() + 20
    while not (beating := client.hb_channel.is_beating()) and time.monotonic() < end:
        time.sleep(0.05)
    return beating
assert beats()
manager.interrupt_kernel()
while (reply := client.get_shell_msg(timeout=20))["parent_header"]["msg_id"] != asked: pass
print(reply["content"]["ename"], beats(), client.is_alive())
client.stop_channels()
manager.shutdown_kernel()
print(manager.is_alive())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transport", "encryption"), [("tcp", "disabled"), ("ipc", "disabled"), ("tcp", "required")]
)
def test_a_kernel_of_jupyters_lives_and_dies(transport, encryption, tmp_path, monkeypatch):
    pytest.importorskip("ipykernel", reason="needs ipykernel, which pip brings")
    pytest.importorskip("jupyter_client", reason="needs jupyter_client, which pip brings")
    if encryption == "required":
        pytest.importorskip("nacl", reason="needs PyNaCl, which the extra curve brings")
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    settings = f"TRANSPORT, ENCRYPTION = {transport!r}, {encryption!r}\n"
    lines = run(settings + JUPYTER, warnings="ignore").splitlines()
    assert lines == [
        "'zmqthread.backend.socket'",
        str(2000 * 100),
        "KeyboardInterrupt True True",
        "False",
    ]
