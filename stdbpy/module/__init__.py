"""What authors of modules import (``stdbpy`` has all of it, too); the loader of their code is
``stdbpy.module.load``."""

from stdbpy.module.handles import Index, PrimaryKey, Table, Tables, Unique
from stdbpy.module.http import HttpHeaders, HttpRequest, HttpResponse
from stdbpy.module.http_handlers import Router, http_handler, http_router
from stdbpy.module.mounting import mount
from stdbpy.module.procedure_context import HandlerContext, ProcedureContext
from stdbpy.module.procedures import procedure
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.reducers import client_connected, client_disconnected, init, reducer
from stdbpy.module.tables import auto_inc, column, index, table
from stdbpy.module.view_context import AnonymousViewContext, ViewContext
from stdbpy.module.views import view
from stdbpy.module.visibility import client_visibility_filter
from stdbpy.query import Query
from stdbpy.sats.ranges import Range, above, at_least, at_most, below, between

__all__ = [
    "AnonymousViewContext",
    "HandlerContext",
    "HttpHeaders",
    "HttpRequest",
    "HttpResponse",
    "Index",
    "PrimaryKey",
    "ProcedureContext",
    "Query",
    "Range",
    "ReducerContext",
    "Router",
    "Table",
    "Tables",
    "Unique",
    "ViewContext",
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
    "http_handler",
    "http_router",
    "index",
    "init",
    "mount",
    "procedure",
    "reducer",
    "table",
    "view",
]
