"""What decorators write down while a module is imported.

A decorator changes nothing but the namespace it is used in: it appends a record to the list
``__stdbpy__`` of the Python module that defines the class or function. Nothing is registered
globally, so that a fresh import is a fresh module and two databases can run the same code apart.
Mistakes are found later, all at once, when the records are joined into a schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stdbpy.schema.model import IndexAlgorithm, Lifecycle

if TYPE_CHECKING:
    from stdbpy.module.outboxes import RemoteReducer

NAMESPACE_KEY = "__stdbpy__"
COLUMN_KEY = "stdbpy"
"""Where a dataclass field's metadata holds its :class:`ColumnOptions`."""


@dataclass(frozen=True, slots=True)
class ColumnOptions:
    """What ``column(...)`` says about a column beyond its type."""

    primary_key: bool = False
    unique: bool = False
    auto_inc: bool = False
    index: IndexAlgorithm | None = None
    target: bool = False
    """Whether it says which database an outbox's row is for."""
    param: str | None = None
    """The parameter that it is sent as, if that is not called like the column."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """An index that ``index(...)`` declares for a table; ``name`` is its accessor."""

    name: str
    columns: tuple[str, ...]
    algorithm: IndexAlgorithm = IndexAlgorithm.BTREE
    unique: bool = False


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """Which requests a handler answers."""

    method: str
    """``GET``, …, or ``*`` for any."""
    path: str
    handler: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class OutboxOptions:
    """What rows of an outbox do."""

    reducer: RemoteReducer | str
    """What they call; by its name it is one that the module has itself, as other databases that run it have it."""
    on_result: str | None
    """The reducer that is told what becomes of them."""


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    row: type
    name: str
    public: bool
    event: bool
    scheduled: str | None
    """Name of the reducer or procedure that is called for each row."""
    primary_key: str | None
    indexes: tuple[IndexOptions, ...]
    outbox: OutboxOptions | None
    line: int


@dataclass(frozen=True, slots=True)
class ReducerDeclaration:
    function: Callable[..., Any]
    name: str
    lifecycle: Lifecycle | None
    line: int


@dataclass(frozen=True, slots=True)
class ViewDeclaration:
    function: Callable[..., Any]
    name: str
    public: bool
    primary_key: str | None
    """The column by which clients tell its rows apart."""
    line: int


@dataclass(frozen=True, slots=True)
class ProcedureDeclaration:
    function: Callable[..., Any]
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class HandlerDeclaration:
    """A function that answers HTTP requests, those that the router leads to it."""

    function: Callable[..., Any]
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class RouterDeclaration:
    routes: tuple[RouteOptions, ...]
    line: int

    @property
    def name(self) -> str:
        """A module has one router."""
        return ""


@dataclass(frozen=True, slots=True)
class MountDeclaration:
    """A module inside another: what it declares goes by ``name.…`` there."""

    python_module: str
    """The import name of what declares it, itself or in what is inside of it."""
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class VisibilityFilter:
    sql: str
    line: int

    @property
    def name(self) -> str:
        """A filter is known by its query."""
        return self.sql


@dataclass(frozen=True, slots=True)
class EnvironmentDeclaration:
    """The values that the module reads of its database's environment: the annotations of a class."""

    cls: type
    line: int

    @property
    def name(self) -> str:
        """A module has one environment."""
        return ""


FunctionDeclaration = ReducerDeclaration | ViewDeclaration | ProcedureDeclaration | HandlerDeclaration

OwnDeclaration = TableDeclaration | FunctionDeclaration | RouterDeclaration | VisibilityFilter | EnvironmentDeclaration
"""What is a part of the module itself, rather than another module inside."""

Declaration = OwnDeclaration | MountDeclaration


def record(namespace: dict[str, Any], declaration: Declaration) -> None:
    if not isinstance(declaration.name, str):
        raise TypeError(f"a name is text, not {declaration.name!r}")
    namespace.setdefault(NAMESPACE_KEY, []).append(declaration)


def recorded(namespace: dict[str, Any]) -> list[Declaration]:
    declarations: list[Declaration] = namespace.get(NAMESPACE_KEY, [])
    return declarations
