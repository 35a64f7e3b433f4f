"""Tables with their reducers, made by functions: a hundred of them differ by name and type alone."""

import re
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

from stdbpy import ReducerContext, column, i32, reducer, table


def spelled(name: str) -> str:
    """``PkU32Two`` as the server calls the table: ``pk_u_32_two``."""
    return re.sub(r"(?<=[A-Za-z])(?=[0-9])|(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def define_table(name: str, columns: Mapping[str, Any], **options: Any) -> type[Any]:
    """A public table; ``options`` are the columns that say more than their type."""
    namespace = {"__annotations__": dict(columns), "__module__": __name__, **options}
    row: type[Any] = table(name=spelled(name), public=True)(type(name, (), namespace))
    return row


def define_reducer(name: str, parameters: Mapping[str, Any], act: Callable[..., None]) -> None:
    """A reducer that calls ``act`` with the context and what it was sent."""

    def function(ctx: ReducerContext, *sent: Any) -> None:
        act(ctx, *sent)

    annotations = {"ctx": ReducerContext, **parameters}
    kind = Parameter.POSITIONAL_OR_KEYWORD
    function.__name__ = name
    function.__annotations__ = annotations
    signature = Signature([Parameter(each, kind, annotation=type) for each, type in annotations.items()])
    vars(function)["__signature__"] = signature
    reducer(name=name)(function)


def define(name: str, *, delete: str | None = "delete_all", **columns: Any) -> type[Any]:
    """A table without keys, with reducers that insert a row and, unless ``delete`` is ``None``, delete it."""
    row, rows = define_table(name, columns), spelled(name)
    define_reducer(f"insert_{rows}", columns, lambda ctx, *sent: getattr(ctx.db, rows).insert(row(*sent)))
    if delete is not None:
        define_reducer(f"{delete}_{rows}", columns, lambda ctx, *sent: getattr(ctx.db, rows).delete(row(*sent)))
    return row


def define_unique(name: str, key: str, type: Any) -> type[Any]:
    """A table with a unique column; an update deletes the row and inserts another one."""

    def update(ctx: ReducerContext, *sent: Any) -> None:
        getattr(ctx.db, rows)[key].delete(sent[0])
        getattr(ctx.db, rows).insert(row(*sent))

    rows = spelled(name)
    row = _with_key(name, key, type, update, unique=True)
    return row


def define_primary_key(name: str, key: str, type: Any) -> type[Any]:
    """A table with a primary key."""

    def update(ctx: ReducerContext, *sent: Any) -> None:
        getattr(ctx.db, rows)[key].update(row(*sent))

    rows = spelled(name)
    row = _with_key(name, key, type, update, primary_key=True)
    return row


def _with_key(name: str, key: str, type: Any, update: Callable[..., None], **option: bool) -> type[Any]:
    columns = {key: type, "data": i32}
    row, rows = define_table(name, columns, **{key: column(**option)}), spelled(name)
    define_reducer(f"insert_{rows}", columns, lambda ctx, *sent: getattr(ctx.db, rows).insert(row(*sent)))
    define_reducer(f"delete_all_{rows}", columns, lambda ctx, *sent: getattr(ctx.db, rows).delete(row(*sent)))
    define_reducer(f"update_{rows}", columns, update)
    define_reducer(f"delete_{rows}", {key: type}, lambda ctx, value: getattr(ctx.db, rows)[key].delete(value))
    return row
