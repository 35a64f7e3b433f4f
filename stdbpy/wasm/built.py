"""A program, and what is known of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from stdbpy.errors import ModuleLoadError, Problem
from stdbpy.module.package import ModuleSource
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel, level_without_loss, names_in, needs_of
from stdbpy.wasm.size_report import SizeReport


@dataclass(frozen=True, slots=True)
class BuiltWasm:
    program: bytes
    """A WebAssembly module; equal sources give equal bytes."""
    schema: ModuleSchema
    abi: AbiLevel
    """The level that servers must have to take it."""
    warnings: tuple[Problem, ...]
    output: tuple[str, ...]
    """The lines that were printed and logged while the module was imported."""
    measure: Callable[[], SizeReport]
    """Finds out what takes the space."""


def chosen_level(source: ModuleSource, schema: ModuleSchema, asked_for: AbiLevel | None) -> AbiLevel:
    """The level to build for: the one that is asked for, the lowest at which nothing is lost if there is none.

    Raises :class:`ModuleLoadError` if the module cannot do with what is asked for.
    """
    names = _names_in(source)
    needs = needs_of(schema, names)
    lowest = needs[0].level if needs else min(AbiLevel)
    if asked_for is None:
        return level_without_loss(schema, names)
    if asked_for < lowest:
        raise ModuleLoadError(
            f"the module cannot be built for the ABI {asked_for}: {needs[0].what} needs {lowest}",
            hint=f"Build it for {lowest}, which is for {lowest.servers}",
        )
    return asked_for


def settings_of(source: ModuleSource, level: AbiLevel) -> dict[str, Any]:
    """What the program is told when it imports the module: ``stdbpy.wasm.guest.start`` says what it means."""
    digest = hashlib.sha256()
    for path, content in sorted(source.files.items()):
        digest.update(f"{path} {len(content)}\n".encode())
        digest.update(content)
    seed = int.from_bytes(digest.digest()[:8], "little")
    return {"module": source.entry, "files": dict(source.files), "level": int(level), "seed": seed}


def _names_in(source: ModuleSource) -> Collection[str]:
    try:
        return names_in(source.files)
    except SyntaxError:  # of a later Python than this one
        return {name for content in source.files.values() for name in re.findall(r"\w+", content.decode())}
