"""The one loader of authors' code: sources in, a schema and callable reducers out."""

from __future__ import annotations

import importlib
import logging
import re
import traceback
from dataclasses import dataclass

from stdbpy import __all__ as FOR_AUTHORS  # noqa: N812 - a constant here
from stdbpy.errors import ModuleLoadError, Problem, StdbError, nearest
from stdbpy.module.assemble import Assembled, Placed, assemble
from stdbpy.module.bound import BoundModule
from stdbpy.module.declarations import recorded
from stdbpy.module.findings import Findings
from stdbpy.module.host import Host
from stdbpy.module.imports import RESERVED_NAMES, PrivateImports
from stdbpy.module.logs import PrivateLogging, make_print
from stdbpy.module.package import ModuleSource
from stdbpy.sats.values import Identity
from stdbpy.schema.model import ModuleSchema


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

    def bind(self, host: Host, database_identity: Identity) -> BoundModule:
        """Joins the module with a database. A module can be bound to several: they share its code
        and its globals, which modules must not use to remember anything."""
        return BoundModule(self._assembled, host, database_identity, self._log)


def load(source: ModuleSource) -> LoadedModule:
    """Imports the entry of ``source``, apart from everything else in the process, and joins what its
    files declare.

    Raises ``ModuleLoadError`` with all problems found, each at a line of the source.
    """
    paths = source.paths
    private_logging = PrivateLogging(paths)
    imports = PrivateImports(source, {"logging": private_logging}, make_print(source.entry, paths))
    with imports.visible():
        try:
            _import_entry(source)
        except (Exception, SystemExit) as error:
            raise _failed(source, [_import_problem(error, source)]) from error
    # Joining looks names up in sys.modules, too.
    with imports.visible():
        findings = Findings(source.files, imports.paths)
        placed = [
            Placed(name, declaration)
            for name, module in imports.modules.items()
            for declaration in recorded(module.__dict__)
        ]
        assembled = assemble(placed, findings)
    if findings.has_errors:
        raise _failed(source, sorted(findings.problems, key=_place))
    if not placed:
        findings.warning(source.entry, "the module declares no table and no reducer", "Decorate them: @table, @reducer")
    return LoadedModule(
        source,
        assembled.schema,
        tuple(findings.problems),
        assembled,
        private_logging.getLogger(source.entry),
        imports,
    )


def _import_entry(source: ModuleSource) -> None:
    top = source.entry.split(".", 1)[0]
    if top in RESERVED_NAMES:
        raise ImportError(f"a module cannot be called {top!r}: Python has one of that name already")
    importlib.import_module(source.entry)


def _place(problem: Problem) -> tuple[str, int]:
    path, _, line = problem.where.rpartition(":")
    return path, int(line) if line.isdigit() else 0


def _failed(source: ModuleSource, problems: list[Problem]) -> ModuleLoadError:
    errors = sum(problem.level == "error" for problem in problems)
    return ModuleLoadError(f"the module {source.entry!r} has {errors} {'error' if errors == 1 else 'errors'}", problems)


def _import_problem(error: BaseException, source: ModuleSource) -> Problem:
    where = _innermost_line(error, source) or source.entry
    if isinstance(error, SyntaxError) and error.filename in source.paths:
        where = f"{source.paths[error.filename]}:{error.lineno}"
        line = (error.text or "").strip()
        return Problem("error", where, f"{type(error).__name__}: {error.msg}", f"The line is: {line}" if line else "")
    if isinstance(error, ModuleNotFoundError) and error.name:
        own = [path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in source.files]
        hint = (
            nearest(error.name, own)
            or f"Is it installed here, and among the project's dependencies? pip install {error.name}"
        )
        return Problem("error", where, f"there is no module {error.name!r} to import", hint)
    if isinstance(error, StdbError):
        return Problem("error", where, error.message, error.hint)
    text = "".join(traceback.format_exception_only(error)).strip()
    return Problem("error", where, text, _import_hint(error))


def _import_hint(error: BaseException) -> str:
    if isinstance(error, NameError) and error.name in FOR_AUTHORS:
        return f"from stdbpy import {error.name}"
    if isinstance(error, ImportError) and error.name == "stdbpy":
        wanted = re.search(r"'(\w+)'", error.msg)  # before 3.12 only the message says it
        return nearest(wanted[1], FOR_AUTHORS) if wanted else ""
    return ""


def _innermost_line(error: BaseException, source: ModuleSource) -> str | None:
    """The last line of the author's that was running."""
    paths = source.paths
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in paths:
            return f"{paths[frame.filename]}:{frame.lineno}"
    return None
