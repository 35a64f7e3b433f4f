"""Queries that subscriptions and one-off questions take, typed by the rows that they give.

A query starts at a table (generated code has one :class:`QueryTable` each), and gives whole rows of
one table: all of them, those that a condition holds for, or those that go with a row of another
table (a semijoin).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from stdbpy.errors import InvalidQuery
from stdbpy.query.columns import Column, Columns
from stdbpy.query.conditions import Condition, Join, OwnEquality, condition_on, join
from stdbpy.query.source import Source, quoted

Row = TypeVar("Row")
Cols = TypeVar("Cols", bound=Columns)
Told = TypeVar("Told")
OtherRow = TypeVar("OtherRow")
OtherCols = TypeVar("OtherCols", bound=Columns)

LONGEST_SQL = 50_000
"""In bytes of UTF-8: the server refuses longer queries."""

DEEPEST_PARENTHESES = 20
"""Within what the servers' parsers take."""


class Query(Generic[Row]):
    """A query whose rows are of the class ``Row``.

    ``sql`` is its text; ``table`` the table that the rows are of, ``row_type`` their class.
    """

    __slots__ = ("row_type", "sql", "table")

    def __init__(self, sql: str, table: str, row_type: type[Row], condition: Condition[Any] | None = None) -> None:
        if len(sql.encode()) > LONGEST_SQL:
            raise InvalidQuery(
                f"the query has {len(sql.encode()):,} bytes of SQL, and servers take {LONGEST_SQL:,}",
                hint="Subscribe to several queries that each ask for a part",
            )
        if condition is not None and condition.depth > DEEPEST_PARENTHESES:
            raise InvalidQuery("the condition is nested more deeply than servers read")
        self.sql = sql
        self.table = table
        self.row_type = row_type

    def __str__(self) -> str:
        return self.sql

    def __repr__(self) -> str:
        return f"<query {self.sql}>"


class TableQuery(Query[Row], Generic[Row, Cols]):
    """Rows of one table, all or those that a condition holds for."""

    __slots__ = ("_columns", "_condition", "_source")

    def __init__(
        self, source: Source, row_type: type[Row], columns: type[Cols], condition: Condition[Cols] | None = None
    ) -> None:
        sql = f"SELECT * FROM {source.sql}{_where(condition)}"  # noqa: S608  # of quoted names and literals
        super().__init__(sql, source.table, row_type, condition)
        self._source = source
        self._columns = columns
        self._condition = condition

    def where(self, condition: Callable[[Cols], Condition[Cols] | Column[Cols, bool]]) -> TableQuery[Row, Cols]:
        """The rows that the condition holds for as well; given the table's columns, it returns the condition:

        >>> tables.player.where(lambda p: (p.level > 10) & ~p.banned)

        Raises :class:`InvalidQuery` for what SpacetimeDB does not have.
        """
        added = condition_on(self._source, _told(condition, self._columns(self._source)))
        return TableQuery(self._source, self.row_type, self._columns, _both(self._condition, added))

    def left_semijoin(
        self,
        right: TableQuery[OtherRow, OtherCols],
        on: Callable[[Cols, OtherCols], Join[Cols, OtherCols] | Join[OtherCols, Cols]],
    ) -> Semijoin[Row, Cols]:
        """The rows of this query that go with at least one row of ``right``.

        >>> tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.player_id)

        ``on`` compares a column of this table with one of the other, each with an index; conditions
        on ``right`` count (servers 1.x refuse conditions on both tables). Rows can go with rows that
        are kept, not with events, and events only with rows on which there are no conditions.
        Raises :class:`InvalidQuery`.
        """
        other, equality = self._join(right, on)
        self._check_that_rows_can_go_with(right)
        joined = f"{self._source.sql} JOIN {other.sql} ON {equality}"
        condition = _both(self._condition, right._condition)
        return Semijoin(self._source, self.row_type, self._columns, joined, condition)

    def right_semijoin(
        self,
        right: TableQuery[OtherRow, OtherCols],
        on: Callable[[Cols, OtherCols], Join[Cols, OtherCols] | Join[OtherCols, Cols]],
    ) -> Semijoin[OtherRow, OtherCols]:
        """The rows of ``right`` that go with at least one row of this query; else as :meth:`left_semijoin`."""
        other, equality = self._join(right, on)
        right._check_that_rows_can_go_with(self)
        # The table whose rows are asked for stands first: only there servers take an event table.
        joined = f"{other.sql} JOIN {self._source.sql} ON {equality}"
        condition = _both(self._condition, right._condition)
        return Semijoin(other, right.row_type, right._columns, joined, condition)

    def _join(
        self,
        right: TableQuery[Any, OtherCols],
        on: Callable[[Cols, OtherCols], Join[Cols, OtherCols] | Join[OtherCols, Cols]],
    ) -> tuple[Source, str]:
        """The other table as this query calls it, and the equality that joins it."""
        source = right._source
        if source.table == self.table:
            if right._condition is not None:
                raise InvalidQuery(f"{source.table} is joined with itself, so its own where(...) goes behind the join")
            source = Source(source.table, f"{source.table}_2", source.is_event)
        joined = on(self._columns(self._source), right._columns(source))
        if (
            not isinstance(joined, Join)
            or isinstance(joined, OwnEquality)
            or {column.source for column in joined.columns} != {self._source, source}
        ):
            raise InvalidQuery(
                f"tables are joined by == of a column of each, but {joined!r} was given",
                hint="Such as: left_semijoin(tables.score, lambda p, s: p.id == s.player_id); "
                "both columns have an index of their own",
            )
        left_column, right_column = joined.columns
        return source, f"{left_column.sql} = {right_column.sql}"

    def _check_that_rows_can_go_with(self, other: TableQuery[Any, Any]) -> None:
        if other._source.is_event:
            raise InvalidQuery(f"{other.table} is an event table, whose rows are not kept for others to go with")
        if self._source.is_event and other._condition is not None:
            raise InvalidQuery(
                f"{self.table} is an event table: servers join it with all rows of {other.table}, not with some",
                hint=f"Leave out the where(...) of {other.table}, and look at the events in Python",
            )


