"""From the text of a statement to its syntax.

SpacetimeDB parses PostgreSQL's SQL with a general parser and then refuses whatever is not in a
short list, so that the language it takes is small, with corners that no general parser of ours
would cut the same way (``a = b < c``, ``LIMIT ALL``, ``SELECT n, FROM t``, names that are keywords
there). This parser takes exactly that small language. Whatever a rule of it seems to be too lax
for was accepted by the real server, see ``tests/engine/sql/data``.
"""

from __future__ import annotations

from stdbpy.engine.sql.cursor import Cursor
from stdbpy.engine.sql.expressions import MAX_NESTING, ExpressionParser
from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.sql.syntax import (
    ColumnName,
    CountRows,
    Delete,
    Insert,
    Join,
    Literal,
    Name,
    Select,
    SetVariable,
    ShowVariable,
    SomeColumns,
    Statement,
    TableName,
    Update,
    WholeRow,
    columns_in,
)
from stdbpy.errors import SqlError
from stdbpy.sql.keywords import NO_COLUMN_ALIAS, NO_TABLE_ALIAS, OTHER_STATEMENTS
from stdbpy.sql.tokens import Kind, Position, tokenize

MAX_LENGTH = 50_000
"""Longest statement in bytes of UTF-8, as on the real server."""

_ONE_STATEMENT = "Send them one by one; several changes at once are a reducer's work."
_UNSUPPORTED_CLAUSES = (
    "LATERAL", "GROUP", "CLUSTER", "DISTRIBUTE", "SORT", "HAVING", "WINDOW", "QUALIFY", "UNION", "EXCEPT", "INTERSECT",
    "ORDER",
)  # fmt: skip


def parse(text: str) -> Statement:
    """The one statement that ``text`` holds. Raises :class:`~stdbpy.errors.SqlError`."""
    length = len(text.encode("utf-8", "surrogatepass"))
    if length > MAX_LENGTH:
        raise SqlError(f"the statement has {length} bytes, more than the {MAX_LENGTH} that are allowed")
    return _StatementParser(Cursor(tokenize(text))).only_statement()


