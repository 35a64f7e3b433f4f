"""Writes ``connections.py``: the connections of the library, with the module's tables and calls."""

from __future__ import annotations

from stdbpy.codegen.layout import bracketed
from stdbpy.codegen.python_file import class_text, indented, python_file

_IMPORTS = """\
from .contexts import EventContext
from .handles import Tables
from .module import MODULE
from .procedures import PendingProcedures, Procedures
from .reducers import Reducers
"""
_FOR_TYPES = """\
if TYPE_CHECKING:
    from stdbpy.client import PendingCall
"""
_PENDING = {"reducers": "Reducers[PendingCall[None]]", "procedures": "PendingProcedures"}
_WAITING = {"reducers": "Reducers[None]", "procedures": "Procedures"}


def connections_file() -> str:
    arguments = ["MODULE", "Tables", "Reducers", "Procedures", "PendingProcedures", "EventContext"]
    generated = bracketed("GENERATED = GeneratedClient(", arguments, ")") + "\n"
    imports = [
        "from typing import TYPE_CHECKING\n",
        "from stdbpy.client import AsyncConnection, Connection, GeneratedClient\n",
        _IMPORTS,
        _FOR_TYPES,
        generated,
    ]
    sync = _connection("DbConnection", "Connection", "A connection whose calls wait for their outcome.", _WAITING)
    asynchronous = _connection(
        "AsyncDbConnection", "AsyncConnection", "A connection for ``asyncio``, whose calls are awaited.", _PENDING
    )
    return python_file("Connections to databases of the module.", imports, [sync, asynchronous])


def _connection(name: str, base: str, docstring: str, calls: dict[str, str]) -> str:
    attributes = {"db": "Tables", **calls, **{f"send{_ending(kind)}": call for kind, call in _PENDING.items()}}
    typed = "".join(f"{attribute}: {annotation}\n" for attribute, annotation in attributes.items())
    members = ["generated = GENERATED\n", f"if TYPE_CHECKING:\n{indented(typed)}"]
    return class_text(f"class {name}({base}, Tables):", docstring, members)


def _ending(kind: str) -> str:
    return "" if kind == "reducers" else f"_{kind}"
