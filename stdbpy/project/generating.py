"""The Python packages that a project wants for its clients: from which module, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.errors import UsageError
from stdbpy.project.generated import Differences, write_package
from stdbpy.project.model import GenerateTarget, Target
from stdbpy.project.programs import Program, program_of
from stdbpy.schema.model import ModuleSchema

LANGUAGE = "python"

_OF_A_PROJECT = ("pyproject.toml", "setup.py", "spacetime.json")


@dataclass(frozen=True, slots=True)
class WantedPackage:
    """One package of client code."""

    read_schema: Callable[[], ModuleSchema]
    folder: Path
    include_private: bool = False

    def write(self, *, check: bool = False) -> tuple[ModuleSchema, Differences]:
        """Brings the folder up to date; with ``check`` only tells what that would change.

        Raises what ``read_schema`` does, :class:`UsageError` if the folder is that of a project, and
        :class:`ProjectError` if the folder cannot be written or
        holds files of somebody else where generated ones go.
        """
        if any((self.folder / name).exists() for name in _OF_A_PROJECT):
            raise UsageError(
                f"{self.folder} is the folder of a project, among whose code generated files would get lost",
                hint="Name a folder of its own, such as --out-dir module_bindings",
            )
        schema = self.read_schema()
        files = generate(schema, include_private=self.include_private)
        return schema, write_package(files, self.folder, marker=HEADER_MARKER, check=check)


def wanted_packages(
    targets: Sequence[Target], *, out_dir: Path | None = None, load: Callable[..., Program] = program_of
) -> list[WantedPackage]:
    """The packages that these targets want, each module built once and each folder written once.
    Targets that say nothing about packages have none, unless all are such.

    ``out_dir`` takes the place of the folder that the project says; ``load`` makes a program of a
    target's module as :func:`~stdbpy.project.programs.program_of` does. Raises :class:`UsageError` if
    no folder is said, or ``out_dir`` would have to hold several packages.
    """
    wanted: dict[tuple[Path | bool | None, ...], WantedPackage] = {}
    asking = [target for target in targets if _entries_said(target)] if out_dir is None else []
    for target in asking or targets:
        for entry in _entries(target):
            folder = out_dir or entry.out_dir
            if folder is None:
                raise no_folder(target)
            key = (entry.module_path, entry.bin_path, entry.js_path, folder, entry.include_private)
            if key not in wanted:
                program = load(entry.module_path, entry.bin_path, entry.js_path)
                wanted[key] = WantedPackage(program.read_schema, folder, entry.include_private)
    if len({package.folder for package in wanted.values()}) < len(wanted):
        raise UsageError(
            "several packages would go into one folder", hint="Name one DATABASE, so that there is one package"
        )
    return list(wanted.values())


def _entries_said(target: Target) -> list[GenerateTarget]:
    return [entry for entry in target.generate if entry.language == LANGUAGE]


def _entries(target: Target) -> list[GenerateTarget]:
    """What the target says about Python; if that is nothing, its module and no folder."""
    return _entries_said(target) or [
        GenerateTarget(LANGUAGE, None, target.module_path, target.bin_path, target.js_path)
    ]


def with_private(packages: Sequence[WantedPackage]) -> list[WantedPackage]:
    """The same packages with private tables and functions as well."""
    return [replace(package, include_private=True) for package in packages]


def no_folder(target: Target | None) -> UsageError:
    """Nobody says where the package goes."""
    of_target = f" for {target.database}" if target is not None and target.database else ""
    return UsageError(
        f"where should the package{of_target} go?",
        hint="--out-dir DIR, or `bindings` in [tool.stdbpy] of pyproject.toml",
    )
