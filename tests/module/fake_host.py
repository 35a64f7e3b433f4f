"""A database in memory, as small as it can be: what modules see of a host, for tests of ``module/``.

Rows are BSATN in a dict per table, in the order of insertion; keys are decoded when they are
compared. Reducers are in no transaction: a test that wants a rollback asks for :meth:`FakeHost.snapshot`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from stdbpy.errors import EncodeError, HostError
from stdbpy.module.host import Errno, LogLevel
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.model import Index, ModuleSchema, Table


@dataclass(frozen=True)
class LogLine:
    level: LogLevel
    target: str | None
    file: str | None
    line: int | None
    message: str


@dataclass
class _Stored:
    prefix: str
    table: Table
    module: ModuleSchema
    codec: Codec
    unique: list[tuple[int, ...]]
    rows: dict[bytes, tuple] = field(default_factory=dict)
    next_number: dict[int, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.prefix + self.table.name


class FakeHost:
    def __init__(self, schema: ModuleSchema) -> None:
        self.schema = schema
        self.logged: list[LogLine] = []
        self.calls: list[str] = []
        """Names looked up, to see that they are looked up once."""
        self.tokens: dict[bytes, bytes] = {}
        """The claims of connections."""
        self.only_reads = False
        """While a view runs."""
        self.now = 0
        """The time that transactions begin at and that sleeping moves on."""
        self.ended: list[str] = []
        """How transactions ended, one after the other."""
        self.failing_commits = 0
        """How many of the next commits fail."""
        self.answers: list[tuple[bytes, bytes] | Exception] = []
        """To the next HTTP requests."""
        self.requests: list[tuple[bytes, bytes]] = []
        self._before: list[dict[bytes, tuple]] | None = None
        self._tables = [
            _Stored(
                prefix,
                table,
                module,
                compile_codec(module.row_type(table), module.typespace),
                [constraint.columns for constraint in table.constraints],
            )
            for prefix, module in schema.walk()
            for table in module.tables
        ]
        self._indexes = [(stored, index) for stored in self._tables for index in stored.table.indexes]

    # --- for tests -----------------------------------------------------------------------------

    def snapshot(self) -> list[dict[bytes, tuple]]:
        return [dict(stored.rows) for stored in self._tables]

    def restore(self, snapshot: list[dict[bytes, tuple]]) -> None:
        for stored, rows in zip(self._tables, snapshot, strict=True):
            stored.rows = rows

    def rows(self, table: str) -> list[tuple]:
        return [row for stored in self._tables if stored.name == table for row in stored.rows.values()]

    # --- Host ----------------------------------------------------------------------------------

    def table_id_from_name(self, name: str) -> int:
        self.calls.append(name)
        for number, stored in enumerate(self._tables):
            if stored.name == name:
                return number
        raise HostError(Errno.NO_SUCH_TABLE, f"no such table: {name}")

    def index_id_from_name(self, name: str) -> int:
        self.calls.append(name)
        for number, (stored, index) in enumerate(self._indexes):
            if stored.prefix + index.name == name:
                return number
        raise HostError(Errno.NO_SUCH_INDEX, f"no such index: {name}")

    def datastore_table_row_count(self, table_id: int) -> int:
        return len(self._tables[table_id].rows)

    def datastore_table_scan_bsatn(self, table_id: int) -> list[bytes]:
        # Two chunks and an empty one, as hosts may give.
        rows = list(self._tables[table_id].rows)
        return [b"".join(rows[:1]), b"", b"".join(rows[1:])]

    def datastore_index_scan_point_bsatn(self, index_id: int, point: bytes) -> list[bytes]:
        stored, index = self._indexes[index_id]
        key = _decode(stored.module, stored.table, index.columns, point)
        return [row for row, values in stored.rows.items() if _key(values, index.columns) == key]

    def datastore_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> list[bytes]:
        stored, index = self._indexes[index_id]
        equal = index.columns[:prefix_elems]
        column = index.columns[prefix_elems]
        key = _decode(stored.module, stored.table, equal, prefix)
        lower, upper = (_decode_bound(stored.module, stored.table, column, bound) for bound in (rstart, rend))
        found = [
            (_key(values, index.columns), row)
            for row, values in stored.rows.items()
            if _key(values, equal) == key and _lies_between(values[column], lower, upper)
        ]
        return [row for _, row in sorted(found)]

    def datastore_delete_by_index_scan_point_bsatn(self, index_id: int, point: bytes) -> int:
        return self._delete(index_id, self.datastore_index_scan_point_bsatn(index_id, point))

    def datastore_delete_by_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> int:
        found = self.datastore_index_scan_range_bsatn(index_id, prefix, prefix_elems, rstart, rend)
        return self._delete(index_id, found)

    def datastore_delete_all_by_eq_bsatn(self, table_id: int, relation: bytes) -> int:
        self._check_that_changes_are_fine()
        stored = self._tables[table_id]
        count = int.from_bytes(relation[:4], "little")
        deleted, offset = 0, 4
        for _ in range(count):
            _, end = stored.codec.decode_from(relation, offset)
            deleted += stored.rows.pop(relation[offset:end], None) is not None
            offset = end
        assert offset == len(relation)
        return deleted

    def datastore_insert_bsatn(self, table_id: int, row: bytes) -> bytes:
        self._check_that_changes_are_fine()
        stored = self._tables[table_id]
        if row in stored.rows:
            return b""
        values, generated = self._numbered(stored, stored.codec.decode(row))
        for columns in stored.unique:
            if any(_key(other, columns) == _key(values, columns) for other in stored.rows.values()):
                raise HostError(Errno.UNIQUE_ALREADY_EXISTS, "value with given unique identifier already exists")
        stored.rows[stored.codec.encode(values)] = values
        return generated

    def datastore_update_bsatn(self, table_id: int, index_id: int, row: bytes) -> bytes:
        self._check_that_changes_are_fine()
        stored, index = self._indexes[index_id]
        assert stored is self._tables[table_id]
        key = _key(stored.codec.decode(row), index.columns)
        old = next((old for old, values in stored.rows.items() if _key(values, index.columns) == key), None)
        if old is None:
            raise HostError(Errno.NO_SUCH_ROW, "the row was not found")
        kept = stored.rows.pop(old)
        try:
            return self.datastore_insert_bsatn(table_id, row)
        except HostError:
            stored.rows[old] = kept
            raise

    def datastore_clear(self, table_id: int) -> int:
        self._check_that_changes_are_fine()
        count = len(self._tables[table_id].rows)
        self._tables[table_id].rows.clear()
        return count

    def console_log(
        self, level: LogLevel, target: str | None, filename: str | None, line_number: int | None, message: str
    ) -> None:
        self.logged.append(LogLine(level, target, filename, line_number, message))

    def identity(self) -> bytes:
        return bytes(32)

    def get_jwt(self, connection_id: bytes) -> bytes | None:
        return self.tokens.get(connection_id)

    def procedure_start_mut_tx(self) -> int:
        self._check_that_nothing_blocks()
        self._before = self.snapshot()
        return self.now

    def procedure_commit_mut_tx(self) -> None:
        if self.failing_commits:
            self.failing_commits -= 1
            self._end("failed", undo=True)
            raise HostError(Errno.HOST_CALL_FAILURE, "the disk is full")
        self._end("committed")

    def procedure_abort_mut_tx(self) -> None:
        self._end("aborted", undo=True)

    def procedure_sleep_until(self, wake_at_micros_since_unix_epoch: int) -> int:
        self._check_that_nothing_blocks()
        self.now = max(self.now, wake_at_micros_since_unix_epoch)
        return self.now

    def procedure_http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        self._check_that_nothing_blocks()
        self.requests.append((request, body))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    # --- inside --------------------------------------------------------------------------------

    def _check_that_nothing_blocks(self) -> None:
        if self._before is not None:
            raise HostError(Errno.WOULD_BLOCK_TRANSACTION, "a transaction is open")

    def _end(self, how: str, *, undo: bool = False) -> None:
        if self._before is None:
            raise HostError(Errno.TRANSACTION_NOT_ANONYMOUS, "no transaction is open")
        if undo:
            self.restore(self._before)
        self._before = None
        self.ended.append(how)

    def _check_that_changes_are_fine(self) -> None:
        if self.only_reads:
            raise HostError(Errno.TRANSACTION_IS_READ_ONLY, "the transaction is read-only")

    def _delete(self, index_id: int, rows: list[bytes]) -> int:
        self._check_that_changes_are_fine()
        stored, _ = self._indexes[index_id]
        for row in rows:
            del stored.rows[row]
        return len(rows)

    def _numbered(self, stored: _Stored, values: tuple) -> tuple[tuple, bytes]:
        generated = b""
        numbered = list(values)
        for sequence in sorted(stored.table.sequences, key=lambda sequence: sequence.column):
            if values[sequence.column] != 0:
                continue
            codec = compile_codec(stored.table.columns[sequence.column].type)
            number = stored.next_number.get(sequence.column, 1)
            stored.next_number[sequence.column] = number + 1
            try:
                generated += codec.encode(number)
            except EncodeError:
                raise HostError(Errno.AUTO_INC_OVERFLOW, "auto-increment sequence overflow") from None
            numbered[sequence.column] = number
        return tuple(numbered), generated


def _key(values: tuple, columns: tuple[int, ...]) -> tuple:
    return tuple(values[column] for column in columns)


def _decode(schema: ModuleSchema, table: Table, columns: tuple[int, ...], data: bytes) -> tuple:
    return tuple(_values(schema, table, columns, data))


def _values(schema: ModuleSchema, table: Table, columns: tuple[int, ...], data: bytes) -> Iterator:
    offset = 0
    for column in columns:
        value, offset = compile_codec(table.columns[column].type, schema.typespace).decode_from(data, offset)
        yield value
    assert offset == len(data)


def _decode_bound(schema: ModuleSchema, table: Table, column: int, bound: bytes) -> tuple[int, object]:
    if bound == b"\x02":
        return 2, None
    [value] = _decode(schema, table, (column,), bound[1:])
    assert bound[0] in (0, 1)
    return bound[0], value


def _lies_between(value, lower: tuple[int, object], upper: tuple[int, object]) -> bool:
    above = lower[0] == 2 or value > lower[1] or (lower[0] == 0 and value == lower[1])
    below = upper[0] == 2 or value < upper[1] or (upper[0] == 0 and value == upper[1])
    return above and below


def index_named(schema: ModuleSchema, name: str) -> Index:
    return next(index for table in schema.tables for index in table.indexes if index.name == name)
