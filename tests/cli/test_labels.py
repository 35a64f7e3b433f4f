"""Lines of several writers in one stream."""

from __future__ import annotations

import io
import sys
from threading import Thread

import pytest

from stdbpy.cli.labels import LabelledLines


def test_each_line_tells_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    lines = LabelledLines(("server", "log"))

    lines.writer("log")("first\nsecond \x1b[2J")
    lines.writer("server", is_painted=True)("\x1b[1mbold\x1b[0m")

    assert capsys.readouterr().out == ("   log | first\n   log | second \\x1b[2J\nserver | \x1b[1mbold\x1b[0m\n")


def test_without_a_reader_the_program_is_interrupted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unread(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Unread())
    write = LabelledLines(("client",)).writer("client")

    def write_in_a_thread() -> None:
        writer = Thread(target=write, args=("line",))
        writer.start()
        writer.join()
        for _ in range(100):
            pass  # an interrupt comes between two steps of the main thread

    with pytest.raises(KeyboardInterrupt):
        write_in_a_thread()
    write_in_a_thread()
