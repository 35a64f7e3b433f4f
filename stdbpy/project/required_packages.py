"""Which installed packages a project requires, through others or not, and what is wrong with importing from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from stdbpy.errors import Problem, ProjectError
from stdbpy.module.native_packages import without
from stdbpy.project.imports import TIME_ZONES, OutsideImport
from stdbpy.project.installed_packages import InstalledPackage, find_package, package_with
from stdbpy.project.model import Project
from stdbpy.project.pyproject import PYPROJECT

_OURS = "stdbpy"
"""What it needs of itself is in every build, and what only it requires is not for modules."""

_IS_NATIVE = ", if it gets along without its native code, which cannot run in WebAssembly"


@dataclass(slots=True)
class RequiredPackage:
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


class RequiredPackages:
    """All that a project depends on, installed in ``places`` (default: ``sys.path``), by the names that packaging takes
    for the same. Raises :class:`ProjectError` for what is no requirement."""

    def __init__(self, project: Project, places: Sequence[str] | None) -> None:
        self._project = project
        self._places = places
        self._needed: dict[str, RequiredPackage] = {}
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
            known = self._needed[name] = RequiredPackage(requirement, by, package)
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

    def _problems_of(self, each: OutsideImport, needed: RequiredPackage) -> Iterator[Problem]:
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

    def with_all_that_they_require(self, roots: Iterable[str]) -> list[RequiredPackage]:
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
