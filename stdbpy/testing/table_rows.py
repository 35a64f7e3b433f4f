"""The tables of a database under test, as rows that are Python objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from stdbpy.engine.transaction import Transaction
from stdbpy.errors import NoSuchTable, nearest
from stdbpy.protocol.catalog import Catalog, TableLayout
from stdbpy.sats.values import Identity
from stdbpy.testing.arguments import encoded

T = TypeVar("T")
Row = TypeVar("Row")


class Transact(Protocol):
    """Runs a function with a transaction, which is undone if it raises."""

    def __call__(self, function: Callable[[Transaction], T], /) -> T: ...


class TableRows(Generic[Row]):
    """The rows that a table has, each time that they are asked for; of a view, those that ``reader`` sees.

    Rows of modules in Python are of the module's classes, those of others have attributes by the names of columns.
    """

    def __init__(self, layout: TableLayout, transact: Transact, reader: Identity) -> None:
        self.layout = layout
        self._transact = transact
        self._reader = reader

    def __repr__(self) -> str:
        return f"<{self.layout.name}: {self.all()!r}>"

    def all(self) -> list[Row]:
        """The rows in the order of their insertion."""
        decode = self.layout.codec.decode
        return [decode(row) for row in self.stored()]

    def stored(self) -> list[bytes]:
        """The rows in BSATN."""
        return self._transact(lambda transaction: list(transaction.scan(self._id(transaction))))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.all())

    def __len__(self) -> int:
        return self._transact(lambda transaction: transaction.row_count(self._id(transaction)))

    def __contains__(self, row: object) -> bool:
        return row in self.all()

    def where(self, **columns: object) -> list[Row]:
        """The rows whose columns equal these: ``db.tables.person.where(name="Ada")``. Raises ``TypeError`` for a
        column that is not there."""
        __tracebackhide__ = True
        wanted = list(zip(map(self._getter, columns), columns.values(), strict=True))
        return [row for row in self.all() if all(get(row) == value for get, value in wanted)]

    def find(self, *key: object, **columns: object) -> Row | None:
        """The row with that primary key, or that :meth:`where` finds, or the only one; ``None`` if there is none.
        Raises ``AssertionError`` for several rows."""
        __tracebackhide__ = True
        if len(key) > 1:
            raise TypeError(f"the primary key is one value, not {key!r}: name other columns, as in find(name='Ada')")
        if key:
            columns = {self._key_column(): key[0], **columns}
        found = self.where(**columns)
        if len(found) > 1:
            described = ", ".join(f"{name}={value!r}" for name, value in columns.items())
            raise AssertionError(
                f"{len(found)} rows of {self.layout.name} {f'have {described}' if columns else 'are there'}"
            )
        return found[0] if found else None

    def one(self, *key: object, **columns: object) -> Row:
        """As :meth:`find`. Raises ``AssertionError``, which shows the rows that there are, if there is none."""
        __tracebackhide__ = True
        found = self.find(*key, **columns)
        if found is None:
            wanted = ", ".join([*map(repr, key), *(f"{name}={value!r}" for name, value in columns.items())])
            shown = "".join(f"\n  {row!r}" for row in self.all()) or " none"
            raise AssertionError(
                f"{self.layout.name} has no row{' with ' + wanted if wanted else ''}. Its rows:{shown}"
            )
        return found

    # --- what a test arranges ----------------------------------------------------------------

    def insert(self, *rows: Row) -> list[Row]:
        """Adds rows in a transaction of their own, whoever may; returns them as they are stored, with the columns
        filled in that number themselves. Raises ``UniqueConstraintViolation`` and ``EncodeError``."""
        __tracebackhide__ = True
        codec = self.layout.codec
        new = list(map(partial(encoded, codec), rows))

        def insert(transaction: Transaction) -> list[bytes]:
            table = self._id(transaction)
            return [transaction.insert(table, row) for row in new]

        return [codec.decode(row) for row in self._transact(insert)]

    def delete(self, *rows: Row) -> int:
        """Deletes the rows that equal these; returns how many there were."""
        __tracebackhide__ = True
        given = list(map(partial(encoded, self.layout.codec), rows))
        return self._transact(lambda transaction: sum(transaction.delete(self._id(transaction), row) for row in given))

    def clear(self) -> int:
        """Deletes all rows; returns how many there were."""
        return self._transact(lambda transaction: transaction.clear(self._id(transaction)))

    # --- inside --------------------------------------------------------------------------------

    def _id(self, transaction: Transaction) -> int:
        if self.layout.is_view:
            return transaction.view_id(self.layout.name, self._reader)
        found = transaction.table_id(self.layout.name)
        assert found is not None, "it is in the schema"
        return found

    def _key_column(self) -> str:
        __tracebackhide__ = True
        if self.layout.primary_key is None:
            raise TypeError(f"{self.layout.name} has no primary key: name columns, as in find(name='Ada')")
        return self._names[self.layout.primary_key]

    @property
    def _names(self) -> tuple[str, ...]:
        return self.layout.fields or self.layout.columns

    def _getter(self, column: str) -> Callable[[Any], Any]:
        __tracebackhide__ = True
        names = self._names
        if column not in names:
            raise TypeError(f"{self.layout.name} has no column {column!r}. {nearest(column, names)}".rstrip())
        if self.layout.fields:
            return lambda row: getattr(row, column)
        place = names.index(column)
        return lambda row: row[place]


class TablesByName:
    """The tables and views as attributes (``db.tables.person``), or by name (``db.tables["auth.user"]``); those of
    mounted modules one level in (``db.tables.auth.user``)."""

    def __init__(self, catalog: Catalog, transact: Transact, reader: Identity, prefix: str = "") -> None:
        self._catalog = catalog
        self._transact = transact
        self._reader = reader
        self._prefix = prefix

    def of(self, table: type[Row] | str) -> TableRows[Row]:
        """By name, or by the class of its rows. Raises ``NoSuchTable``, with the nearest name."""
        __tracebackhide__ = True
        return TableRows(layout_of(self._catalog, table, self._prefix), self._transact, self._reader)

    def __getitem__(self, name: str) -> TableRows[Any]:
        __tracebackhide__ = True
        return self.of(name)

    def __getattr__(self, name: str) -> Any:
        __tracebackhide__ = True
        if name.startswith("_"):
            raise AttributeError(name)
        inside = f"{self._prefix}{name}."
        if any(other.startswith(inside) for other in self._catalog.tables):
            return TablesByName(self._catalog, self._transact, self._reader, inside)
        try:
            return self.of(name)
        except NoSuchTable as error:
            raise AttributeError(f"{error.message}. {error.hint}".rstrip()) from None

    def __iter__(self) -> Iterator[TableRows[Any]]:
        """Those that are no views."""
        for name, layout in self._catalog.tables.items():
            if self._is_mine(name) and not layout.is_view:
                yield TableRows(layout, self._transact, self._reader)

    def __dir__(self) -> list[str]:
        names = (name.removeprefix(self._prefix) for name in self._catalog.tables if self._is_mine(name))
        return sorted({*super().__dir__(), *(name.partition(".")[0] for name in names)})

    def _is_mine(self, name: str) -> bool:
        return name.startswith(self._prefix)


def layout_of(catalog: Catalog, table: type | str, prefix: str = "") -> TableLayout:
    """The table or view of that name behind ``prefix``, or the one table whose rows are of that class. Raises
    ``NoSuchTable``, with the nearest name."""
    __tracebackhide__ = True
    layouts = catalog.tables
    if isinstance(table, str):
        if prefix + table in layouts:
            return layouts[prefix + table]
        known = [name.removeprefix(prefix) for name in layouts if name.startswith(prefix)]
        raise NoSuchTable(f"the module has no table or view {table!r}", hint=nearest(table, known))
    found = [layout for layout in layouts.values() if not layout.is_view and _is_of(layout, table)]
    if not found:
        hint = _named_alike(table, layouts) or nearest(table.__name__, map(_class_name, layouts.values()))
        raise NoSuchTable(f"the module has no table with rows of class {table.__name__!r}", hint=hint)
    if len(found) > 1:
        names = ", ".join(layout.name for layout in found)
        raise NoSuchTable(f"{table.__name__} is the row of several tables: {names}", hint="Say which, by name.")
    return found[0]


def _named_alike(row_class: type, layouts: Iterable[str]) -> str:
    """The hint for a class that is another one's than the table's, as any is for a compiled module."""
    for name in layouts:
        if name.replace("_", "").lower() == row_class.__name__.replace("_", "").lower():
            return f"Its table {name!r} has rows of another class: ask for them by that name."
    return ""


def as_columns(layout: TableLayout, row: object) -> Mapping[str, object]:
    """A row by the names of its columns."""
    if layout.fields:
        return {name: getattr(row, name) for name in layout.fields}
    return dict(zip(layout.columns, cast("tuple[object, ...]", row), strict=True))


def _is_of(layout: TableLayout, row_class: type) -> bool:
    """Whether its rows are of that class, or of the same one imported once more."""
    cls = layout.record.cls
    return cls is row_class or (
        cls is not None and (cls.__module__, cls.__qualname__) == (row_class.__module__, row_class.__qualname__)
    )


def _class_name(layout: TableLayout) -> str:
    cls = layout.record.cls
    return cls.__name__ if cls is not None else layout.name
