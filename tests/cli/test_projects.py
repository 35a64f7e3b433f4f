"""The commands that need no server: build, generate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.sats.types import ArrayType, Primitive, TypeRef, product
from stdbpy.schema.definition import schema_to_json
from stdbpy.schema.model import ModuleSchema, Procedure, TypeDef, View
from tests.cli.conftest import Run


@pytest.fixture
def project(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new project from the template `chat`, where the user is."""
    monkeypatch.chdir(home)
    done = run("init", "chat", "--template", "chat")
    assert (done.code, done.out) == (0, ""), done.err
    monkeypatch.chdir(home / "chat")
    return home / "chat"


def test_build(run: Run, project: Path) -> None:
    done = run("build")
    assert (done.code, done.out, done.err) == (0, "", "chat: chat.module is fine (3 tables, 7 reducers)\n")


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


def test_no_project(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    for command in ("build", "publish", "generate"):
        done = run(command)
        assert (done.code, done.out) == (1, "")
        assert "there is no project in" in done.err
        assert "stdbpy init NAME" in done.err


def test_generate_from_the_project(run: Run, project: Path) -> None:
    done = run("generate")
    assert (done.code, done.out, done.err) == (0, "", "module_bindings: 6 files written\n")
    assert run("generate").err == "module_bindings is up to date\n"
    assert run("generate", "--check").code == 0


def test_check_fails_and_writes_nothing(run: Run, project: Path) -> None:
    done = run("generate", "--check")
    assert (done.code, done.out) == (1, "")
    assert "module_bindings is not up to date (missing: __init__.py, " in done.err
    assert not (project / "module_bindings").exists()
    run("generate")
    with (project / "module_bindings" / "tables.py").open("a") as file:
        file.write("# changed\n")
    done = run("generate", "--check")
    assert done.code == 1
    assert "(outdated: tables.py)" in done.err
    assert (project / "module_bindings" / "tables.py").read_text().endswith("# changed\n")


def test_generate_from_a_definition(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    Path("schema.json").write_text(json.dumps(schema_to_json(ModuleSchema())))
    assert run("generate", "--schema", "schema.json", "--out-dir", "out").code == 0
    assert Path("out/tables.py").exists()


def test_generate_tells_what_it_does_not_cover_yet(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    row = product(("id", Primitive.U8))
    schema = ModuleSchema(
        typespace=(row,),
        source_typespace=(row,),
        types=(TypeDef("Row", "Row", 0),),
        procedures=tuple(Procedure(name, name, product(), Primitive.U8) for name in ("roll", "toss")),
        views=(View("mine", "mine", 0, True, False, product(), ArrayType(TypeRef(0))),),
    )
    Path("schema.json").write_text(json.dumps(schema_to_json(schema)))
    done = run("generate", "--schema", "schema.json", "--out-dir", "out")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("\nnot in the package yet: 2 procedures and 1 view, which come with the live client\n")
    assert run("--quiet", "generate", "--schema", "schema.json", "--out-dir", "out").err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--schema", "schema.json"), 2, "where should the package go?"),
        (("--schema", "missing.json", "-o", "out"), 1, "missing.json: No such file or directory"),
        (("--schema", "broken.json", "-o", "out"), 2, "broken.json is not JSON"),
        (("--schema", "other.json", "-o", "out"), 1, "no module definition"),
        (("--schema", "newer.json", "-o", "out"), 1, "newer than this stdbpy understands"),
        (("chat", "--schema", "schema.json", "-o", "out"), 2, "exclude one another"),
        (("--bin-path", "module.wasm", "-o", "out"), 2, "cannot be read yet"),
        (("--schema", "schema.json", "-o", "taken"), 1, "stdbpy did not generate it"),
        (("--lang", "rust"), 2, "stdbpy writes Python, not 'rust'"),
    ],
)
def test_generate_refuses(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, message: str
) -> None:
    monkeypatch.chdir(home)
    Path("schema.json").write_text(json.dumps(schema_to_json(ModuleSchema())))
    Path("broken.json").write_text("{")
    Path("other.json").write_text('{"a": 1}')
    Path("newer.json").write_text('{"sections": [{"Dreams": []}]}')
    Path("taken").mkdir()
    Path("taken/tables.py").write_text("mine = True\n")
    done = run("generate", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err
    assert not Path("out").exists()
    assert Path("taken/tables.py").read_text() == "mine = True\n"
