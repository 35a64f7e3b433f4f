"""From the class under ``@environment`` to the values that the schema declares."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal

from stdbpy.module.assembly.findings import Findings
from stdbpy.module.declarations import EnvironmentDeclaration
from stdbpy.module.environment import Environment, ReadAs
from stdbpy.schema.model import EnvironmentKind, EnvironmentValue

_HINT = "It is str, Literal[...] of texts, or an Enum of texts; and that | None if it need not be there"


@dataclass(frozen=True, slots=True)
class AssembledEnvironment:
    values: tuple[EnvironmentValue, ...] = ()
    """Sorted by name."""
    read_as: Mapping[str, ReadAs] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """The author's line of each."""


def assemble_environment(declaration: EnvironmentDeclaration, findings: Findings) -> AssembledEnvironment:
    cls = declaration.cls
    try:
        annotations = typing.get_type_hints(cls)
    except Exception as error:  # noqa: BLE001 - annotations are the author's code
        findings.error(findings.of_class(cls), f"the types of {cls.__name__} cannot be read: {error}")
        return AssembledEnvironment()
    values: list[EnvironmentValue] = []
    read_as: dict[str, ReadAs] = {}
    places: dict[str, str] = {}
    for name, annotation in sorted(annotations.items()):
        places[name] = where = findings.of_field(cls, name)
        if hasattr(Environment, name):
            findings.error(where, f"a value cannot be called {name!r}: ctx.env has that itself", "Rename it")
            continue
        type, optional = _without_none(annotation)
        allowed = _allowed(type)
        if allowed is None:
            findings.error(where, f"a value of the environment is text, not {_name(annotation)}", _HINT)
            continue
        is_text = type is str
        kind = EnvironmentKind.UNION if len(allowed) > 1 else EnvironmentKind.LITERAL
        values.append(EnvironmentValue(name, EnvironmentKind.STRING if is_text else kind, allowed, optional))
        read_as[name] = ReadAs(type if _is_enum(type) else None)
    return AssembledEnvironment(tuple(values), read_as, places)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """What an annotation is but for ``None``, and whether that is in it."""
    if typing.get_origin(annotation) not in (typing.Union, UnionType):
        return annotation, False
    others = [each for each in typing.get_args(annotation) if each is not NoneType]
    return (others[0] if len(others) == 1 else annotation), True


def _allowed(type: Any) -> tuple[str, ...] | None:
    """The texts that a type allows, none for ``str``; ``None`` for a type that is not made of texts."""
    if type is str:
        return ()
    if typing.get_origin(type) is Literal:
        texts = typing.get_args(type)
    elif _is_enum(type):
        texts = tuple(member.value for member in type)
    else:
        return None
    return texts if texts and all(isinstance(text, str) for text in texts) else None


def _is_enum(type: Any) -> bool:
    return inspect.isclass(type) and issubclass(type, Enum)


def _name(annotation: Any) -> str:
    return str(getattr(annotation, "__name__", annotation))
