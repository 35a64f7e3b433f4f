"""``stdbpy generate --lang …``: clients of Python modules in the languages that the official program writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stdbpy.project.official_package import MARKER
from stdbpy.schema.definition import schema_to_json
from stdbpy.schema.model import ModuleSchema
from tests.cli.conftest import Run

FILES = ("index.ts", "types.ts")


@pytest.fixture
def stand_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `spacetime` that notes how it was called beside itself, and writes a file or two as asked."""
    folder = home / "programs"
    folder.mkdir()
    program = folder / "spacetime"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$@" > {folder}/words\n'
        'while [ "$1" != --out-dir ]; do [ "$1" = --bin-path ] && size=$(wc -c < "$2"); shift; done\n'
        f'for file in {" ".join(FILES)}; do echo "{MARKER}. $size" > "$2/$file"; done\n'
        "echo 'it chatters'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return program


def test_another_language_is_written_by_the_official_program(run: Run, project: Path, stand_in: Path) -> None:
    done = run("generate", "--lang", "ts", "--out-dir", "web", "--include-private")

    assert (done.code, done.out, done.err) == (0, "", "web: 2 files written\n")
    words = (stand_in.parent / "words").read_text()
    assert "generate --no-config --yes --lang typescript --bin-path" in words
    assert "--include-private" in words
    assert run("generate", "--lang", "typescript", "--out-dir", "web").err == "web is up to date\n"
    assert run("generate", "--lang", "typescript", "--out-dir", "web", "--check").code == 0
    (project / "web" / "old.ts").write_text(f"{MARKER}.\n")
    (project / "web" / "mine.ts").write_text("export {}\n")
    (project / "web" / "types.ts").unlink()
    checked = run("generate", "--lang", "typescript", "--out-dir", "web", "--check")
    assert (checked.code, "missing: types.ts; left over: old.ts" in checked.err) == (1, True)
    assert run("generate", "--lang", "typescript", "--out-dir", "web").err == "web: 1 file written, 1 deleted\n"
    assert sorted(path.name for path in (project / "web").iterdir()) == ["index.ts", "mine.ts", "types.ts"]


def test_all_that_the_project_says(run: Run, project: Path, stand_in: Path) -> None:
    entries = [{"language": "typescript"}, {"language": "csharp", "out-dir": "unity", "namespace": "Game"}]
    (project / "spacetime.json").write_text(json.dumps({"module-path": ".", "generate": entries}))

    done = run("generate")
    assert (done.code, sorted(done.err.splitlines())) == (
        0,
        ["module_bindings: 11 files written", "src/module_bindings: 2 files written", "unity: 2 files written"],
    )
    assert "--namespace=Game" in (stand_in.parent / "words").read_text()

    assert run("generate", "--lang", "csharp", "--namespace", "Other").err == "unity is up to date\n"
    assert "--namespace=Other" in (stand_in.parent / "words").read_text()
    assert run("generate", "--lang", "python").err == "module_bindings is up to date\n"


def test_other_sources_than_the_project(run: Run, project: Path, stand_in: Path) -> None:
    (project / "schema.json").write_text(json.dumps(schema_to_json(ModuleSchema())))

    done = run("generate", "--schema", "schema.json", "--lang", "rust")

    assert (done.code, done.err) == (0, "src/module_bindings: 2 files written\n")


def test_without_the_official_program(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    done = run("generate", "--lang", "rust", "--out-dir", "out")

    assert (done.code, done.out) == (1, "")
    assert "writing Rust takes the official program" in done.err
    assert "https://install.spacetimedb.com" in done.err
    assert not (project / "out").exists()


def test_a_program_that_refuses(run: Run, project: Path, stand_in: Path) -> None:
    stand_in.write_text("#!/bin/sh\necho 'Error: could not extract schema\n\nCaused by: a bad day' >&2\nexit 1\n")

    done = run("generate", "--lang", "rust", "--out-dir", "out")

    assert (done.code, done.out) == (1, "")
    assert "writing Rust failed: could not extract schema Caused by: a bad day" in done.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lang", "cobol"), "--lang is python, typescript, csharp, rust or unrealcpp, not 'cobol'"),
        (("--namespace", "Game"), "packages in Python have no namespace"),
        (("--lang", "rust", "--namespace", "Game"), "Rust has no namespaces"),
        (("--lang", "csharp", "--module-prefix", "Game"), "C# has no module of Unreal's"),
        (("--lang", "unreal"), "--unreal-module-name"),
        (("--lang", "unreal", "--no-config"), "--out-dir DIR"),
    ],
)
def test_what_goes_with_no_language(
    run: Run, project: Path, stand_in: Path, arguments: tuple[str, ...], message: str
) -> None:
    out = () if "--no-config" in arguments else ("--out-dir", "out")
    done = run("generate", *arguments, *out)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
