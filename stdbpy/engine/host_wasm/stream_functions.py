"""The host functions of sources, from which a guest reads what it is given, and of sinks, into which it writes what it
answers."""

from __future__ import annotations

from stdbpy.engine.host_wasm.guest_call import MOST_WRITTEN, GreedyGuestError, GuestCall
from stdbpy.module.host import Errno

_NO_SUCH_BYTES = Errno.NO_SUCH_BYTES.value


class StreamFunctions:
    def __init__(self, call: GuestCall) -> None:
        self._call = call

    def bytes_source_read(self, number: int, buffer: int, buffer_len_at: int) -> int:
        sources = self._call.sources
        source = sources.get(number)
        if source is None:
            return _NO_SUCH_BYTES
        memory = self._call.memory
        room = memory.read_u32(buffer_len_at)
        memory.expect(buffer, room)
        data = source.take(room)
        memory.write(buffer, data)
        memory.write_u32(buffer_len_at, len(data))
        if source.remaining:
            return 0
        del sources[number]
        return -1

    def bytes_source_remaining_length(self, number: int, out: int) -> int:
        source = self._call.sources.get(number)
        if source is None:
            return _NO_SUCH_BYTES
        self._call.memory.write_u32(out, source.remaining)
        return 0

    def bytes_sink_write(self, number: int, buffer: int, buffer_len_at: int) -> int:
        sink = self._call.sinks.get(number)
        if sink is None:
            return _NO_SUCH_BYTES
        memory = self._call.memory
        sink += memory.read(buffer, memory.read_u32(buffer_len_at))
        if len(sink) > MOST_WRITTEN:
            raise GreedyGuestError(f"the module writes more than {MOST_WRITTEN} bytes as an answer")
        return 0
