"""The host functions that reach beyond the database: values of the environment, and calls that are made later."""

from __future__ import annotations

from stdbpy.engine.host import CallLater
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.errors import HostError
from stdbpy.module.host import Errno


class EnvironmentFunctions:
    def __init__(self, call: GuestCall, later: CallLater) -> None:
        self._call = call
        self._later = later

    def env_get(self, key_at: int, key_len: int, out: int) -> int:
        """No database has values yet."""
        call = self._call
        call.memory.read_text(key_at, key_len)
        if call.tx is None and call.world is None:
            raise HostError(Errno.NOT_IN_TRANSACTION, "Values of the environment are for running functions")
        call.memory.write_u32(out, 0)
        return 0

    def volatile_nonatomic_schedule_immediate(self, name_at: int, name_len: int, args_at: int, args_len: int) -> None:
        memory = self._call.memory
        self._later(memory.read_text(name_at, name_len), memory.read(args_at, args_len))
