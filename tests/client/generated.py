"""Packages as `stdbpy generate` writes them, imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from stdbpy.codegen import RowStyle, generate
from stdbpy.sats import Ok, Some, Timestamp
from stdbpy.schema.model import ModuleSchema

GOLDEN = Path(__file__).parent.parent / "golden"


def golden(package: str) -> ModuleType:
    """One of the golden packages."""
    sys.path.insert(0, str(GOLDEN))
    try:
        return importlib.import_module(package)
    finally:
        sys.path.remove(str(GOLDEN))


def awkward_row(package: ModuleType) -> Any:
    """A row of the golden package ``awkward_pydantic_client``."""
    types = package.types
    tree = types.TreeNode(value=types.Node(left=types.TreeLeaf(), right=types.TreeLeaf()))
    return types.Row(
        class_=2**64 - 1, str_="ä", foo_bar=1, foo_bar_=2, hidden=True, init=False, json_=0.5, nested=Some(None),
        outcome=Ok(b"\xff"), moment=Timestamp(0), kind=types.Kind.LAST, tree=tree, ids=[3], count=-1,
    )  # fmt: skip


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
