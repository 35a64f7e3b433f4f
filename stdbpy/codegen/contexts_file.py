"""Writes ``contexts.py``: what callbacks are given besides the rows."""

from __future__ import annotations

from stdbpy.codegen.python_file import class_text, doc, indented, python_file

_FOR_TYPES = """\
if TYPE_CHECKING:
    from stdbpy.client import PendingCall

    from .handles import Tables
    from .procedures import PendingProcedures
    from .reducers import Reducers
"""
_IMPORTS = [
    "from typing import TYPE_CHECKING\n",
    "from stdbpy.client import EventContext as AnyEventContext\n",
    _FOR_TYPES,
]

_PROPERTIES = (
    ("db", "Tables", "The tables of the connection that the rows are from."),
    ("reducers", "Reducers[PendingCall[None]]", "Calls that are sent and not waited for."),
    ("procedures", "PendingProcedures", "Calls that are sent and not waited for."),
)


def contexts_file() -> str:
    properties = [
        f"@property\ndef {name}(self) -> {annotation}:\n" + indented(doc(docstring) + "...\n")
        for name, annotation, docstring in _PROPERTIES
    ]
    typed = "if TYPE_CHECKING:\n\n" + "\n".join(map(indented, properties))
    docstring = "What callbacks are given besides the rows: why they changed, and the connection."
    context = class_text("class EventContext(AnyEventContext):", docstring, [typed])
    return python_file("What callbacks are given besides the rows.", _IMPORTS, [context])
