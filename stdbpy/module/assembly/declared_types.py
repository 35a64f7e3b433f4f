"""The types that authors declare of columns for type checkers, compared with those that rows have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from stdbpy.errors import TypeNotSupported
from stdbpy.sats.annotations import TypeRegistry, annotation_text, resolve_hints


class RowTypes:
    """What a table's rows hold, as the class of its rows says it."""

    def __init__(self, row_class: type) -> None:
        self._hints = resolve_hints(row_class)

    def other_than(self, declared: Any, column: str) -> str | None:
        """The column's type, as it is written, if another one is ``declared``. ``int`` may stand for ``u64``: to
        type checkers they are the same."""
        actual = self._hints[column]
        return None if _fits(declared, actual) else annotation_text(actual)


def _fits(declared: Any, actual: Any) -> bool:
    if declared is Any or isinstance(declared, TypeVar) or declared == actual:
        return True
    if declared == _to_type_checkers(actual):
        return True
    registry = TypeRegistry()
    try:
        return registry.add(declared) == registry.add(actual)
    except TypeNotSupported:
        return False


def _to_type_checkers(annotation: Any) -> Any:
    """What is left of it without ``Annotated``, at any depth: ``int | None`` of ``u64 | None``."""
    return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}))["it"]
