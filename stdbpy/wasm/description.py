"""What a compiled module says of itself: its definition, read by running it up to that point.

Source of the calling convention: ``crates/bindings-sys`` and ``crates/core/src/host/wasm_common.rs``
of SpacetimeDB. A host calls ``_initialize`` if there is one, then each ``__preinit__…`` in the order
of their names, ``__setup__`` if there is one, and ``__describe_module__``, which writes the definition
into a sink. Host functions that touch a database have none here, and end the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Timer
from typing import Any

import wasmtime

from stdbpy.errors import SchemaError
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.binary import MAGIC
from stdbpy.wasm.interruptible import interruptible

MEMORY_BYTES = 1 << 30
TABLE_ELEMENTS = 1 << 20
DESCRIPTION_BYTES = 64 << 20
SECONDS = 30.0
"""Bounds of what a module may use to describe itself."""

_DESCRIPTION, _FAILURE = 1, 2
"""The sinks' numbers; 0 is none."""
_NO_SUCH_BYTES = 8
_MEMORY, _SINK_WRITE = "memory", "bytes_sink_write"
_DESCRIBE, _SETUP, _PREINIT, _INITIALIZE = "__describe_module__", "__setup__", "__preinit__", "_initialize"


def read_wasm(program: bytes) -> ModuleSchema:
    """The schema of a compiled module.

    Raises :class:`SchemaError` if the bytes are no module of SpacetimeDB, if it fails or takes too
    much time or memory to describe itself, or if what it says is no definition.
    """
    if not program.startswith(MAGIC):
        raise SchemaError("that is not WebAssembly", hint="Compiled modules are .wasm files")
    config = wasmtime.Config()
    config.epoch_interruption = True
    engine = wasmtime.Engine(config)
    try:
        module = wasmtime.Module(engine, program)
        with _bounded_store(engine) as store:
            return read_module_def(interruptible(lambda: _described(store, module), engine.increment_epoch))
    except _RefusedCallError as refused:
        raise SchemaError(str(refused)) from None
    except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
        raise SchemaError(f"the module cannot describe itself: {_reason(error)}") from None


class _RefusedCallError(Exception):
    """A module wanted something of its host that cannot be done."""


@dataclass(slots=True)
class _Host:
    """The host functions, and what the module has written."""

    sinks: dict[int, bytearray] = field(default_factory=lambda: {_DESCRIPTION: bytearray(), _FAILURE: bytearray()})

    def function(self, name: str) -> Callable[..., Any]:
        match name:
            case _ if name == _SINK_WRITE:
                return self.bytes_sink_write
            case "console_log":
                return lambda *_: None
            case _:
                return partial(self.refuse, name)

    def bytes_sink_write(self, caller: wasmtime.Caller, sink: int, buffer: int, length_at: int) -> int:
        if sink not in self.sinks:
            return _NO_SUCH_BYTES
        length = int.from_bytes(self._read(caller, length_at, 4), "little")
        if len(self.sinks[sink]) + length > DESCRIPTION_BYTES:
            raise _RefusedCallError("the module's description of itself does not end")
        self.sinks[sink] += self._read(caller, buffer, length)
        return 0

    def _read(self, caller: wasmtime.Caller, address: int, length: int) -> bytearray:
        """Bytes of the module's memory. Its addresses have 32 bits without a sign."""
        memory = caller.get(_MEMORY)
        if not isinstance(memory, wasmtime.Memory):
            raise _RefusedCallError("the module has no memory to write from")
        begin = address & 0xFFFFFFFF
        read = memory.read(caller, begin, begin + length)
        if len(read) != length:
            raise _RefusedCallError("the module names bytes outside its memory")
        return read

    def refuse(self, name: str, *_: object) -> None:
        raise _RefusedCallError(f"the module calls {name} of its host while it describes itself")


def _described(store: wasmtime.Store, module: wasmtime.Module) -> bytes:
    host = _Host()
    functions = []
    for wanted in module.imports:
        if not isinstance(wanted.type, wasmtime.FuncType):
            raise SchemaError(f"the module imports {wanted.module}.{wanted.name}, which no SpacetimeDB offers")
        name = wanted.name or ""
        with_caller = name == _SINK_WRITE
        if with_caller and not _has_type(wanted.type, _OF_SINK_WRITE):
            raise SchemaError(f"the module imports a {name} of another type than SpacetimeDB's")
        functions.append(wasmtime.Func(store, wanted.type, host.function(name), access_caller=with_caller))
    exports = wasmtime.Instance(store, module, functions).exports(store)
    memory = exports.get(_MEMORY)
    describe = exports.get(_DESCRIBE)
    if not isinstance(memory, wasmtime.Memory) or not isinstance(describe, wasmtime.Func):
        raise SchemaError(f"that is no module of SpacetimeDB: it lacks {_DESCRIBE} or its memory")
    setup = exports.get(_SETUP)
    for function, type in ((describe, _OF_DESCRIBE), (setup, _OF_SETUP)):
        if isinstance(function, wasmtime.Func) and not _has_type(function.type(store), type):
            raise SchemaError("that is no module of SpacetimeDB: what it exports is of another type")
    preparations = sorted(name for name in exports if isinstance(name, str) and name.startswith(_PREINIT))
    for name in (_INITIALIZE, *preparations):
        function = exports.get(name)
        if isinstance(function, wasmtime.Func):
            function(store)
    if isinstance(setup, wasmtime.Func) and setup(store, _FAILURE) != 0:
        reason = host.sinks[_FAILURE].decode("utf-8", "replace")
        raise SchemaError(f"the module's set-up failed: {reason}")
    describe(store, _DESCRIPTION)
    return bytes(host.sinks[_DESCRIPTION])


_OF_SINK_WRITE = (["i32", "i32", "i32"], ["i32"])
_OF_DESCRIBE: tuple[list[str], list[str]] = (["i32"], [])
_OF_SETUP = (["i32"], ["i32"])
"""What functions take and give."""


def _has_type(function: wasmtime.FuncType, type: tuple[list[str], list[str]]) -> bool:
    return (list(map(str, function.params)), list(map(str, function.results))) == type


@contextmanager
def _bounded_store(engine: wasmtime.Engine) -> Iterator[wasmtime.Store]:
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=MEMORY_BYTES, table_elements=TABLE_ELEMENTS, tables=8, memories=1)
    store.set_epoch_deadline(1)
    end = Timer(SECONDS, engine.increment_epoch)
    end.daemon = True
    end.start()
    try:
        yield store
    finally:
        end.cancel()


def _reason(error: Exception) -> str:
    """The last cause of what may be several lines with a trace of the module's functions."""
    if isinstance(error, wasmtime.Trap) and error.trap_code is wasmtime.TrapCode.INTERRUPT:
        return f"it took longer than {SECONDS:.0f} s"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
