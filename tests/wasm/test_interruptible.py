"""Ctrl-C while WebAssembly runs for a build."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from threading import Event

import pytest

from stdbpy.wasm.interpreter import BuildLimits, Interpreter
from stdbpy.wasm.interruptible import interruptible
from tests.wasm.building import Build


def interrupt() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def test_what_is_interrupted_is_told_to_stop_and_ends_first() -> None:
    stopped, ended = Event(), Event()

    def work() -> None:
        interrupt()
        assert stopped.wait(30)
        ended.set()
        raise ValueError("of no interest any more")

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stopped.set)
    assert ended.is_set()


def test_impatience_changes_nothing() -> None:
    again, stopped, ended = Event(), Event(), Event()

    def stop() -> None:
        if not again.is_set():
            again.set()
            interrupt()
        stopped.set()

    def work() -> None:
        interrupt()
        assert stopped.wait(30)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        interruptible(work, stop)
    assert ended.is_set()


def test_what_it_returns_and_raises() -> None:
    assert interruptible(lambda: 5, pytest.fail) == 5
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0, pytest.fail)
    results: list[object] = []
    threading_alone: Callable[[], object] = threading.current_thread
    other = threading.Thread(target=lambda: results.append(interruptible(threading_alone, pytest.fail)))
    other.start()
    other.join()
    assert results == [other]


def test_a_build_that_is_interrupted_in_webassembly(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """It computes on for a moment after it has called the host: where the signal comes is left to chance."""
    before = Interpreter._console_log

    def log(self: Interpreter, *arguments: int) -> None:
        before(self, *arguments)
        if self.output == ["begun"]:
            threading.Thread(target=interrupt).start()

    monkeypatch.setattr(Interpreter, "_console_log", log)
    with pytest.raises(KeyboardInterrupt):
        build("import sys\nprint('begun')\nwhile sys.platform == 'wasi':\n    pass\n", limits=BuildLimits(seconds=600))
