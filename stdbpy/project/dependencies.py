"""The packages that a module takes along where nobody can install them: into WebAssembly.

They are those that the module's files import from, out of the dependencies that its project declares and of what
these require, as far as they are installed in the environment that stdbpy runs in. A package counts whole; the
build leaves out what nobody imports. Machine code stays here: in its place is a module that says so when it is
imported, because many packages get along without theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stdbpy.errors import ModuleLoadError, Problem, ProjectError, counted, megabytes
from stdbpy.module.package import ModuleSource
from stdbpy.project.imports import TIME_ZONES, outside_imports
from stdbpy.project.model import Project

if TYPE_CHECKING:
    from stdbpy.project.installed_packages import InstalledPackage
    from stdbpy.project.required_packages import RequiredPackage

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
    # Reading what is installed takes longer than all else here, and most modules import nothing of it.
    from stdbpy.project.required_packages import RequiredPackages

    environment = RequiredPackages(project, places)
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


# --- files -----------------------------------------------------------------------------------


def _files_of(needed: Iterable[RequiredPackage], source: ModuleSource) -> dict[str, bytes]:
    own = {path.split("/", 1)[0].removesuffix(".py") for path in source.files}
    files: dict[str, bytes] = {}
    for each in needed:
        package = each.package
        _expect_no_clash(package, own)
        files |= {f"{name.replace('.', '/')}.py": _refusal(name, each) for name in package.native_modules}
        files |= {path: _read(package, path, file) for path, file in package.python_files.items()}
    return files


def _data_of(needed: Iterable[RequiredPackage]) -> tuple[dict[str, bytes], list[Problem]]:
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


def _refusal(module: str, needed: RequiredPackage) -> bytes:
    """What stands for machine code: it is not there, which packages that get along without it catch. Of its name only
    the package's is told, or ``from package import module`` would take the error for its own and not say why."""
    package = module.partition(".")[0]
    return f"raise ModuleNotFoundError({_why_refused(module, needed)!r}, name={package!r})\n".encode()


def _why_refused(module: str, needed: RequiredPackage) -> str:
    reason = f"{module} is native code of the package {needed.package.name}, which {needed.by} requires"
    return f"{reason}; it cannot run in WebAssembly"
