"""Writes ``__init__.py``: what programs import of the package."""

from __future__ import annotations

from collections.abc import Sequence

from stdbpy.codegen.layout import bracketed, import_from, quoted
from stdbpy.codegen.python_file import doc, indented, python_file

_LAZY = {
    "AsyncDbConnection": "connections",
    "AwaitedProcedures": "procedures",
    "DbConnection": "connections",
    "EventContext": "contexts",
    "MODULE": "module",
    "Procedures": "procedures",
    "Reducers": "reducers",
}
"""Public names and the files that they are in, which are imported when they are first used."""

_FOR_TYPES = ("AsyncHttpDatabase", "ConnectOptions", "Connecting", "HttpDatabase", "SyncConnectOptions")
_FUNCTIONS = ("connect", "connect_async", "over_http", "over_http_async")


def init_file() -> str:
    imports = [
        "from typing import TYPE_CHECKING, Unpack\n",
        "from . import tables, types\n",
        _for_types(),
        bracketed("__all__ = [", [quoted(name) for name in _public_names()], "]") + "\n",
    ]
    docstring = (
        "Typed client of a SpacetimeDB module.\n\n"
        "Connections are imported when they are first used: types and queries do without."
    )
    return python_file(docstring, imports, [*_functions(), _getattr()])


def _public_names() -> list[str]:
    def as_ruff_sorts(name: str) -> tuple[int, str]:
        return 0 if name.isupper() else 1 if name[0].isupper() else 2, name

    return sorted([*_LAZY, *_FUNCTIONS, "arguments", "tables", "types"], key=as_ruff_sorts)


def _for_types() -> str:
    files = sorted(set(_LAZY.values()))
    own = [import_from(f".{file}", [name for name, home in _LAZY.items() if home == file], margin=1) for file in files]
    standard = "from collections.abc import Awaitable\n"
    own.insert(0, "from . import arguments\n")
    groups = [standard, import_from("stdbpy.client", _FOR_TYPES, margin=1), "".join(own)]
    return "if TYPE_CHECKING:\n" + indented("\n".join(groups))


def _functions() -> list[str]:
    place = ["uri: str", "database: str"]
    http = [*place, "*", "token: str | None = None"]
    of_module = "from .module import MODULE\nfrom .procedures import {}\nfrom .reducers import Reducers\n"
    return [
        _function(
            "connect",
            [*place, "**options: Unpack[SyncConnectOptions]"],
            "DbConnection",
            "Connects to ``database`` on the server at ``uri``; use ``with``, or ``close`` it.",
            "from .connections import DbConnection\n",
            "DbConnection.connect(uri, database, **options)",
        ),
        _function(
            "connect_async",
            [*place, "**options: Unpack[ConnectOptions]"],
            "Connecting[AsyncDbConnection]",
            "The same for ``asyncio``: use ``async with``, or ``await`` it.",
            "from .connections import AsyncDbConnection\n",
            "AsyncDbConnection.connect(uri, database, **options)",
        ),
        _function(
            "over_http",
            http,
            "HttpDatabase[Reducers[None], Procedures]",
            "A client of ``database`` on the server at ``uri`` that calls and queries over HTTP.",
            "from stdbpy.client import HttpDatabase\n\n" + of_module.format("Procedures"),
            _http_database("HttpDatabase", "Procedures"),
        ),
        _function(
            "over_http_async",
            http,
            "AsyncHttpDatabase[Reducers[Awaitable[None]], AwaitedProcedures]",
            "The same for ``asyncio``: calls and queries are awaited.",
            "from stdbpy.client import AsyncHttpDatabase\n\n" + of_module.format("AwaitedProcedures"),
            _http_database("AsyncHttpDatabase", "AwaitedProcedures"),
        ),
    ]


def _http_database(cls: str, procedures: str) -> str:
    arguments = ["uri", "database", "MODULE", "Reducers", procedures, "token=token"]
    return bracketed(f"return {cls}(", arguments, ")", margin=1).removeprefix("return ")


def _function(name: str, parameters: Sequence[str], returns: str, docstring: str, imports: str, value: str) -> str:
    head = bracketed(f"def {name}(", parameters, f") -> {returns}:")
    body = f"{doc(docstring)}{imports}\nreturn {value}\n"
    return f"{head}\n{indented(body)}"


def _getattr() -> str:
    homes = bracketed("homes = {", [f"{quoted(name)}: {quoted(home)}" for name, home in _LAZY.items()], "}", margin=2)
    body = f"""\
{homes}
from importlib import import_module

if name == "arguments":
    return import_module(".arguments", __name__)
if name not in homes:
    raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
home = import_module(f".{{homes[name]}}", __name__)
thing = globals()[name] = getattr(home, name)
return thing
"""
    function = f"def __getattr__(name: str) -> object:\n{indented(body)}"
    # To type checkers it would make every name one that is there.
    return f"if not TYPE_CHECKING:\n\n{indented(function)}"
