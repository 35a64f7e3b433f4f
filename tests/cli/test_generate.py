"""``stdbpy generate``: from projects, definitions, compiled modules and databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.schema.definition import schema_to_json, write_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.definition_module import definition_module
from tests.cli.conftest import Run


def test_generate_from_the_project(run: Run, project: Path) -> None:
    done = run("generate")
    assert (done.code, done.out, done.err) == (0, "", "module_bindings: 11 files written\n")
    assert run("generate").err == "module_bindings is up to date\n"
    assert run("generate", "--check").code == 0


def test_a_database_of_the_project_needs_no_server(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable says where other commands go; only `--server` asks for what a server has."""
    monkeypatch.setenv("STDBPY_SERVER", "http://127.0.0.1:1")

    assert run("generate", "chat").code == 0

    asked = run("generate", "chat", "--server", "http://127.0.0.1:1")
    assert (asked.code, "http://127.0.0.1:1" in asked.err) == (1, True)


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


def test_the_style_of_rows(run: Run, project: Path) -> None:
    types = project / "module_bindings" / "types.py"
    run("generate")
    assert "msgspec.Struct" in types.read_text()

    assert run("generate", "--check", "--rows", "pydantic").code == 1
    assert run("generate", "--rows", "pydantic").code == 0
    assert "(RowModel)" in types.read_text()

    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("bindings = ", 'rows = "pydantic"\nbindings = '))
    assert run("generate", "--check").code == 0
    assert run("generate", "--check", "--rows", "msgspec").code == 1

    pyproject.write_text(pyproject.read_text().replace('"pydantic"', '"attrs"'))
    wrong = run("generate")
    assert (wrong.code, wrong.out) == (1, "")
    assert "rows in [tool.stdbpy] is msgspec or pydantic, not 'attrs'" in wrong.err


def test_a_style_of_rows_is_for_python(run: Run, project: Path) -> None:
    done = run("generate", "--lang", "typescript", "--out-dir", "web", "--rows", "pydantic")
    assert (done.code, done.out) == (2, "")
    assert "only packages in Python have a style of rows" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--schema", "schema.json"), 2, "where should the package go?"),
        (("--schema", "missing.json", "-o", "out"), 1, "missing.json: No such file or directory"),
        (("--schema", "broken.json", "-o", "out"), 2, "broken.json is not JSON"),
        (("--schema", "other.json", "-o", "out"), 1, "no module definition"),
        (("--schema", "newer.json", "-o", "out"), 1, "newer than this stdbpy understands"),
        (("chat", "--schema", "schema.json", "-o", "out"), 2, "exclude one another"),
        (("--bin-path", "missing.wasm", "-o", "out"), 1, "missing.wasm cannot be read: No such file"),
        (("--bin-path", "schema.json", "-o", "out"), 1, "schema.json is not WebAssembly"),
        (("--js-path", "bundle.js", "-o", "out"), 2, "no JavaScript engine"),
        (("nothing-*", "-o", "out"), 1, "server"),
        (("--schema", "schema.json", "-o", "taken"), 1, "stdbpy did not generate it"),
        (("--build-options=x", "-o", "out"), 2, "nothing to compile"),
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


def test_generate_from_a_compiled_module(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    Path("module.wasm").write_bytes(definition_module(write_module_def(ModuleSchema())))

    assert run("generate", "--bin-path", "module.wasm", "--out-dir", "out").code == 0

    assert Path("out/tables.py").exists()


def test_generate_for_all_databases_of_a_project(run: Run, project: Path) -> None:
    """Three databases, two of them with the module in common, which is generated once."""
    run("init", "lobby", "--project-path", "lobby")
    children = [{"database": "second"}, {"database": "lobby-eu", "module-path": "lobby"}]
    (project / "spacetime.json").write_text(json.dumps({"module-path": ".", "children": children}))
    lobby = project / "lobby" / "pyproject.toml"
    lobby.write_text(lobby.read_text().replace('database = "lobby"\n', ""))

    everything = run("generate")
    assert (everything.code, sorted(everything.err.splitlines())) == (
        0,
        ["lobby/module_bindings: 11 files written", "module_bindings: 11 files written"],
    ), everything.err
    assert run("generate", "second", "--check").code == 2
    assert run("generate", "lobby-*").err == "lobby/module_bindings is up to date\n"

    into_one = run("generate", "--out-dir", "out")
    assert into_one.code == 2
    assert "several packages would go into one folder" in into_one.err
    assert run("generate", "lobby-eu", "--out-dir", "out").code == 0
    assert (project / "out" / "tables.py").exists()


def test_generate_without_the_configuration(run: Run, project: Path) -> None:
    (project / "spacetime.json").write_text("{ broken")

    broken = run("generate", "--out-dir", "out")
    assert broken.code == 1
    assert "spacetime.json:1" in broken.err

    assert run("generate", "--no-config", "--out-dir", "out").code == 0


def test_private_tables_when_asked(run: Run, project: Path) -> None:
    module = project / "chat" / "module.py"
    module.write_text(module.read_text().replace("@table(public=True)\nclass Message", "@table()\nclass Message"))
    run("generate", "--out-dir", "public")
    run("generate", "--out-dir", "everything", "--include-private")

    assert "message" not in (project / "public" / "tables.py").read_text()
    assert "message" in (project / "everything" / "tables.py").read_text()


def test_a_projects_own_folder_is_no_place_for_generated_code(run: Run, project: Path) -> None:
    before = sorted(path.name for path in project.iterdir())

    done = run("generate", "--out-dir", ".")

    assert (done.code, done.out) == (2, "")
    assert "is the folder of a project" in done.err
    assert sorted(path.name for path in project.iterdir()) == before
