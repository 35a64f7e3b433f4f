"""The packages that a project wants for its clients: from which module, in which language, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stdbpy.codegen import HEADER_MARKER, RowStyle, generate
from stdbpy.errors import UsageError
from stdbpy.project.generated import Differences, write_package
from stdbpy.project.languages import DEFAULT_FOLDERS, PYTHON
from stdbpy.project.model import GenerateTarget, Target
from stdbpy.project.official_package import OfficialPackage
from stdbpy.project.programs import Program, program_of
from stdbpy.schema.model import ModuleSchema

_OF_A_PROJECT = ("pyproject.toml", "setup.py", "spacetime.json")


@dataclass(frozen=True, slots=True)
class WantedPackage:
    """One package of client code in Python."""

    read_schema: Callable[[], ModuleSchema]
    folder: Path
    include_private: bool = False
    rows: RowStyle = RowStyle.MSGSPEC

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
        files = generate(schema, include_private=self.include_private, rows=self.rows)
        return schema, write_package(files, self.folder, marker=HEADER_MARKER, check=check)


Package = WantedPackage | OfficialPackage


def package_of(entry: GenerateTarget, read_schema: Callable[[], ModuleSchema], folder: Path) -> Package:
    """The package that ``entry`` describes, in ``folder``, of the module whose definition ``read_schema`` reads."""
    if entry.language == PYTHON:
        return WantedPackage(read_schema, folder, entry.include_private, RowStyle(entry.rows))
    return OfficialPackage(
        read_schema,
        entry.language,
        folder,
        entry.include_private,
        entry.namespace,
        entry.unreal_module_name,
        entry.module_prefix,
    )


def wanted_packages(
    targets: Sequence[Target],
    *,
    out_dir: Path | None = None,
    language: str | None = None,
    root: Path | None = None,
    load: Callable[..., Program] = program_of,
) -> list[Package]:
    """The packages that these targets want, each module built once and each folder written once.
    Targets that say nothing about packages have none, unless all are such.

    ``language`` leaves those in others out; if no target says anything about it, its usual place below
    ``root``, the project's folder, is taken. ``out_dir`` takes the place of the folder that the project says, and
    is for Python unless ``language`` says more. ``load`` makes a program of a target's module as
    :func:`~stdbpy.project.programs.program_of` does. Raises :class:`UsageError` if no folder is said, or
    ``out_dir`` would have to hold several packages.
    """
    if language is None and out_dir is not None:
        language = PYTHON
    wanted: dict[GenerateTarget, Package] = {}
    asking = [target for target in targets if _entries_said(target, language)] if out_dir is None else []
    for target in asking or targets:
        for said in _entries(target, language):
            folder = out_dir or said.out_dir or usual_folder(said.language, root)
            if folder is None:
                raise no_folder(target)
            entry = replace(said, out_dir=folder)
            if entry not in wanted:
                program = load(entry.module_path, entry.bin_path, entry.js_path)
                wanted[entry] = package_of(entry, program.read_schema, folder)
    if len({package.folder for package in wanted.values()}) < len(wanted):
        raise UsageError(
            "several packages would go into one folder", hint="Name one DATABASE, so that there is one package"
        )
    return list(wanted.values())


def _entries_said(target: Target, language: str | None) -> list[GenerateTarget]:
    return [entry for entry in target.generate if language in (None, entry.language)]


def _entries(target: Target, language: str | None) -> list[GenerateTarget]:
    """What the target says about the language; if that is nothing, its module and no folder."""
    return _entries_said(target, language) or [
        GenerateTarget(language or PYTHON, None, target.module_path, target.bin_path, target.js_path)
    ]


def with_options(
    packages: Iterable[Package],
    *,
    include_private: bool = False,
    rows: str | None = None,
    namespace: str | None = None,
    unreal_module_name: str | None = None,
    module_prefix: str | None = None,
) -> list[Package]:
    """The same packages as somebody wants them this time: with private tables and functions as well, with
    another style of rows (``msgspec``, ``pydantic``), and what is said of an
    :class:`~stdbpy.project.official_package.OfficialPackage`.

    Raises :class:`UsageError` if what is for one kind of package is said of another.
    """
    wanted: list[Package] = [
        replace(package, include_private=include_private or package.include_private) for package in packages
    ]
    if rows is not None:
        wanted = [_with_rows(package, RowStyle(rows)) for package in wanted]
    if (namespace, unreal_module_name, module_prefix) == (None, None, None):
        return wanted
    changed: list[Package] = []
    for package in wanted:
        if not isinstance(package, OfficialPackage):
            raise UsageError(
                "packages in Python have no namespace and no module of Unreal's",
                hint="Name another language with --lang",
            )
        changed.append(
            replace(
                package,
                namespace=namespace or package.namespace,
                unreal_module_name=unreal_module_name or package.unreal_module_name,
                module_prefix=module_prefix or package.module_prefix,
            )
        )
    return changed


def _with_rows(package: Package, rows: RowStyle) -> WantedPackage:
    if isinstance(package, OfficialPackage):
        raise UsageError("only packages in Python have a style of rows", hint="Leave out --rows, or say --lang python")
    return replace(package, rows=rows)


def usual_folder(language: str, root: Path | None) -> Path | None:
    """Where packages in this language go in the project at ``root`` if nobody says; ``None`` if there is no such
    place."""
    return root / DEFAULT_FOLDERS[language] if root is not None and language in DEFAULT_FOLDERS else None


def no_folder(target: Target | None) -> UsageError:
    """Nobody says where the package goes."""
    of_target = f" for {target.database}" if target is not None and target.database else ""
    return UsageError(
        f"where should the package{of_target} go?",
        hint="--out-dir DIR, or `bindings` in [tool.stdbpy] of pyproject.toml",
    )
