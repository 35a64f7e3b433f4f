"""The host functions that reach beyond the database: values of the environment, and calls that are made later."""

from __future__ import annotations

from stdbpy.engine.environment import read_value
from stdbpy.engine.host import CallLater
from stdbpy.engine.host_wasm.crashes import CrashedError
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.errors import EngineError, HostError
from stdbpy.module.host import Errno
from stdbpy.schema.environment import NAME_BYTES, is_name
from stdbpy.schema.model import ModuleSchema

_MOST_SOURCES = 256
"""A guest that holds so many sources gets no further value."""


class EnvironmentFunctions:
    def __init__(self, call: GuestCall, schema: ModuleSchema, later: CallLater) -> None:
        self._call = call
        self._outermost = {
            id(entry) for entry in (*schema.reducers, *schema.views, *schema.procedures, *schema.http_handlers)
        }
        self._schema = schema  # keeps those ids
        self._later = later

    def env_get(self, key_at: int, key_len: int, out: int) -> int:
        """Of SpacetimeDB 2.14: a value that the module declares, and must declare."""
        call = self._call
        if not 0 < key_len <= NAME_BYTES or not is_name(key := call.memory.read_text(key_at, key_len)):
            raise HostError(Errno.HOST_CALL_FAILURE, "That is no name of a value of the environment")
        if id(call.entry) not in self._outermost:
            raise CrashedError("only functions of the outermost module read values of the environment")
        value = self._value(key)
        if value is None:
            call.memory.write_u32(out, 0)
            return 0
        if len(call.sources) >= _MOST_SOURCES:
            raise HostError(Errno.NO_SPACE, f"The module holds {_MOST_SOURCES} sources of bytes")
        call.memory.write_u32(out, call.open_present_source(value.encode()))
        return 0

    def _value(self, key: str) -> str | None:
        call = self._call
        try:
            return call.world.env_get(key) if call.world is not None else read_value(call.transaction(), key)
        except EngineError as error:
            raise CrashedError(error.message) from error

    def volatile_nonatomic_schedule_immediate(self, name_at: int, name_len: int, args_at: int, args_len: int) -> None:
        memory = self._call.memory
        self._later(memory.read_text(name_at, name_len), memory.read(args_at, args_len))
