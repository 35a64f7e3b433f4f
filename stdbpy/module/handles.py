"""``ctx.db`` and what is reached through it: how a reducer finds and changes rows.

``ctx.db.player`` is a :class:`Table`, ``ctx.db.player.id`` an index of it, with no declaration
needed. Declared ones are what type checkers know, and may have methods of their own:

>>> class PlayerTable(Table["Player"]):
...     id: PrimaryKey["Player", int]
...     level: Index["Player", int]
...
...     def veterans(self) -> Iterator["Player"]:
...         return self.level.filter(at_least(50))
>>> class Db(Tables):
...     player: PlayerTable

The loader checks that what is declared is there and of that kind; at run time ``ctx.db`` and its
tables are instances of the declared classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar, TypeVarTuple, dataclass_transform, overload

from stdbpy.errors import nearest
from stdbpy.module.bindings import AccessorBinding, DbLayout, TableBinding
from stdbpy.module.host import Host
from stdbpy.module.index_scan import IndexScan
from stdbpy.module.properties import is_property
from stdbpy.module.stored_rows import StoredRows, rows_of
from stdbpy.sats.ranges import Range

Row = TypeVar("Row")
Keys = TypeVarTuple("Keys")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
More = TypeVarTuple("More")

TABLE_METHODS = ("insert", "delete", "iter", "count", "clear")
"""Names that an index cannot be reached by as an attribute."""

_INDEX_METHODS = ("find", "filter", "update")
"""What is looked for at a table, too."""


class _Filter(Generic[Row, *Keys]):
    def __init__(self, scan: IndexScan) -> None:
        self._scan = scan

    @overload
    def filter(self: _Filter[Row, int], a: range, /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A], a: A | Range[A], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B], a: A | Range[A], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B], a: A, b: B | Range[B], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B, C], a: A | Range[A], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B, C], a: A, b: B | Range[B], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B, C], a: A, b: B, c: C | Range[C], /) -> Iterator[Row]: ...
    @overload
    def filter(self: _Filter[Row, A, B, C, D, *More], *key: Any) -> Iterator[Row]: ...
    def filter(self, *key: Any) -> Iterator[Row]:
        """The rows of this moment whose columns equal ``key``.

        The last value given may be a range (``between(3, 10)``, ``at_least(3)``, ``above(3)``,
        ``at_most(10)``, ``below(10)``, ``range(3, 10)``); behind it, columns may be left out:

        >>> ctx.db.score.by_player_and_level.filter(player)
        >>> ctx.db.score.by_player_and_level.filter(player, 7)
        >>> ctx.db.score.by_player_and_level.filter(player, between(3, 10))

        A hash index takes a value for each column. Rows of a btree index come in the order of its
        columns. Raises ``EncodeError`` for a value that the column cannot hold.
        """
        return self._scan.filter(key)

    if not TYPE_CHECKING:  # which would believe that every name is there

        def __getattr__(self, name: str) -> NoReturn:
            binding = self._scan.binding
            place = f"{binding.table_name}.{binding.name}"
            if name == "find":
                raise AttributeError(f"{place} is not unique: filter() gives its rows")
            if name == "update":
                raise AttributeError(f"{place} is not the primary key: delete() the old row and insert the new one")
            raise AttributeError(f"{place} has no {name!r}")

    def __repr__(self) -> str:
        binding = self._scan.binding
        return f"<index {binding.table_name}.{binding.name}>"


class Index(_Filter[Row, *Keys]):
    """An index whose keys several rows can share: ``Index[Score, u32, u32]`` is one over two columns."""

    @overload
    def delete(self: Index[Row, int], a: range, /) -> int: ...
    @overload
    def delete(self: Index[Row, A], a: A | Range[A], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B], a: A | Range[A], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B], a: A, b: B | Range[B], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B, C], a: A | Range[A], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B, C], a: A, b: B | Range[B], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B, C], a: A, b: B, c: C | Range[C], /) -> int: ...
    @overload
    def delete(self: Index[Row, A, B, C, D, *More], *key: Any) -> int: ...
    def delete(self, *key: Any) -> int:
        """Deletes the rows that ``filter`` gives for the same arguments; returns how many."""
        return self._scan.delete(key)


class Unique(_Filter[Row, *Keys]):
    """A unique column (or several that are unique together)."""

    def find(self, *key: *Keys) -> Row | None:
        """The row with that key, or ``None``. Raises ``EncodeError`` for a value that the column
        cannot hold."""
        row: Row | None = self._scan.find(key)
        return row

    def delete(self, *key: *Keys) -> bool:
        """Deletes the row with that key; returns whether there was one."""
        return self._scan.delete(key) > 0


class PrimaryKey(Unique[Row, *Keys]):
    """The primary key. Only by it can a row be updated, which clients see as an update; by another
    unique column, delete the row and insert one."""

    def update(self, row: Row) -> Row:
        """Replaces the row that has the same primary key; returns ``row`` with the columns filled in
        that number themselves.

        Raises ``RowNotFound`` if there is none, and what :meth:`Table.insert` raises.
        """
        updated: Row = self._scan.rows.update(self._scan.binding, self._scan.id, row)
        return updated


class Accessor(Protocol[Row]):
    """What type checkers see of an index that no class declares."""

    def find(self, *key: Any) -> Row | None: ...
    def filter(self, *key: Any) -> Iterator[Row]: ...
    def update(self, row: Row) -> Row: ...
    def delete(self, *key: Any) -> int: ...


def accessor_class(binding: AccessorBinding) -> type[Any]:
    if binding.constraint is None:
        return Index
    return PrimaryKey if binding.is_primary_key else Unique


class _Fixed:
    """What lives as long as the module: an attribute set by one call would be there in all later ones."""

    if not TYPE_CHECKING:  # which would believe that every name can be set

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise AttributeError(f"{self!r}.{name} cannot be set: rows change by insert(), update() and delete()")


# To type checkers, a frozen dataclass: its attributes are given by others, and a subclass may
# declare them more precisely.
@dataclass_transform(frozen_default=True, kw_only_default=True)
class Table(_Fixed, Generic[Row]):
    """One table as the running call sees it, its own changes included."""

    def __init__(self, binding: TableBinding, host: Host) -> None:
        # Two underscores, here and in Tables, leave all other names to indexes, tables and subclasses.
        self.__rows: StoredRows
        self.__dict__["_Table__rows"] = rows = rows_of(binding, host)
        if type(self).insert is Table.insert:
            self.__dict__["insert"] = rows.insert  # spares a call each time

    def insert(self, row: Row) -> Row:
        """Adds a row; returns it with the columns filled in that number themselves. A row that is
        there already, equal in all columns, is not added again.

        Raises ``EncodeError`` for a value that its column cannot hold, ``UniqueConstraintViolation``
        and ``AutoIncOverflow``; then nothing has changed, and the call may go on.
        """
        inserted: Row = self.__rows.insert(row)
        return inserted

    def delete(self, row: Row) -> bool:
        """Deletes the row that equals ``row`` in all columns; returns whether there was one."""
        return self.__rows.delete(row)

    def iter(self) -> Iterator[Row]:
        """All rows of this moment, in no particular order."""
        return self.__rows.scan()

    def count(self) -> int:
        return self.__rows.host.datastore_table_row_count(self.__rows.id)

    def clear(self) -> int:
        """Deletes all rows; returns how many there were."""
        return self.__rows.clear()

    def __iter__(self) -> Iterator[Row]:
        return self.__rows.scan()

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Accessor[Row]:
        # Called once per name: what it finds becomes an attribute.
        if is_property(self, name):
            read_again: Accessor[Row] = object.__getattribute__(self, name)
            return read_again
        accessors = {} if name.startswith("__") else self.__rows.table.accessors
        if name not in accessors:
            raise AttributeError(self._missing(name), obj=self)
        handle = self[name]
        self.__dict__[name] = handle
        return handle

    def __getitem__(self, name: str) -> Accessor[Row]:
        """An index by its name, also if that is the name of a method: ``ctx.db.box["count"]``."""
        accessors = self.__rows.table.accessors
        if name not in accessors:
            raise KeyError(_with_nearest(f"table {self.__rows.table.name!r} has no index {name!r}", name, accessors))
        binding = accessors[name]
        accessor: Accessor[Row] = accessor_class(binding)(IndexScan(self.__rows, binding))
        return accessor

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__rows.table.accessors})

    def __repr__(self) -> str:
        return f"<table {self.__rows.table.name}>"

    def _missing(self, name: str) -> str:
        table = self.__rows.table
        if name in table.columns:
            return f"{table.name}.{name} has no index: declare it, {name}: ... = column(index='btree')"
        if name in _INDEX_METHODS:
            index = next(iter(table.accessors), "<index>")
            return f"a table has no {name!r}: its indexes do, as in ctx.db.{table.name}.{index}.{name}(...)"
        known = (*table.accessors, *TABLE_METHODS)
        return _with_nearest(f"table {table.name!r} has no index called {name!r}", name, known)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Tables(_Fixed):
    """The tables of a database: ``ctx.db``. A subclass declares them for type checkers. Those of a
    module that is mounted inside are below its namespace: ``ctx.db.auth.user``."""

    def __init__(self, layout: DbLayout, host: Host) -> None:
        self.__layout: DbLayout
        self.__host: Host
        self.__dict__.update(_Tables__layout=layout, _Tables__host=host)

    def __getattr__(self, name: str) -> Any:
        # Called once per name: what it finds becomes an attribute.
        if is_property(self, name):
            return object.__getattribute__(self, name)
        layout = self.__layout
        found: Tables | Table[Any]
        if name in layout.tables and not name.startswith("__"):
            found = layout.classes.get(name, Table)(layout.tables[name], self.__host)
        elif name in layout.mounted:
            inside = layout.mounted[name]
            found = inside.db_class(inside, self.__host)
        else:
            raise AttributeError(_with_nearest(f"the module has no table {name!r}", name, _names_of(layout)), obj=self)
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_names_of(self.__layout)})

    def __repr__(self) -> str:
        return "<tables of the database>"


def _names_of(layout: DbLayout) -> tuple[str, ...]:
    return (*layout.tables, *layout.mounted)


def _with_nearest(message: str, name: str, known: Iterable[str]) -> str:
    suggestion = nearest(name, known)
    return f"{message}. {suggestion}" if suggestion else message
