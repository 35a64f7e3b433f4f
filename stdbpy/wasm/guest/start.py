"""Importing an author's module while its program is built; what runs before any call."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import cast

from stdbpy.errors import Problem
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.guest.build_time_values import warned_of
from stdbpy.wasm.guest.direct_calls import prepare
from stdbpy.wasm.guest.entry import Entry
from stdbpy.wasm.guest.host_errors import host_error
from stdbpy.wasm.guest.shim import Shim


def start(entry: str, files: Mapping[str, bytes], level: int | None = None, seed: int = 0) -> tuple[Problem, ...]:
    """Imports the module ``entry`` of ``files`` and makes it what the program's functions call.

    ``files`` are those of :class:`~stdbpy.module.package.ModuleSource`: what the author has written, by path.
    ``level`` is that of the ABI that the program is for (4: ``spacetime_10.4``); without one, what the shim says.
    What is random while the files are imported follows from ``seed``.
    Returns warnings; raises ``ModuleLoadError`` for what is wrong with the module, and ``SchemaError`` if it uses
    what definitions of that level have no words for.
    """
    # Where it is there, it is built in: nothing else has it to be imported from.
    shim = cast("Shim", importlib.import_module("_spacetimedb"))
    shim.set_error_class(host_error)
    shim.set_classes(Identity, ConnectionId, Timestamp)
    shim.seed_random(seed)
    source = ModuleSource(files, entry)
    with warned_of(shim, source.paths) as warnings:
        loaded = load(source)
    prepare(loaded, shim)
    shim.set_entry(Entry(loaded, shim, AbiLevel(shim.abi_level() if level is None else level)))
    return (*loaded.warnings, *warnings)
