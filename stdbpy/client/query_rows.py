"""The rows of a one-off query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import msgspec

from stdbpy.errors import ProtocolError, SatsError
from stdbpy.protocol.catalog import Catalog
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import JsonRowList

Row = TypeVar("Row")


class QueryRows(Sequence[Row], Generic[Row]):
    """The rows that a query gave, in the server's order; they are of one table, ``table``."""

    __slots__ = ("_rows", "table")

    def __init__(self, table: str, rows: list[Row]) -> None:
        self.table = table
        self._rows = rows

    @classmethod
    def read(cls, catalog: Catalog, tables: Sequence[TableRows]) -> QueryRows[Any]:
        """Decodes what the server sent. Raises :class:`ProtocolError` for rows that do not fit the schema."""
        name = tables[0].table if tables else ""
        rows: list[Any] = []
        for sent in tables:
            layout = catalog.tables.get(sent.table)
            if layout is None:
                raise ProtocolError(f"the server sent rows of {sent.table!r}, a table that the schema does not have")
            if sent.inserts is None:
                continue
            try:
                if isinstance(sent.inserts, JsonRowList):
                    rows += [layout.json_codec.from_json(msgspec.json.decode(row)) for row in sent.inserts.rows]
                else:
                    rows += layout.codec.decode_rows(sent.inserts.data)
            except SatsError as error:
                raise ProtocolError(f"rows of {sent.table!r} do not fit its columns: {error}") from error
        return QueryRows(name, rows)

    def rows(self) -> list[Row]:
        return list(self._rows)

    @overload
    def __getitem__(self, position: int) -> Row: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Row]: ...
    def __getitem__(self, position: int | slice) -> Row | Sequence[Row]:
        return self._rows[position]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {self.table!r}>"
