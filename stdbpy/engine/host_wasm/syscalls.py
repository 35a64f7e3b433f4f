"""The host functions, ``spacetime_10.0`` to ``spacetime_10.5``, for one instance of a module.

Each takes the numbers that the guest gave. What SpacetimeDB answers with an error code is returned or raised as
``HostError``; anything else that is raised ends the guest's call, as traps do there. In which order a function looks
at what it was given is that of SpacetimeDB 2.8.3, which decides about the error that a guest sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from stdbpy.engine.host_operations import expect_delay, generated_values, range_rows
from stdbpy.engine.host_wasm.memory import BadPointerError, GuestMemory
from stdbpy.engine.host_wasm.resources import RowIterator, Slab, Source
from stdbpy.engine.host_wasm.row_checks import RowChecks
from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.schedules import ScheduledTable
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError
from stdbpy.module.host import Errno, LogLevel
from stdbpy.sats.values import Identity, Timestamp

_NONE = 0xFFFFFFFF
"""The line number that is none."""

_MOST_COLUMNS = 0xFFFF
_LEVELS = {level.value: level for level in LogLevel}

_NO_SUCH_ITER, _NO_SUCH_BYTES = Errno.NO_SUCH_ITER.value, Errno.NO_SUCH_BYTES.value


@dataclass(frozen=True, slots=True)
class _Timer:
    name: str
    started: float


class Syscalls:
    """Functions for :mod:`signatures` to be found by name, and what they work on."""

    memory: GuestMemory

    def __init__(self, store: Store, identity: Identity, logs: LogStore) -> None:
        self._store = store
        self._identity = bytes(identity)[::-1]
        self._logs = logs
        self._checks = RowChecks(store)
        self._scheduled = {table.id: ScheduledTable(table) for table in store.tables.values() if table.is_scheduled}
        self._sources: dict[int, Source] = {}
        self._sinks: dict[int, bytearray] = {}
        self._iterators: Slab[RowIterator] = Slab()
        self._timers: Slab[_Timer] = Slab()
        self.tx: Transaction | None = None
        self.caller: Caller | None = None
        self.function: str | None = None
        self.timestamp = Timestamp(0)

    # --- what a call brings and leaves -------------------------------------------------------

    def open_source(self, data: bytes) -> int:
        """The number of a source of ``data``; 0 if that is empty."""
        if not data:
            return 0
        number = len(self._sources) + 1
        while number in self._sources:
            number += 1
        self._sources[number] = Source(data)
        return number

    def open_sink(self) -> int:
        number = len(self._sinks) + 1
        self._sinks[number] = bytearray()
        return number

    def written_to(self, sink: int) -> bytes:
        return bytes(self._sinks[sink])

    def forget_call(self) -> None:
        """Closes all that the guest has left open."""
        self._sources.clear()
        self._sinks.clear()
        self._iterators.clear()
        self.tx = self.caller = self.function = None

    def _running(self) -> Transaction:
        if self.tx is None:
            raise HostError(Errno.NOT_IN_TRANSACTION, "No transaction is open")
        return self.tx

    # --- names -------------------------------------------------------------------------------

    def table_id_from_name(self, name_at: int, name_len: int, out: int) -> int:
        name = self.memory.read_text(name_at, name_len)
        id = self._running().table_id(name)
        if id is None:
            return Errno.NO_SUCH_TABLE.value
        self.memory.write_u32(out, id)
        return 0

    def index_id_from_name(self, name_at: int, name_len: int, out: int) -> int:
        name = self.memory.read_text(name_at, name_len)
        id = self._running().index_id(name)
        if id is None:
            return Errno.NO_SUCH_INDEX.value
        self.memory.write_u32(out, id)
        return 0

    # --- reading -----------------------------------------------------------------------------

    def datastore_table_row_count(self, table_id: int, out: int) -> int:
        self.memory.write_u64(out, self._running().row_count(table_id))
        return 0

    def datastore_table_scan_bsatn(self, table_id: int, out: int) -> int:
        return self._iterate(self._running().scan(table_id), out)

    def datastore_index_scan_point_bsatn(self, index_id: int, point_at: int, point_len: int, out: int) -> int:
        return self._iterate(self._point(index_id, point_at, point_len), out)

    def datastore_index_scan_range_bsatn(
        self,
        index_id: int,
        prefix_at: int,
        prefix_len: int,
        prefix_elems: int,
        rstart_at: int,
        rstart_len: int,
        rend_at: int,
        rend_len: int,
        out: int,
    ) -> int:
        rows = self._range(index_id, prefix_at, prefix_len, prefix_elems, rstart_at, rstart_len, rend_at, rend_len)
        return self._iterate(rows, out)

    datastore_btree_scan_bsatn = datastore_index_scan_range_bsatn

    def _point(self, index_id: int, point_at: int, point_len: int) -> Iterator[bytes]:
        point = self.memory.read(point_at, point_len)
        tx = self._running()
        return tx.index_point_bsatn(index_id, self._checks.key(tx.index(index_id), point))

    def _range(
        self,
        index_id: int,
        prefix_at: int,
        prefix_len: int,
        prefix_elems: int,
        rstart_at: int,
        rstart_len: int,
        rend_at: int,
        rend_len: int,
    ) -> Iterator[bytes]:
        if prefix_elems > _MOST_COLUMNS:
            raise BadPointerError(f"a prefix of {prefix_elems} columns was passed to the host")
        prefix = self.memory.read(prefix_at, prefix_len) if prefix_elems else b""
        rstart = self.memory.read(rstart_at, rstart_len)
        rend = self.memory.read(rend_at, rend_len)
        return range_rows(self._running(), index_id, prefix, prefix_elems, rstart, rend)

    def _iterate(self, rows: Iterator[bytes], out: int) -> int:
        self.memory.write_u32(out, self._iterators.add(RowIterator(rows)))
        return 0

    def row_iter_bsatn_advance(self, number: int, buffer: int, buffer_len_at: int) -> int:
        rows = self._iterators.get(number)
        if rows is None:
            return _NO_SUCH_ITER
        memory = self.memory
        room = memory.read_u32(buffer_len_at)
        memory.expect(buffer, room)
        taken = rows.take(room)
        if rows.is_exhausted:
            self._iterators.take(number)
            result = -1
        elif not taken:
            memory.write_u32(buffer_len_at, rows.next_size)
            return Errno.BUFFER_TOO_SMALL.value
        else:
            result = 0
        memory.write(buffer, taken)
        memory.write_u32(buffer_len_at, len(taken))
        return result

    def row_iter_bsatn_close(self, number: int) -> int:
        return 0 if self._iterators.take(number) is not None else _NO_SUCH_ITER

    # --- changing ----------------------------------------------------------------------------

    def datastore_insert_bsatn(self, table_id: int, row_at: int, row_len_at: int) -> int:
        memory = self.memory
        row = memory.read(row_at, memory.read_u32(row_len_at))
        tx = self._running()
        table = tx.table(table_id)
        row = self._checks.row(table, row)
        if table_id in self._scheduled:
            expect_delay(self._scheduled[table_id], row, self.timestamp)
        generated = generated_values(table, row, tx.insert(table_id, row))
        if generated:
            memory.write(row_at, generated)
        memory.write_u32(row_len_at, len(generated))
        return 0

    def datastore_update_bsatn(self, table_id: int, index_id: int, row_at: int, row_len_at: int) -> int:
        memory = self.memory
        row = memory.read(row_at, memory.read_u32(row_len_at))
        tx = self._running()
        table = tx.table(table_id)
        row = self._checks.row(table, row)
        if table_id in self._scheduled:
            expect_delay(self._scheduled[table_id], row, self.timestamp)
        generated = generated_values(table, row, tx.update(table_id, index_id, row))
        if generated:
            memory.write(row_at, generated)
        memory.write_u32(row_len_at, len(generated))
        return 0

    def datastore_delete_by_index_scan_point_bsatn(self, index_id: int, point_at: int, point_len: int, out: int) -> int:
        rows = self._point(index_id, point_at, point_len)
        return self._delete(self._running().table_of_index(index_id).id, list(rows), out)

    def datastore_delete_by_index_scan_range_bsatn(
        self,
        index_id: int,
        prefix_at: int,
        prefix_len: int,
        prefix_elems: int,
        rstart_at: int,
        rstart_len: int,
        rend_at: int,
        rend_len: int,
        out: int,
    ) -> int:
        rows = self._range(index_id, prefix_at, prefix_len, prefix_elems, rstart_at, rstart_len, rend_at, rend_len)
        return self._delete(self._running().table_of_index(index_id).id, list(rows), out)

    datastore_delete_by_btree_scan_bsatn = datastore_delete_by_index_scan_range_bsatn

    def datastore_delete_all_by_eq_bsatn(self, table_id: int, relation_at: int, relation_len: int, out: int) -> int:
        relation = self.memory.read(relation_at, relation_len)
        return self._delete(table_id, self._checks.relation(self._running().table(table_id), relation), out)

    def _delete(self, table_id: int, rows: list[bytes], out: int) -> int:
        tx = self._running()
        self.memory.write_u32(out, sum([tx.delete(table_id, row) for row in rows]))
        return 0

    def datastore_clear(self, table_id: int, out: int) -> int:
        self.memory.write_u64(out, self._running().clear(table_id))
        return 0

    # --- sources and sinks -------------------------------------------------------------------

    def bytes_source_read(self, number: int, buffer: int, buffer_len_at: int) -> int:
        source = self._sources.get(number)
        if source is None:
            return _NO_SUCH_BYTES
        memory = self.memory
        room = memory.read_u32(buffer_len_at)
        memory.expect(buffer, room)
        data = source.take(room)
        memory.write(buffer, data)
        memory.write_u32(buffer_len_at, len(data))
        if source.remaining:
            return 0
        del self._sources[number]
        return -1

    def bytes_source_remaining_length(self, number: int, out: int) -> int:
        source = self._sources.get(number)
        if source is None:
            return _NO_SUCH_BYTES
        self.memory.write_u32(out, source.remaining)
        return 0

    def bytes_sink_write(self, number: int, buffer: int, buffer_len_at: int) -> int:
        sink = self._sinks.get(number)
        if sink is None:
            return _NO_SUCH_BYTES
        memory = self.memory
        sink += memory.read(buffer, memory.read_u32(buffer_len_at))
        return 0

    # --- the log -----------------------------------------------------------------------------

    def console_log(
        self,
        level: int,
        target_at: int,
        target_len: int,
        filename_at: int,
        filename_len: int,
        line_number: int,
        message_at: int,
        message_len: int,
    ) -> None:
        memory = self.memory
        with suppress(BadPointerError):
            target = memory.read_any_text(target_at, target_len) if target_at else None
            filename = memory.read_any_text(filename_at, filename_len) if filename_at else None
            message = memory.read_any_text(message_at, message_len)
            self._logs.write(
                _LEVELS.get(level & 0xFF, LogLevel.DEBUG),
                message,
                target=target,
                filename=filename,
                line_number=None if line_number == _NONE else line_number,
                function=self.function,
            )

    def console_timer_start(self, name_at: int, name_len: int) -> int:
        return self._timers.add(_Timer(self.memory.read_any_text(name_at, name_len), perf_counter()))

    def console_timer_end(self, number: int) -> int:
        timer = self._timers.take(number)
        if timer is None:
            return Errno.NO_SUCH_CONSOLE_TIMER.value
        took = perf_counter() - timer.started
        self._logs.write(LogLevel.INFO, f"Timing span {timer.name!r}: {took:.6f}s", function=self.function)
        return 0

    # --- the rest ----------------------------------------------------------------------------

    def identity(self, out: int) -> None:
        self.memory.write(out, self._identity)

    def get_jwt(self, connection_id_at: int, out: int) -> int:
        connection_id = self.memory.read(connection_id_at, 16)
        self._running()
        caller, number = self.caller, 0
        if caller is not None and caller.claims is not None and _is_of(caller, connection_id):
            number = self.open_source(caller.claims.encode())
        self.memory.write_u32(out, number)
        return 0


def _is_of(caller: Caller, connection_id: bytes) -> bool:
    return caller.connection_id is not None and bytes(caller.connection_id)[::-1] == connection_id
