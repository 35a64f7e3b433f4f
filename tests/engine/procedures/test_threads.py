"""The threads of procedures on a machine that has no more of them."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from stdbpy.engine.procedures.threads import Threads
from stdbpy.errors import EngineError

PATIENCE = 60


def refuse(_thread: Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_nothing_is_done_without_a_thread_and_all_is_well_later(monkeypatch):
    threads, done = Threads("test"), Event()
    with monkeypatch.context() as scarce:
        scarce.setattr(Thread, "start", refuse)
        for _ in range(100):
            with pytest.raises(EngineError, match="no thread left"):
                threads.run(lambda: pytest.fail("it was refused"))
    threads.run(done.set)
    assert done.wait(PATIENCE)
    assert threads.wait_until_idle(PATIENCE)
    threads.close()


def test_those_that_there_are_do_the_rest(monkeypatch):
    threads, begun, go_on, done = Threads("test"), Event(), Event(), Event()

    def first() -> None:
        begun.set()
        go_on.wait(PATIENCE)

    threads.run(first)
    assert begun.wait(PATIENCE)
    monkeypatch.setattr(Thread, "start", refuse)
    threads.run(done.set)
    go_on.set()
    assert done.wait(PATIENCE)
    assert threads.wait_until_idle(PATIENCE)
    threads.close()
