"""The host functions that reach beyond the database: values of the environment, and calls that are made later."""

from __future__ import annotations

import re

from stdbpy.engine.host import CallLater
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.errors import HostError
from stdbpy.module.host import Errno

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")


class EnvironmentFunctions:
    def __init__(self, call: GuestCall, later: CallLater) -> None:
        self._call = call
        self._later = later

    def env_get(self, key_at: int, key_len: int, out: int) -> int:
        """Of SpacetimeDB 2.14. No database has values yet."""
        call = self._call
        key = call.memory.read_text(key_at, key_len)
        if call.tx is None and call.world is None:
            raise HostError(Errno.NOT_IN_TRANSACTION, "Values of the environment are for running functions")
        if not _KEY.fullmatch(key):
            raise HostError(Errno.HOST_CALL_FAILURE, f"{key!r} is no name of a value of the environment")
        call.memory.write_u32(out, 0)
        return 0

    def volatile_nonatomic_schedule_immediate(self, name_at: int, name_len: int, args_at: int, args_len: int) -> None:
        memory = self._call.memory
        self._later(memory.read_text(name_at, name_len), memory.read(args_at, args_len))
