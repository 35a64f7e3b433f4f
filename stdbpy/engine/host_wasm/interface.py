"""Whether a compiled module and the host fit each other: what it imports and exports.

wasmtime takes its time to tell that, so it is asked once for all instances.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import wasmtime

from stdbpy.engine.host_wasm import signatures
from stdbpy.errors import ProgramUnusable

_PREFIX = "spacetime_"

_Version = tuple[int, int]

_NEWEST: _Version = (10, 6)


@dataclass(frozen=True, slots=True)
class Import:
    """A host function that a module wants."""

    name: str
    letters: str
    """Its type, as :mod:`signatures` writes it."""
    type: wasmtime.FuncType


@dataclass(frozen=True, slots=True)
class Interface:
    imports: tuple[Import, ...]
    """In the order in which an instance is given them."""
    preparations: tuple[str, ...]
    """The exported functions that are called when an instance is made, in this order."""


def read_interface(module: wasmtime.Module) -> Interface:
    """Raises ``ProgramUnusable``; it looks at things in the order in which SpacetimeDB does."""
    imports = module.imports
    _expect_version(imports)
    known = tuple(map(_import, imports))
    exports = {export.name: export.type for export in module.exports}
    _expect_exports(exports)
    preparations = sorted(name for name in exports if name.startswith(signatures.PREINIT))
    if signatures.INITIALIZE in exports:
        preparations.insert(0, signatures.INITIALIZE)
    return Interface(known, tuple(preparations))


def _expect_version(imports: Sequence[wasmtime.ImportType]) -> None:
    versions = list(_versions(imports))
    if not versions:
        raise ProgramUnusable("it imports nothing of SpacetimeDB, so it is no module, or one of a version before 0.8")
    if len({major for major, _ in versions}) > 1:
        raise ProgramUnusable("it imports from two versions of SpacetimeDB that exclude one another")
    newest = max(versions)
    if newest[0] != _NEWEST[0] or newest > _NEWEST:
        # Clients look for these words, which are SpacetimeDB's.
        needed, known = (".".join(map(str, version)) for version in (newest, _NEWEST))
        raise ProgramUnusable(f"abi version {needed} is not supported (host implements {known})")


def _versions(imports: Sequence[wasmtime.ImportType]) -> Iterator[_Version]:
    for wanted in imports:
        if isinstance(wanted.type, wasmtime.FuncType) and wanted.module.startswith(_PREFIX):
            major, _, minor = wanted.module.removeprefix(_PREFIX).partition(".")
            if not (major.isdecimal() and minor.isdecimal()):
                raise ProgramUnusable(f"it imports from {wanted.module!r}, which is no version of SpacetimeDB")
            yield int(major), int(minor)


def _import(wanted: wasmtime.ImportType) -> Import:
    full_name = f"{wanted.module}::{wanted.name}"
    known = signatures.IMPORTS.get(wanted.module, {}).get(wanted.name or "")
    if known is None or wanted.name is None:
        raise ProgramUnusable(f"unknown import: `{full_name}` has not been defined")
    type = wanted.type
    if not isinstance(type, wasmtime.FuncType) or signatures.type_of(type) != known:
        raise ProgramUnusable(f"incompatible import type for `{full_name}`")
    return Import(wanted.name, known, type)


def _expect_exports(exports: Mapping[str, object]) -> None:
    if not isinstance(exports.get(signatures.MEMORY), wasmtime.MemoryType):
        raise ProgramUnusable(f"it exports no memory called {signatures.MEMORY!r}")
    for name in signatures.REQUIRED:
        if name not in exports:
            raise ProgramUnusable(f"it exports no function called {name!r}")
    for name, type in exports.items():
        is_preparation = name.startswith(signatures.PREINIT) or name == signatures.INITIALIZE
        known = ":" if is_preparation else signatures.EXPORTS.get(name)
        if known is None:
            continue
        if not isinstance(type, wasmtime.FuncType):
            raise ProgramUnusable(f"it exports {name!r}, but not as a function")
        if signatures.type_of(type) != known:
            raise ProgramUnusable(f"its function {name!r} is of another type than SpacetimeDB calls")
