"""The shell without a keyboard and without a server: statements, commands, results."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from stdbpy.api import ApiClient, SqlColumns, SqlPart, SqlRows, SqlSummary
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.output import Format
from stdbpy.cli.shell import last_result
from stdbpy.cli.shell.commands import COMMANDS, Leave
from stdbpy.cli.shell.history import history_of
from stdbpy.cli.shell.session import Session
from stdbpy.errors import ApiError, Forbidden, NotFound, StdbError, UsageError
from stdbpy.sats.types import Primitive, ProductType, product
from tests.engine.schemas import schema_of

COLUMNS = product(("id", Primitive.U64), ("name", Primitive.STRING))
ROWS = [[2**64 - 1, "Ada"], [7, "Bob"]]


class Scripted:
    """A client whose answers are made up; a statement that begins with ``bad`` is refused."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.rows = ROWS
        self.schema_failure: StdbError | None = None

    def sql_stream(self, database: str, text: str, *, confirmed: bool | None = None) -> Iterator[SqlPart]:
        assert (database, confirmed) == ("chat", True)
        self.asked.append(text)
        if text.startswith("bad"):
            raise ApiError("the server refused: bad", status=400)
        if text.startswith("DELETE"):
            yield SqlColumns(ProductType())
            yield SqlSummary(1000, rows_deleted=2)
            return
        yield SqlColumns(COLUMNS)
        for row in self.rows:
            yield SqlRows([row], json.dumps(row).encode())
        yield SqlSummary(1500)

    def schema(self, database: str) -> Any:
        if self.schema_failure is not None:
            raise self.schema_failure
        return schema_of(("person", {"id": Primitive.U64, "name": Primitive.STRING}, ()))


@pytest.fixture
def api() -> Scripted:
    return Scripted()


@pytest.fixture
def session(api: Scripted) -> Iterator[Session]:
    with Session(cast("ApiClient", api), "chat", Format.TABLE, Invocation(), confirmed=True) as session:
        yield session


@pytest.fixture
def shown(session: Session, capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[str, str]]:
    """Runs input; what it wrote to stdout and to stderr."""

    def shown(text: str) -> tuple[str, str]:
        capsys.readouterr()
        session.run(text)
        out, err = capsys.readouterr()
        return out, err

    return shown


Shown = Callable[[str], tuple[str, str]]

TABLE = ' id                   | name\n----------------------+-------\n 18446744073709551615 | "Ada"\n'
TABLE += ' 7                    | "Bob"\n'


def test_a_statement(shown: Shown) -> None:
    assert shown("SELECT * FROM person;") == (TABLE, "(2 rows)\n")


def test_several_statements_until_one_fails(shown: Shown, api: Scripted, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ApiError):
        shown("DELETE FROM person; bad; SELECT 1;")
    assert api.asked == ["DELETE FROM person", "bad"]
    assert capsys.readouterr() == ("", "2 rows deleted\n")


def test_nothing(shown: Shown, api: Scripted) -> None:
    assert shown("  ;; -- x\n") == ("", "")
    assert api.asked == []


@pytest.mark.parametrize("command", ["q", "quit"])
def test_leaving(session: Session, command: str) -> None:
    with pytest.raises(Leave):
        session.run(f"\\{command}")


def test_expanded(shown: Shown) -> None:
    assert shown(r"\x") == ("Expanded rows: on\n", "")
    out, err = shown("SELECT * FROM person;")
    assert out.splitlines() == [
        "-[ row 1 ]------",
        "id   | 18446744073709551615",
        'name | "Ada"',
        "-[ row 2 ]------",
        "id   | 7",
        'name | "Bob"',
    ]
    assert err == "(2 rows)\n"
    assert shown(r"\x off") == ("Expanded rows: off\n", "")


def test_timing(shown: Shown) -> None:
    shown(r"\timing on")
    assert shown("SELECT 1;")[1].endswith(" ms, 1.5 ms of it in the database\n")


def test_format(shown: Shown) -> None:
    assert shown(r"\format csv")[0] == "Format: csv\n"
    assert shown("SELECT 1;") == ("id,name\n18446744073709551615,Ada\n7,Bob\n", "")
    with pytest.raises(UsageError, match="terminal cannot show parquet"):
        shown(r"\format parquet")
    assert shown(r"\format")[0] == "Format: csv\n"


