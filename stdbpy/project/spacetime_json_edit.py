"""Writing what stdbpy was told into ``spacetime.json`` and its layers, so that both programs read it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stdbpy.project.json5_edit import write_value
from stdbpy.project.json5_file import read_json5
from stdbpy.project.spacetime_json import FILE_NAME, LOCAL_FILE_NAME, spelling_in


def create_spacetime_json(folder: Path, *, server: str | None, module_path: Path) -> bool:
    """Makes the ``spacetime.json`` of a project that has none, as ``dev`` of the official program does.

    ``server`` is ``None`` if another file of the project says it. Returns whether it was made: one that is there
    stays as it is. Raises :class:`ConfigError`.
    """
    path = folder / FILE_NAME
    if path.exists():
        return False
    relative = Path(os.path.relpath(module_path, folder)).as_posix()
    if server is not None:
        write_value(path, ["server"], server)
    write_value(path, ["module-path"], relative if relative.startswith(".") else f"./{relative}")
    return True


def remember_locally(folder: Path, key: str, value: Any) -> bool:
    """Puts one key into ``spacetime.local.json``, which is this user's alone. Returns whether that changed
    anything. Raises :class:`ConfigError`."""
    return write_key(folder / LOCAL_FILE_NAME, [key], value)


def write_key(path: Path, keys: Sequence[str], value: Any) -> bool:
    """Makes ``value`` what one of the files says under ``keys``, such as ``["dev", "run"]``; a file that is not
    there is made. A key that the file spells in another way stays spelt so.

    Returns whether that changed anything. Raises :class:`ConfigError` if the file is broken or cannot be
    written; it is then left as it is.
    """
    file = read_json5(path)
    first = keys[0] if file is None else spelling_in(file.values, keys[0])
    return write_value(path, [first, *keys[1:]], value)
