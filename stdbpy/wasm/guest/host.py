"""The server's host functions as modules know them: :class:`stdbpy.module.host.Host` inside WebAssembly."""

from __future__ import annotations

import copy
from typing import NoReturn

from stdbpy.errors import HostError
from stdbpy.module.host import Errno, LogLevel
from stdbpy.module.tracebacks import encodable
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.guest.lower_levels import RangesForPoints, delete_all
from stdbpy.wasm.guest.shim import Shim


class WasmHost:
    """The database of this instance.

    Where rows pass, nothing is between the module's code and the builtin functions: they are attributes. What
    SpacetimeDB 2.8.3 does not refuse though nothing good comes of it (changes by views, waiting in a transaction)
    is refused here, with the error codes of the native host.
    """

    def __init__(self, shim: Shim, level: AbiLevel, schema: ModuleSchema) -> None:
        self._shim = shim
        self._level = level
        self.may_wait = False
        """Whether a procedure or HTTP handler runs."""
        self._is_in_transaction = False
        """Of a procedure."""
        self.table_id_from_name = shim.table_id_from_name
        self.index_id_from_name = shim.index_id_from_name
        self.datastore_table_row_count = shim.datastore_table_row_count
        self.datastore_table_scan_bsatn = shim.datastore_table_scan_bsatn
        self.datastore_index_scan_point_bsatn = shim.datastore_index_scan_point_bsatn
        self.datastore_index_scan_range_bsatn = shim.datastore_index_scan_range_bsatn
        self.datastore_delete_by_index_scan_point_bsatn = shim.datastore_delete_by_index_scan_point_bsatn
        self.datastore_delete_by_index_scan_range_bsatn = shim.datastore_delete_by_index_scan_range_bsatn
        self.datastore_delete_all_by_eq_bsatn = shim.datastore_delete_all_by_eq_bsatn
        self.datastore_insert_bsatn = shim.datastore_insert_bsatn
        self.datastore_update_bsatn = shim.datastore_update_bsatn
        self.identity = shim.identity
        if level < AbiLevel.V10_4:
            points = RangesForPoints(shim, schema)
            self.index_id_from_name = points.index_id_from_name
            self.datastore_index_scan_point_bsatn = points.scan
            self.datastore_delete_by_index_scan_point_bsatn = points.delete

    def for_views(self) -> WasmHost:
        """The same database, to read from."""
        host = copy.copy(self)
        host.may_wait = False
        for change in _CHANGES:
            setattr(host, change, _refuse_change)
        return host

    def console_log(
        self, level: LogLevel, target: str | None, filename: str | None, line_number: int | None, message: str
    ) -> None:
        self._shim.console_log(level, target, filename, line_number, encodable(message))

    def datastore_clear(self, table_id: int) -> int:
        # SpacetimeDB 2.8.3 counts rows again that the same transaction has deleted before.
        count = self._shim.datastore_table_row_count(table_id)
        if self._level >= AbiLevel.V10_5:
            self._shim.datastore_clear(table_id)
        else:
            delete_all(self._shim, table_id, count)
        return count

    def get_jwt(self, connection_id: bytes) -> bytes | None:
        self._expect(AbiLevel.V10_2, "claims of tokens")
        return self._shim.get_jwt(connection_id)

    def env_get(self, key: str) -> str | None:
        self._expect(AbiLevel.V10_6, "values of the environment")
        return self._shim.env_get(key)

    def _expect(self, level: AbiLevel, what: str) -> None:
        if self._level < level:
            raise HostError(
                Errno.HOST_CALL_FAILURE,
                f"the module was built for servers of ABI level {self._level}, which know no {what}",
                hint=f"Build it for level {level} or higher, which takes {level.servers}",
            )

    # --- procedures and HTTP handlers ----------------------------------------------------------

    def begin_waiting(self) -> None:
        """A call of a procedure or HTTP handler begins."""
        self.may_wait = True
        self._is_in_transaction = False

    def end_waiting(self) -> None:
        self.may_wait = self._is_in_transaction = False

    def procedure_start_mut_tx(self) -> int:
        self._expect_no_transaction()
        now = self._shim.procedure_start_mut_tx()
        self._is_in_transaction = True
        self._shim.set_clock(now)
        return now

    def procedure_commit_mut_tx(self) -> None:
        self._is_in_transaction = False
        self._shim.procedure_commit_mut_tx()

    def procedure_abort_mut_tx(self) -> None:
        self._is_in_transaction = False
        self._shim.procedure_abort_mut_tx()

    def procedure_sleep_until(self, wake_at_micros_since_unix_epoch: int) -> int:
        self._expect_no_transaction()
        now = self._shim.procedure_sleep_until(wake_at_micros_since_unix_epoch)
        self._shim.set_clock(now)
        return now

    def procedure_http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        self._expect_no_transaction()
        return self._shim.procedure_http_request(request, body)

    def _expect_no_transaction(self) -> None:
        if not self.may_wait:
            raise HostError(
                Errno.WOULD_BLOCK_TRANSACTION,
                "Only a procedure or an HTTP handler can wait and open transactions, and only while it runs",
                hint="Keep no context when the function returns.",
            )
        if self._is_in_transaction:
            raise HostError(Errno.WOULD_BLOCK_TRANSACTION, "A transaction is open, for whose end everybody else waits")


_CHANGES = (
    "datastore_delete_by_index_scan_point_bsatn",
    "datastore_delete_by_index_scan_range_bsatn",
    "datastore_delete_all_by_eq_bsatn",
    "datastore_insert_bsatn",
    "datastore_update_bsatn",
    "datastore_clear",
)


def _refuse_change(*_: object) -> NoReturn:
    raise HostError(Errno.TRANSACTION_IS_READ_ONLY, "The transaction is only there to read")
