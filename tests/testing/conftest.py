"""The module that tests of the tests' tools test."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stdbpy.testing import Module, ModuleDatabase, load_module

MODULES = Path(__file__).parent / "modules"


@pytest.fixture(scope="session")
def arena() -> Iterator[Any]:
    """``arena.py``, imported as tests of a project import their module."""
    sys.path.insert(0, str(MODULES))
    yield importlib.import_module("arena")
    sys.path.remove(str(MODULES))
    del sys.modules["arena"]


@pytest.fixture(scope="session")
def module(arena: Any) -> Module:
    return load_module(arena)


@pytest.fixture
def db(module: Module) -> Iterator[ModuleDatabase]:
    database = module.database()
    yield database
    database.bugs.clear()
    database.close()
