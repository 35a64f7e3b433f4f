"""The host functions that say who is who."""

from __future__ import annotations

from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.engine.results import Caller
from stdbpy.sats.values import ConnectionId, Identity


class IdentityFunctions:
    def __init__(self, call: GuestCall, database: Identity) -> None:
        self._call = call
        self._database = bytes(database)[::-1]

    def identity(self, out: int) -> None:
        self._call.memory.write(out, self._database)

    def get_jwt(self, connection_id_at: int, out: int) -> int:
        call = self._call
        connection_id = call.memory.read(connection_id_at, ConnectionId.SIZE)[::-1]
        call.transaction()
        call.memory.write_u32(out, call.open_source(_claims(call.caller, connection_id)))
        return 0


def _claims(caller: Caller | None, connection_id: bytes) -> bytes:
    if caller is None or caller.claims is None or caller.connection_id != connection_id:
        return b""
    return caller.claims.encode()
