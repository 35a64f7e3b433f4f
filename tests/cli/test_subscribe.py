"""``stdbpy subscribe``: lines of JSON, tables that follow the rows, and when it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.cli import following, live_tables
from stdbpy.cli.main import main
from stdbpy.client import Transaction
from stdbpy.errors import ConnectionLost
from stdbpy.server import RunningServer
from tests import real_servers
from tests.cli.conftest import Run
from tests.cli.test_terminal import Terminal
from tests.client.proxy import Proxy
from tests.real_servers import RealServer

MESSAGES = "SELECT * FROM message"
DATABASE = "subscribe-beside-the-official"


@pytest.fixture
def once_begun(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something done when the first rows are there."""

    def do(action: Callable[[], object]) -> None:
        for show in (following.Lines, live_tables.LiveTables):
            monkeypatch.setattr(show, "take", acting(show.take, action))

    def acting(take: Callable[..., None], action: Callable[[], object]) -> Callable[..., None]:
        def and_act(self: object, transaction: Transaction, *, is_update: bool) -> None:
            take(self, transaction, is_update=is_update)
            if not is_update:
                action()

        return and_act

    return do


@pytest.fixture
def api(server: RunningServer) -> Iterator[ApiClient]:
    with ApiClient(server.url, server.owner_token) as api:
        yield api


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_transaction_is_a_line(run: Run, chat: str, api: ApiClient, once_begun: Callable[..., None]) -> None:
    def act() -> None:
        for text in ("one", "two"):
            api.call(chat, "send_message", [text])

    once_begun(act)
    done = run("subscribe", MESSAGES, "--num-updates", "2", "--timeout", "30")

    assert (done.code, done.err) == (0, "")
    first, second = lines(done.out)
    assert first["message"]["deletes"] == []
    assert [row["text"] for row in first["message"]["inserts"]] == ["one"]
    assert list(first["message"]["inserts"][0]["sender"]) == ["__identity__"]
    assert [row["text"] for row in second["message"]["inserts"]] == ["two"]


def test_an_update_is_a_row_that_went_and_one_that_came(
    run: Run, chat: str, api: ApiClient, once_begun: Callable[..., None]
) -> None:
    once_begun(lambda: api.sql(chat, "UPDATE message SET text = 'changed' WHERE text = 'one'"))
    api.call(chat, "send_message", ["one"])

    done = run("subscribe", chat, MESSAGES, "-n1", "-t30", "--print-initial-update", "--format", "json")

    initial, update = lines(done.out)
    assert (done.code, done.err) == (0, "")
    assert [row["text"] for row in initial["message"]["inserts"]] == ["one"]
    assert [row["text"] for row in update["message"]["deletes"]] == ["one"]
    assert [row["text"] for row in update["message"]["inserts"]] == ["changed"]


def test_no_updates_are_enough(run: Run, chat: str) -> None:
    assert run("subscribe", chat, MESSAGES, "-n", "0") == (done := run("subscribe", MESSAGES, "-n", "0"))
    assert (done.code, done.out, done.err) == (0, "", "")
    assert run("subscribe", MESSAGES, "-n", "0", "--print-initial-update").out == "{}\n"


def test_timeouts(run: Run, chat: str) -> None:
    done = run("subscribe", MESSAGES, "-t", "0.05")
    assert (done.code, done.out, done.err) == (0, "", "ended after 0.05 seconds\n")
    done = run("subscribe", MESSAGES, "-t", "0.05", "-n", "3")
    assert (done.code, done.out) == (1, "")
    assert "there were 0 of 3 updates within 0.05 seconds" in done.err
    assert run("subscribe", MESSAGES, "-t", "0").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("SELECT * FROM massage",), 1, "Did you mean 'message'?"),
        (("SELECT * FROM message WHERE txt = 'a'",), 1, "Did you mean 'text'?"),
        (("nothing-here", "SELECT * FROM message"), 1, "there is no database 'nothing-here'"),
        (("game", "select", "file", "from", "player"), 2, 'stdbpy subscribe [DATABASE] "SELECT * FROM player"'),
        ((), 2, "there is no query"),
        (("chat",), 2, "there is no query"),
        ((MESSAGES, "--format", "csv"), 2, "--format is table, json or jsonl, not 'csv'"),
        ((MESSAGES, "--format", "table"), 2, "need a terminal"),
        ((MESSAGES, "--num-updates", "x"), 2, "whole number"),
        ((MESSAGES, "--no-config"), 2, "DATABASE is missing"),
        ((MESSAGES, "--server", "http://127.0.0.1:1"), 1, "no server answers"),
    ],
)
def test_what_goes_wrong(run: Run, chat: str, words: tuple[str, ...], code: int, message: str) -> None:
    done = run("subscribe", *(chat if word == "chat" else word for word in words), "-t", "20")
    assert (done.code, done.out) == (code, "")
    assert message in done.err.replace("\n", " ")
    assert done.err.count("Did you mean") <= 1


