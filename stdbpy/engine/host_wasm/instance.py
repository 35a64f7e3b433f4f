"""One instance of a compiled module: made, prepared, and called."""

from __future__ import annotations

from collections.abc import Callable

import wasmtime

from stdbpy.engine.host_wasm import signatures
from stdbpy.engine.host_wasm.memory import GuestMemory
from stdbpy.engine.host_wasm.raw_calls import Failure, GuestFunction, HostFunction, host_function
from stdbpy.engine.host_wasm.runtime import new_store
from stdbpy.engine.host_wasm.syscalls import Syscalls
from stdbpy.errors import HostError, ModuleLoadError
from stdbpy.module.host import Errno


class GuestInstance:
    """A module that has run what comes before its first call: ``_initialize``, the functions whose names start with
    ``__preinit__`` in the order of their names, ``__setup__`` and ``__describe_module__``.

    Raises ``ModuleLoadError`` if the module says that its set-up has failed, and ``wasmtime.Trap`` if it crashes.
    """

    def __init__(self, module: wasmtime.Module, syscalls: Syscalls) -> None:
        self.syscalls = syscalls
        self._store = store = new_store()
        self._failure = Failure()
        self._kept: list[object] = []
        imports = []
        for wanted in module.imports:
            assert isinstance(wanted.type, wasmtime.FuncType), "what is imported was looked at"
            assert wanted.name is not None
            letters = signatures.IMPORTS[wanted.module][wanted.name]
            function = _with_codes(getattr(syscalls, wanted.name), letters)
            made, kept = host_function(store, wanted.type, letters, function, self._failure)
            imports.append(made)
            self._kept.append(kept)
        instance = wasmtime.Instance(store, module, imports)
        self._exports = instance.exports(store)
        memory = self._exports[signatures.MEMORY]
        assert isinstance(memory, wasmtime.Memory), "what is exported was looked at"
        syscalls.memory = GuestMemory(store, memory)
        for name in (signatures.INITIALIZE, *sorted(_preparations(module))):
            prepare = self._function(name, ":")
            if prepare is not None:
                prepare.call()
        self._set_up()
        self.definition = self._describe()
        """What the module says of itself. Rust's bindings make their list of functions while they say it."""
        self.call_reducer = self._function(signatures.CALL_REDUCER)
        self.call_view = self._function(signatures.CALL_VIEW)
        self.call_anonymous_view = self._function(signatures.CALL_ANONYMOUS_VIEW)

    def _set_up(self) -> None:
        set_up = self._function(signatures.SETUP)
        if set_up is None:
            return
        sink = self.syscalls.open_sink()
        try:
            if set_up.call(sink) != 0:
                reason = self.syscalls.written_to(sink).decode(errors="replace")
                raise ModuleLoadError(f"The module's set-up failed: {reason}")
        finally:
            self.syscalls.forget_call()

    def _describe(self) -> bytes:
        describe = self._function(signatures.DESCRIBE)
        assert describe is not None, "what is exported was looked at"
        sink = self.syscalls.open_sink()
        try:
            describe.call(sink)
            return self.syscalls.written_to(sink)
        finally:
            self.syscalls.forget_call()

    def _function(self, name: str, letters: str | None = None) -> GuestFunction | None:
        function = self._exports.get(name)
        if not isinstance(function, wasmtime.Func):
            return None
        return GuestFunction(self._store, function, letters or signatures.EXPORTS[name], self._failure)


def _preparations(module: wasmtime.Module) -> list[str]:
    return [export.name for export in module.exports if export.name.startswith(signatures.PREINIT)]


_CODES = frozenset(Errno) - {Errno.AUTO_INC_OVERFLOW}
"""The errors that a guest is told about; others end its call."""


def _with_codes(function: HostFunction, letters: str) -> Callable[..., int | None]:
    """``function`` with a code as result in the place of a ``HostError``."""
    if not letters.endswith(":i"):
        return function

    def call(*arguments: int) -> int | None:
        try:
            return function(*arguments)
        except HostError as error:
            if error.code in _CODES:
                return error.code
            raise

    return call
