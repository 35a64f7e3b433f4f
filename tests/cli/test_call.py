"""``stdbpy call``: arguments from words, files and stdin; once per line of a file; what procedures return."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api.call_lines import LineCalled
from stdbpy.api.results import CallResult
from stdbpy.cli.call_results import write_result
from stdbpy.cli.line_calls import Tally, watched
from stdbpy.cli.output import Format
from stdbpy.errors import ApiError, InvalidArguments, ServerUnreachable, StdbError
from stdbpy.sats.types import IDENTITY, UNIT, AlgebraicType, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.server import RunningServer
from tests import real_servers
from tests.cli.conftest import Finished, Run
from tests.real_servers import RealServer

DONE = Finished(0, "", "")


def messages(run: Run, chat: str) -> list[str]:
    return [json.loads(line)["text"] for line in run("sql", chat, "SELECT text FROM message").out.splitlines()]


def drafts(run: Run, chat: str) -> list[str]:
    return [json.loads(line)["text"] for line in run("sql", chat, "SELECT text FROM draft").out.splitlines()]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``stdin(b"…")`` makes that what the program reads."""

    def give(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))

    return give


# --- words -----------------------------------------------------------------------------------


def test_ways_to_write_arguments(run: Run, chat: str, stdin: Any) -> None:
    Path("text").write_text("from a file")
    assert run("call", chat, "send_message", "bare") == DONE
    assert run("call", chat, "send_message", '"quoted"') == DONE
    assert run("call", chat, "send_message", "text=named") == DONE
    assert run("call", chat, "send_message", "@text") == DONE
    stdin("from “stdin”".encode())
    assert run("call", chat, "send_message", "text=-") == DONE
    assert messages(run, chat) == ["bare", "quoted", "named", "from a file", "from “stdin”"]
    assert run("call", chat, "send_later", "seconds=500", "text=one") == DONE
    assert run("call", chat, "send_later", "two", "seconds=500") == DONE
    stdin(b'{"seconds": 500, "text": "three"}')
    assert run("call", chat, "send_later", "-") == DONE
    assert drafts(run, chat) == ["one", "two", "three"]


def test_the_project_names_the_database(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("call", "send_message", "one") == DONE
    monkeypatch.setenv("STDBPY_DATABASE", chat)
    assert run("call", "send_message", "two") == DONE
    assert messages(run, chat) == ["one", "two"]
    assert run("call", "-y", "--no-config", "--", chat, "send_message", "-- three") == DONE
    unknown = run("call", "game", "send_message", "x")
    assert unknown.code == 1
    assert unknown.err.startswith(f"Error: the database '{chat}' has no reducer or procedure 'game'\n")
    assert "The database is" in unknown.err
    assert "unset STDBPY_DATABASE to name another as the first word\n" in unknown.err
    monkeypatch.delenv("STDBPY_DATABASE")
    misspelt = run("call", "send_mesage", "x")
    assert misspelt.err.endswith("Hint: Did you mean 'send_message'?\n")
    unknown = run("call", "game", "send_message", "x")
    assert "--no-config to name another as the first word: stdbpy call --no-config game send_message x\n" in unknown.err


@pytest.mark.parametrize(
    "words",
    [
        ("call", "chat", "send_message", "hi"),
        ("describe",),
        ("logs",),
        ("sql", "SELECT * FROM user"),
        ("subscribe", "SELECT * FROM user"),
    ],
)
def test_who_named_a_database_that_there_is_not(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, server: RunningServer, words: tuple[str, ...]
) -> None:
    (home / "spacetime.json").write_text('{"database": "game"}')
    monkeypatch.chdir(home)

    done = run(*words, "--server", server.url)

    assert done.code == 1
    assert "no database 'game'" in done.err
    assert "The database is game, as spacetime.json says; --no-config to name another" in done.err
    if words[0] == "call":
        assert "stdbpy call --no-config chat send_message hi\n" in done.err


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("send_messag", "x"), 1, "has no reducer or procedure 'send_messag'\nHint: Did you mean 'send_message'?\n"),
        (("send_message",), 1, "send_message takes 1 argument, not 0\nHint: It is send_message(text: str), as in: "),
        (("send_message", "txt=x"), 1, "send_message has no parameter 'txt'\nHint: Did you mean 'text'? It is "),
        (("send_message", "@missing"), 1, "cannot be read from 'missing': No such file or directory\nHint: Text that"),
        (("send_later", "seconds=1"), 1, "the argument 'text' of send_later is missing\nHint: It is send_later("),
        ((), 2, "which function?\nHint: stdbpy call "),
        (("send_message", "x", "--args-from", "lines"), 2, "arguments are given and read from a file as well"),
        (("send_message", "--jobs", "0"), 2, "0"),
    ],
)
def test_mistakes(run: Run, chat: str, words: tuple[str, ...], code: int, error: str) -> None:
    done = run("call", chat, *words)
    assert (done.code, done.out) == (code, "")
    assert error in done.err
    assert messages(run, chat) == []


