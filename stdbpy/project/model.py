"""What stdbpy knows about a user's project from its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """A Python project that holds a module; all paths are absolute."""

    root: Path
    """The folder with ``pyproject.toml`` or ``setup.py``."""
    name: str
    """What the project calls itself, else its folder's name."""
    module: str | None = None
    """Import name of the module's code, if the project says it; see :mod:`stdbpy.project.sources`."""
    source_dir: Path | None = None
    """The folder that ``module`` is imported from, if the project says it."""
    database: str | None = None
    """Name or identity of the database to publish to."""
    server: str | None = None
    """Address or nickname of its server."""
    bindings: Path | None = None
    """The folder for generated Python client code."""
