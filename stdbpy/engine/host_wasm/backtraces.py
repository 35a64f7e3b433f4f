"""Where a guest is while it calls its host.

wasmtime tells that of traps alone. So another instance beside the guest's is called, which traps at once: what it
was called by are the guest's functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import wasmtime

from stdbpy.engine.host_wasm.runtime import engine
from stdbpy.engine.logs import Frame


class Whereabouts:
    """Of the guest in one store."""

    def __init__(self, store: wasmtime.Store) -> None:
        self._store = store
        self._trap: wasmtime.Func | None = None
        """Of the one instance beside the guest's: a store has room for no more."""

    def frames(self) -> list[Frame]:
        """The guest's functions, innermost first; to be called by a host function."""
        if self._trap is None:
            trap = wasmtime.Instance(self._store, _trapping(), []).exports(self._store)["trap"]
            assert isinstance(trap, wasmtime.Func)
            self._trap = trap
        try:
            self._trap(self._store)
        except wasmtime.Trap as ended:
            return frames_of(ended)[1:]
        return []


def frames_of(trap: wasmtime.Trap) -> list[Frame]:
    """The guest's functions when it crashed, innermost first."""
    return _named(trap.frames)


def _named(frames: Iterable[wasmtime.Frame]) -> list[Frame]:
    return [(None, frame.func_name) for frame in frames]


@cache
def _trapping() -> wasmtime.Module:
    return wasmtime.Module(engine(), '(module (func (export "trap") unreachable))')
