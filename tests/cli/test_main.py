"""The frame of the program: help, version, exit codes, how it ends."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from stdbpy import __version__
from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.options import Database
from stdbpy.cli.terminal import confirm
from stdbpy.errors import ReducerError, UsageError
from tests.cli.conftest import Run

PROGRAM = (sys.executable, "-m", "stdbpy.cli")


@pytest.mark.parametrize("arguments", [["--version"], ["-V"], ["-q", "--version"], ["list", "-V"]])
def test_version(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out, done.err) == (0, f"stdbpy {__version__}\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"]])
def test_help_lists_every_command(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.code == 0
    unfolded = re.sub(r"\n {8,}", " ", done.out)
    for name, line in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", unfolded, re.MULTILINE)


def test_without_arguments_help_is_an_error(run: Run) -> None:
    done = run()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: stdbpy [OPTIONS] COMMAND [ARGS]...\n")


def test_unknown_command_names_the_nearest(run: Run) -> None:
    done = run("pubish", "x")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: there is no command 'pubish'\nHint: Did you mean 'publish'?\n"


def test_unknown_command_without_a_near_one(run: Run) -> None:
    assert run("xyzzy").err == "Error: there is no command 'xyzzy'\nHint: `stdbpy --help` lists the commands\n"


def test_unknown_option_names_the_nearest(run: Run) -> None:
    done = run("version", "--sever", "local")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: there is no option --sever\nHint: Did you mean '--server'?\n"


def test_missing_argument(run: Run, command: ModuleType) -> None:
    def show(database: Database) -> None:
        print(database)

    command.run = show
    done = run("probe")
    assert (done.code, done.out) == (2, "")
    assert done.err == "Error: DATABASE is missing\nHint: `stdbpy probe --help` shows how it is used\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("logs", "chat", "more"), "one word too many: more"),
        (("logs", "chat", "--num-lines", "-1"), "--num-lines is a number of lines, not '-1'"),
        (("logs", "chat", "-n", "ten"), "--num-lines is a number of lines, not 'ten'"),
        (("logs", "chat", "--server"), "--server needs a value"),
        (("publish", "--break-clients=yes"), "--break-clients takes no value"),
        (("init",), "the project needs a name"),
        (("list", "--format", "yaml"), "there is no format 'yaml'"),
    ],
)
def test_wrong_usage_in_words_of_ones_own(run: Run, arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: {message}\n")


def test_stdbpy_error_is_one_sentence_and_a_hint(run: Run, command: ModuleType) -> None:
    def fail() -> None:
        raise ReducerError("It\x1b[2J failed.", hint="Try again.")

    command.run = fail
    done = run("probe")
    assert (done.code, done.out, done.err) == (1, "", "Error: It\\x1b[2J failed.\nHint: Try again.\n")


def test_usage_error_exits_with_two(run: Run, command: ModuleType) -> None:
    def fail() -> None:
        raise UsageError("Not like that.")

    command.run = fail
    assert run("probe").code == 2


def test_bug_is_one_sentence(run: Run, command: ModuleType) -> None:
    def fail() -> None:
        raise ZeroDivisionError("by zero")

    command.run = fail
    done = run("probe")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "Error: stdbpy itself failed: ZeroDivisionError: by zero",
        "Hint: That is a bug; --debug shows where it happened",
    ]


@pytest.mark.parametrize("arguments", [["--debug", "probe"], ["probe", "--debug"]])
def test_debug_shows_the_traceback(run: Run, command: ModuleType, arguments: list[str]) -> None:
    def fail() -> None:
        raise ReducerError("No.")

    command.run = fail
    done = run(*arguments)
    assert done.code == 1
    assert "Traceback (most recent call last)" in done.err
    assert "in fail" in done.err
    assert done.err.endswith("Error: No.\n")


def test_interrupt(run: Run, command: ModuleType) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    command.run = fail
    done = run("probe")
    assert (done.code, done.out, done.err) == (130, "", "Interrupted.\n")


def test_file_that_cannot_be_written(run: Run, command: ModuleType, tmp_path: Path) -> None:
    def fail() -> None:
        (tmp_path / "no" / "file").write_text("")

    command.run = fail
    done = run("probe")
    assert done.code == 1
    assert done.err == f"Error: {tmp_path}/no/file: No such file or directory\n"


def test_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    source, sink = os.pipe()
    os.close(source)
    try:
        done = subprocess.run([*PROGRAM, "--help"], stdout=sink, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(sink)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_full_disk(unbuffered: str) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False, env=environment
        )
    assert done.returncode == 1
    assert done.stderr == b"Error: No space left on device\n"


def test_interrupt_signal_ends_with_130() -> None:
    program = (
        "import os, signal, sys\n"
        "import stdbpy.cli.commands.version as version\n"
        "from stdbpy.cli.main import main\n"
        "def run() -> None: os.kill(os.getpid(), signal.SIGINT)\n"
        "version.run = run\n"
        "sys.exit(main(['version']))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGINT, b"Interrupted.\n")


def test_an_interruption_that_was_dealt_with_is_not_pythons_end(tmp_path: Path) -> None:
    interrupted = "try:\n    exec('raise KeyboardInterrupt')\nexcept KeyboardInterrupt:\n    pass\n"
    work = f"import sys\nfrom stdbpy.cli.main import main\n{interrupted}sys.exit(main(['--version']))\n"
    (tmp_path / "interrupted.py").write_text(work)
    done = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_characters_that_the_terminal_lacks() -> None:
    program = (
        "import stdbpy.cli.commands.version as version, sys\n"
        "from stdbpy.cli.main import main\n"
        "version.run = lambda: print('…')\n"
        "sys.exit(main(['version']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"\\u2026\n", b"")


@pytest.mark.parametrize("arguments", ["version", "--version", "--help"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams(arguments: str, closed: str) -> None:
    command = f"{shlex.quote(sys.executable)} -m stdbpy.cli {arguments} {closed}"
    done = subprocess.run(["sh", "-c", command], timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nobody_to_ask_where_stdin_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="no terminal to ask on"):
        confirm("Delete it?", flag="--yes", yes=False)
