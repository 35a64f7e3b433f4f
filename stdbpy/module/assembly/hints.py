"""Annotations of row classes and reducers, resolved one by one so that every faulty one is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stdbpy.errors import TypeNotSupported
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.rows import annotations_of
from stdbpy.sats.annotations import TypeRegistry, resolve_hints


def understood(
    owner: Any, annotations: Mapping[str, Any], complain: Callable[[str, TypeNotSupported], None]
) -> dict[str, Any] | None:
    """The ``annotations`` of a class or function, resolved, if each has an algebraic type; else
    ``None``, and ``complain`` is called with the name and the error of each that has none."""
    try:
        hints = resolve_hints(owner)
    except TypeNotSupported:
        hints = {}
    resolved = {}
    for name, annotation in annotations.items():
        try:
            hint = hints[name] if name in hints else resolve_one(owner, name, annotation)
            TypeRegistry().add(hint, where=f"{owner.__name__}.{name}")
        except TypeNotSupported as error:
            complain(name, error)
        else:
            resolved[name] = hint
    return resolved if len(resolved) == len(annotations) else None


def hints_of(cls: type, findings: Findings) -> dict[str, Any]:
    """All annotations of a class that declares what there is, and of its bases; none if one cannot be understood,
    which is a finding."""
    try:
        return resolve_hints(cls)
    except TypeNotSupported as error:
        findings.not_supported(findings.of_class(cls), error)
        return {}


def resolve_one(owner: Any, name: str, annotation: Any) -> Any:
    """One annotation of a class or function. Raises ``TypeNotSupported`` for names not defined."""
    # Inherited ones are read where they were written, which may be another file.
    wrote_it = next((base for base in getattr(owner, "__mro__", ()) if name in annotations_of(base)), owner)
    only_this = type(owner.__name__, (), {"__annotations__": {name: annotation}, "__module__": wrote_it.__module__})
    return resolve_hints(only_this, where=f"{owner.__name__}.{name}")[name]
