from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import ConfigError, ProjectError
from stdbpy.project.discover import discover
from stdbpy.project.model import Project
from tests.project.conftest import MakeTree

PYPROJECT = '[project]\nname = "my-game"\n'


def test_reads_pyproject(tree: MakeTree) -> None:
    root = tree(
        {
            "pyproject.toml": PYPROJECT
            + """
[tool.stdbpy]
module = "game.module"
source-dir = "server"
database = "game-dev"
server = "local"
bindings = "client/module_bindings"
"""
        }
    )

    assert discover(root) == Project(
        root=root,
        name="my-game",
        module="game.module",
        source_dir=root / "server",
        bindings=root / "client/module_bindings",
    )


def test_finds_the_project_from_inside_and_from_a_file(tree: MakeTree) -> None:
    root = tree({"pyproject.toml": PYPROJECT, "game/deep/er/file.py": ""})

    assert discover(root / "game/deep/er").root == root
    assert discover(root / "game/deep/er/file.py").root == root


def test_the_current_folder(tree: MakeTree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"pyproject.toml": PYPROJECT, "inner/file.py": ""})
    monkeypatch.chdir(root / "inner")

    assert discover(Path()).root == root


def test_a_project_with_nothing_but_pyproject_is_called_like_its_folder(tree: MakeTree) -> None:
    assert discover(tree({"pyproject.toml": ""})).name == "tree"


@pytest.mark.parametrize(
    ("setup", "name"),
    [
        ("from setuptools import setup\nsetup(name='old-game', version='1')\n", "old-game"),
        ("import setuptools\nsetuptools.setup(name='old-game')\n", "old-game"),
        ("import setuptools\nNAME = input()\nsetuptools.setup(name=NAME)\n", "tree"),
        ("raise SystemExit('never run')", "tree"),
    ],
)
def test_reads_the_name_in_setup_without_running_it(tree: MakeTree, setup: str, name: str) -> None:
    assert discover(tree({"setup.py": setup})).name == name


def test_pyproject_names_the_project_before_setup(tree: MakeTree) -> None:
    assert discover(tree({"pyproject.toml": PYPROJECT, "setup.py": "setup(name='other')"})).name == "my-game"


def test_spacetime_json_beside_pyproject(tree: MakeTree) -> None:
    root = tree(
        {
            "pyproject.toml": PYPROJECT + '[tool.stdbpy]\nmodule = "game"\n',
            "spacetime.json": '{database: "game", server: "maincloud", /* JSON5 */ "num-replicas": 1,}',
        }
    )

    project = discover(root)

    assert (project.root, project.module) == (root, "game")


@pytest.mark.parametrize("folder", ["", "server", "server/game"])
def test_module_path_leads_to_the_python_project(tree: MakeTree, folder: str) -> None:
    root = tree(
        {
            "spacetime.json": '{"database": "game", "module-path": "./server"}',
            "server/pyproject.toml": PYPROJECT,
            "server/game/__init__.py": "",
        }
    )

    project = discover(root / folder)

    assert (project.root, project.name) == (root / "server", "my-game")


def test_without_module_path_the_official_folder_is_looked_into(tree: MakeTree) -> None:
    root = tree({"spacetime.json": "{}", "spacetimedb/pyproject.toml": PYPROJECT, "pyproject.toml": ""})

    assert discover(root).root == root / "spacetimedb"


def test_a_project_that_the_file_above_does_not_lead_to_stands_alone(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": '{"database": "game", "module-path": "server"}',
            "server/pyproject.toml": "",
            "tools/pyproject.toml": "",
        }
    )

    assert discover(root / "tools") == Project(root=root / "tools", name="tools")


def test_a_layer_may_lead_elsewhere(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": '{"module-path": "a"}',
            "spacetime.dev.json": '{"module-path": "b"}',
            "a/pyproject.toml": "",
            "b/pyproject.toml": "",
        }
    )

    assert [discover(root, env=env).name for env in (None, "dev")] == ["a", "b"]


