"""Whether bytes that a guest gives are what its tables hold: rows, keys and relations come from outside."""

from __future__ import annotations

from collections.abc import Callable

from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.errors import DecodeError, HostError
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import Codec, compile_codec


class RowChecks:
    """Checks for the tables of one store. All raise ``HostError`` ``BSATN_DECODE_ERROR``."""

    def __init__(self, store: Store) -> None:
        self._codecs: dict[int, Codec[object]] = {
            table.id: compile_codec(table.row_type, table.module.typespace) for table in store.tables.values()
        }

    def row(self, table: Table, row: bytes) -> bytes:
        """``row``, which is one of the table's type."""
        try:
            self._codecs[table.id].decode(row)
        except DecodeError as error:
            raise _refused(f"That is no row of table {table.name!r}", error) from None
        return row

    def key(self, index: Index, key: bytes) -> bytes:
        """``key``, which is one of the index."""
        try:
            index.key_type.codec.decode(key)
        except DecodeError as error:
            raise _refused(f"That is no key of index {index.name!r}", error) from None
        return key

    def relation(self, table: Table, relation: bytes) -> list[bytes]:
        """The rows of an array of rows."""
        decode_from: Callable[[bytes, int], tuple[object, int]] = self._codecs[table.id].decode_from
        rows, offset = [], 4
        try:
            if len(relation) < offset:
                raise DecodeError("the number of rows is missing", offset=0, expected="an array")
            for _ in range(int.from_bytes(relation[:offset], "little")):
                start = offset
                _, offset = decode_from(relation, start)
                rows.append(relation[start:offset])
        except DecodeError as error:
            raise _refused(f"Those are no rows of table {table.name!r}", error) from None
        return rows


def _refused(what: str, error: DecodeError) -> HostError:
    return HostError(Errno.BSATN_DECODE_ERROR, f"{what}: {error}")
