"""A griffe extension: the roles in docstrings (``:class:`~a.b.C```) as Markdown, with a link where there is a page."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`(?P<hidden>~?)(?P<path>[\w.]+)`")
_LITERAL = re.compile(r"``([^`]+)``")


class DocstringRoles(griffe.Extension):
    """Rewrites each docstring before it is rendered."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.docstring is not None:
            text = _ROLE.sub(lambda found: _code(found["path"], hidden=bool(found["hidden"])), obj.docstring.value)
            obj.docstring.value = _LITERAL.sub(r"`\1`", text)


def _code(path: str, *, hidden: bool) -> str:
    return f"`{path.rpartition('.')[2] if hidden else path}`"
