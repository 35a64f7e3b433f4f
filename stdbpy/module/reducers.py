"""``@reducer`` and the lifecycle decorators: how authors declare what clients can call."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from stdbpy.module.declarations import ReducerDeclaration, record
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.schema.model import Lifecycle

ContextT = TypeVar("ContextT", bound=ReducerContext)
P = ParamSpec("P")


@overload
def reducer(function: Callable[Concatenate[ContextT, P], None], /) -> Callable[Concatenate[ContextT, P], None]: ...
@overload
def reducer(
    *, name: str | None = None
) -> Callable[[Callable[Concatenate[ContextT, P], None]], Callable[Concatenate[ContextT, P], None]]: ...
def reducer(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares a function that clients can call by its name (or ``name``).

    Its first parameter is the context; the others need annotations, and are what callers send. All
    that a call does to tables happens together, or, if it raises, not at all. Raise
    :class:`~stdbpy.errors.ReducerError` to refuse a call; any other exception is a bug, whose
    traceback goes to the database's log.
    """
    return _declare(function, name, None)


@overload
def init(function: Callable[[ContextT], None], /) -> Callable[[ContextT], None]: ...
@overload
def init(*, name: str | None = None) -> Callable[[Callable[[ContextT], None]], Callable[[ContextT], None]]: ...
def init(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares the reducer that runs once, when the module is published to a new or cleared database."""
    return _declare(function, name, Lifecycle.INIT)


@overload
def client_connected(function: Callable[[ContextT], None], /) -> Callable[[ContextT], None]: ...
@overload
def client_connected(
    *, name: str | None = None
) -> Callable[[Callable[[ContextT], None]], Callable[[ContextT], None]]: ...
def client_connected(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares the reducer that runs when a client connects; if it raises, the client is refused."""
    return _declare(function, name, Lifecycle.ON_CONNECT)


@overload
def client_disconnected(function: Callable[[ContextT], None], /) -> Callable[[ContextT], None]: ...
@overload
def client_disconnected(
    *, name: str | None = None
) -> Callable[[Callable[[ContextT], None]], Callable[[ContextT], None]]: ...
def client_disconnected(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares the reducer that runs when a client has disconnected; the client is gone even if it raises."""
    return _declare(function, name, Lifecycle.ON_DISCONNECT)


def _declare(function: Any, name: str | None, lifecycle: Lifecycle | None) -> Any:
    user = sys._getframe(2)  # noqa: SLF001
    namespace, line = user.f_globals, user.f_lineno

    def declare(function: object) -> FunctionType:
        if not isinstance(function, FunctionType):
            raise TypeError(f"a reducer is a function, not {function!r}. A name is given as @reducer(name='add')")
        record(namespace, ReducerDeclaration(function, name or function.__name__, lifecycle, line))
        return function

    return declare if function is None else declare(function)
