"""Runtimes made for an older ABI: they import what the older host has, and what they lost fails."""

from __future__ import annotations

import pytest
import wasmtime

from stdbpy.errors import DecodeError
from stdbpy.wasm.binary import BinaryModule
from stdbpy.wasm.trimming import trimmed

RUNTIME = """(module
  (import "spacetime_10.0" "identity" (func $identity (param i32)))
  (import "spacetime_10.3" "procedure_sleep_until" (func $sleep (param i64) (result i64)))
  (import "spacetime_10.5" "datastore_clear" (func $clear (param i32 i32) (result i32)))
  (import "spacetime_10.6" "env_get" (func $env_get (param i32 i32 i32) (result i32)))
  (import "spacetime_10.0" "datastore_table_row_count" (func $count (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $a (export "abi 10.3 procedure_sleep_until") (param i64) (result i64) (call $sleep (local.get 0)))
  (func $b (export "abi 10.5 datastore_clear") (param i32 i32) (result i32) (call $clear (local.get 0) (local.get 1)))
  (func $c (export "abi 10.6 env_get") (param i32 i32 i32) (result i32)
    (call $env_get (local.get 0) (local.get 1) (local.get 2)))
  (func (export "uses_all") (param i32) (result i32)
    (drop (call $a (i64.const 0))) (drop (call $c (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $identity (i32.const 8))
    (call $b (i32.const 0) (i32.const 0))
    (i32.add (call $count (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))"""


def compiled(source: str) -> BinaryModule:
    return BinaryModule.read(bytes(wasmtime.wat2wasm(source)))


def instance(module: BinaryModule) -> tuple[wasmtime.Store, wasmtime.InstanceExports]:
    """Host functions that return 7."""
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    code = wasmtime.Module(engine, module.write())
    functions = []
    for wanted in code.imports:
        assert isinstance(wanted.type, wasmtime.FuncType)
        result = 7 if wanted.type.results else None
        functions.append(wasmtime.Func(store, wanted.type, lambda *_, result=result: result))
    return store, wasmtime.Instance(store, code, functions).exports(store)


@pytest.mark.parametrize(
    ("level", "imported"),
    [
        (0, ["identity", *["datastore_table_row_count"] * 4]),
        (4, ["identity", "procedure_sleep_until", *["datastore_table_row_count"] * 3]),
        (5, ["identity", "procedure_sleep_until", "datastore_clear", *["datastore_table_row_count"] * 2]),
        (6, ["identity", "procedure_sleep_until", "datastore_clear", "env_get", "datastore_table_row_count"]),
    ],
)
def test_imports_above_the_level_are_gone(level: int, imported: list[str]) -> None:
    module = trimmed(compiled(RUNTIME), level)

    assert [each.name for each in module.imports] == imported
    assert all(int(each.module[-1]) <= level for each in module.imports)
    instance(module)


def test_at_the_highest_level_nothing_changes() -> None:
    assert trimmed(compiled(RUNTIME), 6) == compiled(RUNTIME)


def test_what_is_cut_off_fails_and_the_rest_works() -> None:
    store, exports = instance(trimmed(compiled(RUNTIME), 3))

    assert exports["abi 10.3 procedure_sleep_until"](store, 0) == 7
    assert exports["abi 10.5 datastore_clear"](store, 0, 0) == 1  # errno HOST_CALL_FAILURE
    assert exports["abi 10.6 env_get"](store, 0, 0, 0) == 1
    assert exports["uses_all"](store, 0) == 8


def test_what_returns_no_errno_traps() -> None:
    store, exports = instance(trimmed(compiled(RUNTIME), 0))

    with pytest.raises(wasmtime.Trap) as trap:
        exports["abi 10.3 procedure_sleep_until"](store, 0)
    assert trap.value.trap_code is wasmtime.TrapCode.UNREACHABLE


def test_a_second_caller_would_make_the_module_invalid() -> None:
    other = '(func (export "other") (result i32) (call $env_get (i32.const 0) (i32.const 0) (i32.const 0))))'
    module = trimmed(compiled(RUNTIME[:-1] + other), 4)

    with pytest.raises(wasmtime.WasmtimeError, match="type mismatch"):
        wasmtime.Module.validate(wasmtime.Engine(), module.write())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("abi 10.5 datastore_clear", "clear", "does not say which function calls datastore_clear"),
        ("spacetime_10.0", "env", "imports identity from 'env'"),
    ],
)
def test_a_runtime_that_is_not_as_expected_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        trimmed(compiled(RUNTIME.replace(old, new)), 4)
