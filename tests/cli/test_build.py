"""``stdbpy build``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.cli.commands import build
from tests.cli.conftest import Run
from tests.project.installed import NATIVE, install

FINE = "chat: chat.module is fine (3 tables, 8 reducers, 1 view, 1 procedure, 1 HTTP handler)\n"

builds = pytest.mark.usefixtures("wasm_cache")


@builds
def test_build(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("build")
    assert (done.code, done.out) == (0, "")
    assert re.fullmatch(rf"{re.escape(FINE)}dist/chat\.wasm: \d+\.\d MB, for SpacetimeDB 2\.8 and later\n", done.err)
    program = (project / "dist" / "chat.wasm").read_bytes()
    assert program.startswith(b"\0asm")
    assert "dist/\n" in (project / ".gitignore").read_text()

    again = run("--quiet", "build", "--out", "else/where.wasm")
    assert (again.code, again.out, again.err) == (0, "", "")
    assert (project / "else" / "where.wasm").read_bytes() == program

    monkeypatch.setattr(build, "is_terminal", lambda _: True)
    monkeypatch.setattr(build, "_LONG_TO_IMPORT", 100)
    *noted, last = run("build").err.splitlines()
    assert noted[0].endswith(" MB of Python inside WebAssembly, which can take minutes…")
    assert last.endswith("(as it was)")


@builds
def test_what_takes_the_space(run: Run, project: Path) -> None:
    done = run("build", "--size")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert sum(row["bytes"] for row in rows) == (project / "dist" / "chat.wasm").stat().st_size
    assert {row["part"] for row in rows} == {"interpreter", "objects", "library", "stdbpy", "module"}
    assert [row["bytes"] for row in rows] == sorted((row["bytes"] for row in rows), reverse=True)
    assert {"part": "module", "name": "chat/module.py"}.items() <= next(
        row.items() for row in rows if row["name"] == "chat/module.py"
    )


@builds
def test_a_level_of_the_abi(run: Run, project: Path) -> None:
    refused = run("build", "--abi", "10.0")
    assert (refused.code, refused.out) == (1, "")
    assert "cannot be built for the ABI 10.0: the HTTP handler 'as_text' needs 10.5\n" in refused.err
    assert not (project / "dist").exists()

    (project / "chat" / "module.py").write_text("from stdbpy import table, u8\n\n\n@table\nclass Row:\n    id: u8\n")
    assert run("build").err.endswith("for SpacetimeDB 1.0 and later\n")
    assert run("build", "--abi", "10.5").err.endswith("for SpacetimeDB 2.8 and later\n")
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("[tool.stdbpy]", '[tool.stdbpy]\nabi = "10.6"'))
    assert run("build").err.endswith("for SpacetimeDB 2.14 and later\n")
    assert run("build", "--abi", "10.7").code == 2


def test_checking_alone(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    done = run("build", "--check-only")
    assert (done.code, done.out, done.err) == (0, "", FINE)
    assert not (project / "dist").exists()
    for option in ("--size", "--out=x.wasm", "--abi=10.5"):
        assert run("build", "--check-only", option).code == 2


def test_checking_alone_finds_what_reading_tells_of_packages(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    install(site, "fetching", {"fetching.py": "import socket\n"})
    monkeypatch.syspath_prepend(str(site))
    module = project / "chat" / "module.py"
    module.write_text(f"import fetching\n{module.read_text()}")

    done = run("build", "--check-only")
    assert done.code == 1
    assert done.err.startswith("chat/module.py:1: error: 'fetching' is of the package fetching, which the project does")

    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('dependencies = ["', 'dependencies = ["fetching", "'))
    done = run("build", "--check-only", "--format", "jsonl")
    (problem,) = map(json.loads, done.out.splitlines())
    assert (done.code, problem["where"]) == (1, "chat/module.py:1")
    assert problem["message"].startswith("'socket' is not there in WebAssembly: ")


WITHOUT_EXTRA = """
import sys
sys.modules["wasmtime"] = sys.modules["blake3"] = None
from stdbpy.cli.main import main
sys.exit(main(["build"]))
"""


def test_without_what_can_run_it(project: Path) -> None:
    """It is built of a runtime that has stdbpy in it; nothing that is not in the standard library is needed."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRA], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: wasmtime is not installed, so the module was not run in WebAssembly" in done.stderr
    assert 'pip install "stdbpy[server]"' in done.stderr
    assert (project / "dist" / "chat.wasm").stat().st_size > 5_000_000


def test_build_of_another_folder(run: Run, project: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert run("build", "--check-only", "--module-path", "chat").code == 0


@builds
def test_packages_come_along(run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are installed here, and the project says that it depends on them: then the module has them in the file."""
    site = tmp_path / "site"
    install(site, "dice", {"dice.py": "SIDES = 20\n", "dice_tables.py": "raise RuntimeError\n"}, version="2.0")
    install(site, "speedy", {"speedy/__init__.py": "from speedy import _core\n", f"speedy/_core{NATIVE}": ""})
    monkeypatch.syspath_prepend(str(site))
    module = project / "chat" / "module.py"
    module.write_text(f"import dice\n{module.read_text()}")
    pyproject = project / "pyproject.toml"

    undeclared = run("build", "--format", "jsonl")
    assert undeclared.code == 1
    (problem,) = map(json.loads, undeclared.out.splitlines())
    assert (problem["where"], problem["hint"]) == (
        "chat/module.py:1",
        'Add "dice" to `dependencies` in [project] of pyproject.toml',
    )

    pyproject.write_text(pyproject.read_text().replace('dependencies = ["', 'dependencies = ["speedy", "dice>=2", "'))
    done = run("build", "--size")
    assert ", with dice 2.0, for SpacetimeDB" in done.err, done.err
    assert ["package", "dice"] in [[row["part"], row["name"]] for row in map(json.loads, done.out.splitlines())]
    assert "dice_tables" not in done.out

    module.write_text(f"import speedy\n{module.read_text()}")
    (site / "speedy" / f"_core{NATIVE}").unlink()
    (site / "speedy" / "_core.py").write_text("")  # natively it is there
    refused = run("build")
    assert refused.code == 1
    assert "speedy._core is native code of the package speedy, which the project chat requires" in refused.err
    assert refused.err.startswith("chat/module.py:1: error: ")


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
    done = run("build", "--check-only")
    assert (done.code, done.out) == (1, "")
    assert run("build") == done
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
