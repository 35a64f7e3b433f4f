"""What takes the space in a file of WebAssembly, so that a person can see what to do without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stdbpy.wasm.size_report import SizeReport


@dataclass(frozen=True, slots=True)
class SizeRow:
    """All rows together are the file."""

    part: str
    """``interpreter``, ``objects`` (what importing has made: functions, classes, tables), ``library`` (Python's
    own), ``stdbpy``, ``package`` (others'), ``data`` (what packages have beside their modules) or ``module`` (the
    author's files)."""
    name: str
    """Of the library and packages, up to the first dot; of their data, the folder; of the module, a path."""
    bytes: int
    later: int = 0
    """How many of them are there only because a function imports it."""


def size_rows(sizes: SizeReport) -> list[SizeRow]:
    """The largest first."""
    rows = [
        SizeRow("interpreter", "code", sizes.runtime_code),
        SizeRow("interpreter", "data", sizes.runtime_data),
        SizeRow("objects", "all", sizes.heap),
        *_by_package("stdbpy", sizes.own, sizes.later),
        *_by_package("library", sizes.library, sizes.later),
        *_by_package("package", sizes.dependencies, sizes.later),
        *_by_folder("data", sizes.data),
        *(SizeRow("module", path, size) for path, size in sizes.files.items()),
    ]
    return sorted(rows, key=lambda row: (-row.bytes, row.part, row.name))


def _by_package(part: str, modules: Mapping[str, int], later: frozenset[str]) -> list[SizeRow]:
    total, only_later = Counter[str](), Counter[str]()
    for name, size in modules.items():
        package = name.partition(".")[0]
        total[package] += size
        only_later[package] += size if name in later else 0
    return [SizeRow(part, package, size, only_later[package]) for package, size in total.items()]


def _by_folder(part: str, files: Mapping[str, int]) -> list[SizeRow]:
    total = Counter[str]()
    for path, size in files.items():
        total[path.partition("/")[0]] += size
    return [SizeRow(part, folder, size) for folder, size in total.items()]