def test_no_project_anywhere_says_how_to_make_one(tree: MakeTree) -> None:
    root = tree({"notes.txt": ""})

    with pytest.raises(ProjectError, match="there is no project in") as caught:
        discover(root)
    assert "stdbpy init" in caught.value.hint


def test_a_file_in_no_project(tree: MakeTree) -> None:
    root = tree({"game.py": ""})

    with pytest.raises(ProjectError, match=r"game\.py is in no project") as caught:
        discover(root / "game.py")
    assert "NAME/module.py" in caught.value.hint


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"there is no folder .*/nowhere"):
        discover(tmp_path / "nowhere")


def test_a_file_that_leads_to_no_python_project(tree: MakeTree) -> None:
    with pytest.raises(ProjectError, match=r"server, to which .*spacetime\.json leads, is no Python project"):
        discover(tree({"spacetime.json": '{"module-path": "server"}', "server/Cargo.toml": ""}))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("pyproject.toml", "[tool.stdbpy]\nmodule = \n", r"pyproject\.toml:2: not valid TOML"),
        ("pyproject.toml", "[tool.stdbpy", r"pyproject\.toml:1: not valid TOML"),
        ("pyproject.toml", "[tool.stdbpy]\nmodule = 3", r"module in \[tool.stdbpy\] must be a string"),
        ("pyproject.toml", "[tool.stdbpy]\nmodul = 'x'", r"\[tool.stdbpy\] has no key 'modul'"),
        ("pyproject.toml", "[tool]\nstdbpy = 'x'", "stdbpy must be a table"),
        ("pyproject.toml", "project = 'x'", "project must be a table"),
        ("pyproject.toml", "[project]\nname = 1", r"name in \[project\] must be a string"),
        ("setup.py", "\nsetup(name=", r"setup\.py:2: not valid Python"),
        ("setup.py", "setup(name='\0')", r"setup\.py:1: not valid Python"),
        ("spacetime.json", '{"database": "x",\n oops\n}', r"spacetime\.json:3: not valid JSON5"),
        ("spacetime.json", '{"database": "x",\n "y" 1}', r"spacetime\.json:2: not valid JSON5"),
        ("spacetime.json", '{"database":\n', r"spacetime\.json:2: not valid JSON5"),
        ("spacetime.json", "\n\n@", r"spacetime\.json:3: not valid JSON5"),
        ("spacetime.json", "", r"spacetime\.json:1: not valid JSON5"),
        ("spacetime.json", "[" * 100_000, "is nested too deeply"),
        ("spacetime.json", "[]", "must hold an object"),
        ("spacetime.json", '{"database": 3}', "database must be a string"),
        ("spacetime.json", '{"module_path": null}', "module_path must be a string"),
        ("spacetime.json", '{"databse": "x"}', "spacetime.json:1: unknown field `databse`"),
        ("spacetime.json", '{"generate": [{"language": "python"}]}', 'refuses a file with "language": "python"'),
    ],
)
def test_a_broken_file_is_told_with_its_line(tree: MakeTree, name: str, text: str, message: str) -> None:
    root = tree({"pyproject.toml": "", name: text})

    with pytest.raises(ConfigError, match=message) as caught:
        discover(root)
    assert str(root / name) in caught.value.message


def test_a_misspelt_key_is_told_with_the_nearest(tree: MakeTree) -> None:
    with pytest.raises(ConfigError) as caught:
        discover(tree({"pyproject.toml": "[tool.stdbpy]\nmodul = 'x'"}))
    assert caught.value.hint == "Did you mean 'module'?"


def test_files_that_are_not_text(tree: MakeTree) -> None:
    root = tree({"pyproject.toml": ""})
    (root / "spacetime.json").write_bytes(b"\xff{}")

    with pytest.raises(ConfigError, match="is not UTF-8"):
        discover(root)


def test_a_file_that_may_not_be_read(tree: MakeTree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"pyproject.toml": "", "spacetime.json": "{}"})

    def refused(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refused)
    for name in ("spacetime.json", "pyproject.toml"):
        with pytest.raises(ConfigError, match=rf"{name} cannot be read: Permission denied"):
            discover(root)
        (root / name).unlink()
