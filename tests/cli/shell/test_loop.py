"""The shell asks again whatever happens, and leaves when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from stdbpy.api import ApiClient, SqlColumns, SqlPart, SqlSummary
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.output import Format
from stdbpy.cli.shell import run_shell
from stdbpy.errors import Forbidden, NotFound, ServerUnreachable, StdbError
from stdbpy.sats.types import ProductType
from tests.cli.conftest import Finished

FAILURES: dict[str, BaseException] = {
    "interrupted": KeyboardInterrupt(),
    "unreachable": ServerUnreachable("no server answers"),
    "disk": OSError(28, "No space left on device"),
}


class Scripted:
    url = "http://127.0.0.1:3000"

    def __init__(self, schema_failure: StdbError) -> None:
        self._schema_failure = schema_failure

    def schema(self, database: str) -> Any:
        raise self._schema_failure

    def sql_stream(self, database: str, text: str, *, confirmed: bool | None = None) -> Iterator[SqlPart]:
        if text in FAILURES:
            raise FAILURES[text]
        yield SqlColumns(ProductType())
        yield SqlSummary(1, rows_deleted=1)


NOT_ALLOWED = Forbidden("not yours", status=403)

Shell = Callable[..., Finished]


@pytest.fixture
def shell(home: Any, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs a shell with those keys typed; what it showed."""

    def shell(*lines: str, schema_failure: StdbError = NOT_ALLOWED) -> Finished:
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            keys.send_text("".join(f"{line}\r" for line in lines))
            run_shell(cast("ApiClient", Scripted(schema_failure)), "chat", Format.TABLE, Invocation())
        out, err = capsys.readouterr()
        return Finished(0, out, err)

    return shell


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("interrupted;", "Interrupted.\n"),
        ("unreachable;", "Error: no server answers\n"),
        ("disk;", "Error: No space left on device\n"),
        (r"\nonsense", "Error: there is no command \\nonsense\nHint: \\? lists them\n"),
    ],
)
def test_it_asks_again(shell: Shell, line: str, said: str) -> None:
    done = shell(line, "DELETE FROM user;", r"\q")
    beginning, _, end = done.err.partition(said)
    assert beginning.splitlines() == [
        "Names cannot be completed: not yours",
        r"chat on http://127.0.0.1:3000. \? helps, \q or Ctrl-D leaves.",
    ]
    assert end == "1 row deleted\n"


def test_ctrl_d_and_ctrl_c(shell: Shell) -> None:
    done = shell("DELETE FROM\x03DELETE FROM user;", "\x04")
    assert done.err.endswith("leaves.\n1 row deleted\n")


@pytest.mark.parametrize("failure", [NotFound("no database"), ServerUnreachable("no server")])
def test_what_makes_it_useless(shell: Shell, failure: StdbError) -> None:
    with pytest.raises(type(failure)):
        shell(schema_failure=failure)
