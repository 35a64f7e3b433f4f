"""Programs made without wasmtime: what a prepared runtime and a source become."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import DecodeError, SchemaError
from stdbpy.module.package import ModuleSource
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.appending import PreparedRuntime, appended, prepare
from stdbpy.wasm.binary import BinaryModule
from stdbpy.wasm.build import BuiltWasm
from stdbpy.wasm.description import read_wasm
from stdbpy.wasm.inside_code import inside_code
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.packaged import Packaged
from stdbpy.wasm.snapshot import KEPT_EXPORTS
from tests.wasm.building import PEOPLE

pytestmark = pytest.mark.long  # they compile what no cache has


@pytest.fixture(scope="module")
def prepared(build_cache: Path) -> PreparedRuntime:
    packaged = Packaged(KeptFiles(build_cache))
    return PreparedRuntime.read(prepare(packaged, inside_code(packaged)).write())


def test_it_declares_what_a_built_program_declares(prepared: PreparedRuntime, people: BuiltWasm) -> None:
    source = ModuleSource({"game.py": b"import pears\n" + PEOPLE.encode()}, "game")
    program = appended(prepared, source, {"pears.py": b"sweet = True\n"}, AbiLevel.V10_0)

    module = BinaryModule.read(program)
    assert {each.module for each in module.imports} == {"spacetime_10.0"}
    assert {each.name for each in module.exports} == KEPT_EXPORTS | {"__setup__"}
    assert read_wasm(program) == people.schema
    assert program == appended(prepared, source, {"pears.py": b"sweet = True\n"}, AbiLevel.V10_0)


def test_what_is_wrong_shows_when_an_instance_is_made(prepared: PreparedRuntime) -> None:
    with pytest.raises(SchemaError, match=r"set-up failed(.|\n)*game\.py:1: error: .*asyncio"):
        read_wasm(appended(prepared, ModuleSource({"game.py": b"import asyncio\n"}, "game"), {}, AbiLevel.V10_4))


@pytest.mark.parametrize("junk", [b"", b"\1\0\0\0", b"\2\0\0\0{}", b"\2\0\0\0[]"])
def test_what_is_no_prepared_runtime(junk: bytes) -> None:
    with pytest.raises(DecodeError, match="no runtime prepared"):
        PreparedRuntime.read(junk)
