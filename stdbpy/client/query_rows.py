"""What a one-off query gives: rows, for Python or as Arrow, pandas or Polars take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from stdbpy.errors import DecodeError, MissingExtra, ProtocolError, counted
from stdbpy.protocol.cache.row_reading import bsatn_rows
from stdbpy.protocol.catalog import Catalog, TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.types import ProductType, resolve

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

Row = TypeVar("Row")


class QueryRows(Sequence[Row], Generic[Row]):
    """The rows that a query gave, a sequence; they are made when first looked at.

    ``table`` is the table that they are rows of; empty for columns that SQL over HTTP put together.
    :meth:`to_arrow`, :meth:`to_pandas` and :meth:`to_polars` have a column for each of theirs, with types as
    :meth:`to_arrow` says.
    """

    def __init__(self, layout: TableLayout, sent: Sequence[RowList]) -> None:
        self.table = layout.name
        self._layout = layout
        self._sent = sent

    @classmethod
    def read(cls, catalog: Catalog, tables: Sequence[TableRows]) -> QueryRows[Any]:
        """From the server's answer: rows of one table, perhaps in several parts.

        Raises :class:`~stdbpy.errors.ProtocolError` for another answer than a query has.
        """
        names = {part.table for part in tables}
        layout = catalog.tables.get(next(iter(names), ""))
        if layout is None or len(names) != 1:
            named = ", ".join(sorted(names)) or "no table"
            raise ProtocolError(f"The server answered a query with rows of {named}, which the schema does not have")
        return cls(layout, [_binary(layout, part.inserts) for part in tables if part.inserts is not None])

    @classmethod
    def of_json(cls, layout: TableLayout, rows: Sequence[Any]) -> QueryRows[Any]:
        """From SATS-JSON, as ``json.loads`` gives it. Raises :class:`~stdbpy.errors.ProtocolError` for what does
        not fit."""
        try:
            return cls(layout, [RowList.of([layout.json_codec.json_to_bsatn(row) for row in rows])])
        except DecodeError as error:
            raise _unfit(layout, error) from error

    def rows(self) -> list[Row]:
        """The rows, of the class that the client has for them.

        Raises :class:`~stdbpy.errors.ProtocolError` for rows that do not fit the schema, as all other
        ways to look at them do.
        """
        return list(self._rows)

    @cached_property
    def _rows(self) -> list[Row]:
        return self._decoded(self._layout.codec)

    def __len__(self) -> int:
        return sum(map(len, self._sent))

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        return self._rows[at]

    def __repr__(self) -> str:
        return f"<QueryRows of {self.table or ', '.join(self._layout.columns) or 'nothing'}: {len(self)}>"

    def to_arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table; see :mod:`stdbpy.client.arrow_types` for what becomes of each type.

        Raises :class:`~stdbpy.errors.MissingExtra` where pyarrow is not installed.
        """
        try:
            import pyarrow as pa

            from stdbpy.client.arrow_types import arrow_column
        except ImportError as error:
            raise MissingExtra("a result as Arrow", "arrow") from error
        layout = self._layout
        product = resolve(layout.row_type, layout.typespace)
        assert isinstance(product, ProductType), f"rows of {layout.name} are no product"
        # Without the client's classes: what is inside of columns becomes Arrow's structs, not objects.
        plain = self._decoded(compile_codec(layout.row_type, layout.typespace))
        columns = [arrow_column(element.type, layout.typespace) for element in product.elements]
        schema = pa.schema(
            pa.field(name, column.type, nullable=column.is_nullable)
            for name, column in zip(layout.columns, columns, strict=True)
        )
        values = zip(*plain, strict=True) if plain else ((),) * len(columns)
        arrays = [
            pa.array(map(column.convert, of_column), column.type)
            for column, of_column in zip(columns, values, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas data frame whose columns are of Arrow's types: numbers stay exact, and
        where there are missing values, too.

        Raises :class:`~stdbpy.errors.MissingExtra` where pandas or pyarrow is not installed.
        """
        try:
            import pandas as pd
            import pyarrow as _  # noqa: F401  # whose absence is this extra's, not Arrow's
        except ImportError as error:
            raise MissingExtra("a result as a pandas data frame", "pandas") from error
        return self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)

    def to_polars(self) -> polars.DataFrame:
        """The rows as a Polars data frame.

        Raises :class:`~stdbpy.errors.MissingExtra` where Polars or pyarrow is not installed.
        """
        try:
            import polars as pl
            import pyarrow as _  # noqa: F401  # as above
        except ImportError as error:
            raise MissingExtra("a result as a Polars data frame", "polars") from error
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame), "a table becomes a frame, an array would become a series"
        return frame

    def _decoded(self, codec: Codec[Any]) -> list[Any]:
        rows: list[Any] = []
        try:
            for part in self._sent:
                # Rows without any column that takes a byte are told by their number alone.
                decoded = codec.decode_rows(part.data) if part.data else [codec.decode(b"") for _ in range(len(part))]
                if len(decoded) != len(part):
                    raise DecodeError(f"{counted(len(part), 'row')} are announced, but there are {len(decoded)}")
                rows += decoded
        except DecodeError as error:
            raise _unfit(self._layout, error) from error
        return rows


def _binary(layout: TableLayout, rows: RowList | JsonRowList) -> RowList:
    if isinstance(rows, RowList):
        return rows
    try:
        return bsatn_rows(rows, layout.json_codec)
    except DecodeError as error:
        raise _unfit(layout, error) from error


def _unfit(layout: TableLayout, error: DecodeError) -> ProtocolError:
    return ProtocolError(
        f"Rows of the table {layout.name!r} do not fit its columns: {error}",
        hint="Generate the client again, from the schema that the database has now",
    )