def test_the_sample_in_a_hint_can_be_run(run: Run, chat: str) -> None:
    hint = run("call", chat, "send_later").err.partition("as in: ")[2]
    done = subprocess.run(
        [sys.executable, "-m", "stdbpy.cli", *hint.split()[1:]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_were_seen_are_remembered(run: Run, chat: str, server: RunningServer) -> None:
    from stdbpy.project.known_names import KnownNames

    run("call", chat, "send_message", "x")
    known = KnownNames()
    assert chat in known.databases(server.url)
    assert known.names(server.url, chat, "reducer") == [
        "deliver",
        "forget_me",
        "send_later",
        "send_message",
        "set_name",
        "think_again",
    ]


def test_a_bug_in_a_reducer_leads_to_the_log(run: Run, chat: str, server: RunningServer) -> None:
    module = Path(chat.replace("-", "_")) / "module.py"
    module.write_text(f"{module.read_text()}\n\n@reducer\ndef divide(ctx: Ctx) -> None:\n    1 / 0\n")
    assert run("publish").code == 0
    raised = "ZeroDivisionError: division by zero"
    where = "The log says where it went wrong: stdbpy logs "
    line = len(module.read_text().splitlines())
    bug = f"It happened at {module.absolute()}:{line}. "
    assert run("call", chat, "divide") == Finished(1, "", f"Error: {raised}\nHint: {bug}{where}{chat}\n")
    elsewhere = run("call", chat, "divide", "--server", server.url)
    assert elsewhere == Finished(1, "", f"Error: {raised}\nHint: {bug}{where}{chat} --server {server.url}\n")
    assert run("call", chat, "divide", "--anonymous") == Finished(1, "", f"Error: {raised}\n")


WRONG = """
from stdbpy import Identity, ProcedureContext, procedure, u32


@reducer
def unfit(ctx: Ctx) -> None:
    ctx.db.user.insert(User(identity=ctx.sender, name=3, online=True))  # unfit


@reducer
def twice(ctx: Ctx) -> None:
    for name in ("Ada", "Bob"):
        ctx.db.user.insert(User(identity=Identity.from_int(5), name=name, online=True))  # twice


class OwnError(Exception):
    pass


@reducer
def own(ctx: Ctx) -> None:
    raise OwnError("one line\\n\\nand another")  # own


@procedure  # answer
def answer(ctx: ProcedureContext) -> u32:
    return "x"
"""


@pytest.mark.parametrize(
    ("function", "told", "hint"),
    [
        ("unfit", "EncodeError: user.name: expected a str, not int 3", ""),
        (
            "twice",
            f"UniqueConstraintViolation: user already has a row with identity Identity('{5:064x}')",
            "Rows are unique by that: constraint user_identity_key. ",
        ),
        ("own", "OwnError: one line\n\nand another", ""),
        (
            "answer",
            "EncodeError: what answer returns: expected an integer (u32), not str 'x'",
            "",
        ),
    ],
    ids=["unfit", "twice", "own", "answer"],
)
def test_the_place_of_an_error_is_told(run: Run, chat: str, function: str, told: str, hint: str) -> None:
    module = Path(chat.replace("-", "_")) / "module.py"
    module.write_text(module.read_text() + WRONG)
    assert run("publish").code == 0
    line = next(n for n, text in enumerate(module.read_text().splitlines(), 1) if text.endswith(f"# {function}"))
    failed = run("call", chat, function)
    where = f"{hint}It happened at {module.absolute()}:{line}. The log says where it went wrong: stdbpy logs {chat}"
    message = failed.err.replace("The module instance encountered a fatal error: ", "")  # for procedures
    assert (failed.code, message) == (1, f"Error: {told}\nHint: {where}\n")


def test_a_bug_in_a_procedure_leads_to_the_log_of_its_server(run: Run, chat: str, server: RunningServer) -> None:
    module = Path(chat.replace("-", "_")) / "module.py"
    code = "@stdbpy.procedure\ndef halve(ctx: stdbpy.ProcedureContext) -> None:\n    1 / 0\n"
    module.write_text(f"{module.read_text()}\nimport stdbpy\n\n{code}")
    assert run("publish").code == 0
    failed = run("call", chat, "halve", "--server", server.url)
    assert failed.code == 1
    assert "ZeroDivisionError: division by zero" in failed.err
    assert failed.err.endswith(f"stdbpy logs {chat} --server {server.url}\n")
    assert failed.err.count("--server") == 1


def test_a_word_for_a_database_that_the_project_names_otherwise(run: Run, chat: str) -> None:
    done = run("call", "chat", "send_message", "two words")
    assert done.code == 1
    assert "has no reducer or procedure 'chat'\nHint: 'send_message' is one; leave out 'chat': " in done.err
    assert "stdbpy call send_message 'two words'" in done.err


def test_another_database_of_the_server_may_be_the_first_word(run: Run, chat: str) -> None:
    other = f"{chat}-other"
    assert run("publish", other).code == 0
    assert run("call", other, "send_message", "one") == DONE
    Path("lines").write_text('["two"]')
    assert run("call", other, "send_message", "--args-from", "lines") == Finished(0, "", "1 call done\n")
    assert (messages(run, other), messages(run, chat)) == (["one", "two"], [])

    told = run("call", other, "send_message", "three", "--args-from", "lines")
    assert (told.code, "arguments are given and read from a file" in told.err) == (2, True)
    for words in ((other,), (other, "nothing"), ("send_message", "send_message", other)):
        refused = run("call", *words)
        assert (refused.code, f"stdbpy call {other}" in refused.err) == (1, False)
    assert messages(run, other) == ["one", "two"]


# --- once per line ---------------------------------------------------------------------------

LINES = '["one"]\n{"text": "two"}\n\n[""]\n[5]\n["three"]\n'


@pytest.mark.parametrize("options", [(), ("--keep-going",), ("--jobs", "3"), ("--quiet",)])
def test_once_per_line(run: Run, chat: str, options: tuple[str, ...]) -> None:
    Path("lines.jsonl").write_text(LINES)
    done = run("call", chat, "send_message", "--args-from", "lines.jsonl", *options)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "line 4: A message must not be empty.\n"
        "line 5: the argument 'text' of send_message cannot be 5: expected text, not 5\n"
        "Error: 3 calls done, 2 failed: lines 4, 5\n"
    )
    assert sorted(messages(run, chat)) == ["one", "three", "two"]


def test_stopping_at_the_first_failure(run: Run, chat: str, stdin: Any) -> None:
    stdin(LINES.encode())
    done = run("call", chat, "send_message", "--args-from", "-", "--stop-on-error")
    assert done.err == (
        "line 4: A message must not be empty.\n"
        "Error: 2 calls done, 1 failed: line 4\n"
        "Hint: Nothing behind line 4 was called.\n"
    )
    assert messages(run, chat) == ["one", "two"]


def test_when_all_are_done(run: Run, chat: str) -> None:
    Path("lines").write_text("".join(f'["{number}"]\n' for number in range(50)))
    assert run("call", chat, "send_message", "--args-from", "lines") == Finished(0, "", "50 calls done\n")
    assert messages(run, chat) == [str(number) for number in range(50)]
    assert run("call", chat, "send_message", "--args-from", "lines", "-q", "-j", "4") == DONE
    assert len(messages(run, chat)) == 100
    Path("lines").write_text("\n")
    assert run("call", chat, "send_message", "--args-from", "lines") == Finished(0, "", "0 calls done\n")


def test_a_file_that_is_not_there(run: Run, chat: str) -> None:
    done = run("call", chat, "send_message", "--args-from", "missing")
    assert done == Finished(1, "", "Error: missing: No such file or directory\n")


def test_rows_of_one_database_go_into_another(run: Run, chat: str) -> None:
    """What ``--format jsonl`` writes, ``--args-from`` reads, whatever the types."""
    run("call", chat, "send_message", "it's “text”")
    Path("rows").write_text(run("sql", chat, "SELECT text FROM message").out)
    assert run("call", chat, "send_message", "--args-from", "rows").code == 0
    assert messages(run, chat) == ["it's “text”"] * 2


def test_interrupted(run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.BytesIO):
        def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]  # the rest of a file is not needed
            yield b'["one"]\n'
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted(), encoding="utf-8"))
    done = run("call", chat, "send_message", "--args-from", "-")
    assert done == Finished(130, "", "1 call done before it was interrupted\nInterrupted.\n")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_grows_on_a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    (tmp_path / "lines").write_text("[]\n[]\n\n")
    called = [LineCalled(1, CallResult(None, None)), LineCalled(2, error=ApiError("no\x1b[2J"))]
    tally = Tally()
    assert list(watched(called, tally, str(tmp_path / "lines"), quiet=False)) == called
    assert "2/2" in shown.getvalue()
    assert "no\\x1b[2J" in shown.getvalue()
    assert (tally.done, tally.failed) == (1, [2])


