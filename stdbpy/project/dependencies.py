"""The packages that a module takes along where nobody can install them: into WebAssembly.

They are those that the module's files import from, out of the dependencies that its project declares and of what
these require, as far as they are installed in the environment that stdbpy runs in. A package counts whole; the
build leaves out what nobody imports. Machine code stays here: in its place is a module that says so when it is
imported, because many packages get along without theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stdbpy.errors import ModuleLoadError, Problem, ProjectError, counted, megabytes
from stdbpy.module.native_packages import without
from stdbpy.module.package import ModuleSource
from stdbpy.project.imports import TIME_ZONES, OutsideImport, outside_imports
from stdbpy.project.installed_packages import InstalledPackage, find_package, package_with
from stdbpy.project.model import Project
from stdbpy.project.pyproject import PYPROJECT

_OURS = "stdbpy"
"""What it needs of itself is in every build, and what only it requires is not for modules."""

_IS_NATIVE = ", if it gets along without its native code, which cannot run in WebAssembly"

_MOST_DATA_BYTES = 4 << 20
"""Of one package, in files that are not Python. All that a program has is in each server's memory."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a module takes along."""

    files: Mapping[str, bytes] = field(repr=False)
    """Python source, and what packages read, by the path where imports start, with forward slashes
    (``attr/_make.py``)."""
    packages: tuple[str, ...] = ()
    """What they are of, with versions: ``attrs 23.2.0``."""
    problems: tuple[Problem, ...] = ()
    """Warnings."""
    native: Mapping[str, str] = field(default_factory=dict)
    """Of the files that stand for machine code, why importing them fails, by the name of the module."""


def bundle(project: Project, source: ModuleSource, places: Sequence[str] | None = None) -> Bundle:
    """The packages that ``source`` imports from, installed in ``places`` (default: ``sys.path``).

    Raises :class:`ModuleLoadError` with all imports that lead nowhere, :class:`ProjectError` for packages that
    clash with other code or are not as the project wants them.
    """
    wanted = outside_imports(source)
    if not wanted:
        return Bundle({})
    environment = _Environment(project, places)
    roots, problems = environment.roots_of(wanted)
    if any(problem.level == "error" for problem in problems):
        raise ModuleLoadError(f"the module imports {counted(len(problems), 'package')} in vain", problems)
    needed = environment.with_all_that_they_require(roots)
    files = _files_of(needed, source)
    if any(b"zoneinfo" in content for content in files.values()):
        needed = environment.with_all_that_they_require([*roots, TIME_ZONES])
        files = _files_of(needed, source)
    data, too_much = _data_of(needed)
    names = tuple(f"{each.package.name} {each.package.version}" for each in needed)
    native = {module: _why_refused(module, each) for each in needed for module in each.package.native_modules}
    return Bundle(dict(sorted({**data, **files}.items())), names, (*problems, *too_much), native)


@dataclass(slots=True)
class _Needed:
    """An installed package that the project depends on, through others or not."""

    requirement: Requirement
    """The first that was met."""
    by: str
    """Who wants it."""
    package: InstalledPackage
    requires: set[str] = field(default_factory=set)
    extras: set[str] = field(default_factory=set)

    @property
    def fits(self) -> bool:
        return self.requirement.specifier.contains(self.package.version, prereleases=True)


class _Environment:
    """All that the project depends on, by the names under which packaging knows packages as the same."""

    def __init__(self, project: Project, places: Sequence[str] | None) -> None:
        self._project = project
        self._places = places
        self._needed: dict[str, _Needed] = {}
        self._missing: dict[str, Requirement] = {}
        for requirement in _requirements(_declared(project), (), f"{project.root / PYPROJECT}: "):
            self._add(requirement, f"the project {project.name}")

    def _add(self, requirement: Requirement, by: str) -> str:
        name = canonicalize_name(requirement.name)
        if name == _OURS or name in self._missing:
            return name
        known = self._needed.get(name)
        new_extras = {"", *requirement.extras}
        if known is None:
            package = find_package(requirement.name, self._places)
            if package is None:
                self._missing[name] = requirement
                return name
            known = self._needed[name] = _Needed(requirement, by, package)
        new_extras -= known.extras
        known.extras |= new_extras
        if new_extras:
            where = f"the package {known.package.name}: "
            for inner in _requirements(known.package.requires, new_extras, where):
                known.requires.add(self._add(inner, known.package.name))
        return name

    def roots_of(self, wanted: Iterable[OutsideImport]) -> tuple[list[str], list[Problem]]:
        """The packages from which something is imported, and what is wrong with the imports."""
        roots, problems = list[str](), list[Problem]()
        for each in wanted:
            found = [name for name, needed in self._needed.items() if each.name in needed.package.top_level]
            roots += found
            if not found and not each.is_optional:
                problems.append(self._in_vain(each))
            problems += [problem for name in found for problem in self._problems_of(each, self._needed[name])]
        return roots, problems

    def _in_vain(self, each: OutsideImport) -> Problem:
        if each.name == TIME_ZONES:
            return Problem(
                "error",
                each.where,
                f"a module in WebAssembly has no time zones but those of the package {TIME_ZONES}, "
                "which the project does not depend on, or which is not installed",
                f'Add "{TIME_ZONES}" to `dependencies` in [project] of pyproject.toml, and: pip install {TIME_ZONES}',
            )
        namesakes = [missing for name, missing in self._missing.items() if name == canonicalize_name(each.name)]
        missing = namesakes or list(self._missing.values())
        if missing:
            names = ", ".join(requirement.name for requirement in missing)
            are = "is" if len(missing) == 1 else "are"
            return Problem(
                "error",
                each.where,
                f"there is no module {each.name!r}, and {names}, which the project depends on, {are} not installed",
                without(each.name) or _pip_install(missing),
            )
        package = package_with(each.name, self._places)
        installed = None if package is None else find_package(package, self._places)
        if package is None:
            return Problem(
                "error",
                each.where,
                f"there is no module {each.name!r} to import",
                without(each.name) or "Install its package, and name that among the dependencies in pyproject.toml",
            )
        return Problem(
            "error",
            each.where,
            f"{each.name!r} is of the package {package}, which the project does not depend on",
            without(each.name)
            or f'Add "{package}" to `dependencies` in [project] of pyproject.toml'
            + (_IS_NATIVE if installed is not None and installed.native_modules else ""),
        )

    def _problems_of(self, each: OutsideImport, needed: _Needed) -> Iterator[Problem]:
        package = needed.package
        if not needed.fits:
            yield Problem(
                "error",
                each.where,
                f"{package.name} {package.version} is installed here, and {needed.by} wants {needed.requirement}",
                _pip_install([needed.requirement]),
            )
        elif package.native_modules and each.is_late and not each.is_optional:
            yield Problem(
                "warning",
                each.where,
                f"{package.name} has native code, which cannot run in WebAssembly: importing it here may fail",
                "Import it at the top of the file, and the build tries it",
            )

    def with_all_that_they_require(self, roots: Iterable[str]) -> list[_Needed]:
        pending, seen = list(roots), set[str]()
        while pending:
            name = pending.pop()
            if name in self._needed and name not in seen:
                seen.add(name)
                pending += self._needed[name].requires
        return [self._needed[name] for name in sorted(seen)]


