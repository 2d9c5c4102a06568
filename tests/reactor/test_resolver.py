"""The offloader: blocking functions run elsewhere, one after the other, and never for nothing."""

from __future__ import annotations

import logging
import threading
from functools import partial

import pytest

from tests.support import seconds
from zmqthread.reactor.resolver import Offloader
from zmqthread.reactor.seams import Seams

PATIENCE = seconds(10.0)


class Counting(Seams):
    """Keeps the threads that were started."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def start_thread(self, name, target):
        thread = super().start_thread(name, target)
        self.threads.append(thread)
        return thread

    def join(self) -> None:
        for thread in self.threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()


class Results:
    """A callback that keeps what it is called with."""

    def __init__(self, wanted: int = 1) -> None:
        self.rows: list[tuple[object, Exception | None]] = []
        self.threads: set[int] = set()
        self._wanted = wanted
        self._enough = threading.Event()

    def __call__(self, result, error):
        self.rows.append((result, error))
        self.threads.add(threading.get_ident())
        if len(self.rows) == self._wanted:
            self._enough.set()

    def wait(self) -> list[tuple[object, Exception | None]]:
        assert self._enough.wait(PATIENCE)
        return self.rows


@pytest.fixture
def seams():
    made = Counting()
    yield made
    made.join()


def test_no_thread_without_work(seams):
    Offloader(seams)
    assert seams.threads == []


def test_function_and_callback_run_in_the_other_thread(seams):
    results = Results()
    Offloader(seams).submit(threading.get_ident, results)
    assert results.wait() == [(seams.threads[0].ident, None)]
    assert results.threads == {seams.threads[0].ident}
    assert threading.get_ident() not in results.threads


def test_thread_is_a_daemon(seams):
    Offloader(seams).submit(lambda: None, lambda *_: None)
    assert seams.threads[0].daemon


def test_error_is_a_result(seams):
    results, failure = Results(), OSError("no such name")

    def fail():
        raise failure

    Offloader(seams).submit(fail, results)
    assert results.wait() == [(None, failure)]


def test_one_thread_in_order_of_submission(seams):
    results, gate, offloader = Results(101), threading.Event(), Offloader(seams)
    offloader.submit(lambda: gate.wait(PATIENCE), results)
    for n in range(100):
        offloader.submit(partial(int, n), results)
    gate.set()
    assert results.wait() == [(True, None), *((n, None) for n in range(100))]
    assert len(seams.threads) == 1


def test_thread_ends_with_the_work_and_comes_back_with_it(seams):
    offloader = Offloader(seams)
    for _ in range(3):
        results = Results()
        offloader.submit(lambda: 1, results)
        results.wait()
        seams.join()
    assert len(seams.threads) == 3


def test_failing_callback_does_not_stop_the_others(seams, caplog):
    def fail(_result, _error):
        raise ZeroDivisionError

    results, offloader, gate = Results(), Offloader(seams), threading.Event()
    with caplog.at_level(logging.ERROR, "zmqthread"):
        offloader.submit(lambda: gate.wait(PATIENCE), fail)
        offloader.submit(lambda: 2, results)
        gate.set()
        assert results.wait() == [(2, None)]
    assert "ZeroDivisionError" in caplog.text


def test_close_forgets_what_waits_and_ignores_what_runs(seams):
    results, offloader = Results(), Offloader(seams)
    running, gate = threading.Event(), threading.Event()

    def slow():
        running.set()
        assert gate.wait(PATIENCE)

    offloader.submit(slow, results)
    offloader.submit(lambda: 2, results)
    assert running.wait(PATIENCE)
    offloader.close()  # does not wait for the slow one
    gate.set()
    offloader.submit(lambda: 3, results)
    seams.join()
    assert results.rows == []
    assert len(seams.threads) == 1


def test_system_that_gives_no_thread(seams, monkeypatch):
    def refuse(_name, _target):
        raise RuntimeError("can't start new thread")

    results, offloader = Results(), Offloader(seams)
    with monkeypatch.context() as patch:
        patch.setattr(seams, "start_thread", refuse)
        with pytest.raises(RuntimeError):
            offloader.submit(lambda: 1, results)
    offloader.submit(lambda: 2, results)
    assert results.wait() == [(2, None)]
    seams.join()
    assert results.rows == [(2, None)]
