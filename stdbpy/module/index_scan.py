"""Finding rows by an index: Python keys and ranges become the host's points and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, NoReturn

from stdbpy.errors import EncodeError
from stdbpy.module.bindings import AccessorBinding
from stdbpy.module.stored_rows import StoredRows, within
from stdbpy.sats.failures import WRITING_FAILURES
from stdbpy.sats.ranges import Bound, Range, of_numbers
from stdbpy.schema.model import IndexAlgorithm

_INCLUDED = b"\x00"


class IndexScan:
    __slots__ = ("_decode", "_decode_rows", "_scan_point", "_write", "binding", "id", "rows")

    def __init__(self, rows: StoredRows, binding: AccessorBinding) -> None:
        self.rows = rows
        self.binding = binding
        self.id = rows.host.index_id_from_name(binding.index_name)
        self._decode = rows.table.codec.decode
        self._decode_rows = rows.table.codec.decode_rows
        self._scan_point = rows.host.datastore_index_scan_point_bsatn
        self._write = binding.codecs[0].writer() if len(binding.codecs) == 1 else None
        """Of the only column, if there is one."""

    def find(self, key: tuple[Any, ...]) -> Any:
        """The one row with that key, or ``None``."""
        for chunk in self._scan_point(self.id, self._point(key)):
            if chunk:
                return self._decode(chunk)
        return None

    def filter(self, key: tuple[Any, ...]) -> Iterator[Any]:
        host = self.rows.host
        if self._is_point(key):
            chunks = self._scan_point(self.id, self._point(key))
        else:
            bounds = self._bounds(key)
            chunks = host.datastore_index_scan_range_bsatn(self.id, *bounds) if bounds else ()
        return chain.from_iterable(map(self._decode_rows, chunks))

    def delete(self, key: tuple[Any, ...]) -> int:
        """Deletes what ``filter`` gives; returns how many."""
        host, method = self.rows.host, f"{self.binding.name}.delete"
        if self._is_point(key):
            delete_point = host.datastore_delete_by_index_scan_point_bsatn
            return self.rows.deleted(delete_point, self.id, self._point(key), method=method)
        bounds = self._bounds(key)
        if bounds is None:
            return 0
        return self.rows.deleted(host.datastore_delete_by_index_scan_range_bsatn, self.id, *bounds, method=method)

    # --- keys --------------------------------------------------------------------------------

    def _is_point(self, key: tuple[Any, ...]) -> bool:
        return len(key) == len(self.binding.columns) and not isinstance(key[-1], (Range, range))

    def _point(self, key: tuple[Any, ...]) -> bytes:
        if len(key) != len(self.binding.columns):
            self._refuse_length(key)
        if self._write is not None:
            try:
                return self._write(key[0])
            except WRITING_FAILURES:
                return self._encode(0, key[0])  # which says why
        return b"".join(self._encode(position, value) for position, value in enumerate(key))

    def _bounds(self, key: tuple[Any, ...]) -> tuple[bytes, int, bytes, bytes] | None:
        """Prefix, its number of columns, and the bounds of the next column; ``None`` if nothing can
        lie between them."""
        if not 1 <= len(key) <= len(self.binding.columns):
            self._refuse_length(key)
        if self.binding.algorithm is IndexAlgorithm.HASH:
            name = f"{self.binding.table_name}.{self.binding.name}"
            raise TypeError(f"{name} is a hash index: give a value for each of {', '.join(self.binding.columns)}")
        *equal, last = key
        prefix = b"".join(self._encode(position, value) for position, value in enumerate(equal))
        column = len(equal)
        if isinstance(last, range):
            last = of_numbers(last)
        if not isinstance(last, Range):
            bound = _INCLUDED + self._encode(column, last)
            return prefix, column, bound, bound
        lower, upper = self._bound(column, last.lower), self._bound(column, last.upper)
        return None if last.is_empty else (prefix, column, lower, upper)

    def _bound(self, column: int, bound: Bound[Any] | None) -> bytes:
        if bound is None:
            return b"\x02"
        return (b"\x00" if bound.included else b"\x01") + self._encode(column, bound.value)

    def _encode(self, column: int, value: Any) -> bytes:
        try:
            return self.binding.codecs[column].encode(value)
        except EncodeError as error:
            raise self._does_not_fit(column, value, error) from None

    def _does_not_fit(self, column: int, value: object, error: EncodeError) -> EncodeError:
        if isinstance(value, (Range, range)):
            error.hint = "Ranges are for filter(), as its last value"
        elif isinstance(value, tuple):
            error.hint = _one_by_one(value)
        return within(f"{self.binding.table_name}.{self.binding.columns[column]}", error)

    def _refuse_length(self, key: tuple[Any, ...]) -> NoReturn:
        columns = self.binding.columns
        raise TypeError(
            f"{self.binding.table_name}.{self.binding.name} takes values for {', '.join(columns)}, "
            f"but {len(key)} {'was' if len(key) == 1 else 'were'} given"
            + (f". {_one_by_one(key[0])}" if len(key) == 1 and isinstance(key[0], tuple) else "")
        )


def _one_by_one(values: tuple[Any, ...]) -> str:
    return f"Give the values one by one, not as a tuple: {', '.join(map(repr, values))}"
