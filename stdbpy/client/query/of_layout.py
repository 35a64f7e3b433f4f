"""Tables to start queries at, of a module that no code was generated for."""

from __future__ import annotations

from typing import Any

from stdbpy.protocol.catalog import TableLayout
from stdbpy.query.columns import Column, Columns, IndexedColumn, OpaqueColumn
from stdbpy.query.queries import QueryTable
from stdbpy.query.source import Source
from stdbpy.sats.sql_types import sql_type_of
from stdbpy.sats.types import ProductType, resolve


def query_table(layout: TableLayout) -> QueryTable[Any, Any]:
    """The table as generated code would have it; rows without a class are tuples, whose columns are
    called by their names in SQL."""
    row = resolve(layout.row_type, layout.typespace)
    assert isinstance(row, ProductType), f"rows of {layout.name} are no product"
    types = [sql_type_of(element.type, layout.typespace) for element in row.elements]
    indexed = {index.columns[0] for index in layout.indexes if len(index.columns) == 1}
    attributes = layout.fields or layout.columns
    described = list(zip(attributes, layout.columns, types, strict=True))

    class LayoutColumns(Columns):
        def __init__(self, source: Source) -> None:
            for position, (attribute, name, type) in enumerate(described):
                column: OpaqueColumn
                if type is None:
                    column = OpaqueColumn(source, name)
                elif position in indexed:
                    column = IndexedColumn(source, name, type)
                else:
                    column = Column(source, name, type)
                setattr(self, attribute, column)

    row_type = layout.record.cls or tuple
    return QueryTable(layout.name, row_type, LayoutColumns, is_event=layout.is_event)
