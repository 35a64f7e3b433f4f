"""The views of a module and those mounted in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from stdbpy.engine.store.columns import KeyType
from stdbpy.engine.store.derived import numbered_views, view_definition
from stdbpy.engine.store.index import Index
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.schema.model import IndexAlgorithm, ModuleSchema, View
from stdbpy.schema.model import Table as Definition


class ViewTable(Table):
    """The rows that a view gives one sender, or everybody."""

    __slots__ = ("of_view",)

    def __init__(self, id: int, view: DeclaredView) -> None:
        super().__init__(id, view.name, view.definition, view.module, view.indexes(id))
        self.public_id = view.public_id
        self.is_durable = False
        self.of_view = view

    @property
    def is_empty(self) -> bool:
        """Whether the view has no rows for anybody: the real server keeps them all in one table."""
        return not self.of_view.row_count

    def insert(self, row: bytes) -> None:
        super().insert(row)
        self.of_view.row_count += 1

    def delete(self, row: bytes) -> None:
        super().delete(row)
        self.of_view.row_count -= 1

    def clear(self) -> None:
        self.of_view.row_count -= len(self.rows)
        super().clear()

    def load(self, rows: Sequence[bytes]) -> None:
        before = len(self.rows)
        super().load(rows)
        self.of_view.row_count += len(self.rows) - before


@dataclass(eq=False)
class DeclaredView:
    """A view, and what is the same for all who see its rows."""

    name: str
    """Canonical, with the names of the modules it is mounted in: ``auth.sessions``."""
    prefix: str
    module: ModuleSchema
    view: View
    number: int
    """Its place among the anonymous views, or those that are not, of all modules."""
    public_id: int
    row_count: int = 0
    """Of all tables with rows of it: there can be as many as clients."""

    @cached_property
    def definition(self) -> Definition:
        return view_definition(self.view, self.module)

    def indexes(self, id: int) -> list[Index]:
        """What watches over the primary key in one table."""
        if self._key_type is None:
            return []
        assert self.definition.primary_key is not None
        columns = (self.definition.primary_key,)
        return [Index(id, f"{self.name}_key", columns, self._key_type, unique=True, algorithm=IndexAlgorithm.HASH)]

    @cached_property
    def _key_type(self) -> KeyType | None:
        key = self.definition.primary_key
        if key is None:
            return None
        return KeyType(self.module.row_type(self.view), (key,), self.module.typespace)


def declared_views(store: Store) -> Iterator[DeclaredView]:
    public_ids = {view.name: view.public_id for view in numbered_views(store)}
    anonymous = personal = 0
    for prefix, module in store.schema.walk():
        for view in module.views:
            name, first = prefix + view.name, anonymous if view.is_anonymous else personal
            yield DeclaredView(name, prefix, module, view, first + view.index, public_ids[name])
        of_these = sum(view.is_anonymous for view in module.views)
        anonymous += of_these
        personal += len(module.views) - of_these
