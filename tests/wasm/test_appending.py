"""Programs made without wasmtime: what a prepared runtime and a source become."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.prepared_runtime import prepare
from stdbpy.errors import DecodeError, ModuleLoadError, SchemaError
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.schema.definition import schema_to_json
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.appending import append_to_runtime
from stdbpy.wasm.binary import BinaryModule
from stdbpy.wasm.built import BuiltWasm
from stdbpy.wasm.description import read_wasm
from stdbpy.wasm.inside_code import inside_code, inside_key
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.packaged import Packaged
from stdbpy.wasm.prepared import PreparedRuntime
from stdbpy.wasm.snapshot import KEPT_EXPORTS
from tests.wasm.building import PEOPLE
from tests.wasm.test_build import VIEW
from tests.wasm.test_databases import serves_people

SOURCE = ModuleSource({"game.py": PEOPLE.encode() + b"import pears\n"}, "game")
PEARS = {"pears/__init__.py": b"from pears.taste import sweet\n", "pears/taste.py": b"import colorsys\nsweet = True\n"}


@pytest.fixture(scope="module")
def schema() -> ModuleSchema:
    return load(ModuleSource({"game.py": PEOPLE.encode()}, "game")).schema


@pytest.fixture(scope="module")
def appended(schema: ModuleSchema, build_cache: Path) -> BuiltWasm:
    return append_to_runtime(SOURCE, schema, bundled=PEARS, cache=build_cache)


def test_what_hosts_see(appended: BuiltWasm) -> None:
    module = BinaryModule.read(appended.program)

    assert {each.module for each in module.imports} == {"spacetime_10.0"}
    assert {each.name for each in module.exports} == KEPT_EXPORTS | {"__setup__"}
    assert appended.abi == AbiLevel.V10_0
    assert len(appended.program) < 9.5e6


def test_the_same_source_gives_the_same_bytes(appended: BuiltWasm, schema: ModuleSchema, build_cache: Path) -> None:
    again = append_to_runtime(SOURCE, schema, bundled=PEARS, cache=build_cache)

    assert again.program == appended.program


def test_what_it_takes_along(appended: BuiltWasm) -> None:
    sizes = appended.measure()

    assert sizes.dependencies.keys() == {"pears", "pears.taste"}
    assert {"colorsys", "statistics", "_strptime"} <= sizes.library.keys()
    assert not {"argparse", "csv"} & sizes.library.keys()


@pytest.mark.long  # compiles the program
def test_it_declares_what_a_built_program_declares(appended: BuiltWasm) -> None:
    assert schema_to_json(read_wasm(appended.program), 9) == schema_to_json(appended.schema, 9)


@pytest.mark.long
def test_what_is_wrong_shows_when_an_instance_is_made(schema: ModuleSchema) -> None:
    built = append_to_runtime(ModuleSource({"game.py": b"import asyncio\n"}, "game"), schema, abi=AbiLevel.V10_4)

    with pytest.raises(SchemaError, match=r"set-up failed(.|\n)*game\.py:1: error: .*asyncio"):
        read_wasm(built.program)


@pytest.mark.long
def test_what_no_import_names_is_not_there(schema: ModuleSchema) -> None:
    source = "import importlib\nimportlib.import_module('unicode' + 'data')\n"
    built = append_to_runtime(ModuleSource({"game.py": source.encode()}, "game"), schema)

    with pytest.raises(SchemaError, match="'unicodedata' is not in this program: no import in the module's source"):
        read_wasm(built.program)


@pytest.mark.real
def test_a_database_of_people(appended: BuiltWasm, request: pytest.FixtureRequest) -> None:
    serves_people(request.getfixturevalue("real_server").url, appended.program)


def test_a_level_that_is_too_low_is_refused() -> None:
    source = ModuleSource({"game.py": VIEW.encode()}, "game")

    with pytest.raises(ModuleLoadError, match=r"for the ABI 10\.0: the view 'everybody' needs 10\.4"):
        append_to_runtime(source, load(source).schema, abi=AbiLevel.V10_0)


# --- the prepared runtime --------------------------------------------------------------------


def test_is_made_of_the_modules_that_are_here() -> None:
    packaged = Packaged(KeptFiles(None))

    assert packaged.prepared.key == inside_key(packaged), "stdbpy's modules have changed: run `make wasm-prepared`"


@pytest.mark.long
def test_is_what_these_modules_become(build_cache: Path) -> None:
    packaged = Packaged(KeptFiles(build_cache))

    assert prepare(packaged, inside_code(packaged)) == packaged.prepared


def test_is_written_and_read() -> None:
    prepared = Packaged(KeptFiles(None)).prepared

    assert PreparedRuntime.read(prepared.write()) == prepared


@pytest.mark.parametrize("junk", [b"", b"\1\0\0\0", b"{\0", b"i\0\0\0\0"])
def test_what_is_no_prepared_runtime(junk: bytes) -> None:
    with pytest.raises(DecodeError, match="no runtime prepared"):
        PreparedRuntime.read(junk)
