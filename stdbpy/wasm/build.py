"""From the source of a Python module to the program that every SpacetimeDB runs.

The module is imported by Python inside WebAssembly, and what has come of it in memory is written into the program: a
server begins where the build ended. That happens twice, each time from where stdbpy has been imported. The first time
the whole standard library is there, and whatever is imported is noted; the second time nothing else is there, but for
what functions may import later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from stdbpy.errors import ModuleLoadError, Problem, megabytes
from stdbpy.module.package import ModuleSource
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.built import BuiltWasm, chosen_level, settings_of
from stdbpy.wasm.dependencies import Dependencies
from stdbpy.wasm.inside_code import InsideCode, inside_code
from stdbpy.wasm.interpreter import BuildLimits, Interpreter, Loaded, LoadedFile, RaisedError, StoppedError
from stdbpy.wasm.kept_files import KeptFiles
from stdbpy.wasm.needed_later import PROGRAM, needed_later, needed_of_runtime
from stdbpy.wasm.packaged import Packaged, file_of_library
from stdbpy.wasm.parts import unused_parts
from stdbpy.wasm.size_report import ModuleSizes, size_report
from stdbpy.wasm.snapshot import with_memory
from stdbpy.wasm.started import started_runtime

_HIGHEST = max(AbiLevel)

_MUCH = 1_000_000
"""Bytes of a file that is mostly data."""


def build_wasm(
    source: ModuleSource,
    *,
    bundled: Mapping[str, bytes] | None = None,
    abi: AbiLevel | None = None,
    keeps_library: bool = False,
    cache: Path | None = None,
    limits: BuildLimits | None = None,
    compiling: Callable[[], None] | None = None,
) -> BuiltWasm:
    """Builds the program of ``source``.

    ``bundled`` are the files of packages that the module imports, contents by path (``attr/__init__.py``). ``abi`` is
    the level that the program is for, the lowest one at which nothing is lost if there is none. ``keeps_library``
    lets functions import the whole standard library, not only what some import in the source names. ``cache`` is a
    folder for what takes long to make and is the same for all modules: without one, that takes seconds each time, and
    ``compiling`` is called before it begins.

    Raises :class:`ModuleLoadError` for what is wrong with the module, with the problems that loading it natively has,
    or if it needs a higher level than ``abi``.
    """
    return _Build(
        source,
        bundled or {},
        abi,
        keeps_library,
        Packaged(KeptFiles(cache), compiling=compiling),
        limits or BuildLimits(),
    ).run()


@dataclass(frozen=True, slots=True)
class _Imported:
    """What has been found out about a module by importing it once."""

    names: tuple[str, ...]
    """Of all modules that were imported, in that order."""
    level: AbiLevel
    as_source: tuple[str, ...]
    """The names of modules in packages that the runtime's Python cannot compile."""


