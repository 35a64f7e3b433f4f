"""Packages as `stdbpy generate` writes them, imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from stdbpy.codegen import RowStyle, generate
from stdbpy.schema.model import ModuleSchema


@contextmanager
def imported(
    schema: ModuleSchema, name: str, folder: Path, *, rows: RowStyle = RowStyle.MSGSPEC
) -> Iterator[ModuleType]:
    """The package for clients of a module, written to ``folder`` and forgotten at the end."""
    (folder / name).mkdir()
    for path, text in generate(schema, rows=rows).items():
        (folder / name / path).write_text(text)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for loaded in [loaded for loaded in sys.modules if loaded.split(".")[0] == name]:
            del sys.modules[loaded]