class QueryTable(TableQuery[Row, Cols]):
    """A table to start queries at, and itself the query for all of its rows.

    ``name`` is what the database calls the table, ``row_type`` the class of its rows, ``columns``
    the class of its columns; several tables may have one class of rows.
    """

    __slots__ = ("name",)

    def __init__(self, name: str, row_type: type[Row], columns: type[Cols], *, is_event: bool = False) -> None:
        super().__init__(Source(name, name, is_event), row_type, columns)
        self.name = name


class Semijoin(Query[Row], Generic[Row, Cols]):
    """Rows of one table that go with a row of another; no further table can be joined."""

    __slots__ = ("_columns", "_condition", "_joined", "_source")

    def __init__(
        self,
        source: Source,
        row_type: type[Row],
        columns: type[Cols],
        joined: str,
        condition: Condition[Any] | None = None,
    ) -> None:
        sql = f"SELECT {quoted(source.alias)}.* FROM {joined}{_where(condition)}"  # noqa: S608  # as above
        super().__init__(sql, source.table, row_type, condition)
        self._source = source
        self._columns = columns
        self._joined = joined
        self._condition = condition

    def where(self, condition: Callable[[Cols], Condition[Cols] | Column[Cols, bool]]) -> Semijoin[Row, Cols]:
        """Those of the rows that the condition holds for as well, as with :meth:`TableQuery.where`."""
        added = condition_on(self._source, _told(condition, self._columns(self._source)))
        return Semijoin(self._source, self.row_type, self._columns, self._joined, _both(self._condition, added))


def _both(first: Condition[Any] | None, second: Condition[Any] | None) -> Condition[Any] | None:
    if first is None or second is None:
        return first if second is None else second
    return join("AND", (first, second))


def _told(condition: Callable[[Cols], Told], columns: Cols) -> Told:
    """Raises :class:`InvalidQuery` for what is no function, such as SQL."""
    if not callable(condition):
        raise InvalidQuery(
            f"where takes a function that is given the table's columns, not {condition!r}",
            hint="Such as: where(lambda p: p.level > 10). Whole queries may be SQL",
        )
    return condition(columns)


def _where(condition: Condition[Any] | None) -> str:
    return f" WHERE {condition.sql}" if condition is not None else ""
