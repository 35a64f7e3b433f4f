"""Handles of a connection's tables by their names in SQL, for programs that know the names only when they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stdbpy.client.tables import BTreeIndex, EventTableHandle, KeyedTableHandle, TableHandle, TableSource, UniqueIndex
from stdbpy.errors import NoSuchTable, nearest
from stdbpy.protocol.catalog import Catalog, TableLayout


class NamedTables(Mapping[str, Any]):
    """Handles of all tables and views, by the names that SQL has for them; each is made when first asked for."""

    def __init__(self, catalog: Catalog, source: Callable[[str], TableSource]) -> None:
        self._catalog = catalog
        self._source = source
        self._handles: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            layout = self._catalog.tables.get(name)
            if layout is None:
                raise NoSuchTable(f"the module has no table {name!r}", hint=nearest(name, self._catalog.tables))
            handle = self._handles[name] = _generic_handle(layout, self._source(name))
        return handle

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(sorted(self)) or 'none'}>"

    def __contains__(self, name: object) -> bool:
        return name in self._catalog.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalog.tables)

    def __len__(self) -> int:
        return len(self._catalog.tables)


def _generic_handle(layout: TableLayout, source: TableSource) -> Any:
    if layout.is_event:
        return EventTableHandle[Any, Any](source)
    handle = handle_of_rows(source, layout.primary_key)
    columns, taken = layout.columns, {*dir(type(handle)), *vars(handle)}
    for index in layout.indexes:
        named = [columns[position] for position in index.columns]
        accessor = named[0] if len(named) == 1 else index.name
        while accessor in taken:
            accessor += "_"
        setattr(handle, accessor, (UniqueIndex if index.unique else BTreeIndex)(source, *named))
    return handle


def handle_of_rows(source: TableSource, primary_key: int | None) -> TableHandle[Any, Any]:
    """The handle of a table or view that keeps rows."""
    return TableHandle(source) if primary_key is None else KeyedTableHandle(source)
