"""The one loader of authors' code: sources in, a schema and callable reducers out."""

from __future__ import annotations

import importlib
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from stdbpy import __all__ as FOR_AUTHORS  # noqa: N812 - a constant here
from stdbpy.errors import ModuleLoadError, Problem, StdbError, nearest
from stdbpy.module.assembly.declared import declared_module
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.module import Assembled, SchemaCheck, assemble
from stdbpy.module.assembly.without_table import check_classes_without_table
from stdbpy.module.bound import BoundModule
from stdbpy.module.host import Host
from stdbpy.module.imports import RESERVED_NAMES, PrivateImports
from stdbpy.module.logs import PrivateLogging, make_print
from stdbpy.module.native_packages import without
from stdbpy.module.package import ModuleSource
from stdbpy.sats.bsatn import Codec
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema

_PACKAGES = "site-packages/"
"""The folder that they are installed in."""

_UNKNOWN_ARGUMENT = re.compile(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'")


@dataclass(frozen=True, slots=True)
class LoadedModule:
    """A module whose code has been imported, and found to be in order."""

    source: ModuleSource
    schema: ModuleSchema
    warnings: tuple[Problem, ...]
    _assembled: Assembled
    _log: logging.Logger
    _imports: PrivateImports
    """Kept alive, with the modules' globals."""

    @property
    def classes(self) -> Mapping[int, type]:
        """The Python classes of the schema's typespace, by place: those of rows among them."""
        return self._assembled.classes

    @property
    def mounted_classes(self) -> Mapping[str, Mapping[int, type]]:
        """The same of the modules mounted in it, each of which has a typespace of its own, by the prefix of their
        names (``auth.``)."""
        return {each.prefix: each.classes for each in self._assembled.walk() if each.prefix}

    @property
    def namespace(self) -> ModuleType:
        """The entry as it was imported for this module alone: its functions, classes and globals."""
        return self._imports.modules[self.source.entry]

    @property
    def namespaces(self) -> Mapping[str, ModuleType]:
        """The same of all files that were imported, by their paths."""
        return {path: self._imports.modules[name] for name, path in self._imports.paths.items()}

    def codecs(self) -> Iterator[Codec[Any]]:
        """Those of rows, keys and arguments."""
        for each in self._assembled.walk():
            for table in each.tables.values():
                yield table.codec
                for accessor in table.accessors.values():
                    yield from accessor.codecs
                yield from (codec for _, codec in table.numbered)
            yield from (reducer.arguments for reducer in each.functions.reducers)

    def bind(self, host: Host, database_identity: Identity, host_of_views: Host | None = None) -> BoundModule:
        """Joins the module with a database; ``host_of_views`` is how views see it, if ``host`` does not know by
        itself that a view only reads. A module can be bound to several databases: they share its code and its
        globals, which modules must not use to remember anything."""
        return BoundModule(self._assembled, host, database_identity, self._log, host_of_views)


def load(source: ModuleSource, also: SchemaCheck = lambda _: ()) -> LoadedModule:
    """Imports the entry of ``source``, apart from everything else in the process, and joins what its
    files declare. ``also`` finds what else is wrong with the schema: rooms above know more of that.

    Raises ``ModuleLoadError`` with all problems found, each at a line of the source.
    """
    paths = source.paths
    private_logging = PrivateLogging(paths)
    imports = _private_imports(source, private_logging, {"print": make_print(source.entry, paths)})
    with imports.visible(), _told_as_problem(source, Exception):
        _import_entry(source)
    # Joining looks names up in sys.modules, too.
    with imports.visible(), _told_as_problem(source):
        imported = imports.paths
        findings = Findings(source.files, imported)
        own = {name: imports.modules[name] for name in imported}
        declared = declared_module(own, dict(sys.modules), findings)
        check_classes_without_table(own, declared, findings)
        assembled = assemble(declared, findings, also)
    if findings.has_errors:
        raise _failed(source, sorted(findings.problems, key=_place))
    if not declared.placed and not declared.mounted:
        findings.warning(
            source.entry, "the module declares no tables and no functions", "Decorate them: @table, @reducer"
        )
    return LoadedModule(
        source,
        assembled.schema,
        tuple(findings.problems),
        assembled,
        private_logging.getLogger(source.entry),
        imports,
    )


def _private_imports(
    source: ModuleSource, private_logging: ModuleType, own_builtins: Mapping[str, Callable[..., object]]
) -> PrivateImports:
    if sys.platform == "wasi":
        # What is not there need not be refused.
        return PrivateImports(source, {"logging": private_logging}, own_builtins, lambda _name, _fromlist: None)
    from stdbpy.module import as_in_webassembly as native  # takes space in programs that import it

    replaced = {**native.replaced_modules(), "logging": private_logging}
    return PrivateImports(source, replaced, {**own_builtins, "open": native.refuse_to_open}, native.refuse_import)


def _import_entry(source: ModuleSource) -> None:
    top = source.entry.split(".", 1)[0]
    if top in RESERVED_NAMES:
        raise ImportError(f"a module cannot be called {top!r}: Python has one of that name already")
    importlib.import_module(source.entry)


@contextmanager
def _told_as_problem(source: ModuleSource, *kinds: type[Exception]) -> Iterator[None]:
    """Turns errors of these kinds, and what is no ``Exception`` (``SystemExit``, …), into ``ModuleLoadError``:
    no code of a module ends who loads it. Only the user can, with Ctrl-C, which comes to the main thread."""
    try:
        yield
    except BaseException as error:
        is_users = isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
        if is_users or (isinstance(error, Exception) and not isinstance(error, kinds)):
            raise
        raise _failed(source, [_import_problem(error, source)]) from error


def _place(problem: Problem) -> tuple[str, int]:
    path, _, line = problem.where.rpartition(":")
    return path, int(line) if line.isdigit() else 0


def _failed(source: ModuleSource, problems: list[Problem]) -> ModuleLoadError:
    errors = sum(problem.level == "error" for problem in problems)
    return ModuleLoadError(f"the module {source.entry!r} has {errors} {'error' if errors == 1 else 'errors'}", problems)


def _import_problem(error: BaseException, source: ModuleSource) -> Problem:
    where = _innermost_line(error, source) or source.entry
    message, hint = _as_python_says_it(error), ""
    # Code can raise errors with anything in them: what is not as Python makes it is told as it is.
    match error:
        case SyntaxError(filename=str(file), msg=str(text)) if file in source.paths:
            where, message = f"{source.paths[file]}:{error.lineno}", f"{type(error).__name__}: {text}"
            line = error.text.strip() if isinstance(error.text, str) else ""
            hint = f"The line is: {line}" if line else ""
        case ModuleNotFoundError(name=str(), msg=str(text)) if not text.startswith("No module named "):
            message = text + _in_package(error)  # somebody says why: the runtime, or a package
        case ModuleNotFoundError(name=str(name)):
            own = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in source.files]
            message = f"there is no module {name!r} to import{_in_package(error)}"
            installed = f"Is it installed here, and among the project's dependencies? pip install {name}"
            hint = nearest(name, (*own, "stdbpy")) or without(name) or installed
        case MemoryError():
            message = "importing it takes more memory than there is"
            hint = "Much data belongs in tables, where a reducer puts it, not in code"
        case StdbError():
            message, hint = str(error.message), str(error.hint)
        case TypeError() if misnamed := _UNKNOWN_ARGUMENT.search(message):
            hint = _other_argument(*misnamed.groups())
        case NameError(name=str(name)) if name in FOR_AUTHORS:
            hint = f"from stdbpy import {name}"
        case ImportError(name="stdbpy", msg=str(text)):
            wanted = re.search(r"'(\w+)'", text)  # before 3.12 only the message says it
            hint = nearest(wanted[1], FOR_AUTHORS) if wanted else ""
    return Problem("error", where, _readable(message), _readable(hint))


