from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.errors import ConfigError
from stdbpy.project.spacetime_json_edit import create_spacetime_json, remember_locally, write_key
from stdbpy.project.targets import load_targets
from tests.project.conftest import MakeTree


def test_a_project_gets_its_files(tree: MakeTree) -> None:
    root = tree({"spacetimedb/pyproject.toml": ""})

    assert create_spacetime_json(root, server="local", module_path=root / "spacetimedb")
    assert remember_locally(root, "database", "game")

    assert json.loads((root / "spacetime.json").read_text()) == {"server": "local", "module-path": "./spacetimedb"}
    assert json.loads((root / "spacetime.local.json").read_text()) == {"database": "game"}
    found = load_targets(root)
    assert found is not None
    (target,) = found.targets
    assert (target.database, target.server, target.module_path) == ("game", "local", root / "spacetimedb")
    assert target.origin == root / "spacetime.local.json"


@pytest.mark.parametrize(("module", "written"), [("", "."), ("../server", "../server"), ("a/b", "./a/b")])
def test_the_module_path_is_written_relative_to_the_file(tree: MakeTree, module: str, written: str) -> None:
    root = tree({"a/b/pyproject.toml": ""})

    create_spacetime_json(root, server="local", module_path=root / module)

    assert json.loads((root / "spacetime.json").read_text())["module-path"] == written


def test_a_spacetime_json_that_is_there_stays(tree: MakeTree) -> None:
    root = tree({"spacetime.json": "{ /* mine */ }"})

    assert not create_spacetime_json(root, server="local", module_path=root)
    assert (root / "spacetime.json").read_text() == "{ /* mine */ }"


def test_an_answer_is_remembered_beside_what_is_there(tree: MakeTree) -> None:
    root = tree({"spacetime.local.json": '{\n  // mine\n  "server": "local",\n}\n'})

    assert remember_locally(root, "database", "game")
    assert not remember_locally(root, "database", "game")

    assert (root / "spacetime.local.json").read_text() == (
        '{\n  // mine\n  "server": "local",\n  "database": "game",\n}\n'
    )


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("{module_path: 'a'}", "module-path", '{module_path: "b"}'),
        ('{"wasm-file": "a"}', "bin-path", '{"wasm-file": "b"}'),
    ],
)
def test_a_key_stays_spelt_as_it_is(tree: MakeTree, before: str, key: str, after: str) -> None:
    root = tree({"spacetime.json": before})

    write_key(root / "spacetime.json", [key], "b")

    assert (root / "spacetime.json").read_text() == after


def test_a_broken_file_is_kept(tree: MakeTree) -> None:
    root = tree({"spacetime.local.json": "{\n oops"})

    with pytest.raises(ConfigError, match=r"spacetime\.local\.json:2: not valid JSON5"):
        remember_locally(root, "database", "x")
    assert Path(root / "spacetime.local.json").read_text() == "{\n oops"
