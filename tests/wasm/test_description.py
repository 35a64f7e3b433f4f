"""Definitions read out of compiled modules: the same as the real server reads, and nothing that hangs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import wasmtime

from stdbpy.api import ApiClient
from stdbpy.errors import SchemaError
from stdbpy.schema.definition import schema_to_json, write_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm import description
from stdbpy.wasm.description import read_wasm
from tests import real_servers
from tests.real_servers import RealServer
from tests.wasm.comparing import in_no_order

MODULES = (
    "quickstart_chat-1.2.0",
    "sdk_test-1.2.0",
    "sdk_test-2.8.3",
    "sdk_test_connect_disconnect-2.8.3",
    "sdk_test_event_table-2.8.3",
    "sdk_test_procedure-2.8.3",
    "sdk_test_view-2.8.3",
)


@pytest.mark.real
@pytest.mark.parametrize("name", MODULES)
def test_the_definition_is_what_the_real_server_reads(name: str, real_server: RealServer) -> None:
    program = real_servers.wasm(name)
    with ApiClient(real_server.url) as anyone, ApiClient(real_server.url, anyone.create_identity().token) as api:
        database = api.publish(program, None).database_identity.hex()
        of_server = api.schema(database)

    # The server lists tables, functions and indexes in an order of its own.
    assert in_no_order(schema_to_json(read_wasm(program), 10)) == in_no_order(schema_to_json(of_server, 10))


@pytest.mark.real
def test_modules_of_the_smoketests_can_be_read() -> None:
    folder = Path(os.environ.get(real_servers.SERVERS, "")) / "smoketests"
    modules = sorted(folder.glob("*.wasm"))[::8]
    if not modules:
        pytest.skip("needs the smoketests' modules beside the real servers")
    for path in modules:
        assert read_wasm(path.read_bytes()).typespace is not None, path.name


def module(body: str, *, imports: str = "", memory: str = '(memory (export "memory") 1)') -> bytes:
    """A module whose description is what ``body`` does; the sink's number is ``$sink``."""
    return bytes(
        wasmtime.wat2wasm(f'(module {imports} {memory} (func (export "__describe_module__") (param $sink i32) {body}))')
    )


SINK = '(import "spacetime_10.0" "bytes_sink_write" (func $write (param i32 i32 i32) (result i32)))'


def describing(definition: bytes, *more: str) -> bytes:
    length = len(definition).to_bytes(4, "little")
    data = "".join(f"\\{byte:02x}" for byte in length + definition)
    return bytes(
        wasmtime.wat2wasm(
            f'(module {SINK} (memory (export "memory") 1) (data (i32.const 16) "{data}")'
            '(func (export "__describe_module__") (param $sink i32)'
            "  (drop (call $write (local.get $sink) (i32.const 20) (i32.const 16))))"
            f"{' '.join(more)})"
        )
    )


def test_what_a_module_writes_is_read() -> None:
    assert read_wasm(describing(write_module_def(ModuleSchema(), 9))) == ModuleSchema(version=9)


def test_set_up_that_fails_says_why() -> None:
    set_up = (
        '(data (i32.const 100) "\\04\\00\\00\\00oops")'
        '(func (export "__setup__") (param $sink i32) (result i32)'
        "  (drop (call $write (local.get $sink) (i32.const 104) (i32.const 100))) (i32.const 1))"
    )
    with pytest.raises(SchemaError, match="set-up failed: oops"):
        read_wasm(describing(b"", set_up))


def test_preparations_run_in_the_order_of_their_names() -> None:
    """The second traps unless the first has run."""
    preparations = (
        "(global $ready (mut i32) (i32.const 0))"
        '(func (export "__preinit__20_uses") (if (i32.eqz (global.get $ready)) (then unreachable)))'
        '(func (export "__preinit__10_makes") (global.set $ready (i32.const 1)))'
    )
    assert read_wasm(describing(write_module_def(ModuleSchema(), 10), preparations)) == ModuleSchema()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"#!/bin/sh", "not WebAssembly"),
        (b"\0asm", "cannot describe itself"),
        (b"\0asm\1\0\0\0", "no module of SpacetimeDB"),
        (module("unreachable"), "unreachable"),
        (module(""), "no bytes|no definition"),
        (module("", memory='(memory 1) (func (export "memory"))'), "no module of SpacetimeDB"),
        (module("", imports='(import "env" "table" (table 1 funcref))'), "imports env.table"),
        (
            module("(drop (call $f))", imports='(import "spacetime_10.0" "table_id_from_name" (func $f (result i32)))'),
            "calls table_id_from_name",
        ),
        (
            module("(drop (call $write (local.get $sink) (i32.const -1) (i32.const -1)))", imports=SINK),
            "outside its memory",
        ),
        (module("", memory='(memory (export "memory") 40000)'), "cannot describe itself"),
        (module("", memory='(memory (export "memory") 1) (memory 1)'), "memory count"),
        (module("", imports="(table 2000000 funcref)"), "table minimum size"),
        (module("(drop (call $write))", imports=SINK.replace("(param i32 i32 i32)", "")), "of another type"),
        (module("", imports=SINK.replace("i32 i32 i32", "i32 f32 f32")), "of another type"),
        (
            bytes(
                wasmtime.wat2wasm(
                    '(module (memory (export "memory") 1) (func (export "__describe_module__") (param f32)))'
                )
            ),
            "of another type",
        ),
        (describing(b"", '(func (export "__setup__") (param i32))'), "of another type"),
        (describing(b"\x09junk"), "newer"),
        (describing(b"\x02\xff\xff\xff\xff"), "definition"),
    ],
)
def test_what_is_no_module(program: bytes, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read_wasm(program)


def test_a_module_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "SECONDS", 0.05)

    with pytest.raises(SchemaError, match="longer than"):
        read_wasm(module("(loop $again (br $again))"))


def test_a_start_function_may_write_too() -> None:
    start = "(func $start (drop (call $write (i32.const 2) (i32.const 20) (i32.const 16)))) (start $start)"
    assert read_wasm(describing(write_module_def(ModuleSchema(), 10), start)) == ModuleSchema()


def test_a_start_function_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "SECONDS", 0.05)

    with pytest.raises(SchemaError, match="longer than"):
        read_wasm(describing(b"", "(func $start (loop $again (br $again))) (start $start)"))


def test_a_description_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "DESCRIPTION_BYTES", 1000)
    endless = "(loop $again (drop (call $write (local.get $sink) (i32.const 0) (i32.const 0))) (br $again))"

    with pytest.raises(SchemaError, match="does not end"):
        read_wasm(module(f"(i32.store (i32.const 0) (i32.const 100)) {endless}", imports=SINK))
