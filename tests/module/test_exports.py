"""``import stdbpy``: cheap, and all that authors need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import stdbpy
import stdbpy.module


def test_importing_stdbpy_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import stdbpy; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["stdbpy"]


def test_every_name_is_there_and_the_lists_agree():
    tree = ast.parse(Path(stdbpy.__file__).read_text())
    seen_by_checkers = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("stdbpy.")
        for alias in node.names
    }
    assert seen_by_checkers == stdbpy._HOME_OF
    assert set(stdbpy.__all__) == {*seen_by_checkers, "__version__"}
    for name in stdbpy.__all__:
        assert getattr(stdbpy, name) is not None
        assert name in dir(stdbpy)


def test_authors_find_it_all_in_stdbpy():
    assert set(stdbpy.module.__all__) <= set(stdbpy.__all__)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="module 'stdbpy' has no attribute 'tabel'"):
        _ = stdbpy.tabel


def test_modules_need_the_standard_library_alone():
    """They run inside WebAssembly, too, where nothing can be installed."""
    code = (
        "import sys; from stdbpy import *; import stdbpy.module.load; "
        "print(*{name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'stdbpy', '__main__'})"
    )
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=_checkout()
    )
    assert run.stdout.split() == []


def _checkout() -> Path:
    return Path(stdbpy.__file__).parent.parent