class _Build:
    def __init__(
        self,
        source: ModuleSource,
        bundled: Mapping[str, bytes],
        abi: AbiLevel | None,
        keeps_library: bool,
        packaged: Packaged,
        limits: BuildLimits,
    ) -> None:
        self._source = source
        self._abi = abi
        self._keeps_library = keeps_library
        self._kept = packaged.kept
        self._limits = limits
        self._packaged = packaged
        self._inside: InsideCode = inside_code(self._packaged)
        self._started = started_runtime(self._packaged, self._inside)
        self._dependencies = Dependencies(bundled, packaged.kept, self._packaged.key)

    def run(self) -> BuiltWasm:
        built = self._built_as_last_time()
        if built is None:
            imported = self._imported()
            built = self._built(imported)
            self._expect(imported)
        if built is None:
            raise self._failed("it imports other modules each time", "Imports must not depend on chance or on time")
        return built

    def _built_as_last_time(self) -> BuiltWasm | None:
        """Leaves out the first time, if the module imports what it did when it was last built."""
        expected = self._expected()
        if expected is None:
            return None
        try:
            return self._built(expected)
        except ModuleLoadError:
            return None  # perhaps because of what is not there

    # --- the first time ----------------------------------------------------------------------

    def _imported(self) -> _Imported:
        interpreter = self._interpreter()
        try:
            interpreter.resume(self._started.memory, self._started.pages)
            interpreter.set_abi_level(_HIGHEST)
            names = self._load(interpreter, _HIGHEST, {**self._dependencies.files(), **self._inside_files()}).modules
            level = self._level(read_module_def(interpreter.describe()))
            present = {*names, *self._later(names)}
            self._dependencies.compile(interpreter, present)
        except StoppedError as error:
            raise self._failed(str(error), self._too_large()) from None
        finally:
            interpreter.close()
        return _Imported(names, level, tuple(self._dependencies.not_compiled(present)))

    def _level(self, schema: ModuleSchema) -> AbiLevel:
        return chosen_level(self._source, schema, self._abi)

    # --- the second time ---------------------------------------------------------------------

    def _built(self, imported: _Imported) -> BuiltWasm | None:
        """``None`` if the module does not import the same this time or needs another level, or if the packages' code
        is not there, which other bytes would come of."""
        later = self._later(imported.names)
        present = {*imported.names, *later}
        if self._dependencies.not_compiled(present) != [*imported.as_source]:
            return None
        interpreter = self._interpreter()
        try:
            interpreter.resume(self._started.memory, self._started.pages)
            interpreter.set_abi_level(imported.level)
            files = {**self._dependencies.files(present), **self._inside_files(present)}
            keep = sorted(later | self._needed_of_runtime(present))
            loaded = self._load(interpreter, imported.level, files, keep)
            told, output = interpreter.told, tuple(interpreter.output)
            interpreter.settle()
            memory = interpreter.memory()
            schema = read_module_def(interpreter.describe())
        except StoppedError as error:
            raise self._failed(str(error), self._too_large()) from None
        finally:
            interpreter.close()
        if loaded.modules != imported.names or self._level(schema) != imported.level:
            return None
        unused = unused_parts(self._packaged.parts, loaded.unused)
        runtime = self._packaged.runtime_for(imported.level, unused)
        program = with_memory(runtime, memory, unused=[each for part in unused for each in part.data])
        return BuiltWasm(
            program=program.write(),
            schema=schema,
            abi=imported.level,
            warnings=_problems(told),
            output=output,
            measure=partial(
                size_report,
                program,
                runtime,
                self._sizes(present),
                self._source.files,
                imported.names,
                frozenset(later),
            ),
        )

    def _later(self, imported: Collection[str]) -> set[str]:
        """Modules that are not imported now and may be later."""
        present = {*self._inside.library, *self._inside.own, *self._dependencies.sources}
        later = self._named(imported)
        if self._keeps_library:
            later |= self._inside.library.keys()
        return (later & present) - set(imported)

    def _sizes(self, present: Collection[str]) -> ModuleSizes:
        return ModuleSizes(
            library={name: len(code) for name, (_, code) in self._inside.library.items()},
            own={name: len(code) for name, (_, _, code, _) in self._inside.own.items()},
            dependencies={name: len(code) for name, code in self._dependencies.code.items()},
            data={path: len(content) for path, content in self._dependencies.data(present).items()},
        )

    def _needed_of_runtime(self, present: Collection[str]) -> set[str]:
        """Modules in the runtime itself that may be imported later: what any of those that are ``present`` names, be
        it in a function."""
        if self._keeps_library:
            return {name for part in self._packaged.parts for name in part.modules}
        return needed_of_runtime(self._named(()), present, self._inside)

    # --- both --------------------------------------------------------------------------------

    def _named(self, imported: Collection[str]) -> set[str]:
        return needed_later(self._source.files, self._dependencies.sources, self._inside, imported)

    def _inside_files(self, modules: Container[str] | None = None) -> dict[str, LoadedFile]:
        """Of these modules (default: all) what is not imported by a started runtime."""
        library = {name: file_of_library(name, *each) for name, each in self._inside.library.items()}
        return {
            name: file
            for name, file in (library | {**self._inside.own}).items()
            if name not in self._started.modules and (modules is None or name in modules)
        }

    def _interpreter(self) -> Interpreter:
        return Interpreter(self._packaged.compiled, self._limits)

    def _load(
        self, interpreter: Interpreter, level: AbiLevel, files: Mapping[str, LoadedFile], keep: list[str] | None = None
    ) -> Loaded:
        settings = settings_of(self._source, level)
        try:
            return interpreter.load(files, PROGRAM, settings, keep)
        except RaisedError as error:
            if "message" in error.told:
                raise ModuleLoadError(error.told["message"], _problems(error.told), hint=error.told["hint"]) from None
            raise self._failed(f"{error.type}: {error.message}") from error

    def _too_large(self) -> str:
        path, content = max(self._source.files.items(), key=lambda file: len(file[1]))
        which = f", and {path} has {megabytes(len(content))}" if len(content) > _MUCH else ""
        return f"Its files are imported while it is built{which}: much data belongs in tables, not in code"

    def _failed(self, message: str, hint: str = "") -> ModuleLoadError:
        problem = Problem("error", self._source.entry, message, hint)
        return ModuleLoadError(f"the module {self._source.entry!r} cannot be loaded", [problem])

    # --- what is known beforehand ------------------------------------------------------------

    def _expected(self) -> _Imported | None:
        """What the last build of this module has found out, if it can still be so."""
        written = self._kept.find(self._expectation)
        if written is None:
            return None
        expected = json.loads(written)
        return _Imported(tuple(expected["names"]), AbiLevel(expected["level"]), tuple(expected["as_source"]))

    def _expect(self, imported: _Imported) -> None:
        written = {"names": imported.names, "level": int(imported.level), "as_source": imported.as_source}
        self._kept.keep(self._expectation, json.dumps(written).encode())

    @cached_property
    def _expectation(self) -> str:
        """The name of what is kept: it says what the module may import, as far as its sources say it."""
        possible = sorted(self._named(()))
        key = [self._source.entry, self._abi, self._keeps_library, self._inside.key, possible]
        return f"imported-{hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]}"


def _problems(told: Mapping[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(*problem) for problem in told["problems"])
