"""What stdbpy knows about a user's project from its files. All paths are absolute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """A Python project that holds a module."""

    root: Path
    """The folder with ``pyproject.toml`` or ``setup.py``."""
    name: str
    """What the project calls itself, else its folder's name."""
    module: str | None = None
    """Import name of the module's code, if the project says it; see :mod:`stdbpy.project.sources`."""
    source_dir: Path | None = None
    """The folder that ``module`` is imported from, if the project says it."""
    bindings: Path | None = None
    """The folder for generated Python client code."""
    dependencies: tuple[str, ...] | None = None
    """The requirements in ``[project]``, as PEP 508 writes them; ``None`` if it leaves them to others to say."""
    abi: str | None = None
    """The level of the ABI that it is built for (``10.0``), if the project says it."""


@dataclass(frozen=True, slots=True)
class GenerateTarget:
    """Client code that a project wants to have: one entry of ``generate``, or ``bindings`` of a Python project."""

    language: str
    """``python``, or one of :data:`stdbpy.project.languages.NAMES`."""
    out_dir: Path | None
    """``None`` means the language's usual place. For ``unrealcpp`` it is the Unreal project's folder."""
    module_path: Path | None
    """The folder of the module's project; ``None`` if the module is a file."""
    bin_path: Path | None = None
    js_path: Path | None = None
    include_private: bool = False
    namespace: str | None = None
    unreal_module_name: str | None = None
    module_prefix: str | None = None
    rows: str = "msgspec"
    """In Python: ``msgspec`` or ``pydantic``, see :class:`stdbpy.codegen.RowStyle`."""


@dataclass(frozen=True, slots=True)
class Target:
    """One database that a project publishes to, after layers and inheritance."""

    database: str | None
    """Its name or identity, if a file says it."""
    server: str | None = None
    """Address, host or nickname of its server."""
    module_path: Path | None = None
    """The folder of the module's project; ``None`` if the module is a file."""
    bin_path: Path | None = None
    """The compiled module (.wasm)."""
    js_path: Path | None = None
    build_options: str | None = None
    break_clients: bool = False
    anonymous: bool = False
    organization: str | None = None
    parent: str | None = None
    """Name or identity of the database that this one belongs to."""
    num_replicas: int | None = None
    generate: tuple[GenerateTarget, ...] = ()
    origin: Path | None = None
    """The file that says ``database``: one that is shared with others, or a local one."""
    project_name: str | None = None
    """What its Python project is called: a name for a database that has none yet."""
