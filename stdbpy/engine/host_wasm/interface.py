"""Whether a compiled module and the host fit each other: what it imports and exports."""

from __future__ import annotations

from collections.abc import Iterator

import wasmtime

from stdbpy.engine.host_wasm import signatures
from stdbpy.errors import ProgramUnusable

_PREFIX = "spacetime_"

_Version = tuple[int, int]

_NEWEST: _Version = (10, 6)


def expect_interface(module: wasmtime.Module) -> None:
    """Raises ``ProgramUnusable``. In the order in which SpacetimeDB looks."""
    _expect_version(module)
    _expect_imports(module)
    _expect_exports(module)


def _expect_version(module: wasmtime.Module) -> None:
    versions = list(_versions(module))
    if not versions:
        raise ProgramUnusable("it imports nothing of SpacetimeDB, so it is no module, or one of a version before 0.8")
    if len({major for major, _ in versions}) > 1:
        raise ProgramUnusable("it imports from two versions of SpacetimeDB that exclude one another")
    newest = max(versions)
    if newest[0] != _NEWEST[0] or newest > _NEWEST:
        # Clients look for these words, which are SpacetimeDB's.
        needed, known = (".".join(map(str, version)) for version in (newest, _NEWEST))
        raise ProgramUnusable(f"abi version {needed} is not supported (host implements {known})")


def _versions(module: wasmtime.Module) -> Iterator[_Version]:
    for wanted in module.imports:
        if isinstance(wanted.type, wasmtime.FuncType) and wanted.module.startswith(_PREFIX):
            major, _, minor = wanted.module.removeprefix(_PREFIX).partition(".")
            if not (major.isdecimal() and minor.isdecimal()):
                raise ProgramUnusable(f"it imports from {wanted.module!r}, which is no version of SpacetimeDB")
            yield int(major), int(minor)


def _expect_imports(module: wasmtime.Module) -> None:
    for wanted in module.imports:
        name = f"{wanted.module}::{wanted.name}"
        known = signatures.IMPORTS.get(wanted.module, {}).get(wanted.name or "")
        if known is None:
            raise ProgramUnusable(f"unknown import: `{name}` has not been defined")
        if not isinstance(wanted.type, wasmtime.FuncType) or signatures.type_of(wanted.type) != known:
            raise ProgramUnusable(f"incompatible import type for `{name}`")


def _expect_exports(module: wasmtime.Module) -> None:
    exports = {export.name: export.type for export in module.exports}
    if not isinstance(exports.get(signatures.MEMORY), wasmtime.MemoryType):
        raise ProgramUnusable(f"it exports no memory called {signatures.MEMORY!r}")
    for name in signatures.REQUIRED:
        if name not in exports:
            raise ProgramUnusable(f"it exports no function called {name!r}")
    for name, type in exports.items():
        known = ":" if name.startswith(signatures.PREINIT) else signatures.EXPORTS.get(name)
        if known is None:
            continue
        if not isinstance(type, wasmtime.FuncType):
            raise ProgramUnusable(f"it exports {name!r}, but not as a function")
        if signatures.type_of(type) != known:
            raise ProgramUnusable(f"its function {name!r} is of another type than SpacetimeDB calls")
