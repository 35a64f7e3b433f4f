"""What Python modules can do to the database that they run in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from stdbpy.engine.environment import read_value
from stdbpy.engine.host import ProcedureWorld
from stdbpy.engine.host_operations import expect_delay, generated_values, range_rows
from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.schedules import ScheduledTable
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError
from stdbpy.module.host import Errno, LogLevel
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.time_limit import TimeLimit

_ROWS_PER_CHUNK = 1024

_ONE = (1).to_bytes(4, "little")


class NativeHost:
    """The operations of the WebAssembly host functions (:class:`stdbpy.module.host.Host`) on the
    transaction of the running call. Rows are taken as they are: the module's codecs made them."""

    def __init__(self, store: Store, identity: Identity, logs: LogStore, limit: TimeLimit) -> None:
        self._limit = limit
        self._store = store
        self._identity = bytes(identity)[::-1]
        self._logs = logs
        self._scheduled = {table.id: ScheduledTable(table) for table in store.tables.values() if table.is_scheduled}
        self._row_codecs: dict[int, Codec[object]] = {}
        self.tx: Transaction | None = None
        """Of the reducer or view that runs."""
        self.world: ProcedureWorld | None = None
        """Of the procedure or HTTP handler that runs."""
        self.caller: Caller | None = None
        self.function: str | None = None
        self.timestamp = Timestamp(0)

    def _running(self) -> Transaction:
        if self.tx is not None:
            return self.tx
        if self.world is None:
            raise HostError(
                Errno.NOT_IN_TRANSACTION,
                "Tables can only be used while a function of the module runs",
                hint="Keep no context, table or iterator when the function returns.",
            )
        tx = self.world.tx
        if tx is None:
            raise HostError(
                Errno.NOT_IN_TRANSACTION,
                "Tables can only be used in a transaction, and none is open",
                hint="Open one: with ctx.transaction() as tx, and keep nothing of it behind its end.",
            )
        return tx

    def _world(self) -> ProcedureWorld:
        if self.world is None:
            raise HostError(
                Errno.WOULD_BLOCK_TRANSACTION if self.tx is not None else Errno.NOT_IN_TRANSACTION,
                "Only a procedure or an HTTP handler can wait and open transactions, and only while it runs",
                hint="Keep no context when the function returns.",
            )
        return self.world

    # --- names -------------------------------------------------------------------------------

    def table_id_from_name(self, name: str) -> int:
        id = self._store.table_id(name)
        if id is None:
            raise HostError(Errno.NO_SUCH_TABLE, f"There is no table {name!r}")
        return id

    def index_id_from_name(self, name: str) -> int:
        id = self._store.index_id(name)
        if id is None:
            raise HostError(Errno.NO_SUCH_INDEX, f"There is no index {name!r}")
        return id

    # --- reading -----------------------------------------------------------------------------

    def datastore_table_row_count(self, table_id: int) -> int:
        return self._running().row_count(table_id)

    def datastore_table_scan_bsatn(self, table_id: int) -> Iterable[bytes]:
        return _chunks(self._running().scan(table_id))

    def datastore_index_scan_point_bsatn(self, index_id: int, point: bytes) -> Iterable[bytes]:
        return _chunks(self._running().index_point_bsatn(index_id, point))

    def datastore_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> Iterable[bytes]:
        return _chunks(range_rows(self._running(), index_id, prefix, prefix_elems, rstart, rend))

    # --- changing ----------------------------------------------------------------------------

    def datastore_insert_bsatn(self, table_id: int, row: bytes) -> bytes:
        tx = self.tx or self._running()
        if table_id in self._scheduled:
            expect_delay(self._scheduled[table_id], row, self.timestamp)
        stored = tx.insert(table_id, row)
        return b"" if stored is row else generated_values(tx.table(table_id), row, stored)

    def datastore_update_bsatn(self, table_id: int, index_id: int, row: bytes) -> bytes:
        tx = self._running()
        if table_id in self._scheduled:
            expect_delay(self._scheduled[table_id], row, self.timestamp)
        stored = tx.update(table_id, index_id, row)
        return b"" if stored is row else generated_values(tx.table(table_id), row, stored)

    def datastore_delete_by_index_scan_point_bsatn(self, index_id: int, point: bytes) -> int:
        tx = self._running()
        return self._delete(tx.table_of_index(index_id).id, list(tx.index_point_bsatn(index_id, point)))

    def datastore_delete_by_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> int:
        tx = self._running()
        rows = list(range_rows(tx, index_id, prefix, prefix_elems, rstart, rend))
        return self._delete(tx.table_of_index(index_id).id, rows)

    def datastore_delete_all_by_eq_bsatn(self, table_id: int, relation: bytes) -> int:
        if relation[:4] == _ONE:
            return self._delete(table_id, [relation[4:]])
        table = self._running().table(table_id)
        codec = self._row_codecs.get(table_id)
        if codec is None:
            codec = self._row_codecs[table_id] = compile_codec(table.row_type, table.module.typespace)
        rows, offset = [], 4
        for _ in range(int.from_bytes(relation[:4], "little")):
            start = offset
            _, offset = codec.decode_from(relation, offset)
            rows.append(relation[start:offset])
        return self._delete(table_id, rows)

    def _delete(self, table_id: int, rows: Collection[bytes]) -> int:
        tx = self._running()
        return sum([tx.delete(table_id, row) for row in rows])

    def datastore_clear(self, table_id: int) -> int:
        return self._running().clear(table_id)

    # --- the rest ----------------------------------------------------------------------------

    def console_log(
        self, level: LogLevel, target: str | None, filename: str | None, line_number: int | None, message: str
    ) -> None:
        self._logs.write(
            level, message, target=target, filename=filename, line_number=line_number, function=self.function
        )

    def identity(self) -> bytes:
        return self._identity

    def get_jwt(self, connection_id: bytes) -> bytes | None:
        caller = self.caller
        if caller is None or caller.claims is None or caller.connection_id is None:
            return None
        return caller.claims.encode() if connection_id == bytes(caller.connection_id)[::-1] else None

    def env_get(self, key: str) -> str | None:
        if self.tx is not None:
            return read_value(self.tx, key)
        if self.world is None:
            raise HostError(
                Errno.NOT_IN_TRANSACTION,
                "Values of the environment are there while a function of the module runs",
                hint="Keep no context when the function returns.",
            )
        return self.world.env_get(key)

    # --- procedures and HTTP handlers ----------------------------------------------------------

    def procedure_start_mut_tx(self) -> int:
        with self._limit.waiting():
            _, self.timestamp = self._world().begin()
        return int(self.timestamp)

    def procedure_commit_mut_tx(self) -> None:
        with self._limit.waiting():
            self._world().commit()

    def procedure_abort_mut_tx(self) -> None:
        with self._limit.waiting():
            self._world().abort()

    def procedure_sleep_until(self, wake_at_micros_since_unix_epoch: int) -> int:
        with self._limit.waiting():
            return int(self._world().sleep_until(Timestamp(wake_at_micros_since_unix_epoch)))

    def procedure_http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        with self._limit.waiting():
            return self._world().http_request(request, body)


def _chunks(rows: Iterator[bytes]) -> Iterable[bytes]:
    """The rows of this moment, some together."""
    found = list(rows)
    if len(found) <= 1:
        return found
    return (b"".join(found[start : start + _ROWS_PER_CHUNK]) for start in range(0, len(found), _ROWS_PER_CHUNK))
