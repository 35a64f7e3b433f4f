"""The names in a database, as far as the caller may know them: for completion and ``\\d``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stdbpy.schema.entities import Entity
    from stdbpy.schema.model import ModuleSchema

SYSTEM_TABLES = (
    "st_table",
    "st_column",
    "st_index",
    "st_constraint",
    "st_sequence",
    "st_module",
    "st_client",
    "st_var",
    "st_scheduled",
    "st_row_level_security",
    "st_connection_credentials",
    "st_view",
    "st_view_param",
    "st_view_column",
    "st_view_sub",
    "st_view_arg",
    "st_event_table",
    "st_table_accessor",
    "st_index_accessor",
    "st_column_accessor",
)
"""Those of SpacetimeDB 2.8.3 that describe the database; its owner can read them."""


@dataclass(frozen=True, slots=True)
class Names:
    """Nothing is known where the caller may not read the schema."""

    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables and views, each with its columns."""
    entities: tuple[Entity, ...] = ()
    """All that the module declares."""

    @classmethod
    def of(cls, schema: ModuleSchema) -> Names:
        from stdbpy.schema.entities import entities

        found = entities(schema)
        tables = {
            entity.name: tuple(column["name"] for column in entity.data["columns"])
            for entity in found
            if entity.kind in ("table", "view")
        }
        return cls(tables, tuple(found))

    def of_kinds(self, kinds: Iterable[str]) -> list[Entity]:
        return [entity for entity in self.entities if entity.kind in kinds]

    def named(self, name: str) -> list[Entity]:
        """What is called so; there may be a table and a type of one name."""
        return [entity for entity in self.entities if entity.name == name]
