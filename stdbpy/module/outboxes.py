"""``@remote_reducer`` and what outboxes declare: tables whose rows are calls of reducers in other databases."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, NoReturn, TypeAlias, overload

from stdbpy.module.declarations import OutboxOptions
from stdbpy.sats.values import Err, Ok

RemoteResult: TypeAlias = Ok[tuple[()]] | Err[str]
"""What a call in another database has come to: ``Ok(())``, or ``Err`` with what its caller is told."""


class RemoteReducer:
    """A reducer of another database's module, as far as those who call it need to know."""

    __slots__ = ("function", "name")

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        """Only its parameters are looked at; it is never called."""
        self.name = name

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise TypeError(f"{self.name} runs in another database: insert a row into an outbox, @table(outbox=...)")

    def __repr__(self) -> str:
        return f"<remote reducer {self.name}>"


@overload
def remote_reducer(function: Callable[..., None], /) -> RemoteReducer: ...
@overload
def remote_reducer(*, name: str | None = None) -> Callable[[Callable[..., None]], RemoteReducer]: ...
def remote_reducer(function: Any = None, /, *, name: str | None = None) -> Any:
    """Declares what a reducer of another database's module takes, for outboxes whose rows call it:

    >>> @remote_reducer
    ... def receive(body: str) -> None: ...
    ...
    ... @table(outbox=receive)
    ... class Message:
    ...     id: u64 = auto_inc(primary_key=True)
    ...     to: Identity = column(target=True)
    ...     body: str

    The context is left out; the other parameters have to be there by the same names, in the same order, of the same
    types: the other database refuses what is not meant for its reducer. ``name`` is what it is called there, if not as
    here: ``"chat.receive"`` if it is in a module that is mounted there. Servers have this since SpacetimeDB 2.14.
    """

    def declare(function: object) -> RemoteReducer:
        if not isinstance(function, FunctionType):
            raise TypeError(f"@remote_reducer stands above a function, not {function!r}")
        return RemoteReducer(function, name or function.__name__)

    if name is not None and not isinstance(name, str):
        raise TypeError(f"a name is text, not {name!r}")
    return declare if function is None else declare(function)


def outbox_options(outbox: object, on_result: object) -> OutboxOptions:
    """What ``@table(outbox=..., on_result=...)`` says. Raises ``TypeError``."""
    if on_result is not None and not isinstance(on_result, str):
        meant = getattr(on_result, "__name__", "sent")
        raise TypeError(f"on_result takes the name of a reducer, as it may stand further below: on_result={meant!r}")
    if outbox is None:
        raise TypeError("on_result is for outboxes: @table(outbox=..., on_result=...)")
    if isinstance(outbox, FunctionType):
        raise TypeError(
            f"outbox takes the name of a reducer that this module has, too, outbox={outbox.__name__!r}, or what "
            "@remote_reducer declares of another module's"
        )
    if not isinstance(outbox, RemoteReducer | str):
        raise TypeError(f"outbox takes what @remote_reducer declares, or the name of a reducer, not {outbox!r}")
    return OutboxOptions(outbox, on_result)
