"""What a module is: its tables, functions and rules, after names have been applied.

One :class:`ModuleSchema` stands for a module whatever definition it was read from (V9 or V10, see
``schema/raw_v9.py`` and ``schema/raw_v10.py``) and whichever language wrote it. Names come in pairs: ``source_name``
is what the module's code says, ``name`` (the *canonical* name) is what SQL, the HTTP API and
clients see; they differ where the definition's case conversion policy or its explicit names say so.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from stdbpy.errors import SchemaError
from stdbpy.sats.types import (
    UNIT,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    TypeRef,
    Typespace,
    as_option,
    resolve,
)

QUERY_FIELD = "__query__"
"""The one field of the product that a query-builder view returns."""


class IndexAlgorithm(enum.Enum):
    BTREE = "BTree"
    HASH = "Hash"
    DIRECT = "Direct"


class Lifecycle(enum.Enum):
    INIT = "Init"
    ON_CONNECT = "OnConnect"
    ON_DISCONNECT = "OnDisconnect"


class CasePolicy(enum.Enum):
    """How the server turns source names into canonical ones (V10; a V9 definition acts as NONE)."""

    NONE = "None"
    SNAKE_CASE = "SnakeCase"


class Visibility(enum.Enum):
    PRIVATE = "Private"
    CLIENT_CALLABLE = "ClientCallable"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    source_name: str
    type: AlgebraicType
    position: int
    default: bytes | None = None
    """The default value in BSATN, used when the column is added to a table that has rows."""


@dataclass(frozen=True, slots=True)
class Index:
    name: str
    source_name: str
    accessor: str | None
    """What module code and clients call the index; ``None`` if it is reached by no accessor."""
    algorithm: IndexAlgorithm
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UniqueConstraint:
    name: str
    source_name: str
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """The numbers of an auto-increment column; ``None`` is what the definition leaves open."""

    name: str
    source_name: str
    column: int
    start: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    increment: int = 1

    # What the server takes where nothing is said. The column's own type limits the numbers too.

    @property
    def first(self) -> int:
        return 1 if self.start is None else self.start

    @property
    def lowest(self) -> int:
        return 1 if self.min_value is None else self.min_value

    @property
    def highest(self) -> int:
        return 2**127 - 1 if self.max_value is None else self.max_value


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    source_name: str
    at_column: int
    function: str
    """Canonical name of the reducer or procedure that each row calls."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Marks a table whose rows are calls of a reducer in other databases (SpacetimeDB 2.14)."""

    remote_reducer: str
    target_column: int
    """The column with the identity of the database to call."""
    arg_columns: tuple[int, ...]
    on_result: str | None
    """Canonical name of the reducer that is told how the call went."""
    signature_hash: int
    """256-bit hash of the remote reducer's signature."""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    source_name: str
    product_ref: int
    """Index of the row type in the typespace."""
    columns: tuple[Column, ...]
    primary_key: int | None = None
    indexes: tuple[Index, ...] = ()
    constraints: tuple[UniqueConstraint, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    schedule: Schedule | None = None
    is_public: bool = True
    is_system: bool = False
    is_event: bool = False
    outbox: Outbox | None = None

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def is_unique(self, columns: tuple[int, ...]) -> bool:
        """Whether a unique constraint covers exactly these columns, in any order."""
        return any(sorted(constraint.columns) == sorted(columns) for constraint in self.constraints)


@dataclass(frozen=True, slots=True)
class TypeDef:
    """A named type of the typespace."""

    name: str
    source_name: str
    ref: int
    scope: tuple[str, ...] = ()
    source_scope: tuple[str, ...] = ()
    custom_ordering: bool = True

    @property
    def full_name(self) -> str:
        """The canonical name with its scope: ``geometry::Point``."""
        return "::".join((*self.scope, self.name))


@dataclass(frozen=True, slots=True)
class Reducer:
    name: str
    source_name: str
    params: ProductType
    lifecycle: Lifecycle | None = None
    visibility: Visibility = Visibility.CLIENT_CALLABLE
    ok_return_type: AlgebraicType = UNIT
    err_return_type: AlgebraicType = Primitive.STRING


@dataclass(frozen=True, slots=True)
class Procedure:
    name: str
    source_name: str
    params: ProductType
    return_type: AlgebraicType
    visibility: Visibility = Visibility.CLIENT_CALLABLE


@dataclass(frozen=True, slots=True)
class View:
    name: str
    source_name: str
    index: int
    is_public: bool
    is_anonymous: bool
    params: ProductType
    return_type: AlgebraicType
    """``list[T]``, ``T | None`` or a query of ``T``, where ``T`` refers to a product of the typespace."""
    primary_key: tuple[str, ...] = ()
    """Canonical names of the columns that the module declares as key (today at most one)."""

    @property
    def is_query(self) -> bool:
        """Whether the view returns a query for the host to run, instead of rows."""
        return isinstance(self.return_type, ProductType) and self.return_type.names == (QUERY_FIELD,)

    @property
    def row_ref(self) -> int | None:
        """Index of the row type in the typespace; ``None`` if no view may return such a type."""
        match self.return_type:
            case ProductType((element,)) if element.name == QUERY_FIELD:
                row: AlgebraicType | None = element.type
            case ArrayType(element):
                row = element
            case _:
                row = as_option(self.return_type)
        return row.index if isinstance(row, TypeRef) else None


@dataclass(frozen=True, slots=True)
class HttpHandler:
    name: str
    source_name: str


@dataclass(frozen=True, slots=True)
class HttpRoute:
    handler: str
    method: str
    """``GET``, …, or ``*`` for any."""
    path: str


class EnvironmentKind(enum.Enum):
    STRING = "String"
    LITERAL = "StringLiteral"
    UNION = "Union"


@dataclass(frozen=True, slots=True)
class EnvironmentValue:
    """A value that the publisher of the module sets, a string (SpacetimeDB 2.14)."""

    name: str
    kind: EnvironmentKind = EnvironmentKind.STRING
    literals: tuple[str, ...] = ()
    """The strings allowed: one for LITERAL, some for UNION; empty for STRING, which allows any."""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Submodule:
    """A module mounted inside another: its tables and functions are called ``name.…`` there."""

    name: str
    source_name: str
    schema: ModuleSchema


@dataclass(frozen=True)
class ModuleSchema:
    """A module. Reducers, procedures, views and handlers are numbered by their order, which the
    host uses to call them; a table's, type's or index's place says nothing."""

    typespace: tuple[AlgebraicType, ...] = ()
    """Types with canonical names inside; ``source_typespace`` has the names that the code says."""
    source_typespace: tuple[AlgebraicType, ...] = ()
    types: tuple[TypeDef, ...] = ()
    tables: tuple[Table, ...] = ()
    reducers: tuple[Reducer, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    views: tuple[View, ...] = ()
    row_level_security: tuple[str, ...] = ()
    http_handlers: tuple[HttpHandler, ...] = ()
    http_routes: tuple[HttpRoute, ...] = ()
    submodules: tuple[Submodule, ...] = ()
    environment: tuple[EnvironmentValue, ...] = ()
    case_policy: CasePolicy = CasePolicy.NONE
    version: int = 10
    """The definition it was read from (9 or 10), which says how the server resolves names."""

    @cached_property
    def tables_by_name(self) -> dict[str, Table]:
        return {table.name: table for table in self.tables}

    @cached_property
    def reducers_by_name(self) -> dict[str, Reducer]:
        return {reducer.name: reducer for reducer in self.reducers}

    @cached_property
    def procedures_by_name(self) -> dict[str, Procedure]:
        return {procedure.name: procedure for procedure in self.procedures}

    @cached_property
    def views_by_name(self) -> dict[str, View]:
        return {view.name: view for view in self.views}

    @cached_property
    def type_names(self) -> dict[int, TypeDef]:
        """The named types by their index in the typespace."""
        return {definition.ref: definition for definition in self.types}

    def lifecycle(self, kind: Lifecycle) -> Reducer | None:
        return next((reducer for reducer in self.reducers if reducer.lifecycle is kind), None)

    def row_type(self, row_of: Table | View) -> ProductType:
        """The product of a table's or view's columns, with canonical names.

        Raises :class:`~stdbpy.errors.SchemaError` where there is none, which validation refuses.
        """
        ref = row_of.product_ref if isinstance(row_of, Table) else row_of.row_ref
        row = self.typespace[ref] if ref is not None and ref < len(self.typespace) else None
        if not isinstance(row, ProductType):
            raise SchemaError(f"The rows of {row_of.name!r} have no type that is a product")
        return row

    def view_columns(self, view: View) -> tuple[Column, ...]:
        ref = view.row_ref
        return columns_of(self.typespace, self.source_typespace, ref) if ref is not None else ()

    def view_primary_key(self, view: View) -> int | None:
        """The key column of the view's rows: the declared one; for a query view also that of the
        tables with the same row type, if they agree (the server tells clients so)."""
        if view.primary_key:
            names = [column.name for column in self.view_columns(view)]
            return names.index(view.primary_key[0])
        if not view.is_query:
            return None
        keys = {table.primary_key for table in self.tables if table.product_ref == view.row_ref} - {None}
        return keys.pop() if len(keys) == 1 else None

    def resolve(self, type: AlgebraicType) -> AlgebraicType:
        return resolve(type, self.typespace)

    def walk(self, prefix: str = "") -> Iterator[tuple[str, ModuleSchema]]:
        """This module and those mounted inside, depth first, each with what its names start with in
        the database: ``""``, ``"auth."``, ``"auth.sessions."``. Functions are numbered in this order."""
        yield prefix, self
        for submodule in self.submodules:
            yield from submodule.schema.walk(f"{prefix}{submodule.name}.")


def columns_of(typespace: Typespace, source_typespace: Typespace, ref: int) -> tuple[Column, ...]:
    """The columns that the row type at ``ref`` makes; none where there is no product.

    An unnamed element becomes a column called ``""``, which validation refuses.
    """
    row = typespace[ref] if 0 <= ref < len(typespace) else None
    source = source_typespace[ref] if 0 <= ref < len(source_typespace) else row
    if not isinstance(row, ProductType) or not isinstance(source, ProductType):
        return ()
    return tuple(
        Column(element.name or "", source_element.name or "", element.type, position)
        for position, (element, source_element) in enumerate(zip(row.elements, source.elements, strict=True))
    )


__all__ = [
    "QUERY_FIELD",
    "CasePolicy",
    "Column",
    "EnvironmentKind",
    "EnvironmentValue",
    "HttpHandler",
    "HttpRoute",
    "Index",
    "IndexAlgorithm",
    "Lifecycle",
    "ModuleSchema",
    "Outbox",
    "Procedure",
    "Reducer",
    "Schedule",
    "Sequence",
    "Submodule",
    "Table",
    "TypeDef",
    "Typespace",
    "UniqueConstraint",
    "View",
    "Visibility",
    "columns_of",
]
