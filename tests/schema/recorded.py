"""The recorded definitions in ``data/``: see the README there."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")
NAMES = sorted(path.name.removesuffix(".bsatn") for path in _DATA.glob("*.bsatn"))
V9_NAMES = [name for name in NAMES if name.endswith("-1.2.0")]


@cache
def definition(name: str) -> bytes:
    return (_DATA / f"{name}.bsatn").read_bytes()


def printed(name: str, version: int) -> dict[str, Any]:
    """A fresh copy of what the server printed."""
    answer: dict[str, Any] = json.loads((_DATA / f"{name}.v{version}.json").read_text())
    return answer


def in_one_order(printed: Any) -> Any:
    """What a server prints without the order that its hash maps happen to have (``sections`` keep
    theirs, and so do functions, types of the typespace and columns)."""
    if "sections" not in printed:
        return {**printed, **{key: _sorted(printed[key]) for key in ("misc_exports", "row_level_security")}}
    sections = []
    for section in printed["sections"]:
        [(kind, content)] = section.items()
        if kind == "Tables":
            parts = ("indexes", "constraints", "sequences")
            content = [{**table, **{part: _sorted(table[part]) for part in parts}} for table in content]
        if kind in ("Tables", "Types", "Schedules", "RowLevelSecurity"):
            content = _sorted(content)
        if kind == "ExplicitNames":
            content = _sorted(content["entries"])
        if kind == "Submodules":
            content = [{**mounted, "module": in_one_order(mounted["module"])} for mounted in content]
        sections.append({kind: content})
    return sections


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
