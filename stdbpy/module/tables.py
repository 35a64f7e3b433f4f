"""``@table``, ``column``, ``auto_inc`` and ``index``: how authors declare tables.

>>> from stdbpy.sats.annotations import u32, u64
>>> @table(public=True, indexes=[index("by_guild_and_level", "guild", "level")])
... class Player:
...     id: u64 = auto_inc(primary_key=True)
...     name: str = column(unique=True)
...     guild: u32 | None = None
...     level: u32 = column(index="btree", default=1)
>>> Player(name="Ann")
Player(id=0, name='Ann', guild=None, level=1)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, Literal, TypeVar, dataclass_transform, overload

from stdbpy.errors import nearest
from stdbpy.module.declarations import ColumnOptions, IndexOptions, TableDeclaration, record
from stdbpy.module.rows import column_field, make_row_class
from stdbpy.schema.model import IndexAlgorithm

if TYPE_CHECKING:
    from stdbpy.module.outboxes import RemoteReducer

C = TypeVar("C", bound=type)
V = TypeVar("V")

Algorithm = Literal["btree", "hash", "direct"]

_OPTIONS = ("name", "public", "event", "scheduled", "primary_key", "indexes", "outbox", "on_result")

_ALGORITHMS = {algorithm.value.lower(): algorithm for algorithm in IndexAlgorithm}


@overload
def column(
    *,
    default: V,
    primary_key: bool = False,
    unique: bool = False,
    auto_inc: bool = False,
    index: Algorithm | None = None,
    target: bool = False,
    param: str | None = None,
) -> V: ...
@overload
def column(
    *,
    primary_key: bool = False,
    unique: bool = False,
    auto_inc: bool = False,
    index: Algorithm | None = None,
    target: bool = False,
    param: str | None = None,
) -> Any: ...
def column(
    *,
    default: Any = MISSING,
    primary_key: bool = False,
    unique: bool = False,
    auto_inc: bool = False,
    index: Algorithm | None = None,
    target: bool = False,
    param: str | None = None,
) -> Any:
    """What a column is beyond its type.

    ``primary_key``: rows are found and updated by it; it is unique. ``unique``: no two rows have
    the same value. ``auto_inc``: see :func:`auto_inc`. ``index``: rows are found by it
    (``ctx.db.player.level.filter(3)``): ``"btree"`` also by ranges; ``"hash"`` by equality;
    ``"direct"`` for dense unsigned numbers that are unique. A unique column has an index anyway.

    ``default`` is what a row has if no value is given, and, unless the column is a key or unique,
    what existing rows get when the column is added to a table that has rows. A plain
    ``level: u32 = 1`` is the same as ``column(default=1)``.

    ``target`` and ``param`` are for outboxes: the column with the identity of the database that a row is for, and
    the parameter of the reducer there that a column is sent as, if it is not called like the column.
    """
    if auto_inc:
        if default is not MISSING and default != 0:
            raise ValueError(
                f"an auto_inc column has no default but 0, which asks for the next number, not {default!r}"
            )
        default = 0
    if param is not None and not isinstance(param, str):
        raise TypeError(f"param takes the name of a parameter, not {param!r}: param='body'")
    algorithm = _algorithm(index) if index is not None else None
    options = ColumnOptions(primary_key, unique, auto_inc, algorithm, target, param)
    return column_field(default, options)


def auto_inc(*, primary_key: bool = False, unique: bool = False, index: Algorithm | None = None) -> int:
    """An integer column that numbers its rows: where it is 0, ``insert`` puts the next number.

    The same as ``column(auto_inc=True, …)``, except that type checkers know that the constructor
    can be called without it.
    """
    field: int = column(default=0, primary_key=primary_key, unique=unique, auto_inc=True, index=index)
    return field


def index(name: str, /, *columns: str, algorithm: Algorithm = "btree", unique: bool = False) -> IndexOptions:
    """An index over one or more columns, reached as ``ctx.db.<table>.<name>``.

    ``unique``: no two rows have the same values in all these columns.
    """
    for each in (name, *columns):
        if not isinstance(each, str):
            raise TypeError(f"index takes names: its own and those of columns, index('by_name', 'name'), not {each!r}")
    if not columns:
        raise TypeError(f"index({name!r}) names no columns: index({name!r}, 'player', 'level')")
    return IndexOptions(name, columns, _algorithm(algorithm), unique)


@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(column,))
def table(cls: C, /) -> C: ...
@overload
@dataclass_transform(kw_only_default=True, field_specifiers=(column,))
def table(
    *,
    name: str | None = None,
    public: bool = False,
    event: bool = False,
    scheduled: str | None = None,
    primary_key: str | None = None,
    indexes: Sequence[IndexOptions] = (),
    outbox: RemoteReducer | str | None = None,
    on_result: str | None = None,
) -> Callable[[C], C]: ...
def table(
    cls: Any = None,
    /,
    *,
    name: str | None = None,
    public: bool = False,
    event: bool = False,
    scheduled: str | None = None,
    primary_key: str | None = None,
    indexes: Sequence[IndexOptions] = (),
    outbox: RemoteReducer | str | None = None,
    on_result: str | None = None,
    **unknown: object,
) -> Any:
    """Declares a table whose rows are instances of the class; the class becomes a dataclass.

    ``name``: what modules, clients and SQL call the table; else the class's name in snake case
    (``HighScore``: ``high_score``). ``public``: everybody may read it; else only the database's
    owner. ``event``: rows are told to those who subscribe and then gone; at the end of the reducer
    that inserts them, the table is empty again. ``scheduled``: the reducer or procedure that is
    called with each row when its ``ScheduleAt`` column says so, for which the table needs a ``u64``
    primary key, too; deleting the row cancels the call. ``primary_key``: the column, if
    ``column(primary_key=True)`` doesn't say it. ``indexes``: indexes over several columns.

    ``outbox``: the reducer that is called with each row in another database, the one that the row's column with
    ``target=True`` names: :func:`~stdbpy.module.outboxes.remote_reducer` declares it, or it is the name of one that
    this module has, too, for databases that run the same. Columns are sent by the names of its parameters. Rows are
    sent when the reducer that inserts them has succeeded, each is carried out once, those from one outbox to one
    database in the order of their insertion, and they are gone when it is known what became of them; nobody can delete
    or change them. ``on_result``: the reducer that is told: it is called with the row and a
    :data:`~stdbpy.module.outboxes.RemoteResult`.

    One class can stand for several tables: stack ``@table(name=…)``, or call
    ``table(name=…)(Player)`` on a class made elsewhere.
    """
    user = sys._getframe(1)  # noqa: SLF001
    namespace, line = user.f_globals, user.f_lineno
    _check_options(primary_key, scheduled, indexes, unknown)
    outbox_options = None
    if outbox is not None or on_result is not None:
        from stdbpy.module import outboxes  # few modules have some

        outbox_options = outboxes.outbox_options(outbox, on_result)

    def declare(cls: object) -> type:
        if not isinstance(cls, type):
            raise TypeError(f"@table stands above a class, not {cls!r}. A name is given as @table(name='person')")
        row_class = make_row_class(cls)
        table_name = name or _snake_case(cls.__name__)
        declaration = TableDeclaration(
            row_class, table_name, public, event, scheduled, primary_key, tuple(indexes), outbox_options, line
        )
        record(namespace, declaration)
        return row_class

    return declare if cls is None else declare(cls)


def _check_options(primary_key: object, scheduled: object, indexes: object, unknown: Mapping[str, object]) -> None:
    for option in unknown:
        hint = nearest(option, _OPTIONS) or f"It has {', '.join(_OPTIONS)}."
        raise TypeError(f"@table has no option {option!r}. {hint}")
    if primary_key is not None and not isinstance(primary_key, str):
        raise TypeError(f"primary_key takes the name of a column, not {primary_key!r}: primary_key='id'")
    if scheduled is not None and not isinstance(scheduled, str):
        meant = getattr(scheduled, "__name__", "send_reminder")
        raise TypeError(f"scheduled takes the name of a reducer, as it may stand further below: scheduled={meant!r}")
    if not isinstance(indexes, Sequence) or not all(isinstance(each, IndexOptions) for each in indexes):
        raise TypeError(
            "indexes takes a list of index(...): indexes=[index('by_guild_and_level', 'guild', 'level')]. "
            "For an index of one column write column(index='btree') behind it"
        )


def _algorithm(name: str) -> IndexAlgorithm:
    try:
        return _ALGORITHMS[name]
    except (KeyError, TypeError):  # of what cannot be a key
        raise ValueError(f"no kind of index is called {name!r}: there are {', '.join(_ALGORITHMS)}") from None


def _snake_case(name: str) -> str:
    """``HTTPRequest2`` becomes ``http_request2``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
