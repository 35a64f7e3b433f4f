"""The tables that a statement may name."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from stdbpy.engine.sql.per_schema import once_per_schema
from stdbpy.engine.store.derived import view_definition
from stdbpy.engine.system_tables.definitions import STORED, SYSTEM
from stdbpy.errors import nearest
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec, compile_columns_decoder
from stdbpy.sats.values import Identity
from stdbpy.schema.column_types import without_references
from stdbpy.schema.model import Column, ModuleSchema, Table

_KEPT_DECODERS = 32


class TableKind(enum.Enum):
    """Where the rows of a table come from."""

    STORED = enum.auto()
    SYSTEM = enum.auto()
    """The server's own."""
    VIEW = enum.auto()
    """What the module's code gives at this moment."""


class RowFormat:
    """How the rows of a table are read. All that reads them shares one."""

    def __init__(self, row: t.ProductType, typespace: t.Typespace) -> None:
        self.row = row
        """The row's type; references are into ``typespace``."""
        self.typespace = typespace
        self.decoder = lru_cache(_KEPT_DECODERS)(self._decoder)
        """From a row to the values of some columns. The last few are kept."""

    @cached_property
    def codec(self) -> Codec[tuple[Any, ...]]:
        """Of whole rows."""
        return compile_codec(self.row, self.typespace)

    def _decoder(self, columns: tuple[int, ...]) -> Callable[[bytes], tuple[Any, ...]]:
        return compile_columns_decoder(self.row, columns, self.typespace)


@dataclass(frozen=True, eq=False)
class KnownTable:
    """A table, or what can be read like one, with what SQL needs of its module."""

    prefix: str
    """The names of the modules that it is mounted in, with dots behind them (``auth.``)."""
    definition: Table
    format: RowFormat
    types: tuple[t.AlgebraicType, ...]
    """The columns' types, without references."""
    kind: TableKind = TableKind.STORED
    is_anonymous: bool = True
    """Whether it has the same rows for everybody; some views have not."""
    sender: Identity | None = None
    """For whom its rows are, where that matters and is known."""

    @property
    def name(self) -> str:
        return self.prefix + self.definition.name

    @property
    def is_stored(self) -> bool:
        """Whether its rows are what was put there, and do not follow from anything else."""
        return self.kind is TableKind.STORED or (self.kind is TableKind.SYSTEM and self.name in STORED)

    def for_sender(self, sender: Identity) -> KnownTable:
        """The table as ``sender`` sees it."""
        return self if self.is_anonymous else replace(self, sender=sender)

    def column(self, name: str) -> Column | None:
        """By what the module's code calls it or else by its canonical name, as the real server does."""
        columns = self.definition.columns
        by_source = next((column for column in columns if column.source_name == name), None)
        return by_source or self.definition.column(name)

    @property
    def columns(self) -> t.ProductType:
        """All columns as a result shows them."""
        return t.product(
            *((column.name, type) for column, type in zip(self.definition.columns, self.types, strict=True))
        )


class Catalog:
    """The tables of one module and those mounted in it, by canonical name or by what code says."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._by_name: dict[str, KnownTable] = {}
        by_source: dict[str, KnownTable] = {}
        for known, source_name in _tables(schema):
            self._by_name[known.name] = known
            by_source.setdefault(source_name, known)
        for name, known in by_source.items():
            self._by_name.setdefault(name, known)
        for known in _SYSTEM_TABLES:
            self._by_name.setdefault(known.name, known)

    def find(self, name: str, *, is_owner: bool) -> KnownTable | None:
        """The table, unless it is private and the caller does not own the database."""
        known = self._by_name.get(name)
        return known if known is not None and (is_owner or known.definition.is_public) else None

    def hint_for(self, name: str, *, is_owner: bool) -> str:
        """The nearest name that the caller may see; nothing for a table that is there, but not for them."""
        if name in self._by_name:
            return ""
        names = (known for known, table in self._by_name.items() if is_owner or table.definition.is_public)
        return nearest(name, names)


def _tables(schema: ModuleSchema) -> Iterator[tuple[KnownTable, str]]:
    for prefix, module in schema.walk():
        for table in module.tables:
            yield _known(prefix, table, module, TableKind.STORED), prefix + table.source_name
        for view in module.views:
            known = _known(prefix, view_definition(view, module), module, TableKind.VIEW)
            yield replace(known, is_anonymous=view.is_anonymous), prefix + view.source_name


def _known(prefix: str, table: Table, module: ModuleSchema, kind: TableKind) -> KnownTable:
    format = RowFormat(module.row_type(table), module.typespace)
    types = tuple(without_references(column.type, module.typespace) for column in table.columns)
    return KnownTable(prefix, table, format, types, kind)


catalog_of = once_per_schema(Catalog)
"""One for each schema, so that what reads the same table shares how it is read."""

_SYSTEM_TABLES = tuple(_known("", table, SYSTEM, TableKind.SYSTEM) for table in SYSTEM.tables)
