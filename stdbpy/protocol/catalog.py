"""What a client must know of a module to read and write its messages: layouts of tables and functions.

Nothing is compiled before it is used: a module may have hundreds of tables of which a client needs three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.satsjson import JsonCodec
from stdbpy.sats.shapes import Call, Record, Shape, Shapes
from stdbpy.schema.model import ModuleSchema, Procedure, Reducer, Table


@dataclass(frozen=True, slots=True)
class IndexLayout:
    """An index as clients have it: the server's algorithm makes no difference to them."""

    name: str
    """What generated code calls it: its accessor, or the name of its column; the server's own name
    where neither is there."""
    columns: tuple[int, ...]
    unique: bool


@dataclass(frozen=True)
class TableLayout:
    """A table or view: how its rows are written, and what they are found by."""

    name: str
    """As messages and SQL say it, with the namespaces of the module that it is mounted in."""
    row_type: t.AlgebraicType
    typespace: t.Typespace = field(default=(), repr=False)
    classes: Mapping[int, type] = field(default_factory=dict, repr=False)
    primary_key: int | None = None
    """Position of the column."""
    indexes: tuple[IndexLayout, ...] = ()
    is_event: bool = False
    is_view: bool = False

    @cached_property
    def shapes(self) -> Shapes:
        return Shapes(self.row_type, self.typespace, self.classes)

    @cached_property
    def codec(self) -> Codec[Any]:
        """Rows in BSATN."""
        return Codec(self.shapes)

    @cached_property
    def json_codec(self) -> JsonCodec[Any]:
        """Rows as ``v1.json`` has them: what JSON cannot say of a float is ``null``, and read as NaN."""
        return JsonCodec(self.shapes, "result")

    @cached_property
    def record(self) -> Record:
        """The shape of a row."""
        shape: Shape = self.shapes.root
        while isinstance(shape, Call):
            shape = self.shapes.called[shape.number]
        assert isinstance(shape, Record), f"rows of {self.name} are no product"
        return shape

    @property
    def fields(self) -> tuple[str, ...]:
        """The attributes of a row, in the order of the columns; empty where rows are tuples."""
        return self.record.attributes if self.record.cls is not None else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns' names as SQL says them."""
        return self.record.labels


@dataclass(frozen=True)
class FunctionLayout:
    """A reducer or procedure: how its arguments and what it gives back are written."""

    name: str
    """As messages say it, with the namespaces of the module that it is mounted in."""
    params: t.ProductType
    return_type: t.AlgebraicType = t.UNIT
    error_type: t.AlgebraicType | None = None
    """What a reducer refuses with, most often text; ``None`` for procedures."""
    typespace: t.Typespace = field(default=(), repr=False)
    classes: Mapping[int, type] = field(default_factory=dict, repr=False)

    @cached_property
    def _argument_shapes(self) -> Shapes:
        return Shapes(self.params, self.typespace, self.classes)

    @cached_property
    def _return_shapes(self) -> Shapes:
        return Shapes(self.return_type, self.typespace, self.classes)

    @cached_property
    def arguments(self) -> Codec[tuple[Any, ...]]:
        """The arguments, a tuple in the order of the parameters, in BSATN."""
        return Codec(self._argument_shapes)

    @cached_property
    def json_arguments(self) -> JsonCodec[tuple[Any, ...]]:
        return JsonCodec(self._argument_shapes, "strict")

    @cached_property
    def returned(self) -> Codec[Any]:
        """What it gives back, in BSATN."""
        return Codec(self._return_shapes)

    @cached_property
    def json_returned(self) -> JsonCodec[Any]:
        return JsonCodec(self._return_shapes, "result")

    @cached_property
    def error(self) -> Codec[Any] | None:
        """What a reducer refuses with, in BSATN."""
        if self.error_type is None:
            return None
        return Codec(Shapes(self.error_type, self.typespace, self.classes))


@dataclass(frozen=True)
class Catalog:
    """All that a client can read and call, by the names that messages use; views are tables, too."""

    tables: Mapping[str, TableLayout]
    reducers: Mapping[str, FunctionLayout]
    procedures: Mapping[str, FunctionLayout]


def catalog_of(
    schema: ModuleSchema,
    classes: Mapping[int, type] | None = None,
    mounted: Mapping[str, Mapping[int, type]] | None = None,
) -> Catalog:
    """The catalog of a module and those mounted inside it.

    ``classes`` binds Python classes to types of the module's typespace by index; ``mounted`` does it
    for mounted modules, which have typespaces of their own, by the prefix of their names (``auth.``).
    What has no class is a tuple. Raises ``SchemaError`` for rows without columns' types.
    """
    tables: dict[str, TableLayout] = {}
    reducers: dict[str, FunctionLayout] = {}
    procedures: dict[str, FunctionLayout] = {}
    for prefix, module in schema.walk():
        bound = ((classes if not prefix else (mounted or {}).get(prefix)) or {}), module.typespace
        for layout in _tables(prefix, module, *bound):
            tables[layout.name] = layout
        for reducer in module.reducers:
            reducers[prefix + reducer.name] = _function(prefix, reducer, *bound)
        for procedure in module.procedures:
            procedures[prefix + procedure.name] = _function(prefix, procedure, *bound)
    return Catalog(tables, reducers, procedures)


def _tables(
    prefix: str, module: ModuleSchema, classes: Mapping[int, type], typespace: t.Typespace
) -> list[TableLayout]:
    layouts = []
    for table in module.tables:
        module.row_type(table)
        row = t.TypeRef(table.product_ref)
        indexes = _indexes(table)
        layouts.append(
            TableLayout(
                prefix + table.name, row, typespace, classes, table.primary_key, indexes, is_event=table.is_event
            )
        )
    for view in module.views:
        module.row_type(view)
        assert view.row_ref is not None
        key = module.view_primary_key(view)
        layouts.append(TableLayout(prefix + view.name, t.TypeRef(view.row_ref), typespace, classes, key, is_view=True))
    return layouts


def _indexes(table: Table) -> tuple[IndexLayout, ...]:
    return tuple(
        IndexLayout(index.accessor or index.name, index.columns, unique=table.is_unique(index.columns))
        for index in table.indexes
    )


def _function(
    prefix: str, function: Reducer | Procedure, classes: Mapping[int, type], typespace: t.Typespace
) -> FunctionLayout:
    if isinstance(function, Reducer):
        returns, error = function.ok_return_type, function.err_return_type
    else:
        returns, error = function.return_type, None
    return FunctionLayout(prefix + function.name, function.params, returns, error, typespace, classes)
