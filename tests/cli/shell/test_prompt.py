"""The line editor: keys in, input out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from stdbpy.api import ApiClient
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.output import Format
from stdbpy.cli.shell.names import Names
from stdbpy.cli.shell.prompt import completer_of, open_prompt
from stdbpy.cli.shell.session import Session
from stdbpy.sats.types import Primitive
from tests.engine.schemas import schema_of

ENTER, CTRL_C, CTRL_D, CTRL_U, UP = "\r", "\x03", "\x04", "\x15", "\x1b[A"

Type = Callable[[str], str]


@pytest.fixture
def session(home: Path) -> Session:
    session = Session(cast("ApiClient", None), "chat", Format.TABLE, Invocation())
    session.names = Names.of(schema_of(("person", {"id": Primitive.U64, "name": Primitive.STRING}, ())))
    return session


@pytest.fixture
def type_(session: Session) -> Iterator[Type]:
    """Types keys at a prompt; what was entered."""
    with ExitStack() as stack:
        keys = stack.enter_context(create_pipe_input())
        stack.enter_context(create_app_session(input=keys, output=DummyOutput()))
        ask = open_prompt(session, "http://127.0.0.1:3000")

        def type_(text: str) -> str:
            keys.send_text(text)
            return ask()

        yield type_


@pytest.mark.parametrize(
    ("keys", "entered"),
    [
        (f"SELECT 1;{ENTER}", "SELECT 1;"),
        (f"SELECT{ENTER}1;{ENTER}", "SELECT\n1;"),
        (f"SELECT ';{ENTER}';{ENTER}", "SELECT ';\n';"),
        (f"SELECT 1{ENTER}{ENTER}", "SELECT 1\n"),
        (rf"\d{ENTER}", r"\d"),
        (ENTER, ""),
        (f"SELECT 1;{CTRL_U}exit{ENTER}", "exit"),
    ],
)
def test_keys(type_: Type, keys: str, entered: str) -> None:
    assert type_(keys) == entered


def test_what_was_typed_before(type_: Type) -> None:
    type_(f"SELECT 1;{ENTER}")
    assert type_(f"{UP}{ENTER}") == "SELECT 1;"


def test_leaving_and_clearing(type_: Type) -> None:
    with pytest.raises(KeyboardInterrupt):
        type_(f"SELECT 1{CTRL_C}")
    with pytest.raises(EOFError):
        type_(CTRL_D)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("\\ti", ["\\timing"]),
        ("\\d pe", ["person"]),
        ("\\x ", ["on", "off"]),
        ("\\format js", ["json", "jsonl"]),
        ("_ pa", ["parquet"]),
        ("\\i {folder}/", ["{folder}/a.sql", "{folder}/inner/"]),
        ("\\i {folder}/nothing/", []),
        ("\\q ", []),
        ("\\nonsense x", []),
        ("SELECT * FROM pe", ["person"]),
    ],
)
def test_completions(session: Session, tmp_path: Path, text: str, offered: list[str]) -> None:
    folder = tmp_path / "files"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.sql").touch()
    before = text.format(folder=folder)

    found = completer_of(session).get_completions(Document(before), CompleteEvent())

    assert [completion.text for completion in found] == [text.format(folder=folder) for text in offered]
