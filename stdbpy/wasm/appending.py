"""Programs without wasmtime: the source of a module is appended to a runtime that has stdbpy in it already.

Where wasmtime has no wheel, nothing can run the module while it is built. The source becomes part of the program
instead, and each new instance imports it before its first call, which takes milliseconds; what is wrong with it shows
when it is published. What it is appended to is made once, where there is wasmtime: :func:`prepare`.
"""

from __future__ import annotations

import json
import marshal
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stdbpy.errors import DecodeError
from stdbpy.module.package import ModuleSource
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.binary import (
    PAGE_BYTES,
    BinaryModule,
    DataSegment,
    Memory,
    SectionKind,
    data_section,
    export_section,
    memory_section,
)
from stdbpy.wasm.snapshot import KEPT_EXPORTS, SET_UP, with_memory
from stdbpy.wasm.trimming import ABI_EXPORT, trimmed

if TYPE_CHECKING:
    from stdbpy.wasm.inside_code import InsideCode
    from stdbpy.wasm.packaged import Packaged

_START = "stdbpy.wasm.guest.start"
_PROGRAM = "stdbpy.wasm.guest.appended"
"""What is imported before, and what an instance imports: the author's module with it."""

_MARSHAL_VERSION = 2


@dataclass(frozen=True, slots=True)
class PreparedRuntime:
    """A runtime in which stdbpy has been imported."""

    program: bytes
    appended_at: int
    """Where in memory it looks for the address and the length of what to import."""
    level_at: int
    """Where in memory the level of the ABI is."""

    def write(self) -> bytes:
        places = json.dumps({"appended_at": self.appended_at, "level_at": self.level_at}).encode()
        return struct.pack("<I", len(places)) + places + self.program

    @classmethod
    def read(cls, written: bytes) -> PreparedRuntime:
        """Raises ``DecodeError``."""
        try:
            end = 4 + struct.unpack_from("<I", written)[0]
            return cls(written[end:], **json.loads(written[4:end]))
        except (struct.error, TypeError, ValueError) as error:
            raise DecodeError(f"that is no runtime prepared by stdbpy: {error}") from None


def prepare(packaged: Packaged, inside: InsideCode) -> PreparedRuntime:
    """Needs wasmtime. The whole standard library can be imported from what is prepared."""
    from stdbpy.wasm.interpreter import BuildLimits, Interpreter

    interpreter = Interpreter(packaged.compiled, BuildLimits())
    try:
        interpreter.boot(inside.library)
        interpreter.load(inside.own, _START, {})
        appended_at = interpreter.address_of_appended_program()
        interpreter.settle()
        interpreter.set_abi_level(0)
        memory = interpreter.memory()
        interpreter.set_abi_level(max(AbiLevel))
        [level_at] = [at for at, (old, new) in enumerate(zip(memory, interpreter.memory(), strict=True)) if old != new]
    finally:
        interpreter.close()
    runtime = BinaryModule.read(packaged.runtime)
    for_trimming = {each.name for each in runtime.exports if ABI_EXPORT.fullmatch(each.name)}
    exports = KEPT_EXPORTS | {SET_UP} | for_trimming
    return PreparedRuntime(with_memory(runtime, memory, exports=exports).write(), appended_at, level_at)


def appended(prepared: PreparedRuntime, source: ModuleSource, bundled: Mapping[str, bytes], level: AbiLevel) -> bytes:
    """The program of ``source`` for hosts of ``level``; ``bundled`` are the files of packages that it imports."""
    files = {
        path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): (
            path.endswith("/__init__.py"),
            "source",
            content,
            f"site-packages/{path}",
        )
        for path, content in sorted(bundled.items())
        if path.endswith(".py")
    }
    settings = {"module": source.entry, "files": dict(source.files), "level": int(level)}
    loaded = marshal.dumps({"files": files, "entry": _PROGRAM, "settings": settings}, _MARSHAL_VERSION)
    program = trimmed(BinaryModule.read(prepared.program), level)
    [memory] = program.memories
    begin = memory.minimum * PAGE_BYTES
    pages = -(-(begin + len(loaded)) // PAGE_BYTES)
    return program.with_sections(
        {
            SectionKind.MEMORY: memory_section([Memory(pages, memory.maximum)]),
            SectionKind.EXPORT: export_section(each for each in program.exports if not ABI_EXPORT.fullmatch(each.name)),
            SectionKind.DATA: data_section(
                [
                    *program.data,
                    DataSegment(begin, loaded),
                    DataSegment(prepared.appended_at, struct.pack("<II", begin, len(loaded))),
                    DataSegment(prepared.level_at, bytes([level])),
                ]
            ),
        }
    ).write()