def _other_argument(function: str, argument: str) -> str:
    """The nearest argument of what is called so in stdbpy, if there is such a thing."""
    if function not in FOR_AUTHORS:
        return ""
    import inspect  # few modules fail

    import stdbpy

    return nearest(argument, inspect.signature(getattr(stdbpy, function)).parameters)


def _as_python_says_it(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception_only(error)).strip()
    except Exception:  # noqa: BLE001 - what it has instead of a line number, for one
        return type(error).__name__


def _in_package(error: BaseException) -> str:
    """Which line failed, if it is a package's and not the author's."""
    lines = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    file, line = next((each for each in reversed(lines) if not each[0].startswith("<frozen ")), ("", 0))
    _, is_installed, path = file.replace("\\", "/").rpartition(_PACKAGES)
    if not is_installed or path.startswith("stdbpy/"):
        return ""
    return f" (imported by {_PACKAGES}{path}:{line})"


def _readable(text: str) -> str:
    """With what no encoding has (lone surrogates) written as escapes."""
    return text.encode(errors="backslashreplace").decode()


def _innermost_line(error: BaseException, source: ModuleSource) -> str | None:
    """The last line of the author's that was running."""
    paths = source.paths
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in paths:
            return f"{paths[frame.filename]}:{frame.lineno}"
    return None
