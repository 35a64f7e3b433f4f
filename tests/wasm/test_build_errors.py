"""Modules that cannot be built: the problems are those of loading them natively, at their lines."""

from __future__ import annotations

import pytest

from stdbpy.errors import ModuleLoadError, Problem
from stdbpy.module.left_out import LEFT_OUT
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.wasm.interpreter import BuildLimits
from tests.wasm.building import HEAD, Build


def problem_of(build: Build, source: str, **how: object) -> Problem:
    with pytest.raises(ModuleLoadError) as error:
        build(source, **how)
    [problem] = error.value.problems
    return problem


@pytest.mark.parametrize(
    "source",
    [
        HEAD + "def half(:\n",
        HEAD + "print(undefined)\n",
        HEAD + "raise SystemExit('no')\n",
        HEAD + "def f():\n    return 1 // 0\n\nf()\n",
        HEAD + "import nowhere\n",
        HEAD + "import nowhere.inside\n",
        HEAD + "raise MemoryError\n",
        HEAD + "import asyncio\n",
        HEAD + "import http.client\n",
        HEAD + "import multiprocessing.pool\n",
        HEAD + "from concurrent.futures import ThreadPoolExecutor\n",
        HEAD + "@table\nclass Person:\n    id: int\n\n@reducer\ndef greet(name: str) -> None: ...\n",
        HEAD
        + "@table\nclass Person:\n    id: u64 = column(primary_key=True)\n    other: u64 = column(primary_key=1)\n",
    ],
)
def test_problems_are_as_natively(source: str, build: Build) -> None:
    with pytest.raises(ModuleLoadError) as native:
        load(ModuleSource({"game.py": source.encode()}, "game"))
    with pytest.raises(ModuleLoadError) as inside:
        build(source)

    assert inside.value.message == native.value.message
    assert inside.value.problems == native.value.problems


def test_a_module_has_no_data_files(build: Build) -> None:
    files = {"game/__init__.py": HEAD + "from importlib.resources import files\nfiles('game')\n"}
    with pytest.raises(ModuleLoadError) as native:
        load(ModuleSource({path: text.encode() for path, text in files.items()}, "game"))
    with pytest.raises(ModuleLoadError) as inside:
        build(files)

    [problem] = inside.value.problems
    assert problem.message == "FileNotFoundError: there are no files of game but Python's: a module is code alone"
    assert native.value.problems == inside.value.problems


def test_names_that_stdbpy_does_not_have(build: Build) -> None:
    problem = problem_of(build, HEAD + "from stdbpy import reducers\n")

    assert problem.where == "game.py:3"
    assert problem.hint == "Did you mean 'reducer'?"


def test_what_wasm_lacks_is_refused_with_the_reason(build: Build) -> None:
    problem = problem_of(build, HEAD + "import asyncio\n")

    assert problem.where == "game.py:3"
    assert problem.message == f"'asyncio' is not there in WebAssembly: {LEFT_OUT['asyncio']}"


def test_there_is_no_database_while_a_module_is_imported(build: Build) -> None:
    problem = problem_of(build, HEAD + "import _spacetimedb\n_spacetimedb.table_id_from_name('person')\n")

    assert problem.where == "game.py:4"
    assert "transaction" in problem.message


def test_host_functions_that_cannot_fail_end_the_build(build: Build) -> None:
    problem = problem_of(build, "import _spacetimedb\n_spacetimedb.identity()\n")

    assert "identity of the host is called while the module is built" in problem.message


def test_a_module_that_never_ends(build: Build) -> None:
    problem = problem_of(build, "while True:\n    pass\n", limits=BuildLimits(seconds=3))

    assert problem == Problem("error", "game", "it ran for more than 3 seconds", problem.hint)


def test_a_module_that_is_stopped_hears_which_file_is_data(build: Build) -> None:
    files = {"game.py": "import rows\nwhile True:\n    pass\n", "rows.py": f"ROWS = '{'x' * 1_200_000}'\n"}

    problem = problem_of(build, files, limits=BuildLimits(seconds=0.4))

    assert ", and rows.py has 1.2 MB: much data belongs in tables" in problem.hint


@pytest.mark.parametrize("source", ["x = bytearray(1 << 30)\n", "x = [0]\nwhile True:\n    x += x\n"])
def test_a_module_that_wants_too_much_memory(source: str, build: Build) -> None:
    problem = problem_of(build, HEAD + source)

    assert problem.where in {"game.py:3", "game.py:5"}
    assert problem.message == "importing it takes more memory than there is"
    assert "tables" in problem.hint


def test_endless_recursion(build: Build) -> None:
    problem = problem_of(build, HEAD + "def again():\n    again()\nagain()\n")

    assert problem.where == "game.py:4"
    assert problem.message.startswith("RecursionError")


def test_errors_of_packages_that_are_brought_along(build: Build) -> None:
    problem = problem_of(build, HEAD + "import pears\n", bundled={"pears.py": b"import socket\n"})

    assert problem.where == "game.py:3"
    assert "'socket' is not there" in problem.message
    assert problem.message.endswith(" (imported by site-packages/pears.py:1)")
