"""Modules that hand out a definition: read back by the host that reads compiled ones, and by the official program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stdbpy.errors import SchemaError
from stdbpy.schema.definition import schema_from_json, schema_to_json, write_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.definition_module import definition_module
from stdbpy.wasm.description import read_wasm
from tests import real_servers
from tests.wasm.comparing import in_no_order


@pytest.mark.parametrize("version", [9, 10])
def test_the_definition_comes_back(version: int) -> None:
    schema = ModuleSchema(version=version)
    program = definition_module(write_module_def(schema, 9 if version == 9 else 10))

    assert read_wasm(program) == schema
    assert len(program) < 300


@pytest.mark.parametrize("size", [0, 1, 47, 48, 127, 128, 16383, 65519, 65520, 65521, 3_000_000])
def test_definitions_of_any_length_are_handed_out_whole(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lengths at which numbers take another byte, or the memory another page."""
    definition = bytes(index % 251 for index in range(size))
    monkeypatch.setattr("stdbpy.wasm.description.read_module_def", lambda handed_out: handed_out)

    assert read_wasm(definition_module(definition)) == definition


def test_what_is_no_definition_is_handed_out_all_the_same() -> None:
    with pytest.raises(SchemaError):
        read_wasm(definition_module(b"junk"))


@pytest.mark.real
@pytest.mark.parametrize("name", ["quickstart_chat-1.2.0", "sdk_test-2.8.3", "sdk_test_view-2.8.3"])
def test_the_real_extractor_reads_the_same_definition(name: str, tmp_path: Path) -> None:
    path = tmp_path / "module.wasm"
    path.write_bytes(definition_module(write_module_def(read_wasm(real_servers.wasm(name)))))

    command = [str(real_servers.program("spacetimedb-standalone-2.8.3")), "extract-schema", str(path)]
    extracted = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    of_extractor = schema_to_json(schema_from_json(json.loads(extracted)), 10)
    assert in_no_order(of_extractor) == in_no_order(schema_to_json(read_wasm(path.read_bytes()), 10))
