"""What can be loaded to be tested, and what is told of what cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from stdbpy.errors import ModuleLoadError, NoSuchTable, ProgramUnusable, ProjectError
from stdbpy.project.templates import create_project
from stdbpy.testing import Module, load_module
from tests import real_servers
from tests.testing.conftest import MODULES

ONE_TABLE = "from stdbpy import table, u32\n\n\n@table\nclass Thing:\n    size: u32\n"


def tables(module: Module) -> list[str]:
    return sorted(table.name for table in module.schema.tables)


@pytest.mark.parametrize("what", ["thing.py", "things", "project", "project/things"])
def test_paths(tmp_path: Path, what: str) -> None:
    (tmp_path / "thing.py").write_text(ONE_TABLE)
    for folder in (tmp_path / "things", tmp_path / "project" / "things"):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(ONE_TABLE)
    (tmp_path / "project" / "pyproject.toml").write_text('[project]\nname = "things"\n')
    module = load_module(what, start=tmp_path)
    assert tables(module) == ["thing"]
    assert module.is_python
    assert tables(load_module(tmp_path / what)) == ["thing"]


def test_projects_of_the_templates(tmp_path: Path) -> None:
    create_project("basic", tmp_path / "people")
    assert load_module(tmp_path / "people").name == "people.module"


def test_files_of_a_package_import_each_other(tmp_path: Path) -> None:
    inner = tmp_path / "game" / "inner"
    inner.mkdir(parents=True)
    for folder in (tmp_path / "game", inner):
        (folder / "__init__.py").write_text("NAME = 'thing'\n")
    (inner / "sizes.py").write_text("from .. import NAME\n")
    (inner / "module.py").write_text(f"from .sizes import NAME\n{ONE_TABLE}".replace("@table", "@table(name=NAME)"))
    module = load_module("game/inner/module.py", start=tmp_path)
    assert (module.name, tables(module)) == ("game.inner.module", ["thing"])
    (inner / "__init__.py").write_text("from . import module\n")
    assert load_module("game/inner", start=tmp_path).name == "game.inner"


def test_what_can_be_imported(arena: Any) -> None:
    assert load_module("arena").name == load_module(arena).name == "arena"


def test_a_module_inside_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner_game").mkdir()
    (tmp_path / "inner_game" / "__init__.py").touch()
    (tmp_path / "inner_game" / "module.py").write_text(ONE_TABLE)
    monkeypatch.syspath_prepend(tmp_path)
    from inner_game import module as imported  # type: ignore[import-not-found] # made above

    try:
        by_name, by_module = load_module("inner_game.module"), load_module(imported)
        assert by_name.name == by_module.name == "inner_game.module"
        with by_module.database() as db:
            assert db.table(imported.Thing).insert(imported.Thing(size=3)) == db.rows(imported.Thing)
            assert type(db.rows("thing")[0]) is imported.Thing
    finally:
        for name in [name for name in sys.modules if name.startswith("inner_game")]:
            del sys.modules[name]


def test_classes_that_are_imported_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test itself, or in one that comes later in the run."""
    (tmp_path / "late_game.py").write_text(ONE_TABLE.replace("@table", "@table(public=True)"))
    module = load_module("late_game.py", start=tmp_path)
    with module.database() as db:
        alice, things = db.as_("alice"), db.table("thing")
        things.insert(things.layout.record.cls(size=3))
        monkeypatch.syspath_prepend(tmp_path)
        import late_game  # type: ignore[import-not-found] # made above

        try:
            assert db.rows(late_game.Thing) == [late_game.Thing(size=3)]
            assert alice.rows(late_game.Thing) == [late_game.Thing(size=3)]
            assert isinstance(db.tables.thing.one(), late_game.Thing)
            assert late_game.Thing(size=3) in db.tables.thing
        finally:
            del sys.modules["late_game"]


@pytest.mark.parametrize("what", ["nowhere", "no/where", "nowhere.at.all", "no.where.py"])
def test_what_is_not_there(tmp_path: Path, what: str) -> None:
    with pytest.raises(ProjectError, match="there is no module") as missing:
        load_module(what, start=tmp_path)
    assert ".wasm" in missing.value.hint


def test_all_problems_are_told_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "faulty.py").write_text(
        f"{ONE_TABLE}\n\n@table\nclass One:\n    count: int\n\n\n@table\nclass Other:\n    count: int\n"
    )
    with pytest.raises(ModuleLoadError) as faulty:
        load_module(tmp_path / "faulty.py")
    assert [problem.where for problem in faulty.value.problems] == ["faulty.py:11", "faulty.py:16"]


def test_what_is_no_webassembly(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(b"\0asm nonsense")
    with pytest.raises(ProgramUnusable):
        load_module(tmp_path / "x.wasm")
    with pytest.raises(ProjectError, match=r"y\.wasm cannot be read"):
        load_module(tmp_path / "y.wasm")


def test_webassembly(tmp_path: Path) -> None:
    (tmp_path / "chat.wasm").write_bytes(real_servers.wasm("quickstart_chat-1.2.0"))
    module = load_module("chat.wasm", start=tmp_path)
    assert not module.is_python
    with pytest.raises(TypeError, match=r"chat\.wasm is WebAssembly"):
        _ = module.namespace
    with module.database() as db:
        with db.as_("alice") as alice:
            alice.reducers.set_name("Ada")
            alice.call("send_message", text="hi")
            assert db.tables.user.one(alice.identity).name == "Ada"
            assert db.tables.user.one(name="Ada").online
        assert [(row.sender, row.text, row.sent) for row in db.rows("message")] == [(alice.identity, "hi", db.time)]
        assert not db.tables.user.one(name="Ada").online
        with db.refused("Names must not be empty"):
            alice.reducers.set_name("")

        class User:
            pass

        with pytest.raises(NoSuchTable, match="no table with rows of class 'User'") as unknown:
            db.rows(User)
        assert unknown.value.hint == "Its table 'user' has rows of another class: ask for them by that name."


def test_modules_share_nothing(arena: Any) -> None:
    one, other = load_module(MODULES / "arena.py"), load_module(MODULES / "arena.py")
    assert one.namespace is not other.namespace is not arena
