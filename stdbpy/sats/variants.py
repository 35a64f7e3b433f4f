"""Values of sum types that no Python class is bound to, as variants with payloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stdbpy.sats.types import SumType, as_option, as_result
from stdbpy.sats.values import Interval, Ok, Some, Time, Variant


def variants_of(type: SumType) -> Callable[[Any], tuple[str, Any]]:
    """A function from a decoded value of a sum type that no class is bound to, to its variant's name and payload."""
    if as_option(type) is not None:
        return _of_option
    return _of_sum if as_result(type) is None else _of_result


def _of_option(value: Any) -> tuple[str, Any]:
    if value is None:
        return "none", ()
    return "some", value.value if isinstance(value, Some) else value


def _of_result(value: Any) -> tuple[str, Any]:
    return ("ok", value.value) if isinstance(value, Ok) else ("err", value.error)


def _of_sum(value: Any) -> tuple[str, Any]:
    match value:
        case Interval():
            return "Interval", value.value
        case Time():
            return "Time", value.value
    assert isinstance(value, Variant)
    return value.name, () if value.value is None else value.value
