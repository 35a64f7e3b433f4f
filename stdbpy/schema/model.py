"""What a module is: its tables, functions and rules, after names have been applied.

One :class:`ModuleSchema` stands for a module whatever definition it was read from (V9 or V10, see
``schema/raw_v9.py`` and ``schema/raw_v10.py``) and whichever language wrote it. Names come in pairs: ``source_name``
is what the module's code says, ``name`` (the *canonical* name) is what SQL, the HTTP API and
clients see; they differ where the definition's case conversion policy or its explicit names say so.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import cached_property

from stdbpy.sats.types import AlgebraicType, ProductType, Typespace, resolve


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
    """The numbers of an auto-increment column; ``None`` bounds are those of the column's type."""

    name: str
    source_name: str
    column: int
    start: int | None = None
    min_value: int | None = None
    max_value: int | None = None
    increment: int = 1


@dataclass(frozen=True, slots=True)
class Schedule:
    name: str
    source_name: str
    at_column: int
    function: str
    """Canonical name of the reducer or procedure that each row calls."""


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


@dataclass(frozen=True, slots=True)
class Reducer:
    name: str
    source_name: str
    params: ProductType
    lifecycle: Lifecycle | None = None
    visibility: Visibility = Visibility.CLIENT_CALLABLE
    ok_return_type: AlgebraicType | None = None
    """``None`` means unit, which is all that V9 can say."""
    err_return_type: AlgebraicType | None = None
    """``None`` means String."""


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
    primary_key: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class ModuleSchema:
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
    submodules: tuple[tuple[str, ModuleSchema], ...] = field(default=())
    """``(namespace, schema)`` of each module mounted inside this one."""
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
    def type_names(self) -> dict[int, TypeDef]:
        """The named types by their index in the typespace."""
        return {definition.ref: definition for definition in self.types}

    def lifecycle(self, kind: Lifecycle) -> Reducer | None:
        return next((reducer for reducer in self.reducers if reducer.lifecycle is kind), None)

    def row_type(self, table: Table) -> ProductType:
        row = resolve(self.typespace[table.product_ref], self.typespace)
        assert isinstance(row, ProductType), f"validated: the row type of {table.name} is a product"
        return row

    def resolve(self, type: AlgebraicType) -> AlgebraicType:
        return resolve(type, self.typespace)


__all__ = [
    "CasePolicy",
    "Column",
    "HttpHandler",
    "HttpRoute",
    "Index",
    "IndexAlgorithm",
    "Lifecycle",
    "ModuleSchema",
    "Procedure",
    "Reducer",
    "Schedule",
    "Sequence",
    "Table",
    "TypeDef",
    "Typespace",
    "UniqueConstraint",
    "View",
    "Visibility",
]
