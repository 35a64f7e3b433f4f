"""What the files of a module import that is neither theirs nor Python's: read, not run."""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from stdbpy.module.package import ModuleSource


@dataclass(frozen=True, slots=True)
class OutsideImport:
    """The first import of something that has to be installed."""

    name: str
    """Up to the first dot."""
    where: str
    """``chat/module.py:3``."""
    is_optional: bool
    """Whether the code gets along without it: it imports it in a ``try``, or under an ``if`` as that of
    ``TYPE_CHECKING``."""
    is_late: bool
    """Whether it is imported inside a function: not before that is called."""


def outside_imports(source: ModuleSource) -> list[OutsideImport]:
    """By name; of several imports of one, that which needs it most. A file with a syntax error has none."""
    known = {path.split("/", 1)[0].removesuffix(".py") for path in source.files}
    known |= {*sys.stdlib_module_names, "stdbpy"}
    found: dict[str, OutsideImport] = {}
    for path, content in source.files.items():
        for name, line, is_optional, is_late in _imports_in(content):
            each = OutsideImport(name, f"{path}:{line}", is_optional, is_late)
            before = found.get(name)
            if name not in known and (before is None or _urgency(each) > _urgency(before)):
                found[name] = each
    return [found[name] for name in sorted(found)]


def _urgency(each: OutsideImport) -> tuple[bool, bool]:
    return not each.is_optional, not each.is_late


def _imports_in(content: bytes) -> Iterator[tuple[str, int, bool, bool]]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return  # loading the module reports it, with the line
    pending = deque[tuple[ast.AST, bool, bool]]([(tree, False, False)])
    while pending:
        node, is_optional, is_late = pending.popleft()
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield alias.name.partition(".")[0], node.lineno, is_optional, is_late
            case ast.ImportFrom(module=str(name), level=0):
                yield name.partition(".")[0], node.lineno, is_optional, is_late
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                is_late = True
            case ast.Try() | ast.TryStar() | ast.If():
                is_optional = True
        pending += [(inner, is_optional, is_late) for inner in ast.iter_child_nodes(node)]
