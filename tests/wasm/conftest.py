"""Modules in WebAssembly that tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.wasm.built import BuiltWasm
from tests.wasm.building import PEOPLE, Build, builder


@pytest.fixture(scope="session")
def build(build_cache: Path) -> Build:
    return builder(build_cache)


@pytest.fixture(scope="session")
def people(build: Build) -> BuiltWasm:
    return build(PEOPLE)
