"""Declared tables → tables of the schema."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from stdbpy.errors import EncodeError, TypeNotSupported, nearest
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import understood
from stdbpy.module.declarations import TableDeclaration
from stdbpy.module.handles import TABLE_METHODS
from stdbpy.module.rows import column_default, column_options
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import SCHEDULE_AT, AlgebraicType, ProductType, TypeRef
from stdbpy.schema.model import Column, Index, IndexAlgorithm, Schedule, Sequence, Table, UniqueConstraint


def assemble_table(
    declaration: TableDeclaration, where: str, registry: TypeRegistry, findings: Findings
) -> Table | None:
    """The table, its row type added to the registry; ``None`` if its columns are not understood.

    Names of indexes, constraints, sequences and schedules are left for the schema to fill in.
    """
    row = declaration.row
    fields = dataclasses.fields(row)
    if not fields:
        findings.error(where, f"the table {declaration.name!r} has no columns", "Add some to the class: name: str")
        return None
    annotations = {field.name: field.type for field in fields}

    def complain(name: str, error: TypeNotSupported) -> None:
        findings.not_supported(findings.of_field(row, name), error)

    assembly = _TableAssembly(declaration, where, registry, findings)
    keys = assembly.keys()
    if understood(row, annotations, complain) is None:
        return None
    type = registry.add(row)
    assert isinstance(type, TypeRef), "a class is an entry of the typespace"
    return assembly.table(type.index, keys)


def is_of_outboxes(declaration: TableDeclaration) -> bool:
    """Whether it is an outbox, or has columns as outboxes have."""
    columns = map(column_options, dataclasses.fields(declaration.row))
    return declaration.outbox is not None or any(options.target or options.param is not None for options in columns)


class _Keys(NamedTuple):
    """What says which columns rows are found by, and does not depend on the columns' types."""

    primary_key: int | None
    unique: tuple[tuple[int, ...], ...]
    """The columns of each unique constraint."""
    indexes: tuple[Index, ...]


