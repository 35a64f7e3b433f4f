"""Whether bytes that a guest gives are what its tables hold: rows, keys and relations come from outside."""

from __future__ import annotations

from collections.abc import Callable

from stdbpy.engine.store.building import FIRST_USER_ID
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.errors import DecodeError, HostError
from stdbpy.module.host import Errno
from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.failures import READING_FAILURES

_BOUNDED, _UNBOUNDED = (b"\0", b"\1"), b"\2"


class RowChecks:
    """Checks for the tables of one store. All raise ``HostError`` ``BSATN_DECODE_ERROR``.

    As on the real server, bytes behind a value are left out, but for rows that all have the same size.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._codecs: dict[int, Codec[object]] = {}
        self._readers: dict[int, Callable[[bytes], object]] = {}

    def row(self, table_id: int, row: bytes) -> bytes:
        """The row of that table which ``row`` is. Raises ``HostError`` ``NO_SUCH_TABLE``, too."""
        reader = self._readers.get(table_id) or self._reader(table_id)
        try:
            reader(row)
        except READING_FAILURES:
            return self._cut(table_id, row)
        return row

    def _cut(self, table_id: int, row: bytes) -> bytes:
        codec, table = self._codec(table_id), self._store.tables[table_id]
        try:
            _, end = codec.decode_from(row, 0)
            if s.fixed_size(s.Shapes(table.row_type, table.module.typespace, {}).root) is not None:
                codec.decode(row)
        except DecodeError as error:
            raise _refused(f"That is no row of table {table.name!r}", error) from None
        return row[:end]

    def key(self, index: Index, key: bytes) -> bytes:
        """The key of the index which ``key`` is."""
        try:
            _, end = index.key_type.codec.decode_from(key, 0)
        except DecodeError as error:
            raise _refused(f"That is no key of index {index.name!r}", error) from None
        return key if end == len(key) else key[:end]

    def bounds(
        self, index: Index, prefix: bytes, prefix_elems: int, rstart: bytes, rend: bytes
    ) -> tuple[bytes, bytes, bytes]:
        """The values for the first columns of the index and two bounds for the next, as
        :func:`~stdbpy.engine.host_operations.range_rows` takes them."""
        codecs, end = index.key_type.column_codecs, 0
        try:
            for codec in codecs[:prefix_elems]:
                _, end = codec.decode_from(prefix, end)
            bounds = [_cut_bound(bound, codecs[prefix_elems]) for bound in (rstart, rend)]
        except DecodeError as error:
            raise _refused(f"Those are no bounds of index {index.name!r}", error) from None
        except IndexError:
            raise HostError(Errno.BSATN_DECODE_ERROR, f"Index {index.name!r} has fewer columns") from None
        return prefix[:end], bounds[0], bounds[1]

    def relation(self, table_id: int, relation: bytes) -> list[bytes]:
        """The rows of an array of rows."""
        decode_from = self._codec(table_id).decode_from
        rows, offset = [], 4
        try:
            if len(relation) < offset:
                raise DecodeError("the number of rows is missing", offset=0, expected="an array")
            for _ in range(int.from_bytes(relation[:offset], "little")):
                start = offset
                _, offset = decode_from(relation, start)
                rows.append(relation[start:offset])
        except DecodeError as error:
            raise _refused(f"Those are no rows of table {self._name(table_id)!r}", error) from None
        return rows

    def expect_table(self, table_id: int) -> None:
        """Raises ``HostError`` ``NO_SUCH_TABLE`` for what is no table of the module: one of the database's own, which
        it cannot change here, or the rows of a view."""
        if table_id not in self._store.tables or table_id < FIRST_USER_ID:
            raise HostError(Errno.NO_SUCH_TABLE, f"No table has the number {table_id}")

    def _reader(self, table_id: int) -> Callable[[bytes], object]:
        reader = self._readers[table_id] = self._codec(table_id).reader()
        return reader

    def _codec(self, table_id: int) -> Codec[object]:
        codec = self._codecs.get(table_id)
        if codec is None:
            self.expect_table(table_id)
            table = self._store.tables[table_id]
            codec = self._codecs[table_id] = compile_codec(table.row_type, table.module.typespace)
        return codec

    def _name(self, table_id: int) -> str:
        return self._store.tables[table_id].name


def _cut_bound(bound: bytes, codec: Codec[object]) -> bytes:
    if bound[:1] == _UNBOUNDED:
        return bound[:1]
    if bound[:1] not in _BOUNDED:
        raise DecodeError("a bound starts with 0, 1 or 2", offset=0, expected="a bound")
    _, end = codec.decode_from(bound, 1)
    return bound[:end]


def _refused(what: str, error: DecodeError) -> HostError:
    return HostError(Errno.BSATN_DECODE_ERROR, f"{what}: {error}")
