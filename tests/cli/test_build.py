"""``stdbpy build``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_build(run: Run, project: Path) -> None:
    done = run("build")
    assert (done.code, done.out, done.err) == (
        0,
        "",
        "chat: chat.module is fine (3 tables, 8 reducers, 1 view, 1 procedure, 1 HTTP handler)\n",
    )


def test_build_of_another_folder(run: Run, project: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert run("build", "--module-path", "chat").code == 0


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("class Message:", "class Message", "SyntaxError"),
        ("from stdbpy import (", "from stdbpi import (", "there is no module 'stdbpi'"),
        ("@table(public=True)\nclass Message:", '@table(public=True, name="user")\nclass Message:', "'user'"),
        ("online: bool = False", "online: int = 0", "int"),
    ],
)
def test_build_shows_where_the_problem_is(run: Run, project: Path, before: str, after: str, line: str) -> None:
    module = project / "chat" / "module.py"
    text = module.read_text()
    assert before in text
    module.write_text(text.replace(before, after, 1))
    done = run("build")
    assert (done.code, done.out) == (1, "")
    first = done.err.splitlines()[0]
    assert first.startswith("chat/module.py:")
    assert ": error: " in first
    assert line in first
    assert done.err.splitlines()[-1].startswith(("Error: ", "Hint: "))


def test_problems_are_data_where_the_format_can_be_shown(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

    done = run("build", "--format", "parquet")

    assert (done.code, done.out) == (2, "")
    assert "a terminal cannot show parquet" in done.err


def test_no_project(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    for command in ("build", "publish", "generate"):
        done = run(command)
        assert (done.code, done.out) == (1, "")
        assert "there is no project in" in done.err
        assert "stdbpy init NAME" in done.err