class _TableAssembly:
    def __init__(self, declaration: TableDeclaration, where: str, registry: TypeRegistry, findings: Findings) -> None:
        self.declaration = declaration
        self.where = where
        self.registry = registry
        self.findings = findings
        self.fields = dataclasses.fields(declaration.row)
        self.names = [field.name for field in self.fields]
        self.options = [column_options(field) for field in self.fields]

    def keys(self) -> _Keys:
        primary_key = self._primary_key()
        unique: list[tuple[int, ...]] = [
            (position,)
            for position, options in enumerate(self.options)
            if options.unique or options.primary_key or position == primary_key
        ]
        indexes = self._indexes(unique)
        unique += [
            tuple(self.names.index(name) for name in index.columns)
            for index in self.declaration.indexes
            if index.unique and set(index.columns) <= set(self.names)
        ]
        self._check_accessors(indexes, unique)
        return _Keys(primary_key, tuple(dict.fromkeys(unique)), indexes)

    def table(self, product_ref: int, keys: _Keys) -> Table:
        columns = self._columns(product_ref, keys.primary_key)
        return Table(
            name=self.declaration.name,
            source_name=self.declaration.name,
            product_ref=product_ref,
            columns=columns,
            primary_key=keys.primary_key,
            indexes=keys.indexes,
            constraints=tuple(UniqueConstraint("", "", positions) for positions in keys.unique),
            sequences=tuple(
                Sequence("", "", position) for position, options in enumerate(self.options) if options.auto_inc
            ),
            schedule=self._schedule(columns),
            is_public=self.declaration.public,
            is_event=self.declaration.event,
        )

    def _primary_key(self) -> int | None:
        keys = [position for position, options in enumerate(self.options) if options.primary_key]
        name = self.declaration.primary_key
        if name is not None and name not in self.names:
            self.findings.error(
                self.where,
                f"the primary key {name!r} of table {self.declaration.name!r} is none of its columns",
                nearest(name, self.names) or f"It has {', '.join(self.names)}",
            )
        elif name is not None and self.names.index(name) not in keys:
            keys.append(self.names.index(name))
        for position in keys[1:]:
            self.findings.error(
                self._column(position),
                f"{self.names[keys[0]]!r} is the primary key of table {self.declaration.name!r} already",
                "A table has one primary key; make the other column unique=True, or an index(..., unique=True) of both",
            )
        return keys[0] if keys else None

    def _columns(self, product_ref: int, primary_key: int | None) -> tuple[Column, ...]:
        row = self.registry.types[product_ref]
        assert isinstance(row, ProductType), "made of a class with fields"
        columns = []
        for position, (element, options) in enumerate(zip(row.elements, self.options, strict=True)):
            # A server gives its own values to these, and refuses defaults for them.
            is_key = options.primary_key or options.unique or options.auto_inc or position == primary_key
            default = None if is_key else self._default(position, element.type)
            columns.append(Column(self.names[position], self.names[position], element.type, position, default))
        return tuple(columns)

    def _default(self, position: int, type: AlgebraicType) -> bytes | None:
        default = column_default(self.fields[position])
        if default is dataclasses.MISSING:
            return None
        try:
            return compile_codec(type, self.registry.types, self.registry.classes).encode(default)
        except EncodeError as error:
            place = f"{self.declaration.row.__name__}.{self.names[position]}"
            self.findings.error(self._column(position), f"the default of {place} does not fit: {error}", error.hint)
            return None

    def _indexes(self, unique: list[tuple[int, ...]]) -> tuple[Index, ...]:
        """Those that ``index(...)`` declares, those of columns, and one for each unique column that
        has none yet."""
        declared = []
        for options in self.declaration.indexes:
            unknown = [name for name in options.columns if name not in self.names]
            for name in unknown:
                self.findings.error(
                    self.where,
                    f"index {options.name!r} of table {self.declaration.name!r} is over {name!r}, which is no column",
                    nearest(name, self.names) or f"It has {', '.join(self.names)}",
                )
            if not unknown:
                positions = tuple(self.names.index(name) for name in options.columns)
                declared.append(Index("", "", options.name, options.algorithm, positions))
        of_columns = []
        for position, options_ in enumerate(self.options):
            has_one = any(index.columns == (position,) for index in declared)
            algorithm = options_.index or (IndexAlgorithm.BTREE if (position,) in unique and not has_one else None)
            if algorithm is not None:
                of_columns.append(Index("", "", self.names[position], algorithm, (position,)))
        return (*of_columns, *declared)

    def _check_accessors(self, indexes: tuple[Index, ...], unique: list[tuple[int, ...]]) -> None:
        table = self.declaration.name
        taken: dict[str | None, Index] = {}
        for index in indexes:
            is_of_column = index.accessor == self.names[index.columns[0]]
            place = self._column(index.columns[0]) if is_of_column else self.where
            if index.accessor in taken:
                self.findings.error(
                    place, f"two indexes of table {table!r} are called {index.accessor!r}", "Rename one"
                )
            elif index.accessor in TABLE_METHODS:
                self.findings.warning(
                    place,
                    f"the index {index.accessor!r} of table {table!r} is called like a method of tables",
                    f"Reach it as ctx.db.{table}[{index.accessor!r}], or rename it",
                )
            taken[index.accessor] = index
            if index.algorithm is IndexAlgorithm.DIRECT and index.columns not in unique:
                self.findings.error(
                    place, f"{table}.{index.accessor} has a direct index, but is not unique", "Add unique=True"
                )

    def _schedule(self, columns: tuple[Column, ...]) -> Schedule | None:
        if self.declaration.scheduled is None:
            return None
        at_columns = [column.position for column in columns if column.type == SCHEDULE_AT]
        if len(at_columns) == 1:
            return Schedule("", "", at_columns[0], self.declaration.scheduled)
        self.findings.error(
            self.where,
            f"table {self.declaration.name!r} is scheduled, but has {'several' if at_columns else 'no'} columns that "
            "say when",
            "Give it one: scheduled_at: ScheduleAt",
        )
        return None

    def _column(self, position: int) -> str:
        return self.findings.of_field(self.declaration.row, self.names[position])
