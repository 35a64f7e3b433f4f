"""A compiled module that was found to be in order."""

from __future__ import annotations

import wasmtime

from stdbpy.engine.host import CallLater
from stdbpy.engine.host_wasm.crashes import cause_of
from stdbpy.engine.host_wasm.function_types import FunctionTypes
from stdbpy.engine.host_wasm.instance import CompiledProgram, GuestInstance, JoinedDatabase
from stdbpy.engine.host_wasm.interface import read_interface
from stdbpy.engine.host_wasm.module import WasmModule
from stdbpy.engine.limits import Limits
from stdbpy.engine.logs import LogStore
from stdbpy.engine.store.store import Store
from stdbpy.errors import ProgramUnusable, SchemaError
from stdbpy.sats.values import Identity
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import ModuleSchema
from stdbpy.schema.validate import validate


class WasmCode:
    """A WebAssembly program, compiled. Raises ``ProgramUnusable`` for one that is no module or not in order;
    its rules for who may read rows are looked at when it is published."""

    host_type = "Wasm"

    def __init__(self, module: wasmtime.Module, limits: Limits) -> None:
        self._program = CompiledProgram(module, read_interface(module))
        self._limits = limits
        self._schema = _schema(self._definition())
        self._functions = FunctionTypes(self._schema)

    @property
    def schema(self) -> ModuleSchema:
        return self._schema

    def machine_code(self) -> bytes:
        """What was compiled, for :meth:`wasmtime.Module.deserialize`."""
        return bytes(self._program.module.serialize())

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> WasmModule:
        joined = JoinedDatabase(store, identity, logs, later)
        return WasmModule(self._functions, lambda: GuestInstance(self._program, joined, self._limits), self._limits)

    def _definition(self) -> bytes:
        def later(function: str, _args: bytes) -> None:
            raise ProgramUnusable(f"it calls {function!r} before it can say what it declares")

        nowhere = JoinedDatabase(Store(ModuleSchema()), Identity(bytes(Identity.SIZE)), LogStore(), later)
        try:
            return GuestInstance(self._program, nowhere, self._limits).definition
        except ProgramUnusable:
            raise
        except Exception as error:
            raise ProgramUnusable(f"The module fails before it can say what it declares: {cause_of(error)}") from error


def _schema(definition: bytes) -> ModuleSchema:
    try:
        schema = read_module_def(definition)
    except SchemaError as error:
        lines = [error.message, *map(str, error.problems)]
        raise ProgramUnusable("\n".join(lines), hint=error.hint) from error
    problems = [problem for problem in validate(schema) if problem.level == "error"]
    if problems:
        raise ProgramUnusable("\n".join(["Its definition is not in order", *map(str, problems)]))
    return schema
