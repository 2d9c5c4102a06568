"""Fork: the child gets errors from what it inherited, the parent notices nothing."""

from __future__ import annotations

import os
import sys

import pytest

from tests.api.processes import PAIR
from tests.support import Peer

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

# `in_child` forks, runs a function in the child and returns what it returned (any JSON value).
FORK = """
import errno, gc, json, traceback, warnings
# Python 3.12 and later warn of what this is all about.
warnings.filterwarnings("ignore", "This process", DeprecationWarning)
def in_child(function):
    near, far = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(10)  # a child that hangs is a failure, not a hang of the test
        try:
            result = function()
        except BaseException:
            result = "".join(traceback.format_exception(*sys.exc_info()))
        os.write(far, json.dumps(result).encode())
        os._exit(0)
    os.close(far)
    with os.fdopen(near) as stream:
        text = stream.read()
    status = os.waitpid(pid, 0)[1]
    return json.loads(text) if text else f"the child has ended with status {status}"
def failure(function, *args):
    try:
        result = function(*args)
    except zmq.ZMQError as error:
        return [errno.errorcode.get(error.errno) or int(error.errno), str(error)]
    return f"no error, but {result!r}"
def descriptors():
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[number] = os.readlink("/proc/self/fd/" + number)
        except OSError:
            pass  # the listing's own
    return found
def end():
    push.close()
    pull.close()
    context.term()
    say("done")
"""


def run(code, args=None):
    """Run code whose last word has to be "done"; return what it said before."""
    said = []
    with Peer("zmqthread", PAIR + FORK + code + "\nend()\n", args) as peer:
        while (value := peer.hear()) != "done":
            said.append(value)
        assert not peer.errors(), peer.errors()
    return said


def test_every_call_on_inherited_sockets_raises_at_once():
    code = """
    def child():
        poller = zmq.Poller()
        poller.register(pull)
        calls = [
            (push.send, b"x"), (push.send, b"x" * 1000), (push.send_multipart, [b"a", b"b"]),
            (pull.recv,), (pull.recv, zmq.DONTWAIT), (pull.recv_multipart,), (pull.poll,),
            (poller.poll,), (zmq.select, [pull], [], []), (pull.get, zmq.EVENTS),
            (pull.get, zmq.FD), (pull.set, zmq.LINGER, 0), (push.connect, "tcp://127.0.0.1:1"),
            (pull.bind, "tcp://127.0.0.1:*"), (pull.bind, "inproc://x"),
            (push.connect, "inproc://x"), (context.socket, zmq.PUSH),
        ]
        return [failure(*call) for call in calls]
    push.send(b"waiting")
    pull.poll()
    say(in_child(child))
    assert pull.recv() == b"waiting"
    check()
    """
    (failures,) = run(code.replace("\n    ", "\n"))
    assert len(failures) == 17
    for name, text in failures:
        assert isinstance(name, int), (name, text)  # ETERM is none of the system's
        assert "fork" in text


def test_close_and_term_do_nothing_in_the_child():
    code = """
    def child():
        push.close()
        pull.close(linger=0)
        assert push.closed and pull.closed
        context.term()
        context.destroy(linger=0)
        context.shutdown()
        return "fine"
    say(in_child(child))
    check()
    """
    assert run(code.replace("\n    ", "\n")) == ["fine"]


def test_the_parent_loses_nothing_to_children():
    code = """
    def child():
        push.close()
        context.term()
        with zmq.Context() as own, own.socket(zmq.PUSH) as a, own.socket(zmq.PULL) as b:
            b.bind("inproc://own")
            a.connect("inproc://own")
            for _ in range(100):
                a.send(b"own")
                b.recv()
            a.poll(0, zmq.POLLOUT)
            b.poll(1)
        return "fine"
    count = 20000
    def send():
        for number in range(count):
            push.send(b"%d" % number)
    thread = threading.Thread(target=send)
    thread.start()
    got = 0
    for number in range(count):
        if number % (count // 8) == 0:
            got += in_child(child) == "fine"
        assert pull.recv() == b"%d" % number, number
    thread.join()
    say(got)
    """
    assert run(code.replace("\n    ", "\n")) == [8]


def test_a_child_has_its_own_instance_and_contexts():
    code = """
    first = zmq.Context.instance()
    def child():
        second = zmq.Context.instance()
        assert second is not first and second is zmq.Context.instance()
        assert not second.closed
        a, b = second.socket(zmq.PUSH), second.socket(zmq.PULL)
        number = b.bind_to_random_port("tcp://127.0.0.1")
        a.connect(f"tcp://127.0.0.1:{number}")
        a.send(b"hello")
        # The parent's socket is a peer like any other, and gets one of the next two.
        a.connect(f"tcp://127.0.0.1:{port}")
        a.send(b"to the parent")
        a.send(b"to somebody")
        assert b.poll(5000)
        got = b.recv()
        assert b.poll(5000)
        assert b.recv().startswith(b"to ")  # unread, it might keep `term` waiting for ever
        a.close()
        b.close()
        second.term()
        return got.decode()
    say(in_child(child))
    assert pull.recv().startswith(b"to ")
    assert zmq.Context.instance() is first
    first.term()
    check()
    """
    assert run(code.replace("\n    ", "\n")) == ["hello"]


