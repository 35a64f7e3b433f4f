from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from stdbpy.errors import ProjectError
from stdbpy.project.model import Project
from stdbpy.project.sources import collect, find_entry
from tests.project.conftest import MakeTree


def project(root: Path, name: str = "game", module: str | None = None, source_dir: str | None = None) -> Project:
    return Project(root, name, module, root / source_dir if source_dir else None)


def test_a_package_is_taken_whole_without_its_tests(tree: MakeTree) -> None:
    root = tree(
        {
            "game/__init__.py": "",
            "game/module.py": "from . import tables\n",
            "game/tables.py": "",
            "game/not_imported_yet.py": "",
            "game/rules/__init__.py": "",
            "game/rules/combat.py": "",
            "game/test_tables.py": "",
            "game/conftest.py": "",
            "game/tests/__init__.py": "",
            "game/.hidden/x.py": "",
            "game/.hidden.py": "",
            "game/__pycache__/tables.py": "",
            "game/data.json": "",
            "client.py": "",
            "tests/test_game.py": "",
            "module_bindings/__init__.py": "",
            ".venv/lib/other.py": "",
        }
    )

    source = collect(project(root))

    assert source.entry == "game.module"
    assert source.root == str(root)
    assert sorted(source.files) == [
        *("game/__init__.py", "game/module.py", "game/not_imported_yet.py"),
        *("game/rules/__init__.py", "game/rules/combat.py", "game/tables.py"),
    ]
    assert source.files["game/module.py"] == b"from . import tables\n"


def test_what_it_imports_from_beside_comes_along(tree: MakeTree) -> None:
    root = tree(
        {
            "game.py": "import shared.rules, json, stdbpy, not_installed\n",
            "shared/__init__.py": "",
            "shared/rules.py": "def later():\n    from geometry import Point\n",
            "geometry.py": "import game\n",
            "json.py": "",
            "client.py": "import game",
        }
    )

    assert sorted(collect(project(root)).files) == ["game.py", "geometry.py", "shared/__init__.py", "shared/rules.py"]


def test_a_file_with_a_syntax_error_is_collected_for_loading_to_report(tree: MakeTree) -> None:
    assert collect(project(tree({"game.py": "def (:\n"}))).files == {"game.py": b"def (:\n"}


@pytest.mark.parametrize(
    ("files", "name", "entry", "folder"),
    [
        (["game.py", "other.py"], "game", "game", ""),
        (["my_game/__init__.py", "client.py"], "My Game", "my_game", ""),
        (["my_game/__init__.py", "my_game/module.py"], "my-game", "my_game.module", ""),
        (["src/my_game/__init__.py", "setup.py"], "my.game", "my_game", "src"),
        (
            ["server.py", "client.py", "conftest.py", "test_it.py", "setup.py", "tests/__init__.py"],
            "game",
            "server",
            "",
        ),
        (["server/__init__.py", "server/module.py", "module_bindings/__init__.py"], "game", "server.module", ""),
    ],
)
def test_finds_the_entry_where_the_project_says_none(
    tree: MakeTree, files: list[str], name: str, entry: str, folder: str
) -> None:
    root = tree(dict.fromkeys(files, ""))

    assert find_entry(project(root, name)) == (root / folder, entry)


def test_what_the_project_says_counts(tree: MakeTree) -> None:
    root = tree(dict.fromkeys(["game.py", "server/rooms/__init__.py", "server/rooms/main.py"], ""))

    said = project(root, module="rooms.main", source_dir="server")

    assert find_entry(said) == (root / "server", "rooms.main")
    assert find_entry(replace(said, module=None)) == (root / "server", "rooms")


def test_a_module_that_is_not_there(tree: MakeTree) -> None:
    root = tree(dict.fromkeys(["game.py", "rooms/main.py"], ""))

    for module in ("gam", "game.module", "rooms.main"):
        with pytest.raises(ProjectError, match=f"says that the module is '{module}', but .* has no such") as caught:
            find_entry(project(root, module=module))
        assert "pyproject.toml" in caught.value.hint


@pytest.mark.parametrize("files", [[], ["a.py", "b.py"], ["client.py"], ["not-a-name.py"]])
def test_code_that_could_be_anything(tree: MakeTree, files: list[str]) -> None:
    root = tree(dict.fromkeys(["pyproject.toml", *files], ""))

    with pytest.raises(ProjectError, match=r"cannot tell which Python code in .* is the module") as caught:
        find_entry(project(root))
    assert caught.value.hint == 'Say so in pyproject.toml: [tool.stdbpy] module = "package.module"'


def test_of_a_file_that_is_too_long_to_be_parsed_the_imports_are_found(
    tree: MakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stdbpy.project.sources.LONGEST_PARSED", 10)
    root = tree(
        {
            "game.py": "import os, json\nfrom rules.combat import fight\ndef f():\n    import maps\n",
            "rules.py": "",
            "maps.py": "",
        }
    )

    assert [*collect(project(root)).files] == ["game.py", "maps.py", "rules.py"]
