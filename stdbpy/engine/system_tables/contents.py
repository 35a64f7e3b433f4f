"""The rows of the system tables that follow from the module and from how its tables are numbered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, NamedTuple

from stdbpy.engine.store.building import FIRST_USER_ID
from stdbpy.engine.store.derived import Program, numbered_views
from stdbpy.engine.store.sequence import BLOCK
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.system_tables.definitions import CONSTRAINT_IDS, INDEX_IDS, SEQUENCE_IDS, TABLE_IDS, TOLD
from stdbpy.sats.meta import type_to_bytes
from stdbpy.sats.types import AlgebraicType, Primitive, Typespace
from stdbpy.sats.values import Variant
from stdbpy.schema.column_types import without_references
from stdbpy.schema.model import Index, IndexAlgorithm, ModuleSchema, View
from stdbpy.schema.model import Table as Definition

_MODULE_VERSION = "0.0.1"
_WASM = 0
"""The kind of every program that the real server gives a number, but those in JavaScript."""
_ARGUMENTS = "arg_hash"
"""The hidden first column of the tables in which the real server keeps the rows of views."""

Rows = Iterator[tuple[Any, ...]]


class _KnownView(NamedTuple):
    number: int
    table_number: int
    name: str
    view: View
    module: ModuleSchema


class Contents:
    """What can be said of one store."""

    def __init__(self, store: Store, program: Program | None) -> None:
        self._store = store
        self._program = program
        self._tables = [
            (table, prefix_of(table))
            for table in sorted(store.tables.values(), key=lambda table: table.name)
            if not table.definition.is_system
        ]

    def rows(self, name: str) -> Rows:
        """The rows of one system table, by its name."""
        return _ROWS[name](self)

    def _views(self) -> Iterator[_KnownView]:
        for place, view in enumerate(numbered_views(self._store)):
            yield _KnownView(FIRST_USER_ID + place, view.public_id, view.name, view.view, view.module)

    def tables(self) -> Rows:
        for definition in TOLD:
            yield _table_row(TABLE_IDS[definition.name], definition.name, "system", definition)
        for table, _ in self._tables:
            yield _table_row(table.id, table.name, "user", table.definition)
        for view in self._views():
            yield view.table_number, view.name, "user", "public" if view.view.is_public else "private", None

    def columns(self) -> Rows:
        for definition in TOLD:
            yield from _column_rows(TABLE_IDS[definition.name], definition, ())
        for table, _ in self._tables:
            yield from _column_rows(table.id, table.definition, table.module.typespace)
        for view in self._views():
            yield view.table_number, 0, _ARGUMENTS, type_to_bytes(Primitive.U256)
            for column in view.module.view_columns(view.view):
                type = _type_bytes(column.type, view.module.typespace)
                yield view.table_number, column.position + 1, column.name, type

    def view_columns(self) -> Rows:
        for view in self._views():
            for column in view.module.view_columns(view.view):
                yield view.number, column.position, column.name, _type_bytes(column.type, view.module.typespace)

    def view_params(self) -> Rows:
        for view in self._views():
            for place, param in enumerate(view.view.params.elements):
                yield view.number, place, param.name or "", _type_bytes(param.type, view.module.typespace)

    def views(self) -> Rows:
        for view in self._views():
            yield view.number, view.name, view.table_number, view.view.is_public, view.view.is_anonymous

    def indexes(self) -> Rows:
        for definition in TOLD:
            for index in definition.indexes:
                yield INDEX_IDS[index.name], TABLE_IDS[definition.name], index.name, _algorithm(index)
        last = FIRST_USER_ID - 1
        for table, prefix in self._tables:
            numbers = {index.name: index.id for index in table.indexes}
            for index in table.definition.indexes:
                number = numbers[prefix + index.name]
                last = max(last, number)
                yield number, table.id, prefix + index.name, _algorithm(index)
        following = count(last + 1)
        for view in self._views():
            yield next(following), view.table_number, f"{view.name}_{_ARGUMENTS}_idx_btree", Variant("BTree", [0])
            key = _key_of(view)
            if key is not None:
                name = f"{view.name}_{_ARGUMENTS}_{key[1]}_idx_btree"
                yield next(following), view.table_number, name, Variant("BTree", [0, key[0] + 1])

    def constraints(self) -> Rows:
        for definition in TOLD:
            for constraint in definition.constraints:
                number, columns = CONSTRAINT_IDS[constraint.name], sorted(constraint.columns)
                yield number, constraint.name, TABLE_IDS[definition.name], Variant("Unique", columns)
        following = count(FIRST_USER_ID)
        for table, prefix in self._tables:
            for constraint in table.definition.constraints:
                columns = sorted(constraint.columns)
                yield next(following), prefix + constraint.name, table.id, Variant("Unique", columns)
        for view in self._views():
            key = _key_of(view)
            if key is not None:
                name = f"{view.name}_{_ARGUMENTS}_{key[1]}_key"
                yield next(following), name, view.table_number, Variant("Unique", [0, key[0] + 1])

    def sequences(self) -> Rows:
        given = {
            "st_table": sum(1 for _ in self._tables) + sum(1 for _ in self._views()),
            "st_index": self._user_rows("st_index", 1),
            "st_constraint": self._user_rows("st_constraint", 2),
            "st_scheduled": sum(1 for _ in self.scheduled()),
            "st_sequence": sum(len(table.sequences) for table, _ in self._tables),
            "st_view": sum(1 for _ in self._views()),
            "st_view_arg": 0,
        }
        for definition in TOLD:
            for sequence in definition.sequences:
                blocks = -(-given[definition.name] // BLOCK)
                yield (
                    *(SEQUENCE_IDS[sequence.name], sequence.name, TABLE_IDS[definition.name], sequence.column),
                    *(sequence.increment, sequence.first, sequence.lowest, sequence.highest),
                    FIRST_USER_ID + blocks * BLOCK,
                )
        for table, prefix in self._tables:
            for numbers in table.sequences:
                sequence = numbers.definition
                yield (
                    *(numbers.id, prefix + sequence.name, table.id, sequence.column),
                    *(sequence.increment, sequence.first, sequence.lowest, sequence.highest),
                    numbers.taken_up_to,
                )

    def _user_rows(self, name: str, table_column: int) -> int:
        return sum(row[table_column] >= FIRST_USER_ID for row in self.rows(name))

    def program(self) -> Rows:
        if self._program is not None:
            database, owner, hash, code = self._program
            yield (
                *(int.from_bytes(database, "big"), int.from_bytes(owner, "big")),
                *(_WASM, int.from_bytes(hash, "little"), code, _MODULE_VERSION),
            )

    def scheduled(self) -> Rows:
        number = count(FIRST_USER_ID)
        for table, prefix in self._tables:
            schedule = table.definition.schedule
            if schedule is not None:
                yield next(number), table.id, prefix + schedule.function, prefix + schedule.name, schedule.at_column

    def row_level_security(self) -> Rows:
        # Imported here because it reads the catalog of the module, which few databases need rules for.
        from stdbpy.engine.sql.row_security import rules_by_table

        for name, text in rules_by_table(self._store.schema):
            number = self._store.table_id(name)
            if number is not None:
                yield number, text

    def event_tables(self) -> Rows:
        return ((table.id,) for table, _ in self._tables if table.is_event)

    def table_accessors(self) -> Rows:
        for table, prefix in self._tables:
            yield table.name, prefix + table.definition.source_name
        for view in self._views():
            yield view.name, view.name.removesuffix(view.view.name) + view.view.source_name

    def index_accessors(self) -> Rows:
        for table, prefix in self._tables:
            for index in table.definition.indexes:
                yield prefix + index.name, prefix + index.source_name

    def column_accessors(self) -> Rows:
        for table, _ in self._tables:
            for column in table.definition.columns:
                yield table.name, column.name, column.source_name
        for view in self._views():
            for column in view.module.view_columns(view.view):
                yield view.name, column.name, column.source_name

    def nothing(self) -> Rows:
        return iter(())


_ROWS: dict[str, Callable[[Contents], Rows]] = {
    "st_table": Contents.tables,
    "st_column": Contents.columns,
    "st_sequence": Contents.sequences,
    "st_index": Contents.indexes,
    "st_constraint": Contents.constraints,
    "st_module": Contents.program,
    "st_scheduled": Contents.scheduled,
    "st_row_level_security": Contents.row_level_security,
    "st_view": Contents.views,
    "st_view_param": Contents.view_params,
    "st_view_column": Contents.view_columns,
    "st_view_sub": Contents.nothing,
    "st_view_arg": Contents.nothing,
    "st_event_table": Contents.event_tables,
    "st_table_accessor": Contents.table_accessors,
    "st_index_accessor": Contents.index_accessors,
    "st_column_accessor": Contents.column_accessors,
}


def prefix_of(table: Table) -> str:
    """What the names of a mounted module's tables and indexes start with."""
    return table.name.removesuffix(table.definition.name)


def _table_row(number: int, name: str, type: str, definition: Definition) -> tuple[Any, ...]:
    access = "public" if definition.is_public else "private"
    key = None if definition.primary_key is None else [definition.primary_key]
    return number, name, type, access, key


def _column_rows(number: int, definition: Definition, typespace: Typespace) -> Rows:
    for column in definition.columns:
        yield number, column.position, column.name, _type_bytes(column.type, typespace)


def _type_bytes(type: AlgebraicType, typespace: Typespace) -> bytes:
    return type_to_bytes(without_references(type, typespace))


def _algorithm(index: Index) -> Variant:
    match index.algorithm:
        case IndexAlgorithm.DIRECT:
            return Variant("Direct", index.columns[0])
        case IndexAlgorithm.HASH:
            return Variant("Hash", list(index.columns))
        case IndexAlgorithm.BTREE:
            return Variant("BTree", list(index.columns))


def _key_of(view: _KnownView) -> tuple[int, str] | None:
    """Place and name of the column that is the key of a view's rows."""
    key = view.module.view_primary_key(view.view)
    return (key, view.module.view_columns(view.view)[key].name) if key is not None else None