def test_formats_for_all_commands_do_not_matter(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_FORMAT", "table")
    assert run("subscribe", MESSAGES, "-n", "0", "--print-initial-update").out == "{}\n"


# --- the connection ------------------------------------------------------------------------------


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[Proxy]:
    with Proxy(server.url) as between:
        yield between


def test_a_connection_that_breaks_off(run: Run, chat: str, proxy: Proxy, once_begun: Callable[..., None]) -> None:
    once_begun(proxy.cut)
    done = run("subscribe", chat, MESSAGES, "--server", proxy.url)
    assert (done.code, done.out) == (1, "")
    assert "the connection was lost" in done.err


@pytest.mark.parametrize(("number", "code"), [((), 0), (("-n", "1"), 1)])
def test_a_connection_that_the_server_ends(
    run: Run, chat: str, once_begun: Callable[..., None], number: tuple[str, ...], code: int
) -> None:
    """As in the official program, that is no failure of who does not wait for anything in particular."""

    def end() -> None:
        raise ConnectionLost("the connection was lost (close code 1001): module exited", close_code=1001)

    once_begun(end)
    done = run("subscribe", MESSAGES, *number)
    assert (done.code, done.out) == (code, "")
    assert "module exited" in done.err


def test_reconnecting(
    run: Run,
    chat: str,
    proxy: Proxy,
    api: ApiClient,
    once_begun: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def cut_and_call() -> None:
        proxy.cut()
        for text in ("one", "two"):
            api.call(chat, "send_message", [text])

    once_begun(cut_and_call)
    done = run("subscribe", chat, MESSAGES, "--server", proxy.url, "--reconnect", "-n", "1", "-t", "30")

    assert done.code == 0, done.err
    assert "waiting for it to come back\nthe connection is back\n" in done.err
    assert not [record for record in caplog.records if record.name == "stdbpy.client"]
    [update] = lines(done.out)
    assert sorted(row["text"] for row in update["message"]["inserts"]) == ["one", "two"]


def test_it_ends_when_nobody_reads_any_more(server: RunningServer, chat: str, api: ApiClient, home: Path) -> None:
    api.call(chat, "send_message", ["one"])
    command = ["-m", "stdbpy.cli", "subscribe", chat, MESSAGES, "--print-initial-update", "--server", server.url]
    following = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert following.stdout is not None
        assert following.stdout.read(1) == b"{"
        following.stdout.close()
        assert following.wait(60) == 0
    finally:
        following.kill()
        following.wait()
        assert following.stderr is not None
        assert following.stderr.read() == b""
        following.stderr.close()


def test_interrupted(run: Run, chat: str, once_begun: Callable[..., None]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    once_begun(interrupt)
    done = run("subscribe", MESSAGES)
    assert (done.code, done.out, done.err) == (130, "", "")


# --- on a terminal -------------------------------------------------------------------------------


def shown_for(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What is on the screen at the end of a run that succeeds, without spaces at the ends of lines."""
    shown = Terminal()
    for name, value in (("TERM", "xterm"), ("LINES", "20"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", shown)
    assert main(["subscribe", *words, "-t", "30"]) == 0
    text = re.split(r"\x1b\[\d*A|\x1b\[2K", shown.getvalue())[-1]
    return "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", text).splitlines())


def test_tables_follow_the_rows(
    run: Run, chat: str, api: ApiClient, monkeypatch: pytest.MonkeyPatch, once_begun: Callable[..., None]
) -> None:
    for text in ("one", "two", "three"):
        api.call(chat, "send_message", [text])

    def change() -> None:
        api.call(chat, "send_message", ["four \x1b[2J"])
        api.sql(chat, "DELETE FROM message WHERE text = 'one'")
        api.sql(chat, "UPDATE message SET text = '2' WHERE text = 'two'")

    once_begun(change)
    frame = shown_for(monkeypatch, chat, MESSAGES, "-n", "3")

    assert frame.startswith("message  3 rows\n   | id | sender")
    rows = [line.split("|") for line in frame.splitlines() if line.count("|") > 3][1:]
    assert [(row[0].strip(), row[-1].strip()) for row in rows] == [
        ("~", '"2"'),
        ("", '"three"'),
        ("", '"four \\x1b[2J"'),
    ]
    assert frame.rstrip().endswith("3 updates; Ctrl-C ends")


def test_of_many_rows_those_that_changed_last_are_shown(
    run: Run, chat: str, api: ApiClient, monkeypatch: pytest.MonkeyPatch, once_begun: Callable[..., None]
) -> None:
    for number in range(40):
        api.call(chat, "send_message", [f"m{number}"])
    once_begun(lambda: api.sql(chat, "UPDATE message SET text = 'seen' WHERE text = 'm0'"))

    frame = shown_for(monkeypatch, chat, MESSAGES, "-n", "1")

    assert frame.startswith("message  14 of 40 rows\n")
    assert '"seen"' in frame
    assert len(frame.splitlines()) <= 20


def test_an_end_in_order_is_told_below_the_tables(
    run: Run, chat: str, monkeypatch: pytest.MonkeyPatch, once_begun: Callable[..., None]
) -> None:
    def end() -> None:
        raise ConnectionLost("the connection was lost (close code 1001): module exited", close_code=1001)

    once_begun(end)
    frame = shown_for(monkeypatch, chat, MESSAGES)
    assert frame == "0 updates; the connection was lost (close code 1001): module exited"


# --- beside the official program -----------------------------------------------------------------


@pytest.mark.real
def test_the_lines_of_the_official_program(real_server: RealServer, home: Path) -> None:
    """Rows of every type, as they come, change and go."""
    queries = [f"SELECT * FROM {table}" for table in ("one_every_primitive_struct", "option_identity", "pk_u_32")]
    words = [DATABASE, "-s", real_server.url, "--anonymous", "--print-initial-update", "-n", "5", "-t", "30", *queries]
    theirs = [str(real_servers.program("spacetimedb-cli-2.8.3")), "--config-path", str(home / "cli.toml")]
    ours = [sys.executable, "-m", "stdbpy.cli"]
    environment = {**os.environ, "HOME": str(home)}
    with ApiClient(real_server.url) as anyone, ApiClient(real_server.url, anyone.create_identity().token) as api:
        api.publish(real_servers.wasm("sdk_test-2.8.3"), DATABASE)
        programs = [
            subprocess.Popen([*program, "subscribe", *words], stdout=subprocess.PIPE, text=True, env=environment)
            for program in (theirs, ours)
        ]
        try:
            first = [json.loads(program.stdout.readline()) for program in programs if program.stdout is not None]
            identity = f"0x{'0' * 60}00ff"
            moment = 1_600_000_000_000_001
            struct = [255, 65535, 1, 2**64 - 1, 2**100, "0xff", -1, -2, -3, -4, -5, "-0x1", True, 1.5, 0.1, "é\n"]
            api.call(DATABASE, "insert_one_every_primitive_struct", [[*struct, [identity], [1], [moment], [5], [7]]])
            api.call(DATABASE, "insert_option_identity", [{"some": [identity]}])
            api.call(DATABASE, "insert_pk_u_32", [1, 2])
            api.call(DATABASE, "update_pk_u_32", [1, 3])
            api.call(DATABASE, "delete_pk_u_32", [1])
            told = [program.communicate(timeout=60)[0] for program in programs]
        finally:
            for program in programs:
                program.kill()
                program.communicate()
    assert [program.returncode for program in programs] == [0, 0]
    assert first == [{}, {}]
    assert lines(told[1]) == lines(told[0])
    assert len(lines(told[0])) == 5
