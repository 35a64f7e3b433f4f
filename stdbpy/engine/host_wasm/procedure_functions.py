"""The host functions for procedures and HTTP handlers: transactions that they open themselves, and what takes long."""

from __future__ import annotations

from collections.abc import Callable

from stdbpy.engine.host import ProcedureWorld
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.errors import DecodeError, HostError, HttpFailed
from stdbpy.module.host import Errno
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.values import Timestamp

_SIGN = 1 << 63

_text: Codec[str] = compile_codec(t.Primitive.STRING)


class OutsideOfProcedureError(Exception):
    """A reducer or view wants to do what only procedures can."""


class ProcedureFunctions:
    def __init__(self, call: GuestCall, has_waited: Callable[[], None]) -> None:
        """``has_waited`` is called when the guest goes on after a time that was none of its own."""
        self._call = call
        self._has_waited = has_waited

    def procedure_start_mut_tx(self, out: int) -> int:
        call = self._call
        if call.tx is not None:
            return Errno.WOULD_BLOCK_TRANSACTION.value
        call.tx, timestamp = self._world("open a transaction").begin()
        self._has_waited()
        call.memory.write_u64(out, int(timestamp) % (1 << 64))
        return 0

    def procedure_commit_mut_tx(self) -> int:
        self._own_transaction().commit()
        self._has_waited()
        return 0

    def procedure_abort_mut_tx(self) -> int:
        self._own_transaction().abort()
        self._has_waited()
        return 0

    def _own_transaction(self) -> ProcedureWorld:
        """The world whose transaction ends now."""
        call = self._call
        if call.world is None or call.tx is None:
            raise HostError(Errno.TRANSACTION_NOT_ANONYMOUS, "No transaction was opened that could be ended")
        call.tx = None
        return call.world

    def procedure_sleep_until(self, low: int, high: int) -> int:
        world = self._world("sleep")
        if self._call.tx is not None:
            raise OutsideOfProcedureError("the module wants to sleep in a transaction")
        micros = high << 32 | low
        woken = world.sleep_until(Timestamp(micros - 2 * (micros & _SIGN)))
        self._has_waited()
        return int(woken)

    def procedure_http_request(self, request_at: int, request_len: int, body_at: int, body_len: int, out: int) -> int:
        world, memory = self._world("send an HTTP request"), self._call.memory
        request = memory.read(request_at, request_len)
        body = memory.read(body_at, body_len)
        try:
            response, content = world.http_request(request, body)
        except HttpFailed as failure:
            memory.write_u32(out, self._call.open_source(_text.encode(failure.message)))
            return Errno.HTTP_ERROR.value
        except DecodeError:
            return Errno.BSATN_DECODE_ERROR.value
        finally:
            self._has_waited()
        memory.write_u32(out, self._call.open_source(response))
        memory.write_u32(min(out + 4, 0xFFFFFFFF), self._call.open_source(content))
        return 0

    def _world(self, what: str) -> ProcedureWorld:
        if self._call.world is None:
            raise OutsideOfProcedureError(f"the module wants to {what} outside of procedures and HTTP handlers")
        return self._call.world