def test_the_summary_lists_some_and_counts_the_rest() -> None:
    tally = Tally()
    for number in range(1, 31):
        tally.add(LineCalled(number, error=InvalidArguments("no")))
    tally.add(LineCalled(31, error=ServerUnreachable("gone", hint="Start it."), is_last=True))
    with pytest.raises(StdbError) as caught:
        tally.raise_if_failed()
    assert caught.value.message.endswith(
        "31 failed: lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 and 11 more"
    )
    assert caught.value.hint == "Nothing behind line 31 was called. Start it."


# --- results ---------------------------------------------------------------------------------

LEVEL = sum_of(("Free", UNIT), ("Custom", Primitive.U8))
PERSON = product(("name", Primitive.STRING), ("level", TypeRef(0)))
SPACE: tuple[AlgebraicType, ...] = (LEVEL, PERSON, product(("next", option(TypeRef(2)))))
BIG = 2**64 - 1


@pytest.mark.parametrize(
    ("value", "type", "format", "expected"),
    [
        (BIG, Primitive.U64, "jsonl", f"{BIG}\n"),
        (BIG, Primitive.U64, "table", f"{BIG}\n"),
        (BIG, Primitive.U64, "csv", f"result\n{BIG}\n"),
        (["Ada", [1, 5]], TypeRef(1), "jsonl", '{"name":"Ada","level":{"Custom":5}}\n'),
        (["Ada", [1, 5]], TypeRef(1), "json", '{"name":"Ada","level":{"Custom":5}}\n'),
        (["Ada", [1, 5]], TypeRef(1), "table", '["Ada",[1,5]]\n'),
        (["Ada", [0, []]], TypeRef(1), "csv", "name,level\nAda,Free\n"),
        (
            [["Ada", [0, []]], ["Bob", [1, 5]]],
            ArrayType(TypeRef(1)),
            "jsonl",
            '{"name":"Ada","level":"Free"}\n{"name":"Bob","level":{"Custom":5}}\n',
        ),
        ([["Ada", [0, []]]], ArrayType(TypeRef(1)), "json", '[\n{"name":"Ada","level":"Free"}\n]\n'),
        ([["Ada", [0, []]]], ArrayType(TypeRef(1)), "markdown", "| name | level |\n| --- | --- |\n| Ada | Free |\n"),
        ([1, 2], ArrayType(Primitive.U32), "jsonl", "[1,2]\n"),
        ([f"0x{'ab' * 32}"], IDENTITY, "jsonl", f'"0x{"ab" * 32}"\n'),
        ([f"0x{'ab' * 32}"], IDENTITY, "table", f'["0x{"ab" * 32}"]\n'),
        ([[f"0x{'ab' * 32}"]], ArrayType(IDENTITY), "jsonl", f'["0x{"ab" * 32}"]\n'),
        ([0, "x"], option(Primitive.STRING), "jsonl", '"x"\n'),
        ([1, []], option(Primitive.STRING), "jsonl", "null\n"),
        ([[0, [[1, []]]]], TypeRef(2), "jsonl", '{"next":{"next":null}}\n'),
        ([[0, [[1, []]]]], TypeRef(2), "csv", 'result\n"{""next"":{""next"":null}}"\n'),
    ],
)
def test_results(
    capsys: pytest.CaptureFixture[str], value: Any, type: AlgebraicType, format: str, expected: str
) -> None:
    write_result(value, type, SPACE, Format(format))
    assert capsys.readouterr().out.replace("---- |", "--- |") == expected


