"""Writes ``__init__.py``: what programs import of the package."""

from __future__ import annotations

from stdbpy.codegen.layout import bracketed, quoted
from stdbpy.codegen.python_file import doc, indented, python_file

_NAMES = ("MODULE", "Reducers", "over_http", "over_http_async", "tables", "types")
_IMPORTS = [
    "from collections.abc import Awaitable\n",
    "from stdbpy.client import AsyncHttpDatabase, HttpDatabase\n",
    "from . import tables, types\nfrom .module import MODULE\nfrom .reducers import Reducers\n",
]


def init_file() -> str:
    names = bracketed("__all__ = [", [quoted(name) for name in _NAMES], "]") + "\n"
    imports = [*_IMPORTS, names]
    return python_file("Typed client of a SpacetimeDB module.", imports, [_over_http(), _over_http_async()])


def _over_http() -> str:
    return (
        "def over_http(\n"
        + indented("server: str, database: str, *, token: str | None = None\n")
        + ") -> HttpDatabase[Reducers[None]]:\n"
        + indented(
            doc("A client of ``database`` on ``server`` that calls and queries over HTTP.")
            + "return HttpDatabase(server, database, MODULE, Reducers, token=token)\n"
        )
    )


def _over_http_async() -> str:
    return (
        "def over_http_async(\n"
        + indented("server: str, database: str, *, token: str | None = None\n")
        + ") -> AsyncHttpDatabase[Reducers[Awaitable[None]]]:\n"
        + indented(
            doc("The same for ``asyncio``: calls and queries are awaited.")
            + "return AsyncHttpDatabase(server, database, MODULE, Reducers, token=token)\n"
        )
    )
