"""The runtime with stdbpy imported, for builds without wasmtime. Making it needs wasmtime.

Unlike the rest it changes with stdbpy's own code, what of it can run inside.
"""

from __future__ import annotations

import lzma
from pathlib import Path

from runtime.package_data import PREPARED, TARGET, XZ
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.binary import PAGE_BYTES, BinaryModule
from stdbpy.wasm.inside_code import InsideCode, inside_code, inside_key
from stdbpy.wasm.interpreter import BuildLimits, Interpreter
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.needed_later import needed_later
from stdbpy.wasm.packaged import Packaged
from stdbpy.wasm.prepared import PreparedRuntime, changes_of

_START = "stdbpy.wasm.guest.start"
"""What is imported before."""

_LIMITS = BuildLimits(seconds=300.0)
"""No author's code runs here, and machines can be slow."""


def write_prepared_runtime(target: Path = TARGET, cache: Path | None = None) -> None:
    """Into the folder where the rest of the package data is."""
    packaged = Packaged(KeptFiles(cache), target)
    prepared = prepare(packaged, inside_code(packaged))
    (target / PREPARED).write_bytes(lzma.compress(prepared.write(), format=lzma.FORMAT_XZ, filters=[XZ]))


def prepare(packaged: Packaged, inside: InsideCode) -> PreparedRuntime:
    """First with the whole library, to see what stdbpy imports; then with that alone."""
    interpreter = Interpreter(packaged.compiled, _LIMITS)
    try:
        interpreter.boot(inside.library)
        first = interpreter.load(inside.own, _START, {})
    finally:
        interpreter.close()
    later = needed_later({}, {}, inside, first.modules)
    present = {*first.modules, *inside.own, *(later & inside.library.keys())}
    in_runtime = {name for part in packaged.parts for name in part.modules}

    interpreter = Interpreter(packaged.compiled, _LIMITS)
    try:
        interpreter.boot({name: each for name, each in inside.library.items() if name in present})
        second = interpreter.load(inside.own, _START, {}, sorted(in_runtime | present))
        appended_at = interpreter.address_of_appended_program()
        interpreter.settle()
        interpreter.set_abi_level(0)
        memory = interpreter.memory()
        interpreter.set_abi_level(max(AbiLevel))
        level_at = _place_of_difference(memory, interpreter.memory())
    finally:
        interpreter.close()
    return PreparedRuntime(
        key=inside_key(packaged),
        changes=changes_of(BinaryModule.read(packaged.runtime), memory),
        pages=len(memory) // PAGE_BYTES,
        appended_at=appended_at,
        level_at=level_at,
        library=frozenset(inside.library),
        own={name: len(code) for name, (_, _, code, _) in inside.own.items()},
        imported=frozenset(second.modules),
        present=frozenset(present),
        not_imported=(first.unused & in_runtime) - second.unused,
        used_up=second.unused,
        at_import=inside.at_import,
        in_functions=inside.in_functions,
    )


def _place_of_difference(left: bytes | bytearray, right: bytes | bytearray) -> int:
    differences = int.from_bytes(left, "little") ^ int.from_bytes(right, "little")
    return (differences.bit_length() - 1) // 8


if __name__ == "__main__":
    write_prepared_runtime()
