"""What was compiled is kept: the last programs in memory, and in a folder if there is one.

A file is the hash of its content and the machine code, as wasmtime writes it: that is run without looking at it, so
it must be what was written. One that another version of wasmtime has written is not used.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock

import blake3
import wasmtime

from stdbpy.engine.host_wasm.code import WasmCode
from stdbpy.engine.host_wasm.crashes import cause_of
from stdbpy.engine.host_wasm.runtime import engine
from stdbpy.engine.limits import Limits
from stdbpy.errors import ProgramUnusable
from stdbpy.replacing import SECRET, replace_file

MOST_IN_MEMORY = 8
MOST_FILES = 32

_SUFFIX = ".compiled"
_HASH_SIZE = 32

log = logging.getLogger("stdbpy.engine")

_latest: OrderedDict[tuple[bytes, Limits], WasmCode] = OrderedDict()
_lock = Lock()


def compiled_code(program: bytes, hash: bytes, folder: Path | None, limits: Limits) -> WasmCode:
    """The code in ``program``, whose hash is ``hash``. Raises ``ProgramUnusable``."""
    file = None if folder is None else folder / f"{hash.hex()}{_SUFFIX}"
    with _lock:
        code = _latest.get((hash, limits))
    if code is None:
        code = WasmCode(_module(program, file), limits)
    if file is not None and not file.exists():
        _keep(file, code.machine_code())
    with _lock:
        _latest[hash, limits] = code
        _latest.move_to_end((hash, limits))
        if len(_latest) > MOST_IN_MEMORY:
            _latest.popitem(last=False)
    return code


def _module(program: bytes, file: Path | None) -> wasmtime.Module:
    kept = _kept(file) if file is not None else None
    if kept is not None:
        return kept
    try:
        return wasmtime.Module(engine(), program)
    except wasmtime.WasmtimeError as error:
        # Clients look for these words, which are SpacetimeDB's.
        raise ProgramUnusable(f"failed to parse WebAssembly module: {cause_of(error)}") from None


def _kept(file: Path) -> wasmtime.Module | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None
    machine_code = content[_HASH_SIZE:]
    if blake3.blake3(machine_code).digest() == content[:_HASH_SIZE]:
        with suppress(wasmtime.WasmtimeError):
            return wasmtime.Module.deserialize(engine(), machine_code)
    file.unlink(missing_ok=True)
    return None


def _keep(file: Path, machine_code: bytes) -> None:
    """It only saves time: a full disk is no reason not to go on."""
    try:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(file, blake3.blake3(machine_code).digest() + machine_code, mode=SECRET, is_kept=False)
        files = sorted(file.parent.glob(f"*{_SUFFIX}"), key=lambda kept: kept.stat().st_mtime)
        for old in files[:-MOST_FILES]:
            with suppress(OSError):
                old.unlink()
    except OSError as error:
        log.warning("What was compiled cannot be kept in %s: %s", file.parent, error)
