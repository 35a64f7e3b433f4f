"""What takes long to make is kept from one run of the tests to the next, as it is on a user's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.wasm.built import BuiltWasm
from tests.wasm.building import PEOPLE, Build, builder


@pytest.fixture(scope="session")
def build_cache(request: pytest.FixtureRequest) -> Path:
    cache = request.config.cache
    assert cache is not None
    return cache.mkdir("wasm")


@pytest.fixture(scope="session")
def build(build_cache: Path) -> Build:
    return builder(build_cache)


@pytest.fixture(scope="session")
def people(build: Build) -> BuiltWasm:
    return build(PEOPLE)
