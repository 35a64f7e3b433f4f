"""``stdbpy logs``: which lines, how they look, and following them over restarts of the server."""

from __future__ import annotations

import csv
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stdbpy.api import ApiClient, LogRecord
from stdbpy.api.log_follow import WINDOW, follow_logs
from stdbpy.cli.log_lines import log_line
from stdbpy.errors import ReducerFailed
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.sats import Timestamp
from stdbpy.server import RunningServer, ServerConfig
from tests import real_servers
from tests.cli.conftest import Run

LEVELS = ("Debug", "Info", "Warn", "Error")
MODULE = """
from stdbpy import ReducerContext, ReducerError, reducer

@reducer
def say(ctx: ReducerContext, text: str) -> None:
    ctx.log.info("%s", text)

@reducer
def say_all(ctx: ReducerContext) -> None:
    ctx.log.debug("a debug")
    ctx.log.info("a info")
    ctx.log.warning("a warn")
    ctx.log.error("a error")

@reducer
def fail(ctx: ReducerContext) -> None:
    raise RuntimeError("oh no")
"""


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A module that logs, as it is published."""
    folder = tmp_path_factory.mktemp("talker")
    (folder / "pyproject.toml").write_text('[project]\nname = "talker"\nversion = "1"\n')
    (folder / "talker").mkdir()
    (folder / "talker" / "__init__.py").write_text("")
    (folder / "talker" / "module.py").write_text(MODULE)
    return build(discover(folder)).package


@pytest.fixture
def talker(server: RunningServer, module: bytes, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiClient]:
    """A client, as whose owner the user acts, of the server with the database ``talker``, new."""
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    monkeypatch.chdir(home)
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(module, "talker", clear=True)
        api.call("talker", "say_all")
        yield api


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


# --- which lines -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        ((), LEVELS),
        (("--level", "warn"), ("Warn", "Error")),
        (("-l", "info", "--level-exact"), ("Info",)),
        (("--level=panic",), ()),
        (("--grep", "a (warn|err)"), ("Warn", "Error")),
        (("--grep", "^a", "--level", "error"), ("Error",)),
        (("-n", "3"), ("Info", "Warn", "Error")),
        (("-n", "3", "--level", "warn", "--level-exact"), ("Warn",)),
        (("--since", "1h"), LEVELS),
        (("--since", "2000-01-01", "-n", "1"), ("Error",)),
        (("--since", "2999-01-01"), ()),
        (("-y", "--no-config", "--num-lines", "1"), ("Error",)),
    ],
)
def test_which_lines(run: Run, talker: ApiClient, options: tuple[str, ...], levels: tuple[str, ...]) -> None:
    done = run("logs", "talker", *options)
    assert (done.code, done.err) == (0, "")
    said = [record for record in records(done.out) if str(record["message"]).startswith("a ")]
    assert [record["level"] for record in said] == list(levels)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            ("--level", "wran"),
            "--level is trace, debug, info, warn, error or panic, not 'wran'",
            "Did you mean 'warn'?",
        ),
        (("--level-exact",), "--level-exact needs a level", "stdbpy logs DATABASE --level warn --level-exact"),
        (("--since", "soon"), "'soon' is neither a duration nor a time", "As in 10m"),
        (("--grep", "("), "'(' is no regular expression", "A backslash"),
        (("-n", "-1"), "--num-lines is a number of lines, not '-1'", "stdbpy logs DATABASE --num-lines 20"),
        (("-f", "-o", "log.csv"), "a log that is followed has no end", "Leave out -f"),
        (("-f", "--format", "parquet"), "a log that is followed has no end", "Leave out -f"),
    ],
)
def test_wrong_options(run: Run, options: tuple[str, ...], message: str, hint: str) -> None:
    done = run("logs", "talker", *options)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: {message}")
    assert f"\nHint: {hint}" in done.err


# --- how they look ---------------------------------------------------------------------------


def test_formats(run: Run, talker: ApiClient, home: Path) -> None:
    raw = [record.raw for record in talker.logs("talker", 2)]
    assert records(run("logs", "talker", "-n", "2").out) == raw
    # A log has no end while it is followed, so it is no list either.
    assert records(run("logs", "talker", "-n", "2", "--format", "json").out) == raw
    assert records(run("logs", "talker", "-n", "2", "--json").out) == raw
    rows = list(csv.DictReader(run("logs", "talker", "-n", "2", "--format", "csv").out.splitlines()))
    assert [(row["ts"], row["level"], row["message"]) for row in rows] == [
        (str(record["ts"]), record["level"], record["message"]) for record in raw
    ]
    assert run("logs", "talker", "-o", str(home / "log.md"), "-n", "1").out == ""
    assert "| a error |" in (home / "log.md").read_text()


def test_text(run: Run, talker: ApiClient) -> None:
    lines = run("logs", "talker", "--format", "text", "-n", "2").out.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z  WARN: say_all .*module\.py:\d+: a warn", lines[0])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z ERROR: say_all .*module\.py:\d+: a error", lines[1])


def test_where_a_panic_came_from_is_told_as_far_as_it_has_names() -> None:
    frames = [{"module_name": "game", "func_name": "move\n"}, {"func_name": "run"}, {}, "x"]
    record = LogRecord("Panic", Timestamp(0), "lost", raw={"trace": frames})
    assert log_line(record, sys.stdout) == "1970-01-01T00:00:00Z PANIC: lost\n    in game :: move \n    in run"


def test_frames_are_not_told_once_more_below_a_traceback() -> None:
    frames = [{"module_name": "module.py", "func_name": "move"}]
    said = "Traceback (most recent call last):\n  File 'module.py', line 3, in move\nValueError"
    for message in (said, f"  + Exception Group {said}"):
        record = LogRecord("Panic", Timestamp(0), message, raw={"trace": frames})
        assert " :: " not in log_line(record, sys.stdout)


# --- following -------------------------------------------------------------------------------


@contextmanager
def following(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stdbpy.cli", "logs", "talker", "--follow", "--format", "table", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_following_until_interrupted(talker: ApiClient) -> None:
    with following("-n", "1") as process:
        assert next_line(process).endswith(": a error\n")
        talker.call("talker", "say", ["later"])
        assert next_line(process).endswith(": later\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_following_alone_begins_at_the_end(talker: ApiClient) -> None:
    with following() as process:
        while not select.select([process.stdout], [], [], 0.1)[0]:  # until it listens
            talker.call("talker", "say", ["new"])
        assert next_line(process).endswith(": new\n")


def test_following_chooses_as_well(talker: ApiClient) -> None:
    with following("-n", "2", "--level", "warn") as process:
        assert [next_line(process).split()[1] for _ in range(2)] == ["WARN:", "ERROR:"]
        talker.call("talker", "say_all")
        assert [next_line(process).split()[1] for _ in range(2)] == ["WARN:", "ERROR:"]


class Restarting:
    """An embedded server that keeps its data and its address while it is stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = "127.0.0.1:0"
        self.start()

    def start(self) -> None:
        self.server = RunningServer(ServerConfig(listen_addr=self.address, data_dir=self.folder))
        self.server.__enter__()
        self.url = self.server.url
        self.address = self.url.removeprefix("http://")

    def stop(self) -> None:
        self.server.__exit__(None, None, None)


