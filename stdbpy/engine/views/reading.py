"""What views read: noted as precisely as the real server does it, since a view's code may show when it
runs. Source: ``crates/datastore/src/locking_tx_datastore/mut_tx.rs`` of SpacetimeDB 2.8.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from stdbpy.engine.store.index import Bound, Included
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HostError
from stdbpy.module.host import Errno
from stdbpy.sats.values import Identity


@dataclass(slots=True)
class ReadSet:
    """What was looked at, whether anything was there or not."""

    tables: dict[int, None] = field(default_factory=dict)
    """Tables by number of which any change matters: they were read or counted, or searched by range."""
    keys: dict[int, dict[bytes, None]] = field(default_factory=dict)
    """By the number of an index, the whole keys in BSATN that were looked for."""

    def __bool__(self) -> bool:
        return bool(self.tables or self.keys)


class PresentTransaction(Transaction):
    """Reads of views the rows that are kept at present, if any, and runs none: what the real server does for
    queries that clients ask once, and what follows from subscriptions that are in place."""

    __slots__ = ()

    def view_id(self, name: str, sender: Identity | None) -> int:
        views = self._store.views
        return super().view_id(name, sender) if views is None else views.present_table(name, sender).id


class LiveTransaction(Transaction):
    """Runs none of the views that are there already, be it that they have failed: what clients are subscribed to
    goes on like that when the module is updated, on the real server, too."""

    __slots__ = ()

    def view_id(self, name: str, sender: Identity | None) -> int:
        views = self._store.views
        return super().view_id(name, sender) if views is None else views.live_table(name, sender, self).id


class ReadingTransaction(Transaction):
    """Reads what the store's transaction of this moment sees, notes what, and changes nothing."""

    __slots__ = ("read",)

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.read = ReadSet()

    # --- reading -----------------------------------------------------------------------------

    def row_count(self, table_id: int) -> int:
        count = super().row_count(table_id)
        self.read.tables[table_id] = None
        return count

    def scan(self, table_id: int) -> Iterator[bytes]:
        rows = super().scan(table_id)
        self.read.tables[table_id] = None
        return rows

    def index_point(self, index_id: int, key: tuple[Any, ...]) -> Iterator[bytes]:
        return self.index_point_bsatn(index_id, self.index(index_id).key_type.encode(key))

    def index_point_bsatn(self, index_id: int, key: bytes) -> Iterator[bytes]:
        index = self.index(index_id)
        key = index.key_type.canonical(key)
        if index_id in self._indexes:
            self.read.keys.setdefault(index_id, {})[key] = None
        else:  # one that may go: of the server's own tables, or lent to queries
            self.read.tables[self.table_of_index(index_id).id] = None
        return index.rows(key)

    def index_range(
        self, index_id: int, prefix: tuple[Any, ...] = (), lower: Bound = None, upper: Bound = None
    ) -> Iterator[bytes]:
        index = self.index(index_id)
        if isinstance(lower, Included) and lower == upper and len(prefix) + 1 == len(index.columns):
            return self.index_point(index_id, (*prefix, lower.value))
        rows = super().index_range(index_id, prefix, lower, upper)
        self.read.tables[self.table_of_index(index_id).id] = None
        return rows

    # --- changing ----------------------------------------------------------------------------

    def _refuse_change(self, *_arguments: object, **_named: object) -> NoReturn:
        raise HostError(Errno.TRANSACTION_IS_READ_ONLY, "Views read tables and cannot change them")

    insert = delete = update = clear = _refuse_change

    def _refuse_view(self, *_arguments: object, **_named: object) -> NoReturn:
        raise HostError(Errno.NO_SUCH_TABLE, "Views cannot read other views")

    view_id = _refuse_view
