"""Whether the package data were made of what is here now, without making them."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).parent

SOURCES = ("runtime/*.py", "runtime/boot/*.py", "runtime/shim/*.[ch]", "runtime/third_party/*.c")
LEFT_OUT_TABLE = "stdbpy/module/left_out.py"


def fingerprint() -> str:
    """SHA-256 over the names and contents of the recipe, the boot code and the shim, and of what is left out."""
    digest = hashlib.sha256()
    root = HERE.parent
    for path in sorted({path for pattern in (*SOURCES, LEFT_OUT_TABLE) for path in root.glob(pattern)}):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
