"""The columns of a table, as conditions name them.

Generated code has a class of columns for each table, whose attributes are those of the table's rows:

>>> class PlayerColumns(Columns):
...     def __init__(self, source: Source) -> None:
...         self.id: IndexedColumn[PlayerColumns, int] = IndexedColumn(source, "id", SqlType.U32)
...         self.name: Column[PlayerColumns, str] = Column(source, "name", SqlType.STRING)
...         self.guild: OpaqueColumn = OpaqueColumn(source, "guild")

That class stands for the table in the types, so that a checker tells columns of two tables apart,
even if their rows are of one type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, dataclass_transform, overload

from stdbpy.errors import InvalidQuery, nearest
from stdbpy.query.conditions import Comparison, Condition, Join, Operator, OwnEquality, join
from stdbpy.query.literals import literal
from stdbpy.query.source import Source, quoted
from stdbpy.sats.sql_types import SqlType
from stdbpy.sats.values import Identity

Of = TypeVar("Of")
Other = TypeVar("Other")
Value = TypeVar("Value")


class Sender:
    """Stands for the identity of whoever the query runs for: ``p.owner == SENDER``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SENDER"


SENDER = Sender()


@dataclass_transform(kw_only_default=True)
class Columns:
    """Base of the classes that generated code, or a module for its ``ctx.query``, has for the columns of each
    table."""

    def __init__(self, source: Source) -> None: ...

    if not TYPE_CHECKING:  # which knows the columns

        def __getattr__(self, name):
            hint = "" if name.startswith("__") else nearest(name, vars(self))
            raise AttributeError(f"the table has no column {name!r}" + (f". {hint}" if hint else ""), obj=self)


class OpaqueColumn:
    """A column that SQL can do nothing with: options, enums, lists other than bytes, products, durations."""

    __slots__ = ("name", "source")

    def __init__(self, source: Source, name: str) -> None:
        self.source = source
        self.name = name

    @property
    def sql(self) -> str:
        return f"{quoted(self.source.alias)}.{quoted(self.name)}"

    def __repr__(self) -> str:
        return f"<column {self.source.table}.{self.name}>"

    def refuse(self, *_: object) -> NoReturn:
        """What all of its operators do: raise :class:`InvalidQuery`."""
        raise InvalidQuery(
            f"SpacetimeDB cannot compare {self.source.table}.{self.name}: "
            "options, enums, lists, products and durations are for the client to look at",
            hint="Ask for the rows by other columns, and pick from them in Python",
        )

    if not TYPE_CHECKING:  # to which it simply has no operators
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
        __and__ = __or__ = __rand__ = __ror__ = __invert__ = __bool__ = refuse
        __hash__ = object.__hash__

        def __getattr__(self, name):
            if name in OpaqueColumn.__slots__ or name.startswith("__"):  # a copy that is being made has none yet
                raise AttributeError(name)
            raise AttributeError(
                f"the column {self.source.table}.{self.name} has no {name!r}: conditions compare whole columns, "
                "and what is inside of one is for the client to look at"
            )


