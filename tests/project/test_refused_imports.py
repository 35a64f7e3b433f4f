"""What reading alone tells of imports that WebAssembly refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import ModuleLoadError, Problem
from stdbpy.module.package import ModuleSource
from stdbpy.project.build import build
from stdbpy.project.dependencies import Bundle
from stdbpy.project.discover import discover
from stdbpy.project.refused_imports import check_imports, explained
from tests.project.conftest import MakeTree
from tests.project.installed import NATIVE, install


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def checked(tree: MakeTree, code: str, *dependencies: str) -> tuple[Problem, ...]:
    pyproject = f'[project]\nname = "game"\ndependencies = {[*dependencies]}\n[tool.stdbpy]\nmodule = "game.module"\n'
    files = {"pyproject.toml": pyproject, "src/game/__init__.py": "", "src/game/module.py": code}
    project = discover(tree({**files, "src/game/rules.py": "import fractions\n"}))
    return check_imports(project, build(project))


def refused(tree: MakeTree, code: str, *dependencies: str) -> Problem:
    with pytest.raises(ModuleLoadError) as error:
        checked(tree, code, *dependencies)
    [problem] = error.value.problems
    return problem


def test_what_a_package_imports_on_the_way(tree: MakeTree, site: Path) -> None:
    files = {
        "fetching/__init__.py": "import json\nfrom . import pools, models\n",
        "fetching/models.py": "from fetching import pools\n",
        "fetching/pools.py": "import fetching.models\nfrom http import client\n",
    }
    install(site, "fetching", files)

    problem = refused(tree, "import json\nimport fetching\nfrom game import rules\n", "fetching")

    assert (problem.level, problem.where) == ("error", "src/game/module.py:2")
    assert problem.message.startswith("'http.client' is not there in WebAssembly: ")
    assert problem.message.endswith(" (fetching, which imports fetching.pools, which imports http.client)")


def test_what_it_may_get_along_without(tree: MakeTree, site: Path) -> None:
    code = "try:\n    import socket\nexcept ImportError:\n    pass\n\ndef f():\n    import ssl\n"
    install(site, "careful", {"careful.py": code})

    assert checked(tree, "import careful\n", "careful") == ()


def test_native_code(tree: MakeTree, site: Path) -> None:
    install(site, "quick", {"quick/__init__.py": "try:\n    from . import _quick\nexcept ImportError:\n    pass\n"})
    code = "try:\n    from . import _core\nexcept ImportError:\n    pass\n"
    install(site, "speedy", {"speedy/__init__.py": code, f"speedy/_core{NATIVE}": ""})

    assert checked(tree, "import quick\n", "quick") == ()
    [warning] = checked(tree, "import speedy\n", "speedy")

    assert (warning.level, warning.where) == ("warning", "src/game/module.py:1")
    assert warning.message == "speedy has native code, which cannot run in WebAssembly"


def test_packages_that_are_not_declared(tree: MakeTree, site: Path) -> None:
    install(site, "pears", {"pears.py": ""})

    assert "which the project does not depend on" in refused(tree, "import pears\n").message


def test_tools_for_developing_are_there_natively_alone(tree: MakeTree) -> None:
    assert refused(tree, "import unittest\n").message.startswith("'unittest' is not there in WebAssembly: ")


def test_the_reason_stands_before_what_packages_say_of_their_native_code() -> None:
    reason = "speedy._core is native code of the package speedy, which the project game requires"
    along = Bundle({"speedy/__init__.py": b""}, native={"speedy._core": reason})
    advice = Problem("error", "game.py:1", f"ImportError: IMPORTANT: READ THIS\n\nInstall it anew. {reason}\n")
    other = Problem("error", "game.py:2", "ValueError: two\nlines")

    told = explained(ModuleLoadError("it fails", [advice, other]), ModuleSource({"game.py": b""}, "game"), along)

    assert [problem.message for problem in told.problems] == [reason, other.message]


def test_another_error_of_a_package_that_is_without_its_native_code() -> None:
    along = Bundle({"speedy.py": b"", "speedy_core.py": b""}, native={"speedy._core": "it is native"})
    error = Problem("error", "game.py:1", "FileNotFoundError: speedy.json")

    told = explained(ModuleLoadError("it fails", [error]), ModuleSource({"game.py": b"import speedy"}, "game"), along)

    [problem] = told.problems
    assert (problem.message, problem.hint) == (error.message, "speedy has native code, which cannot run in WebAssembly")
