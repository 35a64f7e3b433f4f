"""From a project to a file of WebAssembly: for which servers, with what, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import ProjectError
from stdbpy.project.model import Project
from stdbpy.project.webassembly import expect_to_write, level_for, usual_file, write_file
from stdbpy.schema.model import EnvironmentValue, ModuleSchema, Outbox, Table

PLAIN = ModuleSchema()
WITH_ENVIRONMENT = ModuleSchema(environment=(EnvironmentValue("KEY"),))
WITH_OUTBOX = ModuleSchema(tables=(Table("call", "call", 0, (), outbox=Outbox("ring", 1, (), None, 7)),))


@pytest.mark.parametrize(
    ("version", "schema", "level"),
    [
        ("1.2.0", PLAIN, "10.0"),
        ("1.12.3-rc1", WITH_ENVIRONMENT, "10.0"),
        ("2.3.0", PLAIN, "None"),
        ("2.8.3", PLAIN, "10.5"),
        ("2.8.3", WITH_ENVIRONMENT, "10.5"),
        ("2.14.0", PLAIN, "10.5"),
        ("2.14.0", WITH_ENVIRONMENT, "10.6"),
        ("3.0.0", WITH_ENVIRONMENT, "10.6"),
        ("2.8.3", WITH_OUTBOX, "10.5"),
        ("2.14.0", WITH_OUTBOX, "10.6"),
        ("nightly", PLAIN, "None"),
    ],
)
def test_the_level_goes_by_the_servers_version(version: str, schema: ModuleSchema, level: str) -> None:
    assert str(level_for(Project(Path("/p"), "p"), version, schema)) == level


def test_a_level_that_is_said_counts() -> None:
    project = Project(Path("/p"), "p", abi="10.4")
    assert str(level_for(project, "2.8.3", PLAIN)) == "10.4"
    assert str(level_for(project, "2.8.3", PLAIN, "10.0")) == "10.0"

    with pytest.raises(ProjectError, match=r"/p/pyproject\.toml: abi in \[tool\.stdbpy\]: there is no ABI level '11'"):
        level_for(Project(Path("/p"), "p", abi="11"), "2.8.3", PLAIN)


@pytest.mark.parametrize(
    ("name", "file"), [("chat", "chat"), ("My Game/2", "My-Game-2"), ("spiel.größe", "spiel.größe")]
)
def test_where_it_goes(name: str, file: str) -> None:
    assert usual_file(Project(Path("/p"), name)) == Path(f"/p/dist/{file}.wasm")


def test_the_file_is_written_in_one_step_and_only_if_it_differs(tmp_path: Path) -> None:
    file = tmp_path / "dist" / "chat.wasm"
    assert write_file(file, b"one")
    before = file.stat()
    assert not write_file(file, b"one")
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert write_file(file, b"two")
    assert file.read_bytes() == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["chat.wasm"]


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(ProjectError, match="cannot be written: it is a folder") as caught:
        expect_to_write(tmp_path)
    assert "NAME.wasm" in caught.value.hint
    with pytest.raises(ProjectError, match=r"inner/chat\.wasm cannot be written: .*file is no folder"):
        expect_to_write(tmp_path / "file" / "inner" / "chat.wasm")
    with pytest.raises(ProjectError, match=r"x\.wasm cannot be written: File name too long"):
        write_file(tmp_path / f"{'x' * 250}x.wasm", b"program")
    assert {path.name for path in tmp_path.iterdir()} <= {"file", "home"}
