"""``@procedure``: how authors declare functions that may do what reducers may not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from stdbpy.module.declarations import ProcedureDeclaration, record
from stdbpy.module.procedure_context import ProcedureContext

ContextT = TypeVar("ContextT", bound=ProcedureContext[Any])
Returned = TypeVar("Returned")
P = ParamSpec("P")


@overload
def procedure(
    function: Callable[Concatenate[ContextT, P], Returned], /
) -> Callable[Concatenate[ContextT, P], Returned]: ...
@overload
def procedure(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[ContextT, P], Returned]], Callable[Concatenate[ContextT, P], Returned]]: ...
def procedure(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a function that clients can call by its name (or ``name``), and that gives them what it
    returns.

    >>> @procedure
    ... def add(ctx: ProcedureContext, left: u32, right: u32) -> u32:
    ...     return left + right

    Unlike a reducer it may wait (``ctx.http``, ``ctx.sleep``), and is in no transaction: it opens
    those that it needs (``ctx.transaction()``). Its parameters, and what it returns, need annotations.
    Whatever it raises is a bug, whose traceback goes to the database's log; for failures that callers
    are to know of, return a value that tells them (``Ok[T] | Err[str]``).
    """
    user = sys._getframe(1)  # noqa: SLF001
    namespace, line = user.f_globals, user.f_lineno

    def declare(function: object) -> FunctionType:
        if not isinstance(function, FunctionType):
            raise TypeError(f"a procedure is a function, not {function!r}. A name is given as @procedure(name='add')")
        record(namespace, ProcedureDeclaration(function, name or function.__name__, line))
        return function

    return declare if function is None else declare(function)
