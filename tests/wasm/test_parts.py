"""What programs can do without, of the runtime: functions that only trap, and data that are zeros."""

from __future__ import annotations

import pytest
import wasmtime

from stdbpy.wasm.binary import BinaryModule
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.packaged import Packaged
from stdbpy.wasm.parts import Part, unused_parts, without_functions

PARTS = [
    Part.of({"modules": modules, "functions": [[0, 1]], "data": [[4096, 8]]})
    for modules in ([], ["csv"], ["csv", "json"], ["math"])
]


def test_what_several_modules_need_goes_with_the_last_of_them() -> None:
    assert unused_parts(PARTS, {"csv"}) == PARTS[:2]
    assert unused_parts(PARTS, {"csv", "json", "others"}) == PARTS[:3]


def test_functions_keep_their_numbers() -> None:
    program = BinaryModule.read(
        bytes(
            wasmtime.wat2wasm("""(module
              (import "host" "f" (func))
              (func (result i32) (i32.const 1))
              (func (result i32) (local i64) (i32.const 2))
              (func (result i32) (i32.const 3))
              (export "one" (func 1)) (export "two" (func 2)) (export "three" (func 3)))""")
        )
    )
    [part] = [Part.of({"modules": [], "functions": [[2, 1]], "data": []})]
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, without_functions(program, [part]).write())
    nothing = wasmtime.Func(store, wasmtime.FuncType([], []), lambda: None)
    exports = wasmtime.Instance(store, module, [nothing]).exports(store)

    assert (exports["one"](store), exports["three"](store)) == (1, 3)
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        exports["two"](store)


def test_what_is_noted_of_the_runtime() -> None:
    packaged = Packaged(KeptFiles(None))
    runtime = BinaryModule.read(packaged.runtime)
    functions = range(len(runtime.imports), len(runtime.imports) + len(runtime.functions))
    memory = range(runtime.data[0].offset, runtime.memories[0].minimum << 16)

    by_modules = {part.modules: part for part in packaged.parts}
    for part in packaged.parts:
        assert all(first in functions and first + count - 1 in functions for first, count in part.functions)
        assert all(begin in memory and begin + size - 1 in memory for begin, size in part.data)
    assert sum(size for _, size in by_modules[frozenset({"unicodedata"})].data) > 500_000
    assert sum(count for _, count in by_modules[frozenset({"_decimal"})].functions) > 100
    assert sum(count for _, count in by_modules[frozenset()].functions) > 50
    numbers = [number for part in packaged.parts for first, n in part.functions for number in range(first, first + n)]
    assert len(numbers) == len(set(numbers))
