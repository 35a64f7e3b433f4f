"""Files that only their owner may read."""

from __future__ import annotations

from pathlib import Path

from stdbpy.engine.journal.sqlite_file import sync_folder
from stdbpy.replacing import SECRET, replace_file


def write_secret(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` with mode 0600, at no moment readable by others or half written;
    when this returns, it survives a loss of power. Raises ``OSError``.
    """
    replace_file(path, content, mode=SECRET)
    sync_folder(path.parent)
