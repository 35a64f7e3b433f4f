"""What the files of a module import that is neither theirs nor Python's: read, not run."""

from __future__ import annotations

import ast
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stdbpy.module.package import LONGEST_PARSED, ModuleSource

TIME_ZONES = "tzdata"
"""The package that ``zoneinfo`` reads where a system has no time zones of its own, as in WebAssembly."""

_READING_TIME_ZONES = "zoneinfo"

_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t]*(?P<statement>(?:from[ \t]+[\w.]+[ \t]+)?import\b(?P<names>[ \t]+[\w., \t]*\w)?)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class OutsideImport:
    """The first import of something that has to be installed, or of ``zoneinfo``, which imports that."""

    name: str
    """Up to the first dot."""
    where: str
    """``chat/module.py:3``."""
    is_optional: bool
    """Whether the code gets along without it: it imports it in a ``try``, or under an ``if`` as that of
    ``TYPE_CHECKING``; or perhaps it is no import at all, but a line of a string."""
    is_late: bool
    """Whether it is imported inside a function: not before that is called."""


def outside_imports(source: ModuleSource) -> list[OutsideImport]:
    """By name; of several imports of one, that which needs it most. A file with a syntax error has none."""
    known = {path.split("/", 1)[0].removesuffix(".py") for path in source.files}
    known |= {*sys.stdlib_module_names, "stdbpy"}
    found: dict[str, OutsideImport] = {}
    for path, content in source.files.items():
        for line in imports_in(path, content):
            imported = line.module.partition(".")[0]
            name = TIME_ZONES if imported == _READING_TIME_ZONES else imported
            each = OutsideImport(name, f"{path}:{line.number}", line.is_optional, line.is_late)
            before = found.get(name)
            if name not in known and (before is None or _urgency(each) > _urgency(before)):
                found[name] = each
    return [found[name] for name in sorted(found)]


def _urgency(each: OutsideImport) -> tuple[bool, bool]:
    return not each.is_optional, not each.is_late


@dataclass(frozen=True, slots=True)
class Import:
    """What one import names, with the rest as in :class:`OutsideImport`."""

    module: str
    """From the top, also if it is written with dots in front."""
    names: tuple[str, ...]
    """Of ``from module import names``: modules in it, or whatever else it has."""
    number: int
    """The line's."""
    is_optional: bool
    is_late: bool


def imports_in(path: str, content: bytes) -> Iterator[Import]:
    """The imports in a file, from its top to its end as far as they are not inside something.

    Of a file too long to parse what looks like one, without the names that it goes on to list on further lines. It may
    stand in a string, so that nothing is needed for certain."""
    if len(content) > LONGEST_PARSED:
        for number, statement in _import_statements(content):
            for found in _parsed_imports(path, statement):
                yield replace(found, number=number, is_optional=True)
    else:
        yield from _parsed_imports(path, content)


def _parsed_imports(path: str, content: bytes) -> Iterator[Import]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return  # loading the module reports it, with the line
    folders = path.split("/")[:-1]
    pending = deque[tuple[ast.AST, bool, bool]]([(tree, False, False)])
    while pending:
        node, is_optional, is_late = pending.popleft()
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(alias.name, (), node.lineno, is_optional, is_late)
            case ast.ImportFrom(module=module, names=names, level=level):
                around = folders[: len(folders) - level + 1] if level else []
                full = ".".join([*around, *([module] if module else [])])
                if full:
                    yield Import(full, tuple(alias.name for alias in names), node.lineno, is_optional, is_late)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                is_late = True
            case ast.Try() | ast.TryStar() | ast.If() | ast.With():
                is_optional = is_optional or not isinstance(node, ast.With) or _suppresses(node)
        pending += [(inner, is_optional, is_late) for inner in ast.iter_child_nodes(node)]


def _import_statements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """What looks like one, with the number of its line."""
    number, before = 1, 0
    for found in _IMPORT.finditer(content):
        number += content.count(b"\n", before, found.start())
        before = found.start()
        yield number, found["statement"] if found["names"] else found["statement"] + b" *"


def _suppresses(node: ast.With) -> bool:
    calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(ast.unparse(function).endswith("suppress") for function in calls)
