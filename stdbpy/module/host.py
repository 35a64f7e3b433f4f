"""What a host offers a module: the operations of SpacetimeDB's WebAssembly host functions.

A module reaches its database through this Protocol alone, so that it cannot tell whether the
native host or the WebAssembly shim stands behind it. Names, error codes and encodings are those of
``spacetimedb-bindings-sys`` (imports ``spacetime_10.0`` to ``10.6``): rows and keys are BSATN,
tables and indexes are numbers that the host gives out.

Operations raise :class:`stdbpy.errors.HostError` with the ABI's error code.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Protocol


class LogLevel(enum.IntEnum):
    """Levels of ``console_log``."""

    ERROR = 0
    WARN = 1
    INFO = 2
    DEBUG = 3
    TRACE = 4
    PANIC = 101


class Errno(enum.IntEnum):
    """Error codes of the ABI (``spacetimedb-primitives``)."""

    HOST_CALL_FAILURE = 1
    NOT_IN_TRANSACTION = 2
    BSATN_DECODE_ERROR = 3
    NO_SUCH_TABLE = 4
    NO_SUCH_INDEX = 5
    NO_SUCH_ITER = 6
    NO_SUCH_CONSOLE_TIMER = 7
    NO_SUCH_BYTES = 8
    NO_SPACE = 9
    WRONG_INDEX_ALGO = 10
    BUFFER_TOO_SMALL = 11
    UNIQUE_ALREADY_EXISTS = 12
    SCHEDULE_AT_DELAY_TOO_LONG = 13
    INDEX_NOT_UNIQUE = 14
    NO_SUCH_ROW = 15
    AUTO_INC_OVERFLOW = 16
    WOULD_BLOCK_TRANSACTION = 17
    TRANSACTION_NOT_ANONYMOUS = 18
    TRANSACTION_IS_READ_ONLY = 19
    TRANSACTION_IS_MUT = 20
    HTTP_ERROR = 21


class Host(Protocol):
    """The database as the running call sees it."""

    def table_id_from_name(self, name: str) -> int: ...

    def index_id_from_name(self, name: str) -> int: ...

    def datastore_table_row_count(self, table_id: int) -> int: ...

    def datastore_table_scan_bsatn(self, table_id: int) -> Iterable[bytes]:
        """All rows, in chunks; a chunk is one or more whole rows, one after the other. The rows
        are those of this moment: changes made while iterating are not seen."""
        ...

    def datastore_index_scan_point_bsatn(self, index_id: int, point: bytes) -> Iterable[bytes]:
        """Chunks of the rows whose key equals ``point``, the columns' values one after the other."""
        ...

    def datastore_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> Iterable[bytes]:
        """Chunks of the rows whose first ``prefix_elems`` columns equal ``prefix`` and whose next
        column lies between two bounds. A bound is one byte (0 included, 1 excluded, 2 unbounded)
        and, unless unbounded, a value."""
        ...

    def datastore_delete_by_index_scan_point_bsatn(self, index_id: int, point: bytes) -> int:
        """Deletes what the scan would give; returns how many."""
        ...

    def datastore_delete_by_index_scan_range_bsatn(
        self, index_id: int, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> int: ...

    def datastore_delete_all_by_eq_bsatn(self, table_id: int, relation: bytes) -> int:
        """Deletes the rows equal to those of ``relation`` (a BSATN array of rows); returns how many."""
        ...

    def datastore_insert_bsatn(self, table_id: int, row: bytes) -> bytes:
        """Inserts a row; returns the values of the auto-increment columns that were generated,
        one after the other in column order (empty for a table without sequences).
        Inserting a row that is already there, whole, changes nothing."""
        ...

    def datastore_update_bsatn(self, table_id: int, index_id: int, row: bytes) -> bytes:
        """Replaces the row that has the same key in the unique index; returns as insert does."""
        ...

    def datastore_clear(self, table_id: int) -> int:
        """Deletes all rows; returns how many there were."""
        ...

    def console_log(
        self, level: LogLevel, target: str | None, filename: str | None, line_number: int | None, message: str
    ) -> None: ...

    def identity(self) -> bytes:
        """The database's own identity, 32 bytes, least significant first."""
        ...

    def get_jwt(self, connection_id: bytes) -> bytes | None:
        """The claims of the connection's token as JSON text, or ``None``."""
        ...

    def env_get(self, key: str) -> str | None:
        """A declared value of the database's environment, ``None`` for an optional one that is not there."""
        ...

    # --- procedures and HTTP handlers ----------------------------------------------------------

    def procedure_start_mut_tx(self) -> int:
        """Opens a transaction, waiting until no other is open; its time in microseconds since 1970."""
        ...

    def procedure_commit_mut_tx(self) -> None: ...

    def procedure_abort_mut_tx(self) -> None: ...

    def procedure_sleep_until(self, wake_at_micros_since_unix_epoch: int) -> int:
        """Returns at that time or later, with what time it is then."""
        ...

    def procedure_http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        """Sends a request and gives the answer: what comes before the body (see
        :mod:`stdbpy.schema.http`), and the body. Raises ``HttpFailed`` if there is none."""
        ...
