"""Which modules a program must still be able to import when it runs: those that functions of it import.

Most imports run while a program is built. Those inside functions run later, so whatever a source names in an import,
at any place, stays importable, with all that this imports in turn.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Container, Iterator, Mapping
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache
from typing import Protocol

from stdbpy.module.package import LONGEST_PARSED

PROGRAM = "stdbpy.wasm.guest.program"
"""What a build imports; it imports the author's module."""

_OFFERING = "stdbpy"
"""The module that imports none of what it offers."""

_UNSAID = {"datetime": ("_strptime",), "time": ("_strptime",), "zoneinfo": ("importlib.resources", "tzdata")}
"""What modules import later where no import of their own says so, or one of a module behind them."""

_WHOLE = frozenset({"tzdata"})
"""Packages whose modules are imported by names that are computed."""

_IMPORTING = frozenset({"import_module", "__import__", "find_spec", "resolve_name"})
"""Functions that import what they are given the name of."""
_LISTING = frozenset({"iter_modules", "walk_packages"})
"""Functions that name the modules in a package."""

_ALL_IN = ".*"
"""At the end of a name: all modules in that package."""

_LONGER_THAN_ENCODINGS = 30

_NAMES_OF_CHARACTERS = "unicodedata"
"""What is asked for the characters of ``\\N{...}``, in strings and in patterns, and for names beyond ASCII."""

_ASKING_FOR_NAMES = re.compile(rb"\\N\{|namereplace|unicode.escape")
_ASKING_FOR_WHAT_IS_THERE = {"re._parser", "stdbpy.schema.identifiers", "stdbpy.schema.names"}
"""Which import it for such characters of the module alone."""

_WORD = re.compile(r"\w+")
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+(\w+))?", re.MULTILINE)


class Imports(Protocol):
    """What there is inside for all programs, and which of it imports which."""

    @property
    def library(self) -> Container[str]:
        """Modules of the standard library."""

    @property
    def own(self) -> Container[str]:
        """stdbpy's modules."""

    @property
    def at_import(self) -> Mapping[str, list[str]]:
        """What a module imports when it is imported."""

    @property
    def in_functions(self) -> Mapping[str, list[str]]:
        """What its functions import later."""


def needed_later(
    sources: Mapping[str, bytes],
    dependencies: Mapping[str, tuple[str, bytes]],
    inside: Imports,
    imported: Collection[str],
) -> set[str]:
    """Names of modules, and of what else is imported along with them.

    ``sources`` are the author's files by path; ``dependencies`` those of other packages, path and content, by the
    name of the module; ``imported`` is what was imported already. Of what is inside for all programs, modules that
    these name keep what their functions import; those behind them only what they cannot be imported without.
    """
    found = _Found(dependencies, inside, frozenset(imported))
    for path, source in sources.items():
        found.add_source(path, source)
    found.add(PROGRAM, in_functions=True)
    found.add_offered()
    return found.names - found.imported


def needed_of_runtime(named: Collection[str], present: Collection[str], inside: Imports) -> set[str]:
    """Of ``named`` and what the modules ``present`` import, at any place, what can be in the runtime itself.

    Functions that run when a module is imported import many of these, and others are what something is faster with:
    so whatever may ask for them counts.
    """
    needed = {name for name in named if name not in inside.library and name not in inside.own}
    for module in present:
        needed.update(inside.at_import.get(module, ()), _in_functions(inside, module))
    return needed


def _in_functions(inside: Imports, module: str) -> list[str]:
    names = inside.in_functions.get(module, [])
    if module in _ASKING_FOR_WHAT_IS_THERE:
        return [name for name in names if name != _NAMES_OF_CHARACTERS]
    return names


