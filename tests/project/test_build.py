from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import ModuleLoadError, ProjectError
from stdbpy.module.package import unpack
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from tests.project.conftest import MakeTree

GOOD = """\
from stdbpy import ReducerContext, reducer, table, u64


@table(public=True)
class Person:
    id: u64
    name: str


@reducer
def add(ctx: ReducerContext, name: str) -> None: ...
"""


def project(tree: MakeTree, code: str, *, folder: str = "") -> Path:
    source_dir = f'source-dir = "{folder}"\n' if folder else ""
    return tree(
        {
            "pyproject.toml": f'[project]\nname = "game"\n[tool.stdbpy]\nmodule = "game"\n{source_dir}',
            f"{folder}/game.py".lstrip("/"): code,
            "client.py": "raise SystemExit('not part of the module')",
        }
    )


def test_gives_schema_and_package(tree: MakeTree) -> None:
    root = project(tree, GOOD)

    built = build(discover(root))

    assert [table.name for table in built.schema.tables] == ["person"]
    assert [reducer.name for reducer in built.schema.reducers] == ["add"]
    assert unpack(built.package) == built.source
    assert dict(built.source.files) == {"game.py": GOOD.encode()}
    assert built.problems == ()


def test_equal_sources_give_equal_packages(tree: MakeTree) -> None:
    root = project(tree, GOOD)

    assert build(discover(root)).package == build(discover(root)).package


def test_an_import_that_does_not_end(tree: MakeTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdbpy.project.build._IMPORT_SECONDS", 0.2)
    monkeypatch.setattr("stdbpy.time_limit.BETWEEN", 0.02)
    root = project(tree, "\n\nwhile True:\n    pass\n", folder="src")

    with pytest.raises(ModuleLoadError) as error:
        build(discover(root))

    [problem] = error.value.problems
    assert problem.where in {"src/game.py:3", "src/game.py:4"}
    assert problem.message == "The import was stopped: it ran for more than 0.2 seconds"


def test_functions_that_import_what_is_left_out_in_webassembly(tree: MakeTree) -> None:
    late = """
def f():
    import xml.etree.ElementTree
    import pdb, json
    from concurrent.futures import ThreadPoolExecutor
    try:
        import socket
    except ImportError:
        pass
    with suppress(ImportError):
        import socket
    from . import asyncio
"""
    built = build(discover(project(tree, GOOD + late, folder="src")))

    assert [(problem.level, problem.where) for problem in built.problems] == [
        ("warning", "src/game.py:14"),
        ("warning", "src/game.py:16"),
    ]
    assert built.problems[0].message.startswith("'xml' is not there in WebAssembly: ")


def test_leaves_no_trace_beside_the_sources(tree: MakeTree) -> None:
    root = project(tree, GOOD)
    build(discover(root))

    assert sorted(path.name for path in root.iterdir()) == ["client.py", "game.py", "pyproject.toml"]


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("import stdbpy\ndef f(:\n", 2, "SyntaxError"),
        ("import stdbpy\nimport not_there\n", 2, "there is no module 'not_there'"),
        (GOOD.replace("    name: str\n", "    name: object\n"), 7, ""),
        (GOOD + "\n\n@table(name='person')\nclass Other:\n    id: u64\n", 14, "person"),
        (GOOD + "\n1 / 0\n", 13, "ZeroDivisionError"),
        (GOOD + "import stdbpy\nstdbpy.client_visibility_filter('SELECT * FROM persn')\n", 13, "no such table"),
    ],
)
@pytest.mark.parametrize("folder", ["", "server/src"])
def test_problems_name_the_line_in_the_project(tree: MakeTree, code: str, line: int, message: str, folder: str) -> None:
    with pytest.raises(ModuleLoadError) as caught:
        build(discover(project(tree, code, folder=folder)))

    [problem] = caught.value.problems
    assert problem.where == f"{folder}/game.py:{line}".lstrip("/")
    assert message in problem.message


def test_warnings_do_not_stop_it(tree: MakeTree) -> None:
    built = build(discover(project(tree, "")))

    assert [problem.level for problem in built.problems] == ["warning"]


def test_a_project_without_a_module(tree: MakeTree) -> None:
    with pytest.raises(ProjectError, match="cannot tell which Python code"):
        build(discover(tree({"pyproject.toml": ""})))
