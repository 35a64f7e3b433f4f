"""Programs that run beside: what they write, and how they end."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from queue import SimpleQueue

import pytest

from stdbpy.errors import ProjectError
from stdbpy.project.processes import Companion

pytestmark = pytest.mark.timeout(30)

STUBBORN = """
import signal
signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_lines_come_as_they_are_written_and_the_group_ends_with_its_shell() -> None:
    lines = SimpleQueue[str]()
    companion = Companion(f"{shlex.quote(sys.executable)} -c {shlex.quote(STUBBORN)} & echo begun; wait", lines.put)
    assert {lines.get(timeout=20), lines.get(timeout=20)} == {"begun", "ready"}
    assert companion.exit_code is None

    companion.stop()

    assert companion.exit_code is not None
    assert lines.get(timeout=20) == "asked to end"


def test_a_second_ctrl_c_leaves_nobody_behind() -> None:
    lines = SimpleQueue[str]()

    def hear(line: str) -> None:
        lines.put(line)
        if line == "asked to end":
            os.kill(os.getpid(), signal.SIGINT)

    companion = Companion([sys.executable, "-c", STUBBORN], hear)
    assert lines.get(timeout=20) == "ready"

    with pytest.raises(KeyboardInterrupt):
        companion.stop()

    assert companion.exit_code == -signal.SIGKILL


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be started"):
        Companion([str(tmp_path / "nothing")], print)