class _Found:
    def __init__(
        self, dependencies: Mapping[str, tuple[str, bytes]], inside: Imports, imported: frozenset[str]
    ) -> None:
        self.names: set[str] = set()
        self.imported = imported
        self._words: set[str] = set()
        self._dependencies = dependencies
        self._inside = inside
        self._seen: set[tuple[str, bool]] = set()

    def add_source(self, path: str, source: bytes) -> None:
        self._words |= set(_WORD.findall(source.decode("utf-8", "replace")))
        for name in imported_names(path, source):
            if name.endswith(_ALL_IN):
                self._add_all_in(name.removesuffix(_ALL_IN))
            else:
                self.add(name, in_functions=True)

    def _add_all_in(self, package: str) -> None:
        for name in self._dependencies:
            if name.startswith(f"{package}."):
                self.add(name, in_functions=True)

    def add(self, name: str, *, in_functions: bool) -> None:
        parts = name.split(".")
        for each in (".".join(parts[: end + 1]) for end in range(len(parts))):
            if (each, in_functions) in self._seen or (each, True) in self._seen:
                continue
            self._seen.add((each, in_functions))
            self.names.add(each)
            if each in self._dependencies:
                self.add_source(*self._dependencies[each])
                if each in _WHOLE:
                    self._add_all_in(each)
            elif each != _OFFERING:
                self._add_imports_of(each, in_functions)

    def _add_imports_of(self, name: str, in_functions: bool) -> None:
        is_own = name in self._inside.own
        names = [*self._inside.at_import.get(name, ())]
        if name in self.imported:
            # What an import did not import was for type checkers alone, or is not there.
            names = [each for each in names if each in self.imported]
        if in_functions:
            names += [*_in_functions(self._inside, name), *_UNSAID.get(name, ())]
        for each in names:
            self.add(each, in_functions=is_own and each in self._inside.own)

    def add_offered(self) -> None:
        """What the package stdbpy offers is imported when its name is used."""
        for name in self._inside.at_import[_OFFERING]:
            if name.rpartition(".")[2] in self._words:
                self.add(name, in_functions=True)


@lru_cache(maxsize=4096)
def imported_names(path: str, source: bytes) -> frozenset[str]:
    """The names of modules that a file may import, and encodings that it names. Of ``from a import b`` both ``a``
    and ``a.b``, which may be a module or not; ``a.*`` for whatever is in the package."""
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    package = path.rpartition("/")[0].replace("/", ".")
    of_characters = {_NAMES_OF_CHARACTERS} if _ASKING_FOR_NAMES.search(source) else set()
    tree = _parsed(source)
    if tree is None:
        return frozenset(_words_and_imports(source)) | of_characters
    return frozenset(name for node in _walk(tree) for name in _names(node, module, package)) | of_characters


def _parsed(source: bytes) -> ast.AST | None:
    """``None`` for what is data, or of another version of Python, perhaps, which the runtime understands."""
    if len(source) > LONGEST_PARSED:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _words_and_imports(source: bytes) -> Iterator[str]:
    text = source.decode("utf-8", "replace")
    for found in _WORD.finditer(text):
        yield found[0]
    for found in _IMPORT.finditer(text):
        yield found[1]
        if found[2]:
            yield f"{found[1]}.{found[2]}"


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Without what only type checkers see."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        match node:
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=otherwise):
                pending += otherwise
            case _:
                pending += ast.iter_child_nodes(node)


def _names(node: ast.AST, module: str, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module=inner, names=names, level=level):
            name = _absolute("." * level + (inner or ""), package)
            yield name
            yield from (f"{name}.{alias.name}" for alias in names)
        case ast.Call(
            func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(name)), *rest]
        ):
            if called in _IMPORTING:
                anchor = module if [*map(ast.unparse, rest[:1])] == ["__name__"] else package
                yield _absolute(name.partition(":")[0], anchor)
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called in _IMPORTING | _LISTING:
            yield package.partition(".")[0] + _ALL_IN
        case ast.Constant(value=str(text)) if len(text) < _LONGER_THAN_ENCODINGS and text.isascii():
            normal = normalize_encoding(text).lower()
            if normal.isidentifier():
                yield f"encodings.{aliases.get(normal, normal)}"
        case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.FunctionDef(name=name):
            if not name.isascii():
                yield _NAMES_OF_CHARACTERS


def _absolute(name: str, package: str) -> str:
    """``..a`` in the package ``shop.tills`` is ``shop.a``."""
    level = len(name) - len(name.lstrip("."))
    parts = package.split(".")
    inside = parts[: len(parts) - level + 1] if level else []
    return ".".join([*inside, name[level:]] if name[level:] else inside)
