"""What all WebAssembly modules of a process share: the compiler, its clock, and what was compiled."""

from __future__ import annotations

import wasmtime

from stdbpy.engine.limits import Limits
from stdbpy.epochs import Epochs, ticks
from stdbpy.made_once import made_once

_TABLE_ELEMENTS = 1 << 20
_STACK_BYTES = 512 << 10
"""As much as a module has on the real server."""


@made_once
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = _STACK_BYTES
    config.wasm_memory64 = False
    # Pointers into memories are kept: they reserve addresses for all that they could grow to.
    config.memory_may_move = False
    return wasmtime.Engine(config)


@made_once
def epochs() -> Epochs:
    return Epochs(engine())


def new_store(limits: Limits) -> wasmtime.Store:
    """For one instance of a module, and the small one of :mod:`backtraces`."""
    store = wasmtime.Store(engine())
    store.set_limits(memory_size=limits.memory_bytes, table_elements=_TABLE_ELEMENTS, instances=2, tables=8, memories=1)
    store.set_epoch_deadline(ticks(limits.seconds))
    return store
