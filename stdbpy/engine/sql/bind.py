"""From syntax to a statement whose names and types are known, refusing what the real server refuses."""

from __future__ import annotations

import sys
from typing import Any

from stdbpy.engine.sql import bound, syntax
from stdbpy.engine.sql.catalog import Catalog, KnownTable, TableKind
from stdbpy.engine.sql.conditions import Asker, Scope, constant_of, no_such_column, stored_value
from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.system_tables.definitions import ENVIRONMENT, OUTBOXES
from stdbpy.errors import nearest
from stdbpy.sats import types as t


class Binder:
    """Binds the statements of whoever asks. Names of tables stand for those that start with
    ``prefix``, if a mounted module wrote the statement."""

    def __init__(self, catalog: Catalog, *, asker: Asker, is_owner: bool, prefix: str = "") -> None:
        self._catalog = catalog
        self._asker = asker
        self._is_owner = is_owner
        self._prefix = prefix

    def bind(self, statement: syntax.Select | syntax.Insert | syntax.Update | syntax.Delete) -> bound.Work:
        match statement:
            case syntax.Select():
                return self.select(statement)
            case syntax.Insert():
                return self._insert(statement)
            case syntax.Update():
                matching = self._matching(statement.table, statement.where)
                return bound.Change(matching, self._new_values(statement, matching.tables[0]))
            case syntax.Delete():
                return bound.Removal(self._matching(statement.table, statement.where))

    def _table(self, name: syntax.Name) -> KnownTable:
        known = self._catalog.find(self._prefix + name.text, is_owner=self._is_owner)
        if known is None:
            unless = "" if self._is_owner else " that you may see: private tables are for the database's owner"
            hint = self._catalog.hint_for(name.text, is_owner=self._is_owner)
            raise refused(f"no such table: `{name.text}`{unless}", name.at, hint)
        return known if known.is_anonymous else known.for_sender(self._asker.identity)

    def _changeable(self, name: syntax.Name) -> KnownTable:
        known = self._table(name)
        if known.kind is TableKind.VIEW:
            raise refused(f"`{name.text}` is a view: its rows cannot be changed", name.at, "Change what it reads.")
        if known.kind is TableKind.SYSTEM and known.name == ENVIRONMENT:
            raise refused("The values of a database's environment are changed by publishing", name.at)
        if known.definition.outbox is not None or (known.kind is TableKind.SYSTEM and known.name in OUTBOXES):
            hint = "It goes when it is known what became of its call. Until then, only publish --delete-data helps."
            raise refused(f"`{name.text}` belongs to an outbox: SQL cannot change its rows", name.at, hint)
        if not known.is_stored:
            hint = "It says what the module declares: publish another version of that."
            raise refused(f"`{name.text}` is a table of the server's: it cannot be changed", name.at, hint)
        return known

    # --- SELECT ------------------------------------------------------------------------------

    def select(self, select: syntax.Select) -> bound.Query:
        tables = {select.table.alias.text: (0, self._table(select.table.name))}
        conditions: list[bound.Condition] = []
        ties: list[bound.Tie | None] = []
        for number, join in enumerate(select.joins, start=1):
            alias = join.table.alias
            if alias.text in tables:
                raise refused(f"two tables are called `{alias.text}`", alias.at, "Give one an alias: table AS t.")
            tables[alias.text] = (number, self._table(join.table.name))
            tie = None
            if join.on is not None:
                condition, tie = _joined(join.on, Scope(tables, self._asker), number)
                conditions.append(condition)
            ties.append(tie)
        scope = Scope(tables, self._asker)
        if select.where is not None:
            conditions += bound.conjuncts(scope.condition(select.where))
        wanted, columns = _wanted(select.wanted, scope)
        limit = min(constant_of(select.limit, t.Primitive.U64), sys.maxsize) if select.limit is not None else None
        known = tuple(known for _, known in tables.values())
        return bound.Query(known, tuple(conditions), wanted, columns, limit, tuple(ties))

    # --- changes -----------------------------------------------------------------------------

    def _insert(self, insert: syntax.Insert) -> bound.Insertion:
        """The columns' names are for the reader alone: the real server counts them and no more, and
        takes the values in the order of the table's columns."""
        known = self._changeable(insert.table)
        names = ", ".join(column.name for column in known.definition.columns)
        if len(insert.columns) != len(known.types):
            message = f"INSERT must name all {len(known.types)} columns of `{known.name}`, not {len(insert.columns)}"
            raise refused(message, insert.table.at, f"They are: {names}.")
        for row in insert.rows:
            if len(row) != len(known.types):
                message = f"a row of `{known.name}` has {len(known.types)} values, not {len(row)}"
                raise refused(message, row[0].at, f"In this order: {names}.")
        return bound.Insertion(
            known,
            tuple(
                tuple(stored_value(value, type) for value, type in zip(row, known.types, strict=True))
                for row in insert.rows
            ),
        )

    def _matching(self, table: syntax.Name, where: syntax.Expression | None) -> bound.Query:
        known = self._changeable(table)
        scope = Scope({table.text: (0, known)}, self._asker)
        conditions = bound.conjuncts(scope.condition(where)) if where is not None else ()
        return bound.Query((known,), tuple(conditions), bound.Rows(0), known.columns)

    def _new_values(self, update: syntax.Update, known: KnownTable) -> dict[int, Any]:
        """Of two values for one column the first counts, as on the real server."""
        values: dict[int, Any] = {}
        for name, literal in update.assignments:
            column = known.column(name.text)
            if column is None:
                raise no_such_column(known, name)
            values.setdefault(column.position, stored_value(literal, known.types[column.position]))
        return values


def _joined(
    on: tuple[syntax.ColumnName, syntax.ColumnName], scope: Scope, number: int
) -> tuple[bound.Condition, bound.Tie]:
    """The condition of a JOIN. The real server fails, or answers nonsense, unless it ties the table
    to one of those before."""
    condition = scope.condition(syntax.Comparison(on[0], (("=", on[1]),), on[0].column.at))
    first, second = bound.fields_of(condition)
    if [first.table, second.table].count(number) != 1:
        raise refused("ON must compare a column of the joined table with one of a table before it", on[0].column.at)
    return condition, (first, second)


def _wanted(
    wanted: syntax.WholeRow | syntax.SomeColumns | syntax.CountRows, scope: Scope
) -> tuple[bound.Rows | bound.Columns | bound.Count, t.ProductType]:
    match wanted:
        case syntax.CountRows(name):
            return bound.Count(), t.product((name.text, t.Primitive.U64))
        case syntax.WholeRow(table, at):
            if table is None and len(scope.tables) > 1:
                raise refused("SELECT * is not supported with several tables", at, "Write table.*.")
            alias = next(iter(scope.tables)) if table is None else table.text
            if alias not in scope.tables:
                raise refused(f"no table `{alias}` in this statement", at, nearest(alias, scope.tables))
            number, known = scope.tables[alias]
            return bound.Rows(number), known.columns
        case syntax.SomeColumns(columns):
            fields: dict[str, bound.Field] = {}
            for column, name in columns:
                if name.text in fields:
                    raise refused(f"two columns are called `{name.text}`", name.at, "Name one: column AS name.")
                fields[name.text] = scope.field(column)
            return bound.Columns(tuple(fields.values())), t.product(*((n, f.type) for n, f in fields.items()))
