"""What ``make wasm-runtime`` has made and stdbpy's package contains: Python and its standard library."""

from __future__ import annotations

import hashlib
import json
import lzma
import marshal
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

from stdbpy.wasm.binary import BinaryModule
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.parts import Part, without_functions
from stdbpy.wasm.prepared import PreparedRuntime, changed_memory
from stdbpy.wasm.trimming import trimmed

if TYPE_CHECKING:
    import wasmtime

_RUNTIME, _LIBRARY, _PARTS, _PREPARED = "python.wasm.xz", "stdlib.bin.xz", "parts.json", "prepared.bin.xz"


def file_of_library(name: str, is_package: bool, code: bytes) -> tuple[bool, str, bytes, str]:
    """A module of the standard library as the runtime loads modules; tracebacks name its file."""
    path = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
    return is_package, "code", code, f"lib/python3.13/{path}"


def _folder() -> Traversable:
    return files("stdbpy.wasm") / "runtime"


@dataclass(frozen=True)
class Packaged:
    """Everything is read, unpacked and compiled when it is first needed, and then kept."""

    kept: KeptFiles
    folder: Traversable = field(default_factory=_folder)
    compiling: Callable[[], None] | None = None
    """Called before the runtime is compiled, which takes seconds."""

    @cached_property
    def key(self) -> str:
        """Changes with the data."""
        hash = hashlib.sha256()
        for name in (_RUNTIME, _LIBRARY, _PARTS):
            hash.update((self.folder / name).read_bytes())
        return hash.hexdigest()[:16]

    @cached_property
    def runtime(self) -> bytes:
        """A WebAssembly module with Python in it."""
        return self.kept.get(f"runtime-{self.key}", lambda: self._unpacked(_RUNTIME))

    @cached_property
    def library(self) -> dict[str, tuple[bool, bytes]]:
        """Modules of the standard library: name → whether it is a package, and its code for the runtime's Python."""
        unpacked = self.kept.get(f"library-{self.key}", lambda: self._unpacked(_LIBRARY))
        library: dict[str, tuple[bool, bytes]] = marshal.loads(unpacked)  # noqa: S302 - stdbpy's own data
        return library

    @cached_property
    def prepared(self) -> PreparedRuntime:
        return PreparedRuntime.read(self._unpacked(_PREPARED))

    def memory_of(self, prepared: PreparedRuntime) -> bytes:
        return changed_memory(BinaryModule.read(self.runtime), prepared.changes, prepared.pages)

    @cached_property
    def compiled(self) -> wasmtime.Module:
        """The runtime in this machine's code. Needs wasmtime, as nothing else here does."""
        import wasmtime

        from stdbpy.wasm.interpreter import engine

        name = f"compiled-{self.key}"
        code = self.kept.find(name)
        if code is not None:
            try:
                return wasmtime.Module.deserialize(engine(), code)
            except (
                wasmtime.WasmtimeError
            ):  # of another version of wasmtime, or another kind of machine with the same home
                pass
        if self.compiling is not None:
            self.compiling()
        compiled = wasmtime.Module(engine(), self.runtime)
        self.kept.keep(name, bytes(compiled.serialize()))
        return compiled

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return tuple(Part.of(noted) for noted in json.loads((self.folder / _PARTS).read_text()))

    def runtime_for(self, level: int, unused: Collection[Part] = ()) -> BinaryModule:
        """The runtime that imports what hosts of ``spacetime_10.<level>`` have, without the functions of ``unused``."""
        absent = hashlib.sha256(repr(sorted(sorted(part.modules) for part in unused)).encode()).hexdigest()[:16]
        name = f"runtime-{self.key}-10.{int(level)}-{absent}"
        return BinaryModule.read(
            self.kept.get(
                name, lambda: without_functions(trimmed(BinaryModule.read(self.runtime), level), unused).write()
            )
        )

    def _unpacked(self, name: str) -> bytes:
        return lzma.decompress((self.folder / name).read_bytes())
