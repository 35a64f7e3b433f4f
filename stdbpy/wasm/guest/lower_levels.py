"""What servers of lower ABI levels have no host functions for, done with those that they have."""

from __future__ import annotations

from collections.abc import Iterable

from stdbpy.module.host import Host
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.schema.model import ModuleSchema, Table

_INCLUDED = b"\x00"


class RangesForPoints:
    """Below 10.4: a point is the range from its last value to itself, behind a prefix of the others.

    Only indexes with an order have ranges, so hash indexes need level 10.4.
    """

    def __init__(self, host: Host, schema: ModuleSchema) -> None:
        self._host = host
        self._columns = {
            prefix + index.name: (module, table, index.columns[:-1])
            for prefix, module in schema.walk()
            for table in module.tables
            for index in table.indexes
        }
        self._prefixes: dict[int, list[Codec[object]]] = {}
        """By the number of an index: its columns but the last."""

    def index_id_from_name(self, name: str) -> int:
        id = self._host.index_id_from_name(name)
        if id not in self._prefixes:
            self._prefixes[id] = _codecs(*self._columns[name])
        return id

    def scan(self, index_id: int, point: bytes) -> Iterable[bytes]:
        return self._host.datastore_index_scan_range_bsatn(index_id, *self._range(index_id, point))

    def delete(self, index_id: int, point: bytes) -> int:
        return self._host.datastore_delete_by_index_scan_range_bsatn(index_id, *self._range(index_id, point))

    def _range(self, index_id: int, point: bytes) -> tuple[bytes, int, bytes, bytes]:
        prefix = self._prefixes[index_id]
        end = 0
        for codec in prefix:
            _, end = codec.decode_from(point, end)
        bound = _INCLUDED + point[end:]
        return point[:end], len(prefix), bound, bound


def _codecs(module: ModuleSchema, table: Table, columns: tuple[int, ...]) -> list[Codec[object]]:
    return [compile_codec(table.columns[position].type, module.typespace) for position in columns]


def delete_all(host: Host, table_id: int, count: int) -> None:
    """Below 10.5: deletes the rows of a table, ``count`` of them, by what they are, so it has to read them."""
    relation = count.to_bytes(4, "little") + b"".join(host.datastore_table_scan_bsatn(table_id))
    host.datastore_delete_all_by_eq_bsatn(table_id, relation)
