"""The compiler and what watches over the time of calls: one of each in a process."""

from __future__ import annotations

from functools import cache

import wasmtime

MEMORY_BYTES = 1 << 30
TABLE_ELEMENTS = 1 << 20
STACK_BYTES = 512 << 10


@cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.epoch_interruption = True
    config.memory_may_move = False
    config.wasm_memory64 = False
    config.max_wasm_stack = STACK_BYTES
    return wasmtime.Engine(config)


def new_store() -> wasmtime.Store:
    store = wasmtime.Store(engine())
    store.set_limits(memory_size=MEMORY_BYTES, table_elements=TABLE_ELEMENTS, instances=1, tables=8, memories=1)
    store.set_epoch_deadline(1 << 40)
    return store