@pytest.fixture
def procedures(run: Run, real_server: RealServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with SpacetimeDB's test module of procedures."""
    (home / "module.wasm").write_bytes(real_servers.wasm("sdk_test_procedure-2.8.3"))
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    monkeypatch.chdir(home)
    name = f"cli-procedures-{home.parent.name.replace('_', '-')}".lower()
    assert run("publish", name, "-b", "module.wasm", "--yes").code == 0
    return name


@pytest.mark.real
def test_procedures(run: Run, procedures: str, real_server: RealServer, home: Path) -> None:
    assert run("call", procedures, "return_struct", "1", "x").out == '{"a":1,"b":"x"}\n'
    assert run("call", procedures, "return_struct", "b=x", "a=1", "--format", "csv").out == "a,b\n1,x\n"
    assert run("call", procedures, "return_enum_b", "x").out == '{"b":"x"}\n'
    Path("lines").write_text('[1, "x"]\n[2]\n{"b": "y", "a": 3}\n')
    lines = run("call", procedures, "return_struct", "--args-from", "lines")
    assert (lines.code, lines.err.splitlines()[-1]) == (1, "Error: 2 calls done, 1 failed: line 2")
    assert [json.loads(line) for line in lines.out.splitlines()] == [
        {"line": 1, "result": {"a": 1, "b": "x"}},
        {"line": 3, "result": {"a": 3, "b": "y"}},
    ]
    official = subprocess.run(
        [
            *(real_servers.program("spacetimedb-cli-2.8.3"), "--config-path", home / "official.toml", "call"),
            *("--anonymous", "-s", real_server.url, procedures, "return_struct", "1", "x"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run("call", procedures, "return_struct", "1", "x", "--format", "text").out == official.stdout


@pytest.mark.real
def test_a_reducer_that_panics_leads_to_the_log(
    run: Run, real_server: RealServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "panic.wasm").write_bytes(
        (real_servers.program("spacetimedb-cli-2.8.3").parent / "smoketests" / "panic.wasm").read_bytes()
    )
    monkeypatch.setenv("STDBPY_SERVER", real_server.url)
    assert run("publish", "cli-panic", "-b", str(home / "panic.wasm"), "--yes").code == 0
    done = run("call", "cli-panic", "first")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(
        "Hint: It was explicit panic (panic/src/lib.rs:11). The log says where it went wrong: stdbpy logs cli-panic\n"
    )
    assert "explicit panic" in run("logs", "cli-panic").out
