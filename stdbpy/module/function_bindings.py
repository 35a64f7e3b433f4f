"""What calling a module's functions needs, whatever host runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stdbpy.module.procedure_context import HandlerContext, ProcedureContext
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.view_context import AnonymousViewContext
from stdbpy.sats.bsatn import Codec


@dataclass(frozen=True, slots=True)
class ReducerBinding:
    name: str
    function: Callable[..., Any]
    context_class: type[ReducerContext]
    arguments: Codec[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ViewBinding:
    name: str
    function: Callable[..., Any]
    context_class: type[AnonymousViewContext]
    row_class: type
    row: Codec[Any] | None
    """``None`` if the view returns a query."""
    is_option: bool


@dataclass(frozen=True, slots=True)
class ProcedureBinding:
    name: str
    function: Callable[..., Any]
    context_class: type[ProcedureContext[Any]]
    transaction_class: type[ReducerContext]
    arguments: Codec[tuple[Any, ...]]
    result: Codec[Any] | None
    """``None`` if it gives nothing back."""


@dataclass(frozen=True, slots=True)
class HandlerBinding:
    name: str
    function: Callable[..., Any]
    context_class: type[HandlerContext[Any]]
    transaction_class: type[ReducerContext]


@dataclass(frozen=True, slots=True)
class FunctionBindings:
    """Those of a module, in the order in which hosts number them."""

    reducers: tuple[ReducerBinding, ...] = ()
    views: tuple[ViewBinding, ...] = ()
    anonymous_views: tuple[ViewBinding, ...] = ()
    procedures: tuple[ProcedureBinding, ...] = ()
    handlers: tuple[HandlerBinding, ...] = ()
