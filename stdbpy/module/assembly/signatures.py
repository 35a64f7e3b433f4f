"""What a reducer's function takes: the context, which has to come first, and what callers send."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from stdbpy.errors import TypeNotSupported
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import resolve_one
from stdbpy.module.context import ReducerContext

_CONTEXT_NAMES = ("ctx", "_ctx", "context", "_")
"""What a first parameter without annotation is called if it is the context."""

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Signature:
    context_class: type[ReducerContext] | None
    """What the context is made as; ``None`` if that is not understood."""
    parameters: tuple[Parameter, ...]
    """Those that callers send values for."""


def read_signature(function: Callable[..., Any], findings: Findings) -> Signature:
    """Tells the context from the other parameters, and reports what is wrong with it."""
    name = function.__name__
    parameters = tuple(inspect.signature(function).parameters.values())
    others = parameters[1:]
    if not parameters or parameters[0].kind not in _POSITIONAL:
        message = f"reducer {name!r} has no parameter for its context"
        findings.error(findings.of_function(function), message, _hint(function))
        return Signature(None, others)
    first = parameters[0]
    try:
        context_class = _context_class(function, first)
    except TypeNotSupported as error:
        findings.not_supported(findings.of_parameter(function, first.name), error)
        return Signature(None, others)
    if first.annotation is first.empty and first.name in _CONTEXT_NAMES:
        context_class = ReducerContext
    if context_class is not None:
        return Signature(context_class, others)
    return Signature(None, _sent_without_context(function, parameters, findings))


def _sent_without_context(
    function: Callable[..., Any], parameters: tuple[Parameter, ...], findings: Findings
) -> tuple[Parameter, ...]:
    """Reports that the first parameter is not the context; those that nevertheless seem to be sent."""
    name, first, others = function.__name__, parameters[0], parameters[1:]
    where = findings.of_parameter(function, first.name)
    misplaced = _misplaced_context(function, others)
    if misplaced is not None:
        sent = tuple(parameter for parameter in parameters if parameter is not misplaced)
        findings.error(
            findings.of_parameter(function, misplaced.name),
            f"the context of reducer {name!r} has to be its first parameter, but {misplaced.name!r} is "
            f"number {parameters.index(misplaced) + 1}",
            f"def {name}({', '.join(parameter.name for parameter in (misplaced, *sent))})",
        )
        return sent
    if first.name in _CONTEXT_NAMES:
        message = f"the context of reducer {name!r} is annotated with something else than a ReducerContext"
        findings.error(where, message, "A class of your own is derived from it: class Ctx(ReducerContext)")
        return others
    message = f"the first parameter of reducer {name!r} has to be its context, but it is {first.name!r}"
    findings.error(where, message, _hint(function))
    # Without an annotation it may be meant to be the context.
    return others if first.annotation is first.empty else parameters


def _context_class(function: Callable[..., Any], parameter: Parameter) -> type[ReducerContext] | None:
    """Raises ``TypeNotSupported`` for an annotation that names nothing."""
    if parameter.annotation is parameter.empty:
        return None
    annotation = resolve_one(function, parameter.name, parameter.annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, ReducerContext) else None


def _misplaced_context(function: Callable[..., Any], parameters: Sequence[Parameter]) -> Parameter | None:
    for parameter in parameters:
        try:
            is_one = _context_class(function, parameter) is not None
        except TypeNotSupported:  # reported when it is looked at as one that is sent
            continue
        if is_one or (parameter.annotation is parameter.empty and parameter.name in _CONTEXT_NAMES[:-1]):
            return parameter
    return None


def _hint(function: Callable[..., Any]) -> str:
    return f"def {function.__name__}(ctx: ReducerContext, ...)"