class _StatementParser:
    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._expressions = ExpressionParser(cursor, MAX_NESTING - 1)

    def only_statement(self) -> Statement:
        cursor = self._cursor
        while cursor.symbol(";"):
            pass
        if self._at_end():
            raise SqlError("the text holds no statement", hint="For example: SELECT * FROM table LIMIT 10")
        statement = self._statement()
        separated = False
        while cursor.symbol(";"):
            separated = True
        if not self._at_end():
            if separated:
                raise refused("only one statement at a time is supported", cursor.peek().at, _ONE_STATEMENT)
            raise cursor.unexpected("the end of the statement")
        return statement

    def _at_end(self) -> bool:
        """The real parser stops at the word END, whatever comes behind it."""
        return self._cursor.peek().kind is Kind.END or self._cursor.at_keyword("END")

    def _statement(self) -> Statement:
        cursor, token = self._cursor, self._cursor.peek()
        match token.keyword:
            case "SELECT":
                cursor.take()
                self._expressions = ExpressionParser(cursor, MAX_NESTING - 2)
                return self._select()
            case "INSERT":
                cursor.take()
                self._expressions = ExpressionParser(cursor, MAX_NESTING - 2)
                return self._insert()
            case "UPDATE":
                cursor.take()
                return self._update()
            case "DELETE":
                cursor.take()
                return self._delete()
            case "SET":
                cursor.take()
                return self._set()
            case "SHOW":
                cursor.take()
                return self._show()
            case word if word in OTHER_STATEMENTS:
                raise cursor.unsupported()
            case _ if cursor.at_symbol("("):
                raise refused("a statement in parentheses is not supported", token.at)
            case _:
                raise cursor.unexpected("SELECT, INSERT, UPDATE, DELETE, SET or SHOW")

    # --- SELECT ------------------------------------------------------------------------------

    def _select(self) -> Select:
        cursor = self._cursor
        cursor.keyword("ALL")
        cursor.refuse_keywords("DISTINCT", "TOP")
        wanted = self._wanted()
        cursor.refuse_keywords("INTO")
        if not cursor.keyword("FROM"):
            raise cursor.unexpected("FROM")
        table = self._table()
        joins = []
        while (join := self._join()) is not None:
            joins.append(join)
        if cursor.at_symbol(","):
            raise refused("a list of tables is not supported", cursor.peek().at, "Write a JOIN b ON a.x = b.y.")
        cursor.refuse_keywords("LATERAL")
        where = self._expressions.condition() if cursor.keyword("WHERE") else None
        cursor.refuse_keywords(*_UNSUPPORTED_CLAUSES)
        limit = self._limit()
        select = Select(wanted, table, tuple(joins), where, limit)
        if joins:
            _expect_qualified(select)
        return select

    def _wanted(self) -> WholeRow | SomeColumns | CountRows:
        cursor = self._cursor
        count = self._count()
        if count is not None:
            return count
        first, *others = cursor.separated(self._item)
        if isinstance(first, WholeRow) and not others:
            return first
        columns = []
        for item in (first, *others):
            if isinstance(item, WholeRow):
                raise refused("`*` cannot stand beside other columns", item.at, "Name the columns.")
            columns.append(item)
        return SomeColumns(tuple(columns))

    def _count(self) -> CountRows | None:
        cursor, name = self._cursor, self._cursor.peek()
        opened = cursor.peek(1)
        if not (name.is_name and opened.kind is Kind.SYMBOL and opened.text == "("):
            return None
        if name.text.lower() != "count":
            raise refused(f"the function {name} is not supported", name.at, "There is one: COUNT(*) AS name.")
        cursor.take()
        cursor.take()
        cursor.keyword("ALL")
        if not cursor.symbol("*") or not cursor.symbol(")"):
            raise refused("COUNT takes nothing but `*`", cursor.peek().at, "Write COUNT(*) AS name.")
        cursor.refuse_keywords("OVER", "FILTER")
        alias = self._alias(NO_COLUMN_ALIAS)
        if alias is None:
            raise refused("COUNT(*) needs a name", name.at, "Write COUNT(*) AS name.")
        if cursor.at_symbol(","):
            raise refused("COUNT(*) cannot stand beside other columns", cursor.peek().at)
        return CountRows(alias)

    def _item(self) -> WholeRow | tuple[ColumnName, Name]:
        cursor, start = self._cursor, self._cursor.peek()
        if cursor.symbol("*"):
            return WholeRow(None, start.at)
        qualifier = self._whole_row_of()
        if qualifier is not None:
            return WholeRow(qualifier, start.at)
        operand = self._expressions.operand()
        if operand.in_parentheses or not isinstance(operand.expression, ColumnName):
            raise refused("only columns can be selected", start.at, "Compute values in the program that asks for them.")
        alias = self._alias(NO_COLUMN_ALIAS)
        return operand.expression, alias or operand.expression.column

    def _whole_row_of(self) -> Name | None:
        """The table in front of ``.*``."""
        cursor, first = self._cursor, self._cursor.peek()
        parts, ahead = [], 0
        while cursor.peek(ahead).is_name and cursor.peek(ahead + 1).text == "." and not cursor.peek(ahead + 1).is_name:
            parts.append(cursor.peek(ahead).text)
            ahead += 2
        star = cursor.peek(ahead)
        if not parts or star.kind is not Kind.SYMBOL or star.text != "*":
            return None
        for _ in range(ahead + 1):
            cursor.take()
        return Name(".".join(parts), first.at)

    def _alias(self, reserved: frozenset[str]) -> Name | None:
        cursor = self._cursor
        if cursor.keyword("AS"):
            return cursor.identifier("a name behind AS")
        token = cursor.peek()
        if token.kind is Kind.STRING or (token.is_name and token.keyword not in reserved):
            return cursor.identifier("an alias")
        return None

    def _table(self) -> TableName:
        cursor = self._cursor
        if cursor.at_keyword("LATERAL", "TABLE", "UNNEST") or cursor.at_symbol("("):
            raise refused("only tables can stand behind FROM and JOIN", cursor.peek().at)
        name = cursor.dotted_name("a table's name")
        if cursor.at_symbol("("):
            raise refused("only tables can stand behind FROM and JOIN, not functions", cursor.peek().at)
        alias = self._alias(NO_TABLE_ALIAS)
        if alias is not None and cursor.at_symbol("("):
            raise refused("an alias cannot name columns", cursor.peek().at)
        cursor.refuse_keywords("PIVOT", "WITH")
        return TableName(name, alias or name)

    def _join(self) -> Join | None:
        cursor = self._cursor
        if cursor.keyword("CROSS"):
            cursor.expect_keyword("JOIN")
            return Join(self._table(), None)
        cursor.refuse_keywords("LEFT", "RIGHT", "FULL", "OUTER", "NATURAL")
        if cursor.keyword("INNER"):
            cursor.expect_keyword("JOIN")
        elif not cursor.keyword("JOIN"):
            return None
        table = self._table()
        cursor.refuse_keywords("USING")
        return Join(table, self._join_columns() if cursor.keyword("ON") else None)

    def _join_columns(self) -> tuple[ColumnName, ColumnName]:
        """The real parser takes no parentheses here."""
        cursor, expressions = self._cursor, self._expressions
        at = cursor.peek().at
        left = expressions.column()
        equals = cursor.symbol("=") or cursor.symbol("==")
        right = expressions.column() if equals else None
        if left is None or right is None or expressions.at_operator():
            raise refused("ON must compare two columns", at, "Write ON a.x = b.y, and further conditions behind WHERE.")
        return left, right

    def _limit(self) -> Literal | None:
        cursor, limit = self._cursor, None
        for _ in range(2):  # `LIMIT ALL` is none, so that another may follow
            if limit is None and cursor.keyword("LIMIT") and not cursor.keyword("ALL"):
                number = cursor.peek()
                limit = self._expressions.constant("LIMIT")
                if number.kind is not Kind.NUMBER:
                    raise refused("LIMIT must be a plain number", number.at)
            cursor.refuse_keywords("OFFSET")
        cursor.refuse_keywords("FETCH", "FOR")
        return limit

    # --- changes -----------------------------------------------------------------------------

    def _insert(self) -> Insert:
        cursor = self._cursor
        cursor.refuse_keywords("OVERWRITE")
        cursor.keyword("INTO")
        cursor.keyword("LOCAL")
        cursor.refuse_keywords("DIRECTORY", "TABLE")
        table = cursor.dotted_name("a table's name")
        columns: tuple[Name, ...] = ()
        if cursor.symbol("("):
            columns = cursor.separated(lambda: cursor.identifier("a column's name"))
            cursor.expect_symbol(")")
        if not cursor.keyword("VALUES"):
            raise cursor.unexpected("VALUES" if columns else "the columns in parentheses, then VALUES")
        rows = cursor.separated(self._values)
        cursor.refuse_keywords(*_UNSUPPORTED_CLAUSES)
        limit = self._limit()
        if limit is not None:
            raise refused("LIMIT is not supported here", limit.at)
        cursor.refuse_keywords("ON", "RETURNING")
        return Insert(table, columns, rows)

    def _values(self) -> tuple[Literal, ...]:
        cursor = self._cursor
        cursor.refuse_keywords("ROW")
        cursor.expect_symbol("(")
        values = cursor.separated(lambda: self._expressions.constant("a value"))
        cursor.expect_symbol(")")
        return values

    def _update(self) -> Update:
        cursor = self._cursor
        table = self._changed_table()
        cursor.expect_keyword("SET")
        assignments = cursor.separated(self._assignment)
        cursor.refuse_keywords("FROM")
        where = self._expressions.condition() if cursor.keyword("WHERE") else None
        cursor.refuse_keywords("RETURNING")
        return Update(table, assignments, where)

    def _assignment(self) -> tuple[Name, Literal]:
        """The real parser gathers the words in front of ``=`` and skips everything else."""
        cursor, first = self._cursor, self._cursor.peek()
        name = self._words_before_equals(first.at)
        cursor.expect_symbol("=")
        return name, self._expressions.constant("the new value")

    def _words_before_equals(self, at: Position) -> Name:
        cursor, words = self._cursor, []
        while not cursor.at_symbol("=") and cursor.peek().kind is not Kind.END:
            token = cursor.take()
            if token.is_name:
                words.append(token)
        return Name(".".join(word.text for word in words), words[0].at if words else at)

    def _delete(self) -> Delete:
        cursor = self._cursor
        cursor.expect_keyword("FROM")
        table = self._changed_table()
        if cursor.at_symbol(","):
            raise refused("only one table at a time can be changed", cursor.peek().at)
        cursor.refuse_keywords("USING")
        where = self._expressions.condition() if cursor.keyword("WHERE") else None
        cursor.refuse_keywords("RETURNING")
        return Delete(table, where)

    def _changed_table(self) -> Name:
        table = self._table()
        if table.alias is not table.name:
            raise refused("the table of a change cannot have an alias", table.alias.at, "Use the table's own name.")
        if self._join() is not None:
            raise refused("only one table at a time can be changed", table.name.at)
        return table.name

    # --- variables ---------------------------------------------------------------------------

    def _set(self) -> SetVariable:
        cursor = self._cursor
        cursor.refuse_keywords("LOCAL", "HIVEVAR")
        cursor.keyword("SESSION")
        cursor.refuse_keywords("ROLE")
        name = cursor.dotted_name("the name of a variable")
        if not cursor.symbol("=") and not cursor.keyword("TO"):
            raise cursor.unexpected("`=` or TO")
        value = self._expressions.constant("the value of a variable")
        if cursor.at_symbol(","):
            raise refused("a variable has one value", cursor.peek().at)
        return SetVariable(name, value)

    def _show(self) -> ShowVariable:
        cursor, first = self._cursor, self._cursor.peek()
        cursor.refuse_keywords("EXTENDED", "FULL", "COLUMNS", "FIELDS", "TABLES", "FUNCTIONS", "CREATE", "COLLATION")
        return ShowVariable(self._words_before_equals(first.at))


def _expect_qualified(select: Select) -> None:
    """With several tables every column must say which it belongs to."""
    columns = [column for join in select.joins if join.on for column in join.on]
    if isinstance(select.wanted, SomeColumns):
        columns += [column for column, _ in select.wanted.columns]
    if select.where is not None:
        columns += columns_in(select.where)
    for column in columns:
        if column.table is None:
            name = column.column
            hint = f"Write table.{name.text}."
            raise refused(f"with several tables a column must name its table: `{name.text}`", name.at, hint)