def _declared(project: Project) -> Sequence[str]:
    """What the project's files say, else (of a ``setup.py``, or dynamic ones) what its installation says."""
    if project.dependencies is not None:
        return project.dependencies
    try:
        return requires(project.name) or ()
    except (PackageNotFoundError, ValueError):
        return ()


def _requirements(texts: Iterable[str], extras: Iterable[str], where: str) -> Iterator[Requirement]:
    """Those that hold in this environment, with these extras. What is only for other versions of Python or other
    systems is not installed here."""
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).partition("\n")[0]
            raise ProjectError(f"{where}{text!r} is no requirement: {reason}") from None
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or ("",)):
            yield requirement


def _pip_install(requirements: Iterable[Requirement]) -> str:
    # Neither a marker nor an address is of use on a command line.
    words = [f"{each.name}{_in_brackets(each.extras)}{each.specifier}" for each in requirements]
    return " ".join(("pip install", *(word if word.isidentifier() else f'"{word}"' for word in words)))


def _in_brackets(extras: Iterable[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


# --- files -----------------------------------------------------------------------------------


def _files_of(needed: Iterable[_Needed], source: ModuleSource) -> dict[str, bytes]:
    own = {path.split("/", 1)[0].removesuffix(".py") for path in source.files}
    files: dict[str, bytes] = {}
    for each in needed:
        package = each.package
        _expect_no_clash(package, own)
        files |= {f"{name.replace('.', '/')}.py": _refusal(name, each) for name in package.native_modules}
        files |= {path: _read(package, path, file) for path, file in package.python_files.items()}
    return files


def _data_of(needed: Iterable[_Needed]) -> tuple[dict[str, bytes], list[Problem]]:
    """What else the packages have in their folders, and warnings for those that have too much."""
    data: dict[str, bytes] = {}
    problems = []
    for package in (each.package for each in needed):
        sizes = {path: file.stat().st_size for path, file in package.data_files.items() if file.is_file()}
        size = sum(sizes.values())
        if size <= _MOST_DATA_BYTES:
            data |= {path: _read(package, path, package.data_files[path]) for path in sizes}
        else:
            largest = max(sizes, key=lambda path: sizes[path])
            problems.append(
                Problem(
                    "warning",
                    package.name,
                    f"its files that are not Python, {largest} among them, do not come along: they are "
                    f"{megabytes(size)}, and a package can have {megabytes(_MOST_DATA_BYTES)}",
                    "What reads them fails in WebAssembly",
                )
            )
    return data, problems


def _expect_no_clash(package: InstalledPackage, own: set[str]) -> None:
    for name in sorted(package.top_level & own):
        raise ProjectError(
            f"{name!r} is a module of the project and one of the package {package.name}",
            hint="Rename the project's",
        )
    for name in sorted(package.top_level & sys.stdlib_module_names):
        raise ProjectError(
            f"the package {package.name} has a module {name!r}, and Python itself has one of that name",
            hint=f"Uninstall it: pip uninstall {package.name}",
        )


def _read(package: InstalledPackage, path: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ProjectError(
            f"{path} of the package {package.name} cannot be read: {error.strerror}",
            hint=f"Install it again: pip install --force-reinstall {package.name}",
        ) from error


def _refusal(module: str, needed: _Needed) -> bytes:
    """What stands for machine code: it is not there, which packages that get along without it catch. Of its name only
    the package's is told, or ``from package import module`` would take the error for its own and not say why."""
    package = module.partition(".")[0]
    return f"raise ModuleNotFoundError({_why_refused(module, needed)!r}, name={package!r})\n".encode()


def _why_refused(module: str, needed: _Needed) -> str:
    reason = f"{module} is native code of the package {needed.package.name}, which {needed.by} requires"
    return f"{reason}; it cannot run in WebAssembly"