def test_instance_in_a_child_of_a_process_that_was_making_its_instance():
    code = """
    held, go = threading.Event(), threading.Event()
    def hold():
        with zmq.Context._instance_lock:
            held.set()
            go.wait()
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    def child():
        zmq.Context.instance().term()
        return "fine"
    say(in_child(child))
    go.set()
    thread.join()
    """
    assert run(code.replace("\n    ", "\n")) == ["fine"]


@pytest.mark.parametrize("wait", ["pull.recv()", "pull.poll()", "poller.poll()"])
def test_a_child_of_a_process_whose_threads_wait(wait):
    code = """
    poller = zmq.Poller()
    poller.register(pull, zmq.POLLIN)
    poller.register(0, zmq.POLLIN)
    poller.poll(1)  # the main thread has waited, and its child waits again with its own context
    results = []
    threads = [threading.Thread(target=lambda: results.append(eval(args))) for _ in range(3)]
    for thread in threads:
        thread.start()
    def child():
        with zmq.Context() as own, own.socket(zmq.PULL) as b, own.socket(zmq.PUSH) as a:
            a.connect(f"tcp://127.0.0.1:{b.bind_to_random_port('tcp://127.0.0.1')}")
            assert b.poll(1) == 0
            a.send(b"x")
            poller = zmq.Poller()
            poller.register(b, zmq.POLLIN)
            assert poller.poll(5000)
            assert b.recv() == b"x"
        return "fine"
    for _ in range(3):
        say(in_child(child))
    assert poller.poll(1) == []
    for _ in threads:
        push.send(b"for the parent")
    for thread in threads:
        thread.join(10)
    say(len(results))
    for _ in range(3 - sum(isinstance(result, bytes) for result in results)):
        assert pull.recv() == b"for the parent"
    check()
    """
    assert run(code.replace("\n    ", "\n"), wait) == ["fine"] * 3 + [3]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_child_keeps_no_descriptor_of_the_parents_sockets():
    code = """
    before = descriptors()
    ipc = context.socket(zmq.REP)
    ipc.bind("ipc://*")
    push.fileno(), pull.fileno()
    pull.poll(1)
    def child():
        gc.collect()
        kinds = ("anon_inode:", "socket:")
        return sorted(what for what in descriptors().values() if what.startswith(kinds))
    say(in_child(child))
    ipc.close()
    check()
    """
    assert run(code.replace("\n    ", "\n")) == [[]]


def test_a_child_does_not_remove_the_file_of_an_ipc_endpoint():
    code = """
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        address = f"ipc://{folder}/there"
        server, client = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        server.bind(address)
        def child():
            server.close()
            context.term()
            gc.collect()
            return sorted(os.listdir(folder))
        say(in_child(child))
        client.connect(address)
        client.send(b"x")
        say(server.recv().decode())
        client.close()
        server.close()
    """
    files, text = run(code.replace("\n    ", "\n"))
    assert "there" in files
    assert text == "x"


def test_forgetting_inherited_objects_in_a_child_is_silent_and_harmless():
    code = """
    warnings.simplefilter("error")
    box = [context.socket(zmq.PULL), zmq.Context()]
    box.append(box[1].socket(zmq.PUSH))
    box[2].fileno()
    def child():
        box.clear()
        gc.collect()
        return "fine"
    say(in_child(child))
    box[0].close()
    box[2].close()
    box[1].term()
    check()
    """
    assert run(code.replace("\n    ", "\n")) == ["fine"]


MULTIPROCESSING = """
import multiprocessing
def work(address, library):
    import importlib
    zmq = importlib.import_module(library)
    with zmq.Context.instance() as context, context.socket(zmq.PUSH) as push:
        push.connect(address)
        push.send(b"from a worker")
"""
MAIN = """
import importlib, sys
from worker import work
if __name__ == "__main__":
    import multiprocessing
    method, library = sys.argv[1:]
    zmq = importlib.import_module(library)
    with zmq.Context.instance() as context, context.socket(zmq.PULL) as pull:
        port = pull.bind_to_random_port("tcp://127.0.0.1")
        pull.poll(1)
        processes = multiprocessing.get_context(method)
        workers = [
            processes.Process(target=work, args=(f"tcp://127.0.0.1:{port}", library))
            for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        assert [pull.recv() for _ in workers] == [b"from a worker"] * 2
        for worker in workers:
            worker.join(20)
            assert worker.exitcode == 0, worker.exitcode
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method, tmp_path):
    (tmp_path / "worker.py").write_text(MULTIPROCESSING)
    (tmp_path / "main.py").write_text(MAIN)
    run_file(tmp_path / "main.py", method, "zmqthread")


def run_file(path, *args):
    import subprocess

    from tests.support import ROOT, seconds

    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-W", "ignore:This process:DeprecationWarning", path, *args],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=seconds(30),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_programs_that_are_started_inherit_no_descriptor():
    code = """
    import subprocess
    ipc, other = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    ipc.bind("ipc://*")
    other.connect(ipc.get_string(zmq.LAST_ENDPOINT))
    other.send(b"x")
    ipc.recv()
    pull.fileno(), ipc.fileno()
    zmq.select([pull, ipc], [], [], 0.001)
    listing = "import os; print(len(os.listdir('/proc/self/fd')))"
    def count():
        return int(subprocess.check_output([sys.executable, "-c", listing], close_fds=False))
    say([count(), len(descriptors())])
    ipc.close()
    other.close()
    """
    ((inherited, ours),) = run(code.replace("\n    ", "\n"))
    assert inherited <= 5  # the standard streams, the listing itself, and one of the coverage tool
    assert ours > 15
