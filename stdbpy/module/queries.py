"""``ctx.query``: where queries start that views return, for the server to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, dataclass_transform

from stdbpy.errors import nearest
from stdbpy.module.bindings import TableBinding
from stdbpy.query import Column, Columns, IndexedColumn, OpaqueColumn, QueryTable, Source
from stdbpy.sats.sql_types import sql_type_of
from stdbpy.schema.model import ModuleSchema, Table


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Queries:
    """The module's tables, each the query for all of its rows.

    >>> ctx.query.player.where(lambda p: p.level > 10)
    >>> ctx.query.player.left_semijoin(ctx.query.score, lambda p, s: p.id == s.player_id)

    For type checkers a subclass says which there are, and the context that it is the class of ``query``:

    >>> class PlayerColumns(Columns):
    ...     id: IndexedColumn[Self, u64]
    ...     level: Column[Self, u32]
    >>> class Tables(Queries):
    ...     player: QueryTable[Player, PlayerColumns]
    """

    def __init__(self, schema: ModuleSchema, bindings: Mapping[str, TableBinding]) -> None:
        self._schema = schema
        self._bindings = bindings

    def __getattr__(self, name: str) -> QueryTable[Any, Any]:
        # Called once per name: what it finds becomes an attribute.
        table = None
        if not name.startswith("__"):
            table = next((each for each in self._schema.tables if each.source_name == name), None)
        if table is None:
            self._refuse(name)
        query = _query_table(table, self._schema, self._bindings[name].row_class)
        self.__dict__[name] = query
        return query

    def _refuse(self, name: str) -> NoReturn:
        hint = nearest(name, self._bindings)
        raise AttributeError(f"the module has no table {name!r}" + (f". {hint}" if hint else ""), obj=self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._bindings})


def _query_table(table: Table, schema: ModuleSchema, row_class: type) -> QueryTable[Any, Any]:
    indexed = {index.columns[0] for index in table.indexes if len(index.columns) == 1}

    class TableColumns(Columns):
        def __init__(self, source: Source) -> None:
            for column in table.columns:
                type = sql_type_of(column.type, schema.typespace)
                made: OpaqueColumn
                if type is None:
                    made = OpaqueColumn(source, column.name)
                elif column.position in indexed:
                    made = IndexedColumn(source, column.name, type)
                else:
                    made = Column(source, column.name, type)
                setattr(self, column.source_name, made)

    return QueryTable(table.name, row_class, TableColumns, is_event=table.is_event)
