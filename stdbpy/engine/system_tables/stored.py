"""Empty system tables."""

from __future__ import annotations

from functools import cache

from stdbpy.engine.store.building import Ids, Numbering, build_table
from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import INDEX_IDS, SEQUENCE_IDS, STORED, SYSTEM, TABLE_IDS

_NUMBERING = Numbering(Ids(dict(TABLE_IDS)), Ids(dict(INDEX_IDS)), Ids(dict(SEQUENCE_IDS)))


def build_system_table(name: str) -> Table:
    return build_table(name, SYSTEM.tables_by_name[name], SYSTEM, _NUMBERING)


def stored_system_tables() -> list[Table]:
    """Those whose rows are written down with those of the module's tables."""
    return [table.empty_copy() for table in _stored()]


@cache
def _stored() -> list[Table]:
    return [build_system_table(name) for name in STORED]
