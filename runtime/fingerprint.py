"""Whether the package data were made of what is here now, without making them."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).parent

SOURCES = ("*.py", "boot/*.py", "shim/*.[ch]", "third_party/*.c")


def fingerprint() -> str:
    """SHA-256 over the names and contents of the recipe, the boot code and the shim."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in HERE.glob(pattern)}):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(HERE).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
