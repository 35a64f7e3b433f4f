"""``stdbpy sql``: where statements come from, where results go, and what goes wrong on the way."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.stub_server import answering, http

JSON = "application/json"
COLUMNS = (
    b'{"elements":[{"name":{"some":"id"},"algebraic_type":{"U64":[]}},'
    b'{"name":{"some":"name"},"algebraic_type":{"String":[]}}]}'
)
SUMMARY = b'"total_duration_micros":5,"stats":{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}'
ANSWER = b'[{"schema":%b,"rows":[[18446744073709551615,"Ada"],[7,"B\xc3\xa9"]],%b}]' % (COLUMNS, SUMMARY)


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    """A server that answers every request with the same rows."""
    with answering(http(200, ANSWER, JSON)) as url:
        yield url


def give_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# --- where statements come from ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (("SELECT * FROM t",), 2),
        (("SELECT", "*", "FROM", "t"), 2),
        (("SELECT ';'; SELECT 1;",), 4),
    ],
)
def test_on_the_command_line(run: Run, server: str, words: tuple[str, ...], lines: int) -> None:
    done = run("sql", "chat", *words, "--server", server)
    assert (done.code, done.err, done.out.count("\n")) == (0, "", lines)


@pytest.mark.parametrize("option", ["-f", "--file"])
def test_in_a_file(run: Run, server: str, home: Path, option: str) -> None:
    file = home / "two.sql"
    file.write_bytes(b"\xef\xbb\xbf-- first\nSELECT 1;\n\nSELECT ';\n';")
    assert run("sql", "chat", option, str(file), "--server", server).out.count("\n") == 4


@pytest.mark.parametrize("options", [(), ("-f", "-")])
def test_on_stdin(run: Run, server: str, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    give_stdin(monkeypatch, b"SELECT 1; SELECT 2")
    assert run("sql", "chat", *options, "--server", server).out.count("\n") == 4


def test_the_database_of_the_project(run: Run, server: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    Path("spacetime.json").write_text(json.dumps({"database": "chat", "server": server}))
    assert run("sql", "SELECT 1").code == 0
    assert run("sql", "other", "SELECT 1", "--server", server).code == 0
    done = run("sql", "SELECT 1", "--no-config", "--server", server)
    assert (done.code, done.err) == (2, "Error: DATABASE is missing in front of the statement\n")


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (("chat",), b"", "there is no statement"),
        (("chat", " ;; -- x"), b"", "there is no statement"),
        (("chat", "-f", "empty.sql"), b"", "there is no statement"),
        (("chat", "-f", "broken.sql"), b"", "broken.sql:2: this is not UTF-8 text"),
        (("chat",), b"\xff", "stdin:1: this is not UTF-8 text"),
        (("chat", "SELECT 1", "-f", "empty.sql"), b"", "one word too many: SELECT 1"),
        (("chat", "SELECT 1", "--interactive"), b"", "one word too many: SELECT 1"),
        (("chat", "--interactive"), b"", "--interactive needs a terminal"),
        (("chat", "--interactive", "-f", "empty.sql"), b"", "nothing to do with files"),
        (("chat", "--interactive", "-o", "x.csv"), b"", "nothing to do with files"),
        (("chat", "SELECT 1", "--confirmed", "maybe"), b"", "--confirmed is true or false"),
        (("chat", "SELECT 1; show x; Select 2", "-o", "x.csv"), b"", "3 of the statements return rows"),
    ],
)
def test_wrong_usage(
    run: Run, server: str, home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], stdin: bytes, said: str
) -> None:
    monkeypatch.chdir(home)
    Path("empty.sql").write_text("-- nothing\n")
    Path("broken.sql").write_bytes(b"SELECT\n'\xff'")
    give_stdin(monkeypatch, stdin)
    done = run("sql", *words, "--server", server)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not Path("x.csv").exists()


def test_a_file_that_is_not_there(run: Run, server: str) -> None:
    done = run("sql", "chat", "-f", "nothing.sql", "--server", server)
    assert (done.code, done.err) == (1, "Error: nothing.sql: No such file or directory\n")


@pytest.mark.parametrize("said", ["true", "false", None])
def test_confirmed(run: Run, home: Path, said: str | None) -> None:
    with listening([http(200, ANSWER, JSON)]) as (url, asked):
        run("sql", "chat", "SELECT 1", "--server", url, *(("--confirmed", said) if said else ()))
    query = f"?confirmed={said}" if said else ""
    assert asked[0].startswith(f"POST /v1/database/chat/sql{query} HTTP/1.1\r\n".encode())


# --- where results go ----------------------------------------------------------------------------


def test_json_is_the_servers_own(run: Run, server: str) -> None:
    assert run("sql", "chat", "SELECT 1", "--format", "json", "--server", server).out == ANSWER.decode() + "\n"
    several = run("sql", "chat", "SELECT 1; SELECT 2", "--format", "json", "--server", server).out
    assert json.loads(several) == json.loads(ANSWER) * 2


def test_results_with_names_have_a_gap(run: Run, server: str) -> None:
    out = run("sql", "chat", "SELECT 1; SELECT 2", "--format", "csv", "--server", server).out
    assert out == "\n".join(["id,name\n18446744073709551615,Ada\n7,Bé\n"] * 2)


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "markdown", "table"])
def test_into_a_file(run: Run, server: str, home: Path, format: str) -> None:
    file = home / f"rows.{format}"
    done = run("sql", "chat", "SELECT 1", "--format", format, "-o", str(file), "--server", server)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "18446744073709551615" in file.read_text()


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_refused_statement_in_a_file(run: Run, home: Path) -> None:
    file = home / "all.sql"
    file.write_text("\n\nSELECT\n  nam FROM user;")
    with answering(http(400, b"`nam` is not in scope")) as url:
        done = run("sql", "chat", "-f", str(file), "--server", url)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"Error: {file}:3: the server refused: `nam` is not in scope\n    nam FROM user\n    ^^^\n"


def test_a_refused_statement_of_several(run: Run, home: Path) -> None:
    with answering(http(400, b"no")) as url:
        done = run("sql", "chat", "SELECT 1; SELECT 2", "--server", url)
    assert done.err == "Error: statement 1 of 2: the server refused: no\n"


@pytest.mark.parametrize(
    ("statement", "said", "is_named"),
    [
        ("SELEC 1", b"expected SELECT", False),
        ("other", b"expected SELECT", True),
        ("SELECT 1", b"no such table: `t`", True),
    ],
)
def test_who_named_the_database_is_told_where_it_may_be_the_wrong_one(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, statement: str, said: bytes, is_named: bool
) -> None:
    monkeypatch.chdir(home)
    Path("spacetime.json").write_text('{"database": "chat"}')
    with answering(http(400, said)) as url:
        done = run("sql", statement, "--server", url)
    assert ("The database is chat, as spacetime.json says" in done.err) is is_named


@pytest.mark.parametrize("format", ["csv", "json", "jsonl", "markdown"])
def test_an_answer_that_breaks_off(run: Run, home: Path, format: str) -> None:
    with answering(http(200, ANSWER[:-90], JSON, length=5000)) as url:
        done = run("sql", "chat", "SELECT 1", "--format", format, "--server", url)
    assert done.code == 1
    assert "18446744073709551615" in done.out
    assert done.err.startswith(f"Error: {url} ended the connection before its answer was whole\n")


def test_a_file_is_whole_or_as_it_was(run: Run, home: Path) -> None:
    file = home / "rows.csv"
    file.write_text("before")
    with answering(http(200, ANSWER[:-90], JSON, length=5000)) as url:
        assert run("sql", "chat", "SELECT 1", "-o", str(file), "--server", url).code == 1
    assert file.read_text() == "before"
    assert [path.name for path in home.iterdir() if "rows" in path.name] == ["rows.csv"]


# --- large answers, in a process of their own ----------------------------------------------------


@contextmanager
def listening(pieces: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server for one request; its answer is sent for as long as somebody reads it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked: list[bytes] = []

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(65536))
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        finally:
            thread.join()


def many_rows(count: int | None) -> Iterator[bytes]:
    """An answer with thousands of rows at a time, ``count`` times or without end."""
    yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    yield b'[{"schema":%b,"rows":[[0,""]' % COLUMNS
    rows = b',[18446744073709551615,"a name that is not short"]' * 10_000
    for _ in iter(int, 1) if count is None else range(count):
        yield rows
    yield b"],%b}]" % SUMMARY


def command(url: str, format: str) -> list[str]:
    return [sys.executable, "-m", "stdbpy.cli", "sql", "chat", "SELECT 1", "--format", format, "--server", url]


@pytest.mark.parametrize(
    "format",
    [
        *("jsonl", "table", "arrow"),
        *(pytest.param(format, marks=pytest.mark.long) for format in ("csv", "json", "markdown", "parquet")),
    ],
)
def test_memory_does_not_grow_with_the_rows(home: Path, format: str) -> None:
    program = (
        "import resource, sys\n"
        "from stdbpy.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    peaks = []
    for count in (1, 30):
        with listening(many_rows(count)) as (url, _), (home / "rows").open("wb") as out:
            arguments = command(url, format)[3:]
            done = subprocess.run(
                [sys.executable, "-c", program, *arguments], stdout=out, stderr=subprocess.PIPE, check=False, timeout=60
            )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stderr))
    few, many = peaks
    # In KB. The answer with more rows has 15 MB; as Python's values they would take 60 MB.
    assert many - few < 12_000


def test_who_reads_no_more_ends_it(home: Path) -> None:
    with listening(many_rows(None)) as (url, _):
        process = subprocess.Popen(command(url, "csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"id,name\n"
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
        process.stderr.close()


def test_ctrl_c_in_the_middle(home: Path) -> None:
    with listening(many_rows(None)) as (url, _):
        process = subprocess.Popen(command(url, "csv"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(1000):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (130, b"Interrupted.\n")
