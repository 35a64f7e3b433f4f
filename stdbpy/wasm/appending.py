"""Programs without wasmtime: the source of a module is appended to a runtime that has stdbpy in it already.

Where wasmtime has no wheel, nothing can run the module while it is built. The source becomes part of the program
instead, and each new instance imports it before its first call, which takes milliseconds; what only shows when it is
imported inside shows when it is published. What it is appended to comes with stdbpy. Needs the standard library alone.
"""

from __future__ import annotations

import marshal
import struct
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from stdbpy.module.package import ModuleSource
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.binary import PAGE_BYTES
from stdbpy.wasm.built import BuiltWasm, chosen_level, settings_of
from stdbpy.wasm.dependencies import FOLDER, bundled_data, bundled_modules
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.needed_later import needed_later, needed_of_runtime
from stdbpy.wasm.packaged import Packaged, file_of_library
from stdbpy.wasm.parts import unused_parts
from stdbpy.wasm.prepared import PreparedRuntime
from stdbpy.wasm.size_report import ModuleSizes, size_report
from stdbpy.wasm.snapshot import KEPT_EXPORTS, SET_UP, with_memory

_PROGRAM = "stdbpy.wasm.guest.appended"
"""What an instance imports: the author's module with it."""

_MARSHAL_VERSION = 2


def append_to_runtime(
    source: ModuleSource,
    schema: ModuleSchema,
    *,
    bundled: Mapping[str, bytes] | None = None,
    abi: AbiLevel | None = None,
    cache: Path | None = None,
) -> BuiltWasm:
    """The program of ``source``, of which ``schema`` was loaded natively; the rest is as of
    :func:`stdbpy.wasm.build.build_wasm`.

    Raises :class:`ModuleLoadError` if the module needs a higher level than ``abi``.
    """
    level = chosen_level(source, schema, abi)
    packaged = Packaged(KeptFiles(cache))
    prepared = packaged.prepared
    dependencies = bundled_modules(bundled or {})
    later = needed_later(source.files, dependencies, prepared, prepared.imported)
    named = needed_later(source.files, dependencies, prepared, ())

    library = {name: each for name, each in packaged.library.items() if name in later - prepared.present}
    along = {name: each for name, each in dependencies.items() if name in later}
    data = bundled_data(bundled or {}, along)
    present = {*prepared.present, *library, *along}
    absent = prepared.not_imported - needed_of_runtime(named, present, prepared)
    unused = unused_parts(packaged.parts, absent | prepared.used_up)
    loaded: dict[str, Any] = {"entry": _PROGRAM, "settings": settings_of(source, level), "absent": sorted(absent)}
    loaded["files"] = {name: file_of_library(name, *each) for name, each in library.items()}
    loaded["files"] |= {name: _of_package(*each) for name, each in along.items()}
    loaded["files"] |= {path: (False, "data", content, f"{FOLDER}/{path}") for path, content in data.items()}

    runtime = packaged.runtime_for(level, unused)
    memory = _memory_with(prepared, packaged.memory_of(prepared), level, marshal.dumps(loaded, _MARSHAL_VERSION))
    program = with_memory(
        runtime, memory, unused=[each for part in unused for each in part.data], exports=KEPT_EXPORTS | {SET_UP}
    )
    sizes = ModuleSizes(
        library={name: len(code) for name, (_, code) in packaged.library.items()},
        own=prepared.own,
        dependencies={name: len(content) for name, (_, content) in along.items()},
        data={path: len(content) for path, content in data.items()},
    )
    return BuiltWasm(
        program=program.write(),
        schema=schema,
        abi=level,
        warnings=(),
        output=(),
        measure=partial(
            size_report, program, runtime, sizes, source.files, prepared.imported, present - prepared.imported
        ),
    )


def _memory_with(prepared: PreparedRuntime, memory: bytes, level: AbiLevel, appended: bytes) -> bytes:
    begin = len(memory)
    pages = -(-(begin + len(appended)) // PAGE_BYTES)
    whole = bytearray(pages * PAGE_BYTES)
    whole[:begin] = memory
    whole[begin : begin + len(appended)] = appended
    struct.pack_into("<II", whole, prepared.appended_at, begin, len(appended))
    whole[prepared.level_at] = level
    return bytes(whole)


def _of_package(path: str, content: bytes) -> tuple[bool, str, bytes, str]:
    return path.endswith("/__init__.py"), "source", content, f"{FOLDER}/{path}"
