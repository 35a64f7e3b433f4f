"""The host functions that read and change tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stdbpy.engine.host_operations import expect_delay, generated_values, range_rows
from stdbpy.engine.host_wasm.guest_call import GuestCall
from stdbpy.engine.host_wasm.memory import BadPointerError
from stdbpy.engine.host_wasm.resources import RowIterator
from stdbpy.engine.host_wasm.row_checks import RowChecks
from stdbpy.engine.schedules import ScheduledTable
from stdbpy.engine.system_tables.definitions import ENVIRONMENT, INDEX_IDS, SYSTEM, TABLE_IDS
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError
from stdbpy.module.host import Errno

_ENVIRONMENT = TABLE_IDS[ENVIRONMENT]
_ENVIRONMENT_INDEX = INDEX_IDS[SYSTEM.tables_by_name[ENVIRONMENT].indexes[0].name]

_MOST_COLUMNS = 0xFFFF

_NO_SUCH_TABLE, _NO_SUCH_INDEX = Errno.NO_SUCH_TABLE.value, Errno.NO_SUCH_INDEX.value
_NO_SUCH_ITER, _BUFFER_TOO_SMALL = Errno.NO_SUCH_ITER.value, Errno.BUFFER_TOO_SMALL.value


class DatastoreFunctions:
    def __init__(self, call: GuestCall, checks: RowChecks, scheduled: Mapping[int, ScheduledTable]) -> None:
        self._call = call
        self._checks = checks
        self._scheduled = scheduled

    # --- names -------------------------------------------------------------------------------

    def table_id_from_name(self, name_at: int, name_len: int, out: int) -> int:
        call = self._call
        id = call.transaction().table_id(call.memory.read_text(name_at, name_len))
        if id is None:
            return _NO_SUCH_TABLE
        call.memory.write_u32(out, id)
        return 0

    def index_id_from_name(self, name_at: int, name_len: int, out: int) -> int:
        call = self._call
        id = call.transaction().index_id(call.memory.read_text(name_at, name_len))
        if id is None:
            return _NO_SUCH_INDEX
        call.memory.write_u32(out, id)
        return 0

    # --- reading -----------------------------------------------------------------------------

    def datastore_table_row_count(self, table_id: int, out: int) -> int:
        self._call.memory.write_u64(out, self._readable(table_id).row_count(table_id))
        return 0

    def datastore_table_scan_bsatn(self, table_id: int, out: int) -> int:
        return self._iterate(self._readable(table_id).scan(table_id), out)

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

    def _readable(self, table_id: int) -> Transaction:
        """Values of the environment can be read by ``env_get`` alone."""
        tx = self._call.transaction()
        if table_id == _ENVIRONMENT:
            raise HostError(Errno.NO_SUCH_TABLE, f"No table has the number {table_id}")
        return tx

    def _searchable(self, index_id: int) -> Transaction:
        tx = self._call.transaction()
        if index_id == _ENVIRONMENT_INDEX:
            raise HostError(Errno.NO_SUCH_INDEX, f"No index has the number {index_id}")
        return tx

    def _point(self, index_id: int, point_at: int, point_len: int) -> Iterator[bytes]:
        point = self._call.memory.read(point_at, point_len)
        tx = self._searchable(index_id)
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
        memory = self._call.memory
        prefix = memory.read(prefix_at, prefix_len) if prefix_elems else b""
        rstart = memory.read(rstart_at, rstart_len)
        rend = memory.read(rend_at, rend_len)
        tx = self._searchable(index_id)
        index = tx.index(index_id)
        if not index.has_order:
            raise HostError(Errno.WRONG_INDEX_ALGO, f"Index {index.name!r} is a hash index: it has no ranges")
        prefix, rstart, rend = self._checks.bounds(index, prefix, prefix_elems, rstart, rend)
        return range_rows(tx, index_id, prefix, prefix_elems, rstart, rend)

    def _iterate(self, rows: Iterator[bytes], out: int) -> int:
        self._call.memory.write_u32(out, self._call.open_iterator(RowIterator(rows)))
        return 0

    def row_iter_bsatn_advance(self, number: int, buffer: int, buffer_len_at: int) -> int:
        call = self._call
        rows = call.iterators.get(number)
        if rows is None:
            return _NO_SUCH_ITER
        memory = call.memory
        room = memory.read_u32(buffer_len_at)
        memory.expect(buffer, room)
        taken = rows.take(room)
        if rows.is_exhausted:
            call.iterators.take(number)
            result = -1
        elif not taken:
            memory.write_u32(buffer_len_at, rows.next_size)
            return _BUFFER_TOO_SMALL
        else:
            result = 0
        memory.write(buffer, taken)
        memory.write_u32(buffer_len_at, len(taken))
        return result

    def row_iter_bsatn_close(self, number: int) -> int:
        return 0 if self._call.iterators.take(number) is not None else _NO_SUCH_ITER

    # --- changing ----------------------------------------------------------------------------

    def datastore_insert_bsatn(self, table_id: int, row_at: int, row_len_at: int) -> int:
        memory = self._call.memory
        row = memory.read(row_at, memory.read_u32(row_len_at))
        tx = self._call.transaction()
        row = self._checked(table_id, row)
        return self._give_generated(tx, table_id, row, tx.insert(table_id, row), row_at, row_len_at)

    def datastore_update_bsatn(self, table_id: int, index_id: int, row_at: int, row_len_at: int) -> int:
        memory = self._call.memory
        row = memory.read(row_at, memory.read_u32(row_len_at))
        tx = self._call.transaction()
        row = self._checked(table_id, row)
        return self._give_generated(tx, table_id, row, tx.update(table_id, index_id, row), row_at, row_len_at)

    def _give_generated(
        self, tx: Transaction, table_id: int, row: bytes, stored: bytes, row_at: int, row_len_at: int
    ) -> int:
        """Writes over the row what the database has generated of it, and how long that is over its length."""
        generated = b"" if stored is row else generated_values(tx.table(table_id), row, stored)
        memory = self._call.memory
        if generated:
            memory.write(row_at, generated)
        memory.write_u32(row_len_at, len(generated))
        return 0

    def _checked(self, table_id: int, row: bytes) -> bytes:
        row = self._checks.row(table_id, row)
        if table_id in self._scheduled:
            expect_delay(self._scheduled[table_id], row, self._call.timestamp)
        return row

    def datastore_delete_by_index_scan_point_bsatn(self, index_id: int, point_at: int, point_len: int, out: int) -> int:
        return self._delete_found(index_id, self._point(index_id, point_at, point_len), out)

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
        return self._delete_found(index_id, rows, out)

    datastore_delete_by_btree_scan_bsatn = datastore_delete_by_index_scan_range_bsatn

    def datastore_delete_all_by_eq_bsatn(self, table_id: int, relation_at: int, relation_len: int, out: int) -> int:
        relation = self._call.memory.read(relation_at, relation_len)
        self._call.transaction()
        return self._delete(table_id, self._checks.relation(table_id, relation), out)

    def _delete_found(self, index_id: int, rows: Iterator[bytes], out: int) -> int:
        table_id = self._call.transaction().table_of_index(index_id).id
        self._checks.expect_table(table_id)
        return self._delete(table_id, list(rows), out)

    def _delete(self, table_id: int, rows: list[bytes], out: int) -> int:
        delete = self._call.transaction().delete
        self._call.memory.write_u32(out, sum([delete(table_id, row) for row in rows]))
        return 0

    def datastore_clear(self, table_id: int, out: int) -> int:
        tx = self._call.transaction()
        self._checks.expect_table(table_id)
        self._call.memory.write_u64(out, tx.clear(table_id))
        return 0
