"""Tables whose rows follow from other things, so that nothing of them is written down: live views, and
what the database tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from stdbpy.engine.store.building import FIRST_USER_ID
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.table import Table
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema, View
from stdbpy.schema.model import Table as Definition

if TYPE_CHECKING:
    from stdbpy.engine.store.store import Store
    from stdbpy.engine.transaction import Transaction

FIRST_DERIVED_ID = 1 << 31
"""Views' tables and their indexes have numbers from here on, which nothing that is written down has."""


class Program(NamedTuple):
    """What a database runs, and whose it is."""

    database: Identity
    owner: Identity
    hash: bytes
    code: bytes


class Derived:
    """Those that there are at this moment, by number. Transactions read them as they read any table."""

    def __init__(self) -> None:
        self.tables: dict[int, Table] = {}
        self.indexes: dict[int, tuple[Table, Index]] = {}

    def forget_views(self) -> None:
        for table in [table for id, table in self.tables.items() if id >= FIRST_DERIVED_ID]:
            self.remove(table)

    def add(self, table: Table) -> None:
        self.tables[table.id] = table
        for index in table.indexes:
            self.indexes[index.id] = table, index

    def remove(self, table: Table) -> None:
        del self.tables[table.id]
        for index in table.indexes:
            del self.indexes[index.id]


class ViewTables(Protocol):
    """Where the rows of views come from. Used on the database's thread alone."""

    def table(self, name: str, sender: Identity | None, transaction: Transaction) -> Table:
        """The rows that a view gives ``sender``, or everybody where that is ``None``, up to date with what
        ``transaction`` sees. It is among the store's :class:`Derived` tables for as long as anybody holds
        it, and at least until the transaction ends.

        Raises :class:`~stdbpy.errors.SqlError` if the view fails.
        """

    def live_table(self, name: str, sender: Identity | None, transaction: Transaction) -> Table:
        """As :meth:`table`, but a view that is there already is not run again if it has failed."""

    def present_table(self, name: str, sender: Identity | None) -> Table:
        """As :meth:`table`, with the rows that are kept at present, if any: nothing is run."""

    def hold(self, table: Table) -> None:
        """A query is subscribed to that reads this table. Held twice, it is to be released twice."""

    def release(self, table: Table) -> None:
        """Such a query is gone."""


def view_definition(view: View, module: ModuleSchema) -> Definition:
    """The table that a view is to whoever reads it."""
    assert view.row_ref is not None, "validation refuses views without a row type"
    return Definition(
        name=view.name,
        source_name=view.source_name,
        product_ref=view.row_ref,
        columns=module.view_columns(view),
        primary_key=module.view_primary_key(view),
        is_public=view.is_public,
    )


class NumberedView(NamedTuple):
    name: str
    """Canonical, with the names of the modules it is mounted in: ``auth.sessions``."""
    prefix: str
    view: View
    module: ModuleSchema
    public_id: int
    """The number of the table that it is to clients, whoever sees what rows of it."""


def numbered_views(store: Store) -> list[NumberedView]:
    """The views in the order of their names. Their tables are numbered behind those that are stored."""
    stored = [table.id for table in store.tables.values() if not table.definition.is_system]
    modules = store.schema.walk()
    views = [(prefix + view.name, prefix, view, module) for prefix, module in modules for view in module.views]
    views.sort(key=lambda view: view[0])
    first = max(stored, default=FIRST_USER_ID - 1) + 1
    return [NumberedView(*view, public_id=first + place) for place, view in enumerate(views)]
