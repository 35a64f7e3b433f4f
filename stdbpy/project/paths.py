"""Where the official program keeps its files, which stdbpy shares or must not touch by mistake.

From SpacetimeDB 2.8.3 (``crates/paths``): the XDG folders on everything but Windows, or all below the
folder that ``--root-dir`` names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_NAME = "spacetime"


def cli_toml_path(root_dir: Path | None = None) -> Path:
    """The official program's configuration."""
    if root_dir is None and sys.platform != "win32":
        return _xdg("XDG_CONFIG_HOME", ".config") / _NAME / "cli.toml"
    return (root_dir or _windows_root()) / "config" / "cli.toml"


def official_data_dir(root_dir: Path | None = None) -> Path:
    """Where a server that the official program starts keeps its databases."""
    if root_dir is None and sys.platform != "win32":
        return _xdg("XDG_DATA_HOME", ".local/share") / _NAME / "data"
    return (root_dir or _windows_root()) / "data"


def data_dir(root_dir: Path | None = None) -> Path:
    """Where a server that stdbpy starts keeps its databases: not in the official server's folder, whose
    files are of another kind."""
    if root_dir is not None:
        return root_dir / "stdbpy" / "data"
    from platformdirs import user_data_path

    return user_data_path("stdbpy", appauthor=False) / "data"


def cache_dir() -> Path:
    """Where stdbpy keeps what it could ask for again."""
    if sys.platform == "linux":  # as platformdirs has it, whose import takes long for a shell that waits
        return _xdg("XDG_CACHE_HOME", ".cache") / "stdbpy"
    from platformdirs import user_cache_path

    return user_cache_path("stdbpy", appauthor=False)


def _xdg(variable: str, default: str) -> Path:
    configured = Path(os.environ.get(variable, ""))
    return configured if configured.is_absolute() else Path.home() / default


def _windows_root() -> Path:
    local = os.environ.get("LOCALAPPDATA")
    return (Path(local) if local else Path.home() / "AppData" / "Local") / "SpacetimeDB"
