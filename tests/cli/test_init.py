"""``stdbpy init``: what it makes, what it asks, what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_terminal import Terminal


def test_init_tells_what_it_made(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    done = run("init", "my-game")
    assert (done.code, done.out) == (0, "")
    first, *files, last = done.err.splitlines()
    assert first == "created my-game from the template basic:"
    assert last == "next: cd my-game && make"
    made = sorted(
        path.relative_to(home / "my-game").as_posix() for path in (home / "my-game").rglob("*") if path.is_file()
    )
    assert sorted(line.strip() for line in files) == made
    assert "my_game/module.py" in made


def test_quiet_init_says_nothing(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    done = run("-q", "init", "game")
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "the project needs a name"),
        (("game", "--template", "chatt"), 2, "there is no template 'chatt'\nHint: Did you mean 'chat'?"),
        (("game", "--non-interactive", "-t", "basci"), 2, "Did you mean 'basic'?"),
        (("game", "--lang", "rust"), 2, "stdbpy writes Python, not 'rust'"),
        (("import",), 1, "'import'"),
        (("full",), 1, "is not empty"),
    ],
)
def test_init_refuses(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(home)
    (home / "full").mkdir()
    (home / "full" / "notes.txt").write_text("mine")
    done = run("init", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert sorted(path.name for path in home.rglob("*")) == ["full", "notes.txt"]


def test_init_asks_for_what_is_not_said(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal("my-chat\nchat\n"))
    monkeypatch.setattr(sys, "stderr", shown)

    assert run("init").code == 0

    assert shown.getvalue().startswith("Name of the project [my-game]: Template (basic, chat) [basic]: created my-chat")
    assert "send_message" in (home / "my-chat" / "my_chat" / "module.py").read_text()


def test_init_asks_again_for_what_cannot_be(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    (home / "full").mkdir()
    (home / "full" / "notes.txt").write_text("mine")
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal("class\nfull\nmy-chat\nchatt\nchat\n"))
    monkeypatch.setattr(sys, "stderr", shown)

    assert run("init").code == 0

    asked = "Name of the project [my-game]: "
    of_name, of_folder, of_templates = shown.getvalue().split(asked)[1:]
    assert "is a keyword of Python" in of_name
    assert "is not empty" in of_folder
    template = "Template (basic, chat) [basic]: "
    assert of_templates.startswith(f"{template}there is no template 'chatt'. Did you mean 'chat'?\n{template}created ")
    assert "send_message" in (home / "my-chat" / "my_chat" / "module.py").read_text()


def test_init_asks_nothing_when_told_so(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "stdin", Terminal("my-chat\n"))
    monkeypatch.setattr(sys, "stderr", shown := Terminal())

    assert run("init", "--non-interactive").code == 2

    assert "the project needs a name" in shown.getvalue()
    assert list(home.iterdir()) == []


def test_init_for_the_local_server_without_a_client(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)

    assert run("init", "bot", "--local", "--server-only").code == 0

    assert 'server = "local"' in (home / "bot" / "pyproject.toml").read_text()
    assert not (home / "bot" / "client.py").exists()


def test_init_names_a_database_that_differs_from_its_folder(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)

    assert run("init", "game-7", "--project-path", "server").code == 0

    assert 'database = "game-7"' in (home / "server" / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("file", "text"),
    [("spacetime.json", '{"database": "theirs"}'), ("pyproject.toml", '[tool.stdbpy]\ndatabase = "theirs"\n')],
)
def test_init_tells_which_name_a_copied_project_keeps(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str
) -> None:
    monkeypatch.chdir(home)
    (home / "theirs").mkdir()
    (home / "theirs" / file).write_text(text)

    done = run("init", "mine", "--template", "./theirs")

    assert done.code == 0
    note = f"the template calls the database theirs: another name goes into {Path('mine', file)}, and wherever"
    assert note in done.err


@pytest.mark.parametrize("text", ['{"database": "mine"}', '{"server": "local"}', "{ broken"])
def test_init_says_nothing_of_names_where_none_is_kept(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(home)
    (home / "theirs").mkdir()
    (home / "theirs" / "spacetime.json").write_text(text)

    done = run("init", "mine", "--template", "./theirs")

    assert done.code == 0
    assert "the template calls" not in done.err


def test_init_quotes_what_is_to_be_typed(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)

    assert "next: cd 'my game' && make" in run("init", "my game").err
