"""Whether a folder can be the data directory of an engine."""

from __future__ import annotations

from pathlib import Path

from stdbpy.errors import DataDirectoryError

CONTROL_FILE = "control.sqlite"
DATABASES = "databases"

_OF_SPACETIMEDB = ("control-db", "replicas", "spacetime.pid")
"""What a server of SpacetimeDB itself makes in its folder (``crates/paths/src/server.rs`` of 2.8.3), also without a
database."""


def expect_no_spacetimedb(folder: Path) -> None:
    """Raises :class:`DataDirectoryError` for the folder of a SpacetimeDB itself, whose databases nobody would find
    here. One that has a register of ours, too, is ours."""
    if not (folder / CONTROL_FILE).exists() and any((folder / name).exists() for name in _OF_SPACETIMEDB):
        raise DataDirectoryError(
            f"{folder} has the data of a SpacetimeDB itself, which stdbpy's own server cannot read",
            hint="`stdbpy start --engine spacetimedb` starts SpacetimeDB on it; another --data-dir starts with none.",
        )


def expect_register(folder: Path) -> None:
    """A directory that has databases but no register of them has lost it: starting without them would
    look as if they had never been. Raises :class:`DataDirectoryError`."""
    register = folder / CONTROL_FILE
    if (not register.exists() or register.stat().st_size == 0) and any((folder / DATABASES).iterdir()):
        raise DataDirectoryError(
            f"{folder} has databases, but {CONTROL_FILE}, which says whose they are, is gone",
            hint=f"Restore {CONTROL_FILE} from a backup, or move the folder {DATABASES!r} away to start anew.",
        )
