"""Files that only their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from stdbpy.engine.journal.sqlite_file import sync_folder


def write_secret(path: Path, content: bytes) -> None:
    """Writes ``content`` to ``path`` with mode 0600, at no moment readable by others or half written;
    when this returns, it survives a loss of power. Raises ``OSError``.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