def test_into_a_file(shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "a file.csv"
    assert shown(f'\\o "{file}"') == ("", "")
    assert shown("SELECT 1;") == ("", "(2 rows)\n")
    shown("SELECT 2;")
    shown(r"\o")
    assert file.read_text() == "id,name\n18446744073709551615,Ada\n7,Bob\n" * 2
    assert shown("SELECT 1;")[0] == TABLE


def test_into_a_parquet_file(shown: Shown, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "x.parquet"
    shown(f"\\o {file}")
    shown("SELECT 1;")
    assert parquet.read_table(file).to_pylist()[1] == {"id": 7, "name": "Bob"}


def test_the_last_result_again(shown: Shown, api: Scripted, tmp_path: Path) -> None:
    shown("SELECT 1;")
    assert shown("_") == (TABLE, "")
    assert shown("_ jsonl")[0].splitlines()[1] == '{"id":7,"name":"Bob"}'
    assert json.loads(shown("_ | json")[0])[0]["rows"] == ROWS
    shown(f"_ {tmp_path / 'x.md'}")
    assert (tmp_path / "x.md").read_text().startswith("| id | name |")
    shown(f"_ csv {tmp_path / 'x'}")
    assert (tmp_path / "x").read_text().startswith("id,name\n")
    assert api.asked == ["SELECT 1"]


def test_no_last_result(shown: Shown) -> None:
    with pytest.raises(UsageError, match="no whole result"):
        shown("_")
    with pytest.raises(ApiError):
        shown("bad;")
    with pytest.raises(UsageError, match="no whole result"):
        shown("_")


def test_a_last_result_that_is_too_long(shown: Shown, api: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_result, "MOST_ROWS", 1)
    shown("SELECT 1;")
    with pytest.raises(UsageError, match="not kept"):
        shown("_")


def test_describe(shown: Shown) -> None:
    assert shown(r"\d")[0].splitlines() == ["table      person(id: u64, name: str)  [public]"]
    assert shown(r"\dt")[0] == shown(r"\d")[0]
    assert "name  str" in shown(r"\d person")[0]
    assert shown(r"\df")[0] == ""
    assert shown(r"\dn")[0] == "(the module itself): 1 tables and functions\n"
    with pytest.raises(UsageError) as caught:
        shown(r"\d persn")
    assert caught.value.hint == "Did you mean 'person'?"


def test_no_permission_to_read_the_schema(shown: Shown, session: Session, api: Scripted) -> None:
    api.schema_failure = Forbidden("the server does not allow it", status=403)
    assert shown(r"\d") == ("", "Names cannot be completed: the server does not allow it\n")
    assert session.names.tables == {}
    api.schema_failure = NotFound("there is no database 'chat' on this server", status=404)
    with pytest.raises(NotFound):
        shown(r"\d")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (r"\foo", r"no command \\foo"),
        (r"\timng", r"no command"),
        (r"\q now", "one word too many: now"),
        (r"\x maybe", "on or off"),
        (r"\format xls", "no format 'xls'"),
        (r"\i", "needs the name"),
        ("_ a b c", "one word too many: c"),
    ],
)
def test_commands_that_make_no_sense(shown: Shown, command: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        shown(command)


def test_help_has_every_command(shown: Shown) -> None:
    out = shown(r"\?")[0]
    assert all(command.usage in out and command.help in out for command in COMMANDS.values())


def test_a_file(shown: Shown, api: Scripted, tmp_path: Path) -> None:
    inner = tmp_path / "inner.sql"
    inner.write_text("SELECT\n  3")
    file = tmp_path / "all.sql"
    file.write_text(
        f"\ufeff-- first\n/* second\n*/\n\\timing off\nSELECT ';\n\\q';\nSELECT 2; SELECT\n1;\n\\i {inner}\n", "utf-8"
    )
    shown(f"\\i {file}")
    assert api.asked == ["SELECT ';\n\\q'", "SELECT 2", "SELECT\n1", "SELECT\n  3"]


def test_a_file_that_is_broken(shown: Shown, tmp_path: Path) -> None:
    file = tmp_path / "all.sql"
    file.write_text("SELECT 1;\n\nbad;\nSELECT 2;\n")
    with pytest.raises(ApiError, match=r"all\.sql:3: the server refused: bad"):
        shown(f"\\i {file}")
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="not UTF-8"):
        shown(f"\\i {file}")
    file.write_text(f"\\i {file}\n")
    with pytest.raises(UsageError, match="too deep"):
        shown(f"\\i {file}")
    with pytest.raises(OSError, match="No such file"):
        shown(rf"\i {tmp_path}/nothing.sql")


def test_history_is_kept_for_its_owner(home: Path) -> None:
    first = history_of("http://127.0.0.1:3000", "chat", Invocation())
    first.append_string("SELECT 1;")
    again = history_of("http://127.0.0.1:3000", "chat", Invocation())
    other = history_of("http://127.0.0.1:3001", "chat", Invocation())

    assert list(again.load_history_strings()) == ["SELECT 1;"]
    assert list(other.load_history_strings()) == []
    [file] = (home / ".local/state/stdbpy/history").glob("127.0.0.1_3000.chat")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_history_of_another_root(home: Path, tmp_path: Path) -> None:
    history_of("http://h", "chat", Invocation(root_dir=tmp_path / "root")).append_string("SELECT 1;")
    assert [path.name for path in (tmp_path / "root").rglob("*") if path.is_file()] == ["h.chat"]


def test_long_history_is_shortened(home: Path) -> None:
    history = history_of("http://h", "chat", Invocation())
    for number in range(12):
        history.append_string(f"SELECT {number} {'x' * 100_000}\nFROM t;")

    kept = list(history_of("http://h", "chat", Invocation()).load_history_strings())

    assert kept[0].startswith("SELECT 11 ")
    assert 2 <= len(kept) <= 5
    assert all(entry.startswith("SELECT ") and entry.endswith("FROM t;") for entry in kept)


def test_a_home_that_is_read_only(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".local").write_text("in the way")
    history = history_of("http://h", "chat", Invocation())
    history.append_string("SELECT 1;")
    assert capsys.readouterr().err.startswith("What you type is not kept: ")
    assert history.get_strings() == ["SELECT 1;"]


def test_a_disk_that_fills_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = history_of("http://h", "chat", Invocation())
    file = next((home / ".local/state/stdbpy/history").iterdir())
    file.unlink()
    file.mkdir()
    history.append_string("SELECT 1;")
    history.append_string("SELECT 2;")
    assert capsys.readouterr().err.count("What you type is not kept") == 1
    assert list(file.iterdir()) == []
