"""A compiled module that was found to be in order."""

from __future__ import annotations

import wasmtime

from stdbpy.engine.host_wasm import signatures
from stdbpy.engine.host_wasm.instance import GuestInstance
from stdbpy.engine.host_wasm.module import WasmModule
from stdbpy.engine.host_wasm.runtime import engine
from stdbpy.engine.host_wasm.syscalls import Syscalls
from stdbpy.engine.logs import LogStore
from stdbpy.engine.sql.row_security import rule_problems
from stdbpy.engine.store.store import Store
from stdbpy.errors import ModuleLoadError
from stdbpy.sats.values import Identity
from stdbpy.schema.definition import read_module_def
from stdbpy.schema.model import ModuleSchema


class WasmCode:
    """A WebAssembly program, compiled. Raises ``ModuleLoadError`` for one that is no module or not in order."""

    host_type = "Wasm"

    def __init__(self, program: bytes) -> None:
        try:
            self._module = wasmtime.Module(engine(), program)
            _expect_imports(self._module)
            _expect_exports(self._module)
            nothing = Store(ModuleSchema())
            definition = GuestInstance(
                self._module, Syscalls(nothing, Identity(bytes(Identity.SIZE)), LogStore())
            ).definition
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise ModuleLoadError(f"The module cannot be loaded: {error}") from None
        self._schema = read_module_def(definition)
        problems = [problem for problem in rule_problems(self._schema) if problem.level == "error"]
        if problems:
            raise ModuleLoadError("The module's row-level security rules are not in order", problems)

    @property
    def schema(self) -> ModuleSchema:
        return self._schema

    def run(self, store: Store, identity: Identity, logs: LogStore) -> WasmModule:
        return WasmModule(self._module, self._schema, lambda: Syscalls(store, identity, logs))


def _no_database() -> Syscalls:
    return Syscalls(Store(ModuleSchema()), Identity(bytes(Identity.SIZE)), LogStore())


def _expect_imports(module: wasmtime.Module) -> None:
    for wanted in module.imports:
        known = signatures.IMPORTS.get(wanted.module, {}).get(wanted.name or "")
        if known is None:
            raise ModuleLoadError(f"The module imports {wanted.module}.{wanted.name}, which is not there")
        if not isinstance(wanted.type, wasmtime.FuncType) or signatures.type_of(wanted.type) != known:
            raise ModuleLoadError(f"The module imports {wanted.module}.{wanted.name} as something else than it is")


def _expect_exports(module: wasmtime.Module) -> None:
    exports = {export.name: export.type for export in module.exports}
    if not isinstance(exports.get(signatures.MEMORY), wasmtime.MemoryType):
        raise ModuleLoadError("The module exports no memory")
    for name in signatures.REQUIRED:
        if name not in exports:
            raise ModuleLoadError(f"The module exports no {name}")
    for name, type in exports.items():
        known = ":" if name.startswith(signatures.PREINIT) else signatures.EXPORTS.get(name)
        if known is None:
            continue
        if not isinstance(type, wasmtime.FuncType) or signatures.type_of(type) != known:
            raise ModuleLoadError(f"The module exports {name} as something else than SpacetimeDB calls")