class Column(OpaqueColumn, Generic[Of, Value]):
    """A column that can be compared with values and with other columns of its table and type.

    ``Of`` is the class of the table's columns, ``Value`` what rows hold in the column. Comparing
    raises :class:`InvalidQuery` for values that the column cannot hold. A column of ``f32`` is compared
    with the nearest number that it can hold. A ``bool`` column is a condition by itself.
    """

    __slots__ = ("type",)

    def __init__(self, source: Source, name: str, type: SqlType) -> None:
        super().__init__(source, name)
        self.type = type

    # Unlike what Python expects, a comparison is no bool: against object's signature, here and below.
    @overload  # type: ignore[override]
    def __eq__(self: Column[Of, Identity], other: Sender) -> Condition[Of]: ...
    @overload
    def __eq__(self: Column[Of, bytes], other: Sender) -> Condition[Of]: ...
    @overload
    def __eq__(self, other: Value | Column[Of, Value]) -> Condition[Of]: ...
    def __eq__(self, other: object) -> Condition[Of]:
        return self._compare(Operator.EQ, other)

    @overload  # type: ignore[override]
    def __ne__(self: Column[Of, Identity], other: Sender) -> Condition[Of]: ...
    @overload
    def __ne__(self: Column[Of, bytes], other: Sender) -> Condition[Of]: ...
    @overload
    def __ne__(self, other: Value | Column[Of, Value]) -> Condition[Of]: ...
    def __ne__(self, other: object) -> Condition[Of]:
        return self._compare(Operator.NE, other)

    def __lt__(self, other: Value | Column[Of, Value]) -> Condition[Of]:
        return self._compare(Operator.LT, other)

    def __le__(self, other: Value | Column[Of, Value]) -> Condition[Of]:
        return self._compare(Operator.LE, other)

    def __gt__(self, other: Value | Column[Of, Value]) -> Condition[Of]:
        return self._compare(Operator.GT, other)

    def __ge__(self, other: Value | Column[Of, Value]) -> Condition[Of]:
        return self._compare(Operator.GE, other)

    __hash__ = object.__hash__

    def is_in(self, *values: Value) -> Condition[Of]:
        """Whether the column equals one of the values, of which there is at least one."""
        if not values:
            raise InvalidQuery(f"{self.source.table}.{self.name}.is_in takes one value or more")
        return join("OR", [self._compare(Operator.EQ, value) for value in values])

    def between(self, low: Value, high: Value) -> Condition[Of]:
        """Whether the column is from ``low`` to ``high``, both included."""
        return join("AND", [self._compare(Operator.GE, low), self._compare(Operator.LE, high)])

    def __and__(self: Column[Of, bool], other: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
        return self.as_condition() & other

    def __or__(self: Column[Of, bool], other: Condition[Of] | Column[Of, bool]) -> Condition[Of]:
        return self.as_condition() | other

    def __invert__(self: Column[Of, bool]) -> Condition[Of]:
        return ~self.as_condition()

    def as_condition(self: Column[Of, bool]) -> Condition[Of]:
        """That the column, which is a bool, is true."""
        if self.type is not SqlType.BOOL:
            raise InvalidQuery(
                f"{self.source.table}.{self.name} is a {self.type.value}, which is no condition by itself",
                hint="Compare it, and put parentheses around each comparison that stands beside &, | or ~",
            )
        return Comparison(self.source, self.sql, Operator.EQ, "TRUE")

    def _compare(self, operator: Operator, other: object) -> Condition[Of]:
        if isinstance(other, OpaqueColumn):
            self._check_beside(other)
            right = other.sql
        elif isinstance(other, Sender):
            right = self._sender(operator)
        else:
            right = literal(other, self.type, f"{self.source.table}.{self.name}")
        return Comparison(self.source, self.sql, operator, right)

    def _check_beside(self, other: OpaqueColumn) -> None:
        if not isinstance(other, Column):
            other.refuse()
        if other.type is not self.type:
            raise InvalidQuery(
                f"{self.source.table}.{self.name} is a {self.type.value} and {other.source.table}.{other.name} "
                f"a {other.type.value}, and only columns of one type compare",
            )
        if other.source.alias != self.source.alias:
            raise InvalidQuery(
                f"{self.source.table}.{self.name} and {other.source.table}.{other.name} are columns of two tables, "
                "which only a semijoin compares, and only by == of two columns that each have an index",
            )

    def _sender(self, operator: Operator) -> str:
        if self.type not in (SqlType.IDENTITY, SqlType.BYTES):
            raise InvalidQuery(f"{self.source.table}.{self.name} is a {self.type.value}, but SENDER an Identity")
        if operator not in (Operator.EQ, Operator.NE):
            raise InvalidQuery("SENDER is for == and !=")
        return ":sender"

    if not TYPE_CHECKING:  # to which these have no meaning

        def __bool__(self) -> NoReturn:
            raise InvalidQuery(
                f"Python asks whether {self.source.table}.{self.name} is true, which only the server can tell "
                "for each row",
                hint="Use & for and, | for or, ~ for not",
            )

        def __rand__(self, other: object) -> NoReturn:
            self._refuse_operand(other)

        __ror__ = __rand__

        def _refuse_operand(self, other: object) -> NoReturn:
            raise InvalidQuery(
                f"{other!r} stands beside & or |, which bind closer than comparisons do",
                hint="Put parentheses around each comparison: (p.level > 10) & (p.name != 'Ada')",
            )


class IndexedColumn(Column[Of, Value]):
    """A column with an index over it alone, by which tables can be joined."""

    __slots__ = ()

    @overload  # type: ignore[override]
    def __eq__(self: IndexedColumn[Of, Identity], other: Sender) -> Condition[Of]: ...
    @overload
    def __eq__(self: IndexedColumn[Of, bytes], other: Sender) -> Condition[Of]: ...
    @overload
    def __eq__(self, other: IndexedColumn[Of, Value]) -> OwnEquality[Of]: ...
    @overload
    def __eq__(self, other: Value | Column[Of, Value]) -> Condition[Of]: ...
    @overload
    def __eq__(self, other: IndexedColumn[Other, Value]) -> Join[Of, Other]: ...
    def __eq__(self, other: object) -> Condition[Of] | Join[Of, Any]:
        if not isinstance(other, IndexedColumn):
            return self._compare(Operator.EQ, other)
        if other.source.alias != self.source.alias and other.type is self.type:
            return Join(self, other)
        self._check_beside(other)
        return OwnEquality(self, other)

    __hash__ = object.__hash__


__all__ = ["SENDER", "Column", "Columns", "IndexedColumn", "OpaqueColumn", "Sender", "Source"]
