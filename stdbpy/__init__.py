"""The Python toolchain for SpacetimeDB.

What authors of modules need is here, imported when first used: ``import stdbpy`` alone costs
nothing.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.errors import (
        AutoIncOverflow,
        EncodeError,
        HttpFailed,
        ReducerError,
        RowNotFound,
        StdbError,
        UniqueConstraintViolation,
    )
    from stdbpy.module.environment import environment
    from stdbpy.module.handles import Index, PrimaryKey, Table, Tables, Unique
    from stdbpy.module.http import HttpHeaders, HttpRequest, HttpResponse
    from stdbpy.module.http_handlers import Router, http_handler, http_router
    from stdbpy.module.mounting import mount
    from stdbpy.module.outboxes import RemoteReducer, RemoteResult, remote_reducer
    from stdbpy.module.procedure_context import HandlerContext, ProcedureContext
    from stdbpy.module.procedures import procedure
    from stdbpy.module.queries import Queries
    from stdbpy.module.reducer_context import ReducerContext
    from stdbpy.module.reducers import client_connected, client_disconnected, init, reducer
    from stdbpy.module.tables import auto_inc, column, index, table
    from stdbpy.module.view_context import AnonymousViewContext, ViewContext
    from stdbpy.module.views import view
    from stdbpy.module.visibility import client_visibility_filter
    from stdbpy.query import Column, Columns, IndexedColumn, OpaqueColumn, Query, QueryTable
    from stdbpy.sats.annotations import (
        f32,
        f64,
        i8,
        i16,
        i32,
        i64,
        i128,
        i256,
        u8,
        u16,
        u32,
        u64,
        u128,
        u256,
    )
    from stdbpy.sats.ranges import Range, above, at_least, at_most, below, between
    from stdbpy.sats.tagged_union import TaggedUnion
    from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, ScheduleAt, Some, TimeDuration, Timestamp

_HOMES = {
    "stdbpy.errors": (
        "AutoIncOverflow",
        "EncodeError",
        "HttpFailed",
        "ReducerError",
        "RowNotFound",
        "StdbError",
        "UniqueConstraintViolation",
    ),
    "stdbpy.module.reducer_context": ("ReducerContext",),
    "stdbpy.module.environment": ("environment",),
    "stdbpy.module.handles": ("Index", "PrimaryKey", "Table", "Tables", "Unique"),
    "stdbpy.sats.ranges": ("Range", "above", "at_least", "at_most", "below", "between"),
    "stdbpy.module.reducers": ("client_connected", "client_disconnected", "init", "reducer"),
    "stdbpy.module.tables": ("auto_inc", "column", "index", "table"),
    "stdbpy.module.visibility": ("client_visibility_filter",),
    "stdbpy.module.view_context": (
        "AnonymousViewContext",
        "ViewContext",
    ),
    "stdbpy.module.mounting": ("mount",),
    "stdbpy.module.outboxes": ("RemoteReducer", "RemoteResult", "remote_reducer"),
    "stdbpy.module.procedure_context": (
        "HandlerContext",
        "ProcedureContext",
    ),
    "stdbpy.module.http": (
        "HttpHeaders",
        "HttpRequest",
        "HttpResponse",
    ),
    "stdbpy.module.http_handlers": (
        "Router",
        "http_handler",
        "http_router",
    ),
    "stdbpy.module.procedures": ("procedure",),
    "stdbpy.module.views": ("view",),
    "stdbpy.module.queries": ("Queries",),
    "stdbpy.query": (
        "Column",
        "Columns",
        "IndexedColumn",
        "OpaqueColumn",
        "Query",
        "QueryTable",
    ),
    "stdbpy.sats.annotations": (
        "f32",
        "f64",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "i256",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "u256",
    ),
    "stdbpy.sats.tagged_union": ("TaggedUnion",),
    "stdbpy.sats.values": (
        "ConnectionId",
        "Err",
        "Identity",
        "Ok",
        "ScheduleAt",
        "Some",
        "TimeDuration",
        "Timestamp",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module 'stdbpy' has no attribute {name!r}", name=name)
        from importlib import import_module

        value: object = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})


__all__ = [
    "AnonymousViewContext",
    "AutoIncOverflow",
    "Column",
    "Columns",
    "ConnectionId",
    "EncodeError",
    "Err",
    "HandlerContext",
    "HttpFailed",
    "HttpHeaders",
    "HttpRequest",
    "HttpResponse",
    "Identity",
    "Index",
    "IndexedColumn",
    "Ok",
    "OpaqueColumn",
    "PrimaryKey",
    "ProcedureContext",
    "Queries",
    "Query",
    "QueryTable",
    "Range",
    "ReducerContext",
    "ReducerError",
    "RemoteReducer",
    "RemoteResult",
    "Router",
    "RowNotFound",
    "ScheduleAt",
    "Some",
    "StdbError",
    "Table",
    "Tables",
    "TaggedUnion",
    "TimeDuration",
    "Timestamp",
    "Unique",
    "UniqueConstraintViolation",
    "ViewContext",
    "__version__",
    "above",
    "at_least",
    "at_most",
    "auto_inc",
    "below",
    "between",
    "client_connected",
    "client_disconnected",
    "client_visibility_filter",
    "column",
    "environment",
    "f32",
    "f64",
    "http_handler",
    "http_router",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "i256",
    "index",
    "init",
    "mount",
    "procedure",
    "reducer",
    "remote_reducer",
    "table",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "u256",
    "view",
]
