"""What a module imports that is not there in WebAssembly, found by reading: nothing is run.

What Python imports at the top of a file certainly fails there. Imports in a ``try`` or under an ``if`` may be made up
for, and are left to the build, which runs them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from stdbpy.errors import ModuleLoadError, Problem, counted
from stdbpy.module.left_out import LEFT_OUT
from stdbpy.module.package import ModuleSource
from stdbpy.project.build import BuiltModule, placed, told_in_project
from stdbpy.project.dependencies import Bundle, bundle
from stdbpy.project.imports import Import, imports_in
from stdbpy.project.model import Project
from stdbpy.wasm.dependencies import bundled_modules


def check_imports(project: Project, built: BuiltModule) -> tuple[Problem, ...]:
    """What the build of WebAssembly would refuse of a module that was loaded, as far as reading tells: packages that
    it cannot take along, and what these import in turn. Returns warnings.

    Raises :class:`ProjectError` and :class:`ModuleLoadError` as :func:`stdbpy.project.webassembly.compile_module`.
    """
    try:
        along = bundle(project, built.source)
        found = _Reading(built.source, along).problems()
        errors = [problem for problem in found if problem.level == "error"]
        if errors:
            raise ModuleLoadError(f"the module imports {counted(len(errors), 'module')} in vain", found)
    except ModuleLoadError as error:
        raise told_in_project(error, built.source, project) from error
    return placed((*along.problems, *found), built.source, project)


def explained(error: ModuleLoadError, source: ModuleSource, along: Bundle) -> ModuleLoadError:
    """A build's error, with the reason where importing a package has failed for want of its native code: packages
    hide that below advice of their own, or behind another error."""
    read = {problem.where: problem for problem in _Reading(source, along).problems() if problem.level == "warning"}
    problems = [_explained(each, read.get(each.where), along) for each in error.problems]
    return ModuleLoadError(error.message, problems, hint=error.hint)


def _explained(problem: Problem, native: Problem | None, along: Bundle) -> Problem:
    told = [reason for reason in along.native.values() if reason in problem.message]
    if told:
        return replace(problem, message=told[0]) if "\n" in problem.message else problem
    return replace(problem, hint=native.message) if native is not None and not problem.hint else problem


class _Reading:
    """Follows imports from the module's entry through its files and the packages that it takes along."""

    def __init__(self, source: ModuleSource, along: Bundle) -> None:
        self._entry = source.entry
        self._own = bundled_modules(source.files)
        self._packages = bundled_modules(along.files)
        self._native = along.native
        self._imports: dict[str, list[str]] = {}
        """What modules of packages import."""

    def problems(self) -> list[Problem]:
        pending = deque(_with_parents(self._entry))
        seen, found = set(pending), list[Problem]()
        while pending:
            path, content = self._own[pending.popleft()]
            for line in _certain(path, content):
                imported = _modules_of(line)
                inside = [each for each in imported if each in self._own and each not in seen]
                seen.update(inside)
                pending += inside
                problems = (self._problem(each, f"{path}:{line.number}") for each in imported)
                found += [problem for problem in problems if problem is not None][:1]
        return found

    def _problem(self, name: str, where: str) -> Problem | None:
        if refusal := self._refusal(name):
            return Problem("error", where, refusal)
        if name in {native.partition(".")[0] for native in self._native}:
            message = f"{name} has native code, which cannot run in WebAssembly"
            return Problem("warning", where, message, "Whether it gets along without shows when the whole is built")
        return None

    def _refusal(self, name: str) -> str:
        """Why importing it fails, with those that import each other on the way; ``""`` if nothing is known."""
        importers: dict[str, str | None] = {name: None}
        pending = deque([name])
        while pending:
            each = pending.popleft()
            if reason := self._native.get(each) or _left_out(each):
                way = [each]
                while (importer := importers[way[-1]]) is not None:
                    way.append(importer)
                return f"{reason} ({', which imports '.join(reversed(way))})" if way[1:] else reason
            for inner in self._imported_by(each):
                if inner not in importers:
                    importers[inner] = each
                    pending.append(inner)
        return ""

    def _imported_by(self, name: str) -> list[str]:
        if name in self._packages and name not in self._imports:
            self._imports[name] = [each for line in _certain(*self._packages[name]) for each in _modules_of(line)]
        return self._imports.get(name, [])


def _left_out(name: str) -> str:
    return f"{name!r} is not there in WebAssembly: {LEFT_OUT[name]}" if name in LEFT_OUT else ""


def _certain(path: str, content: bytes) -> Iterator[Import]:
    return (line for line in imports_in(path, content) if not line.is_optional and not line.is_late)


def _modules_of(line: Import) -> list[str]:
    return [*_with_parents(line.module), *(f"{line.module}.{name}" for name in line.names)]


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
