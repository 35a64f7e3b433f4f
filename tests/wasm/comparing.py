"""Comparing definitions: servers list tables, functions and indexes in an order of their own."""

from __future__ import annotations

from typing import Any


def in_no_order(json: Any) -> Any:
    """JSON whose lists of objects are sorted; lists of other things stay as they are."""
    match json:
        case dict():
            return {key: in_no_order(value) for key, value in json.items()}
        case [dict(), *_]:
            return sorted(map(in_no_order, json), key=repr)
        case _:
            return json