@pytest.fixture
def restarting(tmp_path: Path, module: bytes, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Restarting]:
    """One with the database ``talker``, whose owner the user is."""
    restarting = Restarting(tmp_path / "data")
    monkeypatch.setenv("STDBPY_SERVER", restarting.url)
    monkeypatch.setenv("STDBPY_TOKEN", restarting.server.owner_token)
    monkeypatch.chdir(home)
    with ApiClient(restarting.url, os.environ["STDBPY_TOKEN"]) as api:
        api.publish(module, "talker")
    yield restarting
    restarting.stop()


def say(url: str, *texts: str) -> None:
    with ApiClient(url, os.environ["STDBPY_TOKEN"]) as api:
        for text in texts:
            api.call("talker", "say", [text])


def said(process: subprocess.Popen[str], count: int) -> list[str]:
    """The next lines of the module's own, without those that the server adds when it starts."""
    lines: list[str] = []
    while len(lines) < count:
        line = next_line(process)
        assert line, process.communicate()
        if " say " in line:
            lines.append(line.rstrip().rpartition(": ")[2])
    return lines


def test_following_over_restarts(restarting: Restarting) -> None:
    say(restarting.url, "old", "last")
    with following("-n", "1") as process:
        assert said(process, 1) == ["last"]
        for number in range(2):
            say(restarting.url, f"before {number}")
            assert said(process, 1) == [f"before {number}"]
            restarting.stop()
            assert process.stderr is not None
            assert process.stderr.readline().endswith("; waiting for it to go on\n")
            restarting.start()
            say(restarting.url, f"meanwhile {number}", f"after {number}")
            assert said(process, 2) == [f"meanwhile {number}", f"after {number}"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")


def test_following_a_database_that_is_deleted(run: Run, restarting: Restarting) -> None:
    with following("-n", "1") as process:
        next_line(process)
        assert run("delete", "talker", "--yes").code == 0
        restarting.stop()
        restarting.start()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "No such database: 'talker' was deleted from this server" in err


@pytest.mark.real
@pytest.mark.parametrize("version", real_servers.VERSIONS)
def test_following_over_a_restart_of_a_real_server(version: str, tmp_path: Path) -> None:
    """What was logged while nobody read is shown, and nothing twice."""
    with ExitStack() as servers, ExitStack() as clients:
        server = servers.enter_context(real_servers.running(version, keeping=tmp_path))
        anonymous = clients.enter_context(ApiClient(server.url))
        api = clients.enter_context(ApiClient(server.url, anonymous.create_identity().token))
        api.publish(real_servers.wasm("quickstart_chat-1.2.0"), "chat")

        def log(count: int) -> None:
            for _ in range(count):
                with pytest.raises(ReducerFailed):
                    api.call("chat", "send_message", [""])

        def start_again(_seconds: float) -> None:
            address = server.url.removeprefix("http://")
            servers.enter_context(real_servers.running(version, keeping=tmp_path, address=address))
            log(WINDOW + 50)

        # 1.2.0 writes its register of databases down every half second, and not when it is asked to end:
        # one that was made just before is gone after a restart.
        registered = time.monotonic() + 1
        log(5)
        while time.monotonic() < registered:
            log(1)
        records = follow_logs(api, "chat", 3, wait=start_again)
        read = [next(records) for _ in range(3)]
        log(2)
        read += [next(records) for _ in range(2)]
        servers.close()
        read.append(next(records))
        everything = list(api.logs("chat"))
        while len(read) < WINDOW + 55 or read[-1] != everything[-1]:
            read.append(next(records))
    assert read == everything[everything.index(read[0]) :]
