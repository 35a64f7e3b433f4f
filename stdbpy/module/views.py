"""``@view``: how authors declare what clients can read besides tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, overload

from stdbpy.module.declarations import ViewDeclaration, record
from stdbpy.module.view_context import AnonymousViewContext

ContextT = TypeVar("ContextT", bound=AnonymousViewContext)
Returned = TypeVar("Returned")


@overload
def view(function: Callable[[ContextT], Returned], /) -> Callable[[ContextT], Returned]: ...
@overload
def view(
    *, name: str | None = None, public: bool = False, primary_key: str | None = None
) -> Callable[[Callable[[ContextT], Returned]], Callable[[ContextT], Returned]]: ...
def view(
    function: Any = None, /, *, name: str | None = None, public: bool = False, primary_key: str | None = None
) -> Any:
    """Declares a view: rows that are computed from tables, which clients query and subscribe to as
    they do to a table of that name (or ``name``).

    >>> @view(public=True)
    ... def my_player(ctx: ViewContext) -> Player | None:
    ...     return ctx.db.player.identity.find(ctx.sender)

    Its context says whether its rows depend on who asks (``ViewContext``) or are the same for all
    (``AnonymousViewContext``), which the server computes but once. It returns ``list[Row]`` (or any
    iterable), ``Row | None`` or ``Query[Row]``, where ``Row`` is a table's class or a dataclass, and
    reads tables, but changes none. It is computed again whenever what it has read changes.

    ``public``: everybody may read it; else only the database's owner. ``primary_key``: the column by
    which clients tell its rows apart, so that they see updates.
    """
    user = sys._getframe(1)  # noqa: SLF001
    namespace, line = user.f_globals, user.f_lineno
    if primary_key is not None and not isinstance(primary_key, str):
        raise TypeError(f"primary_key takes the name of a column, not {primary_key!r}: primary_key='id'")

    def declare(function: object) -> FunctionType:
        if not isinstance(function, FunctionType):
            raise TypeError(f"a view is a function, not {function!r}. Options are given as @view(public=True)")
        record(namespace, ViewDeclaration(function, name or function.__name__, public, primary_key, line))
        return function

    return declare if function is None else declare(function)
