"""One instance of a compiled module: made, prepared, and called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import wasmtime

from stdbpy.engine.host import CallLater
from stdbpy.engine.host_wasm import signatures
from stdbpy.engine.host_wasm.backtraces import Whereabouts
from stdbpy.engine.host_wasm.datastore_functions import DatastoreFunctions
from stdbpy.engine.host_wasm.environment_functions import EnvironmentFunctions
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.engine.host_wasm.identity_functions import IdentityFunctions
from stdbpy.engine.host_wasm.interface import Import, Interface
from stdbpy.engine.host_wasm.log_functions import LogFunctions
from stdbpy.engine.host_wasm.memory import GuestMemory
from stdbpy.engine.host_wasm.procedure_functions import ProcedureFunctions
from stdbpy.engine.host_wasm.raw_calls import Failure, GuestFunction, HostFunction, exported, host_function
from stdbpy.engine.host_wasm.row_checks import RowChecks
from stdbpy.engine.host_wasm.runtime import epochs, new_store
from stdbpy.engine.host_wasm.stream_functions import StreamFunctions
from stdbpy.engine.limits import Limits
from stdbpy.engine.logs import LogStore
from stdbpy.engine.schedules import ScheduledTable
from stdbpy.engine.store.store import Store
from stdbpy.epochs import ticks
from stdbpy.errors import HostError, ProgramUnusable
from stdbpy.module.host import Errno
from stdbpy.sats.values import Identity


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """What the instances of a program are made from."""

    module: wasmtime.Module
    interface: Interface


class JoinedDatabase:
    """The database that instances work on."""

    def __init__(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> None:
        self.identity = identity
        self.logs = logs
        self.later = later
        self.schema = store.schema
        self.checks = RowChecks(store)
        self.scheduled = {table.id: ScheduledTable(table) for table in store.tables.values() if table.is_scheduled}


class GuestInstance:
    """A module that has run what comes before its first call: ``_initialize``, the functions whose names start with
    ``__preinit__`` in the order of their names, ``__setup__`` and ``__describe_module__``.

    Raises ``ProgramUnusable`` if the module says that its set-up has failed, and what wasmtime raises if it crashes.
    """

    def __init__(self, program: CompiledProgram, joined: JoinedDatabase, limits: Limits) -> None:
        self.call = GuestCall()
        self._guest = guest = new_store(limits)
        self._epochs = epochs()
        self._ticks = ticks(limits.seconds)
        self._failure = Failure()
        self._functions = (
            DatastoreFunctions(self.call, joined.checks, joined.scheduled),
            StreamFunctions(self.call),
            LogFunctions(self.call, joined.logs, Whereabouts(guest).frames),
            IdentityFunctions(self.call, joined.identity),
            EnvironmentFunctions(self.call, joined.schema, joined.later),
            ProcedureFunctions(self.call, self._has_waited),
        )
        self._kept: list[object] = []
        imports = [*map(self._import, program.interface.imports)]
        self.begin()
        try:
            # A module may have code that runs as soon as there is an instance.
            self._instance = wasmtime.Instance(guest, program.module, imports)
            memory = exported(guest, self._instance, signatures.MEMORY)
            assert isinstance(memory, wasmtime.Memory), "what is exported was looked at"
            self.call.memory = GuestMemory(guest, memory)
            self._prepare(program.interface.preparations)
            self.definition = self._describe()
            """What the module says of itself. Rust's bindings make their list of functions while they say it."""
        finally:
            self.end()
        self.call_reducer = self._function(signatures.CALL_REDUCER)
        self.call_view = self._function(signatures.CALL_VIEW)
        self.call_anonymous_view = self._function(signatures.CALL_ANONYMOUS_VIEW)
        self.call_procedure = self._function(signatures.CALL_PROCEDURE)
        self.call_http_handler = self._function(signatures.CALL_HTTP_HANDLER)

    def begin(self) -> None:
        """Comes before a call: from now on the guest's time counts."""
        self._guest.set_epoch_deadline(self._ticks)
        self._epochs.begin(id(self))

    def end(self) -> None:
        """Comes after a call, however it has ended."""
        self._epochs.end(id(self))
        self.call.end()

    def close(self) -> None:
        """Gives its memory back; it cannot be called any more."""
        self._guest.close()

    def _has_waited(self) -> None:
        self._guest.set_epoch_deadline(self._ticks)

    # --- making it ---------------------------------------------------------------------------

    def _import(self, wanted: Import) -> wasmtime.Func:
        function = next(getattr(group, wanted.name) for group in self._functions if hasattr(group, wanted.name))
        function = _with_codes(function, wanted.name, wanted.letters)
        made, kept = host_function(self._guest, wanted.type, wanted.letters, function, self._failure)
        self._kept.append(kept)
        return made

    def _prepare(self, preparations: Sequence[str]) -> None:
        for name in preparations:
            prepare = self._function(name, ":")
            assert prepare is not None, "what is exported was looked at"
            prepare.call()
        set_up = self._function(signatures.SETUP)
        if set_up is not None:
            sink = self.call.open_sink()
            if set_up.call(sink) != 0:
                reason = self.call.written_to(sink).decode(errors="replace")
                raise ProgramUnusable(f"the module's set-up failed: {reason}")

    def _describe(self) -> bytes:
        describe = self._function(signatures.DESCRIBE)
        assert describe is not None, "what is exported was looked at"
        sink = self.call.open_sink()
        describe.call(sink)
        return self.call.written_to(sink)

    def _function(self, name: str, letters: str | None = None) -> GuestFunction | None:
        function = exported(self._guest, self._instance, name)
        if not isinstance(function, wasmtime.Func):
            return None
        return GuestFunction(self._guest, function, letters or signatures.EXPORTS[name], self._failure)


_NEVER_TOLD = frozenset({Errno.AUTO_INC_OVERFLOW, Errno.WRONG_INDEX_ALGO})
_ENDING = {
    "datastore_insert_bsatn": _NEVER_TOLD | {Errno.BSATN_DECODE_ERROR, Errno.NO_SUCH_TABLE},
    "datastore_update_bsatn": _NEVER_TOLD | {Errno.BSATN_DECODE_ERROR, Errno.NO_SUCH_TABLE},
    "datastore_clear": _NEVER_TOLD | {Errno.NO_SUCH_TABLE},
}
"""The errors that end the guest's call, though for some the documentation of the host functions says that the guest
is told: so it is in SpacetimeDB 2.8.3."""


def _with_codes(function: HostFunction, name: str, letters: str) -> Callable[..., int | None]:
    """``function`` with a code as result in the place of a ``HostError``."""
    if not letters.endswith(":i"):
        return function
    ending = _ENDING.get(name, _NEVER_TOLD)

    def call(*arguments: int) -> int | None:
        try:
            return function(*arguments)
        except HostError as error:
            if error.code in ending:
                raise
            return error.code

    return call
